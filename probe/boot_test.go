package probe

import (
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func TestSameVersion(t *testing.T) {
	for _, c := range []struct {
		running, image string
		want           bool
	}{
		{"2025.01-3", "U-Boot 2025.01-3 (Apr 08 2025 - 23:07:35)", true},
		{"2025.01-3", "U-Boot SPL 2025.01-3(Apr 08 2025)", true},
		{"2025.01-3", "2025.01-3", true},
		{"2025.01-3", "U-Boot 2025.01-3.2 (Apr 08 2025 - 23:07:35)", false},
		{"2025.01-3", "U-Boot 12025.01-3 (Apr 08 2025)", false},
		{"2025.01-3", "", false},
	} {
		if got := sameVersion(c.running, c.image); got != c.want {
			t.Errorf("sameVersion(%q, %q) = %v", c.running, c.image, got)
		}
	}
}

// What the loader is built with says nothing for sure while its saved settings
// may lie where the medium was not read.
func TestLoaderOrderOfMediumThatWasCut(t *testing.T) {
	for _, c := range []struct {
		note, place string
		want        report.Basis
	}{
		{"", "default@8192", report.Configured},
		{"only the first 3 MiB were read", "default@8192", report.Inferred},
		{"only the first 3 MiB were read", "saved@1048576", report.Configured},
	} {
		b := report.Boot{Media: []report.BootMedium{{
			Name: report.Known("mmcblk0", "boot/1"), Running: report.Known(true, "boot/1"),
			Versions:     report.Known([]string{"u-boot: U-Boot 2025.01"}, "boot/1").Noting(c.note),
			Environments: []report.BootEnvironment{{Place: c.place, Targets: report.Known([]string{"mmc"}, "boot/1")}},
		}}}
		loaderSettings(&b)
		if b.LoaderOrder.Basis != c.want || len(b.LoaderOrder.Value) != 1 {
			t.Errorf("%s, %q: %+v; want it %s", c.place, c.note, b.LoaderOrder, c.want)
		}
	}
}

// The setup menu stands in BootOrder and is never what the board boots.
func TestLoadOptionOfAnotherCategory(t *testing.T) {
	option := []byte{7, 0, 0, 0, 9, 1, 0, 0, 4, 0, 'U', 0, 0, 0, 0x7f, 0xff, 4, 0}
	if got, want := string(reduceLoadOption(option)), `{"Active":true,"Category":"app","Description":"U"}`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}
