package mbim

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Status is the status of an answer (MBIM_STATUS_CODES), 0 if it is good.
type Status uint32

// Error says what the status means.
func (s Status) Error() string {
	words := [...]string{
		1: "busy", 2: "failure", 3: "no card", 4: "bad card", 5: "PIN required", 6: "PIN disabled", 7: "not registered",
		8: "no provider found", 9: "not supported by the device", 10: "provider not visible", 11: "data class not available",
		12: "packet service detached", 14: "not initialised", 20: "radio is off", 21: "invalid parameters", 22: "read failure",
		23: "write failure", 26: "parameter too long", 28: "operation not allowed", 29: "memory failure",
		34: "invalid device service operation",
	}
	if int64(s) < int64(len(words)) && words[s] != "" {
		return "mbim: " + words[s]
	}
	return fmt.Sprintf("mbim: status 0x%x", uint32(s))
}

// FunctionError is the code of a message by which the modem refuses what was
// sent (MBIM_FUNCTION_ERROR_MSG).
type FunctionError uint32

// Error says what the code means.
func (e FunctionError) Error() string {
	words := [...]string{
		1: "fragment timed out", 2: "fragment out of sequence", 3: "length mismatch", 4: "transaction used twice", 5: "not opened",
		6: "unknown error", 7: "cancelled", 8: "more than the host can read at once",
	}
	if int64(e) < int64(len(words)) && words[e] != "" {
		return "mbim: refused: " + words[e]
	}
	return fmt.Sprintf("mbim: refused: error %d", uint32(e))
}

// Err returns the Status of an answer that reports a failure, or the
// FunctionError.
func (m Message) Err() error {
	switch {
	case m.Type == TypeFunctionError:
		return FunctionError(m.Status)
	case m.Status != 0:
		return m.Status
	}
	return nil
}

// answer checks that a message is the good answer to a query, whose information
// has at least that many bytes.
func (m Message) answer(q Query, size int) (information, error) {
	w := q.query()
	if m.Type == TypeFunctionError {
		return nil, m.Err()
	}
	if m.Type != TypeCommandDone || m.Service != w.service || m.Command != w.command {
		return nil, fmt.Errorf("mbim: message of type 0x%08x, service %s, command %d; want the answer to %s", uint32(m.Type), m.Service, m.Command, q)
	}
	if err := m.Err(); err != nil {
		return nil, err
	}
	if len(m.Information) < size {
		return nil, fmt.Errorf("mbim: %s of %d bytes, want %d", q, len(m.Information), size)
	}
	return information(m.Information), nil
}

// information is the buffer of an answer, whose texts are given by offset from
// its beginning and length.
type information []byte

