package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/dt"
	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// registers is a folder of files whose registers are read, too.
type registers struct {
	*system
	words map[uint64]uint32
	read  []uint64
}

func (r *registers) answer(ctx context.Context, section string, n int, q question, limit int) answer {
	switch q.op {
	case "registers/1", report.OpNextRegister, "register/1":
		for _, row := range r.requests() {
			if row.op == q.op {
				data, err := row.ask(ctx, q.subject)
				if err != nil {
					return answer{errno: errnoOf(err)}
				}
				return answer{data: data}
			}
		}
	}
	return r.system.answer(ctx, section, n, q, limit)
}

// strapsOf runs the section alone, and what it makes of the same answers again.
func strapsOf(t *testing.T, files map[string]string, mmio string, words map[uint64]uint32) (report.Boot, []uint64, []report.Evidence) {
	t.Helper()
	f, err := openFiles(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	w := &registers{words: words}
	w.system = &system{files: f, mmio: mmio, replacer: replacerOf(t, f), register: func(_ context.Context, address uint64) ([]byte, error) {
		w.read = append(w.read, address)
		word, ok := words[address]
		if !ok {
			return nil, unix.EFAULT
		}
		return fmt.Appendf(nil, "%#08x\n", word), nil
	}}
	section := collector{"straps", collectStraps}
	var evidence []report.Evidence
	var r, again report.Report
	r.Boot.ROMOrder = report.Known([]string{"SD card", "eMMC"}, "boot/1").By(report.Documented)
	again.Boot.ROMOrder = r.Boot.ROMOrder
	outcome, reason, _ := runSection(t.Context(), section, w, &budget{left: maxRun}, 0, func(e report.Evidence) { evidence = append(evidence, e) }, func(found func(*report.Report)) { found(&r) })
	if outcome != report.OutcomeOK {
		t.Fatalf("section ended: %s %s", outcome, reason)
	}
	runSection(t.Context(), section, newRecorded(evidence), &budget{left: maxRun}, 0, func(report.Evidence) {}, func(found func(*report.Report)) { found(&again) })
	if a, b := fmt.Sprintf("%+v", r.Boot), fmt.Sprintf("%+v", again.Boot); a != b {
		t.Errorf("replayed: %s\nwas:      %s", b, a)
	}
	return r.Boot, w.read, evidence
}

func cells(list ...uint32) string {
	var out []byte
	for _, c := range list {
		out = binary.BigEndian.AppendUint32(out, c)
	}
	return string(out)
}

// imx6 is a device tree with the reset controller of an i.MX 6, behind a bus
// that moves its addresses; arch/arm/boot/dts/nxp/imx/imx6qdl.dtsi has no offset.
func imx6() map[string]string {
	const base, bus = "sys/firmware/devicetree/base/", "sys/firmware/devicetree/base/soc/bus@2000000/"
	return map[string]string{
		base + "compatible": "acme,board\x00fsl,imx6q\x00", base + "#address-cells": cells(1), base + "#size-cells": cells(1),
		base + "soc/compatible": "simple-bus\x00", base + "soc/#address-cells": cells(1), base + "soc/#size-cells": cells(1), base + "soc/ranges": "",
		bus + "compatible": "fsl,aips-bus\x00simple-bus\x00", bus + "#address-cells": cells(1), bus + "#size-cells": cells(1),
		bus + "ranges": cells(0, 0x02000000, 0x100000), bus + "src@d8000/compatible": "fsl,imx6q-src\x00fsl,imx51-src\x00", bus + "src@d8000/reg": cells(0xd8000, 0x4000),
	}
}

const imx6Reset = "sys/firmware/devicetree/base/soc/bus@2000000/src@d8000/"

func TestStraps(t *testing.T) {
	const bmod, cfg, gpr9, gpr10 = 0x020d801c, 0x020d8004, 0x020d8040, 0x020d8044
	for _, c := range []struct {
		name  string
		mmio  string
		words map[uint64]uint32
		order string
		read  int
	}{
		{"not told to", "", nil, "not-probed", 0},
		{"eMMC by pins", MMIOProven, map[uint64]uint32{bmod: 2 << 24, cfg: 0x60, gpr10: 0}, "emmc", 3},
		{"SD by fuses", MMIOProven, map[uint64]uint32{bmod: 1 << 4, cfg: 0x40, gpr10: 0}, "sd", 3},
		{"no fuses blown", MMIOProven, map[uint64]uint32{bmod: 0, cfg: 0x40, gpr10: 0}, "usb", 2},
		{"USB by pins", MMIOProven, map[uint64]uint32{bmod: 1 << 24, cfg: 0x40, gpr10: 0}, "usb", 2},
		{"SPI by software", MMIOProven, map[uint64]uint32{bmod: 2 << 24, cfg: 0x40, gpr9: 0x30, gpr10: 1 << 28}, "spi-nor", 3},
		{"reserved value", MMIOProven, map[uint64]uint32{bmod: 2 << 24, cfg: 0x10, gpr10: 0}, "not-probed", 3},
		{"bus error", MMIOProven, map[uint64]uint32{bmod: 2 << 24, gpr10: 0}, "not-probed", 3},
	} {
		b, read, evidence := strapsOf(t, imx6(), c.mmio, c.words)
		got := string(b.ROMStraps.Gap)
		if b.ROMStraps.OK() {
			got = strings.Join(b.ROMStraps.Value, " ")
			if strings.Join(b.ROMOrder.Value, " ") != got || b.ROMOrder.Basis == report.Documented || !strings.Contains(b.ROMOrder.Note, "SD card") {
				t.Errorf("%s: ROM order %+v; want that of the straps, with the documented one beside", c.name, b.ROMOrder)
			}
		} else if b.ROMOrder.Basis != report.Documented {
			t.Errorf("%s: ROM order %+v; want the documented one", c.name, b.ROMOrder)
		}
		if got != c.order || len(read) != c.read {
			t.Errorf("%s: order %q (%s), %#x read; want %q, %d", c.name, got, b.ROMStraps.Note, read, c.order, c.read)
		}
		announced := 0
		for i, e := range evidence {
			if e.Op == "register/1" && (i == 0 || evidence[i-1].Op != report.OpNextRegister || !strings.HasPrefix(evidence[i-1].Subject, e.Subject)) {
				t.Errorf("%s: no record comes before the read of %s", c.name, e.Subject)
			}
			if e.Op == report.OpNextRegister {
				announced++
			}
		}
		if announced != len(read) {
			t.Errorf("%s: %d reads announced, %d made", c.name, announced, len(read))
		}
	}
}

// What the device tree does not have as that device, enabled and always on, is
// not touched.
func TestStrapsForbidden(t *testing.T) {
	words := map[uint64]uint32{0x020d801c: 2 << 24, 0x020d8004: 0x60, 0x020d8044: 0}
	for name, change := range map[string]func(map[string]string){
		"no node":      func(f map[string]string) { delete(f, imx6Reset+"reg"); delete(f, imx6Reset+"compatible") },
		"other device": func(f map[string]string) { f[imx6Reset+"compatible"] = "fsl,imx6q-ccm\x00" },
		"disabled":     func(f map[string]string) { f[imx6Reset+"status"] = "disabled\x00" },
		"bus disabled": func(f map[string]string) { f["sys/firmware/devicetree/base/soc/status"] = "disabled\x00" },
		"clock":        func(f map[string]string) { f[imx6Reset+"clocks"] = cells(1, 2) },
		"power domain": func(f map[string]string) { f[imx6Reset+"power-domains"] = cells(1) },
		"elsewhere":    func(f map[string]string) { f[imx6Reset+"reg"] = cells(0xd9000, 0x4000) },
		"too small":    func(f map[string]string) { f[imx6Reset+"reg"] = cells(0xd8000, 4) },
		"no ranges":    func(f map[string]string) { delete(f, "sys/firmware/devicetree/base/soc/bus@2000000/ranges") },
		"garbled reg":  func(f map[string]string) { f[imx6Reset+"reg"] = "\x00\x0d" },
		"endless cells": func(f map[string]string) {
			f["sys/firmware/devicetree/base/soc/bus@2000000/#size-cells"] = cells(1 << 31)
		},
	} {
		files := imx6()
		change(files)
		b, read, _ := strapsOf(t, files, MMIOUnproven, words)
		if len(read) > 0 || b.ROMStraps.OK() {
			t.Errorf("%s: %#x read, order %v; want nothing read", name, read, b.ROMStraps.Value)
		}
	}
	// Where a document says which position is which bit, the switch is read as well:
	// SW6 for the eMMC, as U-Boot's doc/board/tbs/tbs2910.rst has it.
	matrix := imx6()
	matrix["sys/firmware/devicetree/base/compatible"] = "tbs,imx6q-tbs2910\x00fsl,imx6q\x00"
	b, _, _ := strapsOf(t, matrix, MMIOProven, map[uint64]uint32{0x020d801c: 2 << 24, 0x020d8004: 7<<11 | 0x60, 0x020d8044: 0})
	if got := strings.Join(b.SwitchesSet.Value, "; "); got != "SW6 of PCB 2.1: 11100110; SW6 of PCB 2.3: 1111" || b.ROMStraps.Value[0] != "emmc" {
		t.Errorf("switches %q, order %v; want those of the eMMC", got, b.ROMStraps.Value)
	}
	// A register of which it is not proven wants to be asked for by name.
	const stm = "sys/firmware/devicetree/base/"
	files := map[string]string{
		stm + "compatible": "st,stm32mp157c-ev1\x00st,stm32mp157\x00", stm + "#address-cells": cells(1), stm + "#size-cells": cells(1),
		stm + "tamp@5c00a000/compatible": "st,stm32-tamp\x00syscon\x00", stm + "tamp@5c00a000/reg": cells(0x5c00a000, 0x400),
	}
	tamp := map[uint64]uint32{0x5c00a150: 0x2100}
	if b, read, _ := strapsOf(t, files, MMIOProven, tamp); len(read) > 0 || len(b.Straps) != 1 || !strings.Contains(b.Straps[0].Value.Note, "-mmio-unproven") {
		t.Errorf("class B: %#x read, %+v; want none and how to", read, b.Straps)
	}
	if b, read, _ := strapsOf(t, files, MMIOUnproven, tamp); len(read) != 1 || b.Current.Value != "emmc" {
		t.Errorf("class B: %#x read, used %+v; want eMMC", read, b.Current)
	}
}

// TestStrapNodes holds the device-tree nodes that the data names against the
// device trees of Linux as Debian builds them: where a board has a node at the
// register, it is one of those named, or the register would never be read.
func TestStrapNodes(t *testing.T) {
	type count struct{ found, lacking, other int }
	counts := map[string]*count{}
	others := map[string]string{}
	for _, suite := range [][2]string{{"trixie", "arm64"}, {"bookworm", "armhf"}} {
		out, err := exec.Command("../.ci/kernel", suite[0], suite[1]).Output()
		if err != nil {
			t.Fatalf("kernel of %s: %v", suite, err)
		}
		root, err := filepath.EvalSymlinks(strings.TrimSpace(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(filepath.Join(root, "usr/lib"), func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".dtb" {
				return err
			}
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			blob, err := dt.ReadFDT(f)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			tree := flat(blob.RootNode)
			compatible := splitStrings(tree.text("compatible"))
			for _, known := range boards.Lookup(compatible, boards.Machine{}) {
				for _, s := range known.Straps {
					if s.Class == boards.ClassX || len(s.Nodes) == 0 {
						continue
					}
					key := fmt.Sprintf("%s %#08x %s", known.Name, s.Address, s.Class)
					if counts[key] == nil {
						counts[key] = &count{}
					}
					owners := ownersOf(tree, s.Address)
					switch {
					case slices.ContainsFunc(owners, func(o owner) bool {
						return o.Enabled && len(o.Gated) == 0 && slices.ContainsFunc(o.Compatible, func(c string) bool { return slices.Contains(s.Nodes, c) })
					}):
						counts[key].found++
					case len(owners) == 0:
						counts[key].lacking++
					default:
						counts[key].other++
						others[key] = fmt.Sprintf("%s %+v", filepath.Base(name), owners)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		c := counts[key]
		t.Logf("%-62s %3d found, %3d without a node, %3d with another %s", key, c.found, c.lacking, c.other, others[key])
		total += c.found
		if c.found == 0 && strings.HasSuffix(key, " A") {
			t.Errorf("%s: no device tree of Linux has the node that the data names", key)
		}
	}
	if total < 500 {
		t.Errorf("%d registers found in all device trees; want at least 500", total)
	}
}

func flat(n *dt.Node) *treeNode {
	out := &treeNode{name: n.Name}
	for _, p := range n.Properties {
		out.properties = append(out.properties, treeProperty{p.Name, p.Value})
	}
	for _, c := range n.Children {
		out.children = append(out.children, flat(c))
	}
	return out
}
