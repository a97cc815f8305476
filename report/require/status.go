package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report/page"
)

// Exit statuses of a check. A failure outranks what is inconclusive.
const (
	StatusFine         = 0
	StatusFailed       = 1
	StatusInconclusive = 3
)

// FailOn says which findings count for the exit status. The zero value counts
// the published minimum alone; verdicts without groups count in all of them.
type FailOn struct {
	groups   []Group   // none: Requirement
	verdicts []Verdict // besides fail
}

// ParseFailOn reads the value of -fail-on: groups, and the words warn, unknown
// and ask, which make these verdicts count like fail.
func ParseFailOn(text string) (FailOn, error) {
	var on FailOn
	for _, word := range strings.Split(text, ",") {
		switch {
		case slices.Contains(groups(), Group(word)):
			on.groups = append(on.groups, Group(word))
		case word == string(Warn) || word == string(Unknown) || word == string(Ask):
			on.verdicts = append(on.verdicts, Verdict(word))
		default:
			return FailOn{}, fmt.Errorf("fail-on %q: want groups (requirement, scoping, rig, security, completeness) or warn, unknown, ask", word)
		}
	}
	return on, nil
}

// Status returns the exit status for findings. Waived findings do not count.
// Where there are no findings to count, nothing was decided.
func Status(findings []Finding, on FailOn) int {
	counted := on.groups
	if len(counted) == 0 {
		counted = []Group{Requirement}
	}
	status, n := StatusFine, 0
	for _, f := range findings {
		if !slices.Contains(counted, f.Group) {
			// A verdict that is named without a group counts in all of them.
			if len(on.groups) == 0 && f.Waived == "" && slices.Contains(on.verdicts, f.Verdict) {
				return StatusFailed
			}
			continue
		}
		n++
		switch {
		case f.Waived != "":
		case f.Verdict == Fail || slices.Contains(on.verdicts, f.Verdict):
			return StatusFailed
		case f.Verdict == Unknown || f.Verdict == Ask:
			status = StatusInconclusive
		}
	}
	if n == 0 {
		return StatusInconclusive
	}
	return status
}

// Waiver lets one finding be, for a reason that is shown wherever the finding
// is.
type Waiver struct {
	ID, Reason string
}

// ParseWaiver reads ID=REASON.
func ParseWaiver(text string) (Waiver, error) {
	id, reason, ok := strings.Cut(text, "=")
	reason = page.Clean(reason)
	if !ok || id == "" || reason == "" {
		return Waiver{}, fmt.Errorf("waiver %q: want ID=REASON", text)
	}
	return Waiver{id, reason}, nil
}

// Waive returns the findings with the waivers noted. A waiver for a check that
// does not exist, or for a verdict that its file does not let be, is an error;
// one for a finding that needs none does nothing.
func Waive(findings []Finding, waivers []Waiver) ([]Finding, error) {
	list, err := definitions()
	if err != nil {
		return nil, err
	}
	findings = slices.Clone(findings)
	for _, w := range waivers {
		d := slices.IndexFunc(list, func(d Definition) bool { return d.ID == w.ID })
		k := slices.IndexFunc(findings, func(f Finding) bool { return f.ID == w.ID })
		if d < 0 || k < 0 {
			return nil, fmt.Errorf("waiver for %q: no such check", w.ID)
		}
		switch v := findings[k].Verdict; {
		case v == Pass || v == Info:
		case !slices.Contains(list[d].Waivable, v):
			return nil, fmt.Errorf("%s: a finding of verdict %s cannot be waived", w.ID, v)
		default:
			findings[k].Waived = w.Reason
		}
	}
	return findings, nil
}
