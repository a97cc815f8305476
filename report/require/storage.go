package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// minStorageBytes is "4 GB" as parts of that name come: their user area is
// 3.6 to 3.9 thousand million bytes.
const minStorageBytes = 3_600_000_000

// media is the storage of a report, sorted by what it can stand for.
type media struct {
	soldered []report.Disk // block devices that are part of the board
	inserted []report.Disk // in slots, or of a kind that mostly is, and not ours
	ours     []report.Disk // in slots, and ours, or not certain to be theirs
	outside  []report.Disk // plugged in, USB, optical: not the board's
	flash    []report.Disk // raw flash
	unclear  []report.Disk // kind or attachment not known
	sdSlot   bool
	// hostUnclear names a host that may have a slot, or a part that did not
	// become a disk.
	hostUnclear string
	facts       []string
}

func mediaOf(r *report.Report) media {
	m := media{facts: []string{"sight.started_from", "sight.report_volume"}}
	for _, d := range r.Storage {
		path := "storage[" + d.Path + "]."
		m.facts = append(m.facts, path+"kind", path+"size_bytes", path+"attached")
		kind, kindOK := d.Kind.Get()
		attached, attachedOK := d.Attached.Get()
		switch {
		case attachedOK && attached == report.External, kindOK && (kind == report.KindUSB && attached != report.Soldered || kind == report.KindOptical):
			m.outside = append(m.outside, d)
		case !kindOK || !known(kind):
			m.unclear = append(m.unclear, d)
		case kind == report.KindMTD:
			m.flash = append(m.flash, d)
		case kind == report.KindVirtio && !theirs(r, d): // an emulator's, for the report
			m.ours = append(m.ours, d)
		case attachedOK && attached == report.Soldered:
			m.soldered = append(m.soldered, d)
		case attachedOK && attached == report.Slot, isModule(kind):
			m.sdSlot = m.sdSlot || kind == report.KindSD
			if theirs(r, d) {
				m.inserted = append(m.inserted, d)
			} else {
				m.ours = append(m.ours, d)
			}
		default:
			m.unclear = append(m.unclear, d)
		}
	}
	if r.Section("mmc").Outcome != report.OutcomeOK {
		m.hostUnclear = "list (not complete)"
		m.facts = append(m.facts, "sections")
	}
	for _, h := range r.MMCHosts {
		path := "mmc_hosts[" + h.Path + "]."
		m.facts = append(m.facts, path+"takes_sd", path+"card")
		takes, takesOK := h.TakesSD.Get()
		card, _ := h.Card.Get()
		isEMMC := func(d report.Disk) bool { return d.Kind.OK() && d.Kind.Value == report.KindEMMC }
		switch {
		case card == "SDIO": // a radio, and nothing else fits
		case takesOK && takes:
			m.sdSlot = true
		case !takesOK, card == "MMC" && !slices.ContainsFunc(r.Storage, isEMMC):
			m.hostUnclear = first(h.Name.Value, h.Path)
		}
	}
	return m
}

// isModule reports whether a medium of that kind is a module or drive on most
// boards. Where it is soldered it is the board's all the more.
func isModule(kind string) bool {
	return kind == report.KindNVMe || kind == report.KindSATA || kind == report.KindSCSI
}

// known reports whether the kind is one of the schema.
func known(kind string) bool { return KindName(kind) != "" }

// KindName is the word for people of a kind of storage, "" for none of the schema.
func KindName(kind string) string {
	switch kind {
	case report.KindEMMC:
		return "eMMC"
	case report.KindSD:
		return "SD card"
	case report.KindNVMe:
		return "NVMe"
	case report.KindSATA:
		return "SATA"
	case report.KindUSB:
		return "USB"
	case report.KindUFS:
		return "UFS"
	case report.KindSCSI:
		return "SCSI"
	case report.KindVirtio:
		return "virtio"
	case report.KindMTD:
		return "raw flash"
	case report.KindOptical:
		return "optical"
	}
	return ""
}

