package probe

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// collectStorage lists the block devices with hardware behind them
// (Documentation/ABI/stable/sysfs-block) and raw flash. The kind is what the
// bus says, never the prefix of a name. Boot partitions, RPMB, loop, zram,
// device mapper and the hidden paths of an NVMe namespace are not capacity.
func collectStorage(_ context.Context, h *Host) ([]report.Disk, error) {
	list, err := h.Names("sys/block")
	if err == nil && list.Gap == report.Absent {
		err = errors.New("sys/block is not there: sysfs is not mounted, or not in the dump")
	}
	if err != nil {
		return nil, err
	}
	var disks []report.Disk
	for _, name := range list.List {
		if strings.HasPrefix(name, "loop") || strings.HasPrefix(name, "ram") || strings.HasPrefix(name, "zram") || strings.HasPrefix(name, "dm-") {
			continue // saves questions; the place below would say the same
		}
		if floppy().MatchString(name) {
			continue // a drive, whose size without a medium is no size, and no place for a system
		}
		dir := "sys/block/" + name
		at, link := h.Place(dir)
		backed := at.OK() && (link || hasDevice(h, dir))
		h.entry(backed || virtualDisk().MatchString(name))
		if !backed || strings.Contains(at.Value, "/virtual/") && !strings.Contains(at.Value, "nvme-subsystem") {
			continue
		}
		if strings.Contains(at.Value, "/nvme-subsystem/") {
			at = nvmePlace(h, at)
		}
		if hidden := h.Flag(dir + "/hidden"); hidden.OK() && hidden.Value {
			continue
		}
		subsystem := blockBus(h, dir, at, link)
		bus := ""
		if subsystem.OK() {
			bus = path.Base(subsystem.Value)
		}
		if mmcPart().MatchString(name) || bus == "mtd" || strings.HasPrefix(name, "mtdblock") {
			continue
		}
		disks = append(disks, disk(h, name, dir, bus, at, subsystem))
	}
	flash, err := rawFlash(h)
	disks = append(disks, flash...)
	slices.SortStableFunc(disks, func(a, b report.Disk) int { return strings.Compare(a.Path, b.Path) })
	return disks, err
}

// mmcPart is how the kernel calls the parts of an eMMC device that are disks of
// their own for it, and no capacity: boot partitions, RPMB, and the general purpose
// partitions that are cut out of its user area (JESD84-B51 6.2.1).
var mmcPart = pattern.New(`^mmcblk\d+(boot\d+|rpmb|gp\d+)$`)

// floppy are the names of floppy drives.
var floppy = pattern.New(`^fd\d+$`)

// networked is in the place of a disk that is reached over a network: sessions of
// iSCSI, ports of Fibre Channel, and NVMe over Fabrics (drivers/scsi, drivers/nvme/host/fabrics.c).
var networked = pattern.New(`/host\d+/session\d+/|/rport-\d|/nvme-fabrics/`)

// virtualDisk are the names of disks with no hardware behind them, which have no device
// in a root whose links are folders (Documentation/admin-guide/devices.txt).
var virtualDisk = pattern.New(`^(loop|ram|zram|dm-|md|nbd|bcache|drbd|rbd|zd)\d+$`)

// hasDevice reports whether there is hardware behind a disk of which the kernel, or
// a dump, does not show the place.
func hasDevice(h *Host, dir string) bool {
	return slices.Contains(h.List(dir).List, "device")
}

// blockBus is the bus of a disk: as its link says, else as its place or the files of
// its device say.
func blockBus(h *Host, dir string, at report.Fact[string], link bool) report.Fact[string] {
	subsystem := h.Link(dir + "/device/subsystem")
	if subsystem.OK() {
		return subsystem
	}
	from := both(at.From, subsystem.From)
	const note = "there is no link to its bus"
	if link {
		for _, row := range []struct{ mark, bus string }{
			{"/mmc_host/", "mmc"}, {"/nvme-subsystem/", "nvme-subsystem"}, {"/nvme/", "nvme"}, {"/virtio", "virtio"}, {"/target", "scsi"},
		} {
			if strings.Contains(at.Value, row.mark) {
				return report.Known(row.bus, from...).By(report.Inferred).Noting(note)
			}
		}
	}
	card := h.Text(dir + "/device/type")
	if card.Value == "MMC" || card.Value == "SD" {
		return report.Known("mmc", both(from, card.From)...).By(report.Inferred).Noting(note)
	}
	return report.Missing[string](report.NotProbed, note, both(from, card.From)...)
}

