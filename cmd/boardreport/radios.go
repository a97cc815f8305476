package main

import (
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// radioOf finds what is known about a radio by its module alias or else by the
// compatibles of its node.
func radioOf(id report.Fact[string], compatible report.Fact[[]string]) (boards.Radio, bool) {
	if alias, ok := id.Get(); ok {
		if r, ok := boards.RadioByModalias(alias); ok {
			return r, true
		}
	}
	return boards.RadioByCompatible(compatible.Value)
}

// printRadioNodes lists the radios that the device tree names, what became of
// each, and what drives it.
func (s streams) printRadioNodes(r *report.Report) {
	if len(r.RadioNodes) == 0 {
		return
	}
	s.out.Printf("\nradios of the device tree\n")
	for _, n := range r.RadioNodes {
		state := "no device"
		switch {
		case n.Driver.OK():
			state = "driver " + n.Driver.Value
		case n.Device.OK():
			state = "no driver"
		case n.Status.Value != "okay":
			state = n.Status.Value
		}
		s.out.Printf("%-10s %s: %s\n", n.Kind.Value, n.Path, state)
		for _, p := range n.Power.Value {
			s.out.Printf("           %s\n", p)
		}
		chip, ok := radioOf(n.ID, n.Compatible)
		if !ok {
			s.out.Printf("           chip unknown, driver unknown: %s\n", strings.Join(n.Compatible.Value, " "))
			continue
		}
		s.printRadio(chip, r)
	}
}

// printRadio says what drives a radio and which files it may ask for, and which
// of them are known to be there.
func (s streams) printRadio(radio boards.Radio, r *report.Report) {
	s.out.Printf("           %s\n", radio.Name)
	for _, d := range radio.Drivers {
		where := d.Option + ", in Linux " + strings.Join(radio.Mainline, ", ")
		if d.OutOfTree() {
			where = "not part of Linux: " + strings.Join(d.From, "; ")
		}
		s.out.Printf("           driver   %s (%s)\n", d.Module, where)
	}
	root := "<board>"
	if list := r.Identity.Compatible.Value; len(list) > 0 {
		root = list[0]
	}
	for _, list := range []struct {
		word  string
		files []boards.FirmwareFile
	}{{"firmware", radio.Firmware}, {"board", radio.Board}} {
		for _, f := range list.files {
			line := f.For(root)
			if f.When != "" {
				line += ", if " + f.When
			}
			if state := fileState(r, f.For(root)); state != "" {
				line += ": " + state
			}
			s.out.Printf("           %-8s %s\n", list.word, line)
		}
	}
}

// fileState says what the report knows of a firmware file.
func fileState(r *report.Report, name string) string {
	pattern := boards.FirmwareFile{Name: name}
	for _, f := range r.Firmware {
		if pattern.Matches(f.File) && f.State.OK() {
			return f.State.Value
		}
	}
	for _, n := range r.RadioNodes {
		for _, file := range n.Files.Value {
			if pattern.Matches(file) {
				return "present as " + file
			}
		}
	}
	return ""
}
