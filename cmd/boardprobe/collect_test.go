package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
)

// TestMain lets this binary play the collecting child: one that dies in the
// section cpu and hangs in the section usb.
func TestMain(m *testing.M) {
	if os.Args[0] != collectRole {
		os.Exit(m.Run())
	}
	var opt probe.Options
	if err := json.NewDecoder(os.Stdin).Decode(&opt); err != nil {
		os.Exit(2)
	}
	out := json.NewEncoder(os.Stdout)
	for _, name := range probe.Sections() {
		if slices.Contains(opt.Skip, name) {
			continue
		}
		for i := range 2 {
			out.Encode(report.Evidence{ID: name + "/" + strconv.Itoa(i+1), Section: name, Op: "read", Subject: "x", N: i, Text: "1"})
		}
		switch name {
		case "cpu":
			os.Exit(7)
		case "usb":
			time.Sleep(time.Hour)
		}
		out.Encode(report.Evidence{ID: name + "/end", Section: name, Op: report.OpEnd, Subject: string(report.OutcomeOK), N: 2})
	}
	os.Exit(0)
}

func TestCollectSurvivesItsChild(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var said []string
	evidence, err := collect(ctx, probe.Options{}, func(e report.Evidence) { said = append(said, e.Section) })
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
	for name, want := range map[string]report.Outcome{"memory": report.OutcomeOK, "cpu": report.OutcomeKilled, "usb": report.OutcomeKilled, "pci": report.OutcomeOK} {
		if e := outcomes[name]; e.Subject != string(want) || e.N != 2 {
			t.Errorf("section %s ended %q after %d questions; want %q after 2", name, e.Subject, e.N, want)
		}
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
	if s := probe.Build(t.Context(), evidence).Section("cpu"); s.Outcome != report.OutcomeKilled {
		t.Errorf("replayed section cpu = %+v; want killed", s)
	}
}
