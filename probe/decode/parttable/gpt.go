package parttable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode"
	"unicode/utf16"
)

// MaxEntries bounds the entries of a GPT that are read. Usual are 128.
const MaxEntries = 1024

// GPT is a header and the partitions of its entries.
type GPT struct {
	SectorBytes   int // for which it was made
	DiskGUID      string
	HeaderLBA     uint64 // where it was found
	BackupLBA     uint64 // where the other header should be
	FirstUsable   uint64 // first and last LBA that the header leaves to partitions
	LastUsable    uint64
	EntriesLBA    uint64
	EntriesOffset int64 // of the entries, in bytes from the start of the disk; at most the largest int64
	EntryCount    uint32
	EntryBytes    uint32
	Partitions    []Partition // those in use
	Problems      []Problem

	entriesCRC uint32
}

// The header (UEFI 2.10, table 5.5) and an entry (table 5.6).
const (
	gptSignature = "EFI PART"
	revision10   = 0x00010000
	minHeader    = 92

	revisionAt      = 8
	headerBytesAt   = 12
	headerCRCAt     = 16
	myLBAAt         = 24
	alternateLBAAt  = 32
	firstUsableAt   = 40
	lastUsableAt    = 48
	diskGUIDAt      = 56
	entriesLBAAt    = 72
	entryCountAt    = 80
	entryBytesAt    = 84
	entriesCRCAt    = 88
	guidBytes       = 16
	uniqueGUIDAt    = 16
	firstLBAAt      = 32
	lastLBAAt       = 40
	attributesAt    = 48
	nameAt          = 56
	nameBytes       = 72
	minEntry        = 128
	maxEntry        = 4096
	primaryLBA      = 1
	attributeNeeded = 1 << 0
	attributeBIOS   = 1 << 2
)

// ErrNoHeader says that a sector does not hold the header of a GPT.
var ErrNoHeader = errors.New("gpt: no header")

// findGPT looks for the header in sector 1, of the size of the disk's sectors
// first: an image may have been made for the other size.
func findGPT(start []byte, disk Disk) (GPT, bool) {
	for _, size := range [...]int{disk.SectorBytes, 512, 4096} {
		if size < 512 || len(start)/2 < size {
			continue
		}
		as := disk
		as.SectorBytes = size
		g, err := ParseHeader(start[size:2*size], primaryLBA, as)
		if err != nil {
			continue
		}
		if size != disk.SectorBytes {
			g.Problems = append(g.Problems, OtherSectorSize)
		}
		if g.EntriesOffset >= int64(len(start)) {
			g.Problems = append(g.Problems, EntriesElsewhere)
			return g, true
		}
		return ParseEntries(g, start[g.EntriesOffset:], disk), true
	}
	return GPT{}, false
}

// ParseHeader reads a header without its entries from a whole sector, found at
// this LBA: the primary one at 1, or the backup. The error is ErrNoHeader if
// there is none; what is wrong with one is among its problems.
func ParseHeader(sector []byte, lba uint64, disk Disk) (GPT, error) {
	if len(sector) < minHeader || string(sector[:len(gptSignature)]) != gptSignature {
		return GPT{}, ErrNoHeader
	}
	long := func(at int) uint32 { return binary.LittleEndian.Uint32(sector[at:]) }
	quad := func(at int) uint64 { return binary.LittleEndian.Uint64(sector[at:]) }
	g := GPT{
		SectorBytes: disk.SectorBytes,
		DiskGUID:    guid(sector[diskGUIDAt:]),
		HeaderLBA:   lba,
		BackupLBA:   quad(alternateLBAAt),
		FirstUsable: quad(firstUsableAt),
		LastUsable:  quad(lastUsableAt),
		EntriesLBA:  quad(entriesLBAAt),
		EntryCount:  long(entryCountAt),
		EntryBytes:  long(entryBytesAt),
		entriesCRC:  long(entriesCRCAt),
	}
	g.EntriesOffset = product(g.EntriesLBA, uint64(disk.SectorBytes))
	problem := func(is bool, p Problem) {
		if is {
			g.Problems = append(g.Problems, p)
		}
	}
	problem(long(revisionAt) != revision10, HeaderRevision)
	if n := headerLength(sector); n == 0 {
		problem(true, HeaderSize)
	} else {
		problem(headerCRC(sector[:n]) != long(headerCRCAt), HeaderChecksum)
	}
	problem(quad(myLBAAt) != lba, HeaderPlace)
	problem(!validEntry(g.EntryBytes), EntrySize)
	problem(g.EntryCount > MaxEntries, TooManyEntries)
	if last := disk.SizeBytes/int64(max(disk.SectorBytes, 1)) - 1; disk.HasSize && last >= 0 && lba == primaryLBA {
		problem(g.BackupLBA > uint64(last), BackupOutsideDisk)
		problem(g.BackupLBA < uint64(last), BackupNotAtEnd)
	}
	return g, nil
}

