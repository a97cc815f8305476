package boards

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/boardprobe/boardprobe/report"
)

// summary is what a core states, in one line: vendor, name, platform,
// architecture, whether 32-bit programs run (-: not stated), compatibles.
func summary(info CoreInfo) string {
	aarch32 := "-"
	if v, ok := info.AArch32.Get(); ok {
		aarch32 = fmt.Sprint(v)
	}
	return strings.Join([]string{info.Vendor.Value, info.Name.Value, info.Platform.Value, info.Architecture.Value, aarch32, strings.Join(info.Compatible.Value, " ")}, "|")
}

func TestCore(t *testing.T) {
	for signature, want := range map[string]string{
		// Everything that arch/arm64/include/asm/cputype.h of Linux 7.2 names.
		"midr:0x41:0xd0f": "Arm|AEM v8 model|||-|arm,armv8",
		"midr:0x41:0xd00": "Arm|Foundation model|||-|arm,armv8",
		"midr:0x41:0xd07": "Arm|Cortex-A57||armv8.0-a|true|arm,cortex-a57",
		"midr:0x41:0xd08": "Arm|Cortex-A72||armv8.0-a|true|arm,cortex-a72",
		"midr:0x41:0xd03": "Arm|Cortex-A53||armv8.0-a|true|arm,cortex-a53",
		"midr:0x41:0xd09": "Arm|Cortex-A73||armv8.0-a|true|arm,cortex-a73",
		"midr:0x41:0xd0a": "Arm|Cortex-A75||armv8.2-a|true|arm,cortex-a75",
		"midr:0x41:0xd04": "Arm|Cortex-A35||armv8.0-a|true|arm,cortex-a35",
		"midr:0x41:0xd05": "Arm|Cortex-A55||armv8.2-a|true|arm,cortex-a55 qcom,kryo qcom,kryo660 qcom,kryo670 qcom,kryo685",
		"midr:0x41:0xd0b": "Arm|Cortex-A76||armv8.2-a|true|arm,cortex-a76",
		"midr:0x41:0xd0c": "Arm|Neoverse N1||armv8.2-a|true|arm,neoverse-n1",
		"midr:0x41:0xd0d": "Arm|Cortex-A77||armv8.2-a|true|arm,cortex-a77 qcom,kryo485 qcom,kryo560 qcom,kryo570",
		"midr:0x41:0xd0e": "Arm|Cortex-A76AE||armv8.2-a|true|",
		"midr:0x41:0xd40": "Arm|Neoverse V1||armv8.4-a|true|arm,neoverse-v1",
		"midr:0x41:0xd41": "Arm|Cortex-A78||armv8.2-a|true|arm,cortex-a78 qcom,kryo qcom,kryo660 qcom,kryo670 qcom,kryo685",
		"midr:0x41:0xd42": "Arm|Cortex-A78AE||armv8.2-a|true|arm,cortex-a78ae",
		"midr:0x41:0xd44": "Arm|Cortex-X1||armv8.2-a|true|arm,cortex-x1 qcom,kryo685",
		"midr:0x41:0xd46": "Arm|Cortex-A510||armv9.0-a|-|arm,cortex-a510", // 32-bit programs: an option of later revisions
		"midr:0x41:0xd80": "Arm|Cortex-A520||armv9.2-a|false|arm,cortex-a520",
		"midr:0x41:0xd47": "Arm|Cortex-A710||armv9.0-a|true|arm,cortex-a710",
		"midr:0x41:0xd4d": "Arm|Cortex-A715||armv9.0-a|false|arm,cortex-a715",
		"midr:0x41:0xd48": "Arm|Cortex-X2||armv9.0-a|-|arm,cortex-x2",
		"midr:0x41:0xd49": "Arm|Neoverse N2||armv9.0-a|true|arm,neoverse-n2",
		"midr:0x41:0xd4b": "Arm|Cortex-A78C||armv8.2-a|true|arm,cortex-a78c",
		"midr:0x41:0xd4c": "Arm|Cortex-X1C||armv8.2-a|true|arm,cortex-x1c",
		"midr:0x41:0xd4e": "Arm|Cortex-X3||armv9.0-a|false|arm,cortex-x3",
		"midr:0x41:0xd4f": "Arm|Neoverse V2||armv9.0-a|false|arm,neoverse-v2",
		"midr:0x41:0xd81": "Arm|Cortex-A720||armv9.2-a|false|arm,cortex-a720",
		"midr:0x41:0xd82": "Arm|Cortex-X4||armv9.2-a|false|arm,cortex-x4",
		"midr:0x41:0xd83": "Arm|Neoverse V3AE||armv9.2-a|-|arm,neoverse-v3ae",
		"midr:0x41:0xd84": "Arm|Neoverse V3||armv9.2-a|-|arm,neoverse-v3",
		"midr:0x41:0xd85": "Arm|Cortex-X925||armv9.2-a|-|arm,cortex-x925",
		"midr:0x41:0xd87": "Arm|Cortex-A725||armv9.2-a|false|arm,cortex-a725",
		"midr:0x41:0xd89": "Arm|Cortex-A720AE||armv9.2-a|-|arm,cortex-a720ae",
		"midr:0x41:0xd8c": "Arm|C1-Ultra||armv9.3-a|-|arm,c1-ultra",
		"midr:0x41:0xd8e": "Arm|Neoverse N3||armv9.2-a|-|arm,neoverse-n3",
		"midr:0x41:0xd8b": "Arm|C1-Pro||armv9.3-a|-|arm,c1-pro",
		"midr:0x41:0xd90": "Arm|C1-Premium||armv9.3-a|-|arm,c1-premium",
		"midr:0x50:0x000": "APM|X-Gene||armv8.0-a|true|apm,potenza apm,strega",
		"midr:0x43:0x0a1": "Cavium|ThunderX 88XX||armv8.0-a|false|cavium,thunder",
		"midr:0x43:0x0a2": "Cavium|ThunderX 81XX||armv8.0-a|false|",
		"midr:0x43:0x0a3": "Cavium|ThunderX 83XX||armv8.0-a|false|",
		"midr:0x43:0x0af": "Cavium|ThunderX2||armv8.1-a|-|cavium,thunder2",
		"midr:0x43:0x0b1": "Cavium|OcteonTX2 98XX||armv8.2-a|-|",
		"midr:0x43:0x0b2": "Cavium|OcteonTX2 96XX||armv8.2-a|-|",
		"midr:0x43:0x0b3": "Cavium|OcteonTX2 95XX||armv8.2-a|-|",
		"midr:0x43:0x0b4": "Cavium|OcteonTX2 95XXN||armv8.2-a|-|",
		"midr:0x43:0x0b5": "Cavium|OcteonTX2 95XXMM||armv8.2-a|-|",
		"midr:0x43:0x0b6": "Cavium|OcteonTX2 95XXO|||-|",
		"midr:0x42:0x100": "Broadcom|Brahma-B53|||true|brcm,brahma-b53",
		"midr:0x42:0x516": "Broadcom|Vulcan||armv8.1-a|-|brcm,vulcan",
		"midr:0x51:0x800": "Qualcomm|Kryo 2xx Gold or Falkor v1|||-|qcom,kryo240 qcom,kryo250 qcom,kryo260 qcom,kryo280",
		"midr:0x51:0xc00": "Qualcomm|Falkor||armv8.0-a|-|",
		"midr:0x51:0x200": "Qualcomm|Kryo||armv8.0-a|true|qcom,kryo",
		"midr:0x51:0x801": "Qualcomm|Kryo 2xx Silver|||-|qcom,kryo240 qcom,kryo250 qcom,kryo260 qcom,kryo280",
		"midr:0x51:0x802": "Qualcomm|Kryo 3xx Gold|||-|qcom,kryo360 qcom,kryo385",
		"midr:0x51:0x803": "Qualcomm|Kryo 3xx Silver|||-|qcom,kryo360 qcom,kryo385",
		"midr:0x51:0x804": "Qualcomm|Kryo 4xx Gold|||-|qcom,kryo465 qcom,kryo468 qcom,kryo470 qcom,kryo485",
		"midr:0x51:0x805": "Qualcomm|Kryo 4xx or 5xx Silver|||-|qcom,kryo465 qcom,kryo468 qcom,kryo470 qcom,kryo485 qcom,kryo560 qcom,kryo570",
		"midr:0x51:0x001": "Qualcomm|Oryon||armv8.6-a|-|qcom,oryon qcom,oryon-1-1 qcom,oryon-1-2 qcom,oryon-1-3 qcom,oryon-1-4 qcom,oryon-1-5",
		"midr:0x4e:0x003": "NVIDIA|Denver 2|||-|nvidia,tegra186-denver",
		"midr:0x4e:0x004": "NVIDIA|Carmel||armv8.2-a|-|nvidia,tegra194-carmel",
		"midr:0x4e:0x010": "NVIDIA|Olympus||armv9.2-a|-|",
		"midr:0x46:0x001": "Fujitsu|A64FX||armv8.2-a|false|",
		"midr:0x48:0xd01": "HiSilicon|TaiShan v110||armv8.2-a|-|",
		"midr:0x48:0xd02": "HiSilicon|TaiShan v120|||-|",
		"midr:0x48:0xd06": "HiSilicon|HIP12||armv8.7-a|-|",
		"midr:0x61:0x022": "Apple|Icestorm|M1|armv8.4-a|false|apple,icestorm",
		"midr:0x61:0x023": "Apple|Firestorm|M1|armv8.4-a|false|apple,firestorm",
		"midr:0x61:0x024": "Apple|Icestorm|M1 Pro|armv8.4-a|-|apple,icestorm",
		"midr:0x61:0x025": "Apple|Firestorm|M1 Pro|armv8.4-a|-|apple,firestorm",
		"midr:0x61:0x028": "Apple|Icestorm|M1 Max|armv8.4-a|-|apple,icestorm",
		"midr:0x61:0x029": "Apple|Firestorm|M1 Max|armv8.4-a|-|apple,firestorm",
		"midr:0x61:0x032": "Apple|Blizzard|M2|armv8.6-a|-|apple,blizzard",
		"midr:0x61:0x033": "Apple|Avalanche|M2|armv8.6-a|-|apple,avalanche",
		"midr:0x61:0x034": "Apple|Blizzard|M2 Pro|armv8.6-a|-|apple,blizzard",
		"midr:0x61:0x035": "Apple|Avalanche|M2 Pro|armv8.6-a|-|apple,avalanche",
		"midr:0x61:0x038": "Apple|Blizzard|M2 Max|armv8.6-a|-|apple,blizzard",
		"midr:0x61:0x039": "Apple|Avalanche|M2 Max|armv8.6-a|-|apple,avalanche",
		"midr:0xc0:0xac3": "Ampere|Ampere-1||armv8.6-a|-|",
		"midr:0xc0:0xac4": "Ampere|Ampere-1A||armv8.6-a|-|",
		"midr:0x6d:0xd49": "Microsoft|Azure Cobalt 100||armv9.0-a|-|",
		// What arch/arm/include/asm/cputype.h has beyond that.
		"midr:0x41:0xb36": "Arm|ARM1136||armv6|true|arm,arm1136j-s arm,arm1136jf-s",
		"midr:0x41:0xb56": "Arm|ARM1156||armv6t2|true|arm,arm1156t2-s arm,arm1156t2f-s",
		"midr:0x41:0xb76": "Arm|ARM1176||armv6kz|true|arm,arm1176jzf arm,arm1176jz-s arm,arm1176jzf-s",
		"midr:0x41:0xb02": "Arm|ARM11 MPCore||armv6k|true|arm,arm11mpcore",
		"midr:0x41:0xc05": "Arm|Cortex-A5||armv7-a|true|arm,cortex-a5",
		"midr:0x41:0xc07": "Arm|Cortex-A7||armv7-a|true|arm,cortex-a7",
		"midr:0x41:0xc08": "Arm|Cortex-A8||armv7-a|true|arm,cortex-a8",
		"midr:0x41:0xc09": "Arm|Cortex-A9||armv7-a|true|arm,cortex-a9",
		"midr:0x41:0xc0d": "Arm|Cortex-A12||armv7-a|true|arm,cortex-a12",
		"midr:0x41:0xc0e": "Arm|Cortex-A17||armv7-a|true|arm,cortex-a17",
		"midr:0x41:0xc0f": "Arm|Cortex-A15||armv7-a|true|arm,cortex-a15",
		"midr:0x42:0x00f": "Broadcom|Brahma-B15||armv7-a|true|brcm,brahma-b15",
		"midr:0x44:0xa11": "DEC|SA1100||armv4|true|intel,sa1100",
		"midr:0x69:0xb11": "Intel|SA1110||armv4|true|",
		"midr:0x51:0x02d": "Qualcomm|Scorpion||armv7-a|true|qcom,scorpion",
		// What util-linux has beyond that, and others.
		"midr:0x41:0x926": "Arm|ARM926||armv5tej|true|arm,arm926ej-s arm,arm926e-s",
		"midr:0x41:0xd01": "Arm|Cortex-A32||armv8.0-a|true|arm,cortex-a32",
		"midr:0x41:0xd02": "Arm|Cortex-A34||armv8.0-a|false|arm,cortex-a34",
		"midr:0x41:0xd06": "Arm|Cortex-A65||armv8.2-a|-|arm,cortex-a65",
		"midr:0x41:0xd4a": "Arm|Neoverse E1||armv8.2-a|-|arm,neoverse-e1",
		"midr:0x41:0xd8f": "Arm|Cortex-A320||armv9.2-a|false|arm,cortex-a320",
		"midr:0x4e:0x000": "NVIDIA|Denver|||-|nvidia,tegra132-denver",
		"midr:0x51:0x06f": "Qualcomm|Krait||armv7-a|true|qcom,krait",
		"midr:0x51:0x211": "Qualcomm|Kryo||armv8.0-a|true|qcom,kryo",
		"midr:0x53:0x001": "Samsung|Exynos M1 or M2||armv8.0-a|true|samsung,mongoose-m2",
		"midr:0x48:0xd03": "HiSilicon|Kunpeng-920|||-|",
		"midr:0x53:0x002": "Samsung|Exynos M3||armv8.0-a|true|samsung,mongoose-m3",
		"midr:0x53:0x003": "Samsung|Exynos M4||armv8.2-a|true|",
		"midr:0x53:0x004": "Samsung|Exynos M5||armv8.2-a|true|samsung,mongoose-m5",
		"midr:0x54:0x925": "Texas Instruments|ARM925T||armv4t|true|arm,arm925",
		"midr:0x56:0x131": "Marvell|Feroceon 88FR131||armv5te|true|marvell,feroceon",
		"midr:0x56:0x581": "Marvell|PJ4 or PJ4B||armv7-a|true|marvell,pj4a marvell,pj4b marvell,sheeva-v7",
		"midr:0x56:0x584": "Marvell|PJ4B-MP||armv7-a|true|marvell,pj4b marvell,sheeva-v7",
		"midr:0x66:0x526": "Faraday|FA526||armv4|true|faraday,fa526",
		"midr:0x70:0x663": "Phytium|FTC663|||-|",
		"midr:0x61:0x021": "Apple|Firestorm|A14|armv8.4-a|-|apple,firestorm",
		// RISC-V. The first two are as recorded by util-linux on a VisionFive 2
		// and a Milk-V Pioneer (tests/ts/lscpu/dumps).
		"riscv:0x489:0x8000000000000007:rv64imafdc_zicntr_zicsr_zifencei_zihpm_zba_zbb": "SiFive|7-series (U74, S7)|||-|sifive,bullet0 sifive,u74-mc sifive,u74 sifive,u7 sifive,s7 sifive,e7 sifive,e71",
		"riscv:0x5b7:0x0:rv64imafdcv":               "T-Head|C906, C910 or C920|||-|thead,c906 thead,c910 thead,c920",
		"riscv:0x489:0x1:rv64imafdc":                "SiFive|Rocket (U54, E51)|||-|sifive,rocket0 sifive,u54-mc sifive,e51 sifive,u54 sifive,u5 sifive,e5",
		"riscv:0x489:0x8000000000000008":            "SiFive|P550|||-|sifive,p550",
		"riscv:0x489:0x8000000000000308":            "SiFive|P650, or another by its mimpid|||-|",
		"riscv:0x489:0x8000000000000107":            "SiFive|7-series|||-|",
		"riscv:0x5b7:0x8000000009140d00":            "T-Head|C908|||-|thead,c908",
		"riscv:0x5b7:0x80000000090c0d00":            "T-Head|C920v2|||-|thead,c920",
		"riscv:0x710:0x8000000058000001":            "SpacemiT|X60|||-|spacemit,x60",
		"riscv:0x31e:0x8000000000008a45":            "Andes|AX45MP|||-|andestech,ax45mp",
		"riscv:0x61f:0x8000000000010000":            "Ventana|Veyron V1|||-|",
		"riscv:0x67e:0x80000000db000090":            "StarFive|Dubhe-80|||-|",
		"riscv:0x602:0x3:rv64imafdc":                "OpenHW Group|CVA6|||-|",
		"riscv:0x0:0x2a:rv64imafdch":                "|QEMU|||-|",
		"riscv:0x29:0x21":                           "Microchip|VexRiscv|||-|",
		"riscv:0x0:0x1":                             "|Rocket|||-|", // not one of SiFive's
		"x86:GenuineIntel:6:28":                     "Intel|Bonnell|Diamondville or Pineview||-|",
		"x86:GenuineIntel:6:54":                     "Intel|Saltwell|Cedarview||-|",
		"x86:GenuineIntel:6:55":                     "Intel|Silvermont|Bay Trail||-|",
		"x86:GenuineIntel:6:76":                     "Intel|Airmont|Cherry Trail or Braswell||-|",
		"x86:GenuineIntel:6:92":                     "Intel|Goldmont|Apollo Lake||-|",
		"x86:GenuineIntel:6:122":                    "Intel|Goldmont Plus|Gemini Lake||-|",
		"x86:GenuineIntel:6:150":                    "Intel|Tremont|Elkhart Lake||-|",
		"x86:GenuineIntel:6:156":                    "Intel|Tremont|Jasper Lake||-|",
		"x86:GenuineIntel:6:190":                    "Intel|Gracemont|Alder Lake-N||-|",
		"x86:GenuineIntel:6:142":                    "Intel|Skylake|Kaby Lake||-|",
		"x86:GenuineIntel:6:140":                    "Intel|Willow Cove|Tiger Lake||-|",
		"x86:GenuineIntel:6:154":                    "Intel|Golden Cove and Gracemont|Alder Lake||-|",
		"x86:GenuineIntel:5:9":                      "Intel|Quark X1000|||-|",
		"x86:AuthenticAMD:5:10":                     "AMD|Geode LX|||-|",
		"x86:AuthenticAMD:20:2":                     "AMD|Bobcat|||-|",
		"x86:AuthenticAMD:22:0":                     "AMD|Jaguar|Kabini||-|",
		"x86:AuthenticAMD:22:48":                    "AMD|Jaguar|Mullins||-|",
		"x86:AuthenticAMD:21:2":                     "AMD|Piledriver|Orochi||-|",
		"x86:AuthenticAMD:21:112":                   "AMD|Excavator|Stoney Ridge||-|",
		"x86:AuthenticAMD:23:17":                    "AMD|Zen|Raven Ridge||-|",
		"x86:AuthenticAMD:23:24":                    "AMD|Zen+|Picasso||-|",
		"x86:AuthenticAMD:23:96":                    "AMD|Zen 2|Renoir||-|",
		"x86:AuthenticAMD:25:80":                    "AMD|Zen 3|Cezanne||-|",
		"x86:AuthenticAMD:25:116":                   "AMD|Zen 4|Phoenix||-|",
		"x86:AuthenticAMD:26:36":                    "AMD|Zen 5|||-|",
		"x86:HygonGenuine:24:0":                     "Hygon|Zen|Dhyana||-|",
		"x86:Vortex86 SoC:5:8":                      "Vortex|Vortex86MX|||-|",
		"x86:  Shanghai  :7:27":                     "Zhaoxin||||-|",
		"x86:Shanghai:7:27":                         "Zhaoxin||||-|",
		"x86:GenuineIntel:6:999":                    "Intel||||-|",
		"midr:0x41:0xfff":                           "Arm||||-|",
		"riscv:0x489:0x80000000000000ff:rv64imafdc": "SiFive||||-|",
		// Other ways to write the same numbers.
		"midr:0x0041:0xD03": "Arm|Cortex-A53||armv8.0-a|true|arm,cortex-a53",
		"midr:0x43:0xaf":    "Cavium|ThunderX2||armv8.1-a|-|cavium,thunder2",
	} {
		info, ok := Core(signature)
		if got := summary(info); !ok || got != want {
			t.Errorf("Core(%q) = %s, %v; want %s", signature, got, ok, want)
		}
		checkCore(t, signature, info)
	}
}

