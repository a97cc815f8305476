// Package diff compares reports fact by fact, by the class of each field, and
// says what was compared and what was not. It never says that two boards are
// the same, only that no difference was found in so many facts.
package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// Severity says how much a difference matters.
type Severity string

const (
	Breaking Severity = "breaking" // another hardware revision, or the same unit twice
	Notable  Severity = "notable"  // firmware or software that has to be told of
	Info     Severity = "info"
)

// Change is one difference.
type Change struct {
	Rule     string       `json:"rule"` // class and kind, as in revision.changed
	Severity Severity     `json:"severity"`
	Class    report.Class `json:"class"`
	Path     string       `json:"path"`
	A        string       `json:"a,omitempty"` // canonical JSON of the value, or the gap in parentheses
	B        string       `json:"b,omitempty"`
}

// Result is a comparison.
type Result struct {
	Changes     []Change             `json:"changes"`
	Compared    int                  `json:"compared"`     // facts known on both sides
	NotCompared map[report.Class]int `json:"not_compared"` // facts left out, by class
	Coverage    []Change             `json:"coverage"`     // known on one side only
}

// Differs reports whether there is a difference of that severity.
func (r Result) Differs(s Severity) bool {
	return slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Severity == s })
}

// Compare compares two reports. Volatile facts, and what was plugged in, make
// no difference. Identities say nothing under different pseudonym keys, and
// two units are expected to differ in them.
func Compare(a, b *report.Report) Result {
	r := Result{Changes: []Change{}, Coverage: []Change{}, NotCompared: map[report.Class]int{}}
	left, right := index(a), index(b)
	paths := slices.Sorted(maps.Keys(left))
	for path := range right {
		if _, ok := left[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	said := map[string]bool{}
	for _, path := range paths {
		x, inA := left[path]
		y, inB := right[path]
		class := x.Class
		if !inA {
			class = y.Class
		}
		switch {
		case class == report.ClassVolatile || class == report.ClassEnvironment || x.Class == report.ClassEnvironment || y.Class == report.ClassEnvironment || class == report.ClassIdentity:
			r.NotCompared[class]++
		case inA != inB && x.List+y.List != "" && !elsewhere(left, right, x.List+y.List):
			// The whole device is on one side only: one change, not one a fact.
			list := x.List + y.List
			if said[list] {
				continue
			}
			said[list] = true
			if section := incomplete(a, b, list); section != "" {
				r.Coverage = append(r.Coverage, Change{"coverage." + section, Info, class, list, presence(inA), presence(inB)})
				continue
			}
			rule := "device.added"
			if inA {
				rule = "device.removed"
			}
			r.Changes = append(r.Changes, Change{rule, severity(class), class, list, presence(inA), presence(inB)})
		case x.Value == "" || y.Value == "":
			if x.Gap != y.Gap || x.Value != y.Value {
				r.Coverage = append(r.Coverage, Change{"coverage", Info, class, path, text(x, inA), text(y, inB)})
			}
		default:
			r.Compared++
			if x.Value != y.Value {
				r.Changes = append(r.Changes, Change{string(class) + ".changed", severity(class), class, path, x.Value, y.Value})
			}
		}
	}
	return r
}

func index(r *report.Report) map[string]report.Leaf {
	all := map[string]report.Leaf{}
	for l := range r.Facts() {
		all[l.Path] = l
	}
	return all
}

// elsewhere reports whether both sides know a device.
func elsewhere(left, right map[string]report.Leaf, list string) bool {
	has := func(facts map[string]report.Leaf) bool {
		for _, l := range facts {
			if l.List == list {
				return true
			}
		}
		return false
	}
	return has(left) && has(right)
}

// incomplete returns the section of a list if it did not end well on one side:
// what is not in its list may have been missed.
func incomplete(a, b *report.Report, list string) string {
	top := report.SectionOf(list)
	for _, r := range []*report.Report{a, b} {
		if r.Section(top).Outcome != report.OutcomeOK {
			return top
		}
	}
	return ""
}

func severity(class report.Class) Severity {
	switch class {
	case report.ClassRevision, report.ClassCapability:
		return Breaking
	case report.ClassFirmware, report.ClassSoftware:
		return Notable
	}
	return Info
}

func presence(there bool) string {
	if there {
		return "present"
	}
	return "not present"
}

func text(l report.Leaf, there bool) string {
	switch {
	case !there:
		return "(not asked)"
	case l.Gap != "":
		return "(" + string(l.Gap) + ")"
	}
	return l.Value
}

// Units says what the identities of two reports show.
type Units string

const (
	SameUnit     Units = "the same unit"       // an identity is equal under one key
	OtherUnits   Units = "different units"     // identities differ under one key
	UnknownUnits Units = "not shown to differ" // no identity to compare, or different keys
)

// CompareUnits compares identities of what is soldered to the boards.
func CompareUnits(a, b *report.Report) Units {
	if a.Run.PseudonymKey != b.Run.PseudonymKey {
		return UnknownUnits
	}
	left, right := index(a), index(b)
	result := UnknownUnits
	for path, x := range left {
		y, ok := right[path]
		if !ok || x.Class != report.ClassIdentity || y.Class != report.ClassIdentity || x.Value == "" || y.Value == "" || strings.HasSuffix(path, ".date") {
			continue
		}
		if x.Value == y.Value {
			// One equal serial could be a constant of the product line; only
			// all of them together are one unit.
			if result == UnknownUnits {
				result = SameUnit
			}
			continue
		}
		result = OtherUnits
	}
	return result
}
