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

// sightText puts in words what the run was able to see, and whether that is
// all that a run can.
func sightText(r *report.Report) (text string, full bool) {
	s := &r.Sight
	full = true
	var words []string
	add := func(ok bool, good, bad string) {
		full = full && ok
		switch {
		case ok && good != "":
			words = append(words, good)
		case !ok:
			words = append(words, bad)
		}
	}
	live := valueOf(s.World) == report.WorldLive
	if valueOf(s.World) == report.WorldRoot {
		add(false, "", "a folder of recorded files")
	}
	add(s.Root.OK() && s.Root.Value, "root", "not root")
	switch origin := valueOf(s.KernelOrigin); origin {
	case report.OriginVendor:
		words = append(words, "vendor kernel")
	case report.OriginOurs:
		add(false, "", "the probe's kernel")
	default:
		add(false, "", "kernel of unknown origin")
	}
	some := func(f report.Fact[string], what string) string {
		switch valueOf(f) {
		case "none":
			return "no " + what
		case "some":
			return "some " + what
		}
		return what + " not known"
	}
	add(valueOf(s.Modules) == "all", "all modules", some(s.Modules, "modules"))
	switch {
	case live:
		add(valueOf(s.Firmware) == "all", "all firmware", some(s.Firmware, "firmware"))
	default:
		add(valueOf(s.Firmware) == "all", "firmware packed", some(s.Firmware, "firmware"))
	}
	if !live {
		add(s.Settled.OK() && s.Settled.Value, "", "devices still appearing")
	}
	if n, ok := s.DeferredProbes.Get(); ok && n > 0 {
		words = append(words, fmt.Sprintf("devices without a driver yet: %d", n))
	}
	prefix := "limited: "
	if full {
		prefix = "full: "
	}
	return prefix + strings.Join(words, ", "), full
}

// sight decides completeness.sight: could this run see what there is?
func sight(r *report.Report) answer {
	text, full := sightText(r)
	a := answer{verdict: Pass, found: text, facts: []string{"sight.root", "sight.world", "sight.kernel_origin", "sight.modules", "sight.firmware", "sight.settled", "sight.deferred_probes"}}
	a.detail = "Nothing limited what this run could see."
	if !full {
		a.verdict = Warn
		a.detail = "What this run did not see may still be there."
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
