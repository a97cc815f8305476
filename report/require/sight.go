package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// What a run could see decides what may be said of what it did not see. All that
// depends on it asks here.

// hadModules reports whether this run had modules of the kernel that ran. Under a
// folder of files no driver could be bound.
func hadModules(r *report.Report) bool {
	m := valueOf(r.Sight.Modules)
	return !onlyFiles(r) && (m == "all" || m == "some")
}

// onlyFiles reports whether a folder of recorded files was read.
func onlyFiles(r *report.Report) bool { return valueOf(r.Sight.World) == report.WorldRoot }

// hadFirmware reports whether the kernel looked for firmware where the board has
// it: in its own system, or in an image with all of it.
func hadFirmware(r *report.Report) bool {
	f := valueOf(r.Sight.Firmware)
	return valueOf(r.Sight.World) == report.WorldLive && f == "some" || f == "all"
}

// couldDrive reports whether a device without a driver says something about the
// modules that are here: see noDriver for the words.
func couldDrive(r *report.Report) bool {
	s := &r.Sight
	return hadModules(r) && s.Settled.OK() && s.Settled.Value && s.Root.OK() && s.Root.Value
}

// noDriver says what it means that a device has no driver.
func noDriver(r *report.Report) string {
	if valueOf(r.Sight.Modules) == "all" {
		return "the kernel that ran has no driver"
	}
	return "there is no driver among the " + modulesText(r) + " that are here"
}

// modulesText counts modules, as in "63 of 1,121 modules".
func modulesText(r *report.Report) string {
	there, ok := r.Sight.ModulesThere.Get()
	named, known := r.Sight.ModulesNamed.Get()
	switch {
	case !ok:
		return "modules"
	case known && there < named:
		return grouped(there) + " of " + counted(named, "module")
	}
	return counted(there, "module")
}

// counted writes how many there are, as in "1 file" and "1,121 files".
func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes a number with commas, as in 1,121.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// seesStorage reports whether storage that is not in the report is not there: this
// run had modules, devices had stopped appearing, and every controller of storage
// that the kernel knows of has a driver.
func seesStorage(r *report.Report) bool {
	s := &r.Sight
	deferred := s.DeferredProbes.OK() && s.DeferredProbes.Value > 0
	if _, bad := unlisted(r, "faults"); bad {
		return false
	}
	if s := r.Section("storage"); s.Understood < s.Entries { // one of these may be the storage
		return false
	}
	return hadModules(r) && s.Settled.OK() && s.Settled.Value && !deferred && len(undriven(r)) == 0
}

var (
	// storageNode is in the compatible of a controller of storage, or of its PHY: the
	// bindings of Linux 6.18 in Documentation/devicetree/bindings/mmc, ata and ufs.
	storageNode = pattern.New(`(mmc|sdhci|sdhc|sdhost|sdhi|sd4hc|sdcc|hsmci|mshc|ftsdc|uniphier-sd|ufs|ahci|sata|pata|nvme)($|[^a-z]|hc|hci|ctrl|if)|-sdio$|,pl18[01x]`)
	// storageName ends the path of a device whose node is called so (Devicetree
	// Specification 2.2.2, generic names).
	storageName = pattern.New(`[./](mmc|sdhci|sdmmc|emmc|ufs|ufshc|sata|ahci|nvme)(@[0-9a-f,]+)?$`)
	// storageACPI is the alias of a host of MMC that firmware names
	// (drivers/mmc/host/sdhci-acpi.c).
	storageACPI = pattern.New(`^acpi:(?:[^:]+:)*(80865AC[AC]|80865AD0|80860F1[46]|INT33BB|INT33C6|INT3436|INT344D|PNP0D40|QCOM805[12]|AMDI004[01]|NXP0003):`)
	// flashNode is in the compatible of raw flash, or of its controller: the bindings in
	// mtd and spi.
	flashNode = pattern.New(`nand|spi-nor|onenand|gpmi|[qf]spi($|[^a-z])|(cfi|jedec|mtd|physmap)-?(flash|ram)|-nfc($|-)|spifi`)
)

// undriven names the controllers of storage without a driver: PCI functions of
// base class 01 and SD hosts, 08 05 (PCI Code and ID Assignment Specification 1.1),
// virtio disks, devices that firmware names, and nodes of the device tree.
func undriven(r *report.Report) []string { return withoutDriver(r, isStorage) }

