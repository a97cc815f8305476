package mbim

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func le(words ...uint32) string {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return string(b)
}

// wide writes a text in UTF-16.
func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// buffer writes information: fixed words, then offset and length of each text,
// then the texts, each at a multiple of four.
func buffer(fixed string, texts ...string) string {
	at := len(fixed) + 8*len(texts)
	var table, body string
	for _, s := range texts {
		w := wide(s)
		table += le(uint32(at+len(body)), uint32(len(w)))
		body += w + strings.Repeat("\x00", -len(w)&3)
	}
	return fixed + table + body
}

// done builds the answer to a query.
func done(q Query, status Status, info string) string {
	w := q.query()
	body := le(1, 0) + string(w.service[:]) + le(w.command, uint32(status), uint32(len(info))) + info
	return le(uint32(TypeCommandDone), uint32(headerBytes+len(body)), 7) + body
}

// split cuts a message into fragments of at most n bytes of payload.
func split(message string, n int) []string {
	payload := message[headerBytes+fragmentBytes:]
	total := (len(payload) + n - 1) / n
	var list []string
	for i := range total {
		part := payload[i*n : min(len(payload), (i+1)*n)]
		size := uint32(headerBytes + fragmentBytes + len(part))
		list = append(list, message[:4]+le(size)+message[8:12]+le(uint32(total), uint32(i))+part)
	}
	return list
}

// caps is what an EM7565 answers, with an invented IMEI.
func caps(imei string) string {
	return done(DeviceCaps, 0, buffer(le(1, 1, 1, 2, 0x3c, 3, 1|2, 8), "", imei, "SWI9X50C_01.14.02.00", "EM7565"))
}

var subscriber = done(SubscriberReady, 0, func() string {
	fixed := le(1) + le(36, 30) + le(68, 40) + le(0, 1) + le(108, 24)
	return fixed + wide("001010123456789") + "\x00\x00" + wide("8988211000000123456F") + wide("+15550100000\x00")
}())

func parse(t testing.TB, data string) Message {
	t.Helper()
	m, err := Parse([]byte(data))
	if err != nil {
		t.Fatalf("Parse(%x) = %v; want no error", data, err)
	}
	return m
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for want, got := range map[string][]byte{
		"01000000 10000000 01000000 00100000": EncodeOpen(1, 4096),
		"02000000 0c000000 09000000":          EncodeClose(9),
		"03000000 30000000 02000000 01000000 00000000 a289cc33bcbb8b4fb6b0133ec2aae6df 01000000 00000000 00000000": DeviceCaps.Encode(2),
		"03000000 30000000 03000000 01000000 00000000 e9f7dea2feaf400993ce90a3694103b6 01000000 00000000 00000000": FirmwareIdentity.Encode(3),
	} {
		if g := hex.EncodeToString(got); g != strings.ReplaceAll(want, " ", "") {
			t.Errorf("message = %s; want %s", g, want)
		}
	}
	if got := FirmwareID().String(); got != "e9f7dea2-feaf-4009-93ce-90a3694103b6" {
		t.Errorf("FirmwareID = %s", got)
	}
}

// TestQueriesOnlyRead checks that every command has the type query and no
// information that could set something.
func TestQueriesOnlyRead(t *testing.T) {
	t.Parallel()
	for _, q := range Queries() {
		m := q.Encode(1)
		if len(m) != 48 || binary.LittleEndian.Uint32(m[40:]) != 0 || binary.LittleEndian.Uint32(m[44:]) != 0 {
			t.Errorf("Encode of %s = %x; want a query without information", q, m)
		}
		if id := binary.LittleEndian.Uint32(m[36:]); q != FirmwareIdentity && !slices.Contains([]uint32{1, 2, 3}, id) {
			t.Errorf("Encode of %s asks command %d; want one of those that read", q, id)
		}
	}
}

