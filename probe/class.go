package probe

import (
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// classDevice is one entry of a folder of links to devices, as in
// /sys/class/rtc or /sys/bus/i2c/devices.
type classDevice struct {
	name  string
	dir   string              // the link
	place string              // where it leads, below sys/devices
	at    report.Fact[string] // the same as a fact
}

// devicesOf lists the devices of a class or bus; the folder need not be there.
func devicesOf(h *Host, folder string) ([]classDevice, error) {
	return devicesExcept(h, folder, nil)
}

// devicesExcept leaves out the names that match, if except is not nil, without
// a question about each.
func devicesExcept(h *Host, folder string, except *regexp.Regexp) ([]classDevice, error) {
	list, err := h.Names(folder)
	if err != nil {
		return nil, err
	}
	var devices []classDevice
	for _, name := range list.List {
		if except != nil && except.MatchString(name) {
			continue
		}
		dir := folder + "/" + name
		if at, ok := h.device(dir); ok {
			devices = append(devices, classDevice{name, dir, at.Value, at})
		}
	}
	return devices, nil
}

// device is the place of an entry of a class or bus, and whether there is one. A
// folder of a class in the place of a link is one if there is a device behind it; a
// file, as export of class gpio, is no entry.
func (h *Host) device(dir string) (report.Fact[string], bool) {
	at, link := h.Place(dir)
	ok := at.OK()
	if ok && !link && strings.HasPrefix(dir, "sys/class/") {
		inside := h.List(dir)
		if inside.Gap != "" {
			return at, false
		}
		ok = slices.Contains(inside.List, "device")
	}
	h.entry(ok)
	return at, ok
}

// virtual reports whether there is no hardware behind a device.
func (d classDevice) virtual() bool { return strings.Contains(d.place, "devices/virtual/") }

// driver is the driver of the device behind an entry of a class.
func (d classDevice) driver(h *Host) report.Fact[string] {
	return base(h.Link(d.dir + "/device/driver"))
}

// node is the device-tree node of the device behind an entry of a class, as a
// path from the root of the tree.
func (d classDevice) node(h *Host, link string) report.Fact[string] {
	node := h.Link(d.dir + "/" + link)
	node.Value = "/" + strings.TrimPrefix(node.Value, deviceTree)
	if !node.OK() {
		node.Value = ""
	}
	return node
}

// attachedBy says that what hangs on a USB port is external, for want of a
// better word of the kernel, and that what is on PCI may be on a card.
func attachedBy(at report.Fact[string]) report.Fact[string] {
	if strings.HasPrefix(strings.TrimPrefix(at.Value, "sys/"), "devices/virtual/") {
		return report.Missing[string](report.NotProbed, "the kernel names no bus that it is on", at.From...)
	}
	if !strings.HasPrefix(strings.TrimPrefix(at.Value, "sys/"), "devices/") {
		return report.Missing[string](report.NotProbed, "no link says on which bus it is", at.From...)
	}
	attached := report.Soldered
	if functions := pciFunction().FindAllString(at.Value, -1); len(functions) > 0 {
		if on := onBus(functions[len(functions)-1], ""); !on.OK() && !strings.Contains(at.Value, "/usb") {
			return report.Missing[string](on.Gap, on.Note, at.From...)
		}
	}
	if strings.Contains(at.Value, "/usb") && strings.Contains(strings.SplitN(at.Value, "/usb", 2)[1], "-") {
		attached = report.External
	}
	return report.Known(attached, at.From...).By(report.Inferred)
}

// pciFunction is the address of a function on PCI.
var pciFunction = pattern.New(`\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b`)

// named makes the entry of a list of which name and driver are all there is.
func named(h *Host, d classDevice, name report.Fact[string]) report.Named {
	return report.Named{Path: h.path(d.place), Name: name, Driver: d.driver(h), Node: d.node(h, "device/of_node"), Attached: attachedBy(d.at)}
}
