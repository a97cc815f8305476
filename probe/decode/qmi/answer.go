package qmi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// reader takes values from the front of a TLV. After the end it gives zeros and
// remembers.
type reader struct {
	data []byte
	cut  bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.data) {
		r.cut = true
		r.data = nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) byte() uint8 {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) half() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) word() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// text takes a text with its length in one byte before it.
func (r *reader) text() string { return clean(r.bytes(int(r.byte()))) }

// clean returns the printable ASCII of a text; a NUL ends it.
func clean(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}

// word returns the n-th of some words, or the number.
func word(n int, words ...string) string {
	if n >= 0 && n < len(words) && words[n] != "" {
		return words[n]
	}
	return fmt.Sprint(n)
}

// ServiceVersion is a service that the modem has.
type ServiceVersion struct {
	Service      Service
	Major, Minor uint16
}

// Versions reads the answer to EncodeGetVersions.
func (m Message) Versions() ([]ServiceVersion, error) {
	v, err := m.answer(Control, idGetVersions, 0x01)
	if err != nil {
		return nil, err
	}
	r := reader{data: v}
	var list []ServiceVersion
	for range r.byte() {
		list = append(list, ServiceVersion{Service(r.byte()), r.half(), r.half()})
	}
	if r.cut {
		return nil, errCut
	}
	return list, nil
}

// AllocatedClient reads the answer to EncodeAllocateClient.
func (m Message) AllocatedClient() (Service, uint8, error) {
	v, err := m.answer(Control, idAllocateClient, 0x01)
	if err != nil {
		return 0, 0, err
	}
	if len(v) != 2 {
		return 0, 0, errCut
	}
	return Service(v[0]), v[1], nil
}

// Text reads the answer to one of the requests for a text: manufacturer, model,
// revision, hardware revision, software version.
func (m Message) Text(r Request) (string, error) {
	switch r {
	case GetManufacturer, GetModel, GetRevision, GetHardwareRevision, GetSoftwareVersion:
	default:
		return "", fmt.Errorf("qmi: %s is not answered by a text", r)
	}
	v, err := m.answer(DMS, r.ID(), 0x01)
	if err != nil {
		return "", err
	}
	return clean(v), nil
}

// Identifiers is what identifies the unit, "" where the modem has none. It has
// to be replaced before it is stored.
type Identifiers struct {
	IMEI, MEID, ESN string
}

// Identifiers reads the answer to GetIdentifiers. The second value is the
// software version of the IMEISV, which does not identify the unit.
func (m Message) Identifiers() (Identifiers, string, error) {
	// All values are optional; an answer without any is none.
	if _, err := m.answer(DMS, GetIdentifiers.ID(), tlvResult); err != nil {
		return Identifiers{}, "", err
	}
	text := func(kind uint8) string {
		v, _ := m.value(kind)
		if s := clean(v); strings.Trim(s, "0") != "" {
			return s
		}
		return "" // modems that have no ESN or MEID answer with zeros
	}
	ids := Identifiers{ESN: text(0x10), IMEI: text(0x11), MEID: text(0x12)}
	software := text(0x13)
	if ids == (Identifiers{}) && software == "" {
		return ids, "", errors.New("qmi: no identifier in the answer")
	}
	return ids, software, nil
}

// OperatingMode is the answer to GetOperatingMode.
type OperatingMode struct {
	Mode               string // online, low power, …
	HardwareRestricted bool   // a switch or pin holds the radio off; valid with HasRestricted
	HasRestricted      bool
}

// OperatingMode reads the answer to GetOperatingMode.
func (m Message) OperatingMode() (OperatingMode, error) {
	v, err := m.answer(DMS, GetOperatingMode.ID(), 0x01)
	if err != nil {
		return OperatingMode{}, err
	}
	if len(v) != 1 {
		return OperatingMode{}, errCut
	}
	mode := OperatingMode{Mode: word(int(v[0]),
		"online", "low power", "factory test", "offline", "reset", "shutting down", "persistent low power", "low power only")}
	if v, ok := m.value(0x11); ok && len(v) == 1 {
		mode.HardwareRestricted, mode.HasRestricted = v[0] != 0, true
	}
	return mode, nil
}

// Capabilities is the answer to GetCapabilities.
type Capabilities struct {
	MaxTxBitsPerSecond uint32
	MaxRxBitsPerSecond uint32
	DataService        string // circuit switched (CS), packet switched (PS) or both
	Card               bool   // a card is supported
	RadioInterfaces    []string
}

// Capabilities reads the answer to GetCapabilities.
func (m Message) Capabilities() (Capabilities, error) {
	v, err := m.answer(DMS, GetCapabilities.ID(), 0x01)
	if err != nil {
		return Capabilities{}, err
	}
	r := reader{data: v}
	c := Capabilities{
		MaxTxBitsPerSecond: r.word(),
		MaxRxBitsPerSecond: r.word(),
		DataService:        word(int(r.byte()), "none", "CS", "PS", "CS and PS at once", "CS or PS"),
		Card:               r.byte() == 2,
	}
	for range r.byte() {
		c.RadioInterfaces = append(c.RadioInterfaces, word(int(r.byte()),
			"", "CDMA2000 1X", "EV-DO", "", "GSM", "UMTS", "", "", "LTE", "TD-SCDMA", "5G NR"))
	}
	if r.cut {
		return Capabilities{}, errCut
	}
	return c, nil
}
