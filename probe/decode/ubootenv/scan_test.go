package ubootenv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// block writes an environment as mkenvimage and saveenv do.
type block struct {
	size      int
	redundant bool
	flags     byte
	pad       byte
	big       bool
	text      string // variables separated by blanks
}

func (b block) bytes() []byte {
	header := singleHeader
	if b.redundant {
		header = redundantHeader
	}
	out := bytes.Repeat([]byte{b.pad}, b.size)
	text := strings.ReplaceAll(b.text, " ", "\x00") + "\x00\x00"
	if b.redundant {
		out[singleHeader] = b.flags
	}
	copy(out[header:], text)
	sum := crc32.ChecksumIEEE(out[header:])
	if b.big {
		binary.BigEndian.PutUint32(out, sum)
	} else {
		binary.LittleEndian.PutUint32(out, sum)
	}
	return out
}

// medium returns a medium with what is in the map at its offsets.
func medium(size int, parts map[int][]byte) []byte {
	m := make([]byte, size)
	for at, part := range parts {
		copy(m[at:], part)
	}
	return m
}

const someText = "arch=arm board=imx8mm_evk boot_targets=mmc1 bootcmd=run_x ver=1"

func TestScan(t *testing.T) {
	t.Parallel()
	const base = 0x1000
	blocks := map[int]block{ // by offset
		0x0400:   {size: 0x80, text: "a=b"},
		0x0800:   {size: 0x4200, pad: 0xFF, text: someText},
		0x8000:   {size: 0x2000, redundant: true, flags: 1, text: someText},
		0xA000:   {size: 0x2000, redundant: true, flags: 2, pad: 0xFF, text: someText},
		0xC000:   {size: 0x4000, big: true, text: someText},
		0x20000:  {size: 0x20000, text: someText},
		0x100000: {size: 1 << 20, text: someText},
	}
	parts := map[int][]byte{
		0x7C00:  []byte("\x00\x00\x00\x00no=environment\x00\x00"),
		0x7E00:  append([]byte{1, 2, 3, 4}, "open=text without an end"...),
		0x12000: append([]byte{1, 2, 3, 4}, "name=value\x00not a variable\x00\x00"...),
	}
	for at, b := range blocks {
		parts[at] = b.bytes()
	}
	damaged := block{size: 0x1000, text: someText}.bytes()
	damaged[0x800]++
	parts[0x14000] = damaged
	// Its size is no multiple of a sector.
	parts[0x16000] = block{size: 0x1080 + 4, text: someText}.bytes()
	// Not at a sector.
	parts[0x18040] = block{size: 0x1000, text: someText}.bytes()

	hits, complete := Scan(medium(0x200000, parts), base)
	if len(hits) != len(blocks) || !complete {
		t.Errorf("Scan = %d hits, %v; want %d", len(hits), complete, len(blocks))
	}
	last := int64(-1)
	for _, h := range hits {
		b, ok := blocks[int(h.Offset-base)]
		if !ok {
			t.Errorf("Scan: hit at %#x; want none there", h.Offset)
			continue
		}
		if h.SizeBytes != b.size || h.Redundant != b.redundant || h.Flags != b.flags || h.BigEndian != b.big || h.Offset <= last {
			t.Errorf("Scan: %+v; want %+v", h, b)
		}
		if want := strings.Count(b.text, "="); h.Environment.Len() != want {
			t.Errorf("Scan: %d variables at %#x; want %d", h.Environment.Len(), h.Offset, want)
		}
		last = h.Offset
	}
}

