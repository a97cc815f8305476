// Package eventlog reads the log that UEFI firmware keeps of what it measured
// into a TPM, and computes from it what the TPM's registers must hold.
//
// The format is that of the TCG PC Client Platform Firmware Profile 1.06,
// section 10. The package is given bytes; whether the registers of the TPM hold
// that, it does not know.
package eventlog

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the banks that a log can have
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
)

// Bounds. Logs have some tens to a few hundred events.
const (
	maxEvents     = 4096
	maxAlgorithms = 8
	maxEventBytes = 1 << 20
	maxVariable   = 256 // characters of a variable's name
)

// PCRs is how many registers firmware measures into, and the operating system
// does not: 0 to 7.
const PCRs = 8

// The first event.
const (
	headerDigest        = 20 // the first event has a digest of SHA-1, which is zero
	signatureSpecID     = "Spec ID Event03\x00"
	signatureLocality   = "StartupLocality\x00"
	specAlgorithmsStart = 24 // of the number of algorithms in the first event
)

// Log is what a log says.
type Log struct {
	Events     int
	Algorithms []Algorithm
	Registers  map[uint16][PCRs][]byte // by algorithm: what the registers must hold
	Extended   [PCRs]bool              // which registers anything was measured into

	Bank         Algorithm     // that the digests of Measurements are of; ID is 0 if none is known here
	Measurements []Measurement // in their order, without the first event, which says what banks there are

	BootOrder     []uint16 // the variable as it was at the start
	HasBootOrder  bool
	SecureBoot    bool
	HasSecureBoot bool
}

// Algorithm is a bank of the TPM.
type Algorithm struct {
	ID   uint16 // TPM_ALG_ID
	Size int    // of a digest, in bytes
}

// hashes are the algorithms that can be computed here (TCG Algorithm Registry).
func hashOf(id uint16) (crypto.Hash, string) {
	switch id {
	case 0x0004:
		return crypto.SHA1, "sha1"
	case 0x000b:
		return crypto.SHA256, "sha256"
	case 0x000c:
		return crypto.SHA384, "sha384"
	case 0x000d:
		return crypto.SHA512, "sha512"
	}
	return 0, ""
}

// preferred is the order in which a bank is taken for the digests: the one that
// all TPM 2.0 of PCs have goes first.
func preferred() []uint16 { return []uint16{0x000b, 0x000c, 0x000d, 0x0004} }

// Name is the algorithm's, as in sha256; empty for one that is not known here.
func (a Algorithm) Name() string {
	_, name := hashOf(a.ID)
	return name
}

// ErrOld is the error for a log of TPM 1.2, which has another form.
var ErrOld = errors.New("event log: it is of the form for TPM 1.2")

type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		r.err = errors.New("event log: it ends within an event")
		return make([]byte, max(0, min(n, 64)))
	}
	part := r.data[:n]
	r.data = r.data[n:]
	return part
}

func (r *reader) long() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) word() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }

// Parse reads a log. What stands behind its last event, zeros, is no part of it.
func Parse(data []byte) (Log, error) {
	r := &reader{data: data}
	l := Log{Registers: map[uint16][PCRs][]byte{}}
	if err := l.header(r); err != nil {
		return Log{}, err
	}
	for len(bytes.Trim(r.data, "\x00\xff")) > 0 {
		if l.Events == maxEvents {
			return Log{}, fmt.Errorf("event log: more than %d events", maxEvents)
		}
		if err := l.event(r); err != nil {
			return Log{}, err
		}
	}
	return l, nil
}

// header reads the first event, which says which banks there are.
func (l *Log) header(r *reader) error {
	r.long() // register
	kind := r.long()
	r.take(headerDigest)
	size := int(r.long())
	if r.err != nil || size > maxEventBytes {
		return errors.Join(r.err, errors.New("event log: no first event"))
	}
	event := r.take(size)
	if r.err != nil {
		return r.err
	}
	if kind != typeNoAction || !bytes.HasPrefix(event, []byte(signatureSpecID)) {
		return ErrOld
	}
	if len(event) < specAlgorithmsStart {
		return errors.New("event log: the first event is too short")
	}
	e := &reader{data: event[specAlgorithmsStart:]}
	count := e.long()
	if count == 0 || count > maxAlgorithms {
		return fmt.Errorf("event log: %d algorithms", count)
	}
	for range count {
		a := Algorithm{e.word(), int(e.word())}
		if e.err != nil || a.Size == 0 || a.Size > 64 {
			return fmt.Errorf("event log: algorithm %#x with digests of %d bytes", a.ID, a.Size)
		}
		if hash, _ := hashOf(a.ID); hash != 0 {
			if hash.Size() != a.Size {
				return fmt.Errorf("event log: algorithm %#x with digests of %d bytes", a.ID, a.Size)
			}
			var zero [PCRs][]byte
			for i := range zero {
				zero[i] = make([]byte, a.Size)
			}
			l.Registers[a.ID] = zero
		}
		l.Algorithms = append(l.Algorithms, a)
	}
	for _, id := range preferred() {
		if i := slices.IndexFunc(l.Algorithms, func(a Algorithm) bool { return a.ID == id }); i >= 0 && l.Bank.ID == 0 {
			l.Bank = l.Algorithms[i]
		}
	}
	return nil
}

