package require

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

func list(v ...string) report.Fact[[]string] { return report.Known(v, "x/1") }

// loaderMedia makes media with loaders, which ran or did not.
func loaderMedia(ran ...bool) func(*report.Report) {
	return func(r *report.Report) {
		for i, ran := range ran {
			name := string(rune('a' + i))
			r.Boot.Media = append(r.Boot.Media, report.BootMedium{Path: name, Name: text(name), Versions: list("u-boot: U-Boot 2022.04"), Running: report.Known(ran, "x/1")})
		}
	}
}

// modem makes a modem, with an interface for each driver.
func modem(id, state string, drivers ...string) func(*report.Report) {
	return func(r *report.Report) {
		m := report.Modem{Path: "usb/1", ID: text(id), State: text(state)}
		for i, driver := range drivers {
			in := report.ModemInterface{Number: string(rune('0' + i)), Driver: gap[string](report.Absent)}
			if driver != "" {
				in.Driver = text(driver)
			}
			m.Interfaces = append(m.Interfaces, in)
		}
		r.Modems = append(r.Modems, m)
	}
}

// lacking makes a radio's file that was asked for and not found.
func lacking(firmware string) func(*report.Report) {
	return func(r *report.Report) {
		r.Sight.Firmware = text(firmware)
		r.Firmware = []report.FirmwareFile{{File: "brcm/x.bin", State: text("lacking")}}
	}
}

