package nvme

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// page makes an answer of n bytes with fields at offsets.
func page(n int, fields map[int][]byte) []byte {
	data := make([]byte, n)
	for at, field := range fields {
		copy(data[at:], field)
	}
	return data
}

func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
func le64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// pm1733 is what a Samsung PM1733 answers: the values of the output of
// "nvme id-ctrl -H" in tnear/linux, nvme-id-ctrl.md @ba29e5b, at the offsets of
// the specification, with an invented serial number.
func pm1733() []byte {
	return page(IdentifyBytes, map[int][]byte{
		0: le16(0x144d), 2: le16(0x108e),
		4:   []byte("S0AAAA0A000000      "),
		24:  []byte("SAMSUNG MZWLJ7T6HALA-00AU3              "),
		64:  []byte("EPK9CR5Q"),
		73:  {0x38, 0x25, 0x00},
		77:  {8},
		80:  le32(0x10300),
		256: le16(0x5f),
		260: {0x17},
		266: le16(345), 268: le16(358),
		280: le64(7681501126656),
		328: le32(3),
		516: le32(32),
		520: le16(0x7f),
		768: []byte("nqn.1994-11.com.samsung:nvme:PM1733:2.5-inch:S0AAAA0A000000"),
	})
}

func TestParseController(t *testing.T) {
	t.Parallel()
	got, err := ParseController(pm1733())
	if err != nil {
		t.Fatalf("ParseController = %v; want no error", err)
	}
	if got.PCIVendor != 0x144d || got.PCISubsystemVendor != 0x108e || got.OUI != "002538" {
		t.Errorf("ParseController = vendor %#x %#x, OUI %s; want 0x144d 0x108e 002538", got.PCIVendor, got.PCISubsystemVendor, got.OUI)
	}
	for name, pair := range map[string][2]string{
		"Serial":           {got.Serial, "S0AAAA0A000000"},
		"Model":            {got.Model, "SAMSUNG MZWLJ7T6HALA-00AU3"},
		"FirmwareRevision": {got.FirmwareRevision, "EPK9CR5Q"},
		"Version":          {got.Version, "1.3.0"},
		"SubsystemNQN":     {got.SubsystemNQN, "nqn.1994-11.com.samsung:nvme:PM1733:2.5-inch:S0AAAA0A000000"},
		"AdminCommands":    {strings.Join(got.AdminCommands, ", "), "security send/receive, format, firmware update, namespace management, self-test, NVMe-MI"},
		"Commands":         {strings.Join(got.Commands, ", "), "compare, write uncorrectable, deallocate, write zeroes, save/select features, reservations, timestamp"},
		"EraseMethods":     {strings.Join(got.EraseMethods, ", "), "crypto erase, block erase"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %q; want %q", name, pair[0], pair[1])
		}
	}
	if !got.HasVersion || got.HasType || !got.HasFirmwareSlots || got.FirmwareSlots != 3 || !got.FirmwareSlot1ReadOnly || !got.FirmwareActivatesWithoutReset {
		t.Errorf("ParseController = %+v; want a version, no type, 3 slots of which 1 is read-only, and no reset", got)
	}
	if got.CapacityBytes != 7681501126656 || !got.HasCapacity || got.Namespaces != 32 || got.MaxTransferPages != 256 || !got.HasMaxTransfer {
		t.Errorf("ParseController = %d bytes, %d namespaces, %d pages; want 7681501126656, 32, 256", got.CapacityBytes, got.Namespaces, got.MaxTransferPages)
	}
	if got.WarningCelsius != 72 || got.CriticalCelsius != 85 || !got.HasWarning || !got.HasCritical {
		t.Errorf("ParseController = %d C and %d C; want 72 and 85", got.WarningCelsius, got.CriticalCelsius)
	}
}

// TestIdentityOffsets replaces what the constants cover and looks for what is
// left of the unit.
func TestIdentityOffsets(t *testing.T) {
	t.Parallel()
	data := pm1733()
	for _, r := range [][2]int{
		{SerialOffset, SerialBytes}, {FRUGUIDOffset, FRUGUIDBytes}, {SubsystemNQNOffset, SubsystemNQNBytes}, {VendorOffset, VendorBytes},
	} {
		copy(data[r[0]:], bytes.Repeat([]byte{'x'}, r[1]))
	}
	got, err := ParseController(data)
	if err != nil || got.Serial != strings.Repeat("x", 20) || got.SubsystemNQN != strings.Repeat("x", 256) {
		t.Errorf("ParseController = %q, %q, %v; want nothing but x", got.Serial, got.SubsystemNQN, err)
	}
	if bytes.Contains(data, []byte("S0AAAA0A000000")) || got.Model != "SAMSUNG MZWLJ7T6HALA-00AU3" || data[VendorOffset-1] != 0 {
		t.Error("the constants leave the serial number or cover something else")
	}
}

