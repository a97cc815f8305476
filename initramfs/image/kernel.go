package image

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// module is a module in a tree.
type module struct {
	modinfo
	file string // path in the tree
	rel  string // path in the folder of the release, as the image has it
}

// kernel is the modules of one kernel release.
type kernel struct {
	release    string
	modules    []module // sorted by name, each name once
	found      int
	builtin    []string        // names from modules.builtin, sorted
	drivers    []modinfo       // names and firmware from modules.builtin.modinfo
	hasBuiltin bool            // there is a modules.builtin
	ordered    map[string]bool // names from modules.order; nil: there is none
	lists      []string        // files in the tree to be packed beside the modules
	unreadable []string
	notes      []string
}

// releaseFolders are the folders right below that of a release. Packages that
// add modules use the ones besides "kernel".
var releaseFolders = []string{"kernel", "updates", "extra", "extramodules", "weak-updates"}

var releaseStart = regexp.MustCompile(`^[0-9]+\.[0-9]+`)

// releaseRoot splits the path of a module into the folder of its release,
// empty if that is the tree itself, and the rest.
func releaseRoot(file string) (root, rel string) {
	parts := strings.Split(file, "/")
	for i, part := range parts[:len(parts)-1] {
		if slices.Contains(releaseFolders, part) || i == 1 && releaseStart.MatchString(parts[0]) {
			return path.Join(parts[:i]...), path.Join(parts[i:]...)
		}
	}
	if len(parts) == 2 && releaseStart.MatchString(parts[0]) {
		return parts[0], parts[1]
	}
	return "", file
}

// readKernels reads all modules of a tree.
func readKernels(t *Tree) ([]kernel, error) {
	byRoot := map[string][]module{}
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		if isModule(path.Base(name)) {
			root, rel := releaseRoot(name)
			byRoot[root] = append(byRoot[root], module{file: name, rel: moduleStem(rel) + ".ko"})
		}
	}
	if len(byRoot) == 0 && t.unread != "" {
		return nil, fmt.Errorf("%s: holds modules in a compression that is not read, as %s", t.name, t.unread)
	}
	if len(byRoot) == 0 {
		return nil, fmt.Errorf("%s: holds no kernel modules", t.name)
	}
	var kernels []kernel
	for _, root := range slices.Sorted(maps.Keys(byRoot)) {
		k, err := readKernel(t, root, byRoot[root])
		if err != nil {
			return nil, err
		}
		kernels = append(kernels, k)
	}
	slices.SortStableFunc(kernels, func(a, b kernel) int { return strings.Compare(a.release, b.release) })
	for i, k := range kernels[1:] {
		if k.release == kernels[i].release {
			return nil, fmt.Errorf("%s: two folders hold modules of release %s", t.name, k.release)
		}
	}
	return kernels, nil
}

func readKernel(t *Tree, root string, modules []module) (kernel, error) {
	k := kernel{found: len(modules)}
	errs := readModinfos(t, modules)
	releases := map[string]int{}
	for i, m := range modules {
		if errs[i] != nil {
			k.unreadable = append(k.unreadable, fmt.Sprintf("%s (%v)", m.file, errs[i]))
			continue
		}
		releases[m.release]++
		k.modules = append(k.modules, m)
	}
	if len(k.modules) == 0 {
		return kernel{}, fmt.Errorf("%s: no module is readable: %s", t.name, k.unreadable[0])
	}
	k.nameRelease(path.Base(root), releases)
	if !modalias.ValidRelease(k.release) {
		return kernel{}, fmt.Errorf("%s: kernel release %.100q cannot be the name of a folder", t.name, k.release)
	}
	k.dropDuplicates()
	if err := k.readLists(t, root); err != nil {
		return kernel{}, err
	}
	return k, nil
}

// readModinfos fills in what the modules say of themselves.
func readModinfos(t *Tree, modules []module) []error {
	errs := make([]error, len(modules))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				modules[i].modinfo, errs[i] = t.readModule(modules[i].file)
			}
		})
	}
	for i := range modules {
		next <- i
	}
	close(next)
	workers.Wait()
	return errs
}

func (t *Tree) readModule(name string) (modinfo, error) {
	f := t.files[name]
	if f.path == "" {
		return readModule(path.Base(name), bytes.NewReader(f.data))
	}
	opened, err := t.fsys.Open(f.path)
	if err != nil {
		return modinfo{}, err
	}
	defer opened.Close()
	return readModule(path.Base(name), opened)
}

