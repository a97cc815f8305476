package boards

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Kinds of radios.
const (
	RadioWiFi      = "wifi"
	RadioBluetooth = "bluetooth"
)

// Radio is what documents say about a Wi-Fi or Bluetooth chip, or about several
// that have one identification.
type Radio struct {
	Name     string
	Kind     string
	Drivers  []RadioDriver // any of which can drive it; mainline ones first
	Mainline []string      // series of Linux that can drive it, of those that were looked at: 5.10, 6.1, 6.12; or the first later one that was
	Firmware []FirmwareFile
	Board    []FirmwareFile // beside the firmware: calibration and configuration
	From     []string       // citations
}

// RadioDriver is a driver of a radio.
type RadioDriver struct {
	Module string
	Option string   // of the kernel; "" for a driver that is not part of Linux
	From   []string // citations; of a driver outside Linux, where it is
}

// OutOfTree reports whether the driver is not part of Linux.
func (d RadioDriver) OutOfTree() bool { return d.Option == "" }

// FirmwareFile is a file below lib/firmware that a driver may ask for.
type FirmwareFile struct {
	Name string // a pattern as of path.Match, in which <board> stands for the first compatible of the root; "none" says that there is none
	When string // on what it depends, "" if on nothing
}

// For returns the name for a board with that first compatible, in which drivers
// write '-' for '/' (drivers/net/wireless/broadcom/brcm80211/brcmfmac/of.c).
func (f FirmwareFile) For(compatible string) string {
	return strings.ReplaceAll(f.Name, "<board>", strings.ReplaceAll(compatible, "/", "-"))
}

// Matches reports whether the pattern is that of a file, compressed or not.
func (f FirmwareFile) Matches(file string) bool {
	file = strings.TrimSuffix(strings.TrimSuffix(file, ".xz"), ".zst")
	ok, _ := path.Match(strings.ReplaceAll(f.Name, "<board>", "*"), file)
	return ok
}

// RadioByCompatible finds what is known about the radio of a device-tree node
// by the first of its compatibles that is a radio's.
func RadioByCompatible(compatibles []string) (Radio, bool) {
	for _, c := range compatibles {
		if r, ok := radio("of:" + c); ok {
			return r, true
		}
	}
	return Radio{}, false
}

