// Package hci reads what the kernel says about Bluetooth controllers on its
// management socket, as BlueZ's doc/mgmt-api.txt describes it, and judges the
// address of a controller.
//
// It opens no socket. The requests it writes only read; they neither power a
// controller on nor reach a device over the air. The address is in a field of
// its own, since it identifies the unit; the name too, since a system that has
// run gives a controller the name of the host.
package hci

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// MaxPacketBytes bounds a packet: a header and what its length can say.
const MaxPacketBytes = headerBytes + 0xffff

// NoController is the index of what is not about one controller.
const NoController = 0xffff

// Opcode is a command.
type Opcode uint16

const (
	ReadVersion          Opcode = 0x0001
	ReadIndexList        Opcode = 0x0003
	ReadInformation      Opcode = 0x0004 // of a controller
	ReadUnconfiguredList Opcode = 0x0036
	ReadConfiguration    Opcode = 0x0037 // of a controller
	ReadExtended         Opcode = 0x0042 // of a controller
	ReadCapabilities     Opcode = 0x0048 // of a controller
)

// Commands returns the commands, all of which only read: first those for no
// controller.
func Commands() []Opcode {
	return []Opcode{ReadVersion, ReadIndexList, ReadUnconfiguredList, ReadInformation, ReadConfiguration, ReadExtended, ReadCapabilities}
}

// String returns the name of a command.
func (o Opcode) String() string {
	switch o {
	case ReadVersion:
		return "read management version"
	case ReadIndexList:
		return "read index list"
	case ReadInformation:
		return "read controller information"
	case ReadUnconfiguredList:
		return "read unconfigured index list"
	case ReadConfiguration:
		return "read controller configuration"
	case ReadExtended:
		return "read extended controller information"
	case ReadCapabilities:
		return "read controller capabilities"
	}
	return fmt.Sprintf("command 0x%04x", uint16(o))
}

const (
	headerBytes     = 6 // command or event, index, length of the parameters
	commandComplete = 0x0001
	commandStatus   = 0x0002
)

// Encode writes a command, none of which has parameters, for a controller or
// NoController.
func (o Opcode) Encode(index uint16) []byte {
	p := make([]byte, 0, headerBytes)
	p = binary.LittleEndian.AppendUint16(p, uint16(o))
	p = binary.LittleEndian.AppendUint16(p, index)
	return binary.LittleEndian.AppendUint16(p, 0)
}

// Status is how a command ended, 0 if it succeeded.
type Status uint8

// Error says what the status means.
func (s Status) Error() string {
	words := [...]string{
		"success", "unknown command", "not connected", "failed", "connect failed", "authentication failed", "not paired", "no resources",
		"timeout", "already connected", "busy", "rejected", "not supported", "invalid parameters", "disconnected", "not powered",
		"cancelled", "invalid index", "blocked by rfkill", "already paired", "permission denied",
	}
	if int(s) < len(words) {
		return "mgmt: " + words[s]
	}
	return fmt.Sprintf("mgmt: status 0x%02x", uint8(s))
}

// Reply is the answer to a command.
type Reply struct {
	Opcode     Opcode
	Index      uint16
	Status     Status
	Parameters []byte // a part of the packet
}

// Parse reads one packet. It reports false for an event that is not the answer
// to a command: the socket delivers those too.
func Parse(packet []byte) (Reply, bool, error) {
	if len(packet) < headerBytes {
		return Reply{}, false, errCut
	}
	event, index := binary.LittleEndian.Uint16(packet), binary.LittleEndian.Uint16(packet[2:])
	body := packet[headerBytes:]
	if n := int(binary.LittleEndian.Uint16(packet[4:])); n != len(body) {
		return Reply{}, false, fmt.Errorf("mgmt: parameters of %d bytes, the header says %d", len(body), n)
	}
	if event != commandComplete && event != commandStatus {
		return Reply{}, false, nil
	}
	if len(body) < 3 {
		return Reply{}, false, errCut
	}
	r := Reply{Opcode: Opcode(binary.LittleEndian.Uint16(body)), Index: index, Status: Status(body[2])}
	if event == commandComplete {
		r.Parameters = body[3:]
	}
	return r, true, nil
}

