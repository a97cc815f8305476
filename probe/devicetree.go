package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// Bounds of a device tree. The largest of the kernel's own have 4000 nodes.
const (
	maxTreeNodes = 20_000
	maxTreeDepth = 24
	maxTreeBytes = 8 << 20
)

// treeNode is a node of a device tree, with its children and properties in the
// order of their names.
type treeNode struct {
	name       string
	children   []*treeNode
	properties []treeProperty
}

type treeProperty struct {
	name string
	data []byte
}

// text is a property without the zeros behind it.
func (n *treeNode) text(property string) string {
	for _, p := range n.properties {
		if p.name == property {
			return strings.TrimRight(string(p.data), "\x00")
		}
	}
	return ""
}

// collectDeviceTree digests the whole tree, which takes a slow board long.
func collectDeviceTree(_ context.Context, h *Host) (func(*report.Report), error) {
	digest := parseAnswer(h.ask("tree/1", strings.TrimSuffix(deviceTree, "/")), treeDigest)
	return func(r *report.Report) { r.Identity.DeviceTreeSHA256 = digest }, nil
}

// deviceTree reads a device tree, once: it is asked for in several ways, and
// has thousands of files.
func (f *files) deviceTree(ctx context.Context, dir string) (*treeNode, error) {
	f.mu.Lock()
	tree := f.tree[dir]
	f.mu.Unlock()
	if tree != nil {
		return tree, nil
	}
	place, err := f.locate(dir)
	if err != nil {
		return nil, err
	}
	root, err := f.root.OpenFile(place, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	w := treeWalk{ctx: ctx}
	if tree, err = w.node(root, "/", 0); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.tree[dir] = tree
	f.mu.Unlock()
	return tree, nil
}

type treeWalk struct {
	ctx          context.Context
	nodes, bytes int
}

// node reads a node and all below it, and closes its folder. Links are not
// followed: a device tree has none.
func (w *treeWalk) node(dir *os.File, name string, depth int) (*treeNode, error) {
	defer dir.Close()
	w.nodes++
	if w.nodes > maxTreeNodes || depth > maxTreeDepth || w.bytes > maxTreeBytes {
		return nil, errors.New("the device tree is larger than any known one")
	}
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := dir.ReadDir(maxTreeNodes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	n := &treeNode{name: name}
	for _, e := range entries {
		folder, plain := e.IsDir(), e.Type().IsRegular()
		if !folder && !plain {
			continue
		}
		flags := unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW | unix.O_CLOEXEC
		fd, err := unix.Openat(int(dir.Fd()), e.Name(), flags, 0)
		if err != nil {
			return nil, err
		}
		if folder {
			child, err := w.node(os.NewFile(uintptr(fd), e.Name()), e.Name(), depth+1)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
			continue
		}
		data, truncated, err := readAll(fd, maxAnswer)
		unix.Close(fd)
		if err == nil && truncated {
			err = errors.New(e.Name() + " is larger than any known property")
		}
		if err != nil {
			return nil, err
		}
		w.bytes += len(data)
		n.properties = append(n.properties, treeProperty{e.Name(), bytes.Clone(data)})
	}
	return n, nil
}

// gatherTree gives the number of nodes and the SHA-256 of a device tree as
// every start of every unit of a board must have it: without what the boot
// loader fills in (/chosen, memory) and without what belongs to one unit
// (addresses, serial numbers, seeds; Devicetree Specification 2.3 and 3).
func gatherTree(ctx context.Context, f *files, dir string) ([]byte, error) {
	tree, err := f.deviceTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	nodes := sumNode(sum, tree, 0)
	return fmt.Appendf(nil, "%d %x\n", nodes, sum.Sum(nil)), nil
}

// sumNode writes a node with lengths in front of all parts, so that no two
// trees write the same.
func sumNode(sum hash.Hash, n *treeNode, depth int) (nodes int) {
	nodes = 1
	fmt.Fprintf(sum, "node %d %s\n", len(n.name), n.name)
	for _, p := range n.properties {
		if !ofUnit(p.name) {
			fmt.Fprintf(sum, "property %d %s %d ", len(p.name), p.name, len(p.data))
			sum.Write(p.data)
		}
	}
	for _, child := range n.children {
		if depth > 0 || !ofLoader(child.name) {
			nodes += sumNode(sum, child, depth+1)
		}
	}
	fmt.Fprint(sum, "end\n")
	return nodes
}

// ofLoader reports whether a boot loader fills in this node of the root.
func ofLoader(name string) bool {
	return name == "chosen" || name == "memory" || strings.HasPrefix(name, "memory@")
}

// ofUnit reports whether the property tells one unit or one start from another.
func ofUnit(name string) bool {
	for _, part := range []string{"serial-number", "mac-address", "bd-address", "seed", "linux,serial", "product-sn"} {
		if strings.HasSuffix(name, part) {
			return true
		}
	}
	return false
}

// treeDigest reads the answer of gatherTree.
func treeDigest(data []byte) (string, error) {
	_, sum, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		return "", errors.New("not a digest")
	}
	return sum, nil
}
