package radios

import (
	"encoding/binary"
	"slices"
)

// Controller is a Bluetooth controller without Low Energy, as far as it is set
// up by the kernel (net/bluetooth/hci_sync.c) and by the kernel's code for
// Broadcom (drivers/bluetooth/btbcm.c).
type Controller struct {
	Address                  [6]byte // as it is written
	version                  byte    // of the core specification, as assigned
	manufacturer, subversion uint16
	name                     string
}

// Plain returns a controller for which no driver wants a patch.
func Plain(address [6]byte) Controller {
	return Controller{Address: address, version: 8, manufacturer: 93, subversion: 0x8821, name: "plain"} // Realtek
}

// Commands (Bluetooth core specification, volume 4, part E, 7; btbcm.c).
const (
	readName          = 0x0c14
	readPageScan      = 0x0c1b
	readClass         = 0x0c23
	readVoice         = 0x0c25
	readCodes         = 0x0c38
	readCode          = 0x0c39
	readPageScanType  = 0x0c46
	readInquiryPower  = 0x0c58
	readVersion       = 0x1001
	readCommands      = 0x1002
	readFeatures      = 0x1003
	readMoreFeatures  = 0x1004
	readBuffers       = 0x1005
	readAddress       = 0x1009
	broadcomProduct   = 0xfc5a
	broadcomFeatures  = 0xfc6e
	broadcomVerbosity = 0xfc79
)

const commandComplete = 0x0e

// Answer returns the event that answers a command.
func (c Controller) Answer(command []byte) []byte {
	if len(command) < 3 {
		return nil
	}
	op := binary.LittleEndian.Uint16(command)
	var values []byte
	switch op {
	case readName:
		values = make([]byte, 248)
		copy(values, c.name)
	case readPageScan:
		values = []byte{0, 8, 0x12, 0}
	case readClass:
		values = []byte{0, 0, 0}
	case readVoice:
		values = []byte{0x60, 0}
	case readCodes, readPageScanType, readInquiryPower:
		values = []byte{1}
	case readCode:
		values = []byte{1, 0x33, 0x8b, 0x9e} // the general one
	case readVersion:
		values = []byte{c.version, 0, 1, c.version, byte(c.manufacturer), byte(c.manufacturer >> 8), byte(c.subversion), byte(c.subversion >> 8)}
	case readCommands:
		values = make([]byte, 64)
	case readFeatures:
		values = features()
	case readMoreFeatures:
		values = slices.Concat([]byte{0, 0}, features())
	case readBuffers:
		values = []byte{0xfd, 3, 64, 8, 0, 8, 0}
	case readAddress:
		values = slices.Clone(c.Address[:])
		slices.Reverse(values)
	case broadcomVerbosity:
		values = []byte{63, 0, 0, 0, 0, 0}
	case broadcomFeatures:
		values = []byte{7, 0, 0, 0, 0, 0, 0, 0}
	case broadcomProduct:
		values = []byte{0x5c, 0x0a, 0xe8, 0x21}
	}
	// One more command may be sent; the status is 0.
	body := slices.Concat([]byte{1, command[0], command[1], 0}, values)
	return slices.Concat([]byte{commandComplete, byte(len(body))}, body)
}

// features are those of a controller without Low Energy (byte 4, bit 6).
func features() []byte { return []byte{0xff, 0xff, 0x8f, 0xfe, 0x9b, 0xff, 0x59, 0x83} }
