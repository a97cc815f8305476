package probe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"path"
	"strings"
)

// Bounds of a device tree. The largest of the kernel's own have 4000 nodes.
const (
	maxTreeNodes = 20_000
	maxTreeDepth = 24
	maxTreeBytes = 8 << 20
)

// gatherTree gives the number of nodes and the SHA-256 of a device tree as
// every start of every unit of a board must have it: without what the boot
// loader fills in (/chosen, memory) and without what belongs to one unit
// (addresses, serial numbers, seeds; Devicetree Specification 2.3 and 3).
func gatherTree(ctx context.Context, f *files, dir string) ([]byte, error) {
	w := treeWalk{ctx: ctx, files: f, sum: sha256.New()}
	if err := w.node(dir, "/", 0); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%d %x\n", w.nodes, w.sum.Sum(nil)), nil
}

type treeWalk struct {
	ctx          context.Context
	files        *files
	sum          hash.Hash
	nodes, bytes int
}

func (w *treeWalk) node(dir, name string, depth int) error {
	w.nodes++
	if w.nodes > maxTreeNodes || depth > maxTreeDepth || w.bytes > maxTreeBytes {
		return errors.New("the device tree is larger than any known one")
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	names, _, err := w.files.list(dir, maxAnswer)
	if err != nil {
		return err
	}
	// Lengths in front of all parts, so that no two trees write the same.
	fmt.Fprintf(w.sum, "node %d %s\n", len(name), name)
	for _, child := range names {
		if depth == 0 && ofLoader(child) {
			continue
		}
		at := path.Join(dir, child)
		data, truncated, err := w.files.read(at, maxAnswer)
		switch {
		case errors.Is(err, errNotPlain):
			err = w.node(at, child, depth+1)
		case err == nil && truncated:
			err = errors.New(child + " is larger than any known property")
		case err == nil && !ofUnit(child):
			w.bytes += len(data)
			fmt.Fprintf(w.sum, "property %d %s %d ", len(child), child, len(data))
			w.sum.Write(data)
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprint(w.sum, "end\n")
	return nil
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
