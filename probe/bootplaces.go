package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// A place of a boot order is a word of whoever has the order: mmc1 of U-Boot is
// the controller that its device tree calls so, not mmcblk1 of Linux. This file
// finds the disks that the words stand for.

// candidate is a disk that an order can mean.
type candidate struct {
	name  string
	place string              // below sys/devices
	kind  string              // emmc, sd, nvme, ufs, usb, sata, virtio, spi-nor
	node  string              // of an MMC controller in the device tree, from its root
	from  report.Fact[string] // evidence
}

// nvmeWay is the name of a hidden disk: a namespace as one of its controllers has
// it, where the kernel can join several (drivers/nvme/host/multipath.c).
var nvmeWay = pattern.New(`^nvme[0-9]+c[0-9]+n[0-9]+$`)

// candidates lists the disks and the NOR flash of the board, and what the list
// rests on: nothing if it could not be made.
func candidates(h *Host) (list []candidate, from []string) {
	disks := h.List("sys/block")
	if disks.Gap != "" {
		return nil, nil
	}
	for _, name := range disks.List {
		if mmcPart().MatchString(name) {
			continue // a boot area is part of its device
		}
		at := h.Link("sys/block/" + name)
		if !at.OK() || strings.Contains(at.Value, "/virtual/") && !strings.Contains(at.Value, "/nvme-subsystem/") {
			continue
		}
		if nvmeWay().MatchString(name) {
			continue // one way to a disk that is in the list itself
		}
		c := candidate{name: name, place: at.Value, from: at}
		host, _, isMMC := strings.Cut(at.Value, "/mmc_host/")
		switch {
		case isMMC:
			kind := h.Text("sys/block/" + name + "/device/type")
			c.kind = map[string]string{"MMC": "emmc", "SD": "sd"}[kind.Value]
			c.from.From = both(c.from.From, kind.From)
			if node := h.Link(host + "/of_node"); node.OK() {
				c.node = "/" + strings.TrimPrefix(node.Value, deviceTree)
				c.from.From = both(c.from.From, node.From)
			}
		case strings.HasPrefix(name, "nvme"):
			c.kind = "nvme"
		case strings.HasPrefix(name, "vd"):
			c.kind = "virtio"
		case strings.Contains(at.Value, "/usb"):
			c.kind = "usb"
		case strings.Contains(at.Value, "/ata"):
			c.kind = "sata"
		case strings.Contains(at.Value, "ufs"):
			c.kind = "ufs"
		}
		list = append(list, c)
	}
	flash := h.List("sys/class/mtd")
	for _, name := range flash.List {
		if strings.HasSuffix(name, "ro") {
			continue
		}
		if kind := h.Text("sys/class/mtd/" + name + "/type"); kind.Value == "nor" {
			list = append(list, candidate{name: name, kind: "spi-nor", from: kind})
		}
	}
	return list, []string{disks.ID, flash.ID}
}

// kindsOf says which kinds of disks a word means, and the number behind it; no
// kind for a word that is no medium, such as dhcp. The words are those of
// U-Boot's boot_targets and bootdevs, of the straps, and of documents.
func kindsOf(word string) (kinds []string, number string) {
	if first, second, ok := strings.Cut(word, " or "); ok {
		a, _ := kindsOf(first)
		b, _ := kindsOf(second)
		return slices.Concat(a, b), ""
	}
	lower, _, _ := strings.Cut(strings.ToLower(word), " (") // as in eMMC (MMC1)
	stem := strings.TrimRight(lower, "0123456789")
	number = lower[len(stem):]
	switch stem {
	case "mmc", "mmc_auto":
		return []string{"emmc", "sd"}, number
	case "emmc":
		return []string{"emmc"}, ""
	case "sd", "sd card", "microsd card", "microsd":
		return []string{"sd"}, ""
	case "nvme":
		return []string{"nvme"}, number
	case "usb":
		return []string{"usb"}, number
	case "scsi", "sata", "ata", "ide", "ahci":
		return []string{"sata"}, number
	case "virtio":
		return []string{"virtio"}, number
	case "sf", "spi", "spi-nor", "spi nor flash", "spi flash", "qspi", "nor":
		return []string{"spi-nor"}, number
	case "ufs":
		return []string{"ufs"}, number
	}
	return nil, ""
}

