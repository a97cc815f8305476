package main

import (
	"fmt"
	"slices"
	"strings"
)

// anyID is PCI_ANY_ID of include/linux/mod_devicetable.h.
const anyID = 1<<64 - 1

// pci reads the macros of include/linux/pci.h, and rows of plain numbers.
func (r row) pci() []string {
	id := []uint64{anyID, anyID, anyID, anyID} // vendor, device, subvendor, subdevice
	class := r.rest                            // and its mask, if the row has them
	ok := false
	switch r.macro {
	case "":
		if id, ok = r.values(r.rest, 4); ok {
			class = r.rest[4:]
		}
	case "PCI_DEVICE":
		ok = r.fill(id, r.args, 2)
	case "PCI_DEVICE_SUB":
		ok = r.fill(id, r.args, 4)
	case "PCI_VDEVICE", "PCI_DEVICE_DATA":
		ok = r.fillNamed(id)
		class = r.named()
	case "PCI_DEVICE_CLASS":
		class, ok = r.args, len(r.args) == 2
	}
	if !ok || id[0] == 0 || slices.ContainsFunc(r.rest, func(part []token) bool { return isField(part, "override_only") }) {
		return nil
	}
	n, given := r.numbers("class", "class_mask")
	if given[0] != given[1] {
		return nil
	}
	if len(class) > 0 && !isField(class[0], "") {
		if n, ok = r.values(class, 2); !ok {
			return nil
		}
	}
	return pciAlias(id, n[0], n[1])
}

func (r row) fill(id []uint64, args [][]token, count int) bool {
	n, ok := r.values(args, count)
	copy(id, n)
	return ok && len(args) >= count
}

// fillNamed reads PCI_VDEVICE(VENDOR, number) and PCI_DEVICE_DATA(VENDOR, DEVICE, ...).
func (r row) fillNamed(id []uint64) bool {
	if len(r.args) < 2 || len(r.args[0]) != 1 || len(r.args[1]) == 0 {
		return false
	}
	vendor, device := r.args[0][0].text, r.args[1]
	if r.macro == "PCI_DEVICE_DATA" {
		device = []token{{text: "PCI_DEVICE_ID_" + vendor + "_" + device[0].text}}
	}
	return r.fill(id, [][]token{{{text: "PCI_VENDOR_ID_" + vendor}}, device}, 2)
}

// named returns the values that come with the name of their field.
func (r row) named() [][]token {
	i := slices.IndexFunc(r.rest, func(part []token) bool { return isField(part, "") })
	if i < 0 {
		return nil
	}
	return r.rest[i:]
}

func pciAlias(id []uint64, class, mask uint64) []string {
	var b strings.Builder
	b.WriteString("pci:")
	for i, key := range []string{"v", "d", "sv", "sd"} {
		b.WriteString(key)
		if id[i] == anyID {
			b.WriteByte('*')
		} else {
			fmt.Fprintf(&b, "%08X", id[i])
		}
	}
	for i, key := range []string{"bc", "sc", "i"} {
		b.WriteString(key)
		switch shift := 16 - 8*i; mask >> shift & 0xff {
		case 0xff:
			fmt.Fprintf(&b, "%02X", class>>shift&0xff)
		case 0:
			b.WriteByte('*')
		default:
			return nil
		}
	}
	pattern := b.String()
	if !strings.HasSuffix(pattern, "*") {
		pattern += "*"
	}
	return []string{pattern}
}
