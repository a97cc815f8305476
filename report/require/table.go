package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// TableOptions is what the table shows and the report does not have.
type TableOptions struct {
	// Signed says by what the report is signed and who vouches for it, without
	// the word signed. Empty: the line is left out.
	Signed string
	// Console says where the log of the console is from. Empty: there is none.
	Console string
}

// tableRows are the checks of the table, in its order.
func tableRows() []string {
	return []string{"cds.ram", "cds.storage", "cds.storage-kind", "cds.kernel"}
}

// Table returns the verdict table: at most 79 columns of printable ASCII, from
// the line that names the board to the line that says by what it is signed.
// How the package left the board is for the caller to add.
func Table(r *report.Report, findings []Finding, opts TableOptions) string {
	var b strings.Builder
	Heading(&b, "boardprobe "+r.Run.Probe, r)
	fmt.Fprintf(&b, "%-*s%-*s%-*s%s\n", labelWidth, "requirement", verdictWidth, "verdict", foundWidth, "found", "needed")
	for _, id := range tableRows() {
		for _, f := range findings {
			if f.ID == id {
				row(&b, f)
			}
		}
	}
	b.WriteString(ConsoleTable(findings, opts.Console))
	text, _ := sightText(r)
	page.Block(&b, "sight", text, labelWidth)
	if next := NextRun(r); next != "" {
		page.Block(&b, "second run", next, labelWidth)
	}
	for i, text := range NotSeen(r) {
		if opts.Console != "" && consoleSaid(findings) {
			text = strings.TrimSuffix(text, logConsole)
		}
		label := "not seen"
		if i > 0 {
			label = ""
		}
		page.Block(&b, label, text, labelWidth)
	}
	if opts.Signed != "" {
		page.Block(&b, "signed", opts.Signed, labelWidth)
	}
	return b.String()
}

// ConsoleTable is what the log of a console said, where there is one; from is where
// it was read.
func ConsoleTable(findings []Finding, from string) string {
	if from == "" {
		return ""
	}
	var b strings.Builder
	if !consoleSaid(findings) {
		page.Block(&b, "console", "nothing that a loader prints was recognised: log it from power-on. Read in "+from, labelWidth)
		return b.String()
	}
	fmt.Fprintf(&b, "%-*s%-*s%s\n", labelWidth, "console", verdictWidth, "verdict", "found; read at the desk, not signed by the board")
	for _, id := range consoleRows() {
		for _, f := range findings {
			if f.ID == id && f.Found != "" {
				row(&b, f)
			}
		}
	}
	page.Block(&b, "said in", from, labelWidth)
	return b.String()
}

// consoleSaid reports whether the console said anything.
func consoleSaid(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Found != "" && slices.Contains(consoleRows(), f.ID) })
}

// Heading names what a page is, the board, the run and what was stated, with three
// spaces between them. what can be empty.
func Heading(b *strings.Builder, what string, r *report.Report) {
	var parts []string
	if what != "" {
		parts = append(parts, what)
	}
	if model := BoardText(r); model != "" {
		parts = append(parts, model)
	}
	if list, ok := r.Identity.Compatible.Get(); ok && len(list) > 0 && list[0] != BoardText(r) {
		parts = append(parts, list[0])
	}
	parts = append(parts, "run "+r.Run.ID)
	for _, s := range r.Claims {
		if value, ok := s.Value.Get(); ok {
			parts = append(parts, strings.TrimPrefix(s.Name, report.StatedLabel)+" "+value)
		}
	}
	var lines []string
	for _, p := range parts {
		p = page.Clean(p)
		if n := len(lines); n > 0 && len(lines[n-1])+3+len(p) <= page.Width {
			lines[n-1] += "   " + p
			continue
		}
		first := page.Width // of the heading; the others are indented
		if len(lines) > 0 {
			first = page.Width - labelWidth
		}
		for _, text := range page.Wrap(p, first, page.Width-labelWidth) {
			if len(lines) > 0 {
				text = strings.Repeat(" ", labelWidth) + text
			}
			lines = append(lines, text)
		}
	}
	b.WriteString(strings.Join(lines, "\n") + "\n")
}

// BoardText is what the board calls itself.
func BoardText(r *report.Report) string {
	if model := valueOf(r.Identity.Model); model != "" {
		return model
	}
	return strings.TrimSpace(valueOf(r.Identity.Vendor) + " " + valueOf(r.Identity.Product))
}

// row writes one requirement. What does not fit its column, and why a verdict
// is not a pass, goes below, indented as far as the verdict.
func row(b *strings.Builder, f Finding) {
	lines := page.Wrap(page.Clean(f.Found), foundWidth-1, page.Width-labelWidth)
	line := fmt.Sprintf("%-*s%-*s%-*s%s", labelWidth, f.Title, verdictWidth, strings.ToUpper(string(f.Verdict)), foundWidth, lines[0], f.Needed)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	for _, line := range lines[1:] {
		fmt.Fprintf(b, "%*s%s\n", labelWidth, "", line)
	}
	if f.Verdict != Pass {
		page.Block(b, "", f.Detail, labelWidth)
	}
	if f.Waived != "" {
		page.Block(b, "", "waived: "+f.Waived, labelWidth)
	}
}

// logConsole is the other way to see what switches decide.
const logConsole = ", or log the console from power-on"

// NotSeen lists what this run could not see, and how to settle it.
func NotSeen(r *report.Report) []string {
	var list []string
	_, switches, none, _ := switchHint(r)
	fromFirmware := !r.Identity.Compatible.OK() && (r.Identity.Product.OK() || r.Identity.FirmwareVendor.OK())
	switch {
	case none:
	case len(switches) > 0:
		list = append(list, "boot switches: photograph "+page.List(switches)+logConsole)
	case fromFirmware:
		list = append(list, "boot order and jumpers: photograph the boot page of the firmware's set-up")
	default:
		list = append(list, "boot switches: photograph them"+logConsole)
	}
	var bad []string
	left, later := 0, 0
	for _, s := range r.Sections {
		switch {
		case s.Outcome == report.OutcomeOK:
		case s.Outcome == report.OutcomeNotRun && s.Reason == report.ReasonNotRecorded:
			later++
		case s.Outcome == report.OutcomeNotRun && s.Reason == report.ReasonLeftOut:
			left++
		default:
			bad = append(bad, s.Name+" ("+string(s.Outcome)+")")
		}
	}
	if len(bad) > 0 {
		list = append(list, "sections: "+strings.Join(bad, ", "))
	}
	if left > 0 {
		list = append(list, fmt.Sprintf("%d sections, left out by request", left))
	}
	if later > 0 {
		list = append(list, fmt.Sprintf("%d sections that the probe of this package did not have", later))
	}
	return list
}

// Widths of the verdict table.
const (
	labelWidth   = 13 // of the first column, and the indent of continuation lines
	verdictWidth = 9
	neededWidth  = 13
	foundWidth   = page.Width - labelWidth - verdictWidth - neededWidth // with a space at its end
)
