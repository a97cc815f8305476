package main

import (
	"slices"
	"strings"
)

// scan is what the text of one source file says of the devices that it drives.
type scan struct {
	aliases  []string
	firmware []string
	// mentions are patterns of compatibles that the file looks for without its
	// driver being matched by them.
	mentions []string
}

func (s scan) isEmpty() bool { return len(s.aliases)+len(s.firmware)+len(s.mentions) == 0 }

// scanC finds the tables of device identifications, aliases and firmware names
// in a file of C. What is put together by macros of other files is passed over,
// apart from the usual ones of tables; constants are what those are called with.
func scanC(text string, constants map[string]uint64) scan {
	if !mayIdentify(text) {
		return scan{}
	}
	s := readC(text)
	use := s.tableUses()
	var found scan
	for i, t := range s.tokens {
		if t.quoted {
			continue
		}
		switch kind := tableKind(t.text); {
		case kind != "" && i > 0 && s.tokens[i-1].is("struct"):
			name, rows, _ := s.table(i + 1)
			for _, tokens := range rows {
				aliases := s.row(tokens, constants).aliases(kind)
				switch {
				case use[name] == moduleTable || use[name] == driverTable && kind != "virtio":
					found.aliases = append(found.aliases, aliases...)
				case kind == "of":
					found.mentions = append(found.mentions, aliases...)
				}
			}
		case t.text == "MODULE_ALIAS":
			if alias, ok := s.argument(i+1, 0); ok {
				found.aliases = append(found.aliases, alias)
			}
		case t.text == "MODULE_FIRMWARE":
			if name, ok := s.argument(i+1, 0); ok {
				found.firmware = append(found.firmware, name)
			}
		case t.text == "of_device_is_compatible":
			if compatible, ok := s.argument(i+1, 1); ok {
				found.mentions = append(found.mentions, ofPatterns("*", "*", compatible)...)
			}
		case t.text == "IRQCHIP_MATCH":
			if compatible, ok := s.argument(i+1, 0); ok {
				found.aliases = append(found.aliases, ofPatterns("*", "*", compatible)...)
			}
		case slices.Contains(declarations, t.text):
			if compatible, ok := s.argument(i+1, 1); ok {
				found.aliases = append(found.aliases, ofPatterns("*", "*", compatible)...)
			}
		}
	}
	for _, list := range []*[]string{&found.aliases, &found.firmware, &found.mentions} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return found
}

// declarations are macros (name, compatible, function) by which the kernel
// finds, at its start, what drives a node that no driver is ever bound to.
var declarations = []string{
	"CLK_OF_DECLARE", "CLK_OF_DECLARE_DRIVER", "IRQCHIP_DECLARE", "OF_EARLYCON_DECLARE", "RESERVEDMEM_OF_DECLARE", "TIMER_OF_DECLARE",
}

// mayIdentify spares the files that hold nothing of interest, which are most.
func mayIdentify(text string) bool {
	for _, word := range []string{"_device_id", "amba_id", "MODULE_ALIAS", "MODULE_FIRMWARE", "IRQCHIP_MATCH", "_DECLARE", "of_device_is_compatible"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// tableKind returns the bus that a structure identifies devices of
// (include/linux/mod_devicetable.h).
func tableKind(structure string) string {
	if structure == "amba_id" {
		return "amba"
	}
	kind, _ := strings.CutSuffix(structure, "_device_id")
	if kind == structure {
		return ""
	}
	return kind
}

// What a table serves for.
const (
	driverTable = 1 + iota // a driver matches devices by it
	moduleTable            // and the module tells so
)

// tableUses returns what tables are used for, by name. Those that are not there
// serve to look something up.
func (s source) tableUses() map[string]int {
	use := map[string]int{}
	at := func(i int) string {
		if i < len(s.tokens) && !s.tokens[i].quoted {
			return s.tokens[i].text
		}
		return ""
	}
	for i := range s.tokens {
		switch at(i) {
		case "MODULE_DEVICE_TABLE": // (BUS, NAME)
			use[at(i+4)] = moduleTable
		case "of_match_table", "id_table", "acpi_match_table":
			if at(i+1) != "=" {
				break
			}
			name := at(i + 2)
			if at(i+3) == "(" { // of_match_ptr(NAME)
				name = at(i + 4)
			}
			use[name] = max(use[name], driverTable)
		}
	}
	return use
}

// table reads "NAME[...] = { {...}, {...} }" from after the type; between its
// parts there may be attributes.
func (s source) table(i int) (name string, rows [][]token, ok bool) {
	for ; i < len(s.tokens) && !s.tokens[i].is("["); i++ {
		if !s.tokens[i].isName() {
			return "", nil, false
		}
		if name == "" || !strings.HasPrefix(s.tokens[i].text, "__") {
			name = s.tokens[i].text
		}
	}
	for ; i < len(s.tokens) && !s.tokens[i].is("{"); i++ {
		if s.tokens[i].is(";") {
			return "", nil, false
		}
	}
	depth, start := 0, 0
	for ; i < len(s.tokens); i++ {
		switch {
		case s.tokens[i].is("{"):
			if depth++; depth == 2 {
				start = i + 1
			}
		case s.tokens[i].is("}"):
			switch depth--; depth {
			case 0:
				return name, rows, true
			case 1:
				rows = append(rows, s.tokens[start:i])
			}
		}
	}
	return "", nil, false
}

// argument returns the n-th argument, which must be a string, of a call whose
// parenthesis opens at i.
func (s source) argument(i, n int) (string, bool) {
	if i >= len(s.tokens) || !s.tokens[i].is("(") {
		return "", false
	}
	depth := 0
	for end := i; end < len(s.tokens) && !s.tokens[end].is(";"); end++ {
		switch {
		case s.tokens[end].is("("):
			depth++
		case s.tokens[end].is(")"):
			if depth--; depth > 0 {
				break
			}
			args := splitCommas(s.tokens[i+1 : end])
			if n >= len(args) {
				return "", false
			}
			return s.text(args[n])
		}
	}
	return "", false
}
