// Package console finds in the log of a serial console what firmware and boot
// loaders said before Linux: which they are, in which versions, from what they
// booted, and how much memory they found.
//
// A log holds whatever came over a wire: it may start in the middle, repeat
// itself at every reset, and be damaged. Lines that are not recognised are passed
// over. The package judges nothing, and does not hide addresses and serial
// numbers: that is for whoever has the log.
package console

import (
	"bytes"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// Kind is what a witness tells of.
type Kind string

// The kinds. What Value holds stands behind each.
const (
	ROM         Kind = "rom"          // a boot ROM; its name or version
	FirstStage  Kind = "first-stage"  // a loader of a vendor that the ROM started; its version
	SPL         Kind = "spl"          // U-Boot SPL, TPL or VPL; the version
	TFA         Kind = "tf-a"         // Trusted Firmware-A; the version
	OPTEE       Kind = "op-tee"       // the version
	SystemFW    Kind = "system-fw"    // firmware of another processor; the version
	OpenSBI     Kind = "opensbi"      // the version
	UBoot       Kind = "u-boot"       // the version
	Barebox     Kind = "barebox"      // the version
	Coreboot    Kind = "coreboot"     // the version
	UEFI        Kind = "uefi"         // a UEFI firmware; the version
	BIOS        Kind = "bios"         // SeaBIOS; the version
	GRUB        Kind = "grub"         // the version, if it says it
	RaspberryPi Kind = "raspberry-pi" // its boot loader; the version
	BootFrom    Kind = "boot-from"    // from what a stage boots; the medium in its words
	BootOption  Kind = "boot-option"  // the option that UEFI starts; Boot0001
	BootFlow    Kind = "boot-flow"    // what U-Boot found to boot; its words
	Environment Kind = "environment"  // from what U-Boot loads its environment; its words
	Model       Kind = "model"        // the board
	CPU         Kind = "cpu"          // the SoC
	DRAM        Kind = "dram"         // the amount
	Reset       Kind = "reset"        // the reason
	SecureBoot  Kind = "secure-boot"  // what was said of it
	EFIStub     Kind = "efi-stub"     // the kernel's stub; its words
	Kernel      Kind = "kernel"       // Linux begins
)

// Witness is one line that was recognised.
type Witness struct {
	Kind      Kind
	Text      string // of the line, printable ASCII, at most 200 characters
	Boot      int    // of the boots in the log, from 1
	Line      int    // from 1; where this boot said it first
	Last      int    // and where last
	Count     int    // how often
	Value     string // see the kinds; a part of Text
	HasValue  bool
	SizeBytes int64 // of DRAM
	HasSize   bool
}

// Bounds.
const (
	maxText      = 200
	maxWitnesses = 256
	maxColumns   = 1024 // of a line that are looked at
)

// Parse reads a log. Equal lines of one boot are one witness. It is not complete
// if there are more than 256; then those of the oldest boots are left out first.
func Parse(log []byte) (witnesses []Witness, complete bool) {
	known := rows()
	complete = true
	number := 0
	s := sequence{boot: 1}
	for raw := range bytes.Lines(log) {
		number++
		// A line that was printed over is several.
		for part := range bytes.SplitSeq(raw[:min(len(raw), maxColumns)], []byte{'\r'}) {
			text := clean(part)
			if text == "" {
				continue
			}
			w, ok := recognise(known, text)
			if !ok || !s.follow(w.Kind) {
				continue
			}
			at := slices.IndexFunc(witnesses, func(o Witness) bool { return o.Boot == s.boot && o.Kind == w.Kind && o.Text == w.Text })
			if at >= 0 {
				witnesses[at].Count++
				witnesses[at].Last = number
				continue
			}
			if len(witnesses) == maxWitnesses {
				complete = false
				witnesses = s.forget(witnesses)
			}
			if len(witnesses) < maxWitnesses {
				w.Boot, w.Line, w.Last, w.Count = s.boot, number, number, 1
				witnesses = append(witnesses, w)
			}
		}
	}
	return witnesses, complete
}

// recognise gives the line to the first row that knows it. What stands in front
// of the mark, a time or a level, is left out, so that equal lines are equal.
func recognise(known []row, text string) (Witness, bool) {
	for _, r := range known {
		at := strings.Index(text, r.mark)
		if at < 0 || r.first && !harmless(text[:at]) {
			continue
		}
		line := text[at:]
		if r.end != "" {
			line, _, _ = strings.Cut(line, r.end)
		}
		line = shorten(line) // first, so that the text says by itself what the value is
		value, ok := r.value(line[min(len(r.mark), len(line)):])
		if !ok {
			continue
		}
		w := Witness{Kind: r.kind, Text: line}
		if value = strings.TrimSpace(value); value != "" {
			w.Value, w.HasValue = value, true
		}
		if r.kind == DRAM {
			w.SizeBytes, w.HasSize = parseAmount(value)
		}
		return w, true
	}
	return Witness{}, false
}

// harmless reports whether a text in front of a mark is a time, a level, or what
// is left of bytes that were damaged.
func harmless(prefix string) bool {
	if syslog().MatchString(prefix) {
		return true
	}
	switch strings.Trim(prefix, " []<>().:?-+TZ0123456789") { // T and Z of a time as RFC 3339 has it
	case "", "NOTICE", "INFO", "I":
		return true
	}
	return false
}

// syslog is what a logging program puts in front: time, host and its own name.
var syslog = pattern.New(`^(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]\d \d\d:\d\d:\d\d \S+ [^ :]+: ?$`)

func shorten(s string) string { return strings.TrimRight(s[:min(len(s), maxText)], " ") }

// clean returns the printable ASCII of a line without the sequences that move a
// cursor or set colours (ECMA-48). Other bytes become '?'.
func clean(line []byte) string {
	var out strings.Builder
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == 0x1B && i+1 < len(line) && line[i+1] == '[':
			for i += 2; i < len(line) && (line[i] < 0x40 || line[i] > 0x7E); i++ {
			}
		case ' ' <= c && c <= '~':
			out.WriteByte(c)
		case c == '\t':
			out.WriteByte(' ')
		case c == 0 || c == '\n' || c == 0x1B || c == '\b':
		default:
			out.WriteByte('?')
		}
	}
	return strings.TrimSpace(out.String())
}