// The answers to opening and closing of an emulated modem behind the driver
// cdc_mbim of Linux 6.12.
func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]Type{
		"01 00 00 80 10 00 00 00 01 00 00 00 00 00 00 00": TypeOpenDone,
		"02 00 00 80 10 00 00 00 01 00 00 00 00 00 00 00": TypeCloseDone,
	} {
		raw, err := hex.DecodeString(strings.ReplaceAll(data, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := Parse(raw); err != nil || m.Type != want || m.Transaction != 1 || m.Err() != nil {
			t.Errorf("Parse(%s) = %+v, %v; want a good answer of type %#x", data, m, err, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	want := Capabilities{
		DeviceType: "embedded", CellularClasses: []string{"GSM"}, CardClasses: []string{"removable"}, DataClasses: []string{"UMTS", "HSDPA", "HSUPA", "LTE"},
		HardwareSwitch: true, MaxSessions: 8, Firmware: "SWI9X50C_01.14.02.00", Hardware: "EM7565", DeviceID: "004999010640000",
	}
	if got, err := parse(t, caps("004999010640000")).Capabilities(); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("Capabilities = %+v, %v; want %+v", got, err, want)
	}
	want.DeviceID = ""
	if got, err := parse(t, caps("000000000000000")).Capabilities(); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("Capabilities without IMEI = %+v, %v; want %+v", got, err, want)
	}
	owner := Subscriber{State: "initialised", IMSI: "001010123456789", ICCID: "8988211000000123456F", Numbers: []string{"+15550100000"}}
	if got, err := parse(t, subscriber).Subscriber(); !reflect.DeepEqual(got, owner) || err != nil {
		t.Errorf("Subscriber = %+v, %v; want %+v", got, err, owner)
	}
	none := done(SubscriberReady, 0, le(2, 0, 0, 0, 0, 0, 1<<31))
	if got, err := parse(t, none).Subscriber(); !reflect.DeepEqual(got, Subscriber{State: "no card"}) || err != nil {
		t.Errorf("Subscriber without card = %+v, %v; want no card", got, err)
	}
	if got, err := parse(t, done(RadioState, 0, le(1, 0))).Radio(); got != (Radio{HardwareOn: true}) || err != nil {
		t.Errorf("Radio = %+v, %v; want hardware on", got, err)
	}
	id := BasicConnect()
	if got, err := parse(t, done(FirmwareIdentity, 0, string(id[:]))).FirmwareIdentity(); got != id || err != nil {
		t.Errorf("FirmwareIdentity = %s, %v; want %s", got, err, id)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	var status Status
	if _, err := parse(t, done(SubscriberReady, 3, "")).Subscriber(); !errors.As(err, &status) || err.Error() != "mbim: no card" {
		t.Errorf("Subscriber = %v; want the status no card", err)
	}
	if _, err := parse(t, done(RadioState, 0x91000006, "")).Radio(); err == nil || err.Error() != "mbim: status 0x91000006" {
		t.Errorf("Radio = %v; want the status", err)
	}
	m := parse(t, le(uint32(TypeFunctionError), 16, 1, 5))
	var refused FunctionError
	if _, err := m.Capabilities(); !errors.As(err, &refused) || err.Error() != "mbim: refused: not opened" {
		t.Errorf("Capabilities = %v; want not opened", err)
	}
	if _, err := parse(t, done(RadioState, 0, le(1))).Radio(); err == nil {
		t.Error("Radio of 4 bytes = no error; want one")
	}
	if _, err := parse(t, caps("1")).Radio(); err == nil {
		t.Error("Radio of another answer = no error; want one")
	}
	outside := done(DeviceCaps, 0, le(1, 1, 1, 2, 0x20, 3, 1, 8)+le(0xfffffff0, 32, 0, 4096, 64, 40, 60, 8))
	if got, err := parse(t, outside).Capabilities(); err != nil || got.Firmware != "" || got.DeviceID != "" || got.CustomDataClass != "" {
		t.Errorf("Capabilities with texts outside = %+v, %v; want no texts", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := caps("1")
	for n := range len(good) {
		if m, err := Parse([]byte(good[:n])); err == nil {
			t.Errorf("Parse of the first %d bytes = %+v; want an error", n, m)
		}
	}
	for name, data := range map[string]string{
		"a request":            string(DeviceCaps.Encode(1)),
		"a fragment":           split(good, 64)[0],
		"information too long": good[:44] + le(1<<31) + good[48:],
		"open without status":  le(uint32(TypeOpenDone), 12, 1),
		"too long":             le(uint32(TypeOpenDone), MaxMessageBytes+16) + strings.Repeat("\x00", MaxMessageBytes+8),
	} {
		if m, err := Parse([]byte(data)); err == nil {
			t.Errorf("Parse(%s) = %+v; want an error", name, m)
		}
	}
}

func TestAssembler(t *testing.T) {
	t.Parallel()
	message := caps("004999010640000")
	for _, n := range []int{1, 16, 64, len(message)} {
		var a Assembler
		parts := split(message, n)
		for i, part := range parts {
			got, err := a.Add([]byte(part))
			switch last := i == len(parts)-1; {
			case err != nil:
				t.Fatalf("Add(fragment %d of %d) = %v; want no error", i, len(parts), err)
			case !last && got != nil:
				t.Fatalf("Add(fragment %d of %d) = a message; want none yet", i, len(parts))
			case last && string(got) != message:
				t.Errorf("Add of %d fragments = %x; want %x", len(parts), got, message)
			}
		}
	}
}

func TestAssemblerRefuses(t *testing.T) {
	t.Parallel()
	parts := split(caps("004999010640000"), 64)
	other := strings.Replace(parts[1], le(7), le(8), 1)
	huge := func(current uint32) string {
		const n = 1 << 15
		return le(uint32(TypeCommandDone), headerBytes+fragmentBytes+n, 7, 9, current) + strings.Repeat("x", n)
	}
	for name, list := range map[string][]string{
		"the second first":            {parts[1]},
		"one left out":                {parts[0], parts[2]},
		"twice the same":              {parts[0], parts[0]},
		"of another transaction":      {parts[0], other},
		"another message between":     {parts[0], le(uint32(TypeOpenDone), 16, 1, 0)},
		"short":                       {"\x03\x00\x00\x80"},
		"another length":              {parts[0] + "x"},
		"too many":                    {le(uint32(TypeCommandDone), 20, 7, 1<<20, 0)},
		"larger than is put together": {huge(0), huge(1), huge(2)},
	} {
		var a Assembler
		var err error
		for _, part := range list {
			if _, err = a.Add([]byte(part)); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("Add of fragments, %s: no error; want one", name)
		}
		if got, err := a.Add([]byte(le(uint32(TypeOpenDone), 16, 1, 0))); got == nil || err != nil {
			t.Errorf("Add after the error, %s = %x, %v; want the next message", name, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{caps("004999010640000"), subscriber, done(RadioState, 0, le(1, 1)), le(uint32(TypeOpenDone), 16, 1, 0)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		if !bytes.Contains(data, m.Information) || int(binary.LittleEndian.Uint32(data[4:])) != len(data) {
			t.Errorf("Parse(%x) = %+v; want information of the message", data, m)
		}
		c, _ := m.Capabilities()
		s, _ := m.Subscriber()
		for _, text := range append(s.Numbers, c.CustomDataClass, c.DeviceID, c.Firmware, c.Hardware, s.IMSI, s.ICCID) {
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || len(text) > maxText/2 {
				t.Errorf("a text of %x = %q; want it short and printable", data, text)
			}
		}
		m.Radio()
		m.FirmwareIdentity()
	})
}

// FuzzAssembler cuts messages anywhere and puts them together again.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte(caps("1")), uint8(16), []byte(nil))
	f.Add([]byte("abc"), uint8(1), []byte(le(uint32(TypeCommandDone), 20, 7, 2, 0)))
	f.Fuzz(func(t *testing.T, info []byte, n uint8, noise []byte) {
		var a Assembler
		a.Add(noise)
		a = Assembler{}
		if n == 0 || len(info) > MaxMessageBytes/2 || len(info)/int(n) > MaxMessageBytes/64 {
			return
		}
		message := done(DeviceCaps, 0, string(info))
		var got []byte
		var err error
		for _, part := range split(message, int(n)) {
			if got, err = a.Add([]byte(part)); err != nil {
				t.Fatalf("Add(%x) = %v; want no error", part, err)
			}
		}
		if string(got) != message {
			t.Errorf("Add of fragments of %d bytes = %x; want %x", n, got, message)
		}
	})
}
