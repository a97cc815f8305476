package scope

import (
	"fmt"
	"path"
	"strings"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// Firmware is a file that a radio of the board asks for, and what it takes to have it
// in an image.
type Firmware struct {
	File            string `json:"file"`  // below lib/firmware
	Known           bool   `json:"known"` // linux-firmware has it
	Default         bool   `json:"default"`
	Package         string `json:"package,omitempty"` // of Yocto
	Bytes           int64  `json:"bytes,omitempty"`   // not compressed
	Licence         string `json:"licence,omitempty"`
	Redistributable bool   `json:"redistributable"` // by WHENCE or by Debian; false: not known
	Note            string `json:"note,omitempty"`
}

// firmwareOf looks the files of radios up that a report names.
func firmwareOf(r *report.Report) []Firmware {
	var list []Firmware
	for _, file := range require.RadioFiles(r) {
		f := Firmware{File: file}
		row, ok := desk.FirmwarePackageOf(file)
		for hops := 0; ok && row.Link != "" && hops < 4; hops++ { // the link is in the package, and its file
			if target, there := desk.FirmwarePackageOf(path.Join(path.Dir(row.File), row.Link)); there {
				row.Bytes, row.Link = target.Bytes, target.Link
				continue
			}
			break
		}
		if ok {
			f.Known, f.Package, f.Bytes, f.Licence, f.Redistributable = true, row.Package, row.Bytes, row.Licence, row.Redistributable
			f.Default = row.Default == desk.DefaultAll || row.Default == desk.DefaultLayer
			switch {
			case row.Default == desk.DefaultRemoved:
				f.Note = "in a default package, and deleted when the image is made"
			case row.PackageWrynose != "":
				f.Note = "on wrynose in " + row.PackageWrynose
			}
		}
		list = append(list, f)
	}
	return list
}

// text is all that is known of a file.
func (f Firmware) text() string {
	words := []string{f.File}
	switch {
	case !f.Known:
		words = append(words, "not in linux-firmware: from the board's maker")
	case f.Default:
		words = append(words, "default")
	default:
		words = append(words, "addition")
	}
	if f.Package != "" {
		words = append(words, f.Package)
	}
	if f.Bytes > 0 {
		words = append(words, fmt.Sprintf("%d bytes", f.Bytes))
	}
	if f.Licence != "" {
		words = append(words, f.Licence)
	}
	if f.Known && !f.Redistributable {
		words = append(words, "whether it may be passed on is not known")
	}
	if f.Note != "" {
		words = append(words, f.Note)
	}
	return strings.Join(words, ", ")
}
