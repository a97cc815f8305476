package radios

import (
	"bytes"
	"strings"
)

// atPort is a port for AT commands (3GPP TS 27.007).
type atPort struct {
	modem   modem
	say     func([]byte)
	answer  func(func()) // when it may be given
	trace   tracer
	pending []byte
}

// maxCommandBytes bounds what is kept of a line without an end.
const maxCommandBytes = 1024

// take takes what the host writes. It is echoed, as modems do that nobody has
// told not to.
func (p *atPort) take(data []byte) {
	if p.modem.mute {
		p.trace("at, not answered: %q", data)
		return
	}
	p.say(data)
	p.pending = append(p.pending, data...)
	p.pending = p.pending[max(0, len(p.pending)-maxCommandBytes):]
	for {
		line, rest, ok := bytes.Cut(p.pending, []byte{'\r'})
		if !ok {
			return
		}
		p.pending = rest
		command := strings.ToUpper(strings.TrimSpace(string(line)))
		if command == "" {
			continue
		}
		p.trace("at %s", command)
		if p.modem.garbled {
			p.say([]byte("\x00\xff\xfe~\x7d\x23\xc0!\r\n+CM\xe2\x28\xa1 ERR\r\n"))
			continue
		}
		p.answer(func() { p.say([]byte(p.modem.command(command))) })
	}
}

// command answers one command.
func (m modem) command(text string) string {
	answer := func(lines ...string) string {
		return "\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\nOK\r\n"
	}
	switch text {
	case "AT", "ATE0", "ATE1":
		return "\r\nOK\r\n"
	case "ATI":
		return answer(m.maker, m.model, "Revision: "+m.revision)
	case "AT+CGMI", "AT+GMI":
		return answer(m.maker)
	case "AT+CGMM", "AT+GMM":
		return answer(m.model)
	case "AT+CGMR", "AT+GMR":
		return answer(m.revision)
	case "AT+QGMR":
		return answer(m.revision + "_01.001.01.001")
	case "AT+CGSN", "AT+GSN":
		return answer(m.imei)
	case "AT+CIMI":
		return answer(m.imsi)
	case "AT+CCID", "AT+QCCID":
		// A message that nobody asked for comes in between.
		return "\r\n+CREG: 1\r\n" + answer(strings.TrimPrefix(text, "AT")+": "+m.iccid)
	case "AT+CPIN?":
		return answer("+CPIN: READY")
	case "AT+CFUN?":
		return answer("+CFUN: 1")
	case "AT+COPS?":
		return answer(`+COPS: 0,0,"Telekom.de",7`)
	case `AT+QCFG="USBNET"`:
		return answer(`+QCFG: "usbnet",0`)
	}
	return "\r\nERROR\r\n"
}