func TestParseControllerUnknown(t *testing.T) {
	t.Parallel()
	old := page(IdentifyBytes, map[int][]byte{0: le16(0x8086), 4: bytes.Repeat([]byte{' '}, 20), 24: []byte("A\x01B\xff\x00C")})
	got, err := ParseController(old)
	if err != nil {
		t.Fatalf("ParseController = %v; want no error", err)
	}
	if got.Serial != "" || got.Model != "A?B?" {
		t.Errorf("ParseController = %q, %q; want %q, %q", got.Serial, got.Model, "", "A?B?")
	}
	if got.HasVersion || got.HasType || got.HasCapacity || got.HasFirmwareSlots || got.HasMaxTransfer || got.HasWarning || got.HasCritical {
		t.Errorf("ParseController = %+v; want nothing known", got)
	}
	if got.AdminCommands != nil || got.Commands != nil || got.EraseMethods != nil {
		t.Errorf("ParseController = %q %q %q; want none", got.AdminCommands, got.Commands, got.EraseMethods)
	}
	large := page(IdentifyBytes, map[int][]byte{111: {1}, 256: le16(0x8800), 280 + 15: {1}, 328: le32(0xe0000004)})
	got, err = ParseController(large)
	if err != nil || got.Type != "I/O" || !got.HasType || got.CapacityBytes != math.MaxInt64 ||
		!slices.Equal(got.AdminCommands, []string{"bit 11", "bit 15"}) || !slices.Equal(got.EraseMethods, []string{"overwrite"}) {
		t.Errorf("ParseController = %+v, %v; want I/O, the largest size, bits 11 and 15, overwrite", got, err)
	}
	for _, n := range []int{0, 20, 512, IdentifyBytes - 1, IdentifyBytes + 1} {
		if _, err := ParseController(make([]byte, n)); err == nil {
			t.Errorf("ParseController(%d bytes): no error", n)
		}
	}
	if _, err := ParseController(make([]byte, IdentifyBytes)); err == nil {
		t.Error("ParseController(zeros): no error")
	}
}

// TestParseNamespace has the values of "nvme id-ns -H" in tnear/linux,
// nvme-id-ns.md @0a49e70.
func TestParseNamespace(t *testing.T) {
	t.Parallel()
	data := page(IdentifyBytes, map[int][]byte{
		0: le64(0x20000000), 8: le64(0x20000000), 16: le64(0x20000000),
		25:                  {4, 2},
		NamespaceGUIDOffset: []byte("not shown"),
		128:                 {0, 0, 9, 1, 8, 0, 9, 3, 0, 0, 12, 0, 8, 0, 12, 2, 64, 0, 12, 3},
		128 + 5*4:           {0, 0, 9, 0}, // behind the last one
	})
	got, err := ParseNamespace(data)
	if err != nil {
		t.Fatalf("ParseNamespace = %v; want no error", err)
	}
	want := []Format{{0, 512, 0, "better"}, {1, 512, 8, "degraded"}, {2, 4096, 0, "best"}, {3, 4096, 8, "good"}, {4, 4096, 64, "degraded"}}
	if !slices.Equal(got.Formats, want) {
		t.Errorf("Formats = %v; want %v", got.Formats, want)
	}
	if got.Blocks != 0x20000000 || got.AllocatedBlocks != 0x20000000 || !got.HasInUse || got.InUse != want[2] || got.SizeBytes != 2199023255552 {
		t.Errorf("ParseNamespace = %+v; want 2199023255552 bytes in format 2", got)
	}

	extended := bytes.Clone(data)
	extended[25], extended[26], extended[82] = 10, 0x20|1, 9 // 20 formats, the last of which, 17, is in use
	copy(extended[128+17*4:], []byte{16, 0, 13, 0})
	if got, err := ParseNamespace(extended); err != nil || got.InUse != (Format{17, 8192, 16, "best"}) {
		t.Errorf("ParseNamespace(extended) = %+v, %v; want format 17", got, err)
	}
	for name, change := range map[string]func([]byte){
		"format not listed":    func(b []byte) { b[26] = 9 },
		"format not available": func(b []byte) { b[128+2*4+2] = 0 },
		"absurd block":         func(b []byte) { b[128+2*4+2] = 63 },
	} {
		bad := bytes.Clone(data)
		change(bad)
		if got, err := ParseNamespace(bad); err != nil || got.HasInUse || got.SizeBytes != 0 {
			t.Errorf("ParseNamespace(%s) = %+v, %v; want no size", name, got, err)
		}
	}
	huge := bytes.Clone(data)
	copy(huge, le64(math.MaxUint64))
	if got, err := ParseNamespace(huge); err != nil || got.SizeBytes != math.MaxInt64 {
		t.Errorf("ParseNamespace(huge) = %d, %v; want the largest int64", got.SizeBytes, err)
	}
	if _, err := ParseNamespace(make([]byte, IdentifyBytes)); !errors.Is(err, ErrInactive) {
		t.Errorf("ParseNamespace(zeros) = %v; want %v", err, ErrInactive)
	}
	if _, err := ParseNamespace(data[:512]); err == nil {
		t.Error("ParseNamespace(512 bytes): no error")
	}
}