func TestCoreNotKnown(t *testing.T) {
	for _, signature := range []string{
		"", ":", "::", "midr", "midr:", "midr:0x41", "midr:0x41:", "midr:0x41:0x", "midr:41:d03", "midr:0x41:0xd03:", "midr:0x41:0xd03:x",
		"midr:0x41:0x-1", "midr:0x41:0x_1", "midr:0x41:0x1ffffffffffffffff", "midr:0x00:0x051", "MIDR:0x41:0xd03",
		"x86", "x86:GenuineIntel", "x86:GenuineIntel:6", "x86:GenuineIntel:6:", "x86:GenuineIntel:0x6:0x9c", "x86:GenuineIntel:6:156:3", "x86:GenuineIntel:+6:156",
		"x86::6:156", "x86: :6:156", "x86:genuineintel:6:156", "x86:NoSuchVendor:6:1",
		"riscv", "riscv:", "riscv:rv64imafdc", "riscv:::rv64imafdc", "riscv::0x1", "riscv:0x0:0x0", "riscv:0x0:0x0:rv64imafdc", "riscv:0x999:0x8000000000000007",
		"arm:0x41:0xd03",
	} {
		if info, ok := Core(signature); ok || !reflect.DeepEqual(info, CoreInfo{}) {
			t.Errorf("Core(%q) = %s, %v; want nothing", signature, summary(info), ok)
		}
	}
}

