package superblock

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// androidBoot reads the header of a boot image (boot_img_hdr_v0 to v4 in
// include/bootimg/bootimg.h of system/tools/mkbootimg). The command line in it
// is not read.
func androidBoot(v *view) (Content, bool) {
	const (
		length, os3, version, os, name, nameBytes = 512, 16, 40, 44, 48, 16
		newest, patchYear                         = 4, 2000
	)
	h := v.at(0, length)
	if h == nil || string(h[:8]) != "ANDROID!" {
		return Content{}, false
	}
	c := Content{Type: AndroidBoot}
	number, release := binary.LittleEndian.Uint32(h[version:]), binary.LittleEndian.Uint32(h[os:])
	switch {
	case number > newest:
		// Before there were versions, vendors kept the size of a device tree here.
		number = 0
		fallthrough
	case number < 3:
		c.setLabel(name, h[name:][:nameBytes])
	default:
		release = binary.LittleEndian.Uint32(h[os3:])
	}
	c.setVersion(fmt.Sprint(number))
	c.word(release>>11 != 0, fmt.Sprintf("Android %d.%d.%d", release>>25, release>>18&0x7f, release>>11&0x7f))
	c.word(release&0x7ff != 0, fmt.Sprintf("patch level %d-%02d", patchYear+release>>4&0x7f, release&0xf))
	return c, true
}

// androidVendorBoot reads the header of a vendor_boot partition
// (vendor_boot_img_hdr_v3 and v4, same file).
func androidVendorBoot(v *view) (Content, bool) {
	const length, version, name, nameBytes = 2112, 8, 2080, 16
	h := v.at(0, length)
	if h == nil || string(h[:8]) != "VNDRBOOT" {
		return Content{}, false
	}
	c := Content{Type: AndroidVendorBoot}
	c.setVersion(fmt.Sprint(binary.LittleEndian.Uint32(h[version:])))
	c.setLabel(name, h[name:][:nameBytes])
	return c, true
}

// androidSparse reads the header of an image that fastboot would unpack
// (sparse_header_t in libsparse/sparse_format.h of system/core). Found on a
// partition, it was written there as it is.
func androidSparse(v *view) (Content, bool) {
	const length, major, minor, block, blocks = 28, 4, 6, 12, 16
	h := v.at(0, length)
	if h == nil || binary.LittleEndian.Uint32(h) != 0xED26FF3A || binary.LittleEndian.Uint16(h[major:]) != 1 {
		return Content{}, false
	}
	c := Content{Type: AndroidSparse}
	c.setVersion(fmt.Sprintf("1.%d", binary.LittleEndian.Uint16(h[minor:])))
	c.setSize(uint64(binary.LittleEndian.Uint32(h[blocks:])), uint64(binary.LittleEndian.Uint32(h[block:])))
	return c, true
}

// Names of the numbers in the header of a legacy image (include/image.h of
// U-Boot) that boards have.
var (
	uimageSystems       = [...]string{5: "Linux", 17: "U-Boot", 25: "TF-A", 26: "TEE", 27: "OpenSBI", 28: "EFI"}
	uimageArchitectures = [...]string{2: "ARM", 3: "x86", 5: "MIPS", 6: "MIPS64", 7: "PowerPC", 21: "OpenRISC", 22: "ARM64", 23: "ARC", 24: "x86-64", 26: "RISC-V"}
	uimageTypes         = [...]string{1: "standalone", 2: "kernel", 3: "ramdisk", 4: "multi-file", 5: "firmware", 6: "script", 7: "filesystem", 8: "device tree", 14: "kernel (noload)"}
	uimageCompressions  = [...]string{0: "not compressed", 1: "gzip", 2: "bzip2", 3: "lzma", 4: "lzo", 5: "lz4", 6: "zstd"}
)

// uimage reads the header of a legacy image of U-Boot (struct
// legacy_img_hdr in include/image.h).
func uimage(v *view) (Content, bool) {
	const length, checksum, size, system, architecture, kind, compression, name = 64, 4, 12, 28, 29, 30, 31, 32
	h := v.at(0, length)
	if h == nil || binary.BigEndian.Uint32(h) != 0x27051956 {
		return Content{}, false
	}
	c := Content{Type: UImage}
	c.setSize(uint64(binary.BigEndian.Uint32(h[size:]))+length, 1)
	c.setLabel(name, h[name:])
	c.Words = []string{
		named(uimageSystems[:], int(h[system]), "system"),
		named(uimageArchitectures[:], int(h[architecture]), "architecture"),
		named(uimageTypes[:], int(h[kind]), "type"),
		named(uimageCompressions[:], int(h[compression]), "compression"),
	}
	crc := crc32.ChecksumIEEE(h[:checksum])
	crc = crc32.Update(crc, crc32.IEEETable, make([]byte, 4)) // the field itself
	crc = crc32.Update(crc, crc32.IEEETable, h[checksum+4:])
	c.word(crc != binary.BigEndian.Uint32(h[checksum:]), "header checksum wrong")
	return c, true
}

// deviceTree reads the header of a flattened device tree (Devicetree
// Specification 0.4, 5.2), and tells an image tree (FIT) by its first nodes,
// "images" or "configurations" (U-Boot, doc/usage/fit/source_file_format.rst).
func deviceTree(v *view) (Content, bool) {
	const (
		length, total, structure, version, oldest = 40, 4, 8, 20, 16
		begin, property, nothing                  = 1, 3, 4
	)
	h := v.at(0, length)
	if h == nil || binary.BigEndian.Uint32(h) != 0xD00DFEED || binary.BigEndian.Uint32(h[version:]) < oldest {
		return Content{}, false
	}
	c := Content{Type: DeviceTree}
	c.setSize(uint64(binary.BigEndian.Uint32(h[total:])), 1)
	c.setVersion(fmt.Sprint(binary.BigEndian.Uint32(h[version:])))
	at := int64(binary.BigEndian.Uint32(h[structure:]))
	word := func() (uint32, bool) {
		b := v.at(at, 4)
		at += 4
		if b == nil {
			return 0, false
		}
		return binary.BigEndian.Uint32(b), true
	}
	for depth := 0; at < startLength; {
		token, ok := word()
		switch {
		case !ok:
			return c, true
		case token == begin && depth == 1:
			if name := text(v.at(at, 16)); name == "images" || name == "configurations" {
				c.Type = FIT
			}
			return c, true
		case token == begin: // the root, which has no name
			depth++
			at += 4
		case token == property:
			n, ok := word()
			if !ok {
				return c, true
			}
			at += 4 + (int64(n)+3)&^3
		case token != nothing:
			return c, true
		}
	}
	return c, true
}
