// Package pseudonym replaces what identifies one unit (serial numbers,
// addresses, UUIDs) by keyed pseudonyms of the same length and shape.
//
// Under one key the same value always becomes the same pseudonym, so reports
// can be compared; without the key nobody can try values until one fits. What
// names the manufacturer is kept: the first half of a MAC address, everything
// but the serial number in the CID of a card. The package reads no file.
package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// Key keys the pseudonyms.
type Key [32]byte

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:]) // never fails: crypto/rand
	return k
}

// ParseKey reads 64 hexadecimal digits and an optional line end.
func ParseKey(text []byte) (Key, error) {
	var k Key
	digits := bytes.TrimSpace(text)
	if len(digits) != hex.EncodedLen(len(k)) {
		return k, fmt.Errorf("pseudonym key: %d characters, want 64 hexadecimal digits", len(digits))
	}
	if _, err := hex.Decode(k[:], digits); err != nil {
		return k, fmt.Errorf("pseudonym key: %w", err)
	}
	return k, nil
}

// String returns the key as ParseKey reads it.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ID returns a short name of the key that does not reveal it.
func (k Key) ID() string {
	sum := k.sum("key id", nil)
	return hex.EncodeToString(sum[:4])
}

func (k Key) sum(class string, value []byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	fmt.Fprintf(mac, "boardprobe/1\x00%s\x00", class)
	mac.Write(value)
	return mac.Sum(nil)
}

// Replacer knows the identities of one machine and replaces them in answers.
// It is filled before the first answer and only read afterwards.
type Replacer struct {
	key     Key
	needles []needle
}

type needle struct {
	raw, stand []byte
	token      bool // only where it is not part of a longer word
}

// New returns a Replacer that knows only what has the form of an identity:
// MAC addresses and UUIDs.
func New(key Key) *Replacer { return &Replacer{key: key} }

// minGlobal is the length from which a serial number is looked for in every
// answer. A shorter one would hit numbers that mean something else.
const minGlobal = 6

// AddText makes a serial number, host name or other text known.
func (r *Replacer) AddText(raw string) {
	raw = strings.Trim(raw, " \t\r\n\x00")
	if len(raw) < minGlobal || Placeholder(raw) || len(raw) > 512 {
		return
	}
	for _, form := range []string{raw, strings.ToLower(raw), strings.ToUpper(raw)} {
		r.add([]byte(form), []byte(r.text(form)), true)
		r.add(wide(form), wide(r.text(form)), false)
	}
	r.addUUID(raw)
}

// wide is a text as firmware writes it, in UTF-16 with the low byte first.
func wide(text string) []byte {
	out := make([]byte, 0, 2*len(text))
	for i := range len(text) {
		out = append(out, text[i], 0)
	}
	return out
}

// addUUID makes the binary forms of a UUID known: in network order, and with
// its first three fields little-endian (RFC 9562 4; DSP0134 7.2.1; UEFI A).
func (r *Replacer) addUUID(text string) {
	binary := func(text string) []byte {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		if err != nil {
			return nil
		}
		return raw
	}
	if uuidForm().FindString(text) != text {
		return
	}
	raw, stand := binary(text), binary(r.text(text))
	if len(raw) != 16 || len(stand) != 16 {
		return
	}
	r.add(raw, stand, false)
	swap := func(b []byte) []byte {
		return slices.Concat([]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}, b[8:])
	}
	r.add(swap(raw), swap(stand), false)
}

// AddMAC makes a hardware address known, in the forms in which it is written
// and in binary.
func (r *Replacer) AddMAC(raw [6]byte) {
	if raw == [6]byte{} || raw == [6]byte{255, 255, 255, 255, 255, 255} {
		return
	}
	stand := r.mac(raw)
	r.add(raw[:], stand[:], false)
	for _, format := range []string{"%02x", "%02X"} {
		for _, sep := range []string{"", ":", "-", " "} {
			join := func(mac [6]byte) []byte {
				var parts []string
				for _, b := range mac {
					parts = append(parts, fmt.Sprintf(format, b))
				}
				return []byte(strings.Join(parts, sep))
			}
			r.add(join(raw), join(stand), true)
		}
	}
}

// AddCID makes the identification register of a card known: 32 hexadecimal
// digits as in sysfs. psn is where its serial number of four bytes begins: 9
// for SD, 10 for eMMC (JESD84-B51 7.2; SD physical layer 5.2).
func (r *Replacer) AddCID(text string, psn int) {
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 16 || psn < 0 || psn+4 > 15 {
		return
	}
	serial := raw[psn : psn+4]
	if bytes.Equal(serial, make([]byte, 4)) {
		return
	}
	stand := slices.Clone(raw)
	copy(stand[psn:psn+4], r.key.sum("cid", serial))
	// A right checksum stays right and a wrong one stays wrong. Controllers that
	// take it off leave 0 or 1, which stays, too.
	if raw[15] > 1 {
		stand[15] = raw[15] ^ checksum(raw[:15]) ^ checksum(stand[:15])
	}
	r.add([]byte(hex.EncodeToString(raw)), []byte(hex.EncodeToString(stand)), true)
	r.add([]byte("0x"+hex.EncodeToString(serial)), []byte("0x"+hex.EncodeToString(stand[psn:psn+4])), true)
}

