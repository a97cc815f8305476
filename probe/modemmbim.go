package probe

import (
	"context"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/mbim"
	"github.com/boardprobe/boardprobe/report"
)

// askModemMBIM asks a port for MBIM, in a session of its own, with queries.
func askModemMBIM(ctx context.Context, name string) ([]byte, error) {
	if !portName().MatchString(name) {
		return nil, unix.EINVAL
	}
	return askPort(ctx, "/dev/"+name, talkMBIM)
}

// mbimSession is an open session.
type mbimSession struct {
	port        *port
	buffer      []byte
	assembler   mbim.Assembler
	transaction uint32 // of the last message
}

func talkMBIM(p *port) (modemAnswer, error) {
	var a modemAnswer
	size := maxControl(p.fd)
	s := &mbimSession{port: p, buffer: make([]byte, size), transaction: 1}
	until := p.until(patienceFirst)
	if err := p.send(mbim.EncodeOpen(1, uint32(size)), until); err != nil {
		return a, err
	}
	// Also if the modem did not say that it is open: it may be by then.
	defer s.close()
	m, err := s.wait(mbim.TypeOpenDone, until)
	if err == nil {
		err = m.Err()
	}
	if err != nil {
		return a, err
	}
	if m, err := s.ask(mbim.DeviceCaps); err != nil {
		a.Firmware = said("", err)
		a.Hardware, a.Equipment = a.Firmware, a.Firmware
	} else {
		caps, err := m.Capabilities()
		a.Firmware, a.Hardware, a.Equipment = said(caps.Firmware, err), said(caps.Hardware, err), said(caps.DeviceID, err)
	}
	a.Card, a.Power = s.card(), s.power()
	return a, nil
}

// maxControl is how long a message may be that the host reads at once: what the
// driver says (IOCTL_WDM_MAX_COMMAND of linux/usb/cdc-wdm.h), or what other
// drivers take.
func maxControl(fd int) int {
	const standard, least = 4096, 64
	var size uint16
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), wdmMaxCommand, uintptr(unsafe.Pointer(&size)))
	if errno != 0 || size < least {
		return standard
	}
	return int(size)
}

const wdmMaxCommand = 0x800248a0 // _IOR('H', 0xA0, __u16)

// close closes the session, whatever the time is.
func (s *mbimSession) close() {
	until := time.Now().Add(patienceEnd)
	s.transaction++
	if s.port.send(mbim.EncodeClose(s.transaction), until) == nil {
		_, _ = s.wait(mbim.TypeCloseDone, until)
	}
}

func (s *mbimSession) ask(q mbim.Query) (mbim.Message, error) {
	until := s.port.until(patience)
	s.transaction++
	if err := s.port.send(q.Encode(s.transaction), until); err != nil {
		return mbim.Message{}, err
	}
	return s.wait(mbim.TypeCommandDone, until)
}

// wait reads until the answer to the last message comes. A read gives one
// message or a fragment of one; what is none is skipped.
func (s *mbimSession) wait(kind mbim.Type, until time.Time) (mbim.Message, error) {
	garbled := false
	for {
		data, err := s.port.receive(s.buffer, until)
		if err != nil {
			return mbim.Message{}, unanswered(err, garbled)
		}
		whole, err := s.assembler.Add(data)
		if err != nil {
			garbled = true
			continue
		}
		if whole == nil {
			continue
		}
		m, err := mbim.Parse(whole)
		if err != nil {
			garbled = true
			continue
		}
		if m.Transaction == s.transaction && (m.Type == kind || m.Type == mbim.TypeFunctionError) {
			return m, nil
		}
	}
}

func (s *mbimSession) card() modemWord {
	m, err := s.ask(mbim.SubscriberReady)
	if err != nil {
		return said("", err)
	}
	subscriber, err := m.Subscriber()
	switch subscriber.State {
	case "initialised", "not activated":
		return said("present", nil)
	case "no card":
		return said("absent", nil)
	case "locked":
		return said("locked", nil)
	case "":
		return said("", err)
	}
	return modemWord{Gap: report.Invalid, Note: oneLine("card: " + subscriber.State)}
}

func (s *mbimSession) power() modemWord {
	m, err := s.ask(mbim.RadioState)
	if err != nil {
		return said("", err)
	}
	radio, err := m.Radio()
	switch {
	case err != nil:
		return said("", err)
	case !radio.HardwareOn:
		return said("off (held off by a switch or pin)", nil)
	case !radio.SoftwareOn:
		return said("off", nil)
	}
	return said("on", nil)
}
