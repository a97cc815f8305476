package boot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Devices appear after their drivers, buses behind devices, and a USB stick a
// second after the bus: the quiet times say for how long nothing may have
// appeared before the board is taken to be complete, and the cap when the wait
// ends in any case.
const (
	quietBare  = 400 * time.Millisecond
	quietBuses = 2 * time.Second // usb_storage alone waits one second (its parameter delay_use)
	settleCap  = 60 * time.Second
)

// coldplug loads the modules of all devices that are there and of those that
// appear, until none has appeared for a while. It reports whether that happened
// before the cap. A wait that takes long is told.
func coldplug(l *loader, tell func(time.Duration)) (settled bool) {
	w := watch{walk: l.walk, slow: slowBuses, now: time.Now, tell: tell}
	events, err := listen()
	if err == nil {
		defer unix.Close(events)
		w.wait = func(d time.Duration) bool {
			aliases := receive(events, d)
			for _, alias := range aliases {
				l.request(alias)
			}
			return len(aliases) > 0
		}
	} else {
		w.wait = func(d time.Duration) bool {
			time.Sleep(min(d, quietBare))
			return l.walk()
		}
	}
	for _, name := range needed() {
		l.request(name)
	}
	return w.settle()
}

// watch is how the devices of a board are watched.
type watch struct {
	walk func() bool              // looks at all devices; whether any was new
	wait func(time.Duration) bool // waits at most that long; whether any appeared
	slow func() bool              // whether the board has a bus on which they take longer
	now  func() time.Time
	tell func(time.Duration) // hears each sayEach how long it has been
}

// settle waits until no device has appeared for a while, and reports whether
// that was before the cap.
func (w watch) settle() bool {
	started := w.now()
	end, told := started.Add(settleCap), started
	w.walk()
	for last := w.now(); w.now().Before(end); {
		if now := w.now(); now.Sub(told) >= sayEach {
			told = now
			w.tell(now.Sub(started))
		}
		quiet := quietBare
		if w.slow() {
			quiet = quietBuses
		}
		switch left := quiet - w.now().Sub(last); {
		case left > 0:
			if w.wait(min(left, end.Sub(w.now()))) {
				last = w.now()
			}
		case w.walk(): // events can be lost; what is there now has the last word
			last = w.now()
		default:
			return true
		}
	}
	return false
}

// needed are modules that no device asks for: the kernel asks for the first two
// only by way of modprobe and some of its versions not at all, the others write
// the report.
func needed() []string {
	return []string{"mmc_block", "sd_mod", "fat", "vfat", "nls_cp437", "nls_iso8859_1", "nls_ascii", "nls_utf8"}
}

// walk requests the modules of all devices that are there. It reports whether
// any was new.
func (l *loader) walk() bool {
	found := false
	devices, _ := filepath.Glob("/sys/bus/*/devices/*/modalias") // the pattern is well formed
	for _, place := range devices {
		if l.request(readSmall(place)) {
			found = true
		}
	}
	return found
}

// slowBuses reports whether the board has a bus on which devices appear long
// after it: USB, MMC, SCSI and its kin, or a driver that waits for another.
func slowBuses() bool {
	for _, pattern := range []string{"/sys/bus/usb/devices/*", "/sys/class/mmc_host/*", "/sys/class/scsi_host/*"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return true
		}
	}
	return strings.TrimSpace(readSmall("/sys/kernel/debug/devices_deferred")) != ""
}

// listen subscribes to the kernel's events, group 1 of netlink(7)'s
// NETLINK_KOBJECT_UEVENT.
func listen() (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return -1, err
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20) // a full buffer only costs a walk
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// receive returns one answer for each device that appeared: its module alias,
// or nothing if it has none. It waits at most as long as it is told to.
func receive(fd int, wait time.Duration) (aliases []string) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(max(wait.Milliseconds(), 1)))
	if err != nil || n <= 0 {
		return nil
	}
	message := make([]byte, maxAttribute)
	for range maxEvents {
		n, from, err := unix.Recvfrom(fd, message, 0)
		if errors.Is(err, unix.ENOBUFS) {
			aliases = append(aliases, "")
			continue
		}
		if err != nil || n <= 0 {
			return aliases
		}
		if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
			continue // not from the kernel
		}
		if alias, ok := appeared(string(message[:n])); ok {
			aliases = append(aliases, alias)
		}
	}
	return aliases
}

// maxEvents bounds what is taken at once: a device with a loose contact comes
// and goes faster than it can be told.
const maxEvents = 256

// appeared reads a message: ACTION@PATH and KEY=VALUE, each ended by a zero
// (lib/kobject_uevent.c). Modules and the queues of network devices come and go
// without anything new on the board.
func appeared(message string) (alias string, ok bool) {
	if action, _ := ueventValue(message, "ACTION"); action != "add" {
		return "", false
	}
	switch subsystem, _ := ueventValue(message, "SUBSYSTEM"); subsystem {
	case "", "module", "drivers", "queues", "bdi", "workqueue", "slab":
		return "", false
	}
	alias, _ = ueventValue(message, "MODALIAS")
	return alias, true
}

// writeFile writes a file for other processes of the image, in RAM.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// tellFirmware has the kernel log the files of firmware that drivers ask for, by
// name and, where it can, with a digest (Documentation/admin-guide/
// dynamic-debug-howto.rst). A kernel without dynamic debug says less.
func tellFirmware() {
	const control, query = "/proc/dynamic_debug/control", "file drivers/base/firmware_loader/main.c +p"
	fd, err := unix.Open(control, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_, _ = unix.Write(fd, []byte(query)) // what it does not take, it does not log
}
