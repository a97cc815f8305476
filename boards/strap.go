package boards

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

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
		behind := slices.IndexFunc(s.If, func(o Condition) bool {
			return o.Address > c.Address || o.Address == c.Address && o.Low > c.Low
		})
		s.If = placed(s.If, behind, c)
	}
	for values, words := range f.Means {
		m, err := meaning(values, words, uint64(1)<<(s.High-s.Low+1))
		if err != nil {
			return Strap{}, err
		}
		s.Means = placed(s.Means, slices.IndexFunc(s.Means, func(o Meaning) bool { return o.Low > m.Low }), m)
	}
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

// placed puts an element in front of the one at behind, or at the end if that is -1:
// lists of a few need no program that sorts, of which each costs a board 9 kB.
func placed[T any](list []T, behind int, element T) []T {
	if behind < 0 {
		return append(list, element)
	}
	return slices.Insert(list, behind, element)
}
