package boards

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"slices"
	"strconv"
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

// Class says how safe it is to read a register of a running board.
type Class string

const (
	ClassA Class = "A" // Linux itself reads the block, and its node in the device tree has neither clock nor power domain
	ClassB Class = "B" // not proven to be safe: another clock, firmware or processor can own it
	ClassX Class = "X" // not to be read: it can hang the board, or has been overwritten; here so that nobody tries
)

// Strap is a field of a register that says where the boot ROM looks for a
// loader, or where it took it from.
type Strap struct {
	Name      string      // as the documents of the SoC call it
	Address   uint64      // physical, of 32 bits
	High, Low uint        // bits of the field
	Nodes     []string    // compatibles, one of which the device-tree node of the register has; none: no node is known
	BigEndian bool        // the register is big-endian on a little-endian processor
	Used      bool        // it says from where the ROM took the loader, not where it is told to look
	If        []Condition // all of which must hold for the field to count
	Means     []Meaning
	Class     Class
	From      []string // citations
}

// Condition is what another field must be for a Strap to count.
type Condition struct {
	Address   uint64
	High, Low uint
	Values    []uint32 // any of them
}

// Holds reports whether a register meets the condition.
func (c Condition) Holds(register uint32) bool {
	return slices.Contains(c.Values, field(register, c.High, c.Low))
}

// field cuts bits out of a register.
func field(register uint32, high, low uint) uint32 {
	return register >> low & uint32(1<<(high-low+1)-1)
}

// Meaning is what the values from Low to High of a field stand for.
type Meaning struct {
	Low, High uint32
	Media     []string // first tried first; words of strapMedia
}

// Value is the field in a register as a little-endian processor loads it.
func (s Strap) Value(register uint32) uint32 {
	if s.BigEndian {
		register = bits.ReverseBytes32(register)
	}
	return field(register, s.High, s.Low)
}

// Media is what a register says, first tried first: sd, emmc, mmc (either),
// mmc0 and mmc1 (of these controllers), spi-nor, spi-nand, nand, nor, ufs,
// sata, pcie, usb, uart, ethernet, i2c, jtag, fpga, fuses (they say), straps
// (other pins say), none. It is false for a value that no document names.
func (s Strap) Media(register uint32) ([]string, bool) {
	value := s.Value(register)
	for _, m := range s.Means {
		if m.Low <= value && value <= m.High {
			return slices.Clone(m.Media), true
		}
	}
	return nil, false
}

func (s Strap) clone() Strap {
	s.Means, s.From, s.Nodes, s.If = slices.Clone(s.Means), slices.Clone(s.From), slices.Clone(s.Nodes), slices.Clone(s.If)
	for i := range s.Means {
		s.Means[i].Media = slices.Clone(s.Means[i].Media)
	}
	return s
}

// LoaderOffset is where on a medium the ROM looks for a loader.
type LoaderOffset struct {
	Medium          string // sd, emmc-user, emmc-boot, spi-nor, nand or ufs
	OffsetBytes     int64
	What            string   // what is there
	CollidesWithGPT bool     // a GUID partition table of usual size is there as well
	From            []string // citations
}

// loaderFile is the places at one offset in a data file.
type loaderFile struct {
	Medium          string   `json:"medium"` // one, or several with spaces between
	OffsetBytes     int64    `json:"offset_bytes"`
	What            string   `json:"what"`
	CollidesWithGPT bool     `json:"collides_with_gpt,omitempty"`
	Only            []string `json:"only,omitempty"` // as of a strap
	From            []string `json:"from"`
}

func (f *loaderFile) check() error {
	media := strings.Fields(f.Medium)
	if len(media) == 0 || f.OffsetBytes < 0 || f.What == "" {
		return fmt.Errorf("medium %q, offset %d, what %q: one is missing", f.Medium, f.OffsetBytes, f.What)
	}
	for _, medium := range media {
		switch medium {
		case "sd", "emmc-user", "emmc-boot", "spi-nor", "nand", "ufs":
		default:
			return fmt.Errorf("medium %q is none of ours", medium)
		}
	}
	return checkCitations(f.From)
}

func (f *loaderFile) offsets() []LoaderOffset {
	var list []LoaderOffset
	for medium := range strings.FieldsSeq(f.Medium) {
		list = append(list, LoaderOffset{medium, f.OffsetBytes, f.What, f.CollidesWithGPT, slices.Clone(f.From)})
	}
	return list
}

