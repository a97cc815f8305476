package edid

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// container is a Microsoft data block of a display that a desktop does not use:
// OUI, version 3, a use, and the identifier.
const container = "\x75" + microsoft + "\x03\x07" + "0123456789abcdef"

// ctaBlock makes an extension with data blocks and descriptors.
func ctaBlock(data string, descriptors ...string) []byte {
	block := make([]byte, BlockBytes)
	block[0], block[1], block[2] = extensionCTA, 3, byte(4+len(data))
	at := 4 + copy(block[4:], data)
	for _, d := range descriptors {
		at += copy(block[at:], (d + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")[:descriptorBytes])
	}
	return closed(block)
}

// displayIDBlock makes an extension with a section of data blocks.
func displayIDBlock(version byte, data string) []byte {
	block := make([]byte, BlockBytes)
	block[0], block[1], block[2] = extensionDisplayID, version, byte(len(data))
	end := 5 + copy(block[5:], data)
	block[end] -= sum(block[1:end])
	return closed(block)
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	base := []Range{{12, 4}, {77, 12}}
	unknown := append([]byte{0x50, 1}, bytes.Repeat([]byte("text"), 31)...)
	for name, c := range map[string]struct {
		edid []byte
		want []Range
	}{
		"real":            {decoded(t, d3218hn), base},
		"no serial":       {decoded(t, boe0687), nil},
		"nothing":         {nil, nil},
		"fragment":        {[]byte("abc"), []Range{{0, 3}}},
		"fragment zeros":  {append(decoded(t, boe0687), 0, 0), nil},
		"fragment behind": {append(decoded(t, boe0687), "xy"...), []Range{{128, 2}}},
		"header damaged":  {append([]byte{1, 1}, decoded(t, d3218hn)[2:128]...), base},
		"header unlike":   {append([]byte{1, 1, 1}, decoded(t, d3218hn)[3:128]...), []Range{{0, 127}}},
		"CTA": {
			append(decoded(t, boe0687), ctaBlock("\x65\x03\x0c\x00\x10\x00"+container, "\x00\x00\x00\xff\x00SECOND\n      ")...),
			[]Range{{128 + 4 + 6 + 6, 16}, {128 + 4 + 6 + 22 + 5, 6}},
		},
		"CTA, data block too long": {append(decoded(t, boe0687), ctaBlock("\x65\x03\x0c\x00")...), []Range{{128 + 4, 4}}},
		"CTA, impossible":          {append(decoded(t, boe0687), append([]byte{2, 3, 3, 0}, bytes.Repeat([]byte{1}, 124)...)...), []Range{{129, 126}}},
		"hidden behind the end":    {append(decoded(t, boe0687), ctaBlock("", "\x00\x00\x00\xff\x00AB\nSECRET    ")...), []Range{{128 + 4 + 5, 13}}},
		"DisplayID 1.3": {
			append(decoded(t, boe0687), displayIDBlock(0x13, "\x00\x00\x0cBOE\x34\x12\x78\x56\x34\x12\x01\x10\x00"+"\x0a\x00\x05SN123"+"\x03\x00\x01\x09")...),
			[]Range{{128 + 5 + 3 + 5, 4}, {128 + 5 + 15 + 3, 5}},
		},
		"DisplayID 2.0": {
			append(decoded(t, boe0687), displayIDBlock(0x20, "\x20\x00\x0c\x00\x00\x09\x34\x12\x78\x56\x34\x12\x01\x10\x00"+
				"\x28\x00\x16\x82\x10\x00\x00\x7f\x07\x6f\x08\x00\x00\x00\x00\x00DEL\x17\x40\x53\x4c\x4e\x30"+
				"\x29\x00\x10"+"0123456789abcdef"+"\x81\x00\x16"+container)...),
			[]Range{{128 + 13, 4}, {128 + 5 + 15 + 3 + 18, 4}, {128 + 5 + 15 + 25 + 3, 16}, {128 + 5 + 15 + 25 + 19 + 3 + 6, 16}},
		},
		"DisplayID, block too long":    {append(decoded(t, boe0687), displayIDBlock(0x13, "\x0a\x00\x09SN")...), []Range{{128 + 5, 5}}},
		"DisplayID, product too short": {append(decoded(t, boe0687), displayIDBlock(0x13, "\x00\x00\x07BOE\x34\x12\x78\x56")...), []Range{{128 + 13, 2}}},
		"DisplayID, section too long":  {append(decoded(t, boe0687), append([]byte{0x70, 0x13, 122}, bytes.Repeat([]byte{1}, 125)...)...), []Range{{129, 126}}},
		"unknown extension":            {append(decoded(t, boe0687), append(unknown, 0, 0)...), []Range{{129, 126}}},
		"timings":                      {append(decoded(t, boe0687), append([]byte{0x10}, bytes.Repeat([]byte{1}, 127)...)...), nil},
		"map":                          {append(decoded(t, boe0687), append([]byte{0xf0}, bytes.Repeat([]byte{2}, 127)...)...), nil},
	} {
		if got := Identities(c.edid); !slices.Equal(got, c.want) {
			t.Errorf("Identities(%s) = %v; want %v", name, got, c.want)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	right := slices.Concat(decoded(t, d3218hn), displayIDBlock(0x20, "\x20\x00\x0c\x00\x00\x09\x34\x12\x78\x56\x34\x12\x01\x10\x00"+"\x29\x00\x10"+"0123456789abcdef"))
	keep := bytes.Clone(right)
	out := Redact(right, func(field []byte) { copy(field, bytes.Repeat([]byte{'S'}, len(field))) })
	if !bytes.Equal(right, keep) {
		t.Error("Redact changed its argument")
	}
	if len(out) != len(right) {
		t.Fatalf("Redact = %d bytes; want %d", len(out), len(right))
	}
	d, err := Parse(out)
	if err != nil || d.Serial != binary.LittleEndian.Uint32([]byte("SSSS")) || d.SerialText != "SSSSSSSSSSSS" || d.Name != "D3218HN" || !d.ChecksumRight {
		t.Errorf("Parse(Redact) = %+v, %v; want other serial numbers and a right checksum", d, err)
	}
	for at := 0; at < len(out); at += BlockBytes {
		if s := sum(out[at:][:BlockBytes]); s != 0 {
			t.Errorf("sum of the block at %d = %d; want 0", at, s)
		}
	}
	if end, ok := section(out[256:]); !ok || sum(out[257:256+end+1]) != 0 {
		t.Error("the checksum of the DisplayID section is wrong; want it right")
	}
	if bytes.Contains(out, []byte("A1B2C3D4E5F6")) || bytes.Contains(out, []byte("0123456789abcdef")) || bytes.Contains(out, []byte("\x78\x56\x34\x12")) {
		t.Errorf("Redact = %x; want no serial number left", out)
	}

	wrong := bytes.Clone(right)
	wrong[127] += 5
	wrong[256+36]++ // the checksum of the section
	wrong[383]--
	out = Redact(wrong, func(field []byte) { clear(field) })
	if s := sum(out[:128]); s != 5 {
		t.Errorf("sum of the base block = %d; want 5 as before", s)
	}
	if end, _ := section(out[256:]); sum(out[257:256+end+1]) != 1 {
		t.Errorf("sum of the DisplayID section = %d; want 1 as before", sum(out[257:256+end+1]))
	}
	if len(Identities(out)) != 0 {
		t.Errorf("Identities(Redact) = %v; want none", Identities(out))
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(decoded(f, d3218hn))
	f.Add(slices.Concat(decoded(f, boe0687), ctaBlock(container, "\x00\x00\x00\xff\x00SECOND\n      ")))
	f.Add(slices.Concat(decoded(f, boe0687), displayIDBlock(0x20, "\x20\x00\x0c\x00\x00\x09\x34\x12\x78\x56\x34\x12\x01\x10\x00\x29\x00\x100123456789abcdef")))
	f.Add([]byte("fragment"))
	f.Fuzz(func(t *testing.T, data []byte) {
		covered := make([]bool, len(data))
		for _, r := range Identities(data) {
			for i := r.Offset; i < r.Offset+r.Length; i++ {
				if covered[i] {
					t.Fatalf("Identities(%x): byte %d twice", data, i)
				}
				covered[i] = true
			}
		}
		out := Redact(data, func(field []byte) {
			for i := range field {
				field[i] ^= 0x5a
			}
		})
		if len(out) != len(data) {
			t.Fatalf("Redact(%x) = %d bytes; want %d", data, len(out), len(data))
		}
		free := slices.Clone(covered) // may differ
		for at := 0; at+BlockBytes <= len(data); at += BlockBytes {
			was, is := data[at:][:BlockBytes], out[at:][:BlockBytes]
			free[at+checksumAt] = true
			if end, ok := section(was); ok && at > 0 {
				free[at+end] = true
				if sum(was[1:end+1]) != sum(is[1:end+1]) {
					t.Errorf("Redact(%x): the sum of the section at %d differs", data, at)
				}
			}
			if sum(was) != sum(is) {
				t.Errorf("Redact(%x): the sum of the block at %d differs", data, at)
			}
		}
		for i := range data {
			if covered[i] && out[i] != data[i]^0x5a || !free[i] && out[i] != data[i] {
				t.Errorf("Redact(%x): byte %d is %#x, was %#x", data, i, out[i], data[i])
			}
		}
		if same := Redact(data, func([]byte) {}); !bytes.Equal(same, data) {
			t.Errorf("Redact(%x) without a change = %x; want the same", data, same)
		}
	})
}
