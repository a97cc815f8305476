package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// Which registers a run may read: those of which it is known that Linux reads
// the block itself, or also those of which it is not (boards.Class).
const (
	MMIOProven   = "proven"
	MMIOUnproven = "unproven"
)

// collectStraps reads the registers that say where the boot ROM of this board
// looks for a loader. It is the last section, because a register that has no
// clock can stop the board, and does nothing unless the run was told to: only
// words that boards names for the SoC, only in a block that the device tree has
// as that device, enabled and without a clock or power domain of its own. Before
// each read a record says which one comes, so that whoever has the console knows
// at which the board stopped.
func collectStraps(_ context.Context, h *Host) (func(*report.Report), error) {
	compatible := parse(h, deviceTree+"compatible", stringList)
	s := straps{h: h, read: map[uint64]report.Fact[string]{}}
	for _, known := range boards.Lookup(compatible.Value, boards.Machine{}) {
		for _, strap := range known.Straps {
			if strap.Class != boards.ClassX {
				s.known = append(s.known, strap)
			}
		}
		s.switches = append(s.switches, known.SwitchBits...)
	}
	if len(s.known) == 0 {
		return func(*report.Report) {}, nil
	}
	allowed := h.ask("registers/1", "")
	if allowed.Gap != "" {
		missing := report.Missing[[]string](report.NotProbed, "registers say it and are not read unless told to: -mmio", both([]string{allowed.ID}, compatible.From)...)
		return func(r *report.Report) { r.Boot.ROMStraps = missing }, nil
	}
	s.unproven = string(allowed.Data) == MMIOUnproven
	for _, strap := range s.known {
		s.take(strap)
	}
	return s.apply, nil
}

// straps is what the registers said so far.
type straps struct {
	h        *Host
	known    []boards.Strap
	switches []boards.SwitchBits
	unproven bool
	read     map[uint64]report.Fact[string] // what registers hold, 0x and eight hexadecimal digits

	list  []report.Strap
	order []string // media, first tried first
	used  string   // the medium that was used
	from  []string
	lacks string // why the order is not whole
}

// take reads one field, if its conditions hold.
func (s *straps) take(strap boards.Strap) {
	e := report.Strap{Field: fmt.Sprintf("%s %#08x %d:%d", strap.Name, strap.Address, strap.High, strap.Low)}
	for _, c := range strap.If {
		owner := strap
		if i := slices.IndexFunc(s.known, func(k boards.Strap) bool { return k.Address == c.Address }); i >= 0 {
			owner = s.known[i] // the class is that of the register that is read
		}
		register, f := s.register(owner, c.Address)
		if f.Gap == report.Deadline { // whether there is such a field was not asked
			s.lacks, s.from = cmp.Or(s.lacks, strap.Name+" is not known"), append(s.from, f.From...)
			return
		}
		if f.Gap != "" {
			e.Value = report.Missing[int64](f.Gap, oneLine(fmt.Sprintf("whether it counts stands at %#08x: %s", c.Address, f.Note)), f.From...)
			s.miss(strap, e)
			return
		}
		if !c.Holds(register) {
			return
		}
		s.from = append(s.from, f.From...)
	}
	register, f := s.register(strap, strap.Address)
	if f.Gap != "" {
		e.Value = report.Missing[int64](f.Gap, f.Note, f.From...)
		s.miss(strap, e)
		return
	}
	e.Value = report.Known(int64(strap.Value(register)), f.From...)
	media, ok := strap.Media(register)
	if !ok {
		e.Media = report.Missing[[]string](report.Unsupported, "no document that this program knows says what this value means", f.From...)
		s.miss(strap, e)
		return
	}
	e.Media = report.Known(media, f.From...).Noting(citations(strap.From))
	s.list = append(s.list, e)
	s.from = append(s.from, f.From...)
	for _, word := range media {
		switch {
		case word == "fuses", word == "straps", word == "none": // another field says more, or nothing
		case strap.Used:
			s.used = word
		default:
			s.order = append(s.order, word)
		}
	}
}

func citations(list []string) string { return oneLine(strings.Join(list, "; ")) }

