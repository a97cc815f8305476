package main

import (
	"fmt"
	"slices"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// gate is the last look before signing: an identity that the replacer knows, and
// that an answer holds all the same, in a form or a place that nobody thought of,
// makes that answer a gap. The report is built anew then. Delivery is never
// refused.
type gate struct{ known *pseudonym.Finder }

// errnoWithheld is the answer of a record that the gate has emptied.
const errnoWithheld = "withheld"

// pass returns the evidence without answers that hold an identity, and whether
// there were any.
func (g gate) pass(evidence []report.Evidence, progress *progress) ([]report.Evidence, bool) {
	if g.known == nil {
		return evidence, false
	}
	hits := 0
	open := map[string]bool{}
	evidence = slices.Clone(evidence)
	for i := range evidence {
		e := &evidence[i]
		switch {
		case e.Op == report.OpEnd && g.known.In([]byte(e.Text)):
			e.Text = "withheld: it held an identity of this unit"
			hits++
		case e.Op == report.OpEnd:
		case g.known.In([]byte(e.Subject)):
			// The question itself tells: nothing of its section is kept.
			open[e.Section] = true
			hits++
		case g.in(e):
			*e = report.Evidence{ID: e.ID, Section: e.Section, Op: e.Op, Subject: e.Subject, N: e.N, Errno: errnoWithheld}
			hits++
		}
	}
	if hits == 0 {
		return evidence, false
	}
	progress.line(fmt.Sprintf("boardprobe: privacy       %d answers held an identity of this unit and are withheld", hits))
	for section := range open {
		evidence = without(evidence, section, "withheld: its questions held an identity of this unit")
	}
	return onlyAsked(evidence), true
}

func (g gate) in(e *report.Evidence) bool {
	return g.known.In(e.Bytes()) || slices.ContainsFunc(e.Names(), func(name string) bool { return g.known.In([]byte(name)) })
}

// onlyAsked leaves out the questions that follow from an answer that is not there
// any more, until none is left; the others are numbered, and the sections end, as if
// these had not been asked.
func onlyAsked(evidence []report.Evidence) []report.Evidence {
	const rounds = 8 // one follows from another
	for range rounds {
		evidence = numbered(evidence)
		replayed, err := probe.Replay(&report.Report{Run: report.Run{Collector: probe.Collector}}, evidence)
		if err != nil || len(replayed.Unasked) == 0 {
			return evidence
		}
		gone := map[string]bool{}
		for _, id := range replayed.Unasked {
			gone[id] = true
		}
		evidence = slices.DeleteFunc(evidence, func(e report.Evidence) bool { return gone[e.ID] && e.Op != report.OpEnd })
		for i := range evidence {
			if e := &evidence[i]; e.Op == report.OpEnd { // without that answer it may end otherwise
				s := replayed.Report.Section(e.Section)
				e.Subject, e.Text = string(s.Outcome), s.Reason
			}
		}
	}
	return evidence
}

// numbered gives records the ids and numbers that a run gives them.
func numbered(evidence []report.Evidence) []report.Evidence {
	type question struct{ section, op, subject string }
	asked, times := map[string]int{}, map[question]int{}
	for i := range evidence {
		e := &evidence[i]
		if e.Op == report.OpEnd {
			e.N = asked[e.Section]
			continue
		}
		q := question{e.Section, e.Op, e.Subject}
		asked[e.Section]++
		e.ID, e.N = fmt.Sprintf("%s/%d", e.Section, asked[e.Section]), times[q]
		times[q]++
	}
	return evidence
}
