package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Drafts of all boards of the corpus parse as what they are, and have every field that
// the real ones have (balena-io/contracts a4ab96e, manifests of balena-os).
func TestDrafts(t *testing.T) {
	packages, err := filepath.Glob("testdata/corpus/*.board.tar.gz")
	if err != nil || len(packages) < 8 {
		t.Fatalf("%d packages, %v", len(packages), err)
	}
	fields := strings.Fields("slug version type aliases name assets.logo.url assets.logo.name data.arch data.hdmi data.led data.connectivity.bluetooth " +
		"data.connectivity.wifi data.storage.internal data.media.defaultBoot data.media.altBoot data.is_private partials.bootDevice")
	assignment := regexp.MustCompile(`^([A-Z_]+(:append:[a-z0-9-]+)? = "[ -~]*"|# .*)$`)
	for _, name := range packages {
		dir := filepath.Join(t.TempDir(), "drafts")
		var out, errs bytes.Buffer
		if status := run([]string{"draft", "-as-of", "2026-12-01", "-o", dir, name}, nil, &out, &errs); status != exitOK {
			t.Fatalf("%s: draft = %d: %s", name, status, errs.String())
		}
		if status := run([]string{"draft", "-o", dir, name}, nil, &out, &errs); status != exitTrouble {
			t.Errorf("%s: drafts are replaced", name)
		}
		guesses, err := os.ReadFile(filepath.Join(dir, guessesName))
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		err = filepath.WalkDir(dir, func(place string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(place)
			if err != nil {
				return err
			}
			below, err := filepath.Rel(dir, place)
			if err != nil {
				return err
			}
			if below != guessesName && !strings.Contains(string(guesses), "\n"+below+"\n") {
				t.Errorf("%s: %s has no guesses", name, below)
			}
			kinds[filepath.Ext(place)]++
			switch filepath.Ext(place) {
			case ".json":
				var document map[string]any
				if err := json.Unmarshal(data, &document); err != nil {
					t.Errorf("%s: %s: %v", name, below, err)
				}
				switch filepath.Base(place) {
				case "contract.json":
					for _, field := range fields {
						if !has(document, strings.Split(field, ".")) {
							t.Errorf("%s: %s has no %s:\n%s", name, below, field, data)
						}
					}
				default:
					if document["type"] == nil && document["test_suite"] == nil {
						t.Errorf("%s: %s is %s", name, below, data)
					}
				}
			case ".coffee":
				c := exec.Command("coffee", "--print", "--compile", "--bare", place)
				if text, err := c.CombinedOutput(); err != nil || !strings.Contains(string(text), "deployArtifact:") {
					t.Errorf("%s: %s: %v: %s", name, below, err, text)
				}
			case ".inc", ".bbappend":
				for line := range strings.Lines(string(data)) {
					if !assignment.MatchString(strings.TrimSuffix(line, "\n")) {
						t.Errorf("%s: %s: %q is no assignment", name, below, line)
					}
				}
			}
			return nil
		})
		if err != nil || kinds[".json"] != 3 || kinds[".coffee"] != 1 || kinds[".inc"] != 1 || kinds[".bbappend"] != 1 {
			t.Errorf("%s: files %v, %v", name, kinds, err)
		}
	}
}

// has reports whether a document has a field, truth values and empty lists among them.
func has(document map[string]any, path []string) bool {
	value, ok := document[path[0]]
	if !ok || len(path) == 1 {
		text, isText := value.(string)
		return ok && (!isText || text != "" || slices.Contains(path, "arch"))
	}
	below, ok := value.(map[string]any)
	return ok && has(below, path[1:])
}
