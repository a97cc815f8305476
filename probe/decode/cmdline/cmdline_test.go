package cmdline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// summary has for each hint the kind, the medium and the value.
func summary(hints []Hint) string {
	var list []string
	for _, h := range hints {
		media, value := "-", "-"
		if h.HasMedia {
			media = h.Media
		}
		if h.HasValue {
			value = h.Value
		}
		list = append(list, fmt.Sprintf("%s %s %s %s", h.Key, h.Kind, media, value))
	}
	return strings.Join(list, "\n")
}

// TestHintsOfBoards has command lines that boards printed, without what is of
// no interest here: four with an RK3588, one with a Rockchip and extlinux, one
// with a Qualcomm SoC and UFS, one with eMMC.
func TestHintsOfBoards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{
			"storagemedia=sd androidboot.storagemedia=sd androidboot.mode=normal  storagenode=/mmc@fe2c0000 androidboot.verifiedbootstate=orange ro rootwait earlycon=uart8250,mmio32,0xfeb50000 console=ttyFIQ0 root=PARTLABEL=rootfs rootfstype=ext4",
			"storagemedia medium sd sd\nandroidboot.storagemedia medium sd sd\nstoragenode device - /mmc@fe2c0000\nandroidboot.verifiedbootstate verified - orange\nroot root - PARTLABEL=rootfs",
		},
		{
			"storagemedia=emmc androidboot.storagemedia=emmc storagenode=/mmc@fe2e0000 androidboot.verifiedbootstate=orange",
			"storagemedia medium emmc emmc\nandroidboot.storagemedia medium emmc emmc\nstoragenode device - /mmc@fe2e0000\nandroidboot.verifiedbootstate verified - orange",
		},
		{
			"storagemedia=emmc root=PARTUUID=614e0000-0000 rcu_nocbs=all androidboot.fwver=ddr-v1.18-9fa84341ce,spl-v1.13,bl31-v1.47,bl32-v1.15,uboot-31011-dirt-01/23/2025",
			"storagemedia medium emmc emmc\nroot root - PARTUUID=614e0000-0000\nandroidboot.fwver firmware - ddr-v1.18-9fa84341ce,spl-v1.13,bl31-v1.47,bl32-v1.15,uboot-31011-dirt-01/23/2025",
		},
		{
			"androidboot.mode=normal  fuse.programmed=1 android_slotsufix=_a root=zettroot_a dump_initrd",
			"fuse.programmed fused - 1\nandroid_slotsufix slot - _a\nroot root - zettroot_a",
		},
		{
			"root=UUID=2c8ef374-87a4-4f7e-8491-6a6e4c1308ad console=ttyFIQ0,1500000n8 quiet androidboot.fwver=ddr-v1.16-9fffbe1e78,bl31-v1.45,uboot-17.09-24-e-04/16/2024",
			"root root - UUID=2c8ef374-87a4-4f7e-8491-6a6e4c1308ad\nandroidboot.fwver firmware - ddr-v1.16-9fffbe1e78,bl31-v1.45,uboot-17.09-24-e-04/16/2024",
		},
		{
			"console=tty0 root=/dev/sda1 rw earlycon androidboot.bootdevice=1d84000.ufshc androidboot.serialno=0123abcd androidboot.baseband=msm",
			"root root scsi /dev/sda1\nandroidboot.bootdevice device ufs 1d84000.ufshc",
		},
		{
			"console=ttyMSM0,115200,n8 androidboot.hardware=qcom androidboot.bootdevice=7824900.sdhci earlycon=msm_hsl_uart,0x78af000",
			"androidboot.bootdevice device mmc 7824900.sdhci",
		},
	} {
		if got := summary(Hints(c.line)); got != c.want {
			t.Errorf("Hints(%q) =\n%s\nwant\n%s", c.line, got, c.want)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                           "",
		"quiet ro":                   "",
		"root":                       "",
		"root=":                      "root root - ",
		"root=/dev/mmcblk0p2":        "root root mmc /dev/mmcblk0p2",
		"root=/dev/nvme0n1p2":        "root root nvme /dev/nvme0n1p2",
		"root=/dev/vda":              "root root virtio /dev/vda",
		"root=/dev/nfs":              "root root network /dev/nfs",
		"root=/dev/mtdblock3":        "root root mtd /dev/mtdblock3",
		"root=ubi0:rootfs ubi.mtd=5": "root root mtd ubi0:rootfs\nubi.mtd root mtd 5",
		"nfsroot=10.0.0.1:/a":        "nfsroot root network -",
		"netroot=10.0.0.1:/a":        "netroot root network -",
		"androidboot.flash.locked=1 androidboot.vbmeta.device_state=locked": "androidboot.flash.locked verified - 1\nandroidboot.vbmeta.device_state verified - locked",
		"BOOTIF=01-52-54-00-12-34-56":                                       "BOOTIF loader network -",
		"BOOT_IMAGE=(hd0,gpt2)/vmlinuz":                                     "BOOT_IMAGE loader - (hd0,gpt2)/vmlinuz",
		"vc_mem.mem_base=0x3ec00000":                                        "vc_mem.mem_base loader - -",
		"efi=noruntime":                                                     "efi no-runtime - noruntime",
		"efi=debug,noruntime":                                               "efi no-runtime - debug,noruntime",
		"efi=debug":                                                         "",
		"androidboot.boot_devices=soc/11270000.ufshci,soc/11230000.mmc": "androidboot.boot_devices device - soc/11270000.ufshci,soc/11230000.mmc",
		"androidboot.boot_devices=soc/11230000.mmc,soc/11240000.mmc":    "androidboot.boot_devices device mmc soc/11230000.mmc,soc/11240000.mmc",
		"androidboot.bootdevice=msm_sdcc.1":                             "androidboot.bootdevice device mmc msm_sdcc.1",
		"androidboot.bootdevice=":                                       "androidboot.bootdevice device - ",
		"storagemedia=spinor":                                           "storagemedia medium spi spinor",
		"storagemedia=rknand":                                           "storagemedia medium nand rknand",
		"storagemedia=moon":                                             "storagemedia medium - moon",
		"boot.slot_suffix= boot.ratchetvalues=0.2.2":                    "boot.slot_suffix slot - \nboot.ratchetvalues loader - 0.2.2",
		"boot.slot_suffix=_b androidboot.slot_suffix=_a":                "boot.slot_suffix slot - _b\nandroidboot.slot_suffix slot - _a",
		"mtdparts=spi0:1m(u-boot),-(rest)":                              "mtdparts partitions mtd spi0:1m(u-boot),-(rest)",
		`root="/dev/sda 1" "storagemedia=sd" x`:                         "root root scsi /dev/sda 1\nstoragemedia medium sd sd",
		"quiet -- root=/dev/sda":                                        "",
		"--x root=/dev/sda":                                             "root root scsi /dev/sda",
		"root=a\x1b[2J\xff~\x7f!":                                       "root root - a?[2J?~?!",
		"root=\"open storagemedia=sd":                                   "root root - open storagemedia=sd",
		"\x00root=/dev/sda\n":                                           "root root scsi /dev/sda",
	} {
		if got := summary(Hints(line)); got != want {
			t.Errorf("Hints(%q) =\n%s\nwant\n%s", line, got, want)
		}
	}
}