func TestCoreGaps(t *testing.T) {
	info, _ := Core("midr:0x41:0xfff")
	if n := info.Name; n.Gap != report.Unsupported || !strings.Contains(n.Note, "midr:0x41:0xfff") || len(n.From) != 3 {
		t.Errorf("Core(part 0xfff of Arm).Name = %+v; want a gap with the signature and the lists", n)
	}
	info, _ = Core("riscv:0x489:0x80000000000000ff:rv64imafdc_zicntr")
	if note := info.Name.Note; !strings.Contains(note, "riscv:0x489:0x80000000000000ff\"") {
		t.Errorf("Core(core 0xff of SiFive).Name.Note = %q; want the signature without the ISA", note)
	}
	info, _ = Core("riscv:0x0:0x2a")
	if v := info.Vendor; v.Gap != report.Unsupported || !strings.Contains(v.Note, "0x0") {
		t.Errorf("Core(QEMU).Vendor = %+v; want a gap, 0 is no vendor", v)
	}
}

// checkCore wants every fact to be fit for a report, with a citation.
func checkCore(t *testing.T, signature string, info CoreInfo) {
	t.Helper()
	facts := map[string]struct {
		asked, known bool
		basis        report.Basis
		from         []string
		fact         json.Marshaler
	}{
		"vendor":       {!info.Vendor.IsZero(), info.Vendor.OK(), info.Vendor.Basis, info.Vendor.From, info.Vendor},
		"name":         {!info.Name.IsZero(), info.Name.OK(), info.Name.Basis, info.Name.From, info.Name},
		"platform":     {!info.Platform.IsZero(), info.Platform.OK(), info.Platform.Basis, info.Platform.From, info.Platform},
		"architecture": {!info.Architecture.IsZero(), info.Architecture.OK(), info.Architecture.Basis, info.Architecture.From, info.Architecture},
		"aarch32":      {!info.AArch32.IsZero(), info.AArch32.OK(), info.AArch32.Basis, info.AArch32.From, info.AArch32},
		"compatible":   {!info.Compatible.IsZero(), info.Compatible.OK(), info.Compatible.Basis, info.Compatible.From, info.Compatible},
	}
	if !facts["vendor"].asked || !facts["name"].asked || !facts["vendor"].known && !facts["name"].known {
		t.Errorf("Core(%q) = vendor %+v, name %+v; want one of the two, and a gap for the other", signature, info.Vendor, info.Name)
	}
	for name, f := range facts {
		if !f.asked {
			continue
		}
		if _, err := f.fact.MarshalJSON(); err != nil {
			t.Errorf("Core(%q): %s cannot be part of a report: %v", signature, name, err)
		}
		if f.known && f.basis != report.Documented {
			t.Errorf("Core(%q): basis of %s is %q; want documented", signature, name, f.basis)
		}
		for _, citation := range f.from {
			if !strings.Contains(citation, "https://") {
				t.Errorf("Core(%q): %s cites %q; want an address", signature, name, citation)
			}
		}
	}
}

