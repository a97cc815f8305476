package main

import (
	"fmt"
	"slices"
	"strings"
)

// row is one row of a table that identifies devices, cut at its commas.
type row struct {
	source
	constants map[string]uint64
	macro     string    // that the row begins with, if any
	args      [][]token // of the macro
	rest      [][]token // all other values
}

func (s source) row(tokens []token, constants map[string]uint64) row {
	r := row{source: s, constants: constants, rest: splitCommas(tokens)}
	if len(r.rest) == 0 {
		return r
	}
	if first := r.rest[0]; len(first) > 2 && first[0].isName() && first[1].is("(") && first[len(first)-1].is(")") {
		r.macro, r.args, r.rest = first[0].text, splitCommas(first[2:len(first)-1]), r.rest[1:]
	}
	return r
}

// splitCommas cuts tokens at the commas that are in no brackets.
func splitCommas(tokens []token) [][]token {
	var list [][]token
	depth, start := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("("), t.is("{"), t.is("["):
			depth++
		case t.is(")"), t.is("}"), t.is("]"):
			depth--
		case t.is(",") && depth == 0:
			list = append(list, tokens[start:i])
			start = i + 1
		}
	}
	if start < len(tokens) {
		list = append(list, tokens[start:])
	}
	return list
}

// aliases returns the patterns of the row, in the form in which
// scripts/mod/file2alias.c of the kernel writes them.
func (r row) aliases(kind string) []string {
	switch kind {
	case "of":
		return r.of()
	case "i2c", "spi", "platform", "rpmsg":
		if name, ok := r.first("name"); ok {
			return []string{kind + ":" + name}
		}
	case "acpi":
		if id, ok := r.first("id"); ok {
			return []string{"acpi*:" + id + ":*"}
		}
	case "pnp":
		if id, ok := r.first("id"); ok {
			return []string{"acpi*:" + id + ":*", "pnp:d" + id + "*"}
		}
	case "sdio":
		return r.sdio()
	case "usb":
		return r.usb()
	case "pci":
		return r.pci()
	case "mdio":
		return r.mdio()
	case "virtio":
		return r.virtio()
	case "amba":
		return r.amba()
	}
	return nil
}

// isField reports whether a value comes with the name of a field, and with this
// one unless it is empty.
func isField(part []token, name string) bool {
	return len(part) > 3 && part[0].is(".") && part[2].is("=") && (name == "" || part[1].is(name))
}

// first returns the text of the field that is the first of its structure, so
// that it may come without its name.
func (r row) first(name string) (string, bool) {
	if text, ok := r.field(name); ok {
		return text, ok
	}
	if r.macro != "" || len(r.rest) == 0 || isField(r.rest[0], "") {
		return "", false
	}
	text, ok := r.text(r.rest[0])
	return text, ok && text != ""
}

// field returns the text of a field that is named.
func (r row) field(name string) (string, bool) {
	for _, part := range r.rest {
		if isField(part, name) {
			text, ok := r.text(part[3:])
			return text, ok && text != ""
		}
	}
	return "", false
}

func (r row) of() []string {
	compatible, ok := r.field("compatible")
	if !ok {
		return nil
	}
	name, ok := r.field("name")
	if !ok {
		name = "*"
	}
	kind, ok := r.field("type")
	if !ok {
		kind = "*"
	} else {
		kind += "*"
	}
	return ofPatterns(name, kind, compatible)
}

func ofPatterns(name, kind, compatible string) []string {
	pattern := "of:N" + name + "T" + kind + "C" + strings.Join(strings.Fields(compatible), "_")
	return []string{pattern, pattern + "C*"}
}

// value returns a number as it stands in a table: a literal or one macro,
// perhaps in parentheses, shifted or inverted.
func (r row) value(tokens []token) (uint64, bool) {
	for len(tokens) > 2 && tokens[0].is("(") && tokens[len(tokens)-1].is(")") {
		tokens = tokens[1 : len(tokens)-1]
	}
	switch {
	case len(tokens) == 1:
		return r.number(tokens[0], r.constants)
	case len(tokens) == 2 && tokens[0].is("~"):
		n, ok := r.number(tokens[1], r.constants)
		return ^n, ok
	case len(tokens) == 4 && tokens[1].is("<") && tokens[2].is("<"):
		n, ok := r.number(tokens[0], r.constants)
		shift, known := r.number(tokens[3], r.constants)
		return n << shift, ok && known
	}
	return 0, false
}