// onUSB is the place of a device on USB, the last of several one below the other.
var onUSB = pattern.New(`^.*/usb\d+(?:/\d+-[\d.]+)+/`)

// scsiHost is the device of a SCSI host, whose driver tells UFS from others
// (drivers/ufs, behind PCI class 0109, too).
var scsiHost = pattern.New(`^(.*?)/host\d+/`)

func isUFS(h *Host, place string) (bool, []string) {
	m := scsiHost().FindStringSubmatch(place)
	if m == nil {
		return false, nil
	}
	driver := base(h.Link(m[1] + "/driver"))
	return strings.HasPrefix(driver.Value, "ufs") || strings.Contains(m[1], "ufshc") || strings.Contains(m[1], ".ufs"), driver.From
}

var nvmeController = pattern.New(`^nvme\d+$`)

func disk(h *Host, name, dir, bus string, at, subsystem report.Fact[string]) report.Disk {
	device := dir + "/device"
	d := report.Disk{
		Path: h.path(at.Value),
		Name: report.Known(name, at.From...),
		SizeBytes: parse(h, dir+"/size", func(data []byte) (int64, error) {
			n, err := decimal(data)
			if err != nil || n > 1<<53 {
				return 0, errors.New("not a number of sectors")
			}
			return n * 512, nil // always in units of 512 bytes, whatever the sector
		}),
		RemovableFlag:     h.Flag(dir + "/removable"),
		ReadOnly:          h.Flag(dir + "/ro"),
		Rotational:        h.Flag(dir + "/queue/rotational"),
		LogicalBlockBytes: h.Int(dir + "/queue/logical_block_size"), PhysicalBlockBytes: h.Int(dir + "/queue/physical_block_size"),
		Driver: base(h.Link(device + "/driver")),
	}
	from := both(at.From, subsystem.From)
	kind := func(k, attached string) {
		d.Kind = report.Known(k, from...)
		d.Attached = report.Known(attached, from...).By(report.Inferred)
		if subsystem.Basis == report.Inferred {
			d.Kind = d.Kind.By(report.Inferred).Noting(subsystem.Note)
		}
	}
	module := func(k string) { // that is soldered on some boards
		kind(k, report.Slot)
		d.Attached = report.Missing[string](report.NotProbed, "in a slot or soldered: the kernel does not say", from...)
	}
	switch bus {
	case "mmc":
		mmcDisk(h, name, device, at.Value, &d)
		if d.Kind.OK() && subsystem.Basis == report.Inferred {
			d.Kind = d.Kind.By(report.Inferred).Noting(subsystem.Note)
		}
	case "nvme", "nvme-subsystem":
		module(report.KindNVMe)
		if controller := path.Dir(at.Value); bus == "nvme-subsystem" {
			d.Driver = base(h.Link(controller + "/device/driver"))
		}
		d.Model, d.Serial, d.FirmwareRevision = h.Text(device+"/model"), h.Text(device+"/serial"), h.Text(device+"/firmware_rev")
		describeNVMe(h, at.Value, &d)
	case "virtio":
		kind(report.KindVirtio, report.Soldered)
		d.Serial = h.Text(dir + "/serial")
	case "scsi":
		d.Model, d.Manufacturer, d.FirmwareRevision = h.Text(device+"/model"), h.Text(device+"/vendor"), h.Text(device+"/rev")
		scsiType := h.Text(device + "/type")
		from = both(from, scsiType.From)
		if d.SizeBytes.Value == noMediumBytes { // which drives of one type say
			d.SizeBytes.From = both(d.SizeBytes.From, scsiType.From)
		}
		switch {
		case scsiType.Value == "5": // SPC-4 6.4.2: CD or DVD
			kind(report.KindOptical, report.External)
			if d.SizeBytes.Value == noMediumBytes {
				d.SizeBytes = report.Missing[int64](report.Absent, "no medium", d.SizeBytes.From...)
			}
		case strings.Contains(at.Value, "/usb"):
			kind(report.KindUSB, report.External)
			if place := onUSB().FindString(at.Value); place != "" {
				if port := h.Text(strings.TrimSuffix(place, "/") + "/removable"); port.Value == "fixed" {
					d.Attached = report.Known(report.Soldered, both(from, port.From)...).By(report.Inferred).Noting("firmware says that it stays on its port")
				}
			}
		case !scsiType.OK() && strings.HasPrefix(name, "sr"):
			d.Kind = report.Missing[string](report.NotProbed, "its type was not seen", from...)
			d.Attached = report.Missing[string](report.NotProbed, "its type was not seen", from...)
		case strings.Contains(at.Value, "/ata"):
			module(report.KindSATA)
			place, _, _ := strings.Cut(at.Value, "/ata")
			if driver := base(h.Link(place + "/driver")); strings.HasPrefix(driver.Value, "pata_") {
				d.Kind = report.Missing[string](report.Unsupported, "parallel ATA or CompactFlash, by the driver "+oneLine(driver.Value), both(from, driver.From)...)
			}
		default:
			ufs, asked := isUFS(h, at.Value)
			from = both(from, asked)
			if !ufs {
				module(report.KindSCSI)
				break
			}
			kind(report.KindUFS, report.Soldered)
			describeUFS(h, at.Value, &d)
		}
	case "":
		d.Kind = report.Missing[string](subsystem.Gap, subsystem.Note, from...)
		d.Attached = report.Missing[string](subsystem.Gap, subsystem.Note, from...)
		d.Model, d.Manufacturer, d.FirmwareRevision = h.Text(device+"/model"), h.Text(device+"/vendor"), h.Text(device+"/rev")
	default:
		d.Kind = report.Missing[string](report.Unsupported, "bus "+oneLine(bus)+" is not known to this probe", from...)
		d.Attached = report.Missing[string](report.Unsupported, "", from...)
	}
	if d.SizeBytes.OK() && (d.SizeBytes.Value == 0 || d.SizeBytes.Value == noMediumBytes && strings.HasPrefix(name, "sr")) {
		d.SizeBytes = report.Missing[int64](report.Absent, "no medium", d.SizeBytes.From...)
	}
	if networked().MatchString(at.Value) {
		d.Kind = report.Missing[string](report.Unsupported, "a disk of the network", from...)
		d.Attached = report.Known(report.External, from...).By(report.Inferred).Noting("a disk of the network")
	}
	d.Removable = takenOut(&d)
	if hasMedium(&d) && d.Kind.Value != report.KindOptical {
		describePartitions(h, name, &d)
	}
	return d
}

