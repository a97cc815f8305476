package desk

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// all returns the embedded table.
func all(t testing.TB) *driverTable {
	t.Helper()
	table, err := drivers()
	if err != nil {
		t.Fatalf("the embedded table: %v", err)
	}
	return table
}

// named returns the driver of a module, which must be among those that were
// found.
func named(t *testing.T, list []Driver, module string) Driver {
	t.Helper()
	for _, d := range list {
		if d.Module == module {
			return d
		}
	}
	t.Errorf("found %+v; want %s among them", list, module)
	return Driver{}
}

// TestDrivers asks for devices of which the driver is known, by modaliases as
// sysfs has them.
func TestDrivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ modalias, module, option, firmware, ofDependency string }{
		{"usb:v0BDAp8179d0000dc00dsc00dp00icFFiscFFipFFin00", "rtl8xxxu", "CONFIG_RTL8XXXU", "rtlwifi/rtl8188eufw.bin", "regulatory.db"},
		{"usb:v0BDApB812d0210dc00dsc00dp00icFFiscFFipFFin00", "rtw88_8822bu", "CONFIG_RTW88_8822BU", "", "rtw88/rtw8822b_fw.bin"},
		{"usb:v2C7Cp0125d0318dcEFdsc02dp01icFFiscFFipFFin04", "option", "CONFIG_USB_SERIAL_OPTION", "", ""},
		{"usb:v2C7Cp0125d0318dcEFdsc02dp01icFFiscFFipFFin04", "qmi_wwan", "CONFIG_USB_NET_QMI_WWAN", "", ""},
		{"usb:v12D1p1F01d0102dc00dsc00dp00ic08isc06ip50in00", "usb_storage", "CONFIG_USB_STORAGE", "", ""},
		{"usb:v0424p9514d0200dc09dsc00dp02ic09isc00ip02in00", "usbcore", "CONFIG_USB", "", ""},
		{"pci:v000010ECd00008168sv00001849sd00008168bc02sc00i00", "r8169", "CONFIG_R8169", "rtl_nic/rtl8168h-2.fw", ""},
		{"pci:v000014C3d00007922sv000014C3sd00007922bc02sc80i00", "mt7921e", "CONFIG_MT7921E", "mediatek/WIFI_MT7922_patch_mcu_1_1_hdr.bin", ""},
		{"pci:v00008086d00002723sv00008086sd00000084bc02sc80i00", "iwlwifi", "CONFIG_IWLWIFI", "iwlwifi-cc-a0-77.ucode", ""},
		{"pci:v000014C3d00004D75sv000014C3sd00004D75bc0Dsc40i00", "mtk_t7xx", "CONFIG_MTK_T7XX", "", ""},
		{"pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", "nvme", "CONFIG_BLK_DEV_NVME", "", ""},
		{"sdio:c00v02D0dA9A6", "brcmfmac", "CONFIG_BRCMFMAC", "brcm/brcmfmac43430-sdio.bin", ""},
		{"sdio:c00v024CdC822", "rtw88_8822cs", "CONFIG_RTW88_8822CS", "", "rtw88/rtw8822c_fw.bin"},
		{"sdio:c00v02DFd9149", "mwifiex_sdio", "CONFIG_MWIFIEX_SDIO", "mrvl/sdsd8997_combo_v4.bin", ""},
		{"sdio:c00v0296d5347", "wilc1000_sdio", "CONFIG_WILC1000_SDIO", "", ""},
		{"of:NethernetT(null)Cfsl,imx8mp-fecCfsl,imx8mq-fecCfsl,imx6sx-fec", "fec", "CONFIG_FEC", "", ""},
		{"of:NwifiT(null)Cbrcm,bcm4329-fmac", "brcmfmac", "CONFIG_BRCMFMAC", "", ""},
		{"of:NbluetoothT(null)Cnxp,88w8987-bt", "btnxpuart", "CONFIG_BT_NXPUART", "", ""},
		{"of:NbluetoothT(null)Cbrcm,bcm43438-bt", "hci_uart", "CONFIG_BT_HCIUART", "", "rtl_bt/rtl8723b_fw.bin"},
		{"of:NpinctrlT(null)Cfsl,imx8mp-iomuxc", "pinctrl_imx8mp", "CONFIG_PINCTRL_IMX8MP", "", ""},
		{"of:NtimerT(null)Carm,armv8-timer", "arm_arch_timer", "CONFIG_ARM_ARCH_TIMER", "", ""},
		{"of:Neeprom_40T(null)Catmel,24c02", "at24", "CONFIG_EEPROM_AT24", "", ""},
		{"amba:d00241011", "amba_pl011", "CONFIG_SERIAL_AMBA_PL011", "", ""},
		{"mdio:00000000000111001100100100010110", "realtek", "CONFIG_REALTEK_PHY", "", ""},
		{"i2c:pca9555", "gpio_pca953x", "CONFIG_GPIO_PCA953X", "", ""},
		{"spi:mcp2515", "mcp251x", "CONFIG_CAN_MCP251X", "", ""},
		{"acpi:PNP0501:", "8250", "CONFIG_SERIAL_8250", "", ""},
		{"virtio:d00000001v00001AF4", "virtio_net", "CONFIG_VIRTIO_NET", "", ""},
		{"platform:gpio-keys", "gpio_keys", "CONFIG_KEYBOARD_GPIO", "", ""},
		{"mhi:IP_HW0_MBIM", "mhi_wwan_mbim", "CONFIG_MHI_WWAN_MBIM", "", ""},
	} {
		d := named(t, Drivers(c.modalias), c.module)
		if d.Option != c.option || d.Kernel != all(t).kernel {
			t.Errorf("Drivers(%q): %s by %s in %s; want %s in %s", c.modalias, d.Module, d.Option, d.Kernel, c.option, all(t).kernel)
		}
		if c.firmware != "" && !anyMatch(d.Firmware, c.firmware) {
			t.Errorf("Drivers(%q): %s asks for %q; want %s", c.modalias, d.Module, d.Firmware, c.firmware)
		}
		if c.ofDependency != "" && !anyMatch(d.DependencyFirmware, c.ofDependency) {
			t.Errorf("Drivers(%q): what %s needs asks for %q; want %s", c.modalias, d.Module, d.DependencyFirmware, c.ofDependency)
		}
	}
}

