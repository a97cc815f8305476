package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const (
	testName = "imx8mp-evk-b7f2-7q2km3xd.board.tar.gz"
	testRun  = "7Q2K-M3XD"
)

// noise is what no compression makes smaller, the same each time.
func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// decodeOne decodes a log that holds one block.
func decodeOne(t *testing.T, log []byte) Block {
	t.Helper()
	list, err := DecodeArmour(log)
	if err != nil || len(list) != 1 {
		t.Fatalf("DecodeArmour = %d blocks, %v; want one", len(list), err)
	}
	return list[0]
}

func TestEncodeArmour(t *testing.T) {
	for _, n := range []int{1, 47, 48, 49, 96, 2000, 9999*48 + 1, 99999*48 + 1} {
		data := noise(n, 1)
		block := EncodeArmour(strings.Repeat("n", maxTokenChars)+packageSuffix, strings.Repeat("R", 20), data)
		longest := 0
		for line := range bytes.Lines(block) {
			longest = max(longest, len(line)-1)
			if !isPlain(line[:len(line)-1]) || line[len(line)-1] != '\n' {
				t.Fatalf("EncodeArmour of %d bytes: line %q; want printable ASCII and LF", n, line)
			}
		}
		if longest > maxLineChars {
			t.Errorf("EncodeArmour of %d bytes: a line of %d columns; want at most %d", n, longest, maxLineChars)
		}
		if b := decodeOne(t, block); !bytes.Equal(b.Data, data) || b.Err != nil || b.Offset != 0 {
			t.Errorf("DecodeArmour(EncodeArmour of %d bytes) = %d bytes at %d, %v", n, len(b.Data), b.Offset, b.Err)
		}
	}
}

// TestArmourFormat holds the form of a block fixed: logs of old images are
// read by new desks.
func TestArmourFormat(t *testing.T) {
	const want = `BEGIN board-package-1/run-7Q2K-M3XD/50-bytes/2-lines a4b673eb
name imx8mp-evk-b7f2-7q2km3xd 1ce14ac1
hash a0e7c2124649116c30744c12fcf5747568dca50af247b3bc0cd38419b9399472 b0f09f14
0001 Ym9hcmRib2FyZGJvYXJkYm9hcmRib2FyZGJvYXJkYm9hcmRib2FyZGJvYXJkYm9h e3046bab
0002 cmQ= 5f564979
name imx8mp-evk-b7f2-7q2km3xd 1ce14ac1
hash a0e7c2124649116c30744c12fcf5747568dca50af247b3bc0cd38419b9399472 b0f09f14
END board-package-1/run-7Q2K-M3XD/50-bytes/2-lines 8a7bfdfb
`
	got := string(EncodeArmour(testName, testRun, bytes.Repeat([]byte("board"), 10)))
	if got != want {
		t.Errorf("EncodeArmour =\n%s; want\n%s", got, want)
	}
}

