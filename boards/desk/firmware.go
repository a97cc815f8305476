package desk

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed firmware.gz
var firmwareFile []byte

// Blob is a firmware file that packages of Debian have. All of them are made of
// linux-firmware, but for bluez-firmware.
type Blob struct {
	Name     string // below lib/firmware
	Packages []BlobPackage
}

// BlobPackage is a package of Debian.
type BlobPackage struct {
	Name    string
	Release string // of what it is made of, as 20250410
	Area    string // of the archive; what is in it may be passed on, as everything in the archive (Debian Policy 2.2, 2.3)
}

// FirmwareByDigest finds the files whose contents have that SHA-256, in
// hexadecimal; none says only that it is not one of the packages looked at.
func FirmwareByDigest(digest string) []Blob {
	t, err := firmwares()
	if err != nil || len(digest) < 2*digestBytes {
		return nil // the tests load the same file
	}
	return t.byDigest[digest[:2*digestBytes]]
}

// FirmwareByName finds the packages that have a file of that name, with
// whatever contents.
func FirmwareByName(name string) (Blob, bool) {
	t, err := firmwares()
	if err != nil {
		return Blob{}, false // the tests load the same file
	}
	b, ok := t.byName[name]
	return b, ok
}

// firmwareSource says what the table of firmware files was made of.
func firmwareSource() Source {
	t, err := firmwares()
	if err != nil {
		return Source{}
	}
	newest := ""
	for _, b := range t.byName {
		for _, p := range b.Packages {
			newest = max(newest, p.Release)
		}
	}
	date, err := time.Parse("20060102", newest)
	if err != nil {
		return Source{}
	}
	return Source{
		Name:    "firmware files",
		Title:   "firmware files that packages of Debian have, with their digests",
		Version: "linux-firmware " + newest,
		Date:    date.Format(time.DateOnly),
		Source:  "packages firmware-* and bluez-firmware of Debian 12 and 13",
		Rows:    len(t.byName),
	}
}

// digestBytes of a digest are in the table.
const digestBytes = 8

// firmwares is the embedded table, decoded at the first question.
var firmwares = sync.OnceValues(func() (*firmwareTable, error) { return decodeFirmware(firmwareFile) })

type firmwareTable struct {
	byDigest map[string][]Blob
	byName   map[string]Blob
}

// maxFirmwareTable bounds the decoded file.
const maxFirmwareTable = 4 << 20

// decodeFirmware reads the file that boards/desk/generate/blobs makes,
// compressed by gzip: lines "PACKAGE RELEASE AREA", an empty one, and lines
// "PATH TAB DIGEST:PACKAGES TAB ...", in which a package is its number above.
func decodeFirmware(file []byte) (*firmwareTable, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("firmware: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxFirmwareTable))
	if err != nil {
		return nil, fmt.Errorf("firmware: %w", err)
	}
	text, ok := strings.CutPrefix(string(data), "boardprobe-firmware 1\n")
	heads, rows, more := strings.Cut(text, "\n\n")
	if !ok || !more {
		return nil, fmt.Errorf("firmware: not the form of the table")
	}
	var packages []BlobPackage
	for line := range strings.SplitSeq(heads, "\n") {
		cells := strings.Split(line, " ")
		if len(cells) != 3 {
			return nil, fmt.Errorf("firmware: package %q", line)
		}
		packages = append(packages, BlobPackage{cells[0], cells[1], cells[2]})
	}
	t := &firmwareTable{byDigest: map[string][]Blob{}, byName: map[string]Blob{}}
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) < 2 {
			return nil, fmt.Errorf("firmware: row %q", line)
		}
		all := Blob{Name: cells[0]}
		for _, cell := range cells[1:] {
			digest, numbers, _ := strings.Cut(cell, ":")
			blob := Blob{Name: cells[0]}
			for number := range strings.SplitSeq(numbers, ",") {
				i, err := strconv.Atoi(number)
				if err != nil || i < 0 || i >= len(packages) || len(digest) != 2*digestBytes {
					return nil, fmt.Errorf("firmware: row %q", line)
				}
				blob.Packages = append(blob.Packages, packages[i])
			}
			all.Packages = append(all.Packages, blob.Packages...)
			t.byDigest[digest] = append(t.byDigest[digest], blob)
		}
		t.byName[all.Name] = all
	}
	return t, nil
}
