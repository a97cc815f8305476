package image

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// findRoot makes the paths relative to the folder that is meant.
func (t *Tree) findRoot() error {
	root, err := t.chooseRoot()
	if err != nil {
		return err
	}
	return t.setRoot(root)
}

// chooseRoot finds the folder that is meant: the one lib/modules or lib/firmware,
// wherever it is, or else the folder given, which is "". Others end in a slash.
func (t *Tree) chooseRoot() (string, error) {
	mark := "lib/" + string(t.kind) + "/"
	marked, sources := map[string]bool{}, map[string]bool{}
	modules := 0
	for name := range t.files {
		base := path.Base(name)
		if strings.Contains(base, ".ko") && isModuleFile(base) {
			modules++
		}
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
	t.marked = t.marked || len(roots) > 0
	switch {
	case len(roots) > 1:
		return "", fmt.Errorf("%s: holds %d folders of %s: %s; give the one that is meant", t.name, len(roots), t.kind, some(roots))
	case len(roots) == 1:
		return roots[0], nil
	}
	for _, dir := range places(t.kind) { // a link itself
		if at, ok := t.chase(dir, t.links); ok && at != dir && t.holds(at+"/") {
			t.marked = true
			return at + "/", nil
		}
	}
	if t.kind == FirmwareTree && modules > 0 {
		return "", fmt.Errorf("%s: holds %d kernel modules and no lib/firmware: is it for -modules?", t.name, modules)
	}
	return "", nil
}

// holds reports whether a file is below a folder, whose name ends in a slash.
func (t *Tree) holds(folder string) bool {
	for name := range t.files {
		if strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}

func (t *Tree) setRoot(root string) error {
	if err := t.makeRoot(root); err != nil {
		return err
	}
	packed := 0
	for name := range t.files {
		if isPackage(name) {
			packed++
		}
	}
	switch {
	case len(t.files) > 0 && packed == len(t.files):
		return fmt.Errorf("%s: holds packages and no %s: give one of them, or what is in them", t.name, t.kind)
	case len(t.files) > 0:
		return nil
	}
	return fmt.Errorf("%s: holds no %s", t.name, t.kind)
}

// isPackage reports whether a file is an archive, by its name.
func isPackage(name string) bool {
	name = strings.ToLower(path.Base(name))
	for _, end := range []string{".deb", ".ipk", ".rpm", ".apk", ".tar", ".tgz", ".zip"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.Contains(name, ".tar.")
}

// makeRoot drops what is not below root, which is empty or ends in a slash, and
// makes all paths relative to it.
func (t *Tree) makeRoot(root string) error {
	files, links := t.files, t.links
	t.root, t.all = root, files
	t.files, t.links, t.lost = map[string]file{}, map[string]string{}, nil
	for name, f := range files {
		if rest, ok := strings.CutPrefix(name, root); ok {
			t.files[rest] = f
		}
	}
	place := root // the way to it may lead through links, as lib to usr/lib
	if at, ok := t.chase(strings.TrimSuffix(root, "/"), links); ok && root != "" {
		place = at + "/"
	}
	given := slices.Sorted(maps.Keys(files))
	for _, name := range slices.Sorted(maps.Keys(links)) {
		rest, ok := strings.CutPrefix(name, root)
		if !ok {
			continue
		}
		// A link may lead through the whole of what was given: the firmware of
		// Raspberry Pi OS goes through etc/alternatives.
		at, ok := t.chase(name, links)
		if !ok {
			t.lost = append(t.lost, rest)
		} else if strings.HasPrefix(place, at+"/") || at == "." {
			continue // it leads round in a circle, to what is packed already
		} else if below, ok := strings.CutPrefix(at, place); ok && below != "" {
			t.links[rest] = below
		} else if found, err := t.adopt(rest, at, given, links); err != nil {
			return err
		} else if !found {
			t.lost = append(t.lost, rest)
		}
	}
	t.dropDangling()
	return nil
}

// dropDangling takes out the links below the root that lead to no file and no folder.
func (t *Tree) dropDangling() {
	folders := foldersOf(t.files)
	maps.Copy(folders, foldersOf(t.links)) // of nothing but links
	for _, link := range slices.Sorted(maps.Keys(t.links)) {
		if target, _, ok := t.resolve(link); !ok && !folders[target] {
			t.lost = append(t.lost, link)
		}
	}
	for _, link := range t.lost {
		delete(t.links, link)
	}
	slices.Sort(t.lost)
}

// adopt takes what a link leads to outside of the root, a file or all files of a
// folder, for its own. Given are the names of what is held in memory, sorted.
func (t *Tree) adopt(name, at string, given []string, links map[string]string) (found bool, err error) {
	if t.fsys == nil {
		if f, ok := t.all[at]; ok {
			t.files[name] = f
			return true, nil
		}
		for i, _ := slices.BinarySearch(given, at+"/"); i < len(given) && len(t.files) < maxTreeFiles; i++ {
			below, ok := strings.CutPrefix(given[i], at+"/")
			if !ok {
				break
			}
			t.files[name+"/"+below], found = t.all[given[i]], true
		}
		for link := range links {
			if below, ok := strings.CutPrefix(link, at+"/"); ok {
				if place, ok := t.chase(link, links); ok {
					if f, ok := t.all[place]; ok {
						t.files[name+"/"+below], found = f, true
					}
				}
			}
		}
		return found, nil
	}
	info, _ := fs.Stat(t.fsys, at)
	switch {
	case info == nil: // it leads nowhere
		return false, nil
	case info.Mode().IsRegular():
		t.files[name] = file{size: info.Size(), path: at}
		return true, nil
	case !info.IsDir() || at == ".":
		return false, nil
	}
	err = fs.WalkDir(t.fsys, at, func(place string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case len(t.files) >= maxTreeFiles || strings.Count(place, "/") > maxTreeDepth:
			return fmt.Errorf("the link %s leads to more files or deeper than is read", name)
		case d.Type().IsRegular():
			info, err := d.Info()
			if err != nil {
				return err
			}
			t.files[name+strings.TrimPrefix(place, at)], found = file{size: info.Size(), path: place}, true
		case d.Type()&fs.ModeSymlink != 0:
			target, ok := t.chase(place, links)
			if info, err := fs.Stat(t.fsys, target); ok && err == nil && info.Mode().IsRegular() {
				t.files[name+strings.TrimPrefix(place, at)], found = file{size: info.Size(), path: target}, true
			} else {
				t.lost = append(t.lost, name+strings.TrimPrefix(place, at))
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", t.name, err)
	}
	return found, nil
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

// astray are the places outside of a root to which links lead and of which nothing was
// kept.
func (t *Tree) astray(root string) map[string]bool {
	t.root, t.all = root, t.files
	folders := foldersOf(t.files)
	places := map[string]bool{}
	for name := range t.links {
		if !strings.HasPrefix(name, root) {
			continue
		}
		at, ok := t.chase(name, t.links)
		if _, kept := t.files[at]; ok && at != "." && !kept && !folders[at] {
			places[at] = true
		}
	}
	return places
}

// foldersOf are the folders above names.
func foldersOf[T any](files map[string]T) map[string]bool {
	folders := map[string]bool{}
	for name := range files {
		for dir := path.Dir(name); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return folders
}
