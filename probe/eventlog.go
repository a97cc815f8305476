package probe

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-tpm/tpm2"

	"github.com/boardprobe/boardprobe/probe/decode/eventlog"
	"github.com/boardprobe/boardprobe/report"
)

// eventLogFile is the kernel's copy of what firmware logged
// (drivers/char/tpm/eventlog).
const eventLogFile = "sys/kernel/security/tpm0/binary_bios_measurements"

// maxEventLog bounds the log; the kernel keeps what firmware handed over.
const maxEventLog = 4 << 20

// measured is what is kept of the log. The events themselves name disks and
// partitions of the unit, and are dropped; see measurements for those that do not.
type measured struct {
	Problem   string `json:",omitempty"`
	Events    int
	Registers map[string][]string `json:",omitempty"` // by bank: what registers 0 to 7 must hold, in hexadecimal digits
	BootOrder []string            // Boot0001, ...; nil if it was not measured
	Secure    *bool               `json:",omitempty"`
}

// reduceEventLog replays the log.
func reduceEventLog(data []byte) []byte {
	var out measured
	l, err := eventlog.Parse(data)
	if err != nil {
		out.Problem = oneLine(err.Error())
	} else {
		out.Events, out.Registers = l.Events, map[string][]string{}
		for _, a := range l.Algorithms {
			if name := a.Name(); name != "" {
				for _, register := range l.Registers[a.ID] {
					out.Registers[name] = append(out.Registers[name], hex.EncodeToString(register))
				}
			}
		}
		if l.HasBootOrder {
			out.BootOrder = []string{}
			for _, n := range l.BootOrder {
				out.BootOrder = append(out.BootOrder, fmt.Sprintf("Boot%04X", n))
			}
		}
		if l.HasSecureBoot {
			out.Secure = &l.SecureBoot
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

// tpmEventLog holds what firmware says that it measured against what the TPM
// holds. Where they agree, the boot order and the state of Secure Boot in the log
// are those that the TPM would vouch for.
func tpmEventLog(chip *hostTPM, t *report.TPM) {
	a := chip.h.ask("event-log/1", eventLogFile)
	var log measured
	if a.Gap == "" && json.Unmarshal(a.Data, &log) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap == "" && log.Problem != "" {
		a.Gap, a.Note = report.Invalid, log.Problem
	}
	if a.Gap != "" {
		t.LogEvents = report.Missing[int64](a.Gap, a.Note, a.ID)
		return
	}
	t.LogEvents = report.Known(int64(log.Events), a.ID)
	if log.BootOrder != nil {
		t.LogBootOrder = report.Known(log.BootOrder, a.ID)
	}
	if log.Secure != nil {
		t.LogSecureBoot = report.Known(*log.Secure, a.ID)
	}
	t.LogAgrees = logAgrees(chip, log, a.ID)
	tpmMeasurements(chip.h, t)
}

func logAgrees(chip *hostTPM, log measured, id string) report.Fact[bool] {
	for _, bank := range []struct {
		name string
		id   tpm2.TPMAlgID
	}{{"sha256", tpm2.TPMAlgSHA256}, {"sha384", tpm2.TPMAlgSHA384}, {"sha1", tpm2.TPMAlgSHA1}} {
		if want := log.Registers[bank.name]; len(want) == eventlog.PCRs {
			return registersHold(chip, bank.name, bank.id, want, id)
		}
	}
	return report.Missing[bool](report.Unsupported, "the log has no bank that this program reads", id)
}

// registersHold reads registers 0 to 7 and compares.
func registersHold(chip *hostTPM, name string, bank tpm2.TPMAlgID, want []string, log string) report.Fact[bool] {
	from := []string{log}
	var other []string
	for register := range want {
		answer, err := tpm2.PCRRead{PCRSelectionIn: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{
			{Hash: bank, PCRSelect: tpm2.PCClientCompatible.PCRs(uint(register))},
		}}}.Execute(chip)
		if err == nil && len(answer.PCRValues.Digests) != 1 {
			err = errors.New("the TPM has no such bank")
		}
		if err != nil {
			return missingTPM[bool](chip, err)
		}
		from = append(from, chip.last.ID)
		if raw, err := hex.DecodeString(want[register]); err != nil || !bytes.Equal(raw, answer.PCRValues.Digests[0].Buffer) {
			other = append(other, fmt.Sprint(register))
		}
	}
	note := "registers 0 to 7 of " + name
	if other != nil {
		note = "register " + strings.Join(other, ", ") + " of " + name + " holds something else"
	}
	return report.Known(other == nil, from...).Noting(note)
}

// measurements is what is kept of the events that tell of the firmware and of what
// is trusted, and not of the unit: a line each with register, type, name or words if
// they are of the specification, and digest. Of the others it has how often there is
// one, with the type only.
type measurements struct {
	Firmware []string       `json:",omitempty"`
	Images   []string       `json:",omitempty"`
	Policy   []string       `json:",omitempty"`
	Others   map[string]int `json:",omitempty"` // by register and type
	Cut      bool           `json:",omitempty"` // there are more than maxMeasurements of a kind
}

// maxMeasurements bounds each kind. Firmware measures itself in some parts, and
// there are few variables of Secure Boot.
const maxMeasurements = 32

func reduceMeasurements(data []byte) []byte {
	l, err := eventlog.Parse(data)
	if err != nil {
		return nil // event-log/1 has the reason
	}
	out := measurements{Others: map[string]int{}}
	lists := map[eventlog.Subject]*[]string{eventlog.Firmware: &out.Firmware, eventlog.Image: &out.Images, eventlog.Policy: &out.Policy}
	for _, m := range l.Measurements {
		list, kept := lists[m.Subject()]
		switch line := fmt.Sprintf("%d %s", m.Register, m.TypeName()); {
		case kept && len(*list) == maxMeasurements:
			out.Cut = true
		case kept:
			if m.Name != "" {
				line += " " + m.Name
			}
			*list = append(*list, fmt.Sprintf("%s %s:%x", line, l.Bank.Name(), m.Digest))
		case out.Others[line] > 0 || len(out.Others) < maxMeasurements:
			out.Others[line]++
		default:
			out.Cut = true
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

// tpmMeasurements takes over the measurements. A run from before they were asked
// has none.
func tpmMeasurements(h *Host, t *report.TPM) {
	a := h.ask("measurements/1", eventLogFile)
	var m measurements
	if a.Gap != "" || json.Unmarshal(a.Data, &m) != nil {
		return
	}
	list := func(lines []string) report.Fact[[]string] {
		f := report.Known(slices.Clone(lines), a.ID)
		if len(lines) == 0 {
			f = report.Missing[[]string](report.Absent, "", a.ID)
		}
		if m.Cut {
			f.Note = fmt.Sprintf("at most %d are listed", maxMeasurements)
		}
		return f
	}
	t.LogFirmware, t.LogImages, t.LogPolicy = list(m.Firmware), list(m.Images), list(m.Policy)
	var others []string
	for _, line := range slices.Sorted(maps.Keys(m.Others)) {
		others = append(others, fmt.Sprintf("%s %d", line, m.Others[line]))
	}
	t.LogOthers = list(others)
}
