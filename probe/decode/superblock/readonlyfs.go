package superblock

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// squashfs reads the superblock (struct squashfs_super_block in the kernel's
// fs/squashfs/squashfs_fs.h). Of versions before 4, which could have either byte
// order, only the version is read.
func squashfs(v *view) (Content, bool) {
	const length, block, compression, blockLog, major, minor, used = 96, 12, 20, 22, 28, 30, 40
	s := v.at(0, length)
	if s == nil {
		return Content{}, false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	switch string(s[:4]) {
	case "hsqs":
	case "sqsh":
		order = binary.BigEndian
	default:
		return Content{}, false
	}
	c := Content{Type: SquashFS}
	switch n := order.Uint16(s[major:]); {
	case n == 0 || n > 4:
		return Content{}, false
	case n == 4:
		if shift := order.Uint16(s[blockLog:]); shift > 20 || order.Uint32(s[block:]) != 1<<shift {
			return Content{}, false
		}
		c.setSize(order.Uint64(s[used:]), 1)
		c.Words = []string{named([]string{1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}, int(order.Uint16(s[compression:])), "compression")}
	}
	c.setVersion(fmt.Sprintf("%d.%d", order.Uint16(s[major:]), order.Uint16(s[minor:])))
	return c, true
}

// erofs reads the superblock behind the first KiB (struct erofs_super_block in
// the kernel's fs/erofs/erofs_fs.h).
func erofs(v *view) (Content, bool) {
	const start, length, shift, blocks, uuid, name = 1024, 128, 12, 36, 48, 64
	s := v.at(start, length)
	if s == nil || binary.LittleEndian.Uint32(s) != 0xE0F5E1E2 || s[shift] < 9 || s[shift] > 16 {
		return Content{}, false
	}
	c := Content{Type: EROFS}
	c.setSize(uint64(binary.LittleEndian.Uint32(s[blocks:])), 1<<s[shift])
	c.setUUID(start+uuid, s[uuid:][:16])
	c.setLabel(start+name, s[name:][:16])
	return c, true
}

// cramfs reads the superblock, which may come behind 512 bytes for a boot loader
// (struct cramfs_super in the kernel's include/uapi/linux/cramfs_fs.h).
func cramfs(v *view) (Content, bool) {
	const length, size, flags, signature, name, second = 64, 4, 8, 16, 48, 512
	for _, at := range [...]int64{0, second} {
		s := v.at(at, length)
		if s == nil || string(s[signature:][:16]) != "Compressed ROMFS" {
			continue
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if order.Uint32(s) != 0x28cd3d45 {
			order = binary.BigEndian
		}
		if order.Uint32(s) != 0x28cd3d45 {
			continue
		}
		c := Content{Type: CramFS}
		c.setVersion(fmt.Sprint(order.Uint32(s[flags:])&1 + 1)) // CRAMFS_FLAG_FSID_VERSION_2
		c.setSize(uint64(order.Uint32(s[size:])), 1)
		c.setLabel(at+name, s[name:][:16])
		c.word(order == binary.BigEndian, "big-endian")
		return c, true
	}
	return Content{}, false
}

// romfs reads the superblock (struct romfs_super_block in the kernel's
// include/uapi/linux/romfs_fs.h).
func romfs(v *view) (Content, bool) {
	const length, size, name = 64, 8, 16
	s := v.at(0, length)
	if s == nil || string(s[:8]) != "-rom1fs-" {
		return Content{}, false
	}
	c := Content{Type: RomFS}
	c.setSize(uint64(binary.BigEndian.Uint32(s[size:])), 1)
	label, _, _ := bytes.Cut(s[name:], []byte{0}) // as long as need be
	c.setLabel(name, label)
	return c, true
}

// iso9660 reads the primary volume descriptor at 32 KiB (ECMA-119, 8.4), and
// looks for the boot record that "El Torito" 1.0 puts behind it.
func iso9660(v *view) (Content, bool) {
	const (
		start, next, length           = 32 << 10, 34 << 10, 2048
		identifier, volume, nameBytes = 1, 40, 32
		blocks, block                 = 80, 128
		primary, boot                 = 1, "\x00CD001\x01EL TORITO SPECIFICATION"
	)
	d := v.at(start, length)
	if d == nil || d[0] != primary || string(d[identifier:][:5]) != "CD001" {
		return Content{}, false
	}
	c := Content{Type: ISO9660}
	c.setSize(uint64(binary.LittleEndian.Uint32(d[blocks:])), uint64(binary.LittleEndian.Uint16(d[block:])))
	c.setLabel(start+volume, d[volume:][:nameBytes])
	c.word(string(v.at(next, len(boot))) == boot, "bootable (El Torito)")
	return c, true
}
