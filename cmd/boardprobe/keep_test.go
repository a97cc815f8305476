package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

// askedFile is a file of a board, and a section that reads it.
type askedFile struct{ place, section string }

// rootOf writes the files and links that a package of the corpus has in its
// evidence, and returns the folder and the files.
func rootOf(t *testing.T, name string) (dir string, files []askedFile) {
	t.Helper()
	data, err := os.ReadFile("../boardreport/testdata/corpus/" + name + ".board.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	p, err := seal.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	member, _ := p.Member(evidenceName)
	record, _, err := report.DecodeEvidence(member)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	// The links first: a file is written where they lead.
	for _, op := range []string{"link", "read", "cpuinfo/1"} {
		for _, e := range record.Evidence {
			if e.Op != op || e.Errno != "" || strings.HasPrefix(e.Subject, "dev/") {
				continue
			}
			place := filepath.Join(dir, e.Subject)
			if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
				continue // behind a link to what nobody asked for
			}
			switch op {
			case "link":
				err = os.Symlink(string(e.Bytes()), place)
			default:
				if err = os.WriteFile(place, e.Bytes(), 0o644); err == nil {
					files = append(files, askedFile{place, e.Section})
				}
			}
			if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
				t.Logf("%s %s: %v", op, e.Subject, err)
			}
		}
	}
	return dir, files
}

// kept probes a folder, some sections or all, and keeps the package.
func kept(t *testing.T, root string, only ...string) (evaluation, string) {
	t.Helper()
	signer, err := signerOf("ephemeral")
	if err != nil {
		t.Fatal(err)
	}
	b := probe.NewBuilder()
	evidence, err := probe.Collect(t.Context(), probe.Options{Root: root, Only: only}, b.Add)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	r, err := b.Report()
	e, err := order{signer: signer}.keep(r, err, report.Run{Collector: probe.Collector}, evidence, &progress{out: screen.New(&said)})
	if err != nil {
		t.Fatal(err)
	}
	return e, said.String()
}

// TestBadByte puts one byte that is not UTF-8 into every file of a board, one
// after the other. Every package can be read, and no section is left out for it.
func TestBadByte(t *testing.T) {
	root, files := rootOf(t, "mcimx6ul")
	more, others := rootOf(t, "q35")
	if len(files)+len(others) < 121 {
		t.Fatalf("%d files", len(files)+len(others))
	}
	for i, file := range append(files, others...) {
		dir, place := root, file.place
		if i >= len(files) {
			dir = more
		}
		was, err := os.ReadFile(place)
		if err != nil {
			t.Fatal(err)
		}
		at := (len(was) + 1) / 2
		for k, bad := range []string{"\xff", "\x1b\n\xe2\x80\xae"} {
			if k > 0 && i%4 > 0 {
				continue
			}
			if err := os.WriteFile(place, fmt.Appendf(nil, "%s%s%s", was[:at], bad, was[at:]), 0o644); err != nil {
				t.Fatal(err)
			}
			e, said := kept(t, dir, file.section, "identity", "kernel")
			if err := readable(e.packed); err != nil || said != "" {
				t.Errorf("%q in %s: %v, %s", bad, place, err, said)
			}
		}
		if err := os.WriteFile(place, was, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files", len(files)+len(others))
}

// TestBadNames lists folders with names that are not UTF-8.
func TestBadNames(t *testing.T) {
	root, _ := rootOf(t, "q35")
	for _, dir := range []string{"sys/block", "sys/class/net", "sys/bus/usb/devices", "sys/firmware/devicetree/base", "sys/firmware/efi/efivars", "proc", "lib"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../devices/virtual/x\xff", filepath.Join(root, dir, "bad\xff\x1b")); err != nil {
			t.Fatal(err)
		}
	}
	e, said := kept(t, root)
	if err := readable(e.packed); err != nil || said != "" {
		t.Errorf("names that are not UTF-8: %v, %s", err, said)
	}
}

// dump is a folder with what every sysfs has.
func dump(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"block", "bus", "class", "devices", "firmware", "kernel", "module"} {
		if err := os.MkdirAll(filepath.Join(dir, "sys", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestLeftOut makes runs with more than a package can hold. The section with most
// of it is left out, says so, and the rest is delivered.
func TestLeftOut(t *testing.T) {
	signer, err := signerOf("ephemeral")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		op   string
		data []byte
	}{
		"more facts than a report holds":         {"orphans/1", []byte(strings.Repeat("/a\t\tx\n", 100_000))},
		"a longer answer than evidence may have": {"orphans/1", bytes.Repeat([]byte{0xff}, report.MaxAnswerBytes+1)},
	} {
		evidence, err := probe.Collect(t.Context(), probe.Options{Root: dump(t)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range evidence {
			if e := &evidence[i]; e.Op == c.op {
				e.Errno = ""
				e.SetBytes(c.data)
			}
		}
		var said bytes.Buffer
		r, err := probe.Build(evidence, probe.Collector)
		e, err := order{signer: signer}.keep(r, err, report.Run{Collector: probe.Collector}, evidence, &progress{out: screen.New(&said)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := readable(e.packed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, s := range e.report.Sections {
			if left := strings.HasPrefix(s.Reason, "left out: with it the package cannot be read"); left != (s.Name == "faults") {
				t.Errorf("%s: section %s: %s %s", name, s.Name, s.Outcome, s.Reason)
			}
		}
		if said := said.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "faults") {
			t.Errorf("%s: printed %q", name, said)
		}
	}
}