func anyMatch(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return modalias.Match(p, name) })
}

func TestDriversFindNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "*", "of:", "usb:", "pci:v*d*sv*sd*bc*sc*i*", "nonsense", "of:NwifiT(null)Cacme,no-such-device",
		"sdio:c00v024CdF179", // RTL8189FS, whose driver is not part of Linux
		strings.Repeat("of:NT(null)Cfsl,imx6sx-fec", 1000),
	} {
		if list := Drivers(text); len(list) > 0 {
			t.Errorf("Drivers(%.60q) = %+v; want none", text, list)
		}
	}
}

func TestDriversOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		// The first compatible is the best.
		"of:NT(null)Cnxp,88w8987-btCfsl,imx6sx-fec": {"btnxpuart", "fec"},
		"of:NT(null)Cfsl,imx6sx-fecCnxp,88w8987-bt": {"fec", "btnxpuart"},
		// A number is better than a class.
		"pci:v00001912d00000014sv00001912sd00000014bc0Csc03i30": {"xhci_pci_renesas", "xhci_pci"},
		"usb:v0BDAp8179d0000dc00dsc00dp00icFFiscFFipFFin00":     {"rtl8xxxu", "r8188eu"},
	} {
		var got []string
		for _, d := range Drivers(text) {
			got = append(got, d.Module)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Drivers(%q) = %q; want %q", text, got, want)
		}
	}
	removed := named(t, Drivers("usb:v0BDAp8179d0000dc00dsc00dp00icFFiscFFipFFin00"), "r8188eu")
	if !strings.HasPrefix(removed.Kernel, "6.1.") || removed.Option != "CONFIG_R8188EU" {
		t.Errorf("r8188eu is of %s by %s; want 6.1 and its option of that time", removed.Kernel, removed.Option)
	}
}

func TestDriversForCompatible(t *testing.T) {
	t.Parallel()
	for compatible, want := range map[string]string{
		"fsl,imx6sx-fec":           "fec",
		"brcm,bcm4329-fmac":        "brcmfmac",
		"nxp,88w8987-bt":           "btnxpuart",
		"ti,wl1835":                "wlcore_sdio",
		"marvell,sd8997":           "mwifiex_sdio",
		"rockchip,rk3399-pcie":     "pcie_rockchip_host",
		"arm,gic-v3":               "irq_gic_v3",
		"st,24c02":                 "at24", // by i2c:24c02
		"ethernet-phy-id001c.c916": "realtek",
	} {
		d := named(t, DriversForCompatible(compatible), want)
		if !strings.HasPrefix(d.Option, "CONFIG_") || d.Pattern == "" {
			t.Errorf("DriversForCompatible(%q) = %+v; want an option and a pattern", compatible, d)
		}
	}
	for _, compatible := range []string{"", "C", ",", "acme,", "syscon", "acme,no-such-device", "ethernet-phy-id001c", "ethernet-phy-id.", "ethernet-phy-id+01c.c916"} {
		if list := DriversForCompatible(compatible); len(list) > 0 {
			t.Errorf("DriversForCompatible(%q) = %+v; want none", compatible, list)
		}
	}
}

