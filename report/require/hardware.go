package require

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// cpuConflict decides conflict.cpu: does the device tree name the cores that
// there are? Only cores for which a compatible is documented can contradict it.
func cpuConflict(r *report.Report) answer {
	if a, bad := unlisted(r, "cpu"); bad {
		return a
	}
	a := answer{verdict: Pass, facts: []string{"cpu.tree_cores"}}
	tree, ok := r.CPU.TreeCores.Get()
	if !ok {
		a.verdict = Info
		a.detail = "No device tree names the cores."
		return a
	}
	var strange []string
	compared := 0
	for _, t := range r.CPU.Types {
		core, known := boards.Core(t.Signature)
		compatibles, documented := core.Compatible.Get()
		if !known || !documented {
			continue
		}
		compared++
		if !slices.ContainsFunc(compatibles, func(c string) bool { return slices.Contains(tree, c) }) {
			strange = append(strange, first(valueOf(t.Name), t.Signature))
			a.facts = append(a.facts, "cpu.types["+t.Signature+"].name")
		}
	}
	switch {
	case len(strange) > 0:
		a.verdict = Warn
		a.found = "cores " + page.List(strange) + "; device tree: " + page.List(slices.Compact(slices.Clone(tree)))
		a.detail = "Both are kept; none is preferred."
	case compared == 0:
		a.verdict = Info
		a.detail = "For none of the cores a compatible is documented."
	default:
		a.detail = fmt.Sprintf("No difference in %d kinds of cores.", compared)
	}
	return a
}

// maxNamed is how many things one line names.
const maxNamed = 8

