package cmd

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"go/scanner"
	"go/token"
	"hash"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "raise the numbers whose sources have changed")

// TestNumbers holds the numbers that packages carry against digests of what
// they stand for: a change that keeps the number would make old packages look
// forged.
func TestNumbers(t *testing.T) {
	for _, n := range []struct{ file, pkg string }{
		{"probe/collector.go", "probe"},
		{"report/require/rules.go", "report/require"},
	} {
		file := filepath.Join("..", n.file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		form := regexp.MustCompile(`(?m)^(const \w+ = )(\d+) // sha256 ([0-9a-f]+)$`)
		m := form.FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s: no number with a digest", n.file)
		}
		digest := sourcesDigest(t, n.pkg, n.file)
		if string(m[3]) == digest {
			continue
		}
		if !*update {
			t.Errorf("%s: what the number %s stands for has changed: run make numbers", n.file, m[2])
			continue
		}
		number, err := strconv.Atoi(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		text = form.ReplaceAll(text, fmt.Appendf(nil, "${1}%d // sha256 %s", number+1, digest))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// sourcesDigest is of the tokens and embedded files of a package and of all of
// ours that it imports, and of the versions of the other modules.
func sourcesDigest(t *testing.T, name, numberFile string) string {
	t.Helper()
	c := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,EmbedFiles,Module,Standard", module+name)
	c.Env = append(c.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath, Dir     string
			GoFiles, EmbedFiles []string
			Module              *struct{ Path, Version string }
			Standard            bool
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Standard:
			continue
		case !strings.HasPrefix(p.ImportPath+"/", module):
			fmt.Fprintln(sum, p.ImportPath, p.Module.Version)
			continue
		}
		for _, file := range append(p.GoFiles, p.EmbedFiles...) {
			place := p.ImportPath + "/" + file
			if place == module+numberFile {
				continue
			}
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(sum, place)
			if strings.HasSuffix(file, ".go") {
				writeTokens(sum, text)
			} else {
				sum.Write(text)
			}
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

// writeTokens leaves comments and the spaces between tokens out.
func writeTokens(sum hash.Hash, text []byte) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(text)), text, nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return
		}
		fmt.Fprintln(sum, tok, lit)
	}
}
