package boards

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/boardprobe/boardprobe/probe/decode/romheader"
	"github.com/boardprobe/boardprobe/report"
)

// families is a board of each family: the lists of root compatibles are those
// of device trees of Linux, but for acme,board.
var families = []struct{ file, compatible, name, rom string }{
	{"am33xx", "vscom,onrisc ti,am33xx", "TI AM335x", "ti"},
	{"am43xx", "acme,board ti,am4372", "TI AM437x", "ti"},
	{"am62", "ti,am62-lp-sk ti,am625", "TI AM62x, AM62A, AM62D, AM62P, AM64x and J722S", "ti"},
	{"am65", "siemens,iot2050-basic-pg2 ti,am654", "TI AM65x", "ti"},
	{"amlogic-g12", "freebox,fbx8am amlogic,g12a", "Amlogic G12 and SM1", "amlogic"},
	{"amlogic-gx", "videostrong,kii-pro amlogic,meson-gxbb", "Amlogic GX and AXG", "amlogic"},
	{"amlogic", "tcu,fernsehfee3 amlogic,meson8", "Amlogic Meson 8, A1, A4, A5, C3, S4 and T7", ""},
	{"arm", "arm,juno-r1 arm,juno arm,vexpress", "Arm reference platforms", ""},
	{"armada37xx", "marvell,armada-3720-db marvell,armada3720 marvell,armada3700", "Marvell Armada 37xx", ""},
	{"armada38x", "netgear,gs110emx marvell,armada380", "Marvell Armada 38x and 39x", "marvell"},
	{"armada8k", "marvell,armada7040-db marvell,armada7040 marvell,armada-ap806-quad marvell,armada-ap806", "Marvell Armada 7K, 8K and CN913x", "armada8k"},
	{"armadaxp", "ctera,c200-v2 marvell,armada370 marvell,armada-370-xp", "Marvell Armada 370, 375 and XP", "marvell"},
	{"ast2500", "delta,ahe50dc-bmc aspeed,ast2400", "Aspeed AST2400 and AST2500", ""},
	{"ast2600", "aspeed,ast2600-evb-a1 aspeed,ast2600-evb aspeed,ast2600", "Aspeed AST2600", ""},
	{"at91", "acme,board atmel,sama5d2", "Microchip SAMA5, SAMA7 and SAM9", ""},
	{"bcm2711", "raspberrypi,4-model-b brcm,bcm2711", "Broadcom BCM2711", ""},
	{"bcm2712", "raspberrypi,5-model-b brcm,bcm2712", "Broadcom BCM2712", ""},
	{"bcm2835", "raspberrypi,model-a-plus brcm,bcm2835", "Broadcom BCM2835 and BCM2836", ""},
	{"bcm2837", "raspberrypi,3-model-a-plus brcm,bcm2837", "Broadcom BCM2837", ""},
	{"brcmstb", "cavium,thunderx2-cn9900 brcm,vulcan-soc", "Broadcom STB, BCA and Vulcan", ""},
	{"exynos", "acme,board samsung,exynos7", "Samsung Exynos, other than 4, 5 and 850", ""},
	{"exynos4", "samsung,i9100 samsung,exynos4210 samsung,exynos4", "Samsung Exynos 4 and 5", ""},
	{"exynos850", "winlink,e850-96 samsung,exynos850", "Samsung Exynos 850", ""},
	{"hisilicon", "hisilicon,hi3670-hikey970 hisilicon,hi3670", "HiSilicon, other than Hi3660, Hi3798CV200 and Hi6220", ""},
	{"hi3798", "hisilicon,hi3798cv200-poplar hisilicon,hi3798cv200", "HiSilicon Hi3798CV200", ""},
	{"hi6220", "hisilicon,hi3660-hikey960 hisilicon,hi3660", "HiSilicon Hi6220 and Hi3660", ""},
	{"imx5", "armadeus,imx51-apf51 fsl,imx51", "NXP i.MX 51 and 53", "imx"},
	{"imx6", "toradex,apalis_imx6q-eval-v1.2 toradex,apalis_imx6q fsl,imx6q", "NXP i.MX 6", "imx"},
	{"imx6ul", "fsl,imx6ul-14x14-evk fsl,imx6ul", "NXP i.MX 6UL, 6ULL and 6ULZ", "imx"},
	{"imx7", "compulab,cl-som-imx7 fsl,imx7d", "NXP i.MX 7", "imx"},
	{"imx8", "toradex,apalis-imx8-eval-v1.2 toradex,apalis-imx8 fsl,imx8qm", "NXP i.MX 8, 8X and 8ULP", "imx"},
	{"imx8mp", "beacon,imx8mn-beacon-kit fsl,imx8mn", "NXP i.MX 8M Nano and 8M Plus", "imx"},
	{"imx8mq", "fsl,imx8mq-evk fsl,imx8mq", "NXP i.MX 8M Quad and 8M Mini", "imx"},
	{"imx9", "fsl,imx93-11x11-evk fsl,imx93", "NXP i.MX 91 and 93", "imx"},
	{"imx95", "fsl,imx95-19x19-evk fsl,imx95", "NXP i.MX 94, 95 and 952", "imx"},
	{"j7", "beagle,j721e-beagleboneai64 ti,j721e", "TI J721E, J7200, J721S2, J742S2 and J784S4", "ti"},
	{"jh7100", "beagle,beaglev-starlight-jh7100-r0 starfive,jh7100", "StarFive JH7100", ""},
	{"jh7110", "deepcomputing,fml13v01 starfive,jh7110", "StarFive JH7110", ""},
	{"kirkwood", "solidrun,cubox-es solidrun,cubox marvell,dove", "Marvell Kirkwood and Dove", "marvell"},
	{"layerscape", "fsl,ls1012a-frdm fsl,ls1012a", "NXP Layerscape LS1012A", "layerscape"},
	{"ls1088", "fsl,ls1088a-rdb fsl,ls1088a", "NXP Layerscape LS1088A and LS208xA", "layerscape"},
	{"ls1028", "kontron,kbox-a-230-ls kontron,sl28-var4 kontron,sl28 fsl,ls1028a", "NXP Layerscape LS1028A, LX2160A and LX2162A", "layerscape"},
	{"ls1046", "fsl,ls1046a-frwy fsl,ls1046a", "NXP Layerscape LS1021A, LS1043A and LS1046A", "layerscape"},
	{"mediatek", "mediatek,mt2712-evb mediatek,mt2712", "MediaTek", "mediatek"},
	{"nuvoton", "acme,board nuvoton,npcm750", "Nuvoton NPCM and WPCM", ""},
	{"omap", "ti,am3517-craneboard ti,am3517 ti,omap3", "TI OMAP3 to OMAP5, DRA7 and AM57xx", "ti"},
	{"qcom", "qcom,apq8016-sbc qcom,apq8016", "Qualcomm", ""},
	{"rcar3", "beacon,beacon-rzg2m renesas,r8a774a1", "Renesas R-Car Gen3 and RZ/G2", ""},
	{"renesas", "renesas,porter renesas,r8a7791", "Renesas, other than R-Car Gen3, RZ/G2, RZ/V2L and RZ/N1", ""},
	{"rzg2l", "renesas,smarc-evk renesas,r9a07g044l2 renesas,r9a07g044", "Renesas RZ/G2L, RZ/G2UL, RZ/V2L and RZ/Five", ""},
	{"rzn1", "renesas,rzn1d400-db renesas,r9a06g032", "Renesas RZ/N1", ""},
	{"rk3399", "openailab,eaidk-610 rockchip,rk3399", "Rockchip RK3399", "rockchip"},
	{"rk35xx", "zkmagic,a95x-z2 rockchip,rk3318", "Rockchip RK3328 and RK356x", "rockchip"},
	{"rk3528", "radxa,e20c rockchip,rk3528", "Rockchip RK3528", "rockchip"},
	{"rk3576", "radxa,rock-4d rockchip,rk3576", "Rockchip RK3576", "rockchip"},
	{"rk3588", "radxa,rock-5a rockchip,rk3588s", "Rockchip RK3588, RK3588S and RK3582", "rockchip"},
	{"rockchip", "rockchip,rk3036-evb rockchip,rk3036", "Rockchip RK30xx to RK33xx, PX and RV", "rockchip"},
	{"sifive", "sifive,hifive-unleashed-a00 sifive,fu540-c000 sifive,fu540", "SiFive FU540 and FU740", ""},
	{"socfpga", "google,chameleon-v3 enclustra,mercury-aa1 altr,socfpga-arria10 altr,socfpga", "Intel Cyclone V, Arria V and Arria 10 SoC", "socfpga"},
	{"stm32mp1", "pri,prihmb st,stm32mp133", "ST STM32MP1", "stm32"},
	{"stm32mp2", "acme,board st,stm32mp251", "ST STM32MP2", "stm32"},
	{"stratix10", "acme,board altr,socfpga-stratix10", "Intel Stratix 10 and Agilex", ""},
	{"sun20i", "elimo,initium elimo,impetus sochip,s3 allwinner,sun8i-v3", "Allwinner V3, R40, T113 and D1", "allwinner"},
	{"sun50i", "amarula,a64-relic allwinner,sun50i-a64", "Allwinner A64, H5, H6 and H616", "allwinner"},
	{"sun55i", "radxa,cubie-a5e allwinner,sun55i-a527", "Allwinner A523, A527, T527 and H728", "allwinner"},
	{"suniv", "licheepi,licheepi-nano allwinner,suniv-f1c100s", "Allwinner F1C100s and F1C200s", "allwinner"},
	{"sun8i-h3", "bananapi,bpi-m2-plus-v1.2 allwinner,sun8i-h3", "Allwinner H3", "allwinner"},
	{"sunxi", "mele,a1000 allwinner,sun4i-a10", "Allwinner A10 to A83T", "allwinner"},
	{"tegra", "nvidia,norrin nvidia,tegra132 nvidia,tegra124", "NVIDIA Tegra", ""},
	{"versal", "acme,board xlnx,versal", "AMD Versal", ""},
	{"zynq", "acme,board xlnx,zynq-7000", "Xilinx Zynq-7000", "xilinx"},
	{"zynqmp", "avnet,ultra96-rev1 avnet,ultra96 xlnx,zynqmp-zcu100-revC xlnx,zynqmp-zcu100 xlnx,zynqmp", "Xilinx Zynq UltraScale+", "xilinx"},
}

