package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/diff"
)

func runDiff(args []string, s streams) int {
	f := flag.NewFlagSet("diff", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	all, status, done := s.parseMany(f, args, 2, 2)
	if done {
		return status
	}
	reports, status := s.openAll(all)
	if reports == nil {
		return status
	}
	result := diff.Compare(reports[0], reports[1])
	switch *format {
	case "json":
		e := json.NewEncoder(s.out)
		e.SetEscapeHTML(false)
		if err := e.Encode(result); err != nil {
			return s.fail(err, "")
		}
	case "text":
		s.printResult(result)
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	if result.Differs(diff.Breaking) {
		return exitFindings
	}
	return exitOK
}

// runSame holds every package against the first, and every pair of units.
func runSame(args []string, s streams) int {
	f := flag.NewFlagSet("same", flag.ContinueOnError)
	distinct := f.Bool("distinct", false, "demand that the packages are shown to be of different units")
	all, status, done := s.parseMany(f, args, 2, 32)
	if done {
		return status
	}
	reports, status := s.openAll(all)
	if reports == nil {
		return status
	}
	status = exitOK
	for i, r := range reports[1:] {
		fmt.Fprintf(s.out, "%s against %s\n", plain(r.Run.Name), plain(reports[0].Run.Name))
		result := diff.Compare(reports[0], r)
		s.printResult(result)
		if result.Differs(diff.Breaking) {
			status = exitFindings
		}
		for _, other := range reports[:i+1] {
			units := diff.CompareUnits(other, r)
			fmt.Fprintf(s.out, "  units: %s and %s: %s\n", plain(other.Run.ID), plain(r.Run.ID), units)
			switch {
			case units == diff.SameUnit:
				status = exitFindings
			case units == diff.UnknownUnits && *distinct && status == exitOK:
				status = exitUnknown
			}
		}
	}
	return status
}

func (s streams) openAll(all [][]byte) ([]*report.Report, int) {
	var reports []*report.Report
	for _, data := range all {
		r, _, status := s.open(data)
		if r == nil {
			return nil, status
		}
		reports = append(reports, r)
	}
	return reports, exitOK
}

func (s streams) printResult(r diff.Result) {
	for _, c := range r.Changes {
		fmt.Fprintf(s.out, "  %-9s %s\n            %s: %s, then %s\n", c.Severity, c.Rule, plain(c.Path), plain(c.A), plain(c.B))
	}
	for _, c := range r.Coverage {
		fmt.Fprintf(s.out, "  seen by one only: %s: %s, then %s\n", plain(c.Path), plain(c.A), plain(c.B))
	}
	var left []string
	for _, class := range slices.Sorted(maps.Keys(r.NotCompared)) {
		left = append(left, fmt.Sprintf("%d %s", r.NotCompared[class], class))
	}
	what := fmt.Sprintf("%d differences", len(r.Changes))
	if len(r.Changes) == 0 {
		what = "no difference"
	}
	fmt.Fprintf(s.out, "  %s in %d compared facts; not compared: %s\n", what, r.Compared, strings.Join(left, ", "))
}
