package require

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func TestScoping(t *testing.T) {
	compatible := func(names ...string) func(*report.Report) {
		return func(r *report.Report) { r.Identity.Compatible = report.Known(names, "identity/2") }
	}
	for name, c := range map[string]struct {
		id     string
		change func(*report.Report)
		want   Verdict
		says   string // in found, detail or question
	}{
		"hardware": {"doc.hardware", func(r *report.Report) {
			r.Identity.SoCRevision, r.Network[0].PHYID, r.Storage[0].Model = text("1.1"), text("0x004dd072"), text("DG4008")
		}, Pass, "aarch64 Cortex-A53; 3.00 GiB RAM"},
		"hardware, no parts":   {"doc.hardware", image, Ask, "the hardware specification that says it: revision of the SoC, part of mmcblk2 and Ethernet PHY of eth0."},
		"hardware, no RAM":     {"doc.hardware", func(r *report.Report) { r.Memory = memory(0, 0, 0) }, Ask, "described by this report: RAM, "},
		"hardware, no size":    {"doc.hardware", func(r *report.Report) { r.Storage[0].SizeBytes = gap[int64](report.Failed) }, Ask, "storage"},
		"hardware, half a run": {"doc.hardware", func(r *report.Report) { section(r, "storage").Outcome = report.OutcomeDeadline }, Ask, "storage"},
		"layer": {"bsp.layer", func(r *report.Report) {
			r.OS.Yocto = text("poky 4.0.1")
			r.OS.Layers = []report.Layer{{Name: "meta-imx"}}
		}, Ask, "Yocto poky 4.0.1; layers meta-imx"},
		"layer, nothing": {"bsp.layer", image, Ask, ""},
		"loader":         {"bsp.bootloader-sources", image, Ask, "boot loader U-Boot 2022.04"},
		"loader package": {"bsp.bootloader-sources", func(r *report.Report) {
			r.OS.Packages = []report.Package{{Name: "u-boot-imx", Version: text("2022.04-r0"), Role: text("bootloader")}, {Name: "linux", Role: text("kernel")}}
		}, Ask, "package u-boot-imx 2022.04-r0"},
		"kernel sources":       {"bsp.kernel-sources", image, Ask, "kernel 5.15.71, built as #1 SMP PREEMPT"},
		"kernel sources, ours": {"bsp.kernel-sources", func(r *report.Report) { r.Sight.KernelOrigin = text(report.OriginOurs) }, Ask, "need not be that one"},
		"configs":              {"bsp.configs", image, Ask, "of the running BSP kernel read"},
		"configs, ours":        {"bsp.configs", func(r *report.Report) { r.Sight.KernelOrigin = text(report.OriginOurs) }, Ask, "It need not be"},
		"configs, none": {"bsp.configs", func(r *report.Report) {
			r.Kernel.ConfigSHA256 = gap[string](report.Absent)
			r.Sight.KernelConfig = no()
		}, Ask, "does not show"},
		"boot order":          {"boot.options", compatible("xunlong,orangepi-pc", "allwinner,sun8i-h3"), Ask, "boot ROM: SD card, eMMC, SPI NOR flash and USB (FEL)"},
		"boot order, unknown": {"boot.options", compatible("acme,board"), Ask, "before any program runs"},
		"switches":            {"boot.switches", image, Ask, "In which position is SW4 in production?"},
		"switches, citation":  {"boot.switches", image, Ask, "https://github.com/buildroot/buildroot"},
		"switches, two":       {"boot.switches", compatible("fsl,imx6ul-14x14-evk", "fsl,imx6ul"), Ask, "SW601 and SW602"},
		"switches, family":    {"boot.switches", compatible("acme,board", "fsl,imx8mp"), Ask, "BOOT_MODE pins"},
		"switches, none":      {"boot.switches", compatible("raspberrypi,4-model-b", "brcm,bcm2711"), Info, "No boot switch"},
		"switches, read": {"boot.switches", func(r *report.Report) {
			r.Boot.ROMStraps, r.Boot.SwitchesSet = list("emmc"), list("SW6: 1110")
		}, Info, "SW6: 1110"},
		"straps, read": {"boot.switches", func(r *report.Report) { r.Boot.ROMStraps = list("sd", "usb") }, Ask, "The straps of this unit say sd and usb."},
		"straps, not read": {"boot.switches", func(r *report.Report) {
			r.Boot.ROMStraps = report.Missing[[]string](report.NotProbed, "not read unless told to: -mmio", "straps/2")
		}, Ask, "-mmio"},
		"switches, not a board": {"boot.switches", func(r *report.Report) { r.Identity.Compatible = gap[[]string](report.Failed) }, Ask, "Please send a photograph"},
		"radios": {"fw.connectivity", func(r *report.Report) {
			r.Network = append(r.Network, report.NIC{Path: "sdio", Name: text("wlan0"), Driver: text("brcmfmac"), Kind: text("wifi")})
		}, Ask, "wifi wlan0 brcmfmac"},
		"radios, blind":       {"fw.connectivity", blind, Unknown, "could not have started a radio"},
		"radios, no firmware": {"fw.connectivity", func(r *report.Report) { r.Sight.Firmware = text("none") }, Unknown, ""},
		"radios, none":        {"fw.connectivity", image, Ask, "would not show"},
		"radios, live":        {"fw.connectivity", func(r *report.Report) { live(r); r.Sight.Firmware = text("some") }, Ask, "would not show"},
		"Linux": {"linux.existing", func(r *report.Report) {
			r.OS = report.Distribution{Name: text("NXP i.MX Release Distro"), VersionID: text("5.15-kirkstone")}
		}, Info, "NXP i.MX Release Distro, 5.15-kirkstone"},
		"Linux not seen": {"linux.existing", image, Ask, "was not seen"},
		"peripherals":    {"info.peripherals", func(r *report.Report) { r.USB = make([]report.USBDevice, 3) }, Ask, "ethernet eth0, 3 on USB"},
		"same, and stated": {"boards.same", func(r *report.Report) {
			r.Claims = []report.Statement{{Name: "label.hw", Value: text("B2")}, {Name: "label.desk", Value: text("3")}}
		}, Ask, "stated hw B2"},
		"same":         {"boards.same", func(r *report.Report) { r.SetFingerprints() }, Ask, "fingerprint f1-"},
		"rig":          {"rig.ready", image, Ask, "Ethernet eth0; SD slot"},
		"rig, no wire": {"rig.ready", func(r *report.Report) { r.Network = nil }, Ask, "no Ethernet"},
		"fee":          {"eval.fee", image, Info, "USD 1,000"},
		"question":     {"doc.vendor", image, Ask, "boot"},
	} {
		r := imx8mp()
		c.change(r)
		f := find(t, r, c.id)
		if all := f.Found + "\n" + f.Detail + "\n" + f.Question; f.Verdict != c.want || !strings.Contains(all, c.says) {
			t.Errorf("%s: %s = %s:\n%s\nwant %s with %q", name, c.id, f.Verdict, all, c.want, c.says)
		}
	}
}

