package require

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

const (
	minRAMBytes = 1_000_000_000 // "1 GB"
	// claimTolerance is the step to which memory.fitted_bytes is rounded in the
	// fingerprint: sources differ by less without meaning another size.
	claimTolerance = 64 << 20
	// dramStep is the smallest chip of today's boards, 2 Gbit. DRAM comes in
	// multiples of it; an amount between them has lost a part to somebody.
	dramStep = 256 << 20
	// plausibleHalf is an amount that no hidden carve-out explains away: to be
	// 1 GB of RAM, half of it and more would have to be hidden without a trace.
	plausibleHalf = 512 << 20
)

// amounts is the memory of a report, with what does not make sense left out.
type amounts struct {
	fitted      int64 // 0: not known
	lower       int64 // what the kernel was given: fitted cannot be less; 0: not known
	claims      []claim
	fittedWords string
}

type claim struct {
	source string
	bytes  int64
}

// whole reports whether the source counts chips or modules, and so names all
// the memory there is. The others count what some firmware lets be seen.
func (c claim) whole() bool { return c.source == "smbios" || c.source == "revision-code" }

// tolerance is what the source may say too much without meaning it. The kernel
// rounds memory up to whole blocks, of 128 MiB, or of up to 2 GiB from 64 GiB
// on (arch/x86/mm/init_64.c).
func (c claim) tolerance(fitted int64) int64 {
	switch {
	case c.source != "memory-blocks":
		return claimTolerance
	case fitted >= 64<<30:
		return 2 << 30
	}
	return 128 << 20
}

func (c claim) String() string {
	name := c.source
	switch c.source {
	case "smbios":
		name = "SMBIOS"
	case "device-tree", "memory-blocks", "revision-code":
		name = strings.ReplaceAll(c.source, "-", " ")
	}
	return name
}

func amountsOf(r *report.Report) amounts {
	positive := func(f report.Fact[int64]) int64 {
		if n, ok := f.Get(); ok && n > 0 {
			return n
		}
		return 0
	}
	m := &r.Memory
	a := amounts{fitted: positive(m.FittedBytes), lower: max(positive(m.VisibleBytes), positive(m.TotalBytes))}
	var agree []string
	for _, c := range m.Claims {
		if n := positive(c.Bytes); n > 0 {
			a.claims = append(a.claims, claim{c.Source, n})
		}
	}
	for _, c := range a.claims {
		if apart(c.bytes, a.fitted) <= claimTolerance && len(agree) < 2 {
			agree = append(agree, c.String()) // two make the point, and fit the line
		}
	}
	switch {
	case a.fitted > 0 && len(agree) > 0:
		a.fittedWords = fmt.Sprintf("%s fitted (%s)", page.Size(a.fitted, 2), strings.Join(agree, ", "))
	case a.fitted > 0:
		a.fittedWords = page.Size(a.fitted, 2) + " fitted"
	case a.lower > 0:
		a.fittedWords = fmt.Sprintf("at least %s (given to the kernel); fitted: %s", page.Size(a.lower, 2), first(m.FittedBytes.Why(), string(report.Invalid)))
	default:
		a.fittedWords = "fitted: " + first(m.FittedBytes.Why(), string(report.Invalid))
	}
	return a
}

func apart(a, b int64) int64 {
	if a > b {
		return a - b
	}
	return b - a
}

// ramFacts are the paths that ram and ramConflict look at.
func ramFacts(r *report.Report) []string {
	list := []string{"memory.fitted_bytes", "memory.visible_bytes", "memory.total_bytes"}
	for _, c := range r.Memory.Claims {
		list = append(list, "memory.claims["+c.Source+"].bytes")
	}
	return list
}

// ram decides cds.ram. The collector computes fitted as what the kernel was
// given plus carve-outs that a source names, so it can be too small, and is too
// large only if a named carve-out is no memory.
func ram(r *report.Report) answer {
	if a, bad := unlisted(r, "memory"); bad {
		return a
	}
	m := amountsOf(r)
	a := answer{found: m.fittedWords, facts: ramFacts(r)}
	claimed := func(match func(claim) bool) string {
		var list []string
		for _, c := range m.claims {
			if match(c) {
				list = append(list, fmt.Sprintf("%s: %s", c, page.Size(c.bytes, 2)))
			}
		}
		return strings.Join(list, "; ")
	}
	more := claimed(func(c claim) bool {
		return c.bytes >= minRAMBytes && (m.fitted == 0 || c.bytes > m.fitted+c.tolerance(m.fitted))
	})
	less := claimed(func(c claim) bool { return c.whole() && c.bytes < minRAMBytes })
	agreed := false
	for _, c := range m.claims {
		// A device tree or a firmware map that names a size in which DRAM is
		// sold has not been shortened; the sources that count chips never are.
		unshortened := (c.source == "device-tree" || c.source == "e820") && c.bytes%dramStep == 0 && apart(c.bytes, m.fitted) <= claimTolerance
		agreed = agreed || c.whole() || unshortened
	}
	switch {
	case m.lower >= minRAMBytes && (m.fitted == 0 || m.fitted >= minRAMBytes):
		a.verdict = Pass
	case m.fitted >= minRAMBytes && less == "":
		a.verdict = Pass
		a.detail = fmt.Sprintf("Given to the kernel: %s; the rest is named by carve-outs.", page.Size(m.lower, 2))
	case m.fitted >= minRAMBytes:
		a.verdict = Unknown
		a.detail = "The sources contradict each other (" + less + "), and only the carve-outs bring the amount above 1 GB."
	case m.fitted == 0:
		a.verdict = Unknown
		a.detail = "How much is fitted is not known, and what the kernel was given is less than 1 GB or not known."
	case m.lower >= minRAMBytes:
		a.verdict = Unknown
		a.detail = "The kernel was given more than is said to be fitted: " + page.Size(m.lower, 2) + "."
	case more != "":
		a.verdict = Unknown
		a.detail = "The sources contradict each other (" + more + ")."
	case agreed || m.fitted <= plausibleHalf:
		a.verdict = Fail
		a.detail = "Less than 1 GB is fitted, and no source names more."
	default:
		a.verdict = Unknown
		a.detail = "This is a lower bound: no source that counts all memory was found, and DRAM is not sold in this size."
	}
	return a
}

// ramConflict decides conflict.ram: do the sources name the same amount?
func ramConflict(r *report.Report) answer {
	if a, bad := unlisted(r, "memory"); bad {
		return a
	}
	m := amountsOf(r)
	a := answer{facts: ramFacts(r), found: m.fittedWords}
	if m.fitted == 0 {
		a.verdict = Unknown
		a.detail = "There is no amount to compare the sources with."
		return a
	}
	var conflicts []string
	for _, c := range m.claims {
		switch {
		case c.bytes > m.fitted+c.tolerance(m.fitted), c.whole() && c.bytes < m.fitted-claimTolerance:
			conflicts = append(conflicts, fmt.Sprintf("%s says %s", c, page.Size(c.bytes, 2)))
		}
	}
	switch {
	case len(conflicts) > 0:
		a.verdict = Warn
		a.found = page.Size(m.fitted, 2) + " fitted; " + strings.Join(conflicts, "; ")
		a.detail = "Both values are kept; none is preferred."
	case len(m.claims) == 0:
		a.verdict = Unknown
		a.detail = "No source names an amount."
	default:
		a.verdict = Pass
		a.detail = fmt.Sprintf("No difference that means another size in %d sources.", len(m.claims))
	}
	return a
}
