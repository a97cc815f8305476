package console

import (
	"strconv"
	"strings"
)

// row recognises lines by a text in them.
type row struct {
	kind  Kind
	mark  string
	first bool // nothing but a time or a level stands in front, see harmless
	value func(rest string) (string, bool)
	end   string // where the text ends, if it must not be shown as a whole
}

// rows are in the order in which they are tried. Each is a line that the program
// in the comment above prints.
func rows() []row {
	return []row{
		// U-Boot, common/spl/spl.c, common/board_f.c, lib/display_options.c.
		{SPL, "U-Boot SPL ", false, dated, ""},
		{SPL, "U-Boot TPL ", false, dated, ""},
		{SPL, "U-Boot VPL ", false, dated, ""},
		{UBoot, "U-Boot ", false, dated, ""},
		{BootFrom, "Trying to boot from ", false, whole, ""},
		{DRAM, "DRAM:", true, amount, ""},
		{Model, "Model:", true, boardModel, ""},
		{Model, "Board:", true, something, ""},
		{CPU, "CPU:", true, processor, ""},
		{CPU, "SoC:", true, something, ""},
		{Reset, "Reset cause:", true, something, ""},
		{Reset, "Reset Status:", true, something, ""},
		{Environment, "Loading Environment from ", false, whole, ""},
		{Environment, "*** Warning - ", false, whole, ""},
		{BootFlow, "Booting bootflow ", false, whole, ""}, // boot/bootflow.c
		{BootFlow, "Boot script loaded from ", false, whole, ""},
		{BootFlow, "Found U-Boot script ", false, whole, ""},
		{BootFlow, "Found /", true, path, ""},
		{BootFlow, "Retrieving file:", false, something, ""},
		{BootFlow, "Scanning ", true, scanning, ""},
		{BootFrom, "Bootmode: ", true, word, ""},                 // board/xilinx/zynqmp/zynqmp.c
		{BootFrom, "Bootdev(atags): ", true, whole, ""},          // Rockchip's fork
		{SecureBoot, "HAB Configuration:", false, something, ""}, // arch/arm/mach-imx/hab.c
		{SecureBoot, "Secure boot ", true, abled, ""},
		// TF-A prints its version for each of its parts.
		{TFA, "BL1: ", false, versioned, ""},
		{TFA, "BL2: ", false, versioned, ""},
		{TFA, "BL31: ", false, versioned, ""},
		{BootFrom, "Using ", true, storage, ""}, // plat/st/common/bl2_io_storage.c, print_boot_device
		{OPTEE, "OP-TEE version: ", false, whole, ""},
		{OpenSBI, "OpenSBI ", true, versioned, ""},
		{Barebox, "barebox ", true, dated, ""}, // common/version.c
		{Coreboot, "coreboot-", false, starting, ""},
		// UEFI: edk2 with its BdsDxe, and NVIDIA's.
		{UEFI, "UEFI firmware (version ", false, bracket, ""},
		{BootOption, "BdsDxe: starting ", false, bootOption, ""},
		{BIOS, "SeaBIOS (version ", true, bracket, ""},
		{GRUB, "GNU GRUB  version ", false, whole, ""},
		{GRUB, "Welcome to GRUB!", true, nothing, ""},
		// Linux: drivers/firmware/efi/libstub, arch/*/kernel/setup.c.
		{SecureBoot, "EFI stub: UEFI Secure Boot is ", false, whole, ""},
		{EFIStub, "EFI stub: ", false, whole, ""},
		{Kernel, "Starting kernel ...", false, nothing, ""}, // U-Boot
		{Kernel, "Booting Linux on physical CPU ", false, nothing, ""},
		{Kernel, "Linux version ", false, whole, ""},
		// The boot loader of Raspberry Pi 4 and 5. Old versions have the serial
		// number of the board behind BOOTMODE.
		{RaspberryPi, "RPi: BOOTSYS release VERSION:", false, word, " BOOTMODE"},
		{RaspberryPi, "RPi: BOOTLOADER release VERSION:", false, word, " BOOTMODE"},
		{BootFrom, "Boot mode: ", true, bootMode, ""},
		// Amlogic's ROM, as G12A:BL:0253b8:61aa2d;FEAT:…;EMMC:0;READ:0, and BL2.
		{ROM, "GXBB:BL1:", true, whole, ""},
		{ROM, "GXL:BL1:", true, whole, ""},
		{ROM, "G12A:BL:", true, whole, ""},
		{ROM, "G12B:BL:", true, whole, ""},
		{ROM, "SM1:BL:", true, whole, ""},
		{BootFrom, "Load FIP HDR from ", true, comma, ""},
		{BootFrom, "Load FIP HDR DDR from ", true, comma, ""},
		// Marvell Armada.
		{ROM, "BootROM - ", true, word, ""},
		{BootFrom, "Booting from ", false, whole, ""},
		// Allwinner's boot0.
		{FirstStage, "HELLO! BOOT0 is starting", false, nothing, ""},
		// Rockchip's memory training and miniloader.
		{FirstStage, "DDR Version ", true, whole, ""},
		{FirstStage, "DDR version ", true, whole, ""},
		{FirstStage, "Boot1 Release Time: ", true, whole, ""},
		{SecureBoot, "SecureInit ret = ", true, whole, ""},
		// NVIDIA's MB1 and MB2, and CBoot.
		{FirstStage, "Cboot Version: ", false, word, ""},
		{FirstStage, "MB1 (version: ", false, bracket, ""},
		{FirstStage, "MB2 (version: ", false, bracket, ""},
		{BootFrom, "Boot-device: ", false, whole, ""},
		// Qualcomm's SBL and XBL.
		{FirstStage, "QC_IMAGE_VERSION_STRING=", false, whole, ""},
		{BootFrom, "Boot Interface: ", false, whole, ""},
		{SecureBoot, "S - Secure Boot: ", false, whole, ""},
		// TI's K3, arch/arm/mach-k3 of U-Boot.
		{SystemFW, "SYSFW ABI: ", false, whole, ""},
	}
}

