package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

func runVerify(args []string, s streams) int {
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	trust := f.String("trust", "", "keys that you trust, in PEM or as the allowed_signers of ssh-keygen (`FILE`)")
	demand := f.String("require", "", "what must vouch for the package: `signer`")
	data, status, done := s.parse(f, args)
	if done {
		return status
	}
	if *demand != "" && *demand != "signer" {
		return s.fail(fmt.Errorf("-require %s: want signer", *demand), "")
	}
	var trusted []seal.Trusted
	if *trust != "" {
		var notes []string
		text, err := os.ReadFile(*trust)
		if err == nil {
			trusted, notes, err = seal.ParseTrust(*trust, text)
		}
		for _, n := range notes {
			fmt.Fprintf(s.err, "boardreport: %s: %s\n", *trust, n)
		}
		if err != nil {
			return s.fail(err, "")
		}
	}
	l := seal.Verify(data, trusted)
	for _, step := range l.Steps {
		fmt.Fprintf(s.out, "%-6s %s\n", step.State, stepText(step))
	}
	s.noteAnnex(f.Arg(0), data)
	switch {
	case !l.Intact():
		fmt.Fprintln(s.out, "not an intact package")
		return exitFindings
	case l.Vouched():
		fmt.Fprintf(s.out, "intact; signed by key %s; vouched by %s\n", l.KeyID, plain(l.Signer))
	default:
		fmt.Fprintf(s.out, "intact; signed by key %s; nobody vouches for it\n", l.KeyID)
		if *demand == "signer" {
			return exitFindings
		}
	}
	return exitOK
}

func runShow(args []string, s streams) int {
	f := flag.NewFlagSet("show", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	choice := consoleFlag(f)
	data, status, done := s.parse(f, args)
	if done {
		return status
	}
	r, p, status := s.open(data)
	switch {
	case r == nil:
		return status
	case *format == "json":
		s.out.Write(p.Report)
		return exitOK
	case *format != "text":
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	for l := range r.Facts() {
		value := l.Value
		if l.Gap != "" {
			value = strings.TrimSuffix("("+string(l.Gap)+": "+l.Note, ": ") + ")"
		}
		fmt.Fprintf(s.out, "%-44s %s\n", plain(l.Path), plain(value))
	}
	s.printFaults(r)
	s.printConsole(r, h)
	s.printRadioNodes(r)
	s.printFirmware(r)
	return exitOK
}

// plain keeps a terminal safe from what a board says.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return '?'
		}
		return c
	}, text)
}

func runCheck(args []string, s streams) int {
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	failOn := f.String("fail-on", "", "what makes the exit status 1 beside requirements: groups and verdicts (`LIST`)")
	choice := consoleFlag(f)
	var waivers []require.Waiver
	f.Func("accept", "let a finding be, for a reason that stays visible (`ID=REASON`, may be repeated)", func(text string) error {
		w, err := require.ParseWaiver(text)
		waivers = append(waivers, w)
		return err
	})
	data, status, done := s.parse(f, args)
	if done {
		return status
	}
	var on require.FailOn
	if *failOn != "" {
		var err error
		if on, err = require.ParseFailOn(*failOn); err != nil {
			return s.fail(err, "")
		}
	}
	r, _, status := s.open(data)
	if r == nil {
		return status
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	findings, err := require.Waive(require.Case{Report: r, Console: h.boot}.Check(), waivers)
	if err != nil {
		return s.fail(err, "")
	}
	switch *format {
	case "json":
		s.noteConsole(h)
		text, err := require.Encode(findings)
		if err != nil {
			return s.fail(err, "")
		}
		s.out.Write(text)
	case "text":
		fmt.Fprint(s.out, require.Table(r, findings, require.TableOptions{Console: h.words}))
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	return require.Status(findings, on)
}

func runAsk(args []string, s streams) int {
	f := flag.NewFlagSet("ask", flag.ContinueOnError)
	choice := consoleFlag(f)
	data, status, done := s.parse(f, args)
	if done {
		return status
	}
	r, _, status := s.open(data)
	if r == nil {
		return status
	}
	h, err := s.hear(*choice, f.Arg(0), data)
	if err != nil {
		return s.fail(err, consoleHint)
	}
	s.noteConsole(h)
	fmt.Fprint(s.out, require.Questions(r, require.Case{Report: r, Console: h.boot}.Check()))
	return exitOK
}

func runReplay(args []string, s streams) int {
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	strict := f.Bool("strict", false, "exit 3 if the report was made by another version and differs")
	data, status, done := s.parse(f, args)
	if done {
		return status
	}
	r, p, status := s.open(data)
	if r == nil {
		return status
	}
	record, ok := p.Member("evidence.json")
	if !ok {
		return s.fail(fmt.Errorf("the package has no evidence.json"), "a core package cannot be replayed")
	}
	evidence, err := report.DecodeEvidence(record)
	if err != nil {
		return s.fail(err, "")
	}
	again := probe.Replay(context.Background(), r, evidence)
	text, err := report.Encode(again)
	if err != nil {
		return s.fail(err, "")
	}
	if bytes.Equal(text, p.Report) {
		fmt.Fprintln(s.out, "the facts follow from the evidence, byte for byte")
		return exitOK
	}
	facts := map[string]report.Leaf{}
	for l := range r.Facts() {
		facts[l.Path] = l
	}
	for l := range again.Facts() {
		if old := facts[l.Path]; old.Value != l.Value || old.Gap != l.Gap {
			fmt.Fprintf(s.out, "%s: %s%s, replayed %s%s\n", plain(l.Path), plain(old.Value), old.Gap, plain(l.Value), l.Gap)
		}
		delete(facts, l.Path)
	}
	for path := range facts {
		fmt.Fprintf(s.out, "%s: not in the replay\n", plain(path))
	}
	fmt.Fprintln(s.out, "the replay differs")
	switch {
	case r.Run.Probe == version:
		return exitFindings
	case *strict:
		return exitUnknown
	}
	return exitOK
}
