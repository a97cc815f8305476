package superblock

import (
	"encoding/binary"
	"fmt"
)

// btrfs reads the superblock at 64 KiB (struct btrfs_super_block in the kernel's
// fs/btrfs/ctree.h).
func btrfs(v *view) (Content, bool) {
	const (
		start, length                     = 64 << 10, 4096
		fsid, magic, total, devices       = 32, 64, 112, 136
		chunkBytes, incompat, deviceUUID  = 160, 188, 267
		label, labelBytes, metadata       = 299, 256, 571
		chunks, maxChunks                 = 811, 2048
		compressLZO, compressZstd, mixed  = 1 << 3, 1 << 4, 1 << 2
		raid56, zoned, extentTree2, other = 1 << 7, 1 << 12, 1 << 13, 283
	)
	s := v.at(start, length)
	if s == nil || string(s[magic:][:8]) != "_BHRfS_M" {
		return Content{}, false
	}
	quad := func(at int) uint64 { return binary.LittleEndian.Uint64(s[at:]) }
	c := Content{Type: Btrfs}
	c.setUUID(start+fsid, s[fsid:][:16])
	c.setLabel(start+label, s[label:][:labelBytes])
	c.setSize(quad(total), 1)
	for _, at := range [...]int64{deviceUUID, other, metadata} {
		c.identity(v, start+at, 16)
	}
	// The addresses of the first chunks name devices by their UUID.
	c.identity(v, start+chunks, int(min(binary.LittleEndian.Uint32(s[chunkBytes:]), maxChunks)))
	have := quad(incompat)
	c.word(quad(devices) != 1, fmt.Sprintf("%d devices", quad(devices)))
	c.word(have&compressLZO != 0, "lzo")
	c.word(have&compressZstd != 0, "zstd")
	c.word(have&mixed != 0, "mixed groups")
	c.word(have&raid56 != 0, "raid56")
	c.word(have&zoned != 0, "zoned")
	c.word(have&extentTree2 != 0, "extent tree v2")
	return c, true
}

// xfs reads the superblock (struct xfs_dsb in the kernel's
// fs/xfs/libxfs/xfs_format.h).
func xfs(v *view) (Content, bool) {
	const (
		length, block, blocks, uuid   = 512, 4, 8, 32
		version, sectorSize           = 100, 102
		label, labelBytes, metadataID = 108, 12, 248
	)
	s := v.at(0, length)
	if s == nil || string(s[:4]) != "XFSB" {
		return Content{}, false
	}
	size := uint64(binary.BigEndian.Uint32(s[block:]))
	if size < 512 || size > 64<<10 || !powerOfTwo(size) || !powerOfTwo(uint64(binary.BigEndian.Uint16(s[sectorSize:]))) {
		return Content{}, false
	}
	c := Content{Type: XFS}
	number := binary.BigEndian.Uint16(s[version:]) & 0xf
	c.setVersion(fmt.Sprint(number))
	c.setSize(binary.BigEndian.Uint64(s[blocks:]), size)
	c.setUUID(uuid, s[uuid:][:16])
	c.setLabel(label, s[label:][:labelBytes])
	if number >= 5 {
		c.identity(v, metadataID, 16)
	}
	return c, true
}

// f2fs reads the superblock behind the first KiB (struct f2fs_super_block in the
// kernel's include/linux/f2fs_fs.h).
func f2fs(v *view) (Content, bool) {
	const (
		start, length                 = 1024, 3072
		major, minor, logBlock        = 4, 6, 16
		blocks, uuid, name, nameBytes = 36, 108, 124, 1024
		feature, salt                 = 2180, 2185
		minLog, maxLog                = 12, 16
	)
	s := v.at(start, length)
	if s == nil || binary.LittleEndian.Uint32(s) != 0xF2F52010 {
		return Content{}, false
	}
	shift := binary.LittleEndian.Uint32(s[logBlock:])
	if shift < minLog || shift > maxLog {
		return Content{}, false
	}
	c := Content{Type: F2FS}
	c.setVersion(fmt.Sprintf("%d.%d", binary.LittleEndian.Uint16(s[major:]), binary.LittleEndian.Uint16(s[minor:])))
	c.setSize(binary.LittleEndian.Uint64(s[blocks:]), 1<<shift)
	c.setUUID(start+uuid, s[uuid:][:16])
	c.setText(start+name, nameBytes, utf16le(s[name:][:nameBytes]))
	c.identity(v, start+salt, 16)
	have := binary.LittleEndian.Uint32(s[feature:])
	for _, f := range [...]struct {
		bit  uint32
		word string
	}{{1, "encryption"}, {2, "zoned"}, {0x400, "verity"}, {0x800, "superblock checksum"}, {0x1000, "casefold"}, {0x2000, "compression"}, {0x4000, "read-only"}} {
		c.word(have&f.bit != 0, f.word)
	}
	return c, true
}
