package probe

import (
	"context"
	"errors"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/boardprobe/boardprobe/report"
)

// Builder makes a report while its evidence comes in, a section as soon as it
// has ended: another process can collect the next one meanwhile. What it makes
// follows from the evidence alone; it looks at no clock.
type Builder struct {
	heard map[string]*recorded // of the sections that have not ended
	built map[string]built
	all   *recorded // of other collectors: every record under its section, and under ""
	odd   []string  // ids of records that no question of these collectors has asked for
	err   error
}

// built is what the evidence of one section says.
type built struct {
	section report.Section
	apply   func(*report.Report) // may be nil
}

// NewBuilder returns a builder without evidence. The evidence has to be of these
// collectors.
func NewBuilder() *Builder {
	return &Builder{heard: map[string]*recorded{}, built: map[string]built{}}
}

// Add takes the next record. What follows the end of its section is not heard.
func (b *Builder) Add(e report.Evidence) {
	if _, ok := b.built[e.Section]; ok {
		b.odd = append(b.odd, e.ID)
		return
	}
	heard := b.heard[e.Section]
	if heard == nil {
		heard = newRecorded(nil)
		if b.all != nil {
			heard = b.all
		}
		b.heard[e.Section] = heard
	}
	if e.Op != report.OpEnd {
		if b.all == nil {
			heard.add(e.Section, e)
		}
		return
	}
	whole := report.Evidence{ID: endID(e.Section), Section: e.Section, Op: e.Op, Subject: e.Subject, Text: e.Text, N: e.N}
	if !reflect.DeepEqual(e, whole) || b.all == nil && !heard.numbered(e.Section, e) {
		b.odd = append(b.odd, e.ID)
	}
	// From here on nothing is added to it.
	i := slices.IndexFunc(collectors(), func(c collector) bool { return c.name == e.Section })
	if i < 0 {
		b.odd = append(b.odd, e.ID) // of other collectors
		return
	}
	delete(b.heard, e.Section)
	b.built[e.Section] = b.build(collectors()[i], heard, e)
	if b.all == nil {
		b.odd = append(b.odd, heard.unused()...)
	}
}

