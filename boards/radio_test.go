package boards

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

//go:embed testdata/radio-compatibles.tsv
var radioCompatibles string

// TestRadiosOfDeviceTrees looks for every Wi-Fi and Bluetooth compatible of the
// device trees of Linux, and prints those that have no driver or no firmware.
func TestRadiosOfDeviceTrees(t *testing.T) {
	t.Parallel()
	all, named := 0, 0
	outside := 0
	var unknown []string
	for line := range strings.Lines(radioCompatibles) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := append(strings.Split(strings.TrimSuffix(line, "\n"), "\t"), "", "")
		r, ok := RadioByCompatible([]string{cells[0]})
		if cells[2] != "" {
			if ok {
				t.Errorf("%s is %s; the table says that it is %s", cells[0], cells[2], r.Name)
			}
			continue
		}
		all++
		if !ok || len(r.Drivers) == 0 || len(r.Firmware) == 0 {
			unknown = append(unknown, cells[0]+" ("+cells[1]+" files)")
			continue
		}
		named++
		if r.Drivers[0].OutOfTree() {
			outside++
		}
	}
	t.Logf("%d of %d compatibles have a driver and firmware; %d of them no driver in Linux; unknown: %q", named, all, outside, unknown)
	if all < 70 || named*100 < all*95 {
		t.Errorf("%d of %d compatibles are named; want 95 of 100", named, all)
	}
}

func TestRadio(t *testing.T) {
	t.Parallel()
	find := func(id string) (Radio, bool) {
		if strings.Contains(id, ":") {
			return RadioByModalias(id)
		}
		return RadioByCompatible(strings.Fields(id))
	}
	for _, c := range []struct{ id, name, kind, driver, option, mainline, firmware, board string }{
		{"brcm,bcm43430a1-fmac brcm,bcm4329-fmac", "BCM43430, BCM43436, CYW43438", RadioWiFi, "brcmfmac", "CONFIG_BRCMFMAC_SDIO with the module brcmfmac-wcc from 6.2 on", "5.10", "brcm/brcmfmac43430-sdio.bin if revision 1", "brcm/brcmfmac43430-sdio.acme,board-1.txt"},
		{"acme,unknown brcm,bcm4329-fmac", "Broadcom Wi-Fi on SDIO or PCI, the chip is not named", RadioWiFi, "brcmfmac", "CONFIG_BRCMFMAC_SDIO with the module brcmfmac-wcc or brcmfmac-cyw from 6.2 on", "5.10", "brcm/brcmfmac*-sdio.bin if by chip and revision, on SDIO", "brcm/brcmfmac*-sdio.acme,board-1.txt"},
		{"sdio:c00v02D0dA9BF", "BCM4345, CYW43455", RadioWiFi, "brcmfmac", "CONFIG_BRCMFMAC_SDIO with the module brcmfmac-wcc from 6.2 on", "5.10", "brcm/brcmfmac43456-sdio.bin if revision 9", "brcm/brcmfmac43455-sdio.acme,board-1.bin"},
		{"of:NbluetoothT(null)Cbrcm,bcm4345c5", "BCM4345C5", RadioBluetooth, "hci_uart", "CONFIG_BT_HCIUART_BCM", "5.10", "brcm/BCM4345C5.hcd if LMP subversion 0x6606", "brcm/BCM4345C5.acme,board-1.hcd"},
		{"qcom,wcn6855-bt", "WCN6855", RadioBluetooth, "hci_uart", "CONFIG_BT_HCIUART_QCA", "6.1", "qca/hpbtfw*.tlv", ""},
		{"pci:v000017CBd00001107sv000017CBsd00000108bc02sc80i00", "WCN7850", RadioWiFi, "ath12k", "CONFIG_ATH12K", "6.12", "ath12k/WCN7850/hw2.0/amss.bin", "ath12k/WCN7850/hw2.0/board-2.bin"},
		{"pci:v00008086d00002723sv00008086sd00000084bc02sc80i00", "AX200", RadioWiFi, "iwlwifi", "CONFIG_IWLWIFI", "5.10", "iwlwifi-cc-a0-*.ucode", ""},
		{"usb:v8087p0029d0001dcE0dsc01dp01icE0isc01ip01in00", "Intel Bluetooth on USB", RadioBluetooth, "btusb", "CONFIG_BT_HCIBTUSB", "5.10", "intel/ibt-*.sfi if by hardware and revision", "intel/ibt-*.ddc"},
		{"nxp,88w8987-bt", "88W8987, 88W9098, IW416, IW612 and their kin", RadioBluetooth, "btnxpuart", "CONFIG_BT_NXPUART", "6.12", "nxp/uartspi_n61x_v1.bin.se if IW611 or IW612", ""},
		{"sdio:c00v0471d0205", "IW611, IW612", RadioWiFi, "moal", "", "", "nxp/sduart_nw61x_v1.bin.se if Bluetooth on a UART", ""},
		{"sdio:c00v024CdF179", "RTL8189FS, RTL8189FTV", RadioWiFi, "8189fs", "", "", "none if the driver brings it along", ""},
		{"ti,wl1837", "WL18xx", RadioWiFi, "wl18xx", "CONFIG_WL18XX with CONFIG_WLCORE_SDIO or CONFIG_WLCORE_SPI", "5.10", "ti-connectivity/wl18xx-fw-4.bin", "ti-connectivity/wl18xx-conf.bin"},
	} {
		r, ok := find(c.id)
		if !ok || r.Name != c.name || r.Kind != c.kind || r.Drivers[0].Module != c.driver || r.Drivers[0].Option != c.option || r.Drivers[0].OutOfTree() != (c.option == "") {
			t.Errorf("%s: %+v; want %s, %s, %s by %s", c.id, r, c.name, c.kind, c.driver, c.option)
			continue
		}
		if c.mainline != "" && r.Mainline[0] != c.mainline || c.mainline == "" && r.Mainline != nil {
			t.Errorf("%s: Linux %q; want from %q on", c.id, r.Mainline, c.mainline)
		}
		text := func(f FirmwareFile) string {
			return strings.TrimSuffix(f.For("acme,board/1")+" if "+f.When, " if ")
		}
		if !slices.ContainsFunc(r.Firmware, func(f FirmwareFile) bool { return text(f) == c.firmware }) {
			t.Errorf("%s: firmware %q; want %q among it", c.id, r.Firmware, c.firmware)
		}
		if c.board != "" && !slices.ContainsFunc(r.Board, func(f FirmwareFile) bool { return text(f) == c.board }) {
			t.Errorf("%s: board files %q; want %q among them", c.id, r.Board, c.board)
		}
	}
	for _, id := range []string{
		"acme,unknown", "", "of:NwifiT(null)Cacme,unknown", "sdio:c00v02D0", "sdio:*", "usb:v12D1p1F01d0102", "pci:", "sdio:c00v02d0dA9BF",
		"of:", "C", strings.Repeat("of:C", 1000),
	} {
		if r, ok := find(id); ok {
			t.Errorf("%q: %s; want nothing", id, r.Name)
		}
	}
}