func TestCoreTables(t *testing.T) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := loadCores(sub)
	if err != nil {
		t.Fatal(err)
	}
	for kind, table := range tables {
		if len(table.cores) < 50 {
			t.Errorf("%s: %d cores loaded; want all of the file", kind, len(table.cores))
		}
		for _, e := range table.cores {
			text := strings.Join(append([]string{e.row.Name, e.row.Platform, e.row.Architecture}, e.row.Compatible...), "")
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%s: %q is not printable ASCII", e.row.Name, text)
			}
			if sorted := slices.Sorted(slices.Values(e.row.Compatible)); len(slices.Compact(sorted)) != len(e.row.Compatible) {
				t.Errorf("%s: compatibles %q have one twice", e.row.Name, e.row.Compatible)
			}
			// Before version 8 an Arm core has no other state.
			if a := e.row.Architecture; a != "" && a < "armv8" && (e.group.AArch32 == nil || !*e.group.AArch32) {
				t.Errorf("%s: %s without aarch32", e.row.Name, a)
			}
			vendor := e.vendor
			if vendor == "" {
				vendor = "0x0"
			}
			for _, n := range []uint64{e.low, e.high} {
				signature := coreID{vendor, e.family, n}.signature(kind)
				info, ok := Core(signature)
				if !ok || info.Name.Value != e.row.Name {
					t.Errorf("Core(%q) = %s, %v; want %s", signature, summary(info), ok, e.row.Name)
				}
				checkCore(t, signature, info)
			}
		}
	}
	// They are part of the program on the board.
	const most = 40 << 10
	size := 0
	names, err := fs.Glob(embedded, "data/core/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := embedded.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		size += len(content)
	}
	if size == 0 || size > most {
		t.Errorf("data/core has %d bytes; want at most %d", size, most)
	}
}