func (l *Log) event(r *reader) error {
	register, kind, count := r.long(), r.long(), r.long()
	if r.err == nil && count > maxAlgorithms {
		return fmt.Errorf("event log: event %d has %d digests", l.Events, count)
	}
	digests := map[uint16][]byte{}
	for range count {
		id := r.word()
		i := slices.IndexFunc(l.Algorithms, func(a Algorithm) bool { return a.ID == id })
		if r.err == nil && i < 0 {
			return fmt.Errorf("event log: event %d has a digest of algorithm %#x", l.Events, id)
		}
		if r.err == nil {
			digests[id] = r.take(l.Algorithms[i].Size)
		}
	}
	size := r.long()
	if r.err == nil && size > maxEventBytes {
		return fmt.Errorf("event log: event %d of %d bytes", l.Events, size)
	}
	event := r.take(int(size))
	if r.err != nil {
		return r.err
	}
	l.Events++
	m := Measurement{Register: register, Type: kind, Name: nameOf(kind, event)}
	if l.Bank.ID != 0 {
		m.Digest = digests[l.Bank.ID]
	}
	l.Measurements = append(l.Measurements, m)
	if kind == typeNoAction {
		// Register 0 does not start at zero if the TPM was started elsewhere.
		if register == 0 && bytes.HasPrefix(event, []byte(signatureLocality)) && len(event) > len(signatureLocality) {
			for _, registers := range l.Registers {
				registers[0][len(registers[0])-1] = event[len(signatureLocality)]
			}
		}
		return nil
	}
	if register < PCRs {
		l.Extended[register] = true
		for id, digest := range digests {
			registers, ok := l.Registers[id]
			if !ok {
				continue
			}
			hash, _ := hashOf(id)
			sum := hash.New()
			sum.Write(registers[register])
			sum.Write(digest)
			registers[register] = sum.Sum(nil)
			l.Registers[id] = registers
		}
	}
	if kind == typeVariableBoot || kind == typeVariableBoot2 || kind == typeVariableConfig {
		l.variable(event)
	}
	return nil
}

// guid is in the byte order of UEFI.
type guid [16]byte

type uefiVariable struct {
	vendor guid
	name   string
	data   []byte
}

// parseVariable reads an event with a variable, UEFI_VARIABLE_DATA (10.4.1).
func parseVariable(event []byte) (uefiVariable, bool) {
	r := &reader{data: event}
	vendor := r.take(len(guid{}))
	nameLength, dataLength := binary.LittleEndian.Uint64(r.take(8)), binary.LittleEndian.Uint64(r.take(8))
	if r.err != nil || nameLength > maxVariable || dataLength > maxEventBytes {
		return uefiVariable{}, false
	}
	units := make([]uint16, nameLength)
	for i := range units {
		units[i] = r.word()
	}
	data := r.take(int(dataLength))
	return uefiVariable{guid(vendor), string(utf16.Decode(units)), data}, r.err == nil
}

func (l *Log) variable(event []byte) {
	v, ok := parseVariable(event)
	if !ok {
		return
	}
	switch data := v.data; {
	case v.name == "BootOrder" && len(data)%2 == 0:
		l.BootOrder, l.HasBootOrder = make([]uint16, 0, len(data)/2), true
		for ; len(data) > 1; data = data[2:] {
			l.BootOrder = append(l.BootOrder, binary.LittleEndian.Uint16(data))
		}
	case v.name == "SecureBoot" && len(data) == 1:
		l.SecureBoot, l.HasSecureBoot = data[0] == 1, true
	}
}
