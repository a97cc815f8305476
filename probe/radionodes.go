package probe

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// radioNode is what is kept of a node that may stand for a radio: every child
// of an SDIO host or a UART, and what is named like a radio, so that a later
// table of radios finds more in the same answer.
type radioNode struct {
	Path       string
	Compatible []string `json:",omitempty"`
	Status     string
	Chip       string   `json:",omitempty"`
	Host       string   `json:",omitempty"` // driver of the parent
	HasHost    bool     `json:",omitempty"` // the parent is a device
	Power      []string `json:",omitempty"`
	Device     string   `json:",omitempty"` // place below sys/devices
	Other      bool     `json:",omitempty"` // the device is another function of the same card
	Driver     string   `json:",omitempty"`
	ID         string   `json:",omitempty"` // modalias of the device
}

// maxRadioNodes bounds the list.
const maxRadioNodes = 64

// radioBus are the names of nodes (Devicetree Specification 2.2.2) whose
// children can be radios.
var radioBus = pattern.New(`^(mmc|mmcnr|sdhci|sdio|dwmmc|serial|uart)(@|-|_|$)`)

// radioNames tell the kind of a radio by the name or a compatible of its node;
// regulators and pins of a radio are named after it, too, but otherwise.
var radioNames = []struct {
	kind             string
	node, compatible func() *regexp.Regexp
}{
	{boards.RadioWiFi, pattern.New(`^(wireless-)?(wifi|wlan)(@|$)`), pattern.New(`(^|[-,])(wifi|wlan|wmac|fmac)(-platdata)?$`)},
	{boards.RadioBluetooth, pattern.New(`^(wireless-)?(bluetooth|bt)(@|$)`), pattern.New(`(^|[-,])(bluetooth|bt)(-platdata)?$`)},
}

func radioKindByName(name string, compatible []string) (string, bool) {
	for _, r := range radioNames {
		if r.node().MatchString(name) || slices.ContainsFunc(compatible, r.compatible().MatchString) {
			return r.kind, true
		}
	}
	return "", false
}

// gatherRadioNodes lists the nodes that may be radios, each with the device
// that appeared for it and with what gives it power: a sequence of the SDIO
// host (Documentation/devicetree/bindings/mmc/mmc-pwrseq-simple.yaml) or
// regulators.
func gatherRadioNodes(ctx context.Context, f *files, dir string) ([]byte, error) {
	tree, err := f.deviceTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	w := radioWalk{files: f, byHandle: map[uint32]supplier{}}
	if w.known, err = f.nodeDevices(); err != nil {
		return nil, err
	}
	w.cards, _, _ = f.list(sdioDevices, maxAnswer) // no such bus: no cards
	root := treePlace{tree, dir}
	w.handles(root, root)
	w.walk(root, nil, "okay")
	return json.Marshal(w.list)
}

const sdioDevices = "sys/bus/sdio/devices"

// treePlace is a node with its place below the root of files.
type treePlace struct {
	*treeNode
	at string
}

func (n treePlace) child(c *treeNode) treePlace { return treePlace{c, n.at + "/" + c.name} }

func (n treePlace) path() string { return "/" + strings.TrimPrefix(n.at, deviceTree) }

func (n treePlace) compatible() []string {
	if text := n.text("compatible"); text != "" {
		return strings.Split(text, "\x00")
	}
	return nil
}

type radioWalk struct {
	files    *files
	known    map[string]nodeDevice
	cards    []string // names of SDIO functions
	byHandle map[uint32]supplier
	list     []radioNode
}

// supplier is a node that others point to, and the nearest one at or above it
// that can be a device: a regulator can be a part of a chip.
type supplier struct{ node, device treePlace }

// handles finds the nodes that others point to (Devicetree Specification
// 2.3.3).
func (w *radioWalk) handles(n, device treePlace) {
	if len(n.compatible()) > 0 {
		device = n
	}
	for _, p := range n.properties {
		if p.name == "phandle" && len(p.data) == 4 {
			w.byHandle[binary.BigEndian.Uint32(p.data)] = supplier{n, device}
		}
	}
	for _, c := range n.children {
		w.handles(n.child(c), device)
	}
}