func TestCoreCompatibleIsACopy(t *testing.T) {
	info, _ := Core("midr:0x41:0xd03")
	info.Compatible.Value[0] = "changed"
	if again, _ := Core("midr:0x41:0xd03"); again.Compatible.Value[0] != "arm,cortex-a53" {
		t.Errorf("Core(Cortex-A53).Compatible = %q after a caller changed its own", again.Compatible.Value)
	}
}

// goodCores is the smallest tree of cores that loads.
func goodCores() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"core/midr.json": file(`{"lists":["l"],"sources":{"l":"l https://l"},"vendors":[{"from":["l"],"rows":[{"id":"0x41","name":"Arm"}]}],
			"groups":[{"vendor":"0x41","aarch32":true,"from":{"name":["l"],"arch":["l"],"aarch32":["l"],"compatible":["l"]},
			"cores":[{"id":"0x1,0x4-0x6","name":"N","arch":"armv7-a","compatible":["a,b"]},{"id":"0x2","name":"M"}]}]}`),
		"core/x86.json": file(`{"lists":["l"],"sources":{"l":"l https://l"},"vendors":[{"from":["l"],"rows":[{"id":"V","name":"Vendor"}]}],
			"groups":[{"vendor":"V","from":{"name":["l"],"platform":["l"]},"cores":[{"id":"0x6:0x1,0x10-0x1f","name":"N","platform":"P"},{"id":"0x7:0x1","name":"M"}]}]}`),
		"core/riscv.json": file(`{"lists":["l"],"sources":{"l":"l https://l"},"vendors":[{"from":["l"],"rows":[{"id":"0x9","name":"Nine"}]}],
			"groups":[{"vendor":"0x9","from":{"name":["l"]},"cores":[{"id":"0x1","name":"Special"}]},
			{"from":{"name":["l"]},"cores":[{"id":"0x1","name":"Open"},{"id":"0x7fffffffffffffff","name":"Last"}]}]}`),
	}
}

