package probe

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// owner is the node of the device tree in whose registers an address is.
type owner struct {
	Path       string
	Compatible []string
	Enabled    bool
	Gated      []string `json:",omitempty"` // properties by which a clock or a power domain can be off
}

// maxOwners bounds the list: a register has a node, the node of its block, and
// perhaps one more.
const maxOwners = 8

// gatherOwners finds the nodes that own a physical address: whose reg covers it,
// translated by the ranges of all buses above (Devicetree Specification 2.3.5 to
// 2.3.8). The subject is the folder of the tree, a blank, and the address.
func gatherOwners(ctx context.Context, f *files, subject string) ([]byte, error) {
	dir, text, ok := strings.Cut(subject, " ")
	address, err := strconv.ParseUint(text, 0, 64)
	if !ok || err != nil {
		return nil, unix.EINVAL
	}
	tree, err := f.deviceTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	return json.Marshal(ownersOf(tree, address))
}

// window is what a bus shows of the addresses above it.
type window struct{ child, parent, size uint64 }

// translate gives the physical address of one on a bus.
type translate func(address uint64) (uint64, bool)

func ownersOf(tree *treeNode, address uint64) []owner {
	list := []owner{}
	var visit func(n *treeNode, place string, up translate, addressCells, sizeCells int, enabled bool)
	visit = func(n *treeNode, place string, up translate, addressCells, sizeCells int, enabled bool) {
		status := n.text("status")
		enabled = enabled && (status == "" || status == "okay" || status == "ok")
		for _, w := range windows(n.bytes("reg"), 0, addressCells, sizeCells) {
			at, ok := up(w.parent)
			if ok && address >= at && address-at < w.size && len(list) < maxOwners {
				list = append(list, owner{Path: place, Compatible: splitStrings(n.text("compatible")), Enabled: enabled, Gated: n.gates()})
			}
		}
		ownAddress, ownSize := n.cells("#address-cells", 2), n.cells("#size-cells", 1)
		down := up
		if place != "/" {
			ranges, has := n.property("ranges")
			list := windows(ranges, ownAddress, addressCells, ownSize)
			down = func(a uint64) (uint64, bool) {
				if has && len(ranges) == 0 {
					return up(a)
				}
				for _, w := range list {
					if a >= w.child && a-w.child < w.size {
						return up(w.parent + a - w.child)
					}
				}
				return 0, false // a bus without ranges has addresses of its own
			}
		}
		for _, child := range n.children {
			visit(child, strings.TrimSuffix(place, "/")+"/"+child.name, down, ownAddress, ownSize, enabled)
		}
	}
	visit(tree, "/", func(a uint64) (uint64, bool) { return a, true }, 2, 1, true)
	return list
}

// gates names the properties by which the registers of a node can be without a
// clock or without power.
func (n *treeNode) gates() (list []string) {
	for _, name := range []string{"clocks", "power-domains"} {
		if _, ok := n.property(name); ok {
			list = append(list, name)
		}
	}
	return list
}

func (n *treeNode) property(name string) ([]byte, bool) {
	for _, p := range n.properties {
		if p.name == name {
			return p.data, true
		}
	}
	return nil, false
}

func (n *treeNode) bytes(name string) []byte {
	data, _ := n.property(name)
	return data
}

// cells reads a property that says how many cells a number has.
func (n *treeNode) cells(name string, usual int) int {
	if data := n.bytes(name); len(data) == 4 {
		return int(binary.BigEndian.Uint32(data))
	}
	return usual
}

// windows reads reg or ranges: child address (of no cells in reg), parent
// address, and size. Numbers of more than 64 bits keep their lower ones, as PCI
// addresses do, whose first cell is no part of the number.
func windows(data []byte, child, parent, size int) (list []window) {
	const most = 4
	if child > most || parent > most || size > most || child < 0 || parent < 1 || size < 1 {
		return nil
	}
	number := func(cells int) (v uint64) {
		for range cells {
			v = v<<32 | uint64(binary.BigEndian.Uint32(data))
			data = data[4:]
		}
		return v
	}
	for len(data) >= 4*(child+parent+size) && len(list) < maxTreeNodes {
		list = append(list, window{number(child), number(parent), number(size)})
	}
	return list
}

func splitStrings(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == 0 })
}

// parseOwners reads the answer of gatherOwners.
func parseOwners(data []byte) (list []owner, err error) {
	if json.Unmarshal(data, &list) != nil {
		return nil, errors.New("not the form that was recorded")
	}
	return list, nil
}
