package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxPage is how many lines the front page of a board may have.
const maxPage = 60

// TestPages prints the front page of every package of the corpus, for one day: what
// it says is in the file beside each, and it fits a terminal.
func TestPages(t *testing.T) {
	const suffix = ".board.tar.gz"
	packages, err := filepath.Glob("testdata/corpus/*" + suffix)
	if err != nil || len(packages) < 8 {
		t.Fatalf("%d packages, %v; want at least 8", len(packages), err)
	}
	for _, name := range packages {
		var out, errs bytes.Buffer
		run([]string{"check", "-as-of", "2026-12-01", name}, nil, &out, &errs)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		t.Logf("%-40s %d lines", filepath.Base(name), len(lines))
		if len(lines) > maxPage {
			t.Errorf("%s: %d lines; want at most %d", name, len(lines), maxPage)
		}
		for _, line := range lines {
			if len(line) > 79 || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) || strings.HasSuffix(line, " ") {
				t.Errorf("%s: %d columns, or not printable: %q", name, len(line), line)
			}
		}
		golden := strings.TrimSuffix(name, suffix) + ".page"
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s: the page is not what %s has; if it should be, run make golden and read the difference:\n%s", name, golden, out.Bytes())
		}
	}
}