var errCut = errors.New("mgmt: packet is cut off")

// answer checks that a reply is the good answer to a command.
func (r Reply) answer(o Opcode, size int) ([]byte, error) {
	switch {
	case r.Opcode != o:
		return nil, fmt.Errorf("mgmt: answer to %s, want one to %s", r.Opcode, o)
	case r.Status != 0:
		return nil, r.Status
	case len(r.Parameters) < size:
		return nil, fmt.Errorf("mgmt: answer to %s of %d bytes, want %d", o, len(r.Parameters), size)
	}
	return r.Parameters, nil
}

// Version reads the answer to ReadVersion: the version of the interface.
func (r Reply) Version() (version uint8, revision uint16, err error) {
	p, err := r.answer(ReadVersion, 3)
	if err != nil {
		return 0, 0, err
	}
	return p[0], binary.LittleEndian.Uint16(p[1:]), nil
}

// maxControllers bounds the list of controllers.
const maxControllers = 64

// Indexes reads the answer to ReadIndexList or ReadUnconfiguredList: n of each
// controller hciN.
func (r Reply) Indexes() ([]uint16, error) {
	o := ReadIndexList
	if r.Opcode == ReadUnconfiguredList {
		o = ReadUnconfiguredList
	}
	p, err := r.answer(o, 2)
	if err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint16(p))
	if n > maxControllers || len(p) < 2+2*n {
		return nil, fmt.Errorf("mgmt: list of %d controllers in %d bytes", n, len(p))
	}
	list := make([]uint16, 0, n)
	for i := range n {
		list = append(list, binary.LittleEndian.Uint16(p[2+2*i:]))
	}
	return list, nil
}

// Controller is what is known of a controller.
type Controller struct {
	Address      Address // identifies the unit; see Flaw
	Version      uint8   // of HCI; see VersionName
	Manufacturer uint16  // see ManufacturerName
	Supported    []string
	Current      []string // settings
	Class        uint32   // class of device, valid with HasClass
	HasClass     bool
	Name         string // of the controller, or of the host; "" if it has none
}

// commonBytes is what both kinds of information begin with.
const commonBytes = 6 + 1 + 2 + 4 + 4

// Information reads the answer to ReadInformation.
func (r Reply) Information() (Controller, error) {
	const classAt, nameAt, nameBytes = commonBytes, commonBytes + 3, 249
	p, err := r.answer(ReadInformation, nameAt+nameBytes)
	if err != nil {
		return Controller{}, err
	}
	c := common(p)
	c.Class, c.HasClass = uint24(p[classAt:]), true
	c.Name = clean(p[nameAt : nameAt+nameBytes])
	return c, nil
}

// Types of extended inquiry data (Bluetooth assigned numbers, "Common Data
// Types").
const (
	eirNameShort = 0x08
	eirName      = 0x09
	eirClass     = 0x0d
)

// Extended reads the answer to ReadExtended.
func (r Reply) Extended() (Controller, error) {
	p, err := r.answer(ReadExtended, commonBytes+2)
	if err != nil {
		return Controller{}, err
	}
	c := common(p)
	data, err := sized(p[commonBytes:])
	if err != nil {
		return Controller{}, err
	}
	for kind, value := range elements(data) {
		switch {
		case kind == eirClass && len(value) == 3:
			c.Class, c.HasClass = uint24(value), true
		case kind == eirName, kind == eirNameShort && c.Name == "":
			c.Name = clean(value)
		}
	}
	return c, nil
}

func common(p []byte) Controller {
	c := Controller{Version: p[6], Manufacturer: binary.LittleEndian.Uint16(p[7:])}
	for i := range c.Address {
		c.Address[i] = p[5-i]
	}
	c.Supported = settings(binary.LittleEndian.Uint32(p[9:]))
	c.Current = settings(binary.LittleEndian.Uint32(p[13:]))
	return c
}

func uint24(p []byte) uint32 { return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 }

