package parttable

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"
)

// start puts together the start of a disk, of which inputs have only the parts
// that count: the end of the MBR, the header, and some entries.
func start(mbr, header, entries []byte, sector int) []byte {
	data := make([]byte, 3*sector)
	copy(data[diskSignature:sectorBytes], mbr)
	copy(data[sector:2*sector], header)
	copy(data[2*sector:], entries)
	return data
}

// sound is a GPT of four entries without a problem, cut into these parts.
func sound(t testing.TB) (mbr, header, entries []byte) {
	t.Helper()
	data := part(t, "gpt512.hex", 0, 3*512)
	header = data[512 : 512+minHeader]
	binary.LittleEndian.PutUint32(header[entryCountAt:], 4)
	binary.LittleEndian.PutUint32(header[entriesCRCAt:], crc32.ChecksumIEEE(data[1024:]))
	clear(header[headerCRCAt:][:4])
	binary.LittleEndian.PutUint32(header[headerCRCAt:], crc32.ChecksumIEEE(header))
	if table, err := Parse(data, disk512); err != nil || len(table.GPT.Problems) != 0 || len(table.GPT.Partitions) != 4 {
		t.Fatalf("Parse(sound) = %q, %v; want a sound table", table.GPT.Problems, err)
	}
	return data[diskSignature:sectorBytes], header, data[1024:]
}

// sectorSizes are those that inputs choose from.
var sectorSizes = [...]int{512, 4096}

func FuzzParse(f *testing.F) {
	mbr, header, entries := sound(f)
	f.Add(mbr, header, entries, false, int64(700<<20))
	f.Add(mbr, header, entries, true, int64(700<<20))
	f.Add(part(f, "mbr.hex", 0, 512)[diskSignature:], []byte{}, []byte{}, false, int64(256<<20))
	f.Add(part(f, "hybrid.hex", 0, 512)[diskSignature:], header, entries, false, int64(-1))
	f.Fuzz(func(t *testing.T, mbr, header, entries []byte, large bool, size int64) {
		sector := sectorSizes[0]
		if large {
			sector = sectorSizes[1]
		}
		disk := Disk{SectorBytes: sector, SizeBytes: size, HasSize: size >= 0}
		table, err := Parse(start(mbr, header, entries, sector), disk)
		if err != nil {
			return
		}
		if len(table.GPT.Partitions) > MaxEntries || len(table.MBR.Partitions) > records {
			t.Errorf("Parse = %d and %d partitions; want at most %d and %d", len(table.GPT.Partitions), len(table.MBR.Partitions), MaxEntries, records)
		}
		for _, p := range slices.Concat(table.GPT.Partitions, table.MBR.Partitions) {
			inside := p.OffsetBytes >= 0 && p.SizeBytes >= 0 && p.OffsetBytes <= size && p.SizeBytes <= size-p.OffsetBytes
			if disk.HasSize && !inside && !slices.Contains(p.Problems, OutsideDisk) && !slices.Contains(p.Problems, EndsFirst) {
				t.Errorf("partition %+v of %+v; want it on the disk", p, disk)
			}
			if strings.ContainsFunc(p.Name, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
				t.Errorf("Name = %q; want what prints", p.Name)
			}
		}
	})
}

func FuzzLogical(f *testing.F) {
	f.Add(link(20), link(0), uint64(1000), uint64(9999))
	f.Add(link(20), link(20), uint64(0), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, even, odd []byte, first, last uint64) {
		reads := 0
		list, problems, err := Logical(Partition{FirstLBA: first, LastLBA: last}, diskMBR, func(lba uint64) ([]byte, error) {
			reads++
			if lba < first || lba > last {
				t.Errorf("read of %d; want only from %d to %d", lba, first, last)
			}
			if lba%2 == 0 {
				return even, nil
			}
			return odd, nil
		})
		if reads > maxLogical || len(list) > maxLogical || len(problems) > 1 || err != nil {
			t.Errorf("Logical = %d partitions, %q, %v after %d reads; want at most %d", len(list), problems, err, reads, maxLogical)
		}
		for i, p := range list {
			if p.Number != 5+i {
				t.Errorf("Logical: number %d at %d; want %d", p.Number, i, 5+i)
			}
		}
	})
}

func FuzzRedact(f *testing.F) {
	mbr, header, entries := sound(f)
	f.Add(mbr, header, entries, false)
	f.Add(mbr, header, entries, true)
	f.Add(part(f, "mbr.hex", 0, 512)[diskSignature:], []byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, mbr, header, entries []byte, large bool) {
		disk := Disk{SectorBytes: sectorSizes[0]}
		if large {
			disk.SectorBytes = sectorSizes[1]
		}
		data := start(mbr, header, entries, disk.SectorBytes)
		out := Redact(data, func(field []byte) {
			for i := range field {
				field[i] ^= 0x5a
			}
		})
		if len(out) != len(data) {
			t.Fatalf("Redact = %d bytes; want %d", len(out), len(data))
		}
		covered := make([]bool, len(data))
		for _, r := range Identities(data) {
			for i := r.Offset; i < r.end(); i++ {
				if covered[i] {
					t.Fatalf("Identities: byte %d twice", i)
				}
				covered[i] = true
				if out[i] != data[i]^0x5a {
					t.Errorf("Redact: byte %d is kept", i)
				}
			}
		}
		changed := 0
		for i := range data {
			if !covered[i] && out[i] != data[i] {
				changed++
			}
		}
		if changed > 2*2*4 { // two checksums of two headers
			t.Errorf("Redact changed %d bytes beside the identities; want only checksums", changed)
		}
		was, errWas := Parse(data, disk)
		is, errIs := Parse(out, disk)
		if (errWas == nil) != (errIs == nil) {
			t.Fatalf("Parse(Redact) = %v; want %v", errIs, errWas)
		}
		if !slices.Equal(was.GPT.Problems, is.GPT.Problems) {
			t.Errorf("Problems = %q; want %q", is.GPT.Problems, was.GPT.Problems)
		}
		if same := Redact(data, func([]byte) {}); !bytes.Equal(same, data) {
			t.Error("Redact without a change is not the same")
		}
	})
}