func TestDefaultFirmware(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"ath9k_htc/htc_9271-1.4.0.fw":  "linux-firmware-ath9k",
		"rtlwifi/rtl8192cufw_TMSC.bin": "linux-firmware-rtl8192cu",
		"rtl_bt/rtl8723b_fw.bin":       "linux-firmware-rtl8723",
		"rt2870.bin":                   "linux-firmware-ralink",
		"brcm/brcmfmac43455-sdio.bin":  "",
		"iwlwifi-cc-a0-77.ucode":       "",
		"":                             "",
	} {
		if got, ok := DefaultFirmware(file); got != want || ok != (want != "") {
			t.Errorf("DefaultFirmware(%q) = %q, %v; want %q", file, got, ok, want)
		}
	}
}

// TestLoadRadiosRefuses changes a good file in one place each.
func TestLoadRadiosRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"tree": "Linux, https://example.org/", "sources": {"a": "a.c"},
		"drivers": {"d": {"module": "d", "option": "CONFIG_D", "from": ["a"]}, "o": {"module": "o", "out_of_tree": true, "from": ["a"]}},
		"chips": [{"name": "X", "kind": "wifi", "ids": ["of:acme,x"], "drivers": ["d", "o"], "mainline": ["6.1"], "firmware": ["x.bin if y"], "from": ["a"]}]}`
	defaults := &fstest.MapFile{Data: []byte(`{"from": ["https://example.org/"], "packages": [{"name": "p", "files": ["x.bin"]}]}`)}
	load := func(text string) error {
		_, err := loadAllRadios(fstest.MapFS{"firmware.json": defaults, "radio/x.json": {Data: []byte(text)}})
		return err
	}
	if err := load(good); err != nil {
		t.Fatalf("the good file: %v", err)
	}
	cases := map[string][2]string{
		"no citation":        {`"from": ["a"]}]}`, `"from": []}]}`},
		"unknown source":     {`"from": ["a"]}]}`, `"from": ["b"]}]}`},
		"no address":         {`https://example.org/`, `example.org/`},
		"unknown driver":     {`["d", "o"]`, `["d", "q"]`},
		"no firmware":        {`["x.bin if y"]`, `[]`},
		"no pattern":         {`x.bin if y`, `[ if y`},
		"kind":               {`"wifi"`, `"radio"`},
		"id":                 {`of:acme,x`, `acme,x`},
		"id twice":           {`["of:acme,x"]`, `["of:acme,x", "of:acme,x"]`},
		"no series":          {`"mainline": ["6.1"],`, ``},
		"series without one": {`["d", "o"]`, `["o"]`},
		"in and out":         {`"out_of_tree": true`, `"option": "CONFIG_O", "out_of_tree": true`},
		"neither":            {`"out_of_tree": true, `, ``},
		"unknown field":      {`"tree"`, `"trees"`},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		text := strings.Replace(good, cases[name][0], cases[name][1], 1)
		if text == good {
			t.Fatalf("%s changes nothing", name)
		}
		if load(text) == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := loadAllRadios(fstest.MapFS{"firmware.json": defaults}); err == nil {
		t.Error("no radios: loaded")
	}
}
