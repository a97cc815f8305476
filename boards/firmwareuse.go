package boards

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Classes of firmware files.
const (
	FirmwareRequired = "required" // without one of its group the device does not work
	FirmwareBoard    = "board"    // needed for this board: without it the driver takes a default, is not calibrated, or does not start
	FirmwareOptional = "optional" // the driver goes on without
)

// FirmwareUse is what a driver makes of a firmware file.
type FirmwareUse struct {
	Driver string   // that asks for it, "" where no row knows the file
	Of     string   // what the driver drives, as dma or network; "" for a radio
	Class  string   // FirmwareRequired where no row knows the file
	Group  string   // files of one group of one device take each other's place
	Next   string   // what is asked for if the file is not there, and always complained of; "" if the table does not say
	From   []string // citations
}

// UseOfFirmware finds what a driver makes of a file, by its name below lib/firmware.
// The first row that fits counts. Of a file that no row knows a driver is taken to
// need it, and nothing to take its place.
func UseOfFirmware(file string) FirmwareUse {
	rows, err := firmwareUses()
	if err != nil {
		rows = nil // the tests load the same file
	}
	for _, row := range rows {
		if slices.ContainsFunc(row.files, func(pattern string) bool { return fitsFirmware(pattern, file) }) {
			use := row.FirmwareUse
			use.Group = cmp.Or(use.Group, file)
			if row.board {
				use.Next = withoutBoard(file)
			}
			return use
		}
	}
	return FirmwareUse{Class: FirmwareRequired, Group: file}
}

// withoutBoard cuts the name of the board out of that of a file, as brcmfmac does:
// brcmfmac43455-sdio.acme,a.bin is brcmfmac43455-sdio.bin for others. It is "" for
// the latter.
func withoutBoard(file string) string {
	dir, base := path.Split(file)
	stem, _, _ := strings.Cut(base, ".")
	if plain := dir + stem + path.Ext(base); plain != file {
		return plain
	}
	return ""
}

// fitsFirmware holds a pattern without a folder against the name in any.
func fitsFirmware(pattern, file string) bool {
	if !strings.Contains(pattern, "/") {
		file = path.Base(file)
	}
	ok, _ := path.Match(pattern, file)
	return ok
}

type firmwareRow struct {
	FirmwareUse
	files []string
	board bool // the board's file is asked for first
}

// firmwareUseFile is data/firmware-use.json.
type firmwareUseFile struct {
	Tree    string            `json:"tree"`
	Sources map[string]string `json:"sources"`
	Files   []struct {
		Driver string   `json:"driver"`
		Of     string   `json:"of"`
		Files  []string `json:"files"` // as of path.Match
		Class  string   `json:"class"`
		Group  string   `json:"group"` // "" if each file stands for itself
		Board  bool     `json:"board"` // the board's file is asked for first, and then the one without its name
		From   []string `json:"from"`
	} `json:"files"`
}

var firmwareUses = sync.OnceValues(func() ([]firmwareRow, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	return loadFirmwareUses(sub)
})

func loadFirmwareUses(root fs.FS) (rows []firmwareRow, err error) {
	const name = "firmware-use.json"
	var file firmwareUseFile
	if err := decodeFile(root, name, &file); err != nil {
		return nil, err
	}
	sources := radioFile{Tree: file.Tree, Sources: file.Sources}
	for i, f := range file.Files {
		from, err := sources.cite(f.From)
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", name, i+1, err)
		}
		if f.Driver == "" || !slices.Contains([]string{FirmwareRequired, FirmwareBoard, FirmwareOptional}, f.Class) || len(f.Files) == 0 {
			return nil, fmt.Errorf("%s: row %d has no driver, class or files", name, i+1)
		}
		for _, pattern := range f.Files {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				return nil, fmt.Errorf("%s: %q is no pattern", name, pattern)
			}
		}
		group := f.Group
		if group != "" {
			group = f.Driver + " " + group
		}
		rows = append(rows, firmwareRow{FirmwareUse{Driver: f.Driver, Of: f.Of, Class: f.Class, Group: group, From: from}, f.Files, f.Board})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rows", name)
	}
	return rows, nil
}
