package probe

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// opTreeNodes asks for the nodes of a device tree: what they are and what they
// are connected to, and nothing that belongs to one unit.
const opTreeNodes = "tree-nodes/1"

// collectTreeNodes keeps the nodes, and counts them.
func collectTreeNodes(_ context.Context, h *Host) (func(*report.Report), error) {
	nodes := parseAnswer(h.ask(opTreeNodes, strings.TrimSuffix(deviceTree, "/")), func(data []byte) (int64, error) {
		return int64(bytes.Count(data, []byte("{\"path\":"))), nil
	})
	return func(r *report.Report) { r.Identity.DeviceTreeNodes = nodes }, nil
}

// publicNode is a line of the answer: a node of the device tree (Devicetree
// Specification 2.3). A link to another node is its path; what stands behind a
// phandle for the provider is left out. There is no other property, so neither a
// seed nor an address, a serial number or boot arguments.
type publicNode struct {
	Path       string            `json:"path"`
	Compatible []string          `json:"compatible,omitempty"`
	Status     string            `json:"status,omitempty"`
	Model      string            `json:"model,omitempty"`
	Label      string            `json:"label,omitempty"`
	Reg        string            `json:"reg,omitempty"` // hexadecimal, by the cells of the parent
	Clocks     []string          `json:"clocks,omitempty"`
	Resets     []string          `json:"resets,omitempty"`
	PHYs       []string          `json:"phys,omitempty"`
	Sound      []string          `json:"sound,omitempty"`
	Supplies   map[string]string `json:"supplies,omitempty"`
}

// reducedTree is the first line of an answer from which something was left out.
type reducedTree struct {
	Reduced string `json:"reduced"`
}

// maxPackedTree bounds what the tree adds to a package, compressed. The largest
// of the kernel's own take half of it.
const maxPackedTree = 24 << 10

// gatherTreeNodes writes the nodes, in the order of their names. Of a tree that is
// too large first the links are left out, then the registers, then models and
// labels, then the last nodes; the first line says so.
func gatherTreeNodes(ctx context.Context, f *files, dir string) ([]byte, error) {
	root, err := f.deviceTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	w := nodeWriter{at: map[uint32]*treeNode{}, paths: map[*treeNode]string{}}
	w.find(root, "")
	var out []byte
	for _, step := range []string{"", "links", "links and registers", "all but path, compatible and status"} {
		w.out.Reset()
		if w.without = step; step != "" {
			w.line(reducedTree{"left out, for want of room: " + step})
		}
		w.write(root)
		if out = w.out.Bytes(); packedSize(out) <= maxPackedTree {
			return out, nil
		}
	}
	_, out, _ = bytes.Cut(out, []byte("\n")) // without the line that says what is left out
	nodes := bytes.Count(out, []byte("\n"))
	for packedSize(out) > maxPackedTree {
		out = out[:bytes.LastIndexByte(out[:len(out)*7/8], '\n')+1]
	}
	w.out.Reset()
	w.line(reducedTree{fmt.Sprintf("left out, for want of room: all but path, compatible and status, and %d nodes", nodes-bytes.Count(out, []byte("\n")))})
	return append(bytes.Clone(w.out.Bytes()), out...), nil
}

// packedSize is what a text takes in a package, about.
func packedSize(text []byte) int {
	var size counter
	z, err := flate.NewWriter(&size, flate.DefaultCompression)
	if err != nil {
		return len(text) // the level is one of the package
	}
	if _, err := z.Write(text); err != nil {
		return len(text) // a counter takes everything
	}
	z.Close()
	return int(size)
}

type counter int

func (c *counter) Write(data []byte) (int, error) {
	*c += counter(len(data))
	return len(data), nil
}

type nodeWriter struct {
	at      map[uint32]*treeNode // by phandle
	paths   map[*treeNode]string
	without string
	out     bytes.Buffer
}

// find learns the paths and phandles of all nodes.
func (w *nodeWriter) find(n *treeNode, path string) {
	w.paths[n] = path
	if path == "" {
		w.paths[n] = "/"
	}
	for _, name := range []string{"phandle", "linux,phandle"} {
		if cell, ok := n.numbers(name); ok && len(cell) == 1 {
			w.at[cell[0]] = n
		}
	}
	for _, child := range n.children {
		w.find(child, path+"/"+child.name)
	}
}

// numbers reads a property of 32-bit numbers.
func (n *treeNode) numbers(property string) (list []uint32, ok bool) {
	for _, p := range n.properties {
		if p.name != property || len(p.data) == 0 || len(p.data)%4 != 0 {
			continue
		}
		for data := p.data; len(data) > 0; data = data[4:] {
			list = append(list, binary.BigEndian.Uint32(data))
		}
		return list, true
	}
	return nil, false
}

func (w *nodeWriter) line(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		return // of texts: it has none
	}
	w.out.Write(append(text, '\n'))
}

// soundLinks are properties that connect sound cards, controllers and codecs.
func soundLinks() []string {
	return []string{"sound-dai", "audio-codec", "audio-controller", "audio-cpu", "i2s-controller", "ssi-controller"}
}

func (w *nodeWriter) write(n *treeNode) {
	node := publicNode{Path: w.paths[n], Status: n.text("status")}
	if text := n.text("compatible"); text != "" {
		node.Compatible = strings.Split(text, "\x00")
	}
	if w.without != "all but path, compatible and status" {
		node.Model, node.Label = n.text("model"), n.text("label")
	}
	if w.without == "" || w.without == "links" {
		for _, p := range n.properties {
			if p.name == "reg" {
				node.Reg = hex.EncodeToString(p.data[:min(len(p.data), 256)])
			}
		}
	}
	if w.without == "" {
		node.Clocks, node.Resets, node.PHYs = w.links(n, "clocks", "#clock-cells"), w.links(n, "resets", "#reset-cells"), w.links(n, "phys", "#phy-cells")
		for _, name := range soundLinks() {
			node.Sound = append(node.Sound, w.links(n, name, "#sound-dai-cells")...)
		}
		for _, p := range n.properties {
			name, ok := strings.CutSuffix(p.name, "-supply")
			if !ok {
				continue
			}
			if to := w.links(n, p.name, ""); len(to) == 1 {
				if node.Supplies == nil {
					node.Supplies = map[string]string{}
				}
				node.Supplies[name] = to[0]
			}
		}
	}
	w.line(node)
	for _, child := range n.children {
		w.write(child)
	}
}

// links reads a list of phandles. Behind each stand as many cells as the node that
// it names wants.
func (w *nodeWriter) links(n *treeNode, property, cells string) (list []string) {
	values, ok := n.numbers(property)
	for ok && len(values) > 0 {
		to := w.at[values[0]]
		if to == nil {
			return list // from here on nobody can tell phandles from numbers
		}
		list = append(list, w.paths[to])
		skip := uint32(0)
		if wants, ok := to.numbers(cells); ok && cells != "" && len(wants) == 1 {
			skip = min(wants[0], uint32(len(values)))
		}
		values = values[1:]
		values = values[min(int(skip), len(values)):]
	}
	return list
}
