// Package fat reads what identifies a FAT volume: its kind, and the label by
// which people choose where a report goes; and small files of its root directory,
// without mounting it.
//
// The structures are those of Microsoft's "FAT: General Overview of On-Disk
// Format", version 1.03 (fatgen103). The package is given bytes and neither
// reads nor writes files.
package fat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// SectorBytes is how much of the start of a volume Parse needs.
const SectorBytes = 512

// MaxRootBytes bounds the part of the root directory that is searched for the
// label, which formatting tools put into its first entries.
const MaxRootBytes = 32 << 10

// Volume is what the boot sector says.
type Volume struct {
	Bits       int    // 12, 16 or 32
	BootLabel  string // the label in the boot sector, which is not kept up to date; "" if there is none
	RootOffset int64  // of the root directory, in bytes from the start of the volume
	RootBytes  int    // how much of the root directory follows there in one piece, at most MaxRootBytes

	tableOffset  int64 // of the first table of clusters
	dataOffset   int64 // of cluster 2
	clusterBytes int64
	clusters     uint32
	rootCluster  uint32 // of FAT32
}

// ErrNotFAT says that the sector is not the start of a FAT volume.
var ErrNotFAT = errors.New("fat: not a FAT volume")

// Fields of the BIOS parameter block, as offsets in the first sector.
const (
	bytesPerSector    = 11
	sectorsPerCluster = 13
	reservedSectors   = 14
	fatCount          = 16
	rootEntries       = 17
	totalSectors16    = 19
	sectorsPerFAT16   = 22
	totalSectors32    = 32
	sectorsPerFAT32   = 36
	rootCluster       = 44

	extended16 = 36 // where the extended block of FAT12 and FAT16 begins
	extended32 = 64 // and that of FAT32

	// Within the extended block.
	extendedSignature = 2
	extendedLabel     = 7
	labelBytes        = 11

	// Cluster counts from which on a volume is FAT16 or FAT32.
	minClusters16 = 4085
	minClusters32 = 65525

	entryBytes = 32
)

// Parse reads the first sector of a volume.
func Parse(sector []byte) (Volume, error) {
	if len(sector) < SectorBytes || sector[510] != 0x55 || sector[511] != 0xAA || sector[0] != 0xEB && sector[0] != 0xE9 {
		return Volume{}, ErrNotFAT
	}
	word := func(at int) int64 { return int64(binary.LittleEndian.Uint16(sector[at:])) }
	long := func(at int) int64 { return int64(binary.LittleEndian.Uint32(sector[at:])) }

	size, cluster := word(bytesPerSector), int64(sector[sectorsPerCluster])
	if !powerOfTwo(size) || size < 512 || size > 4096 || !powerOfTwo(cluster) {
		return Volume{}, ErrNotFAT
	}
	reserved, count, entries := word(reservedSectors), int64(sector[fatCount]), word(rootEntries)
	total, perFAT, extended := word(totalSectors16), word(sectorsPerFAT16), extended16
	if total == 0 {
		total = long(totalSectors32)
	}
	if perFAT == 0 {
		perFAT, extended = long(sectorsPerFAT32), extended32
	}
	rootSectors := (entries*entryBytes + size - 1) / size
	data := reserved + count*perFAT + rootSectors // the first data sector
	if reserved == 0 || count == 0 || perFAT == 0 || data >= total {
		return Volume{}, ErrNotFAT
	}
	clusters := (total - data) / cluster
	v := Volume{Bits: 12, tableOffset: reserved * size, dataOffset: data * size, clusterBytes: cluster * size, clusters: uint32(min(clusters, 1<<28))}
	// By the rule of the specification the count of clusters decides. Linux and
	// libblkid go by the field that only FAT32 leaves at zero, and mkfs.fat makes
	// FAT32 of any size.
	switch {
	case extended == extended32:
		v.Bits = 32
	case clusters >= minClusters32:
		return Volume{}, ErrNotFAT
	case clusters >= minClusters16:
		v.Bits = 16
	}
	if v.Bits == 32 {
		first := long(rootCluster)
		if entries != 0 || first < 2 || data+(first-2)*cluster >= total {
			return Volume{}, ErrNotFAT
		}
		v.rootCluster = uint32(first)
		v.RootOffset = (data + (first-2)*cluster) * size
		v.RootBytes = int(min(cluster*size, MaxRootBytes))
	} else {
		if entries == 0 {
			return Volume{}, ErrNotFAT
		}
		v.RootOffset = (reserved + count*perFAT) * size
		v.RootBytes = int(min(entries*entryBytes, MaxRootBytes))
	}
	if block := sector[extended:]; block[extendedSignature] == 0x29 {
		v.BootLabel = label(block[extendedLabel : extendedLabel+labelBytes])
	}
	return v, nil
}

func powerOfTwo(n int64) bool { return n > 0 && n&(n-1) == 0 }

// noName is what stands in the boot sector of a volume without a label.
const noName = "NO NAME"

func label(field []byte) string {
	text := strings.TrimRight(string(field), " \x00")
	if text == noName {
		return ""
	}
	return text
}

// Attributes of a directory entry.
const (
	attributeVolume = 0x08
	attributeLong   = 0x0F // a part of a long name
)

// RootLabel finds the label in the root directory, or in the part of it that is
// given, and where in it that is. It is the one that operating systems show and
// change, and a directory that ends without one has none ("", -1), whatever the boot
// sector says. known is false for a part in which neither is.
func RootLabel(directory []byte) (name string, at int, known bool) {
	for at := 0; at+entryBytes <= len(directory); at += entryBytes {
		entry := directory[at:][:entryBytes]
		if entry[0] == 0 {
			return "", -1, true
		}
		deleted := entry[0] == 0xE5
		if attribute := entry[11]; !deleted && attribute != attributeLong && attribute&attributeVolume != 0 {
			return label(entry[:labelBytes]), at, true
		}
	}
	return "", -1, false
}

// IsExFAT reports whether the sector starts an exFAT volume, which is often
// taken for FAT ("exFAT file system specification", 3.1.2).
func IsExFAT(sector []byte) bool {
	return len(sector) >= SectorBytes && bytes.Equal(sector[3:11], []byte("EXFAT   "))
}
