package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
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
	heading(&b, "Questions", r)
	b.WriteByte('\n')
	n := 0
	var body strings.Builder
	for _, f := range findings {
		if f.Waived != "" || f.Verdict != Ask && f.Verdict != Unknown && f.Verdict != Warn || f.Question == "" {
			continue
		}
		n++
		fmt.Fprintf(&body, "\n%*d. [%s]\n", numberWidth-2, n, f.ID)
		block(&body, "", f.Question, numberWidth)
		if k := slices.IndexFunc(list, func(d Definition) bool { return d.ID == f.ID }); k >= 0 {
			block(&body, "", "Why it matters: "+list[k].Impact, numberWidth)
		}
		if f.Found != "" {
			block(&body, "", "This report has: "+f.Found, numberWidth)
		}
		if f.Verdict == Unknown {
			block(&body, "", "Not decided: "+f.Detail, numberWidth)
		}
	}
	if n == 0 {
		b.WriteString("Nothing remains to be asked.\n")
		return b.String()
	}
	block(&b, "", fmt.Sprintf("A program cannot read the answers to these %d questions from the board. Please answer what you can, naming the number or the word in brackets, "+
		"and send the answers with the report. \"Not known yet\" is an answer, too.", n), 0)
	b.WriteString(body.String())
	return b.String()
}