// unused lists the records that answered no question, in order of their ids.
func (r *recorded) unused() (ids []string) {
	for _, list := range r.answers {
		for _, e := range list {
			if !r.used[e.ID] {
				ids = append(ids, e.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func (b *Builder) build(c collector, heard *recorded, end report.Evidence) built {
	s := built{section: report.Section{Name: c.name, Outcome: report.Outcome(end.Subject), Reason: end.Text}}
	asked := *heard
	asked.silent = false
	gap, why := report.NotProbed, "this run was not asked that"
	switch s.section.Outcome {
	case report.OutcomeOK, report.OutcomeError:
	case report.OutcomeDeadline, report.OutcomePanic, report.OutcomeKilled:
		asked.cut = true
		gap, why = report.Deadline, noteOf(errnoUnanswered)
	default:
		return s
	}
	e := replay(c, &asked)
	heard.silent = asked.silent
	if s.section.Outcome == report.OutcomePanic {
		asked, e = before(c, heard)
	}
	if !asked.cut && e.outcome != s.section.Outcome {
		// This build fares otherwise with the same answers: say so.
		s.section.Outcome, s.section.Reason = e.outcome, oneLine(e.reason)
		if !asked.foreign {
			b.odd = append(b.odd, end.ID)
		}
	}
	if e.endless {
		b.err = errors.New("section " + c.name + " could not be replayed: it asks without end")
	}
	if e.found == nil {
		return s
	}
	if !asked.cut {
		s.section.Entries, s.section.Understood = e.listed.entries, e.listed.understood
	}
	part := partOf(e)
	s.apply = e.found
	if asked.silent && asked.unanswered > maxFilled {
		s.apply = nil
		return s
	}
	if asked.silent {
		not := part.Stands(endID(c.name), otherwise(c, asked))
		s.apply = func(r *report.Report) {
			e.found(r)
			r.Withdraw(not, gap, why)
		}
		part = partOf(ended{found: s.apply})
	}
	for l := range part.Facts() {
		if l.Gap != "" && l.Gap != report.Absent && l.Gap != report.Unsupported {
			s.section.Gaps++
		}
	}
	return s
}

// maxPanics bounds how many answers are taken back from a collector that panics.
const maxPanics = 64

// before replays a section that panicked without the answers on which it does:
// the last ones.
func before(c collector, heard *recorded) (recorded, ended) {
	own := heard.inOrder(c.name)
	for k := len(own) - 1; k >= max(0, len(own)-maxPanics); k-- {
		asked := *newRecorded(own[:k])
		asked.cut, asked.foreign = true, heard.foreign
		if e := replay(c, &asked); e.outcome != report.OutcomePanic {
			return asked, e
		}
	}
	return *newRecorded(nil), ended{outcome: report.OutcomePanic}
}

// partOf is a report of one section.
func partOf(e ended) *report.Report {
	part := new(report.Report)
	e.found(part)
	part.Clean()
	part.Distinguish()
	return part
}

// fillers are what questions could have been answered with that were not: no
// such thing, the two numbers that most files with a number have, and what
// another device answered to the same question.
func fillers(asked *recorded) []func(question) answer {
	always := func(a answer) func(question) answer { return func(question) answer { return a } }
	kin := map[question]answer{}
	for key, list := range asked.answers {
		for _, e := range list {
			q := question{key.q.op, path.Base(key.q.subject)}
			if a := answerOf(e); a.errno == "" && (kin[q].id == "" || a.id < kin[q].id) {
				kin[q] = a
			}
		}
	}
	return []func(question) answer{
		always(answer{errno: "ENOENT"}), always(answer{data: []byte("0\n")}), always(answer{data: []byte("1\n")}),
		func(q question) answer { return kin[question{q.op, path.Base(q.subject)}] },
	}
}

// maxFilled bounds the questions of a section that is replayed with other answers.
// One with more unanswered questions was cut before it had begun to answer, or
// made by somebody to keep the desk busy: nothing of it stands.
const maxFilled = 4_000

// otherwise makes the reports of a section with other answers to the questions
// that were not answered. What depends on these answers differs in one of them,
// whether or not the collector names the question.
func otherwise(c collector, asked recorded) (others []*report.Report) {
	asked.used = map[string]bool{} // what these ask is no question of the run
	for _, filler := range fillers(&asked) {
		asked.filler = filler
		if e := replay(c, &asked); e.found != nil && !e.endless {
			others = append(others, partOf(e))
		}
	}
	return others
}

// replay runs a collector over what was recorded, without a clock: how long it
// takes is no matter of the evidence. It ends because a section asks only so
// much for so many records.
func replay(c collector, heard *recorded) ended {
	h := newHost(context.Background(), c.name, heard, nil, nil)
	done := make(chan ended, 1)
	go func() { // its stack is grown once
		defer func() {
			if recover() != nil {
				done <- ended{outcome: report.OutcomePanic, endless: true}
			}
		}()
		done <- attempt(context.Background(), c, h)
	}()
	return <-done
}

// Report is what follows from all evidence that was added, with an empty run
// block. It ends the builder.
func (b *Builder) Report() (*report.Report, error) {
	r := &report.Report{Schema: report.Schema, Minor: report.SchemaMinor, Members: []report.Member{}, Sections: []report.Section{}}
	for _, c := range collectors() {
		s, ok := b.built[c.name]
		if !ok {
			s = b.unheard(c)
		}
		if s.apply != nil {
			s.apply(r)
		}
		r.Sections = append(r.Sections, s.section)
	}
	if b.all == nil {
		for _, name := range slices.Sorted(maps.Keys(b.heard)) {
			b.odd = append(b.odd, b.heard[name].unused()...)
		}
	}
	r.Clean()
	r.Distinguish()
	r.SetFingerprints()
	return r, b.err
}

// unheard builds a section that is not in the evidence. Other collectors may
// have asked all of its questions elsewhere; what they asked in part only is
// not taken for the whole.
func (b *Builder) unheard(c collector) built {
	none := built{section: report.Section{Name: c.name, Outcome: report.OutcomeNotRun, Reason: report.ReasonNotRecorded}}
	if b.all == nil {
		return none
	}
	heard := *b.all
	heard.silent = false
	s := b.build(c, &heard, endOf(c.name, report.OutcomeOK, "", 0))
	if heard.silent || s.section.Outcome != report.OutcomeOK {
		return none
	}
	return s
}

// Build makes the report that follows from evidence of the collectors of that
// number, see [Collector], with an empty run block. The same evidence gives the
// same report.
func Build(evidence []report.Evidence, collector int) (*report.Report, error) {
	r, _, err := build(evidence, collector)
	return r, err
}

func build(evidence []report.Evidence, collector int) (*report.Report, []string, error) {
	b := NewBuilder()
	if collector != Collector {
		b.all = foreign(evidence)
	}
	for _, e := range evidence {
		b.Add(e)
	}
	r, err := b.Report()
	return r, b.odd, err
}

// foreign is evidence that other collectors asked for.
func foreign(evidence []report.Evidence) *recorded {
	r := newRecorded(evidence)
	for _, e := range evidence {
		r.add("", e)
	}
	r.foreign = true
	return r
}

// Replayed is a report that was made again from its evidence.
type Replayed struct {
	Report *report.Report
	// Unasked are the ids of records that no question of these collectors asked
	// for, though they are of the same number: somebody put them there.
	Unasked []string
}

// Replay makes the report of a package again from its evidence; the run block
// and the list of members, which are not facts, are taken over.
func Replay(original *report.Report, evidence []report.Evidence) (Replayed, error) {
	r, odd, err := build(evidence, original.Run.Collector)
	if err != nil {
		return Replayed{}, err
	}
	r.Run, r.Members = original.Run, original.Members
	return Replayed{r, odd}, nil
}
