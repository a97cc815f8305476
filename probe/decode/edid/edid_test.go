package edid

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// d3218hn is a Dell D3218HN with a CTA-861 extension, from linuxhw/EDID
// Digital/Dell/DEL200B/F01E8586FA3B @228fea5, the text of its serial number and
// the checksum that goes with it changed.
const d3218hn = `
00 ff ff ff ff ff ff 00 10 ac 0b 20 01 01 01 01
24 1c 01 03 80 46 27 78 2a cd e5 a0 59 4e a1 25
0e 50 54 a5 4b 00 71 4f 81 80 a9 c0 d1 c0 01 01
01 01 01 01 01 01 02 3a 80 18 71 38 2d 40 58 2c
45 00 ba 89 21 00 00 1e 00 00 00 ff 00 41 31 42
32 43 33 44 34 45 35 46 36 0a 00 00 00 fc 00 44
33 32 31 38 48 4e 0a 20 20 20 20 20 00 00 00 fd
00 38 4c 1e 53 11 00 0a 20 20 20 20 20 20 01 00

02 03 1a b1 4f 90 05 04 03 02 07 06 1f 14 13 12
11 16 15 01 65 03 0c 00 10 00 02 3a 80 18 71 38
2d 40 58 2c 45 00 ba 89 21 00 00 1e 01 1d 80 18
71 1c 16 20 58 2c 25 00 ba 89 21 00 00 9e 01 1d
00 72 51 d0 1e 20 6e 28 55 00 ba 89 21 00 00 1e
02 3a 80 d0 72 38 2d 40 10 2c 45 80 ba 89 21 00
00 1e 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 42`

// boe0687 is a panel of a laptop, BOE 0687, without any serial number or name,
// from linuxhw/EDID Digital/BOE/BOE0687/B6A39A230CAB @16bc0af.
const boe0687 = `
00 ff ff ff ff ff ff 00 09 e5 87 06 00 00 00 00
01 19 01 04 a5 22 13 78 02 b0 90 97 58 54 92 26
1d 50 54 00 00 00 01 01 01 01 01 01 01 01 01 01
01 01 01 01 01 01 9c 3b 80 10 71 38 50 40 30 20
36 00 58 c1 10 00 00 1a d6 24 80 de 70 38 14 40
64 64 44 05 58 c1 10 00 00 1a 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02
00 0c 43 f6 0b 3c 6e 0f 10 1c 73 00 00 00 00 51`

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// closed sets the checksum of a block.
func closed(block []byte) []byte {
	block[checksumAt] -= sum(block)
	return block
}

