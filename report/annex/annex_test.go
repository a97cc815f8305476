package annex

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/console"
)

const log = "U-Boot SPL 2025.01-3.2 (Jun 08 2026 - 12:48:23 +0000)\r\nDRAM: 1024 MiB\r\nTrying to boot from MMC1\r\n" +
	"U-Boot 2025.01-3.2 (Jun 08 2026 - 12:48:23 +0000) Allwinner Technology\r\nModel: a <\"b\\c\"> & d\r\nBoard: x\r\nDRAM:  1 GiB\r\nDRAM: 1024 MiB\r\n" +
	"Loading Environment from FAT... OK\r\nStarting kernel ...\r\n"

var sum = strings.Repeat("a1", 32)

func encode(t testing.TB, a Annex) []byte {
	t.Helper()
	data, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecode(t *testing.T) {
	a := New("x.board.tar.gz", sum, []byte(log+"U-Boot 2025.01-3.2 (x)\nTrying to boot from SPI\nStarting kernel ...\n"))
	got, err := Decode(encode(t, a), sum)
	if err != nil || !reflect.DeepEqual(got, a) {
		t.Fatalf("Decode = %+v, %v; want %+v", got, err, a)
	}
	boot := got.Boot()
	if w, medium, ok := boot.Source(); boot.Number != 2 || boot.Of != 2 || !ok || medium != "spi" || w.Line != 12 {
		t.Errorf("Boot = %+v; want the second, from SPI", boot)
	}
	if w, ok := New("", sum, []byte(log)).Boot().DRAM(); !ok || w.SizeBytes != 1<<30 || w.Line != 2 || w.Last != 8 {
		t.Errorf("DRAM = %+v, %v", w, ok)
	}
	if none, err := Decode(encode(t, New("x", sum, nil)), sum); err != nil || len(none.Said) != 0 {
		t.Errorf("Decode of nothing said = %+v, %v", none, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := string(encode(t, New("x.board.tar.gz", sum, []byte(log))))
	for name, c := range map[string]struct{ old, new, want string }{
		"another package":   {sum, strings.Repeat("b2", 32), "of another package: it is of b2b2b2b2b2b2b2b2, this one is a1a1a1a1a1a1a1a1"},
		"no sum":            {sum, "a1", `sha256 "a1"`},
		"unknown field":     {`"package"`, `"colour": "red", "package"`, "unknown field"},
		"in a record":       {`"kind"`, `"colour": "red", "kind"`, "unknown field"},
		"newer":             {"annex/v1", "annex/v2", "made by a newer version: schema version 2"},
		"not a version":     {"annex/v1", "annex/vx", "schema"},
		"version 0":         {"annex/v1", "annex/v0", "schema"},
		"another document":  {"console-annex", "evaluation-report", "schema"},
		"no schema":         {` "schema": "https://boardprobe.github.io/console-annex/v1",` + "\n", "", `schema ""`},
		"another value":     {`"value": "MMC1"`, `"value": "MMC2"`, `line 3: kind "boot-from" and value "MMC2"`},
		"another amount":    {`"size_bytes": 1073741824`, `"size_bytes": 4294967296`, "line 2"},
		"another kind":      {`"kind": "spl"`, `"kind": "u-boot"`, "line 1"},
		"made-up kind":      {`"kind": "spl"`, `"kind": "magic"`, "line 1"},
		"text of no kind":   {"Trying to boot from MMC1", "Trying to sleep", "line 3"},
		"escapes":           {"Trying to boot from MMC1", `Trying to boot from \u001b[31mMMC1`, "line 3"},
		"order":             {`"line": 2,`, `"line": 9,`, "out of order"},
		"last before first": {`"last": 3`, `"last": 2`, "out of order"},
		"boots backwards":   {`"boot": 1`, `"boot": 2`, "out of order"},
		"never said":        {`"count": 1`, `"count": 0`, "out of order"},
		"another note":      {"not covered by", "covered by", "not in the form"},
		"spaces":            {`"note": `, `"note":  `, "not in the form"},
		"twice":             {`"complete": true`, `"complete": true, "complete": true`, "not in the form"},
		"other case":        {`"complete"`, `"COMPLETE"`, "not in the form"},
		"not JSON":          {"{", "[", "console annex"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%s: the annex has no %q\n%s", name, c.old, good)
		}
		_, err := Decode([]byte(strings.Replace(good, c.old, c.new, 1)), sum)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrOther) != (name == "another package") {
			t.Errorf("%s: Decode = %v; want an error with %q", name, err, c.want)
		}
	}
	for n := range len(good) - 1 {
		if _, err := Decode([]byte(good[:n]), sum); err == nil {
			t.Fatalf("Decode of the first %d bytes: no error", n)
		}
	}
	if _, err := Decode([]byte(good+"{}"), sum); err == nil {
		t.Error("Decode with data behind: no error")
	}
	huge := append([]byte(good), bytes.Repeat([]byte(" "), MaxBytes)...)
	if _, err := Decode(huge, sum); err == nil || !strings.Contains(err.Error(), "more than 524288 bytes") {
		t.Errorf("Decode of %d bytes = %v", len(huge), err)
	}
	long := New("x", sum, []byte(log))
	for len(long.Said) <= maxSaid {
		long.Said = append(long.Said, long.Said[len(long.Said)-1])
	}
	if _, err := Decode(encode(t, long), sum); err == nil || !strings.Contains(err.Error(), "257 lines") {
		t.Errorf("Decode of %d lines = %v", len(long.Said), err)
	}
}

// The largest annex that a log makes is read.
func TestLargest(t *testing.T) {
	var all strings.Builder
	for i := range 300 {
		fmt.Fprintf(&all, "Model: %03d%s\n", i, strings.Repeat(`"`, 300))
	}
	data := encode(t, New("x", sum, []byte(all.String())))
	a, err := Decode(data, sum)
	if err != nil || a.Complete || len(a.Said) != maxSaid {
		t.Errorf("Decode of %d bytes = %d lines, complete %v, %v", len(data), len(a.Said), a.Complete, err)
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{"{": true, " \n{}": true, log: false, "": false, "\x1b{": false} {
		if Is([]byte(text)) != want {
			t.Errorf("Is(%q) = %v", text, !want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, New("x.board.tar.gz", sum, []byte(log))))
	f.Add(encode(f, New("", sum, []byte("HAB Configuration: 0xcc, HAB State: 0x99\nSoC: AM62X SR1.0 HS-SE\nBoot mode: SD (01) order f4\n"))))
	f.Add([]byte(`{"schema":"https://boardprobe.github.io/console-annex/v1","said":[{"kind":"dram","boot":1,"line":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Decode(data, sum)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(t, a), data) {
			t.Error("what was read is not written the same")
		}
		boot := a.Boot()
		for _, w := range boot.Said {
			if w.Text == "" || w.SizeBytes < 0 || w.HasSize != (w.Kind == console.DRAM) {
				t.Errorf("witness %+v", w)
			}
		}
		boot.Source()
		boot.Settings()
		boot.Security()
	})
}

// FuzzNew holds that each log makes an annex that is read.
func FuzzNew(f *testing.F) {
	f.Add([]byte(log))
	f.Fuzz(func(t *testing.T, log []byte) {
		data := encode(t, New("x.board.tar.gz", sum, log))
		if _, err := Decode(data, sum); err != nil {
			t.Errorf("Decode of its own: %v\n%s", err, data)
		}
	})
}