// hidesDrives reports whether firmware hides drives behind a controller that has a driver.
func hidesDrives(f report.Fault) bool { return valueOf(f.Kind) == "remapped" }

// undrivenFlash names raw flash without a driver.
func undrivenFlash(r *report.Report) []string {
	return withoutDriver(r, func(f report.Fault) bool { return slices.ContainsFunc(f.Compatible.Value, flashNode().MatchString) })
}

func isStorage(f report.Fault) bool {
	if hidesDrives(f) {
		return true
	}
	id := valueOf(f.ID)
	of := func(start, mark string) bool { return strings.HasPrefix(id, start) && strings.Contains(id, mark) }
	return of("pci:", "bc01") || of("pci:", "bc08sc05") || of("virtio:d00000002", "") || of("virtio:d00000008", "") || storageACPI().MatchString(id) ||
		slices.ContainsFunc(f.Compatible.Value, storageNode().MatchString) || len(f.Compatible.Value) > 0 && storageName().MatchString(f.Path)
}

func withoutDriver(r *report.Report, wanted func(report.Fault) bool) (names []string) {
	for _, f := range r.Faults {
		if valueOf(f.Attached) == report.External || !wanted(f) {
			continue
		}
		name := f.Path
		if compatible := f.Compatible.Value; len(compatible) > 0 {
			name = compatible[0] + " " + f.Path
		}
		names = append(names, name)
	}
	return names
}

// undrivenText is for the verdicts that such a controller leaves open.
func undrivenText(r *report.Report) string {
	if i := slices.IndexFunc(r.Faults, hidesDrives); i >= 0 {
		return "Drives are hidden behind a controller: " + r.Faults[i].Path + " has " + valueOf(r.Faults[i].Reason) + "."
	}
	return "A controller of storage has no driver, so there may be more behind it: " + page.List(undriven(r)) + "."
}

// sightText puts in words what the run was able to see, and whether that is
// all that a run can.
func sightText(r *report.Report) (text string, full bool) {
	s := &r.Sight
	if _, bad := unlisted(r, "sight"); bad {
		return "not known: its section did not run to its end", false
	}
	full = true
	var words []string
	add := func(ok bool, good, bad string) {
		full = full && ok
		switch {
		case ok && good != "":
			words = append(words, good)
		case !ok && bad != "":
			words = append(words, bad)
		}
	}
	if onlyFiles(r) {
		add(false, "", "a folder of recorded files")
	} else {
		add(s.Root.OK() && s.Root.Value, "root", "not root")
	}
	switch of := kernelOf(r); valueOf(s.KernelOrigin) {
	case report.OriginOurs:
		add(false, "", of+" kernel")
	case report.OriginDistribution, report.OriginBSP:
		words = append(words, of+" kernel")
	default:
		words = append(words, "kernel "+of)
	}
	modules, firmware := "modules not known", "firmware not known"
	switch valueOf(s.Modules) {
	case "all":
		modules = "all " + modulesText(r)
		if s.Modules.Note != "" {
			modules = s.Modules.Note
		}
	case "some":
		modules = modulesText(r)
		if !s.ModulesThere.OK() {
			modules = "some modules"
		}
	case "none":
		modules = "no modules"
		if s.Modules.Note != "" {
			modules += " (" + s.Modules.Note + ")"
		}
	}
	add(valueOf(s.Modules) == "all", modules, modules)
	if n, ok := s.FirmwareFiles.Get(); ok {
		firmware = counted(n, "firmware file")
	} else if f := valueOf(s.Firmware); f != "" {
		firmware = f + " firmware"
	}
	if valueOf(s.Firmware) == "none" {
		firmware = "no firmware"
	}
	add(hadFirmware(r), firmware, firmware)
	if !onlyFiles(r) {
		add(s.Settled.OK() && s.Settled.Value, "", "devices still appearing")
	}
	if n, ok := s.DeferredProbes.Get(); ok && n > 0 {
		words = append(words, fmt.Sprintf("devices without a driver yet: %d", n))
	}
	if n := unread(r); n > 0 {
		add(false, "", fmt.Sprintf("%d of %d sections not read", n, len(r.Sections)))
	}
	if n := denied(r); n > 0 {
		add(false, "", fmt.Sprintf("%d of %d disks not readable", n, len(r.Storage)))
	}
	prefix := "limited: "
	if full {
		prefix = "full: "
	}
	return prefix + strings.Join(words, ", "), full
}