func (b information) word(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// maxText bounds a text. The longest that MBIM allows, of hardware and firmware,
// have 30 characters.
const maxText = 512

// text reads the text whose offset and length are at a place: UTF-16, at most
// maxText bytes. One that does not lie in the buffer is "".
func (b information) text(at int) string {
	offset, n := uint64(b.word(at)), uint64(b.word(at+4))
	if n == 0 || n > maxText || offset+n > uint64(len(b)) {
		return ""
	}
	raw := b[offset : offset+n]
	var units []uint16
	for ; len(raw) >= 2; raw = raw[2:] {
		units = append(units, binary.LittleEndian.Uint16(raw))
	}
	s, _, _ := strings.Cut(string(utf16.Decode(units)), "\x00")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}

// word returns the n-th of some words, or the number.
func word(n uint32, words ...string) string {
	if uint64(n) < uint64(len(words)) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// flags returns the words of the bits that are set. A bit without a word is
// given by its number.
func flags(n uint32, words map[uint32]string) []string {
	var list []string
	for bit := range uint32(32) {
		if n>>bit&1 == 0 {
			continue
		}
		if w, ok := words[bit]; ok {
			list = append(list, w)
		} else {
			list = append(list, fmt.Sprintf("bit %d", bit))
		}
	}
	return list
}

// Capabilities is the answer to DeviceCaps.
type Capabilities struct {
	DeviceType      string // embedded, removable, remote, unknown
	CellularClasses []string
	CardClasses     []string // logical, removable
	DataClasses     []string // GPRS, LTE, …
	CustomDataClass string
	HardwareSwitch  bool   // the radio can be switched off by hardware
	MaxSessions     uint32 // data connections at a time
	Firmware        string // version, as the vendor writes it
	Hardware        string // model or version, as the vendor writes it
	DeviceID        string // identifies the unit: IMEI, MEID or ESN, "" if the modem gives none
}

// Capabilities reads the answer to DeviceCaps.
func (m Message) Capabilities() (Capabilities, error) {
	const size = 8*4 + 4*8
	const switchable = 1 << 1 // MBIMCtrlCapsHwRadioSwitch
	b, err := m.answer(DeviceCaps, size)
	if err != nil {
		return Capabilities{}, err
	}
	c := Capabilities{
		DeviceType:      word(b.word(0), "unknown", "embedded", "removable", "remote"),
		CellularClasses: flags(b.word(4), map[uint32]string{0: "GSM", 1: "CDMA"}),
		CardClasses:     flags(b.word(12), map[uint32]string{0: "logical", 1: "removable"}),
		DataClasses: flags(b.word(16), map[uint32]string{
			0: "GPRS", 1: "EDGE", 2: "UMTS", 3: "HSDPA", 4: "HSUPA", 5: "LTE", 6: "5G NSA", 7: "5G SA", // the last two of Microsoft's MBIM 2.0
			16: "1XRTT", 17: "EV-DO", 18: "EV-DO Rev. A", 19: "1xEVDV", 20: "3xRTT", 21: "EV-DO Rev. B", 22: "UMB", 31: "custom",
		}),
		HardwareSwitch:  b.word(24)&switchable != 0,
		MaxSessions:     b.word(28),
		CustomDataClass: b.text(32),
		DeviceID:        b.text(40),
		Firmware:        b.text(48),
		Hardware:        b.text(56),
	}
	if strings.Trim(c.DeviceID, "0") == "" {
		c.DeviceID = "" // a modem without one answers with zeros
	}
	return c, nil
}

// Subscriber is the answer to SubscriberReady.
type Subscriber struct {
	State string // initialised, no card, locked, …
	// What identifies the owner and the card, "" or empty if the modem does not
	// give it. It has to be replaced before it is stored.
	IMSI, ICCID string
	Numbers     []string
}

// maxNumbers bounds the telephone numbers of a card.
const maxNumbers = 16

// Subscriber reads the answer to SubscriberReady.
func (m Message) Subscriber() (Subscriber, error) {
	const size = 4 + 8 + 8 + 4 + 4
	b, err := m.answer(SubscriberReady, size)
	if err != nil {
		return Subscriber{}, err
	}
	s := Subscriber{
		State: word(b.word(0), "not initialised", "initialised", "no card", "bad card", "failure", "not activated", "locked", "no profile on the eSIM"),
		IMSI:  b.text(4),
		ICCID: b.text(12),
	}
	for i := range int(min(b.word(24), maxNumbers)) {
		if at := size + 8*i; at+8 <= len(b) {
			if number := b.text(at); number != "" {
				s.Numbers = append(s.Numbers, number)
			}
		}
	}
	return s, nil
}

// Radio is the answer to RadioState.
type Radio struct {
	HardwareOn bool // what a switch or pin says
	SoftwareOn bool
}

// Radio reads the answer to RadioState.
func (m Message) Radio() (Radio, error) {
	b, err := m.answer(RadioState, 8)
	if err != nil {
		return Radio{}, err
	}
	return Radio{HardwareOn: b.word(0) != 0, SoftwareOn: b.word(4) != 0}, nil
}

// FirmwareIdentity reads the answer to FirmwareIdentity: a UUID that is the
// same for all units with one firmware.
func (m Message) FirmwareIdentity() (UUID, error) {
	b, err := m.answer(FirmwareIdentity, len(UUID{}))
	if err != nil {
		return UUID{}, err
	}
	return UUID(b[:len(UUID{})]), nil
}