func TestGHW(t *testing.T) {
	pci := func(address, id string) report.PCIDevice { return report.PCIDevice{Address: address, ID: text(id)} }
	theirs := func(name, id string) report.GHWDevice { return report.GHWDevice{Name: name, ID: text(id)} }
	agree := func(r *report.Report) {
		r.Identity.Product, r.GHW.Product = text("Board One"), text("board one ")
		r.PCI, r.GHW.PCI = []report.PCIDevice{pci("0000:00:00.0", "8086:1237")}, []report.GHWDevice{theirs("0000:00:00.0", "8086:1237")}
		r.GHW.NICs = []report.GHWDevice{{Name: "eth0", ID: text("00:04:9F:01:02:03"), Driver: text("fec")}}
		r.USB, r.GHW.USB = []report.USBDevice{{Path: "a", ID: text("1d6b:0002")}}, []report.GHWDevice{theirs("usb1", "1D6B:0002")}
	}
	for name, c := range map[string]struct {
		change func(*report.Report)
		want   Verdict
		says   string
	}{
		"agree":         {func(*report.Report) {}, Pass, "No difference in 5 compared facts."},
		"product":       {func(r *report.Report) { r.GHW.Product = text("Board Two") }, Warn, "product is Board One here, Board Two for ghw"},
		"product a gap": {func(r *report.Report) { r.GHW.Product = gap[string](report.Failed) }, Pass, "4 compared"},
		"PCI id":        {func(r *report.Report) { r.GHW.PCI[0].ID = text("8086:ffff") }, Warn, "id of PCI device 0000:00:00.0"},
		"PCI ours only": {func(r *report.Report) { r.GHW.PCI = nil }, Warn, "PCI device 0000:00:00.0 is not in ghw's list"},
		"PCI ghw only":  {func(r *report.Report) { r.PCI = nil }, Warn, "is only in ghw's list"},
		"MAC":           {func(r *report.Report) { r.GHW.NICs[0].ID = text("00:04:9f:00:00:00") }, Warn, "address of eth0"},
		"driver":        {func(r *report.Report) { r.GHW.NICs[0].Driver = text("other") }, Warn, "driver of eth0"},
		"NIC":           {func(r *report.Report) { r.GHW.NICs[0].Name = "eth1" }, Warn, "interface eth1 is only"},
		"USB":           {func(r *report.Report) { r.GHW.USB = append(r.GHW.USB, theirs("x", "1234:5678")) }, Warn, "1 more USB 1234:5678 for ghw"},
		"USB ours":      {func(r *report.Report) { r.GHW.USB = nil }, Warn, "1 more USB 1d6b:0002 here"},
		"PCI not listed": {func(r *report.Report) {
			section(r, "pci").Outcome = report.OutcomeError
			r.PCI = nil
		}, Pass, "Not compared: PCI."},
		"nothing": {func(r *report.Report) {
			*r = report.Report{Sections: []report.Section{{Name: "ghw", Outcome: report.OutcomeOK}}}
		}, Unknown, "Not compared: PCI, network and USB."},
	} {
		r := imx8mp()
		agree(r)
		c.change(r)
		if f := find(t, r, "conflict.ghw"); f.Verdict != c.want || !strings.Contains(f.Found+" "+f.Detail, c.says) {
			t.Errorf("%s: conflict.ghw = %s, %q, %q; want %s with %q", name, f.Verdict, f.Found, f.Detail, c.want, c.says)
		}
	}
}

