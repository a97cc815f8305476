// Package nl80211 reads what cfg80211 says of Wi-Fi devices in answer to the
// dumps of nl80211: radios with their bands and abilities, interfaces and
// regulatory domains (include/uapi/linux/nl80211.h).
//
// It is given the attributes of each message, what follows the header of
// generic netlink, and opens no socket. Numbers are little-endian, as they are
// on every architecture that the probe is built for. Networks are left out: the
// name of one tells where the board is.
package nl80211

import "encoding/binary"

// Commands for the dumps, and the flag without which the kernel leaves out what
// does not fit into one message; with it a radio comes in many.
const (
	CommandGetWiphy      = 1
	CommandGetInterface  = 5
	CommandGetRegulatory = 31

	AttributeSplitDump = 174
)

// attributes yields the attributes of a message or of a nested one, with the
// flags for nesting and byte order taken off the type (include/uapi/linux/netlink.h).
// One that is cut off ends it.
func attributes(data []byte) func(yield func(uint16, []byte) bool) {
	const headerBytes, typeMask = 4, 0x3fff
	return func(yield func(uint16, []byte) bool) {
		for len(data) >= headerBytes {
			n, kind := int(binary.LittleEndian.Uint16(data)), binary.LittleEndian.Uint16(data[2:])
			if n < headerBytes || n > len(data) || !yield(kind&typeMask, data[headerBytes:n]) {
				return
			}
			data = data[min(len(data), (n+3)&^3):]
		}
	}
}

// number reads a number of 1, 2, 4 or 8 bytes, false for any other length.
func number(value []byte) (uint64, bool) {
	switch len(value) {
	case 1:
		return uint64(value[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(value)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(value)), true
	case 8:
		return binary.LittleEndian.Uint64(value), true
	}
	return 0, false
}

// word reads a number of 32 bits.
func word(value []byte) (uint32, bool) {
	if len(value) != 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(value), true
}

// text reads a name, which a NUL ends. Names of devices and radios are printable
// ASCII; what is not is left out.
func text(value []byte) string {
	var b []byte
	for _, c := range value {
		if c == 0 || len(b) == maxNameBytes {
			break
		}
		if c >= ' ' && c <= '~' {
			b = append(b, c)
		}
	}
	return string(b)
}

// maxNameBytes bounds a name. Interfaces have at most 15 characters, radios 63.
const maxNameBytes = 64

// Mode is a kind of interface.
type Mode string

// Modes that the package itself asks about.
const (
	Station Mode = "station"
	AP      Mode = "AP"
)

// modes are the kinds of interfaces by their number (enum nl80211_iftype).
var modes = [...]Mode{
	"unspecified", "ad hoc", Station, AP, "AP VLAN", "WDS", "monitor", "mesh", "P2P client", "P2P owner", "P2P device", "OCB", "NAN",
}

// mode returns the mode with a number, false for one that is not known here.
func mode(n uint64) (Mode, bool) {
	if n >= uint64(len(modes)) {
		return "", false
	}
	return modes[n], true
}

// modeList reads a nested attribute that has a flag for each mode.
func modeList(value []byte) []Mode {
	var list []Mode
	for kind := range attributes(value) {
		if m, ok := mode(uint64(kind)); ok && len(list) < len(modes) {
			list = append(list, m)
		}
	}
	return list
}

// Address is a hardware address. It identifies the unit.
type Address [6]byte
