package require

import (
	"fmt"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// withheld says what the run kept to itself, since it could tell which unit this
// is.
func withheld(r *report.Report) answer {
	var facts []string
	for l := range r.Facts() {
		if l.Gap == report.Withheld {
			facts = append(facts, l.Path)
		}
	}
	cut, ok := r.Privacy.SourcesCut.Get()
	switch {
	case len(facts) > 0 || len(cut) > 0:
		a := answer{verdict: Warn, found: fmt.Sprintf("%d facts withheld", len(facts)), facts: facts}
		if len(cut) > 0 {
			a.detail = "Not read whole: " + page.List(cut) + "."
			a.facts = append(a.facts, "privacy.sources_cut")
		}
		return a
	case !ok:
		return answer{verdict: Unknown, found: "privacy.sources_cut: " + r.Privacy.SourcesCut.Why(), facts: []string{"privacy.sources_cut"}}
	}
	return answer{verdict: Pass, facts: []string{"privacy.sources_cut"}}
}
