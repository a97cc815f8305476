package image

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is what a Tree is searched for.
type Kind string

const (
	ModuleTree   Kind = "modules"
	FirmwareTree Kind = "firmware"
)

// Bounds of a tree. A distribution's kernel has 7000 modules, linux-firmware
// 4000 files; a root file system, which may be given as well, has many more.
const (
	maxTreeFiles = 1 << 20
	maxTreeDepth = 64
	maxHops      = 40 // links followed for one name, as many as Linux follows
)

// Tree is a folder of modules or firmware, read from a folder or a tar file.
type Tree struct {
	name  string // for messages
	kind  Kind
	fsys  fs.FS             // of files that have no data
	files map[string]file   // by path inside the tree
	links map[string]string // path of a link to the path that it names
	root  string            // the folder that is meant, in what was given
	all   map[string]file   // of what was given
	// configs are the configurations of kernels, by release, that lie where
	// distributions lay them.
	configs map[string][]byte
	close   func() error
}

// Bounds of configurations that are kept.
const (
	maxConfigBytes = 1 << 20
	maxConfigs     = 8
)

// configOf is the release of the kernel whose configuration a file of a root file
// system is; "" if it is none.
func configOf(name string) string {
	dir, base := path.Split(name)
	if release, ok := strings.CutPrefix(base, "config-"); ok && (dir == "boot/" || strings.HasSuffix(dir, "/boot/")) {
		return release
	}
	if _, below, ok := strings.Cut("/"+dir, "/lib/modules/"); ok && base == "config" {
		if release := strings.TrimSuffix(below, "/"); !strings.Contains(release, "/") {
			return release
		}
	}
	return ""
}

// keepConfig keeps the options that are set.
func (t *Tree) keepConfig(release string, data []byte) {
	if release == "" || len(t.configs) >= maxConfigs {
		return
	}
	var set []byte
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("CONFIG_")) {
			set = append(set, line...)
		}
	}
	t.configs[release] = set
}

// readConfigs looks for configurations in a folder.
func (t *Tree) readConfigs() {
	if t.kind != ModuleTree {
		return
	}
	for _, form := range []string{"boot/config-*", "lib/modules/*/config", "usr/lib/modules/*/config"} {
		names, err := fs.Glob(t.fsys, form)
		if err != nil {
			continue // the form is one
		}
		for _, name := range names {
			if info, err := fs.Stat(t.fsys, name); err != nil || !info.Mode().IsRegular() || info.Size() > maxConfigBytes {
				continue
			}
			if data, err := fs.ReadFile(t.fsys, name); err == nil {
				t.keepConfig(configOf(name), data)
			}
		}
	}
}

type file struct {
	size int64
	data []byte // of a file from a tar
	path string // in fsys, of a file from a folder
}

