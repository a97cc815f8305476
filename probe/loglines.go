package probe

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/cmdline"
	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// opKernelLines asks for lines of the kernel's log, so that a rule that nobody has
// thought of yet can read them in a package of today.
const opKernelLines = "kernel-log/2"

// Bounds of the answer, uncompressed. What is left out is said in its last line.
const (
	maxLogBytes  = 96 << 10
	maxLineBytes = 512
)

// driverNames begin lines of drivers of storage, radios, modems and buses: names
// of drivers and subsystems as dev_printk and pr_fmt put them in front.
func driverNames() []string {
	return strings.Fields("mmc sdhci dw_mmc dwmmc nvme ahci ata0 ata1 ata2 ata3 ata4 ata5 ata6 ata7 ata8 ata9 scsi sd sr ufs usb xhci ehci ohci dwc2 dwc3 hub pci brcm " +
		"ath iwl mt7 mtk rtw rtl r8 wl1 wlcore mwifiex btusb btmtk btqca hci Bluetooth cfg80211 ieee80211 cdc qmi option mhi wwan qcom rpmsg remoteproc virtio i2c spi mtd nand ubi " +
		"m25p80 tpm nxp wilc cw1200 rsi aic uart tty serial Linux Machine OF: DMI: EFI efi: PSCI psci SMP: CPU Memory: Kernel Command regulator imx meson sunxi rockchip tegra stm32 ti- omap")
}

func ofDriver(text string, names []string) bool {
	return strings.Contains(text, "firmware") || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(text, name) })
}

// private are forms of what a line can tell of people, units and networks, and of
// which no source tells: the first group stays, of the rest the length. The
// device that said it may be gone before the run.
func private() []privateForm {
	return []privateForm{
		{networkName, some("ssid", "name", "network")},
		{setting, some("ssid", "psk", "pass", "key", "token", "secret", "user", "identity", "id")},
		{address4, func(line string) bool { return strings.Count(line, ".") >= 3 }},
		{address6, func(line string) bool { return strings.Contains(line, "::") || strings.Count(line, ":") >= 7 }},
		{server, some("server", "host", "from", `\\`)},
		{home, some("home/", "users/", "media/", "mnt/", "root/", "srv/", "data/")},
		{email, some("@")},
	}
}

// privateForm is a form, and a cheap look at whether a line, in small letters, may
// have it: most have none.
type privateForm struct {
	pattern func() *regexp.Regexp
	may     func(line string) bool
}

func some(marks ...string) func(string) bool {
	return func(line string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(line, mark) })
	}
}