func TestFamilies(t *testing.T) {
	tested := map[string]bool{}
	for _, f := range families {
		tested["machine/family-"+f.file+".json"] = true
		list := Lookup(strings.Fields(f.compatible), Machine{})
		if len(list) == 0 {
			t.Errorf("Lookup(%s) found nothing; want %s", f.compatible, f.name)
			continue
		}
		b := list[len(list)-1]
		if b.Name != f.name || b.ROMFamily != f.rom {
			t.Errorf("Lookup(%s) = %q of ROM family %q; want %q, %q", f.compatible, b.Name, b.ROMFamily, f.name, f.rom)
		}
		if _, ok := b.OrderReadable.Get(); !ok || b.OrderReadable.Basis != report.Documented || len(b.OrderReadable.From) == 0 {
			t.Errorf("%s: order readable %+v; want it stated, with a source", f.name, b.OrderReadable)
		}
	}
	for _, name := range machineFiles(t) {
		if strings.HasPrefix(name, "machine/family-") && !tested[name] {
			t.Errorf("%s: no board tests it", name)
		}
	}
}

// everything is all embedded files, decoded and validated.
func everything(t *testing.T) *knowledge {
	t.Helper()
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	k, err := load(sub)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func machineFiles(t *testing.T) []string {
	t.Helper()
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(sub, "machine/*.json")
	if err != nil || len(names) < 60 {
		t.Fatalf("%d files of machines, %v; want at least 60", len(names), err)
	}
	return names
}

// What a loaded file cannot get wrong is that it lacks a value that is false.
func TestMachineFiles(t *testing.T) {
	total := 0
	for _, name := range machineFiles(t) {
		content, err := fs.ReadFile(embedded, "data/"+name)
		if err != nil {
			t.Fatal(err)
		}
		total += len(content)
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(content, &raw); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s := string(raw["order_readable"]); s != "" && !strings.Contains(s, `"value"`) {
			t.Errorf("%s: order_readable without a value", name)
		}
		if _, ok := raw["order_readable"]; !ok && strings.Contains(name, "family-") {
			t.Errorf("%s: a family says whether the order can be read", name)
		}
	}
	if total >= 110000 {
		t.Errorf("the files of machines have %d bytes; want less than 110000", total)
	}
}

// gptBytes is the size of a GUID partition table with 128 entries: UEFI
// specification 2.10, section 5.3.1, and a protective MBR before it.
const gptBytes = 34 * 512

func TestMachinesAgree(t *testing.T) {
	k := everything(t)
	for i := range k.machines {
		b := k.machines[i].board("test", k.machines[i].Compatible)
		if b.ROMFamily != "" && !slices.Contains(romheader.Families(), b.ROMFamily) {
			t.Errorf("%s: ROM family %q is none of romheader", b.Name, b.ROMFamily)
		}
		for _, s := range b.Straps {
			if s.Address%4 != 0 || s.High > 31 || s.Low > s.High || len(s.From) == 0 {
				t.Errorf("%s: strap %+v; want a field of a word, with a source", b.Name, s)
			}
			if b.ROMFamily == "rockchip" && s.Class != ClassX {
				t.Errorf("%s: %s is in the SRAM of the firmware; want class X", b.Name, s.Name)
			}
		}
		for _, l := range b.LoaderOffsets {
			want := l.OffsetBytes < gptBytes && (l.Medium == "sd" || l.Medium == "emmc-user")
			if l.CollidesWithGPT != want {
				t.Errorf("%s: %s at %d collides with a GPT %v; want %v", b.Name, l.Medium, l.OffsetBytes, l.CollidesWithGPT, want)
			}
			checkPlace(t, b, l)
		}
	}
}

// checkPlace wants the place to be one of romheader, which has others as well.
func checkPlace(t *testing.T, b Board, l LoaderOffset) {
	t.Helper()
	areas := map[string]string{"sd": "user", "emmc-user": "user", "emmc-boot": "boot", "spi-nor": "spi"}
	if b.ROMFamily == "" || areas[l.Medium] == "" {
		return // romheader knows no place of NAND and UFS
	}
	for _, p := range romheader.Places(b.ROMFamily) {
		if p.Area == areas[l.Medium] && p.OffsetBytes == l.OffsetBytes {
			return
		}
	}
	// Where the two say different things on purpose.
	known := []string{
		"NXP i.MX 6 spi-nor 1024", "NXP i.MX 6UL, 6ULL and 6ULZ spi-nor 1024", // as on the other media
		"Amlogic G12 and SM1 spi-nor 512", "Amlogic GX and AXG spi-nor 512",
	}
	if what := fmt.Sprintf("%s %s %d", b.Name, l.Medium, l.OffsetBytes); !slices.Contains(known, what) {
		t.Errorf("%s: not a place of romheader", what)
	}
}

func TestStrapMedia(t *testing.T) {
	for _, c := range []struct {
		compatible, name string
		register         uint32
		want             string
	}{
		{"fsl,imx6q", "SRC_SBMR2 BMOD", 0x02000001, "straps"},
		{"fsl,imx6q", "SRC_SBMR1 BOOT_CFG1", 0x00002860, "emmc"},
		{"fsl,imx6q", "SRC_SBMR1 BOOT_CFG1", 0x00000010, "?"},
		{"fsl,imx6q", "SRC_SBMR1 BOOT_CFG1", 0x00000020, "sata"},
		{"fsl,imx6dl", "SRC_SBMR1 BOOT_CFG1", 0x00000020, "?"},   // it has no SATA
		{"fsl,imx6q", "SRC_SBMR1 BOOT_CFG1", 0x00000008, "nand"}, // OneNAND
		{"fsl,imx6q", "SRC_GPR9", 0x00000010, "usb"},             // what U-Boot's bmode usb leaves
		{"fsl,imx6sx", "SRC_GPR9", 0x00000010, "?"},
		{"fsl,imx6ull", "SRC_GPR9", 0x00000020, "usb"},
		{"fsl,imx7d", "SRC_SBMR2 BT_FUSE_SEL", 0, "usb"},
		{"fsl,imx8mq", "SRC_SBMR2 BT_FUSE_SEL", 0x10, "fuses"},
		{"fsl,imx93", "SRC_SBMR2 BOOT_MODE", 0x02000000, "emmc"},
		{"fsl,imx53", "SRC_SBMR BOOT_CFG1", 0x00000030, "spi-nor"},
		{"fsl,imx51", "SRC_SBMR BMOD", 3 << 14, "usb"},
		{"fsl,imx6ul", "SRC_SBMR1 BOOT_CFG1", 0x00000010, "spi-nor"},
		{"fsl,imx8mm", "SRC_SBMR1 BOOT_CFG", 0x00004000, "spi-nor"},
		{"fsl,imx8mp", "SRC_SBMR2 BOOT_MODE", 0x03000000, "sd"},
		{"fsl,imx8mn", "SRC_SBMR2 BOOT_MODE", 0x04000000, "?"},
		{"ti,am33xx", "CONTROL_STATUS SYSBOOT", 0x0040031c, "mmc1 mmc0 uart usb"},
		{"ti,am33xx", "CONTROL_STATUS SYSBOOT", 0x00400318, "spi-nor mmc0 usb uart"},
		// SW3 11000010 and SW2 01000000 of the AM62 starter kit, bit 0 first: the SD card.
		{"ti,am625", "MAIN_DEVSTAT primary boot mode", 0x00000243, "mmc"},
		{"ti,am625", "MAIN_DEVSTAT primary boot mode", 0x0000004b, "emmc"},
		{"ti,am625", "MAIN_DEVSTAT backup boot mode", 0x00000443, "usb"},
		{"fsl,ls1046a", "DCFG PORSR1 RCW_SRC", 0x00000020, "mmc"}, // 0x20000000 on the bus
		{"fsl,ls1046a", "DCFG PORSR1 RCW_SRC", 0x00008022, "spi-nor"},
		{"fsl,ls1043a", "DCFG PORSR1 RCW_SRC", 0, "spi-nor"}, // erratum A-010539
		{"fsl,ls1021a", "DCFG PORSR1 RCW_SRC", 0, "?"},
		{"fsl,lx2160a", "DCFG PORSR1 RCW_SRC", 8 << 23, "mmc0"},
		{"fsl,ls1088a", "DCFG PORSR1 RCW_SRC", 0x41 << 23, "emmc"},
		{"ti,am62a7", "MAIN_DEVSTAT primary boot mode", 0, "spi-nand"},
		{"ti,am625", "MAIN_DEVSTAT primary boot mode", 0, "?"},
		{"ti,j722s", "MAIN_DEVSTAT primary boot mode", 0xd << 3, "spi-nor"},
		{"ti,am642", "MAIN_DEVSTAT primary boot mode", 0xd << 3, "pcie"},
		{"ti,dra7", "CONTROL_STATUS SYSBOOT", 2, "sd"},
		{"samsung,exynos4", "PMU OM_STAT", 4 << 1, "emmc usb"},
		{"samsung,exynos5", "PMU OM_STAT", 20 << 1, "emmc sd"},
		{"renesas,r8a7795", "RST MODEMR", 5 << 1, "emmc"},
		{"renesas,r9a07g044", "SYS_LSI_MODE", 1, "emmc"},
		{"st,stm32mp257", "TAMP boot context", 0x8000, "nor"},
		{"xlnx,zynqmp", "CRL_APB BOOT_MODE", 8, "jtag"},
		{"xlnx,zynqmp", "CRL_APB BOOT_MODE", 0xe6, "emmc"},
		{"marvell,armada380", "SAR1 boot device", 0x30 << 4, "mmc"},
		{"marvell,armada380", "SAR1 boot device", 0x17 << 4, "nor"},
		{"marvell,armada380", "SAR1 boot device", 0x3d << 4, "?"},
		{"altr,socfpga-cyclone5 altr,socfpga", "SYSMGR BOOTINFO BSEL", 0x3d, "mmc"},
		{"starfive,jh7110", "BOOT_MODE_SELECT", 2, "emmc"},
	} {
		list := Lookup(strings.Fields(c.compatible), Machine{})
		if len(list) != 1 {
			t.Fatalf("Lookup(%s) found %d", c.compatible, len(list))
		}
		i := slices.IndexFunc(list[0].Straps, func(s Strap) bool { return s.Name == c.name })
		if i < 0 {
			t.Errorf("%s: no strap %s", c.compatible, c.name)
			continue
		}
		got := "?"
		if media, ok := list[0].Straps[i].Media(c.register); ok {
			got = strings.Join(media, " ")
		}
		if got != c.want {
			t.Errorf("%s %s of %#x = %s; want %s", c.compatible, c.name, c.register, got, c.want)
		}
	}
	if v := (Strap{High: 31}).Value(0xfedcba98); v != 0xfedcba98 {
		t.Errorf("value of 31:0 = %#x; want the whole word", v)
	}
}

func TestLookupOnce(t *testing.T) {
	list := Lookup([]string{"acme,board", "rockchip,rk3588s", "rockchip,rk3588"}, Machine{})
	if len(list) != 1 || list[0].Match != "rockchip,rk3588s" {
		t.Errorf("Lookup(rk3588s, rk3588) = %d boards; want the family once, by the first", len(list))
	}
	list[0].Straps[0].Means[0].Media[0] = "changed"
	list[0].LoaderOffsets[0].From[0] = "changed"
	again := Lookup([]string{"rockchip,rk3588"}, Machine{})
	if again[0].Straps[0].Means[0].Media[0] == "changed" || again[0].LoaderOffsets[0].From[0] == "changed" {
		t.Error("a change of what Lookup gave changes the knowledge")
	}
}

// testdata/compatibles.txt has what follows the board in the root compatibles
// of all arm64 device trees of Linux 6.12 as Debian builds it, and in how many
// different lists it is.
func TestCoverage(t *testing.T) {
	f, err := os.Open("testdata/compatibles.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	covered, total := 0, 0
	by, missing := map[string]int{}, []string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		n := 0
		if _, err := fmt.Sscan(fields[0], &n); err != nil || n <= 0 || len(fields) < 2 {
			t.Fatalf("line %q; want a number and compatibles", lines.Text())
		}
		total += n
		if list := Lookup(fields[1:], Machine{}); len(list) > 0 {
			covered += n
			by[list[len(list)-1].Name] += n
		} else {
			missing = append(missing, lines.Text())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		t.Logf("%4d %s", by[name], name)
	}
	t.Logf("%d of %d; not covered: %q", covered, total, missing)
	if total < 900 || covered*100 < total*80 {
		t.Errorf("%d of %d boards have a family; want 80 percent of at least 900", covered, total)
	}
}

func TestMachineRefuses(t *testing.T) {
	const file = `{"name":"n","sources":{"w":"u-boot:abc:doc/x.rst"},"compatible":["a,b"],"order_readable":{"value":true,"from":["w"]},
		"straps":[{"name":"R","address":"0x10","bits":"3:0","means":{"0":"sd","2-3":"emmc usb"},"node":"a,c","class":"A","from":["w"],"if":{"0x14 7:4":"1 2"}}],
		"loader_offsets":[{"medium":"sd emmc-user","offset_bytes":8192,"what":"x","collides_with_gpt":true,"from":["w"]}]}`
	tree := good()
	tree["machine/some.json"] = &fstest.MapFile{Data: []byte(file)}
	k, err := load(tree)
	if err != nil {
		t.Fatalf("load = %v", err)
	}
	b := k.lookup([]string{"a,b"}, Machine{})[0]
	const cited = "U-Boot, doc/x.rst, https://github.com/u-boot/u-boot/blob/abc/doc/x.rst"
	if len(b.LoaderOffsets) != 2 || b.LoaderOffsets[1].Medium != "emmc-user" || b.Straps[0].From[0] != cited || b.OrderReadable.From[0] != cited {
		t.Errorf("board = %+v; want two places and the citation %s", b, cited)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"0x10"`, `"0x12"`, "address"},
		{`"0x10"`, `"16"`, "address"},
		{`"3:0"`, `"0:3"`, "bits"},
		{`"3:0"`, `"32:0"`, "bits"},
		{`"3:0"`, `"3"`, "bits"},
		{`"class":"A"`, `"class":"C"`, "class"},
		{`"node":"a,c"`, `"node":""`, "without a node"},
		{`0x14 7:4`, `0x15 7:4`, "address"},
		{`0x14 7:4`, `0x14`, "bits"},
		{`"1 2"`, `"1 16"`, "no number of the field"},
		{`"name":"R"`, `"name":""`, "no name"},
		{`"0":"sd"`, `"3":"sd"`, "two meanings"},
		{`"0":"sd"`, `"16":"sd"`, "no number of the field"},
		{`"0":"sd"`, `"x":"sd"`, "no number of the field"},
		{`"2-3"`, `"3-2"`, "no number of the field"},
		{`"0":"sd"`, `"0":"floppy"`, "none of ours"},
		{`"0":"sd"`, `"0":""`, "means nothing"},
		{`"class":"A","from":["w"],`, `"class":"A","from":[],`, "no citation"},
		{`"sd emmc-user"`, `"tape"`, "none of ours"},
		{`"sd emmc-user"`, `""`, "missing"},
		{`8192`, `-1`, "missing"},
		{`true,"from":["w"]}]`, `true,"from":["v"]}]`, "no address"},
		{`"w":"u-boot`, `"v":"x https://x","w":"u-boot`, "states nothing"},
		{`u-boot:abc:doc/x.rst`, `u-boat:abc:doc/x.rst`, "no address"},
		{`{"value":true,`, `{"value":false,`, "no note"},
		{`"bits"`, `"bit"`, "unknown field"},
	} {
		if !strings.Contains(file, c.old) {
			t.Fatalf("no %s in the file", c.old)
		}
		tree["machine/some.json"] = &fstest.MapFile{Data: []byte(strings.Replace(file, c.old, c.new, 1))}
		if _, err := load(tree); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: load = %v; want an error with %q", c.new, c.old, err, c.want)
		}
	}
}

