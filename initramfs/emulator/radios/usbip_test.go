package radios

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// host is the kernel's side of a connection, as vhci_hcd plays it.
type host struct {
	t *testing.T
	c net.Conn
}

func attach(t *testing.T, name string) host {
	t.Helper()
	d, ok := Find(name)
	if !ok {
		t.Fatalf("no device is named %q", name)
	}
	ours, theirs := net.Pipe()
	go func() { _ = Serve(theirs, d, func(string) {}) }() // until the pipe is closed
	t.Cleanup(func() { ours.Close() })
	return host{t, ours}
}

func (h host) send(command, sequence uint32, in bool, endpoint, length uint32, setup [8]byte) {
	b := make([]byte, headerBytes)
	direction := uint32(0)
	if in {
		direction = directionIn
	}
	for i, word := range []uint32{command, sequence, 1, direction, endpoint, 0, length} {
		binary.BigEndian.PutUint32(b[4*i:], word)
	}
	copy(b[40:], setup[:])
	if _, err := h.c.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

// receive returns kind, request and status of an answer, and the data behind it.
func (h host) receive(data bool) (command, sequence uint32, status int32, in []byte) {
	b := make([]byte, headerBytes)
	if _, err := io.ReadFull(h.c, b); err != nil {
		h.t.Fatal(err)
	}
	word := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	if data {
		in = make([]byte, word(24))
		if _, err := io.ReadFull(h.c, in); err != nil {
			h.t.Fatal(err)
		}
	}
	return word(0), word(4), int32(word(20)), in
}

// TestDescriptors reads the descriptors of every device, as the kernel does
// before it looks for a driver.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	for _, d := range Devices() {
		h := attach(t, d.Name)
		ask := func(kind byte, length uint32) []byte {
			h.send(commandSubmit, 7, true, 0, length, [8]byte{0x80, getDescriptor, 0, kind, 0, 0, byte(length), byte(length >> 8)})
			_, sequence, status, in := h.receive(true)
			if sequence != 7 || status != 0 {
				t.Errorf("%s: descriptor %d: request %d, status %d; want 7, 0", d.Name, kind, sequence, status)
			}
			return in
		}
		if device := ask(typeDevice, 64); len(device) != 18 || int(device[0]) != len(device) {
			t.Errorf("%s: device descriptor % x; want 18 bytes", d.Name, device)
		}
		head := ask(typeConfiguration, 9)
		all := ask(typeConfiguration, 4096)
		if n := int(binary.LittleEndian.Uint16(head[2:])); n != len(all) {
			t.Errorf("%s: configuration of %d bytes; want %d, as it says", d.Name, len(all), n)
		}
		interfaces := map[byte]bool{}
		for rest := all; len(rest) > 0; rest = rest[rest[0]:] {
			if rest[0] < 2 || int(rest[0]) > len(rest) {
				t.Fatalf("%s: descriptor % x is longer than what is left", d.Name, rest)
			}
			if rest[1] == typeInterface {
				interfaces[rest[2]] = true
			}
		}
		if len(interfaces) != int(all[4]) {
			t.Errorf("%s: %d interfaces; want %d, as it says", d.Name, len(interfaces), all[4])
		}
	}
}

// TestUnlink takes back a request that waits for data.
func TestUnlink(t *testing.T) {
	t.Parallel()
	h := attach(t, "ec25")
	h.send(commandSubmit, 1, true, 4, 512, [8]byte{})
	h.send(commandUnlink, 2, false, 0, 0, [8]byte{}) // of request 0, which is none
	if command, sequence, status, _ := h.receive(false); command != returnUnlink || sequence != 2 || status != 0 {
		t.Errorf("unlink of what is not there: %d %d %d; want %d 2 0", command, sequence, status, returnUnlink)
	}
	b := make([]byte, headerBytes)
	binary.BigEndian.PutUint32(b, commandUnlink)
	binary.BigEndian.PutUint32(b[4:], 3)
	binary.BigEndian.PutUint32(b[20:], 1)
	if _, err := h.c.Write(b); err != nil {
		t.Fatal(err)
	}
	if command, sequence, status, _ := h.receive(false); command != returnUnlink || sequence != 3 || status != statusUnlinked {
		t.Errorf("unlink: %d %d %d; want %d 3 %d", command, sequence, status, returnUnlink, statusUnlinked)
	}
}

// TestStall refuses what the device does not know.
func TestStall(t *testing.T) {
	t.Parallel()
	h := attach(t, "ar9271")
	h.send(commandSubmit, 1, true, 0, 8, [8]byte{0xc0, 0x77})
	if _, _, status, _ := h.receive(true); status != statusStall {
		t.Errorf("a request of a vendor: status %d; want %d", status, statusStall)
	}
}