func TestScanIsBounded(t *testing.T) {
	t.Parallel()
	many := map[int][]byte{}
	for i := range maxHits + 1 {
		many[i*sectorBytes] = block{size: 0x200, text: someText}.bytes()
	}
	if hits, complete := Scan(medium(maxHits*sectorBytes, many), 0); len(hits) != maxHits || !complete {
		t.Errorf("Scan of %d environments = %d, %v; want all", maxHits, len(hits), complete)
	}
	if hits, complete := Scan(medium((maxHits+1)*sectorBytes, many), 0); len(hits) != maxHits || complete {
		t.Errorf("Scan of %d environments = %d, complete %v; want %d, not complete", maxHits+1, len(hits), complete, maxHits)
	}
	if hits, _ := Scan(block{size: maxBytes + sectorBytes, text: someText}.bytes(), 0); len(hits) != 0 {
		t.Errorf("Scan of one that is too large = %+v; want none", hits)
	}
	// Every sector looks like the start of a large one.
	text := medium(4<<20, nil)
	for at := 0; at < len(text); at += sectorBytes {
		copy(text[at:], "\x01\x02\x03\x04name=value\x00\x00")
	}
	if hits, complete := Scan(text, 0); len(hits) != 0 || complete {
		t.Errorf("Scan of look-alikes = %d, complete %v; want none, not complete", len(hits), complete)
	}
	for _, data := range [][]byte{nil, make([]byte, 5), make([]byte, 6), []byte("\x00\x00\x00\x00a=")} {
		if hits, complete := Scan(data, 0); len(hits) != 0 || !complete {
			t.Errorf("Scan of %d bytes = %d, %v; want none", len(data), len(hits), complete)
		}
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags []int // of redundant copies of one size; -1 is a single one
		want  int   // which is used
	}{
		{[]int{1, 2}, 1}, {[]int{2, 1}, 0}, {[]int{255, 0}, 1}, {[]int{0, 255}, 0},
		{[]int{7, 7}, 0}, {[]int{0, 1}, 1}, {[]int{254, 255}, 1}, {[]int{3}, 0}, {[]int{-1}, 0},
	} {
		hits := []Hit{{Offset: 9, SizeBytes: 0x4000, Redundant: true}}
		for i, f := range c.flags {
			hits = append(hits, Hit{Offset: int64(100 + i), SizeBytes: 0x2000, Redundant: f >= 0, Flags: byte(max(f, 0))})
		}
		got := Current(hits)
		if len(got) != 2 || got[0].Offset != 9 || got[1].Offset != int64(100+c.want) {
			t.Errorf("Current of copies with flags %v = %+v; want copy %d and the one of another size", c.flags, got, c.want)
		}
	}
	single := []Hit{{Offset: 1, SizeBytes: 0x2000}, {Offset: 2, SizeBytes: 0x2000}}
	if got := Current(single); len(got) != 2 {
		t.Errorf("Current of two that are not redundant = %d; want both", len(got))
	}
}

func TestFindDefaults(t *testing.T) {
	t.Parallel()
	text := func(s string) []byte { return []byte(strings.ReplaceAll(s, "|", "\x00")) }
	for name, c := range map[string]struct {
		image  []byte
		offset int64
		names  string
		found  int
	}{
		"in a program":         {text("|## Error, errno=%d||arch=arm|bootcmd=run x|ver=U-Boot 1||rest"), 21, "arch bootcmd ver", 1},
		"behind a string":      {text("Operation not allowed!|bootcmd=run x|a=1|b=2||"), 23, "a b bootcmd", 1},
		"behind data":          {text("\x01\x02ThuFriSatbootcmd=run x|a=1|b=2||"), 11, "a b bootcmd", 1},
		"behind data, targets": {text("\x01\x02ThuFriSatbootcmd=run x|a=1|boot_targets=mmc0||"), 11, "a boot_targets bootcmd", 1},
		"no bootcmd":           {text("x y|arch=arm|boot_targets=mmc0|distro_bootcmd=for||"), 4, "arch boot_targets distro_bootcmd", 1},
		"a slip":               {text("x y| setup=1|bootcmd=x|altbootcmd=y||"), 4, " setup altbootcmd bootcmd", 1},
		"at the start":         {text("altbootcmd=x|bootcmd=x|b=1||"), 0, "altbootcmd b bootcmd", 1},
		"too few":              {text("x y|bootcmd=x|b=1||"), 0, "", 0},
		"no end":               {text("x y|bootcmd=x|b=1|c=1|"), 0, "", 0},
		"other text in it":     {text("x y|bootcmd=x|b=1|c=1|no variable||"), 0, "", 0},
		"none":                 {text("x=1|y=2|z=3||"), 0, "", 0},
		"two":                  {text("x y|bootcmd=x|b=1|c=1||x y|bootcmd=x|b=1|c=1||"), 4, "b bootcmd c", 2},
		"empty":                {nil, 0, "", 0},
	} {
		got := FindDefaults(c.image, 0x100)
		if len(got) != c.found {
			t.Errorf("%s: FindDefaults = %+v; want %d", name, got, c.found)
			continue
		}
		if c.found == 0 {
			continue
		}
		var names []string
		for _, v := range got[0].Environment.Public(Allowed) {
			names = append(names, v.Name)
		}
		if all := strings.Join(names, " "); all != c.names || got[0].Offset != 0x100+c.offset {
			t.Errorf("%s: FindDefaults = %q at %d; want %q at %d", name, all, got[0].Offset-0x100, c.names, c.offset)
		}
	}
}