func whole(rest string) (string, bool) { return rest, true }

// nothing is for lines that are recognised by their mark alone.
func nothing(string) (string, bool) { return "", true }

// something is for a word that other programs print, too: a value must follow.
func something(rest string) (string, bool) {
	rest = strings.TrimSpace(rest)
	return rest, rest != ""
}

// boardModel is that of a board, and not that of a disk, which U-Boot names with its
// firmware and its serial number (drivers/block/sata_mv.c).
func boardModel(rest string) (string, bool) {
	text, ok := something(rest)
	return text, ok && !strings.Contains(text, "Firm:") && !strings.Contains(text, "Ser#:")
}

// processor leaves out the second line of i.MX boards, which has its temperatures.
func processor(rest string) (string, bool) {
	text, ok := something(rest)
	return text, ok && !strings.Contains(text, "temperature grade")
}

// word takes the text up to a blank.
func word(rest string) (string, bool) {
	text, _, _ := strings.Cut(rest, " ")
	return text, text != ""
}

// dated takes a version by year and month, as 2023.01, and what belongs to it.
func dated(rest string) (string, bool) {
	if len(rest) < 7 || !strings.HasPrefix(rest, "20") || rest[4] != '.' || !digits(rest[2:4]) || !digits(rest[5:7]) {
		return "", false
	}
	return rest, true
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// versioned takes a version as v2.8.
func versioned(rest string) (string, bool) {
	if len(rest) < 2 || rest[0] != 'v' || !digits(rest[1:2]) {
		return "", false
	}
	return word(rest)
}

// bracket takes the text up to a closing bracket.
func bracket(rest string) (string, bool) {
	text, _, ok := strings.Cut(rest, ")")
	return text, ok && text != ""
}

// path takes the name of a file whose '/' is in the mark.
func path(rest string) (string, bool) {
	text, ok := word(rest)
	return text, ok && strings.ContainsAny(text, "/.")
}

// scanning takes "mmc 0:1..." of U-Boot's distro boot, and "bootdev 'mmc…'" of
// standard boot.
func scanning(rest string) (string, bool) {
	text, dots := strings.CutSuffix(strings.TrimSpace(rest), "...")
	return strings.TrimSuffix(text, ":"), dots || strings.HasPrefix(rest, "bootdev ")
}

// bootMode takes "SD (01) order f4".
func bootMode(rest string) (string, bool) {
	text, after, ok := strings.Cut(rest, " (")
	return text, ok && text != "" && strings.Contains(after, ") order ")
}

// bootOption takes Boot0001 of a line that goes on with its name and path.
func bootOption(rest string) (string, bool) {
	text, _ := word(rest)
	return text, len(text) == len("Boot0001") && strings.HasPrefix(text, "Boot")
}

// abled takes "enabled" and "disabled".
func abled(rest string) (string, bool) { return rest, rest == "enabled" || rest == "disabled" }

// storage takes the words that TF-A has for the media of an STM32.
func storage(rest string) (string, bool) {
	switch rest {
	case "SDMMC", "EMMC", "SPI NOR", "SPI NAND", "FMC NAND", "UART", "USB":
		return rest, true
	}
	return "", false
}

// comma takes the text up to a comma.
func comma(rest string) (string, bool) {
	text, _, ok := strings.Cut(rest, ",")
	return text, ok && text != ""
}

// starting takes the version in front of a date, of a stage that starts.
func starting(rest string) (string, bool) {
	text, after, _ := strings.Cut(rest, " ")
	return text, text != "" && strings.Contains(after, " starting")
}

// amount takes "2 GiB" and "948 MiB (effective 3.8 GiB)".
func amount(rest string) (string, bool) {
	_, ok := parseAmount(rest)
	return rest, ok
}

// parseAmount reads one or two amounts and returns the larger. Of the two that
// U-Boot prints, one is the bank that it works in and the other the sum of all
// banks, or one is the memory that is fitted and the other what firmware left
// of it (common/board_f.c, show_dram_config).
func parseAmount(text string) (int64, bool) {
	first, second, _ := strings.Cut(text, "(effective ")
	if other, sum, ok := strings.Cut(text, "(total "); ok { // of all banks, in U-Boot of 2025
		first, second = other, sum
	}
	a, ok := parseSize(first)
	b, _ := parseSize(strings.TrimSuffix(strings.TrimSpace(second), ")"))
	// U-Boot of Aspeed's SoCs names what is fitted behind what it leaves to Linux
	// (drivers/ram/aspeed).
	_, fitted, _ := strings.Cut(first, "(capacity:")
	fitted, _, _ = strings.Cut(fitted, ",")
	c, _ := parseSize(fitted)
	return max(a, b, c), ok
}

// parseSize reads a size as U-Boot prints it (lib/display_options.c,
// print_size): with at most one digit behind the point, so that the bytes of
// "3.9 GiB" are about right.
func parseSize(text string) (int64, bool) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, false
	}
	shift, known := map[string]int{"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "MB": 20, "GB": 30}[fields[1]]
	integer, fraction, _ := strings.Cut(fields[0], ".")
	n, err := strconv.ParseUint(integer, 10, 16)
	if err != nil || !known || len(fraction) > 1 || fraction != "" && !digits(fraction) {
		return 0, false
	}
	size := int64(n) << shift
	if fraction != "" {
		size += int64(fraction[0]-'0') << shift / 10
	}
	return size, true
}
