package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/scope"
)

func runVerify(args []string, s streams) int {
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	ticket := ""
	f.Func("ticket", "the word that was mailed with the request: the package has to state it (`TEXT`)", func(text string) error {
		ticket = text
		return probe.CheckTicket(text)
	})
	o := trustFlags(f)
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	x := examine(data, o.trusted)
	for _, step := range x.ladder.Steps {
		s.out.Printf("%-6s %s\n", step.State, stepText(step))
	}
	s.noteAnnex(f.Arg(0), data)
	for _, w := range x.warnings {
		s.out.Printf("%-6s %s\n", "note", w)
	}
	if !x.ladder.Intact() {
		s.out.Printf("not an intact package\n")
		return exitFindings
	}
	s.out.Printf("%s\n", x.summary())
	for _, line := range x.why {
		wrapped(s.out, " ", line)
	}
	other := ""
	if ticket != "" {
		other = x.otherTicket(ticket)
		if other == "" {
			s.out.Printf("  states the ticket: this run answers that request; nothing more follows from it\n")
		} else {
			s.out.Printf("  ticket: %s\n", other)
		}
	}
	switch {
	case other != "", x.words == notConsistent, o.demand == "signer" && !x.ladder.Vouched():
		return exitFindings
	case x.err != nil && x.stored != nil:
		return s.fail(x.err, "")
	}
	return exitOK
}

