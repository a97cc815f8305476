package probe

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/at"
	"github.com/boardprobe/boardprobe/probe/decode/mbim"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/probe/decode/qmi"
	"github.com/boardprobe/boardprobe/report"
)

// portName is what a port of a modem is called below /dev. The caller asks only
// for those whose driver and role it knows; nothing else can be asked for.
var portName = pattern.New(`^(tty(USB|ACM|HS)[0-9]{1,4}|cdc-wdm[0-9]{1,4}|wwan[0-9]{1,4}(at|qmi|mbim)[0-9]{1,4})$`)

// Bounds of a conversation with a modem. One that says nothing at all costs
// patienceFirst on a port.
const (
	patienceFirst = 1500 * time.Millisecond // for the first answer
	patience      = time.Second             // for any other
	patienceAll   = 3 * time.Second         // for the whole conversation
	patienceEnd   = 300 * time.Millisecond  // for what ends it, and for closing
	reserve       = 2 * time.Second         // of the section, that no modem gets
	maxSaid       = 256 << 10               // bytes that are read
)

// modemWord is one thing that a modem said, or why it did not.
type modemWord struct {
	Text string     `json:",omitempty"`
	Gap  report.Gap `json:",omitempty"`
	Note string     `json:",omitempty"`
}

// modemAnswer is what is kept of a conversation: what is here, and nothing of
// what else was said. The identity of the equipment leaves the process as a
// pseudonym only; those of the card and its owner are not taken over at all.
type modemAnswer struct {
	Manufacturer modemWord `json:",omitzero"`
	Model        modemWord `json:",omitzero"`
	Firmware     modemWord `json:",omitzero"`
	Hardware     modemWord `json:",omitzero"`
	Carrier      modemWord `json:",omitzero"` // configuration for a carrier
	USBMode      modemWord `json:",omitzero"` // functions that it is set to have on USB
	Power        modemWord `json:",omitzero"` // of the radio
	Card         modemWord `json:",omitzero"` // present, absent, locked
	Equipment    modemWord `json:",omitzero"` // IMEI, MEID or ESN
}

func (a *modemAnswer) words() []*modemWord {
	return []*modemWord{&a.Manufacturer, &a.Model, &a.Firmware, &a.Hardware, &a.Carrier, &a.USBMode, &a.Power, &a.Card, &a.Equipment}
}

// redactModem replaces the identity of the equipment, and in all texts what
// looks like one.
func redactModem(r *pseudonym.Replacer, data []byte) []byte {
	var a modemAnswer
	if json.Unmarshal(data, &a) != nil {
		return nil
	}
	raw := a.Equipment.Text
	for _, w := range a.words() {
		for _, text := range []*string{&w.Text, &w.Note} {
			if w == &a.Equipment && text == &w.Text {
				*text = r.IMEI(raw)
				continue
			}
			if raw != "" {
				*text = strings.ReplaceAll(*text, raw, r.IMEI(raw))
			}
			for _, id := range at.Identities(*text) {
				if id != r.IMEI(raw) {
					*text = strings.ReplaceAll(*text, id, r.Text(id))
				}
			}
		}
	}
	out, err := json.Marshal(a)
	if err != nil {
		return nil
	}
	return out
}

// said makes a word of what a parser found.
func said(text string, err error) modemWord {
	switch {
	case err != nil:
		return modemWord{Gap: gapOfModem(err), Note: oneLine(err.Error())}
	case strings.TrimSpace(text) == "":
		return modemWord{Gap: report.Absent}
	}
	return modemWord{Text: oneLine(text)}
}

// errGarbled is the error of a port that says something else than its protocol.
var errGarbled = unix.EBADMSG

// gapOfModem says what an error of a conversation means.
func gapOfModem(err error) report.Gap {
	var (
		byAT       at.Failure
		byQMI      qmi.Error
		byMBIM     mbim.Status
		byFunction mbim.FunctionError
		errno      unix.Errno
	)
	switch {
	case errors.Is(err, unix.ETIMEDOUT):
		return report.Deadline
	case errors.Is(err, errGarbled):
		return report.Invalid
	case errors.As(err, &byAT), errors.As(err, &byQMI), errors.As(err, &byMBIM), errors.As(err, &byFunction):
		return report.Unsupported
	case errors.As(err, &errno):
		return report.Failed
	}
	return report.Invalid // says the parser of the answer
}

