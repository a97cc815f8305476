package superblock

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// arm64Image reads the header of an uncompressed kernel for 64-bit ARM
// (Documentation/arm64/booting.rst). The size in it is that in memory.
func arm64Image(v *view) (Content, bool) {
	const length, flags, magic = 64, 24, 56
	h := v.at(0, length)
	if h == nil || string(h[magic:][:4]) != "ARM\x64" {
		return Content{}, false
	}
	c := Content{Type: ImageARM64}
	f := binary.LittleEndian.Uint64(h[flags:])
	c.word(f&1 != 0, "big-endian")
	if page := f >> 1 & 3; page != 0 {
		c.Words = append(c.Words, fmt.Sprintf("pages of %d KiB", 1<<(2*page)))
	}
	return c, true
}

// riscvImage reads the same for RISC-V (Documentation/riscv/boot-image-header.rst).
func riscvImage(v *view) (Content, bool) {
	const length, flags, version, magic = 64, 24, 32, 56
	h := v.at(0, length)
	if h == nil || string(h[magic:][:4]) != "RSC\x05" {
		return Content{}, false
	}
	c := Content{Type: ImageRISCV}
	n := binary.LittleEndian.Uint32(h[version:])
	c.Words = []string{fmt.Sprintf("header %d.%d", n>>16, n&0xffff)}
	c.word(h[flags]&1 != 0, "big-endian")
	return c, true
}

// zimage reads the header of a compressed kernel for 32-bit ARM (the words
// behind "start" in arch/arm/boot/compressed/head.S).
func zimage(v *view) (Content, bool) {
	const length, magic, start, end = 64, 0x24, 0x28, 0x2c
	h := v.at(0, length)
	if h == nil {
		return Content{}, false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if order.Uint32(h[magic:]) != 0x016f2818 {
		order = binary.BigEndian
	}
	from, to := order.Uint32(h[start:]), order.Uint32(h[end:])
	if order.Uint32(h[magic:]) != 0x016f2818 || to <= from {
		return Content{}, false
	}
	c := Content{Type: ZImage}
	c.setSize(uint64(to-from), 1)
	c.word(order == binary.BigEndian, "big-endian")
	return c, true
}

// bzimage reads the header of a kernel for x86 (Documentation/x86/boot.rst).
// The text that it points to begins with the release.
func bzimage(v *view) (Content, bool) {
	const (
		length, setupSectors, systemSize = 1024, 0x1F1, 0x1F4
		signature, magic, protocol       = 0x1FE, 0x202, 0x206
		versionText, textStart, maxText  = 0x20E, 0x200, 64
	)
	h := v.at(0, length)
	if h == nil || h[signature] != 0x55 || h[signature+1] != 0xAA || string(h[magic:][:4]) != "HdrS" {
		return Content{}, false
	}
	c := Content{Type: BzImage}
	sectors := uint64(h[setupSectors])
	if sectors == 0 {
		sectors = 4
	}
	c.setSize((sectors+1)*512+uint64(binary.LittleEndian.Uint32(h[systemSize:]))*16, 1)
	if at := binary.LittleEndian.Uint16(h[versionText:]); at != 0 {
		release, _, _ := strings.Cut(text(v.at(textStart+int64(at), maxText)), " ")
		c.setVersion(release)
	}
	n := binary.LittleEndian.Uint16(h[protocol:])
	c.Words = []string{fmt.Sprintf("boot protocol %d.%02d", n>>8, n&0xff)}
	return c, true
}
