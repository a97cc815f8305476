package superblock

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/fat"
)

const (
	sector     = 512
	entryBytes = 32 // of a directory of FAT and exFAT
	labelBytes = 11 // of a label of FAT
)

// bootSector returns the first sector if it ends as those of FAT, exFAT and NTFS
// do.
func bootSector(v *view) []byte {
	s := v.at(0, sector)
	if s == nil || s[510] != 0x55 || s[511] != 0xAA {
		return nil
	}
	return s
}

// fatVolume leaves the structures to the package for FAT, and reads the label of
// the root directory, which is the one that is kept up to date.
func fatVolume(v *view) (Content, bool) {
	const (
		bytesPerSector, total16, total32 = 11, 19, 32
		extended16, extended32           = 36, 64 // as in the package for FAT
		extendedSignature, serial, label = 2, 3, 7
	)
	s := bootSector(v)
	if s == nil {
		return Content{}, false
	}
	volume, err := fat.Parse(s)
	if err != nil {
		return Content{}, false
	}
	c := Content{Type: FAT32}
	at := extended32
	if volume.Bits != 32 {
		at = extended16
		c.Type = FAT16
		if volume.Bits == 12 {
			c.Type = FAT12
		}
	}
	sectors := uint64(binary.LittleEndian.Uint16(s[total16:]))
	if sectors == 0 {
		sectors = uint64(binary.LittleEndian.Uint32(s[total32:]))
	}
	c.setSize(sectors, uint64(binary.LittleEndian.Uint16(s[bytesPerSector:])))
	if s[at+extendedSignature] == 0x29 {
		id := s[at+serial:][:4]
		c.setSerial(int64(at+serial), id)
		c.setText(int64(at+label), labelBytes, printable(strings.ToValidUTF8(volume.BootLabel, "?")))
	}
	root := v.directory(volume.RootOffset, volume.RootBytes)
	if name, at, known := fat.RootLabel(root); known {
		c.Label, c.HasLabel, c.LabelAt = "", false, Window{}
		c.setText(volume.RootOffset+int64(at), labelBytes, printable(strings.ToValidUTF8(name, "?")))
	}
	return c, true
}

// setSerial takes the volume serial number of FAT and exFAT.
func (c *Content) setSerial(at int64, id []byte) {
	if n := binary.LittleEndian.Uint32(id); n != 0 {
		c.UUID, c.HasUUID = fmt.Sprintf("%04X-%04X", n>>16, n&0xffff), true
		c.Identities = append(c.Identities, Window{at, len(id)})
	}
}

// exfat reads the boot sector and the label in the root directory ("exFAT file
// system specification", 3.1 and 7.3).
func exfat(v *view) (Content, bool) {
	const (
		oldFields, oldBytes                       = 11, 53 // where FAT has its own, MustBeZero
		volumeLength, heap, clusters, rootCluster = 72, 88, 92, 96
		serial, minor, major, sectorShift, spread = 100, 104, 105, 108, 109
		labelEntry, lastEntry                     = 0x83, 0x00
		labelUnits, labelText                     = 1, 2
		maxLabelUnits                             = 11
	)
	s := bootSector(v)
	if s == nil || !fat.IsExFAT(s) || !zeros(s[oldFields:oldFields+oldBytes]) || s[sectorShift] < 9 || s[sectorShift] > 12 || s[spread] > 25-s[sectorShift] {
		return Content{}, false
	}
	long := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(s[at:])) }
	c := Content{Type: ExFAT}
	c.setSize(binary.LittleEndian.Uint64(s[volumeLength:]), 1<<s[sectorShift])
	c.setVersion(fmt.Sprintf("%d.%d", s[major], s[minor]))
	c.setSerial(serial, s[serial:][:4])
	root := long(rootCluster)
	if root < 2 || root >= long(clusters)+2 {
		return c, true
	}
	offset := int64((long(heap) + (root-2)<<s[spread]) << s[sectorShift])
	directory := v.directory(offset, int(min(uint64(1)<<(s[spread]+s[sectorShift]), MaxDirectoryBytes)))
	for at := 0; at+entryBytes <= len(directory) && directory[at] != lastEntry; at += entryBytes {
		if entry := directory[at:][:entryBytes]; entry[0] == labelEntry {
			c.setText(offset+int64(at)+labelText, 2*maxLabelUnits, utf16le(entry[labelText:][:2*min(int(entry[labelUnits]), maxLabelUnits)]))
			break
		}
	}
	return c, true
}

// ntfs reads the boot sector (struct NTFS_BOOT in the kernel's fs/ntfs3/ntfs.h).
// The label is in the master file table, which is not read.
func ntfs(v *view) (Content, bool) {
	const system, bytesPerSector, sectors, serial = 3, 11, 40, 72
	s := bootSector(v)
	if s == nil || string(s[system:][:8]) != "NTFS    " {
		return Content{}, false
	}
	size := uint64(binary.LittleEndian.Uint16(s[bytesPerSector:]))
	if size < sector || size > 4096 || !powerOfTwo(size) {
		return Content{}, false
	}
	c := Content{Type: NTFS}
	c.setSize(binary.LittleEndian.Uint64(s[sectors:]), size) // without the copy of this sector at the end
	if n := binary.LittleEndian.Uint64(s[serial:]); n != 0 {
		c.UUID, c.HasUUID = fmt.Sprintf("%016X", n), true
		c.identity(v, serial, 8)
	}
	return c, true
}
