package rpieeprom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// reply is what a firmware makes of a message.
func reply(message []byte, text string) []byte {
	out := bytes.Clone(message)
	binary.LittleEndian.PutUint32(out[4:], 0x80000000)
	binary.LittleEndian.PutUint32(out[16:], 1<<31|uint32(4+len(text)+1))
	clear(out[gencmdText : gencmdText+gencmdValue-4])
	copy(out[gencmdText:gencmdText+gencmdValue-4], text)
	return out
}

func TestGencmd(t *testing.T) {
	t.Parallel()
	message, err := Gencmd(CommandConfig)
	if err != nil {
		t.Fatal(err)
	}
	// The words that vcgencmd sends.
	want := []uint32{1052, 0, 0x00030080, 1024, 0, 0}
	for i, w := range want {
		if got := binary.LittleEndian.Uint32(message[4*i:]); got != w {
			t.Errorf("word %d = %#x; want %#x", i, got, w)
		}
	}
	if text := strings.TrimRight(string(message[24:]), "\x00"); text != CommandConfig || len(message) != 1052 {
		t.Errorf("the message has %q in %d bytes", text, len(message))
	}
	for _, command := range []string{"", "otp_dump", "bootloader_config ", "bootloader_config\x00", "set_backlight 1", "bootloader", "bootloader_version;otp_dump"} {
		if m, err := Gencmd(command); !errors.Is(err, ErrCommand) || m != nil {
			t.Errorf("Gencmd(%q) = %d bytes, %v; want none", command, len(m), err)
		}
	}
}

func TestParseGencmd(t *testing.T) {
	t.Parallel()
	asked, err := Gencmd(CommandConfig)
	if err != nil {
		t.Fatal(err)
	}
	word := func(i int, value uint32) func([]byte) []byte {
		return func(m []byte) []byte {
			binary.LittleEndian.PutUint32(m[4*i:], value)
			return m
		}
	}
	same := func(m []byte) []byte { return m }
	long := strings.Repeat("A=1\n", 254) + "BOOT_ORDER=0xf41\n" // 1033 bytes
	for _, c := range []struct {
		name, text string
		change     func([]byte) []byte
		want       string
		cut        bool
		err        error
	}{
		{"whole", "[all]\nBOOT_ORDER=0xf41\n", same, "[all]\nBOOT_ORDER=0xf41\n", false, nil},
		{"no end of line", "A=1", same, "A=1", false, nil},
		{"empty", "", same, "", false, nil},
		{"the length is of no use, the text has an end", "A=1\n", word(4, 1<<31), "A=1\n", false, nil},
		{"as much as fits", strings.Repeat("A=1\n", 254) + "A=", same, strings.Repeat("A=1\n", 254) + "A=", false, nil},
		{"no NUL", long, same, strings.Repeat("A=1\n", 254), true, nil},
		{"cut within a line", "A=1\nBOOT_ORD", word(4, 1<<31|1025), "A=1\n", true, nil},
		{"one long line", strings.Repeat("A", 1020), same, "", true, nil},
		{"a huge length", "A=1\n", word(4, 0xffffffff), "A=1\n", true, nil},
		{"bit 31 is not set", "A=1\n", word(4, 8), "", false, ErrUnknown},
		{"refused", "A=1\n", word(1, 0x80000001), "", false, ErrRefused},
		{"not touched", "A=1\n", word(1, 0), "", false, errNoAnswer},
		{"another state", "A=1\n", word(1, 0x80000002), "", false, ErrDamaged},
		{"another size", "A=1\n", word(0, 4096), "", false, ErrDamaged},
		{"another tag", "A=1\n", word(2, 0x00030081), "", false, ErrDamaged},
		{"another buffer", "A=1\n", word(3, 4096), "", false, ErrDamaged},
		{"the command failed", "A=1\n", word(5, 0xffffffff), "", false, ErrUnknown},
		{"no such command", `error=1 error_msg="Command not registered"`, same, "", false, ErrUnknown},
		{"short", "A=1\n", func(m []byte) []byte { return m[:1051] }, "", false, ErrDamaged},
		{"long", "A=1\n", func(m []byte) []byte { return append(m, 0) }, "", false, ErrDamaged},
		{"nothing", "", func([]byte) []byte { return nil }, "", false, ErrDamaged},
	} {
		text, cut, err := ParseGencmd(c.change(reply(asked, c.text)))
		if string(text) != c.want || cut != c.cut || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v, %v; want %q, %v, %v", c.name, text, cut, err, c.want, c.cut, c.err)
		}
	}
}

// The answers are of a Raspberry Pi 4 with a loader of 2023, and of one with the
// loader of 2020.
func TestParseBuild(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2023/01/11 17:40:52\nversion 8ba17717fbcedd4c3b6d4bce7e50c7af4155cba9 (release)\ntimestamp 1673458852\nupdate-time 1707048097\ncapabilities 0x0000007f\n": "8ba17717fbcedd4c3b6d4bce7e50c7af4155cba9 2023-01-11",
		"Sep  3 2020 13:11:43\nversion c305221a6d7e532693cc7ff57fddfc8649def167 (release)\ntimestamp 1599135103\nupdate-time 0\ncapabilities 0x00000000":           "c305221a6d7e532693cc7ff57fddfc8649def167 2020-09-03",
		"version c305221a6d7e":                           "c305221a6d7e ",
		"version c305221a6d7e\ntimestamp 99999999999999": "c305221a6d7e ",
		"":                                      " ",
		"bootloader_version":                    " ",
		"version \x1b[2J1234567":                " ",
		"version " + strings.Repeat("a", 65):    " ",
		"version 10000000abcdef01 SN31415926":   "10000000abcdef01 ",
		"timestamp 1599135103\nversion unknown": " ",
	} {
		b, err := ParseBuild([]byte(text))
		if got := b.Version + " " + b.Date(); got != want || (err == nil) != (want != " ") {
			t.Errorf("ParseBuild(%q) = %q, %v; want %q", text, got, err, want)
		}
		if again, err2 := ParseBuild([]byte(b.String())); err == nil && (err2 != nil || again != b) {
			t.Errorf("ParseBuild(%q) = %+v, %v; want %+v", b.String(), again, err2, b)
		}
		if strings.Contains(b.String(), "1707048097") || strings.Contains(b.String(), "SN3") {
			t.Errorf("ParseBuild(%q) keeps %q", text, b.String())
		}
	}
}

func FuzzParseGencmd(f *testing.F) {
	asked, err := Gencmd(CommandVersion)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(asked)
	f.Add(reply(asked, "version 8ba17717fbce (release)\ntimestamp 1673458852\n"))
	f.Add(reply(asked, strings.Repeat("A=1\n", 300)))
	f.Fuzz(func(t *testing.T, message []byte) {
		text, cut, err := ParseGencmd(message)
		if len(text) > gencmdValue-returnCodeSize || bytes.IndexByte(text, 0) >= 0 || err != nil && (text != nil || cut) {
			t.Fatalf("ParseGencmd = %d bytes, %v, %v", len(text), cut, err)
		}
		if b, err := ParseBuild(text); err == nil && !isCommit(b.Version) {
			t.Errorf("ParseBuild(%q) = %+v", text, b)
		}
	})
}