func TestFindDefaultsIsBounded(t *testing.T) {
	t.Parallel()
	one := []byte("x y\x00bootcmd=x\x00b=1\x00c=1\x00\x00")
	if got := FindDefaults(bytes.Repeat(one, maxDefaults+1), 0); len(got) != maxDefaults {
		t.Errorf("FindDefaults of %d = %d; want %d", maxDefaults+1, len(got), maxDefaults)
	}
	// Every variable is looked at from every other one, as none of them ends.
	if got := FindDefaults(bytes.Repeat([]byte("bootcmd=x\x00"), 1<<20), 0); len(got) != 0 {
		t.Errorf("FindDefaults without an end = %d; want none", len(got))
	}
}

func TestFindVersions(t *testing.T) {
	t.Parallel()
	long := "U-Boot 2023.01" + strings.Repeat("x", 200)
	image := strings.Join([]string{
		"U-Boot SPL 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)",
		"U-Boot 2017.09(u-boot commit id: e8b5ef0c39)(sdk version: rk3588)-ge8b5ef0c39-dirty # (Dec 01 2022 - 19:08:48 +0800)\n",
		"U-Boot TPL 2021.04\x01",
		"U-Boot is not a version", "U-Boot 1.2", "U-Boot 1023.01", "U-Boot 2123.01", "U-Boot 20x3.01", "U-Boot 202x.01", "U-Boot 2023x01", "U-Boot 2023.x1", "U-Boot 2023.0x", "xv2.8(debug):", "v(release):", "v2(release):",
		"v2.10.0(release):v2.10.0-dirty",
		"v2.3():v2.3-868-g040d2de11:derrick.huang",
		"barebox 2021.05.0 #1", "barebox is one", "OP-TEE version: %s", "OP-TEE version: 3.13.0-652-g4542e1efd (gcc)",
		"U-Boot SPL 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)",
		long,
		"U-Boot 2020.0",
	}, "\x00")
	var got []string
	for _, v := range FindVersions([]byte(image), 7) {
		got = append(got, v.Kind+"|"+v.Text)
		if at := int(v.Offset - 7); !strings.HasPrefix(image[at:], v.Text) {
			t.Errorf("FindVersions: %q is not at %d", v.Text, at)
		}
	}
	want := []string{
		"u-boot-spl|U-Boot SPL 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)",
		"u-boot|U-Boot 2017.09(u-boot commit id: e8b5ef0c39)(sdk version: rk3588)-ge8b5ef0c39-dirty # (Dec 01 2022 - 19:08:48 +0800)",
		"u-boot-tpl|U-Boot TPL 2021.04",
		"tf-a|v2.8(debug):",
		"tf-a|v2.10.0(release):v2.10.0-dirty",
		"tf-a|v2.3():v2.3-868-g040d2de11:derrick.huang",
		"barebox|barebox 2021.05.0 #1",
		"op-tee|OP-TEE version: 3.13.0-652-g4542e1efd (gcc)",
		"u-boot|" + long[:maxVersionText],
	}
	if !slices.Equal(got, want) {
		t.Errorf("FindVersions = %q; want %q", got, want)
	}
	if got := FindVersions([]byte("U-Boot 2023.01"), 0); len(got) != 1 || got[0].Text != "U-Boot 2023.01" {
		t.Errorf("FindVersions of one alone = %+v; want it", got)
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "U-Boot 20%02d.01\x00", i)
	}
	if got := FindVersions([]byte(many.String()), 0); len(got) != maxVersions {
		t.Errorf("FindVersions of 100 = %d; want %d", len(got), maxVersions)
	}
}

