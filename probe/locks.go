package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// nvmemDevices has the fuses of a SoC, of which the driver switches the clock on
// for a read (Documentation/driver-api/nvmem.rst): that is safe where a read of
// their registers is not.
const nvmemDevices = "sys/bus/nvmem/devices"

// gatherWord reads one word of 32 bits of a file, in the byte order of all SoCs
// that boards knows fuses of. Nothing else of the fuses is asked: they hold
// addresses and keys of the unit. The subject is the file, a blank, and the
// offset.
func gatherWord(_ context.Context, f *files, subject string) ([]byte, error) {
	name, text, ok := strings.Cut(subject, " ")
	offset, err := strconv.ParseInt(text, 0, 64)
	if !ok || err != nil || offset < 0 {
		return nil, unix.EINVAL
	}
	fd, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	word := make([]byte, 4)
	n, err := unix.Pread(fd, word, offset)
	switch {
	case err != nil:
		return nil, err
	case n < len(word):
		return nil, unix.ENXIO // the device is smaller
	}
	return fmt.Appendf(nil, "%#08x\n", binary.LittleEndian.Uint32(word)), nil
}

// lockState asks what is known to tell whether a board of this SoC is closed.
// The first that answers counts.
func lockState(h *Host) report.Fact[string] {
	compatible := parse(h, deviceTree+"compatible", stringList)
	missing := report.Missing[string](report.NotProbed, "nothing that this program knows of says it of this SoC; ask who programmed the fuses", compatible.From...)
	for _, known := range boards.Lookup(compatible.Value, boards.Machine{}) {
		if known.SecureBoot.OK() && missing.Gap == report.NotProbed {
			missing.Note = oneLine("not found: " + known.SecureBoot.Value + "; ask who programmed the fuses")
		}
		for _, l := range known.Locks {
			value := lockValue(h, l)
			if !value.OK() {
				if value.Gap != report.Absent {
					missing = value
				}
				continue
			}
			state, ok := l.State(value.Value)
			switch {
			case !ok && l.OneSided:
				missing = report.Missing[string](report.NotProbed, oneLine(value.Note+" = "+value.Value+" does not close the board, and something else may"), value.From...)
				continue
			case !ok:
				missing = report.Missing[string](report.NotProbed, oneLine("no document that this program knows says what "+value.Note+" = "+value.Value+" means"), value.From...)
				continue
			}
			said := report.Known(state, value.From...).Noting(oneLine(value.Note + " = " + value.Value))
			if state == "enforced" && l.Returned.Value != 0 {
				return givenBack(h, l, said)
			}
			return said
		}
	}
	return missing
}

// lockValue reads a lock; its note says where.
func lockValue(h *Host, l boards.Lock) report.Fact[string] {
	switch {
	case l.File != "":
		return noted(h.Text(l.File), "/"+l.File)
	case l.Parameter != "":
		line := h.Text("proc/cmdline")
		for field := range strings.FieldsSeq(line.Value) {
			if key, value, ok := strings.Cut(field, "="); ok && key == l.Parameter {
				return report.Known(value, line.From...).Noting("said by the loader: " + key)
			}
		}
		return report.Missing[string](report.Absent, "", line.From...)
	}
	word, name := fuse(h, l, l.Offset)
	if !word.OK() {
		return report.Missing[string](word.Gap, word.Note, word.From...)
	}
	return report.Known(l.Field(uint32(word.Value)), word.From...).Noting(fmt.Sprintf("%s, word at %#x, bits %d:%d", name, l.Offset, l.High, l.Low))
}

// fuse reads a word of the fuses of a lock, and names their device.
func fuse(h *Host, l boards.Lock, offset int64) (report.Fact[int64], string) {
	devices, err := h.Names(nvmemDevices)
	if err != nil {
		return report.Missing[int64](devices.Gap, devices.Note, devices.ID), ""
	}
	for _, name := range devices.List {
		if number, ok := strings.CutPrefix(name, l.NVMEM); !ok || strings.Trim(number, "0123456789") != "" {
			continue
		}
		return parseAnswer(h.ask("word/1", fmt.Sprintf("%s/%s/nvmem %#x", nvmemDevices, name, offset)), func(data []byte) (int64, error) {
			word, err := strconv.ParseUint(strings.TrimSpace(string(data)), 0, 32)
			if err != nil {
				return 0, errors.New("not a word of 32 bits")
			}
			return int64(word), nil
		}), name
	}
	return report.Missing[int64](report.Absent, "", devices.ID), ""
}

// givenBack looks whether a closed board was given back to the maker of its SoC,
// after which the ROM takes unsigned loaders again. Where that fuse cannot be
// read, the board stays closed.
func givenBack(h *Host, l boards.Lock, closed report.Fact[string]) report.Fact[string] {
	word, name := fuse(h, l, l.Returned.Offset)
	if !word.OK() || !l.Returned.Holds(uint32(word.Value)) {
		closed.From = both(closed.From, word.From)
		return closed
	}
	note := fmt.Sprintf("%s; but field return, word at %#x of %s: it takes unsigned loaders again, for good", closed.Note, l.Returned.Offset, name)
	return report.Known("capable", both(closed.From, word.From)...).Noting(oneLine(note))
}

// noted says where a value is from; a gap keeps its reason.
func noted(f report.Fact[string], where string) report.Fact[string] {
	if f.OK() {
		f.Note = where
	}
	return f
}
