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

// TestRadioRows asks for rows that were wrong or absent once: a file that the
// driver may ask for, and series of Linux that can drive the radio, or with '-'
// before them cannot.
func TestRadioRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, name, file, series string }{
		{"of:NwifiT(null)Cmicrochip,wilc1000", "ATWILC1000", "atmel/wilc1000_wifi_firmware-1.bin", "5.10 6.12"},
		{"of:NwifiT(null)Cmicrochip,wilc3000", "ATWILC3000", "atmel/wilc3000_wifi_firmware-1.bin", "-5.10 -6.1 -6.12 6.14"},
		{"sdio:c00v0296d5347", "ATWILC1000 or ATWILC3000", "atmel/wilc3000_wifi_firmware-1.bin", "6.12"},
		{"sdio:c00v0471d0205", "IW611, IW612", "nxp/sd_w61x_v1.bin.se", ""},
		{"sdio:c00v0471d0215", "IW610", "nxp/sduart_iw610.bin.se", ""},
		{"sdio:c00v0471d020D", "IW624", "nxp/sduartspiiw624_combo.bin", ""},
		{"sdio:c00v02DFd9149", "88W8987", "nxp/sduart8987_combo.bin", "5.10"},
		{"sdio:c00v02DFd9149", "88W8987", "mrvl/sd8987_uapsta.bin.zst", "5.10"},
		{"sdio:c00v02DFd914D", "88W9098", "nxp/sduart9098_combo_v1.bin", ""},
		{"of:NbluetoothT(null)Cnxp,88w8987-bt", "88W8987, 88W9098, IW416, IW612 and their kin", "nxp/uartuart9098_bt_v1.bin", "6.12 -6.1"},
		{"of:NbluetoothT(null)Cnxp,88w8987-bt", "88W8987, 88W9098, IW416, IW612 and their kin", "nxp/uartspi_iw610.bin.se", "6.12"},
		{"of:NbluetoothT(null)Cnxp,88w8997-bt", "88W8997", "nxp/uartuart8997_bt_v4.bin", "6.12"},
		{"pci:v000017CBd00001109sv", "QCN9274", "ath12k/QCN9274/hw2.0/firmware-2.bin", "6.12"},
		{"pci:v000017CBd00001103sv", "WCN6855, QCA2066", "ath11k/WCN6855/hw2.1/amss.bin", "6.1"},
		{"pci:v000017CBd00001103sv", "WCN6855, QCA2066", "ath11k/QCA2066/hw2.1/m3.bin", "6.12"},
		{"pci:v0000168Cd0000003Esv", "QCA6174", "ath10k/QCA6174/hw2.1/firmware-5.bin", "5.10"},
		{"sdio:c00v0271d0300", "AR6003", "ath6k/AR6003/hw2.0/athwlan.bin.z77", "5.10"},
		{"sdio:c00v0271d0402", "AR6004", "ath6k/AR6004/hw1.3/fw.ram.bin", "5.10"},
		{"of:NbluetoothT(null)Cbrcm,bcm43438-bt", "Broadcom Bluetooth, the chip is not named", "brcm/BCM4356A2.hcd", "5.10"},
		{"of:NbluetoothT(null)Cbrcm,bcm43438-bt", "Broadcom Bluetooth, the chip is not named", "brcm/BCM.hcd", "5.10"},
		{"of:NbluetoothT(null)Cbrcm,bcm4349-bt", "BCM4349B1", "brcm/BCM4349B1.hcd", "-5.10 6.1"},
		{"of:NbluetoothT(null)Cinfineon,cyw55572-bt", "CYW55572", "brcm/BCM.hcd", "-5.10 6.1"},
		{"sdio:c00v02D0dA9AF", "CYW43439", "brcm/brcmfmac43439-sdio.bin", "6.1 6.12"},
		{"sdio:c00v04B4dBD3D", "CYW43439", "brcm/brcmfmac43439-sdio.bin", "-6.1 6.12"},
		{"pci:v000014E4d0000449Dsv", "BCM43752 on PCIe, as in the AP6275P", "brcm/brcmfmac43752-pcie.bin", "-6.12 6.14"},
		{"pci:v000014E4d00005F72sv", "BCM4377, BCM4378, BCM4387, BCM4388", "brcm/brcmbt4388c0-tokara-m.bin", "6.12"},
		{"of:NbluetoothT(null)Crealtek,rtl8821cs-bt", "RTL8821CS", "rtl_bt/rtl8821cs_fw.bin", "-6.1 6.12"},
		{"usb:v8087p0029d0001", "Intel Bluetooth on USB", "intel/ibt-20-1-3.sfi", "5.10 6.1"},
		{"usb:v8087p0033d0001", "Intel Bluetooth on USB", "intel/ibt-1040-0041.sfi", "-5.10 6.1"},
		{"usb:v8087p0036d0001", "Intel Bluetooth on USB", "intel/ibt-0190-0291.sfi", "-6.1 6.12"},
		{"pci:v00008086d0000272Bsv", "BE200", "iwlwifi-gl-c0-fm-c0-92.ucode", "6.12"},
		{"pci:v00008086d000051F0sv", "AX211, AX411 and others in SoCs", "iwlwifi-so-a0-gf-a0-89.ucode", "6.1"},
		{"pci:v000010ECd0000B852sv", "RTL8852BE", "rtw89/rtw8852b_fw-1.bin", "-6.1 6.12"},
		{"pci:v000010ECd0000C821sv", "RTL8821CE", "rtw88/rtw8821c_fw.bin", "5.10"},
		{"usb:v0BDApC811d0200", "RTL8811CU, RTL8821CU on USB", "rtw88/rtw8821c_fw.bin", "-6.1 6.12"},
		{"usb:v0BDApB832d0000", "RTL8852BU on USB", "rtw89/rtw8852b_fw-1.bin", "-6.12 7.1"},
		{"usb:v0BDAp8176d0200", "RTL8188CUS, RTL8188RU, RTL8192CU on USB", "rtlwifi/rtl8192cufw_TMSC.bin", "5.10"},
		{"usb:v13B1p0043d0000", "RTL8822BU or RTL8822CU on USB", "rtw88/rtw8822c_fw.bin", "6.12"},
		{"usb:v148Fp5370d0101", "RT2870, RT3070, RT3572, RT5370, RT5572 and their kin on USB", "rt2870.bin", "5.10"},
		{"usb:v148Fp7601d0000", "MT7601U on USB", "mt7601u.bin", "5.10"},
		{"usb:v0E8Dp7961d0100", "MT7921U on USB", "mediatek/BT_RAM_CODE_MT7961_1_2_hdr.bin", "6.1"},
		{"usb:v13D3p3568d0100", "MT7922 on USB", "mediatek/BT_RAM_CODE_MT7922_1_1_hdr.bin", "6.1"},
		{"pci:v000014C3d00007612sv", "MT7602E, MT7612E, MT7662E", "mt7662_rom_patch.bin", "5.10"},
		{"usb:v0CF3p9271d0108", "AR9271 on USB", "ath9k_htc/htc_9271-1.4.0.fw", "5.10"},
		{"sdio:c00vC8A1d0082", "AIC8800D80", "aic8800D80/fmacfw_8800d80_u02.bin", ""},
		{"sdio:c00v04B4dBD31", "CYW55572, CYW55573", "cypress/cyfmac55572-sdio.trxse", ""},
		{"sdio:c00v02D0dAAE7", "BCM43751", "brcm/brcmfmac43751-sdio.bin", "-6.12 7.1"},
		{"sdio:c00v041Bd9116", "RS9116", "rsi/rs9116_wlan.rps", "5.10"},
	} {
		r, ok := RadioByModalias(c.id)
		if !ok || r.Name != c.name {
			t.Errorf("%s: %q; want %s", c.id, r.Name, c.name)
			continue
		}
		if !slices.ContainsFunc(r.Firmware, func(f FirmwareFile) bool { return f.Matches(c.file) }) {
			t.Errorf("%s: firmware %q; want %s among it", c.id, r.Firmware, c.file)
		}
		if outside := !slices.ContainsFunc(r.Drivers, func(d RadioDriver) bool { return !d.OutOfTree() }); outside != (c.series == "") {
			t.Errorf("%s: drivers %+v, Linux %q; want series %q", c.id, r.Drivers, r.Mainline, c.series)
		}
		for _, series := range strings.Fields(c.series) {
			name, without := strings.CutPrefix(series, "-")
			if slices.Contains(r.Mainline, name) == without {
				t.Errorf("%s: Linux %q; want %s", c.id, r.Mainline, c.series)
			}
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
