package probe

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// decimal reads one number that is not negative.
func decimal(data []byte) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil || n < 0 {
		return 0, errors.New("not a number")
	}
	return n, nil
}

// only keeps a number that is one; many files hold a number that stands for none.
func only(f report.Fact[int64], number func(int64) bool, why string) report.Fact[int64] {
	if f.OK() && !number(f.Value) {
		return report.Missing[int64](report.Absent, why, f.From...)
	}
	return f
}

func positive(n int64) bool { return n > 0 }

// base keeps the last component of a link, as in the name of a driver.
func base(link report.Fact[string]) report.Fact[string] {
	if link.OK() {
		link.Value = path.Base(link.Value)
	}
	return link
}

// collectNetwork lists interfaces with hardware behind them
// (Documentation/ABI/testing/sysfs-class-net).
func collectNetwork(_ context.Context, h *Host) ([]report.NIC, error) {
	list, err := h.Names("sys/class/net")
	if err != nil {
		return nil, err
	}
	links := h.ask("links/1", "")
	var nics []report.NIC
	for _, name := range list.List {
		dir := "sys/class/net/" + name
		at, ok := h.device(dir)
		if !ok || strings.Contains(at.Value, "devices/virtual/") {
			continue
		}
		key := path.Dir(at.Value)
		if byName(at.Value) {
			key = at.Value
		}
		n := report.NIC{
			Path: h.path(key), Name: report.Known(name, at.From...),
			Driver: base(h.Link(dir + "/device/driver")), MAC: h.Text(dir + "/address"),
			MACOrigin: parse(h, dir+"/addr_assign_type", func(data []byte) (string, error) {
				n, err := decimal(data)
				if words := []string{"permanent", "random", "stolen", "set"}; err == nil && n < int64(len(words)) {
					return words[n], nil
				}
				return "", errors.New("not one of 0 to 3")
			}),
			Carrier: h.Flag(dir + "/carrier"), SpeedMbps: only(h.Int(dir+"/speed"), isSpeed, "no link, or the driver does not tell"),
		}
		if n.Carrier.Gap == report.Unsupported { // carrier_show in net/core/net-sysfs.c
			n.Carrier = report.Missing[bool](report.NotProbed, "the interface is down", n.Carrier.From...)
		}
		noAddress(&n)
		wireless, kind := h.List(dir+"/phy80211"), h.Int(dir+"/type")
		switch {
		case wireless.Gap == "":
			n.Kind = report.Known("wifi", wireless.ID)
		case !kind.OK():
			n.Kind = report.Missing[string](kind.Gap, kind.Note, kind.From...)
		case kind.Value == 1: // ARPHRD_ETHER, include/uapi/linux/if_arp.h
			n.Kind = report.Known("ethernet", both(kind.From, []string{wireless.ID})...)
		case kind.Value == 280: // ARPHRD_CAN
			n.Kind = report.Known("can", kind.From...)
		case kind.Value == 519: // ARPHRD_RAWIP
			n.Kind = report.Known("wwan", kind.From...)
		default:
			n.Kind = report.Missing[string](report.Unsupported, "ARP hardware type "+strconv.FormatInt(kind.Value, 10), kind.From...)
		}
		n.Attached = attachedBy(at)
		describeLink(h, name, dir, links, &n)
		nics = append(nics, n)
	}
	return nics, nil
}

// isSpeed tells a speed from SPEED_UNKNOWN (include/uapi/linux/ethtool.h), which is -1,
// and which older kernels and drivers write with 32 or 16 bits.
func isSpeed(n int64) bool { return n > 0 && n != 0xffff && n != 0xffffffff }

// noAddress takes back what is said of an address that an interface does not have: a
// CAN controller has none, and some drivers give theirs one when they are started.
func noAddress(n *report.NIC) {
	const none = "00:00:00:00:00:00"
	if n.MAC.Value == none {
		n.MAC = report.Missing[string](report.Absent, "all zeros", n.MAC.From...)
	}
	if n.MAC.Gap == report.Absent && n.MACOrigin.OK() {
		n.MACOrigin = report.Missing[string](report.Absent, "it has no address", both(n.MACOrigin.From, n.MAC.From)...)
	}
}

// isWidth tells the lanes of a link from 0, that there is no link, and 255, that
// the kernel does not know (PCIE_LNK_WIDTH_UNKNOWN in include/linux/pci.h).
func isWidth(n int64) bool { return n > 0 && n < 255 }

// collectPCI lists the functions on PCI buses
// (Documentation/ABI/testing/sysfs-bus-pci).
func collectPCI(_ context.Context, h *Host) ([]report.PCIDevice, error) {
	list, err := h.Names("sys/bus/pci/devices")
	if err != nil {
		return nil, err
	}
	var devices []report.PCIDevice
	for _, address := range list.List {
		dir := "sys/bus/pci/devices/" + address
		devices = append(devices, report.PCIDevice{
			Address: address, ID: pair(h, dir, "vendor", "device"), Subsystem: pair(h, dir, "subsystem_vendor", "subsystem_device"),
			Class: bare(h.Text(dir + "/class")), Revision: bare(h.Text(dir + "/revision")), Driver: base(h.Link(dir + "/driver")),
			LinkMTs: parse(h, dir+"/current_link_speed", linkSpeed), LinkLanes: only(h.Int(dir+"/current_link_width"), isWidth, "no link of its own"),
			MaxLinkMTs: parse(h, dir+"/max_link_speed", linkSpeed), MaxLinkLanes: only(h.Int(dir+"/max_link_width"), isWidth, "the kernel does not know it"),
			Attached: onBus(address, list.ID),
		})
		h.entry(true)
	}
	return devices, nil
}

