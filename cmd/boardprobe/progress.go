package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/report"
)

// detail is how much a run says of its sections while it goes on.
type detail int

const (
	problems detail = iota // the sections that did not end well
	counting               // likewise, and one line that counts them, on a terminal
	every                  // a line for each: of a board that stops, the last tells where
)

// progress tells people how far a run is.
type progress struct {
	out   screen.Printer
	how   detail
	asked []string // the sections that are asked for
	ended int      // of them
	shown bool     // the line that counts stands on the screen
}

// liveProgress is that of a run whose lines go to console.
func liveProgress(console io.Writer, quiet bool) *progress {
	switch {
	case quiet:
		return &progress{out: screen.New(io.Discard)}
	case isTerminal(console):
		return &progress{out: screen.New(console), how: counting}
	}
	return &progress{out: screen.New(console)}
}

// record takes what the collector said.
func (p *progress) record(e report.Evidence) {
	switch {
	case e.Op == report.OpNextRegister:
		p.line(sectionLine(e))
	case e.Op != report.OpEnd, !slices.Contains(p.asked, e.Section):
	case p.how == every || e.Subject != string(report.OutcomeOK) || e.Text != "":
		p.ended++
		p.line(sectionLine(e))
	default:
		p.ended++
		p.count(e.Section)
	}
}

// count shows the line that counts, over the one before.
func (p *progress) count(section string) {
	if p.how != counting {
		return
	}
	p.out.Printf("\r%s", fmt.Sprintf("%-*s", lineWidth-1, fmt.Sprintf("boardprobe: %d of %d sections: %s", p.ended, len(p.asked), section)))
	p.shown = true
}

// line prints a line that stays.
func (p *progress) line(text string) {
	p.clear()
	p.out.Printf("%s\n", text)
}

// clear takes the line that counts away.
func (p *progress) clear() {
	if p.shown {
		p.out.Printf("\r%s\r", strings.Repeat(" ", lineWidth-1))
		p.shown = false
	}
}
