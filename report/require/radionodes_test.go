package require

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func TestRadioNodes(t *testing.T) {
	t.Parallel()
	list := func(s ...string) report.Fact[[]string] { return report.Known(s, "x/1") }
	silent := report.RadioNode{
		Path: "/soc/mmc@1/wifi@1", Kind: text("wifi"), Compatible: list("brcm,bcm43455-fmac", "brcm,bcm4329-fmac"), Status: text("okay"), Host: text("sdhci"),
		Power: list("mmc-pwrseq: /wifi-pwrseq (mmc-pwrseq-simple), no driver"), Device: noText(), Files: list("brcm/brcmfmac43455-sdio.bin.xz"),
	}
	with := func(alter func(n *report.RadioNode)) func(*report.Report) {
		return func(r *report.Report) {
			n := silent
			alter(&n)
			r.RadioNodes = []report.RadioNode{n}
		}
	}
	starve := func(r *report.Report) {
		r.Firmware = []report.FirmwareFile{{File: "htc_9271.fw", State: text("lacking"), Device: text("1-4")}}
		r.Faults = []report.Fault{{
			Path: "a/1-4", Kind: text("unbound"), ID: text("usb:v0CF3p9271d0108dcFFdscFFdpFF"), Attached: text(report.External),
			Reason: text("firmware not found: ath9k_htc/htc_9271-1.4.0.fw htc_9271.fw"),
		}}
	}
	working := func(n *report.RadioNode) { n.Device, n.Driver = text("platform/1.mmc/card"), text("brcmfmac") }
	for name, c := range map[string]struct {
		id    string
		alter func(*report.Report)
		want  Verdict
		says  string // in what was found or in the detail
	}{
		"no power driver":        {"radio.silent", with(func(*report.RadioNode) {}), Warn, "what switches it on has no driver (mmc-pwrseq: /wifi-pwrseq (mmc-pwrseq-simple), no driver); BCM4345, CYW43455, driver brcmfmac (CONFIG_BRCMFMAC_SDIO with the module brcmfmac-wcc from 6.2 on, Linux 5.10) or bcmdhd (not part of Linux), firmware brcm/brcmfmac43455-sdio.bin"},
		"powered":                {"radio.silent", with(func(n *report.RadioNode) { n.Power = list("vmmc-supply: /r, driver x") }), Warn, "although what the tree names has power"},
		"nothing switches it on": {"radio.silent", with(func(n *report.RadioNode) { n.Power = report.Fact[[]string]{} }), Warn, "names nothing that switches it on"},
		"bus without driver":     {"radio.silent", with(func(n *report.RadioNode) { n.Host = noText() }), Warn, "its bus has no driver"},
		"device without driver":  {"radio.silent", with(func(n *report.RadioNode) { n.Device, n.Driver = text("a"), noText() }), Warn, "no driver is bound"},
		"chip not known":         {"radio.silent", with(func(n *report.RadioNode) { n.Compatible = list("wlan-platdata") }), Warn, "chip unknown, driver unknown"},
		"chip by its id": {"radio.silent", with(func(n *report.RadioNode) {
			n.Device, n.Driver, n.ID = text("a"), noText(), text("sdio:c00v024CdF179")
		}), Warn, "RTL8189FS, RTL8189FTV, driver 8189fs (not part of Linux)"},
		"works":    {"radio.silent", with(working), Pass, "has its driver"},
		"disabled": {"radio.silent", with(func(n *report.RadioNode) { n.Status = text("disabled") }), Pass, "Disabled in the device tree: /soc/mmc@1/wifi@1"},
		"not all modules": {"radio.silent", func(r *report.Report) {
			with(func(*report.RadioNode) {})(r)
			r.Sight.Modules, r.Sight.ModulesThere, r.Sight.ModulesNamed = text("some"), number(63), number(1121)
		}, Warn, "no driver among the 63 of 1,121 modules that are here"},
		"no modules": {"radio.silent", func(r *report.Report) {
			with(func(*report.RadioNode) {})(r)
			blind(r)
		}, Unknown, "does not say that the radios are dead"},
		"on a bus, no driver": {"radio.silent", func(r *report.Report) {
			r.Faults = []report.Fault{{Path: "pci0000:00/0000:01:00.0", Kind: text("unbound"), ID: text("pci:v000014C3d00007922sv0sd0bc02sc80i00"), Attached: text(report.Soldered)}}
		}, Warn, "MT7922, driver mt7921e (CONFIG_MT7921E, Linux 6.1)"},
		"without firmware": {"radio.silent", func(r *report.Report) {
			starve(r)
			r.Sight.Firmware = text("all")
		}, Warn, "a/1-4: its driver gave up, firmware not found: ath9k_htc/htc_9271-1.4.0.fw htc_9271.fw A driver asked"},
		"without firmware, as the run": {"radio.silent", func(r *report.Report) {
			starve(r)
			r.Sight.Firmware = text("none")
		}, Unknown, "did not have all firmware"},
		"firmware of no radio": {"radio.silent", func(r *report.Report) {
			starve(r)
			r.Firmware[0].File, r.Faults[0].Reason = "a.bin", text("firmware not found: a.bin")
		}, Warn, "a/1-4: no driver is bound; AR9271"},
		"firmware that came later": {"radio.silent", func(r *report.Report) {
			starve(r)
			r.Firmware[0].State = text("loaded")
		}, Warn, "a/1-4: no driver is bound; AR9271"},
		"the log was refused": {"radio.silent", func(r *report.Report) {
			with(working)(r)
			section(r, "firmware").Outcome = report.OutcomeError
		}, Unknown, "only the kernel's log tells"},
		"only in the log": {"radio.silent", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{{File: "brcm/brcmfmac43455-sdio.bin", State: text("lacking")}}
		}, Unknown, "names a radio that is not on the buses: brcm/brcmfmac43455-sdio.bin"},
		"no radio":    {"radio.silent", func(*report.Report) {}, Info, "names a radio"},
		"hard switch": {"radio.silent", func(r *report.Report) { r.WiFi = []report.WiFi{{Path: "a", Name: text("phy0"), Blocked: text("hard")}} }, Warn, "switched off by rfkill: phy0 (hard)"},
		"soft switch": {"radio.silent", func(r *report.Report) {
			r.Bluetooth = []report.Bluetooth{{Path: "a", Name: text("hci0"), Blocked: text("soft")}}
		}, Pass, "hci0 (soft)"},
		"section failed": {"radio.silent", func(r *report.Report) { section(r, "radio-nodes").Outcome = report.OutcomeError }, Unknown, "radio-nodes"},

		"addition": {"radio.additions", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{
				{File: "brcm/brcmfmac43455-sdio.bin", State: text("loaded")}, {File: "amdgpu/x.bin", State: text("loaded")}, {File: "iwlwifi-cc-a0-77.ucode", State: text("lacking")},
			}
		}, Info, "2: brcm/brcmfmac43455-sdio.bin and iwlwifi-cc-a0-77.ucode"},
		"default": {"radio.additions", func(r *report.Report) {
			r.Firmware = []report.FirmwareFile{{File: "rt2870.bin", State: text("running")}}
		}, Pass, "rt2870.bin (linux-firmware-ralink)"},
		"by the node":       {"radio.additions", with(func(n *report.RadioNode) { n.Compatible = list("ti,wl1837") }), Info, "1: ti-connectivity/wl18xx-fw-4.bin"},
		"by what is there":  {"radio.additions", with(func(*report.RadioNode) {}), Info, "1: brcm/brcmfmac43455-sdio.bin"},
		"by what it may be": {"radio.additions", with(func(n *report.RadioNode) { n.Files = list() }), Info, "for BCM4345, CYW43455 one of brcm/brcmfmac43455-sdio.bin, brcm/brcmfmac43455-sdio.clm_blob, brcm/brcmfmac43456-sdio.bin and 1 more"},
		"no calibration":    {"radio.additions", with(func(*report.RadioNode) {}), Info, "under the name brcm/brcmfmac43455-sdio.fsl,imx8mp-evk.txt and brcm/brcmfmac43456-sdio.fsl,imx8mp-evk.txt"},
		"one for all":       {"radio.additions", with(func(n *report.RadioNode) { n.Files = list("brcm/brcmfmac43456-sdio.txt.xz") }), Info, "one of brcm/brcmfmac43455-sdio.bin"},
		"no file":           {"radio.additions", func(*report.Report) {}, Pass, "names no firmware file"},
		"nothing to load":   {"radio.additions", func(r *report.Report) { r.Sight.World, r.Sight.Modules = text(report.WorldImage), text("none") }, Unknown, "no radio asked"},
	} {
		r := imx8mp()
		c.alter(r)
		if name == "one for all" && strings.Contains(find(t, r, c.id).Detail, "No calibration") {
			t.Errorf("%s: %s", name, find(t, r, c.id).Detail)
		}
		if f := find(t, r, c.id); f.Verdict != c.want || !strings.Contains(f.Found+" "+f.Detail, c.says) {
			t.Errorf("%s: %s = %s, found %q (%s); want %s with %q", name, c.id, f.Verdict, f.Found, f.Detail, c.want, c.says)
		}
	}
}
