package romheader

import (
	"bytes"
	"crypto/rc4"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// image writes into zeros: numbers as little-endian words, text as it is.
type image []byte

func (m image) put(at int, values ...any) image {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			at += copy(m[at:], v)
		case []byte:
			at += copy(m[at:], v)
		case int:
			binary.LittleEndian.PutUint32(m[at:], uint32(v))
			at += 4
		case uint32:
			binary.LittleEndian.PutUint32(m[at:], v)
			at += 4
		case uint16:
			binary.LittleEndian.PutUint16(m[at:], v)
			at += 2
		}
	}
	return m
}

func fromHex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func egon() image {
	m := make(image, 0x2000).put(0, uint32(0xea000016), "eGON.BT0", stamp, 0x2000, "SPL\x02").put(0x20, 0x2C).put(0x2C, "sun50i-a64-pinebook").put(0x100, "code")
	return m.put(0x0C, int(sum32(m))) // the stamp was in its place
}

func toc0() image {
	m := make(image, 0x4000).put(0, "TOC0.GLH", uint32(0x89119800), stamp, 0, 0, 3, 0x4000).put(44, "MIE;")
	return m.put(12, int(sum32(m)))
}

func idblock(plain int, spi bool) image {
	m := make(image, 0x3000).put(0, 0x0FF0AA55, 0, plain, uint16(4)).put(506, uint16(104), uint16(1128))
	cipher, err := rc4.NewCipher([]byte{124, 78, 3, 4, 85, 5, 9, 7, 45, 44, 123, 56, 23, 13, 23, 17})
	if err != nil {
		panic(err)
	}
	cipher.XORKeyStream(m[:512], m[:512])
	if spi {
		return m.put(0x1000, "RK33")
	}
	return m.put(0x800, "RK33")
}

func stm32(options int) image {
	m := make(image, 256+16).put(0, "STM2").put(72, 0x00010000, 16).put(100, options, 1).put(256, "sixteen bytes..!")
	return m.put(68, int(sum8(m[256:])))
}

func k3() image {
	// Sequences, the version, then the extension somewhere.
	return make(image, 2048).put(0, fromHex("3082 0700 3082 0600 a003020102 0214")).put(900, fromHex("06092b0601040182260101 041f"))
}