var (
	networkName = pattern.New(`(?i)((?:ssid|essid|name|network)\b[^"']{0,16}["'])[^"']*`)
	setting     = pattern.New(`(?i)(\b(?:ssid|essid|psk|passphrase|password|key|token|secret|user|hostname|identity|unique id|uid)\s*[=:]\s*)[^\s,;]+`)
	address4    = pattern.New(`(\b)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	address6    = pattern.New(`(\b)(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){7})`)
	server      = pattern.New(`(?i)(\b(?:server|host|from)\s+|\\\\)[\w-]+(?:\.[\w-]+)+`)
	home        = pattern.New(`(/?\b(?:home|Users|media|mnt|root|srv|data)/)[^\s'",;:)]+`)
	email       = pattern.New(`(\b)[\w.+-]+@[\w.-]+`)

	// unitLine is what is said of one unit, or of a device that somebody may have
	// named: show_string in drivers/usb/core/hub.c, hidinput and Bluetooth.
	unitLine = pattern.New(`(?i)^(.*?\b(?:serial ?number|product|manufacturer|serial|s/n|sn|device name|unique id|input)\s*[:=#]?\s+)\S.*$`)
)

// leftOut begins the last line where there was more.
const leftOut = "# left out"

// askKernelLines reads the log for its lines.
func (s *system) askKernelLines(ctx context.Context, _ string) ([]byte, error) {
	raw, err := s.kernelLog(ctx)
	if err != nil {
		return nil, err
	}
	log := logLines{names: driverNames()}
	for _, r := range raw.records {
		log.add(r)
	}
	if raw.cut {
		log.more[0]++ // how many more, nobody counted
	}
	return log.text(), nil
}

// logLines keeps what is worth it, in the order of the log.
type logLines struct {
	lines []logLine
	bytes [2]int // by rank
	more  [2]int // lines that were not even held
	names []string
}

type logLine struct {
	rank int // 0: of a driver that counts; 1: a warning of another
	text string
}

const warning = 4 // KERN_WARNING

func (l *logLines) add(r kmsg.Record) {
	rank := 0
	switch {
	case r.Facility != 0: // programs say what they like
		return
	case ofDriver(r.Text, l.names):
	case r.Level <= warning:
		rank = 1
	default:
		return
	}
	text := publicLine(r.Text)
	if rank > 0 { // who knows what drivers that nobody knows say
		subject, rest, _ := strings.Cut(text, ": ")
		text = fmt.Sprintf("%s: [%d bytes]", subject[:min(len(subject), 48)], len(rest))
	}
	if len(text) > maxLineBytes {
		text = text[:maxLineBytes]
	}
	line := fmt.Sprintf("%d %d.%06d %s\n", r.Level, r.Microseconds/1e6, r.Microseconds%1e6, report.Clean(text))
	if l.bytes[rank]+len(line) > 4*maxLogBytes {
		l.more[rank]++ // a driver that complains without end
		return
	}
	l.lines = append(l.lines, logLine{rank, line})
	l.bytes[rank] += len(line)
}

// publicLine takes out of a line what names people and networks. Addresses and
// serial numbers are for the replacer.
func publicLine(text string) string {
	for _, mark := range []string{"Kernel command line: ", "Command line: "} {
		if i := strings.Index(text, mark); i >= 0 {
			return text[:i+len(mark)] + cmdline.Public(text[i+len(mark):])
		}
	}
	if versionLine().MatchString(text) {
		return PublicVersion(text)
	}
	lower := strings.ToLower(text)
	if some("serial", "product", "manufacturer", "s/n", "sn", "device name", "unique id", "input")(lower) {
		if m := unitLine().FindStringSubmatch(text); m != nil {
			return fmt.Sprintf("%s[%d bytes]", m[1], len(text)-len(m[1]))
		}
	}
	for _, form := range private() {
		if !form.may(lower) {
			continue
		}
		text = form.pattern().ReplaceAllStringFunc(text, func(said string) string {
			kept := form.pattern().FindStringSubmatch(said)[1]
			return fmt.Sprintf("%s[%d bytes]", kept, len(said)-len(kept))
		})
	}
	return text
}

// text is what there is room for: first the warnings of others go, then the last
// lines of the drivers that count.
func (l *logLines) text() []byte {
	var out bytes.Buffer
	room := [2]int{maxLogBytes, max(0, maxLogBytes-l.bytes[0])}
	left := l.more
	for _, line := range l.lines {
		if room[line.rank] -= len(line.text); room[line.rank] < 0 {
			left[line.rank]++
			continue
		}
		out.WriteString(line.text)
	}
	if left != [2]int{} {
		fmt.Fprintf(&out, leftOut+", for want of room: %d lines of drivers, %d warnings of others\n", left[0], left[1])
	}
	return out.Bytes()
}

// collectKernelLog keeps the lines and counts them: what they say is read by the
// rules that want to know it.
func collectKernelLog(_ context.Context, h *Host) (func(*report.Report), error) {
	lines := parseAnswer(h.ask(opKernelLines, ""), func(data []byte) (int64, error) {
		n := bytes.Count(data, []byte("\n"))
		if bytes.Contains(data, []byte("\n"+leftOut)) || bytes.HasPrefix(data, []byte(leftOut)) {
			n--
		}
		return int64(n), nil
	})
	return func(r *report.Report) { r.Kernel.LogLines = lines }, nil
}
