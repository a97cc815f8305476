// Package imagerecord defines the two small JSON documents by which the parts
// of the probe image tell each other what they know: what the image builder
// packed, and what the image's init did before the probe ran.
//
// It holds the types and their strict, bounded decoding only; it reads no file.
package imagerecord

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Where the documents are kept inside a running image.
const (
	ImagePath        = "etc/boardprobe/image.json"
	PseudonymKeyPath = "etc/boardprobe/pseudonym.key"
	BootPath         = "run/boardprobe/boot.json"
)

// KernelConfig is where the image has the configuration of a kernel of the
// board's own system, if the builder was given one.
func KernelConfig(release string) string { return "etc/boardprobe/kernel-config-" + release }

// MaxBytes bounds both documents.
const MaxBytes = 256 << 10

// Packed says how much of a kernel's modules or firmware an image carries.
type Packed string

const (
	PackedNone Packed = "none"
	PackedSome Packed = "some"
	PackedAll  Packed = "all"
)

// Image is written by the image builder into the archive (ImagePath).
type Image struct {
	Builder        string   `json:"builder"`                   // name and version of the builder
	Architecture   string   `json:"architecture"`              // GOARCH of the packed probe
	Modules        Packed   `json:"modules"`                   // of the vendor's kernel
	Firmware       Packed   `json:"firmware"`                  // of the vendor's firmware folder
	KernelReleases []string `json:"kernel_releases,omitempty"` // releases the packed modules were built for
	ModuleCount    int      `json:"module_count,omitempty"`
	ModulesNamed   int      `json:"modules_named,omitempty"` // by modules.order of those kernels, without those that are left out by rule
	FirmwareCount  int      `json:"firmware_count,omitempty"`
}

// Boot is written by the image's init before the probe runs (BootPath).
type Boot struct {
	Role         string   `json:"role"`                    // "init" (PID 1) or "uinit" (started by another init)
	Settled      bool     `json:"settled"`                 // no device appeared for the quiet period before the cap
	SettleCapped bool     `json:"settle_capped,omitempty"` // the cap ended the wait
	Loaded       []string `json:"loaded,omitempty"`        // modules loaded, in order
	Failed       []Note   `json:"failed,omitempty"`        // modules that would not load
	Skipped      []string `json:"skipped,omitempty"`       // modules never loaded by rule or by the user's list
	Mounts       []Note   `json:"mounts,omitempty"`        // mounts that failed
	ReportVolume string   `json:"report_volume,omitempty"` // kernel name of the partition that carries the label, "" if none or more than one
	VolumeNote   string   `json:"volume_note,omitempty"`   // why there is no report volume, in one line
}

// Note is a subject and the error it ended with.
type Note struct {
	Subject string `json:"subject"`
	Error   string `json:"error"`
}

// DecodeImage reads an Image strictly: unknown fields and trailing data are errors.
func DecodeImage(data []byte) (Image, error) {
	var image Image
	err := decode(data, &image)
	return image, err
}

// DecodeBoot reads a Boot strictly: unknown fields and trailing data are errors.
func DecodeBoot(data []byte) (Boot, error) {
	var boot Boot
	err := decode(data, &boot)
	return boot, err
}

func decode(data []byte, into any) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("image record: %d bytes, at most %d are read", len(data), MaxBytes)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("image record: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("image record: data after the document")
	}
	return nil
}