// takenOut says whether the medium can be taken out: a card in a slot and what is
// plugged in can, whatever the kernel's flag says, which is about media that leave
// their drive (Documentation/ABI/stable/sysfs-block).
func takenOut(d *report.Disk) report.Fact[bool] {
	switch kind, attached := d.Kind.Value, d.Attached.Value; {
	case d.RemovableFlag.OK() && d.RemovableFlag.Value:
		return d.RemovableFlag
	case kind == report.KindSD && attached == report.Slot, attached == report.External:
		return report.Known(true, both(d.RemovableFlag.From, d.Attached.From)...).By(report.Inferred)
	case attached == report.Soldered:
		return report.Known(false, both(d.RemovableFlag.From, d.Attached.From)...).By(report.Inferred)
	}
	return report.Missing[bool](report.NotProbed, "in a slot or soldered: the kernel does not say", both(d.RemovableFlag.From, d.Attached.From)...)
}

// noMediumBytes is what the driver of optical drives says where it can read no
// capacity (get_sectorsize in drivers/scsi/sr.c). No medium is of this size: it
// is not a multiple of a CD's sectors.
const noMediumBytes = 0x1fffff * 512

// rawFlash lists MTD master devices (Documentation/ABI/testing/sysfs-class-mtd);
// a partition shares its master's place and is not capacity of its own.
func rawFlash(h *Host) ([]report.Disk, error) {
	list, err := h.Names("sys/class/mtd")
	if err != nil {
		return nil, err
	}
	var flash []report.Disk
	for _, name := range list.List {
		dir := "sys/class/mtd/" + name
		if !strings.HasPrefix(name, "mtd") || strings.HasSuffix(name, "ro") {
			continue
		}
		at, _ := h.Place(dir)
		h.entry(at.OK())
		kind := h.Text(dir + "/type")
		if !at.OK() || strings.Contains(path.Dir(at.Value), "/mtd/mtd") || kind.Value == "ram" || kind.Value == "rom" {
			continue
		}
		d := report.Disk{
			Path: h.path(at.Value), Name: report.Known(name, at.From...), Kind: report.Known(report.KindMTD, at.From...),
			SizeBytes: h.Int(dir + "/size"), Model: h.Text(dir + "/name"), Attached: report.Known(report.Soldered, at.From...).By(report.Inferred),
			MTD: report.MTD{Type: kind, EraseBlockBytes: h.Int(dir + "/erasesize"), WriteBytes: h.Int(dir + "/writesize"), BadBlocks: h.Int(dir + "/bad_blocks")},
		}
		// Kernels without CONFIG_MTD_PARTITIONED_MASTER list the partitions alone.
		offset := h.Int(dir + "/offset")
		if !offset.OK() {
			flash = append(flash, d)
			continue
		}
		chip := h.path(path.Dir(at.Value))
		k := slices.IndexFunc(flash, func(f report.Disk) bool { return f.Path == chip })
		if k < 0 {
			d.Path, d.Model = chip, report.Missing[string](report.NotProbed, "only its partitions are listed", d.Model.From...)
			d.SizeBytes = report.Known(offset.Value+d.SizeBytes.Value, both(offset.From, d.SizeBytes.From)...).By(report.Inferred).Noting("as far as its partitions reach")
			flash = append(flash, d)
			continue
		}
		if end := offset.Value + d.SizeBytes.Value; end > flash[k].SizeBytes.Value {
			flash[k].SizeBytes.Value = end
		}
		flash[k].SizeBytes.From = both(flash[k].SizeBytes.From, both(offset.From, d.SizeBytes.From))
	}
	return flash, nil
}

