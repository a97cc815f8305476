package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// Widths of the questions: a number, and text below it.
const numberWidth = 4

// Questions returns what remains to be asked of the customer, as plain text of
// at most 79 columns of printable ASCII with single newlines: the questions of
// all findings that ask or do not decide and that nobody waived.
func Questions(r *report.Report, findings []Finding) string {
	list, err := definitions()
	if err != nil {
		return "" // the tests load the same files
	}
	var b strings.Builder
	Heading(&b, "Questions", r)
	b.WriteByte('\n')
	n := 0
	var body strings.Builder
	for _, f := range findings {
		if !asks(f) || slices.ContainsFunc(findings, func(other Finding) bool { return asks(other) && asksFor(other.ID, f.ID) }) {
			continue
		}
		n++
		fmt.Fprintf(&body, "\n%*d. [%s]\n", numberWidth-2, n, f.ID)
		page.Block(&body, "", f.Question, numberWidth)
		if k := slices.IndexFunc(list, func(d Definition) bool { return d.ID == f.ID }); k >= 0 {
			page.Block(&body, "", "Why it matters: "+list[k].Impact, numberWidth)
		}
		if f.Found != "" {
			page.Block(&body, "", "This report has: "+f.Found, numberWidth)
		}
		if f.Verdict == Unknown {
			page.Block(&body, "", "Not decided: "+f.Detail, numberWidth)
		}
	}
	if n == 0 {
		b.WriteString("Nothing remains to be asked.\n")
		return b.String()
	}
	page.Block(&b, "", fmt.Sprintf("The report leaves these %d questions open. Please answer what you can, naming the number or the word in brackets, "+
		"and send the answers with the report. \"Not known yet\" is an answer, too.", n), 0)
	b.WriteString(body.String())
	return b.String()
}

// asks reports whether a finding has a question that is still open.
func asks(f Finding) bool {
	return f.Waived == "" && (f.Verdict == Ask || f.Verdict == Unknown || f.Verdict == Warn) && f.Question != ""
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
