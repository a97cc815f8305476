package hci

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// complete builds the answer to a command.
func complete(o Opcode, index uint16, status Status, parameters string) []byte {
	body := binary.LittleEndian.AppendUint16(nil, uint16(o))
	body = append(append(body, byte(status)), parameters...)
	p := binary.LittleEndian.AppendUint16(nil, commandComplete)
	p = binary.LittleEndian.AppendUint16(p, index)
	p = binary.LittleEndian.AppendUint16(p, uint16(len(body)))
	return append(p, body...)
}

func parse(t testing.TB, packet []byte) Reply {
	t.Helper()
	r, ok, err := Parse(packet)
	if !ok || err != nil {
		t.Fatalf("Parse(%x) = %v, %v; want an answer", packet, ok, err)
	}
	return r
}

// What Linux 6.12 says of an emulated controller: address, HCI 4.2, Broadcom,
// settings, name.
const (
	common12    = "\x56\x34\x12\xeb\x27\xb8" + "\x08" + "\x0f\x00" + "\xff\x10\x01\x00" + "\x80\x00\x00\x00"
	name        = "BCM4345C0 37.4MHz"
	addressText = "B8:27:EB:12:34:56"
)

func information() []byte {
	return complete(ReadInformation, 0, 0, common12+"\x0c\x01\x1c"+name+strings.Repeat("\x00", 249-len(name)+11))
}

func extended() []byte {
	eir := "\x04\x0d\x0c\x01\x1c" + "\x03\x19\x00\x00" + "\x12\x09" + name + "\x01\x08"
	return complete(ReadExtended, 0, 0, common12+string(binary.LittleEndian.AppendUint16(nil, uint16(len(eir))))+eir)
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for want, got := range map[string][]byte{
		"0300ffff0000": ReadIndexList.Encode(NoController),
		"420001000000": ReadExtended.Encode(1),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("Encode = %x; want %s", got, want)
		}
	}
}

