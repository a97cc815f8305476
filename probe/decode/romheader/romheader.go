// Package romheader recognises the first thing that a boot ROM loads, by the
// header that the ROM of its SoC family looks for.
//
// The magic numbers of some families are short and occur by chance, also within
// other boot loaders; so Identify must be given the bytes at a place where the
// ROM looks, and Places says where that is. What is recognised could be loaded:
// whether the ROM does, fuses and straps decide, and no signature is verified.
package romheader

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// UsefulBytes is how much from a place on lets checksums be checked; Marvell's
// header, of which the checksum is needed, can be that long. All other magic
// numbers are in the first 512 bytes, but for the certificate of TI's K3, which
// takes some 2 KiB.
const UsefulBytes = 192 << 10

// Header is what was recognised.
type Header struct {
	Family      string // one of Families
	Format      string // the name by which the family's tools know it
	Detail      string // what else the header says: a version, a chip, a board
	HasDetail   bool
	Media       string // the medium that it was made for: sd, emmc, spi, nand, sata, pcie, uart, i2c
	HasMedia    bool
	SizeBytes   int64 // of what the ROM loads, as far as the header says
	HasSize     bool
	Checked     bool // it has a checksum, and all bytes that it covers were there
	Right       bool // the checksum is right; a ROM refuses a wrong one
	Signed      bool // it carries a signature
	KnownSigned bool // Signed is known
}

// row is a format: a magic number, where in the header it is, and what else must
// be so. The sources stand in the comments.
type row struct {
	family, format string
	magic          string
	offset         int
	check          func(h []byte, found *Header) bool // nil if the magic number is long enough
}

// rows are in the order in which they are tried: those with a long magic number
// first.
func rows() []row {
	return []row{
		{"allwinner", "eGON.BT0", "eGON.BT0", 4, checkEGON},
		{"allwinner", "TOC0", "TOC0.GLH", 0, checkTOC0},
		{"ti", "CHSETTINGS", "CHSETTINGS\x00\x00", 0x14, checkCH},
		{"mediatek", "EMMC_BOOT", "EMMC_BOOT\x00", 0, checkMTK},
		{"mediatek", "SDMMC_BOOT", "SDMMC_BOOT\x00", 0, checkMTK},
		{"mediatek", "SF_BOOT", "SF_BOOT\x00", 0, checkMTK},
		{"mediatek", "BOOTLOADER!", "BOOTLOADER!\x00V006NFIINFO\x00", 0, checkMTKNAND},
		{"mediatek", "GFH", "MMM\x01\x38\x00\x00\x00FILE_INFO\x00", 0, checkGFH},
		{"xilinx", "boot header", "\x66\x55\x99\xAAXNLX", 0x20, checkXilinx},
		{"layerscape", "PBL", "\xAA\x55\xAA\x55\x01\xEE\x01\x00", 0, nil},
		{"layerscape", "PBL, chassis 3", "\x55\xAA\x55\xAA\x00\x00\x10\x80", 0, nil},
		{"layerscape", "PBL, swapped for QSPI", "\x00\x01\xEE\x01\x55\xAA\x55\xAA", 0, nil},
		{"armada8k", "boot image", "\x02\xB0\x05\xB1", 0, checkArmada8K},
		{"rockchip", "RKNS", "RKNS", 0, checkRKNS},
		{"rockchip", "idblock", "", 0, checkIDBlock},
		{"stm32", "STM2", "STM2", 0, checkSTM32},
		{"amlogic", "@AML", "@AML", 0x10, checkAmlogic},
		{"socfpga", "preloader", "AS01", 0x40, checkSoCFPGA},
		{"imx", "IVT", "\xD1\x00\x20", 0, checkIVT},
		{"ti", "X.509", "\x30\x82", 0, checkK3},
		{"marvell", "kwbimage", "", 0, checkKWB},
		{"imx", "container", "\x00", 0, checkContainer},
	}
}

// Families returns the names of the families, sorted.
func Families() []string {
	var names []string
	for _, r := range rows() {
		names = append(names, r.family)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Identify recognises the header in front of the bytes, which begin at a place
// where the ROM of the family looks. With an empty family it tries all, which
// means little if the place is not one of theirs.
func Identify(family string, header []byte) (Header, bool) {
	for _, r := range rows() {
		if family != "" && family != r.family || len(header) < r.offset || !bytes.HasPrefix(header[r.offset:], []byte(r.magic)) {
			continue
		}
		found := Header{Family: r.family, Format: r.format}
		if r.check == nil || r.check(header, &found) {
			return found, true
		}
	}
	return Header{}, false
}

func (h *Header) detail(text string) { h.Detail, h.HasDetail = text, true }
func (h *Header) media(name string)  { h.Media, h.HasMedia = name, true }
func (h *Header) size(n int64)       { h.SizeBytes, h.HasSize = n, true }
func (h *Header) sum(right bool)     { h.Checked, h.Right = true, right }
func (h *Header) signed(is bool)     { h.Signed, h.KnownSigned = is, true }

func le16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func le32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// sum32 adds little-endian words.
func sum32(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.LittleEndian.Uint32(b)
	}
	return sum
}

// sum8 adds bytes.
func sum8(b []byte) uint32 {
	var sum uint32
	for _, c := range b {
		sum += uint32(c)
	}
	return sum
}

// word takes printable ASCII up to another byte, at most limit of it.
func word(b []byte, limit int) string {
	end := 0
	for end < min(len(b), limit) && '!' <= b[end] && b[end] <= '~' {
		end++
	}
	return string(b[:end])
}
