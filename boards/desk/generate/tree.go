package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ulikunitz/xz"
)

// tree is what the source of a kernel says of its drivers.
type tree struct {
	version string // of the package
	date    string // of that version, as 2006-01-02
	make    *makefiles
	files   map[string]scan // by object
}

// readTree reads a folder that holds the files of a linux-source package.
func readTree(folder string) (tree, error) {
	version, err := packageVersion(folder)
	if err != nil {
		return tree{}, err
	}
	t := tree{version: version, make: newMakefiles(), files: map[string]scan{}}
	if t.date, err = changelogDate(folder); err != nil {
		return tree{}, err
	}
	archive, err := sourceArchive(folder)
	if err != nil {
		return tree{}, err
	}
	return t, t.readArchive(archive)
}

func (t *tree) readArchive(archive string) error {
	constants := map[string]uint64{"PCI_ANY_ID": anyID}
	later := map[string]string{} // files that need the constants, which come after them in the archive
	err := eachFile(archive, func(name, text string) {
		switch {
		case path.Ext(name) == ".h":
			maps.Copy(constants, numbers(text))
		case path.Ext(name) != ".c":
			t.make.add(path.Dir(name), text)
		case hasNumbers(text):
			later[name] = text
		default:
			t.addScan(name, scanC(text, nil))
		}
	})
	for name, text := range later {
		t.addScan(name, scanC(text, constants))
	}
	return err
}

// hasNumbers reports whether a file has tables that identify devices by number.
func hasNumbers(text string) bool {
	for _, bus := range []string{"pci", "usb", "sdio", "mdio", "virtio"} {
		if strings.Contains(text, bus+"_device_id") {
			return true
		}
	}
	return false
}

func (t *tree) addScan(name string, s scan) {
	if !s.isEmpty() {
		t.files[strings.TrimSuffix(name, ".c")] = s
	}
}

// numbers returns the macros of a file that are numbers.
func numbers(text string) map[string]uint64 {
	found := map[string]uint64{}
	s := readC(text)
	for name, value := range s.macros {
		if len(value) != 1 {
			continue
		}
		if n, ok := s.number(value[0], nil); ok {
			found[name] = n
		}
	}
	return found
}

func sourceArchive(folder string) (string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "usr", "src", "linux-source-*.tar.xz"))
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", fmt.Errorf("%s: %d archives usr/src/linux-source-*.tar.xz, want one", folder, len(names))
	}
	return names[0], nil
}

// isWanted chooses the files of drivers, by their name in the source.
func isWanted(name string) bool {
	switch first, rest, _ := strings.Cut(name, "/"); first {
	case "Documentation", "samples", "scripts", "tools":
		return false
	case "arch":
		if machine, _, _ := strings.Cut(rest, "/"); machine != "arm" && machine != "arm64" && machine != "riscv" && machine != "x86" {
			return false
		}
	}
	base := path.Base(name)
	return base == "Makefile" || base == "Kbuild" || path.Ext(base) == ".c" || isNumbers(name)
}

// isNumbers reports whether a header defines the numbers of devices.
func isNumbers(name string) bool {
	switch name {
	case "include/linux/mmc/sdio_ids.h", "include/linux/pci_ids.h", "include/uapi/linux/virtio_ids.h":
		return true
	}
	folder, base := path.Split(name)
	return folder == "include/linux/" && strings.HasSuffix(base, "phy.h")
}

// maxSourceBytes bounds a file of the source.
const maxSourceBytes = 32 << 20

// eachFile yields the wanted files of a source archive, whose names begin with
// a folder that is not part of the source.
func eachFile(archive string, yield func(name, text string)) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	x, err := xz.NewReader(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	for r := tar.NewReader(x); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		if header.Typeflag != tar.TypeReg || !isWanted(name) {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(r, maxSourceBytes))
		if err != nil {
			return fmt.Errorf("%s: %s: %w", archive, name, err)
		}
		yield(name, string(data))
	}
}

var changelogTrailer = regexp.MustCompile(`(?m)^ -- .*>  (.+)$`)

// changelogDate reads the date of the newest entry of the package's changelog.
func changelogDate(folder string) (string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "usr", "share", "doc", "*", "changelog.Debian.gz"))
	if err != nil || len(names) != 1 {
		return "", fmt.Errorf("%s: %d files usr/share/doc/*/changelog.Debian.gz, want one", folder, len(names))
	}
	f, err := os.Open(names[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", names[0], err)
	}
	start, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil {
		return "", fmt.Errorf("%s: %w", names[0], err)
	}
	m := changelogTrailer.FindSubmatch(start)
	if m == nil {
		return "", fmt.Errorf("%s: no entry is signed", names[0])
	}
	date, err := time.Parse(time.RFC1123Z, string(m[1]))
	if err != nil {
		return "", fmt.Errorf("%s: %w", names[0], err)
	}
	return date.Format(time.DateOnly), nil
}