// TestNextRun says how a second run sees more.
func TestNextRun(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*report.Report)
		want   string
	}{
		"nothing to settle": {image, ""},
		"not root":          {func(r *report.Report) { r.Sight.Root = no() }, "Run the probe again as root."},
		"image, none":       {func(r *report.Report) { blind(r); r.Sight.Firmware = text("none") }, "Run the probe again on the board's own Linux, or from an image made with -modules of the kernel that is started (5.15.71) and -firmware."},
		"image, some":       {ofModules("some"), ""},
		"image, some, no driver": {func(r *report.Report) {
			ofModules("some")(r)
			undrivenBy("", "nxp,pcf8563")(r)
		}, "Run the probe again on the board's own Linux, or from an image made with -modules of the kernel that is started, all of them (5.15.71)."},
		"live, some": {func(r *report.Report) { live(r); r.Sight.Modules = text("some") }, ""},
		"live, some, NVMe": {func(r *report.Report) {
			live(r)
			r.Sight.Modules = text("some")
			undrivenBy("pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02")(r)
		}, "Run the probe again with the other modules of kernel 5.15.71 installed."},
		"a folder": {folder, "Run boardprobe on the board itself, as root."},
		"cut by time": {func(r *report.Report) {
			for i := range r.Sections {
				r.Sections[i].Outcome, r.Sections[i].Reason = report.OutcomeKilled, report.ReasonOver
			}
		}, "Run the probe again with more time (boardprobe.timeout=5m)."},
		"left out": {func(r *report.Report) {
			s := section(r, "sight")
			s.Outcome, s.Reason = report.OutcomeNotRun, report.ReasonLeftOut
		}, "Run the probe again without -only."},
		"not asked": {func(r *report.Report) { section(r, "sight").Outcome = report.OutcomeNotRun }, ""},
	} {
		r := imx8mp()
		c.change(r)
		if got := NextRun(r); got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

func TestCompleteness(t *testing.T) {
	for name, c := range map[string]struct {
		id     string
		change func(*report.Report)
		want   Verdict
		says   string
	}{
		"sections": {"completeness.sections", image, Pass, "all 26 sections"},
		"a deadline": {"completeness.sections", func(r *report.Report) {
			section(r, "memory").Outcome, section(r, "memory").Reason = report.OutcomeDeadline, "iomem"
		}, Warn, "memory (deadline: iomem)"},
		"left out":          {"completeness.sections", func(r *report.Report) { section(r, "pci").Outcome = report.OutcomeNotRun }, Info, "pci (not-probed)"},
		"no sections":       {"completeness.sections", func(r *report.Report) { r.Sections = nil }, Unknown, ""},
		"sight":             {"completeness.sight", image, Pass, "full: root, BSP kernel, all modules, all firmware"},
		"live":              {"completeness.sight", live, Pass, "full: root, BSP kernel, all modules, all firmware"},
		"not root":          {"completeness.sight", func(r *report.Report) { r.Sight.Root = no() }, Warn, "limited: not root, BSP kernel"},
		"ours, blind, busy": {"completeness.sight", func(r *report.Report) { blind(r); busy(r); deferred(r); r.Sight.KernelOrigin = text(report.OriginOurs) }, Warn, "limited: root, the probe's kernel, no modules, all firmware, devices still appearing, devices without a driver yet: 2"},
		"nothing known":     {"completeness.sight", func(r *report.Report) { r.Sight = report.Sight{} }, Warn, "limited: not root, kernel of unknown origin, modules not known"},
		"not asked":         {"completeness.sight", func(r *report.Report) { section(r, "sight").Outcome = report.OutcomeNotRun }, Unknown, "section sight not complete"},
		"63 of 1,121": {"completeness.sight", func(r *report.Report) {
			r.Sight.Modules, r.Sight.ModulesThere, r.Sight.ModulesNamed, r.Sight.FirmwareFiles = text("some"), number(63), number(1121), number(2004)
		}, Warn, "limited: root, BSP kernel, 63 of 1,121 modules, 2,004 firmware files"},
		"another kernel": {"completeness.sight", func(r *report.Report) {
			r.Sight.Modules = text("none").Noting("those of kernel 6.1 are in the image, and kernel 6.12 runs")
		}, Warn, "no modules (those of kernel 6.1 are in the image, and kernel 6.12 runs)"},
		"no modules at all": {"completeness.sight", func(r *report.Report) { r.Sight.Modules = text("all").Noting("this kernel loads no modules") }, Pass, "full: root, BSP kernel, this kernel loads no modules"},
		"a disk was denied": {"completeness.sight", func(r *report.Report) { r.Storage[0].Content = gap[string](report.Denied) }, Warn, "1 of 2 disks not readable"},
		"a folder":          {"completeness.sight", folder, Warn, "a folder of recorded files"},
		"identity":          {"identity.placeholder", image, Pass, "none among 3 values"},
		"a placeholder":     {"identity.placeholder", func(r *report.Report) { r.Identity.BoardSerial = text("To be filled by O.E.M.") }, Info, "identity.board_serial: To be filled by O.E.M."},
		"said by the gap": {"identity.placeholder", func(r *report.Report) {
			r.Identity.Serial = report.Missing[string](report.Invalid, "placeholder: all zeros", "x/1")
		}, Info, "identity.serial (placeholder: all zeros)"},
		"nothing is known":    {"identity.placeholder", func(r *report.Report) { r.Identity = report.Identity{} }, Unknown, ""},
		"another invalid gap": {"identity.placeholder", func(r *report.Report) { r.Identity.Serial = gap[string](report.Invalid) }, Pass, ""},
	} {
		r := imx8mp()
		c.change(r)
		if f := find(t, r, c.id); f.Verdict != c.want || !strings.Contains(f.Found, c.says) {
			t.Errorf("%s: %s = %s, found %q (%s); want %s with %q", name, c.id, f.Verdict, f.Found, f.Detail, c.want, c.says)
		}
	}
}
