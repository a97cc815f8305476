package boards

import (
	"errors"
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
}

// Machine is how a board names itself in DMI. Empty fields match nothing.
type Machine struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product,omitempty"`
}

// machineFile is one file of data/machine.
type machineFile struct {
	Name       string          `json:"name"`
	Compatible []string        `json:"compatible,omitempty"` // root compatibles, any of which is this machine
	DMI        []Machine       `json:"dmi,omitempty"`        // a machine without product matches all of the vendor
	BootMode   *said[string]   `json:"boot_mode,omitempty"`
	Switches   *said[[]string] `json:"switches,omitempty"`
	ROMOrder   *said[[]string] `json:"rom_order,omitempty"`
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
	if m.BootMode == nil && m.Switches == nil && m.ROMOrder == nil {
		return errors.New("states nothing")
	}
	return errors.Join(m.BootMode.check("boot_mode"), m.Switches.check("switches"), m.ROMOrder.check("rom_order"))
}

func (m *machineFile) board(match string) Board {
	return Board{Name: m.Name, Match: match, BootMode: m.BootMode.fact(), Switches: m.Switches.fact(), ROMOrder: m.ROMOrder.fact()}
}

// Lookup finds what is known about a board, most specific first: by the list
// of its root compatible in its order, then by DMI. A fact of an earlier Board
// is to be preferred to that of a later one.
func Lookup(compatible []string, dmi Machine) []Board {
	k, err := data()
	if err != nil {
		return nil // the tests load the same files
	}
	return k.lookup(compatible, dmi)
}

func (k *knowledge) lookup(compatible []string, dmi Machine) []Board {
	var list []Board
	for _, c := range compatible {
		for i := range k.machines {
			for _, known := range k.machines[i].Compatible {
				if known == c {
					list = append(list, k.machines[i].board(c))
				}
			}
		}
	}
	return append(list, k.byDMI(dmi)...)
}

// byDMI puts a match of vendor and product before one of the vendor alone.
func (k *knowledge) byDMI(dmi Machine) []Board {
	if dmi.Vendor == "" {
		return nil
	}
	var exact, vendor []Board
	for i := range k.machines {
		for _, known := range k.machines[i].DMI {
			switch {
			case !strings.EqualFold(known.Vendor, dmi.Vendor):
			case known.Product == "":
				vendor = append(vendor, k.machines[i].board(dmi.Vendor))
			case strings.EqualFold(known.Product, dmi.Product):
				exact = append(exact, k.machines[i].board(dmi.Vendor+" "+dmi.Product))
			}
		}
	}
	return append(exact, vendor...)
}
