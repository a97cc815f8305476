package superblock

import (
	"encoding/binary"
	"fmt"
)

// raidEnds says where arrays keep what they write near the end of a member of so many
// bytes: version 0.90 of Linux (md_p.h), and from the second place on version 1.0,
// Intel's firmware and DDF. Both are 0 for one that is too small.
func raidEnds(size int64) (old, last int64) {
	const block, page = 64 << 10, 4 << 10
	if size < 4*block {
		return 0, 0
	}
	return size&^(block-1) - block, (size - 2*page) &^ (page - 1)
}

// mdraid knows members of arrays of Linux (include/uapi/linux/raid/md_p.h): version
// 1.1 at the start, 1.2 behind 4 KiB, 1.0 and 0.90 near the end. The name of an array
// begins with that of a machine, so it is no label.
func mdraid(v *view) (Content, bool) {
	const magic = 0xa92b4efc
	old, last := raidEnds(v.size)
	for _, place := range []struct {
		at           int64
		version      string
		major, minor uint32
	}{{0, "1.1", 1, 0}, {4 << 10, "1.2", 1, 0}, {last, "1.0", 1, 0}, {old, "0.90", 0, 90}} {
		b := v.at(place.at, 256)
		if b == nil || binary.LittleEndian.Uint32(b) != magic || binary.LittleEndian.Uint32(b[4:]) != place.major ||
			place.major == 0 && binary.LittleEndian.Uint32(b[8:]) != place.minor {
			continue
		}
		c := Content{Type: MDRaid}
		c.setVersion(place.version)
		if place.major == 1 {
			c.setUUID(place.at+16, b[16:32])
			c.identity(v, place.at+32, 32)  // name, with that of a machine
			c.identity(v, place.at+168, 16) // of this member
		} else {
			c.identity(v, place.at+20, 4) // the parts of the UUID
			c.identity(v, place.at+52, 12)
		}
		return c, true
	}
	return Content{}, false
}

// firmwareRaid knows members of arrays that firmware made: Intel's signature stands
// two sectors before the end (struct imsm_super of mdadm), the anchor of DDF in the
// last one (SNIA Common RAID Disk Data Format 2.0, 4.1).
func firmwareRaid(v *view) (Content, bool) {
	if b := v.at(v.size-1024, 32); b != nil && string(b[:24]) == "Intel Raid ISM Cfg Sig. " {
		return Content{Type: IntelRaid}, true
	}
	if b := v.at(v.size-512, 4); b != nil && binary.BigEndian.Uint32(b) == 0xde11de11 {
		return Content{Type: DDFRaid}, true
	}
	return Content{}, false
}

// bitlocker knows volumes that BitLocker has encrypted, by the name in place of that
// of NTFS ([MS-FVE] is not published; libbde, "BitLocker Drive Encryption format", 3.1).
func bitlocker(v *view) (Content, bool) {
	b := v.at(0, 512)
	if b == nil || string(b[3:11]) != "-FVE-FS-" || b[510] != 0x55 || b[511] != 0xaa {
		return Content{}, false
	}
	return Content{Type: BitLocker}, true
}

// vmfsAt is where VMFS has its volume.
const vmfsAt = 1 << 20

// vmfs knows volumes of VMware's file system (struct volume of vmfs-tools).
func vmfs(v *view) (Content, bool) {
	b := v.at(vmfsAt, 8)
	if b == nil || binary.LittleEndian.Uint32(b) != 0xc001d00d {
		return Content{}, false
	}
	version := binary.LittleEndian.Uint32(b[4:])
	if version == 0 || version > 64 {
		return Content{}, false
	}
	c := Content{Type: VMFS}
	c.setVersion(fmt.Sprint(version))
	return c, true
}