func TestParseReal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want Display
	}{
		"1.3": {d3218hn, Display{
			Manufacturer: "DEL", HasManufacturer: true, Product: 8203, Serial: 0x01010101, HasSerial: true, SerialText: "A1B2C3D4E5F6", HasSerialText: true,
			Year: 2018, Week: 36, HasWeek: true, Version: "1.3", WidthMM: 698, HeightMM: 393, HasSize: true,
			Name: "D3218HN", HasName: true, Preferred: Timing{1920, 1080, 60000, false}, HasPreferred: true, Extensions: 1, ChecksumRight: true,
		}},
		"1.4": {boe0687, Display{
			Manufacturer: "BOE", HasManufacturer: true, Product: 1671, Year: 2015, Week: 1, HasWeek: true, Version: "1.4",
			WidthMM: 344, HeightMM: 193, HasSize: true, Preferred: Timing{1920, 1080, 60014, false}, HasPreferred: true, ChecksumRight: true,
		}},
	} {
		if got, err := Parse(decoded(t, c.text)); err != nil || got != c.want {
			t.Errorf("Parse(%s) = %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

func TestParseVariants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func([]byte)
		ok     func(Display) bool
	}{
		"wrong checksum":      {func(b []byte) { b[127]++ }, func(d Display) bool { return !d.ChecksumRight }},
		"model year":          {func(b []byte) { b[16] = 0xff }, func(d Display) bool { return d.YearIsModels && !d.HasWeek && d.Year == 2018 }},
		"no week":             {func(b []byte) { b[16] = 0 }, func(d Display) bool { return !d.YearIsModels && !d.HasWeek }},
		"week 55":             {func(b []byte) { b[16] = 55 }, func(d Display) bool { return !d.HasWeek }},
		"no manufacturer":     {func(b []byte) { b[8], b[9] = 0, 0 }, func(d Display) bool { return !d.HasManufacturer && d.Manufacturer == "" }},
		"no serial":           {func(b []byte) { copy(b[12:], "\x00\x00\x00\x00") }, func(d Display) bool { return !d.HasSerial && d.HasSerialText }},
		"projector":           {func(b []byte) { b[21], b[22] = 0, 0 }, func(d Display) bool { return !d.HasSize && d.WidthMM == 0 }},
		"shape only":          {func(b []byte) { b[21], b[22] = 0x4f, 0 }, func(d Display) bool { return !d.HasSize && d.WidthMM == 0 }},
		"shape in the timing": {func(b []byte) { b[66], b[67], b[68] = 16, 9, 0 }, func(d Display) bool { return d.HasSize && d.WidthMM == 700 && d.HeightMM == 390 }},
		"not preferred":       {func(b []byte) { b[24] &^= 2 }, func(d Display) bool { return !d.HasPreferred }},
		"always preferred":    {func(b []byte) { b[24] &^= 2; b[19] = 4 }, func(d Display) bool { return d.HasPreferred }},
		"no timing":           {func(b []byte) { b[54], b[55] = 0, 0 }, func(d Display) bool { return !d.HasPreferred }},
		"unclean name":        {func(b []byte) { copy(b[95:], " \x01\xe9x\x00\x00\x00\x00\x00\x00\x00\x00\x00") }, func(d Display) bool { return d.Name == "??x" }},
		"blank name":          {func(b []byte) { copy(b[95:], "\n") }, func(d Display) bool { return !d.HasName }},
		"interlaced": { // 1920x1080i at 60 Hz of CTA-861
			func(b []byte) {
				copy(b[54:], "\x01\x1d\x80\x18\x71\x1c\x16\x20\x58\x2c\x25\x00\xba\x89\x21\x00\x00\x9e")
			},
			func(d Display) bool { return d.Preferred == Timing{1920, 1080, 60000, true} },
		},
	} {
		data := decoded(t, d3218hn)
		c.change(data)
		if got, err := Parse(data); err != nil || !c.ok(got) {
			t.Errorf("Parse(%s) = %+v, %v; want otherwise", name, got, err)
		}
	}
	for name, change := range map[string]func([]byte) []byte{
		"short":     func(b []byte) []byte { return b[:127] },
		"nothing":   func([]byte) []byte { return nil },
		"header":    func(b []byte) []byte { b[3] = 0; return b },
		"version 2": func(b []byte) []byte { b[18] = 2; return b },
	} {
		if got, err := Parse(change(decoded(t, d3218hn))); err == nil {
			t.Errorf("Parse(%s) = %+v; want an error", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(decoded(f, d3218hn))
	f.Add(decoded(f, boe0687))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		if d.HasSize != (d.WidthMM > 0 && d.HeightMM > 0) || d.HasWeek != (d.Week > 0) || d.HasSerial != (d.Serial != 0) || d.HasName != (d.Name != "") {
			t.Errorf("Parse(%x) = %+v; want values where they are known and nowhere else", data, d)
		}
		if p := d.Preferred; d.HasPreferred != (p.Width > 0 && p.Height > 0) || p.RefreshMilliHz < 0 || p.Width > 4095 || p.Height > 2*4095 {
			t.Errorf("Parse(%x) = %+v; want a timing of a size", data, p)
		}
		if slices.ContainsFunc([]byte(d.Manufacturer+d.Name+d.SerialText), func(c byte) bool { return c < ' ' || c > '~' }) {
			t.Errorf("Parse(%x) = %q %q %q; want printing ASCII", data, d.Manufacturer, d.Name, d.SerialText)
		}
		wrong := bytes.Clone(data)
		wrong[checksumAt]++
		if w, err := Parse(wrong); err != nil || d.ChecksumRight && w.ChecksumRight {
			t.Errorf("Parse(%x with another checksum) = %+v, %v; want a wrong one", data, w, err)
		}
	})
}
