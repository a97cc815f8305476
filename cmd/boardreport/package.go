package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

// maxFile bounds what is read of a package before it is looked at.
const maxFile = 64<<20 + 1

// parse reads the flags of a verb and its one operand. done is set where
// nothing is left to do.
func (s streams) parse(f *flag.FlagSet, args []string) (data []byte, status int, done bool) {
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(s.out, "usage: boardreport %s [flags] PACKAGE\n", f.Name())
		f.SetOutput(s.out)
		f.PrintDefaults()
		return nil, exitOK, true
	case err != nil:
		return nil, s.fail(err, "boardreport "+f.Name()+" -h lists the flags"), true
	case f.NArg() != 1:
		return nil, s.fail(fmt.Errorf("%s: want one package, got %d operands", f.Name(), f.NArg()), ""), true
	}
	in := s.in
	if f.Arg(0) != "-" {
		file, err := os.Open(f.Arg(0))
		if err != nil {
			return nil, s.fail(err, ""), true
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return nil, s.fail(err, ""), true
	}
	return data, 0, false
}

// open verifies a package and reads its report; a package that is not intact
// is refused with the step that failed.
func (s streams) open(data []byte) (*report.Report, *seal.Package, int) {
	for _, step := range seal.Verify(data, nil).Steps {
		if step.State == seal.Fail {
			fmt.Fprintf(s.err, "boardreport: not an intact package: %s\n", stepText(step))
			return nil, nil, exitFindings
		}
	}
	p, err := seal.Open(data)
	if err != nil {
		return nil, nil, s.fail(err, "")
	}
	r, warnings, err := report.Decode(p.Report)
	if err != nil {
		hint := ""
		if errors.Is(err, report.ErrNewer) {
			hint = "boardreport verify still checks its signatures"
		}
		return nil, nil, s.fail(err, hint)
	}
	for _, w := range warnings {
		fmt.Fprintf(s.err, "boardreport: warning: %s\n", w)
	}
	return r, p, exitOK
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