// checksum is the CRC7 of a CID with its stop bit in bit 0.
func checksum(data []byte) byte {
	var crc byte
	for _, b := range data {
		for i := 7; i >= 0; i-- {
			bit := b>>i&1 ^ crc>>6&1
			crc = crc << 1 & 0x7f
			if bit == 1 {
				crc ^= 0x09
			}
		}
	}
	return crc<<1 | 1
}

func (r *Replacer) add(raw, stand []byte, token bool) {
	if !slices.ContainsFunc(r.needles, func(n needle) bool { return bytes.Equal(n.raw, raw) }) {
		r.needles = append(r.needles, needle{raw, stand, token})
		// The longest first: one identity may contain another.
		slices.SortStableFunc(r.needles, func(a, b needle) int { return len(b.raw) - len(a.raw) })
	}
}

var (
	// With dashes and the type of Ethernet in front it is the name of a file that
	// PXELINUX and its likes ask for.
	macForm  = pattern.New(`\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b|\b(?:01-)?[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b`)
	wideForm = pattern.New(`(?:[!-~]\x00){17,}`) // UTF-16 as long as the shorter of these
	uuidForm = pattern.New(`\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b`)
)

// Apply returns the answer with every known identity replaced, and what has
// the form of one, in UTF-16, too. The length never changes.
func (r *Replacer) Apply(answer []byte) []byte { return r.apply(answer, true) }

// ApplyKnown replaces known identities only: for answers with identifiers that
// are the same everywhere, as the vendors of UEFI variables.
func (r *Replacer) ApplyKnown(answer []byte) []byte { return r.apply(answer, false) }

func (r *Replacer) apply(answer []byte, forms bool) []byte {
	out := slices.Clone(answer)
	// What was replaced is not looked at again.
	done := make([]bool, len(out))
	put := func(at int, stand []byte) {
		copy(out[at:], stand)
		for i := range stand {
			done[at+i] = true
		}
	}
	for _, n := range r.needles {
		for from := 0; ; {
			i := bytes.Index(answer[from:], n.raw)
			if i < 0 {
				break
			}
			at := from + i
			from = at + 1
			if !slices.Contains(done[at:at+len(n.raw)], true) && (!n.token || alone(answer, at, len(n.raw))) {
				put(at, n.stand)
			}
		}
	}
	if !forms {
		return out
	}
	free := func(at, n int) bool { return !slices.Contains(done[at:at+n], true) }
	for _, f := range r.forms(answer) {
		if free(f.at, f.length) {
			put(f.at, f.stand)
		}
	}
	if !bytes.Contains(answer, []byte("-\x00")) && !bytes.Contains(answer, []byte(":\x00")) {
		return out // the marks between their digits
	}
	for _, m := range wideForm().FindAllIndex(answer, -1) {
		var narrow []byte
		for i := m[0]; i < m[1]; i += 2 {
			narrow = append(narrow, answer[i])
		}
		for _, f := range r.forms(narrow) {
			if at := m[0] + 2*f.at; free(at, 2*f.length) {
				put(at, wide(string(f.stand)))
			}
		}
	}
	return out
}

// form is a part of a text that has the form of an identity, and its pseudonym.
type form struct {
	at, length int
	stand      []byte
}

func (r *Replacer) forms(text []byte) (list []form) {
	for _, m := range macForm().FindAllIndex(text, -1) {
		was := text[m[1]-len("00:00:00:00:00:00") : m[1]]
		between := was[2:3]
		var mac [6]byte
		if _, err := hex.Decode(mac[:], bytes.ReplaceAll(was, between, nil)); err != nil {
			continue
		}
		if mac == [6]byte{} || mac == [6]byte{255, 255, 255, 255, 255, 255} {
			continue
		}
		stand := r.mac(mac)
		is := fmt.Appendf(nil, "%02x:%02x:%02x:%02x:%02x", stand[1], stand[2], stand[3], stand[4], stand[5])
		if bytes.ContainsAny(was, "ABCDEF") {
			is = bytes.ToUpper(is)
		}
		is = bytes.ReplaceAll(is, []byte(":"), between)
		list = append(list, form{m[1] - len(was), len(was), slices.Concat(was[:3], is)})
	}
	for _, m := range uuidForm().FindAllIndex(text, -1) {
		if was := string(text[m[0]:m[1]]); !Placeholder(was) {
			list = append(list, form{m[0], len(was), []byte(r.text(was))})
		}
	}
	return list
}

func alone(data []byte, at, n int) bool {
	word := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return (at == 0 || !word(data[at-1])) && (at+n == len(data) || !word(data[at+n]))
}