// TestDecodeArmour reads logs as people save them.
func TestDecodeArmour(t *testing.T) {
	data := noise(3000, 2)
	block := string(EncodeArmour(testName, testRun, data))
	lines := strings.SplitAfter(strings.TrimSuffix(block, "\n"), "\n")
	each := func(f func(i int, line string) string) string {
		var b strings.Builder
		for i, line := range lines {
			b.WriteString(f(i, strings.TrimSuffix(line, "\n")))
		}
		return b.String()
	}
	const kernel = "[   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd"
	for _, c := range []struct{ name, log string }{
		{"as written", block},
		{"without the last line end", strings.TrimSuffix(block, "\n")},
		{"CR LF", strings.ReplaceAll(block, "\n", "\r\n")},
		{"CR CR LF", strings.ReplaceAll(block, "\n", "\r\r\n")},
		{"CR alone", strings.ReplaceAll(block, "\n", "\r")},
		{"LF CR and CR LF mixed", each(func(i int, line string) string { return line + []string{"\n", "\r\n", "\n\r", "\r"}[i%4] })},
		{"behind a boot log", "U-Boot 2024.01\r\nHit any key\r\n" + kernel + "\r\n" + block + "login: "},
		{"time stamps", each(func(i int, line string) string {
			return fmt.Sprintf("[2025-11-03 10:%02d:01.%03d] %s\r\n", i%60, i, line)
		})},
		{"time stamps without a space", each(func(i int, line string) string { return fmt.Sprintf("<%d>[%5d.000123]%s\n", i%8, i, line) })},
		{"digits in front", each(func(i int, line string) string { return fmt.Sprintf("%d%s\n", i*37, line) })},
		{"quoted in a mail", "> " + strings.ReplaceAll(block, "\n", "\n> ")},
		{"trailing spaces", strings.ReplaceAll(block, "\n", "   \n")},
		{"colours and titles", each(func(i int, line string) string {
			at := i % len(line)
			return "\x1b]0;screen\x07\x1b[1;32m" + line[:at] + "\x1b[K\x1b[?25h\x1b(B" + line[at:] + "\x1b[0m\x1bP1$r\x1b\\\r\n"
		})},
		{"a title without an end", "\x1b]0;screen" + block},
		{"zeros and control characters", each(func(i int, line string) string {
			at := i * 7 % len(line)
			return "\x00\x00" + line[:at] + "\x00\x08\x7f\xff\xc3\xa9" + line[at:] + "\x00\n"
		})},
		{"tabs", strings.ReplaceAll(block, "\n", "\n\t")},
		{"kernel messages between", strings.ReplaceAll(block, "\n", "\n"+kernel+"\n")},
		{"kernel messages on the end", strings.ReplaceAll(block, "\n", kernel+"\n")},
		{"kernel messages without an end in front", strings.ReplaceAll(block, "\n", "\n"+kernel)},
		{"kernel messages within", each(func(i int, line string) string {
			at := 6 + i*5%(len(line)-6)
			return line[:at] + kernel + "\r\n" + line[at:] + "\r\n"
		})},
		{"three kernel messages within", each(func(i int, line string) string {
			at := 6 + i*3%(len(line)-6)
			return line[:at] + strings.Repeat(kernel+"\r\n", 3) + line[at:] + "\r\n"
		})},
		{"wrapped at 80 columns behind a time stamp", each(func(i int, line string) string {
			line = "[2025-11-03 10:00:01.123] " + line
			return line[:min(80, len(line))] + "\r\n" + line[min(80, len(line)):] + "\r\n"
		})},
		{"lines in another order", strings.Join(func() []string { l := slices.Clone(lines); slices.Reverse(l); return l }(), "\n")},
		{"every line twice", each(func(_ int, line string) string { return line + "\n" + line + "\n" })},
		{"UTF-16", "\xff\xfe" + utf16le(strings.ReplaceAll(block, "\n", "\r\n"))},
		{"two repeats with damage in other lines",
			each(func(i int, line string) string {
				if i%2 == 0 {
					return damage(line, i) + "\n"
				}
				return line + "\n"
			}) + "press a key\n" + each(func(i int, line string) string {
				if i%2 == 1 {
					return damage(line, i) + "\n"
				}
				return line + "\n"
			})},
		{"two consoles in turn, each with damage", each(func(i int, line string) string {
			if i%3 == 0 {
				return line + "\r\n" + damage(line, i) + "\r\n"
			}
			return damage(line, i) + "\n" + line + "\n"
		})},
		{"the end of one and the beginning of another repeat", strings.Join(lines[30:], "") + strings.Join(lines[:31], "")},
		{"without BEGIN and the first hash", strings.Join(lines[1:2], "") + strings.Join(lines[3:], "")},
		{"without the last lines", strings.Join(lines[:len(lines)-3], "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := decodeOne(t, []byte(c.log))
			if b.Err != nil || len(b.Missing) > 0 || !bytes.Equal(b.Data, data) {
				t.Fatalf("DecodeArmour = %d bytes, missing %q, %v; want all %d bytes", len(b.Data), b.Missing, b.Err, len(data))
			}
			sum := sha256.Sum256(data)
			if b.Name != testName || b.Run != testRun || b.Lines != 63 || b.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("DecodeArmour = run %q, name %q, %d lines, %s", b.Run, b.Name, b.Lines, b.SHA256)
			}
			if again := EncodeArmour(b.Name, b.Run, b.Data); string(again) != block {
				t.Error("the block is not the same when it is written again")
			}
		})
	}
}

func utf16le(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}

