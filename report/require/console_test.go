package require

import (
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/report"
)

// h3 is what U-Boot of an Orange Pi says on QEMU, as in the long matrix of
// emulated boards.
const h3 = "U-Boot SPL 2025.01-3.2 (Jun 08 2026 - 12:48:23 +0000)\nDRAM: 1024 MiB\nTrying to boot from MMC1\n" +
	"U-Boot 2025.01-3.2 (Jun 08 2026 - 12:48:23 +0000) Allwinner Technology\nCPU:   Allwinner H3 (SUN8I 0000)\nModel: Xunlong Orange Pi PC Plus\nDRAM:  1 GiB\n" +
	"Loading Environment from FAT... OK\nScanning mmc 0:1...\nStarting kernel ...\n"

const linux = "[    0.000000] Linux version 6.1.0-50-armmp (debian-kernel@lists.debian.org) #1 SMP\n"

// orangePi is the report of that run.
func orangePi() *report.Report {
	r := imx8mp()
	r.Identity.Model = text("Xunlong Orange Pi PC Plus")
	r.Memory = memory(1024, 1024, 996, says("device-tree", 1024))
	r.Boot = report.Boot{
		Loader: text("u-boot"), LoaderVersion: text("2025.01-3.2"), Current: text("mmc").By(report.Inferred), LoaderOrder: list("usb0", "mmc_auto").By(report.Configured),
		Media: []report.BootMedium{{Path: "a", Name: text("mmcblk0"), Environments: []report.BootEnvironment{{Place: "saved@1198080"}, {Place: "default@371505"}}}},
	}
	return r
}

func heard(log string) *console.Boot {
	list, _ := console.Parse([]byte(log))
	boot := console.Last(list)
	return &boot
}