// The bytes in hexadecimal are the beginnings of images that mkimage 2023.01
// made, or of boot loaders of Debian 12 (u-boot-imx, u-boot-rockchip).
func samples() map[string]struct {
	data image
	want Header
} {
	type sample = struct {
		data image
		want Header
	}
	return map[string]sample{
		"eGON":              {egon(), Header{Family: "allwinner", Format: "eGON.BT0", Detail: "sun50i-a64-pinebook", HasDetail: true, SizeBytes: 0x2000, HasSize: true, Checked: true, Right: true, KnownSigned: true}},
		"eGON, wrong":       {egon().put(0x200, "x"), Header{Family: "allwinner", Format: "eGON.BT0", Detail: "sun50i-a64-pinebook", HasDetail: true, SizeBytes: 0x2000, HasSize: true, Checked: true, KnownSigned: true}},
		"eGON, part":        {egon()[:512], Header{Family: "allwinner", Format: "eGON.BT0", Detail: "sun50i-a64-pinebook", HasDetail: true, SizeBytes: 0x2000, HasSize: true, KnownSigned: true}},
		"eGON of Allwinner": {make(image, 512).put(0, uint32(0xea000016), "eGON.BT0", 1, 0x8000, 0x30), Header{Family: "allwinner", Format: "eGON.BT0", SizeBytes: 0x8000, HasSize: true, KnownSigned: true}},
		"TOC0":              {toc0(), Header{Family: "allwinner", Format: "TOC0", SizeBytes: 0x4000, HasSize: true, Checked: true, Right: true, Signed: true, KnownSigned: true}},
		"TOC0, part":        {toc0()[:512], Header{Family: "allwinner", Format: "TOC0", SizeBytes: 0x4000, HasSize: true, Signed: true, KnownSigned: true}},
		"MLO": {make(image, 1024).put(0, 0x40, 12).put(0x14, "CHSETTINGS").put(0x40, uint32(0xC0C0C0C1), 0x100).put(512, 0x1ACA8, 0x402F0400),
			Header{Family: "ti", Format: "CHSETTINGS", SizeBytes: 0x1ACA8, HasSize: true}},
		"MLO, part": {make(image, 512).put(0, 0x40, 12).put(0x14, "CHSETTINGS").put(0x40, uint32(0xC0C0C0C1)), Header{Family: "ti", Format: "CHSETTINGS"}},
		"EMMC_BOOT": {make(image, 1024).put(0, "EMMC_BOOT", []byte{0, 0xFF, 0xFF}, 1, 0x200).put(0x200, "BRLYT\x00\x00\x00", 1, 0x600, 0x2920, 0x42424242, 0x10005),
			Header{Family: "mediatek", Format: "EMMC_BOOT", Media: "emmc", HasMedia: true, SizeBytes: 0x2920, HasSize: true}},
		"SDMMC_BOOT":  {make(image, 512).put(0, "SDMMC_BOOT\x00\x00", 1, 0x200), Header{Family: "mediatek", Format: "SDMMC_BOOT", Media: "sd", HasMedia: true}},
		"SF_BOOT":     {make(image, 512).put(0, "SF_BOOT\x00\x00\x00\x00\x00", 1, 0x200), Header{Family: "mediatek", Format: "SF_BOOT", Media: "spi", HasMedia: true}},
		"BOOTLOADER!": {make(image, 512).put(0, "BOOTLOADER!\x00V006NFIINFO\x00"), Header{Family: "mediatek", Format: "BOOTLOADER!", Media: "nand", HasMedia: true}},
		"GFH":         {make(image, 512).put(0, "MMM\x01\x38\x00\x00\x00FILE_INFO").put(32, 0x2320), Header{Family: "mediatek", Format: "GFH", SizeBytes: 0x2320, HasSize: true}},
		"ZynqMP": {make(image, 512).put(0x20, fromHex("665599aa 584e4c58 00000000 0000fcff c0090000 00000000 00000000 00200000 00200000 00080000 810a1efd")),
			Header{Family: "xilinx", Format: "boot header", SizeBytes: 0x2000, HasSize: true, Checked: true, Right: true}},
		"Zynq": {make(image, 512).put(0x20, fromHex("665599aa 584e4c58 00000000 00000000 c0080000 c0280000 00000000 00000000 c0280000 00000000 01021afd")),
			Header{Family: "xilinx", Format: "boot header", SizeBytes: 0x28C0, HasSize: true, Checked: true, Right: true}},
		"Zynq, wrong":      {make(image, 512).put(0x20, fromHex("665599aa 584e4c58")), Header{Family: "xilinx", Format: "boot header", HasSize: true, Checked: true}},
		"PBL":              {make(image, 512).put(0, fromHex("aa55aa55 01ee0100")), Header{Family: "layerscape", Format: "PBL"}},
		"PBL, QSPI":        {make(image, 512).put(0, fromHex("0001ee01 55aa55aa")), Header{Family: "layerscape", Format: "PBL, swapped for QSPI"}},
		"PBL of chassis 3": {make(image, 512).put(0, fromHex("55aa55aa 00001080")), Header{Family: "layerscape", Format: "PBL, chassis 3"}},
		"Armada 8K": {make(image, 128).put(0, 0xB105B002, 64, 0xB105D242, 0x2000, 0, 0, 0, 0x200),
			Header{Family: "armada8k", Format: "boot image", SizeBytes: 0x2040, HasSize: true, Checked: true, Right: true}},
		"Armada 8K, wrong": {make(image, 128).put(0, 0xB105B002, 64, 1, 0x2000), Header{Family: "armada8k", Format: "boot image", SizeBytes: 0x2040, HasSize: true, Checked: true}},
		"Armada 8K, part":  {make(image, 128).put(0, 0xB105B002, 0x2000, 1, 0x2000), Header{Family: "armada8k", Format: "boot image", SizeBytes: 0x4000, HasSize: true}},
		"RKNS": {make(image, 1024).put(0, "RKNS", 0, 0x00020180, 1).put(120, 0x00680004).put(208, 0x0200006C),
			Header{Family: "rockchip", Format: "RKNS", Detail: "SHA-256", HasDetail: true, SizeBytes: (0x6C + 0x200) * 512, HasSize: true}},
		"idblock":               {idblock(1, false), Header{Family: "rockchip", Format: "idblock", Detail: "RK33", HasDetail: true, SizeBytes: 104 * 512, HasSize: true}},
		"idblock in SPI":        {idblock(1, true), Header{Family: "rockchip", Format: "idblock", Detail: "RK33", HasDetail: true, Media: "spi", HasMedia: true, SizeBytes: 104 * 512, HasSize: true}},
		"idblock, code encoded": {idblock(0, false), Header{Family: "rockchip", Format: "idblock", SizeBytes: 104 * 512, HasSize: true}},
		"idblock of rockpro64":  {make(image, 512).put(0, fromHex(rockpro64)), Header{Family: "rockchip", Format: "idblock", SizeBytes: 140 * 512, HasSize: true}},
		"STM2":                  {stm32(1), Header{Family: "stm32", Format: "STM2", Detail: "V1.0", HasDetail: true, SizeBytes: 16, HasSize: true, Checked: true, Right: true, KnownSigned: true}},
		"STM2, signed":          {stm32(0)[:256], Header{Family: "stm32", Format: "STM2", Detail: "V1.0", HasDetail: true, SizeBytes: 16, HasSize: true, Signed: true, KnownSigned: true}},
		"STM2, wrong":           {stm32(1).put(256, "S"), Header{Family: "stm32", Format: "STM2", Detail: "V1.0", HasDetail: true, SizeBytes: 16, HasSize: true, Checked: true, KnownSigned: true}},
		"STM2, V2":              {make(image, 512).put(0, "STM2").put(72, 0x00020000, 0x8000), Header{Family: "stm32", Format: "STM2", Detail: "V2.0", HasDetail: true, SizeBytes: 0x8000, HasSize: true}},
		"@AML":                  {make(image, 512).put(0, "sixteen of noise", "@AML", 0xC000, uint16(64), uint16(1)), Header{Family: "amlogic", Format: "@AML", SizeBytes: 0xC000, HasSize: true}},
		"@AML, no more than it": {make(image, 80).put(0x10, "@AML", 64, uint16(64)), Header{Family: "amlogic", Format: "@AML", SizeBytes: 64, HasSize: true}},
		"SoCFPGA, version 0": {make(image, 512).put(0x40, fromHex("41533031 00000408 00000101")),
			Header{Family: "socfpga", Format: "preloader", Detail: "version 0", HasDetail: true, SizeBytes: 0x2010, HasSize: true, Checked: true, Right: true}},
		"SoCFPGA, version 1": {make(image, 512).put(0x40, fromHex("41533031 01001400 10200000 14000000 00004e01")),
			Header{Family: "socfpga", Format: "preloader", Detail: "version 1", HasDetail: true, SizeBytes: 0x2010, HasSize: true, Checked: true, Right: true}},
		"IVT of wandboard": {make(image, 512).put(0, fromHex("d1002040 00809000 00000000 00000000 20749000 00749000 00000000 00000000 00709000 00c00000 00000000")),
			Header{Family: "imx", Format: "IVT", Detail: "HAB 4.0", HasDetail: true, SizeBytes: 0xC000, HasSize: true, KnownSigned: true}},
		"IVT of i.MX8M, signed": {make(image, 512).put(0, fromHex("d1002041 00107e00 00000000 00000000 e00f7e00 c00f7e00 c0317e00 00000000 c00f7e00 00420000")),
			Header{Family: "imx", Format: "IVT", Detail: "HAB 4.1", HasDetail: true, SizeBytes: 0x4200, HasSize: true, Signed: true, KnownSigned: true}},
		"IVT, boot data elsewhere": {make(image, 512).put(0, fromHex("d1002040 00809000 00000000 00000000 00000000 00749000 00000000 00000000")),
			Header{Family: "imx", Format: "IVT", Detail: "HAB 4.0", HasDetail: true, KnownSigned: true}},
		"container": {make(image, 512).put(0, fromHex("00a00087 10000000 00000001 90000000 00200000 00200000 00000080")),
			Header{Family: "imx", Format: "container", SizeBytes: 0x4000, HasSize: true}},
		"K3": {k3(), Header{Family: "ti", Format: "X.509"}},
		"kwbimage v0": {make(image, 512).put(0, fromHex("5a000000 04200000 00000000 20000000 00008000 00008000 00000000 0000009e")),
			Header{Family: "marvell", Format: "kwbimage", Detail: "v0", HasDetail: true, Media: "spi", HasMedia: true, SizeBytes: 0x2004, HasSize: true, Checked: true, Right: true}},
		"kwbimage v1": {make(image, 64).put(0, fromHex("ae000000 04200000 01004000 11000000 00008000 00008000 00000000 00000024")),
			Header{Family: "marvell", Format: "kwbimage", Detail: "v1", HasDetail: true, Media: "sd", HasMedia: true, SizeBytes: 0x2004, HasSize: true, Checked: true, Right: true}},
	}
}

