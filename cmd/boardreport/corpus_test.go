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
		evidence, err := report.DecodeEvidence(record)
		if err != nil {
			t.Fatal(err)
		}
		again, err := report.Encode(probe.Replay(t.Context(), r, evidence))
		if err != nil {
			t.Fatal(err)
		}
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
