package main

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// driver is one module, or one built-in object, with all that is known of it.
type driver struct {
	option   string
	kernel   string          // the older kernel that had it; "" is the newest
	loadable bool            // its .modinfo was read
	known    bool            // as loadable, or the kernel names it among its built-in ones
	buses    map[string]bool // that its .modinfo has patterns for
	aliases  []string
	firmware []string
	depends  []string // objects
	mentions []string // patterns of compatibles that it looks for
}

// table is the drivers by object.
type table map[string]*driver

func (t table) driver(object string) *driver {
	d, ok := t[object]
	if !ok {
		d = &driver{buses: map[string]bool{}}
		t[object] = d
	}
	return d
}

// buses of which the table has patterns. Devices of others are not part of a
// board, or their patterns do not name devices.
var buses = []string{
	"acpi", "amba", "bcma", "fsl-mc", "i2c", "mdio", "mhi", "of", "pci", "platform", "pnp", "rpmsg", "sdio", "sdw", "slim", "spi", "ssb", "usb",
	"virtio",
}

// busOf returns the bus of a pattern that is kept.
func busOf(alias string) (string, bool) {
	bus, _, ok := strings.Cut(alias, ":")
	bus = strings.TrimRight(bus, "*")
	return bus, ok && slices.Contains(buses, bus) && !slices.Contains(catchAll, alias)
}

// catchAll are patterns of drivers that try their luck with any device.
var catchAll = []string{"pci:v*d*sv*sd*bc*sc*i*", "usb:v*p*d*dc*dsc*dp*ic*isc*ip*in*"}

// merge makes one table of kernels and sources, of both the newest first. The
// newest source is what the table is about; kernels that are older add only
// what it does not have.
func merge(trees []tree, kernels []kernel) table {
	t := table{}
	newest := trees[0]
	isOlder := func(k kernel) bool { return series(k.version) != series(newest.version) }
	for _, k := range kernels {
		if !isOlder(k) {
			t.addKernel(k)
		}
	}
	t.addSource(newest)
	for _, k := range kernels {
		if isOlder(k) {
			t.addOlder(k)
		}
	}
	for object, d := range t {
		for _, tree := range trees {
			if d.kernel != "" && series(tree.version) != series(d.kernel) {
				continue
			}
			if option, ok := tree.make.option(object); ok {
				d.option = option
				break
			}
		}
	}
	t.tidy()
	return t
}

// addKernel adds what the modules of a kernel say.
func (t table) addKernel(k kernel) {
	objects := k.objects()
	for _, m := range k.modules {
		if m.object == "" {
			continue
		}
		d := t.driver(m.object)
		d.known = true
		d.loadable = d.loadable || !m.builtin
		d.firmware = append(d.firmware, m.firmware...)
		for _, alias := range m.aliases {
			if bus, ok := busOf(alias); ok {
				d.buses[bus] = d.buses[bus] || !m.builtin
				d.aliases = append(d.aliases, alias)
			}
		}
		for _, name := range m.depends {
			if object, ok := objects[name]; ok {
				d.depends = append(d.depends, object)
			}
		}
	}
}

// addSource adds what is in the source only: drivers that no kernel here
// builds, or builds in, whose tables the metadata does not hold.
func (t table) addSource(s tree) {
	for file, found := range s.files {
		for _, object := range s.make.goals(file) {
			d := t.driver(object)
			if !d.known {
				d.firmware = append(d.firmware, found.firmware...)
			}
			d.mentions = append(d.mentions, found.mentions...)
			for _, alias := range found.aliases {
				bus, ok := busOf(alias)
				// Tables of numbers can depend on the configuration, so that where
				// there is metadata it is the better source.
				if ok && (!identifiesByNumber(bus) || !d.buses[bus]) {
					d.aliases = append(d.aliases, alias)
				}
			}
		}
	}
	// A function of an SDIO card is matched by its number, also where the device
	// tree describes it; the driver then looks at the compatible itself.
	for _, d := range t {
		if slices.ContainsFunc(d.aliases, func(alias string) bool { return strings.HasPrefix(alias, "sdio:") }) {
			d.aliases = append(d.aliases, d.mentions...)
		}
	}
}

func identifiesByNumber(bus string) bool {
	return slices.Contains([]string{"amba", "mdio", "pci", "sdio", "usb", "virtio"}, bus)
}

// addOlder adds the patterns of an older kernel that no driver has any more.
func (t table) addOlder(k kernel) {
	has := map[string]bool{}
	for _, d := range t {
		if d.kernel == upstream(k.version) {
			continue // of another architecture
		}
		for _, alias := range d.aliases {
			has[alias] = true
		}
	}
	for _, m := range k.modules {
		lost := slices.DeleteFunc(slices.Clone(m.aliases), func(alias string) bool { _, ok := busOf(alias); return !ok || has[alias] })
		if m.object == "" || len(lost) == 0 {
			continue
		}
		d, ok := t[m.object]
		if ok && d.kernel == "" {
			continue // the driver is there still, and lost the pattern for a reason
		}
		if !ok {
			d = t.driver(m.object)
			d.kernel = upstream(k.version)
		}
		d.known, d.loadable = true, d.loadable || !m.builtin
		d.aliases = append(d.aliases, lost...)
		d.firmware = append(d.firmware, m.firmware...)
	}
}

// objects returns the objects of a kernel by the names of their modules.
func (k kernel) objects() map[string]string {
	objects := map[string]string{}
	for _, m := range k.modules {
		if m.object != "" {
			objects[m.name] = m.object
			objects[strings.ReplaceAll(path.Base(m.object), "-", "_")] = m.object
		}
	}
	return objects
}

// tidy sorts the lists, and drops what no lookup can find or need: drivers that
// match nothing, unless their firmware is that of one that does, and
// dependencies that bring no firmware.
func (t table) tidy() {
	brings := map[string]bool{}
	needed := map[string]bool{}
	for object, d := range t {
		if len(d.firmware) > 0 {
			brings[object] = true
		}
		needed[object] = len(d.aliases) > 0
	}
	t.spread(func(from, to string) bool {
		changed := brings[to] && !brings[from]
		brings[from] = brings[from] || changed
		return changed
	})
	t.spread(func(from, to string) bool {
		changed := needed[from] && brings[to] && !needed[to]
		needed[to] = needed[to] || changed
		return changed
	})
	for object, d := range t {
		if !needed[object] {
			delete(t, object)
			continue
		}
		d.depends = slices.DeleteFunc(d.depends, func(to string) bool { return !brings[to] })
		for _, list := range []*[]string{&d.aliases, &d.firmware, &d.depends} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
	}
}

// spread calls along all dependencies until nothing changes.
func (t table) spread(along func(from, to string) (changed bool)) {
	for again := true; again; {
		again = false
		for from, d := range t {
			for _, to := range d.depends {
				if along(from, to) {
					again = true
				}
			}
		}
	}
}

// sorted returns the objects in order.
func (t table) sorted() []string { return slices.Sorted(maps.Keys(t)) }

// upstream returns the version of Linux in that of a package.
func upstream(version string) string {
	upstream, _, _ := strings.Cut(version, "-")
	return upstream
}

// series returns MAJOR.MINOR of a version.
func series(version string) string {
	parts := strings.SplitN(upstream(version), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// compareVersions orders versions of Linux, the older first.
func compareVersions(a, b string) int {
	x, y := strings.Split(upstream(a), "."), strings.Split(upstream(b), ".")
	for i := range min(len(x), len(y)) {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}
