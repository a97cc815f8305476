package parttable

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	gpt := []Range{{512 + 56, 16}, {1024 + 16, 16}, {1152 + 16, 16}, {1280 + 16, 16}, {1408 + 16, 16}}
	large := []Range{{4096 + 56, 16}, {8192 + 16, 16}, {8320 + 16, 16}}
	both := part(t, "gpt512.hex", 0, StartBytes)
	copy(both[20480:], part(t, "gpt4096.hex", 8192, 256))
	copy(both[4096:], part(t, "gpt4096.hex", 4096, 512))
	binary.LittleEndian.PutUint64(both[4096+entriesLBAAt:], 5)
	binary.LittleEndian.PutUint32(both[512+entryCountAt:], 24) // ends where the other header begins
	for name, c := range map[string]struct {
		start []byte
		want  []Range
	}{
		"GPT":            {part(t, "gpt512.hex", 0, StartBytes), gpt},
		"large sectors":  {part(t, "gpt4096.hex", 0, StartBytes), large},
		"MBR":            {part(t, "mbr.hex", 0, 512), []Range{{440, 4}}},
		"two tables":     {both, append(slices.Clone(gpt), Range{4096 + 56, 16}, Range{20480 + 16, 16}, Range{20480 + 128 + 16, 16})},
		"entries cut":    {part(t, "gpt512.hex", 0, 1152), gpt[:2]},
		"nothing":        {nil, nil},
		"without tables": {make([]byte, StartBytes), nil},
	} {
		if got := Identities(c.start); !slices.Equal(got, c.want) {
			t.Errorf("Identities(%s) = %v; want %v", name, got, c.want)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	start := part(t, "gpt512.hex", 0, StartBytes)
	binary.LittleEndian.PutUint32(start[diskSignature:], 0x1a2b3c4d)
	keep := bytes.Clone(start)
	flip := func(field []byte) {
		for i := range field {
			field[i] ^= 0x5a
		}
	}
	out := Redact(start, flip)
	if !bytes.Equal(start, keep) {
		t.Error("Redact changed its argument")
	}
	was, err := Parse(start, disk512)
	if err != nil {
		t.Fatal(err)
	}
	is, err := Parse(out, disk512)
	if err != nil || len(is.GPT.Problems) != 0 {
		t.Fatalf("Parse(Redact) = %q, %v; want no problem", is.GPT.Problems, err)
	}
	if brief(is.GPT.Partitions) != brief(was.GPT.Partitions) {
		t.Errorf("Partitions = %s; want %s", brief(is.GPT.Partitions), brief(was.GPT.Partitions))
	}
	if is.MBR.Signature == was.MBR.Signature || is.GPT.DiskGUID == was.GPT.DiskGUID || is.GPT.Partitions[3].GUID == was.GPT.Partitions[3].GUID {
		t.Errorf("Redact left %#x, %s or %s", is.MBR.Signature, is.GPT.DiskGUID, is.GPT.Partitions[3].GUID)
	}

	// What was wrong stays wrong.
	start[512+headerCRCAt]++
	start[512+entriesCRCAt]++
	is, err = Parse(Redact(start, flip), disk512)
	if want := []Problem{HeaderChecksum, EntriesChecksum}; err != nil || !slices.Equal(is.GPT.Problems, want) {
		t.Errorf("Parse(Redact(damaged)) = %q, %v; want %q", is.GPT.Problems, err, want)
	}
}
