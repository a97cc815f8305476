package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWholePath builds the probe, probes this machine, and reads the package
// with every verb; then it alters the package.
func TestWholePath(t *testing.T) {
	dir := t.TempDir()
	probe := filepath.Join(dir, "boardprobe")
	build := exec.Command("go", "build", "-o", probe, "../boardprobe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(probe, "-o", ".", "-exit", "written", "-label", "hw=B2")
	cmd.Dir = dir // a long path would make a long line
	var table bytes.Buffer
	cmd.Stderr = &table
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("boardprobe: %v\n%s", err, &table)
	}
	pkg := filepath.Join(dir, strings.TrimSpace(string(out)))
	for line := range strings.Lines(table.String()) {
		if len(line) > 80 {
			t.Errorf("a line of %d columns: %q", len(line)-1, line)
		}
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"verify", exitOK, "intact; signed by key"},
		{"verify -require signer", exitFindings, "nobody vouches"},
		{"show", exitOK, "memory.total_bytes"},
		{"show -format json", exitOK, `"hw=B2"`},
		{"replay", exitOK, "byte for byte"},
		{"ask", exitOK, "bsp."},
		{"show -format xml", exitTrouble, ""},
		{"diff " + pkg, exitOK, "no difference in"},
		{"same " + pkg, exitFindings, "the same unit"},
		{"diff", exitTrouble, ""},
		{"frobnicate", exitTrouble, ""},
	} {
		var stdout, stderr bytes.Buffer
		status := run(append(strings.Fields(c.args), pkg), nil, &stdout, &stderr)
		if status != c.status || !strings.Contains(stdout.String(), c.want) {
			t.Errorf("boardreport %s = %d, want %d with %q\n%.400s%s", c.args, status, c.status, c.want, &stdout, &stderr)
		}
	}
	data, err := os.ReadFile(pkg)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	for _, verb := range []string{"verify", "show", "check", "replay", "ask"} {
		var stdout, stderr bytes.Buffer
		if status := run([]string{verb, "-"}, bytes.NewReader(data), &stdout, &stderr); status == exitOK {
			t.Errorf("%s of an altered package = 0\n%.200s", verb, &stdout)
		}
	}
	// The collecting process is this program, whatever lies under its path by then.
	gone := filepath.Join(dir, "gone")
	if err := os.Link(probe, gone); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(gone)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := os.WriteFile(filepath.Join(dir, "fake"), []byte("#!/bin/sh\ntouch "+dir+"/started\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "fake"), gone); err != nil {
		t.Fatal(err)
	}
	swapped := exec.Command("/proc/self/fd/3", "-q", "-exit", "written", "-o", filepath.Join(dir, "swapped.tgz"))
	swapped.ExtraFiles = []*os.File{open}
	if out, err := swapped.CombinedOutput(); err != nil {
		t.Errorf("a program whose file was replaced: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "started")); err == nil {
		t.Error("the file under the path of the program was started")
	}
	again := exec.Command(probe, "-o", pkg)
	if out, err := again.CombinedOutput(); err == nil {
		t.Errorf("a file is overwritten\n%s", out)
	}
}
