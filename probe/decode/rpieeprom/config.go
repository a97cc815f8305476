// Package rpieeprom decodes what the boot loader in the EEPROM of a Raspberry Pi
// 4, 5 and their relatives is told, and what it leaves in the device tree: its
// configuration, the order of boot modes, and the mode that was used.
//
// Older models have no such EEPROM. The package reads no file, and nothing here
// is about config.txt but the filters, which are the same. The documents are
// those of raspberrypi.com/documentation/computers: raspberry-pi, "Raspberry Pi
// bootloader configuration", config_txt, "Conditional filters", and configuration,
// "Firmware parameters".
package rpieeprom

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reach says where a setting applies.
type Reach string

// A filter is decided if it names a model; what it says of a GPIO, a serial
// number and the like is not known here.
const (
	Applies     Reach = "applies"
	Conditional Reach = "conditional" // depends on something else than the model
	Elsewhere   Reach = "elsewhere"   // for another model, or for none
)

// Setting is one line of the configuration.
type Setting struct {
	Key      string
	Value    string
	HasValue bool   // false if Public left it out
	Filter   string // the filters in force as [pi4][gpio4=1], "" for all; a serial number is left out
	Reach    Reach
}

// Config is a configuration.
type Config struct {
	Settings []Setting // in their order; a later one overrides an earlier one
}

const (
	maxConfigBytes = 16 << 10 // rpi-eeprom-config keeps it in one erase block of 4 KiB
	maxSettings    = 512
	maxLine        = 512
)

// ParseConfig reads the configuration, as the nvmem device "blconfig" has it, for
// a board on which the given filters apply; see Models. Without models no filter
// that names one is decided. Padding behind the text is left out, lines that are
// no settings are passed over.
func ParseConfig(text []byte, models []string) (Config, error) {
	if end := slices.IndexFunc(text, func(b byte) bool { return b == 0 || b == 0xFF }); end >= 0 {
		text = text[:end]
	}
	if len(text) > maxConfigBytes {
		return Config{}, fmt.Errorf("bootloader config: %d bytes, at most %d are read", len(text), maxConfigBytes)
	}
	var c Config
	var f filters
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if len(line) > maxLine || !utf8.ValidString(line) || strings.HasPrefix(line, "#") {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok && strings.HasSuffix(name, "]") {
			f.add(strings.TrimSpace(strings.TrimSuffix(name, "]")))
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || !isKey(key) {
			continue
		}
		if len(c.Settings) == maxSettings {
			return c, fmt.Errorf("bootloader config: more than %d settings", maxSettings)
		}
		c.Settings = append(c.Settings, Setting{
			Key: key, Value: printable(strings.TrimSpace(value)), HasValue: true, Filter: f.String(), Reach: f.reach(models),
		})
	}
	return c, nil
}

func isKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F {
			return '?'
		}
		return r
	}, s)
}

// Value returns the value of a setting that applies. A conditional one may have
// overridden it; see IsConditional.
func (c Config) Value(key string) (string, bool) {
	for _, s := range slices.Backward(c.Settings) {
		if s.Key == key && s.Reach == Applies && s.HasValue {
			return s.Value, true
		}
	}
	return "", false
}

// IsConditional reports whether the value of a setting can be another one than
// Value says, because of a filter that is not decided.
func (c Config) IsConditional(key string) bool {
	for _, s := range slices.Backward(c.Settings) {
		if s.Key == key && s.Reach == Conditional {
			return true
		}
		if s.Key == key && s.Reach == Applies {
			return false
		}
	}
	return false
}

// Public returns the configuration with the values of the settings that are
// allowed only.
func (c Config) Public(allowed func(key string) bool) Config {
	list := slices.Clone(c.Settings)
	for i := range list {
		if !allowed(list[i].Key) {
			list[i].Value, list[i].HasValue = "", false
		}
	}
	return Config{list}
}

