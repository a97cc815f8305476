// Package qmi speaks the part of Qualcomm's modem interface that asks a modem
// what it is: it writes the few requests that only read, and reads the answers.
// What the messages look like is public in the drivers and in the tables of
// libqmi (data/qmi-service-*.json, src/libqmi-glib/qmi-message.c).
//
// Every request here leaves the modem as it is, except that an identifier of
// the client is allocated and has to be released again. The package opens no
// device. What identifies a unit or its owner (IMEI, MEID, ESN) is in fields of
// its own, Identifiers, and nowhere else in what is returned; the operator, the
// telephone number and the identities of the card are not asked for.
package qmi

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Service is one of the services of a modem.
type Service uint8

const (
	Control Service = 0x00 // allocates clients
	DMS     Service = 0x02 // device management
	NAS     Service = 0x03 // network access
	UIM     Service = 0x0b // card
)

// String returns the abbreviation of a service, or its number.
func (s Service) String() string {
	names := [...]string{
		0x00: "CTL", 0x01: "WDS", 0x02: "DMS", 0x03: "NAS", 0x04: "QOS", 0x05: "WMS", 0x06: "PDS", 0x09: "VOICE", 0x0b: "UIM", 0x0c: "PBM",
		0x10: "LOC", 0x11: "SAR", 0x12: "IMS", 0x1a: "WDA", 0x1f: "IMSP", 0x21: "IMSA", 0x24: "PDC", 0x2a: "DSD", 0x2f: "DPM",
		0xe2: "OMA", 0xe3: "FOX", 0xe7: "GMS", 0xe8: "GAS",
	}
	if int(s) < len(names) && names[s] != "" {
		return names[s]
	}
	return fmt.Sprintf("0x%02x", uint8(s))
}

// MaxMessageBytes bounds a message; the length in its header has 16 bits and
// does not count the marker.
const MaxMessageBytes = 1 + 0xffff

// maxTLVs bounds the values of a message.
const maxTLVs = 256

// The frame (QMUX): marker, length of all that follows, flags, service, client.
const (
	marker      = 0x01
	frameBytes  = 6
	fromService = 0x80 // the sender is a service
)

// Flags of a message. Those of Control are one bit lower, and its transaction
// has one byte.
const (
	flagResponse   = 0x02
	flagIndication = 0x04
)

// TLV is one value of a message.
type TLV struct {
	Type  uint8
	Value []byte // a part of the message
}

// Message is an answer or an indication.
type Message struct {
	Service     Service
	Client      uint8
	Transaction uint16
	ID          uint16
	Response    bool
	Indication  bool // unasked for
	TLVs        []TLV
}

var errCut = errors.New("qmi: message is cut off")

// Parse reads the message at the beginning of data, and returns how long it is.
// More may follow it.
func Parse(data []byte) (Message, int, error) {
	if len(data) < frameBytes {
		return Message{}, 0, errCut
	}
	total := 1 + int(binary.LittleEndian.Uint16(data[1:]))
	if data[0] != marker {
		return Message{}, 0, fmt.Errorf("qmi: begins with 0x%02x, want 0x%02x", data[0], marker)
	}
	m := Message{Service: Service(data[4]), Client: data[5]}
	header := 7 // flags, transaction, message, length
	if m.Service == Control {
		header = 6
	}
	if total < frameBytes+header || total > len(data) {
		return Message{}, 0, errCut
	}
	body := data[frameBytes:total]
	flags := body[0]
	if m.Service == Control {
		flags <<= 1
		m.Transaction = uint16(body[1])
	} else {
		m.Transaction = binary.LittleEndian.Uint16(body[1:])
	}
	m.Response, m.Indication = flags&flagResponse != 0, flags&flagIndication != 0
	m.ID = binary.LittleEndian.Uint16(body[header-4:])
	values := body[header:]
	if n := int(binary.LittleEndian.Uint16(body[header-2:])); n != len(values) {
		return Message{}, 0, fmt.Errorf("qmi: values of %d bytes, the header says %d", len(values), n)
	}
	for len(values) > 0 {
		if len(values) < 3 {
			return Message{}, 0, errCut
		}
		n := int(binary.LittleEndian.Uint16(values[1:]))
		if n > len(values)-3 || len(m.TLVs) == maxTLVs {
			return Message{}, 0, errCut
		}
		m.TLVs = append(m.TLVs, TLV{values[0], values[3 : 3+n]})
		values = values[3+n:]
	}
	return m, total, nil
}

