package pseudonym

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// formRow is a form that an identity has which no source told of.
type formRow struct {
	pattern func() *regexp.Regexp
	may     func(text []byte) bool // cheap, and true of every text that has the form
	stand   func(r *Replacer, was []byte) []byte
}

// formRows is the list of forms. A stand of nil keeps what only looks like one.
func formRows() []formRow {
	return []formRow{
		{colonForm, atLeast(":", 5), (*Replacer).colons},
		{dashForm, atLeast("-", 5), (*Replacer).dashes},
		{dottedForm, atLeast(".", 2), (*Replacer).dotted},
		{uuidForm, atLeast("-", 4), (*Replacer).uuid},
		{nameForm, oneOf("enx", "wlx", "wwx", "ibx", "slx"), (*Replacer).linkName},
		{bridgeForm, oneOf("br-"), (*Replacer).bridge},
		{oneWireForm, beforeDigits, (*Replacer).oneWire},
	}
}

func atLeast(mark string, n int) func([]byte) bool {
	return func(text []byte) bool { return bytes.Count(text, []byte(mark)) >= n }
}

func oneOf(marks ...string) func([]byte) bool {
	return func(text []byte) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(text, []byte(mark)) })
	}
}

// beforeDigits reports whether a dash stands in front of twelve digits.
func beforeDigits(text []byte) bool {
	const digits = 12
	for {
		_, rest, found := bytes.Cut(text, []byte("-"))
		if !found {
			return false
		}
		if text = rest; len(text) >= digits && len(bytes.Trim(text[:digits], "0123456789abcdef")) == 0 {
			return true
		}
	}
}

var (
	// Six bytes of Ethernet, eight of EUI-64, twenty of IPoIB.
	colonForm = pattern.New(`\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,63}\b`)
	// With dashes and the type of Ethernet in front it is the name of a file that
	// PXELINUX and its likes ask for.
	dashForm   = pattern.New(`\b(?:01-)?[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b`)
	dottedForm = pattern.New(`\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b`)
	uuidForm   = pattern.New(`\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b`)
	// Names of interfaces after their address (systemd.net-naming-scheme(7)).
	nameForm = pattern.New(`\b(?:en|wl|ww|ib|sl)x[0-9A-Fa-f]{12}\b`)
	// Bridges of Docker, after the id of their network.
	bridgeForm = pattern.New(`\bbr-[0-9a-f]{12}\b`)
	// Devices on 1-Wire: a family and the number of the unit (Documentation/w1/w1-generic.rst).
	oneWireForm = pattern.New(`\b[0-9a-f]{2}-[0-9a-f]{12}\b`)

	wideForm = pattern.New(`(?:[!-~]\x00){12,}`) // UTF-16
)

// Apply returns the answer with every known identity replaced, and what has
// the form of one, in UTF-16, too. The length never changes.
func (r *Replacer) Apply(answer []byte) []byte { return r.apply(answer, true) }

// ApplyKnown replaces known identities only: for answers with identifiers that
// are the same everywhere, as the vendors of UEFI variables.
func (r *Replacer) ApplyKnown(answer []byte) []byte { return r.apply(answer, false) }

func (r *Replacer) apply(answer []byte, forms bool) []byte {
	out := slices.Clone(answer)
	var done []bool // what was replaced is not looked at again
	put := func(at int, stand []byte) {
		if done == nil {
			done = make([]bool, len(out))
		}
		if slices.Contains(done[at:at+len(stand)], true) {
			return
		}
		copy(out[at:], stand)
		for i := range stand {
			done[at+i] = true
		}
	}
	for _, f := range r.known.find(answer) {
		put(f.at, f.stand)
	}
	if !forms {
		return out
	}
	r.forms(answer, put)
	if bytes.Contains(answer, []byte("-\x00")) || bytes.Contains(answer, []byte(":\x00")) || bytes.Contains(answer, []byte("x\x00")) {
		for _, m := range wideForm().FindAllIndex(answer, -1) {
			var narrow []byte
			for i := m[0]; i < m[1]; i += 2 {
				narrow = append(narrow, answer[i])
			}
			r.forms(narrow, func(at int, stand []byte) { put(m[0]+2*at, wide(string(stand))) })
		}
	}
	return out
}

// forms puts pseudonyms where a text has the form of an identity.
func (r *Replacer) forms(text []byte, put func(at int, stand []byte)) {
	for _, row := range formRows() {
		if !row.may(text) {
			continue
		}
		for _, m := range row.pattern().FindAllIndex(text, -1) {
			if stand := row.stand(r, text[m[0]:m[1]]); stand != nil {
				put(m[0], stand)
			}
		}
	}
}

// written is the pseudonym of an address of six bytes, as the address was
// written: with these separators, in these letters. nil keeps an address that is
// none.
func (r *Replacer) written(was []byte) []byte {
	plain := bytes.Map(func(c rune) rune {
		if strings.ContainsRune(":-.", c) {
			return -1
		}
		return c
	}, was)
	var mac [6]byte
	if _, err := hex.Decode(mac[:], plain); err != nil || mac == [6]byte{} || mac == [6]byte{255, 255, 255, 255, 255, 255} {
		return nil
	}
	stand := r.mac(mac)
	return spell(was, stand[:])
}

// spell writes bytes in the place of others: digits become digits, and what is
// between them stays. What stays the same keeps its letters.
func spell(was, stand []byte) []byte {
	is := hex.EncodeToString(stand)
	if bytes.ContainsAny(was, "ABCDEF") {
		is = strings.ToUpper(is)
	}
	out, k := slices.Clone(was), 0
	for i, c := range was {
		if c == ':' || c == '-' || c == '.' {
			continue
		}
		if !strings.EqualFold(string(is[k]), string(rune(c))) {
			out[i] = is[k]
		}
		k++
	}
	return out
}

func (r *Replacer) colons(was []byte) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(was), ":", ""))
	switch {
	case err != nil || Placeholder(string(was)):
		return nil
	case len(raw) == 6:
		return r.written(was)
	case len(raw) <= 32:
		return spell(was, r.address(raw))
	}
	return []byte(r.text(string(was)))
}

func (r *Replacer) dashes(was []byte) []byte {
	const address = len("00-00-00-00-00-00")
	stand := r.written(was[len(was)-address:])
	if stand == nil {
		return nil
	}
	return slices.Concat(was[:len(was)-address], stand)
}

func (r *Replacer) dotted(was []byte) []byte {
	if strings.Trim(string(was), "0123456789.") == "" {
		return nil // a version, or a number
	}
	return r.written(was)
}

func (r *Replacer) uuid(was []byte) []byte {
	if Placeholder(string(was)) {
		return nil
	}
	return []byte(r.text(string(was)))
}

func (r *Replacer) linkName(was []byte) []byte {
	stand := r.written(was[3:])
	if stand == nil {
		return nil
	}
	return slices.Concat(was[:3], stand)
}

func (r *Replacer) bridge(was []byte) []byte {
	return fmt.Appendf(nil, "br-%s", r.text(string(was[3:])))
}

func (r *Replacer) oneWire(was []byte) []byte {
	if Placeholder(string(was[3:])) {
		return nil
	}
	return slices.Concat(was[:3], []byte(r.text(string(was[3:]))))
}
