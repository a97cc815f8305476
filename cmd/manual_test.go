package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestManuals holds the man pages, what -h prints, and the README against each
// other: each flag and each verb is in all of them, or in none.
func TestManuals(t *testing.T) {
	dir := t.TempDir()
	readme := read(t, "../README.md")
	flagOf := regexp.MustCompile(`(?m)^  -([a-z-]+)`)
	for _, c := range []struct {
		name  string
		verbs []string // "" for a command without verbs
	}{
		{"boardprobe", []string{""}},
		{"boardimage", []string{"initramfs"}},
		{"boardreport", verbsOf(t)},
	} {
		program := filepath.Join(dir, c.name)
		if out, err := exec.Command("go", "build", "-o", program, "./"+c.name).CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		manual := read(t, filepath.Join(c.name, c.name+".1"))
		var known []string
		for _, verb := range c.verbs {
			help, err := exec.Command(program, strings.Fields(verb+" -h")...).Output()
			if err != nil {
				t.Fatalf("%s %s -h: %v", c.name, verb, err)
			}
			for _, m := range flagOf.FindAllSubmatch(help, -1) {
				known = append(known, string(m[1]))
			}
			if verb != "" && !strings.Contains(manual, ".Cm "+verb) {
				t.Errorf("%s.1 does not have the verb %s", c.name, verb)
			}
			if verb != "" && !strings.Contains(readme, c.name+" "+verb) {
				t.Errorf("README.md does not have %s %s", c.name, verb)
			}
		}
		for _, flag := range known {
			if !strings.Contains(manual, "Fl "+flag) {
				t.Errorf("%s.1 does not have -%s", c.name, flag)
			}
		}
		for _, m := range regexp.MustCompile(`\bFl ([a-z][a-z-]*)`).FindAllStringSubmatch(manual, -1) {
			if m[1] != "h" && m[1] != "version" && !slices.Contains(known, m[1]) {
				t.Errorf("%s.1 has -%s, which %s does not know", c.name, m[1], c.name)
			}
		}
		for _, m := range regexp.MustCompile("`?"+c.name+`[^\n]*? -([a-z][a-z-]+)`).FindAllStringSubmatch(readme, -1) {
			if !slices.Contains(known, m[1]) && m[1] != "linux" {
				t.Errorf("README.md has %s -%s, which it does not know", c.name, m[1])
			}
		}
		lint := exec.Command("mandoc", "-T", "lint", "-W", "warning", filepath.Join(c.name, c.name+".1"))
		if out, err := lint.CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
	}
}

// verbsOf reads the verbs of boardreport from its own list.
func verbsOf(t *testing.T) []string {
	t.Helper()
	c := exec.Command("go", "run", "./boardreport", "-h")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "  ") {
			verbs = append(verbs, strings.Fields(line)[0])
		}
	}
	return verbs
}
