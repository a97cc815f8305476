package mmc

import (
	"encoding/hex"
	"strings"
	"testing"
)

// register makes a register of 32 hexadecimal digits.
func register(t testing.TB, digits string) [RegisterBytes]byte {
	t.Helper()
	r, err := ParseRegister(digits)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// edit returns a register with the bits [high:low] replaced.
func edit(r [RegisterBytes]byte, high, low int, value uint32) [RegisterBytes]byte {
	for bit := low; bit <= high; bit++ {
		b := &r[RegisterBytes-1-bit/8]
		*b = *b&^(1<<(bit%8)) | byte(value&1)<<(bit%8)
		value >>= 1
	}
	return r
}

func TestParseRegister(t *testing.T) {
	t.Parallel()
	const digits = "275048534431364730da89b82900fb61"
	for _, text := range []string{digits, digits + "\n", strings.ToUpper(digits)} {
		got, err := ParseRegister(text)
		if err != nil || hex.EncodeToString(got[:]) != digits {
			t.Errorf("ParseRegister(%q) = %x, %v; want %s", text, got, err, digits)
		}
	}
	for text, want := range map[string]string{
		"":                 "mmc register: 0 characters, want 32 hexadecimal digits",
		digits[1:]:         "mmc register: 31 characters, want 32 hexadecimal digits",
		digits + "00":      "mmc register: 34 characters, want 32 hexadecimal digits",
		digits + "\n\n":    "mmc register: 33 characters, want 32 hexadecimal digits",
		"x" + digits[1:]:   "mmc register: encoding/hex: invalid byte: U+0078 'x'",
		digits[:31] + "\n": "mmc register: 31 characters, want 32 hexadecimal digits",
	} {
		got, err := ParseRegister(text)
		if err == nil || err.Error() != want || got != [RegisterBytes]byte{} {
			t.Errorf("ParseRegister(%q) = %x, %v; want %q", text, got, err, want)
		}
	}
}

// TestCRC7 has the three examples of SD Physical Layer 4.5: CMD0, CMD17 and the
// answer to CMD17.
func TestCRC7(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		data []byte
		want byte
	}{
		{[]byte{0x40, 0, 0, 0, 0}, 0b1001010},
		{[]byte{0x51, 0, 0, 0, 0}, 0b0101010},
		{[]byte{0x11, 0, 0, 0x09, 0}, 0b0110011},
		{nil, 0},
	} {
		if got := crc7(c.data); got != c.want {
			t.Errorf("crc7(%x) = %07b; want %07b", c.data, got, c.want)
		}
	}
}

// TestChecksum takes registers of TestParseMMCCID and TestParseSDCSD.
func TestChecksum(t *testing.T) {
	t.Parallel()
	const whole = "1501004d384731474303dc0db06150"
	for digits, want := range map[string]Checksum{
		whole + "6f":                       ChecksumRight,
		whole + "6e":                       ChecksumWrong, // no end bit
		whole + "6d":                       ChecksumWrong,
		whole + "00":                       ChecksumAbsent,
		whole + "01":                       ChecksumAbsent,
		whole + "02":                       ChecksumWrong,
		"1501004d384731474303dc0db061516f": ChecksumWrong,
		"275048534431364730da89b82900fb61": ChecksumRight,
		"400e00325b59000073a77f800a4000eb": ChecksumRight,
		"d02701320f5903fff6dbffef8e40400d": ChecksumRight,
		"400e00325b5900003a0d7f800a40008d": ChecksumRight,
	} {
		r := register(t, digits)
		if got := checksum(&r); got != want {
			t.Errorf("checksum(%s) = %s; want %s", digits, got, want)
		}
	}
	// Data whose checksum is 0: with the end bit it is right, not absent.
	var zero [RegisterBytes]byte
	zero[RegisterBytes-1] = 1
	if got := checksum(&zero); got != ChecksumRight {
		t.Errorf("checksum(%x) = %s; want right", zero, got)
	}
}

func TestSlice(t *testing.T) {
	t.Parallel()
	r := register(t, "0123456789abcdef0123456789abcdef")
	for _, c := range []struct {
		high, low int
		want      uint32
	}{
		{127, 120, 0x01}, {127, 96, 0x01234567}, {119, 104, 0x2345}, {103, 100, 0x6}, {31, 0, 0x89abcdef}, {0, 0, 1}, {4, 4, 0}, {71, 56, 0xef01},
	} {
		if got := slice(&r, c.high, c.low); got != c.want {
			t.Errorf("slice(%d, %d) = %#x; want %#x", c.high, c.low, got, c.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Field[string]{
		"SD16G":         known("SD16G"),
		"AB C ":         known("AB C"),
		"AB\x00\x00":    known("AB"),
		"\x00\x00":      {},
		"   ":           {},
		"":              {},
		"A\x00B":        {},
		"AB\x7f":        {},
		"\xc3\xa4bc":    {},
		"line\nfeed":    {},
		"~!\"'<script>": known("~!\"'<script>"),
	} {
		if got := printable([]byte(text)); got != want {
			t.Errorf("printable(%q) = %+v; want %+v", text, got, want)
		}
	}
}
