package qmi

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Answers of an emulated EC25 behind the driver qmi_wwan of Linux 6.12.
const (
	allocated    = "01 17 00 80 00 00 01 01 22 00 0c 00 02 04 00 00 00 00 00 01 02 00 02 05"
	manufacturer = "\x01+\x00\x80\x02\x05\x02\x01\x00!\x00\x1f\x00\x02\x04\x00\x00\x00\x00\x00\x01\x15\x00QUALCOMM INCORPORATED"
	model        = "\x015\x00\x80\x02\x05\x02\x02\x00\"\x00)\x00\x02\x04\x00\x00\x00\x00\x00\x01\x1f\x00QUECTEL Mobile Broadband Module"
	revision     = "\x01&\x00\x80\x02\x05\x02\x03\x00#\x00\x1a\x00\x02\x04\x00\x00\x00\x00\x00\x01\x10\x00EC25EFAR06A06M4G"
	noIDs        = "\x01\x13\x00\x80\x02\x05\x02\x04\x00%\x00\a\x00\x02\x04\x00\x01\x00^\x00"
)

// tlv writes a value.
func tlv(kind byte, value string) string {
	return string(binary.LittleEndian.AppendUint16([]byte{kind}, uint16(len(value)))) + value
}

// success is the result of a good answer.
var success = tlv(tlvResult, "\x00\x00\x00\x00")

// reply builds the answer to a request.
func reply(r Request, values string) string {
	m := frame(r.Service(), 5, 7+len(values))
	m[3] = fromService
	m = append(m, flagResponse, 1, 0)
	m = binary.LittleEndian.AppendUint16(m, r.ID())
	m = binary.LittleEndian.AppendUint16(m, uint16(len(values)))
	return string(m) + values
}