// TestParseHealth has the values of "nvme smart-log" in tnear/linux,
// nvme-smart-log.md @5146908.
func TestParseHealth(t *testing.T) {
	t.Parallel()
	data := page(HealthBytes, map[int][]byte{
		1: le16(309), 3: {100, 10, 0},
		32: le64(19350116), 48: le64(94369299),
		64: le64(74303191), 80: le64(314016322), 96: le64(58),
		112: le64(67), 128: le64(26972), 144: le64(41), 176: le64(2),
		200: le16(309),
	})
	got, err := ParseHealth(data)
	want := Health{Celsius: 36, HasTemperature: true, SparePercent: 100, SpareThreshold: 10, DataUnitsRead: 19350116, DataUnitsWritten: 94369299,
		PowerCycles: 67, PowerOnHours: 26972, UnsafeShutdowns: 41}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseHealth = %+v, %v; want %+v", got, err, want)
	}
	// nvme-cli prints 48.32 TB.
	if tb := got.DataUnitsWritten * DataUnitBytes / 1e10; tb != 4831 {
		t.Errorf("written = %d hundredths of a TB; want 4831", tb)
	}

	worn := page(HealthBytes, map[int][]byte{
		0: {0x8d}, 3: {3, 10, 255},
		48:  bytes.Repeat([]byte{0xff}, 16),
		128: append(le64(5), 1),
		160: le64(math.MaxInt64 + 1),
	})
	got, err = ParseHealth(worn)
	want = Health{Warnings: []string{"spare below threshold", "reliability degraded", "read-only", "bit 7"}, SparePercent: 3, SpareThreshold: 10, UsedPercent: 255,
		DataUnitsWritten: math.MaxInt64, PowerOnHours: math.MaxInt64, MediaErrors: math.MaxInt64}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseHealth(worn) = %+v, %v; want %+v", got, err, want)
	}
	if _, err := ParseHealth(make([]byte, 511)); err == nil {
		t.Error("ParseHealth(511 bytes): no error")
	}
}

func FuzzParseController(f *testing.F) {
	f.Add(pm1733())
	f.Add(bytes.Repeat([]byte{0xff}, IdentifyBytes))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseController(data)
		if err != nil {
			return
		}
		for _, s := range []string{c.Serial, c.Model, c.FirmwareRevision, c.SubsystemNQN} {
			if strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("text %q; want printing ASCII without blanks around it", s)
			}
		}
		capacity := bigEndian(data[280:296])
		if c.HasCapacity != (capacity.Sign() != 0) || c.HasCapacity && capacity.IsInt64() && capacity.Int64() != c.CapacityBytes || !capacity.IsInt64() && c.CapacityBytes != math.MaxInt64 {
			t.Errorf("CapacityBytes = %d; want %s or the largest int64", c.CapacityBytes, capacity)
		}
		if c.HasMaxTransfer && c.MaxTransferPages>>data[77] != 1 {
			t.Errorf("MaxTransferPages = %d; want 1<<%d", c.MaxTransferPages, data[77])
		}
	})
}

// bigEndian reads a little-endian number another way.
func bigEndian(field []byte) *big.Int {
	reversed := slices.Clone(field)
	slices.Reverse(reversed)
	return new(big.Int).SetBytes(reversed)
}

func FuzzParseNamespace(f *testing.F) {
	f.Add(page(IdentifyBytes, map[int][]byte{0: le64(1 << 20), 25: {1, 1}, 128: {0, 0, 9, 1, 0, 0, 12, 0}}))
	f.Add(bytes.Repeat([]byte{0xff}, IdentifyBytes))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseNamespace(data)
		if err != nil {
			return
		}
		if len(n.Formats) > maxFormats || n.HasInUse != slices.Contains(n.Formats, n.InUse) {
			t.Errorf("ParseNamespace = %+v; want the format in use among at most %d", n, maxFormats)
		}
		if !n.HasInUse {
			return
		}
		size := new(big.Int).Mul(new(big.Int).SetUint64(n.Blocks), big.NewInt(n.InUse.DataBytes))
		if size.IsInt64() && size.Int64() != n.SizeBytes || !size.IsInt64() && n.SizeBytes != math.MaxInt64 {
			t.Errorf("SizeBytes = %d; want %s or the largest int64", n.SizeBytes, size)
		}
	})
}

func FuzzParseHealth(f *testing.F) {
	f.Add(page(HealthBytes, map[int][]byte{0: {1}, 1: le16(300), 3: {100, 10, 1}, 32: le64(7)}))
	f.Add(bytes.Repeat([]byte{0xff}, HealthBytes))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ParseHealth(data)
		if err != nil {
			return
		}
		written := bigEndian(data[48:64])
		if written.IsInt64() && written.Int64() != h.DataUnitsWritten || !written.IsInt64() && h.DataUnitsWritten != math.MaxInt64 {
			t.Errorf("DataUnitsWritten = %d; want %s or the largest int64", h.DataUnitsWritten, written)
		}
		if (data[0] != 0) != (len(h.Warnings) > 0) || h.HasTemperature && h.Celsius < -272 {
			t.Errorf("ParseHealth = %+v; want a warning for a bit, and nothing below absolute zero", h)
		}
	})
}
