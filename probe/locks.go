package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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
			if len(l.Only) > 0 && !slices.ContainsFunc(compatible.Value, func(c string) bool { return slices.Contains(l.Only, c) }) {
				continue
			}
			value := lockValue(h, l)
			if !value.OK() {
				if value.Gap != report.Absent {
					missing = value
				}
				continue
			}
			state, ok := l.State(value.Value)
			if !ok {
				missing = report.Missing[string](report.Unsupported, oneLine("no document that this program knows says what "+value.Note+" = "+value.Value+" means"), value.From...)
				continue
			}
			return report.Known(state, value.From...).Noting(oneLine(value.Note + " = " + value.Value))
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
	devices, err := h.Names(nvmemDevices)
	if err != nil {
		return report.Missing[string](devices.Gap, devices.Note, devices.ID)
	}
	for _, name := range devices.List {
		if number, ok := strings.CutPrefix(name, l.NVMEM); !ok || strings.Trim(number, "0123456789") != "" {
			continue
		}
		word := parseAnswer(h.ask("word/1", fmt.Sprintf("%s/%s/nvmem %#x", nvmemDevices, name, l.Offset)), func(data []byte) (string, error) {
			word, err := strconv.ParseUint(strings.TrimSpace(string(data)), 0, 32)
			if err != nil {
				return "", errors.New("not a word of 32 bits")
			}
			return l.Field(uint32(word)), nil
		})
		return noted(word, fmt.Sprintf("%s, word at %#x, bits %d:%d", name, l.Offset, l.High, l.Low))
	}
	return report.Missing[string](report.Absent, "", devices.ID)
}

// noted says where a value is from; a gap keeps its reason.
func noted(f report.Fact[string], where string) report.Fact[string] {
	if f.OK() {
		f.Note = where
	}
	return f
}