// unbound decides drivers.unbound.
func unbound(r *report.Report) answer {
	if a, bad := unlisted(r, "faults"); bad {
		return a
	}
	a := answer{verdict: Pass, facts: []string{"faults", "sight.modules", "sight.settled"}}
	var names []string
	for _, f := range r.Faults {
		if valueOf(f.Attached) == report.External || hidesDrives(f) {
			continue
		}
		name := f.Path
		if list, ok := f.Compatible.Get(); ok && len(list) > 0 {
			name = list[0]
		} else if id, ok := f.ID.Get(); ok {
			name = id
		}
		if reason, ok := f.Reason.Get(); ok {
			name += " (" + reason + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if n := unseenDrivers(r); len(names) == 0 && n > 0 {
		return answer{verdict: Unknown, facts: []string{"pci", "faults"}, found: fmt.Sprintf("of %d devices on PCI it was not seen whether they have a driver", n),
			detail: "A device without a driver may be among them.", remedy: first(NextRun(r), onTheBoard)}
	}
	if len(names) == 0 {
		a.detail = "Every device that was found has a driver."
		if !couldDrive(r) {
			a.detail += " This run may not have found all."
		}
		return a
	}
	n := len(names)
	if n > maxNamed {
		names = append(names[:maxNamed:maxNamed], "and "+strconv.Itoa(n-maxNamed)+" more")
	}
	a.found = fmt.Sprintf("%d: %s", n, strings.Join(names, ", "))
	if couldDrive(r) {
		a.verdict = Warn
		a.detail = "For these " + noDriver(r) + ", or it waits for another device."
		return a
	}
	a.verdict = Unknown
	a.detail = "This run could not have bound a driver, so it says nothing about them."
	a.remedy = first(NextRun(r), "Run the probe on the board's own Linux as root, or from an image with all modules of its kernel.")
	return a
}

// unseenDrivers counts devices on PCI of which nothing says whether they have a driver.
func unseenDrivers(r *report.Report) (n int) {
	for _, d := range r.PCI {
		if gap := d.Driver.Gap; gap != "" && gap != report.Absent {
			n++
		}
	}
	return n
}

// foreignModules decides drivers.modules.
func foreignModules(r *report.Report) answer {
	if a, bad := unlisted(r, "modules"); bad {
		return a
	}
	a := answer{verdict: Pass, facts: []string{"modules"}}
	var names []string
	for _, m := range r.Modules {
		// Documentation/admin-guide/tainted-kernels.rst: proprietary, out of
		// tree, staging; an unsigned module (E) is only that.
		if strings.ContainsAny(valueOf(m.Taint), "POC") {
			names = append(names, m.Name+" ("+valueOf(m.Taint)+")")
			a.facts = append(a.facts, "modules["+m.Name+"].taint")
		}
	}
	if len(names) > 0 {
		a.verdict = Warn
		a.found = strings.Join(names, ", ")
		a.detail = "P is proprietary, O out of tree, C from staging."
	}
	return a
}

// networkAddresses decides network.address.
func networkAddresses(r *report.Report) answer {
	if a, bad := unlisted(r, "network"); bad {
		return a
	}
	a := answer{verdict: Pass, facts: []string{"network"}}
	var names []string
	n := 0
	for _, nic := range r.Network {
		if valueOf(nic.Attached) == report.External {
			continue
		}
		n++
		if valueOf(nic.MACOrigin) == "random" {
			names = append(names, first(valueOf(nic.Name), nic.Path))
			a.facts = append(a.facts, "network["+nic.Path+"].mac_origin")
		}
	}
	switch {
	case len(names) > 0:
		a.verdict = Warn
		a.found = "random: " + strings.Join(names, ", ")
		a.detail = "The kernel made the address up because nobody gave it one."
	case n == 0:
		a.verdict = Info
		a.detail = "No interface of the board's own was seen."
	default:
		a.detail = fmt.Sprintf("None of %d interfaces has a random address.", n)
	}
	return a
}

// storageWear decides storage.wear.
func storageWear(r *report.Report) answer {
	if a, bad := unlisted(r, "storage"); bad {
		return a
	}
	a := answer{verdict: Info, facts: []string{"storage"}, detail: "No storage of the board says how worn it is."}
	var worn []string
	said := 0
	for _, d := range r.Storage {
		if valueOf(d.Attached) == report.External {
			continue
		}
		name := first(valueOf(d.Name), d.Path)
		for _, life := range []report.Fact[string]{d.EMMC.LifeTimeA, d.EMMC.LifeTimeB, d.UFS.LifeTimeA, d.UFS.LifeTimeB} {
			value, ok := life.Get()
			if !ok {
				continue
			}
			said++
			from, _, _ := strings.Cut(value, "-")
			if percent, err := strconv.Atoi(from); value == "exceeded" || err == nil && percent >= 80 {
				worn = append(worn, name+": "+value+" % of its life used")
			}
		}
		for _, reserve := range []report.Fact[string]{d.EMMC.PreEOL, d.UFS.PreEOL} {
			if value, ok := reserve.Get(); ok && value != "normal" {
				worn = append(worn, name+": spare blocks "+value)
			}
		}
		if used, ok := d.NVMe.UsedPercent.Get(); ok {
			said++
			if used >= 80 {
				worn = append(worn, fmt.Sprintf("%s: %d %% of its life used", name, used))
			}
		}
		if warnings, ok := d.NVMe.Warnings.Get(); ok && len(warnings) > 0 {
			worn = append(worn, name+": "+strings.Join(warnings, ", "))
		}
	}
	switch {
	case len(worn) > 0:
		a.verdict = Warn
		a.found = strings.Join(slices.Compact(worn), "; ")
		a.detail = "It may fail during development."
	case said > 0:
		a.verdict = Pass
		a.detail = "No storage says that it is near its end."
	}
	return a
}

// balenaLabels are those by which balenaOS finds its partitions
// (balena-os/meta-balena, docs/os-internals.md as of v8.0.2).
var balenaLabels = []string{"resin-boot", "resin-rootA", "resin-rootB", "resin-state", "resin-data", "flash-boot", "flash-rootA"}

// storageLabels decides storage.labels.
func storageLabels(r *report.Report) answer {
	if a, bad := unlisted(r, "storage"); bad {
		return a
	}
	a := answer{verdict: Info, facts: []string{"storage"}, detail: "No partition table could be read."}
	var found []string
	for _, d := range r.Storage {
		if d.Table.OK() {
			a.verdict, a.detail = Pass, "No partition carries a label of balenaOS."
		}
		for _, p := range d.Partitions {
			for _, label := range []string{valueOf(p.Label), valueOf(p.Name)} {
				if slices.Contains(balenaLabels, label) {
					found = append(found, fmt.Sprintf("%s partition %s: %s", first(valueOf(d.Name), d.Path), p.Number, label))
					a.facts = append(a.facts, "storage["+d.Path+"].partitions["+p.Number+"].label")
					break
				}
			}
		}
	}
	if len(found) > 0 {
		a.verdict = Warn
		a.found = strings.Join(found, ", ")
		a.detail = "A balenaOS on another medium of this board would find these partitions, too."
	}
	return a
}

// clockBattery decides clock.battery.
func clockBattery(r *report.Report) answer {
	if a, bad := unlisted(r, "peripherals"); bad {
		return a
	}
	a := answer{verdict: Info, facts: []string{"peripherals.clocks"}, detail: "No clock was seen."}
	for _, c := range r.Peripherals.Clocks {
		plausible, ok := c.Plausible.Get()
		if !ok {
			continue
		}
		name := first(valueOf(c.Name), c.Path)
		a.facts = append(a.facts, "peripherals.clocks["+c.Path+"].plausible")
		if plausible {
			return answer{verdict: Pass, found: name, facts: a.facts, detail: "It shows a plausible time."}
		}
		a.verdict, a.found = Warn, name+" shows a time long past"
		a.detail = "It has no battery, or the battery is empty, or nobody has ever set it."
	}
	return a
}
