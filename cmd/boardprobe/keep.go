package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// keep makes the package of a run and reads it as whoever gets it will. A
// section that keeps the package from being read is left out, which its evidence
// says then, so that the others are delivered. built is the report that follows
// from the evidence, if err is nil.
func (o order) keep(built *report.Report, err error, run report.Run, evidence []report.Evidence, progress *progress) (evaluation, error) {
	again := false
	for {
		var e evaluation
		if err == nil {
			built.Run = run
			built.Run.Name = built.PackageName(o.neutral)
			e, err = pack(built, evidence, o.signer)
		}
		switch {
		case err == nil:
			return e, nil
		case errors.Is(err, errDiffers) && again:
			progress.line(fmt.Sprintf("boardprobe: %v", err))
			return e, nil // it can be read, and whoever reads it is told the same
		case errors.Is(err, errDiffers):
			again = true
			built, err = probe.Build(evidence, probe.Collector)
			continue
		}
		section, ok := culprit(evidence)
		if !ok {
			return evaluation{}, fmt.Errorf("no package that can be read: %w", err)
		}
		reason := report.Clean(fmt.Sprintf("left out: with it the package cannot be read: %v", err))
		evidence = without(evidence, section, reason)
		progress.line(sectionLine(report.Evidence{Section: section, Subject: reason}))
		built, err = probe.Build(evidence, probe.Collector)
	}
}

// errDiffers is a fault of this program: the report does not follow from its
// evidence.
var errDiffers = errors.New("the evidence makes another report")

// readable reports why a package cannot be read, or why its report is another
// than its evidence makes.
func readable(packed []byte) error {
	if err := intact(packed); err != nil {
		return err
	}
	p, err := seal.Open(packed)
	if err != nil {
		return err
	}
	record, _ := p.Member(evidenceName)
	return replay(record, p.Files()).makes(p.Report)
}

// intact reports which step of the verification failed.
func intact(packed []byte) error {
	for _, step := range seal.Verify(packed, nil).Steps {
		if step.State == seal.Fail {
			return fmt.Errorf("%s %s: %s", step.Name, step.Member, step.Detail)
		}
	}
	return nil
}

// replayed is what a document of evidence makes with these collectors.
type replayed struct {
	probe.Replayed
	err error
}

// replay reads the evidence and makes the report of it.
func replay(evidence []byte, members map[string][]byte) (again replayed) {
	record, _, err := report.DecodeEvidence(evidence)
	if err != nil {
		return replayed{err: err}
	}
	whole, err := report.Attach(record, members)
	if err != nil {
		return replayed{err: err}
	}
	again.Replayed, again.err = probe.Replay(&report.Report{Run: report.Run{Collector: probe.Collector}}, whole)
	return again
}

// makes reads the report and compares it with what the evidence makes. The run
// and the list of members, which are no facts, are the report's.
func (again replayed) makes(document []byte) error {
	r, _, err := report.Decode(document)
	if err = cmp.Or(err, again.err); err != nil {
		return err
	}
	again.Report.Run, again.Report.Members = r.Run, r.Members
	text, err := report.Encode(again.Report)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(text, document) || len(again.Unasked) > 0:
		return errDiffers
	}
	return nil
}

// culprit names the section to leave out: one that cannot be read alone, else
// the one with most in it.
func culprit(evidence []report.Evidence) (section string, ok bool) {
	largest, whole := 0, 0
	for i := range evidence {
		whole += len(evidence[i].Text) + len(evidence[i].Data)
	}
	const quick = 4 << 20 // to build each section alone takes a second
	for _, name := range probe.Sections() {
		own := slices.DeleteFunc(slices.Clone(evidence), func(e report.Evidence) bool { return e.Section != name })
		if i := len(own) - 1; i < 0 || own[i].Subject == string(report.OutcomeNotRun) {
			continue
		}
		size := 0
		for i := range own {
			const frame = 200 // of a record, and of what is made of it
			size += frame + len(own[i].Text) + len(own[i].Data)
		}
		if whole < quick {
			r, err := probe.Build(own, probe.Collector)
			var document []byte
			if err == nil {
				document, err = report.Encode(r)
			}
			if err == nil {
				_, _, err = report.Decode(document)
			}
			if err != nil {
				return name, true
			}
			size += len(document)
		}
		if size > largest {
			section, largest, ok = name, size, true
		}
	}
	return section, ok
}

// without leaves what a section recorded out, and says so in its end.
func without(evidence []report.Evidence, section, reason string) (rest []report.Evidence) {
	for _, e := range evidence {
		switch {
		case e.Section != section:
			rest = append(rest, e)
		case e.Op == report.OpEnd:
			e.Subject, e.Text, e.N = string(report.OutcomeNotRun), reason, 0
			rest = append(rest, e)
		}
	}
	return rest
}

// evidenceName is the member with the evidence.
const evidenceName = "evidence.json"

// pack judges the report, signs it and everything it rests on into one file, and
// reads that file: what it holds while it is made, on another processor.
func pack(r *report.Report, evidence []report.Evidence, signer *seal.Signer) (evaluation, error) {
	rest, attached := report.Detach(evidence)
	record, err := report.EncodeEvidence(rest)
	if err != nil {
		return evaluation{}, err
	}
	again := make(chan replayed, 1)
	go func() { again <- replay(record, attached) }()
	members := []seal.Member{{Name: evidenceName, Data: record}}
	for name, data := range attached {
		members = append(members, seal.Member{Name: name, Data: data})
	}
	contents, err := seal.Contents(signer, members)
	if err != nil {
		return evaluation{}, err
	}
	r.Members = []report.Member{}
	for _, d := range seal.Digests(contents) {
		r.Members = append(r.Members, report.Member(d))
	}
	document, err := report.Encode(r)
	if err != nil {
		return evaluation{}, err
	}
	if len(document) > report.MaxBytes {
		return evaluation{}, fmt.Errorf("report.json has %d bytes, at most %d are read", len(document), report.MaxBytes)
	}
	read := make(chan error, 1)
	go func() { read <- (<-again).makes(document) }()
	findings := require.Check(r)
	predicate, err := require.Predicate(r, findings, signer.Kind())
	if err != nil {
		return evaluation{}, err
	}
	packed, err := seal.Pack(document, contents, predicate, signer)
	if err == nil {
		err = intact(packed)
	}
	return evaluation{report: r, packed: packed, findings: findings}, cmp.Or(err, <-read)
}
