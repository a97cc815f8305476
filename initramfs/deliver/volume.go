// Package deliver gets what a run has made off the board: to the one FAT volume
// that carries the agreed label.
//
// It decides neither what is written nor when. A disk on which no volume
// carries the label is only read; a volume is mounted only to write to it.
package deliver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/fat"
	"github.com/boardprobe/boardprobe/probe/decode/superblock"
)

// DefaultLabel is the label of the volume that takes the report, unless another
// is asked for: what fits the eleven characters of a FAT label.
const DefaultLabel = "BOARDREPORT"

// Find returns the kernel's name, as in "sda1", of the one FAT volume with the
// label. If there is none, or more than one, the name is empty and the note
// says why, in one line. root is the folder that holds sys and dev.
func Find(root, label string) (device, note string) {
	names, err := blockDevices(root)
	if err != nil {
		return "", fmt.Sprintf("block devices cannot be listed: %v", err)
	}
	var found, other, exFATs []string
	for _, name := range names {
		volume, exFAT := labelOf(filepath.Join(root, "dev", name))
		switch {
		case exFAT:
			exFATs = append(exFATs, name)
		case volume == "":
			if kind, same := otherFormat(filepath.Join(root, "dev", name), label); same {
				other = append(other, name+" ("+kind+")")
			}
		case strings.EqualFold(volume, label): // FAT labels are upper case by rule, not by force
			found = append(found, name)
		}
	}
	found = slices.DeleteFunc(found, func(disk string) bool {
		return slices.ContainsFunc(found, func(part string) bool { return isStart(root, disk, part) })
	})
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return "", fmt.Sprintf("%d volumes are labelled %s (%s): leave one in", len(found), label, strings.Join(found, ", "))
	case len(other) > 0:
		return "", fmt.Sprintf("%s is labelled %s and is not FAT, so it is not written: format it as FAT32", strings.Join(other, ", "), label)
	case len(exFATs) > 0:
		return "", fmt.Sprintf("no FAT volume is labelled %s; %s is exFAT, which is not written: format it as FAT32", label, strings.Join(exFATs, ", "))
	case len(names) == 0:
		return "", "no block device was found"
	}
	return "", fmt.Sprintf("no volume is labelled %s", label)
}

// otherFormat names the file system of a device that carries a label and is no FAT.
func otherFormat(device, label string) (kind string, same bool) {
	f, err := os.OpenFile(device, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", false
	}
	content, ok := superblock.Identify(size, func(offset int64, length int) []byte {
		data := make([]byte, length)
		n, _ := f.ReadAt(data, offset) // what cannot be read is not recognised
		return data[:n]
	})
	return string(content.Type), ok && strings.EqualFold(content.Label, label)
}

// isStart reports whether a partition begins with the first sector of its disk, which
// then is the same volume: a FAT whose own first sector carries a table.
func isStart(root, disk, part string) bool {
	if part == disk || !strings.HasPrefix(part, disk) {
		return false
	}
	start, err := os.ReadFile(filepath.Join(root, "sys/class/block", part, "start"))
	return err == nil && strings.TrimSpace(string(start)) == "0"
}

// blockDevices lists, sorted, what may hold a file system: partitions and whole
// disks of the media that exist as hardware.
func blockDevices(root string) ([]string, error) {
	dir := filepath.Join(root, "sys/class/block") // Documentation/ABI/stable/sysfs-block of the kernel
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		place, err := filepath.EvalSymlinks(filepath.Join(dir, name))
		if err != nil || strings.Contains(place, "/virtual/") { // loop, ram, zram, dm, md
			continue
		}
		if size, err := os.ReadFile(filepath.Join(place, "size")); err != nil || strings.TrimSpace(string(size)) == "0" {
			continue
		}
		// A drive with a bad disc in it takes half a minute to say so
		// (include/scsi/scsi_proto.h: 5 is a CD-ROM).
		if kind, err := os.ReadFile(filepath.Join(place, "device/type")); err == nil && strings.TrimSpace(string(kind)) == "5" {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// ReadFile reads the start of a file in the root directory of a FAT volume, which
// is not mounted for it.
func ReadFile(device, name string, limit int) ([]byte, error) {
	f, err := os.OpenFile(device, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return fat.ReadFile(func(offset int64, length int) ([]byte, error) {
		data := make([]byte, length)
		n, err := f.ReadAt(data, offset)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return data[:n], err
	}, name, limit)
}

// labelOf reads the label of a FAT volume, from its root directory or else from
// its boot sector.
func labelOf(device string) (label string, exFAT bool) {
	// Not waiting: a drive without a medium would make the open wait for one.
	f, err := os.OpenFile(device, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	sector := make([]byte, fat.SectorBytes)
	if _, err := f.ReadAt(sector, 0); err != nil {
		return "", false
	}
	if fat.IsExFAT(sector) {
		return "", true
	}
	volume, err := fat.Parse(sector)
	if err != nil {
		return "", false
	}
	directory := make([]byte, volume.RootBytes)
	n, err := f.ReadAt(directory, volume.RootOffset)
	if err != nil && !errors.Is(err, io.EOF) {
		return volume.BootLabel, false
	}
	if label, _, known := fat.RootLabel(directory[:n]); known {
		return label, false
	}
	return volume.BootLabel, false
}
