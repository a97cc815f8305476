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
	w := &system{files: f, live: opt.Root == "", active: opt.Active, names: &names{was: map[string]string{}}, log: new(once[rawLog]), mmio: opt.MMIO, register: opt.Register}
	w.replacer, w.sources = identities(ctx, f, opt.Key)
	if opt.Known != nil {
		opt.Known(w.replacer.Known())
	}
	rest := &budget{left: maxRun}
	var all []report.Evidence
	record := func(e report.Evidence) {
		all = append(all, e)
		if emit != nil {
			emit(e)
		}
	}
	for _, c := range collectors() {
		if slices.Contains(opt.Skip, c.name) {
			continue // its evidence is kept by the parent
		}
		if opt.Only != nil && !slices.Contains(opt.Only, c.name) {
			record(endOf(c.name, report.OutcomeNotRun, report.ReasonLeftOut, 0))
			continue
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
	return report.Evidence{ID: endID(section), Section: section, Op: report.OpEnd, Subject: string(outcome), Text: oneLine(reason), N: asked}
}

// endID is the id of the record that says how a section ended.
func endID(section string) string { return section + "/end" }

// ended is how a collector ended, and what it found.
type ended struct {
	outcome report.Outcome
	reason  string
	found   func(*report.Report) // may be nil
	endless bool                 // a replay asked without end
	listed  listed
}

// runSection runs one collector in its own goroutine, under a deadline, and
// contains its panics. apply, if given, gets what it found.
func runSection(ctx context.Context, c collector, w world, b *budget, timeout time.Duration, emit func(report.Evidence), apply func(func(*report.Report))) (report.Outcome, string, int) {
	if timeout <= 0 {
		timeout = SectionTimeout
	}
	if ctx.Err() != nil {
		return report.OutcomeNotRun, report.ReasonOver, 0
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	h := newHost(ctx, c.name, w, b, emit)
	done := make(chan ended, 1)
	go func() { done <- attempt(ctx, c, h) }()
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

// attempt runs a collector and contains its panics.
func attempt(ctx context.Context, c collector, h *Host) (e ended) {
	defer func() {
		switch p := recover(); p := p.(type) {
		case nil:
		case stop:
			e = ended{outcome: report.OutcomeDeadline, reason: "no end in time"}
		case full:
			e = ended{outcome: report.OutcomeDeadline, reason: "there is no room for more answers"}
		case lost:
			panic(p)
		default:
			e = ended{outcome: report.OutcomePanic, reason: fmt.Sprint(p)}
		}
	}()
	growStack()
	found, err := c.run(ctx, h)
	if err != nil {
		return ended{outcome: report.OutcomeError, reason: err.Error(), found: found, listed: h.listed}
	}
	return ended{outcome: report.OutcomeOK, found: found, listed: h.listed}
}

// growStack makes the stack of a new goroutine as large as a section needs it: to
// double it step by step copies it each time.
//
//go:noinline
func growStack() {
	var frame [24 << 10]byte
	runtime.KeepAlive(&frame)
}
