package qmi

// Registration is the part of the answer to GetServingSystem that does not say
// where the modem is. The operator is left out.
type Registration struct {
	State           string // registered, not registered, searching, denied, unknown
	PacketAttached  bool   // valid with HasAttached
	HasAttached     bool
	RadioInterfaces []string // in use
}

// Registration reads the answer to GetServingSystem.
func (m Message) Registration() (Registration, error) {
	v, err := m.answer(NAS, GetServingSystem.ID(), 0x01)
	if err != nil {
		return Registration{}, err
	}
	r := reader{data: v}
	reg := Registration{State: word(int(r.byte()), "not registered", "registered", "searching", "denied", "unknown")}
	r.byte() // circuit switched
	switch r.byte() {
	case 1:
		reg.PacketAttached, reg.HasAttached = true, true
	case 2:
		reg.HasAttached = true
	}
	r.byte() // selected network
	for range r.byte() {
		if n := r.byte(); n != 0 {
			reg.RadioInterfaces = append(reg.RadioInterfaces, word(int(n),
				"", "CDMA2000 1X", "EV-DO", "AMPS", "GSM", "UMTS", "", "", "LTE", "TD-SCDMA", "", "", "5G NR"))
		}
	}
	if r.cut {
		return Registration{}, errCut
	}
	return reg, nil
}

// Card is one slot for a card.
type Card struct {
	State        string // absent, present, error
	Error        string // why, "" if State is not error
	Applications []Application
}

// Application is what a card can be: its identity is not asked for.
type Application struct {
	Type  string // SIM, USIM, RUIM, CSIM, ISIM
	State string // ready, PIN required, …
	PIN1  string // disabled, enabled and verified, …
	// PIN1Retries and PUK1Retries are how often a wrong one may still be given.
	PIN1Retries, PUK1Retries uint8
}

// Cards reads the answer to GetCardStatus.
func (m Message) Cards() ([]Card, error) {
	v, err := m.answer(UIM, GetCardStatus.ID(), 0x10)
	if err != nil {
		return nil, err
	}
	r := reader{data: v}
	r.bytes(4 * 2) // which application is used for what
	var list []Card
	for range r.byte() {
		state := r.byte()
		card := Card{State: word(int(state), "absent", "present", "error")}
		r.bytes(3) // the card's universal PIN: state, retries, retries to unblock it
		if code := r.byte(); state == 2 {
			card.Error = word(int(code), "unknown", "power down", "poll", "no answer to reset", "voltage mismatch", "parity", "possibly removed", "technical problem")
		}
		for range r.byte() {
			card.Applications = append(card.Applications, r.application())
		}
		if r.cut {
			return nil, errCut
		}
		list = append(list, card)
	}
	if r.cut {
		return nil, errCut
	}
	return list, nil
}

func (r *reader) application() Application {
	a := Application{
		Type: word(int(r.byte()), "unknown", "SIM", "USIM", "RUIM", "CSIM", "ISIM"),
		State: word(int(r.byte()),
			"unknown", "detected", "PIN required", "PUK required", "personalisation to be checked", "PIN blocked", "illegal", "ready"),
	}
	r.bytes(4)             // lock to a network: state, kind, retries, retries to unblock it
	r.bytes(int(r.byte())) // the application's identifier, of which the end can be the card's own
	r.byte()               // whether the universal PIN replaces PIN1
	a.PIN1 = word(int(r.byte()), "not initialised", "enabled, not verified", "enabled, verified", "disabled", "blocked", "blocked for ever")
	a.PIN1Retries, a.PUK1Retries = r.byte(), r.byte()
	r.bytes(3) // PIN2: state, retries, retries to unblock it
	return a
}
