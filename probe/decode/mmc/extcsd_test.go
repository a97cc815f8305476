package mmc

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// ext makes a register of bytes at offsets.
func ext(changes ...map[int]byte) []byte {
	data := make([]byte, ExtCSDBytes)
	for _, c := range changes {
		for offset, value := range c {
			data[offset] = value
		}
	}
	return data
}

// tlc250 is what "mmc extcsd read" printed of an eMMC 5.1 of 250 GB, as far as it
// is decoded.
func tlc250() map[int]byte {
	return map[int]byte{
		16: 0x3b, 157: 0x6a, 158: 0x13, 160: 0x07, 166: 0x15, 167: 0x1f, 168: 0x20, 184: 0x01, 185: 0x03, 192: 8, 194: 2,
		196: 0x57, 197: 0x1f, 214: 0x20, 215: 0x1d, 221: 0x20, 224: 0x01, 226: 0x20, 228: 0x07, 267: 1, 268: 1, 269: 1, 307: 0x1f, 308: 1,
	}
}

func tlc250Decoded() ExtCSD {
	yes, no := known(true), known(false)
	return ExtCSD{
		Revision: 8, Standard: known("5.1"),
		SizeBytes: known(int64(488636416 * 512)), SectorBytes: known(512), CacheBytes: known(int64(0)), RPMBBytes: known(int64(4 << 20)),
		FirmwareVersion: known([8]byte{}), CommandQueue: yes, CommandQueueDepth: known(32), Reset: known(ResetNotEnabled),
		SecureRemoval: known(SecureRemoval{Configured: RemovalVendor, CanErase: true, CanOverwrite: true, CanVendor: true}),
		Boot: Boot{
			PartitionBytes: known(int64(4 << 20)), Area: known(BootNone), Acknowledge: no, Access: known(AccessUser),
			BusWidthBits: known(1), Timing: known(BootCompatible), RetainsBus: no,
			Alternative: yes, DoubleDataRate: yes, HighSpeed: yes, ConfigProtection: known(LockNone),
		},
		Bus: Bus{
			Timing: known(TimingHS400), DriverStrength: known(0), Strengths: known(Strengths{true, true, true, true, true}),
			Modes: Modes{
				HighSpeed26: true, HighSpeed52: true, DDR52: yes, DDR52Low: no, HS200: yes, HS200Low: no,
				HS400: yes, HS400Low: no, EnhancedStrobe: yes,
			},
		},
		Partitions: Partitions{
			Supported: yes, EnhancedSupported: yes, AttributesSupported: yes, Completed: no,
			GeneralPurposeBytes: [4]Field[int64]{known(int64(0)), known(int64(0)), known(int64(0)), known(int64(0))},
			EnhancedBytes:       known(int64(0)), EnhancedStart: known(int64(0)), MaxEnhancedBytes: known(int64(4970 * 16 << 20)),
			Enhanced: known(Areas{}), Reliable: known(Areas{true, [4]bool{true, true, true, true}}),
			ReliabilitySettable: yes, EnhancedReliableWrite: yes,
		},
		Protection: Protection{
			Boot1: known(LockNone), Boot2: known(LockNone), Boot: known(LockNone), BootPowerOnDisabled: no, BootPermanentDisabled: no,
			User: known(LockNone), UserPowerOnDisabled: no, UserPermanentDisabled: no, CSDPermanentDisabled: no, PasswordDisabled: no,
		},
		Health: Health{LifeTimeA: known(LifeTime{0, 10, false}), LifeTimeB: known(LifeTime{0, 10, false}), Reserve: known(ReserveNormal)},
	}
}

