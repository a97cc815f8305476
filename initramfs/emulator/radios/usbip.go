// Package radios has USB devices that are programs: modems, a Bluetooth
// controller and a Wi-Fi stick. In the guest they are plugged into the kernel's
// USB/IP host controller, so that the kernel's own drivers meet them. They
// belong to the tests only.
package radios

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
)

// The protocol of USB/IP, as far as a device that is attached takes part in it
// (Documentation/usb/usbip_protocol.rst of the kernel). All numbers are
// big-endian.
const (
	commandSubmit = 1
	commandUnlink = 2
	returnSubmit  = 3
	returnUnlink  = 4

	headerBytes = 48
	directionIn = 1
)

// How a request ends, as the kernel numbers errors.
const (
	statusStall    = -32  // EPIPE
	statusUnlinked = -104 // ECONNRESET
)

// maxTransferBytes bounds what the kernel may send at once.
const maxTransferBytes = 1 << 20

// Speeds, in the words of the attach file of vhci_hcd (enum usb_device_speed).
const (
	fullSpeed = 2
	highSpeed = 3
)

// line is the connection of one device to the kernel.
type line struct {
	w  io.Writer
	mu sync.Mutex
	// By endpoint address: requests of the kernel that wait for data, and data
	// that waits for a request.
	waiting map[byte][]request
	ready   map[byte][][]byte
}

// request is one transfer that the kernel wants.
type request struct {
	sequence uint32
	length   int
}

// setup is the head of a transfer on the control endpoint (USB 2.0, 9.3).
type setup struct {
	kind, request        byte
	value, index, length uint16
}

// Serve plays a device to the kernel until the connection ends.
func Serve(c io.ReadWriter, d Device, trace func(string)) error {
	l := &line{w: c, waiting: map[byte][]request{}, ready: map[byte][][]byte{}}
	f := d.start(l, func(format string, args ...any) { trace(d.Name + " " + fmt.Sprintf(format, args...)) })
	header := make([]byte, headerBytes)
	for {
		if _, err := io.ReadFull(c, header); err != nil {
			return err
		}
		word := func(at int) uint32 { return binary.BigEndian.Uint32(header[at:]) }
		r := request{word(4), int(int32(word(24)))}
		switch word(0) {
		case commandUnlink:
			if err := l.unlink(r.sequence, word(20)); err != nil {
				return err
			}
		case commandSubmit:
			if r.length < 0 || r.length > maxTransferBytes {
				return fmt.Errorf("transfer of %d bytes", r.length)
			}
			endpoint, in := byte(word(16)), word(12) == directionIn
			var out []byte
			if !in {
				out = make([]byte, r.length)
				if _, err := io.ReadFull(c, out); err != nil {
					return err
				}
			}
			if err := l.submit(d, f, header[40:], r, endpoint, in, out); err != nil {
				return err
			}
		default:
			return fmt.Errorf("command %d of USB/IP", word(0))
		}
	}
}

func (l *line) submit(d Device, f function, raw []byte, r request, endpoint byte, in bool, out []byte) error {
	switch {
	case endpoint == 0:
		s := setup{raw[0], raw[1], binary.LittleEndian.Uint16(raw[2:]), binary.LittleEndian.Uint16(raw[4:]), binary.LittleEndian.Uint16(raw[6:])}
		answer, ok := d.standard(s)
		if !ok && f.control != nil {
			answer, ok = f.control(s, out)
		}
		switch {
		case !ok:
			return l.done(r, statusStall, 0, nil)
		case in:
			answer = answer[:min(len(answer), r.length)]
			return l.done(r, 0, len(answer), answer)
		}
		return l.done(r, 0, len(out), nil)
	case in:
		l.mu.Lock()
		l.waiting[endpoint|0x80] = append(l.waiting[endpoint|0x80], r)
		l.mu.Unlock()
		return l.flush(endpoint | 0x80)
	}
	if err := l.done(r, 0, len(out), nil); err != nil {
		return err
	}
	if f.out != nil {
		f.out(endpoint, out)
	}
	return nil
}

// send gives the kernel data from an endpoint, as soon as it wants any.
func (l *line) send(endpoint byte, data []byte) {
	l.mu.Lock()
	l.ready[endpoint] = append(l.ready[endpoint], data)
	l.mu.Unlock()
	_ = l.flush(endpoint) // a connection that has ended is met by Serve
}

func (l *line) flush(endpoint byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting[endpoint]) > 0 && len(l.ready[endpoint]) > 0 {
		r, data := l.waiting[endpoint][0], l.ready[endpoint][0]
		n := min(len(data), r.length)
		if n < len(data) {
			l.ready[endpoint][0] = data[n:]
		} else {
			l.ready[endpoint] = l.ready[endpoint][1:]
		}
		l.waiting[endpoint] = l.waiting[endpoint][1:]
		if err := l.write(answer(returnSubmit, r.sequence, 0, n), data[:n]); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) done(r request, status, length int, data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write(answer(returnSubmit, r.sequence, status, length), data)
}

// unlink takes a request back, if it still waits.
func (l *line) unlink(sequence, taken uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	status := 0
	for endpoint, list := range l.waiting {
		if i := slices.IndexFunc(list, func(r request) bool { return r.sequence == taken }); i >= 0 {
			l.waiting[endpoint] = slices.Delete(list, i, i+1)
			status = statusUnlinked
		}
	}
	return l.write(answer(returnUnlink, sequence, status, 0), nil)
}

// write sends one answer; the lock is held.
func (l *line) write(parts ...[]byte) error {
	_, err := l.w.Write(slices.Concat(parts...))
	return err
}

func answer(command, sequence uint32, status, length int) []byte {
	b := make([]byte, headerBytes)
	binary.BigEndian.PutUint32(b[0:], command)
	binary.BigEndian.PutUint32(b[4:], sequence)
	binary.BigEndian.PutUint32(b[20:], uint32(int32(status)))
	binary.BigEndian.PutUint32(b[24:], uint32(int32(length)))
	return b
}