// damage alters a line as a serial console does.
func damage(line string, how int) string {
	at := how * 11 % len(line)
	other := byte('a')
	if line[at] == other {
		other = 'b'
	}
	switch how % 4 {
	case 0: // another character
		return line[:at] + string(other) + line[at+1:]
	case 1: // lost
		return line[:at] + line[at+1:]
	case 2: // one too many
		return line[:at] + string(other) + line[at:]
	}
	return line[:at] // the rest lost
}

// TestArmourMissing names the lines that no repeat has.
func TestArmourMissing(t *testing.T) {
	block := string(EncodeArmour(testName, testRun, noise(100*48, 3)))
	lines := strings.SplitAfter(block, "\n")
	header := len(lines) - 1 - 100 - 3
	for _, c := range []struct {
		name string
		drop []int
		want string
		err  string
	}{
		{"one", []int{7}, "7", "of 100 lines, missing or damaged: 1"},
		{"ranges", []int{12, 13, 14, 80}, "12-14, 80", "of 100 lines, missing or damaged: 4"},
		{"both ends", []int{1, 2, 100}, "1-2, 100", "of 100 lines, missing or damaged: 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := slices.Clone(lines)
			for i, n := range c.drop {
				log[header+n-1] = damage(strings.TrimSuffix(log[header+n-1], "\n"), i) + "\n"
			}
			b := decodeOne(t, []byte(strings.Join(log, "")))
			if b.Data != nil || b.Missing.String() != c.want || fmt.Sprint(b.Err) != c.err {
				t.Errorf("DecodeArmour = %d bytes, missing %q, %v; want %q, %q", len(b.Data), b.Missing, b.Err, c.want, c.err)
			}
		})
	}
	half := decodeOne(t, []byte(strings.Join(lines[:header+50], "")))
	if half.Missing.String() != "51-100" || half.Data != nil {
		t.Errorf("half a block: missing %q; want 51-100", half.Missing)
	}
	if end := decodeOne(t, []byte(strings.Join(lines[header+50:], ""))); end.Missing.String() != "1-50" || end.Run != testRun || end.Name != testName {
		t.Errorf("the second half of a block = %+v; want 1-50 missing", end)
	}
	if b := decodeOne(t, []byte(strings.Join(lines[1:len(lines)-2], ""))); b.Err == nil || b.Data != nil || b.Lines != 0 {
		t.Errorf("without BEGIN and END = %d lines, %v; want an error", b.Lines, b.Err)
	}
}

// TestArmourOffset: what stands before a block is the output of the loader.
func TestArmourOffset(t *testing.T) {
	const before = "\x1b[0mU-Boot\r\nStarting kernel ...\r\n"
	lines := strings.SplitAfter(string(EncodeArmour(testName, testRun, noise(500, 4))), "\n")
	for _, c := range []struct {
		name string
		log  string
	}{
		{"whole", strings.Join(lines, "")},
		{"behind a time stamp", "[10:01] " + strings.Join(lines, "[10:01] ")},
		{"BEGIN lost", strings.Join(lines[1:], "")},
		{"only data and the end", strings.Join(lines[3:], "")},
		{"only the last lines", strings.Join(lines[len(lines)-3:], "")},
		{"twice", strings.Join(lines, "") + strings.Join(lines, "")},
	} {
		if b := decodeOne(t, []byte(before+c.log)); b.Offset != len(before) {
			t.Errorf("%s: Offset = %d; want %d", c.name, b.Offset, len(before))
		}
	}
}

// TestArmourRuns mixes the lines of two runs as no console does.
func TestArmourRuns(t *testing.T) {
	a, b := noise(1000, 5), noise(3000, 6)
	first := strings.SplitAfter(string(EncodeArmour("a"+packageSuffix, "AAAA-AAAA", a)), "\n")
	second := strings.SplitAfter(string(EncodeArmour("b"+packageSuffix, "BBBB-BBBB", b)), "\n")
	var log strings.Builder
	for i := range second {
		if i < len(first) {
			log.WriteString(first[i])
		}
		log.WriteString(second[i])
	}
	list, err := DecodeArmour([]byte(log.String()))
	if err != nil || len(list) != 2 {
		t.Fatalf("DecodeArmour = %d blocks, %v; want 2", len(list), err)
	}
	if list[0].Run != "AAAA-AAAA" || !bytes.Equal(list[0].Data, a) || list[1].Run != "BBBB-BBBB" || !bytes.Equal(list[1].Data, b) {
		t.Errorf("DecodeArmour = %s %v, %s %v; want both whole, in order", list[0].Run, list[0].Err, list[1].Run, list[1].Err)
	}
}

