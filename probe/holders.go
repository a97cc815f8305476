package probe

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// nodeHolders is who may be using a device node, as far as /proc tells (proc(5)).
type nodeHolders struct {
	Holders  []string `json:",omitempty"` // processes that have it open, by name
	Managers []string `json:",omitempty"` // programs that run and are known to use modems
	Unseen   string   `json:",omitempty"` // why there may be others, "" if all would have been seen
}

// modemPrograms are the programs that are looked for. Those that are true open
// whatever port they find at times of their own, so that a port which nobody
// holds now is not free.
var modemPrograms = map[string]bool{
	"ModemManager": true, "ofonod": true,
	"NetworkManager": false, "pppd": false, "qmi-proxy": false, "mbim-proxy": false,
}

// initialPIDNamespace is the inode of the namespace in which all processes are
// (PROC_PID_INIT_INO of include/linux/proc_ns.h).
const initialPIDNamespace = "pid:[4026531836]"

// askHolders looks for processes that have a node of /dev open. The node itself
// is not opened: that can be noticed by whoever is behind it.
func askHolders(_ context.Context, name string) ([]byte, error) {
	if name == routerHolder {
		h, err := lookForHolders("/proc", func(fd string) (bool, error) { return isSocketOf(fd, routerName) })
		if err != nil {
			return nil, err
		}
		return json.Marshal(h)
	}
	if !portName().MatchString(name) {
		return nil, unix.EINVAL
	}
	h, err := holdersOf("/proc", "/dev/"+name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(h)
}

func holdersOf(proc, node string) (nodeHolders, error) {
	var h nodeHolders
	var stat unix.Stat_t
	if err := unix.Stat(node, &stat); err != nil {
		return h, err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFCHR {
		return h, unix.ENOTTY
	}
	device := [2]uint32{unix.Major(uint64(stat.Rdev)), unix.Minor(uint64(stat.Rdev))}
	return lookForHolders(proc, func(fd string) (bool, error) { return isDevice(fd, device) })
}

// lookForHolders looks for processes with a descriptor that is what is meant.
func lookForHolders(proc string, is func(fd string) (bool, error)) (nodeHolders, error) {
	var h nodeHolders
	entries, err := os.ReadDir(proc)
	if err != nil {
		return h, err
	}
	if ns, err := os.Readlink(proc + "/self/ns/pid"); err == nil && ns != initialPIDNamespace {
		h.Unseen = "this is a container: processes outside of it cannot be seen"
	}
	first := false // the first process is seen, so /proc is not mounted with hidepid=
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		first = first || e.Name() == "1"
		dir := proc + "/" + e.Name()
		program := programName(dir)
		if _, ok := modemPrograms[program]; ok && !slices.Contains(h.Managers, program) {
			h.Managers = append(h.Managers, program)
		}
		held, err := holds(dir, is)
		switch {
		case held:
			h.Holders = append(h.Holders, program)
		case errors.Is(err, os.ErrPermission):
			h.Unseen = "not all processes can be looked into"
		}
	}
	if !first && h.Unseen == "" {
		h.Unseen = "not all processes are shown"
	}
	slices.Sort(h.Holders)
	slices.Sort(h.Managers)
	return h, nil
}

func programName(dir string) string {
	name, err := os.ReadFile(dir + "/comm") // at most 15 bytes
	if err != nil {
		return "?"
	}
	return oneLine(strings.TrimSpace(string(name)))
}

// holds reports whether a process has what is meant open, under whatever name: in
// a container it can have another. A process that ends meanwhile holds nothing.
func holds(dir string, is func(fd string) (bool, error)) (bool, error) {
	tables := []string{dir + "/fd"}
	fds, err := os.ReadDir(tables[0])
	if err == nil && len(fds) == 0 {
		// A process whose first thread has ended shows its files there only.
		if threads, err := os.ReadDir(dir + "/task"); err == nil && len(threads) > 1 {
			tables = tables[:0]
			for _, t := range threads {
				tables = append(tables, dir+"/task/"+t.Name()+"/fd")
			}
		}
	}
	var denied error
	for i, table := range tables {
		if i > 0 || table != dir+"/fd" {
			fds, err = os.ReadDir(table)
		}
		if errors.Is(err, os.ErrPermission) {
			denied = err
		}
		for _, fd := range fds {
			switch is, err := is(table + "/" + fd.Name()); {
			case is:
				return true, nil
			case errors.Is(err, os.ErrPermission):
				denied = err
			}
		}
	}
	return false, denied
}

// isDevice compares what a descriptor leads to. A server that files come from is
// not asked, since it may not answer; kernels before 4.11 cannot promise that.
func isDevice(fd string, device [2]uint32) (bool, error) {
	var x unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, fd, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_TYPE, &x)
	if err == nil {
		return x.Mode&unix.S_IFMT == unix.S_IFCHR && device == [2]uint32{x.Rdev_major, x.Rdev_minor}, nil
	}
	if err != unix.ENOSYS && err != unix.EPERM {
		return false, err
	}
	var stat unix.Stat_t
	if err := unix.Stat(fd, &stat); err != nil {
		return false, err
	}
	return stat.Mode&unix.S_IFMT == unix.S_IFCHR && device == [2]uint32{unix.Major(uint64(stat.Rdev)), unix.Minor(uint64(stat.Rdev))}, nil
}

// isSocketOf reports whether a descriptor is a socket of a protocol, by the name of
// it that the kernel gives to every socket (sockfs_xattr_get in net/socket.c).
func isSocketOf(fd, protocol string) (bool, error) {
	target, err := os.Readlink(fd)
	if err != nil || !strings.HasPrefix(target, "socket:") {
		return false, err
	}
	name := make([]byte, len(protocol)+8)
	n, err := unix.Getxattr(fd, "system.sockprotoname", name)
	switch {
	case errors.Is(err, unix.ERANGE), errors.Is(err, unix.ENOENT): // a longer name; closed meanwhile
		return false, nil
	case err != nil:
		return false, unix.EACCES // it may be one
	}
	return unix.ByteSliceToString(name[:n]) == protocol, nil
}
