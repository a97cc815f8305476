// Package parttable reads partition tables, GPT and MBR, and says what is wrong
// with them.
//
// The structures are those of the UEFI Specification 2.10, chapter 5. The
// package is given bytes: it reads no disk, repairs nothing, and does not say
// what is in a partition. What lies outside the start of a disk (the backup of
// a GPT, logical partitions of an MBR) is read with functions of its own, from
// bytes that the caller fetches.
package parttable

import (
	"errors"
	"math"
	"math/bits"
	"slices"
)

// StartBytes is how much of the start of a disk Parse needs to find the usual
// 128 partitions, whether its sectors have 512 bytes or 4096.
const StartBytes = 34 << 10

// Disk is what has to be known of a disk to judge its table.
type Disk struct {
	SectorBytes int   // of a logical block
	SizeBytes   int64 // if it is known
	HasSize     bool  // false: nothing is said to be outside the disk
}

// Table is what the start of a disk says. One of both is there, or a GPT with
// the MBR that protects it.
type Table struct {
	MBR    MBR
	HasMBR bool
	GPT    GPT
	HasGPT bool
	// Problems concern how both go together; each table has its own.
	Problems []Problem
}

// ErrNone says that a disk starts with no partition table. It may be empty, or
// hold a file system as a whole.
var ErrNone = errors.New("partition table: none")

// Partition is one entry of a table.
type Partition struct {
	Number      int    // as Linux counts: the place in the table from 1, of logical ones from 5
	Type        string // a GUID in lower case, or as in "0x0c"
	FirstLBA    uint64
	LastLBA     uint64
	OffsetBytes int64 // at most the largest int64
	SizeBytes   int64

	GUID       string // of this partition alone; "" in an MBR
	Name       string // "" in an MBR; in a GPT, if it has none
	Attributes uint64 // of a GPT, as they stand there
	Required   bool   // GPT attribute 0: the platform needs it
	LegacyBoot bool   // GPT attribute 2: a BIOS may boot it

	Active   bool // MBR: marked for booting
	Extended bool // MBR: holds logical partitions

	Problems []Problem
}

// Problem is something that a sound table does not have, in words.
type Problem string

// Problems of tables.
const (
	HeaderChecksum     Problem = "the checksum of the header is wrong"
	HeaderSize         Problem = "the size of the header is impossible"
	HeaderPlace        Problem = "the header says that it belongs elsewhere"
	HeaderRevision     Problem = "the revision of the header is not 1.0"
	OtherSectorSize    Problem = "made for sectors of another size than the disk has"
	BackupNotAtEnd     Problem = "the backup is not at the end of the disk"
	BackupOutsideDisk  Problem = "the backup is outside the disk"
	EntrySize          Problem = "the size of an entry is impossible"
	EntriesElsewhere   Problem = "the entries are outside the part that was read"
	EntriesChecksum    Problem = "the checksum of the entries is wrong"
	EntriesUnchecked   Problem = "not all entries are in the part that was read, so their checksum is not known"
	TooManyEntries     Problem = "more entries than are read"
	NotProtected       Problem = "a GPT without a protective MBR"
	ProtectsNothing    Problem = "a protective MBR without a GPT"
	Hybrid             Problem = "the MBR has other partitions than the protective one (hybrid)"
	ChainCircle        Problem = "the chain of logical partitions goes in a circle"
	ChainTooLong       Problem = "the chain of logical partitions is longer than is read"
	ChainOutside       Problem = "the chain of logical partitions leaves the extended partition"
	ChainWithoutRecord Problem = "the chain of logical partitions ends without a record"
)

// Problems of partitions.
const (
	Overlap       Problem = "overlaps another partition"
	OutsideDisk   Problem = "reaches beyond the end of the disk"
	OutsideUsable Problem = "is outside the part that the header leaves to partitions"
	EndsFirst     Problem = "ends before it begins"
	CoversTable   Problem = "covers the partition table"
)

// Parse reads the start of a disk, of which StartBytes are enough for usual
// tables. The error is ErrNone if there is neither kind of table.
func Parse(start []byte, disk Disk) (Table, error) {
	var t Table
	t.MBR, t.HasMBR = parseMBR(start, disk)
	t.GPT, t.HasGPT = findGPT(start, disk)
	switch {
	case t.HasGPT && !t.MBR.Protective:
		t.Problems = append(t.Problems, NotProtected)
	case t.HasGPT && t.MBR.Hybrid:
		t.Problems = append(t.Problems, Hybrid)
	case !t.HasGPT && t.MBR.Protective:
		t.Problems = append(t.Problems, ProtectsNothing)
	}
	if !t.HasMBR && !t.HasGPT {
		return Table{}, ErrNone
	}
	return t, nil
}

// place fills in where a partition is, and whether it is on the disk.
func (p *Partition) place(sector uint64, disk Disk) {
	p.OffsetBytes = product(p.FirstLBA, sector)
	if p.LastLBA < p.FirstLBA {
		p.Problems = append(p.Problems, EndsFirst)
		return
	}
	p.SizeBytes = math.MaxInt64
	if n := p.LastLBA - p.FirstLBA; n < math.MaxUint64 {
		p.SizeBytes = product(n+1, sector)
	}
	if disk.HasSize && !fits(p.OffsetBytes, p.SizeBytes, disk.SizeBytes) {
		p.Problems = append(p.Problems, OutsideDisk)
	}
}

// fits reports whether so many bytes from there on are on a disk.
func fits(offset, length, disk int64) bool { return offset <= disk && length <= disk-offset }

// product multiplies up to the largest int64.
func product(a, b uint64) int64 {
	high, low := bits.Mul64(a, b)
	if high != 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}

// markOverlaps adds the problem to every partition that shares a sector with
// another one.
func markOverlaps(list []Partition) {
	order := make([]*Partition, 0, len(list))
	for i := range list {
		if list[i].LastLBA >= list[i].FirstLBA {
			order = append(order, &list[i])
		}
	}
	slices.SortStableFunc(order, func(a, b *Partition) int {
		switch {
		case a.FirstLBA < b.FirstLBA:
			return -1
		case a.FirstLBA > b.FirstLBA:
			return 1
		}
		return 0
	})
	mark := func(p *Partition) {
		if !slices.Contains(p.Problems, Overlap) {
			p.Problems = append(p.Problems, Overlap)
		}
	}
	var farthest *Partition // of those that begin before, the one that ends last
	for _, p := range order {
		if farthest != nil && p.FirstLBA <= farthest.LastLBA {
			mark(farthest)
			mark(p)
		}
		if farthest == nil || p.LastLBA > farthest.LastLBA {
			farthest = p
		}
	}
}