func runShow(args []string, s streams) int {
	f := flag.NewFlagSet("show", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	o := judgeFlags(f)
	choice := consoleFlag(f)
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	p, status := s.open(o, data)
	switch {
	case p.report == nil:
		return status
	case *format == "json":
		document, err := p.document()
		if err == nil {
			err = s.out.JSON(document)
		}
		if err != nil {
			return s.fail(err, "")
		}
		return p.shown()
	case *format != "text":
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	for l := range p.report.Facts() {
		value := l.Value
		if l.Gap != "" {
			value = "(" + string(l.Gap) + ")"
			if l.Note != "" {
				value = "(" + string(l.Gap) + ": " + l.Note + ")"
			}
		}
		s.out.Printf("%-44s %s\n", l.Path, value)
	}
	for _, section := range p.report.Sections {
		if section.Outcome != report.OutcomeOK {
			s.out.Printf("%-44s %s: %s\n", "sections/"+section.Name, section.Outcome, section.Reason)
		}
	}
	s.printFaults(p.report)
	s.printConsole(p.report, h)
	s.printRadioNodes(p.report)
	s.printFirmware(p.report)
	return p.shown()
}

// document is report.json with the facts that are judged, and which these are.
func (p opened) document() ([]byte, error) {
	text := p.pkg.Report
	if p.as == asCollected {
		var err error
		if text, err = report.Encode(p.report); err != nil {
			return nil, err
		}
	}
	// An object begins with its brace, in whatever form it was stored.
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
	if !ok {
		return nil, errors.New("report.json is no object")
	}
	return append(fmt.Appendf(nil, "{\n \"as\": %q,", p.as), rest...), nil
}

func runCheck(args []string, s streams) int {
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	all := f.Bool("all", false, "leave nothing out of the text")
	on := dayFlag(f)
	effects := f.String("effects", "", "what findings mean for the evaluation, where it is not what this program takes (`FILE`, JSON by check and verdict)")
	failOn := f.String("fail-on", "", "what makes the exit status 1 beside requirements: groups and verdicts (`LIST`)")
	o := judgeFlags(f)
	choice := consoleFlag(f)
	var waivers []require.Waiver
	f.Func("accept", "let a finding be, for a reason that stays visible (`ID=REASON`, may be repeated)", func(text string) error {
		w, err := require.ParseWaiver(text)
		waivers = append(waivers, w)
		return err
	})
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	var failing require.FailOn
	if *failOn != "" {
		var err error
		if failing, err = require.ParseFailOn(*failOn); err != nil {
			return s.fail(err, "")
		}
	}
	p, status := s.open(o, data)
	if p.report == nil {
		return status
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	findings, err := require.Waive(require.Case{Report: p.report, Console: h.boot}.Check(), waivers)
	if err != nil {
		return s.fail(err, "")
	}
	if *effects != "" {
		text, err := s.read(*effects)
		if err != nil {
			return s.fail(err, "")
		}
		e, err := require.ParseEffects(text)
		if err != nil {
			return s.fail(fmt.Errorf("-effects %s: %w", *effects, err), "")
		}
		e.Apply(findings)
	}
	summary := scope.Of(scope.Case{Report: p.report, Findings: findings, Word: p.summary(), On: *on})
	switch *format {
	case "json":
		s.noteConsole(h)
		text, err := p.encode(findings, summary)
		if err == nil {
			err = s.out.JSON(text)
		}
		if err != nil {
			return s.fail(err, "")
		}
	case "text":
		io.WriteString(s.out, summary.Text(p.report, *all)+require.ConsoleTable(findings, h.words))
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	return p.end(require.Status(findings, failing))
}

// checked is the document of check -format json.
type checked struct {
	Schema   string        `json:"schema"`
	Package  string        `json:"package"`
	As       string        `json:"as"`       // the facts that were judged: stored or collected-again
	Evidence string        `json:"evidence"` // how the signed facts stand to it: consistent, not consistent, not compared
	SignedBy string        `json:"signed_by"`
	Vouched  string        `json:"vouched_by,omitempty"`
	Findings []judged      `json:"findings"`
	Summary  scope.Summary `json:"summary"`
}

// judged is a finding with what its check says of all boards.
type judged struct {
	require.Finding
	Source    require.Source `json:"source"`
	Rationale string         `json:"rationale"`
}

// encode writes findings as a document.
func (p opened) encode(findings []require.Finding, summary scope.Summary) ([]byte, error) {
	checks := map[string]require.Definition{}
	for _, d := range require.Definitions() {
		checks[d.ID] = d
	}
	list := make([]judged, 0, len(findings))
	for _, f := range findings {
		list = append(list, judged{f, checks[f.ID].Source, checks[f.ID].Rationale})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(checked{"https://boardprobe.github.io/check/v1", p.report.Run.Name, p.as, p.words, p.ladder.KeyID, p.ladder.Signer, list, summary})
	return b.Bytes(), err
}

func runAsk(args []string, s streams) int {
	f := flag.NewFlagSet("ask", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	o := judgeFlags(f)
	choice := consoleFlag(f)
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	p, status := s.open(o, data)
	if p.report == nil {
		return status
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	s.noteConsole(h)
	findings := require.Case{Report: p.report, Console: h.boot}.Check()
	switch *format {
	case "text":
		io.WriteString(s.out, require.Questions(p.report, findings))
	case "json":
		text, err := json.MarshalIndent(require.Open(findings), "", " ")
		if err == nil {
			err = s.out.JSON(append(text, '\n'))
		}
		if err != nil {
			return s.fail(err, "")
		}
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	return p.shown()
}

func runReplay(args []string, s streams) int {
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	strict := f.Bool("strict", false, "exit 3 if the report was made by other collectors and differs")
	o := trustFlags(f)
	o.asStored = true // a package that is not consistent is what this verb shows
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	p, status := s.open(o, data)
	switch {
	case p.report == nil:
		return status
	case p.again == nil:
		return s.fail(errors.New("nothing to collect again from: "+strings.Join(p.why, "; ")), "")
	case p.words == consistent:
		s.out.Printf("the facts follow from the evidence, byte for byte\n")
		return exitOK
	}
	for _, c := range p.changes {
		s.out.Printf("%s: %s, made again %s\n", c.path, c.stored, c.again)
	}
	s.out.Printf("%d facts differ\n", len(p.changes))
	switch {
	case p.words == notConsistent:
		return exitFindings
	case *strict && len(p.changes) > 0:
		return exitUnknown
	}
	return exitOK
}
