package boot

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

// mountPoint is one file system of the kernel itself. None is backed by a
// medium.
type mountPoint struct {
	kind, at string
	flags    uintptr
	data     string
}

const locked = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// firstMounts are those without which nothing works.
func firstMounts() []mountPoint {
	return []mountPoint{
		{"proc", "/proc", locked, ""},
		{"sysfs", "/sys", locked, ""},
		{"devtmpfs", "/dev", unix.MS_NOSUID, "mode=0755"},
		{"tmpfs", "/run", locked, "mode=0755"},
		{"tmpfs", "/tmp", locked, "mode=1777"},
	}
}

// laterMounts are mounted when modules have been loaded, which some of them
// need. All are read-only: an entry written to debugfs or efivarfs can change a
// board for good.
func laterMounts() []mountPoint {
	return []mountPoint{
		{"debugfs", "/sys/kernel/debug", locked | unix.MS_RDONLY, ""},
		{"tracefs", "/sys/kernel/tracing", locked | unix.MS_RDONLY, ""},
		{"securityfs", "/sys/kernel/security", locked | unix.MS_RDONLY, ""},
		{"pstore", "/sys/fs/pstore", locked | unix.MS_RDONLY, ""},
		{"efivarfs", "/sys/firmware/efi/efivars", locked | unix.MS_RDONLY, ""},
		{"configfs", "/sys/kernel/config", locked | unix.MS_RDONLY, ""},
	}
}

// mountAll mounts what can be mounted and notes what cannot. A folder below
// /sys that is not there belongs to a file system that this kernel does not
// have, or to firmware that this board does not have: that is no failure.
func mountAll(points []mountPoint) (failed []imagerecord.Note) {
	for _, p := range points {
		if !strings.HasPrefix(p.at, "/sys/") {
			os.MkdirAll(p.at, 0o755)
		}
		err := unix.Mount(p.kind, p.at, p.kind, p.flags, p.data)
		if p.kind == "devtmpfs" && errors.Is(err, unix.ENODEV) {
			err = makeDevices(p.at)
		}
		if err == nil || errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENOENT) {
			continue
		}
		failed = append(failed, imagerecord.Note{Subject: p.at, Error: err.Error()})
	}
	return failed
}

// makeDevices fills /dev on a kernel without devtmpfs (before CONFIG_DEVTMPFS,
// or with it left out), from what sysfs says of the devices.
func makeDevices(at string) error {
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID, "mode=0755"); err != nil {
		return err
	}
	for _, n := range []struct {
		name         string
		major, minor uint32 // Documentation/admin-guide/devices.txt
	}{{"null", 1, 3}, {"kmsg", 1, 11}, {"console", 5, 1}} {
		if err := unix.Mknod(filepath.Join(at, n.name), unix.S_IFCHR|0o600, int(unix.Mkdev(n.major, n.minor))); err != nil {
			return err
		}
	}
	for folder, mode := range map[string]uint32{"/sys/dev/block": unix.S_IFBLK, "/sys/dev/char": unix.S_IFCHR} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			makeDevice(at, filepath.Join(folder, e.Name()), mode)
		}
	}
	return nil
}

// makeDevice makes the node of one device, if it has one.
func makeDevice(at, place string, mode uint32) {
	numbers := strings.Split(filepath.Base(place), ":")
	if len(numbers) != 2 {
		return
	}
	major, errMajor := strconv.ParseUint(numbers[0], 10, 32)
	minor, errMinor := strconv.ParseUint(numbers[1], 10, 32)
	name, ok := ueventValue(readSmall(filepath.Join(place, "uevent")), "DEVNAME")
	if errMajor != nil || errMinor != nil || !ok || !filepath.IsLocal(name) {
		return
	}
	node := filepath.Join(at, name)
	os.MkdirAll(filepath.Dir(node), 0o755)
	unix.Mknod(node, mode|0o600, int(unix.Mkdev(uint32(major), uint32(minor)))) // a node that is there is as good
}

// maxAttribute bounds what is read of a file of the kernel: sysfs gives a page,
// an event of a device 2 KiB (UEVENT_BUFFER_SIZE).
const maxAttribute = 64 << 10

// readSmall returns the content of a file of the kernel, or nothing.
func readSmall(name string) string {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	data := make([]byte, maxAttribute)
	n := 0
	for n < len(data) {
		read, err := f.Read(data[n:])
		n += read
		if err != nil || read == 0 {
			break
		}
	}
	return string(data[:n])
}

// ueventValue finds KEY=VALUE in lines, or in the strings of a message.
func ueventValue(text, key string) (string, bool) {
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == 0 }) {
		if value, ok := strings.CutPrefix(line, key+"="); ok {
			return value, true
		}
	}
	return "", false
}
