package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

// kernel is the modules of an unpacked linux-image package.
type kernel struct {
	version string // of the package, such as 6.12.117-1
	modules []modinfo
}

// readKernel reads a folder that holds the files of a linux-image package.
func readKernel(folder string) (kernel, error) {
	version, err := packageVersion(folder)
	if err != nil {
		return kernel{}, err
	}
	k := kernel{version: version}
	var names []string
	root := ""
	err = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == "modules.builtin.modinfo":
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			k.modules = append(k.modules, parseBuiltin(data)...)
			root = filepath.Dir(name)
		case strings.HasSuffix(name, ".ko"), strings.HasSuffix(name, ".ko.xz"):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return kernel{}, err
	}
	if root == "" || len(names) == 0 {
		return kernel{}, fmt.Errorf("%s: no modules with a modules.builtin.modinfo", folder)
	}
	read := make([]modinfo, len(names))
	errs := make([]error, len(names))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				read[i], errs[i] = readModule(names[i])
				read[i].object = moduleObject(root, names[i])
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	workers.Wait()
	k.modules = append(k.modules, read...)
	return k, errors.Join(errs...)
}

// moduleObject turns ROOT/kernel/drivers/x/y.ko.xz into drivers/x/y.
func moduleObject(root, name string) string {
	object := strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, root)), "/")
	object = strings.TrimPrefix(object, "kernel/")
	return strings.TrimSuffix(strings.TrimSuffix(object, ".xz"), ".ko")
}

var versionField = regexp.MustCompile(`(?m)^Version: *([0-9]+\.[0-9]+\S*)$`)

// packageVersion reads the version of the package that was unpacked.
func packageVersion(folder string) (string, error) {
	control, err := os.ReadFile(filepath.Join(folder, "DEBIAN", "control"))
	if err != nil {
		return "", err
	}
	m := versionField.FindSubmatch(control)
	if m == nil {
		return "", fmt.Errorf("%s: no version in DEBIAN/control", folder)
	}
	return string(m[1]), nil
}