func (w *radioWalk) walk(n treePlace, parent *treePlace, status string) {
	if own := n.text("status"); own != "" && own != "ok" && status == "okay" {
		status = own
	}
	if parent != nil && len(w.list) < maxRadioNodes && mayBeRadio(n, *parent) {
		w.list = append(w.list, w.node(n, *parent, status))
	}
	for _, c := range n.children {
		w.walk(n.child(c), &n, status)
	}
}

func mayBeRadio(n, parent treePlace) bool {
	compatible := n.compatible()
	if len(compatible) == 0 {
		return false
	}
	if _, ok := boards.RadioByCompatible(compatible); ok || radioBus().MatchString(parent.name) {
		return true
	}
	_, ok := radioKindByName(n.name, compatible)
	return ok
}

func (w *radioWalk) node(n, parent treePlace, status string) radioNode {
	r := radioNode{
		Path: oneLine(n.path()), Status: oneLine(status), Chip: oneLine(n.text("wifi_chip_type")), // Rockchip's rfkill-wlan
	}
	for _, c := range n.compatible() {
		r.Compatible = append(r.Compatible, oneLine(c))
	}
	host, ok := w.known[parent.at]
	r.HasHost, r.Host = ok, oneLine(host.driver)
	device, ok := w.known[n.at]
	if !ok && host.at != "" {
		device.at, device.driver, r.Other = w.cardOf(host)
	}
	if device.at != "" {
		if place, err := w.files.locate(device.at); err == nil {
			r.Device, r.Driver, r.ID = oneLine(place), oneLine(device.driver), oneLine(w.files.text(device.at+"/modalias"))
		}
	}
	r.Power = w.power(parent, "mmc-pwrseq", "vmmc-supply")
	for _, p := range n.properties {
		if strings.HasSuffix(p.name, "-supply") || strings.HasSuffix(p.name, "-pwrseq") {
			r.Power = append(r.Power, w.power(n, p.name)...)
		}
	}
	return r
}

// cardOf finds a card on an SDIO host: it answers even if no node is that of
// its functions.
func (w *radioWalk) cardOf(host nodeDevice) (at, driver string, found bool) {
	place, err := w.files.locate(host.at)
	if err != nil {
		return "", "", false
	}
	for _, name := range w.cards {
		at := sdioDevices + "/" + name
		if card, err := w.files.locate(at); err == nil && strings.HasPrefix(card, place+"/") {
			link, err := w.files.link(at + "/driver")
			if err != nil {
				return at, "", true
			}
			return at, path.Base(link), true
		}
	}
	return "", "", false
}

// power describes the nodes to which properties point, each with the driver of
// the device that it is or is a part of.
func (w *radioWalk) power(n treePlace, properties ...string) (list []string) {
	for _, name := range properties {
		for _, p := range n.properties {
			if p.name != name || len(p.data) < 4 {
				continue
			}
			to, ok := w.byHandle[binary.BigEndian.Uint32(p.data)]
			if !ok {
				list = append(list, oneLine(name+": a node that is not in the tree"))
				continue
			}
			text := name + ": " + to.node.path()
			if c := to.device.compatible(); len(c) > 0 {
				text += " (" + c[0] + ")"
			}
			if d := w.known[to.device.at]; d.driver != "" {
				text += ", driver " + d.driver
			} else {
				text += ", no driver"
			}
			list = append(list, oneLine(text))
		}
	}
	return list
}