// miss keeps a field that could not be read or understood. The order of the ROM
// is not whole without it.
func (s *straps) miss(strap boards.Strap, e report.Strap) {
	s.list = append(s.list, e)
	if !strap.Used && s.lacks == "" {
		s.lacks = strap.Name + " is not known"
	}
	s.from = append(s.from, e.Value.From...)
}

// register reads a register once.
func (s *straps) register(strap boards.Strap, address uint64) (uint32, report.Fact[string]) {
	f, ok := s.read[address]
	if !ok {
		f = s.permitted(strap, address)
		if f.Gap == "" {
			// The record goes out before the read: see runSection's emit.
			s.h.ask(report.OpNextRegister, fmt.Sprintf("%#08x %s", address, strap.Name))
			f = parseAnswer(s.h.ask("register/1", fmt.Sprintf("%#08x", address)), func(data []byte) (string, error) {
				text := strings.TrimSpace(string(data))
				if _, err := strconv.ParseUint(text, 0, 32); err != nil {
					return "", errors.New("not a word of 32 bits")
				}
				return text, nil
			})
		}
		s.read[address] = f
	}
	value, _ := strconv.ParseUint(f.Value, 0, 32)
	return uint32(value), f
}

// permitted reports by a gap why a register is not to be read.
func (s *straps) permitted(strap boards.Strap, address uint64) report.Fact[string] {
	a := s.h.ask("node-at/1", fmt.Sprintf("%s %#08x", strings.TrimSuffix(deviceTree, "/"), address))
	owners := parseAnswer(a, func(data []byte) (string, error) { return string(data), nil })
	refuse := func(format string, args ...any) report.Fact[string] {
		return report.Missing[string](report.NotProbed, oneLine(fmt.Sprintf(format, args...)), a.ID)
	}
	list, err := parseOwners(a.Data)
	switch {
	case owners.Gap != "":
		return owners
	case err != nil:
		return report.Missing[string](report.Invalid, oneLine(err.Error()), a.ID)
	case strap.Class != boards.ClassA && !s.unproven:
		return refuse("not proven to be safe to read: -mmio-unproven reads it")
	case len(strap.Nodes) == 0:
		return refuse("no device tree is known to have its block")
	}
	i := slices.IndexFunc(list, func(o owner) bool {
		return slices.ContainsFunc(o.Compatible, func(c string) bool { return slices.Contains(strap.Nodes, c) })
	})
	switch {
	case i < 0:
		return refuse("the device tree has no %s there", strings.Join(strap.Nodes, " or "))
	case !list[i].Enabled:
		return refuse("%s is disabled", list[i].Path)
	case len(list[i].Gated) > 0:
		return refuse("%s can be off: it has %s", list[i].Path, strings.Join(list[i].Gated, " and "))
	}
	return report.Fact[string]{}
}

// apply puts what the registers said beside what is documented: what this unit
// is set to goes before what boards of its kind do.
func (s *straps) apply(r *report.Report) {
	r.Boot.Straps = s.list
	var set, rest []string
	for _, sw := range s.switches {
		if f, ok := s.read[sw.Address]; ok && f.OK() {
			register, _ := s.register(boards.Strap{}, sw.Address)
			set, rest = append(set, sw.Switch+": "+sw.Positions(register)), append(rest, f.From...)
		}
	}
	if set != nil {
		r.Boot.SwitchesSet = report.Known(set, slices.Compact(rest)...).Noting("as they were at reset, position 1 first, 1 is ON")
	}
	from := slices.Compact(slices.Sorted(slices.Values(s.from)))
	switch {
	case s.lacks != "":
		r.Boot.ROMStraps = report.Missing[[]string](report.NotProbed, oneLine(s.lacks), from...)
	case len(s.order) > 0:
		r.Boot.ROMStraps = report.Known(s.order, from...)
		note := ""
		if r.Boot.ROMOrder.OK() {
			note = "documented: " + strings.Join(r.Boot.ROMOrder.Value, ", ")
		}
		r.Boot.ROMOrder = report.Known(s.order, from...).Noting(oneLine(note))
	}
	if s.used != "" && !r.Boot.Current.OK() {
		r.Boot.Current = report.Known(s.used, from...)
	}
}
