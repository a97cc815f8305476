package probe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// opModulesThere asks how many of the modules with which a kernel was built are
// there. The subject is the folder of its release.
const opModulesThere = "modules-there/1"

// opFilesBelow asks how many plain files are below a folder.
const opFilesBelow = "files-below/1"

// modulesThere is the answer. Modules that nothing names, as those of DKMS, are
// in Files only.
type modulesThere struct {
	Listed bool `json:"listed"` // there is a modules.order
	Named  int  `json:"named"`  // by it: all that were built (Documentation/kbuild/modules.rst)
	There  int  `json:"there"`  // of these
	Files  int  `json:"files"`  // modules that are there
}

// Bounds of a walk below a folder.
const (
	maxFolders = 20_000
	maxBelow   = 200_000 // names
	maxOrder   = 4 << 20 // bytes of modules.order; a distribution's has 300 kB
)

// gatherModulesThere reads the folders, which is quick on slow media, too.
func gatherModulesThere(ctx context.Context, f *files, dir string) ([]byte, error) {
	var a modulesThere
	here := map[string]bool{}
	err := below(ctx, f, dir, func(name string) {
		if module, ok := moduleName(name); ok {
			here[module] = true
			a.Files++
		}
	})
	if err != nil {
		return nil, err
	}
	order, truncated, err := f.read(dir+"/modules.order", maxOrder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return json.Marshal(a)
	case err != nil:
		return nil, err
	case truncated:
		return nil, errTooMany
	}
	a.Listed = true
	named := map[string]bool{}
	for line := range strings.Lines(string(order)) {
		if module, ok := moduleName(path.Base(strings.TrimSpace(line))); ok && !named[module] {
			named[module] = true
			a.Named++
			if here[module] {
				a.There++
			}
		}
	}
	return json.Marshal(a)
}

// gatherFilesBelow counts.
func gatherFilesBelow(ctx context.Context, f *files, dir string) ([]byte, error) {
	n := 0
	if err := below(ctx, f, dir, func(string) { n++ }); err != nil {
		return nil, err
	}
	return json.Marshal(n)
}

// moduleName is the name of the module in a file, as the kernel knows it.
func moduleName(file string) (string, bool) {
	for _, packed := range []string{"", ".gz", ".xz", ".zst"} {
		if name, ok := strings.CutSuffix(file, ".ko"+packed); ok && name != "" {
			return strings.ReplaceAll(name, "-", "_"), true
		}
	}
	return "", false
}

// below calls each for the name of everything below a folder that is none itself.
// Links are named, and not followed: those of a release lead to its sources.
func below(ctx context.Context, f *files, dir string, each func(name string)) error {
	place, err := f.locate(dir)
	if err != nil {
		return err
	}
	folders, names := 0, 0
	open := []string{place}
	for len(open) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if folders++; folders > maxFolders {
			return errTooMany
		}
		err := f.entries(at, func(e fs.DirEntry) error {
			if names++; names > maxBelow {
				return errTooMany
			}
			if e.IsDir() {
				open = append(open, at+"/"+e.Name())
			} else {
				each(e.Name())
			}
			return nil
		})
		if err != nil && (at == place || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// errTooMany is the answer where more is there than is read.
var errTooMany = errors.New("more entries than are read")

// entries gives each the entries of a folder whose path has no links.
func (f *files) entries(place string, each func(fs.DirEntry) error) error {
	dir, err := f.openDir(place, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		some, err := dir.ReadDir(512)
		for _, e := range some {
			if err := each(e); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