// collectRadioNodes lists the radios that the device tree names, whether or not
// one appeared: a radio on SDIO or a UART is not seen until something has
// switched it on.
func collectRadioNodes(_ context.Context, h *Host) ([]report.RadioNode, error) {
	a := h.ask("radio-nodes/1", strings.TrimSuffix(deviceTree, "/"))
	switch {
	case a.Gap == report.Absent:
		return nil, nil
	case a.Gap != "":
		return nil, errors.New("device tree: " + a.Note)
	}
	var nodes []radioNode
	if err := json.Unmarshal(a.Data, &nodes); err != nil {
		return nil, errors.New("device tree: not the form that was recorded")
	}
	folder := firmwareFolder{h: h, board: h.ask("read", deviceTree+"compatible"), names: map[string]Answer{}}
	var list []report.RadioNode
	for _, n := range nodes {
		r := report.RadioNode{
			Path: n.Path, Compatible: report.Known(n.Compatible, a.ID), Status: report.Known(n.Status, a.ID),
			Chip: known(n.Chip, "", a.ID), Power: report.Missing[[]string](report.Absent, "the tree names nothing", a.ID),
			Host: known(n.Host, "no driver", a.ID), Device: report.Missing[string](report.Absent, "none appeared", a.ID),
			Attached: report.Known(report.Soldered, a.ID).By(report.Inferred),
		}
		chip, ok := boards.RadioByCompatible(n.Compatible)
		r.Kind = report.Known(chip.Kind, a.ID).By(report.Documented)
		if !ok {
			kind, ok := radioKindByName(path.Base(n.Path), n.Compatible)
			if !ok {
				continue
			}
			r.Kind = report.Known(kind, a.ID).By(report.Inferred)
		}
		if !n.HasHost {
			r.Host = report.Missing[string](report.Absent, "the node above is no device", a.ID)
		}
		if len(n.Power) > 0 {
			r.Power = report.Known(n.Power, a.ID)
		}
		if n.Device != "" {
			r.Device = report.Known(h.path(n.Device), a.ID)
			if n.Other {
				r.Device.Note = "a function of the card on the same host"
			}
			r.Driver, r.ID = known(n.Driver, "none is bound", a.ID), known(n.ID, "", a.ID)
		}
		if exact, found := boards.RadioByModalias(n.ID); found && !strings.HasPrefix(n.ID, "of:") {
			chip, ok = exact, true
		}
		if ok {
			r.Files = folder.files(chip)
		}
		list = append(list, r)
	}
	return list, nil
}

// firmwareFolder looks for the files of radios below lib/firmware.
type firmwareFolder struct {
	h     *Host
	board Answer // the compatibles of the root
	names map[string]Answer
}

// files lists the files that the drivers of a radio may ask for and that are
// there, in the order of the table. The folder of firmware itself, in which
// hundreds of files are, is not listed.
func (f *firmwareFolder) files(chip boards.Radio) report.Fact[[]string] {
	root, _, _ := strings.Cut(string(f.board.Data), "\x00")
	found, from := []string{}, []string{f.board.ID}
	for _, file := range slices.Concat(chip.Firmware, chip.Board) {
		name := file.For(root)
		dir := path.Dir(name)
		if dir == "." || strings.ContainsAny(dir, "*?[\\") || strings.Contains(name, "<") {
			continue
		}
		list, ok := f.names[dir]
		if !ok {
			list = f.h.List("lib/firmware/" + dir)
			f.names[dir] = list
		}
		if list.Gap != "" && list.Gap != report.Absent {
			return report.Missing[[]string](list.Gap, list.Note, list.ID)
		}
		if !slices.Contains(from, list.ID) {
			from = append(from, list.ID)
		}
		for _, entry := range list.List {
			if ok, _ := path.Match(path.Base(name), plainName(entry)); ok && len(found) < maxFirmwareFiles {
				found = append(found, dir+"/"+oneLine(entry))
			}
		}
	}
	return report.Known(slices.Compact(found), from...)
}

// plainName is the name of a firmware file without the suffix of compression
// that the kernel's loader knows (drivers/base/firmware_loader/main.c).
func plainName(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".xz"), ".zst")
}

// known is a text as a fact; an empty one is absent.
func known(text, note, id string) report.Fact[string] {
	if text == "" {
		return report.Missing[string](report.Absent, note, id)
	}
	return report.Known(text, id)
}
