package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// Topic is what is asked of one person at one time: the questions of all its checks
// that are open.
type Topic struct {
	Name  string `json:"topic"`
	Who   string `json:"who"` // knows the answer
	Title string `json:"title"`
	If    string `json:"if,omitempty"` // when it need be answered at all
}

// Whom a topic is for.
const (
	whoContact    = "whoever answers"
	whoPurchasing = "purchasing or product management"
	whoFirmware   = "a firmware engineer"
	whoDesigner   = "the designer of the board"
)

// Topics are in the order in which people can answer.
func Topics() []Topic {
	const noLayer = "only if there is no Yocto layer that its vendor supports"
	return []Topic{
		{"contact", whoContact, "Contact", ""},
		{"dates", whoPurchasing, "Dates and revisions", ""},
		{"boards", whoPurchasing, "Boards to send", ""},
		{"public", whoPurchasing, "What may be public", ""},
		{"conditions", whoPurchasing, "Conditions and support", ""},
		{"maintenance", whoPurchasing, "Changes later", ""},
		{"form", whoPurchasing, "Form", ""},
		{"layer", whoFirmware, "Yocto layer", ""},
		{"sources", whoFirmware, "Sources", noLayer},
		{"linux", whoFirmware, "Linux of today", ""},
		{"firmware", whoFirmware, "Firmware of radios and others", ""},
		{"security", whoFirmware, "Signed loaders", ""},
		{"documents", whoDesigner, "Documents", ""},
		{"booting", whoDesigner, "How it boots", ""},
		{"memory", whoDesigner, "RAM and storage", ""},
		{"peripherals", whoDesigner, "Peripherals", ""},
		{"rig", whoDesigner, "Test rig", ""},
		{"report", whoFirmware, "What this report contradicts", ""},
	}
}

// Question is a topic that is open.
type Question struct {
	Topic
	IDs   []string `json:"ids"`   // of the checks
	Ask   []string `json:"ask"`   // one sentence or more of each
	Why   string   `json:"why"`   // it matters: of the first check
	Found []string `json:"found"` // what the report has already
	Note  []string `json:"note"`  // what there is to know
}

// Open gathers the questions of findings that ask or do not decide and that nobody
// waived, by topic. What another run of the probe settles is put to nobody.
func Open(findings []Finding) []Question {
	list, err := definitions()
	if err != nil {
		return nil // the tests load the same files
	}
	var open []Question
	for _, topic := range Topics() {
		q := Question{Topic: topic, Found: []string{}, Note: []string{}}
		for _, f := range findings {
			k := slices.IndexFunc(list, func(d Definition) bool { return d.ID == f.ID })
			if k >= 0 && list[k].Topic == topic.Name && list[k].Verdict == Info {
				q.Note = append(q.Note, f.Detail)
			}
			if k < 0 || list[k].Topic != topic.Name || !asks(f) ||
				slices.ContainsFunc(findings, func(other Finding) bool { return asks(other) && asksFor(other.ID, f.ID) }) {
				continue
			}
			q.IDs = append(q.IDs, f.ID)
			if !slices.Contains(q.Ask, f.Question) {
				q.Ask = append(q.Ask, f.Question)
			}
			if q.Why == "" {
				q.Why = list[k].Impact
			}
			switch {
			case f.Found != "":
				q.Found = append(q.Found, f.Found)
			case f.Verdict == Unknown:
				q.Found = append(q.Found, f.Detail)
			}
		}
		if len(q.IDs) > 0 {
			open = append(open, q)
		}
	}
	return open
}

// numberWidth is that of the number of a question, with text below it.
const numberWidth = 4

// Questions returns what remains to be asked of the customer, as plain text of
// at most 79 columns of printable ASCII with single newlines, grouped by who knows.
func Questions(r *report.Report, findings []Finding) string {
	var b strings.Builder
	Heading(&b, "Questions", r)
	b.WriteByte('\n')
	open := Open(findings)
	if len(open) == 0 {
		b.WriteString("Nothing remains to be asked.\n")
		return b.String()
	}
	page.Block(&b, "", fmt.Sprintf("The report leaves these %d topics open. Please answer what you can, naming the number or a word in brackets, "+
		"and send the answers with the report. \"Not known yet\" is an answer, too.", len(open)), 0)
	who := ""
	for i, q := range open {
		if q.Who != who {
			who = q.Who
			page.Block(&b, "", "", 0)
			page.Block(&b, "", "For "+who, 0)
		}
		title := q.Title
		if q.If != "" {
			title += ", " + q.If
		}
		fmt.Fprintf(&b, "\n")
		page.Block(&b, fmt.Sprintf("%*d.", numberWidth-2, i+1), title+" ["+strings.Join(q.IDs, "] [")+"]", numberWidth)
		for _, text := range q.Ask {
			page.Block(&b, "", text, numberWidth)
		}
		page.Block(&b, "", "Why it matters: "+q.Why, numberWidth)
		for _, text := range q.Note {
			page.Block(&b, "", "To know: "+text, numberWidth)
		}
		if len(q.Found) > 0 {
			page.Block(&b, "", "This report has: "+strings.Join(q.Found, "; "), numberWidth)
		}
	}
	return b.String()
}

// asks reports whether a finding has a question that is still open.
func asks(f Finding) bool {
	return f.Waived == "" && (f.Verdict == Ask || f.Verdict == Unknown || f.Verdict == Warn) && f.Question != "" && (!f.Ours || f.Group == Requirement)
}

// asksFor reports whether the question of one check has the answer to that of
// another in it, so that nobody is asked twice: which parts of RAM are fitted,
// who holds the keys, how many boards are sent.
func asksFor(one, other string) bool {
	switch other {
	case "cds.ram":
		return one == "conflict.ram"
	case "console.dram":
		return one == "conflict.ram" || one == "cds.ram"
	case "console.secure-boot":
		return one == "security.closed"
	}
	return false
}
