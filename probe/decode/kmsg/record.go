// Package kmsg reads records of the kernel's log and finds in them what the
// kernel says about firmware, radios and drivers: which files it asked for,
// which it got, which versions run, and what failed for good.
//
// It follows Documentation/ABI/testing/dev-kmsg and the messages of Linux 4.0
// to 6.12. It opens no log, and what no rule knows is left alone: an absent
// event does not mean that nothing happened, since the log may have lost its
// beginning (compare the first sequence number) or be quieter than expected.
package kmsg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxRecordBytes bounds a record. The kernel's own bound is PRINTKRB_RECORD_MAX
// (1024) and the escapes and dictionary of one.
const MaxRecordBytes = 8 << 10

// Record is one record of /dev/kmsg.
type Record struct {
	Level        int    // 0 (emergency) to 7 (debug)
	Facility     int    // 0 for the kernel itself
	Sequence     uint64 // a gap between two records means lost ones
	Microseconds uint64 // since boot
	Fragment     bool   // flag c: a part of a line
	Text         string // the message, escapes undone
	Subsystem    string // of the device that the message is about, "" if it names none
	Device       string // as the kernel identifies it: b8:0, c189:1, n2, +usb:1-1:1.0; "" if none
}

var errRecord = errors.New("kmsg: not a record")

// ParseRecord reads what one read of /dev/kmsg returns.
func ParseRecord(data []byte) (Record, error) {
	if len(data) > MaxRecordBytes {
		return Record{}, fmt.Errorf("kmsg: record of %d bytes, at most %d are read", len(data), MaxRecordBytes)
	}
	prefix, rest, ok := strings.Cut(string(data), ";")
	fields := strings.Split(prefix, ",")
	if !ok || len(fields) < 3 {
		return Record{}, errRecord
	}
	var numbers [3]uint64
	for i := range numbers {
		n, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return Record{}, errRecord
		}
		numbers[i] = n
	}
	// The lowest three bits are the level, the next eight the facility.
	if numbers[0] >= 1<<11 {
		return Record{}, errRecord
	}
	r := Record{Level: int(numbers[0] & 7), Facility: int(numbers[0] >> 3), Sequence: numbers[1], Microseconds: numbers[2]}
	// Kernels may add fields behind the flags.
	r.Fragment = len(fields) > 3 && fields[3] == "c"
	text, dictionary, _ := strings.Cut(rest, "\n")
	r.Text = unescape(text)
	for line := range strings.Lines(dictionary) {
		line, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), " ")
		key, value, found := strings.Cut(line, "=")
		if !ok || !found {
			continue
		}
		switch key {
		case "SUBSYSTEM":
			r.Subsystem = unescape(value)
		case "DEVICE":
			r.Device = unescape(value)
		}
	}
	return r, nil
}

// unescape undoes \xNN, which stands for bytes that are not printable and for
// the backslash itself. Any other backslash is kept.
func unescape(s string) string {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) && s[i+1] == 'x' {
			if c, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				out = append(out, byte(c))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// DeviceName returns the name of the device where the record identifies it by
// bus and name, as +usb:1-1:1.0 does. The other identifications are numbers.
func (r Record) DeviceName() (string, bool) {
	name, ok := strings.CutPrefix(r.Device, "+"+r.Subsystem+":")
	return name, ok && name != ""
}

// Classify is Classify of the text; where the text names no device the name is
// taken from the record.
func (r Record) Classify() (Event, bool) {
	event, ok := Classify(r.Text)
	if name, known := r.DeviceName(); ok && known && event.Device == "" {
		event.Device = name
	}
	return event, ok
}
