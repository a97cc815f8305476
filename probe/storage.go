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
		dir := "sys/block/" + name
		at := h.Link(dir)
		if !at.OK() || strings.Contains(at.Value, "/virtual/") && !strings.Contains(at.Value, "nvme-subsystem") {
			continue
		}
		if strings.Contains(at.Value, "/nvme-subsystem/") {
			at = nvmePlace(h, at)
		}
		if hidden := h.Flag(dir + "/hidden"); hidden.OK() && hidden.Value {
			continue
		}
		subsystem := h.Link(dir + "/device/subsystem")
		bus := path.Base(subsystem.Value)
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
// their own for it, and no capacity: boot partitions and RPMB.
var mmcPart = pattern.New(`^mmcblk\d+(boot\d+|rpmb)$`)

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
		Removable:         h.Flag(dir + "/removable"),
		ReadOnly:          h.Flag(dir + "/ro"),
		Rotational:        h.Flag(dir + "/queue/rotational"),
		LogicalBlockBytes: h.Int(dir + "/queue/logical_block_size"), PhysicalBlockBytes: h.Int(dir + "/queue/physical_block_size"),
		Driver: base(h.Link(device + "/driver")),
	}
	from := both(at.From, subsystem.From)
	kind := func(k, attached string) {
		d.Kind = report.Known(k, from...)
		d.Attached = report.Known(attached, from...).By(report.Inferred)
	}
	switch bus {
	case "mmc":
		mmcDisk(h, name, device, at.Value, &d)
	case "nvme", "nvme-subsystem":
		kind(report.KindNVMe, report.Slot)
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
		case strings.Contains(at.Value, "/ata"):
			kind(report.KindSATA, report.Slot)
		case strings.Contains(at.Value, "ufshc") || strings.Contains(at.Value, ".ufs"):
			kind(report.KindUFS, report.Soldered)
			describeUFS(h, at.Value, &d)
		default:
			kind(report.KindSCSI, report.Slot)
		}
	default:
		d.Kind = report.Missing[string](report.Unsupported, "bus "+oneLine(bus)+" is not known to this probe", from...)
		d.Attached = report.Missing[string](report.Unsupported, "", from...)
	}
	if hasMedium(&d) && d.Kind.Value != report.KindOptical {
		describePartitions(h, name, &d)
	}
	return d
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
		at := h.Link(dir)
		kind := h.Text(dir + "/type")
		if !at.OK() || strings.Contains(path.Dir(at.Value), "/mtd/mtd") || kind.Value == "ram" || kind.Value == "rom" {
			continue
		}
		flash = append(flash, report.Disk{
			Path: h.path(at.Value), Name: report.Known(name, at.From...), Kind: report.Known(report.KindMTD, at.From...),
			SizeBytes: h.Int(dir + "/size"), Model: h.Text(dir + "/name"), Attached: report.Known(report.Soldered, at.From...).By(report.Inferred),
			MTD: report.MTD{Type: kind, EraseBlockBytes: h.Int(dir + "/erasesize"), WriteBytes: h.Int(dir + "/writesize"), BadBlocks: h.Int(dir + "/bad_blocks")},
		})
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
		at := h.Link(dir)
		if !at.OK() {
			continue
		}
		node := h.Link(mmcNode(at.Value))
		has := func(property string) (bool, string) {
			a := h.Read(mmcNode(at.Value) + "/" + property)
			return a.Gap == "", a.ID
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
			fixed, id := has("non-removable")
			m.NonRemovable = report.Known(fixed, id)
			noSD, id2 := has("no-sd")
			m.TakesSD = report.Known(!fixed && !noSD, id, id2).By(report.Inferred)
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
