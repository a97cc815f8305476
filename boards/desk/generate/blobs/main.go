// Command blobs makes the table of known firmware files that the package desk
// embeds, out of unpacked Debian packages of firmware:
//
//	go run ./boards/desk/generate/blobs OUTPUT FOLDER...
//
// It is run by hand when the table is to know other releases; nothing at run
// time needs it.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "blobs:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: blobs OUTPUT FOLDER... (of unpacked packages)")
	}
	data, err := table(args[1:])
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], data, 0o644)
}

// digestBytes of each digest are kept: by chance two files agree in them once
// in 2^64.
const digestBytes = 8

// table reads the packages and writes the file: a line that names the format,
// one for each package with its name, release and area of the archive, and one
// for each path below lib/firmware with the digests of its contents, each with
// the numbers of the packages that have them.
func table(folders []string) ([]byte, error) {
	var text strings.Builder
	fmt.Fprintln(&text, "boardprobe-firmware 1")
	blobs := map[string]map[string][]string{} // path, digest, numbers of packages
	for i, folder := range folders {
		head, err := control(folder)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(&text, head)
		if err := files(folder, func(name, digest string) {
			if blobs[name] == nil {
				blobs[name] = map[string][]string{}
			}
			blobs[name][digest] = append(blobs[name][digest], fmt.Sprint(i))
		}); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(&text)
	for _, name := range slices.Sorted(maps.Keys(blobs)) {
		text.WriteString(name)
		for _, digest := range slices.Sorted(maps.Keys(blobs[name])) {
			fmt.Fprintf(&text, "\t%s:%s", digest, strings.Join(blobs[name][digest], ","))
		}
		text.WriteByte('\n')
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = z.Write([]byte(text.String()))
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}

// control reads name, upstream release and area of a package.
func control(folder string) (string, error) {
	data, err := os.ReadFile(filepath.Join(folder, "DEBIAN", "control"))
	if err != nil {
		return "", err
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	release, _, _ := strings.Cut(fields["Version"], "-") // of Debian, deb-version(7)
	area, _, ok := strings.Cut(fields["Section"], "/")
	if !ok {
		area = "main"
	}
	return strings.Join([]string{fields["Package"], release, area}, " "), nil
}

// files yields every file below lib/firmware by its path, links too, with the
// digest of its contents.
func files(folder string, visit func(name, digest string)) error {
	found := false
	for _, root := range []string{"usr/lib/firmware", "lib/firmware"} {
		root = filepath.Join(folder, root)
		if _, err := os.Stat(root); err != nil {
			continue
		}
		found = true
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a link to a file of another package
			}
			if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
				return nil
			}
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			sum := sha256.Sum256(data)
			visit(filepath.ToSlash(name), fmt.Sprintf("%x", sum[:digestBytes]))
			return err
		})
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s: no firmware", folder)
	}
	return nil
}
