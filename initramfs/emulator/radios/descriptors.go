package radios

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// Types of descriptors and of their requests (USB 2.0, tables 9-4 and 9-5).
const (
	typeDevice        = 1
	typeConfiguration = 2
	typeString        = 3
	typeInterface     = 4
	typeEndpoint      = 5
	typeAssociation   = 11
	typeFunctional    = 0x24 // of CDC (CDC 1.2, table 12)

	getStatus        = 0
	clearFeature     = 1
	getDescriptor    = 6
	getConfiguration = 8
	setConfiguration = 9
	setInterface     = 11

	standardKinds = 0x60 // bits of the kind that are 0 for a standard request
	englishUS     = 0x0409
)

// endpoint is one endpoint of an interface; a set bit 7 of its address is IN.
type endpoint struct {
	address  byte
	kind     byte
	size     uint16
	interval byte
}

const (
	bulk      = 2
	interrupt = 3
)

// usbInterface is one setting of an interface.
type usbInterface struct {
	number, setting byte
	class           [3]byte // class, subclass, protocol
	functional      []byte  // descriptors of the class
	endpoints       []endpoint
}

// standard answers the requests that every device answers.
func (d Device) standard(s setup) ([]byte, bool) {
	if s.kind&standardKinds != 0 {
		return nil, false
	}
	switch s.request {
	case getDescriptor:
		switch kind, index := byte(s.value>>8), byte(s.value); {
		case kind == typeDevice:
			return d.device(), true
		case kind == typeConfiguration:
			return d.configuration(), true
		case kind == typeString && index == 0:
			return []byte{4, typeString, englishUS & 0xff, englishUS >> 8}, true
		case kind == typeString && int(index) <= len(d.Texts):
			var text []byte
			for _, unit := range utf16.Encode([]rune(d.Texts[index-1])) {
				text = binary.LittleEndian.AppendUint16(text, unit)
			}
			return slices.Concat([]byte{byte(2 + len(text)), typeString}, text), true
		}
	case getStatus:
		return []byte{0, 0}, true
	case getConfiguration:
		return []byte{1}, true
	case setConfiguration, setInterface, clearFeature:
		return nil, true
	}
	return nil, false
}

func (d Device) device() []byte {
	b := []byte{18, typeDevice, 0x00, 0x02, d.class[0], d.class[1], d.class[2], 64}
	for _, n := range []uint16{d.vendor, d.product, d.release} {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	// Manufacturer, product and serial number are texts 1 to 3.
	for i := range 3 {
		b = append(b, map[bool]byte{true: byte(i + 1)}[i < len(d.Texts)])
	}
	return append(b, 1) // configuration
}

func (d Device) configuration() []byte {
	const bytes = 9
	b := slices.Clone(d.association)
	numbers := map[byte]bool{}
	for _, i := range d.interfaces {
		numbers[i.number] = true
		b = append(b, 9, typeInterface, i.number, i.setting, byte(len(i.endpoints)), i.class[0], i.class[1], i.class[2], 0)
		b = append(b, i.functional...)
		for _, e := range i.endpoints {
			b = append(b, 7, typeEndpoint, e.address, e.kind, byte(e.size), byte(e.size>>8), e.interval)
		}
	}
	head := []byte{bytes, typeConfiguration, 0, 0, byte(len(numbers)), 1, 0, 0x80, 250} // bus powered, 500 mA
	binary.LittleEndian.PutUint16(head[2:], uint16(bytes+len(b)))
	return append(head, b...)
}
