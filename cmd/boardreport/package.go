package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/cmd/internal/infile"
	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

// maxFile bounds what is read of a package or a log before it is looked at.
const maxFile = 64 << 20

// reading is how a verb reads packages: the flags that all of them have.
type reading struct {
	trust, demand string
	asStored      bool
	trusted       []seal.Trusted
}

// trustFlags adds the flags about who signed.
func trustFlags(f *flag.FlagSet) *reading {
	o := new(reading)
	f.StringVar(&o.trust, "trust", "", "keys that you trust, in PEM or as the allowed_signers of ssh-keygen (`FILE`)")
	f.StringVar(&o.demand, "require", "", "what must vouch for the package: `signer`")
	return o
}

// judgeFlags adds the flags of a verb that judges.
func judgeFlags(f *flag.FlagSet) *reading {
	o := trustFlags(f)
	f.BoolVar(&o.asStored, "as-stored", false, "judge the facts as they were signed, not as these collectors make them of the evidence")
	return o
}

// parse reads the flags of a verb and its one operand. done is set where
// nothing is left to do.
func (s streams) parse(f *flag.FlagSet, o *reading, args []string) (data []byte, status int, done bool) {
	all, status, done := s.parseMany(f, o, args, 1, 1)
	if done {
		return nil, status, true
	}
	return all[0], 0, false
}

// parseMany reads the flags of a verb and from least to most packages. o may be
// nil.
func (s streams) parseMany(f *flag.FlagSet, o *reading, args []string, least, most int) (all [][]byte, status int, done bool) {
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		s.out.Printf("usage: boardreport %s [flags] PACKAGE\n", f.Name())
		f.SetOutput(s.out)
		f.PrintDefaults()
		return nil, exitOK, true
	case err != nil:
		return nil, s.fail(err, "boardreport "+f.Name()+" -h lists the flags"), true
	case f.NArg() < least || f.NArg() > most:
		hint := "boardreport " + f.Name() + " -h says how many it takes"
		if slices.ContainsFunc(f.Args(), func(arg string) bool { return len(arg) > 1 && arg[0] == '-' }) {
			hint = "flags stand in front of the packages"
		}
		return nil, s.fail(fmt.Errorf("%s: %s given", f.Name(), counted(f.NArg(), "file")), hint), true
	}
	if o != nil {
		if err := o.load(s); err != nil {
			return nil, s.fail(err, ""), true
		}
	}
	for _, name := range f.Args() {
		data, err := s.read(name)
		if err != nil {
			return nil, s.fail(err, ""), true
		}
		all = append(all, data)
	}
	return all, 0, false
}

// load reads the trust store.
func (o *reading) load(s streams) error {
	if o.demand != "" && o.demand != "signer" {
		return fmt.Errorf("-require %s: want signer", o.demand)
	}
	if o.trust == "" {
		return nil
	}
	text, err := infile.Read(o.trust, infile.MaxKey)
	if err != nil {
		return err
	}
	trusted, notes, err := seal.ParseTrust(o.trust, text)
	for _, n := range notes {
		s.err.Printf("boardreport: %s: %s\n", o.trust, n)
	}
	o.trusted = trusted
	return err
}

// read reads a file, or standard input for "-".
func (s streams) read(name string) ([]byte, error) {
	if name == "-" {
		return infile.ReadFrom(s.in, "standard input", maxFile)
	}
	return infile.Read(name, maxFile)
}

// opened is a package that a verb goes on with.
type opened struct {
	examined
	report *report.Report // what is judged
	as     string         // asStored or asCollected
	floor  int            // the least exit status of a verb that judges
}

// What the facts are that a verb judges.
const (
	asStored    = "stored"
	asCollected = "collected-again"
)

// open examines a package, says in one line whose word it is, and chooses the
// report that is judged: what these collectors make of the evidence, or what was
// signed where they cannot know better. A package that is not sound is refused.
func (s streams) open(o *reading, data []byte) (opened, int) { return s.openNamed(o, "", data) }

// openNamed opens one of several packages, which are told apart by name.
func (s streams) openNamed(o *reading, name string, data []byte) (opened, int) {
	p := opened{examined: examine(data, o.trusted), as: asStored, floor: exitOK}
	for _, step := range p.ladder.Steps {
		if step.State == seal.Fail {
			if name != "" {
				name += ":"
			}
			s.tell(strings.TrimSpace(name + " not an intact package: " + stepText(step)))
			if blocks, err := seal.DecodeArmour(data); err == nil && len(blocks) > 0 {
				s.tell("hint: it is the log of a console: boardreport receive takes the package out of it")
			}
			return opened{}, exitFindings
		}
	}
	if name != "" {
		name += ": "
	}
	s.err.Printf("%s%s\n", name, p.summary())
	for _, line := range p.why {
		s.tell(line)
	}
	if p.stored == nil {
		hint := ""
		if errors.Is(p.err, report.ErrNewer) {
			hint = "boardreport verify still checks its signatures"
		}
		return opened{}, s.fail(p.err, hint)
	}
	for _, w := range p.warnings {
		s.err.Printf("boardreport: warning: %s\n", w)
	}
	p.report = p.stored
	switch {
	case p.err != nil && !o.asStored: // the evidence could not be collected again
		return opened{}, s.fail(p.err, "-as-stored judges what was signed")
	case p.err != nil:
		s.tell(p.err.Error())
		p.floor = exitFindings
	case o.demand == "signer" && !p.ladder.Vouched():
		s.tell("-require signer: no key of -trust signed it")
		return opened{}, exitFindings
	case p.words == notConsistent && !o.asStored:
		s.tell("hint: -as-stored shows what was signed all the same")
		return opened{}, exitFindings
	case p.words == notConsistent:
		p.floor = exitFindings
	case p.words == consistent:
	case o.asStored:
	case p.newer:
		p.floor = exitUnknown
	case p.again != nil:
		p.report, p.as = p.again, asCollected
	}
	switch {
	case p.words == consistent || p.again == nil:
	case p.as == asCollected:
		s.tell("judged: the facts as they were collected again here")
	default:
		s.tell("judged: the facts as they were signed")
	}
	return p, exitOK
}

// end is the exit status of a verb that judges and would end with this one: what
// is known to be wrong outranks what could not be decided.
func (p opened) end(status int) int { return worse(status, p.floor) }

// shown is the exit status of a verb that shows and judges nothing.
func (p opened) shown() int {
	if p.floor == exitFindings {
		return exitFindings
	}
	return exitOK
}

func worse(a, b int) int {
	for _, status := range []int{exitTrouble, exitFindings, exitUnknown} {
		if a == status || b == status {
			return status
		}
	}
	return exitOK
}

// lineWidth is what a terminal of 80 columns shows without a break.
const lineWidth = 79

// tell prints a line for people, broken between words where it is long.
func (s streams) tell(text string) { wrapped(s.err, "boardreport:", text) }

// wrapped prints words behind a first one, and lines that are too long indented.
func wrapped(p screen.Printer, first, text string) {
	line := first
	for _, word := range strings.Fields(report.Escape(text)) {
		if len(line)+1+len(word) > lineWidth && line != first && line != " " {
			p.Printf("%s\n", line)
			line = " "
		}
		line += " " + word
	}
	p.Printf("%s\n", line)
}

func stepText(step seal.Step) string {
	text := step.Name
	if step.Member != "" {
		text += " " + step.Member
	}
	if step.Detail != "" {
		text += ": " + step.Detail
	}
	return text
}

// buildOf is what this program was built from.
func buildOf() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
		return info.Main.Version
	}
	return "unknown build"
}