// forge writes a line with the sum that it needs to be taken for one of the
// block of this digest.
func forge(sum [sha256.Size]byte, text string) string {
	return fmt.Sprintf("%s %08x\n", text, crc32.ChecksumIEEE([]byte(text))^tagOf(sum))
}

// TestArmourHostile reads lines with right sums that say what EncodeArmour
// would not.
func TestArmourHostile(t *testing.T) {
	data := noise(100, 7)
	sum := sha256.Sum256(data)
	lines := strings.SplitAfter(string(EncodeArmour(testName, testRun, data)), "\n")
	body := strings.Join(lines[2:len(lines)-4], "") // hash and data
	begin := lines[0]
	begins := func(token string) string { return forge(sum, "BEGIN "+token) }
	for _, c := range []struct {
		name, log string
		whole     bool
		want      Block
	}{
		{"no name", begin + body, true, Block{Run: testRun, Lines: 3}},
		{"a path for a name", begin + forge(sum, "name ../../etc/x") + body, true, Block{Run: testRun, Lines: 3}},
		{"an option for a name", begin + forge(sum, "name -rf") + body, true, Block{Run: testRun, Lines: 3}},
		{"capitals in the name", begin + forge(sum, "name AUX") + body, true, Block{Run: testRun, Lines: 3}},
		{"too many lines", begins("board-package-1/run-A/100-bytes/4-lines") + body, false, Block{}},
		{"too many bytes", begins("board-package-1/run-A/99999999999-bytes/3-lines") + body, false, Block{}},
		{"no bytes", begins("board-package-1/run-A/0-bytes/0-lines") + body, false, Block{}},
		{"zeros in front", begins("board-package-1/run-A/0100-bytes/3-lines") + body, false, Block{}},
		{"a run with other characters", begins("board-package-1/run-A=B/100-bytes/3-lines") + body, false, Block{}},
		{"another size", begins("board-package-1/run-A/99-bytes/3-lines") + body, false, Block{Run: "A", Lines: 3, Missing: LineRanges{{3, 3}}}},
		{"loose base64", begin + lines[2] + lines[3] + lines[4] + forge(sum, "0003 "+looseBase64(t, lines[5])), false, Block{Run: testRun, Lines: 3, Missing: LineRanges{{3, 3}}}},
		{"a number in other words", begin + lines[2] + lines[3] + lines[4] + forge(sum, "00003 "+strings.Fields(lines[5])[1]), false, Block{Run: testRun, Lines: 3, Missing: LineRanges{{3, 3}}}},
		{"other data", begin + lines[2] + lines[3] + lines[4] + forge(sum, "0003 AAAAAA=="), false, Block{Run: testRun, Lines: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := decodeOne(t, []byte(c.log))
			if (b.Err == nil) != c.whole || (b.Data != nil) != c.whole || c.whole && !bytes.Equal(b.Data, data) {
				t.Errorf("DecodeArmour = %d bytes, %v; want whole %v", len(b.Data), b.Err, c.whole)
			}
			if b.Run != c.want.Run || b.Name != c.want.Name || b.Lines != c.want.Lines || !slices.Equal(b.Missing, c.want.Missing) {
				t.Errorf("DecodeArmour = %+v; want %+v", b, c.want)
			}
		})
	}
}

// looseBase64 sets bits of the token of a line that decode to nothing.
func looseBase64(t *testing.T, line string) string {
	t.Helper()
	token := strings.Fields(line)[1]
	head, ok := strings.CutSuffix(token, "==")
	if !ok {
		t.Fatalf("%q does not end as the test needs it", token)
	}
	return head[:len(head)-1] + string(head[len(head)-1]+1) + "=="
}

