package main

import (
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
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
func (g gate) pass(evidence []report.Evidence, progress screen.Printer) ([]report.Evidence, bool) {
	if g.known == nil {
		return evidence, false
	}
	hits := 0
	evidence = slices.Clone(evidence)
	for i := range evidence {
		e := &evidence[i]
		if e.Op != report.OpEnd && g.in(e) {
			*e = report.Evidence{ID: e.ID, Section: e.Section, Op: e.Op, Subject: e.Subject, N: e.N, Errno: errnoWithheld}
			hits++
		}
	}
	if hits == 0 {
		return evidence, false
	}
	progress.Printf("boardprobe: privacy       %d answers held an identity of this unit and are withheld\n", hits)
	return g.asked(evidence), true
}

func (g gate) in(e *report.Evidence) bool {
	return g.known.In(e.Bytes()) || slices.ContainsFunc(e.Names(), func(name string) bool { return g.known.In([]byte(name)) })
}

// asked leaves out the questions that follow from an answer that is not there any
// more, until none is left.
func (gate) asked(evidence []report.Evidence) []report.Evidence {
	const rounds = 8 // one follows from another
	for range rounds {
		replayed, err := probe.Replay(&report.Report{Run: report.Run{Collector: probe.Collector}}, evidence)
		if err != nil || len(replayed.Unasked) == 0 {
			return evidence
		}
		gone := map[string]bool{}
		for _, id := range replayed.Unasked {
			gone[id] = true
		}
		evidence = slices.DeleteFunc(evidence, func(e report.Evidence) bool { return gone[e.ID] })
	}
	return evidence
}

// stated withholds what somebody stated, a ticket or a label, if there is an
// identity of the unit in it.
func (g gate) stated(text string, progress screen.Printer) string {
	if g.known == nil || !g.known.In([]byte(text)) {
		return text
	}
	const withheld = "(withheld)"
	name, _, isLabel := strings.Cut(text, "=")
	progress.Printf("boardprobe: privacy       what was stated holds an identity of this unit: withheld\n")
	if isLabel && !g.known.In([]byte(name)) {
		return name + "=" + withheld
	}
	return "label=" + withheld
}