// port is a port of a modem while it is asked.
type port struct {
	fd    int
	end   time.Time // of the conversation
	read  int       // bytes so far
	after func()    // done when the answer is on its way, before the port is closed
}

// askPort opens a port and holds a conversation there. A driver may wait for its
// modem inside the kernel, when it opens and for up to half a minute when it
// closes (tty_port_close_start in drivers/tty/tty_port.c), so both are done in
// a goroutine, which is left behind if need be; it ends with the process.
func askPort(ctx context.Context, node string, talk func(*port) (modemAnswer, error)) ([]byte, error) {
	return askOpened(ctx, func() (int, error) {
		return unix.Open(node, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	}, func(p *port) (any, error) { return talk(p) })
}

// askOpened does the same with whatever is opened.
func askOpened(ctx context.Context, open func() (int, error), talk func(*port) (any, error)) ([]byte, error) {
	type ending struct {
		answer any
		err    error
	}
	end := time.Now().Add(patienceAll)
	if limit, ok := ctx.Deadline(); ok && limit.Add(-reserve).Before(end) {
		end = limit.Add(-reserve)
	}
	if !time.Now().Before(end) {
		return nil, unix.ECANCELED
	}
	answers, closed := make(chan ending, 1), make(chan struct{})
	go func() {
		defer close(closed)
		fd, err := open()
		if err != nil {
			answers <- ending{err: err}
			return
		}
		defer unix.Close(fd)
		p := &port{fd: fd, end: end}
		defer func() {
			if recover() == nil {
				return
			}
			select { // a fault of a decoder, which must not end the process
			case answers <- ending{err: errGarbled}:
			default:
			}
		}()
		answer, err := talk(p)
		answers <- ending{answer: answer, err: err}
		if p.after != nil {
			p.after()
		}
	}()
	timer := time.NewTimer(time.Until(end) + 2*patienceEnd)
	defer timer.Stop()
	var e ending
	select {
	case e = <-answers:
	case <-timer.C:
		return nil, unix.ETIMEDOUT
	}
	select {
	case <-closed:
	case <-time.After(patienceEnd):
	}
	if e.err != nil {
		return nil, e.err
	}
	return json.Marshal(e.answer)
}

// unanswered says why no answer came: from a port that said something else in the
// time, because it speaks no such language.
func unanswered(err error, garbled bool) error {
	if garbled && errors.Is(err, unix.ETIMEDOUT) {
		return errGarbled
	}
	return err
}

// until bounds the wait for one answer.
func (p *port) until(d time.Duration) time.Time {
	if t := time.Now().Add(d); t.Before(p.end) {
		return t
	}
	return p.end
}

// wait waits until the port can be read or written.
func (p *port) wait(events int16, until time.Time) error {
	for {
		left := time.Until(until)
		if left <= 0 {
			return unix.ETIMEDOUT
		}
		fds := []unix.PollFd{{Fd: int32(p.fd), Events: events}}
		n, err := unix.Poll(fds, int(left.Milliseconds())+1)
		switch {
		case err != nil && err != unix.EINTR:
			return err
		case n > 0 && fds[0].Revents&events != 0:
			return nil
		case n > 0:
			return unix.EIO // hung up: the modem went away
		}
	}
}

func (p *port) send(data []byte, until time.Time) error {
	for len(data) > 0 {
		if !time.Now().Before(until) {
			return unix.ETIMEDOUT
		}
		n, err := unix.Write(p.fd, data)
		switch {
		case err == unix.EAGAIN:
			if err := p.wait(unix.POLLOUT, until); err != nil {
				return err
			}
		case err != nil && err != unix.EINTR:
			return err
		case err == nil:
			data = data[n:]
		}
	}
	return nil
}

// receive returns what one read gives.
func (p *port) receive(buffer []byte, until time.Time) ([]byte, error) {
	for {
		if err := p.wait(unix.POLLIN, until); err != nil {
			return nil, err
		}
		n, err := unix.Read(p.fd, buffer)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return nil, unix.EIO
		}
		if p.read += n; p.read > maxSaid {
			return nil, errGarbled // nobody asked for that much
		}
		return buffer[:n], nil
	}
}
