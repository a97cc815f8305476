// Package mbim speaks the part of the Mobile Broadband Interface Model that
// asks a modem what it is ("Universal Serial Bus Communications Class Subclass
// Specification for Mobile Broadband Interface Model", revision 1.0 of the
// USB-IF, called MBIM 1.0 below): it writes the few queries, puts fragmented
// answers together and reads them.
//
// A session is opened before and closed after the queries, which disturbs a
// connection manager that uses the same modem; the queries themselves change
// nothing. The package opens no device. What identifies a unit or its owner
// (IMEI, IMSI, ICCID, telephone numbers) is in fields named for it, and nowhere
// else in what is returned.
package mbim

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// MaxMessageBytes bounds a message, put together from its fragments.
const MaxMessageBytes = 64 << 10

// Type is the type of a message (MBIM 1.0, section 9).
type Type uint32

const (
	TypeOpen          Type = 0x00000001
	TypeClose         Type = 0x00000002
	TypeCommand       Type = 0x00000003
	TypeOpenDone      Type = 0x80000001
	TypeCloseDone     Type = 0x80000002
	TypeCommandDone   Type = 0x80000003
	TypeFunctionError Type = 0x80000004
	TypeIndicate      Type = 0x80000007 // unasked for
)

// UUID is the identifier of a service or of a firmware, in the order in which
// it is written and sent.
type UUID [16]byte

// BasicConnect is the service that every modem has (MBIM 1.0, section 10).
func BasicConnect() UUID {
	return UUID{0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f, 0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf}
}

// FirmwareID is a service with one query, for the UUID of the firmware. It is
// one of Microsoft's extensions (UUID_MS_FIRMWARE_ID).
func FirmwareID() UUID {
	return UUID{0xe9, 0xf7, 0xde, 0xa2, 0xfe, 0xaf, 0x40, 0x09, 0x93, 0xce, 0x90, 0xa3, 0x69, 0x41, 0x03, 0xb6}
}

// String returns the UUID as it is usually written.
func (u UUID) String() string {
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Header and fragment header (MBIM 1.0, section 9), and the sizes of answers up
// to their information.
const (
	headerBytes      = 12
	fragmentBytes    = 8
	commandDoneBytes = headerBytes + fragmentBytes + 16 + 4 + 4 + 4
	indicateBytes    = headerBytes + fragmentBytes + 16 + 4 + 4
)

// Message is an answer or an indication.
type Message struct {
	Type        Type
	Transaction uint32
	Status      Status // of all but an indication; the code of a function error
	Service     UUID   // of the answer to a command and of an indication
	Command     uint32
	Information []byte // a part of the message
}

var errCut = errors.New("mbim: message is cut off")

// Parse reads one whole message, such as Assembler returns it.
func Parse(data []byte) (Message, error) {
	if len(data) > MaxMessageBytes {
		return Message{}, fmt.Errorf("mbim: message of %d bytes, at most %d are read", len(data), MaxMessageBytes)
	}
	if len(data) < headerBytes {
		return Message{}, errCut
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	if n := word(4); uint64(n) != uint64(len(data)) {
		return Message{}, fmt.Errorf("mbim: message of %d bytes, the header says %d", len(data), n)
	}
	m := Message{Type: Type(word(0)), Transaction: word(8)}
	switch m.Type {
	case TypeOpenDone, TypeCloseDone, TypeFunctionError:
		if len(data) < headerBytes+4 {
			return Message{}, errCut
		}
		m.Status = Status(word(headerBytes))
	case TypeCommandDone, TypeIndicate:
		size := commandDoneBytes
		if m.Type == TypeIndicate {
			size = indicateBytes
		}
		if len(data) < size {
			return Message{}, errCut
		}
		if word(headerBytes) > 1 {
			return Message{}, errors.New("mbim: a fragment, not a message")
		}
		copy(m.Service[:], data[headerBytes+fragmentBytes:])
		m.Command = word(headerBytes + fragmentBytes + 16)
		if m.Type == TypeCommandDone {
			m.Status = Status(word(size - 8))
		}
		n := word(size - 4)
		if uint64(n) > uint64(len(data)-size) {
			return Message{}, errCut
		}
		m.Information = data[size : size+int(n)]
	default:
		return Message{}, fmt.Errorf("mbim: message of type 0x%08x, want one of a modem", uint32(m.Type))
	}
	return m, nil
}

// EncodeOpen writes the message that opens a session. The transaction is
// repeated in the answer and must not be 0. maxTransferBytes is how much the
// host can read at once, as the driver says (wMaxControlMessage).
func EncodeOpen(transaction, maxTransferBytes uint32) []byte {
	return binary.LittleEndian.AppendUint32(header(TypeOpen, 16, transaction), maxTransferBytes)
}

// EncodeClose writes the message that closes a session.
func EncodeClose(transaction uint32) []byte { return header(TypeClose, headerBytes, transaction) }

func header(t Type, size, transaction uint32) []byte {
	m := make([]byte, 0, size)
	m = binary.LittleEndian.AppendUint32(m, uint32(t))
	m = binary.LittleEndian.AppendUint32(m, size)
	return binary.LittleEndian.AppendUint32(m, transaction)
}

// Query is one of the questions.
type Query uint8

const (
	DeviceCaps Query = iota
	SubscriberReady
	RadioState
	FirmwareIdentity
	queryCount
)

// query is how a Query looks on the wire; none has information.
type query struct {
	name    string
	service UUID
	command uint32
}

func (q Query) query() query {
	return [queryCount]query{
		DeviceCaps:       {"device caps", BasicConnect(), 1},             // MBIM_CID_DEVICE_CAPS
		SubscriberReady:  {"subscriber ready status", BasicConnect(), 2}, // MBIM_CID_SUBSCRIBER_READY_STATUS
		RadioState:       {"radio state", BasicConnect(), 3},             // MBIM_CID_RADIO_STATE
		FirmwareIdentity: {"firmware identity", FirmwareID(), 1},
	}[q%queryCount]
}

// Queries returns all queries, in an order in which they can be asked.
func Queries() []Query {
	all := make([]Query, queryCount)
	for i := range all {
		all[i] = Query(i)
	}
	return all
}

// String returns the name of a query.
func (q Query) String() string { return q.query().name }

// Encode writes the query, in one fragment (MBIM_COMMAND_MSG).
func (q Query) Encode(transaction uint32) []byte {
	const size = headerBytes + fragmentBytes + 16 + 4 + 4 + 4
	const commandTypeQuery = 0 // 1 is a command that sets
	w := q.query()
	m := header(TypeCommand, size, transaction)
	m = binary.LittleEndian.AppendUint32(m, 1) // fragments
	m = binary.LittleEndian.AppendUint32(m, 0) // this one
	m = append(m, w.service[:]...)
	m = binary.LittleEndian.AppendUint32(m, w.command)
	m = binary.LittleEndian.AppendUint32(m, commandTypeQuery)
	return binary.LittleEndian.AppendUint32(m, 0)
}
