package require

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// numbersConflict decides conflict.numbers.
func numbersConflict(r *report.Report) answer {
	a := answer{verdict: Pass}
	var odd []string
	compared := 0
	hold := func(facts []string, says string) {
		compared++
		a.facts = append(a.facts, facts...)
		if says != "" {
			odd = append(odd, says)
		}
	}
	processors(r, hold)
	modules(r, hold)
	partitions(r, hold)
	if absent, ok := r.Boot.OrderAbsent.Get(); ok {
		says := ""
		if len(absent) > 0 {
			says = "BootOrder names entries that are not there: " + strings.Join(absent, " ")
		}
		hold([]string{"boot.order_absent"}, says)
	}
	contradictions := len(odd)
	for _, s := range r.Sections {
		if s.Understood < s.Entries {
			hold([]string{"sections"}, fmt.Sprintf("%s: %d of %d entries understood", s.Name, s.Understood, s.Entries))
		}
	}
	switch {
	case len(odd) > 0:
		a.verdict, a.found = Warn, strings.Join(odd, "; ")
		if contradictions > 0 {
			a.detail = "Of two numbers both are kept; none is preferred."
		}
		if len(odd) > contradictions {
			a.detail = strings.TrimSpace(a.detail + " What was not understood may be of the board; the evidence has its answers.")
		}
	case compared == 0:
		a.verdict, a.detail = Info, "The report has no two numbers that could be compared."
	default:
		a.detail = fmt.Sprintf("No contradiction in %d comparisons.", compared)
	}
	return a
}

// processors holds the kinds of core against the processors that are online.
func processors(r *report.Report, hold func([]string, string)) {
	online, ok := r.CPU.LogicalOnline.Get()
	if !ok || len(r.CPU.Types) == 0 {
		return
	}
	sum, facts := int64(0), []string{"cpu.logical_online"}
	for _, t := range r.CPU.Types {
		n, ok := t.Count.Get()
		if !ok {
			return
		}
		sum += n
		facts = append(facts, "cpu.types["+t.Signature+"].count")
	}
	says := ""
	if sum != online {
		says = fmt.Sprintf("%d processors by their kinds, %d online", sum, online)
	}
	hold(facts, says)
}

// modules holds the memory modules against what is fitted.
func modules(r *report.Report, hold func([]string, string)) {
	fitted, ok := r.Memory.FittedBytes.Get()
	if !ok || len(r.Memory.Modules) == 0 {
		return
	}
	sum, facts := int64(0), []string{"memory.fitted_bytes"}
	for _, m := range r.Memory.Modules {
		n, ok := m.SizeBytes.Get()
		if !ok && m.SizeBytes.Gap != report.Absent { // an empty socket
			return
		}
		sum += n
		facts = append(facts, "memory.modules["+m.Locator+"].size_bytes")
	}
	says := ""
	if sum != fitted {
		says = fmt.Sprintf("memory modules of %s, fitted %s", page.Size(sum, 2), page.Size(fitted, 2))
	}
	hold(facts, says)
}

// partitions holds the partitions against the end of their disk.
func partitions(r *report.Report, hold func([]string, string)) {
	for _, d := range r.Storage {
		size, ok := d.SizeBytes.Get()
		if !ok || len(d.Partitions) == 0 {
			continue
		}
		at := "storage[" + d.Path + "]."
		facts, beyond := []string{at + "size_bytes"}, ""
		for _, p := range d.Partitions {
			start, ok1 := p.StartBytes.Get()
			n, ok2 := p.SizeBytes.Get()
			if ok1 && ok2 && start+n > size {
				beyond = fmt.Sprintf("partition %s of %s ends %s beyond its disk", p.Number, first(d.Name.Value, d.Path), page.Size(start+n-size, 1))
				facts = append(facts, at+"partitions["+p.Number+"].start_bytes", at+"partitions["+p.Number+"].size_bytes")
			}
		}
		hold(facts, beyond)
	}
}
