package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

var update = flag.Bool("update", false, "write the expected replays anew")

// TestCorpus replays packages of real kernels on many boards, which are never
// rewritten, with this version: what it makes of them is in the file beside
// each, so that a change of a parser shows as a difference there.
func TestCorpus(t *testing.T) {
	const suffix = ".board.tar.gz"
	packages, err := filepath.Glob("testdata/corpus/*" + suffix)
	if err != nil || len(packages) < 8 {
		t.Fatalf("%d packages, %v; want at least 8", len(packages), err)
	}
	for _, name := range packages {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if l := seal.Verify(data, nil); !l.Intact() {
			t.Errorf("%s: not intact: %+v", name, l.Steps)
			continue
		}
		p, err := seal.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := report.Decode(p.Report)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		record, _ := p.Member("evidence.json")
		recorded, _, err := report.DecodeEvidence(record)
		if err != nil {
			t.Fatal(err)
		}
		replayed, err := probe.Replay(r, recorded.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		again, err := report.Encode(replayed.Report)
		if err != nil {
			t.Fatal(err)
		}
		checkFrom(t, name, replayed.Report, recorded.Evidence)
		golden := strings.TrimSuffix(name, suffix) + ".golden.json"
		if *update {
			if err := os.WriteFile(golden, again, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again, want) {
			t.Errorf("%s: the replay is not what %s has; if it should be, run make golden and read the difference", name, golden)
		}
	}
}

// checkFrom holds what every fact rests on against the evidence: a record, the
// path of another fact, a section, or a document that is cited.
func checkFrom(t *testing.T, name string, r *report.Report, evidence []report.Evidence) {
	known := map[string]bool{"sections": true}
	for _, s := range r.Sections {
		known["sections/"+s.Name] = true
	}
	for _, e := range evidence {
		known[e.ID] = true
	}
	for l := range r.Facts() {
		known[l.Path] = true
	}
	for l := range r.Facts() {
		for _, from := range l.From {
			if citation := strings.Contains(from, " "); !known[from] && !citation {
				t.Errorf("%s: %s rests on %q, which is neither a record nor a fact, a section or a citation", name, l.Path, from)
			}
		}
	}
}
