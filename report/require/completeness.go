package require

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// sections decides completeness.sections: did every section end well?
func sections(r *report.Report) answer {
	a := answer{verdict: Pass, facts: []string{"sections"}}
	var bad, left []string
	for _, s := range r.Sections {
		words := s.Name + " (" + string(s.Outcome)
		if s.Reason != "" {
			words += ": " + s.Reason
		}
		words += ")"
		switch s.Outcome {
		case report.OutcomeOK:
		case report.OutcomeNotRun:
			left = append(left, words)
		default:
			bad = append(bad, words)
		}
	}
	switch {
	case len(r.Sections) == 0:
		a.verdict = Unknown
		a.detail = "The report lists no sections."
	case len(bad) > 0:
		a.verdict = Warn
		a.found = strings.Join(append(bad, left...), ", ")
		a.detail = "What these sections have may be only a part of what there is."
	case len(left) > 0:
		a.verdict = Info
		a.found = strings.Join(left, ", ")
		a.detail = "These sections were left out."
	default:
		a.found = fmt.Sprintf("all %d sections", len(r.Sections))
		a.detail = "Every section ended as planned."
	}
	return a
}

// placeholders decides identity.placeholder: does the board name itself with
// text that means nothing?
func placeholders(r *report.Report) answer {
	if a, bad := unlisted(r, "identity"); bad {
		return a
	}
	a := answer{verdict: Pass}
	var list []string
	n := 0
	for l := range r.FactsOf("identity") {
		if l.Gap == report.Invalid && strings.Contains(l.Note, "placeholder") {
			list = append(list, l.Path+" ("+l.Note+")")
			a.facts = append(a.facts, l.Path)
			continue
		}
		var value string
		if l.Gap != "" || json.Unmarshal([]byte(l.Value), &value) != nil {
			continue // a gap, or a list
		}
		n++
		if is, reason := boards.Placeholder(value); is {
			list = append(list, l.Path+": "+value+" ("+reason+")")
			a.facts = append(a.facts, l.Path)
		}
	}
	switch {
	case len(list) > 0:
		a.verdict = Info
		a.found = strings.Join(list, ", ")
		a.detail = "These values do not tell boards apart and should be set in production."
	case n == 0:
		a.verdict = Unknown
		a.detail = "No identity is known."
	default:
		a.found = fmt.Sprintf("none among %d values", n)
		a.detail = "No value is a known placeholder."
	}
	return a
}