func TestArmourErrors(t *testing.T) {
	block := string(EncodeArmour(testName, testRun, noise(1000, 8)))
	lines := strings.SplitAfter(block, "\n")
	var many strings.Builder
	for i := range maxBlocks + 1 {
		many.Write(EncodeArmour(testName, testRun, noise(10, uint64(i))))
	}
	for _, c := range []struct {
		name, log, want string
	}{
		{"nothing", "", ErrNoBlock.Error()},
		{"a boot log", strings.Repeat("[    0.000000] Booting Linux on physical CPU 0x0\r\n", 100), ErrNoBlock.Error()},
		{"the middle of a block", strings.Join(lines[5:12], ""), "the log holds 7 lines of a package, but no undamaged hash line, neither before nor after them"},
		{"another format", "BEGIN board-package-2/run-A/100-bytes/3-lines 00000000\n", "the log holds a package in format 2 of the block, this version reads format 1"},
		{"too many", many.String(), "the log holds more than 64 packages; cut out the part from BEGIN to END"},
		{"too long", strings.Repeat("\n", MaxLogBytes+1), "the log has more than 67108864 bytes; cut out the part from BEGIN to END"},
	} {
		if list, err := DecodeArmour([]byte(c.log)); err == nil || err.Error() != c.want || list != nil {
			t.Errorf("%s: DecodeArmour = %d blocks, %v; want %q", c.name, len(list), err, c.want)
		}
	}
	if _, err := DecodeArmour(nil); !errors.Is(err, ErrNoBlock) {
		t.Errorf("DecodeArmour(nil) = %v; want ErrNoBlock", err)
	}
}

// TestArmourTime reads a megabyte of what costs most: were the time not linear
// in the log, it would be minutes.
func TestArmourTime(t *testing.T) {
	const size = 1 << 20
	fill := func(s string) []byte { return bytes.Repeat([]byte(s), size/len(s)) }
	line := strings.Repeat("A", 64)
	for name, log := range map[string][]byte{
		"random bytes":           noise(size, 9),
		"spaces":                 fill(" "),
		"line ends":              fill("\r\n"),
		"short lines":            fill("a\n"),
		"one line of zeros":      fill("0"),
		"numbers":                fill("1234567 "),
		"torn lines":             fill("1234567 " + line + "\n"),
		"lines of no block":      fill("1234567 " + line + " 00000000\n"),
		"short lines of none":    fill("1234567 A 00000000"),
		"sequences without end":  fill("\x1b]"),
		"sequences":              fill("\x1b[1;"),
		"headers of no block":    fill("BEGIN board-package-1/run-A/100-bytes/3-lines 00000000 "),
		"a block of every line":  append(EncodeArmour(testName, testRun, noise(700<<10, 10)), '\n'),
		"a repeat of one header": bytes.Repeat(EncodeArmour(testName, testRun, noise(1, 11)), size/400),
	} {
		started := time.Now()
		if _, err := DecodeArmour(log); name == "a block of every line" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: %v for %d bytes; want seconds", name, took, len(log))
		} else {
			t.Logf("%-24s %v", name, took.Round(time.Millisecond))
		}
	}
}

func FuzzDecodeArmour(f *testing.F) {
	block := EncodeArmour(testName, testRun, noise(200, 12))
	f.Add(block)
	f.Add(bytes.ReplaceAll(block, []byte("\n"), []byte("\x1b[0m[ 1.2] x\r\n")))
	f.Add(append(bytes.Clone(block), EncodeArmour("b"+packageSuffix, "B", []byte("b"))...))
	f.Add([]byte("0001 AAAA 00000000 \x1b]0;\x00\xff\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		list, err := DecodeArmour(log)
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%d blocks, %v", len(list), err)
		}
		for _, b := range list {
			if (b.Data == nil) != (b.Err != nil) || b.Offset < 0 || b.Offset >= len(log) {
				t.Errorf("block = %+v", b)
			}
			if b.Data == nil {
				continue
			}
			again, err := DecodeArmour(EncodeArmour(b.Name, b.Run, b.Data))
			if err != nil || len(again) != 1 || !bytes.Equal(again[0].Data, b.Data) || again[0].Run != b.Run || again[0].Name != b.Name || again[0].SHA256 != b.SHA256 {
				t.Errorf("decoded, and encodes differently (%v)", err)
			}
		}
	})
}