func TestConsole(t *testing.T) {
	gapOf := func(f *report.Fact[string]) { *f = gap[string](report.NotProbed) }
	as := func(old, now string) string {
		if !strings.Contains(h3, old) {
			t.Fatalf("the log has no %q", old)
		}
		return strings.ReplaceAll(h3, old, now)
	}
	same := func(*report.Report) {}
	for name, c := range map[string]struct {
		id, log string
		alter   func(*report.Report)
		want    Verdict
		found   string // parts of Found and Detail, between bars
	}{
		"version":                 {"console.loader-version", h3, same, Pass, "SPL 2025.01-3.2, U-Boot 2025.01-3.2"},
		"version, with the name":  {"console.loader-version", h3, func(r *report.Report) { r.Boot.LoaderVersion = text("U-Boot 2025.01-3.2") }, Pass, ""},
		"another version":         {"console.loader-version", h3, func(r *report.Report) { r.Boot.LoaderVersion = text("2025.01-3") }, Warn, `report: u-boot 2025.01-3; console line 4 "U-Boot 2025.01-3.2 (Jun 08 2026|Both values are kept`},
		"version of an old reset": {"console.loader-version", strings.ReplaceAll(h3, "2025.01-3.2", "2022.04") + h3, same, Pass, "U-Boot 2025.01-3.2"},
		"version not reported":    {"console.loader-version", h3, func(r *report.Report) { gapOf(&r.Boot.LoaderVersion) }, Info, "console: SPL 2025.01-3.2, U-Boot 2025.01-3.2|not-probed: a reason|not signed by the board"},
		"no stage":                {"console.loader-version", "Starting kernel ...\n", same, Info, "does not say which loaders ran"},
		"another loader":          {"console.loader-version", "barebox 2024.01.0 #1 Mon\n", same, Info, "console: barebox 2024.01.0|does not name the loader"},
		"barebox": {"console.loader-version", "barebox 2024.01.0 #1 Mon\n", func(r *report.Report) {
			r.Boot.Loader, r.Boot.LoaderVersion = text("barebox"), text("barebox-2024.01.0")
		}, Pass, ""},
		"SeaBIOS": {"console.loader-version", "SeaBIOS (version 1.16.2-debian-1.16.2-1)\n", func(r *report.Report) {
			r.Boot.Loader, r.Boot.LoaderVersion = text("bios"), text("SeaBIOS 1.16.2-debian-1.16.2-1")
		}, Pass, "SeaBIOS 1.16.2"},
		"UEFI, another": {"console.loader-version", "Jetson UEFI firmware (version 36.4.4-gcid-41062509 built on 2025)\n", func(r *report.Report) {
			r.Boot.Loader, r.Boot.LoaderVersion = text("uefi"), text("EDK II 36.4.3-gcid-40968377")
		}, Warn, "36.4.4"},
		"Raspberry Pi": {"console.loader-version", "RPi: BOOTLOADER release VERSION:26826259 DATE: x\n", func(r *report.Report) {
			r.Boot.Loader, r.Boot.LoaderVersion = text("raspberry-pi"), text("26826259c2d8d4c0b8e8a1d1b1f9e3b5f0a9c1d2")
		}, Pass, ""},
		"all stages": {"console.loader-version", "DDR Version V1.08 20220617\n" + as("U-Boot 2025", "NOTICE:  BL31: v2.8(release):x\nI/TC: OP-TEE version: 3.16 (gcc)\nU-Boot 2025"), same, Pass, "first stage V1.08, SPL 2025.01-3.2, TF-A v2.8, OP-TEE 3.16, U-Boot 2025.01-3.2"},

		"medium":              {"console.boot-source", h3, same, Pass, "report: mmc; console: loader from MMC1 (mmc), line 3; system from mmc 0:1 (mmc), line 9"},
		"medium, finer":       {"console.boot-source", as("MMC1", "EMMC"), same, Pass, "loader from EMMC (emmc)"},
		"medium, a card":      {"console.boot-source", as("Trying to boot from MMC1", "Boot mode: SD (01) order f4"), same, Pass, ""},
		"another medium":      {"console.boot-source", as("MMC1", "SPI"), same, Warn, `report: mmc; console line 3 "Trying to boot from SPI"`},
		"eMMC, not a card":    {"console.boot-source", "Boot-device: eMMC\n", func(r *report.Report) { r.Boot.Current = text("sd") }, Warn, "report: sd"},
		"a card, not found":   {"console.boot-source", "Boot mode: SD (01) order f4\n", func(r *report.Report) { r.Boot.Current = text("sd-detect") }, Pass, ""},
		"medium not reported": {"console.boot-source", h3, func(r *report.Report) { gapOf(&r.Boot.Current) }, Info, "console: loader from MMC1 (mmc), line 3|not signed"},
		"system only": {"console.boot-source", "** Booting bootflow 'virtio-blk#32.bootdev.part_1' with extlinux\n", func(r *report.Report) { gapOf(&r.Boot.Current) },
			Info, "console: system from 'virtio-blk#32.bootdev.part_1' with extlinux (virtio), line 1"},
		"system, other step": {"console.boot-source", "Scanning usb 0:1...\n", same, Info, "do not speak of the same step"},
		"words of no medium": {"console.boot-source", as("MMC1", "RAM"), same, Info, "not in words that can be compared"},
		"no medium":          {"console.boot-source", "Model: x\n", same, Info, "does not say from what"},
		"UEFI's option":      {"console.boot-source", "BdsDxe: starting Boot0002 \"x\" from y\n", uefi("Boot0002", "nvme"), Pass, "Boot0002"},
		"another option":     {"console.boot-source", "BdsDxe: starting Boot0002 \"x\" from y\n", uefi("Boot0002", "network"), Warn, "report: nvme"},
		"an unknown option":  {"console.boot-source", "BdsDxe: starting Boot0003 \"x\" from y\n", uefi("Boot0002", "nvme"), Info, ""},
		"UEFI behind SPL":    {"console.boot-source", h3, uefi("Boot0002", "nvme"), Info, ""},

		"saved settings":           {"console.environment", h3, same, Pass, "saved settings, from FAT, line 8"},
		"settings not used":        {"console.environment", as("FAT... OK", "MMC... *** Warning - bad CRC, using default environment"), same, Warn, "report: settings at mmcblk0 saved@1198080; console line 8|did not use"},
		"settings not found":       {"console.environment", h3, func(r *report.Report) { r.Boot.Media = nil }, Warn, "no saved settings; loader order usb0 and mmc_auto"},
		"default settings":         {"console.environment", as("FAT... OK", "nowhere... OK"), func(r *report.Report) { r.Boot.Media = nil }, Pass, "default settings, from nowhere"},
		"saved, order not known":   {"console.environment", h3, func(r *report.Report) { r.Boot.Media, r.Boot.LoaderOrder = nil, gap[[]string](report.NotProbed) }, Info, "console: saved settings, from FAT"},
		"settings not said":        {"console.environment", as("FAT... OK", "SPIFlash... SF: Detected"), same, Info, "does not say which settings"},
		"settings, boot not ended": {"console.environment", h3, func(r *report.Report) { section(r, "boot").Outcome = report.OutcomeDeadline }, Unknown, "deadline"},

		"amount":                  {"console.dram", h3, same, Pass, "report: 1.00 GiB fitted (device tree); console: 1 GiB, line 7"},
		"no memory found":         {"console.dram", as("DRAM:  1 GiB", "DRAM:  0 MiB"), same, Warn, "console: 0 MiB, line 7"},
		"amount, rounded":         {"console.dram", as("DRAM:  1 GiB", "DRAM:  1.9 GiB"), func(r *report.Report) { r.Memory = memory(2048, 1990, 1950) }, Pass, ""},
		"amount, all banks":       {"console.dram", as("DRAM:  1 GiB", "DRAM:  948 MiB (effective 3.8 GiB)"), func(r *report.Report) { r.Memory = memory(4096, 3900, 3800) }, Pass, ""},
		"more than reported":      {"console.dram", as("DRAM:  1 GiB", "DRAM:  2 GiB"), same, Warn, `report: 1.00 GiB fitted (device tree); console line 7 "DRAM: 2 GiB"`},
		"less than given":         {"console.dram", as("DRAM:  1 GiB", "DRAM:  512 MiB"), same, Warn, "kernel was told too much"},
		"amount not reported":     {"console.dram", h3, func(r *report.Report) { r.Memory = memory(0, 0, 0) }, Info, "console: 1 GiB, line 7"},
		"more than the lower end": {"console.dram", h3, func(r *report.Report) { r.Memory = memory(0, 900, 880) }, Info, "console: 1 GiB"},
		"less than the lower end": {"console.dram", h3, func(r *report.Report) { r.Memory = memory(0, 1900, 1880) }, Warn, "at least 1.85 GiB"},
		"no amount":               {"console.dram", "Model: x\n", same, Info, "does not say how much"},

		"closed":               {"console.secure-boot", "HAB Configuration: 0xcc, HAB State: 0x99\n", locked("enforced"), Pass, "report: enforced"},
		"open":                 {"console.secure-boot", "HAB Configuration: 0xf0, HAB State: 0x66\n", locked("disabled"), Pass, "0xf0"},
		"in setup mode":        {"console.secure-boot", "S - Secure Boot: Off\n", locked("capable"), Pass, ""},
		"closed, reported not": {"console.secure-boot", "HAB Configuration: 0xcc, HAB State: 0x99\n", locked("disabled"), Warn, `report: disabled; console line 1 "HAB Configuration: 0xcc`},
		"open, reported not":   {"console.secure-boot", "Secure boot disabled\n", locked("enforced"), Warn, "report: enforced"},
		"closed, not known":    {"console.secure-boot", "SoC:   AM62X SR1.0 HS-SE\n", same, Warn, "console: closed, line 1|starts only what is signed|not signed by the board"},
		"open, not known":      {"console.secure-boot", "SoC:   AM62X SR1.0 HS-FS\n", same, Info, "console: open, line 1"},
		"closed, no such thing": {"console.secure-boot", "Secure boot enabled\n", func(r *report.Report) {
			r.Security.SecureBoot = report.Missing[string](report.Unsupported, "", "x/1")
		}, Warn, "report: no Secure Boot"},
		"lock not said": {"console.secure-boot", h3, same, Info, "does not say whether"},

		"model":              {"console.board", h3, same, Pass, "Xunlong Orange Pi PC Plus, line 6"},
		"another model":      {"console.board", h3, func(r *report.Report) { r.Identity.Model = text("Xunlong Orange Pi PC") }, Warn, `report: Xunlong Orange Pi PC; console line 6 "Model: Xunlong Orange Pi PC Plus"`},
		"model not reported": {"console.board", h3, func(r *report.Report) { gapOf(&r.Identity.Model) }, Info, "console: Xunlong Orange Pi PC Plus, line 6"},
		"a family":           {"console.board", "Board: Xilinx ZynqMP\n", same, Info, "does not say for which board"},

		"kernel":              {"console.kernel", h3 + linux, func(r *report.Report) { r.Kernel.Release = text("6.1.0-50-armmp") }, Pass, "6.1.0-50-armmp, line 11"},
		"another kernel":      {"console.kernel", h3 + linux, same, Warn, `report: 5.15.71; console line 11 "Linux version 6.1.0-50-armmp|of another run`},
		"kernel not said":     {"console.kernel", h3, same, Info, "does not say which kernel"},
		"kernel not reported": {"console.kernel", h3 + linux, func(r *report.Report) { gapOf(&r.Kernel.Release) }, Info, "console: 6.1.0-50-armmp"},

		"orders":            {"boot.options", h3, same, Ask, "used: mmc; console: loader from MMC1 (mmc), line 3"},
		"orders, not heard": {"boot.options", "Model: x\n", same, Ask, "used: mmc"},
	} {
		r := orangePi()
		c.alter(r)
		f := finding(t, Case{r, heard(c.log)}, c.id)
		for part := range strings.SplitSeq(c.found, "|") {
			if !strings.Contains(f.Found+" / "+f.Detail, part) {
				t.Errorf("%s: %s has no %q: found %q (%s)", name, c.id, part, f.Found, f.Detail)
			}
		}
		if f.Verdict != c.want || len(f.Facts) == 0 || (f.Remedy != "") != (c.want == Warn || c.want == Unknown) {
			t.Errorf("%s: %s = %s on %v, found %q (%s), remedy %q; want %s", name, c.id, f.Verdict, f.Facts, f.Found, f.Detail, f.Remedy, c.want)
		}
	}
}