func parse(t testing.TB, data string) Message {
	t.Helper()
	m, n, err := Parse([]byte(data))
	if err != nil || n != len(data) {
		t.Fatalf("Parse(%q) = %+v, %d, %v; want all of it", data, m, n, err)
	}
	return m
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	m := parse(t, string(unhex(t, allocated)))
	if s, client, err := m.AllocatedClient(); s != DMS || client != 5 || err != nil {
		t.Errorf("AllocatedClient = %s, %d, %v; want DMS, 5", s, client, err)
	}
	for data, want := range map[string]struct {
		request     Request
		transaction uint16
		text        string
	}{
		manufacturer: {GetManufacturer, 1, "QUALCOMM INCORPORATED"},
		model:        {GetModel, 2, "QUECTEL Mobile Broadband Module"},
		revision:     {GetRevision, 3, "EC25EFAR06A06M4G"},
	} {
		m := parse(t, data)
		if got, err := m.Text(want.request); got != want.text || err != nil || m.Transaction != want.transaction || m.Client != 5 || !m.Response || m.Indication {
			t.Errorf("Text(%s) of %+v = %q, %v; want %q", want.request, m, got, err, want.text)
		}
		if got, err := m.Text(GetHardwareRevision); err == nil {
			t.Errorf("Text(%s) of the answer to %s = %q; want an error", GetHardwareRevision, want.request, got)
		}
	}
	var code Error
	if ids, _, err := parse(t, noIDs).Identifiers(); !errors.As(err, &code) || code != 94 || err.Error() != "qmi: not supported" {
		t.Errorf("Identifiers = %+v, %v; want the error not supported", ids, err)
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for want, got := range map[string][]byte{
		"01 0f 00 00 00 00 00 01 22 00 04 00 01 01 00 02":    EncodeAllocateClient(1, DMS),
		"01 10 00 00 00 00 00 02 23 00 05 00 01 02 00 02 05": EncodeReleaseClient(2, DMS, 5),
		"01 0b 00 00 00 00 00 03 21 00 00 00":                EncodeGetVersions(3),
		"01 0c 00 00 02 05 00 01 00 21 00 00 00":             GetManufacturer.Encode(5, 1),
		"01 0c 00 00 0b 07 00 02 01 2f 00 00 00":             GetCardStatus.Encode(7, 258),
	} {
		if g := hex.EncodeToString(got); g != strings.ReplaceAll(want, " ", "") {
			t.Errorf("request = %s; want %s", g, want)
		}
	}
}

// TestRequestsOnlyRead holds the identifiers against those that change
// something, in libqmi's tables.
func TestRequestsOnlyRead(t *testing.T) {
	t.Parallel()
	reads := map[Service][]uint16{
		DMS: {0x0020, 0x0021, 0x0022, 0x0023, 0x0025, 0x002c, 0x002d, 0x0047, 0x0049, 0x0051},
		NAS: {0x0024},
		UIM: {0x002f},
	}
	for _, r := range Requests() {
		if !slices.Contains(reads[r.Service()], r.ID()) || !strings.HasPrefix(r.String(), r.Service().String()+" get ") && r != ListStoredImages {
			t.Errorf("%s is %s 0x%04x; want one that reads", r, r.Service(), r.ID())
		}
		m := parse(t, string(r.Encode(1, 1)))
		if len(m.TLVs) != 0 || m.Service != r.Service() || m.ID != r.ID() || m.Response {
			t.Errorf("Encode of %s = %+v; want a request without values", r, m)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	card := "\x00\x00\xff\xff\xff\xff\xff\xff" + "\x02" +
		"\x01\x00\x00\x00\x00\x01" + "\x02\x07\x0b\x00\x03\x0a" + "\x04\xa0\x00\x00\x00" + "\x00\x03\x03\x0a" + "\x01\x03\x0a" +
		"\x02\x00\x00\x00\x03\x00"
	for name, test := range map[string]struct {
		data string
		got  func(Message) (any, error)
		want any
	}{
		"identifiers": {reply(GetIdentifiers, success+tlv(0x10, "0")+tlv(0x11, "004999010640000")+tlv(0x13, "06")),
			func(m Message) (any, error) { ids, _, err := m.Identifiers(); return ids, err }, Identifiers{IMEI: "004999010640000"}},
		"IMEI software version": {reply(GetIdentifiers, success+tlv(0x12, "35902605000000")+tlv(0x13, "06\x00")),
			func(m Message) (any, error) { _, v, err := m.Identifiers(); return v, err }, "06"},
		"operating mode": {reply(GetOperatingMode, success+tlv(0x01, "\x00")+tlv(0x11, "\x00")),
			func(m Message) (any, error) { return m.OperatingMode() }, OperatingMode{Mode: "online", HasRestricted: true}},
		"operating mode not listed": {reply(GetOperatingMode, success+tlv(0x01, "\xff")),
			func(m Message) (any, error) { return m.OperatingMode() }, OperatingMode{Mode: "255"}},
		"capabilities": {reply(GetCapabilities, success+tlv(0x01, "\x80\xf0\xfa\x02\x00\xa3\xe1\x11\x04\x02\x04\x04\x05\x08\x0a")),
			func(m Message) (any, error) { return m.Capabilities() },
			Capabilities{50000000, 300000000, "CS or PS", true, []string{"GSM", "UMTS", "LTE", "5G NR"}}},
		"preference": {reply(GetFirmwarePreference, success+tlv(0x01, "\x02\x00002.026_000\x00\x00\x00\x00\x00\x1302.33.03.00_GENERIC\x01"+strings.Repeat("?", 16)+"\x00")),
			func(m Message) (any, error) { return m.FirmwarePreference() },
			[]Image{{"modem", "002.026_000", "02.33.03.00_GENERIC"}, {"PRI", "????????????????", ""}}},
		"images": {reply(ListStoredImages, success+tlv(0x01, "\x02"+
			"\x00\x04\x01\x02"+"\x01\x00002.026_000\x00\x00\x00\x00\x00\x0a02.26.00.0"+"\x02\x03002.033_000\x00\x00\x00\x00\x00\x0a02.33.03.0"+
			"\x01\x32\xff\x01"+"\xff\x00002.012_000\x00\x00\x00\x00\x00\x02ab")),
			func(m Message) (any, error) { return m.StoredImages() }, []StoredImage{
				{Image{"modem", "002.026_000", "02.26.00.0"}, 1, 0, false},
				{Image{"modem", "002.033_000", "02.33.03.0"}, 2, 3, true},
				{Image{"PRI", "002.012_000", "ab"}, 255, 0, false},
			}},
		"registration": {reply(GetServingSystem, success+tlv(0x01, "\x01\x01\x01\x02\x01\x08")+tlv(0x12, "\x06\x01\x01\x00\x04Name")),
			func(m Message) (any, error) { return m.Registration() },
			Registration{State: "registered", PacketAttached: true, HasAttached: true, RadioInterfaces: []string{"LTE"}}},
		"not registered": {reply(GetServingSystem, success+tlv(0x01, "\x02\x02\x02\x00\x01\x00")),
			func(m Message) (any, error) { return m.Registration() }, Registration{State: "searching", HasAttached: true}},
		"card": {reply(GetCardStatus, success+tlv(0x10, card)),
			func(m Message) (any, error) { return m.Cards() }, []Card{
				{State: "present", Applications: []Application{{"USIM", "ready", "disabled", 3, 10}}},
				{State: "error", Error: "no answer to reset"},
			}},
	} {
		got, err := test.got(parse(t, test.data))
		if !reflect.DeepEqual(got, test.want) || err != nil {
			t.Errorf("%s = %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	values := success + tlv(0x01, "\x02\x00\x01\x00\x05\x00\x0b\x01\x00\x2e\x00")
	m := frame(Control, 0, 6+len(values))
	m = append(m, 0x01, 9, 0x21, 0, byte(len(values)), 0)
	got, err := parse(t, string(m)+values).Versions()
	if want := []ServiceVersion{{Control, 1, 5}, {UIM, 1, 46}}; !slices.Equal(got, want) || err != nil {
		t.Errorf("Versions = %v, %v; want %v", got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := manufacturer
	for n := range len(good) {
		if m, _, err := Parse([]byte(good[:n])); err == nil {
			t.Errorf("Parse of the first %d bytes = %+v; want an error", n, m)
		}
	}
	for name, data := range map[string]string{
		"marker":              "\x02" + good[1:],
		"values longer":       good[:11] + "\x20" + good[12:],
		"value over the end":  good[:21] + "\x16" + good[22:],
		"frame of the header": "\x01\x05\x00\x80\x02\x05" + good[6:],
	} {
		if m, _, err := Parse([]byte(data)); err == nil {
			t.Errorf("Parse(%s) = %+v; want an error", name, m)
		}
	}
	if _, n, err := Parse([]byte(good + model)); n != len(good) || err != nil {
		t.Errorf("Parse of two messages = %d bytes, %v; want %d", n, err, len(good))
	}
}

func TestAnswerRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"a request":       string(GetOperatingMode.Encode(1, 1)),
		"without result":  reply(GetOperatingMode, tlv(0x01, "\x00")),
		"without value":   reply(GetOperatingMode, success),
		"short":           reply(GetOperatingMode, success+tlv(0x01, "")),
		"another message": reply(GetCapabilities, success+tlv(0x01, "\x00")),
		"failure":         reply(GetOperatingMode, tlv(tlvResult, "\x01\x00\x47\x00")+tlv(0x01, "\x00")),
	} {
		if got, err := parse(t, data).OperatingMode(); err == nil {
			t.Errorf("OperatingMode of an answer %s = %+v; want an error", name, got)
		}
	}
	cut := reply(GetCardStatus, success+tlv(0x10, "\x00\x00\xff\xff\xff\xff\xff\xff\x01\x01\x00\x00\x00\x00\xff\x02"))
	if got, err := parse(t, cut).Cards(); err == nil {
		t.Errorf("Cards of a cut list = %+v; want an error", got)
	}
	if got, software, err := parse(t, reply(GetIdentifiers, success+tlv(0x10, "0"))).Identifiers(); err == nil {
		t.Errorf("Identifiers of none = %+v, %q; want an error", got, software)
	}
}

func TestErrorWords(t *testing.T) {
	t.Parallel()
	if got := Error(4711).Error(); got != "qmi: error 4711" {
		t.Errorf("Error(4711) = %q; want its number", got)
	}
	if got := Service(0x77).String(); got != "0x77" {
		t.Errorf("Service(0x77) = %q; want its number", got)
	}
}

// TestBare holds messages without a frame against those with one.
func TestBare(t *testing.T) {
	t.Parallel()
	for _, r := range Requests() {
		if got, want := string(r.EncodeBare(9)), string(r.Encode(5, 9)); got != want[frameBytes:] {
			t.Errorf("EncodeBare of %s = %q; want the rest of %q", r, got, want)
		}
		data := reply(r, success+tlv(0x01, "EC25"))
		want := parse(t, data)
		want.Client = 0
		if got, err := ParseBare(r.Service(), []byte(data[frameBytes:])); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseBare of the answer to %s = %+v, %v; want %+v", r, got, err, want)
		}
	}
	for _, data := range []string{"", "\x02\x01\x00!\x00\x00", "\x02\x01\x00!\x00\x01\x00", "\x02\x01\x00!\x00\x03\x00\x01\x01\x00", "\x02\x01\x00!\x00\x00\x00\x01"} {
		if got, err := ParseBare(DMS, []byte(data)); err == nil {
			t.Errorf("ParseBare(%q) = %+v; want an error", data, got)
		}
	}
}

func FuzzParseBare(f *testing.F) {
	for _, r := range Requests() {
		f.Add([]byte(reply(r, success+tlv(0x01, "123"))[frameBytes:]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseBare(DMS, data)
		if err != nil {
			return
		}
		values := 0
		for _, v := range m.TLVs {
			values += 3 + len(v.Value)
		}
		const head = 7 // flags, transaction, message, length
		if len(data) != head+values || m.Service != DMS || m.Client != 0 {
			t.Errorf("ParseBare(%x) = %+v; want a length that the values fill", data, m)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, allocated))
	for _, s := range []string{manufacturer, noIDs, reply(GetCardStatus, success+tlv(0x10, "\x00\x00\xff\xff\xff\xff\xff\xff\x01\x01\x00\x00\x00\x00\x01"+strings.Repeat("\x01", 40)))} {
		f.Add([]byte(s))
	}
	for _, r := range Requests() {
		f.Add([]byte(reply(r, success+tlv(0x01, strings.Repeat("\x01", 60))+tlv(0x10, "123")+tlv(0x11, "\x00"))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, n, err := Parse(data)
		if err != nil {
			return
		}
		values := 0
		for _, v := range m.TLVs {
			values += 3 + len(v.Value)
		}
		if n > len(data) || n > MaxMessageBytes || n != frameBytes+values+6 && n != frameBytes+values+7 {
			t.Errorf("Parse(%x) = %+v, %d; want a length that the values fill", data, m, n)
		}
		var texts []string
		for _, r := range []Request{GetManufacturer, GetModel, GetRevision, GetHardwareRevision, GetSoftwareVersion} {
			s, _ := m.Text(r)
			texts = append(texts, s)
		}
		ids, software, _ := m.Identifiers()
		texts = append(texts, ids.IMEI, ids.MEID, ids.ESN, software)
		images, _ := m.StoredImages()
		for _, i := range images {
			texts = append(texts, i.UniqueID, i.BuildID)
		}
		preference, _ := m.FirmwarePreference()
		for _, i := range preference {
			texts = append(texts, i.UniqueID, i.BuildID)
		}
		for _, s := range texts {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || len(s) > len(data) {
				t.Errorf("a text of %x = %q; want it printable", data, s)
			}
		}
		m.OperatingMode()
		m.Capabilities()
		m.Registration()
		m.Versions()
		m.AllocatedClient()
		if cards, err := m.Cards(); err == nil && len(cards) > 255 {
			t.Errorf("Cards of %x = %d; want at most 255", data, len(cards))
		}
	})
}