// ParseBare reads a message without a frame, as it comes from a service that
// has an address of its own (net/qrtr of the kernel); it is all of data.
func ParseBare(s Service, data []byte) (Message, error) {
	if len(data) > MaxMessageBytes-frameBytes {
		return Message{}, errCut
	}
	m, _, err := Parse(append(frame(s, 0, len(data)), data...))
	return m, err
}

// value returns the first value of a type.
func (m Message) value(kind uint8) ([]byte, bool) {
	for _, t := range m.TLVs {
		if t.Type == kind {
			return t.Value, true
		}
	}
	return nil, false
}

// Error is the error code of an answer.
type Error uint16

// Error says what the code means, in words after libqmi's qmi-errors.h.
func (e Error) Error() string {
	if word := e.word(); word != "" {
		return "qmi: " + word
	}
	return fmt.Sprintf("qmi: error %d", uint16(e))
}

func (e Error) word() string {
	switch e {
	case 1:
		return "malformed message"
	case 2:
		return "no memory"
	case 3:
		return "internal error"
	case 4:
		return "aborted"
	case 5:
		return "no client identifier left"
	case 7:
		return "invalid client identifier"
	case 16:
		return "not provisioned"
	case 17:
		return "missing argument"
	case 19:
		return "argument too long"
	case 23:
		return "device in use"
	case 24:
		return "not supported by the network"
	case 25:
		return "not supported by the device"
	case 26:
		return "no effect"
	case 31:
		return "invalid service"
	case 35:
		return "PIN blocked"
	case 36:
		return "PIN blocked for ever"
	case 37:
		return "card not initialised"
	case 46:
		return "general error"
	case 47:
		return "unknown error"
	case 48:
		return "invalid argument"
	case 50:
		return "no entry"
	case 52:
		return "device not ready"
	case 53:
		return "network not ready"
	case 69:
		return "disabled"
	case 70:
		return "invalid operation"
	case 71:
		return "invalid command"
	case 74:
		return "information unavailable"
	case 80:
		return "file of the card not found"
	case 81:
		return "internal error (extended)"
	case 82:
		return "access denied"
	case 83:
		return "restricted by hardware"
	case 90:
		return "incompatible state"
	case 93:
		return "no radio"
	case 94:
		return "not supported"
	case 95:
		return "no subscription"
	case 102:
		return "no card"
	case 115:
		return "no permission"
	case 118:
		return "operation in progress"
	case 389:
		return "firmware information not readable"
	}
	return ""
}

// tlvResult has the result and the error code of every answer.
const tlvResult = 0x02

// Err returns the Error of an answer that reports a failure.
func (m Message) Err() error {
	v, ok := m.value(tlvResult)
	if !ok || len(v) != 4 {
		return errors.New("qmi: answer without a result")
	}
	if binary.LittleEndian.Uint16(v) == 0 {
		return nil
	}
	return Error(binary.LittleEndian.Uint16(v[2:]))
}

// answer checks that a message is the good answer to a request, and returns the
// value of that type.
func (m Message) answer(service Service, id uint16, kind uint8) ([]byte, error) {
	if m.Service != service || m.ID != id || !m.Response {
		return nil, fmt.Errorf("qmi: %s message 0x%04x, want an answer to %s 0x%04x", m.Service, m.ID, service, id)
	}
	if err := m.Err(); err != nil {
		return nil, err
	}
	v, ok := m.value(kind)
	if !ok {
		return nil, fmt.Errorf("qmi: answer to %s 0x%04x has no value 0x%02x", service, id, kind)
	}
	return v, nil
}