func TestHardware(t *testing.T) {
	core := func(signature string, tree ...string) func(*report.Report) {
		return func(r *report.Report) {
			core, _ := boards.Core(signature)
			r.CPU.Types = []report.CoreType{{Signature: signature, Name: core.Name}}
			r.CPU.TreeCores = list(tree...)
		}
	}
	kinds := func(n, online int64) func(*report.Report) {
		return func(r *report.Report) {
			r.CPU.LogicalOnline, r.CPU.Types = number(online), []report.CoreType{{Signature: "a", Count: number(n)}}
		}
	}
	fault := func(modules string) func(*report.Report) {
		return func(r *report.Report) {
			r.Sight.Modules = text(modules)
			r.Faults = []report.Fault{{Path: "soc/i2c/rtc", Kind: text("no-device"), Compatible: list("nxp,pcf8563"), Attached: text(report.Soldered)}}
		}
	}
	for name, c := range map[string]struct {
		id    string
		alter func(*report.Report)
		want  Verdict
		found string
	}{
		"cores as the tree says": {"conflict.cpu", core("midr:0x41:0xd03", "arm,cortex-a53"), Pass, ""},
		"other cores":            {"conflict.cpu", core("midr:0x41:0xd08", "arm,cortex-a53"), Warn, "Cortex-A72"},
		"an unknown core":        {"conflict.cpu", core("midr:0x41:0xfff", "arm,cortex-a53"), Info, ""},
		"no device tree":         {"conflict.cpu", func(*report.Report) {}, Info, ""},
		"numbers agree":          {"conflict.numbers", func(r *report.Report) { r.Boot.OrderAbsent = list() }, Pass, ""},
		"kinds of core":          {"conflict.numbers", kinds(2, 4), Warn, "2 processors by their kinds, 4 online"},
		"kinds of core, agree":   {"conflict.numbers", kinds(4, 4), Pass, ""},
		"modules, fitted": {"conflict.numbers", func(r *report.Report) {
			r.Memory.FittedBytes = number(4 << 30)
			r.Memory.Modules = []report.MemoryModule{{Locator: "A", SizeBytes: number(8 << 30)}, {Locator: "B", SizeBytes: gap[int64](report.Absent)}}
		}, Warn, "memory modules of 8.00 GiB, fitted 4.00 GiB"},
		"module of unknown size": {"conflict.numbers", func(r *report.Report) {
			r.CPU = report.CPU{}
			r.Memory.Modules = []report.MemoryModule{{Locator: "A", SizeBytes: gap[int64](report.Invalid)}}
		}, Info, ""},
		"partition too long": {"conflict.numbers", func(r *report.Report) {
			r.Storage[0].SizeBytes = number(1 << 30)
			r.Storage[0].Partitions = []report.Partition{{Number: "1", StartBytes: number(1 << 20), SizeBytes: number(1 << 30)}}
		}, Warn, "partition 1 of mmcblk2 ends 1 MiB beyond its disk"},
		"order of nothing":       {"conflict.numbers", func(r *report.Report) { r.Boot.OrderAbsent = list("Boot0007") }, Warn, "BootOrder names entries that are not there: Boot0007"},
		"entries not understood": {"conflict.numbers", func(r *report.Report) { s := section(r, "network"); s.Entries, s.Understood = 3, 1 }, Warn, "network: 1 of 3 entries understood"},
		"nothing unbound":        {"drivers.unbound", func(*report.Report) {}, Pass, ""},
		"unbound, all modules":   {"drivers.unbound", fault("all"), Warn, "nxp,pcf8563"},
		"unbound, some modules":  {"drivers.unbound", fault("some"), Warn, "nxp,pcf8563"},
		"unbound, blind":         {"drivers.unbound", fault("none"), Unknown, ""},
		"faults not listed":      {"drivers.unbound", func(r *report.Report) { r.Sections = nil }, Unknown, ""},
		"unsigned module":        {"drivers.modules", func(r *report.Report) { r.Modules = []report.Module{{Name: "a", Taint: text("E")}} }, Pass, ""},
		"module from elsewhere":  {"drivers.modules", func(r *report.Report) { r.Modules = []report.Module{{Name: "wl", Taint: text("PO")}} }, Warn, "wl (PO)"},
		"random address":         {"network.address", func(r *report.Report) { r.Network[0].MACOrigin = text("random") }, Warn, "eth0"},
		"random address of a dongle": {"network.address", func(r *report.Report) {
			r.Network[0].MACOrigin, r.Network[0].Attached = text("random"), text(report.External)
		}, Info, ""},
		"fresh eMMC":           {"storage.wear", func(r *report.Report) { r.Storage[0].EMMC.LifeTimeA = text("0-10") }, Pass, ""},
		"worn eMMC":            {"storage.wear", func(r *report.Report) { r.Storage[0].EMMC.LifeTimeB = text("90-100") }, Warn, "90-100"},
		"eMMC beyond its life": {"storage.wear", func(r *report.Report) { r.Storage[0].EMMC.LifeTimeA = text("exceeded") }, Warn, "exceeded"},
		"no blocks left":       {"storage.wear", func(r *report.Report) { r.Storage[0].EMMC.PreEOL = text("urgent") }, Warn, "urgent"},
		"worn NVMe":            {"storage.wear", func(r *report.Report) { r.Storage[0].NVMe.UsedPercent = number(85) }, Warn, "85 %"},
		"wear not told":        {"storage.wear", func(*report.Report) {}, Info, ""},
		"label of balenaOS": {"storage.labels", func(r *report.Report) {
			r.Storage[0].Partitions = []report.Partition{{Number: "1", Label: text("resin-boot")}}
		}, Warn, "resin-boot"},
		"other labels": {"storage.labels", func(r *report.Report) {
			r.Storage[0].Table = text("gpt")
			r.Storage[0].Partitions = []report.Partition{{Number: "1", Label: text("boot")}}
		}, Pass, ""},
		"clock without battery": {"clock.battery", func(r *report.Report) {
			r.Peripherals.Clocks = []report.RTC{{Path: "a", Plausible: no()}}
		}, Warn, "long past"},
		"one clock with": {"clock.battery", func(r *report.Report) {
			r.Peripherals.Clocks = []report.RTC{{Path: "a", Plausible: no()}, {Path: "b", Plausible: yes()}}
		}, Pass, "b"},
		"open board":                     {"security.closed", func(r *report.Report) { r.Security.SecureBoot = text("disabled") }, Pass, "disabled"},
		"closed board":                   {"security.closed", func(r *report.Report) { r.Security.SecureBoot = text("enforced") }, Warn, "enforced"},
		"fuses not known":                {"security.closed", func(*report.Report) {}, Ask, ""},
		"loader on one medium":           {"conflict.loader", loaderMedia(true), Pass, "on a"},
		"loader on two":                  {"conflict.loader", loaderMedia(true, true), Warn, "a and b"},
		"another loader":                 {"conflict.loader", loaderMedia(true, false), Info, "on b"},
		"not the one that ran":           {"conflict.loader", loaderMedia(false), Info, ""},
		"no loader seen":                 {"conflict.loader", loaderMedia(), Info, ""},
		"orders":                         {"boot.options", func(*report.Report) {}, Ask, "loader u-boot: mmc1, mmc2 and usb0; used: mmc"},
		"file lacking":                   {"radio.firmware", lacking("all"), Warn, "brcm/x.bin"},
		"file lacking, not all firmware": {"radio.firmware", lacking("some"), Unknown, "brcm/x.bin"},
		"file there, and not loaded": {"radio.firmware", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{{File: "brcm/x.bin", Device: text("mmc1:0001:1"), State: text("refused"), Reason: text("is there and cannot be loaded: error 12")}}
		}, Warn, "brcm/x.bin mmc1:0001:1 (is there and cannot be loaded: error 12)"},
		"file loaded": {"radio.firmware", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{{File: "brcm/x.bin", State: text("loaded")}}
		}, Pass, ""},
		"a file of no radio": {"radio.firmware", func(r *report.Report) {
			r.Sight.Firmware = text("all")
			r.Firmware = []report.FirmwareFile{{File: "vpu_fw_imx8_dec.bin", State: text("lacking")}}
		}, Info, ""},
		"a file of a codec": {"drivers.firmware", func(r *report.Report) {
			r.Sight.Firmware = text("all")
			r.Firmware = []report.FirmwareFile{{File: "vpu_fw_imx8_dec.bin", State: text("lacking")}, {File: "brcm/x.bin", State: text("lacking")}}
		}, Warn, "not found: vpu_fw_imx8_dec.bin"},
		"only spare files": {"radio.firmware", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{{File: "qca/htbtfw20.tlv", State: text("optional")}}
		}, Info, ""},
		"no file in the log": {"radio.firmware", func(*report.Report) {}, Info, ""},
		"address of the chip": {"radio.bluetooth-address", func(r *report.Report) {
			r.Bluetooth = []report.Bluetooth{{Path: "a", Name: text("hci0"), Address: text("AA:AA:AA:AA:AA:AA"), AddressFlaw: text("default")}}
		}, Warn, "hci0: default"},
		"address of its own": {"radio.bluetooth-address", func(r *report.Report) {
			r.Bluetooth = []report.Bluetooth{{Path: "a", Address: text("00:11:22:33:44:55"), AddressFlaw: noText()}}
		}, Pass, ""},
		"address not read": {"radio.bluetooth-address", func(r *report.Report) {
			r.Bluetooth = []report.Bluetooth{{Path: "a", Address: gap[string](report.Denied)}}
		}, Unknown, ""},
		"no modem":               {"radio.modem", func(*report.Report) {}, Info, ""},
		"modem of QMI":           {"radio.modem", modem("2c7c:0125", "modem", "option", "qmi_wwan"), Pass, "2c7c:0125"},
		"modem by MHI":           {"radio.modem", modem("17cb:0308", "modem", "mhi-pci-generic"), Warn, "17cb:0308"},
		"modem of an old driver": {"radio.modem", modem("1199:68a3", "modem", "option", "sierra_net"), Warn, "1199:68a3"},
		"modem without driver":   {"radio.modem", modem("17cb:0308", "modem", ""), Warn, ""},
		"modem that is a disk":   {"radio.modem", modem("12d1:1f01", "storage", "usb-storage"), Warn, "12d1:1f01"},
		"modem that waits":       {"radio.modem", modem("05c6:9008", "download", "qcserial"), Warn, "05c6:9008"},
		"modems not listed":      {"radio.modem", func(r *report.Report) { r.Sections = nil }, Unknown, ""},
		"no controller":          {"radio.bluetooth-address", func(*report.Report) {}, Info, ""},
		"no clock":               {"clock.battery", func(*report.Report) {}, Info, ""},
	} {
		r := imx8mp()
		c.alter(r)
		if f := find(t, r, c.id); f.Verdict != c.want || !strings.Contains(f.Found, c.found) {
			t.Errorf("%s: %s = %s, found %q (%s); want %s with %q", name, c.id, f.Verdict, f.Found, f.Detail, c.want, c.found)
		}
	}
}

