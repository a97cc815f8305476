package boot

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// index is a kernel's modules: a storage chain, a circle, one whose dependency
// is not there, soft dependencies, watchdogs, and what must never be loaded.
func index() modalias.Index {
	return modalias.Index{Release: "6", Modules: []modalias.Module{
		{Name: "circle_a", Path: "circle_a.ko", Depends: []string{"circle_b"}, Aliases: []string{"pci:circle"}},
		{Name: "circle_b", Path: "circle_b.ko", Depends: []string{"circle_a"}},
		{Name: "efi_pstore", Path: "efi_pstore.ko", Aliases: []string{"platform:efi"}},
		{Name: "iTCO_wdt", Path: "iTCO_wdt.ko", Aliases: []string{"platform:iTCO_wdt"}},
		{Name: "imx2_wdt", Path: "imx2_wdt.ko", Aliases: []string{"of:N*T*Cfsl,imx21-wdt", "of:N*T*Cfsl,imx21-wdtC*", "platform:imx2-wdt"}},
		{Name: "lonely", Path: "lonely.ko", Depends: []string{"not-packed"}, Aliases: []string{"usb:lonely"}},
		{Name: "mac80211_hwsim", Path: "mac80211_hwsim.ko", Aliases: []string{"platform:hwsim"}},
		{Name: "mtd_pagetest", Path: "mtd_pagetest.ko", Aliases: []string{"mtd:any"}},
		{Name: "soft", Path: "soft.ko", SoftPre: []string{"soft_pre"}, SoftPost: []string{"soft_post", "absent"}, Aliases: []string{"usb:soft"}},
		{Name: "soft_post", Path: "soft_post.ko"},
		{Name: "soft_pre", Path: "soft_pre.ko"},
		{Name: "test_power", Path: "test_power.ko", Aliases: []string{"pci:circle"}},
		{Name: "usb-storage", Path: "usb-storage.ko", Depends: []string{"usbcore"}, Aliases: []string{"usb:v*p*ic08isc06ip50*"}},
		{Name: "usbcore", Path: "usbcore.ko"},
		{Name: "wifi", Path: "wifi.ko", Depends: []string{"imx2_wdt"}, Aliases: []string{"sdio:wifi"}},
	}}
}

// loading is a loader whose kernel takes every module, and says which.
func loading(line string) (*loader, *[]string) {
	var files []string
	p, _ := parseParameters(line)
	return &loader{
		insert: func(path, options string) error {
			files = append(files, strings.TrimSpace(path+" "+options))
			return nil
		},
		limit: time.Minute, left: time.Minute, table: modalias.NewTable(index()), never: p.never(), options: p.options,
		asked: map[string]bool{}, tried: map[string]bool{},
	}, &files
}

func TestRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line, requests  string
		files           []string
		skipped, failed []string
	}{
		"dependency first":        {"", "usb:v1p2ic08isc06ip50in00", []string{"usbcore.ko", "usb-storage.ko"}, nil, nil},
		"by name":                 {"", "usb_storage", []string{"usbcore.ko", "usb-storage.ko"}, nil, nil},
		"twice":                   {"", "usbcore usb-storage usbcore", []string{"usbcore.ko", "usb-storage.ko"}, nil, nil},
		"parameters":              {"usb-storage.delay_use=5 usbcore.x=1", "usb-storage", []string{"usbcore.ko x=1", "usb-storage.ko delay_use=5"}, nil, nil},
		"nothing for it":          {"", "usb:v9 acpi:X nosuch", nil, nil, nil},
		"circle":                  {"", "circle_b", []string{"circle_a.ko", "circle_b.ko"}, nil, nil},
		"circle by alias":         {"", "pci:circle", []string{"circle_b.ko", "circle_a.ko"}, []string{"test_power"}, nil},
		"missing dependency":      {"", "usb:lonely", []string{"lonely.ko"}, nil, []string{"not_packed"}},
		"soft dependencies":       {"", "usb:soft", []string{"soft_pre.ko", "soft.ko", "soft_post.ko"}, nil, nil},
		"watchdog by platform":    {"", "platform:imx2-wdt platform:iTCO_wdt imx2_wdt", nil, []string{"imx2_wdt", "iTCO_wdt"}, nil},
		"watchdog by tree":        {"", "of:NwatchdogT(null)Cfsl,imx21-wdt", []string{"imx2_wdt.ko"}, nil, nil},
		"watchdog by both":        {"", "platform:imx2-wdt of:NwdT(null)Cfsl,imx21-wdt", []string{"imx2_wdt.ko"}, nil, nil},
		"watchdog as a need":      {"", "sdio:wifi", []string{"wifi.ko"}, []string{"imx2_wdt"}, nil},
		"watchdog on the list":    {"boardprobe.blacklist=imx2-wdt", "of:NwdT(null)Cfsl,imx21-wdt", nil, []string{"imx2_wdt"}, nil},
		"test of flash":           {"", "mtd:any mtd_pagetest", nil, []string{"mtd_pagetest"}, nil},
		"pretended hardware":      {"", "platform:hwsim", nil, []string{"mac80211_hwsim"}, nil},
		"writer of variables":     {"", "platform:efi efi-pstore", nil, []string{"efi_pstore"}, nil},
		"blacklist, other hyphen": {"boardprobe.blacklist=usb_storage", "usb:v1p2ic08isc06ip50", []string{"usbcore.ko"}, []string{"usb_storage"}, nil},
		"blacklist is a name":     {"boardprobe.blacklist=usb,*core,usbcor", "usbcore", []string{"usbcore.ko"}, nil, nil},
		"no modules":              {"boardprobe.modules=none", "usbcore of:NwdT(null)Cfsl,imx21-wdt", nil, []string{"usbcore", "imx2_wdt"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, files := loading(c.line)
			for request := range strings.FieldsSeq(c.requests) {
				l.request(request + "\n") // as sysfs ends it
			}
			if !slices.Equal(*files, c.files) || !slices.Equal(l.skipped, c.skipped) {
				t.Errorf("request(%s) loads %q, skips %q; want %q, %q", c.requests, *files, l.skipped, c.files, c.skipped)
			}
			var failed []string
			for _, f := range l.failed {
				failed = append(failed, f.Subject)
			}
			if !slices.Equal(failed, c.failed) || len(l.loaded) != len(c.files) {
				t.Errorf("request(%s): failed %q, loaded %q; want %q, %d", c.requests, failed, l.loaded, c.failed, len(c.files))
			}
		})
	}
}

func TestRequestIsNewOnce(t *testing.T) {
	t.Parallel()
	l, _ := loading("")
	for i, want := range []bool{true, false} {
		if got := l.request("usb:unknown\n"); got != want {
			t.Errorf("request %d = %t; want %t", i+1, got, want)
		}
	}
	if l.request(" \n") {
		t.Error("request of nothing = true; want false")
	}
}

func TestHarmful(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"locktorture": true, "rcutorture": true, "mtd_stresstest": true, "mtd_nandbiterrs": true, "test_bpf": true, "spi_loopback_test": true, "kunit": true,
		"drm_kunit": true, "nandsim": true, "scsi_debug": true, "null_blk": true, "pcspkr": true, "efi_pstore": true,
		"mtd": false, "mtdblock": false, "efivarfs": false, "pstore": false, "nand": false, "latest": false, "attest": false, "sd_mod": false,
	} {
		l, _ := loading("")
		if got := l.forbidden(name); got != want {
			t.Errorf("forbidden(%q) = %t; want %t", name, got, want)
		}
	}
}

// TestDriverThatHangs loads modules that never come back: the board goes on,
// with fewer and fewer of them, and in the end without.
func TestDriverThatHangs(t *testing.T) {
	t.Parallel()
	l, _ := loading("")
	l.limit, l.left = 20*time.Millisecond, 30*time.Millisecond
	l.insert = func(string, string) error { select {} }
	for _, name := range []string{"usbcore", "soft_pre", "soft_post"} {
		l.request(name)
	}
	if len(l.failed) != 3 || !strings.HasPrefix(l.failed[0].Error, "still starting") || !strings.HasPrefix(l.failed[2].Error, "not tried") {
		t.Errorf("failed = %+v; want two that are still starting and one not tried", l.failed)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	l, _ := loading("")
	l.insert = func(path, _ string) error {
		switch path {
		case "usbcore.ko":
			return unix.EEXIST
		case "soft.ko":
			panic("boom")
		}
		return errors.New("invalid module format")
	}
	for _, name := range []string{"usbcore", "soft_pre", "soft"} {
		l.request(name)
	}
	var got []string
	for _, f := range l.failed {
		got = append(got, f.Subject+": "+f.Error)
	}
	want := []string{"soft_pre: invalid module format", "soft: fault: boom", "soft_post: invalid module format"}
	if !slices.Equal(got, want) || len(l.loaded) != 0 {
		t.Errorf("failed %q, loaded %q; want %q and nothing", got, l.loaded, want)
	}
}
