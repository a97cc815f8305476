package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

// faultyChild in the environment makes the collecting child one that dies in
// the section cpu and hangs in the section usb.
const faultyChild = "BOARDPROBE_TEST_FAULTY_CHILD"

// TestMain lets this binary play the program and its collecting child.
func TestMain(m *testing.M) {
	switch {
	case os.Args[0] != collectRole:
		testscript.Main(m, map[string]func(){"boardprobe": main})
	case os.Getenv(faultyChild) == "":
		main()
	}
	var opt probe.Options
	if err := json.NewDecoder(os.Stdin).Decode(&opt); err != nil {
		os.Exit(2)
	}
	out := json.NewEncoder(os.Stdout)
	asked := map[string]int{}
	probe.Collect(context.Background(), opt, func(e report.Evidence) {
		out.Encode(e)
		asked[e.Section]++
		switch {
		case e.Section == "cpu" && asked["cpu"] == 2:
			os.Exit(7)
		case e.Section == "usb":
			time.Sleep(time.Hour)
		}
	})
	os.Exit(0)
}

func TestCollectSurvivesItsChild(t *testing.T) {
	t.Setenv(faultyChild, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var said []string
	evidence, _, err := collect(ctx, probe.Options{}, func(e report.Evidence) {
		if e.Op == report.OpEnd {
			said = append(said, e.Section)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(slices.Sorted(slices.Values(said)), slices.Sorted(slices.Values(probe.Sections()))) {
		t.Errorf("sections said to end: %v; want each once", said)
	}
	outcomes := map[string]report.Evidence{}
	for _, e := range evidence {
		if e.Op == report.OpEnd {
			outcomes[e.Section] = e
		}
	}
	for _, c := range []struct {
		name    string
		outcome report.Outcome
		asked   int
	}{{"cpu", report.OutcomeKilled, 2}, {"usb", report.OutcomeKilled, 1}} {
		if e := outcomes[c.name]; e.Subject != string(c.outcome) || e.N != c.asked {
			t.Errorf("section %s ended %q after %d questions; want %q after %d", c.name, e.Subject, e.N, c.outcome, c.asked)
		}
	}
	if e := outcomes["memory"]; e.Subject != string(report.OutcomeOK) {
		t.Errorf("section memory ended %q; want ok", e.Subject)
	}
	if _, err := report.EncodeEvidence(evidence); err != nil {
		t.Error(err)
	}
	ids := map[string]bool{}
	for _, e := range evidence {
		if ids[e.ID] {
			t.Errorf("evidence %s is there twice", e.ID)
		}
		ids[e.ID] = true
	}
	r, err := probe.Build(evidence, probe.Collector)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Section("cpu"); s.Outcome != report.OutcomeKilled {
		t.Errorf("replayed section cpu = %+v; want killed", s)
	}
}

// TestReplayOfFaults makes a package of a run in which one section crashed and
// one hung, and replays it: the same report, byte for byte.
func TestReplayOfFaults(t *testing.T) {
	t.Setenv(faultyChild, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	signer, err := signerOf("ephemeral")
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluate(ctx, order{signer: signer}, liveProgress(io.Discard, true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := seal.Open(e.packed)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := report.Decode(p.Report)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]report.Outcome{"cpu": report.OutcomeKilled, "usb": report.OutcomeKilled, "pci": report.OutcomeOK} {
		if s := r.Section(name); s.Outcome != want {
			t.Errorf("section %s = %+v; want %s", name, s, want)
		}
	}
	record, ok := p.Member("evidence.json")
	if !ok {
		t.Fatal("no evidence.json")
	}
	recorded, _, err := report.DecodeEvidence(record)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := probe.Replay(r, recorded.Evidence)
	if err != nil || len(replayed.Unasked) > 0 {
		t.Fatalf("Replay: %v, not asked for: %q", err, replayed.Unasked)
	}
	again, err := report.Encode(replayed.Report)
	if err != nil || !bytes.Equal(again, p.Report) {
		t.Errorf("the replay is another report: %v\n%s", err, again)
	}
	if !strings.Contains(e.table, "sections: cpu (killed)") {
		t.Errorf("the table does not name what is missing\n%s", e.table)
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
