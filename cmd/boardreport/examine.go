package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// How the facts of a package stand to its evidence.
const (
	consistent    = "consistent"     // the facts follow from the evidence
	notConsistent = "not consistent" // these collectors make other facts of it, though they are of the same number
	notCompared   = "not compared"   // made by other collectors, or without evidence
)

// examined is a package that was looked at from all sides.
type examined struct {
	ladder   seal.Ladder
	pkg      *seal.Package  // nil unless intact
	stored   *report.Report // nil if it cannot be read
	again    *report.Report // collected again by these collectors, nil without evidence
	words    string         // consistent, notConsistent or notCompared
	why      []string       // lines for people
	changes  []change       // facts that differ, where there is again
	newer    bool           // made by newer collectors, or with a newer form of evidence
	err      error          // why the report cannot be read, though the package is intact
	warnings []string
}

// change is a fact that differs between the report and its evidence.
type change struct{ path, stored, again string }

// examine looks at a package.
func examine(data []byte, trusted []seal.Trusted) (x examined) {
	x.ladder = seal.Verify(data, trusted)
	x.words = notCompared
	if !x.ladder.Intact() {
		return x
	}
	if x.pkg, x.err = seal.Open(data); x.err != nil {
		return x
	}
	spoilt := func(name, member string, err error) {
		x.ladder.Steps = append(x.ladder.Steps, seal.Step{Name: name, State: seal.Fail, Detail: err.Error(), Member: member})
	}
	if x.stored, x.warnings, x.err = report.Decode(x.pkg.Report); errors.Is(x.err, report.ErrNewer) {
		x.why = append(x.why, "made by a newer boardprobe, whose report this one cannot read: update")
		return x
	} else if x.err != nil {
		spoilt("report form", seal.ReportName, x.err)
		return x
	}
	if x.stored.Run.Collector < 0 {
		spoilt("report form", seal.ReportName, fmt.Errorf("collector %d is the number of none", x.stored.Run.Collector))
		return x
	}
	member, ok := x.pkg.Member("evidence.json")
	if !ok {
		if _, err := require.CheckPredicate(x.pkg.Predicate, x.stored); err != nil {
			x.words = notConsistent
			x.why = append(x.why, err.Error())
		}
		what := "no evidence is in the package"
		if x.pkg.IsCore() {
			what = "core package, report and signatures only: no evidence"
		}
		x.why = append(x.why, what+", so nothing shows that the facts follow from any")
		return x
	}
	record, warnings, err := report.DecodeEvidence(member)
	switch {
	case errors.Is(err, report.ErrNewer):
		x.newer = true
		x.why = append(x.why, "its evidence is of a newer boardprobe: update")
		return x
	case err != nil:
		spoilt("evidence form", "evidence.json", err)
		x.err = err
		return x
	}
	x.warnings = append(x.warnings, warnings...)
	x.newer = record.Newer() || x.stored.Run.Collector > probe.Collector
	evidence, err := report.Attach(record, x.pkg.Files())
	if err != nil {
		spoilt("attachments", "evidence.json", err)
		x.err = err
		return x
	}
	x.compare(evidence)
	return x
}

// compare collects the facts again and holds them against those of the report.
func (x *examined) compare(evidence []report.Evidence) {
	replayed, err := probe.Replay(x.stored, evidence)
	if err != nil {
		x.err = err
		return
	}
	x.again = replayed.Report
	x.changes = changesOf(x.stored, x.again)
	number := x.stored.Run.Collector
	_, err = require.CheckPredicate(x.pkg.Predicate, x.stored)
	switch {
	case err != nil:
		x.words = notConsistent
		x.why = append(x.why, err.Error())
	case x.newer:
		x.why = append(x.why, fmt.Sprintf("made by a newer boardprobe (collectors %d, these are %d): update", number, probe.Collector))
		x.why = append(x.why, contradictions(x.stored, x.again)...)
	case number < probe.Collector:
		made := fmt.Sprintf("made by collectors %d", number)
		if number == 0 {
			made = "made before collectors were numbered"
		}
		x.why = append(x.why, fmt.Sprintf("%s, these are %d; collected again, %s changed", made, probe.Collector, counted(len(x.changes), "fact")))
	default:
		x.same(replayed)
	}
}

