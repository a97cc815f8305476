package eventlog

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

const (
	global   = "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
	security = "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
	vendor   = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
)

func variableOf(vendor, name, data string) string { return vendor + variable(name, data)[16:] }

// Each event with what it tells of; what may be of the unit is Other.
func TestSubject(t *testing.T) {
	b := newLog()
	var want []string
	for _, c := range []struct {
		register, kind uint32
		event          string
		subject        Subject
		text           string
	}{
		{0, typeNoAction, signatureLocality + "\x03", Other, "EV_NO_ACTION"},
		{0, typeCRTMVersion, "1\x00.\x000\x00\x00\x00", Firmware, "EV_S_CRTM_VERSION"},
		{0, typePostCode, "ACPI DATA", Firmware, "EV_POST_CODE ACPI DATA"},
		{0, typePostCode, "unit 4711", Firmware, "EV_POST_CODE"},
		{0, typeFirmwareBlob, strings.Repeat("\x00", 16), Firmware, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
		{0, typeFirmwareBlob2, "Fv", Firmware, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
		{0, typeBootDriver, "", Firmware, "EV_EFI_BOOT_SERVICES_DRIVER"},
		{0, typeSeparator, "\x00\x00\x00\x00", Firmware, "EV_SEPARATOR"},
		{0, 0x80000009, "SMBIOS", Other, "EV_EFI_HANDOFF_TABLES"},
		{0, 0x8000000b, "SMBIOS", Other, "EV_EFI_HANDOFF_TABLES2"},
		{0, 0xc, "tag", Other, "EV_COMPACT_HASH"},
		{1, typeVariableBoot, variableOf(global, "Boot0001", "disk"), Other, "EV_EFI_VARIABLE_BOOT"},
		{1, typeVariableConfig, variableOf(vendor, "Setup", "x"), Other, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
		{1, 0x80000009, "SMBIOS", Other, "EV_EFI_HANDOFF_TABLES"},
		{2, typeBootDriver, "card", Other, "EV_EFI_BOOT_SERVICES_DRIVER"},
		{4, typeAction, "Calling EFI Application from Boot Option", Other, "EV_EFI_ACTION"},
		{4, typeApplication, "path of a disk", Image, "EV_EFI_BOOT_SERVICES_APPLICATION"},
		{5, 0x80000006, "GPT", Other, "EV_EFI_GPT_EVENT"},
		{6, 0xc, "service tag", Other, "EV_COMPACT_HASH"},
		{7, typeVariableConfig, variableOf(global, "SecureBoot", "\x01"), Policy, "EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot"},
		{7, typeVariableConfig, variableOf(security, "dbx", "x"), Policy, "EV_EFI_VARIABLE_DRIVER_CONFIG dbx"},
		{7, typeVariableConfig, variableOf(global, "dbx", "x"), Other, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
		{7, typeVariableConfig, "short", Other, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
		{7, typeVariableAuthority, variableOf(security, "db", "certificate"), Policy, "EV_EFI_VARIABLE_AUTHORITY db"},
		{7, typeVariableAuthority, variableOf(vendor, "MokList", "key of the unit"), Other, "EV_EFI_VARIABLE_AUTHORITY"},
		{7, typeAction, "UEFI Debug Mode\x00", Policy, "EV_EFI_ACTION UEFI Debug Mode"},
		{7, typeAction, "unit 4711", Other, "EV_EFI_ACTION"},
		{7, typeSeparator, "\x00\x00\x00\x00", Policy, "EV_SEPARATOR"},
		{9, 6, "initrd", Other, "EV_EVENT_TAG"},
		{0x1000, 0xdeadbeef, "", Other, "0xdeadbeef"},
	} {
		digest := b.add(c.register, c.kind, c.event)
		want = append(want, fmt.Sprintf("%d %s %d %x", c.register, c.text, c.subject, digest))
	}
	l, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range l.Measurements {
		if got := fmt.Sprintf("%d %s %d %x", m.Register, strings.TrimSpace(m.TypeName()+" "+m.Name), m.Subject(), m.Digest); got != want[i] {
			t.Errorf("event %d: %s; want %s", i, got, want[i])
		}
	}
	if len(l.Measurements) != len(want) || l.Bank.Name() != "sha256" {
		t.Errorf("%d measurements of %s; want %d", len(l.Measurements), l.Bank.Name(), len(want))
	}
}

// The bank is the one of SHA-256 where there is one, not the first.
func TestBank(t *testing.T) {
	logOf := func(algorithms ...uint16) (*builder, Log) {
		b := &builder{}
		spec := signatureSpecID + "\x00\x00\x00\x00" + "\x00\x02\x00\x02" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(algorithms))))
		sizes := map[uint16]uint16{4: 20, 0xb: 32, 0xc: 48, 0x12: 32}
		for _, a := range algorithms {
			spec += string(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, a), sizes[a]))
		}
		b.long(0, typeNoAction)
		b.Write(make([]byte, headerDigest))
		b.long(uint32(len(spec)))
		b.WriteString(spec)
		l, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return b, l
	}
	for _, c := range []struct {
		algorithms []uint16
		want       string
	}{{[]uint16{4, 0xb}, "sha256"}, {[]uint16{4, 0xc}, "sha384"}, {[]uint16{4}, "sha1"}, {[]uint16{0x12}, ""}, {[]uint16{0xc, 0x12, 0xb}, "sha256"}} {
		if _, l := logOf(c.algorithms...); l.Bank.Name() != c.want {
			t.Errorf("%#x: bank %q; want %q", c.algorithms, l.Bank.Name(), c.want)
		}
	}
	b, _ := logOf(4, 0xb)
	one, two := sha1.Sum([]byte("x")), sha256.Sum256([]byte("x"))
	b.long(0, typeCRTMVersion, 2)
	b.WriteString("\x04\x00" + string(one[:]) + "\x0b\x00" + string(two[:]))
	b.long(0)
	b.long(0, typeCRTMVersion, 1) // an event that the bank does not have
	b.WriteString("\x04\x00" + string(one[:]))
	b.long(0)
	l, err := Parse(b.Bytes())
	if err != nil || len(l.Measurements) != 2 || string(l.Measurements[0].Digest) != string(two[:]) || l.Measurements[1].Subject() != Other {
		t.Errorf("log = %+v, %v", l.Measurements, err)
	}
}
