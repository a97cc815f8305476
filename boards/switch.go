package boards

import (
	"errors"
	"fmt"
	"strings"
)

// SwitchBits is a DIP switch whose positions the SoC latches into a register at
// reset, so that they can be read without a look at the board.
type SwitchBits struct {
	Switch  string // designator, with the revision of the board if there are several
	Address uint64 // of the register, which is one of the straps of the SoC
	Bits    []uint // of positions 1, 2, ...; set is ON
	From    []string
}

// Positions writes the switch as people do, position 1 first, 1 for ON.
func (s SwitchBits) Positions(register uint32) string {
	var text strings.Builder
	for _, bit := range s.Bits {
		text.WriteByte('0' + byte(register>>bit&1))
	}
	return text.String()
}

// switchFile is a SwitchBits in a data file.
type switchFile struct {
	Switch  string   `json:"switch"`
	Address string   `json:"address"` // 0x…
	Bits    []uint   `json:"bits"`
	From    []string `json:"from"`
}

func (f *switchFile) bits() (SwitchBits, error) {
	address, _, _, err := place(f.Address, "31:0")
	if err != nil {
		return SwitchBits{}, err
	}
	if f.Switch == "" || len(f.Bits) == 0 {
		return SwitchBits{}, errors.New("no designator or no positions")
	}
	for _, bit := range f.Bits {
		if bit > 31 {
			return SwitchBits{}, fmt.Errorf("bit %d is none of 32", bit)
		}
	}
	return SwitchBits{f.Switch, address, f.Bits, f.From}, checkCitations(f.From)
}