// BenchmarkScan goes over 16 MiB with six environments in it.
func BenchmarkScan(b *testing.B) {
	parts := map[int][]byte{
		0x110000: block{size: 0x2000, redundant: true, flags: 1, text: someText}.bytes(),
		0x112000: block{size: 0x2000, redundant: true, flags: 2, text: someText}.bytes(),
		0x100000: block{size: 0x4000, text: someText}.bytes(),
		0x200000: block{size: 0x20000, pad: 0xFF, text: someText}.bytes(),
		0x300000: block{size: 0x80, text: "a=b"}.bytes(),
		0x400000: block{size: 0x4000, big: true, text: someText}.bytes(),
	}
	for i := range 60 {
		parts[0x800000+i*0x1000] = []byte("\x01\x02\x03\x04like=one\x00\x00")
	}
	m := medium(16<<20, parts)
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		if hits, complete := Scan(m, 0); len(hits) != 6 || !complete {
			b.Fatalf("Scan = %d hits, %v; want 6", len(hits), complete)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(block{size: 0x200, text: someText}.bytes(), byte(0))
	f.Add(medium(0x2000, map[int][]byte{0x200: block{size: 0x400, redundant: true, flags: 255, pad: 0xFF, text: someText}.bytes()}), byte(1))
	f.Add(block{size: 0x80, big: true, text: "a=b"}.bytes(), byte(2))
	f.Fuzz(func(t *testing.T, data []byte, at byte) {
		hits, _ := Scan(data, 0)
		for _, h := range hits {
			end := h.Offset + int64(h.SizeBytes)
			if h.Offset%sectorBytes != 0 || end > int64(len(data)) || h.Environment.Len() == 0 {
				t.Fatalf("Scan = %+v of %d bytes", h, len(data))
			}
			// What was found is found again when it is alone.
			alone, complete := Scan(data[h.Offset:end], h.Offset)
			if len(alone) != 1 || !complete || alone[0].SizeBytes != h.SizeBytes || alone[0].Offset != h.Offset {
				t.Fatalf("Scan of the block alone = %+v; want %+v", alone, h)
			}
		}
		// An environment behind whatever that is is found.
		before := len(data) / sectorBytes * sectorBytes
		more := append(bytes.Clone(data[:before]), block{size: 0x400, redundant: at&1 != 0, flags: at, big: at&2 != 0, text: "fuzz=yes"}.bytes()...)
		hits, complete := Scan(more, 0)
		if complete && !slices.ContainsFunc(hits, func(h Hit) bool { return h.Offset <= int64(before) && h.Offset+int64(h.SizeBytes) > int64(before) }) {
			t.Errorf("Scan = %+v; want a hit at %#x", hits, before)
		}
		FindVersions(data, 0)
	})
}

func FuzzFindDefaults(f *testing.F) {
	f.Add([]byte("x y\x00bootcmd=x\x00b=1\x00c=1\x00\x00"))
	f.Add([]byte("FriSatbootcmd=x\x00boot_targets=mmc0\x00c=1\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := int64(-1)
		for _, d := range FindDefaults(data, 5) {
			if d.Offset < 5 || d.Offset >= 5+int64(len(data)) || d.Offset <= last || d.Environment.Len() < minVariables {
				t.Errorf("FindDefaults = %+v", d)
			}
			last = d.Offset
			d.Environment.Boot()
		}
	})
}
