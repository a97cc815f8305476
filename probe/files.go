package probe

import (
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// files answers questions about files below a root. It is the only place of
// this package that opens any. The root is held open, and no link leads out of
// it: absolute links and ".." are taken as chroot would take them, so that a
// recorded root never shows files of the desk it is read on.
type files struct {
	root *os.Root
	top  *os.File // root itself, for openat2

	mu   sync.Mutex
	dirs map[string]*os.File  // folders held open, by their place below root
	at   map[string]string    // where the folder of that name in a resolved folder is
	tree map[string]*treeNode // device trees that were read
	// nodes are the devices of device-tree nodes, nil before they were listed.
	nodes map[string]nodeDevice
	// here are the folders of which it is known whether they are there.
	here map[string]bool

	// older says that the device tree is where kernels before 3.14 show it, and where
	// all others have a link (Documentation/ABI/testing/sysfs-firmware-ofw); nil until
	// somebody asks.
	older *bool

	target [maxTarget]byte // what readlink reads into
}

// olderTree is the place of the device tree that programs are to use.
const olderTree = "proc/device-tree"

// maxDirs bounds the folders held open at once.
const maxDirs = 256

func openFiles(dir string) (*files, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	top, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return (&files{root: root, top: top}).again(), nil
}

// again answers the same questions and remembers nothing of the ones before. What
// waits for an answer of f, perhaps for ever and with its lock, is left behind.
func (f *files) again() *files {
	return &files{root: f.root, top: f.top, dirs: map[string]*os.File{}, at: map[string]string{}, tree: map[string]*treeNode{}, here: map[string]bool{}}
}

// elsewhere reports whether the absence of a file says nothing, since that which
// it would be in is not there: sysfs and proc are not mounted, or a dump has no
// such folder. Of /proc a dump has what somebody thought of.
func (f *files) elsewhere(name string, dump bool) bool {
	top, rest, _ := strings.Cut(strings.TrimPrefix(path.Clean("/"+name), "/"), "/")
	switch top {
	case "sys":
		// Folders that every kernel makes (fs/sysfs, drivers/base).
		folder, _, _ := strings.Cut(rest, "/")
		if !slices.Contains([]string{"block", "bus", "class", "devices", "firmware", "kernel", "module"}, folder) {
			folder = "class"
		}
		return !f.has("sys/" + folder)
	case "proc":
		return dump || !f.has("proc/version")
	case "lib":
		return dump && !f.has("lib") && !f.has("usr/lib")
	}
	return dump && !f.has(top)
}

// has reports whether a file or folder is there.
func (f *files) has(name string) bool {
	f.mu.Lock()
	known, ok := f.here[name]
	f.mu.Unlock()
	if !ok {
		_, err := f.locate(name)
		known = err == nil
		f.mu.Lock()
		f.here[name] = known
		f.mu.Unlock()
	}
	return known
}

// errNotPlain is the answer to a read of something that is not a plain file.
// A FIFO would wait for its writer, and opening a device can change its state:
// opening a watchdog starts it.
var errNotPlain = errors.New("not a plain file")

// read returns at most limit bytes of a plain file, and whether there was more.
func (f *files) read(name string, limit int) ([]byte, bool, error) {
	fd, err := f.open(name)
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	return readAll(fd, limit)
}

// open opens a plain file for reading, and nothing else.
func (f *files) open(name string) (int, error) {
	place, err := f.locate(name)
	if err != nil {
		return -1, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, err := f.dir(path.Dir(place))
	if err != nil {
		return -1, err
	}
	// The check comes before opening, because opening is what must not happen.
	base := path.Base(place)
	mode, err := modeOf(dir, base)
	if err != nil {
		return -1, err
	}
	if mode != unix.S_IFREG {
		return -1, errNotPlain
	}
	return unix.Openat(int(dir.Fd()), base, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// modeOf returns the kind of file, without following a link.
func modeOf(dir *os.File, base string) (uint32, error) {
	var stat unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), base, &stat, unix.AT_SYMLINK_NOFOLLOW)
	return stat.Mode & unix.S_IFMT, err
}

// readAll reads with plain read(2). The reads of package os would park on
// EAGAIN, which some drivers answer for ever; here it ends the read.
func readAll(fd, limit int) ([]byte, bool, error) {
	data := make([]byte, 0, 4096)
	for {
		if len(data) == cap(data) {
			// A file of a disk knows its size; one of the kernel's says 0 or 4096.
			var stat unix.Stat_t
			if err := unix.Fstat(fd, &stat); err != nil {
				return data, false, err
			}
			data = slices.Grow(data, max(len(data), min(int(min(stat.Size, 64<<20)), limit)+1-len(data)))
		}
		n, err := unix.Read(fd, data[len(data):min(cap(data), limit+1)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return data, false, err
		case n == 0:
			return data, false, nil
		}
		data = data[:len(data)+n]
		if len(data) > limit {
			return data[:limit], true, nil
		}
	}
}

// list returns the sorted names in a folder.
func (f *files) list(name string, limit int) ([]string, bool, error) {
	place, err := f.locate(name)
	if err != nil {
		return nil, false, err
	}
	dir, err := f.openDir(place, unix.O_RDONLY)
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	var names []string
	size := 0
	for {
		some, err := dir.Readdirnames(512)
		for _, n := range some {
			size += len(n) + 1
		}
		names = append(names, some...)
		if size > limit {
			slices.Sort(names)
			return names[:0], true, nil
		}
		if err == io.EOF {
			slices.Sort(names)
			return names, false, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// size returns the size of a plain file.
func (f *files) size(name string) (int64, error) {
	fd, err := f.open(name)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	err = unix.Fstat(fd, &stat)
	return stat.Size, err
}

// link returns the target of a link as it is stored.
func (f *files) link(name string) (string, error) {
	place, err := f.locate(path.Dir(name))
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readlink(path.Join(place, path.Base(name)))
}

// maxLinks is how many links one path may follow, as in the kernel.
const maxLinks = 40

// locate resolves all links of a path, the last one too, inside the root.
func (f *files) locate(name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	links := 0
	name = path.Clean("/" + name)[1:]
	if f.older == nil {
		f.older = new(bool)
		_, err := f.walk(".", path.Clean(deviceTree), &links)
		_, other := f.walk(".", olderTree, &links)
		*f.older = err != nil && other == nil
	}
	if below, ok := strings.CutPrefix(name+"/", deviceTree); ok && *f.older {
		name = path.Join(olderTree, below)
	}
	place, err := f.walk(".", name, &links)
	if err != nil {
		return "", err
	}
	if place == "dev" || strings.HasPrefix(place, "dev/") {
		return "", errNotPlain
	}
	return place, nil
}

// walk resolves a path that starts in a resolved folder.
func (f *files) walk(place, name string, links *int) (string, error) {
	for name != "" {
		part, rest, isFolder := strings.Cut(name, "/")
		name = rest
		switch part {
		case "", ".":
			continue
		case "..":
			place = path.Dir(place)
			continue
		}
		here := part
		if place != "." {
			here = place + "/" + part
		}
		// Folders are remembered: most questions are about few of them.
		if at, ok := f.at[here]; ok && isFolder {
			place = at
			continue
		}
		at, err := f.step(place, here, links)
		if err != nil {
			return "", err
		}
		if isFolder {
			f.at[here] = at
		}
		place = at
	}
	return place, nil
}

// step resolves one name in a resolved folder.
func (f *files) step(place, here string, links *int) (string, error) {
	target, err := f.readlink(here)
	switch {
	case errors.Is(err, syscall.EINVAL): // not a link
		return here, nil
	case err != nil:
		return "", err
	}
	if *links++; *links > maxLinks {
		return "", syscall.ELOOP
	}
	if strings.HasPrefix(target, "/") {
		place = "."
	}
	return f.walk(place, target, links)
}

// maxTarget bounds the target of a link, as PATH_MAX does.
const maxTarget = 4096

// readlink reads the link at a resolved place.
func (f *files) readlink(place string) (string, error) {
	dir, err := f.dir(path.Dir(place))
	if err != nil {
		return "", err
	}
	n, err := unix.Readlinkat(int(dir.Fd()), path.Base(place), f.target[:])
	if err != nil {
		return "", err
	}
	return string(f.target[:n]), nil
}

// dir holds a resolved folder open, so that the next question about it does
// not walk there again. What is asked of it goes by its descriptor: the reads
// of package os would wait in the poller.
func (f *files) dir(place string) (*os.File, error) {
	if dir, ok := f.dirs[place]; ok {
		return dir, nil
	}
	dir, err := f.openDir(place, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	if len(f.dirs) >= maxDirs {
		for _, old := range f.dirs {
			old.Close()
		}
		clear(f.dirs)
	}
	f.dirs[place] = dir
	return dir, nil
}

// openDir opens a resolved folder. Linux 5.6 and later do it in one call;
// [os.Root] walks there with one call for each part of the path.
func (f *files) openDir(place string, mode int) (*os.File, error) {
	mode |= unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err := unix.Openat2(int(f.top.Fd()), place, &unix.OpenHow{
		Flags:   uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	// A filter of system calls that does not know this one says EPERM.
	if err == unix.ENOSYS || err == unix.EPERM {
		return f.root.OpenFile(place, mode, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "openat2", Path: place, Err: err}
	}
	return os.NewFile(uintptr(fd), place), nil
}
