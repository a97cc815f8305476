package probe

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/mmc"
	"github.com/boardprobe/boardprobe/report"
)

// mmcDisk tells eMMC and SD apart by what the card says, and soldered and slot
// by the device tree. Documentation/driver-api/mmc/mmc-dev-attrs.rst
func mmcDisk(h *Host, name, device, place string, d *report.Disk) {
	card := h.Text(device + "/type")
	switch card.Value {
	case "MMC":
		d.Kind = report.Known(report.KindEMMC, card.From...)
	case "SD":
		d.Kind = report.Known(report.KindSD, card.From...)
	default:
		d.Kind = report.Missing[string](report.Invalid, "card type "+oneLine(card.Value), card.From...)
	}
	d.Model = h.Text(device + "/name")
	d.Serial = h.Text(device + "/serial")
	d.FirmwareRevision = h.Text(device + "/fwrev")
	if card.Value == "MMC" {
		d.EMMC = extCSD(h, name, place)
		if !d.EMMC.Standard.OK() {
			shownHealth(h, device, &d.EMMC)
		}
	}
	mmcIdentity(h, device, card.Value, d)
	mmcBus(h, place, &d.Card)
	node := mmcNode(place)
	d.Node = h.Link(node)
	d.Alias = aliasOf(h, d.Node)
	fixed := h.Read(node + "/non-removable")
	switch {
	case fixed.Gap == "":
		d.Attached = report.Known(report.Soldered, fixed.ID).By(report.Inferred).Noting("non-removable in the device tree")
	case card.Value == "MMC":
		d.Attached = report.Known(report.Soldered, card.From...).By(report.Inferred).Noting("an MMC device; MMC cards are no longer made")
	case !card.OK():
		d.Attached = report.Missing[string](report.NotProbed, "neither kind of card nor device tree says it", both([]string{fixed.ID}, card.From)...)
	default:
		d.Attached = report.Known(report.Slot, fixed.ID).By(report.Inferred)
	}
}

// mmcIdentity decodes CID and CSD, whose meaning depends on the kind of card.
func mmcIdentity(h *Host, device, kind string, d *report.Disk) {
	raw := h.Read(device + "/cid")
	d.CID = parseAnswer(raw, func(data []byte) (string, error) {
		_, err := mmc.ParseRegister(string(data))
		return strings.TrimSpace(string(data)), err
	})
	register, err := mmc.ParseRegister(string(raw.Data))
	if !d.CID.OK() || err != nil {
		d.Manufacturer, d.Date = h.Text(device+"/manfid"), h.Text(device+"/date")
		return
	}
	parse := mmc.ParseSDCID
	if kind == "MMC" {
		// The year of manufacture counts from another one since revision 5.
		text := h.Text(device + "/rev")
		n, err := strconv.ParseUint(text.Value, 0, 8)
		revision := mmc.Field[uint8]{Value: uint8(n), Known: text.OK() && err == nil}
		parse = func(r [mmc.RegisterBytes]byte) (mmc.CID, error) { return mmc.ParseMMCCID(r, revision) }
	}
	cid, err := parse(register)
	if err != nil {
		d.Manufacturer = report.Missing[string](report.Invalid, oneLine(err.Error()), raw.ID)
		return
	}
	d.Manufacturer = report.Known(fmt.Sprintf("0x%02x", cid.Manufacturer), raw.ID)
	if name, ok := cid.ManufacturerName(); ok {
		d.Manufacturer = report.Known(name, raw.ID).By(report.Documented).Noting(fmt.Sprintf("number 0x%02x", cid.Manufacturer))
	}
	d.Card.OEM = report.Known(fmt.Sprintf("0x%04x", cid.OEM), raw.ID)
	d.Card.CIDChecksum = report.Known(string(cid.CRC), raw.ID)
	d.Date = report.Missing[string](report.Absent, "", raw.ID)
	if cid.Year.Known && cid.Month.Known {
		d.Date = report.Known(fmt.Sprintf("%04d-%02d", cid.Year.Value, cid.Month.Value), raw.ID)
	}
	mmcCSD(h, device, kind, d)
}

func mmcCSD(h *Host, device, kind string, d *report.Disk) {
	raw := h.Read(device + "/csd")
	if raw.Gap != "" {
		return
	}
	register, err := mmc.ParseRegister(string(raw.Data))
	var csd mmc.CSD
	if err == nil {
		parse := mmc.ParseSDCSD
		if kind == "MMC" {
			parse = mmc.ParseMMCCSD
		}
		csd, err = parse(register)
	}
	if err != nil {
		d.Card.CSDVersion = report.Missing[string](report.Invalid, oneLine(err.Error()), raw.ID)
		return
	}
	d.Card.CSDVersion = fieldText(csd.Version, raw.ID)
	protected := "no"
	switch {
	case csd.PermanentWriteProtect:
		protected = "permanent"
	case csd.TemporaryWriteProtect || csd.PowerCycleWriteProtect:
		protected = "temporary"
	}
	d.Card.WriteProtected = report.Known(protected, raw.ID)
}

