package boards

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// Board is what documents say about a kind of board, or about all boards with
// one SoC. Facts that no document states are zero.
type Board struct {
	Name     string
	Match    string                // the compatible or the DMI vendor by which it was found
	BootMode report.Fact[string]   // what decides where the boot ROM takes the loader from
	Switches report.Fact[[]string] // designators of the switches or jumpers that do; empty: the board has none
	ROMOrder report.Fact[[]string] // media in the order in which the boot ROM tries them

	ROMFamily     string              // word of romheader.Families; empty: no header that the ROM looks for is known
	SwitchBits    []SwitchBits        // DIP switches whose positions are bits of a register
	Straps        []Strap             // registers that say where the ROM looks or took the loader from
	LoaderOffsets []LoaderOffset      // where a loader is on the media; ROMs that want a file or a partition have a note
	SecureBoot    report.Fact[string] // how a board that takes only signed loaders can be told from Linux
	Locks         []Lock              // where Linux can see it
	OrderReadable report.Fact[bool]   // whether the order of this unit can be read on the running board
	Note          report.Fact[string] // what else to know about its start
}

// Machine is how a board names itself in DMI. Empty fields match nothing.
type Machine struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product,omitempty"`
}

// machineFile is one file of data/machine. Where it cites, it gives either the
// citation or a word of its sources.
type machineFile struct {
	Name          string            `json:"name"`
	Sources       map[string]string `json:"sources,omitempty"`    // citations, or tree:version:path, by the words that stand for them
	Compatible    []string          `json:"compatible,omitempty"` // root compatibles, any of which is this machine
	DMI           []Machine         `json:"dmi,omitempty"`        // a machine without product matches all of the vendor
	BootMode      *said[string]     `json:"boot_mode,omitempty"`
	Switches      *said[[]string]   `json:"switches,omitempty"`
	ROMOrder      *said[[]string]   `json:"rom_order,omitempty"`
	ROMFamily     string            `json:"rom_family,omitempty"`
	SwitchBits    []switchFile      `json:"switch_bits,omitempty"`
	Straps        []strapFile       `json:"straps,omitempty"`
	LoaderOffsets []loaderFile      `json:"loader_offsets,omitempty"`
	SecureBoot    *said[string]     `json:"secure_boot,omitempty"`
	Locks         []lockFile        `json:"locks,omitempty"`
	OrderReadable *said[bool]       `json:"order_readable,omitempty"`
	Note          *said[string]     `json:"note,omitempty"`

	straps []Strap // decoded by check
	locks  []Lock  // as well

	switches []SwitchBits
}

func (m *machineFile) check() error {
	if m.Name == "" {
		return errors.New("no name")
	}
	if len(m.Compatible)+len(m.DMI) == 0 {
		return errors.New("neither compatible nor dmi: nothing finds it")
	}
	for _, machine := range m.DMI {
		if machine.Vendor == "" {
			return errors.New("dmi without vendor")
		}
	}
	if m.BootMode == nil && m.Switches == nil && m.ROMOrder == nil && m.OrderReadable == nil {
		return errors.New("states nothing")
	}
	if m.OrderReadable != nil && !m.OrderReadable.Value && m.ROMOrder == nil && m.Note == nil {
		return errors.New("the order cannot be read, is not stated, and no note says more")
	}
	if err := m.cite(); err != nil {
		return err
	}
	if err := m.decode(); err != nil {
		return err
	}
	return errors.Join(m.BootMode.check("boot_mode"), m.Switches.check("switches"), m.ROMOrder.check("rom_order"),
		m.SecureBoot.check("secure_boot"), m.OrderReadable.check("order_readable"), m.Note.check("note"))
}

// cite replaces the words of the sources by their citations.
func (m *machineFile) cite() error {
	lists := [][]string{m.BootMode.from(), m.Switches.from(), m.ROMOrder.from(), m.SecureBoot.from(), m.OrderReadable.from(), m.Note.from()}
	for i := range m.Straps {
		lists = append(lists, m.Straps[i].From)
	}
	for i := range m.LoaderOffsets {
		lists = append(lists, m.LoaderOffsets[i].From)
	}
	for i := range m.SwitchBits {
		lists = append(lists, m.SwitchBits[i].From)
	}
	for i := range m.Locks {
		lists = append(lists, m.Locks[i].From)
	}
	used := map[string]bool{}
	for _, list := range lists {
		for i, word := range list {
			if citation, ok := m.Sources[word]; ok {
				list[i], used[word] = inTree(citation), true
			}
		}
	}
	for word := range m.Sources {
		if !used[word] {
			return fmt.Errorf("source %q states nothing", word)
		}
	}
	return nil
}

// inTree writes the citation that tree:version:path stands for. Anything else
// it returns as it is.
func inTree(citation string) string {
	tree, rest, _ := strings.Cut(citation, ":")
	version, path, ok := strings.Cut(rest, ":")
	if !ok || path == "" {
		return citation
	}
	switch tree {
	case "barebox":
		return fmt.Sprintf("barebox, %s, https://github.com/barebox/barebox/blob/%s/%s", path, version, path)
	case "linux":
		return fmt.Sprintf("Linux %s, %s, https://elixir.bootlin.com/linux/v%s/source/%s", version, path, version, path)
	case "raspberrypi":
		return fmt.Sprintf("Raspberry Pi documentation, %s, https://github.com/raspberrypi/documentation/blob/%s/documentation/asciidoc/computers/%s", path, version, path)
	case "u-boot":
		return fmt.Sprintf("U-Boot, %s, https://github.com/u-boot/u-boot/blob/%s/%s", path, version, path)
	}
	return citation
}

