package probe

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-tpm/tpm2"
	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// tpmCommands are those that may be sent to a TPM: each only reads (TPM 2.0
// Library part 3, sections 30.2, 29.1, 22.4 and 31.6).
var tpmCommands = map[tpm2.TPMCC]string{
	tpm2.TPMCCGetCapability: "properties and what exists",
	tpm2.TPMCCReadClock:     "clock and counters",
	tpm2.TPMCCPCRRead:       "what was measured",
}

// askTPM sends one command to the TPM, by way of the kernel's resource manager,
// so that whoever else uses it is not disturbed. The subject is the command in
// hexadecimal digits.
func askTPM(_ context.Context, subject string) ([]byte, error) {
	command, err := hex.DecodeString(subject)
	if err != nil || len(command) < 10 || len(command) > 4096 {
		return nil, unix.EINVAL
	}
	// The command code is in the last four bytes of the header, part 1, 18.2.
	if tpmCommands[tpm2.TPMCC(binary.BigEndian.Uint32(command[6:]))] == "" {
		return nil, unix.EPERM
	}
	// Package os would open it without waiting, and a read that does not wait
	// gets nothing while the TPM still works on the command (tpm_common_read in
	// drivers/char/tpm/tpm-dev-common.c).
	fd, err := unix.Open("/dev/tpmrm0", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, command); err != nil {
		return nil, err
	}
	response := make([]byte, 4096) // TPM2_MAX_RESPONSE_SIZE of common implementations
	n, err := unix.Read(fd, response)
	if err != nil {
		return nil, err
	}
	return response[:n], nil
}

// hostTPM puts the commands of the library go-tpm as questions to a Host, so
// that they are recorded and replayed like all others.
type hostTPM struct {
	h    *Host
	last Answer
}

// Send implements transport.TPM.
func (t *hostTPM) Send(command []byte) ([]byte, error) {
	t.last = t.h.ask("tpm", hex.EncodeToString(command))
	if t.last.Gap != "" {
		return nil, errors.New(t.last.Note + string(t.last.Gap))
	}
	return t.last.Data, nil
}

// collectTPM reads what a TPM says of itself. Nothing is created, extended or
// written in it. /sys/class/tpm: Documentation/ABI/stable/sysfs-class-tpm.
func collectTPM(_ context.Context, h *Host) (report.TPM, error) {
	var t report.TPM
	const dir = "sys/class/tpm/tpm0"
	at := h.Link(dir)
	t.Version = report.Missing[string](at.Gap, at.Note, at.From...)
	if !at.OK() {
		return t, nil
	}
	t.Version = parse(h, dir+"/tpm_version_major", func(data []byte) (string, error) {
		words := map[string]string{"1": "1.2", "2": "2.0"}
		if word := words[strings.TrimSpace(string(data))]; word != "" {
			return word, nil
		}
		return "", errors.New("neither 1 nor 2")
	})
	t.Driver = base(h.Link(dir + "/device/driver"))
	if t.Version.Value != "2.0" {
		return t, nil
	}
	chip := &hostTPM{h: h}
	tpmProperties(chip, &t)
	tpmBanks(chip, &t)
	tpmClock(chip, &t)
	tpmCertificates(chip, &t)
	tpmEventLog(chip, &t)
	return t, nil
}

// capability asks for one list; a TPM that answers with less than asked for is
// not asked again, since all lists wanted here are short.
func capability(chip *hostTPM, kind tpm2.TPMCap, property, count uint32) (*tpm2.TPMUCapabilities, error) {
	answer, err := tpm2.GetCapability{Capability: kind, Property: property, PropertyCount: count}.Execute(chip)
	if err != nil {
		return nil, err
	}
	return &answer.CapabilityData.Data, nil
}

// missingTPM is the fact where a command failed.
func missingTPM[T report.Value](chip *hostTPM, err error) report.Fact[T] {
	gap, note := chip.last.Gap, chip.last.Note
	if gap == "" {
		gap, note = report.Failed, oneLine(err.Error())
	}
	return report.Missing[T](gap, note, chip.last.ID)
}

