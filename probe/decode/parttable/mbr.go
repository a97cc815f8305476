package parttable

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/boardprobe/boardprobe/probe/decode/fat"
)

// MBR is a master boot record (UEFI 2.10, 5.2).
type MBR struct {
	Signature    uint32 // of the disk, by which PARTUUID of Linux begins
	HasSignature bool
	Partitions   []Partition // the primary ones in use, without the protective one
	Protective   bool        // one partition of type 0xEE keeps others off a GPT
	Hybrid       bool        // that, and others
	Foreign      bool        // a partition of that type elsewhere: Linux takes none of this table (block/partitions/msdos.c)
}

const (
	sectorBytes    = 512
	bootSignature  = "\x55\xaa"
	bootAt         = 510
	diskSignature  = 440
	recordsAt      = 446
	recordBytes    = 16
	records        = 4
	protectiveType = 0xEE
	activeFlag     = 0x80

	maxLogical = 64 // logical partitions that are read
)

// parseMBR reads the first sector. One that belongs to a file system ends in
// the same two bytes, so flags of entries have to be possible, and a FAT or NTFS
// volume without entries is none.
func parseMBR(start []byte, disk Disk) (MBR, bool) {
	if !bootRecord(start) {
		return MBR{}, false
	}
	m := MBR{Signature: binary.LittleEndian.Uint32(start[diskSignature:])}
	m.HasSignature = m.Signature != 0
	for i := range records {
		record := start[recordsAt+i*recordBytes:][:recordBytes]
		if record[0]&^activeFlag != 0 {
			return MBR{}, false
		}
		switch p, ok := entry(i+1, record, 0, disk); {
		case record[4] == protectiveType && (!ok || p.FirstLBA != primaryLBA):
			m.Foreign = true
		case !ok:
		case record[4] == protectiveType:
			m.Protective = true
		default:
			m.Partitions = append(m.Partitions, p)
		}
	}
	if len(m.Partitions) == 0 && !m.Protective && volume(start) {
		return MBR{}, false
	}
	if m.Foreign {
		m.Partitions = nil
	}
	m.Hybrid = m.Protective && len(m.Partitions) > 0
	markOverlaps(m.Partitions)
	return m, true
}

func bootRecord(sector []byte) bool {
	return len(sector) >= sectorBytes && string(sector[bootAt:sectorBytes]) == bootSignature
}

// volume reports whether a file system starts here.
func volume(sector []byte) bool {
	_, err := fat.Parse(sector)
	return err == nil || fat.IsExFAT(sector) || string(sector[3:11]) == "NTFS    "
}

// entry reads one of the four entries of a record (UEFI 2.10, table 5.2), whose
// sectors count from base. An entry of no length is none; Linux takes one without a
// type (msdos_partition in block/partitions/msdos.c).
func entry(number int, record []byte, base uint64, disk Disk) (Partition, bool) {
	first, count := binary.LittleEndian.Uint32(record[8:]), binary.LittleEndian.Uint32(record[12:])
	if count == 0 {
		return Partition{}, false
	}
	p := Partition{
		Number:   number,
		Type:     fmt.Sprintf("0x%02x", record[4]),
		FirstLBA: base + uint64(first),
		LastLBA:  base + uint64(first) + uint64(count) - 1,
		Active:   record[0] == activeFlag,
		Extended: extended(record[4]),
	}
	p.place(uint64(max(disk.SectorBytes, 0)), disk)
	if p.FirstLBA == 0 {
		p.Problems = append(p.Problems, CoversTable)
	}
	return p, true
}

// extended tells the types of partitions that hold logical ones, as the kernel
// does (is_extended_partition in block/partitions/msdos.c).
func extended(kind byte) bool { return kind == 0x05 || kind == 0x0F || kind == 0x85 }

// Logical follows the chain of records in an extended partition of an MBR. Each
// names one logical partition and the next record. read returns the sector at
// an LBA of the disk; its error ends the chain and is returned with what was
// found up to there.
func Logical(container Partition, disk Disk, read func(lba uint64) ([]byte, error)) ([]Partition, []Problem, error) {
	c := chain{container: container, disk: disk}
	problem, err := c.follow(read)
	markOverlaps(c.list)
	if problem != "" {
		return c.list, []Problem{problem}, nil
	}
	return c.list, nil, err
}

type chain struct {
	container Partition
	disk      Disk
	list      []Partition
}

// follow reads records up to the last one, or up to the first that is wrong.
func (c *chain) follow(read func(lba uint64) ([]byte, error)) (Problem, error) {
	var visited []uint64
	for at, ok := c.container.FirstLBA, true; ok; {
		switch {
		case at < c.container.FirstLBA || at > c.container.LastLBA:
			return ChainOutside, nil
		case slices.Contains(visited, at):
			return ChainCircle, nil
		case len(visited) == maxLogical:
			return ChainTooLong, nil
		}
		visited = append(visited, at)
		sector, err := read(at)
		if err != nil {
			return "", fmt.Errorf("extended partition: record at sector %d: %w", at, err)
		}
		if !bootRecord(sector) {
			return ChainWithoutRecord, nil
		}
		at, ok = c.record(at, sector)
	}
	return "", nil
}

// record reads one record, and where the next one is. Of its four entries the
// last two are not used, and hold garbage on some disks.
func (c *chain) record(at uint64, sector []byte) (next uint64, more bool) {
	for i := range 2 {
		record := sector[recordsAt+i*recordBytes:][:recordBytes]
		if extended(record[4]) {
			// Links count from the start of the extended partition.
			if p, ok := entry(0, record, c.container.FirstLBA, c.disk); ok && !more {
				next, more = p.FirstLBA, true
			}
			continue
		}
		if p, ok := entry(5+len(c.list), record, at, c.disk); ok && len(c.list) < maxLogical {
			c.list = append(c.list, p)
		}
	}
	return next, more
}
