package parttable

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Range is a part of the start of a disk, in bytes.
type Range struct{ Offset, Length int }

func (r Range) end() int { return r.Offset + r.Length }

func (r Range) meets(other Range) bool { return r.Offset < other.end() && other.Offset < r.end() }

// Identities lists what names one disk in its start: the signature of an MBR,
// the GUID of the disk and those of the partitions of a GPT. Types are not
// among them. The ranges do not overlap.
func Identities(start []byte) []Range {
	var list []Range
	add := func(at, n int) {
		if len(bytes.Trim(start[at:at+n], "\x00")) > 0 {
			list = append(list, Range{at, n})
		}
	}
	if _, ok := parseMBR(start, Disk{SectorBytes: sectorBytes}); ok {
		add(diskSignature, 4)
	}
	for _, l := range layouts(start) {
		add(l.header.Offset+diskGUIDAt, guidBytes)
		for at := l.entries.Offset; at < l.entries.end(); at += l.entryBytes {
			if usedEntry(start[at:]) {
				add(at+uniqueGUIDAt, guidBytes)
			}
		}
	}
	return list
}

// layout is where the parts of a GPT are in the start of a disk.
type layout struct {
	header     Range
	entries    Range // whole entries that are there
	entryBytes int
	complete   bool // all entries are there
}

// layouts finds the headers for both sizes of sectors, as one may be left over
// from another use of the disk. Parts that are in each other's place cannot be
// changed without making a right checksum wrong; of those the first counts.
func layouts(start []byte) []layout {
	var list []layout
	for _, sector := range [...]int{512, 4096} {
		if len(start)/2 < sector {
			continue
		}
		g, err := ParseHeader(start[sector:2*sector], primaryLBA, Disk{SectorBytes: sector})
		if err != nil {
			continue
		}
		l := layout{header: Range{sector, max(headerLength(start[sector:2*sector]), minHeader)}}
		if from := g.EntriesOffset; validEntry(g.EntryBytes) && from >= 2*int64(sector) && from < int64(len(start)) {
			l.entryBytes = int(g.EntryBytes)
			there := (len(start) - int(from)) / l.entryBytes
			l.complete = int64(g.EntryCount) <= int64(there)
			l.entries = Range{int(from), int(min(int64(g.EntryCount), int64(there))) * l.entryBytes}
		}
		apart := true
		for _, other := range list {
			for _, part := range [...]Range{other.header, other.entries} {
				apart = apart && !part.meets(l.header) && !part.meets(l.entries)
			}
		}
		if apart {
			list = append(list, l)
		}
	}
	return list
}

// Redact returns a copy of the start of a disk in which every part that
// Identities lists was given to replace, which changes it in place. The
// checksums of a GPT follow: what was right stays right, and what was wrong
// stays wrong. That of entries of which a part is missing is left as it is.
func Redact(start []byte, replace func(field []byte)) []byte {
	out := bytes.Clone(start)
	found := layouts(start)
	for _, r := range Identities(start) {
		replace(out[r.Offset:r.end():r.end()])
	}
	for _, l := range found {
		change := func(at int, was, is uint32) {
			field := out[l.header.Offset+at:]
			binary.LittleEndian.PutUint32(field, binary.LittleEndian.Uint32(field)^was^is)
		}
		if l.complete {
			change(entriesCRCAt, crc32.ChecksumIEEE(start[l.entries.Offset:l.entries.end()]), crc32.ChecksumIEEE(out[l.entries.Offset:l.entries.end()]))
		}
		change(headerCRCAt, headerCRC(start[l.header.Offset:l.header.end()]), headerCRC(out[l.header.Offset:l.header.end()]))
	}
	return out
}
