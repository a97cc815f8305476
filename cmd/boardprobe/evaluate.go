package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// evaluation is what one run makes, in RAM.
type evaluation struct {
	report   *report.Report
	packed   []byte
	findings []require.Finding
	table    string
}

// order is what an evaluation is to be made of.
type order struct {
	options probe.Options
	signer  *seal.Signer
	ticket  string   // "" for none
	labels  []string // K=V
	neutral bool     // the name of the package does not tell the board
}

// sectionTime is the bound of one section in a run of this length: who gives a slow
// board more time gives it to its sections.
func sectionTime(run time.Duration) time.Duration { return max(probe.SectionTimeout, run/6) }

// evaluate collects, judges and signs.
func evaluate(ctx context.Context, o order, progress *progress) (evaluation, error) {
	started := time.Now()
	b := probe.NewBuilder()
	claims, stated := probe.Claims(o.ticket, o.labels)
	o.options.Skip = append(o.options.Skip, claims)
	for _, e := range stated {
		b.Add(e)
	}
	progress.asked = slices.DeleteFunc(probe.Sections(), func(name string) bool {
		return slices.Contains(o.options.Skip, name) || len(o.options.Only) > 0 && !slices.Contains(o.options.Only, name)
	})
	evidence, known, err := collect(ctx, o.options, func(e report.Evidence) {
		progress.record(e)
		b.Add(e)
	})
	progress.clear()
	if err != nil {
		return evaluation{}, err
	}
	evidence = append(stated, evidence...)
	r, err := b.Report()
	last := gate{pseudonym.NewFinder(known)}
	labels := slices.DeleteFunc(slices.Clone(o.labels), func(label string) bool { return last.known.In([]byte(label)) })
	if passed, changed := last.pass(evidence, progress); changed {
		evidence = passed
		r, err = probe.Build(evidence, probe.Collector)
	}
	run := runBlock(started, o.options.Key, labels)
	e, err := o.keep(r, err, run, evidence, progress)
	if err != nil {
		return evaluation{}, err
	}
	words := fmt.Sprintf("by %s key %s (nobody vouches for it)", o.signer.Kind(), o.signer.KeyID())
	e.table = require.Table(e.report, e.findings, require.TableOptions{Signed: words})
	return e, nil
}

// lineWidth is what a terminal of 80 columns shows without a break.
const lineWidth = 79

// sectionLine says how a section ended, or which register comes, in one line of printable ASCII. The
// whole reason is in the report.
func sectionLine(e report.Evidence) string {
	said := e.Subject + " " + e.Text
	if e.Op == report.OpNextRegister {
		said = "reads " + e.Subject
	}
	line := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, fmt.Sprintf("boardprobe: %-13s %s", e.Section, strings.TrimSpace(said)))
	if len(line) > lineWidth {
		line = line[:lineWidth-3] + "..."
	}
	return line
}

// built is before any run of this version; a clock that says less is wrong.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func runBlock(started time.Time, key pseudonym.Key, labels []string) report.Run {
	var id [5]byte
	rand.Read(id[:])
	text := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").EncodeToString(id[:])
	clock := "untrusted"
	if started.Before(built) {
		clock = "implausible"
	}
	build := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				build = s.Value + " " + build
			}
		}
	}
	return report.Run{
		ID: text[:4] + "-" + text[4:], Started: started.UTC().Format(time.RFC3339), Clock: clock, Millis: time.Since(started).Milliseconds(),
		Probe: version, Build: build, Collector: probe.Collector, PseudonymKey: key.ID(), Labels: labels,
	}
}
