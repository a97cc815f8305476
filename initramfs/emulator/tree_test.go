package emulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/dt"

	"github.com/boardprobe/boardprobe/report/seal"
)

// treeNode is what this test compares of a node.
type treeNode struct {
	Path       string   `json:"path"`
	Compatible []string `json:"compatible"`
	Status     string   `json:"status"`
}

// tree holds the device tree of the package against the blob that the kernel was
// given: it has the same nodes, of the same devices, in the same states. QEMU
// changes what it names in changed, and adds nodes.
func (o *outcome) tree(t *testing.T, p *seal.Package, blob string) {
	const name = "attachments/device-tree.jsonl"
	data, ok := p.Member(name)
	if !ok {
		t.Fatalf("%s: no %s in the package", o.board.name, name)
	}
	kept := map[string]treeNode{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var n treeNode
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			t.Fatalf("%s: %s: %v", o.board.name, name, err)
		}
		kept[n.Path] = n
	}
	nodes := blobNodes(t, blob)
	for _, n := range nodes {
		is, ok := kept[n.Path]
		switch {
		case slices.ContainsFunc(o.board.changed, func(path string) bool { return n.Path == path || strings.HasPrefix(n.Path, path+"/") }):
		case !ok:
			t.Errorf("%s: node %s is missing in %s", o.board.name, n.Path, name)
		case !slices.Equal(is.Compatible, n.Compatible):
			t.Errorf("%s: node %s: compatible %q in %s, %q in the blob", o.board.name, n.Path, is.Compatible, name, n.Compatible)
		case is.Status != n.Status:
			t.Errorf("%s: node %s: status %q in %s, %q in the blob", o.board.name, n.Path, is.Status, name, n.Status)
		}
	}
	t.Logf("%s: the device tree has %d nodes, the blob %d", o.board.name, len(kept), len(nodes))
}

// blobNodes reads a blob with a reader that is not the probe's.
func blobNodes(t *testing.T, name string) (nodes []treeNode) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := dt.ReadFDT(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var walk func(n *dt.Node, path string)
	walk = func(n *dt.Node, path string) {
		own := treeNode{Path: "/" + strings.TrimPrefix(path, "/")}
		if p, ok := n.LookProperty("compatible"); ok {
			own.Compatible = strings.Split(strings.TrimSuffix(string(p.Value), "\x00"), "\x00")
		}
		if p, ok := n.LookProperty("status"); ok {
			own.Status = strings.TrimSuffix(string(p.Value), "\x00")
		}
		nodes = append(nodes, own)
		for _, child := range n.Children {
			walk(child, path+"/"+child.Name)
		}
	}
	walk(blob.RootNode, "")
	return nodes
}