// TestAnswerIsACopy changes an answer, which must not change the table.
func TestAnswerIsACopy(t *testing.T) {
	t.Parallel()
	const text = "usb:v0BDAp8179d0000dc00dsc00dp00icFFiscFFipFFin00"
	first := Drivers(text)[0]
	want := slices.Clone(first.Firmware)
	first.Firmware[0] = "changed"
	if got := Drivers(text)[0].Firmware; !slices.Equal(got, want) {
		t.Errorf("firmware after a change of the answer = %q; want %q", got, want)
	}
}

func TestDriversSource(t *testing.T) {
	t.Parallel()
	source := DriversSource()
	kernel, date := source.Version, source.Date
	if !strings.HasPrefix(kernel, "6.12.") || !strings.Contains(kernel, " (Debian linux 6.12.") {
		t.Errorf("DriversSource() = %q; want Linux 6.12 and its Debian package", kernel)
	}
	if len(date) != len("2006-01-02") || date < "2026-01-01" {
		t.Errorf("DriversSource() has the date %q; want one of 2026 or later", date)
	}
}

// maxDriversBytes is what the table may cost the program.
const maxDriversBytes = 700_000

// TestTable looks at all of the embedded table.
func TestTable(t *testing.T) {
	t.Parallel()
	table := all(t)
	patterns, firmware, optionless := 0, 0, 0
	for i, row := range table.rows {
		m := table.modules[i]
		patterns += len(m.Aliases)
		firmware += len(m.Firmware)
		if row.option == "" {
			optionless++
		} else if !strings.HasPrefix(row.option, "CONFIG_") {
			t.Errorf("%s: option %q; want CONFIG_ in front", m.Name, row.option)
		}
		for _, d := range m.Depends {
			if _, ok := table.byPath[d]; !ok {
				t.Errorf("%s depends on %s, which is not in the table", m.Name, d)
			}
		}
		for _, pattern := range m.Aliases {
			if !strings.Contains(pattern, ":") {
				t.Errorf("%s: pattern %q has no bus", m.Name, pattern)
			}
		}
	}
	t.Logf("%d drivers, %d without an option, %d patterns, %d firmware names, %d bytes", len(table.rows), optionless, patterns, firmware, len(driversFile))
	if len(table.rows) < 7000 || patterns < 50000 || firmware < 2000 {
		t.Errorf("%d drivers with %d patterns and %d firmware names; want 7000, 50000 and 2000 at least", len(table.rows), patterns, firmware)
	}
	if optionless*50 > len(table.rows) {
		t.Errorf("%d of %d drivers have no option; want 2%% at most", optionless, len(table.rows))
	}
	if len(driversFile) > maxDriversBytes {
		t.Errorf("the table has %d bytes; want %d at most", len(driversFile), maxDriversBytes)
	}
}

