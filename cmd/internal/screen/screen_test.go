package screen

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const hostile = "a\x1b[2Jb\nc\u202ed\u0085e\x9bf\x7fg\U000e0001h"

func TestPrinter(t *testing.T) {
	type word string
	for name, say := range map[string]func(Printer){
		"text":  func(p Printer) { p.Printf("%s\n", hostile) },
		"word":  func(p Printer) { p.Printf("%-3s|%v\n", word(hostile), 7) },
		"error": func(p Printer) { p.Printf("%v\n", errors.New(hostile)) },
		"json": func(p Printer) {
			document, err := json.Marshal(strings.ToValidUTF8(hostile, "?"))
			if err != nil {
				t.Fatal(err)
			}
			if err := p.JSON(append(document, '\n')); err != nil {
				t.Fatal(err)
			}
		},
	} {
		var b bytes.Buffer
		say(New(&b))
		if n := strings.Count(b.String(), "\n"); n != 1 || strings.ContainsAny(b.String(), "\x1b\u202e\u0085\x7f\U000e0001") || bytes.Contains(b.Bytes(), []byte("\x9b")) {
			t.Errorf("%s: %d lines: %q", name, n, b.String())
		}
		var text string
		if name == "json" && (json.Unmarshal(b.Bytes(), &text) != nil || text != strings.ToValidUTF8(hostile, "?")) {
			t.Errorf("JSON was read back as %q", text)
		}
	}
	var b bytes.Buffer
	if _, err := New(&b).Write([]byte("one\ttwo\nthree\x1b\n")); err != nil || b.String() != "one\ttwo\nthree\\x1b\n" {
		t.Errorf("Write: %q, %v", b.String(), err)
	}
}
