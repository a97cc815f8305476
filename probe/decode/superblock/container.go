package superblock

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// luks reads the header of an encrypted partition (LUKS1 On-Disk Format
// Specification 1.2.3, 2.2; LUKS2 On-Disk Format Specification, 2.1).
func luks(v *view) (Content, bool) {
	const (
		length, version             = 512, 6
		uuid, uuidBytes             = 168, 40
		cipher, mode, nameBytes     = 8, 40, 32 // version 1
		digest, digestBytes         = 112, 20
		salt, saltBytes             = 132, 32
		label, labelBytes           = 24, 48 // version 2
		salt2, checksum, saltBytes2 = 104, 448, 64
	)
	h := v.at(0, length)
	if h == nil || string(h[:version]) != "LUKS\xba\xbe" {
		return Content{}, false
	}
	c := Content{Type: LUKS}
	switch binary.BigEndian.Uint16(h[version:]) {
	case 1:
		c.setVersion("1")
		c.Words = []string{text(h[cipher:][:nameBytes]) + "-" + text(h[mode:][:nameBytes])}
		c.identity(v, digest, digestBytes)
		c.identity(v, salt, saltBytes)
	case 2:
		c.setVersion("2")
		c.setLabel(label, h[label:][:labelBytes])
		c.identity(v, salt2, saltBytes2)
		c.identity(v, checksum, saltBytes2)
	default:
		return Content{}, false
	}
	if id := text(h[uuid:][:uuidBytes]); id != "" {
		c.UUID, c.HasUUID = id, true
		c.identity(v, uuid, uuidBytes)
	}
	return c, true
}

// verity reads the superblock of hashes for dm-verity (struct verity_sb in
// lib/verity/verity.c of cryptsetup).
func verity(v *view) (Content, bool) {
	const version, uuid, algorithm, dataBlock, dataBlocks, length = 8, 16, 32, 64, 72, 512
	s := v.at(0, length)
	if s == nil || string(s[:8]) != "verity\x00\x00" {
		return Content{}, false
	}
	c := Content{Type: Verity}
	c.setVersion(fmt.Sprint(binary.LittleEndian.Uint32(s[version:])))
	c.setUUID(uuid, s[uuid:][:16])
	c.Words = []string{text(s[algorithm:][:32])}
	bytes := product(binary.LittleEndian.Uint64(s[dataBlocks:]), uint64(binary.LittleEndian.Uint32(s[dataBlock:])))
	c.Words = append(c.Words, fmt.Sprintf("hashes of %d bytes", bytes))
	return c, true
}

// lvm2 reads the label of a physical volume, which is in one of the first four
// sectors, and the header behind it (struct label_header in lib/label/label.h
// and struct pv_header in lib/format_text/layout.h of LVM2).
func lvm2(v *view) (Content, bool) {
	const sectors, headerOffset, kind, idBytes = 4, 20, 24, 32
	for n := range int64(sectors) {
		s := v.at(n*sector, sector)
		if s == nil || string(s[:8]) != "LABELONE" || string(s[kind:][:5]) != "LVM2 " || binary.LittleEndian.Uint64(s[8:]) != uint64(n) {
			continue
		}
		at := binary.LittleEndian.Uint32(s[headerOffset:])
		if at < kind+8 || at > sector-idBytes-8 {
			continue
		}
		c := Content{Type: LVM2}
		c.setVersion(text(s[kind:][:8]))
		id := s[at:][:idBytes]
		if t := text(id); len(t) == idBytes {
			c.UUID = strings.Join([]string{t[:6], t[6:10], t[10:14], t[14:18], t[18:22], t[22:26], t[26:]}, "-")
			c.HasUUID = true
		}
		c.identity(v, n*sector+int64(at), idBytes)
		c.setSize(binary.LittleEndian.Uint64(s[at+idBytes:]), 1)
		return c, true
	}
	return Content{}, false
}

// swap reads the header of swap space: a signature in the last ten bytes of the
// first page, whatever its size, the rest behind the first KiB (union
// swap_header in the kernel's include/linux/swap.h).
func swap(v *view) (Content, bool) {
	const (
		start, length, signature           = 1024, 512, 10
		version, lastPage, uuid, label     = 0, 4, 12, 28
		smallestPage, largestPage, current = 4 << 10, 64 << 10, 1
	)
	h := v.at(start, length)
	if h == nil {
		return Content{}, false
	}
	for page := int64(smallestPage); page <= largestPage; page *= 2 {
		c := Content{Type: Swap}
		switch string(v.at(page-signature, signature)) {
		case "SWAPSPACE2":
		case "S1SUSPEND\x00": // HIBERNATE_SIG in kernel/power/swap.c
			c.Words = []string{"holds a hibernated system"}
		case "SWAP-SPACE":
			c.setVersion("0")
			return c, true
		default:
			continue
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if order.Uint32(h[version:]) != current {
			order = binary.BigEndian
		}
		if order.Uint32(h[version:]) != current {
			continue
		}
		c.setVersion("1")
		c.setUUID(start+uuid, h[uuid:][:16])
		c.setLabel(start+label, h[label:][:16])
		c.setSize(uint64(order.Uint32(h[lastPage:]))+1, uint64(page))
		c.word(page != smallestPage, fmt.Sprintf("pages of %d KiB", page>>10))
		return c, true
	}
	return Content{}, false
}

// zfs looks at the name-value list in the first copy of the label of a device:
// an XDR list whose first pair is the version of the pool (libblkid's zfs.c in
// util-linux; "ZFS On-Disk Specification", 1.3.3).
func zfs(v *view) (Content, bool) {
	const start, first, name, number, value, length, uint64Type = 16 << 10, "version\x00", 24, 32, 40, 48, 8
	l := v.at(start, length)
	if l == nil || l[0] != 1 || l[1] > 1 || string(l[name:][:len(first)]) != first {
		return Content{}, false
	}
	c := Content{Type: ZFS}
	if binary.BigEndian.Uint32(l[number:]) == uint64Type {
		c.setVersion(fmt.Sprint(binary.BigEndian.Uint64(l[value:])))
	}
	return c, true
}
