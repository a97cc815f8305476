package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/initramfs/emulator/radios"
)

// Control packets of QRTR and the port that they come from and go to
// (include/uapi/linux/qrtr.h).
const (
	routerServer = 4 // a service appears
	routerGone   = 6 // a client has gone
	routerPort   = 0xfffffffe
)

// routerAddress is struct sockaddr_qrtr.
type routerAddress struct {
	family     uint16
	_          uint16
	node, port uint32
}

// route announces the services of a modem to the kernel's name server and plays
// them.
func route(o radios.Routed, trace *trace, ended chan<- error) error {
	n, ok := radios.FindNode(o.Node)
	if !ok {
		return fmt.Errorf("no node is named %q", o.Node)
	}
	// The probe looks at who has a socket of that family.
	if err := os.WriteFile("/proc/self/comm", []byte(o.As), 0); err != nil {
		return err
	}
	for _, service := range n.Services {
		fd, err := unix.Socket(unix.AF_QIPCRTR, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		var server routerAddress
		size := uint32(unsafe.Sizeof(server))
		if _, _, errno := unix.Syscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&server)), uintptr(unsafe.Pointer(&size))); errno != 0 {
			return errno
		}
		server.family, server.port = unix.AF_QIPCRTR, routerPort
		packet := make([]byte, 20)
		for i, word := range []uint32{routerServer, uint32(service), 1} { // its place is that of the sender
			binary.LittleEndian.PutUint32(packet[4*i:], word)
		}
		if err := server.send(fd, packet); err != nil {
			return err
		}
		go func() { ended <- fmt.Errorf("service %d: %w", service, serve(fd, n, service, trace)) }()
	}
	return nil
}

func (a *routerAddress) send(fd int, data []byte) error {
	_, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), 0, uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a))
	if errno != 0 {
		return errno
	}
	return nil
}

// serve plays one service.
func serve(fd int, n radios.Node, service byte, trace *trace) error {
	buffer := make([]byte, 4096)
	for {
		var from routerAddress
		size := uint32(unsafe.Sizeof(from))
		got, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), 0, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return errno
		}
		say := func(format string, args ...any) { trace.say(n.Name + " " + fmt.Sprintf(format, args...)) }
		if from.port == routerPort {
			if got >= 4 && binary.LittleEndian.Uint32(buffer) == routerGone && service == n.Services[0] { // all services hear of it
				say("qrtr client gone")
			}
			continue
		}
		if answer := n.Answer(service, buffer[:got], say); answer != nil {
			if err := from.send(fd, answer); err != nil {
				say("qrtr, no way to the client: %v", err)
			}
		}
	}
}