// extCSD asks the device for EXT_CSD, or takes it from debugfs, where the
// kernel asks for it.
func extCSD(h *Host, name, place string) report.EMMC {
	a := h.ask("extcsd/1", name)
	ext, err := mmc.ParseExtCSD(a.Data)
	if a.Gap != "" || err != nil {
		if file, ok := mmcDebug(place); ok {
			if text := h.Read(file + "/ext_csd"); text.Gap == "" {
				a = text
				ext, err = mmc.ParseExtCSDHex(string(a.Data))
			}
		}
	}
	switch {
	case a.Gap != "":
		return report.EMMC{Standard: report.Missing[string](a.Gap, a.Note, a.ID)}
	case err != nil:
		return report.EMMC{Standard: report.Missing[string](report.Invalid, oneLine(err.Error()), a.ID)}
	}
	return describeEMMC(ext, a.ID)
}

// mmcDebug is the folder of a card in debugfs, by the place of its disk.
func mmcDebug(place string) (string, bool) {
	_, rest, ok := strings.Cut(place, "/mmc_host/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 2 {
		return "", false
	}
	return "sys/kernel/debug/" + parts[0] + "/" + parts[1], true
}

// fieldText, fieldInt and fieldBool make facts of what a register may not tell.
func fieldText[T ~string](f mmc.Field[T], id string) report.Fact[string] {
	if !f.Known {
		return report.Missing[string](report.Absent, "", id)
	}
	return report.Known(string(f.Value), id)
}

func fieldInt(f mmc.Field[int64], id string) report.Fact[int64] {
	if !f.Known {
		return report.Missing[int64](report.Absent, "", id)
	}
	return report.Known(f.Value, id)
}

func fieldBool(f mmc.Field[bool], id string) report.Fact[bool] {
	if !f.Known {
		return report.Missing[bool](report.Absent, "", id)
	}
	return report.Known(f.Value, id)
}

// shownHealth takes the wear from the files in which the kernel shows it, where
// EXT_CSD could not be read.
func shownHealth(h *Host, device string, e *report.EMMC) {
	life, eol := h.Text(device+"/life_time"), h.Text(device+"/pre_eol_info")
	health := mmc.ParseHealth(life.Value, eol.Value)
	e.LifeTimeA, e.LifeTimeB, e.PreEOL = life, life, eol
	if life.OK() {
		e.LifeTimeA, e.LifeTimeB = lifeTime(health.LifeTimeA, life.From[0]), lifeTime(health.LifeTimeB, life.From[0])
	}
	if eol.OK() {
		e.PreEOL = fieldText(health.Reserve, eol.From[0])
	}
}

func lifeTime(f mmc.Field[mmc.LifeTime], id string) report.Fact[string] {
	switch {
	case !f.Known:
		return report.Missing[string](report.Absent, "", id)
	case f.Value.Exceeded:
		return report.Known("exceeded", id)
	}
	return report.Known(fmt.Sprintf("%d-%d", f.Value.FromPercent, f.Value.ToPercent), id)
}

func describeEMMC(e mmc.ExtCSD, id string) report.EMMC {
	out := report.EMMC{
		Standard: fieldText(e.Standard, id), SizeBytes: fieldInt(e.SizeBytes, id), BootPartitionBytes: fieldInt(e.Boot.PartitionBytes, id),
		RPMBBytes: fieldInt(e.RPMBBytes, id), BootAcknowledge: fieldBool(e.Boot.Acknowledge, id), ResetFunction: fieldText(e.Reset, id),
		LifeTimeA: lifeTime(e.Health.LifeTimeA, id), LifeTimeB: lifeTime(e.Health.LifeTimeB, id), PreEOL: fieldText(e.Health.Reserve, id),
		Partitioned: fieldBool(e.Partitions.Completed, id), EnhancedBytes: fieldInt(e.Partitions.EnhancedBytes, id),
		CacheBytes: fieldInt(e.CacheBytes, id), CommandQueue: fieldBool(e.CommandQueue, id),
	}
	// JEDEC counts boot partitions from 1, the kernel's names from 0.
	out.BootFrom = fieldText(e.Boot.Area, id)
	switch out.BootFrom.Value {
	case string(mmc.Boot1):
		out.BootFrom.Value = "boot0"
	case string(mmc.Boot2):
		out.BootFrom.Value = "boot1"
	}
	out.BootBus = report.Missing[string](report.Absent, "", id)
	if e.Boot.BusWidthBits.Known && e.Boot.Timing.Known {
		text := fmt.Sprintf("%d bit, %s", e.Boot.BusWidthBits.Value, e.Boot.Timing.Value)
		if e.Boot.RetainsBus.Value {
			text += ", kept after boot"
		}
		out.BootBus = report.Known(text, id)
	}
	out.BootWriteProtection = report.Missing[string](report.Absent, "", id)
	if e.Protection.Boot1.Known && e.Protection.Boot2.Known {
		out.BootWriteProtection = report.Known(fmt.Sprintf("boot0 %s, boot1 %s", e.Protection.Boot1.Value, e.Protection.Boot2.Value), id)
	}
	out.FirmwareVersion = report.Missing[string](report.Absent, "", id)
	if text, ok := e.FirmwareText(); ok {
		out.FirmwareVersion = report.Known(text, id)
	} else if e.FirmwareVersion.Known {
		out.FirmwareVersion = report.Known(fmt.Sprintf("%x", e.FirmwareVersion.Value), id)
	}
	out.Speeds = report.Known(speeds(e.Bus.Modes), id)
	out.ReliableWrites = report.Missing[string](report.Absent, "", id)
	if e.Partitions.Reliable.Known {
		out.ReliableWrites = report.Known(map[bool]string{true: "user area", false: "no"}[e.Partitions.Reliable.Value.User], id)
	}
	return out
}

