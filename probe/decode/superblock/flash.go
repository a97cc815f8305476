package superblock

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// ubi reads the header of an erase block (struct ubi_ec_hdr in the kernel's
// drivers/mtd/ubi/ubi-media.h). The volumes are described further on.
func ubi(v *view) (Content, bool) {
	const length, version, dataOffset, image = 64, 4, 20, 24
	h := v.at(0, length)
	if h == nil || string(h[:4]) != "UBI#" {
		return Content{}, false
	}
	c := Content{Type: UBI}
	c.setVersion(fmt.Sprint(h[version]))
	c.identity(v, image, 4) // of the image, chosen at random
	c.Words = []string{fmt.Sprintf("data at %d", binary.BigEndian.Uint32(h[dataOffset:]))}
	return c, true
}

// ubifs reads the superblock node (struct ubifs_sb_node in the kernel's
// fs/ubifs/ubifs-media.h).
func ubifs(v *view) (Content, bool) {
	const (
		length, nodeType, superblockNode       = 128, 20, 6
		lebSize, lebCount, version, compressor = 36, 40, 80, 84
		uuid                                   = 108
	)
	n := v.at(0, length)
	if n == nil || binary.LittleEndian.Uint32(n) != 0x06101831 || n[nodeType] != superblockNode {
		return Content{}, false
	}
	long := func(at int) uint32 { return binary.LittleEndian.Uint32(n[at:]) }
	c := Content{Type: UBIFS}
	c.setVersion(fmt.Sprint(long(version)))
	c.setSize(uint64(long(lebCount)), uint64(long(lebSize)))
	c.setUUID(uuid, n[uuid:][:16])
	c.Words = []string{named([]string{"no compression", "lzo", "zlib", "zstd"}, int(binary.LittleEndian.Uint16(n[compressor:])), "compression")}
	return c, true
}

// jffs2 looks at the first node, in either byte order: two bytes of magic
// number, type, length, and a checksum of these (struct jffs2_unknown_node in
// the kernel's include/uapi/linux/jffs2.h).
func jffs2(v *view) (Content, bool) {
	const length, kind, total, checksum = 12, 2, 4, 8
	n := v.at(0, length)
	if n == nil {
		return Content{}, false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if order.Uint16(n) != 0x1985 {
		order = binary.BigEndian
	}
	if order.Uint16(n) != 0x1985 || order.Uint32(n[total:]) < length {
		return Content{}, false
	}
	switch order.Uint16(n[kind:]) {
	case 0xE001, 0xE002, 0x2003, 0x2004, 0x2006, 0xE008, 0xE009:
	default:
		return Content{}, false
	}
	// The kernel's crc32 neither starts with ones nor ends with a complement.
	if ^crc32.Update(^uint32(0), crc32.IEEETable, n[:checksum]) != order.Uint32(n[checksum:]) {
		return Content{}, false
	}
	c := Content{Type: JFFS2}
	c.word(order == binary.BigEndian, "big-endian")
	return c, true
}