// modaliasIDs are the forms of modaliases (scripts/mod/file2alias.c) of which
// vendor and device identify a radio.
var modaliasIDs = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(sdio):c[0-9A-F]{2}v([0-9A-F]{4})d([0-9A-F]{4})|^(usb):v([0-9A-F]{4})p([0-9A-F]{4})|^(pci):v0000([0-9A-F]{4})d0000([0-9A-F]{4})`)
})

// RadioByModalias finds what is known about a radio by the modalias that the
// kernel gives its device on SDIO, USB or PCI.
func RadioByModalias(modalias string) (Radio, bool) {
	if rest, ok := strings.CutPrefix(modalias, "of:"); ok {
		_, list, _ := strings.Cut(rest, "C")
		return RadioByCompatible(strings.Split(list, "C"))
	}
	m := modaliasIDs().FindStringSubmatch(modalias)
	for i := 1; i < len(m); i += 3 {
		if m[i] != "" {
			return radio(strings.ToLower(strings.Join(m[i:i+3], ":")))
		}
	}
	return Radio{}, false
}

// DefaultFirmware names the package of balenaOS that holds a firmware file in
// every image; false if an image gets that file only by an addition for its
// device type.
func DefaultFirmware(file string) (string, bool) {
	t, err := radios()
	if err != nil {
		return "", false // the tests load the same files
	}
	for _, p := range t.defaults.Packages {
		for _, pattern := range p.Files {
			if ok, _ := path.Match(pattern, file); ok {
				return p.Name, true
			}
		}
	}
	return "", false
}

// IsRadioFirmware reports whether a radio of the table may ask for a file, which
// can be a pattern of the table itself, or a driver of radios does.
func IsRadioFirmware(file string) bool {
	if use := UseOfFirmware(file); use.Driver != "" && use.Of == "" {
		return true
	}
	t, err := radios()
	if err != nil {
		return false // the tests load the same files
	}
	for _, r := range t.byID {
		for _, f := range slices.Concat(r.Firmware, r.Board) {
			if f.Name == file || f.Name != "*" && f.Matches(file) {
				return true
			}
		}
	}
	return false
}

// radio reads the one file that has the id: most devices are no radio.
func radio(id string) (Radio, bool) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return Radio{}, false
	}
	t, err := loadRadios(sub, func(content []byte) bool { return mentions(content, []string{id}) })
	if err != nil {
		return Radio{}, false // the tests load the same files
	}
	r, ok := t.byID[id]
	return r, ok
}

// radios is the embedded table, decoded at the first question.
var radios = sync.OnceValues(func() (*radioTable, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	return loadAllRadios(sub)
})

type radioTable struct {
	byID     map[string]Radio
	defaults defaultFirmware
}

// defaultFirmware is data/firmware.json.
type defaultFirmware struct {
	From     []string `json:"from"`
	Packages []struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
	} `json:"packages"`
}

// radioFile is data/radio/<vendor>.json. A source is a path below the tree, or a
// citation of its own.
type radioFile struct {
	Tree    string                `json:"tree"`
	Sources map[string]string     `json:"sources"`
	Drivers map[string]radioMaker `json:"drivers"`
	Chips   []radioChip           `json:"chips"`
}

type radioMaker struct {
	Module    string   `json:"module"`
	Option    string   `json:"option"`
	OutOfTree bool     `json:"out_of_tree"`
	From      []string `json:"from"`
}

type radioChip struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	IDs      []string `json:"ids"` // of:COMPATIBLE, or sdio, usb or pci with vendor and device
	Drivers  []string `json:"drivers"`
	Mainline []string `json:"mainline"`
	Firmware []string `json:"firmware"` // a file, or "FILE if CONDITION"
	Board    []string `json:"board"`
	From     []string `json:"from"`
}

// loadAllRadios reads all files about radios and validates them.
func loadAllRadios(root fs.FS) (*radioTable, error) {
	t, err := loadRadios(root, func([]byte) bool { return true })
	if err != nil {
		return nil, err
	}
	if err := decodeFile(root, "firmware.json", &t.defaults); err != nil {
		return nil, err
	}
	if err := checkCitations(t.defaults.From); err != nil {
		return nil, fmt.Errorf("firmware.json: %w", err)
	}
	return t, nil
}

// loadRadios reads the files that are wanted by their content.
func loadRadios(root fs.FS, wanted func(content []byte) bool) (*radioTable, error) {
	t := &radioTable{byID: map[string]Radio{}}
	err := decodeWanted(root, "radio/*.json", wanted, func(name string, f radioFile) error {
		if err := t.add(&f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (t *radioTable) add(f *radioFile) error {
	for _, c := range f.Chips {
		r, err := f.radio(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		for _, id := range c.IDs {
			if !radioID().MatchString(id) {
				return fmt.Errorf("%s: id %q", c.Name, id)
			}
			if other, ok := t.byID[id]; ok {
				return fmt.Errorf("%s: id %q is %s already", c.Name, id, other.Name)
			}
			t.byID[id] = r
		}
	}
	return nil
}

var radioID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(of:[a-z0-9]+,[a-z0-9-]+|(sdio|usb|pci):[0-9a-f]{4}:[0-9a-f]{4})$`)
})

func (f *radioFile) radio(c radioChip) (Radio, error) {
	r := Radio{Name: c.Name, Kind: c.Kind, Mainline: c.Mainline}
	if c.Name == "" || c.Kind != RadioWiFi && c.Kind != RadioBluetooth || len(c.IDs) == 0 || len(c.Drivers) == 0 || len(c.Firmware) == 0 {
		return r, errors.New("not a name, kind, ids, drivers and firmware")
	}
	for _, key := range c.Drivers {
		d, ok := f.Drivers[key]
		if !ok || d.Module == "" || d.OutOfTree != (d.Option == "") {
			return r, fmt.Errorf("driver %q has no module, or is neither with an option nor out of tree", key)
		}
		from, err := f.cite(d.From)
		if err != nil {
			return r, err
		}
		r.Drivers = append(r.Drivers, RadioDriver{Module: d.Module, Option: d.Option, From: from})
	}
	if slices.ContainsFunc(r.Drivers, func(d RadioDriver) bool { return !d.OutOfTree() }) != (len(c.Mainline) > 0) {
		return r, errors.New("a driver of Linux, and no series that has it, or the other way round")
	}
	var err error
	if r.Firmware, err = firmwareFiles(c.Firmware); err != nil {
		return r, err
	}
	if r.Board, err = firmwareFiles(c.Board); err != nil {
		return r, err
	}
	r.From, err = f.cite(c.From)
	return r, err
}

func (f *radioFile) cite(keys []string) ([]string, error) {
	var list []string
	for _, key := range keys {
		source, ok := f.Sources[key]
		if !ok {
			return nil, fmt.Errorf("no source %q", key)
		}
		if !strings.Contains(source, "https://") {
			source = f.Tree + source
		}
		list = append(list, source)
	}
	return list, checkCitations(list)
}

func firmwareFiles(list []string) (files []FirmwareFile, err error) {
	for _, text := range list {
		var file FirmwareFile
		file.Name, file.When, _ = strings.Cut(text, " if ")
		if _, err := path.Match(file.Name, ""); err != nil || file.Name == "" {
			return nil, fmt.Errorf("firmware %q is no pattern", text)
		}
		files = append(files, file)
	}
	return files, nil
}
