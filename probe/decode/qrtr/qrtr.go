// Package qrtr reads and writes the control packets of the IPC router of
// Qualcomm, by which programs find the services of other processors of a SoC
// (include/uapi/linux/qrtr.h and net/qrtr/ns.c of the kernel). It opens nothing.
package qrtr

import (
	"encoding/binary"
	"errors"
)

// ControlPort is the port of the name server on every node.
const ControlPort = 0xfffffffe

// Commands of control packets (enum qrtr_pkt_type).
const (
	newServer = 4
	newLookup = 10
)

// controlBytes is the length of a control packet: a command, and four numbers
// of 32 bits at most (struct qrtr_ctrl_pkt). All are little-endian.
const controlBytes = 20

// Server is a service at its place. The instance of a service of QMI has its
// major version in the lowest byte.
type Server struct {
	Service, Instance uint32
	Node, Port        uint32
}

// EncodeLookup writes the question for all services, to the name server.
func EncodeLookup() []byte {
	b := make([]byte, controlBytes)
	binary.LittleEndian.PutUint32(b, newLookup)
	return b
}

// ErrOther is the error of a control packet that is no answer to a lookup.
var ErrOther = errors.New("qrtr: no answer to a lookup")

// ParseServer reads one answer to a lookup. An empty one, which is reported as
// the last, ends the list.
func ParseServer(data []byte) (s Server, last bool, err error) {
	if len(data) != controlBytes {
		return Server{}, false, ErrOther
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(data[4*i:]) }
	if word(0) != newServer {
		return Server{}, false, ErrOther
	}
	s = Server{word(1), word(2), word(3), word(4)}
	return s, s == Server{}, nil
}
