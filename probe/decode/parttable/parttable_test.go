package parttable

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// recorded reads rows of a disk, each its offset and bytes in hexadecimal.
func recorded(t testing.TB, name string) map[int64][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int64][]byte{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		offset, row, _ := strings.Cut(strings.TrimSpace(line), " ")
		at, err := strconv.ParseInt(offset, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if rows[at], err = hex.DecodeString(row); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// part cuts bytes out of a recorded disk.
func part(t testing.TB, name string, offset int64, n int) []byte {
	t.Helper()
	data := make([]byte, n)
	for at, row := range recorded(t, name) {
		if at >= offset && at < offset+int64(n) {
			copy(data[at-offset:], row)
		}
	}
	return data
}

var (
	disk512  = Disk{SectorBytes: 512, SizeBytes: 700 << 20, HasSize: true}
	disk4096 = Disk{SectorBytes: 4096, SizeBytes: 512 << 20, HasSize: true}
	diskMBR  = Disk{SectorBytes: 512, SizeBytes: 256 << 20, HasSize: true}
)

// brief writes what a test compares of partitions.
func brief(list []Partition) string {
	var lines []string
	for _, p := range list {
		word, ok := TypeWord(p.Type)
		if !ok {
			word = p.Type
		}
		line := fmt.Sprintf("%d %s %d-%d", p.Number, word, p.FirstLBA, p.LastLBA)
		if p.Name != "" {
			line += " " + p.Name
		}
		for _, flag := range []struct {
			is   bool
			word string
		}{{p.Required, "required"}, {p.LegacyBoot, "BIOS"}, {p.Active, "active"}, {p.Extended, "container"}} {
			if flag.is {
				line += ", " + flag.word
			}
		}
		for _, problem := range p.Problems {
			line += "; " + string(problem)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimSpace(want), "\t", "")
	if got != want {
		t.Errorf("%s =\n%s\nwant\n%s", what, got, want)
	}
}

func TestParseGPT(t *testing.T) {
	t.Parallel()
	start := part(t, "gpt512.hex", 0, StartBytes)
	table, err := Parse(start, disk512)
	if err != nil {
		t.Fatalf("Parse = %v; want no error", err)
	}
	g := table.GPT
	if !table.HasMBR || !table.HasGPT || !table.MBR.Protective || table.MBR.Hybrid || table.MBR.HasSignature || len(table.MBR.Partitions) != 0 {
		t.Errorf("Parse = %+v; want a protective MBR", table.MBR)
	}
	if len(table.Problems)+len(g.Problems) != 0 {
		t.Errorf("Problems = %q, %q; want none", table.Problems, g.Problems)
	}
	check(t, "Partitions", brief(g.Partitions), `
		1 EFI system 8192-90111 resin-boot, required, BIOS
		2 Linux filesystem 90112-499711 resin-rootA
		3 Linux root (ARM64) 499712-909311
		4 U-Boot environment 909312-911359 env`)
	if g.SectorBytes != 512 || g.HeaderLBA != 1 || g.BackupLBA != 1433599 || g.FirstUsable != 2048 || g.LastUsable != 1433566 || g.EntriesOffset != 1024 || g.EntryCount != 128 || g.EntryBytes != 128 {
		t.Errorf("GPT = %+v; want what sfdisk wrote", g)
	}
	if g.DiskGUID != "6b5ca1f0-1111-4222-8333-444455556666" || g.Partitions[0].GUID != "00000001-aaaa-4bbb-8ccc-ddddeeeeffff" {
		t.Errorf("GUIDs = %s, %s; want those of the script", g.DiskGUID, g.Partitions[0].GUID)
	}
	if p := g.Partitions[0]; p.OffsetBytes != 4<<20 || p.SizeBytes != 40<<20 {
		t.Errorf("first partition = %d bytes at %d; want 40 MiB at 4 MiB", p.SizeBytes, p.OffsetBytes)
	}
	if got := g.Partitions[3].Attributes; got != 1<<63|1<<48 {
		t.Errorf("Attributes = %#x; want bits 63 and 48", got)
	}

	backup, err := ParseHeader(part(t, "gpt512.hex", 1433599*512, 512), 1433599, disk512)
	if err != nil || len(backup.Problems) != 0 || backup.BackupLBA != 1 || backup.EntriesLBA != 1433567 {
		t.Errorf("ParseHeader(backup) = %+v, %v; want one without problems", backup, err)
	}
	// The entries of both headers are the same.
	backup = ParseEntries(backup, start[1024:], disk512)
	if len(backup.Problems) != 0 || brief(backup.Partitions) != brief(g.Partitions) {
		t.Errorf("ParseEntries(backup) = %q, %q; want as before", backup.Problems, brief(backup.Partitions))
	}
}

func TestParseLargeSectors(t *testing.T) {
	t.Parallel()
	start := part(t, "gpt4096.hex", 0, StartBytes)
	table, err := Parse(start, disk4096)
	if err != nil || len(table.GPT.Problems)+len(table.Problems) != 0 {
		t.Fatalf("Parse = %q, %q, %v; want no problem", table.GPT.Problems, table.Problems, err)
	}
	const want = `
		1 Microsoft basic data 256-4351 data
		2 Linux swap 4352-12543`
	check(t, "Partitions", brief(table.GPT.Partitions), want)
	if p := table.GPT.Partitions[1]; p.OffsetBytes != 17<<20 || p.SizeBytes != 32<<20 {
		t.Errorf("second partition = %d bytes at %d; want 32 MiB at 17 MiB", p.SizeBytes, p.OffsetBytes)
	}
	// The same image on a disk with small sectors.
	table, err = Parse(start, Disk{SectorBytes: 512, SizeBytes: 512 << 20, HasSize: true})
	if err != nil || !slices.Equal(table.GPT.Problems, []Problem{OtherSectorSize}) || table.GPT.SectorBytes != 4096 {
		t.Errorf("Parse = %q, %d, %v; want %q", table.GPT.Problems, table.GPT.SectorBytes, err, OtherSectorSize)
	}
	check(t, "Partitions", brief(table.GPT.Partitions), want)
}

func TestParseMBR(t *testing.T) {
	t.Parallel()
	table, err := Parse(part(t, "mbr.hex", 0, StartBytes), diskMBR)
	if err != nil || table.HasGPT || table.MBR.Protective || table.MBR.Signature != 0x1a2b3c4d || !table.MBR.HasSignature || len(table.Problems) != 0 {
		t.Fatalf("Parse = %+v, %v; want an MBR", table, err)
	}
	check(t, "Partitions", brief(table.MBR.Partitions), `
		1 FAT32 (LBA) 8192-90111, active
		2 Linux 90112-155647
		3 extended 204800-466943, container
		4 Linux swap 155648-196607`)
	container := table.MBR.Partitions[2]
	var asked []uint64
	logical, problems, err := Logical(container, diskMBR, func(lba uint64) ([]byte, error) {
		asked = append(asked, lba)
		return part(t, "mbr.hex", int64(lba)*512, 512), nil
	})
	if err != nil || len(problems) != 0 || !slices.Equal(asked, []uint64{204800, 227328}) {
		t.Errorf("Logical = %q, %v, read %d; want two records", problems, err, asked)
	}
	check(t, "Logical", brief(logical), `
		5 Linux 206848-227327
		6 Linux 229376-239615`)
}

// link is a record of a chain: a partition of 8 sectors behind it, and the next
// record, counted from the start of the container; 0 for none.
func link(next uint32) []byte {
	sector := make([]byte, 512)
	copy(sector[446:], record(0, 0x83, 8, 8))
	if next != 0 {
		copy(sector[462:], record(0, 0x05, next, 16))
	}
	copy(sector[510:], bootSignature)
	return sector
}

func record(flag, kind byte, first, count uint32) []byte {
	r := make([]byte, recordBytes)
	r[0], r[4] = flag, kind
	binary.LittleEndian.PutUint32(r[8:], first)
	binary.LittleEndian.PutUint32(r[12:], count)
	return r
}

func TestLogicalBounds(t *testing.T) {
	t.Parallel()
	container := Partition{FirstLBA: 1000, LastLBA: 9999}
	unread := errors.New("unread")
	for name, c := range map[string]struct {
		read     func(lba uint64) ([]byte, error)
		found    int
		problems []Problem
		err      error
	}{
		"circle":         {func(lba uint64) ([]byte, error) { return link(20 + uint32((lba-1000)%40)), nil }, 3, []Problem{ChainCircle}, nil},
		"to itself":      {func(uint64) ([]byte, error) { s := link(1); copy(s[470:], []byte{0, 0, 0, 0}); return s, nil }, 1, []Problem{ChainCircle}, nil},
		"long":           {func(lba uint64) ([]byte, error) { return link(uint32(lba - 1000 + 20)), nil }, maxLogical, []Problem{ChainTooLong}, nil},
		"outside":        {func(uint64) ([]byte, error) { return link(9000), nil }, 1, []Problem{ChainOutside}, nil},
		"far outside":    {func(uint64) ([]byte, error) { return link(math.MaxUint32), nil }, 1, []Problem{ChainOutside}, nil},
		"no record":      {func(uint64) ([]byte, error) { return make([]byte, 512), nil }, 0, []Problem{ChainWithoutRecord}, nil},
		"short record":   {func(uint64) ([]byte, error) { return link(20)[:511], nil }, 0, []Problem{ChainWithoutRecord}, nil},
		"unread":         {func(uint64) ([]byte, error) { return nil, unread }, 0, nil, unread},
		"one, no more":   {func(uint64) ([]byte, error) { return link(0), nil }, 1, nil, nil},
		"empty, no more": {func(uint64) ([]byte, error) { s := link(0); clear(s[446:462]); return s, nil }, 0, nil, nil},
		"unread after one": {func(lba uint64) ([]byte, error) {
			if lba > 1000 {
				return nil, unread
			}
			return link(20), nil
		}, 1, nil, unread},
	} {
		list, problems, err := Logical(container, diskMBR, c.read)
		if len(list) != c.found || !slices.Equal(problems, c.problems) || !errors.Is(err, c.err) {
			t.Errorf("Logical(%s) = %d partitions, %q, %v; want %d, %q, %v", name, len(list), problems, err, c.found, c.problems, c.err)
		}
	}
}

func TestParseHybrid(t *testing.T) {
	t.Parallel()
	start := part(t, "gpt512.hex", 0, StartBytes)
	copy(start, part(t, "hybrid.hex", 0, 512))
	table, err := Parse(start, disk512)
	if err != nil || !table.MBR.Hybrid || !slices.Equal(table.Problems, []Problem{Hybrid}) || len(table.GPT.Problems) != 0 {
		t.Fatalf("Parse = %+v, %v; want a hybrid", table, err)
	}
	check(t, "Partitions of the MBR", brief(table.MBR.Partitions), `
		2 EFI system 8192-90111
		3 Linux 90112-499711`)
}

func TestProblems(t *testing.T) {
	t.Parallel()
	header := func(at int, value uint64, n int) func([]byte) {
		return func(b []byte) {
			var field [8]byte
			binary.LittleEndian.PutUint64(field[:], value)
			copy(b[512+at:], field[:n])
			seal(b)
		}
	}
	entry := func(number, at int, value uint64) func([]byte) {
		return func(b []byte) {
			binary.LittleEndian.PutUint64(b[1024+128*(number-1)+at:], value)
			seal(b)
		}
	}
	for name, c := range map[string]struct {
		change    func([]byte)
		disk      Disk
		table     []Problem
		gpt       []Problem
		partition int // with Problems:
		problems  []Problem
	}{
		"damaged header":   {func(b []byte) { b[512+diskGUIDAt]++ }, disk512, nil, []Problem{HeaderChecksum}, 0, nil},
		"damaged entry":    {func(b []byte) { b[1024+60]++ }, disk512, nil, []Problem{EntriesChecksum}, 0, nil},
		"revision":         {header(revisionAt, 0x00020000, 4), disk512, nil, []Problem{HeaderRevision}, 0, nil},
		"small header":     {func(b []byte) { b[512+headerBytesAt] = 91 }, disk512, nil, []Problem{HeaderSize}, 0, nil},
		"large header":     {func(b []byte) { b[512+headerBytesAt+1] = 3 }, disk512, nil, []Problem{HeaderSize}, 0, nil},
		"elsewhere":        {header(myLBAAt, 7, 8), disk512, nil, []Problem{HeaderPlace}, 0, nil},
		"odd entries":      {header(entryBytesAt, 130, 4), disk512, nil, []Problem{EntrySize}, 0, nil},
		"small entries":    {header(entryBytesAt, 64, 4), disk512, nil, []Problem{EntrySize}, 0, nil},
		"huge entries":     {header(entryBytesAt, 8192, 4), disk512, nil, []Problem{EntrySize}, 0, nil},
		"many entries":     {header(entryCountAt, math.MaxUint32, 4), disk512, nil, []Problem{TooManyEntries, EntriesUnchecked}, 0, nil},
		"entries far":      {header(entriesLBAAt, math.MaxUint64, 8), disk512, nil, []Problem{EntriesElsewhere}, 0, nil},
		"entries cut off":  {header(entriesLBAAt, 60, 8), disk512, nil, []Problem{EntriesUnchecked}, 0, nil},
		"larger disk":      {func([]byte) {}, Disk{SectorBytes: 512, SizeBytes: 800 << 20, HasSize: true}, nil, []Problem{BackupNotAtEnd}, 0, nil},
		"smaller disk":     {func([]byte) {}, Disk{SectorBytes: 512, SizeBytes: 699 << 20, HasSize: true}, nil, []Problem{BackupOutsideDisk}, 0, nil},
		"disk of no size":  {func([]byte) {}, Disk{SectorBytes: 512}, nil, nil, 0, nil},
		"cut-off disk":     {func([]byte) {}, Disk{SectorBytes: 512, SizeBytes: 400 << 20, HasSize: true}, nil, []Problem{BackupOutsideDisk}, 3, []Problem{OutsideDisk}},
		"unprotected":      {func(b []byte) { clear(b[:512]) }, disk512, []Problem{NotProtected}, nil, 0, nil},
		"protects nothing": {func(b []byte) { clear(b[512:520]) }, disk512, []Problem{ProtectsNothing}, nil, 0, nil},
		"overlap":          {entry(2, firstLBAAt, 90111), disk512, nil, nil, 1, []Problem{Overlap}},
		"reversed":         {entry(2, lastLBAAt, 90111), disk512, nil, nil, 2, []Problem{EndsFirst}},
		"on the entries":   {entry(1, firstLBAAt, 20), disk512, nil, nil, 1, []Problem{OutsideUsable}},
		"beyond":           {entry(4, lastLBAAt, math.MaxUint64), disk512, nil, nil, 4, []Problem{OutsideDisk, OutsideUsable}},
	} {
		start := part(t, "gpt512.hex", 0, StartBytes)
		c.change(start)
		table, err := Parse(start, c.disk)
		if err != nil || !slices.Equal(table.Problems, c.table) || !slices.Equal(table.GPT.Problems, c.gpt) {
			t.Errorf("Parse(%s) = %q, %q, %v; want %q, %q", name, table.Problems, table.GPT.Problems, err, c.table, c.gpt)
		}
		if c.partition == 0 {
			continue
		}
		if p := table.GPT.Partitions[c.partition-1]; !slices.Equal(p.Problems, c.problems) {
			t.Errorf("Parse(%s): partition %d = %q; want %q", name, c.partition, p.Problems, c.problems)
		}
	}
}

// seal sets the checksums of a GPT for sectors of 512 bytes and 128 entries.
func seal(b []byte) {
	h := b[512 : 512+minHeader]
	binary.LittleEndian.PutUint32(h[entriesCRCAt:], crc32.ChecksumIEEE(b[1024:1024+128*128]))
	clear(h[headerCRCAt:][:4])
	binary.LittleEndian.PutUint32(h[headerCRCAt:], crc32.ChecksumIEEE(h))
}

// TestEntriesElsewhere has the entries where the start of a disk does not reach.
func TestEntriesElsewhere(t *testing.T) {
	t.Parallel()
	start := part(t, "gpt512.hex", 0, StartBytes)
	entries := bytes.Clone(start[1024 : 1024+128*128])
	binary.LittleEndian.PutUint64(start[512+entriesLBAAt:], 4096)
	clear(start[512+headerCRCAt:][:4])
	binary.LittleEndian.PutUint32(start[512+headerCRCAt:], crc32.ChecksumIEEE(start[512:512+minHeader]))
	table, err := Parse(start, disk512)
	if err != nil || !slices.Equal(table.GPT.Problems, []Problem{EntriesElsewhere}) || table.GPT.EntriesOffset != 2<<20 {
		t.Fatalf("Parse = %q at %d, %v; want the entries at 2 MiB", table.GPT.Problems, table.GPT.EntriesOffset, err)
	}
	table.GPT.Problems = nil
	if g := ParseEntries(table.GPT, entries, disk512); len(g.Partitions) != 4 || len(g.Problems) != 0 {
		t.Errorf("ParseEntries = %d partitions, %q; want 4", len(g.Partitions), g.Problems)
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ranges, marked string }{
		{"", ""},
		{"0-9 10-19", ".."},
		{"0-10 10-19", "xx"},
		{"10-19 0-10", "xx"},
		{"0-100 10-20 30-40 101-102", "xxx."},
		{"0-10 5-8 9-20 21-22", "xxx."},
		{"0-10 5-100 20-30", "xxx"},
		{"3-3 3-3", "xx"},
		{"9-0 0-9", ".."},
		{"0-18446744073709551615 5-6", "xx"},
	} {
		var list []Partition
		for _, r := range strings.Fields(c.ranges) {
			var p Partition
			fmt.Sscanf(r, "%d-%d", &p.FirstLBA, &p.LastLBA)
			list = append(list, p)
		}
		markOverlaps(list)
		got := ""
		for _, p := range list {
			if slices.Contains(p.Problems, Overlap) {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != c.marked {
			t.Errorf("markOverlaps(%s) = %s; want %s", c.ranges, got, c.marked)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"resin-rootA":           "resin-rootA",
		"Wurzel-ä-€-😀":          "Wurzel-ä-€-😀",
		"a\x00b":                "a",
		"bell\a\u202e\u200bdel": "bell???del",
		"":                      "",
	} {
		var field []byte
		for _, unit := range utf16.Encode([]rune(in)) {
			field = binary.LittleEndian.AppendUint16(field, unit)
		}
		if got := name(append(field, 0, 0)); got != want {
			t.Errorf("name(%q) = %q; want %q", in, got, want)
		}
	}
	if got := name([]byte{'a', 0, 0x00, 0xd8, 'b', 0, 'c'}); got != "a?b" {
		t.Errorf("name(half a pair) = %q; want a?b", got)
	}
}

func TestNone(t *testing.T) {
	t.Parallel()
	fat := make([]byte, StartBytes)
	copy(fat, "\xEB\x3C\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x00\x80\xf8\x20\x00")
	copy(fat[510:], bootSignature)
	ntfs := make([]byte, StartBytes)
	copy(ntfs, "\xEB\x52\x90NTFS    ")
	copy(ntfs[510:], bootSignature)
	flags := part(t, "mbr.hex", 0, StartBytes)
	flags[446] = 0x21
	for name, start := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, StartBytes), "short": part(t, "mbr.hex", 0, 511), "FAT": fat, "NTFS": ntfs, "code in the entries": flags,
	} {
		if table, err := Parse(start, diskMBR); !errors.Is(err, ErrNone) {
			t.Errorf("Parse(%s) = %+v, %v; want %v", name, table, err, ErrNone)
		}
	}
	// A FAT volume with entries is a disk with both, as mkfs.fat makes it.
	copy(fat[446:], record(0, 0x0c, 0, 64))
	table, err := Parse(fat, diskMBR)
	if err != nil {
		t.Fatalf("Parse(FAT with entries) = %v; want no error", err)
	}
	check(t, "Parse(FAT with entries)", brief(table.MBR.Partitions), "1 FAT32 (LBA) 0-63; "+string(CoversTable))
	empty := make([]byte, 512)
	copy(empty[510:], bootSignature)
	if table, err := Parse(empty, diskMBR); err != nil || !table.HasMBR || len(table.MBR.Partitions) != 0 {
		t.Errorf("Parse(empty MBR) = %+v, %v; want an MBR without partitions", table, err)
	}
}

func TestTypeWords(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for kind, word := range typeWords {
		if kind != strings.ToLower(kind) || len(kind) != 36 && len(kind) != 4 || word != strings.TrimSpace(word) || word == "" {
			t.Errorf("typeWords[%q] = %q; want a GUID or number in lower case, and a word", kind, word)
		}
		if len(kind) == 36 {
			if other, ok := seen[word]; ok {
				t.Errorf("%q is %s and %s; want different words", word, kind, other)
			}
			seen[word] = kind
		}
	}
	if word, ok := TypeWord("11111111-2222-3333-4444-555555555555"); ok {
		t.Errorf("TypeWord = %q; want none", word)
	}
}
