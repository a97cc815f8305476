package radios

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"unicode/utf16"
)

// Messages of MBIM (MBIM 1.0, sections 9 and 10).
const (
	mbimOpen    = 1
	mbimClose   = 2
	mbimCommand = 3
	mbimDone    = 0x80000000

	mbimCaps      = 1
	mbimReady     = 2
	mbimRadio     = 3
	mbimUnknown   = 9  // MBIM_STATUS_NO_DEVICE_SUPPORT
	mbimNotOpened = 16 // no session is open
)

// mbimPort is the control channel of a modem that speaks MBIM.
type mbimPort struct {
	modem  modem
	trace  tracer
	opened bool
}

// answer answers one message; a message of the host is one fragment.
func (p *mbimPort) answer(m []byte) [][]byte {
	const head, command = 12, 48
	le := binary.LittleEndian
	if p.modem.mute || len(m) < head {
		p.trace("mbim, not answered: % x", m)
		return nil
	}
	kind := le.Uint32(m)
	done := func(rest ...byte) [][]byte {
		a := le.AppendUint32(nil, kind|mbimDone)
		a = le.AppendUint32(a, uint32(head+len(rest)))
		return [][]byte{slices.Concat(a, m[8:12], rest)}
	}
	switch {
	case kind == mbimOpen || kind == mbimClose:
		p.opened = kind == mbimOpen
		p.trace("mbim %s", map[bool]string{true: "open", false: "close"}[p.opened])
		return done(0, 0, 0, 0)
	case kind != mbimCommand || len(m) < command:
		return nil
	}
	id := le.Uint32(m[36:])
	p.trace("mbim service %x command %d, set %d", m[20:24], id, le.Uint32(m[40:]))
	status, information := uint32(mbimUnknown), []byte(nil)
	basic := bytes.Equal(m[20:36], basicConnect())
	switch {
	case !p.opened:
		status = mbimNotOpened
	case le.Uint32(m[40:]) != 0 || !basic: // a setting, or another service
	case id == mbimCaps:
		status, information = 0, p.caps()
	case id == mbimReady:
		status, information = 0, p.ready()
	case id == mbimRadio:
		status, information = 0, words(1, 1)
	}
	// One fragment, of one; the service and the command as they came.
	body := slices.Concat(words(1, 0), m[20:40], words(status, uint32(len(information))), information)
	return done(body...)
}

func basicConnect() []byte {
	b, _ := hex.DecodeString("a289cc33bcbb8b4fb6b0133ec2aae6df") // it is one
	return b
}

func words(list ...uint32) []byte {
	var b []byte
	for _, n := range list {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

// withTexts appends texts to words, at each 0 of which the place and the length
// of the next text are put.
func withTexts(head []byte, places []int, texts ...string) []byte {
	for i, text := range texts {
		for len(head)%4 != 0 {
			head = append(head, 0)
		}
		at := len(head)
		for _, unit := range utf16.Encode([]rune(text)) {
			head = binary.LittleEndian.AppendUint16(head, unit)
		}
		binary.LittleEndian.PutUint32(head[places[i]:], uint32(at))
		binary.LittleEndian.PutUint32(head[places[i]+4:], uint32(len(head)-at))
	}
	return head
}

// caps is MBIM_DEVICE_CAPS_INFO (MBIM 1.0, 10.5.1): an embedded device with a
// card that can be taken out, without calls, for UMTS, HSDPA, HSUPA and LTE.
func (p *mbimPort) caps() []byte {
	head := words(1, 1, 1, 2, 0x3c, 3, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0)
	return withTexts(head, []int{40, 48, 56}, p.modem.imei, p.modem.revision, p.modem.model)
}

// ready is MBIM_SUBSCRIBER_READY_INFO (MBIM 1.0, 10.5.2): ready, with one
// telephone number.
func (p *mbimPort) ready() []byte {
	head := words(1, 0, 0, 0, 0, 0, 1, 0, 0)
	return withTexts(head, []int{4, 12, 28}, p.modem.imsi, p.modem.iccid, p.modem.number)
}