// denied counts the disks of which something was refused.
func denied(r *report.Report) int {
	refused := map[string]bool{}
	for l := range r.FactsOf("storage") {
		if l.Gap == report.Denied {
			key, _, _ := strings.Cut(l.Path, "]")
			refused[key] = true
		}
	}
	return len(refused)
}

// sight decides completeness.sight: could this run see what there is?
func sight(r *report.Report) answer {
	if a, bad := unlisted(r, "sight"); bad {
		return a
	}
	text, full := sightText(r)
	a := answer{verdict: Pass, found: text, facts: []string{
		"sight.root", "sight.world", "sight.kernel_origin", "sight.modules", "sight.modules_named", "sight.modules_there", "sight.firmware", "sight.firmware_files",
		"sight.settled", "sight.deferred_probes",
	}}
	a.detail = "Nothing limited what this run could see."
	if !full {
		a.verdict = Warn
		a.detail = "What this run did not see may still be there."
		a.remedy = NextRun(r)
	}
	return a
}

// NextRun says how another run on the board sees what this one could not, "" if
// nothing limited it.
func NextRun(r *report.Report) string {
	var ways []string
	for _, s := range r.Sections {
		if way := wayOf(r, s); way != "" && !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	if _, bad := unlisted(r, "sight"); bad {
		return again(ways)
	}
	s := &r.Sight
	release := valueOf(r.Kernel.Release)
	if release == "" {
		release = "its release"
	}
	switch {
	case onlyFiles(r):
		return onTheBoard
	case !s.World.OK():
		return ""
	}
	switch {
	case s.Root.OK() && !s.Root.Value:
		ways = append(ways, "as root")
	case denied(r) > 0:
		ways = append(ways, "where root may read its disks, outside any container")
	}
	modules, firmware := valueOf(s.Modules), valueOf(s.Firmware)
	image := valueOf(s.World) == report.WorldImage
	var flags []string
	if image && modules == "none" {
		flags = append(flags, "-modules of the kernel that is started ("+release+")")
	}
	if image && modules == "some" && len(r.Faults) > 0 { // devices without a driver
		flags = append(flags, "-modules of the kernel that is started, all of them ("+release+")")
	}
	if image && firmware == "none" {
		flags = append(flags, "-firmware")
	}
	switch {
	case len(flags) > 0:
		ways = append(ways, "on the board's own Linux, or from an image made with "+strings.Join(flags, " and "))
	case !image && (modules == "none" || modules == "some" && len(r.Faults) > 0):
		ways = append(ways, "with the other modules of kernel "+release+" installed")
	}
	if s.Settled.OK() && !s.Settled.Value {
		ways = append(ways, "when no more devices appear")
	}
	return again(ways)
}

// onTheBoard is what settles what files cannot answer.
const onTheBoard = "Run boardprobe on the board itself, as root."

// unread counts the sections that were to be read and were not read to their end.
func unread(r *report.Report) (n int) {
	for _, s := range r.Sections {
		if s.Outcome != report.OutcomeOK && s.Outcome != report.OutcomeNotRun || s.Reason == report.ReasonOver {
			n++
		}
	}
	return n
}

// wayOf says in what way another run reads a section that this one did not, "" if that
// is not known or nothing is amiss.
func wayOf(r *report.Report, s report.Section) string {
	switch {
	case s.Outcome == report.OutcomeOK || s.Reason == report.ReasonNotRecorded:
		return ""
	case s.Reason == report.ReasonLeftOut:
		return "without -only"
	case onlyFiles(r):
		return ""
	case strings.Contains(s.Reason, "not mounted"):
		return "with /sys and /proc mounted"
	case s.Reason == report.ReasonOver || s.Outcome == report.OutcomeDeadline || s.Outcome == report.OutcomeKilled:
		if valueOf(r.Sight.World) == report.WorldImage {
			return "with more time (boardprobe.timeout=5m)"
		}
		return "with more time (-timeout 5m)"
	}
	return ""
}

// otherRun is the remedy for a section that was not read.
func otherRun(r *report.Report, s report.Section) string {
	way := wayOf(r, s)
	switch {
	case way != "":
		return again([]string{way})
	case s.Reason == report.ReasonNotRecorded:
		return "Run a boardprobe of today on the board: the one of this package did not have the section " + s.Name + "."
	case onlyFiles(r):
		return onTheBoard
	}
	return "Run the probe again, as root, with the section " + s.Name + "."
}

func again(ways []string) string {
	if len(ways) == 0 {
		return ""
	}
	return "Run the probe again " + page.List(ways) + "."
}
