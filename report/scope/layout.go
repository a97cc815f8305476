package scope

import "fmt"

// What balenaOS 8 lays out on a new board's medium, in MiB (meta-balena 8.0.2,
// classes/image_types_balena.bbclass). Machines of before 8.0.0 keep their smaller
// partitions in the field; a new board has these.
const (
	layoutVersion = "meta-balena 8.0.2"
	mib           = 1 << 20

	gapMiB       = 4 // DEVICE_SPECIFIC_SPACE; some machines have up to 584
	bootMiB      = 100
	rootMiB      = 640 // each of two
	stateMiB     = 80
	alignmentMiB = 8 // of the extended partition and of the parts
	dataMiB      = 192
	tailMiB      = 4

	luksMiB   = 16 // header of each of five partitions
	luksParts = 5
)

// Part is a part of a layout.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Layout is balenaOS on a medium.
type Layout struct {
	Parts     []Part `json:"parts"`      // from the beginning of the medium; the last is what remains for data
	OSBytes   int64  `json:"os_bytes"`   // all but data
	DataBytes int64  `json:"data_bytes"` // what remains
	Fits      bool   `json:"fits"`       // the image can be written, with its first 192 MiB of data
	Note      string `json:"note,omitempty"`
}

// LayoutOn lays balenaOS out on a medium of so many bytes. Where it is encrypted,
// each partition has a header, and a second one of the size of boot is not.
func LayoutOn(medium, sector int64, encrypted bool) Layout {
	parts := []Part{
		{"gap for the boot loader", gapMiB * mib},
		{"resin-boot", bootMiB * mib},
		{"resin-rootA", rootMiB * mib},
		{"resin-rootB", rootMiB * mib},
		{"resin-state", stateMiB * mib},
		{"alignment", alignmentMiB * mib},
	}
	if encrypted {
		parts = append(parts, Part{"boot, not encrypted", bootMiB * mib}, Part{"headers of LUKS", luksParts * luksMiB * mib})
	}
	var l Layout
	for _, p := range parts {
		l.OSBytes += p.Bytes
	}
	l.DataBytes = max(medium-l.OSBytes, 0)
	l.Fits = l.DataBytes >= (dataMiB+tailMiB)*mib
	l.Parts = append(parts, Part{"resin-data", l.DataBytes})
	if sector != 512 && sector != 0 {
		l.Note = fmt.Sprintf("sectors of %d bytes: the image and its tools are made for 512, which has to be tried", sector)
	}
	return l
}