func TestLoadCores(t *testing.T) {
	tables, err := loadCores(goodCores())
	if err != nil {
		t.Fatalf("loadCores(good) = %v", err)
	}
	for signature, want := range map[string]string{
		"midr:0x41:0x1":  "Arm|N||armv7-a|true|a,b",
		"midr:0x41:0x2":  "Arm|M|||true|",
		"midr:0x41:0x3":  "Arm||||-|",
		"midr:0x41:0x4":  "Arm|N||armv7-a|true|a,b",
		"midr:0x41:0x6":  "Arm|N||armv7-a|true|a,b",
		"midr:0x41:0x7":  "Arm||||-|",
		"x86:V:6:1":      "Vendor|N|P||-|",
		"x86:V:6:15":     "Vendor||||-|",
		"x86:V:6:16":     "Vendor|N|P||-|",
		"x86:V:6:31":     "Vendor|N|P||-|",
		"x86:V:6:32":     "Vendor||||-|",
		"x86:V:7:1":      "Vendor|M|||-|",
		"riscv:0x9:0x1":  "Nine|Special|||-|",
		"riscv:0x8:0x1":  "|Open|||-|",
		"riscv:0x09:0x1": "Nine|Special|||-|",
	} {
		info, ok := tables.core(signature)
		if got := summary(info); !ok || got != want {
			t.Errorf("core(%q) = %s, %v; want %s", signature, got, ok, want)
		}
	}
}

func TestLoadCoresRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, want string }{
		"unknown field":       {"midr", `"name":"M"`, `"name":"M","speed":1`, "unknown field"},
		"unknown at the top":  {"x86", `{"lists"`, `{"colour":"red","lists"`, "unknown field"},
		"trailing":            {"x86", `"M"}]}]}`, `"M"}]}]}{}`, "after the document"},
		"not JSON":            {"riscv", `{"lists"`, `{"lists`, "invalid"},
		"no address":          {"midr", `"l https://l"`, `"trust me"`, "no address"},
		"source not used":     {"midr", `"l":"l https://l"`, `"l":"l https://l","m":"m https://m"`, `"m" states nothing`},
		"source not there":    {"midr", `"arch":["l"]`, `"arch":["x"]`, `"x" has no citation`},
		"vendor source":       {"x86", `{"from":["l"],"rows"`, `{"from":[],"rows"`, "vendors: no source"},
		"no lists":            {"x86", `"lists":["l"]`, `"lists":[]`, "lists: no source"},
		"vendor twice":        {"x86", `{"id":"V","name":"Vendor"}`, `{"id":"V","name":"Vendor"},{"id":"V","name":"W"}`, "twice"},
		"vendor id padded":    {"midr", `{"id":"0x41"`, `{"id":"0x041"`, "no id as in a signature"},
		"vendor id decimal":   {"midr", `{"id":"0x41"`, `{"id":"65"`, "no id as in a signature"},
		"vendor id spaces":    {"x86", `{"id":"V"`, `{"id":" V "`, "no id as in a signature"},
		"vendor without name": {"midr", `"name":"Arm"`, `"name":""`, "no name"},
		"group of nobody":     {"midr", `"vendor":"0x41"`, `"vendor":"0x42"`, "the vendor has no name"},
		"open Arm":            {"midr", `"vendor":"0x41",`, ``, "the vendor has no name"},
		"core without name":   {"midr", `"name":"M"`, `"name":""`, "no name"},
		"core twice":          {"midr", `"id":"0x2"`, `"id":"0x1"`, "0x1 is N already"},
		"core in a range":     {"midr", `"id":"0x2"`, `"id":"0x5"`, "0x5 is N already"},
		"range over a core":   {"midr", `"id":"0x2"`, `"id":"0x0-0x1"`, "is N already"},
		"core twice in a row": {"midr", `"id":"0x2"`, `"id":"0x2,0x2"`, "is M already"},
		"core in two groups":  {"riscv", `{"id":"0x7fffffffffffffff","name":"Last"}`, `{"id":"0x1","name":"Last"}`, "0x1 is Open already"},
		"id decimal":          {"midr", `"id":"0x2"`, `"id":"2"`, "neither a number nor a range"},
		"id empty":            {"midr", `"id":"0x2"`, `"id":""`, "neither a number nor a range"},
		"id backwards":        {"midr", `0x4-0x6`, `0x6-0x4`, "neither a number nor a range"},
		"id without end":      {"midr", `0x4-0x6`, `0x4-`, "neither a number nor a range"},
		"x86 no family":       {"x86", `"0x7:0x1"`, `"0x1"`, "neither a number nor a range"},
		"x86 family decimal":  {"x86", `"0x7:0x1"`, `"7:0x1"`, "no family"},
		"arch of nobody":      {"midr", `"armv7-a"`, `"rv64"`, "not one of Arm"},
		"arch of x86":         {"x86", `"name":"M"`, `"name":"M","arch":"armv7-a"`, "not one of Arm"},
		"aarch32 of x86":      {"x86", `"vendor":"V"`, `"vendor":"V","aarch32":true`, "not one of Arm"},
		"name unsourced":      {"midr", `"name":["l"],`, ``, "name: a statement without"},
		"arch unsourced":      {"midr", `"arch":["l"],`, ``, "arch: a statement without"},
		"aarch32 unsourced":   {"midr", `"aarch32":["l"],`, ``, "aarch32: a statement without"},
		"platform unsourced":  {"x86", `,"platform":["l"]`, ``, "platform: a statement without"},
		"compatible no more":  {"midr", `,"compatible":["a,b"]`, ``, "sources without a statement"},
		"compatible empty":    {"midr", `["a,b"]`, `[]`, "no compatible in the list"},
		"open is commercial":  {"riscv", `0x7fffffffffffffff`, `0x8000000000000000`, "not the number of an open-source design"},
		"open is zero":        {"riscv", `0x7fffffffffffffff`, `0x0`, "not the number of an open-source design"},
	} {
		tree := maps.Clone(goodCores())
		path := "core/" + c.file + ".json"
		content := string(tree[path].Data)
		if !strings.Contains(content, c.old) {
			t.Fatalf("%s: %s has no %q", name, path, c.old)
		}
		tree[path] = &fstest.MapFile{Data: []byte(strings.Replace(content, c.old, c.new, 1))}
		if _, err := loadCores(tree); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: loadCores = %v; want an error with %q and %q", name, err, path, c.want)
		}
	}
	tree := goodCores()
	tree["core/mips.json"] = tree["core/midr.json"]
	if _, err := loadCores(tree); err == nil || !strings.Contains(err.Error(), "mips.json") {
		t.Errorf("loadCores with mips.json = %v; want an error that names it", err)
	}
	delete(tree, "core/mips.json")
	delete(tree, "core/riscv.json")
	if _, err := loadCores(tree); err == nil {
		t.Error("loadCores without riscv.json: no error")
	}
}

func FuzzCore(f *testing.F) {
	for _, s := range []string{
		"midr:0x41:0xd03", "midr:0x41:0xfff", "midr:0x61:0x023", "x86:GenuineIntel:6:156", "x86:AuthenticAMD:23:24", "x86:  Shanghai  :7:27",
		"riscv:0x489:0x8000000000000007:rv64imafdc", "riscv:0x0:0x2a", "riscv:::rv64", "x86::6:1", "midr:0x41:0xd03:",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		info, ok := Core(s)
		if !ok {
			if !reflect.DeepEqual(info, CoreInfo{}) {
				t.Errorf("Core(%q) is not known and states %s", s, summary(info))
			}
			return
		}
		checkCore(t, s, info)
		// Only the numbers count, not how they are written.
		kind, rest, _ := strings.Cut(s, ":")
		id, ok := parseCoreID(kind, rest)
		if !ok {
			t.Fatalf("parseCoreID(%q) = false; Core knows it", s)
		}
		plain := id.signature(kind)
		again, ok := Core(plain)
		if !ok || summary(again) != summary(info) {
			t.Errorf("Core(%q) = %s, Core(%q) = %s, %v; want the same", s, summary(info), plain, summary(again), ok)
		}
	})
}