// OpenTree opens a folder, a tar file, which may be compressed with gzip,
// bzip2, xz or zstd, or a package of Debian. Below it may lie a whole root file system, of which only
// lib/modules or lib/firmware are used, or just that folder or its contents.
func OpenTree(name string, kind Kind) (*Tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if !info.IsDir() {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		defer f.Close()
		data, err := packageData(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", kind, name, err)
		}
		return ReadTar(name, data, kind)
	}
	if whole, err := filepath.Abs(name); err == nil && kind == ModuleTree {
		name = whole // "." says nothing of where it is
	}
	if parent := filepath.Dir(filepath.Clean(name)); kind == ModuleTree && filepath.Base(filepath.Clean(name)) == "kernel" && filepath.Base(filepath.Dir(parent)) == "modules" {
		name = parent // what names the modules lies beside the folder that holds them
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	t, err := NewTree(name, root.FS(), kind)
	if err != nil {
		root.Close()
		return nil, err
	}
	t.close = root.Close
	return t, nil
}

// NewTree makes a tree of a folder. The name is for messages.
func NewTree(name string, fsys fs.FS, kind Kind) (*Tree, error) {
	t := newTree(name, kind)
	t.fsys = fsys
	// In a root file system nothing else is looked at; /proc, say, has no end.
	start := "."
	for _, dir := range []string{"lib/" + string(kind), "usr/lib/" + string(kind)} {
		if info, err := fs.Stat(fsys, dir); err == nil && info.IsDir() {
			start = dir
			break
		}
	}
	t.readConfigs()
	if err := t.walk(start); err != nil {
		return nil, err
	}
	return t, t.findRoot()
}

func newTree(name string, kind Kind) *Tree {
	return &Tree{name: name, kind: kind, files: map[string]file{}, links: map[string]string{}, configs: map[string][]byte{}, close: func() error { return nil }}
}

// Close closes the folder.
func (t *Tree) Close() error { return t.close() }

func (t *Tree) walk(start string) error {
	err := fs.WalkDir(t.fsys, start, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.Count(name, "/") > maxTreeDepth:
			return fmt.Errorf("%s: more than %d folders deep", name, maxTreeDepth)
		case len(t.files)+len(t.links) >= maxTreeFiles:
			return fmt.Errorf("more than %d files", maxTreeFiles)
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				return err
			}
			t.files[name] = file{size: info.Size(), path: name}
		case d.Type()&fs.ModeSymlink != 0:
			if target, err := fs.ReadLink(t.fsys, name); err == nil {
				t.links[name] = target
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// findRoot makes the paths relative to the folder that is meant: the one
// lib/modules or lib/firmware, wherever it is, or else the folder given.
func (t *Tree) findRoot() error {
	mark := "lib/" + string(t.kind) + "/"
	marked, sources := map[string]bool{}, map[string]bool{}
	for name := range t.files {
		base := path.Base(name)
		if at := strings.Index("/"+name, "/"+mark); at >= 0 && (t.kind == FirmwareTree || isModuleFile(base)) {
			marked[name[:at]+mark] = true
		} else if t.kind == FirmwareTree && base == "WHENCE" {
			// The linux-firmware sources have this file at their top.
			sources[strings.TrimSuffix(name, base)] = true
		}
	}
	roots := slices.Sorted(maps.Keys(marked))
	if len(roots) == 0 {
		roots = slices.Sorted(maps.Keys(sources))
	}
	if len(roots) > 1 {
		return fmt.Errorf("%s: holds %d folders of %s: %s; give the one that is meant", t.name, len(roots), t.kind, some(roots))
	}
	root := ""
	if len(roots) == 1 {
		root = roots[0]
	}
	t.makeRoot(root)
	if len(t.files) == 0 {
		return fmt.Errorf("%s: holds no %s", t.name, t.kind)
	}
	return nil
}

// makeRoot drops what is not below root, which is empty or ends in a slash, and
// makes all paths relative to it.
func (t *Tree) makeRoot(root string) {
	files, links := t.files, t.links
	t.root, t.all = root, files
	t.files, t.links = map[string]file{}, map[string]string{}
	for name, f := range files {
		if rest, ok := strings.CutPrefix(name, root); ok {
			t.files[rest] = f
		}
	}
	place := root // the way to it may lead through links, as lib to usr/lib
	if at, ok := t.chase(strings.TrimSuffix(root, "/"), links); ok && root != "" {
		place = at + "/"
	}
	for name := range links {
		rest, ok := strings.CutPrefix(name, root)
		if !ok {
			continue
		}
		// A link may lead through the whole of what was given: the firmware of
		// Raspberry Pi OS goes through etc/alternatives.
		at, ok := t.chase(name, links)
		if !ok {
			continue
		}
		if below, ok := strings.CutPrefix(at, place); ok && below != "" {
			t.links[rest] = below
		} else if f, ok := t.outside(at, files); ok {
			t.files[rest] = f
		}
	}
}

// chase follows links from a name to what it leads to, inside what was given.
func (t *Tree) chase(name string, links map[string]string) (string, bool) {
	here, rest := "", strings.Split(name, "/")
	for hops := 0; len(rest) > 0; {
		next := path.Join(here, rest[0])
		if rest[0] == ".." {
			next = strings.Trim(path.Dir("/"+here), "/")
		}
		rest = rest[1:]
		target, ok := links[next]
		if !ok && t.fsys != nil {
			if found, err := fs.ReadLink(t.fsys, next); err == nil {
				target, ok = found, true
			}
		}
		if !ok {
			here = next
			continue
		}
		if hops++; hops > maxHops {
			return "", false
		}
		if strings.HasPrefix(target, "/") {
			here = ""
			// Of a tree that is cut out of a root file system an absolute link
			// still means the board's.
			if below, inside := t.belowLib(target); inside && !t.has(strings.TrimPrefix(target, "/"), links) {
				target = below
			}
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	here = path.Clean(here)
	return here, fs.ValidPath(here)
}

// belowLib is the part of an absolute path below lib/modules or lib/firmware, under
// the folder that is meant.
func (t *Tree) belowLib(target string) (string, bool) {
	_, below, ok := strings.Cut(target, "/lib/"+string(t.kind)+"/")
	return t.root + below, ok
}

// has reports whether a path of what was given is there.
func (t *Tree) has(name string, links map[string]string) bool {
	if _, ok := links[name]; ok {
		return true
	}
	if t.fsys != nil {
		_, err := fs.Lstat(t.fsys, name)
		return err == nil
	}
	_, ok := t.all[name]
	return ok
}

// outside is a file that is not below the root.
func (t *Tree) outside(name string, files map[string]file) (file, bool) {
	if f, ok := files[name]; ok {
		return f, true
	}
	if t.fsys == nil {
		return file{}, false
	}
	info, err := fs.Stat(t.fsys, name)
	if err != nil || !info.Mode().IsRegular() {
		return file{}, false
	}
	return file{size: info.Size(), path: name}, true
}

// read returns the contents of a file.
func (t *Tree) read(name string) ([]byte, error) {
	f := t.files[name]
	if f.path == "" {
		return f.data, nil
	}
	opened, err := t.fsys.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	defer opened.Close()
	data := make([]byte, f.size)
	if _, err := io.ReadFull(opened, data); err != nil {
		return nil, fmt.Errorf("%s: read %s: %w", t.name, name, err)
	}
	if n, _ := opened.Read(make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%s: %s grew while it was read", t.name, name)
	}
	return data, nil
}

// resolve follows a name to a file. It returns the links that it went through,
// by their own places.
func (t *Tree) resolve(name string) (target string, links []string, ok bool) {
	for range maxHops {
		link := t.firstLink(name)
		if link == "" {
			_, ok := t.files[name]
			return name, links, ok
		}
		links = append(links, link)
		name = path.Join(t.links[link], strings.TrimPrefix(name, link))
	}
	return "", nil, false
}

// firstLink returns the shortest leading part of name that is a link.
func (t *Tree) firstLink(name string) string {
	for i := range len(name) + 1 {
		if i == len(name) || name[i] == '/' {
			if _, ok := t.links[name[:i]]; ok {
				return name[:i]
			}
		}
	}
	return ""
}

// names returns, sorted, every name that leads to a file, with those through
// links to a file or a folder.
func (t *Tree) names() []string {
	names := slices.Collect(maps.Keys(t.files))
	folders := map[string]string{}
	for link := range t.links {
		if target, _, ok := t.resolve(link); ok {
			names = append(names, link)
		} else if target != "" {
			folders[link] = target + "/"
		}
	}
	slices.Sort(names)
	direct := len(names)
	for _, link := range slices.Sorted(maps.Keys(folders)) {
		i, _ := slices.BinarySearch(names[:direct], folders[link])
		for ; i < direct && len(names) < maxTreeFiles; i++ {
			rest, below := strings.CutPrefix(names[i], folders[link])
			if !below {
				break
			}
			names = append(names, link+"/"+rest)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