// speeds names the modes that a part has.
func speeds(m mmc.Modes) (list []string) {
	for _, mode := range []struct {
		name string
		has  bool
	}{
		{"hs26", m.HighSpeed26}, {"hs52", m.HighSpeed52}, {"ddr52", m.DDR52.Value || m.DDR52Low.Value}, {"hs200", m.HS200.Value || m.HS200Low.Value},
		{"hs400", m.HS400.Value || m.HS400Low.Value}, {"hs400es", m.EnhancedStrobe.Value},
	} {
		if mode.has {
			list = append(list, mode.name)
		}
	}
	return list
}

// mmcBus reads how the host drives its bus from debugfs (drivers/mmc/core/
// debugfs.c), lines as in "bus width:	2 (4 bits)".
func mmcBus(h *Host, place string, c *report.MMCCard) {
	card, ok := mmcDebug(place)
	if !ok {
		return
	}
	a := h.Read(path.Dir(card) + "/ios")
	missing := func() report.Fact[string] { return report.Missing[string](gapOr(a.Gap, report.Absent), a.Note, a.ID) }
	c.Timing, c.SignalVoltage = missing(), missing()
	c.BusWidth, c.ClockHz = report.Missing[int64](gapOr(a.Gap, report.Absent), a.Note, a.ID), report.Missing[int64](gapOr(a.Gap, report.Absent), a.Note, a.ID)
	if a.Gap != "" {
		return
	}
	for line := range strings.Lines(string(a.Data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		_, inner, _ := strings.Cut(value, "(")
		inner = strings.TrimSuffix(inner, ")")
		switch key {
		case "bus width":
			if n, err := decimal([]byte(strings.TrimSuffix(inner, " bits"))); err == nil {
				c.BusWidth = report.Known(n, a.ID)
			}
		case "timing spec":
			c.Timing = report.Known(oneLine(inner), a.ID)
		case "signal voltage":
			c.SignalVoltage = report.Known(oneLine(inner), a.ID)
		case "actual clock", "clock":
			if n, err := decimal([]byte(strings.TrimSuffix(value, " Hz"))); err == nil && n > 0 {
				c.ClockHz = report.Known(n, a.ID)
			}
		}
	}
}

func gapOr(gap, other report.Gap) report.Gap {
	if gap == "" {
		return other
	}
	return gap
}

// mmcNode is where the controller of an MMC host or card, given by its place
// below sys/devices, links its device-tree node.
func mmcNode(place string) string {
	controller, _, _ := strings.Cut(place, "/mmc_host/")
	return controller + "/of_node"
}

// aliasOf finds the name that the device tree gives to a node, as in mmc2: the
// kernel numbers the device by it.
func aliasOf(h *Host, node report.Fact[string]) report.Fact[string] {
	target, ok := node.Get()
	if !ok {
		return report.Missing[string](gapOr(node.Gap, report.NotProbed), "", node.From...)
	}
	target = "/" + strings.TrimPrefix(target, deviceTree)
	list := h.List(deviceTree + "aliases")
	from := both(node.From, []string{list.ID})
	for _, name := range list.List {
		if name == "name" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			continue
		}
		kind := strings.TrimRight(name, "0123456789")
		if kind != "mmc" && kind != "sdhc" && kind != "sdhci" && kind != "mshc" && kind != "ethernet" {
			continue
		}
		alias := h.Text(deviceTree + "aliases/" + name)
		if alias.OK() && alias.Value == target {
			return report.Known(name, both(node.From, alias.From)...)
		}
		from = both(from, alias.From)
	}
	return report.Missing[string](report.Absent, "", from...)
}
