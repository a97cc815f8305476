package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report/page"
	"github.com/boardprobe/boardprobe/report/scope"
)

// runData lists what this program knows that is not in a package.
func runData(args []string, s streams) int {
	f := flag.NewFlagSet("data", flag.ContinueOnError)
	format := f.String("format", "text", "`text` or json")
	on := dayFlag(f)
	if _, status, done := s.parseMany(f, nil, args, 0, 0); done {
		return status
	}
	switch *format {
	case "json":
		text, err := json.MarshalIndent(desk.Sources(), "", " ")
		if err == nil {
			err = s.out.JSON(append(text, '\n'))
		}
		if err != nil {
			return s.fail(err, "")
		}
	case "text":
		for _, t := range desk.Sources() {
			age := fmt.Sprintf("%d days old", t.Days(*on))
			if t.Days(*on) > scope.OldDays {
				age += ": OLD"
			}
			s.out.Printf("%s: %s, %s, %s\n", t.Name, counted(t.Rows, "row"), t.Date, age)
			for _, text := range []string{t.Title, t.Version, t.Source} {
				for _, line := range page.Wrap(page.Clean(text), page.Width-2, page.Width-2) {
					io.WriteString(s.out, "  "+line+"\n")
				}
			}
		}
	default:
		return s.fail(fmt.Errorf("-format %s: want text or json", *format), "")
	}
	return exitOK
}

// dayFlag is the day that ages and ends of support are judged for.
func dayFlag(f *flag.FlagSet) *time.Time {
	day := time.Now()
	f.Func("as-of", "judge ages and ends of support for this day (`DATE`, as 2026-12-31; default: today)", func(text string) (err error) {
		day, err = time.Parse(time.DateOnly, text)
		return err
	})
	return &day
}
