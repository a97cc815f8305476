package boards

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Lock is where a running Linux can see whether a board starts only signed
// loaders: a field of a fuse, a file, or what the loader passed to the kernel.
type Lock struct {
	NVMEM     string   // a device of /sys/bus/nvmem is called this and a number
	Offset    int64    // of the word of 32 bits in it, in bytes
	High, Low uint     // bits of the field
	File      string   // or: a file, without the leading slash
	Parameter string   // or: a parameter of the kernel's command line
	Only      []string // root compatibles, one of which the board must have; empty: all of the family
	Closed    []string // values of a board that is closed; of a fuse, in decimal
	Open      []string // values of one that is open; none: all others
	From      []string // citations
}

// State is what a value says: enforced, or capable if the board can be closed
// and is not. It is false for a value that no document names.
func (l Lock) State(value string) (string, bool) {
	switch {
	case slices.Contains(l.Closed, value):
		return "enforced", true
	case len(l.Open) == 0 || slices.Contains(l.Open, value):
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
	Only      []string `json:"only,omitempty"`
	Closed    []string `json:"closed"`
	Open      []string `json:"open,omitempty"`
	From      []string `json:"from"`
}

func (f *lockFile) lock() (Lock, error) {
	l := Lock{NVMEM: f.NVMEM, File: f.File, Parameter: f.Parameter, Only: f.Only, Closed: f.Closed, Open: f.Open, From: f.From}
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
	if f.NVMEM != "" {
		offset, high, low, err := place(f.Offset, f.Bits)
		if err != nil {
			return Lock{}, err
		}
		l.Offset, l.High, l.Low = int64(offset), high, low
		for _, value := range slices.Concat(f.Closed, f.Open) {
			if n, err := strconv.ParseUint(value, 10, 32); err != nil || n >= 1<<(high-low+1) {
				return Lock{}, fmt.Errorf("value %q is no number of the field", value)
			}
		}
	}
	return l, checkCitations(f.From)
}