func placeName(order string, rank int, word string) string {
	return fmt.Sprintf("%s %d %s", order, rank+1, word)
}

// bootPlaces resolves the words of the orders, and of what was used.
func bootPlaces(h *Host, disks []candidate, from []string, b *report.Boot) {
	if from == nil {
		return
	}
	aliases := map[string]report.Fact[string]{}
	resolve := func(word string) (report.Fact[string], bool) {
		kinds, number := kindsOf(word)
		if kinds == nil {
			return report.Fact[string]{}, false
		}
		alias := report.Fact[string]{}
		if strings.HasPrefix(word, "mmc") && number != "" {
			var ok bool
			if alias, ok = aliases[number]; !ok {
				alias = h.Text(deviceTree + "aliases/mmc" + number)
				aliases[number] = alias
			}
		}
		return diskOf(disks, kinds, alias, from), true
	}
	add := func(order string, f report.Fact[[]string]) {
		for i, word := range f.Value {
			if kinds, _ := kindsOf(word); order == "rom" && slices.Contains(kinds, "usb") {
				continue // ROMs wait at USB to be given a loader; the word does not tell the few that read a stick
			}
			place := placeName(order, i, word)
			if slices.ContainsFunc(b.Places, func(p report.BootPlace) bool { return p.Place == place }) {
				continue // a U-Boot that is UEFI, whose option names the disk
			}
			if device, ok := resolve(word); ok {
				b.Places = append(b.Places, report.BootPlace{Place: place, Device: device})
			}
		}
	}
	add("rom", b.ROMOrder)
	if b.Loader.Value != "uefi" && b.Loader.Value != "bios" {
		add("loader", b.LoaderOrder)
	}
	if b.Current.OK() && b.CurrentDevice.IsZero() {
		if device, ok := resolve(b.Current.Value); ok && device.OK() {
			b.CurrentDevice = device
		}
	}
}

// diskOf finds the one disk that is meant. An alias names a controller.
func diskOf(disks []candidate, kinds []string, alias report.Fact[string], from []string) report.Fact[string] {
	var found []candidate
	for _, d := range disks {
		if slices.Contains(kinds, d.kind) && (!alias.OK() || d.node == alias.Value) {
			found = append(found, d)
		}
	}
	from = both(from, alias.From)
	all := from // of a disk whose kind is not known nobody can say that it is not the one
	for _, d := range disks {
		all = both(all, d.from.From)
	}
	switch {
	case len(found) == 1:
		how := "the only " + strings.Join(kinds, " or ")
		if alias.OK() {
			how = "at " + alias.Value + " by the alias in the device tree, which the loader's own can differ from"
		}
		return report.Known(found[0].name, both(from, found[0].from.From)...).By(report.Inferred).Noting(oneLine(how))
	case len(found) == 0 && alias.OK():
		return report.Missing[string](report.Absent, oneLine("no medium at "+alias.Value), all...)
	case len(found) == 0:
		return report.Missing[string](report.Absent, "no such disk was found", all...)
	}
	var names []string
	for _, d := range found {
		names, from = append(names, d.name), both(from, d.from.From)
	}
	return report.Missing[string](report.NotProbed, oneLine("ambiguous: "+strings.Join(names, ", ")), from...)
}

// deviceByNode finds the disk behind a controller that a loader names by its
// path in the device tree, or as a platform device, as in 1d84000.ufshc.
func deviceByNode(disks []candidate, name string) (candidate, bool) {
	for _, d := range disks {
		if d.node == name && name != "" || strings.Contains("/"+d.place+"/", "/"+name+"/") {
			return d, true
		}
	}
	return candidate{}, false
}