// What is found by decoding only the files that mention a board is what is found
// among all files.
func TestLookupIsThatOfAllFiles(t *testing.T) {
	k := everything(t)
	machines := 0
	for _, m := range k.machines {
		for _, c := range m.Compatible {
			list := []string{"acme,board", c, "fsl,imx8mp"}
			if a, b := fmt.Sprintf("%+v", Lookup(list, Machine{})), fmt.Sprintf("%+v", k.lookup(list, Machine{})); a != b {
				t.Errorf("Lookup(%s) = %s; want %s", c, a, b)
			}
			machines++
		}
		for _, d := range m.DMI {
			d.Vendor = strings.ToUpper(d.Vendor)
			if a, b := fmt.Sprintf("%+v", Lookup(nil, d)), fmt.Sprintf("%+v", k.lookup(nil, d)); a != b || len(k.lookup(nil, d)) == 0 {
				t.Errorf("Lookup(%+v) = %s; want %s", d, a, b)
			}
			machines++
		}
	}
	if machines < 150 {
		t.Errorf("%d names of boards; want at least 150", machines)
	}
	all, err := radios()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range all.byID {
		if got, ok := radio(id); !ok || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("radio(%s) = %+v; want %+v", id, got, want)
		}
	}
}

// What was once wrong or lacking about a SoC: a text that its entry has now.
func TestMachineFacts(t *testing.T) {
	for _, c := range []struct{ compatible, has string }{
		{"fsl,imx93", "0x08 OEM open, 0x20 OEM closed, 0x100 OEM locked"},
		{"fsl,imx95", "0x10 OEM open"},
		{"fsl,imx8qxp", "{emmc-boot 32768"},
		{"fsl,imx8qm", "0x80 OEM closed"},
		{"fsl,imx6ul", "{spi-nor 4096"},
		{"fsl,imx6sx", "{spi-nor 4096"},
		{"fsl,imx8mm", "{emmc-boot 1024"},
		{"fsl,imx8mn", "8M Nano with an empty eMMC tries the SD card"},
		{"ti,am625-sk ti,am625", "SW1 11000010 and SW2 01000000 SD card"},
		{"ti,am62a7-sk ti,am62a7", "SW3 01000000 SD card"},
		{"fsl,imx8mq-evk fsl,imx8mq", "SW801 (1100: SD card, 0010: eMMC)"},
		{"rockchip,rk3588", "0.6 V eMMC"},
		{"rockchip,rk3588", "SPI NOR flash (FSPI M2, M1, M0) eMMC SD card USB"},
		{"rockchip,rk3576", "at most two media"},
		{"rockchip,px30", "{spi-nor 65536"},
		{"allwinner,sun7i-a20", "SD card NAND eMMC SPI NOR flash USB (FEL)"},
		{"allwinner,sun8i-v3s", "SPI NAND flash"},
		{"allwinner,sun50i-h616", "{sd 262144"},
		{"raspberrypi,4-compute-module brcm,bcm2711", "[SPI EEPROM USB device mode]"},
		{"raspberrypi,5-model-b brcm,bcm2712", "nRPIBOOT"},
		{"marvell,armada380", "{emmc-boot 0"},
		{"marvell,armada3720", "{sd 512"},
		{"xlnx,zynq-7000", "boot.bin"},
		{"altr,socfpga", "type 0xa2"},
		{"hisilicon,hi3798cv200", "fastboot.bin"},
		{"winlink,e850-96 samsung,exynos850", "SW1: 0000 eMMC then USB"},
		{"nvidia,tegra234", "BR-BCT"},
		{"fsl,ls1028a", "{sd 4096"},
	} {
		var text strings.Builder
		for _, b := range Lookup(strings.Fields(c.compatible), Machine{}) {
			fmt.Fprintln(&text, b.BootMode.Value, b.ROMOrder.Value, b.SecureBoot.Value, b.Note.Value, b.LoaderOffsets)
		}
		if !strings.Contains(text.String(), c.has) {
			t.Errorf("%s: %s; want %q", c.compatible, text.String(), c.has)
		}
	}
	for compatible, lacks := range map[string]string{
		"fsl,imx6q": "{spi-nor 4096", "fsl,imx8qm": "{emmc-boot 32768", "allwinner,sun50i-h616": "{sd 131072", "allwinner,sun50i-a64": "{sd 262144", "ti,am625-sk": "SW3",
	} {
		if text := fmt.Sprint(Lookup([]string{compatible}, Machine{})); strings.Contains(text, lacks) {
			t.Errorf("%s: %s; want it without %q", compatible, text, lacks)
		}
	}
}

