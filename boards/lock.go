package boards

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Lock is where a running Linux can see whether a board starts only signed
// loaders: a field of a fuse, a file, or what the loader passed to the kernel.
type Lock struct {
	NVMEM     string   // a device of /sys/bus/nvmem is called this and a number
	Offset    int64    // of the word of 32 bits in it, in bytes
	High, Low uint     // bits of the field
	File      string   // or: a file, without the leading slash
	Parameter string   // or: a parameter of the kernel's command line
	Closed    []string // values of a board that is closed; of a fuse, in decimal
	Open      []string // values of one that is open; none: all others, unless OneSided
	OneSided  bool     // values that are not of a closed board say nothing
	Returned  Returned // what ends it; Value 0: nothing that is known
	From      []string // citations
}

// Returned is a fuse that ends the enforcement of a closed board for good: it
// was given back to the maker of the SoC (field return).
type Returned struct {
	Offset    int64 // of the word of 32 bits in the same device, in bytes
	High, Low uint
	Value     uint32
}

// Holds reports whether a word of the fuses says so.
func (r Returned) Holds(word uint32) bool { return field(word, r.High, r.Low) == r.Value }

func (l Lock) clone() Lock {
	l.Closed, l.Open, l.From = slices.Clone(l.Closed), slices.Clone(l.Open), slices.Clone(l.From)
	return l
}

// State is what a value says: enforced, or capable if the board can be closed
// and is not. It is false for a value that no document names.
func (l Lock) State(value string) (string, bool) {
	switch {
	case slices.Contains(l.Closed, value):
		return "enforced", true
	case len(l.Open) == 0 && !l.OneSided || slices.Contains(l.Open, value):
		return "capable", true
	}
	return "", false
}

// Field is the value of the field in a word of the fuses.
func (l Lock) Field(word uint32) string {
	return strconv.FormatUint(uint64(field(word, l.High, l.Low)), 10)
}

// lockFile is a Lock in a data file.
type lockFile struct {
	NVMEM     string   `json:"nvmem,omitempty"`
	Offset    string   `json:"offset,omitempty"` // 0x…
	Bits      string   `json:"bits,omitempty"`   // high:low
	File      string   `json:"file,omitempty"`
	Parameter string   `json:"parameter,omitempty"`
	Only      []string `json:"only,omitempty"` // as of a strap
	Closed    []string `json:"closed"`
	Open      []string `json:"open,omitempty"`
	OneSided  bool     `json:"one_sided,omitempty"`
	Returned  string   `json:"returned,omitempty"` // "0x… high:low value"
	From      []string `json:"from"`
}

func (f *lockFile) lock() (Lock, error) {
	l := Lock{NVMEM: f.NVMEM, File: f.File, Parameter: f.Parameter, Closed: f.Closed, Open: f.Open, OneSided: f.OneSided, From: f.From}
	sources := 0
	for _, s := range []string{f.NVMEM, f.File, f.Parameter} {
		if s != "" {
			sources++
		}
	}
	if sources != 1 {
		return Lock{}, errors.New("want one of nvmem, file and parameter")
	}
	if len(f.Closed) == 0 {
		return Lock{}, errors.New("no value of a closed board")
	}
	if f.OneSided && len(f.Open) > 0 {
		return Lock{}, errors.New("one_sided, and values of an open board")
	}
	if f.Returned != "" && f.NVMEM == "" {
		return Lock{}, errors.New("returned without nvmem")
	}
	if f.NVMEM != "" {
		offset, high, low, err := place(f.Offset, f.Bits)
		if err != nil {
			return Lock{}, err
		}
		l.Offset, l.High, l.Low = int64(offset), high, low
		if l.Returned, err = returned(f.Returned); err != nil {
			return Lock{}, err
		}
		for _, value := range slices.Concat(f.Closed, f.Open) {
			if n, err := strconv.ParseUint(value, 10, 32); err != nil || n >= 1<<(high-low+1) {
				return Lock{}, fmt.Errorf("value %q is no number of the field", value)
			}
		}
	}
	return l, checkCitations(f.From)
}

// returned reads "0x… high:low value", which can be "".
func returned(text string) (Returned, error) {
	if text == "" {
		return Returned{}, nil
	}
	words := strings.Fields(text)
	if len(words) != 3 {
		return Returned{}, fmt.Errorf("returned %q: want an offset, bits and a value", text)
	}
	offset, high, low, err := place(words[0], words[1])
	if err != nil {
		return Returned{}, fmt.Errorf("returned: %w", err)
	}
	value, err := strconv.ParseUint(words[2], 0, 32)
	if err != nil || value == 0 || value >= 1<<(high-low+1) {
		return Returned{}, fmt.Errorf("returned: value %q is no number of the field, or 0", words[2])
	}
	return Returned{int64(offset), high, low, uint32(value)}, nil
}
