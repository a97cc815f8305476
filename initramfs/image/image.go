// Package image builds the initramfs with which a board is probed: the probe
// as /init, the modules and firmware of the board's kernel, and an index by
// which the probe finds its modules.
//
// It needs neither root nor external programs, and the same contents always
// give the same bytes. It does not build the probe or a kernel, and it makes
// no bootable media.
package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
)

// DefaultModuleLimit is up to how many bytes of modules, not compressed, an
// image carries all modules of a kernel. They stay in RAM.
const DefaultModuleLimit = 64 << 20

// largeImage is the unpacked size above which a board with little RAM may not
// be able to boot an image.
const largeImage = 128 << 20

// Spec says what goes into an image.
type Spec struct {
	Architecture string         // GOARCH of the probe, one of Architectures
	Probe        []byte         // the probe, a static ELF executable
	Modules      *Tree          // modules of the board's kernel; nil: none
	Firmware     *Tree          // firmware of the board; nil: none
	ModuleLimit  int64          // see DefaultModuleLimit, which 0 means
	PseudonymKey *pseudonym.Key // nil: the probe makes one for each run
	Files        []File         // further files
	Builder      string         // name and version of the program that builds
	Epoch        uint32         // time of all files, in seconds since 1970
}

// File is a further file of an image.
type File struct {
	Name string // path without a leading slash
	Mode fs.FileMode
	Data []byte
}

// Archive is an image ready to be written.
type Archive struct {
	Record   imagerecord.Image
	Kernels  []Kernel // one for each release, sorted
	Firmware Firmware
	Warnings []string // what the user should know, one line each

	entries map[string]entry
	epoch   uint32
}

// Kernel reports on the modules of one kernel release.
type Kernel struct {
	Release string
	Found   int   // modules in the tree that was given
	Packed  int   // of these in the image
	Builtin int   // modules named in modules.builtin
	Bytes   int64 // of the packed modules
}

// Firmware reports on the firmware files.
type Firmware struct {
	Found  int
	Packed int
	Bytes  int64 // of the packed files
}

// New reads what the specification names and decides what the image contains.
func New(spec Spec) (*Archive, error) {
	if err := checkProbe(spec.Probe, spec.Architecture); err != nil {
		return nil, err
	}
	a := &Archive{
		Record: imagerecord.Image{
			Builder:      spec.Builder,
			Architecture: spec.Architecture,
			Modules:      imagerecord.PackedNone,
			Firmware:     imagerecord.PackedNone,
		},
		entries: map[string]entry{},
		epoch:   spec.Epoch,
	}
	if err := a.addBase(spec); err != nil {
		return nil, err
	}
	var drivers []modinfo
	if spec.Modules != nil {
		var err error
		if drivers, err = a.addModules(spec); err != nil {
			return nil, err
		}
	}
	if spec.Firmware != nil {
		if err := a.addFirmware(spec.Firmware, drivers, spec.Modules != nil); err != nil {
			return nil, err
		}
	}
	for _, f := range spec.Files {
		if err := a.addFile(f.Name, f.Mode, f.Data); err != nil {
			return nil, err
		}
	}
	record, err := json.MarshalIndent(a.Record, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("image record: %w", err)
	}
	if err := a.addFile(imagerecord.ImagePath, 0o644, append(record, '\n')); err != nil {
		return nil, err
	}
	if n := a.rawBytes(); n > largeImage {
		a.warn("unpacked the image takes %d MB of the board's RAM", n/1e6)
	}
	return a, nil
}

// addBase adds what every image has.
func (a *Archive) addBase(spec Spec) error {
	// The kernel opens /dev/console for init before anything is mounted, and a
	// Go program without open standard descriptors ends at once if it cannot
	// open /dev/null, so both must be in the archive; devtmpfs hides them later.
	nodes := []struct {
		name         string
		mode         uint64
		major, minor uint64 // Documentation/admin-guide/devices.txt of the kernel
	}{
		{"dev/console", 0o600, 5, 1},
		{"dev/null", 0o666, 1, 3},
		{"dev/kmsg", 0o644, 1, 11},
	}
	for _, n := range nodes {
		if err := a.add(n.name, entry{mode: modeCharDevice | n.mode, major: n.major, minor: n.minor}); err != nil {
			return err
		}
	}
	for _, dir := range []string{"proc", "run", "sys"} {
		if err := a.add(dir, entry{mode: modeDir | 0o755}); err != nil {
			return err
		}
	}
	if err := a.add("tmp", entry{mode: modeDir | 0o1777}); err != nil {
		return err
	}
	if err := a.addFile("init", 0o755, spec.Probe); err != nil {
		return err
	}
	// The kernel calls /sbin/modprobe when it needs a module by name; the probe
	// answers under that name.
	for _, link := range []string{"bin/boardprobe", "sbin/modprobe"} {
		if err := a.addLink(link, "/init"); err != nil {
			return err
		}
	}
	if spec.PseudonymKey != nil {
		return a.addFile(imagerecord.PseudonymKeyPath, 0o600, []byte(spec.PseudonymKey.String()+"\n"))
	}
	return nil
}

func (a *Archive) warn(format string, args ...any) {
	a.Warnings = append(a.Warnings, fmt.Sprintf(format, args...))
}

// some lists at most five of the names.
func some(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// add places an entry and the folders above it.
func (a *Archive) add(name string, e entry) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return fmt.Errorf("image: %q is not a path of a file", name)
	}
	if len(name) >= maxPath {
		return fmt.Errorf("image: path of %d bytes, at most %d are allowed", len(name), maxPath-1)
	}
	if e.size > maxFileBytes {
		return fmt.Errorf("image: %s has %d bytes, the archive format holds at most %d", name, e.size, int64(maxFileBytes))
	}
	if _, ok := a.entries[name]; ok {
		return fmt.Errorf("image: two files are to become /%s", name)
	}
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		dir := name[:i]
		above, ok := a.entries[dir]
		if ok && above.mode&modeType != modeDir {
			return fmt.Errorf("image: /%s is not a folder, /%s cannot be placed", dir, name)
		}
		if !ok {
			a.entries[dir] = entry{mode: modeDir | 0o755}
		}
	}
	a.entries[name] = e
	return nil
}

func (a *Archive) addFile(name string, mode fs.FileMode, data []byte) error {
	return a.add(name, entry{
		mode: modeRegular | uint64(mode.Perm()),
		size: int64(len(data)),
		read: func() ([]byte, error) { return data, nil },
	})
}

func (a *Archive) addLink(name, target string) error {
	if target == "" {
		return errors.New("image: link without target")
	}
	return a.add(name, entry{
		mode: modeLink | 0o777,
		size: int64(len(target)),
		read: func() ([]byte, error) { return []byte(target), nil },
	})
}

// addFromTree adds a file as the tree holds it. It is read when the archive is
// written.
func (a *Archive) addFromTree(name string, t *Tree, file string) error {
	return a.add(name, entry{
		mode: modeRegular | 0o644,
		size: t.files[file].size,
		read: func() ([]byte, error) { return t.read(file) },
	})
}

// addModule adds a module as the kernel loads it, not compressed: not every
// kernel that has compressed modules can expand them itself, the probe need
// not know how, and the image as a whole is compressed.
func (a *Archive) addModule(name string, t *Tree, m module) error {
	return a.add(name, entry{
		mode: modeRegular | 0o644,
		size: m.size,
		read: func() ([]byte, error) {
			data, err := t.read(m.file)
			if err != nil {
				return nil, err
			}
			return decompressAll(bytes.NewReader(data), maxModuleBytes)
		},
	})
}