// A lock is closed by the values that its source names, and an SoC that was
// given back to its maker is open again.
func TestLockStates(t *testing.T) {
	lock := func(compatible string) Lock {
		t.Helper()
		list := Lookup([]string{compatible}, Machine{})
		if len(list) != 1 || len(list[0].Locks) != 1 {
			t.Fatalf("%s: %+v; want one lock", compatible, list)
		}
		return list[0].Locks[0]
	}
	for _, c := range []struct {
		compatible, value, want string
	}{
		{"st,stm32mp257", "0", "capable"}, {"st,stm32mp257", "1", "enforced"}, {"st,stm32mp257", "8", "enforced"}, {"st,stm32mp257", "15", "enforced"},
		{"st,stm32mp135", "62", "capable"}, {"st,stm32mp135", "63", "enforced"}, {"st,stm32mp157", "1", "enforced"},
		{"allwinner,sun50i-h616", "1", "enforced"}, {"allwinner,sun50i-h616", "0", ""},
		{"fsl,ls1046a", "1", "enforced"}, {"fsl,ls1046a", "0", ""},
	} {
		if got, _ := lock(c.compatible).State(c.value); got != c.want {
			t.Errorf("%s: %s is %q; want %q", c.compatible, c.value, got, c.want)
		}
	}
	for _, c := range []struct {
		compatible string
		word       uint32
		want       bool
	}{{"fsl,imx8mp", 0x28001405, true}, {"fsl,imx8mp", 1, false}, {"fsl,imx8mn", 3, true}, {"fsl,imx6q", 2, false}, {"fsl,imx7d", 1, true}} {
		if got := lock(c.compatible).Returned.Holds(c.word); got != c.want {
			t.Errorf("%s: field return of %#x = %v; want %v", c.compatible, c.word, got, c.want)
		}
	}
}