func TestHintsAreBounded(t *testing.T) {
	t.Parallel()
	if got := Hints(strings.Repeat("root=a ", 1000)); len(got) != maxHints {
		t.Errorf("Hints of 1000 = %d; want %d", len(got), maxHints)
	}
	if got := Hints("root=" + strings.Repeat("a", 1000)); len(got) != 1 || len(got[0].Value) != maxValue {
		t.Errorf("Hints of a long value = %+v; want %d bytes of it", got, maxValue)
	}
	if got := Hints(strings.Repeat("a ", maxBytes/2) + "root=a"); len(got) != 0 {
		t.Errorf("Hints behind %d bytes = %+v; want none", maxBytes, got)
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rows() {
		if r.key == "" || r.kind == "" || r.note == "" || seen[r.key] {
			t.Errorf("row %q of kind %q, noted %q, twice %v", r.key, r.kind, r.note, seen[r.key])
		}
		seen[r.key] = true
	}
}

func TestParseFirmware(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]Component{
		"ddr-v1.18-9fa84341ce,spl-v1.13,bl31-v1.47,bl32-v1.15,uboot-31011-dirt-01/23/2025": {
			{"ddr", "v1.18-9fa84341ce"}, {"spl", "v1.13"}, {"bl31", "v1.47"}, {"bl32", "v1.15"}, {"uboot", "31011-dirt-01/23/2025"}},
		"ddr,-v1,spl-,,a-\x01": {{"a", "?"}},
		"":                     nil,
	} {
		if got := ParseFirmware(value); !slices.Equal(got, want) {
			t.Errorf("ParseFirmware(%q) = %+v; want %+v", value, got, want)
		}
	}
	if got := ParseFirmware(strings.Repeat("a-b,", 100)); len(got) != maxComponents {
		t.Errorf("ParseFirmware of 100 = %d; want %d", len(got), maxComponents)
	}
}

func FuzzHints(f *testing.F) {
	f.Add("storagemedia=sd storagenode=/mmc@fe2c0000 root=\"a b\" -- root=x")
	f.Add("androidboot.bootdevice=1d84000.ufshc,x efi=noruntime nfsroot=1.2.3.4")
	f.Fuzz(func(t *testing.T, line string) {
		hints := Hints(line)
		for _, h := range hints {
			if !strings.Contains(line, h.Key+"=") || len(h.Value) > maxValue || printable(h.Value) != h.Value || h.HasMedia != (h.Media != "") || !h.HasValue && h.Value != "" {
				t.Errorf("Hints(%q) has %+v", line, h)
			}
			if (h.Key == "nfsroot" || h.Key == "BOOTIF") && h.HasValue {
				t.Errorf("Hints(%q) shows %+v", line, h)
			}
			ParseFirmware(h.Value)
		}
		// A parameter in front is one hint more, and the others stay.
		if more := Hints("storagemedia=sd " + line); len(line) < maxParameters && len(hints) < maxHints && (len(more) != len(hints)+1 || summary(more[1:]) != summary(hints)) {
			t.Errorf("Hints with one more = %q; want one more than %q", summary(more), summary(hints))
		}
	})
}