// theirs reports whether a disk in a slot is neither what the probe was started
// from nor what takes the report. A card must be known not to be, since cards
// are what images are written to; a module of a kind that stays in its board is
// taken for the customer's unless it is known to be ours. A part that is
// soldered is never asked: it belongs to the board even if the board's Linux,
// and so the probe, was started from it.
func theirs(r *report.Report, d report.Disk) bool {
	name, ok := d.Name.Get()
	if !ok || name == "" {
		return false
	}
	not := func(f report.Fact[string]) bool {
		ours, ok := f.Get()
		if !ok {
			return f.Gap == report.Absent || d.Kind.Value != report.KindSD
		}
		return ours != "" && !onDisk(ours, name)
	}
	return not(r.Sight.StartedFrom) && not(r.Sight.ReportVolume)
}

// onDisk reports whether a kernel name is the disk or a part of it: sda1 of
// sda, and mmcblk0p1 or mmcblk0boot0 of mmcblk0, but not mmcblk10 of mmcblk1.
func onDisk(name, disk string) bool {
	rest, ok := strings.CutPrefix(name, disk)
	if !ok || rest == "" {
		return ok
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return digit(rest[0]) != digit(disk[len(disk)-1])
}

// describe names disks as in "eMMC mmcblk2 8.0 GiB".
func describe(list []report.Disk) string {
	var words []string
	for _, d := range list {
		kind := "storage of unknown kind"
		if k := KindName(d.Kind.Value); d.Kind.OK() && k != "" {
			kind = k
		}
		size := "size " + d.SizeBytes.Why()
		if n, ok := d.SizeBytes.Get(); ok {
			size = page.Size(n, 1)
		}
		words = append(words, fmt.Sprintf("%s %s %s", kind, first(d.Name.Value, d.Path), size))
	}
	return strings.Join(words, ", ")
}

// large returns the disks that are known to be large enough, and whether the
// size of any is not known.
func large(list []report.Disk) (enough []report.Disk, sizeless bool) {
	for _, d := range list {
		n, ok := d.SizeBytes.Get()
		switch {
		case !ok:
			sizeless = true
		case n >= minStorageBytes:
			enough = append(enough, d)
		}
	}
	return enough, sizeless
}

// medium is what the two requirements about storage are decided on: one and the
// same medium has to be large enough and of a kind that is named.
type medium struct {
	media
	named []report.Disk // eMMC, soldered SD
	other []report.Disk // other block devices of the board
	// contested says that the board has another medium beside the named one, or
	// beside the slot for one, and that one alone does not satisfy both.
	contested bool
}

func mediumOf(r *report.Report) medium {
	m := medium{media: mediaOf(r)}
	for _, d := range slices.Concat(m.soldered, m.inserted) {
		switch {
		case d.Kind.Value == report.KindEMMC, d.Kind.Value == report.KindSD && d.Attached.Value == report.Soldered:
			m.named = append(m.named, d)
		case d.Kind.Value != report.KindSD: // of a slot the slot counts, not the card
			m.other = append(m.other, d)
		}
	}
	enough, sizeless := large(m.named)
	otherEnough, _ := large(m.other)
	m.contested = len(enough) == 0 && !sizeless && (len(m.other) > 0 && m.sdSlot && len(m.named) == 0 || len(otherEnough) > 0 && len(m.named) > 0)
	return m
}

// slotOnly reports whether a slot for a card is all that holds a system on the board.
func (m *medium) slotOnly() bool { return m.sdSlot && len(m.named)+len(m.other)+len(m.unclear) == 0 }

// whichSystem is the question where a board has several media.
const whichSystem = "Which medium holds the system in production: %s?"

// text names the media of the board, the slot as one.
func (m *medium) text() string {
	list := describe(slices.Concat(m.named, m.other))
	if m.sdSlot {
		list = strings.TrimPrefix(list+", SD slot", ", ")
	}
	return list
}

// contest is the answer to both requirements where it depends on which medium
// production uses.
func (m *medium) contest(facts []string) answer {
	return answer{
		verdict: Warn, found: m.text(), facts: facts,
		detail:   "It counts which one holds the system: the published minimum asks for one medium that is eMMC or SD card and has 4 GB.",
		question: fmt.Sprintf(whichSystem, strings.Join(strings.Split(m.text(), ", "), " or ")),
	}
}

// storage decides cds.storage: is there room for 4 GB on the board?
func storage(r *report.Report) answer {
	if a, bad := unlisted(r, "storage"); bad {
		return a
	}
	m := mediumOf(r)
	a := answer{facts: m.facts}
	enough, sizeless := large(m.named)
	otherEnough, otherSizeless := large(m.other)
	a.found = describe(slices.Concat(m.soldered, m.inserted, m.unclear))
	if len(m.ours) > 0 {
		a.found = strings.TrimPrefix(a.found+"; "+describe(m.ours)+" (may be the probe's own medium)", "; ")
	}
	a.found = first(a.found, "no storage of the board's own")
	switch {
	case len(enough) > 0:
		a.verdict, a.found = Pass, describe(enough)
		if slices.ContainsFunc(enough, func(d report.Disk) bool { return d.Attached.Value == report.Slot }) {
			a.found += " (the module's size)"
		}
	case m.contested:
		return m.contest(a.facts)
	case len(otherEnough) > 0:
		a.verdict, a.found = Pass, describe(otherEnough)
		if slices.ContainsFunc(otherEnough, func(d report.Disk) bool { return d.Attached.Value != report.Soldered }) {
			a.found += " (the module's size)"
			a.detail = "The size is that of the module or drive that was there: the one used in production has to be as large."
		}
	case m.slotOnly() && len(undriven(r)) > 0:
		a.verdict, a.found, a.detail = Unknown, "SD slot", undrivenText(r)
		a.facts, a.remedy = append(a.facts, "faults"), NextRun(r)
	case m.slotOnly() && !allRead(r, "storage"):
		a.verdict, a.found, a.detail = Unknown, "SD slot", notAllRead(r, "storage")
	case m.slotOnly():
		a.verdict, a.found = Pass, "SD slot, with a card of 4 GB or more"
		a.detail = "The slot counts, whatever card is in it."
	case len(m.unclear) > 0 || sizeless || m.hostUnclear != "":
		a.verdict = Unknown
		a.detail = "Not all storage could be told apart or measured."
		if m.hostUnclear != "" {
			a.detail = "MMC host " + m.hostUnclear + " may have a slot or a part that this run could not see."
		}
	case m.sdSlot:
		a.verdict = Unknown
		a.detail = "What is soldered is too small, and the board takes a card: which medium production uses is not known."
		a.question = fmt.Sprintf(whichSystem, strings.Join(strings.Split(m.text(), ", "), " or "))
		a.remedy = "State the medium of production."
	case len(m.ours) > 0 || otherSizeless || len(m.inserted) > 0:
		a.verdict = Unknown
		a.detail = "The board takes a module or drive, and which one production uses is not known."
		if len(m.ours) > 0 {
			a.detail = "The medium is, or may be, the one that the probe was started from or reports to: it says nothing of the one in production."
		}
		a.question = "Which storage module does production use, and how large is it?"
		a.remedy = "State the module of production; or start the probe from elsewhere with that module in its place."
	case len(undriven(r)) > 0:
		a.verdict, a.found, a.detail = Unknown, strings.Replace(a.found, "no storage of the board's own", "no storage seen", 1), undrivenText(r)
		a.facts, a.remedy = append(a.facts, "faults"), NextRun(r)
	case !seesStorage(r):
		a.verdict = Unknown
		a.found = strings.Replace(a.found, "no storage of the board's own", "no storage seen", 1)
		a.detail = "This run could not have driven all storage controllers, so more may be fitted."
		a.remedy = NextRun(r)
	default:
		a.verdict = Fail
		a.detail = "Less than 4 GB, and nothing else is fitted that this run could see."
		if len(m.named)+len(m.other) == 0 {
			a.detail = "No medium of the board is there that this run could see."
		}
		if flash := undrivenFlash(r); len(flash) > 0 {
			a.detail += " Raw flash without a driver: " + page.List(flash) + "."
		}
	}
	return a
}

// storageKind decides cds.storage-kind: eMMC or SD, not raw flash alone.
func storageKind(r *report.Report) answer {
	if a, bad := unlisted(r, "storage"); bad {
		return a
	}
	m := mediumOf(r)
	a := answer{facts: append(m.facts, "sight.modules", "sight.settled", "sight.world")}
	var good, other []string
	add := func(list *[]string, name string) {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	for _, d := range m.named {
		name := KindName(d.Kind.Value)
		if d.Kind.Value == report.KindSD {
			name = "SD, soldered"
		}
		add(&good, name)
	}
	for _, d := range m.other {
		add(&other, KindName(d.Kind.Value))
	}
	if m.sdSlot {
		good = append(good, "SD slot")
	}
	flash := ""
	switch {
	case len(m.flash) > 0:
		flash = "; raw flash beside it: " + describe(m.flash)
		a.detail = "Raw flash beside a block device may hold the boot loader, not the system."
	case seesStorage(r) && len(undrivenFlash(r)) == 0:
		flash = "; no raw flash"
	case len(undrivenFlash(r)) > 0:
		flash = "; raw flash without a driver beside it: " + page.List(undrivenFlash(r))
		a.facts = append(a.facts, "faults")
	}
	switch {
	case m.contested:
		return m.contest(a.facts)
	case m.slotOnly() && len(undriven(r)) > 0:
		a.verdict, a.found, a.detail = Unknown, "SD slot"+flash, undrivenText(r)
		a.facts, a.remedy = append(a.facts, "faults"), NextRun(r)
	case m.slotOnly() && !allRead(r, "storage"):
		a.verdict, a.found, a.detail = Unknown, "SD slot"+flash, notAllRead(r, "storage")
	case len(good) > 0:
		a.verdict, a.found = Pass, strings.Join(good, ", ")+flash
	case len(m.unclear) > 0:
		a.verdict, a.found = Unknown, describe(m.unclear)
		a.detail = "Kind or attachment of a device is not known."
	case len(other) > 0:
		a.verdict, a.found = Warn, strings.Join(other, ", ")+" only"+flash
		a.detail = "The published minimum names eMMC and SD card. Public device types of balena start from other block devices too, so this is a question for the evaluation."
		if !seesStorage(r) {
			a.detail += " This run may not have seen all storage."
		}
	case m.hostUnclear != "":
		a.verdict, a.found = Unknown, "MMC host "+m.hostUnclear
		a.detail = "The host may have an SD slot, or a part that this run could not see."
	case len(m.ours) > 0:
		a.verdict, a.found = Unknown, describe(m.ours)
		a.detail = "The only medium is, or may be, the one that the probe was started from or reports to."
	case len(undriven(r)) > 0:
		a.verdict, a.found, a.detail = Unknown, first(describe(m.flash), "no storage seen"), undrivenText(r)
		a.facts, a.remedy = append(a.facts, "faults"), NextRun(r)
	case !seesStorage(r):
		a.verdict, a.found = Unknown, first(describe(m.flash), "no storage seen")
		a.detail = "This run could not have driven all storage controllers, so a block device may be fitted."
		a.remedy = NextRun(r)
	case len(m.flash) > 0:
		a.verdict, a.found = Fail, describe(m.flash)+" only"
		a.detail = "Only raw flash, which the published minimum rules out."
	default:
		a.verdict, a.found = Fail, "no storage of the board's own"
		a.detail = "What is plugged in does not count."
	}
	return a
}