// rockpro64 is the first sector of u-boot-rockchip 2023.01+dfsg-2+deb12u3,
// rockpro64-rk3399/idbloader.img.
const rockpro64 = "3b8cdcfcbe9f9d51eb3034ce24511f98ff0cf2360550c8bb3fecddbd0685fab7b3ab6aeac868e008ad9d6f9c3c98b08c4513541c1d1b1f15a7f1f00be34e0cc7" +
	"6096016ab5f0e2c150c6249e12f7588e40b9b7be8bfa25dd74d76f59467e1341eefdf59139bc7495253c1ae1f1573005caf8729a1be69d26355d812b2b93bd01" +
	"3a540ca14b110698a191194a4e92301af2b2d5ae596c9e96fdf4ffa488e39f87496c3a766d3d1aac1e770a5eff92526119ff7496ee13937ae0b9f01b5138b38d" +
	"2f59870265c1886b4c21aa7b16d550ce3780a41f46dfbdb0d9658fe115ce080f7cee5a0c61503c90bf791abf0596b061ebed62534b3aeea4aa7795dfe9e744fb" +
	"2df8ba7eb21ee004eaead2d761f9909288e307b65a8f9b4e4f9ef9c838d9115d4137f4dd5b7847958aacf5425daa0c5249c80d9da7322ed703b1419549502d89" +
	"275b0d0e726ffa0e0b70bc1542a226cbd526650ccbb1ec544545e539d57b77ff9bc0c8384ee56e4abb429f43d1d05e04780f003e06bc073cc94d2a64b94377cf" +
	"93d7f8680038b97be8aaf38a4796278b4445c4c4ede0a126026fdd378792c6010314a0e6aa2b6cdae59875353a2cbfccb527625fd0dc2a9bd7a24dd772657ad1" +
	"173a98e73c578eb6a03234c96ed1cacd8195bd6e0e845ca6cb0c425fc816e03eacf3328e44560225dfcdaf1e1d3659b64458d1d5ea04c36b918de39350292745"