func tpmProperties(chip *hostTPM, t *report.TPM) {
	data, err := capability(chip, tpm2.TPMCapTPMProperties, uint32(tpm2.TPMPTManufacturer), 8)
	var list *tpm2.TPMLTaggedTPMProperty
	if err == nil {
		list, err = data.TPMProperties()
	}
	if err != nil {
		t.Manufacturer = missingTPM[string](chip, err)
		return
	}
	id := chip.last.ID
	values := map[tpm2.TPMPT]uint32{}
	for _, p := range list.TPMProperty {
		values[p.Property] = p.Value
	}
	text := func(properties ...tpm2.TPMPT) report.Fact[string] {
		var raw []byte
		for _, p := range properties {
			raw = binary.BigEndian.AppendUint32(raw, values[p])
		}
		if s := oneLine(strings.TrimSpace(strings.Trim(string(raw), "\x00"))); s != "" {
			return report.Known(s, id)
		}
		return report.Missing[string](report.Absent, "", id)
	}
	t.Manufacturer = text(tpm2.TPMPTManufacturer)
	t.Vendor = text(tpm2.TPMPTVendorString1, tpm2.TPMPTVendorString2, tpm2.TPMPTVendorString3, tpm2.TPMPTVendorString4)
	a, b := values[tpm2.TPMPTFirmwareVersion1], values[tpm2.TPMPTFirmwareVersion2]
	t.Firmware = report.Known(fmt.Sprintf("%d.%d.%d.%d", a>>16, a&0xffff, b>>16, b&0xffff), id)
	t.Disabled = tpmDisabled(chip)
}

// tpmDisabled reads which hierarchies are off, TPMA_STARTUP_CLEAR (part 2, 8.7).
func tpmDisabled(chip *hostTPM) report.Fact[[]string] {
	data, err := capability(chip, tpm2.TPMCapTPMProperties, uint32(tpm2.TPMPTStartupClear), 1)
	var list *tpm2.TPMLTaggedTPMProperty
	if err == nil {
		list, err = data.TPMProperties()
	}
	if err != nil || len(list.TPMProperty) != 1 || list.TPMProperty[0].Property != tpm2.TPMPTStartupClear {
		return missingTPM[[]string](chip, errors.Join(err, errors.New("no such property")))
	}
	var off []string
	for i, name := range []string{"platform", "owner", "endorsement", "platform-nv"} {
		if list.TPMProperty[0].Value>>i&1 == 0 {
			off = append(off, name)
		}
	}
	return report.Known(off, chip.last.ID)
}

func tpmBanks(chip *hostTPM, t *report.TPM) {
	data, err := capability(chip, tpm2.TPMCapPCRs, 0, 1)
	var list *tpm2.TPMLPCRSelection
	if err == nil {
		list, err = data.AssignedPCR()
	}
	if err != nil {
		t.Banks = missingTPM[[]string](chip, err)
		return
	}
	names := map[tpm2.TPMAlgID]string{tpm2.TPMAlgSHA1: "sha1", tpm2.TPMAlgSHA256: "sha256", tpm2.TPMAlgSHA384: "sha384", tpm2.TPMAlgSHA512: "sha512"}
	var banks []string
	for _, s := range list.PCRSelections {
		if slices.ContainsFunc(s.PCRSelect, func(b byte) bool { return b != 0 }) {
			name := names[s.Hash]
			if name == "" {
				name = fmt.Sprintf("0x%04x", uint16(s.Hash))
			}
			banks = append(banks, name)
		}
	}
	t.Banks = report.Known(banks, chip.last.ID)
}

func tpmClock(chip *hostTPM, t *report.TPM) {
	answer, err := tpm2.ReadClock{}.Execute(chip)
	if err != nil {
		t.ClockMillis = missingTPM[int64](chip, err)
		return
	}
	id, clock := chip.last.ID, answer.CurrentTime.ClockInfo
	t.ResetCount, t.RestartCount = report.Known(int64(clock.ResetCount), id), report.Known(int64(clock.RestartCount), id)
	t.ClockMillis, t.ClockSafe = report.Known(int64(min(clock.Clock, 1<<62)), id), report.Known(bool(clock.Safe), id)
}

// Where endorsement certificates are (TCG EK Credential Profile 2.5, 2.2.1.4
// and 2.2.1.5): two of the low range, and the high range.
var endorsementIndices = map[uint32]string{
	0x01c00002: "rsa-2048", 0x01c0000a: "ecc-p256", 0x01c00012: "rsa-2048-high", 0x01c00014: "ecc-p256-high", 0x01c00016: "ecc-p384", 0x01c00018: "ecc-p521", 0x01c0001a: "sm2", 0x01c0001c: "rsa-3072", 0x01c0001e: "rsa-4096",
}

func tpmCertificates(chip *hostTPM, t *report.TPM) {
	const first, most = 0x01c00000, 64
	data, err := capability(chip, tpm2.TPMCapHandles, first, most)
	var list *tpm2.TPMLHandle
	if err == nil {
		list, err = data.Handles()
	}
	if err != nil {
		t.EKCertificates = missingTPM[[]string](chip, err)
		return
	}
	var found []string
	for _, handle := range list.Handle {
		if name := endorsementIndices[uint32(handle)]; name != "" {
			found = append(found, name)
		}
	}
	t.EKCertificates = report.Known(found, chip.last.ID)
}
