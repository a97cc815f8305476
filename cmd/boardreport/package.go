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
	all, status, done := s.parseMany(f, args, 1, 1)
	if done {
		return nil, status, true
	}
	return all[0], 0, false
}

// parseMany reads the flags of a verb and from least to most packages.
func (s streams) parseMany(f *flag.FlagSet, args []string, least, most int) (all [][]byte, status int, done bool) {
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(s.out, "usage: boardreport %s [flags] PACKAGE\n", f.Name())
		f.SetOutput(s.out)
		f.PrintDefaults()
		return nil, exitOK, true
	case err != nil:
		return nil, s.fail(err, "boardreport "+f.Name()+" -h lists the flags"), true
	case f.NArg() < least || f.NArg() > most:
		return nil, s.fail(fmt.Errorf("%s: %d packages given", f.Name(), f.NArg()), "boardreport "+f.Name()+" -h says how many it takes"), true
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

// read reads a file, or standard input for "-".
func (s streams) read(name string) ([]byte, error) {
	in := s.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, maxFile))
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
