package radios

import (
	"encoding/binary"
	"slices"
)

// Node is a modem whose services are behind the kernel's IPC router, as those in
// SoCs of Qualcomm. The kernels of Debian have no way to be a node of their own
// (CONFIG_QRTR_TUN), so that its services are at the node of the machine.
type Node struct {
	Name     string
	Services []byte // of QMI
	modem    modem
}

// Nodes returns all of them.
func Nodes() []Node {
	return []Node{{
		Name: "msm8916", Services: []byte{qmiDMS, qmiNAS, qmiUIM, qmiPDC},
		modem: modem{product: "4114", revision: "MPSS.DPM.2.0.c1-00148", imei: "866104027319868"},
	}}
}

// FindNode returns the node with a name.
func FindNode(name string) (Node, bool) {
	all := Nodes()
	i := slices.IndexFunc(all, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, false
	}
	return all[i], true
}

// Secrets is what identifies the unit, and must not leave the board.
func (n Node) Secrets() []string { return n.modem.secrets() }

// Answer answers one message to a service, nil if it is none: flags, transaction,
// message, length, and values. There is neither a frame nor a client to allocate.
func (n Node) Answer(service byte, m []byte, trace func(format string, args ...any)) []byte {
	const head = 7
	if len(m) < head || m[0] != 0 || int(binary.LittleEndian.Uint16(m[5:])) != len(m)-head {
		trace("qrtr, not answered: % x", m)
		return nil
	}
	id := binary.LittleEndian.Uint16(m[3:])
	trace("qrtr service %d message %04x", service, id)
	q := qmiPort{modem: n.modem}
	body := q.ask(service, id)
	return slices.Concat([]byte{2}, m[1:5], []byte{byte(len(body)), byte(len(body) >> 8)}, body)
}
