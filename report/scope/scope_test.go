package scope

import (
	"strings"
	"testing"
	"time"

	"github.com/boardprobe/boardprobe/boards/desk"
)

// day is when the tests judge.
func day() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) }

// What each kernel can ride, and why.
func TestRides(t *testing.T) {
	t.Parallel()
	old := "honister ended kirkstone ended scarthgap - wrynose -"
	recent := "honister ended kirkstone ended scarthgap supported wrynose supported"
	for kernel, want := range map[string]string{
		"3.10.104": "honister - kirkstone - scarthgap - wrynose -", // aarch64 starts at 3.14
		"4.9.337":  old, "4.19.0-rpi": old, "5.4.70": old, "5.10.110-rockchip": old,
		"5.15.0": recent, "6.1.55": recent, "6.6.23": recent, "6.12.117+deb13-arm64": recent, "7.3": recent,
	} {
		v, ok := ParseVersion(kernel)
		if !ok {
			t.Fatalf("ParseVersion(%q)", kernel)
		}
		var words []string
		for _, r := range Rides(v, "aarch64", day()) {
			state := "-"
			switch {
			case r.Starts && r.Supported:
				state = "supported"
			case r.Starts:
				state = "ended"
			}
			words = append(words, r.Release, state)
			if r.Why == "" || r.Ends == "" {
				t.Errorf("%s on %s: no reason or no end: %+v", kernel, r.Release, r)
			}
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("Rides(%s) = %s; want %s", kernel, got, want)
		}
		text, _ := RidesText(Rides(v, "aarch64", day()))
		t.Logf("%-22s %s; %s", kernel, text, Maintained(v, day()))
	}
	// The day decides what is supported.
	v, _ := ParseVersion("5.10.0")
	if text, ok := RidesText(Rides(v, "aarch64", time.Date(2026, 4, 27, 0, 0, 0, 0, time.UTC))); !ok || text != "rides kirkstone (until 2026-04)" {
		t.Errorf("5.10 on the last day of kirkstone: %q", text)
	}
	if text, ok := RidesText(Rides(v, "aarch64", day())); ok || text != "rides no supported Yocto, only kirkstone (ended 2026-04) and honister (ended 2022-05)" {
		t.Errorf("5.10: %q", text)
	}
}

func TestYoctoTable(t *testing.T) {
	t.Parallel()
	releases, _ := desk.YoctoReleases()
	for _, r := range releases {
		texts := []string{r.OldestKernel}
		for _, text := range r.OldestOn {
			texts = append(texts, text)
		}
		for _, text := range texts {
			if _, ok := ParseVersion(text); !ok {
				t.Errorf("%s: oldest kernel %q", r.Name, text)
			}
		}
		if number(r.Systemd) == 0 || r.Layer == desk.LayerCurrent && r.Ends == "" {
			t.Errorf("%s: systemd %q, ends %q", r.Name, r.Systemd, r.Ends)
		}
	}
}

func TestMaintained(t *testing.T) {
	t.Parallel()
	for kernel, want := range map[string]string{
		"4.9": "long-term series 4.9, which ended in 2023-01", "5.10": "long-term series 5.10, until 2026-12",
		"6.12": "long-term series 6.12, until 2028-12", "6.11": "6.11 is no long-term series",
		"7.3": "7.3 is newer than the table of long-term series",
	} {
		v, _ := ParseVersion(kernel)
		if got := Maintained(v, day()); got != want {
			t.Errorf("Maintained(%s) = %q; want %q", kernel, got, want)
		}
	}
}

// The figures of the layout: an image of 1,668 MiB, of which 192 are data at first.
func TestLayout(t *testing.T) {
	t.Parallel()
	if image := LayoutOn(0, 512, false).OSBytes + (dataMiB+tailMiB)*mib; image != 1708032<<10 {
		t.Errorf("the image has %d bytes; want %d", image, 1708032<<10)
	}
	for _, c := range []struct {
		medium, sector int64
		encrypted      bool
		data           int64 // MiB
		fits, noted    bool
	}{
		{1 << 30, 512, false, 0, false, false},
		{1708032 << 10, 512, false, 196, true, false},
		{1708032<<10 - 1, 512, false, 195, false, false},
		{3909091328, 512, false, 2256, true, false}, // sold as 4 GB
		{4e9, 512, false, 2342, true, false},
		{4e9, 4096, false, 2342, true, true},
		{8e9, 512, false, 6157, true, false},
		{16e9, 512, false, 13786, true, false},
		{16e9, 4096, true, 13606, true, true},
	} {
		l := LayoutOn(c.medium, c.sector, c.encrypted)
		if l.DataBytes/mib != c.data || l.Fits != c.fits || (l.Note != "") != c.noted {
			t.Errorf("LayoutOn(%d, %d, %v) leaves %d MiB, fits %v, %q; want %d, %v", c.medium, c.sector, c.encrypted, l.DataBytes/mib, l.Fits, l.Note, c.data, c.fits)
		}
		var sum int64
		for _, p := range l.Parts {
			sum += p.Bytes
		}
		if sum != max(c.medium, l.OSBytes) {
			t.Errorf("the parts on %d bytes have %d", c.medium, sum)
		}
		t.Logf("%5.1f GB, sectors of %4d, encrypted %5v: system %d MiB, data %d MiB, fits %v %s", float64(c.medium)/1e9, c.sector, c.encrypted, l.OSBytes/mib, l.DataBytes/mib, l.Fits, l.Note)
	}
}
