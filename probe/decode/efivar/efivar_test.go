package efivar

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// utf16Bytes writes text as firmware does, without a NUL.
func utf16Bytes(text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

func TestParse(t *testing.T) {
	t.Parallel()
	// SecureBoot of a machine with OVMF.
	a, value, err := Parse([]byte{6, 0, 0, 0, 1})
	if a != BootAccess|RuntimeAccess || !bytes.Equal(value, []byte{1}) || err != nil {
		t.Errorf("Parse = %x, %x, %v; want 6, 01", a, value, err)
	}
	if a, value, err := Parse([]byte{7, 0, 0, 0}); a != 7 || len(value) != 0 || err != nil {
		t.Errorf("Parse of an empty value = %x, %x, %v; want 7 and nothing", a, value, err)
	}
	for _, file := range [][]byte{nil, {7, 0, 0}, make([]byte, MaxBytes+1)} {
		if _, _, err := Parse(file); err == nil {
			t.Errorf("Parse of %d bytes = no error; want one", len(file))
		}
	}
}

func TestSplitName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		name, guid string
		ok         bool
	}{
		"BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c": {"BootOrder", GlobalGUID, true},
		"db-D719B2CB-3D3A-4596-A3BC-DAD00E67656F":        {"db", SecurityGUID, true},
		"a-b-8be4df61-93ca-11d2-aa0d-00e098032b8c":       {"a-b", GlobalGUID, true},
		"-8be4df61-93ca-11d2-aa0d-00e098032b8c":          {},
		"8be4df61-93ca-11d2-aa0d-00e098032b8c":           {},
		"x8be4df61-93ca-11d2-aa0d-00e098032b8c":          {},
		"x-8be4df61-93ca-11d2-aa0d-00e098032b8":          {},
		"x-8be4df61x93ca-11d2-aa0d-00e098032b8c":         {},
		"x-8be4df61-93ca-11d2-aa0d-00e098032b8g":         {},
		"BootOrder":                                      {},
		"":                                               {},
	} {
		name, guid, ok := SplitName(file)
		if name != want.name || guid != want.guid || ok != want.ok {
			t.Errorf("SplitName(%q) = %q, %q, %v; want %q, %q, %v", file, name, guid, ok, want.name, want.guid, want.ok)
		}
	}
}

func TestParseNumbers(t *testing.T) {
	t.Parallel()
	order, err := ParseBootOrder([]byte{0x0A, 0, 7, 0, 0, 0x20})
	if want := []uint16{0x0A, 7, 0x2000}; !slices.Equal(order, want) || err != nil {
		t.Errorf("ParseBootOrder = %x, %v; want %x", order, err, want)
	}
	if order, err := ParseBootOrder(nil); order == nil || len(order) != 0 || err != nil {
		t.Errorf("ParseBootOrder of nothing = %v, %v; want an empty list", order, err)
	}
	if _, err := ParseBootOrder([]byte{1, 0, 2}); err == nil {
		t.Error("ParseBootOrder of 3 bytes = no error; want one")
	}
	if n, err := ParseUint16([]byte{0x0A, 1}); n != 0x10A || err != nil {
		t.Errorf("ParseUint16 = %x, %v; want 10a", n, err)
	}
	if _, err := ParseUint16([]byte{1, 0, 0}); err == nil {
		t.Error("ParseUint16 of 3 bytes = no error; want one")
	}
	for _, c := range []struct {
		value    []byte
		set, bad bool
	}{{[]byte{0}, false, false}, {[]byte{1}, true, false}, {[]byte{2}, false, true}, {nil, false, true}, {[]byte{1, 0}, false, true}} {
		if set, err := ParseFlag(c.value); set != c.set || (err != nil) != c.bad {
			t.Errorf("ParseFlag(%x) = %v, %v; want %v, error %v", c.value, set, err, c.set, c.bad)
		}
	}
}

func TestParseText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", maxText)
	for _, c := range []struct {
		value []byte
		want  string
	}{
		{append(utf16Bytes("systemd-boot 252.38-1~deb12u1"), 0, 0), "systemd-boot 252.38-1~deb12u1"},
		{utf16Bytes("UEFI 2.70"), "UEFI 2.70"},
		{utf16Bytes("Ā1\x00hidden"), "Ā1"}, // U+0100 has a zero byte, and is no end
		{utf16Bytes("a\x1b[2J\nb"), "a?[2J?b"},
		{[]byte{0x00, 0xD8}, "?"}, // half a pair
		{utf16Bytes("\U0001F600"), "\U0001F600"},
		{utf16Bytes(long), strings.Repeat("é", (maxText-3)/2) + "..."},
		{nil, ""},
	} {
		if got, err := ParseText(c.value); got != c.want || err != nil {
			t.Errorf("ParseText(%x) = %q, %v; want %q", c.value, got, err, c.want)
		}
	}
	if _, err := ParseText([]byte{65}); err == nil {
		t.Error("ParseText of one byte = no error; want one")
	}
	const uuid = "0F1D2C3B-1111-2222-3333-444455556666"
	if got, err := ParsePartUUID(append(utf16Bytes(uuid), 0, 0)); got != strings.ToLower(uuid) || err != nil {
		t.Errorf("ParsePartUUID = %q, %v; want %q", got, err, strings.ToLower(uuid))
	}
	if _, err := ParsePartUUID(utf16Bytes("nothing")); err == nil {
		t.Error("ParsePartUUID(nothing) = no error; want one")
	}
}

func TestParseIndications(t *testing.T) {
	t.Parallel()
	n, err := ParseIndications([]byte{0x45, 0, 0, 0, 0, 0, 0, 0x80})
	if want := []string{"boot-to-firmware", "file-capsule", "platform-recovery"}; !slices.Equal(n.Words(), want) || err != nil {
		t.Errorf("ParseIndications = %q, %v; want %q", n.Words(), err, want)
	}
	if _, err := ParseIndications([]byte{1}); err == nil {
		t.Error("ParseIndications of one byte = no error; want one")
	}
}

func TestParseBootChain(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"00000000": "A", "01000000": "B", "02000000": "", "00": "", "0000000000": ""} {
		raw, _ := hex.DecodeString(value)
		if got, err := ParseBootChain(raw); got != want || (err == nil) != (want != "") {
			t.Errorf("ParseBootChain(%s) = %q, %v; want %q", value, got, err, want)
		}
	}
}

func TestSecureMode(t *testing.T) {
	t.Parallel()
	for flags, want := range map[[3]bool]string{
		{false, false, false}: "user",
		{false, false, true}:  "deployed",
		{true, false, false}:  "setup",
		{true, true, false}:   "audit",
		{false, true, false}:  "",
		{true, false, true}:   "",
		{true, true, true}:    "",
		{false, true, true}:   "",
	} {
		if got, err := SecureMode(flags[0], flags[1], flags[2]); got != want || (err == nil) != (want != "") {
			t.Errorf("SecureMode(%v) = %q, %v; want %q", flags, got, err, want)
		}
	}
}

func TestBootNumber(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"Boot0000": 0, "Boot000A": 10, "BootFFFF": 0xFFFF, "Boot000a": 10, "BootOrder": -1, "Boot+001": -1, "boot0001": -1, "Boot001": -1, "": -1} {
		n, ok := BootNumber(name)
		if ok != (want >= 0) || ok && int(n) != want {
			t.Errorf("BootNumber(%q) = %d, %v; want %d", name, n, ok, want)
		}
	}
	if got := BootName(0x2c); got != "Boot002C" {
		t.Errorf("BootName(0x2c) = %q; want Boot002C", got)
	}
}