func TestIdentify(t *testing.T) {
	t.Parallel()
	for name, s := range samples() {
		for _, family := range []string{"", s.want.Family} {
			if got, ok := Identify(family, s.data); !ok || got != s.want {
				t.Errorf("Identify(%q, %s) = %+v, %v; want %+v", family, name, got, ok, s.want)
			}
		}
		// It is not one of another family.
		for _, family := range append(Families(), "acme") {
			if got, ok := Identify(family, s.data); family != s.want.Family && ok {
				t.Errorf("Identify(%q, %s) = %+v; want nothing", family, name, got)
			}
		}
		// Nor is it one a sector later.
		if got, ok := Identify("", append(make([]byte, 512), s.data...)); ok {
			t.Errorf("Identify(%s behind a sector) = %+v; want nothing", name, got)
		}
	}
}

func TestIdentifyRefuses(t *testing.T) {
	t.Parallel()
	all := samples()
	change := func(name string, at int, to ...any) []byte {
		s, ok := all[name]
		if !ok {
			t.Fatalf("no sample %q", name)
		}
		return slices.Clone(s.data).put(at, to...)
	}
	for name, data := range map[string][]byte{
		"nothing":                     nil,
		"zeros":                       make([]byte, 4096),
		"erased":                      bytes.Repeat([]byte{0xFF}, 4096),
		"eGON, length of nothing":     change("eGON", 0x10, 0),
		"eGON, odd length":            change("eGON", 0x10, 0x2001),
		"eGON, length too large":      change("eGON", 0x10, 0x7FFFFFFC),
		"eGON, cut":                   all["eGON"].data[:0x5F],
		"TOC0, no end":                change("TOC0", 44, "MIE."),
		"TOC0, other magic":           change("TOC0", 8, 1),
		"TOC0, no items":              change("TOC0", 24, 0),
		"TOC0, cut":                   all["TOC0"].data[:40],
		"MLO, no key":                 change("MLO", 0x40, 1),
		"MLO, section outside":        change("MLO", 0, 0x40000000),
		"EMMC_BOOT, other version":    change("EMMC_BOOT", 12, 2),
		"EMMC_BOOT, other size":       change("EMMC_BOOT", 16, 0),
		"EMMC_BOOT, no layout":        change("EMMC_BOOT", 0x200, "X"),
		"EMMC_BOOT, cut":              all["EMMC_BOOT"].data[:16],
		"GFH, cut":                    all["GFH"].data[:34],
		"Zynq, cut":                   all["Zynq"].data[:0x4A],
		"PBL, other address":          change("PBL", 4, 0),
		"RKNS, no images":             change("RKNS", 8, 0x180),
		"RKNS, many images":           change("RKNS", 8, 0x00050180),
		"RKNS, other hash":            change("RKNS", 12, 3),
		"RKNS, cut":                   all["RKNS"].data[:300],
		"idblock, changed":            change("idblock", 0, "x"),
		"idblock, cut":                all["idblock"].data[:511],
		"STM2, version 0":             change("STM2", 72, 0),
		"STM2, version 3":             change("STM2", 72, 0x00030000),
		"STM2, length of nothing":     change("STM2", 76, 0),
		"STM2, reserved":              change("STM2", 84, 1),
		"STM2, cut":                   all["STM2"].data[:255],
		"@AML, other header":          change("@AML", 0x18, uint16(32)),
		"@AML, length of nothing":     change("@AML", 0x14, 0),
		"@AML, cut":                   all["@AML"].data[:64],
		"SoCFPGA, version 2":          change("SoCFPGA, version 1", 0x44, "\x02"),
		"SoCFPGA, cut":                all["SoCFPGA, version 1"].data[:0x53],
		"IVT, other version":          change("IVT of wandboard", 3, "\x50"),
		"IVT, no entry":               change("IVT of wandboard", 4, 0),
		"IVT, no self":                change("IVT of wandboard", 20, 0),
		"IVT, reserved":               change("IVT of wandboard", 28, 1),
		"IVT, cut":                    all["IVT of wandboard"].data[:31],
		"container, other tag":        change("container", 3, "\x86"),
		"container, no images":        change("container", 11, "\x00"),
		"container, too short":        change("container", 1, "\x10\x00"),
		"container, too long":         change("container", 1, "\x01\x40"),
		"container, reserved":         change("container", 14, "\x01"),
		"container, signature inside": change("container", 12, "\x20"),
		"container, signature behind": change("container", 12, "\xA0"),
		"container, image inside":     change("container", 16, 0x80),
		"container, image at its end": change("container", 16, 0x9F),
		"container, image too large":  change("container", 20, 0x7FFFFFFF),
		"container, cut":              all["container"].data[:100],
		"K3, no extension":            change("K3", 900, "x"),
		"K3, version 1":               change("K3", 12, "\x00"),
		"K3, extension behind":        change("K3", 2, "\x01\x00"),
		"K3, cut":                     all["K3"].data[:15],
		"kwbimage, wrong sum":         change("kwbimage v0", 0x1F, "\x9F"),
		"kwbimage, other medium":      change("kwbimage v0", 0, "\x5B"),
		"kwbimage, no size":           change("kwbimage v0", 4, 0),
		"kwbimage, version 2":         change("kwbimage v0", 8, "\x02"),
		"kwbimage v1, cut":            all["kwbimage v1"].data[:63],
		"kwbimage v1, short header":   change("kwbimage v1", 10, "\x10\x00"),
	} {
		if got, ok := Identify("", data); ok {
			t.Errorf("Identify(%s) = %+v; want nothing", name, got)
		}
	}
}

