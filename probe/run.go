package probe

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/boardprobe/boardprobe/report"
)

// Collect asks everything and returns the evidence. It fails only if the root
// cannot be opened; how each section ended is evidence too. emit, if given,
// gets every record as it is made, so that a parent process keeps what a dying
// child had found.
func Collect(ctx context.Context, opt Options, emit func(report.Evidence)) ([]report.Evidence, error) {
	dir := opt.Root
	if dir == "" {
		dir = "/"
	}
	f, err := openFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	w := &system{files: f, live: opt.Root == "", active: opt.Active, replacer: identities(ctx, f, opt.Key), mmio: opt.MMIO, register: opt.Register}
	rest := &budget{left: maxRun}
	var all []report.Evidence
	record := func(e report.Evidence) {
		all = append(all, e)
		if emit != nil {
			emit(e)
		}
	}
	for _, c := range collectors() {
		if opt.Only != nil && !slices.Contains(opt.Only, c.name) {
			record(endOf(c.name, report.OutcomeNotRun, "left out by request", 0))
			continue
		}
		if slices.Contains(opt.Skip, c.name) {
			continue // its evidence is kept by the parent
		}
		// A section that hangs is abandoned with what it had asked: its host is
		// closed, so nothing of it is recorded later.
		outcome, reason, asked := runSection(ctx, c, w, rest, opt.Timeout, record, nil)
		if outcome == report.OutcomeDeadline {
			w = w.again()
		}
		record(endOf(c.name, outcome, reason, asked))
	}
	return all, nil
}

// Killed is the record that a parent process writes for the section in which
// its child died, after that many questions.
func Killed(section, reason string, asked int) report.Evidence {
	return endOf(section, report.OutcomeKilled, reason, asked)
}

func endOf(section string, outcome report.Outcome, reason string, asked int) report.Evidence {
	return report.Evidence{ID: section + "/end", Section: section, Op: report.OpEnd, Subject: string(outcome), Text: oneLine(reason), N: asked}
}

// runSection runs one collector in its own goroutine, under a deadline, and
// contains its panics. apply, if given, gets what it found.
func runSection(ctx context.Context, c collector, w world, b *budget, timeout time.Duration, emit func(report.Evidence), apply func(func(*report.Report))) (report.Outcome, string, int) {
	if timeout <= 0 {
		timeout = SectionTimeout
	}
	if ctx.Err() != nil {
		return report.OutcomeNotRun, "the time for the whole run was over", 0
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	h := newHost(ctx, c.name, w, b, emit)
	type end struct {
		outcome report.Outcome
		reason  string
		found   func(*report.Report)
	}
	done := make(chan end, 1)
	go func() {
		defer func() {
			switch p := recover(); p.(type) {
			case nil, stop:
			default:
				done <- end{report.OutcomePanic, fmt.Sprint(p), nil}
			}
		}()
		growStack()
		found, err := c.run(ctx, h)
		if err != nil {
			done <- end{report.OutcomeError, err.Error(), found}
			return
		}
		done <- end{report.OutcomeOK, "", found}
	}()
	select {
	case e := <-done:
		asked := h.close()
		if e.found != nil && apply != nil {
			apply(e.found)
		}
		return e.outcome, e.reason, asked
	case <-ctx.Done():
		return report.OutcomeDeadline, "no end in time", h.close()
	}
}

// growStack makes the stack of a new goroutine as large as a section needs it: to
// double it step by step copies it each time.
//
//go:noinline
func growStack() {
	var frame [24 << 10]byte
	runtime.KeepAlive(&frame)
}

// Build makes the report that follows from the evidence, with an empty run
// block. The same evidence gives the same report.
func Build(ctx context.Context, evidence []report.Evidence) *report.Report {
	b := NewBuilder(ctx)
	for _, e := range evidence {
		b.Add(e)
	}
	return b.Report()
}

// Builder makes a report while its evidence comes in, a section as soon as it
// has ended: another process can collect the next one meanwhile.
type Builder struct {
	ctx   context.Context
	heard map[string]*recorded // of the sections that have not ended
	built map[string]built
}

// built is what the evidence of one section says.
type built struct {
	section report.Section
	apply   func(*report.Report) // may be nil
}

// NewBuilder returns a builder without evidence.
func NewBuilder(ctx context.Context) *Builder {
	return &Builder{ctx, map[string]*recorded{}, map[string]built{}}
}

// Add takes the next record. What follows the end of its section is not heard.
func (b *Builder) Add(e report.Evidence) {
	if _, ok := b.built[e.Section]; ok {
		return
	}
	heard := b.heard[e.Section]
	if heard == nil {
		heard = newRecorded(nil)
		b.heard[e.Section] = heard
	}
	if e.Op != report.OpEnd {
		heard.add(e)
		return
	}
	// From here on nothing is added to it: a section that has no end in time
	// may still read there.
	delete(b.heard, e.Section)
	if i := slices.IndexFunc(collectors(), func(c collector) bool { return c.name == e.Section }); i >= 0 {
		b.built[e.Section] = b.build(collectors()[i], heard, e)
	}
}

func (b *Builder) build(c collector, heard *recorded, end report.Evidence) built {
	s := built{section: report.Section{Name: c.name, Outcome: report.Outcome(end.Subject), Reason: end.Text}}
	if s.section.Outcome != report.OutcomeOK && s.section.Outcome != report.OutcomeError {
		return s
	}
	outcome, reason, _ := runSection(b.ctx, c, heard, &budget{left: maxRun}, 0, func(report.Evidence) {}, func(found func(*report.Report)) { s.apply = found })
	if outcome != s.section.Outcome {
		// This build fares otherwise with the same answers: say so.
		s.section.Outcome, s.section.Reason = outcome, oneLine(reason)
	}
	if s.apply == nil {
		return s
	}
	part := new(report.Report)
	s.apply(part)
	for l := range part.Facts() {
		if l.Gap != "" && l.Gap != report.Absent && l.Gap != report.Unsupported {
			s.section.Gaps++
		}
	}
	return s
}

// Report is what follows from all evidence that was added. It ends the builder.
func (b *Builder) Report() *report.Report {
	r := &report.Report{Schema: report.Schema, Minor: report.SchemaMinor, Members: []report.Member{}, Sections: []report.Section{}}
	for _, c := range collectors() {
		s, ok := b.built[c.name]
		if !ok {
			s.section = report.Section{Name: c.name, Outcome: report.OutcomeNotRun, Reason: "not in the evidence"}
		}
		if s.apply != nil {
			s.apply(r)
		}
		r.Sections = append(r.Sections, s.section)
	}
	r.Distinguish()
	r.SetFingerprints()
	return r
}

// Replay makes the report of a package again from its evidence; the run block
// and the list of members, which are not facts, are taken over.
func Replay(ctx context.Context, original *report.Report, evidence []report.Evidence) *report.Report {
	r := Build(ctx, evidence)
	r.Run, r.Members = original.Run, original.Members
	return r
}
