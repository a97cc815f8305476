package romheader

import "slices"

// Place is where a ROM looks for its header.
type Place struct {
	Family      string
	Area        string // user: an SD card, or the main area of an eMMC; boot: a boot area of an eMMC; spi: serial NOR flash
	OffsetBytes int64
	Source      string
}

// Places returns where the ROMs of a family look, in the order of the areas and
// offsets; of all families if it is empty. Within a family the SoCs differ; not
// every one looks everywhere. ROMs that look for a file or a partition instead
// are not here, nor is NAND.
func Places(family string) []Place {
	const (
		imx       = "barebox, arch/arm/mach-imx/imx-bbu-internal.c"
		container = "U-Boot, include/imx_container.h"
		sunxi     = "U-Boot, arch/arm/mach-sunxi/board.c"
		rockchip  = "U-Boot, doc/board/rockchip/rockchip.rst, tools/rkcommon.c"
		amlogic   = "U-Boot, doc/board/amlogic/boot-flow.rst"
		ti        = "AM335x technical reference manual (SPRUH73), memory booting from MMC and SD cards"
		raw       = "TI AM64x technical reference manual (SPRUIM2), MMCSD boot in raw mode"
		k3        = "U-Boot, doc/board/ti/k3.rst"
		stm32     = "U-Boot, doc/board/st/stm32mp1.rst"
		marvell   = "U-Boot, board/solidrun/clearfog/README"
		mvebu     = "U-Boot, arch/arm/mach-mvebu/spl.c, doc/mvebu/cmd/bubt.txt"
		nor       = "U-Boot, include/imximage.h"
		rcw       = "barebox, Documentation/boards/layerscape.rst"
		mediatek  = "OpenWrt, target/linux/mediatek/image/mt7623.mk"
	)
	all := []Place{
		{"allwinner", "user", 8 << 10, sunxi},
		{"allwinner", "user", 128 << 10, sunxi},
		{"allwinner", "user", 256 << 10, sunxi}, // H616
		{"allwinner", "boot", 0, sunxi},
		{"allwinner", "spi", 0, sunxi},
		{"armada8k", "user", 512, mvebu}, // an SD card
		{"armada8k", "boot", 0, mvebu},
		{"armada8k", "spi", 0, mvebu},
		{"amlogic", "user", 512, amlogic},
		{"amlogic", "boot", 512, amlogic},
		{"imx", "user", 1 << 10, imx},        // i.MX53, 6, 7
		{"imx", "user", 32 << 10, container}, // i.MX8MN, 8MP, 8, 9
		{"imx", "user", 33 << 10, imx},       // i.MX8MQ, 8MM
		{"imx", "boot", 0, container},
		{"imx", "boot", 1 << 10, imx},
		{"imx", "boot", 32 << 10, container}, // i.MX8QXP of revision B
		{"imx", "boot", 33 << 10, imx},
		{"imx", "spi", 1 << 10, nor}, // ECSPI
		{"imx", "spi", 4 << 10, nor}, // QSPI and FlexSPI, and containers
		{"layerscape", "user", 4 << 10, rcw},
		{"marvell", "user", 0, mvebu}, // an eMMC
		{"marvell", "user", 512, marvell},
		{"marvell", "boot", 0, mvebu},
		{"marvell", "spi", 0, mvebu},
		{"mediatek", "user", 0, mediatek}, // in one sector with the MBR
		{"mediatek", "boot", 0, mediatek},
		{"rockchip", "user", 32 << 10, rockchip},
		{"rockchip", "spi", 0, rockchip},
		{"rockchip", "spi", 32 << 10, "U-Boot, arch/arm/dts/rk3588s-u-boot.dtsi"},
		{"rockchip", "spi", 64 << 10, "U-Boot, arch/arm/dts/rk3326-u-boot.dtsi"},
		{"stm32", "boot", 0, stm32},
		{"stm32", "spi", 0, stm32},
		{"stm32", "spi", 256 << 10, stm32},
		{"ti", "user", 0, ti},
		{"ti", "user", 128 << 10, ti},
		{"ti", "user", 256 << 10, ti},
		{"ti", "user", 384 << 10, ti},
		{"ti", "user", 4 << 20, raw},
		{"ti", "boot", 0, k3},
		{"ti", "spi", 0, k3},
	}
	return slices.DeleteFunc(all, func(p Place) bool { return family != "" && p.Family != family })
}

// PartitionType reports whether the ROM of a family loads what is in a GPT
// partition of this type (in lower case), and how the family's documents call it.
// Both names are those of U-Boot, doc/board/starfive/jh7110_common.rst and
// doc/board/sifive/unleashed.rst: the families use each other's type for the
// second stage, so a type means nothing without the family.
func PartitionType(family, guid string) (name string, ok bool) {
	switch {
	case family == "starfive" && guid == "2e54b353-1271-4842-806f-e436d6af6985":
		return "SPL of JH7110", true
	case family == "sifive" && guid == "5b193300-fc78-40cd-8002-e86c45580b47":
		return "SPL of FU540 and FU740", true
	}
	return "", false
}