func TestParseExtCSD(t *testing.T) {
	t.Parallel()
	type change struct {
		bytes  map[int]byte
		change func(*ExtCSD)
	}
	for name, c := range map[string]change{
		"as printed": {nil, func(*ExtCSD) {}},
		// Printed by a CMCC RAX3000M and by an i.MX8MM EVK.
		"RAX3000M": {map[int]byte{179: 0x48, 162: 0x01, 177: 0x00}, func(e *ExtCSD) {
			e.Boot.Area, e.Boot.Acknowledge, e.Reset = known(Boot1), known(true), known(ResetPermanentlyEnabled)
		}},
		"i.MX8MM EVK": {map[int]byte{179: 0x08, 226: 0x10}, func(e *ExtCSD) {
			e.Boot.Area, e.Boot.PartitionBytes = known(Boot1), known(int64(2<<20))
		}},
		"size above 32 bits": {map[int]byte{212: 0xff, 213: 0xff, 214: 0xff, 215: 0xff}, func(e *ExtCSD) { e.SizeBytes = known(int64(0xffffffff) * 512) }},
		"2 GB":               {map[int]byte{214: 0, 215: 0}, func(e *ExtCSD) { e.SizeBytes, e.Partitions.EnhancedStart = Field[int64]{}, Field[int64]{} }},
		"no RPMB":            {map[int]byte{168: 0}, func(e *ExtCSD) { e.RPMBBytes = known(int64(0)) }},
		"sectors of 4 KiB":   {map[int]byte{61: 1}, func(e *ExtCSD) { e.SectorBytes = known(4096) }},
		"reserved sectors":   {map[int]byte{61: 2}, func(e *ExtCSD) { e.SectorBytes = Field[int]{} }},
		"cache of 8 MiB":     {map[int]byte{251: 1}, func(e *ExtCSD) { e.CacheBytes = known(int64(8 << 20)) }},
		"firmware":           {map[int]byte{254: 'A', 261: 0x07}, func(e *ExtCSD) { e.FirmwareVersion = known([8]byte{'A', 0, 0, 0, 0, 0, 0, 7}) }},
		"no command queue": {map[int]byte{308: 0}, func(e *ExtCSD) {
			e.CommandQueue, e.CommandQueueDepth = known(false), Field[int]{}
		}},
		"short command queue": {map[int]byte{307: 0xe0}, func(e *ExtCSD) { e.CommandQueueDepth = known(1) }},
		"reset disabled":      {map[int]byte{162: 2}, func(e *ExtCSD) { e.Reset = known(ResetPermanentlyDisabled) }},
		"reset reserved":      {map[int]byte{162: 3}, func(e *ExtCSD) { e.Reset = Field[ResetFunction]{} }},
		"removal": {map[int]byte{16: 0x24}, func(e *ExtCSD) {
			e.SecureRemoval = known(SecureRemoval{Configured: RemovalComplement, CanComplement: true})
		}},
		"life time": {map[int]byte{268: 0x0a, 269: 0x0b, 267: 3}, func(e *ExtCSD) {
			e.Health = Health{known(LifeTime{90, 100, false}), known(LifeTime{100, 0, true}), known(ReserveUrgent)}
		}},
		"life time, another": {map[int]byte{268: 5, 269: 2, 267: 2}, func(e *ExtCSD) {
			e.Health = Health{known(LifeTime{40, 50, false}), known(LifeTime{10, 20, false}), known(ReserveWarning)}
		}},
		"health not defined": {map[int]byte{268: 0, 269: 0x0c, 267: 0}, func(e *ExtCSD) { e.Health = Health{} }},
		"reserve reserved":   {map[int]byte{267: 4}, func(e *ExtCSD) { e.Health.Reserve = Field[Reserve]{} }},
		"5.1B":               {map[int]byte{192: 9}, func(e *ExtCSD) { e.Revision, e.Standard = 9, known("5.1B") }},
		"later":              {map[int]byte{192: 10}, func(e *ExtCSD) { e.Revision, e.Standard = 10, Field[string]{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := tlc250Decoded()
			c.change(&want)
			got, err := ParseExtCSD(ext(tlc250(), c.bytes))
			if err != nil || got != want {
				t.Errorf("ParseExtCSD = %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

// TestParseExtCSDRevisions counts up the revisions of a register in which every
// field of the newest has a value.
func TestParseExtCSDRevisions(t *testing.T) {
	t.Parallel()
	all := map[int]byte{183: 0x86}
	gained := [][]string{
		0: {"Bus.Timing", "Standard"}, // 4.0
		1: nil,
		2: {"SizeBytes"},
		3: {"Boot.Access", "Boot.Acknowledge", "Boot.Alternative", "Boot.Area", "Boot.BusWidthBits", "Boot.PartitionBytes", "Boot.RetainsBus"},
		4: {
			"Boot.ConfigProtection", "Boot.DoubleDataRate", "Boot.HighSpeed", "Boot.Timing", "Bus.Modes.DDR52", "Bus.Modes.DDR52Low",
			"Partitions.Completed", "Partitions.Enhanced", "Partitions.EnhancedBytes", "Partitions.EnhancedStart", "Partitions.EnhancedSupported",
			"Partitions.GeneralPurposeBytes[0]", "Partitions.GeneralPurposeBytes[1]", "Partitions.GeneralPurposeBytes[2]", "Partitions.GeneralPurposeBytes[3]",
			"Partitions.MaxEnhancedBytes", "Partitions.Supported", "Protection.Boot", "Protection.BootPermanentDisabled", "Protection.BootPowerOnDisabled",
		},
		5: {
			"Partitions.EnhancedReliableWrite", "Partitions.ReliabilitySettable", "Partitions.Reliable", "Protection.Boot1", "Protection.Boot2",
			"Protection.CSDPermanentDisabled", "Protection.PasswordDisabled", "Protection.User", "Protection.UserPermanentDisabled", "Protection.UserPowerOnDisabled",
			"RPMBBytes", "Reset", "Standard",
		},
		6: {
			"Bus.DriverStrength", "Bus.Modes.HS200", "Bus.Modes.HS200Low", "Bus.Strengths", "CacheBytes", "Partitions.AttributesSupported", "SectorBytes",
		},
		7: {"Bus.Modes.HS400", "Bus.Modes.HS400Low", "FirmwareVersion", "Health.LifeTimeA", "Health.LifeTimeB", "Health.Reserve", "SecureRemoval"},
		8: {"Bus.Modes.EnhancedStrobe", "Bus.Width", "CommandQueue", "CommandQueueDepth"},
		9: nil,
	}
	lost := map[int][]string{4: {"Standard"}} // the revision of no version
	var before []string
	for revision, new := range gained {
		e, err := ParseExtCSD(ext(tlc250(), all, map[int]byte{185: 1, 192: byte(revision)}))
		if err != nil {
			t.Fatalf("ParseExtCSD of revision %d = %v; want no error", revision, err)
		}
		got := knownFields(reflect.ValueOf(e), "")
		slices.Sort(got)
		want := slices.Concat(before, new)
		want = slices.DeleteFunc(want, func(name string) bool { return slices.Contains(lost[revision], name) })
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("revision %d has the fields %q; want %q", revision, got, want)
		}
		before = want
	}
}

// knownFields returns the names of the fields that are known.
func knownFields(v reflect.Value, name string) (names []string) {
	switch {
	case strings.HasPrefix(v.Type().Name(), "Field["):
		if v.FieldByName("Known").Bool() {
			return []string{name}
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			inner := v.Type().Field(i).Name
			if name != "" {
				inner = name + "." + inner
			}
			names = append(names, knownFields(v.Field(i), inner)...)
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			names = append(names, knownFields(v.Index(i), name+"["+string(rune('0'+i))+"]")...)
		}
	}
	return names
}

func TestParseExtCSDRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		data []byte
		want string
	}{
		{nil, "extcsd: 0 bytes, want 512"},
		{ext(tlc250())[:511], "extcsd: 511 bytes, want 512"},
		{append(ext(tlc250()), 0), "extcsd: 513 bytes, want 512"},
		{ext(), "extcsd: all bytes are 0x00"},
		{bytes.Repeat([]byte{0xff}, ExtCSDBytes), "extcsd: all bytes are 0xff"},
		{ext(tlc250(), map[int]byte{194: 3}), "extcsd: structure 3 is not known"},
	} {
		if got, err := ParseExtCSD(c.data); err == nil || err.Error() != c.want || got != (ExtCSD{}) {
			t.Errorf("ParseExtCSD(%d bytes) = %+v, %v; want %q", len(c.data), got, err, c.want)
		}
	}
}

func TestParseExtCSDHex(t *testing.T) {
	t.Parallel()
	digits := hex.EncodeToString(ext(tlc250()))
	for _, text := range []string{digits, digits + "\n", strings.ToUpper(digits)} {
		if got, err := ParseExtCSDHex(text); err != nil || got != tlc250Decoded() {
			t.Errorf("ParseExtCSDHex(%q) = %+v, %v; want %+v", text, got, err, tlc250Decoded())
		}
	}
	for text, want := range map[string]string{
		"":                    "extcsd: 0 characters, want 1024 hexadecimal digits",
		digits[2:] + "\n":     "extcsd: 1022 characters, want 1024 hexadecimal digits",
		digits + "00":         "extcsd: 1026 characters, want 1024 hexadecimal digits",
		digits[:1023] + "g\n": "extcsd: encoding/hex: invalid byte: U+0067 'g'",
		strings.Repeat("0", hex.EncodedLen(ExtCSDBytes)): "extcsd: all bytes are 0x00",
	} {
		if got, err := ParseExtCSDHex(text); err == nil || err.Error() != want || got != (ExtCSD{}) {
			t.Errorf("ParseExtCSDHex(%q) = %+v, %v; want %q", text, got, err, want)
		}
	}
}

func TestFirmwareText(t *testing.T) {
	t.Parallel()
	for version, want := range map[[8]byte]string{
		{'1', '.', '0', '2'}:                     "1.02",
		{'A', 'B', 'C', 'D', 'E', 'F', 'G', ' '}: "ABCDEFG",
		{'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'}: "ABCDEFGH",
		{7}:                                      "",
		{}:                                       "",
		{'A', 'B', 'C', 'D', 'E', 'F', 'G', 0x80}:   "",
		{0, 'A', 'B', 'C', 'D', 'E', 'F', 'G'}:      "",
		{'0', '0', '0', '0', '0', '0', '0', 1 << 7}: "",
	} {
		got, ok := ExtCSD{FirmwareVersion: known(version)}.FirmwareText()
		if got != want || ok != (want != "") {
			t.Errorf("FirmwareText of %q = %q, %v; want %q", version, got, ok, want)
		}
	}
	if got, ok := (ExtCSD{}).FirmwareText(); ok {
		t.Errorf("FirmwareText of a device without = %q; want none", got)
	}
}

// FuzzParseExtCSD checks that a newer revision keeps every value, that the text of
// debugfs gives the same, and the ranges of what is known.
func FuzzParseExtCSD(f *testing.F) {
	f.Add(ext(tlc250()))
	f.Add(ext(tlc250(), map[int]byte{192: 5, 179: 0x7a, 177: 0x13, 173: 0x55, 174: 0x06, 171: 0xdd, 155: 1, 156: 0x1f, 143: 1, 141: 2, 136: 9, 183: 5}))
	f.Add(ext(tlc250(), map[int]byte{192: 3, 212: 1, 214: 0, 215: 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseExtCSD(data)
		again, err2 := ParseExtCSDHex(hex.EncodeToString(data))
		if e != again || (err == nil) != (err2 == nil) {
			t.Fatalf("ParseExtCSDHex(%x) = %+v, %v; want %+v, %v", data, again, err2, e, err)
		}
		if err != nil {
			return
		}
		newer := bytes.Clone(data)
		newer[192] = 8
		if n, err := ParseExtCSD(newer); err != nil {
			t.Errorf("ParseExtCSD(%x) = %v; want no error", newer, err)
		} else if e.Revision <= 8 {
			checkKept(t, reflect.ValueOf(e), reflect.ValueOf(n), "")
		}
		for _, size := range slices.Concat([]Field[int64]{
			e.SizeBytes, e.CacheBytes, e.RPMBBytes, e.Boot.PartitionBytes, e.Partitions.EnhancedBytes, e.Partitions.EnhancedStart, e.Partitions.MaxEnhancedBytes,
		}, e.Partitions.GeneralPurposeBytes[:]) {
			if size.Value < 0 || !size.Known && size.Value != 0 {
				t.Errorf("ParseExtCSD(%x) = %+v; want no such size: %+v", data, e, size)
			}
		}
		for _, l := range []Field[LifeTime]{e.Health.LifeTimeA, e.Health.LifeTimeB} {
			if v := l.Value; l.Known && v.ToPercent-v.FromPercent != 10 && !v.Exceeded || v.FromPercent < 0 || v.ToPercent > 100 {
				t.Errorf("ParseExtCSD(%x) = %+v; want another life time", data, e)
			}
		}
		if text, ok := e.FirmwareText(); ok && (text == "" || len(text) > 8) {
			t.Errorf("FirmwareText of %x = %q", data, text)
		}
	})
}

// checkKept checks that what is known in old is the same in new, and that what is
// not known has no value.
func checkKept(t *testing.T, old, newer reflect.Value, name string) {
	t.Helper()
	switch {
	case strings.HasPrefix(old.Type().Name(), "Field["):
		// The version, and the width of the bus, which depends on the timing.
		exempt := map[string]bool{".Standard": true, ".Boot.BusWidthBits": true}
		for _, v := range []reflect.Value{old, newer} {
			if !v.FieldByName("Known").Bool() && !v.FieldByName("Value").IsZero() {
				t.Errorf("%s is not known and has the value %+v", name, v)
			}
		}
		if old.FieldByName("Known").Bool() && !old.Equal(newer) && !exempt[name] {
			t.Errorf("%s is %+v; want %+v as in the older revision", name, newer, old)
		}
	case old.Kind() == reflect.Struct:
		for i := range old.NumField() {
			checkKept(t, old.Field(i), newer.Field(i), name+"."+old.Type().Field(i).Name)
		}
	case old.Kind() == reflect.Array:
		for i := range old.Len() {
			checkKept(t, old.Index(i), newer.Index(i), name)
		}
	}
}
