package probe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// An option that firmware made by itself names no partition, but the way to a
// disk: PciRoot(0x0)/Pci(0x3,0x0)/NVMe(...). This file finds the disk that Linux
// has at the end of the same way.

// wayTo is a disk and how a path of UEFI to it begins.
type wayTo struct {
	candidate
	path string // from behind the word PciRoot or PcieRoot
	from []string
}

var (
	pciRoot   = pattern.New(`^sys/devices/pci[0-9a-f]{4}:[0-9a-f]{2}/`)
	pciDevice = pattern.New(`^[0-9a-f]{4}:[0-9a-f]{2}:([0-9a-f]{2})\.([0-7])/`)
	ataPort   = pattern.New(`/(ata[0-9]+)/`)
)

// firstNode is the node behind the PCI devices, by the kind of disk. A USB port
// is not among them: UEFI counts the ports of a controller, and Linux those of
// each of its two buses.
var firstNode = map[string]string{"nvme": "/NVMe(", "sata": "/Sata(", "sd": "/SD(", "emmc": "/eMMC(", "ufs": "/UFS(", "virtio": ""}

// waysTo lists the disks whose way is known: those behind a PCI root that ACPI
// numbers (UEFI 2.10, 10.3.3: the _UID), which the kernel shows in its
// firmware_node (Documentation/ABI/testing/sysfs-bus-acpi), and if they are on
// SATA at a port of which it says the number, from 1 (sysfs-ata).
func waysTo(h *Host, disks []candidate) (list []wayTo) {
	uids := map[string]report.Fact[int64]{}
	for _, d := range disks {
		node, ok := firstNode[d.kind]
		if !ok {
			continue
		}
		at := d.from
		if strings.Contains(d.place, "/nvme-subsystem/") {
			at = nvmePlace(h, at)
		}
		root := pciRoot().FindString(at.Value)
		if root == "" {
			continue
		}
		uid, asked := uids[root]
		if !asked {
			uid = h.Int(root + "firmware_node/uid")
			uids[root] = uid
		}
		w := wayTo{d, fmt.Sprintf("(0x%x)", uid.Value), both(at.From, uid.From)}
		rest := at.Value[len(root):]
		for m := pciDevice().FindStringSubmatch(rest); m != nil; m = pciDevice().FindStringSubmatch(rest) {
			device, _ := strconv.ParseUint(m[1], 16, 8) // the form says that it is a number
			w.path += fmt.Sprintf("/Pci(0x%x,0x%s)", device, m[2])
			rest = rest[len(m[0]):]
		}
		if strings.HasPrefix(rest, "pci") {
			continue // behind a bridge that UEFI has other words for, as VMD
		}
		w.path += node
		if d.kind == "sata" {
			name := ataPort().FindStringSubmatch(at.Value)
			if name == nil {
				continue
			}
			port := h.Int("sys/class/ata_port/" + name[1] + "/port_no")
			if !port.OK() || port.Value < 1 {
				continue
			}
			w.path += fmt.Sprintf("0x%x,", port.Value-1)
			w.from = both(w.from, port.From)
		}
		if uid.OK() {
			list = append(list, w)
		}
	}
	return list
}

// disksAt returns the disks to which a path leads; several are namespaces or
// units of one. A controller of virtio is a disk without a further node, and
// behind it comes a partition or nothing.
func disksAt(ways []wayTo, path string) (found []wayTo) {
	way, isPCI := strings.CutPrefix(path, "PciRoot")
	if !isPCI {
		way, isPCI = strings.CutPrefix(path, "PcieRoot")
	}
	for _, w := range ways {
		rest, leads := strings.CutPrefix(way, w.path)
		if leads && w.kind == "virtio" {
			leads = rest == "" || strings.HasPrefix(rest, "/HD(")
		}
		if isPCI && leads {
			found = append(found, w)
		}
	}
	return found
}

// uefiDevices finds the disks of the load options that name no partition of a
// known table, and with them the places of the boot order and the disk that was
// used, if no loader has named it.
func uefiDevices(h *Host, disks []candidate, u uefiOrder, b *report.Boot) {
	open := func(o report.BootOption) bool { return o.Device.IsZero() && strings.HasPrefix(o.Path.Value, "Pci") }
	var ways []wayTo
	if slices.ContainsFunc(b.Options, open) {
		ways = waysTo(h, disks)
	}
	options := map[string]report.BootOption{}
	for i, o := range b.Options {
		if found := disksAt(ways, o.Path.Value); len(found) == 1 && open(o) {
			b.Options[i].Device = report.Known(found[0].name, both(o.Path.From, found[0].from)...).By(report.Inferred).Noting("the disk that Linux has at this path")
		}
		options[o.Number] = b.Options[i]
	}
	for rank, number := range u.tried {
		if o := options[number]; !o.Device.IsZero() {
			b.Places = append(b.Places, report.BootPlace{Place: placeName("loader", rank, optionWord(o)), Device: o.Device})
		}
	}
	used := options[u.current]
	switch {
	case !b.CurrentDevice.IsZero():
	case used.Device.OK():
		b.CurrentDevice = used.Device
		mediumOfDisk(b)
	case !open(used) || len(disksAt(ways, used.Path.Value)) > 0:
	case elsewhere(disks, ways, used.Path.Value):
		b.CurrentDevice = report.Missing[string](report.Absent, "Linux has no disk at the path of "+used.Number, used.Path.From...)
	case anyOf(ways, used.Medium.Value): // known to be elsewhere, so that it is not taken for the only one
		b.CurrentDevice = report.Missing[string](report.NotProbed, "no disk is known to be at the path of "+used.Number, used.Path.From...)
	}
}

// plainWay is a path over PCI to one of the kinds of firstNode, and its node.
var plainWay = pattern.New(`^Pcie?Root\(0x[0-9a-f]+\)(?:/Pci\(0x[0-9a-f]+,0x[0-9a-f]+\))+(/[A-Za-z]+\()`)

// elsewhere reports whether it is known of all disks of the kind that a path leads
// to that they are somewhere else. A disk of which the kind is not known, and one
// without a known way, can be the one that is meant.
func elsewhere(disks []candidate, ways []wayTo, path string) bool {
	node := plainWay().FindStringSubmatch(path)
	if node == nil {
		return false
	}
	known := false
	for _, first := range firstNode {
		known = known || first == node[1]
	}
	return known && !slices.ContainsFunc(disks, func(d candidate) bool {
		mine := d.kind == "" || firstNode[d.kind] == node[1]
		return mine && !slices.ContainsFunc(ways, func(w wayTo) bool { return w.name == d.name })
	})
}

// anyOf reports whether the way to a disk of a medium's kind is known.
func anyOf(ways []wayTo, medium string) bool {
	kinds, _ := kindsOf(medium)
	return slices.ContainsFunc(ways, func(w wayTo) bool { return slices.Contains(kinds, w.kind) })
}

// mediumOfDisk names the medium that was used by the disk, where the firmware
// has only a description of it.
func mediumOfDisk(b *report.Boot) {
	if strings.HasPrefix(b.Current.Value, "entry ") {
		b.Current = report.Known(mediumWord(b.CurrentDevice.Value), both(b.Current.From, b.CurrentDevice.From)...).Noting(oneLine(b.Current.Note + ", " + b.Current.Value))
	}
}
