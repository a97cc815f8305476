package radios

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Services and messages of QMI (drivers of the kernel; data/qmi-service-*.json
// of libqmi).
const (
	qmiControl = 0
	qmiDMS     = 2
	qmiNAS     = 3
	qmiUIM     = 0x0b
	qmiPDC     = 0x24

	qmiVersions = 0x0021
	qmiAllocate = 0x0022
	qmiRelease  = 0x0023
	qmiSync     = 0x0027

	dmsCapabilities     = 0x0020
	dmsManufacturer     = 0x0021
	dmsModel            = 0x0022
	dmsRevision         = 0x0023
	dmsIdentifiers      = 0x0025
	dmsHardwareRevision = 0x002c
	dmsOperatingMode    = 0x002d
	dmsSoftwareVersion  = 0x0051

	qmiInvalidClient = 0x05
	qmiNotSupported  = 0x5e
)

// qmiPort is the control channel of a modem that speaks QMI.
type qmiPort struct {
	modem   modem
	trace   tracer
	next    byte
	clients map[[2]byte]bool // service and client
}

// value is one TLV.
func value(kind byte, data ...byte) []byte {
	return slices.Concat([]byte{kind, byte(len(data)), byte(len(data) >> 8)}, data)
}

// result is the TLV that every answer has.
func result(code byte) []byte {
	if code == 0 {
		return value(2, 0, 0, 0, 0)
	}
	return value(2, 1, 0, code, 0)
}

// answer answers one message.
func (q *qmiPort) answer(m []byte) [][]byte {
	const head = 6 // type, length, flags, service, client
	if q.modem.mute || len(m) < head || m[0] != 1 {
		q.trace("qmi, not answered: % x", m)
		return nil
	}
	service, client, transaction := m[4], m[5], 2
	if service == qmiControl {
		transaction = 1
	}
	message := m[head:]
	if len(message) < 1+transaction+4 {
		return nil
	}
	id := binary.LittleEndian.Uint16(message[1+transaction:])
	values := message[1+transaction+4:]
	q.trace("qmi service %d message %04x", service, id)
	body := result(qmiInvalidClient)
	flags := byte(2) // an answer
	switch {
	case q.modem.garbled:
		body = []byte{0x02, 0xff, 0xff, 0x01}
	case service == qmiControl:
		body, flags = q.control(id, values), 1 // the same, of the control service
	case q.clients[[2]byte{service, client}]:
		body = q.ask(service, id)
	}
	a := slices.Concat([]byte{1, 0, 0, 0x80, service, client, flags}, message[1:1+transaction], []byte{byte(id), byte(id >> 8), byte(len(body)), byte(len(body) >> 8)}, body)
	binary.LittleEndian.PutUint16(a[1:], uint16(len(a)-1))
	return [][]byte{a}
}

func (q *qmiPort) control(id uint16, values []byte) []byte {
	switch id {
	case qmiVersions:
		list := []byte{3}
		for _, service := range []byte{qmiControl, qmiDMS, qmiNAS} {
			list = append(list, service, 1, 0, 14, 0)
		}
		return slices.Concat(result(0), value(1, list...))
	case qmiAllocate:
		if len(values) < 4 || values[0] != 1 {
			break
		}
		if q.clients == nil {
			q.clients = map[[2]byte]bool{}
		}
		q.next++
		q.clients[[2]byte{values[3], q.next}] = true
		q.trace("qmi client %d of service %d", q.next, values[3])
		return slices.Concat(result(0), value(1, values[3], q.next))
	case qmiRelease:
		if len(values) < 5 || values[0] != 1 || !q.clients[[2]byte(values[3:5])] {
			return result(qmiInvalidClient)
		}
		delete(q.clients, [2]byte(values[3:5]))
		q.trace("qmi %d clients left", len(q.clients))
		return slices.Concat(result(0), value(1, values[3:5]...))
	case qmiSync:
		return result(0)
	}
	return result(qmiNotSupported)
}

func (q *qmiPort) ask(service byte, id uint16) []byte {
	if service != qmiDMS {
		return result(qmiNotSupported)
	}
	text := func(s string) []byte { return slices.Concat(result(0), value(1, []byte(s)...)) }
	switch id {
	case dmsManufacturer:
		return text("QUALCOMM INCORPORATED")
	case dmsModel:
		return text(cmp.Or(q.modem.product, "QUECTEL Mobile Broadband Module"))
	case dmsRevision:
		return text(q.modem.revision + "  1  [Mar 07 2019 03:00:00]")
	case dmsIdentifiers:
		return slices.Concat(result(0), value(0x10, '0'), value(0x11, []byte(q.modem.imei)...))
	case dmsHardwareRevision:
		return text("10000")
	case dmsOperatingMode:
		return slices.Concat(result(0), value(1, 0))
	case dmsSoftwareVersion:
		return text(q.modem.revision)
	case dmsCapabilities:
		// Rates, data service, card, and radio interfaces GSM, UMTS and LTE.
		return slices.Concat(result(0), value(1, 0x80, 0xf0, 0xfa, 0x02, 0x80, 0xd1, 0xf0, 0x08, 1, 2, 3, 4, 5, 8))
	}
	return result(qmiNotSupported)
}
