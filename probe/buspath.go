package probe

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// path is the key of the device at a place below sys/devices. The two halves of
// a USB 3 controller are two buses with the same ports, told apart by the
// version that their root hubs speak.
func (h *Host) path(place string) string {
	if byName(place) {
		return "by-name/" + path.Base(place)
	}
	parts := strings.Split(place, "/")
	for i, part := range parts {
		if rootHub().MatchString(part) {
			version := h.Text(strings.Join(parts[:i+1], "/") + "/version")
			parts[i] = "usb-" + strings.Trim(strings.TrimSuffix(version.Value, ".00"), " ")
		}
	}
	return busPath(strings.Join(parts, "/"))
}

// byName reports whether nothing is known of the place of a device but its name in
// a class or on a bus. A key made of it is the kernel's, and another run may have
// another for the same device.
func byName(place string) bool {
	return strings.HasPrefix(place, "sys/block/") || strings.HasPrefix(place, "sys/class/") || strings.HasPrefix(place, "sys/bus/")
}

var rootHub = pattern.New(`^usb\d+$`)

// busPath turns the place of a device below sys/devices into a key that does
// not depend on the order in which a kernel found things: components that only
// carry a number of the kernel are dropped or lose that number.
func busPath(place string) string {
	var out []string
	parts := strings.Split(strings.TrimPrefix(place, "sys/devices/"), "/")
	for i, part := range parts {
		if classFolder().MatchString(part) && i > 0 && i < len(parts)-1 {
			continue // between a device and its entry in a class
		}
		if serialCore(parts, i) {
			continue
		}
		for _, r := range busRules {
			if m := r.form().FindStringSubmatchIndex(part); m != nil {
				part = string(r.form().ExpandString(nil, r.to, part, m))
				break
			}
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return strings.Join(out, "/")
}

// serialCore reports whether a component is one of the two devices that kernels
// since 6.5 put between a UART and its terminal, as in 30860000.serial:0 and
// 30860000.serial:0.0 (drivers/tty/serial/serial_base_bus.c).
func serialCore(parts []string, i int) bool {
	if !slices.Contains(parts[i:], "tty") {
		return false
	}
	uart, _, ok := cutLast(parts[i], ":")
	return ok && (i > 0 && parts[i-1] == uart || i > 1 && parts[i-2] == uart)
}

// cutLast cuts at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// classFolder are the folders that the kernel puts between a device and what it
// is in a class (Documentation/driver-api/driver-model/class.rst).
var classFolder = pattern.New(`^(mmc_host|nvme|net|block|mtd|nvme-subsystem|rtc|watchdog|video4linux|sound|hwmon|regulator|gpio|leds|tty|drm|tpm|udc|usb_role|typec)$`)

// busRules is one row per kind of component; the first that fits holds.
var busRules = []struct {
	form func() *regexp.Regexp
	to   string
}{
	{pattern.New(`^(rtc|watchdog|video|card|hwmon|gpiochip|i2c|spi|tpm|tty[A-Za-z]+)-?\d+$`), "$1"},
	{pattern.New(`^\d+-([0-9a]0[0-9a-f]{2})$`), "i2c-$1"},
	{pattern.New(`^spi\d+\.(\d+)$`), "spi-cs$1"},
	{pattern.New(`^regulator\.\d+$`), ""},
	{pattern.New(`^mmc\d+$`), ""},
	{pattern.New(`^mmc\d+:[0-9a-f]{4}$`), "card"},
	{pattern.New(`^mmcblk\d+$`), ""},
	{pattern.New(`^mmcblk\d+(boot\d+|rpmb)$`), "$1"},
	{pattern.New(`^nvme-subsys\d+$`), "nvme"},
	{pattern.New(`^nvme\d+$`), "nvme"},
	{pattern.New(`^nvme\d+(?:c\d+)?n(\d+)$`), "n$1"},
	{pattern.New(`^host\d+$`), ""},
	{pattern.New(`^target[0-9:]+$`), ""},
	{pattern.New(`^\d+:(\d+:\d+:\d+)$`), "scsi-$1"},
	{pattern.New(`^ata(\d+)$`), "ata$1"},
	{pattern.New(`^usb\d+$`), "usb"},
	{pattern.New(`^\d+-([0-9.]+)$`), "$1"},
	{pattern.New(`^\d+-([0-9.]+):([0-9.]+)$`), "if$2"},
	{pattern.New(`^virtio\d+$`), "virtio"},
	{pattern.New(`^(sd[a-z]+|sr\d+|vd[a-z]+)$`), ""},
	{pattern.New(`^mtd(\d+)$`), "mtd$1"},
}
