package main

import (
	"strings"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
)

// maxCandidates is how many drivers are named for one device.
const maxCandidates = 3

// printFaults lists what has no driver, and what mainline Linux has for it.
func (s streams) printFaults(r *report.Report) {
	if len(r.Faults) == 0 {
		return
	}
	source := desk.DriversSource()
	kernel, date := source.Version, source.Date
	s.out.Printf("\ndevices that do not work, and what Linux %s (%s) has for them\n", kernel, date)
	for _, f := range r.Faults {
		s.out.Printf("%-10s %s\n", f.Kind.Value, f.Path)
		if reason, ok := f.Reason.Get(); ok {
			s.out.Printf("           %s\n", reason)
		}
		candidates := candidatesFor(f)
		if radio, ok := radioOf(f.ID, f.Compatible); ok {
			s.printRadio(radio, r)
			continue
		}
		if len(candidates) == 0 && f.Kind.Value != "deferred" {
			s.out.Printf("           no driver is known for it\n")
		}
		for _, d := range candidates {
			line := d.Module + " (" + d.Option + ")"
			if len(d.Firmware) > 0 {
				line += ", firmware " + strings.Join(d.Firmware[:min(len(d.Firmware), maxCandidates)], " ")
			}
			s.out.Printf("           %s\n", line)
		}
	}
}

// candidatesFor asks the table by the module alias, or else by the compatibles,
// the most specific first.
func candidatesFor(f report.Fault) []desk.Driver {
	if id, ok := f.ID.Get(); ok {
		if list := desk.Drivers(id); len(list) > 0 {
			return list[:min(len(list), maxCandidates)]
		}
	}
	for _, compatible := range f.Compatible.Value {
		if list := desk.DriversForCompatible(compatible); len(list) > 0 {
			return list[:min(len(list), maxCandidates)]
		}
	}
	return nil
}
