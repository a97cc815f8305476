package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report/seal"
)

// Values of -o that are no place in a file system.
const (
	outStdout = "-"
	outArmour = "armor"
)

// asBlock is where a package went that is text now, in words.
const asBlock = "stdout, as a block of text"

// deliver leaves the package where it is wanted and says where, in words, what
// was done. To stdout goes the path of a file, or the package itself.
func (s *settings) deliver(e evaluation, stdout io.Writer) (string, error) {
	switch {
	case s.out == outArmour, s.out == outStdout && isTerminal(stdout):
		_, err := stdout.Write(seal.EncodeArmour(e.report.Run.Name, e.report.Run.ID, e.packed))
		return asBlock, err
	case s.out == outStdout:
		_, err := stdout.Write(e.packed)
		return "stdout", err
	}
	place, err := write(s.out, e.report.Run.Name, e.packed)
	if err == nil {
		_, err = io.WriteString(stdout, place+"\n")
	}
	return place, err
}

// checkPlace refuses, before any work, a place for the package that cannot be: nothing
// that is there is overwritten.
func checkPlace(out string) error {
	if out == "" || out == outArmour || out == outStdout {
		return nil
	}
	info, err := os.Stat(out)
	if link, lerr := os.Lstat(out); err != nil && lerr == nil && link.Mode()&os.ModeSymlink != 0 {
		return fmt.Errorf("-o %s: is a link that leads nowhere", out)
	}
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("-o %s: is there, and is not overwritten", out)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("-o: %w", err)
	}
	if info, err := os.Stat(filepath.Dir(out)); err != nil || !info.IsDir() {
		return fmt.Errorf("-o %s: %s is no folder", out, filepath.Dir(out))
	}
	return nil
}

// isTerminal reports whether somebody would see the bytes themselves.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// write leaves the package under its name without overwriting anything. out is
// a folder, a file, or empty for where a package does not disturb.
func write(out, name string, data []byte) (string, error) {
	if out == "" {
		out = "."
		if !expendable(out) {
			dir, err := os.MkdirTemp("", "boardprobe-")
			if err != nil {
				return "", err
			}
			out = dir
		}
	}
	place := out
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		place = filepath.Join(out, name)
	}
	f, err := os.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(place)
		return "", err
	}
	return place, nil
}

// expendable reports whether a folder is in RAM, or on a medium that can be
// taken out: there a file is welcome that was not asked for by a place.
func expendable(dir string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return false
	}
	if t := int64(fs.Type); t == unix.TMPFS_MAGIC || t == unix.RAMFS_MAGIC {
		return true
	}
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return false
	}
	dev := uint64(stat.Dev) // 32 bits wide on some architectures
	link := "/sys/dev/block/" + strconv.FormatUint(uint64(unix.Major(dev)), 10) + ":" + strconv.FormatUint(uint64(unix.Minor(dev)), 10)
	device, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	// Sticks are on USB and often do not call themselves removable; a card
	// reader's medium does, in the disk above the partition.
	for _, disk := range []string{device, filepath.Dir(device)} {
		if text, err := os.ReadFile(filepath.Join(disk, "removable")); err == nil && strings.TrimSpace(string(text)) == "1" {
			return true
		}
	}
	return strings.Contains(device, "/usb")
}
