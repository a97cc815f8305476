package image

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// addModules packs the modules of every kernel of the tree. It returns what
// they and the built-in ones say of themselves.
func (a *Archive) addModules(spec Spec) ([]modinfo, error) {
	kernels, err := readKernels(spec.Modules)
	if err != nil {
		return nil, err
	}
	limit := spec.ModuleLimit
	if limit == 0 {
		limit = DefaultModuleLimit
	}
	var size int64
	for _, k := range kernels {
		for _, m := range k.modules {
			if !isTest(m) {
				size += m.size
			}
		}
	}
	a.Record.Modules = imagerecord.PackedAll
	if size > limit {
		a.Record.Modules = imagerecord.PackedSome
	}
	var drivers []modinfo
	for _, k := range kernels {
		if err := k.checkMachine(spec.Modules.name, spec.Architecture); err != nil {
			return nil, err
		}
		packed, err := a.addKernel(spec.Modules, k, size <= limit)
		if err != nil {
			return nil, err
		}
		drivers = append(append(drivers, packed...), k.drivers...)
		if config := spec.Modules.configs[k.release]; config != nil {
			if err := a.addFile(imagerecord.KernelConfig(k.release), 0o644, config); err != nil {
				return nil, err
			}
		}
	}
	if a.Record.ModuleCount == 0 {
		a.Record.Modules = imagerecord.PackedNone
	}
	if len(kernels) > 1 {
		a.warn("modules of %d kernels are packed, a board needs one: %s", len(kernels), some(a.Record.KernelReleases))
	}
	return drivers, nil
}

// checkMachine refuses the modules of a kernel on which the probe cannot run.
func (k *kernel) checkMachine(name, architecture string) error {
	for _, m := range k.modules {
		if m.machine != machines[architecture] && m.machine != machines[kernels64[architecture]] {
			return fmt.Errorf("%s: %s is built for %v, the probe for %s", name, m.file, m.machine, architecture)
		}
	}
	return nil
}

// addKernel packs modules of one kernel, with the index.
func (a *Archive) addKernel(t *Tree, k kernel, all bool) ([]modinfo, error) {
	names, missing := k.selectModules(all)
	if err := k.checkVolume(names); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	dir := "lib/modules/" + k.release + "/"
	report := Kernel{Release: k.release, Found: k.found, Builtin: len(k.builtin)}
	var packed []modinfo
	for _, m := range k.modules {
		if !names[m.name] {
			continue
		}
		if err := a.addModule(dir+m.rel, t, m); err != nil {
			return nil, err
		}
		packed = append(packed, m.modinfo)
		report.Packed++
		report.Bytes += m.size
	}
	for _, list := range k.lists {
		if err := a.addFromTree(dir+path.Base(list), t, list); err != nil {
			return nil, err
		}
	}
	index, err := modalias.Encode(k.index(names))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	if err := a.addFile(modalias.IndexPath(k.release), 0o644, index); err != nil {
		return nil, err
	}
	if len(k.unreadable) > 0 {
		k.note("not readable and left out: %s", some(k.unreadable))
		a.Record.Modules = imagerecord.PackedSome
	}
	named := k.named(names)
	switch n := named - report.Packed; {
	case k.ordered == nil:
		k.note("no modules.order: nothing says which modules the kernel was built with")
		a.Record.Modules = imagerecord.PackedSome
	case n > 0 && all:
		k.note("%d of the %d modules with which the kernel was built are not here, or not readable", n, named)
		a.Record.Modules = imagerecord.PackedSome
	}
	if k.ordered != nil {
		a.Record.ModulesNamed += named
	}
	if len(missing) > 0 {
		k.note("packed modules need others that the tree does not hold: %s", some(missing))
		a.Record.Modules = imagerecord.PackedSome
	}
	a.Warnings = append(a.Warnings, k.notes...)
	a.Kernels = append(a.Kernels, report)
	a.Record.KernelReleases = append(a.Record.KernelReleases, k.release)
	a.Record.ModuleCount += report.Packed
	return packed, nil
}

