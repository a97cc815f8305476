package probe

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/qmi"
)

// askModemQMI asks a port for QMI with requests that only read. The identifiers
// of a client that this takes are given back.
func askModemQMI(ctx context.Context, name string) ([]byte, error) {
	if !portName().MatchString(name) {
		return nil, unix.EINVAL
	}
	return askPort(ctx, "/dev/"+name, talkQMI)
}

// qmiClient is a client of one service.
type qmiClient struct {
	port        *port
	buffer      []byte
	service     qmi.Service
	id          uint8
	transaction uint16 // of the last request
}

func talkQMI(p *port) (modemAnswer, error) {
	var a modemAnswer
	buffer := make([]byte, qmi.MaxMessageBytes)
	dms, err := openQMI(p, buffer, qmi.DMS, patienceFirst)
	if err != nil {
		return a, err
	}
	describeModem(dms.ask, &a)
	dms.close()
	uim, err := openQMI(p, buffer, qmi.UIM, patience)
	if err != nil {
		a.Card = said("", err)
		return a, nil
	}
	a.Card = cardOf(uim.ask)
	uim.close()
	return a, nil
}

// openQMI takes an identifier. If the modem gives it later than that, it is
// given back then.
func openQMI(p *port, buffer []byte, s qmi.Service, patience time.Duration) (*qmiClient, error) {
	c := &qmiClient{port: p, buffer: buffer, service: s, transaction: uint16(s)}
	take := func(until time.Time) error {
		m, err := c.wait(qmi.Control, 0, uint16(s), until)
		if err == nil {
			_, c.id, err = m.AllocatedClient()
		}
		return err
	}
	until := p.until(patience)
	if err := p.send(qmi.EncodeAllocateClient(uint8(s), s), until); err != nil {
		return nil, err
	}
	err := take(until)
	if errors.Is(err, unix.ETIMEDOUT) || errors.Is(err, errGarbled) {
		p.after = func() {
			p.end = time.Now().Add(patienceAll)
			if take(p.end) == nil {
				c.close()
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// close gives the identifier back, whatever the time is.
func (c *qmiClient) close() {
	until := time.Now().Add(patienceEnd)
	if c.port.send(qmi.EncodeReleaseClient(uint8(c.service)|0x80, c.service, c.id), until) == nil {
		_, _ = c.wait(qmi.Control, 0, uint16(c.service)|0x80, until)
	}
}

// ask sends a request and waits for its answer.
func (c *qmiClient) ask(r qmi.Request) (qmi.Message, error) {
	until := c.port.until(patience)
	c.transaction++
	if err := c.port.send(r.Encode(c.id, c.transaction), until); err != nil {
		return qmi.Message{}, err
	}
	return c.wait(c.service, c.id, c.transaction, until)
}

// wait reads until the answer to a transaction comes. A read gives whole
// messages; what is none is skipped.
func (c *qmiClient) wait(s qmi.Service, client uint8, transaction uint16, until time.Time) (qmi.Message, error) {
	garbled := false
	for {
		data, err := c.port.receive(c.buffer, until)
		if err != nil {
			return qmi.Message{}, unanswered(err, garbled)
		}
		for len(data) > 0 {
			m, n, err := qmi.Parse(data)
			if err != nil {
				garbled = true
				break
			}
			if data = data[n:]; m.Response && m.Service == s && m.Client == client && m.Transaction == transaction {
				return m, nil
			}
		}
	}
}

// qmiAsk puts a request to a service, by whatever way.
type qmiAsk func(r qmi.Request) (qmi.Message, error)

// describeModem asks the service for the device.
func describeModem(ask qmiAsk, a *modemAnswer) {
	text := func(r qmi.Request) modemWord {
		m, err := ask(r)
		if err != nil {
			return said("", err)
		}
		return said(m.Text(r))
	}
	a.Manufacturer, a.Model = text(qmi.GetManufacturer), text(qmi.GetModel)
	a.Firmware, a.Hardware = text(qmi.GetRevision), text(qmi.GetHardwareRevision)
	a.Power, a.Equipment, a.Carrier = powerOf(ask), equipmentOf(ask), carrierOf(ask)
}

func powerOf(ask qmiAsk) modemWord {
	m, err := ask(qmi.GetOperatingMode)
	if err != nil {
		return said("", err)
	}
	mode, err := m.OperatingMode()
	switch {
	case mode.HardwareRestricted:
		mode.Mode += " (held off by a switch or pin)"
	case mode.Mode == "online":
		mode.Mode = "on"
	}
	return said(mode.Mode, err)
}

func equipmentOf(ask qmiAsk) modemWord {
	m, err := ask(qmi.GetIdentifiers)
	if err != nil {
		return said("", err)
	}
	ids, _, err := m.Identifiers()
	return said(cmp.Or(ids.IMEI, ids.MEID, ids.ESN), err)
}

// carrierOf is the configuration that a modem should start (PRI).
func carrierOf(ask qmiAsk) modemWord {
	m, err := ask(qmi.GetFirmwarePreference)
	if err != nil {
		return said("", err)
	}
	images, err := m.FirmwarePreference()
	var names []string
	for _, i := range images {
		names = append(names, i.Type+" "+i.BuildID)
	}
	return said(strings.Join(names, ", "), err)
}

func cardOf(ask qmiAsk) modemWord {
	m, err := ask(qmi.GetCardStatus)
	if err != nil {
		return said("", err)
	}
	cards, err := m.Cards()
	if err != nil || len(cards) == 0 {
		return said("", err)
	}
	// Of several slots the first with a card counts.
	card := cards[0]
	for _, other := range cards {
		if card.State == "absent" {
			card = other
		}
	}
	switch card.State {
	case "absent":
		return said("absent", nil)
	case "present":
		for _, app := range card.Applications {
			if strings.HasSuffix(app.State, "required") || app.State == "PIN blocked" {
				return said("locked", nil)
			}
		}
		return said("present", nil)
	}
	return modemWord{Gap: gapOfModem(errGarbled), Note: oneLine("card: " + cmp.Or(card.Error, card.State))}
}