// TestEveryPatternIsFound makes of patterns the plainest modalias that they
// match, and looks for their module.
func TestEveryPatternIsFound(t *testing.T) {
	t.Parallel()
	table := all(t)
	n := 0
	for _, m := range table.modules {
		for _, pattern := range m.Aliases {
			if n++; n%7 != 0 || strings.ContainsAny(pattern, "[]\\") {
				continue // a part will do, and brackets are few
			}
			text := strings.NewReplacer("*", "", "?", "0").Replace(pattern)
			if !slices.ContainsFunc(Drivers(text), func(d Driver) bool { return d.Path == m.Name }) {
				t.Errorf("Drivers(%q) does not have %s, whose pattern %q matches it", text, m.Name, pattern)
			}
		}
	}
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const small = `boardprobe-drivers 1
6.12.1 linux 6.12.1-2 2026-01-02
CONFIG_A
- source
CONFIG_C 6.1.3
boardprobe-modules 1
r 6.12.1
m drivers/a drivers/a.ko
d drivers/b
a of:N*T*Cx,aC*
m drivers/b drivers/b.ko
f b.bin
m drivers/c drivers/c.ko
a pci:v00000001d*
`

func TestDecodeDrivers(t *testing.T) {
	t.Parallel()
	table, err := decodeDrivers(pack(t, small))
	if err != nil {
		t.Fatalf("decodeDrivers(small) = %v", err)
	}
	a := named(t, table.lookup("of:NnT(null)Cx,aCy"), "a")
	if a.Path != "drivers/a" || a.Option != "CONFIG_A" || a.Kernel != "6.12.1" || a.FromSource || a.Pattern != "of:N*T*Cx,aC*" ||
		len(a.Firmware) != 0 || !slices.Equal(a.DependencyFirmware, []string{"b.bin"}) {
		t.Errorf("a = %+v; want the values of the file", a)
	}
	if b := table.driver(1); b.Option != "" || !b.FromSource || !slices.Equal(b.Firmware, []string{"b.bin"}) {
		t.Errorf("b = %+v; want the values of the file", b)
	}
	if c := named(t, table.lookup("pci:v00000001d00000002"), "c"); c.Kernel != "6.1.3" || c.FromSource {
		t.Errorf("c = %+v; want the values of the file", c)
	}
	for name, change := range map[string]func(string) string{
		"other format":    func(s string) string { return strings.Replace(s, "drivers 1", "drivers 2", 1) },
		"no date":         func(s string) string { return strings.Replace(s, " 2026-01-02", "", 1) },
		"option is none":  func(s string) string { return strings.Replace(s, "CONFIG_A\n", "A\n", 1) },
		"a row missing":   func(s string) string { return strings.Replace(s, "CONFIG_A\n", "", 1) },
		"a row too much":  func(s string) string { return strings.Replace(s, "CONFIG_A\n", "CONFIG_A\nCONFIG_B\n", 1) },
		"no index":        func(s string) string { return s[:strings.Index(s, "boardprobe-modules")] },
		"damaged index":   func(s string) string { return s[:len(s)-3] },
		"nothing at all":  func(string) string { return "" },
		"unsorted module": func(s string) string { return strings.Replace(s, "m drivers/a", "m drivers/z", 1) },
	} {
		if _, err := decodeDrivers(pack(t, change(small))); err == nil || !strings.HasPrefix(err.Error(), "drivers: ") {
			t.Errorf("%s: decodeDrivers = %v; want an error of the drivers", name, err)
		}
	}
	whole := pack(t, small)
	for _, file := range [][]byte{nil, whole[:5], whole[:len(whole)-9]} {
		if _, err := decodeDrivers(file); err == nil {
			t.Errorf("decodeDrivers of %d bytes: no error", len(file))
		}
	}
}

// FuzzDrivers holds the lookup against a search through all patterns.
func FuzzDrivers(f *testing.F) {
	f.Add("usb:v0BDAp8179d0000dc00dsc00dp00icFFiscFFipFFin00")
	f.Add("pci:v000010ECd00008168sv00001849sd00008168bc02sc00i00")
	f.Add("of:NbluetoothT(null)Cnxp,88w8987-btCfsl,imx6sx-fec")
	f.Add("sdio:c00v02D0dA9A6")
	f.Add("acpi:PNP0501:PNP0500:")
	f.Add("i2c:24c02")
	f.Add("amba:d00241011")
	f.Add("ethernet-phy-id001c.c916")
	table := all(f)
	f.Fuzz(func(t *testing.T, text string) {
		list := Drivers(text)
		text = strings.TrimSpace(text)
		var got, want []string
		for _, d := range list {
			got = append(got, d.Path)
			if !modalias.Match(d.Pattern, text) {
				t.Errorf("Drivers(%q): %s by %q, which does not match", text, d.Path, d.Pattern)
			}
		}
		for _, m := range table.modules {
			if len(text) <= maxModalias && slices.ContainsFunc(m.Aliases, func(p string) bool { return modalias.Match(p, text) }) {
				want = append(want, m.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("Drivers(%q) = %q; want %q", text, got, want)
		}
		for _, d := range DriversForCompatible(text) {
			if d.Pattern == "" || d.Module == "" {
				t.Errorf("DriversForCompatible(%q) has %+v", text, d)
			}
		}
	})
}

func BenchmarkDrivers(b *testing.B) {
	all(b)
	for b.Loop() {
		Drivers("of:NbluetoothT(null)Cnxp,88w8987-btCfsl,imx6sx-fec")
	}
}

func BenchmarkDecodeDrivers(b *testing.B) {
	for b.Loop() {
		if _, err := decodeDrivers(driversFile); err != nil {
			b.Fatal(err)
		}
	}
}