// named counts the modules with which the kernel was built, and those that are
// packed without being named there. Those that are left out by rule do not count.
func (k *kernel) named(packed map[string]bool) int {
	all := map[string]bool{}
	for name := range k.ordered {
		if !isTest(module{modinfo: modinfo{name: name}}) {
			all[name] = true
		}
	}
	for name := range packed {
		all[name] = true
	}
	return len(all)
}

// selectModules chooses modules with all that they need. Needed modules that
// the tree does not hold are missing.
func (k *kernel) selectModules(all bool) (names map[string]bool, missing []string) {
	byName := map[string]module{}
	var wanted []string
	for _, m := range k.modules {
		byName[m.name] = m
		if !isTest(m) && (all || isProbed(m.rel)) {
			wanted = append(wanted, m.name)
		}
	}
	table := modalias.NewTable(k.index(nil))
	for _, name := range volumeModules() {
		wanted = append(wanted, table.Named(name)...)
	}
	names = map[string]bool{}
	for len(wanted) > 0 {
		closure, absent := table.Closure(wanted...)
		missing = append(missing, absent...)
		wanted = nil
		for _, m := range closure {
			if names[m.Name] {
				continue
			}
			names[m.Name] = true
			for _, weak := range byName[m.Name].weak {
				wanted = append(wanted, table.Named(weak)...)
			}
		}
	}
	slices.Sort(missing)
	return names, slices.Compact(missing)
}

// Modules without which the report cannot be written to a FAT volume: the file
// system, the code page of short names (CONFIG_FAT_DEFAULT_CODEPAGE is 437
// unless changed), and one character set for long names.
var (
	fatModules = []string{"fat", "vfat", "nls_cp437"}
	fatCharset = []string{"nls_ascii", "nls_iso8859_1", "nls_utf8"}
)

func volumeModules() []string { return slices.Concat(fatModules, fatCharset) }

// checkVolume makes sure that the report can be written to a FAT volume. A tree
// that is not whole is an error. A kernel that was configured without FAT, as
// its modules.builtin and modules.order together tell, is worth a warning: the
// report can still leave the board by its console.
func (k *kernel) checkVolume(packed map[string]bool) error {
	has := func(name string) bool {
		_, builtin := slices.BinarySearch(k.builtin, name)
		return builtin || packed[name]
	}
	needed := slices.Clone(fatModules)
	if !slices.ContainsFunc(fatCharset, has) { // one of them is enough
		needed = append(needed, fatCharset...)
	}
	lost := slices.DeleteFunc(needed, func(name string) bool { return has(name) || !k.ordered[name] })
	damaged := slices.DeleteFunc(slices.Clone(k.unreadable), func(text string) bool {
		file, _, _ := strings.Cut(text, " (")
		return !slices.Contains(lost, strings.ReplaceAll(moduleStem(path.Base(file)), "-", "_"))
	})
	if len(damaged) > 0 {
		return fmt.Errorf("%s: modules that the report's volume needs are here and cannot be read: %s", k.release, strings.Join(damaged, ", "))
	}
	if len(lost) > 0 {
		return fmt.Errorf("%s: modules.order names modules that are not here: %s", k.release, strings.Join(lost, ", "))
	}
	absent := slices.DeleteFunc(slices.Clone(fatModules), has)
	if !slices.ContainsFunc(fatCharset, has) {
		absent = append(absent, fatCharset...)
	}
	if len(absent) == 0 {
		return nil
	}
	if k.hasBuiltin && k.ordered != nil {
		k.note("the kernel was built without %s: no report volume, only the console", strings.Join(absent, ", "))
		return nil
	}
	k.note("no %s here, and nothing tells whether the kernel has them built in: without them only the console carries the report", strings.Join(absent, ", "))
	return nil
}