// same demands that the same collectors make the same report.
func (x *examined) same(replayed probe.Replayed) {
	document, err := report.Encode(replayed.Report)
	strange := x.pkg.Strange()
	if err == nil && bytes.Equal(document, x.pkg.Report) && len(replayed.Unasked) == 0 && len(strange) == 0 && labelsAgree(x.stored) {
		x.words = consistent
		return
	}
	x.words = notConsistent
	switch {
	case len(x.changes) > 0:
		c := x.changes[0]
		x.why = append(x.why, fmt.Sprintf("not what the evidence makes: %s, the first %s: %s, made %s", counted(len(x.changes), "fact"), c.path, c.stored, c.again))
	case len(strange) > 0:
		x.why = append(x.why, "a member that no probe makes: "+strange[0])
	case !labelsAgree(x.stored):
		x.why = append(x.why, "the labels of the run are not those that were stated")
	case len(replayed.Unasked) > 0:
		x.why = append(x.why, fmt.Sprintf("%s answering no question, as %s", counted(len(replayed.Unasked), "record"), replayed.Unasked[0]))
	default:
		x.why = append(x.why, "sections, notes or sources are not what the evidence makes")
	}
	x.why = append(x.why, fmt.Sprintf("the package is of boardprobe %s (%s); this is %s (%s)", x.stored.Run.Probe, x.stored.Run.Build, version, buildOf()))
}

// changesOf lists the facts in which two reports differ, by path.
func changesOf(stored, again *report.Report) (list []change) {
	facts := map[string]report.Leaf{}
	for l := range stored.Facts() {
		facts[l.Path] = l
	}
	for l := range again.Facts() {
		old, ok := facts[l.Path]
		switch {
		case !ok:
			list = append(list, change{l.Path, "not in it", shown(l)})
		case old.Value != l.Value || old.Gap != l.Gap:
			list = append(list, change{l.Path, shown(old), shown(l)})
		}
		delete(facts, l.Path)
	}
	for _, path := range slices.Sorted(maps.Keys(facts)) {
		list = append(list, change{path, shown(facts[path]), "not in it"})
	}
	return list
}

// shown is the value of a fact, or its gap in parentheses.
func shown(l report.Leaf) string {
	if l.Gap != "" {
		return "(" + string(l.Gap) + ")"
	}
	return l.Value
}

// contradictions names the minimums of which a report says another verdict than
// its evidence, as far as these collectors understand it.
func contradictions(stored, again *report.Report) (list []string) {
	verdicts := map[string]require.Verdict{}
	for _, f := range require.Check(stored) {
		verdicts[f.ID] = f.Verdict
	}
	for _, f := range require.Check(again) {
		if was := verdicts[f.ID]; f.Group == require.Requirement && f.Verdict != was && f.Verdict != require.Unknown {
			list = append(list, fmt.Sprintf("%s: %s as stored, but %s by these collectors (%s)", f.ID, was, f.Verdict, f.Found))
		}
	}
	return list
}

// summary is the one line on whose word a package is.
func (x *examined) summary() string {
	line := "intact; signed by key " + x.ladder.KeyID
	if x.ladder.Vouched() {
		line += "; vouched by " + x.ladder.Signer
	} else {
		line += "; nobody vouches for it"
	}
	return line + "; " + x.words
}

// otherTicket says why a package does not answer the request with that word; ""
// if it does.
func (x *examined) otherTicket(want string) string {
	switch {
	case x.stored == nil:
		return "the report cannot be read"
	case x.again == nil:
		return "nothing in the package shows what was stated: it has no evidence"
	}
	stated := x.again.Stated(report.StatedTicket)
	switch is, ok := stated.Get(); {
	case stated.Gap == report.Withheld:
		return "withheld on the board: it held an identity of the unit"
	case !ok:
		return "the package states none"
	case is != want:
		return fmt.Sprintf("the package states another one: %s", is)
	}
	return ""
}

// counted is a number with its word.
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// labelsAgree reports whether the labels of the run block, which is no evidence,
// are among those that were stated.
func labelsAgree(r *report.Report) bool {
	for _, label := range r.Run.Labels {
		name, value, _ := strings.Cut(label, "=")
		if !slices.ContainsFunc(r.Claims, func(s report.Statement) bool {
			stated, _, _ := strings.Cut(s.Name, "#") // the second one of a name
			return (s.Name == report.StatedLabel+name || stated == report.StatedLabel+name) && s.Value.OK() && s.Value.Value == value
		}) {
			return false
		}
	}
	return true
}
