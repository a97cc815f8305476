package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report/diff"
)

func runDiff(args []string, s streams) int {
	f := flag.NewFlagSet("diff", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	o := judgeFlags(f)
	all, status, done := s.parseMany(f, o, args, 2, 2)
	if done {
		return status
	}
	packages, status := s.openAll(o, f.Args(), all)
	if packages == nil {
		return status
	}
	result := diff.Compare(packages[0].report, packages[1].report)
	switch *format {
	case "json":
		text, err := json.Marshal(result)
		if err == nil {
			err = s.out.JSON(append(text, '\n'))
		}
		if err != nil {
			return s.fail(err, "")
		}
	case "text":
		s.printResult(result)
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	status = exitOK
	switch {
	case result.Differs(diff.Breaking):
		status = exitFindings
	case result.Inconclusive():
		status = exitUnknown
	}
	return floorOf(packages, status)
}

// runSame holds every package against the first, and every pair of units.
func runSame(args []string, s streams) int {
	f := flag.NewFlagSet("same", flag.ContinueOnError)
	distinct := f.Bool("distinct", false, "demand that the packages are shown to be of different units")
	o := judgeFlags(f)
	all, status, done := s.parseMany(f, o, args, 2, 32)
	if done {
		return status
	}
	packages, status := s.openAll(o, f.Args(), all)
	if packages == nil {
		return status
	}
	status = exitOK
	first := packages[0].report
	for i, p := range packages[1:] {
		s.out.Printf("%s against %s\n", p.report.Run.Name, first.Run.Name)
		result := diff.Compare(first, p.report)
		s.printResult(result)
		revisions := slices.ContainsFunc(result.Changes, func(c diff.Change) bool { return c.Rule == diff.RuleRevisions })
		switch {
		case result.Differs(diff.Breaking) || revisions: // of one revision they were to be
			status = exitFindings
		case result.Inconclusive() && status == exitOK:
			status = exitUnknown
		}
		for _, other := range packages[:i+1] {
			units := diff.CompareUnits(other.report, p.report)
			s.out.Printf("  units: %s and %s: %s\n", other.report.Run.ID, p.report.Run.ID, units)
			switch {
			case units == diff.SameUnit:
				status = exitFindings
			case units == diff.UnknownUnits && *distinct && status == exitOK:
				status = exitUnknown
			}
		}
	}
	return floorOf(packages, status)
}

func (s streams) openAll(o *reading, names []string, all [][]byte) ([]opened, int) {
	var packages []opened
	for i, data := range all {
		p, status := s.openNamed(o, filepath.Base(names[i]), data)
		if p.report == nil {
			return nil, status
		}
		packages = append(packages, p)
	}
	return packages, exitOK
}

// floorOf is the exit status of a verb about several packages.
func floorOf(packages []opened, status int) int {
	for _, p := range packages {
		status = p.end(status)
	}
	return status
}

func (s streams) printResult(r diff.Result) {
	for _, c := range r.Changes {
		s.out.Printf("  %-9s %s\n            %s: %s, then %s\n", c.Severity, c.Rule, c.Path, c.A, c.B)
	}
	for _, c := range r.Changes {
		if c.Rule == diff.RuleRevisions {
			s.out.Printf("  two revisions are compared: %s and %s\n", c.A, c.B)
		}
	}
	for _, c := range r.Coverage {
		s.out.Printf("  seen by one only: %s: %s, then %s\n", c.Path, c.A, c.B)
	}
	var left []string
	for _, class := range slices.Sorted(maps.Keys(r.NotCompared)) {
		left = append(left, fmt.Sprintf("%d %s", r.NotCompared[class], class))
	}
	what := counted(len(r.Changes), "difference")
	if len(r.Changes) == 0 {
		what = "no difference"
	}
	if len(left) == 0 {
		left = []string{"nothing"}
	}
	s.out.Printf("  %s in %d compared facts and devices; not compared: %s\n", what, r.Compared, strings.Join(left, ", "))
	if r.Hardware == 0 {
		s.out.Printf("  nothing of the hardware was seen on both sides\n")
	}
}