// onBus says what the address of a PCI function tells of where it is: functions of
// bus 0 are in the SoC or chipset, others on the board or on a card.
func onBus(address, id string) report.Fact[string] {
	if _, rest, ok := strings.Cut(address, ":"); ok && strings.HasPrefix(rest, "00:") {
		return report.Known(report.Soldered, id).By(report.Inferred).Noting("on the root bus")
	}
	return report.Missing[string](report.NotProbed, "on the board or on a card: PCI does not say", id)
}

// linkSpeed reads "8.0 GT/s PCIe". A function without a link has "Unknown"
// (pci_speed_string in drivers/pci/probe.c).
func linkSpeed(data []byte) (int64, error) {
	if strings.HasPrefix(string(data), "Unknown") {
		return 0, none("no link of its own")
	}
	number, _, ok := strings.Cut(strings.TrimSpace(string(data)), " GT/s")
	whole, part, _ := strings.Cut(number, ".")
	n, err := decimal([]byte(whole + part))
	if !ok || err != nil || len(part) > 1 {
		return 0, errors.New("not a speed in GT/s")
	}
	if part == "" {
		n *= 10
	}
	return n * 100, nil
}

// pair joins two identifiers as vendor:device.
func pair(h *Host, dir, first, second string) report.Fact[string] {
	a, b := bare(h.Text(dir+"/"+first)), bare(h.Text(dir+"/"+second))
	if !a.OK() {
		return a
	}
	if b.OK() {
		b.Value = a.Value + ":" + b.Value
		b.From = both(a.From, b.From)
	}
	return b
}

// bare drops the 0x in front of a hexadecimal number.
func bare(f report.Fact[string]) report.Fact[string] {
	f.Value = strings.TrimPrefix(f.Value, "0x")
	return f
}

// collectUSB lists the devices on USB buses, root hubs included
// (Documentation/ABI/stable/sysfs-bus-usb and testing/sysfs-bus-usb).
func collectUSB(_ context.Context, h *Host) ([]report.USBDevice, error) {
	list, err := h.Names("sys/bus/usb/devices")
	if err != nil {
		return nil, err
	}
	var devices []report.USBDevice
	for _, name := range list.List {
		if strings.Contains(name, ":") {
			continue // an interface of a device
		}
		dir := "sys/bus/usb/devices/" + name
		at, ok := h.device(dir)
		if !ok {
			continue
		}
		d := report.USBDevice{
			Path: h.path(at.Value), ID: pair(h, dir, "idVendor", "idProduct"), Manufacturer: h.Text(dir + "/manufacturer"), Product: h.Text(dir + "/product"),
			Serial: h.Text(dir + "/serial"), Class: h.Text(dir + "/bDeviceClass"), Revision: h.Text(dir + "/bcdDevice"),
			SpeedMbps10: parse(h, dir+"/speed", func(data []byte) (int64, error) {
				text := strings.TrimSpace(string(data))
				switch text {
				case "1.5":
					return 15, nil
				case "unknown": // speed_show in drivers/usb/core/sysfs.c
					return 0, none("not known")
				}
				n, err := decimal([]byte(text))
				return n * 10, err
			}),
		}
		if strings.HasPrefix(name, "usb") {
			// The text of a root hub names the kernel and its serial the bus.
			d.Attached = report.Known(report.Soldered, at.From...)
			d.Revision, d.Product, d.Manufacturer, d.Serial = report.Fact[string]{}, report.Fact[string]{}, report.Fact[string]{}, report.Fact[string]{}
		} else {
			d.Attached = parse(h, dir+"/removable", func(data []byte) (string, error) {
				switch strings.TrimSpace(string(data)) {
				case "fixed":
					return report.Soldered, nil
				case "removable":
					return report.External, nil
				case "unknown":
					return "", none("the hub does not know whether it can be taken off")
				default:
					return "", errors.New("not a word for it")
				}
			})
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// collectGHW asks the library ghw for a second opinion.
func collectGHW(_ context.Context, h *Host) (report.GHW, error) {
	var g report.GHW
	ask := func(subject string) (ghwAnswer, Answer) {
		var said ghwAnswer
		a := h.ask("ghw", subject)
		if a.Gap == "" && json.Unmarshal(a.Data, &said) != nil {
			a.Gap, a.Note = report.Invalid, "not the form that was recorded"
		}
		return said, a
	}
	text := func(value string, a Answer) report.Fact[string] {
		switch {
		case a.Gap != "":
			return report.Missing[string](a.Gap, a.Note, a.ID)
		case value == "" || value == "unknown":
			return report.Missing[string](report.Absent, "", a.ID)
		}
		return report.Known(value, a.ID)
	}
	product, a := ask("product")
	g.Product, g.Vendor = text(product.Product, a), text(product.Vendor, a)
	devices := func(subject string) []report.GHWDevice {
		said, a := ask(subject)
		var list []report.GHWDevice
		for _, d := range said.Devices {
			list = append(list, report.GHWDevice{Name: d.Name, ID: text(d.ID, a), Driver: text(d.Driver, a)})
		}
		return list
	}
	g.PCI, g.NICs, g.USB = devices("pci"), devices("network"), devices("usb")
	return g, nil
}