// TestKWBMedia has the numbers of U-Boot, tools/kwbimage.h.
func TestKWBMedia(t *testing.T) {
	t.Parallel()
	for id, want := range map[byte]string{0x4D: "i2c", 0x5A: "spi", 0x69: "uart", 0x78: "sata", 0x8B: "nand", 0x9C: "pcie", 0xAE: "sd"} {
		m := make(image, 32).put(0, []byte{id}).put(4, 0x2000)
		m[0x1F] = byte(sum8(m[:0x1F]))
		if got, ok := Identify("marvell", m); !ok || got.Media != want || !got.HasMedia {
			t.Errorf("Identify of a header for %#x = %+v, %v; want %s", id, got, ok, want)
		}
	}
	if got, ok := kwbMedia(0); ok {
		t.Errorf("kwbMedia(0) = %q; want none", got)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	all := Places("")
	for _, family := range Families() {
		if family == "xilinx" || family == "socfpga" {
			continue // a file, and a partition
		}
		if len(Places(family)) == 0 {
			t.Errorf("Places(%q) = none; want some", family)
		}
	}
	for i, p := range all {
		if !slices.Contains(Families(), p.Family) || p.Source == "" || p.OffsetBytes < 0 || p.OffsetBytes%512 != 0 || !slices.Contains([]string{"user", "boot", "spi"}, p.Area) {
			t.Errorf("place %+v", p)
		}
		if slices.Contains(all[:i], p) {
			t.Errorf("place %+v twice", p)
		}
	}
	// The offsets as the documents count them, in KiB but for amlogic's and
	// Marvell's one sector.
	for family, want := range map[string]string{
		"allwinner":  "user 8192 user 131072 user 262144 boot 0 spi 0",
		"amlogic":    "user 512 boot 512",
		"imx":        "user 1024 user 32768 user 33792 boot 0 boot 1024 boot 32768 boot 33792 spi 1024 spi 4096",
		"armada8k":   "user 512 boot 0 spi 0",
		"layerscape": "user 4096",
		"marvell":    "user 0 user 512 boot 0 spi 0",
		"mediatek":   "user 0 boot 0",
		"rockchip":   "user 32768 spi 0 spi 32768 spi 65536",
		"stm32":      "boot 0 spi 0 spi 262144",
		"ti":         "user 0 user 131072 user 262144 user 393216 user 4194304 boot 0 spi 0",
		"socfpga":    "",
	} {
		var got []string
		for _, p := range Places(family) {
			got = append(got, fmt.Sprintf("%s %d", p.Area, p.OffsetBytes))
		}
		if all := strings.Join(got, " "); all != want {
			t.Errorf("Places(%q) = %s; want %s", family, all, want)
		}
	}
	if got := Places("acme"); len(got) != 0 {
		t.Errorf("Places(acme) = %+v; want none", got)
	}
}

func TestPartitionType(t *testing.T) {
	t.Parallel()
	const a, b = "2e54b353-1271-4842-806f-e436d6af6985", "5b193300-fc78-40cd-8002-e86c45580b47"
	for _, c := range []struct {
		family, guid string
		want         bool
	}{{"starfive", a, true}, {"starfive", b, false}, {"sifive", b, true}, {"sifive", a, false}, {"", a, false}, {"starfive", "", false}} {
		if name, ok := PartitionType(c.family, c.guid); ok != c.want || (name != "") != c.want {
			t.Errorf("PartitionType(%q, %q) = %q, %v; want %v", c.family, c.guid, name, ok, c.want)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	for _, s := range samples() {
		f.Add([]byte(s.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found := 0
		for _, family := range Families() {
			h, ok := Identify(family, data)
			if !ok {
				if h != (Header{}) {
					t.Errorf("Identify(%q) = %+v, false", family, h)
				}
				continue
			}
			found++
			if h.Family != family || h.Right && !h.Checked || h.Signed && !h.KnownSigned || h.SizeBytes < 0 || h.HasDetail != (h.Detail != "") || h.HasMedia != (h.Media != "") || len(h.Detail) > 64 {
				t.Errorf("Identify(%q) = %+v", family, h)
			}
		}
		if h, ok := Identify("", data); ok != (found > 0) {
			t.Errorf("Identify of all = %+v, %v; %d families know it", h, ok, found)
		}
	})
}
