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
	key   Key
	known index
}

// New returns a Replacer that knows only what has the form of an identity:
// addresses and UUIDs.
func New(key Key) *Replacer { return &Replacer{key: key, known: newIndex()} }

// minGlobal is the length from which a serial number is looked for in every
// answer. A shorter one would hit numbers that mean something else.
const minGlobal = startBytes

// AddText makes a serial number or other text known. One that is long and mixed
// enough is found inside of longer words, too.
func (r *Replacer) AddText(raw string) {
	raw = strings.Trim(raw, " \t\r\n\x00")
	if len(raw) < minGlobal || Placeholder(raw) || len(raw) > 512 {
		return
	}
	mixed := Distinct(raw) && strings.ContainsAny(raw, "0123456789") // a word is in other words
	is := needle{token: !mixed, sure: mixed}
	forms := []string{raw, strings.ToLower(raw), strings.ToUpper(raw)}
	if strings.Contains(raw, " ") {
		forms = append(forms, strings.ReplaceAll(raw, " ", "_")) // as udev writes it in names
	}
	for _, form := range forms {
		r.known.add(is.of([]byte(form), []byte(r.text(form))))
		r.known.add(needle{sure: is.sure}.of(wide(form), wide(r.text(form))))
	}
	if mixed {
		// In hexadecimal, as firmware dumps it.
		r.known.add(needle{sure: true}.of([]byte(hex.EncodeToString([]byte(raw))), []byte(hex.EncodeToString([]byte(r.text(raw))))))
	}
	if half := serialHalf().FindStringSubmatch(strings.ToLower(raw)); half != nil {
		// The serial number of a Raspberry Pi is this half of what the kernel shows.
		for _, form := range []string{half[1], strings.ToUpper(half[1])} {
			r.known.add(needle{token: true, sure: Distinct(form)}.of([]byte(form), []byte(r.text(form))))
		}
	}
	r.addUUID(raw)
}

var serialHalf = pattern.New(`^[01]0{7}([0-9a-f]{8})$`)

// Distinct reports whether a text is so long and so mixed that it stands for one
// thing wherever it is.
func Distinct(text string) bool {
	different := map[rune]bool{}
	for _, c := range text {
		different[c] = true
	}
	return len(text) >= 8 && len(different) >= 4
}

// AddName makes the name of a machine known. It is replaced as a whole only,
// also where the hyphens in it are doubled, as LVM does, or written otherwise.
func (r *Replacer) AddName(raw string) {
	raw = strings.Trim(raw, " \t\r\n\x00")
	if len(raw) < minGlobal || Placeholder(raw) || len(raw) > 255 {
		return
	}
	for _, form := range []string{raw, strings.ToLower(raw), strings.ToUpper(raw)} {
		for _, hyphen := range []string{"-", "--", "_"} {
			form := strings.ReplaceAll(form, "-", hyphen)
			stand := strings.ReplaceAll(r.text(strings.ReplaceAll(form, hyphen, "-")), "-", hyphen)
			r.known.add(needle{token: true}.of([]byte(form), []byte(stand)))
			r.known.add(needle{}.of(wide(form), wide(stand)))
		}
	}
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
	sure := needle{sure: true}
	r.known.add(sure.of(raw, stand))
	swap := func(b []byte) []byte {
		return slices.Concat([]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}, b[8:])
	}
	r.known.add(sure.of(swap(raw), swap(stand)))
	for _, plain := range []func(string) string{strings.ToLower, strings.ToUpper} {
		r.known.add(sure.of([]byte(plain(hex.EncodeToString(raw))), []byte(plain(hex.EncodeToString(stand)))))
		under := func(s string) []byte { return []byte(plain(strings.ReplaceAll(s, "-", "_"))) }
		r.known.add(sure.of(under(text), under(r.text(text))))
	}
}

// AddMAC makes a hardware address known, in the forms in which it is written
// and in binary, in both directions.
func (r *Replacer) AddMAC(raw [6]byte) {
	if raw == [6]byte{} || raw == [6]byte{255, 255, 255, 255, 255, 255} {
		return
	}
	stand := r.mac(raw)
	r.addAddress(raw[:], stand[:])
}

// AddAddress makes an address of another length known: EUI-64 with eight bytes,
// IPoIB with twenty.
func (r *Replacer) AddAddress(raw []byte) {
	switch {
	case len(raw) == 6:
		r.AddMAC([6]byte(raw))
	case len(raw) >= 8 && len(raw) <= 32 && bytes.Count(raw, []byte{0}) < len(raw) && bytes.Count(raw, []byte{0xff}) < len(raw):
		r.addAddress(raw, r.address(raw))
	}
}

// address is the pseudonym of an address that is not one of Ethernet. Of an
// EUI-64 the manufacturer stays.
func (r *Replacer) address(raw []byte) []byte {
	stand := slices.Clone(raw)
	keep := 0
	if len(raw) == 8 {
		keep = 3
	}
	copy(stand[keep:], r.key.sum("address", raw))
	return stand
}

func (r *Replacer) addAddress(raw, stand []byte) {
	sure := needle{sure: true}
	r.known.add(sure.of(raw, stand))
	backwards := func(b []byte) []byte {
		b = slices.Clone(b)
		slices.Reverse(b)
		return b
	}
	r.known.add(sure.of(backwards(raw), backwards(stand)))
	for _, letters := range []string{"0123456789abcdef", "0123456789ABCDEF"} {
		for _, between := range []string{"", ":", "-", " ", "_"} {
			r.known.add(sure.of(digits(raw, letters, between), digits(stand, letters, between)))
		}
		for _, between := range []string{"", ":"} { // as Bluetooth has them
			r.known.add(sure.of(digits(backwards(raw), letters, between), digits(backwards(stand), letters, between)))
		}
		// With marks between them they are known by their form in UTF-16.
		r.known.add(sure.of(wide(string(digits(raw, letters, ""))), wide(string(digits(stand, letters, "")))))
	}
}

// digits writes bytes in hexadecimal, with a mark between each two.
func digits(raw []byte, letters, between string) []byte {
	out := make([]byte, 0, len(raw)*(2+len(between)))
	for i, b := range raw {
		if i > 0 {
			out = append(out, between...)
		}
		out = append(out, letters[b>>4], letters[b&15])
	}
	return out
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
	for _, letters := range []string{"0123456789abcdef", "0123456789ABCDEF"} {
		r.known.add(needle{sure: true}.of(digits(raw, letters, ""), digits(stand, letters, "")))
		is, standIn := digits(serial, letters, ""), digits(stand[psn:psn+4], letters, "")
		for _, mark := range []string{"", "0x"} {
			r.known.add(needle{token: true, sure: Distinct(string(is))}.of([]byte(mark+string(is)), []byte(mark+string(standIn))))
		}
	}
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
