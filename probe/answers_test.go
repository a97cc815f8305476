package probe

import (
	"bytes"
	"slices"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// readBack makes the report of evidence, writes it and reads it again.
func readBack(t *testing.T, evidence []report.Evidence) {
	t.Helper()
	document, err := report.EncodeEvidence(evidence)
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := report.DecodeEvidence(document)
	if err != nil {
		t.Fatalf("evidence that the probe writes cannot be read: %v", err)
	}
	r, err := Build(record.Evidence, Collector)
	if err != nil {
		t.Fatal(err)
	}
	text, err := report.Encode(r)
	if err != nil {
		t.Fatalf("a report that cannot be written: %v", err)
	}
	if _, _, err := report.Decode(text); err != nil {
		t.Fatalf("a report that cannot be read: %v", err)
	}
	again, err := Build(record.Evidence, Collector)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := report.Encode(again); err != nil || !bytes.Equal(other, text) {
		t.Fatalf("the same evidence makes another report (%v)", err)
	}
}

// answered is the evidence of a board with one answer changed.
func answered(evidence []report.Evidence, at int, data []byte) []report.Evidence {
	evidence = slices.Clone(evidence)
	e := &evidence[at%len(evidence)]
	if e.Op == report.OpEnd || len(data) == 0 {
		return evidence
	}
	e.Text, e.Data, e.List, e.Errno = "", nil, nil, ""
	if e.Op == report.OpList {
		var names []string
		for part := range bytes.SplitSeq(data, []byte("\n")) {
			if name := bytes.ReplaceAll(part, []byte{0}, nil); len(name) > 0 {
				names = append(names, string(name))
			}
		}
		if len(names) > 0 {
			e.SetNames(names)
		}
		return evidence
	}
	e.SetBytes(data)
	return evidence
}

// TestAnyAnswer gives every question of a board answers that it never has. What
// follows can be written and read again.
func TestAnyAnswer(t *testing.T) {
	evidence := corpus(t)["mcimx6ul.board.tar.gz"]
	bad := [][]byte{{0xff}, []byte("a\x1b[2J\nb\xc3"), []byte("99999999999999999999\n"), bytes.Repeat([]byte("\x01"), 5000), []byte(`{"a":["\ud800"]}`), []byte("\u202e\u2028\x00")}
	const stride = 7 // the fuzz target has the others
	for at := 0; at < len(evidence); at += stride {
		readBack(t, answered(evidence, at, bad[at/stride%len(bad)]))
	}
}

func FuzzAnswer(f *testing.F) {
	evidence := corpus(f)["mcimx6ul.board.tar.gz"]
	for at := 0; at < len(evidence); at += 40 {
		f.Add(at, evidence[at].Bytes())
	}
	f.Fuzz(func(t *testing.T, at int, data []byte) {
		if at < 0 || len(data) > 64<<10 {
			return
		}
		readBack(t, answered(evidence, at, data))
	})
}