// Allowed is the allow-list for Public: how the board boots, and nothing of
// networks, servers, addresses and keys.
func Allowed(key string) bool {
	switch key {
	case "BOOT_ORDER", "BOOT_UART", "BOOT_WATCHDOG_PARTITION", "BOOT_WATCHDOG_TIMEOUT", "DISABLE_HDMI", "ENABLE_SELF_UPDATE", "FREEZE_VERSION", "HDMI_DELAY",
		"MAX_RESTARTS", "NET_BOOT_MAX_RETRIES", "NET_INSTALL_ENABLED", "PARTITION", "PARTITION_WALK", "PCIE_PROBE", "POWER_OFF_ON_HALT", "PSU_MAX_CURRENT",
		"REBOOT_ON_FATAL_ERROR", "SD_BOOT_MAX_RETRIES", "SD_OVERCURRENT_CHECK", "SD_QUIRKS", "SIGNED_BOOT", "UART_BAUD", "USB_MSD_BOOT_MAX_RETRIES",
		"USB_MSD_DISCOVER_TIMEOUT", "USB_MSD_LUN_TIMEOUT", "USB_MSD_PWR_OFF_TIME", "USB_MSD_STARTUP_DELAY", "VL805", "WAIT_FOR_POWER_BUTTON", "WAKE_ON_GPIO":
		return true
	}
	return false
}

// Models returns the filters that apply to a board by the "compatible" of its
// device tree, or nothing for a board that is not known.
func Models(compatible []string) []string {
	for _, c := range compatible {
		switch c {
		case "raspberrypi,4-model-b":
			return []string{"pi4"}
		case "raspberrypi,400":
			return []string{"pi4", "pi400"}
		case "raspberrypi,4-compute-module":
			return []string{"pi4", "cm4"}
		case "raspberrypi,4-compute-module-s":
			return []string{"pi4", "cm4s"}
		case "raspberrypi,5-model-b":
			return []string{"pi5"}
		case "raspberrypi,500":
			return []string{"pi5", "pi500"}
		case "raspberrypi,5-compute-module":
			return []string{"pi5", "cm5"}
		}
	}
	return nil
}

// filters are those in force. One of a type replaces the one before of its type;
// those of different types add up.
type filters struct {
	list []filter
}

type filter struct{ kind, name string }

const (
	kindModel  = "model"
	kindNone   = "none"
	kindSerial = "serial"

	maxFilters = 8
)

func (f *filters) add(name string) {
	if name == "all" {
		f.list = nil
		return
	}
	n := filter{filterKind(name), name}
	if at := slices.IndexFunc(f.list, func(o filter) bool { return o.kind == n.kind }); at >= 0 {
		f.list = slices.Delete(slices.Clone(f.list), at, at+1)
	}
	if len(f.list) < maxFilters {
		f.list = append(f.list, n)
	}
}

// filterKind returns the type of a filter.
func filterKind(name string) string {
	switch name {
	case "none":
		return kindNone
	case "pi0", "pi0w", "pi02", "pi1", "pi2", "pi3", "pi3+", "pi4", "pi400", "pi5", "pi500", "cm0", "cm1", "cm3", "cm3+", "cm4", "cm4s", "cm5":
		return kindModel
	}
	if strings.HasPrefix(name, "0x") {
		return kindSerial
	}
	kind, _, _ := strings.Cut(strings.ToLower(name), "=")
	return kind
}

func (f filters) String() string {
	var all strings.Builder
	for _, n := range f.list {
		name := n.name
		if n.kind == kindSerial {
			name = kindSerial
		}
		all.WriteString("[" + printable(name) + "]")
	}
	return all.String()
}

func (f filters) reach(models []string) Reach {
	reach := Applies
	for _, n := range f.list {
		switch {
		case n.kind == kindNone, n.kind == kindModel && len(models) > 0 && !slices.Contains(models, n.name):
			return Elsewhere
		case n.kind != kindModel || len(models) == 0:
			reach = Conditional
		}
	}
	return reach
}