// nameRelease takes the release from the modules, because the kernel loads a
// module only if its vermagic is the kernel's, whatever the folder is called.
func (k *kernel) nameRelease(folder string, releases map[string]int) {
	delete(releases, "")
	k.release = folder
	names := slices.Sorted(maps.Keys(releases))
	if len(names) == 0 {
		return
	}
	k.release = slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(releases[a], releases[b]) })
	if folder != k.release && releaseStart.MatchString(folder) {
		k.note("the modules in the folder %s were built for the kernel %s and are packed for that", folder, k.release)
	}
	var others []string
	for _, m := range k.modules {
		if m.release != k.release {
			others = append(others, m.name)
		}
	}
	if len(others) > 0 {
		k.note("in the folder of %s and built for another kernel, which will be refused: %s", k.release, some(others))
	}
}

// dropDuplicates keeps of several modules of one name the one that modprobe
// would load (depmod.d(5): updates come first).
func (k *kernel) dropDuplicates() {
	slices.SortFunc(k.modules, func(a, b module) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(rank(a.rel), rank(b.rel)), strings.Compare(a.rel, b.rel))
	})
	var kept []module
	var twice []string
	for _, m := range k.modules {
		if n := len(kept); n > 0 && kept[n-1].name == m.name {
			twice = append(twice, kept[n-1].rel)
			continue
		}
		kept = append(kept, m)
	}
	if len(twice) > 0 {
		k.note("modules that are there more than once, of which one is packed: %s", some(twice))
	}
	k.modules = kept
}

func rank(rel string) int {
	switch first, _, _ := strings.Cut(rel, "/"); first {
	case "updates":
		return 0
	case "kernel":
		return 2
	}
	return 1
}

// maxListBytes bounds modules.builtin and its like.
const maxListBytes = 8 << 20

// readLists reads what kbuild writes beside the modules.
func (k *kernel) readLists(t *Tree, root string) error {
	builtin, hasBuiltin, err := t.readList(path.Join(root, "modules.builtin"))
	if err != nil {
		return err
	}
	k.hasBuiltin = hasBuiltin
	k.builtin = slices.Compact(slices.Sorted(slices.Values(builtin)))
	ordered, hasOrder, err := t.readList(path.Join(root, "modules.order"))
	if err != nil {
		return err
	}
	if hasOrder {
		k.ordered = map[string]bool{}
		for _, name := range ordered {
			k.ordered[name] = true
		}
	}
	// The board sees in these what the kernel has built in.
	if hasBuiltin {
		k.lists = append(k.lists, path.Join(root, "modules.builtin"))
	}
	info := path.Join(root, "modules.builtin.modinfo")
	if f, ok := t.files[info]; ok && f.size <= maxListBytes {
		k.lists = append(k.lists, info)
		data, err := t.read(info)
		if err != nil {
			return err
		}
		k.drivers = builtinDrivers(data, k.builtin)
	}
	return nil
}

// builtinDrivers reads the firmware of built-in modules from what kbuild wrote
// since Linux 5.2: strings "module.key=value", each ended by a zero byte.
func builtinDrivers(data []byte, builtin []string) []modinfo {
	var drivers []modinfo
	for _, name := range builtin {
		drivers = append(drivers, modinfo{name: name})
	}
	for text := range strings.SplitSeq(string(data), "\x00") {
		name, rest, _ := strings.Cut(text, ".")
		value, ok := strings.CutPrefix(rest, "firmware=")
		if i, known := slices.BinarySearch(builtin, name); ok && known && plainText(value) {
			drivers[i].firmwares = append(drivers[i].firmwares, value)
		}
	}
	return drivers
}

// readList reads a list of paths of modules and returns their names.
func (t *Tree) readList(name string) (names []string, ok bool, err error) {
	f, ok := t.files[name]
	if !ok {
		return nil, false, nil
	}
	if f.size > maxListBytes {
		return nil, false, fmt.Errorf("%s: %s has %d bytes, at most %d are read", t.name, name, f.size, maxListBytes)
	}
	data, err := t.read(name)
	if err != nil {
		return nil, false, err
	}
	for line := range strings.Lines(string(data)) {
		stem := moduleStem(path.Base(strings.TrimSpace(line)))
		if stem = strings.ReplaceAll(stem, "-", "_"); validModuleName(stem) && stem != "." {
			names = append(names, stem)
		}
	}
	return names, true, nil
}

func (k *kernel) note(format string, args ...any) {
	k.notes = append(k.notes, k.release+": "+fmt.Sprintf(format, args...))
}

// index describes some of the modules; nil means all.
func (k *kernel) index(names map[string]bool) modalias.Index {
	index := modalias.Index{Release: k.release, Builtin: k.builtin}
	for _, m := range k.modules {
		if names == nil || names[m.name] {
			index.Modules = append(index.Modules, modalias.Module{
				Name:     m.name,
				Path:     m.rel,
				Depends:  m.depends,
				SoftPre:  m.softPre,
				SoftPost: m.softPost,
				Aliases:  m.aliases,
				Firmware: m.firmwares,
			})
		}
	}
	return index
}