// settings names the bits of settings. One without a name is given by its
// number.
func settings(bits uint32) []string {
	words := [...]string{
		"powered", "connectable", "fast connectable", "discoverable", "bondable", "link security", "secure simple pairing", "BR/EDR",
		"high speed", "LE", "advertising", "secure connections", "debug keys", "privacy", "controller configuration", "static address",
		"PHY configuration", "wideband speech", "CIS central", "CIS peripheral", "ISO broadcaster", "sync receiver", "LL privacy",
	}
	var list []string
	for i := range 32 {
		switch {
		case bits>>i&1 == 0:
		case i < len(words):
			list = append(list, words[i])
		default:
			list = append(list, fmt.Sprintf("bit %d", i))
		}
	}
	return list
}

// sized takes data with its length of two bytes before it.
func sized(p []byte) ([]byte, error) {
	n := int(binary.LittleEndian.Uint16(p))
	if n > len(p)-2 {
		return nil, errCut
	}
	return p[2 : 2+n], nil
}

// elements yields the elements of extended inquiry data: length of type and
// value, type, value. One that is cut off ends it.
func elements(data []byte) func(yield func(uint8, []byte) bool) {
	return func(yield func(uint8, []byte) bool) {
		for len(data) > 1 && data[0] != 0 && int(data[0]) < len(data) {
			n := int(data[0])
			if !yield(data[1], data[2:1+n]) {
				return
			}
			data = data[1+n:]
		}
	}
}

// clean returns the printable ASCII of a text, which a NUL ends.
func clean(p []byte) string {
	s, _, _ := strings.Cut(string(p), "\x00")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}

// Configuration is the answer to ReadConfiguration.
type Configuration struct {
	Manufacturer                            uint16
	NeedsExternal, NeedsAddress             bool // what is missing before the controller can be used
	SupportsExternal, SupportsPublicAddress bool
}

// Configuration reads the answer to ReadConfiguration. A controller whose driver
// knows that its address is not valid needs one.
func (r Reply) Configuration() (Configuration, error) {
	p, err := r.answer(ReadConfiguration, 10)
	if err != nil {
		return Configuration{}, err
	}
	supported, missing := p[2], p[6]
	return Configuration{
		Manufacturer:  binary.LittleEndian.Uint16(p),
		NeedsExternal: missing&1 != 0, NeedsAddress: missing&2 != 0,
		SupportsExternal: supported&1 != 0, SupportsPublicAddress: supported&2 != 0,
	}, nil
}

// Capabilities is the answer to ReadCapabilities.
type Capabilities struct {
	Flags []string // what is enforced or checked
	// Largest sizes of an encryption key in bytes, 0 where it is not said.
	MaxKeyBytesBREDR, MaxKeyBytesLE int
	MinTxPowerDBm, MaxTxPowerDBm    int8 // of LE, valid with HasTxPower
	HasTxPower                      bool
}

// Capabilities reads the answer to ReadCapabilities.
func (r Reply) Capabilities() (Capabilities, error) {
	p, err := r.answer(ReadCapabilities, 2)
	if err != nil {
		return Capabilities{}, err
	}
	data, err := sized(p)
	if err != nil {
		return Capabilities{}, err
	}
	flags := [...]string{"remote public key validation (BR/EDR)", "remote public key validation (LE)", "key size enforcement (BR/EDR)", "key size enforcement (LE)"}
	var c Capabilities
	for kind, value := range elements(data) {
		if len(value) == 0 {
			continue
		}
		switch kind {
		case 0x01:
			for i, word := range flags {
				if value[0]>>i&1 != 0 {
					c.Flags = append(c.Flags, word)
				}
			}
		case 0x02: // one byte in the description, two from the kernel; keys have at most 16 bytes
			c.MaxKeyBytesBREDR = int(value[0])
		case 0x03:
			c.MaxKeyBytesLE = int(value[0])
		case 0x04:
			if len(value) == 2 {
				c.MinTxPowerDBm, c.MaxTxPowerDBm, c.HasTxPower = int8(value[0]), int8(value[1]), true
			}
		}
	}
	return c, nil
}
