// Command generate makes the table of drivers that the package desk embeds, out
// of unpacked Debian packages:
//
//	go run ./boards/desk/generate OUTPUT FOLDER...
//
// A folder holds the files of a linux-image package, whose modules say which
// devices they match, or of a linux-source package, whose Makefiles say by
// which option a module is built, and whose text fills in the drivers that the
// kernels do not build as modules.
//
// It is run by hand when the table is to be that of another kernel; nothing at
// run time needs it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(2)
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) < 3 {
		return errors.New("usage: generate OUTPUT FOLDER... (of unpacked packages)")
	}
	var trees []tree
	var kernels []kernel
	for _, folder := range args[1:] {
		if _, err := os.Stat(filepath.Join(folder, "usr", "src")); err == nil {
			t, err := readTree(folder)
			if err != nil {
				return err
			}
			trees = append(trees, t)
			continue
		}
		k, err := readKernel(folder)
		if err != nil {
			return err
		}
		kernels = append(kernels, k)
	}
	if len(trees) == 0 || len(kernels) == 0 {
		return errors.New("neither a linux-source nor a linux-image package may be missing")
	}
	slices.SortStableFunc(trees, func(a, b tree) int { return compareVersions(b.version, a.version) })
	slices.SortStableFunc(kernels, func(a, b kernel) int { return compareVersions(b.version, a.version) })
	t := merge(trees, kernels)
	data, err := t.encode(trees[0].version, trees[0].date)
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], data, 0o644); err != nil {
		return err
	}
	t.figures(stdout)
	_, err = fmt.Fprintf(stdout, "%s: %d bytes\n", args[0], len(data))
	return err
}

// figures prints what is in the table.
func (t table) figures(w io.Writer) {
	drivers, patterns, firmware, optionless, read, old := 0, 0, 0, 0, 0, 0
	perBus := map[string]int{}
	for _, d := range t {
		drivers++
		patterns += len(d.aliases)
		firmware += len(d.firmware)
		for _, alias := range d.aliases {
			bus, _ := busOf(alias)
			perBus[bus]++
		}
		switch {
		case d.kernel != "":
			old++
		case !d.loadable:
			read++
		}
		if d.option == "" {
			optionless++
		}
	}
	fmt.Fprintf(w, "%d drivers (%d from source text only, %d of older kernels), %d without an option\n", drivers, read, old, optionless)
	fmt.Fprintf(w, "%d patterns, %d firmware names\n", patterns, firmware)
	for _, bus := range buses {
		fmt.Fprintf(w, "%8s %6d\n", bus, perBus[bus])
	}
}
