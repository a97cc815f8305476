package probe

import (
	"bytes"
	"context"
	"fmt"
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

// driverLines begin lines of drivers of storage, radios, modems and buses: names
// of drivers and subsystems as dev_printk and pr_fmt put them in front.
var driverLines = pattern.New(`^(mmc|sdhci|dw_?mmc|mmcblk|nvme|ahci|ata\d|scsi|sd [0-9]|sr [0-9]|ufs|usb|xhci|ehci|ohci|dwc[23]|hub|pci|pcie|brcm|ath\d|ath1|iwl|mt7|mtk|rtw|rtl|r8|wl1|wlcore|mwifiex|btusb|btmtk|btqca|hci|Bluetooth|` +
	`cfg80211|ieee80211|cdc|qmi|option|mhi|wwan|qcom|rpmsg|remoteproc|virtio|i2c|spi|mtd|nand|ubi|m25p80|tpm|sdio|nxp|wilc|cw1200|rsi|aic|uart|tty|serial|Linux version|Machine model|OF: fdt|DMI:|EFI|efi:|PSCI|psci|SMP:|CPU\d|Memory:|Kernel command line|Command line|regulator|imx|meson|sunxi|rockchip|tegra|stm32|ti-|omap)`)

// networkName is a name of a network or of a device that somebody gave, quoted as
// drivers of radios do.
var networkName = pattern.New(`(?i)((?:ssid|essid|name|network)\b[^"']{0,16})(["'])[^"']*(["'])`)

// askKernelLines reads the log for its lines.
func askKernelLines(ctx context.Context, _ string) ([]byte, error) {
	var log logLines
	_, err := readKernelLog(ctx, func(r kmsg.Record) bool {
		log.add(r)
		return true
	})
	if err != nil {
		return nil, err
	}
	return log.text(), nil
}

// logLines keeps what is worth it, in the order of the log.
type logLines struct {
	lines []logLine
	bytes [2]int // by rank
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
	case driverLines().MatchString(r.Text):
	case r.Level <= warning:
		rank = 1
	default:
		return
	}
	text := publicLine(r.Text)
	if len(text) > maxLineBytes {
		text = text[:maxLineBytes]
	}
	line := fmt.Sprintf("%d %d.%06d %s\n", r.Level, r.Microseconds/1e6, r.Microseconds%1e6, report.Clean(text))
	if l.bytes[rank]+len(line) > 4*maxLogBytes {
		return // a driver that complains without end
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
	text = PublicVersion(text)
	return networkName().ReplaceAllStringFunc(text, func(said string) string {
		m := networkName().FindStringSubmatch(said)
		return fmt.Sprintf("%s%s[%d bytes]%s", m[1], m[2], len(said)-len(m[1])-2, m[3])
	})
}

// text is what there is room for: first the warnings of others go, then the last
// lines of the drivers that count.
func (l *logLines) text() []byte {
	var out bytes.Buffer
	room := [2]int{maxLogBytes, max(0, maxLogBytes-l.bytes[0])}
	var left [2]int
	for _, line := range l.lines {
		if room[line.rank] -= len(line.text); room[line.rank] < 0 {
			left[line.rank]++
			continue
		}
		out.WriteString(line.text)
	}
	if left != [2]int{} {
		fmt.Fprintf(&out, "# left out, for want of room: %d lines of drivers, %d warnings of others\n", left[0], left[1])
	}
	return out.Bytes()
}

// collectKernelLog keeps the lines and counts them: what they say is read by the
// rules that want to know it.
func collectKernelLog(_ context.Context, h *Host) (func(*report.Report), error) {
	lines := parseAnswer(h.ask(opKernelLines, ""), func(data []byte) (int64, error) { return int64(bytes.Count(data, []byte("\n"))), nil })
	return func(r *report.Report) { r.Kernel.LogLines = lines }, nil
}
