package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watchOpens has the kernel tell of every file below /dev that is opened, and
// by which process. It tells names and opens none itself: FAN_REPORT_DFID_NAME
// (fanotify(7)).
func (t *trace) watchOpens() error {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_UNLIMITED_QUEUE|unix.FAN_REPORT_DFID_NAME, unix.O_RDONLY)
	if err != nil {
		return err
	}
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_OPEN, unix.AT_FDCWD, "/dev"); err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := unix.Read(fd, buffer)
			if err != nil {
				t.say(fmt.Sprintf("trace ended: %v", err))
				return
			}
			t.events(buffer[:n])
		}
	}()
	return nil
}

// Sizes of what the kernel gives: the metadata of an event, the head of an
// information (kind, padding, length), a file system's identifier, and the head
// of a handle (include/uapi/linux/fanotify.h).
const (
	metadataBytes = int(unsafe.Sizeof(unix.FanotifyEventMetadata{}))
	infoBytes     = 4
	fsidBytes     = 8
	handleBytes   = 8
)

func (t *trace) events(data []byte) {
	for ne := binary.NativeEndian; len(data) >= metadataBytes; {
		length, head := int(ne.Uint32(data)), int(ne.Uint16(data[6:]))
		mask, pid := ne.Uint64(data[8:]), int32(ne.Uint32(data[20:]))
		if mask&unix.FAN_Q_OVERFLOW != 0 {
			t.say("trace ended: events were lost")
		}
		if at := head + infoBytes + fsidBytes; length > at+handleBytes {
			// A handle's bytes, and then the name up to its NUL.
			name := data[at+handleBytes+int(ne.Uint32(data[at:])) : length]
			if i := bytes.IndexByte(name, 0); i >= 0 {
				name = name[:i]
			}
			if port(string(name)) && int(pid) != os.Getpid() {
				program, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // a process that has ended has none
				t.say(fmt.Sprintf("open %s by %s, process %d", name, program, pid))
			}
		}
		data = data[length:]
	}
}

// port reports whether a device node is a port of a modem.
func port(name string) bool {
	return strings.HasPrefix(name, "ttyUSB") || strings.HasPrefix(name, "ttyACM") || strings.HasPrefix(name, "cdc-wdm")
}