// strapFile is a Strap in a data file.
type strapFile struct {
	Name      string            `json:"name"`
	Address   string            `json:"address"`        // 0x…
	Node      string            `json:"node,omitempty"` // compatibles with a space between
	Bits      string            `json:"bits"`           // high:low
	BigEndian bool              `json:"big_endian,omitempty"`
	Used      bool              `json:"used,omitempty"`
	Only      []string          `json:"only,omitempty"`  // root compatibles, any of which the board has; none: all of the family
	If        map[string]string `json:"if,omitempty"`    // "0x… high:low": values with a space between
	Means     map[string]string `json:"means,omitempty"` // "2" or "0x8-0xf": words with a space between
	Class     Class             `json:"class"`
	From      []string          `json:"from"`
}

func (f *strapFile) strap() (Strap, error) {
	s := Strap{Name: f.Name, Nodes: strings.Fields(f.Node), BigEndian: f.BigEndian, Used: f.Used, Class: f.Class, From: f.From}
	if f.Name == "" {
		return Strap{}, errors.New("no name")
	}
	if f.Class != ClassA && f.Class != ClassB && f.Class != ClassX {
		return Strap{}, fmt.Errorf("class %q is none of A, B and X", f.Class)
	}
	if f.Class == ClassA && len(s.Nodes) == 0 {
		return Strap{}, errors.New("class A without a node that Linux reads")
	}
	var err error
	if s.Address, s.High, s.Low, err = place(f.Address, f.Bits); err != nil {
		return Strap{}, err
	}
	for where, values := range f.If {
		address, bits, _ := strings.Cut(where, " ")
		c := Condition{}
		if c.Address, c.High, c.Low, err = place(address, bits); err != nil {
			return Strap{}, fmt.Errorf("if: %w", err)
		}
		for value := range strings.FieldsSeq(values) {
			v, err := strconv.ParseUint(value, 0, 32)
			if err != nil || v >= 1<<(c.High-c.Low+1) {
				return Strap{}, fmt.Errorf("if: value %q is no number of the field", value)
			}
			c.Values = append(c.Values, uint32(v))
		}
		s.If = append(s.If, c)
	}
	slices.SortFunc(s.If, func(a, b Condition) int { return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Low, b.Low)) })
	for values, words := range f.Means {
		m, err := meaning(values, words, uint64(1)<<(s.High-s.Low+1))
		if err != nil {
			return Strap{}, err
		}
		s.Means = append(s.Means, m)
	}
	slices.SortFunc(s.Means, func(a, b Meaning) int { return cmp.Compare(a.Low, b.Low) })
	for i := 1; i < len(s.Means); i++ {
		if s.Means[i].Low <= s.Means[i-1].High {
			return Strap{}, fmt.Errorf("value %#x has two meanings", s.Means[i].Low)
		}
	}
	return s, checkCitations(f.From)
}

// place reads where a field is.
func place(address, bits string) (at uint64, high, low uint, err error) {
	at, ok := hexadecimal(address)
	if !ok || at%4 != 0 {
		return 0, 0, 0, fmt.Errorf("address %q is not 0x… of a word", address)
	}
	first, last, _ := strings.Cut(bits, ":")
	h, wrongHigh := strconv.ParseUint(first, 10, 5)
	l, wrongLow := strconv.ParseUint(last, 10, 5)
	if wrongHigh != nil || wrongLow != nil || h < l {
		return 0, 0, 0, fmt.Errorf("bits %q are not high:low of 32", bits)
	}
	return at, uint(h), uint(l), nil
}

// meaning reads one entry of means; the field has room for values below limit.
func meaning(values, words string, limit uint64) (Meaning, error) {
	first, last, isRange := strings.Cut(values, "-")
	low, wrong := strconv.ParseUint(first, 0, 32)
	high := low
	if isRange && wrong == nil {
		high, wrong = strconv.ParseUint(last, 0, 32)
	}
	if wrong != nil || high < low || high >= limit {
		return Meaning{}, fmt.Errorf("value %q is no number of the field", values)
	}
	media := strings.Fields(words)
	if len(media) == 0 {
		return Meaning{}, fmt.Errorf("value %q means nothing", values)
	}
	for _, word := range media {
		if !strapMedium(word) {
			return Meaning{}, fmt.Errorf("value %q: medium %q is none of ours", values, word)
		}
	}
	return Meaning{Low: uint32(low), High: uint32(high), Media: media}, nil
}

func strapMedium(word string) bool {
	switch word {
	case "sd", "emmc", "mmc", "mmc0", "mmc1", "spi-nor", "spi-nand", "nand", "nor", "ufs", "sata", "pcie",
		"usb", "uart", "ethernet", "i2c", "jtag", "fpga", "fuses", "straps", "none":
		return true
	}
	return false
}