// values returns the first numbers of a list, all or none.
func (r row) values(list [][]token, count int) ([]uint64, bool) {
	if len(list) < count {
		return nil, false
	}
	numbers := make([]uint64, count)
	for i := range numbers {
		n, ok := r.value(list[i])
		if !ok {
			return nil, false
		}
		numbers[i] = n
	}
	return numbers, true
}

// numbers returns the numbers of named fields.
func (r row) numbers(names ...string) (numbers []uint64, given []bool) {
	numbers, given = make([]uint64, len(names)), make([]bool, len(names))
	for _, part := range r.rest {
		for i, name := range names {
			if isField(part, name) {
				numbers[i], given[i] = r.value(part[3:])
			}
		}
	}
	return numbers, given
}

func (r row) sdio() []string {
	switch r.macro {
	case "SDIO_DEVICE_CLASS":
		if n, ok := r.values(r.args, 1); ok {
			return []string{fmt.Sprintf("sdio:c%02Xv*d*", n[0])}
		}
	case "SDIO_DEVICE":
		if n, ok := r.values(r.args, 2); ok {
			return []string{fmt.Sprintf("sdio:c*v%04Xd%04X*", n[0], n[1])}
		}
	}
	return nil
}

// usb reads rows that match all interfaces of a device.
func (r row) usb() []string {
	n, ok := r.values(r.args, 2)
	if !ok || r.macro != "USB_DEVICE" || slices.ContainsFunc(r.rest, func(part []token) bool { return !isField(part, "driver_info") }) {
		return nil
	}
	return []string{fmt.Sprintf("usb:v%04Xp%04Xd*dc*dsc*dp*ic*isc*ip*in*", n[0], n[1])}
}

func (r row) virtio() []string {
	if n, ok := r.values(r.rest, 1); ok && len(r.rest) == 2 && len(r.rest[1]) == 1 && r.rest[1][0].is("VIRTIO_DEV_ANY_ID") && n[0] != 0 {
		return []string{fmt.Sprintf("virtio:d%08Xv*", n[0])}
	}
	return nil
}

// mdio reads the identification of an Ethernet PHY and its mask, which the
// macros of include/linux/phy.h make of the identification alone.
func (r row) mdio() []string {
	var id []uint64
	ok := false
	switch r.macro {
	case "":
		id, ok = r.values(r.rest, 2)
	case "PHY_ID_MATCH_EXACT":
		if id, ok = r.values(r.args, 1); ok {
			id = append(id, 1<<32-1)
		}
	case "PHY_ID_MATCH_MODEL":
		if id, ok = r.values(r.args, 1); ok {
			id = append(id, 1<<32-1<<4)
		}
	case "PHY_ID_MATCH_VENDOR":
		if id, ok = r.values(r.args, 1); ok {
			id = append(id, 1<<32-1<<10)
		}
	}
	if !ok || id[0] == 0 {
		return nil
	}
	bits := make([]byte, 32)
	for i := range bits {
		switch bit := uint64(1) << (31 - i); {
		case id[1]&bit == 0:
			bits[i] = '?'
		case id[0]&bit != 0:
			bits[i] = '1'
		default:
			bits[i] = '0'
		}
	}
	return []string{"mdio:" + string(bits)}
}

// amba reads the identification of a peripheral of ARM and its mask. Masks that
// cut a digit are passed over.
func (r row) amba() []string {
	n, given := r.numbers("id", "mask")
	if !given[0] || !given[1] || n[0] == 0 || n[0]>>32 != 0 {
		return nil
	}
	digits := fmt.Appendf(nil, "%08X", n[0])
	for i := range digits {
		switch n[1] >> (4 * (7 - i)) & 15 {
		case 0:
			digits[i] = '?'
		case 15:
		default:
			return nil
		}
	}
	return []string{"amba:d" + string(digits)}
}