// TestCommandsOnlyRead holds the commands against the list of those in
// mgmt-api.txt that read.
func TestCommandsOnlyRead(t *testing.T) {
	t.Parallel()
	reads := []Opcode{0x0001, 0x0003, 0x0004, 0x0036, 0x0037, 0x0042, 0x0048}
	for _, o := range Commands() {
		if !slices.Contains(reads, o) || !strings.HasPrefix(o.String(), "read ") {
			t.Errorf("%s is 0x%04x; want one that reads", o, uint16(o))
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	if v, revision, err := parse(t, complete(ReadVersion, NoController, 0, "\x01\x17\x00")).Version(); v != 1 || revision != 23 || err != nil {
		t.Errorf("Version = %d.%d, %v; want 1.23", v, revision, err)
	}
	for o, data := range map[Opcode]string{ReadIndexList: "\x02\x00\x00\x00\x03\x00", ReadUnconfiguredList: "\x02\x00\x00\x00\x03\x00"} {
		if got, err := parse(t, complete(o, NoController, 0, data)).Indexes(); !slices.Equal(got, []uint16{0, 3}) || err != nil {
			t.Errorf("Indexes of %s = %v, %v; want 0 and 3", o, got, err)
		}
	}
	want := Controller{
		Address: Address{0xb8, 0x27, 0xeb, 0x12, 0x34, 0x56}, Version: 8, Manufacturer: 15, Class: 0x1c010c, HasClass: true, Name: name,
		Supported: []string{"powered", "connectable", "fast connectable", "discoverable", "bondable", "link security", "secure simple pairing", "BR/EDR", "debug keys", "PHY configuration"},
		Current:   []string{"BR/EDR"},
	}
	got, err := parse(t, information()).Information()
	if !reflect.DeepEqual(got, want) || err != nil || got.Address.String() != addressText {
		t.Errorf("Information = %+v, %v; want %+v", got, err, want)
	}
	if got, err = parse(t, extended()).Extended(); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("Extended = %+v, %v; want %+v", got, err, want)
	}
	configuration := Configuration{Manufacturer: 15, NeedsAddress: true, SupportsPublicAddress: true}
	if got, err := parse(t, complete(ReadConfiguration, 0, 0, "\x0f\x00\x02\x00\x00\x00\x02\x00\x00\x00")).Configuration(); got != configuration || err != nil {
		t.Errorf("Configuration = %+v, %v; want %+v", got, err, configuration)
	}
	capabilities := Capabilities{
		Flags:         []string{"remote public key validation (LE)", "key size enforcement (LE)"},
		MaxKeyBytesLE: 16, MinTxPowerDBm: -20, MaxTxPowerDBm: 10, HasTxPower: true,
	}
	if got, err := parse(t, complete(ReadCapabilities, 0, 0, "\x0b\x00\x02\x01\x0a\x03\x03\x10\x00\x03\x04\xec\x0a")).Capabilities(); !reflect.DeepEqual(got, capabilities) || err != nil {
		t.Errorf("Capabilities = %+v, %v; want %+v", got, err, capabilities)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	var status Status
	refused := []byte("\x02\x00\x00\x00\x03\x00\x42\x00\x01") // command status
	if _, err := parse(t, refused).Extended(); !errors.As(err, &status) || err.Error() != "mgmt: unknown command" {
		t.Errorf("Extended of an old kernel = %v; want unknown command", err)
	}
	if got := Status(0x40).Error(); got != "mgmt: status 0x40" {
		t.Errorf("Status(0x40) = %q; want its number", got)
	}
	if _, ok, err := Parse([]byte("\x06\x00\x00\x00\x04\x00\x81\x00\x00\x00")); ok || err != nil {
		t.Errorf("Parse of new settings = %v, %v; want no answer and no error", ok, err)
	}
	for _, packet := range []string{"", "\x01\x00\x00\x00\x00", "\x01\x00\x00\x00\x02\x00\x04\x00", "\x01\x00\x00\x00\x04\x00\x04\x00\x00"} {
		if r, ok, err := Parse([]byte(packet)); err == nil {
			t.Errorf("Parse(%x) = %+v, %v; want an error", packet, r, ok)
		}
	}
	for name, err := range map[string]error{
		"short information": last(parse(t, complete(ReadInformation, 0, 0, common12)).Information()),
		"another command":   last(parse(t, extended()).Information()),
		"cut EIR":           last(parse(t, complete(ReadExtended, 0, 0, common12+"\x05\x00\x04\x0d\x0c")).Extended()),
		"list too long":     last(parse(t, complete(ReadIndexList, NoController, 0, "\xff\xff\x00\x00")).Indexes()),
		"cut capabilities":  last(parse(t, complete(ReadCapabilities, 0, 0, "\x03\x00\x02")).Capabilities()),
	} {
		if err == nil {
			t.Errorf("%s: no error; want one", name)
		}
	}
}

func last[T any](_ T, err error) error { return err }

func TestFlaw(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		flaw Flaw
		of   string
	}{
		"b827eb123456": {FlawNone, ""},
		"000000000000": {FlawAbsent, ""},
		"ffffffffffff": {FlawAbsent, ""},
		"aaaaaaaaaaaa": {FlawDefault, "BCM43430A1"},
		"4343a0121fac": {FlawDefault, "BCM43430A0"},
		"4343a1121fac": {FlawDefault, "BCM4343A1"},
		"4345c0001fac": {FlawDefault, "BCM4345C0"},
		"4345c5001fac": {FlawDefault, "BCM4345C5"},
		"00207002a000": {FlawDefault, "BCM20702A0"},
		"2076a0005679": {FlawDefault, "BCM2076B1"},
		"0003199e8b00": {FlawDefault, "Intel"},
		"ae2d2200ff00": {FlawDefault, "Amlogic"},
		"399021640700": {FlawDefault, "Qualcomm (qca/crnv21.bin)"},
		"000000005aad": {FlawDefault, "Qualcomm (most of qca/*nv*)"},
		"4446a1121fac": {FlawNone, ""},
		"010203040506": {FlawGroup, ""},
	} {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		a := Address(raw)
		if of, known := a.DefaultOf(); a.Flaw() != want.flaw || of != want.of || known != (want.of != "") {
			t.Errorf("Flaw(%s) = %q of %q; want %q of %q", a, a.Flaw(), of, want.flaw, want.of)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for version, want := range map[uint8]string{0: "1.0b", 6: "4.0", 8: "4.2", 13: "5.4", 200: ""} {
		if got, ok := VersionName(version); got != want || ok != (want != "") {
			t.Errorf("VersionName(%d) = %q, %v; want %q", version, got, ok, want)
		}
	}
	for id, want := range map[uint16]string{15: "Broadcom", 93: "Realtek", 305: "Cypress", 65535: ""} {
		if got, ok := ManufacturerName(id); got != want || ok != (want != "") {
			t.Errorf("ManufacturerName(%d) = %q, %v; want %q", id, got, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(information())
	f.Add(extended())
	f.Add(complete(ReadIndexList, NoController, 0, "\x02\x00\x00\x00\x03\x00"))
	f.Add(complete(ReadCapabilities, 0, 0, "\x0b\x00\x02\x01\x0a\x03\x03\x10\x00\x03\x04\xec\x0a"))
	f.Add(complete(ReadConfiguration, 0, 0, "\x0f\x00\x02\x00\x00\x00\x02\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		r, ok, err := Parse(packet)
		if err != nil || !ok {
			return
		}
		if !bytes.HasSuffix(packet, r.Parameters) {
			t.Errorf("Parse(%x) = %+v; want the end of the packet", packet, r)
		}
		for _, read := range []func() (Controller, error){r.Information, r.Extended} {
			c, err := read()
			if err != nil {
				continue
			}
			if len(c.Supported) > 32 || len(c.Current) > 32 || len(c.Name) > 255 || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("controller of %x = %+v; want a printable name", packet, c)
			}
			if flaw := c.Address.Flaw(); flaw == FlawNone && c.Address[0]&1 != 0 {
				t.Errorf("Flaw(%s) = none; want one", c.Address)
			}
		}
		if list, err := r.Indexes(); err == nil && len(list) > maxControllers {
			t.Errorf("Indexes of %x = %d; want at most %d", packet, len(list), maxControllers)
		}
		r.Version()
		r.Configuration()
		r.Capabilities()
	})
}