// collectMMC lists the controllers for eMMC, SD and SDIO, with or without a
// card, and what the device tree says of them
// (Documentation/devicetree/bindings/mmc/mmc-controller.yaml).
func collectMMC(_ context.Context, h *Host) ([]report.MMCHost, error) {
	list, err := h.Names("sys/class/mmc_host")
	if err != nil {
		return nil, err
	}
	var hosts []report.MMCHost
	for _, name := range list.List {
		dir := "sys/class/mmc_host/" + name
		at, _ := h.Place(dir)
		h.entry(at.OK())
		if !at.OK() {
			continue
		}
		node := h.Link(mmcNode(at.Value))
		// A link can lead to a tree that is not there, as in a copy of /sys/devices.
		described := h.Read(mmcNode(at.Value) + "/compatible")
		has := func(property string) report.Fact[bool] {
			a := h.Read(mmcNode(at.Value) + "/" + property)
			switch {
			case a.Gap == report.Absent && described.Gap == report.Absent:
				return report.Missing[bool](report.NotProbed, "the node is not in what was recorded", a.ID, described.ID)
			case a.Gap != "" && a.Gap != report.Absent:
				return report.Missing[bool](a.Gap, a.Note, a.ID)
			}
			return report.Known(a.Gap == "", a.ID)
		}
		m := report.MMCHost{Path: h.path(at.Value), Name: report.Known(name, at.From...), Node: node}
		entries := h.List(dir)
		m.Card = report.Missing[string](report.Absent, "", entries.ID)
		for _, e := range entries.List {
			if strings.HasPrefix(e, name+":") {
				m.Card = h.Text(dir + "/" + e + "/type")
			}
		}
		if node.OK() {
			fixed, noSD := has("non-removable"), has("no-sd")
			m.NonRemovable = fixed
			m.TakesSD = report.Known(!fixed.Value && !noSD.Value && m.Card.Value != "MMC", both(both(fixed.From, noSD.From), m.Card.From)...).By(report.Inferred)
			if unknown := fixed; !fixed.OK() && !m.Card.OK() {
				m.TakesSD = report.Missing[bool](unknown.Gap, unknown.Note, m.TakesSD.From...)
			}
		} else if m.Card.Value == "SD" {
			m.TakesSD = report.Known(true, m.Card.From...)
		} else if m.Card.Value == "MMC" {
			m.TakesSD = report.Known(false, m.Card.From...).By(report.Inferred)
		} else {
			m.TakesSD = report.Missing[bool](report.NotProbed, "no device tree and no card", both(node.From, m.Card.From)...)
		}
		hosts = append(hosts, m)
	}
	slices.SortStableFunc(hosts, func(a, b report.MMCHost) int { return strings.Compare(a.Path, b.Path) })
	return hosts, nil
}
