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
	lost  []string          // links that lead to nothing that was given
	// marked says that a name tells what the folder is: lib/firmware, or WHENCE.
	marked bool
	unread string // a file that may be a module, in a compression that is not read
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
	if !info.IsDir() && !info.Mode().IsRegular() { // a pipe would wait for its writer
		return nil, fmt.Errorf("%s: %s is neither a folder nor a plain file", kind, name)
	}
	if !info.IsDir() {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		defer f.Close()
		return ReadTar(name, f, kind)
	}
	place, err := filepath.Abs(name) // "." says nothing of where it is
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if parent := filepath.Dir(place); kind == ModuleTree && filepath.Base(place) == "kernel" && filepath.Base(filepath.Dir(parent)) == "modules" {
		place = parent // what names the modules lies beside the folder that holds them
	}
	if top, below := rootOf(place, kind); below != "" {
		if t, err := openAt(name, top, below, kind); err == nil {
			return t, nil // what is meant, with all that its links lead to
		}
	}
	return openAt(name, place, "", kind)
}

// rootOf cuts the path of a folder lib/firmware, in which links may lead through the
// root file system that it is of. below is "" if the folder is not called so.
func rootOf(place string, kind Kind) (top, below string) {
	if kind != FirmwareTree {
		return "", ""
	}
	for _, dir := range places(kind) {
		if cut, ok := strings.CutSuffix(place, "/"+dir); ok {
			return cut + "/", dir
		}
	}
	return "", ""
}

// places are where a root file system has what is meant, the longer ones first.
func places(kind Kind) []string { return []string{"usr/lib/" + string(kind), "lib/" + string(kind)} }

// openAt opens a folder, of which only what is below one of its own is meant, if that is
// given.
func openAt(name, place, below string, kind Kind) (*Tree, error) {
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	t, err := newTreeAt(name, root.FS(), kind, below)
	if err != nil {
		root.Close()
		return nil, err
	}
	t.close = root.Close
	return t, nil
}

// NewTree makes a tree of a folder. The name is for messages.
func NewTree(name string, fsys fs.FS, kind Kind) (*Tree, error) {
	return newTreeAt(name, fsys, kind, "")
}

func newTreeAt(name string, fsys fs.FS, kind Kind, below string) (*Tree, error) {
	t := newTree(name, kind)
	t.fsys = fsys
	t.readConfigs()
	// In a root file system nothing else is looked at; /proc, say, has no end. The
	// folder may be a link itself, to anywhere on the board.
	meant := []string{"lib/" + string(kind), "usr/lib/" + string(kind), string(kind)}
	if below != "" {
		meant = []string{below}
	}
	for _, dir := range meant {
		at, ok := t.chase(dir, nil)
		if info, err := fs.Stat(fsys, at); !ok || err != nil || !info.IsDir() {
			continue
		}
		if err := t.walk(at); err != nil {
			return nil, err
		}
		t.marked = true
		return t, t.setRoot(at + "/")
	}
	if below != "" {
		return nil, fmt.Errorf("%s: %s leads nowhere", name, below)
	}
	if err := t.walk("."); err != nil {
		return nil, err
	}
	return t, t.findRoot()
}

func newTree(name string, kind Kind) *Tree {
	return &Tree{name: name, kind: kind, files: map[string]file{}, links: map[string]string{}, configs: map[string][]byte{}, close: func() error { return nil }}
}

// Close closes the folder.
func (t *Tree) Close() error { return t.close() }

// notice keeps the name of a module in a compression that is not read.
func (t *Tree) notice(name string) {
	if base := path.Base(name); t.unread == "" && strings.Contains(base, ".ko.") && !isModuleFile(base) {
		t.unread = base
	}
}

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
			t.notice(name)
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
