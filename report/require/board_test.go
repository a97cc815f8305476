package require

import (
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func text(v string) report.Fact[string] { return report.Known(v, "x/1") }
func number(v int64) report.Fact[int64] { return report.Known(v, "x/1") }
func yes() report.Fact[bool]            { return report.Known(true, "x/1") }
func no() report.Fact[bool]             { return report.Known(false, "x/1") }
func noText() report.Fact[string]       { return report.Missing[string](report.Absent, "", "x/1") }
func gap[T report.Value](g report.Gap) report.Fact[T] {
	return report.Missing[T](g, "a reason", "x/1")
}

const mib = 1 << 20

func eMMC(name string, size int64) report.Disk {
	return report.Disk{Path: "platform/" + name, Name: text(name), Kind: text(report.KindEMMC), SizeBytes: number(size), Attached: text(report.Soldered)}
}

func card(name string, size int64) report.Disk {
	return report.Disk{Path: "platform/" + name, Name: text(name), Kind: text(report.KindSD), SizeBytes: number(size), Attached: text(report.Slot)}
}

func part(kind, attached, name string, size int64) report.Disk {
	return report.Disk{Path: "bus/" + name, Name: text(name), Kind: text(kind), SizeBytes: number(size), Attached: text(attached)}
}

func allSections() []report.Section {
	var list []report.Section
	for _, name := range []string{"sight", "identity", "cpu", "memory", "storage", "mmc", "boot", "security", "kernel", "distribution", "network", "pci", "usb", "usb-roles", "wifi", "bluetooth", "modems", "radio-nodes", "firmware", "radios", "devices", "peripherals", "tpm", "faults", "modules", "ghw"} {
		list = append(list, report.Section{Name: name, Outcome: report.OutcomeOK})
	}
	return list
}

// section returns a section of a report, to be changed.
func section(r *report.Report, name string) *report.Section {
	return &r.Sections[slices.IndexFunc(r.Sections, func(s report.Section) bool { return s.Name == name })]
}

// imx8mp is a run on the vendor's Linux of an evaluation kit, with an eMMC and
// an empty SD slot.
func imx8mp() *report.Report {
	return &report.Report{
		Schema: report.Schema, Run: report.Run{ID: "7Q2K-M3XD", Probe: "0.1.0"}, Sections: allSections(),
		Sight: report.Sight{
			Root: yes(), World: text(report.WorldImage), KernelOrigin: text(report.OriginBSP), KernelOf: noText(), Modules: text("all"), Firmware: text("all"),
			KernelConfig: yes(), Settled: yes(), ReportVolume: text("sda1"), StartedFrom: noText(), DeferredProbes: number(0),
		},
		Identity: report.Identity{
			Model:         text("NXP i.MX8MPlus EVK board"),
			Compatible:    report.Known([]string{"fsl,imx8mp-evk", "fsl,imx8mp"}, "identity/2"),
			Serial:        text("0c1a2b3c4d5e6f70"),
			LoaderVersion: text("U-Boot 2022.04"),
		},
		CPU:    report.CPU{Architecture: text("aarch64"), Types: []report.CoreType{{Signature: "41/d03", Name: text("Cortex-A53"), Count: number(4)}}},
		Memory: memory(3072, 3008, 3000, report.Claim{Source: "device-tree", Bytes: number(3072 * mib)}, report.Claim{Source: "iomem", Bytes: number(3010 * mib)}),
		Storage: []report.Disk{
			eMMC("mmcblk2", 8_600_000_000), part(report.KindUSB, report.External, "sda", 32_000_000_000),
		},
		MMCHosts: []report.MMCHost{
			{Path: "30b50000.mmc", Name: text("mmc1"), NonRemovable: no(), TakesSD: yes(), Card: text("absent")},
			{Path: "30b60000.mmc", Name: text("mmc2"), NonRemovable: yes(), TakesSD: no(), Card: text("MMC")},
		},
		Boot: report.Boot{
			ROMOrder: report.Missing[[]string](report.NotProbed, "it depends on straps or fuses", "x/1"), Loader: text("u-boot"), LoaderVersion: text("2022.04"),
			LoaderOrder: report.Known([]string{"mmc1", "mmc2", "usb0"}, "x/1").By(report.Configured), Current: text("mmc"),
		},
		Security: report.Security{SecureBoot: report.Missing[string](report.NotProbed, "the fuses cannot be read", "x/1")},
		Kernel:   report.Kernel{Release: text("5.15.71"), Version: text("#1 SMP PREEMPT"), ConfigSHA256: text("00")},
		Network:  []report.NIC{{Path: "30be0000.ethernet", Name: text("eth0"), Driver: text("fec"), MAC: text("00:04:9f:01:02:03"), Kind: text("ethernet"), Attached: text(report.Soldered)}},
	}
}

// memory is fitted, visible and total in MiB (0: a gap), and what sources say.
func memory(fitted, visible, total int64, claims ...report.Claim) report.Memory {
	f := func(n int64) report.Fact[int64] {
		if n == 0 {
			return gap[int64](report.Failed)
		}
		return number(n * mib)
	}
	return report.Memory{FittedBytes: f(fitted), VisibleBytes: f(visible), TotalBytes: f(total), Claims: claims}
}

func says(source string, n int64) report.Claim {
	return report.Claim{Source: source, Bytes: number(n * mib)}
}

// find returns the finding of an id.
func find(t *testing.T, r *report.Report, id string) Finding {
	t.Helper()
	list := Check(r)
	k := slices.IndexFunc(list, func(f Finding) bool { return f.ID == id })
	if k < 0 {
		t.Fatalf("Check has no finding %s", id)
	}
	return list[k]
}

func TestRAM(t *testing.T) {
	for name, c := range map[string]struct {
		memory report.Memory
		want   Verdict
		found  string // part of it
	}{
		"2 GiB":                             {memory(2048, 2048, 1950, says("device-tree", 2048)), Pass, "2.00 GiB fitted (device tree)"},
		"1 GiB, carve-out explained":        {memory(1024, 948, 900, says("revision-code", 1024)), Pass, "1.00 GiB fitted (revision code)"},
		"1 GiB, nothing to compare with":    {memory(1024, 948, 900), Pass, ""},
		"just enough":                       {report.Memory{FittedBytes: number(1_000_000_000)}, Pass, "953 MiB"},
		"fitted unknown, given enough":      {memory(0, 0, 1800), Pass, "at least 1.75 GiB"},
		"512 MiB":                           {memory(512, 512, 490), Fail, "512 MiB fitted"},
		"512 MiB, sources agree":            {memory(512, 500, 490, says("iomem", 500), says("memory-blocks", 512)), Fail, ""},
		"512 MiB, said by SMBIOS":           {memory(512, 500, 490, says("smbios", 512)), Fail, "SMBIOS"},
		"one byte short, counted":           {report.Memory{FittedBytes: number(999_999_999), Claims: []report.Claim{{Source: "smbios", Bytes: number(999_999_999)}}}, Fail, ""},
		"768 MiB, counted":                  {memory(768, 760, 740, says("smbios", 768)), Fail, ""},
		"768 MiB, device tree":              {memory(768, 768, 740, says("device-tree", 768)), Fail, ""},
		"900 MiB, unexplained":              {memory(900, 900, 880), Unknown, "900 MiB fitted"},
		"900 MiB, shortened tree":           {memory(900, 900, 880, says("device-tree", 900), says("iomem", 900)), Unknown, ""},
		"900 MiB, tree says 768":            {memory(900, 900, 880, says("device-tree", 768)), Unknown, ""},
		"900 MiB, blocks say more":          {memory(900, 900, 880, says("memory-blocks", 1024)), Unknown, "not sold in this size"},
		"900 MiB, a claim is larger":        {memory(900, 900, 880, says("revision-code", 1024)), Unknown, ""},
		"512 MiB, a claim is larger":        {memory(512, 512, 490, says("revision-code", 1024)), Unknown, ""},
		"900 MiB, all sources agree":        {memory(896, 896, 880, says("smbios", 896)), Fail, ""},
		"fitted unknown, given little":      {memory(0, 900, 880), Unknown, "at least 900 MiB"},
		"fitted unknown, given 400 MiB":     {memory(0, 400, 380), Unknown, ""},
		"fitted less than given":            {memory(512, 2048, 2000), Unknown, ""},
		"carve-outs against a smaller code": {memory(1100, 448, 440, says("revision-code", 512)), Unknown, ""},
		"nothing known":                     {memory(0, 0, 0), Unknown, ""},
		"nobody asked":                      {report.Memory{}, Unknown, "not-probed"},
		"negative":                          {report.Memory{FittedBytes: number(-1), VisibleBytes: number(-5)}, Unknown, ""},
	} {
		r := imx8mp()
		r.Memory = c.memory
		if f := find(t, r, "cds.ram"); f.Verdict != c.want || !strings.Contains(f.Found+f.Detail, c.found) {
			t.Errorf("%s: cds.ram = %s, found %q (%s); want %s with %q", name, f.Verdict, f.Found, f.Detail, c.want, c.found)
		}
	}
}

func TestRAMConflict(t *testing.T) {
	for name, c := range map[string]struct {
		memory report.Memory
		want   Verdict
	}{
		"agree":                 {memory(3072, 3008, 3000, says("device-tree", 3072), says("iomem", 3010)), Pass},
		"within tolerance":      {memory(1024, 1000, 990, says("device-tree", 1080)), Pass},
		"more":                  {memory(900, 900, 880, says("revision-code", 1024)), Warn},
		"modules count less":    {memory(2048, 2048, 2000, says("smbios", 1024)), Warn},
		"kernel was given less": {memory(1024, 948, 900, says("iomem", 948)), Pass},
		"blocks round up":       {memory(948, 948, 900, says("memory-blocks", 1024)), Pass},
		"blocks say far more":   {memory(512, 512, 490, says("memory-blocks", 1024)), Warn},
		"large blocks":          {memory(128<<10, 128<<10, 127<<10, says("memory-blocks", 129<<10)), Pass},
		"no source":             {memory(1024, 948, 900), Unknown},
		"fitted unknown":        {memory(0, 948, 900, says("smbios", 1024)), Unknown},
	} {
		r := imx8mp()
		r.Memory = c.memory
		if f := find(t, r, "conflict.ram"); f.Verdict != c.want {
			t.Errorf("%s: conflict.ram = %s (%s; %s); want %s", name, f.Verdict, f.Found, f.Detail, c.want)
		}
	}
}

func TestKernel(t *testing.T) {
	for name, c := range map[string]struct {
		release, origin report.Fact[string]
		want            Verdict
		found           string
	}{
		"vendor 5.15":     {text("5.15.71"), text(report.OriginBSP), Pass, "5.15.71, BSP, band 5.10+"},
		"vendor 5.4":      {text("5.4.24-2.1.0+g1b2c"), text(report.OriginBSP), Pass, "band 5.3-5.9"},
		"vendor 4.19":     {text("4.19.35"), text(report.OriginBSP), Pass, "band 4.0-5.2"},
		"vendor 5.2":      {text("5.2"), text(report.OriginBSP), Pass, "band 4.0-5.2"},
		"vendor 4.0":      {text("4.0.0"), text(report.OriginBSP), Pass, "band 4.0-5.2"},
		"vendor 5.9":      {text("5.9.1"), text(report.OriginBSP), Pass, "band 5.3-5.9"},
		"vendor 5.10":     {text("5.10.0"), text(report.OriginBSP), Pass, "band 5.10+"},
		"vendor 5.3":      {text("5.3.0"), text(report.OriginBSP), Pass, "band 5.3-5.9"},
		"vendor 6.1":      {text("6.1.55"), text(report.OriginBSP), Pass, "band 5.10+"},
		"vendor 3.18":     {text("3.18.71"), text(report.OriginBSP), Fail, "band below 4.0"},
		"vendor 3.99":     {text("3.99"), text(report.OriginBSP), Fail, ""},
		"ours":            {text("6.12.38"), text(report.OriginOurs), Unknown, "the probe's, band"},
		"ours, old":       {text("3.2.0"), text(report.OriginOurs), Unknown, ""},
		"unknown origin":  {text("6.12.38"), text(report.OriginUnknown), Pass, "6.12.38 (of unknown origin) starts this board, band 5.10+"},
		"unknown, old":    {text("3.4.39"), text(report.OriginUnknown), Unknown, ""},
		"Debian's":        {text("6.12.38+deb13-arm64"), text(report.OriginDistribution), Pass, "Debian's 6.12.38+deb13-arm64 starts this board, band 5.10+"},
		"Debian's, old":   {text("3.16.0-4-armmp"), text(report.OriginDistribution), Unknown, ""},
		"origin a gap":    {text("6.12.38"), gap[string](report.Failed), Unknown, ""},
		"origin not said": {text("6.12.38"), report.Fact[string]{}, Unknown, ""},
		"no release":      {gap[string](report.Failed), text(report.OriginBSP), Unknown, ""},
		"not a version":   {text("vendor-5.15"), text(report.OriginBSP), Unknown, ""},
		"no minor":        {text("5"), text(report.OriginBSP), Unknown, ""},
		"huge":            {text("99999999999999999999.1"), text(report.OriginBSP), Unknown, ""},
		"negative":        {text("-5.1"), text(report.OriginBSP), Unknown, ""},
		"empty":           {text(""), text(report.OriginBSP), Unknown, ""},
	} {
		r := imx8mp()
		r.Kernel.Release, r.Sight.KernelOrigin = c.release, c.origin
		if c.origin.Value == report.OriginDistribution {
			r.Sight.KernelOf = text("Debian")
		}
		f := find(t, r, "cds.kernel")
		if f.Verdict != c.want || !strings.Contains(f.Found, c.found) {
			t.Errorf("%s: cds.kernel = %s, found %q; want %s with %q", name, f.Verdict, f.Found, c.want, c.found)
		}
		if f.Verdict == Unknown && f.Question == "" {
			t.Errorf("%s: unknown without a question", name)
		}
	}
	// A kernel that is not the BSP's says something only by driving the storage.
	r := imx8mp()
	r.Sight.KernelOrigin, r.Storage = text(report.OriginDistribution), nil
	if f := find(t, r, "cds.kernel"); f.Verdict != Unknown || !strings.Contains(f.Question, "Which kernel version does the BSP build") {
		t.Errorf("a distribution's kernel without storage: %s, %q", f.Verdict, f.Question)
	}
}