// Text returns the pseudonym of a text.
func (r *Replacer) Text(raw string) string {
	if Placeholder(raw) {
		return raw
	}
	return r.text(raw)
}

// IMEI returns the pseudonym of the identity of a piece of mobile equipment. The
// eight digits of its type stay, since they are the same for all units, the
// serial number is replaced, and a right check digit stays right and a wrong one
// wrong (3GPP TS 23.003, 6.2 and annex B). A MEID or ESN is a text.
func (r *Replacer) IMEI(raw string) string {
	const typeDigits, serialEnd = 8, 14
	if n := len(raw); n < serialEnd || n > serialEnd+2 || strings.Trim(raw, "0123456789") != "" || Placeholder(raw) {
		return r.Text(raw)
	}
	out := []byte(raw)
	for round := 0; string(out[:serialEnd]) == raw[:serialEnd] && round < 8; round++ {
		stream := r.key.sum(fmt.Sprintf("imei %d", round), []byte(raw[:serialEnd]))
		for i := typeDigits; i < serialEnd; i++ {
			out[i] = '0' + stream[i]%10
		}
	}
	if len(raw) == serialEnd+1 { // a 16th digit and the 15th before it are the version of the software
		out[serialEnd] = '0' + (raw[serialEnd]-'0'+10-luhn(raw[:serialEnd])+luhn(string(out[:serialEnd])))%10
	}
	return string(out)
}

// luhn is the check digit of 14 digits.
func luhn(digits string) byte {
	sum := byte(0)
	for i, c := range []byte(digits) {
		d := c - '0'
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// Bytes replaces a field of a binary layout in place: text by text, and other
// bytes by others, none of them zero where it was not.
func (r *Replacer) Bytes(field []byte) {
	raw := string(field)
	if trimmed := strings.TrimRight(raw, " \n\x00"); trimmed == "" || Placeholder(trimmed) {
		return
	}
	if strings.Trim(raw, "\n\x00") != "" && !strings.ContainsFunc(raw, func(c rune) bool { return c > '~' || c < ' ' && c != '\n' && c != 0 }) {
		copy(field, r.text(raw))
		return
	}
	for i := range field {
		if i%32 == 0 {
			stream := r.key.sum(fmt.Sprintf("bytes %d", i/32), []byte(raw))
			for k := i; k < min(i+32, len(field)); k++ {
				if field[k] != 0 {
					field[k] = max(stream[k-i], 1)
				}
			}
		}
	}
}

// text maps digits to digits and letters to letters of the same case; a text
// of hexadecimal digits stays one.
func (r *Replacer) text(raw string) string {
	letters := 26
	if strings.Trim(raw, "0123456789abcdefABCDEF-:x") == "" {
		letters = 6
	}
	norm := []byte(strings.ToLower(raw))
	out := []byte(raw)
	for round := 0; ; round++ {
		var stream []byte
		for i := range out {
			if i%32 == 0 {
				stream = r.key.sum(fmt.Sprintf("text %d %d", round, i/32), norm)
			}
			b := int(stream[i%32])
			switch c := raw[i]; {
			case c >= '0' && c <= '9':
				out[i] = byte('0' + b%10)
			case c >= 'a' && c <= 'z':
				out[i] = byte('a' + b%letters)
			case c >= 'A' && c <= 'Z':
				out[i] = byte('A' + b%letters)
			}
		}
		if string(out) != raw || round == 8 {
			return string(out)
		}
	}
}

// mac keeps the manufacturer's half. An address that is administered locally has
// none (the U/L bit of IEEE 802): a boot loader makes it of the identity of the unit, so
// that only its first byte, with the bit that says so, is kept. The exception is
// the prefix that QEMU and libvirt give to all machines.
func (r *Replacer) mac(raw [6]byte) [6]byte {
	stand, keep := raw, 3
	if raw[0]&2 != 0 && [3]byte(raw[:3]) != [3]byte{0x52, 0x54, 0x00} {
		keep = 1
	}
	copy(stand[keep:], r.key.sum("mac", raw[:]))
	return stand
}

// Placeholder reports whether a value is what a manufacturer leaves where a
// serial number should be. It identifies nobody and is kept as it is.
func Placeholder(value string) bool {
	v := strings.ToLower(strings.TrimSpace(value))
	switch v {
	case "", "default string", "to be filled by o.e.m.", "system serial number", "chassis serial number", "base board serial number",
		"not specified", "not applicable", "none", "n/a", "unknown", "serial", "0123456789", "1234567890", "123456789", "0123456789abcdef", "03000200-0400-0500-0006-000700080009",
		"localhost", "localhost.localdomain", "debian", "raspberrypi", "buildroot", "ubuntu":
		return true
	}
	digits := strings.NewReplacer("-", "", ":", "", ".", "", " ", "").Replace(strings.TrimPrefix(v, "0x"))
	return strings.Trim(digits, "0") == "" || strings.Trim(digits, "f") == "" || strings.Trim(digits, "x") == ""
}