func uefi(number, medium string) func(*report.Report) {
	return func(r *report.Report) {
		r.Boot.Loader, r.Boot.Current = text("uefi"), text("nvme")
		r.Boot.Options = []report.BootOption{{Number: "Boot0001", Medium: text("usb")}, {Number: number, Medium: text(medium)}}
	}
}

func locked(state string) func(*report.Report) {
	return func(r *report.Report) { r.Security.SecureBoot = text(state) }
}

func finding(t *testing.T, c Case, id string) Finding {
	t.Helper()
	list := c.Check()
	k := slices.IndexFunc(list, func(f Finding) bool { return f.ID == id })
	if k < 0 {
		t.Fatalf("Check has no finding %s", id)
	}
	return list[k]
}

// Without a log, and with one that says nothing, nothing is decided or asked.
func TestConsoleSilent(t *testing.T) {
	for _, said := range []*console.Boot{nil, heard(""), heard("hello\n")} {
		for _, r := range []*report.Report{orangePi(), {}} {
			for _, f := range (Case{r, said}).Check() {
				if strings.HasPrefix(f.ID, "console.") && (f.Verdict != Info || f.Found != "" || f.Question != "") {
					t.Errorf("%s = %s, found %q, question %q; want info", f.ID, f.Verdict, f.Found, f.Question)
				}
			}
		}
	}
	// With a log, an empty report gives no pass.
	for _, f := range (Case{&report.Report{}, heard(h3)}).Check() {
		if strings.HasPrefix(f.ID, "console.") && f.Verdict != Info && f.Verdict != Unknown {
			t.Errorf("empty report: %s = %s (%s)", f.ID, f.Verdict, f.Found)
		}
	}
}

func TestSameMedium(t *testing.T) {
	for _, c := range []struct {
		a, b      string
		agree, ok bool
	}{
		{"mmc", "emmc", true, true}, {"sd", "mmc", true, true}, {"sd", "emmc", false, true}, {"mtd", "nand", true, true}, {"spi", "nand", false, true}, {"scsi", "usb", true, true},
		{"nvme", "nvme", true, true}, {"nvme", "mmc", false, true}, {"virtio", "scsi", false, true}, {"firmware", "mmc", false, false}, {"mmc", "", false, false},
	} {
		agree, ok := sameMedium(c.a, c.b)
		if ok != c.ok || ok && agree != c.agree {
			t.Errorf("sameMedium(%q, %q) = %v, %v", c.a, c.b, agree, ok)
		}
	}
}

func TestConsoleTable(t *testing.T) {
	r := orangePi()
	r.Identity.Model = text("Xunlong Orange Pi PC")
	c := Case{r, heard(h3)}
	golden(t, "console.table", Table(r, c.Check(), TableOptions{Console: "a.console.json beside the package, boot 1 of 1"}))
	if strings.Contains(Table(r, c.Check(), TableOptions{}), "console      verdict") {
		t.Error("the table has a console without a log")
	}
}
