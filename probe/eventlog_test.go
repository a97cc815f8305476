package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

type logEvent struct {
	register, kind uint32
	event          string
}

// firmwareLog makes a log with a bank of SHA-256.
func firmwareLog(events ...logEvent) []byte {
	var b bytes.Buffer
	put := func(list ...uint32) {
		for _, v := range list {
			b.Write(binary.LittleEndian.AppendUint32(nil, v))
		}
	}
	spec := "Spec ID Event03\x00\x00\x00\x00\x00\x00\x02\x00\x02\x01\x00\x00\x00\x0b\x00\x20\x00\x00"
	put(0, 3)
	b.Write(make([]byte, 20))
	put(uint32(len(spec)))
	b.WriteString(spec)
	for _, e := range events {
		digest := sha256.Sum256([]byte(e.event))
		put(e.register, e.kind, 1)
		b.WriteString("\x0b\x00")
		b.Write(digest[:])
		put(uint32(len(e.event)))
		b.WriteString(e.event)
	}
	return b.Bytes()
}

func secureVariable(name, data string) string {
	out := "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
	out += string(binary.LittleEndian.AppendUint64(nil, uint64(len(name)))) + string(binary.LittleEndian.AppendUint64(nil, uint64(len(data))))
	for _, c := range []byte(name) {
		out += string([]byte{c, 0})
	}
	return out + data
}

// unit is the log of one of two boards: they differ in their SMBIOS tables, disks
// and load options.
func unit(serial, firmware string) []byte {
	return firmwareLog(
		logEvent{0, 8, firmware}, logEvent{0, 0x80000008, "code of " + firmware}, logEvent{0, 4, "\x00\x00\x00\x00"},
		logEvent{1, 0x80000009, "SMBIOS " + serial}, logEvent{1, 0x80000002, secureVariable("Boot0001", serial)}, logEvent{1, 0x80000002, secureVariable("Boot0002", serial)},
		logEvent{5, 0x80000006, "GPT " + serial}, logEvent{6, 0xc, serial}, logEvent{4, 0x80000003, "loader"},
		logEvent{7, 0x80000001, secureVariable("SecureBoot", "\x01")}, logEvent{7, 0x800000e0, secureVariable("MokList", serial)},
	)
}

// logWorld is a machine whose log is given.
type logWorld struct{ log []byte }

func (w logWorld) answer(_ context.Context, _ string, _ int, q question, limit int) answer {
	for _, r := range (&system{}).reducers() {
		if r.op == q.op && q.subject == eventLogFile {
			return cut(r.reduce(bytes.NewReader(w.log)), limit)
		}
	}
	return answer{errno: "ENOENT"}
}

func logFacts(t *testing.T, w world) (report.TPM, []report.Evidence) {
	t.Helper()
	var evidence []report.Evidence
	h := newHost(t.Context(), "tpm", w, &budget{left: maxRun}, func(e report.Evidence) { evidence = append(evidence, e) })
	var facts report.TPM
	tpmEventLog(&hostTPM{h: h}, &facts)
	return facts, evidence
}

func TestMeasurements(t *testing.T) {
	one, evidence := logFacts(t, logWorld{unit("SN4711", "1.0")})
	line := func(prefix, event string) string {
		return fmt.Sprintf("%s sha256:%x", prefix, sha256.Sum256([]byte(event)))
	}
	for name, c := range map[string]struct {
		fact report.Fact[[]string]
		want []string
	}{
		"firmware": {one.LogFirmware, []string{line("0 EV_S_CRTM_VERSION", "1.0"), line("0 EV_EFI_PLATFORM_FIRMWARE_BLOB", "code of 1.0"), line("0 EV_SEPARATOR", "\x00\x00\x00\x00")}},
		"images":   {one.LogImages, []string{line("4 EV_EFI_BOOT_SERVICES_APPLICATION", "loader")}},
		"policy":   {one.LogPolicy, []string{line("7 EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot", secureVariable("SecureBoot", "\x01"))}},
		"others":   {one.LogOthers, []string{"1 EV_EFI_HANDOFF_TABLES 1", "1 EV_EFI_VARIABLE_BOOT 2", "5 EV_EFI_GPT_EVENT 1", "6 EV_COMPACT_HASH 1", "7 EV_EFI_VARIABLE_AUTHORITY 1"}},
	} {
		if fmt.Sprint(c.fact.Value) != fmt.Sprint(c.want) || len(c.fact.From) != 1 {
			t.Errorf("%s = %+v; want %q", name, c.fact, c.want)
		}
	}
	// Another unit has the same, another firmware has not.
	other, _ := logFacts(t, logWorld{unit("SN4712", "1.0")})
	if a, b := fmt.Sprintf("%+v", other), fmt.Sprintf("%+v", one); a != b {
		t.Errorf("another unit: %s\nthe first:    %s", a, b)
	}
	updated, _ := logFacts(t, logWorld{unit("SN4711", "1.1")})
	if fmt.Sprint(updated.LogFirmware.Value) == fmt.Sprint(one.LogFirmware.Value) || fmt.Sprint(updated.LogPolicy.Value) != fmt.Sprint(one.LogPolicy.Value) {
		t.Errorf("another firmware: %+v", updated)
	}
	again, _ := logFacts(t, newRecorded(evidence))
	if a, b := fmt.Sprintf("%+v", again), fmt.Sprintf("%+v", one); a != b {
		t.Errorf("replayed: %s\nwas:      %s", a, b)
	}
	// Evidence of a run that was not asked for them says what it said.
	var old []report.Evidence
	for _, e := range evidence {
		if e.Op != "measurements/1" {
			old = append(old, e)
		}
	}
	if before, _ := logFacts(t, newRecorded(old)); before.LogEvents.Value != one.LogEvents.Value || !before.LogFirmware.IsZero() || !before.LogOthers.IsZero() {
		t.Errorf("old evidence: %+v", before)
	}
}

func TestMeasurementsAreBounded(t *testing.T) {
	var events []logEvent
	for i := range uint32(2000) {
		events = append(events, logEvent{0, 8, "x"}, logEvent{i + 20, i, strings.Repeat("x", 20)})
	}
	facts, evidence := logFacts(t, logWorld{firmwareLog(events...)})
	if len(facts.LogFirmware.Value) != maxMeasurements || len(facts.LogOthers.Value) != maxMeasurements || !strings.Contains(facts.LogFirmware.Note, "at most 32") {
		t.Errorf("%d and %d lines, %q", len(facts.LogFirmware.Value), len(facts.LogOthers.Value), facts.LogFirmware.Note)
	}
	for _, e := range evidence {
		if n := len(e.Bytes()); n > 16<<10 {
			t.Errorf("%s: %d bytes", e.Op, n)
		}
	}
	damaged, _ := logFacts(t, logWorld{[]byte("no log")})
	if damaged.LogEvents.Gap != report.Invalid || !damaged.LogFirmware.IsZero() {
		t.Errorf("a damaged log: %+v", damaged)
	}
	none, _ := logFacts(t, logWorld{firmwareLog()})
	if none.LogFirmware.Gap != report.Absent || none.LogOthers.Gap != report.Absent {
		t.Errorf("an empty log: %+v", none)
	}
	if reduceMeasurements(nil) != nil || json.Valid(reduceMeasurements(firmwareLog())) == false {
		t.Error("the reducer answers what is not JSON")
	}
}
