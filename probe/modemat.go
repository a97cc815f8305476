package probe

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/at"
)

// askModemAT asks a port for AT commands, with commands that only read (the
// list of package at; 3GPP TS 27.007, and what makers document).
func askModemAT(ctx context.Context, name string) ([]byte, error) {
	if !portName().MatchString(name) {
		return nil, unix.EINVAL
	}
	return askPort(ctx, "/dev/"+name, talkAT)
}

// atCarrier and atUSBMode are what the makers' commands are for.
var (
	atCarrier = map[string]func(at.Command, at.Answer) (string, error){
		`AT+QMBNCFG="List"`: func(c at.Command, a at.Answer) (string, error) {
			list, err := at.ParseCarrierConfigs(c, a)
			if err != nil {
				return "", err
			}
			for _, config := range list {
				if config.Activated {
					return config.Name + " " + config.Version, nil
				}
			}
			return "", nil
		},
		"AT!IMPREF?":   carrierImage,
		"AT+UMNOPROF?": firstField,
	}
	atUSBMode = map[string]func(at.Command, at.Answer) (string, error){
		`AT+QCFG="usbnet"`: at.ParseUSBNet,
		"AT!USBCOMP?": func(c at.Command, a at.Answer) (string, error) {
			list, err := at.ParseUSBComposition(c, a)
			return strings.Join(list, ", "), err
		},
		"AT#USBCFG?":        firstField,
		"AT+UUSBCONF?":      firstField,
		"AT+CUSBPIDSWITCH?": firstField,
		"AT+GTUSBMODE?":     firstField,
	}
)

func firstField(c at.Command, a at.Answer) (string, error) {
	fields, err := at.Fields(c, a)
	if err != nil {
		return "", err
	}
	return strings.Join(fields[0], ","), nil
}

// carrierImage is what a modem of Sierra Wireless runs, and that it is not what
// it should run.
func carrierImage(c at.Command, a at.Answer) (string, error) {
	p, err := at.ParseImagePreference(c, a)
	if err != nil {
		return "", err
	}
	text := strings.Join(strings.Fields(p.Current.Firmware+" "+p.Current.Carrier+" "+p.Current.Config), " ")
	if len(p.Mismatches) > 0 {
		text += " (" + strings.Join(p.Mismatches, ", ") + ")"
	}
	return text, nil
}

// talkAT asks one command after the other. After one that is not answered in
// time no other is asked: what came later would be taken for its answer.
func talkAT(p *port) (modemAnswer, error) {
	buffer := make([]byte, 4096)
	defer rawTerminal(p.fd)()
	defer p.drain(buffer) // what is said after the last answer must not meet a terminal that echoes
	if _, err := p.command(buffer, "AT", patienceFirst); err != nil {
		return modemAnswer{}, err
	}
	var a modemAnswer
	var ended error
	ask := func(text string, word *modemWord, parse func(at.Command, at.Answer) (string, error)) {
		if ended != nil {
			*word = said("", ended)
			return
		}
		answer, err := p.command(buffer, text, patience)
		if err != nil {
			ended = err
			*word = said("", err)
			return
		}
		c, _ := at.Find(text)
		*word = said(parse(c, answer))
	}
	ask("AT+CGMI", &a.Manufacturer, at.Text)
	ask("AT+CGMM", &a.Model, at.Text)
	ask("AT+CGMR", &a.Firmware, at.Text)
	ask("AT+CPIN?", &a.Card, func(c at.Command, answer at.Answer) (string, error) {
		state, err := at.ParseCard(c, answer)
		if err != nil {
			return "", err
		}
		return cardWord(string(state))
	})
	ask("AT+CFUN?", &a.Power, func(c at.Command, answer at.Answer) (string, error) {
		n, err := at.ParseFunctionality(c, answer)
		if word, ok := map[int]string{0: "off", 1: "on", 4: "off (flight mode)"}[n]; ok || err != nil {
			return word, err // TS 27.007, 8.2
		}
		return "functionality " + strconv.Itoa(n), nil
	})
	ask("AT+CGSN", &a.Equipment, func(c at.Command, answer at.Answer) (string, error) {
		id, err := at.ParseIMEI(c, answer)
		return id.IMEI, err
	})
	for _, c := range at.Commands() {
		if c.For == "" || c.Identifies || !madeBy(c.For, a.Manufacturer.Text) {
			continue
		}
		if parse, ok := atUSBMode[c.Text]; ok {
			ask(c.Text, &a.USBMode, parse)
		}
		if parse, ok := atCarrier[c.Text]; ok {
			ask(c.Text, &a.Carrier, parse)
		}
	}
	return a, nil
}

// madeBy reports whether one of some makers is the one that a modem names. Their
// names come in many forms, as in "QUALCOMM INCORPORATED" or "SIMCOM_Ltd".
func madeBy(makers, name string) bool {
	for maker := range strings.SplitSeq(makers, ", ") {
		first, _, _ := strings.Cut(maker, " ")
		if strings.Contains(strings.ToLower(name), strings.ToLower(first)) {
			return true
		}
	}
	return false
}

// cardWord says of a card what matters here. A state that is neither is not
// known.
func cardWord(state string) (string, error) {
	switch at.Card(state) {
	case at.CardReady:
		return "present", nil
	case at.CardAbsent:
		return "absent", nil
	case at.CardPIN, at.CardPUK, at.CardLocked:
		return "locked", nil
	}
	return "", fmt.Errorf("the card is %s", state)
}

// command sends one command and reads its answer.
func (p *port) command(buffer []byte, text string, patience time.Duration) (at.Answer, error) {
	c, ok := at.Find(text)
	if !ok {
		return at.Answer{}, unix.EPERM
	}
	until := p.until(patience)
	p.drain(buffer)
	if err := p.send([]byte(c.Text+"\r"), until); err != nil {
		return at.Answer{}, err
	}
	r, talks := at.NewReader(c), false
	for {
		data, err := p.receive(buffer, until)
		if err != nil {
			// A port that talks without ever answering is none for AT commands,
			// or is one that says back what it hears. One echo is usual.
			if a := r.Answer(); errors.Is(err, unix.ETIMEDOUT) && talks && (a.Garbage > 0 || a.Echoes > 1 || a.Echoes+len(a.Unsolicited) == 0) {
				err = errGarbled
			}
			return at.Answer{}, err
		}
		if talks = true; r.Feed(data) {
			return r.Answer(), nil
		}
	}
}

// drain throws away what was said since the last answer: a second final line of
// it, or messages that nobody asked for.
func (p *port) drain(buffer []byte) {
	const quiet, atMost = 10 * time.Millisecond, 100 * time.Millisecond
	for end := p.until(atMost); time.Now().Before(end); {
		if _, err := p.receive(buffer, p.until(quiet)); err != nil {
			return
		}
	}
}

// rawTerminal makes a terminal pass bytes as they are, before anything is sent:
// else it would echo what the modem says back to it as commands (termios(3),
// cfmakeraw). Nobody else can open it meanwhile. The function that is returned
// puts all back. What is no terminal, as the ports of drivers/net/wwan on older
// kernels, is left as it is.
func rawTerminal(fd int) func() {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	raw := *before
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag &^= unix.CSIZE | unix.PARENB | unix.CRTSCTS
	raw.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	_ = unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, &raw)
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
	return func() {
		// What a modem has not taken will not be sent later, and closing does
		// not wait for it.
		_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH)
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before)
		_ = unix.IoctlSetInt(fd, unix.TIOCNXCL, 0)
	}
}
