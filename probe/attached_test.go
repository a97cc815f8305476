package probe

import (
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// TestAttachedBy: on the root bus of PCI it is the SoC or chipset, behind a port it may
// be on a card, and on a USB port it is taken for plugged in.
func TestAttachedBy(t *testing.T) {
	for place, want := range map[string]string{
		"sys/devices/platform/soc/30be0000.ethernet":                 report.Soldered,
		"sys/devices/pci0000:00/0000:00:1f.6":                        report.Soldered,
		"sys/devices/pci0000:00/0000:00:1c.0/0000:01:00.0":           "",
		"sys/devices/platform/a40000000.pcie/pci0001:00/0001:01:0.0": report.Soldered, // no address
		"sys/devices/pci0000:00/0000:00:14.0/usb1":                   report.Soldered,
		"sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0":       report.External,
		"sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/usb3/3-1":  report.External,
	} {
		got := attachedBy(report.Known(place, "x/1"))
		if got.Value != want || (want == "") != (got.Gap == report.NotProbed) {
			t.Errorf("%s: %q (%s); want %q", place, got.Value, got.Gap, want)
		}
	}
}