func TestLoaderPlaces(t *testing.T) {
	emmc := func(e report.EMMC) report.Disk {
		return report.Disk{Path: "a", Name: text("mmcblk2"), Kind: text("emmc"), Attached: text(report.Soldered), EMMC: e}
	}
	sd := report.Disk{Path: "b", Name: text("mmcblk0"), Kind: text("sd"), Attached: text(report.Slot)}
	stick := report.Disk{Path: "c", Name: text("sda"), Kind: text("usb"), Attached: text(report.External)}
	for name, c := range map[string]struct {
		compatible    string
		disks         []report.Disk
		headers       []string // of mmcblk0
		want          Verdict
		found, detail string
	}{
		"Allwinner on SD":             {"allwinner,sun50i-a64", []report.Disk{sd}, []string{"eGON.BT0 at 8192, dt, checksum right"}, Warn, "mmcblk0 at 8192 (boot0): there is one; mmcblk0 at 131072 (boot0)", "At 8192 of mmcblk0 a GPT"},
		"i.MX 8M Plus":                {"fsl,imx8mp", []report.Disk{emmc(report.EMMC{}), sd}, nil, Pass, "mmcblk2boot0 at 0 (image vector table); mmcblk0 at 32768", "Source"},
		"locked for ever":             {"fsl,imx8mp", []report.Disk{emmc(report.EMMC{BootWriteProtection: text("boot0 permanent, boot1 none")})}, nil, Warn, "", "locked for ever"},
		"boot area not as wanted":     {"allwinner,sun50i-a64", []report.Disk{emmc(report.EMMC{BootFrom: text("boot0"), BootAcknowledge: yes(), BootBus: text("8 bit, single data rate, backward compatible")})}, nil, Warn, "", "wants an acknowledge"},
		"boot area as wanted":         {"allwinner,sun50i-a64", []report.Disk{emmc(report.EMMC{BootFrom: text("boot0"), BootAcknowledge: yes(), BootBus: text("4 bit, single data rate, high speed")})}, nil, Warn, "", "At 8192 of mmcblk2 a GPT"},
		"nothing that the ROM takes":  {"fsl,imx8mp", []report.Disk{stick}, nil, Info, "", "None of the media"},
		"a SoC that nobody documents": {"acme,soc", []report.Disk{sd}, nil, Info, "", "No document"},
	} {
		r := imx8mp()
		r.Identity.Compatible, r.Storage = list("acme,board", c.compatible), c.disks
		r.Boot.Media = []report.BootMedium{{Path: "x", Name: text("mmcblk0"), Headers: list(c.headers...)}}
		got := loaderPlaces(r)
		if got.verdict != c.want || !strings.Contains(got.found, c.found) || !strings.Contains(got.detail, c.detail) || name == "boot area as wanted" && strings.Contains(got.detail, "acknowledge") {
			t.Errorf("%s: %s, found %q, %q; want %s, %q, %q", name, got.verdict, got.found, got.detail, c.want, c.found, c.detail)
		}
	}
}