// headerLength returns how much of a sector its header says to be, 0 if that
// cannot be.
func headerLength(sector []byte) int {
	n := binary.LittleEndian.Uint32(sector[headerBytesAt:])
	if n < minHeader || n > uint32(len(sector)) {
		return 0
	}
	return int(n)
}

// headerCRC is that of a header whose own field for it is zero.
func headerCRC(header []byte) uint32 {
	crc := crc32.ChecksumIEEE(header[:headerCRCAt])
	crc = crc32.Update(crc, crc32.IEEETable, make([]byte, 4))
	return crc32.Update(crc, crc32.IEEETable, header[headerCRCAt+4:])
}

// validEntry reports whether an entry can have this size: 128 times a power of
// two (UEFI 2.10, table 5.5), of which 4096 is the largest that is read.
func validEntry(n uint32) bool { return n >= minEntry && n <= maxEntry && n&(n-1) == 0 }

// ParseEntries returns a header with the partitions of its entries, which begin
// at EntriesOffset. Bytes behind them do no harm.
func ParseEntries(header GPT, entries []byte, disk Disk) GPT {
	g := header
	g.Partitions = nil
	g.Problems = append([]Problem(nil), header.Problems...)
	if !validEntry(g.EntryBytes) {
		return g
	}
	size := int(g.EntryBytes)
	if all := uint64(g.EntryCount) * uint64(size); all > uint64(len(entries)) {
		g.Problems = append(g.Problems, EntriesUnchecked)
	} else if crc32.ChecksumIEEE(entries[:all]) != g.entriesCRC {
		g.Problems = append(g.Problems, EntriesChecksum)
	}
	disk.SectorBytes = g.SectorBytes
	for i := range min(int64(g.EntryCount), MaxEntries, int64(len(entries)/size)) {
		if entry := entries[int(i)*size:][:size]; usedEntry(entry) {
			g.Partitions = append(g.Partitions, g.partition(int(i)+1, entry, disk))
		}
	}
	markOverlaps(g.Partitions)
	return g
}

// usedEntry tells by the type, of which zeros mean none.
func usedEntry(entry []byte) bool { return strings.Trim(string(entry[:guidBytes]), "\x00") != "" }

func (g *GPT) partition(number int, entry []byte, disk Disk) Partition {
	quad := func(at int) uint64 { return binary.LittleEndian.Uint64(entry[at:]) }
	p := Partition{
		Number:     number,
		Type:       guid(entry),
		GUID:       guid(entry[uniqueGUIDAt:]),
		Name:       name(entry[nameAt:][:nameBytes]),
		FirstLBA:   quad(firstLBAAt),
		LastLBA:    quad(lastLBAAt),
		Attributes: quad(attributesAt),
	}
	p.Required = p.Attributes&attributeNeeded != 0
	p.LegacyBoot = p.Attributes&attributeBIOS != 0
	p.place(uint64(disk.SectorBytes), disk)
	if p.FirstLBA < g.FirstUsable || p.LastLBA > g.LastUsable {
		p.Problems = append(p.Problems, OutsideUsable)
	}
	return p
}

// guid writes a GUID, whose first three fields are little-endian (UEFI 2.10,
// appendix A).
func guid(b []byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// name reads UTF-16LE up to a zero. What does not print becomes '?'.
func name(field []byte) string {
	var units []uint16
	for i := 0; i+1 < len(field); i += 2 {
		unit := binary.LittleEndian.Uint16(field[i:])
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(utf16.Decode(units)))
}
