package probe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// The command lines are of a Jetson AGX Xavier and of a TX2 with JetPack 4, as
// people sent them to mailing lists of Tegra and Jailhouse.
func TestCBoot(t *testing.T) {
	const (
		xavier = "console=ttyTCU0,115200n8 fbcon=map:0 rootfstype=ext4 video=tegrafb gpt usbcore.old_scheme_first=1 tegraid=19.1.2.0.0 maxcpus=8 boot.slot_suffix= boot.ratchetvalues=0.2.2 vpr=0x8000000@0xf0000000 sdhci_tegra.en_boot_part_access=1\n"
		tx2    = "root=/dev/mmcblk0p1 rw rootwait video=tegrafb gpt tegraid=18.1.2.0.0 maxcpus=6 boot.slot_suffix= boot.ratchetvalues=0.2031647.1 bl_prof_dataptr=0x10000@0x275840000 sdhci_tegra.en_boot_part_access=1\n"
		misc   = "sys/firmware/devicetree/base/chosen/plugin-manager/misc-data/"
		t194   = "nvidia,p2972-0000\x00nvidia,tegra194\x00"
		t186   = "nvidia,p2771-0000\x00nvidia,tegra186\x00"
		one    = "\x00\x00\x00\x01"
	)
	for _, c := range []struct {
		name, compatible, line string
		files                  map[string]string
		loader                 string // or the note of the gap
		current, copy          string
	}{
		{"Xavier", t194, xavier, map[string]string{misc + "boot-sdmmc": one, misc + "storage-sdmmc": one, misc + "storage-qspi": one}, "cboot", "mmc", "A"},
		{"Xavier NX", t194, xavier, map[string]string{misc + "boot-qspi": one}, "cboot", "qspi", "A"},
		{"the second copy", t194, strings.Replace(xavier, "suffix=", "suffix=_b", 1), nil, "cboot", "", "B"},
		{"the first by its name", t194, strings.Replace(xavier, "suffix=", "suffix=_a", 1), nil, "cboot", "", "A"},
		{"a copy that there is not", t194, strings.Replace(xavier, "suffix=", "suffix=_z", 1), nil, "cboot", "", ""},
		{"two media", t194, xavier, map[string]string{misc + "boot-ufs": one, misc + "boot-sata": one}, "cboot", "more than one", "A"},
		{"TX2", t186, tx2, nil, "CBoot, or the U-Boot that it started", "", "A"},
		{"TX2 with U-Boot", t186, tx2, map[string]string{"sys/firmware/devicetree/base/chosen/u-boot,version": "2024.01\x00"}, "u-boot", "", ""},
		{"UEFI of JetPack 5", t194, "root=/dev/mmcblk0p1 boot.slot_suffix=\n", map[string]string{"sys/firmware/efi/systab": ""}, "uefi", "", ""},
		{"mainline U-Boot", t186, "root=/dev/mmcblk0p1\n", nil, "it did not name itself", "", ""},
		{"another board", "acme,board\x00", xavier, map[string]string{misc + "boot-sdmmc": one}, "it did not name itself", "", ""},
	} {
		files := map[string]string{piTree + "compatible": c.compatible, "proc/cmdline": c.line}
		for k, v := range c.files {
			files[k] = v
		}
		r, _ := probeRoot(t, files)
		b := r.Boot
		word := func(f report.Fact[string]) string {
			if f.OK() {
				return f.Value
			}
			return f.Note
		}
		if !strings.HasPrefix(word(b.Loader), c.loader) || b.Loader.OK() != !strings.Contains(c.loader, " ") {
			t.Errorf("%s: loader %+v; want %s", c.name, b.Loader, c.loader)
		}
		if c.loader == "cboot" && (b.LoaderVersion.Gap != report.NotProbed || !strings.Contains(b.LoaderVersion.Note, "Cboot Version") || b.Loader.Basis != report.Inferred || b.LoaderOrder.OK()) {
			t.Errorf("%s: loader %+v, version %+v, order %+v", c.name, b.Loader, b.LoaderVersion, b.LoaderOrder)
		}
		if c.current == "" && b.Current.OK() || !strings.Contains(word(b.Current), c.current) || b.FirmwareCopy.Value != c.copy {
			t.Errorf("%s: current %+v, copy %+v; want %q, %q", c.name, b.Current, b.FirmwareCopy, c.current, c.copy)
		}
	}
}

// CBoot puts the number of the chip where everybody can read it.
func TestECID(t *testing.T) {
	const ecid = "91900000d4f2a1b300000000060301c0"
	_, evidence := probeRoot(t, map[string]string{piTree + "chosen/ecid": ecid + "\x00", "proc/cmdline": "nvidia.chip=" + ecid + "\n", "etc/os-release": "ID=" + ecid + "\n"})
	if kept := fmt.Sprintf("%+v", evidence); strings.Contains(kept, ecid) {
		t.Error("the evidence has the number of the chip")
	}
}