// from is the citations of a statement, and none of one that is not there.
func (s *said[T]) from() []string {
	if s == nil {
		return nil
	}
	return s.From
}

// decode reads the registers and checks the places.
func (m *machineFile) decode() error {
	m.straps, m.locks, m.switches = nil, nil, nil
	for i := range m.SwitchBits {
		s, err := m.SwitchBits[i].bits()
		if err != nil {
			return fmt.Errorf("switch %q: %w", m.SwitchBits[i].Switch, err)
		}
		m.switches = append(m.switches, s)
	}
	for i := range m.Straps {
		s, err := m.Straps[i].strap()
		if err != nil {
			return fmt.Errorf("strap %q: %w", m.Straps[i].Name, err)
		}
		m.straps = append(m.straps, s)
	}
	for i := range m.Locks {
		l, err := m.Locks[i].lock()
		if err != nil {
			return fmt.Errorf("lock %d: %w", i, err)
		}
		m.locks = append(m.locks, l)
	}
	for i := range m.LoaderOffsets {
		if err := m.LoaderOffsets[i].check(); err != nil {
			return fmt.Errorf("loader offset %d: %w", i, err)
		}
	}
	return nil
}

// board is what the file says of a board with such root compatibles: rows for
// other SoCs of a family are left out.
func (m *machineFile) board(match string, root []string) Board {
	b := Board{
		Name: m.Name, Match: match, BootMode: m.BootMode.fact(), Switches: m.Switches.fact(), ROMOrder: m.ROMOrder.fact(),
		ROMFamily: m.ROMFamily, SecureBoot: m.SecureBoot.fact(), OrderReadable: m.OrderReadable.fact(), Note: m.Note.fact(),
	}
	for i := range m.straps {
		if meant(m.Straps[i].Only, root) {
			b.Straps = append(b.Straps, m.straps[i].clone())
		}
	}
	for _, s := range m.switches {
		s.Bits, s.From = slices.Clone(s.Bits), slices.Clone(s.From)
		b.SwitchBits = append(b.SwitchBits, s)
	}
	for i := range m.locks {
		if meant(m.Locks[i].Only, root) {
			b.Locks = append(b.Locks, m.locks[i].clone())
		}
	}
	for i := range m.LoaderOffsets {
		if meant(m.LoaderOffsets[i].Only, root) {
			b.LoaderOffsets = append(b.LoaderOffsets, m.LoaderOffsets[i].offsets()...)
		}
	}
	return b
}

// meant reports whether a row is for a board with such root compatibles: one
// that names none is for all of the family.
func meant(only, root []string) bool {
	return len(only) == 0 || slices.ContainsFunc(root, func(c string) bool { return slices.Contains(only, c) })
}

// Lookup finds what is known about a board, most specific first: by the list
// of its root compatible in its order, then by DMI. A fact of an earlier Board
// is to be preferred to that of a later one. What several compatibles of the
// list find is there once, by the first of them.
func Lookup(compatible []string, dmi Machine) []Board {
	if len(compatible) == 0 && dmi.Vendor == "" {
		return nil
	}
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil
	}
	machines, err := loadMachines(sub, func(content []byte) bool {
		return dmi.Vendor != "" && bytes.Contains(content, []byte(`"dmi"`)) || mentions(content, compatible)
	})
	if err != nil {
		return nil // the tests load the same files
	}
	k := knowledge{machines: machines}
	return k.lookup(compatible, dmi)
}

// mentions reports whether a data file has one of the texts as a string.
func mentions(content []byte, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(content, []byte(`"`+text+`"`)) })
}

func (k *knowledge) lookup(compatible []string, dmi Machine) []Board {
	var list []Board
	found := map[int]bool{}
	for _, c := range compatible {
		for i := range k.machines {
			if !found[i] && slices.Contains(k.machines[i].Compatible, c) {
				found[i] = true
				list = append(list, k.machines[i].board(c, compatible))
			}
		}
	}
	return append(list, k.byDMI(dmi, compatible)...)
}

// byDMI puts a match of vendor and product before one of the vendor alone.
func (k *knowledge) byDMI(dmi Machine, root []string) []Board {
	if dmi.Vendor == "" {
		return nil
	}
	var exact, vendor []Board
	for i := range k.machines {
		for _, known := range k.machines[i].DMI {
			switch {
			case !strings.EqualFold(known.Vendor, dmi.Vendor):
			case known.Product == "":
				vendor = append(vendor, k.machines[i].board(dmi.Vendor, root))
			case strings.EqualFold(known.Product, dmi.Product):
				exact = append(exact, k.machines[i].board(dmi.Vendor+" "+dmi.Product, root))
			}
		}
	}
	return append(exact, vendor...)
}
