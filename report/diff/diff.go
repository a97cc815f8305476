// Package diff compares reports fact by fact, by the class of each field, and
// says what was compared and what was not. It never says that two boards are
// the same, only that no difference was found in so many facts.
package diff

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
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
	Hardware    int                  `json:"hardware"`     // of these, those of which another value would be breaking
	NotCompared map[report.Class]int `json:"not_compared"` // facts left out, by class
	Coverage    []Change             `json:"coverage"`     // known on one side only
}

// Differs reports whether there is a difference of that severity.
func (r Result) Differs(s Severity) bool {
	return slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Severity == s })
}

// Compare compares two reports. Volatile facts, and what was plugged in, make
// no difference. Identities say nothing under different pseudonym keys, and
// two units are expected to differ in them. That a thing is absent is an answer;
// what one side could not see is no difference.
func Compare(a, b *report.Report) Result {
	r := Result{Changes: []Change{}, Coverage: []Change{}, NotCompared: map[report.Class]int{}}
	left, right := index(a), index(b)
	paths := slices.Collect(maps.Keys(left.facts))
	for path := range right.facts {
		if _, ok := left.facts[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	said := map[string]bool{}
	for _, path := range paths {
		x, inA := left.facts[path]
		y, inB := right.facts[path]
		class := stronger(x.Class, y.Class)
		if path == "fingerprint" || path == "bom" {
			continue // digests of facts that are compared themselves
		}
		if claimed(path) {
			r.claim(path, x, y)
			continue
		}
		if list, there := oneSided(left, right, cmp.Or(x.List, y.List)); list != "" {
			// The whole device is on one side only: one change, not one a fact.
			if said[list] {
				continue
			}
			said[list] = true
			has := left
			if !there {
				has = right
			}
			of := has.lists[list]
			if disk := has.diskOf(list); disk != "" {
				if element, _ := oneSided(left, right, disk); element != "" {
					continue // said of the disk
				}
				of = has.lists[disk]
			}
			if strings.HasPrefix(list, "storage[") && has.facts[list+".attached"].Gap != "" {
				r.maybe(list, there) // a module, or the board's: who could say
				continue
			}
			other := left
			if there {
				other = right
			}
			r.device(a, b, list, there, of, other)
			continue
		}
		switch {
		case class == report.ClassVolatile || class == report.ClassEnvironment || class == report.ClassIdentity:
			r.NotCompared[class]++
		case !answered(x, inA) || !answered(y, inB):
			if x.Gap != y.Gap || x.Value != y.Value {
				r.Coverage = append(r.Coverage, Change{"coverage", severity(class), class, path, text(x, inA), text(y, inB)})
			}
		default:
			r.Compared++
			if severity(class) == Breaking {
				r.Hardware++
			}
			if x.Value != y.Value {
				r.Changes = append(r.Changes, Change{string(class) + ".changed", severity(class), class, path, text(x, inA), text(y, inB)})
			}
		}
	}
	return r
}

// device adds a device that one side has. Where the other side could not have seen
// it, because its section did not end well or it had fewer of the kernel's modules,
// that is no difference.
func (r *Result) device(a, b *report.Report, list string, inA bool, class report.Class, other indexed) {
	rule := "device.added"
	has, lacks := b, a
	if inA {
		rule, has, lacks = "device.removed", a, b
	}
	section := report.SectionOf(list)
	switch {
	case class == report.ClassEnvironment || class == report.ClassVolatile || class == report.ClassIdentity:
		r.NotCompared[class]++
	case !whole(lacks.Section(section)) || has.Section(section).Outcome != report.OutcomeOK:
		r.Coverage = append(r.Coverage, Change{"coverage." + section, severity(class), class, list, presence(inA), presence(!inA)})
	case unseen(lacks, other, list):
		r.Coverage = append(r.Coverage, Change{"coverage.seen", severity(class), class, list, presence(inA), presence(!inA)})
	case strings.Contains(list, "[by-name/") || byDriver(list) && sight(lacks) < sight(has):
		r.Coverage = append(r.Coverage, Change{"coverage.sight", severity(class), class, list, presence(inA), presence(!inA)})
	default:
		r.Compared++
		if severity(class) == Breaking {
			r.Hardware++
		}
		r.Changes = append(r.Changes, Change{rule, severity(class), class, list, presence(inA), presence(!inA)})
	}
}

// unseen reports whether an element that is not in a report says nothing: of sources
// of a statement, of which each is asked for itself; of processors, which every board
// has; in a folder of files, where a list that was copied without its links is empty;
// and in a list that knows elements by their names alone.
func unseen(r *report.Report, all indexed, list string) bool {
	top, _, _ := strings.Cut(list, "[")
	empty, nameless := true, false
	for other := range all.lists {
		if strings.HasPrefix(other, top+"[") {
			empty = false
			nameless = nameless || strings.HasPrefix(other, top+"[by-name/")
		}
	}
	switch {
	case top == "memory.claims", nameless:
		return true
	case empty:
		return top == "cpu.types" || r.Sight.World.Value == report.WorldRoot
	}
	return false
}

// whole reports whether what is not in a section is not there, as far as it looked: it
// ended well, and understood every entry.
func whole(s report.Section) bool {
	return s.Outcome == report.OutcomeOK && s.Understood >= s.Entries
}

// maybe adds a disk that one side has, of which nobody can see whether it belongs to
// the board.
func (r *Result) maybe(list string, inA bool) {
	r.Coverage = append(r.Coverage, Change{"coverage.attached", severity(report.ClassRevision), report.ClassRevision, list, presence(inA), presence(!inA)})
}

// byDriver reports whether a list has what a driver makes visible. Processors,
// memory and what firmware says are there without any.
func byDriver(list string) bool {
	top, _, _ := strings.Cut(list, "[")
	return !slices.Contains([]string{"cpu.types", "memory.modules", "memory.claims", "boot.options", "distribution.packages", "device_tree"}, top)
}

// sight ranks what of the kernel's modules a run had.
func sight(r *report.Report) int {
	if r.Sight.World.Value == report.WorldRoot {
		return 0
	}
	return 1 + slices.Index([]string{"none", "some", "all"}, r.Sight.Modules.Value)
}

// claimed reports whether a fact is what people state.
func claimed(path string) bool { return strings.HasPrefix(path, "claims[") }

// Labels that name a revision of the hardware.
var revisionLabels = []string{"claims[" + report.StatedLabel + "hw].value", "claims[" + report.StatedLabel + "revision].value"}

// RuleRevisions is the rule of labels that say that two revisions are compared.
const RuleRevisions = "label.revisions"

// claim compares what people stated: that two revisions are compared is worth a
// word, other labels and tickets never count.
func (r *Result) claim(path string, x, y report.Leaf) {
	if !slices.Contains(revisionLabels, path) || x.Value == "" || y.Value == "" {
		r.NotCompared[report.ClassEnvironment]++
		return
	}
	r.Compared++
	if x.Value != y.Value {
		r.Changes = append(r.Changes, Change{RuleRevisions, Info, report.ClassRevision, path, x.Value, y.Value})
	}
}

// Inconclusive reports whether a fact of which another value would be breaking was
// seen on one side and could not be seen on the other, or nothing of the hardware was
// seen on both.
func (r Result) Inconclusive() bool {
	return r.Hardware == 0 || slices.ContainsFunc(r.Coverage, func(c Change) bool {
		return c.Severity == Breaking && (c.Rule != "coverage" || seen(c.A) != seen(c.B))
	})
}

// seen reports whether a side of a change is an answer.
func seen(side string) bool {
	return !strings.HasPrefix(side, "(") || side == "("+string(report.Absent)+")"
}

// indexed is the facts of a report by path, and the strongest class among the facts
// of each element of a list: what its loss means.
type indexed struct {
	facts map[string]report.Leaf
	lists map[string]report.Class
}

func index(r *report.Report) indexed {
	all := indexed{map[string]report.Leaf{}, map[string]report.Class{}}
	for l := range r.Facts() {
		all.facts[l.Path] = l
		if l.List != "" {
			all.lists[l.List] = stronger(all.lists[l.List], l.Class)
		}
	}
	return all
}

// diskOf returns the storage that a boot medium is on, "" for what is none.
func (x indexed) diskOf(list string) string {
	place, ok := strings.CutPrefix(list, "boot.media[")
	for place = strings.TrimSuffix(place, "]"); ok && place != ""; {
		if disk := "storage[" + place + "]"; x.lists[disk] != "" {
			return disk
		}
		i := strings.LastIndex(place, "/")
		place = place[:max(i, 0)]
	}
	return ""
}

// oneSided returns the outermost element of a list around another that one side does
// not have, and whether the left side has it.
func oneSided(left, right indexed, list string) (element string, inA bool) {
	for i := 0; i < len(list); i++ {
		if list[i] != ']' {
			continue
		}
		at := list[:i+1]
		_, inLeft := left.lists[at]
		_, inRight := right.lists[at]
		if inLeft != inRight {
			return at, inLeft
		}
	}
	return "", false
}

// stronger is the class whose change matters more.
func stronger(a, b report.Class) report.Class {
	order := []report.Class{
		report.ClassVolatile, report.ClassEnvironment, report.ClassIdentity, report.ClassSoftware, report.ClassFirmware, report.ClassCapability, report.ClassRevision,
	}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// answered reports whether a side says something: a value, or that there is none.
func answered(l report.Leaf, there bool) bool {
	return there && (l.Gap == "" && l.Value != "" || l.Gap == report.Absent)
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

// CompareUnits compares what identifies a unit: serial numbers of the board, its SoC
// and soldered media, and addresses that are burnt in. Where these contradict each
// other, as behind a part that was replaced, nothing is shown.
func CompareUnits(a, b *report.Report) Units {
	if a.Run.PseudonymKey != b.Run.PseudonymKey {
		return UnknownUnits
	}
	left, right := index(a), index(b)
	equal, different := 0, 0
	for path, x := range left.facts {
		y, ok := right.facts[path]
		switch {
		case !ok || x.Value == "" || y.Value == "" || !identifies(left, x) || !identifies(right, y):
		case x.Value == y.Value:
			equal++
		default:
			different++
		}
	}
	switch {
	case equal > 0 && different == 0:
		return SameUnit
	case different > 0 && equal == 0:
		return OtherUnits
	}
	return UnknownUnits
}

// identifies reports whether a fact tells one unit from others of its board.
func identifies(of indexed, l report.Leaf) bool {
	if l.Class != report.ClassIdentity { // of what is not soldered it is another
		return false
	}
	var value string
	if json.Unmarshal([]byte(l.Value), &value) == nil {
		if filler, _ := boards.Placeholder(value); filler { // of many boards
			return false
		}
	}
	list, field := l.List, l.Path[strings.LastIndex(l.Path, ".")+1:]
	top, _, _ := strings.Cut(l.Path, "[")
	switch top {
	case "identity.serial", "identity.board_serial", "identity.soc_serial", "identity.product_uuid":
		return true
	case "storage":
		return field == "serial" || field == "cid"
	case "network":
		return field == "permanent_mac" || field == "mac" && of.facts[list+".mac_origin"].Value == `"permanent"`
	case "bluetooth":
		return field == "address" && of.facts[list+".address_flaw"].Value == ""
	case "modems":
		return field == "equipment"
	}
	return false
}
