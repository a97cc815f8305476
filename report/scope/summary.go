package scope

import (
	"cmp"
	"slices"
	"time"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// Case is what a summary is made of.
type Case struct {
	Report   *report.Report
	Findings []require.Finding // of Report, with what was waived
	Word     string            // whose word the package is, in one line
	On       time.Time         // the day it is judged for
}

// Summary is the front page: what a board is, and what that means for balenaOS.
// Every text is one line of printable ASCII.
type Summary struct {
	AsOf     string        `json:"as_of"` // the day it is judged for, YYYY-MM-DD
	Board    string        `json:"board"`
	Word     string        `json:"word"`
	What     []Line        `json:"what"`     // what it is
	Minimums []Minimum     `json:"minimums"` // the published ones
	Stops    []Item        `json:"stops"`    // what stops a quote
	Paths    []Path        `json:"paths"`    // to balenaOS, the cheapest kind first
	Nearest  []Candidate   `json:"nearest"`  // device types, nearest first, at most maxCandidates
	Work     []Item        `json:"work"`     // what raises the work, by its groups
	Risks    []Item        `json:"risks"`    // what can go wrong
	NotKnown []Open        `json:"not_known"`
	Media    []Medium      `json:"media"`    // balenaOS on each internal medium
	Firmware []Firmware    `json:"firmware"` // of radios
	Yocto    []Ride        `json:"yocto,omitempty"`
	Asks     int           `json:"asks"`    // topics that are open to the customer
	Decided  int           `json:"decided"` // checks that are answered
	Checks   int           `json:"checks"`
	Tables   []desk.Source `json:"tables"`
}

// Line is one thing that a board is.
type Line struct {
	Name  string       `json:"name"`
	Text  string       `json:"text"`
	Basis report.Basis `json:"basis,omitempty"` // the weakest of its facts
	Facts []string     `json:"facts"`
}

// Minimum is a published requirement.
type Minimum struct {
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Verdict require.Verdict `json:"verdict"`
	Found   string          `json:"found"`
	Waived  string          `json:"waived,omitempty"`
}

// Item is a finding and what it means.
type Item struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	require.Consequence
	Asked  bool     `json:"asked"` // it is not seen, but asked for: an answer can take it away
	Facts  []string `json:"facts"`
	Waived string   `json:"waived,omitempty"`
}

// Open is what a report cannot say, and what would settle it.
type Open struct {
	ID     string `json:"id"`
	What   string `json:"what"`
	Found  string `json:"found,omitempty"`
	Settle string `json:"settle"`
}

// maxCandidates is how many device types a summary names.
const maxCandidates = 8

// Of makes the summary of a case.
func Of(c Case) Summary {
	r := c.Report
	id := IdentityOf(r)
	nearest := Candidates(id)
	s := Summary{
		AsOf: c.On.Format(time.DateOnly), Board: require.BoardText(r), Word: c.Word,
		What: whatItIs(r, c.Findings), Media: mediaOf(r), Firmware: firmwareOf(r), Checks: len(c.Findings), Tables: desk.ScopeSources(),
		Nearest: nearest[:min(len(nearest), maxCandidates)],
	}
	kernel, rides, known := ridesOf(r, c.On)
	if known {
		s.Yocto = rides
	}
	items := []Item{}
	if i, ok := kernelItem(r, kernel, rides, known, c.On); ok {
		items = append(items, i)
	}
	items = append(items, layoutItems(s.Media)...)
	for _, f := range c.Findings {
		if f.Verdict != require.Unknown && f.Verdict != require.Ask {
			s.Decided++
		}
		if f.Group == require.Requirement {
			s.Minimums = append(s.Minimums, Minimum{f.ID, f.Title, f.Verdict, f.Found, f.Waived})
		}
		items = append(items, itemOf(f))
		if f.Verdict == require.Unknown && f.Waived == "" {
			s.NotKnown = append(s.NotKnown, Open{f.ID, f.Title, f.Found, cmp.Or(f.Remedy, f.Question)})
		}
	}
	for _, i := range items {
		switch {
		case i.Waived != "":
		case i.Effect == require.Blocks:
			s.Stops = append(s.Stops, i)
		case i.Effect == require.Effort:
			s.Work = append(s.Work, i)
		case i.Effect == require.Risk && !i.Asked:
			s.Risks = append(s.Risks, i)
		}
	}
	slices.SortStableFunc(s.Work, func(a, b Item) int {
		return cmp.Or(compareBool(a.Asked, b.Asked), cmp.Compare(rankOf(b.Size), rankOf(a.Size)),
			cmp.Compare(slices.Index(require.Works(), a.Work), slices.Index(require.Works(), b.Work)))
	})
	s.Asks = len(require.Open(c.Findings))
	if next := require.NextRun(r); next != "" {
		s.NotKnown = append([]Open{{"completeness.sight", "what another run would see", "", next}}, s.NotKnown...)
	}
	for _, text := range require.NotSeen(r) {
		s.NotKnown = append(s.NotKnown, Open{"completeness.sections", text, "", ""})
	}
	s.Paths = pathsOf(r, id, nearest, c.Findings)
	return s
}

// itemOf is what a finding means. A question stands for what its answer would mean.
func itemOf(f require.Finding) Item {
	return Item{
		ID: f.ID, Text: itemText(f), Consequence: f.Consequence, Facts: f.Facts, Waived: f.Waived,
		Asked: f.Verdict == require.Ask || f.Verdict == require.Unknown,
	}
}

func itemText(f require.Finding) string {
	switch {
	case f.Found != "" && f.Verdict != require.Ask:
		return f.Title + ": " + f.Found
	case f.Verdict == require.Ask:
		return f.Title
	}
	return f.Title + ": " + f.Detail
}

func rankOf(s require.Size) int {
	return slices.Index([]require.Size{"", require.Small, require.Medium, require.Large}, s)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
