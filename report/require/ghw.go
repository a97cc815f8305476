package require

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// comparison gathers differences between our reading and that of ghw.
type comparison struct {
	compared    int
	differences []string
	left        []string // what could not be compared
	facts       []string
}

// value compares two readings of one thing, if both are known.
func (c *comparison) value(what, path, theirPath string, ours, theirs report.Fact[string]) {
	if !ours.OK() || !theirs.OK() {
		return
	}
	c.compared++
	if !strings.EqualFold(strings.TrimSpace(ours.Value), strings.TrimSpace(theirs.Value)) {
		c.differences = append(c.differences, fmt.Sprintf("%s is %s here, %s for ghw", what, ours.Value, theirs.Value))
		c.facts = append(c.facts, path, theirPath)
	}
}

// ghwConflict decides conflict.ghw: does the library ghw read the same?
func ghwConflict(r *report.Report) answer {
	if a, bad := unlisted(r, "ghw"); bad {
		return a
	}
	if onlyFiles(r) {
		return answer{verdict: Unknown, detail: "ghw reads the system that it runs on, and no folder of files.", facts: []string{"ghw.product", "ghw.vendor"}, remedy: onTheBoard}
	}
	c := &comparison{}
	c.value("product", "identity.product", "ghw.product", r.Identity.Product, r.GHW.Product)
	c.value("vendor", "identity.vendor", "ghw.vendor", r.Identity.Vendor, r.GHW.Vendor)
	c.pci(r)
	c.nics(r)
	c.usb(r)
	a := answer{verdict: Pass, facts: c.facts, detail: fmt.Sprintf("No difference in %d compared facts.", c.compared)}
	if len(c.differences) > 0 {
		a.verdict = Warn
		a.found = strings.Join(c.differences, "; ")
		a.detail = fmt.Sprintf("%d differences in %d compared facts. Both readings are kept; none is preferred.", len(c.differences), c.compared)
	} else if c.compared == 0 {
		a.verdict = Unknown
		a.detail = "Nothing could be compared."
	}
	if len(c.left) > 0 {
		a.detail += " Not compared: " + page.List(c.left) + "."
	}
	if len(a.facts) == 0 {
		a.facts = []string{"ghw.product", "ghw.vendor"}
	}
	return a
}

// pair is one device in our list and in ghw's; either may be missing.
type pair[T any] struct {
	ours   *T
	theirs *report.GHWDevice
}

// match finds the devices of both lists by name, in our order and then theirs.
func match[T any](ours []T, name func(*T) string, theirs []report.GHWDevice) []pair[T] {
	var list []pair[T]
	at := map[string]int{}
	for i := range ours {
		if n := name(&ours[i]); n != "" {
			at[n] = len(list)
			list = append(list, pair[T]{ours: &ours[i]})
		}
	}
	for i := range theirs {
		if k, ok := at[theirs[i].Name]; ok {
			list[k].theirs = &theirs[i]
			continue
		}
		list = append(list, pair[T]{theirs: &theirs[i]})
	}
	return list
}

// only notes a device that one of the lists lacks, and reports whether it did.
func (c *comparison) only(kind, name, path string, ours, theirs bool) bool {
	c.compared++
	switch {
	case ours && theirs:
		return false
	case ours:
		c.differences = append(c.differences, kind+" "+name+" is not in ghw's list")
		c.facts = append(c.facts, path)
	default:
		c.differences = append(c.differences, kind+" "+name+" is only in ghw's list")
		c.facts = append(c.facts, path)
	}
	return true
}

func (c *comparison) pci(r *report.Report) {
	if r.Section("pci").Outcome != report.OutcomeOK {
		c.left = append(c.left, "PCI")
		return
	}
	for _, p := range match(r.PCI, func(d *report.PCIDevice) string { return d.Address }, r.GHW.PCI) {
		switch {
		case p.theirs == nil:
			c.only("PCI device", p.ours.Address, "pci["+p.ours.Address+"]", true, false)
		case p.ours == nil:
			c.only("PCI device", p.theirs.Name, "ghw.pci["+p.theirs.Name+"]", false, true)
		default:
			at, theirs := "pci["+p.ours.Address+"]", "ghw.pci["+p.theirs.Name+"]"
			c.value("id of PCI device "+p.ours.Address, at+".id", theirs+".id", p.ours.ID, p.theirs.ID)
			c.value("driver of PCI device "+p.ours.Address, at+".driver", theirs+".driver", p.ours.Driver, p.theirs.Driver)
		}
	}
}

func (c *comparison) nics(r *report.Report) {
	if r.Section("network").Outcome != report.OutcomeOK {
		c.left = append(c.left, "network")
		return
	}
	for _, p := range match(r.Network, func(n *report.NIC) string { return valueOf(n.Name) }, r.GHW.NICs) {
		switch {
		case p.theirs == nil:
			c.only("interface", p.ours.Name.Value, "network["+p.ours.Path+"]", true, false)
		case p.ours == nil:
			c.only("interface", p.theirs.Name, "ghw.nics["+p.theirs.Name+"]", false, true)
		default:
			at, theirs := "network["+p.ours.Path+"]", "ghw.nics["+p.theirs.Name+"]"
			c.value("address of "+p.ours.Name.Value, at+".mac", theirs+".id", p.ours.MAC, p.theirs.ID)
			c.value("driver of "+p.ours.Name.Value, at+".driver", theirs+".driver", p.ours.Driver, p.theirs.Driver)
		}
	}
}

// usb compares how many devices of each id both lists have: the two name the
// places of USB devices differently.
func (c *comparison) usb(r *report.Report) {
	if r.Section("usb").Outcome != report.OutcomeOK {
		c.left = append(c.left, "USB")
		return
	}
	count := map[string]int{}
	var ids []string
	note := func(f report.Fact[string], by int) {
		id, ok := f.Get()
		if !ok {
			return
		}
		id = strings.ToLower(id)
		if _, seen := count[id]; !seen {
			ids = append(ids, id)
		}
		count[id] += by
	}
	for _, d := range r.USB {
		note(d.ID, 1)
	}
	for _, d := range r.GHW.USB {
		note(d.ID, -1)
	}
	for _, id := range ids {
		c.compared++
		switch n := count[id]; {
		case n > 0:
			c.differences = append(c.differences, fmt.Sprintf("%d more USB %s here than for ghw", n, id))
			c.facts = append(c.facts, "usb", "ghw.usb")
		case n < 0:
			c.differences = append(c.differences, fmt.Sprintf("%d more USB %s for ghw than here", -n, id))
			c.facts = append(c.facts, "usb", "ghw.usb")
		}
	}
}
