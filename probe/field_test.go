package probe

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/at"
	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/probe/decode/parttable"
	"github.com/boardprobe/boardprobe/probe/decode/ubootenv"
	"github.com/boardprobe/boardprobe/report"
)

// TestField reads rebuilds of what public bug reports show. Each archive of
// testdata/field begins with what it is and what is right; its lines "want
// PATH = VALUE" and "never TEXT" are held against all that was read of it.
//
// The input is a root folder, or one of kernel.log (lines of the kernel's log),
// console.log, disk.img, input.bin (a U-Boot environment), input.config (an
// fw_env.config) and input.txt (what a modem answers).
func TestField(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/field/*.txtar")
	if err != nil || len(names) < 157 {
		t.Fatalf("%d archives, %v; want those of the field", len(names), err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(archive.Comment)), "\n")
		got := readArchive(t, archive)
		right := true
		checks := 0
		for _, line := range lines {
			switch kind, rest, _ := strings.Cut(line, " "); kind {
			case "want":
				checks++
				if !slices.Contains(got, rest) {
					right = false
					t.Errorf("%s: no %q", lines[0], rest)
				}
			case "never":
				checks++
				for _, l := range got {
					if strings.Contains(l, rest) {
						right = false
						t.Errorf("%s: %q has %q", lines[0], l, rest)
					}
				}
			}
		}
		if checks == 0 {
			t.Errorf("%s: nothing is wanted", lines[0])
		}
		if !right || checks == 0 {
			t.Logf("%s says:\n%s", lines[0], strings.Join(got, "\n"))
		}
		t.Logf("%-30s %-6v %s", lines[0], right, strings.TrimPrefix(lines[2], "right: "))
	}
}

// readArchive is all that is read of an archive, a line a value.
func readArchive(t *testing.T, archive *txtar.Archive) []string {
	t.Helper()
	root := map[string]string{}
	var out []string
	for _, f := range archive.Files {
		name, form, _ := strings.Cut(f.Name, " ")
		data := content(t, form, f.Data)
		switch {
		case strings.HasPrefix(name, "root/"):
			if strings.HasSuffix(name, "@") {
				data = []byte(strings.TrimSuffix(string(data), "\n"))
			}
			root[strings.TrimPrefix(name, "root/")] = string(data)
		case name == "kernel.log":
			out = append(out, flatten(t, "firmware", firmwareOf(t, string(data)))...)
		case name == "console.log":
			out = append(out, consoleLines(data)...)
		case name == "disk.img":
			table, err := readTable(t.Context(), parttable.Disk{SectorBytes: 512, SizeBytes: int64(len(data)), HasSize: true}, func(at int64, n int) ([]byte, error) {
				return data[min(at, int64(len(data))):min(at+int64(n), int64(len(data)))], nil
			})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, flatten(t, "table", table)...)
		case name == "input.bin":
			hits, _ := ubootenv.Scan(data, 0)
			for _, h := range ubootenv.Current(hits) {
				for _, v := range h.Environment.Public(func(string) bool { return true }) {
					out = append(out, "variable "+v.Name+" = "+v.Value)
				}
			}
		case name == "input.config":
			root["etc/fw_env.config"] = string(data)
		case name == "input.txt":
			out = append(out, answerLines(t, string(data))...)
		default:
			t.Fatalf("%s: no such input", name)
		}
	}
	if len(root) > 0 {
		r, _ := probeRoot(t, root)
		out = append(out, flatten(t, "", r)...)
	}
	return out
}

// content undoes how an archive holds what is no plain text: a quoted string,
// sectors with their places behind the size, or a size, what the rest is filled
// with, and the start.
func content(t *testing.T, form string, data []byte) []byte {
	t.Helper()
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	switch form {
	case "":
		return data
	case "quoted":
		s, err := strconv.Unquote(strings.TrimSpace(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		return []byte(s)
	case "padded":
		var size, fill int
		var start string
		if _, err := fmt.Sscan(string(data), &size, &fill, &start); err != nil {
			t.Fatal(err)
		}
		b := slices.Repeat([]byte{byte(fill)}, size)
		copy(b, unhex(start))
		return b
	case "sectors":
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		size, err := strconv.Atoi(lines[0])
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		for _, line := range lines[1:] {
			var at int
			var sector string
			if _, err := fmt.Sscan(line, &at, &sector); err != nil {
				t.Fatal(err)
			}
			copy(b[at:], unhex(sector))
		}
		return b
	}
	t.Fatalf("%q: no such form", form)
	return nil
}

// firmwareOf is what the report says of the firmware after such a log.
func firmwareOf(t *testing.T, log string) []report.FirmwareFile {
	t.Helper()
	var kept kernelLog
	for line := range strings.Lines(log) {
		if e, ok := kmsg.Classify(strings.TrimSuffix(line, "\n")); ok {
			kept.Records = append(kept.Records, e)
		}
	}
	return rebuiltFromLog(t, "firmware", kept).Firmware
}

func consoleLines(log []byte) (out []string) {
	witnesses, _ := console.Parse(log)
	for _, w := range witnesses {
		out = append(out, fmt.Sprintf("%s = %s", w.Kind, w.Text))
		if w.HasSize {
			out = append(out, fmt.Sprintf("%s bytes = %d", w.Kind, w.SizeBytes))
		}
	}
	return out
}

// answerLines reads what a modem answered to the command that stands first, or
// to the one that the test asks by itself.
func answerLines(t *testing.T, data string) (out []string) {
	t.Helper()
	first, _, _ := strings.Cut(data, "\n")
	c, ok := at.Find(strings.TrimSpace(first))
	if !ok {
		t.Fatalf("%q is no command", first)
	}
	r := at.NewReader(c)
	r.Feed([]byte(data))
	a := r.Answer()
	text, err := at.Text(c, a)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, "answer = "+text)
}

// flatten writes each value of what becomes JSON as a line, a fact as its value
// or its gap.
func flatten(t *testing.T, path string, v any) []string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if gap, ok := v["gap"]; ok {
				note, _ := v["note"].(string)
				out = append(out, strings.TrimSpace(fmt.Sprintf("%s = (%v) %s", path, gap, note)))
				return
			}
			if value, ok := v["value"]; ok {
				out = append(out, fmt.Sprintf("%s = %v", path, scalar(value)))
				if text, ok := value.(string); ok && strings.HasPrefix(path, "identity.") {
					if is, _ := boards.Placeholder(text); is {
						out = append(out, path+" is a placeholder")
					}
				}
				if note, ok := v["note"].(string); ok {
					out = append(out, fmt.Sprintf("%s note = %s", path, note))
				}
				return
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(strings.TrimPrefix(path+"."+key, "."), v[key])
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s.%d", path, i), e)
			}
			out = append(out, fmt.Sprintf("%s has %d", path, len(v)))
		default:
			out = append(out, fmt.Sprintf("%s = %v", path, scalar(v)))
		}
	}
	walk(path, tree)
	return out
}

func scalar(v any) any {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return v
}
