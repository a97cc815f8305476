package mmc

import (
	"bytes"
	"testing"
)

// Registers of armbian and of SN512 are those of TestParseSDCID. Of the others,
// names and fields stand beside them in DOCs/cards of github.com/ironsheep/P2-uSD-FS
// and, read through a controller that drops the checksum, in
// Aaru.Tests/Devices/SecureDigital/CSD.cs of github.com/aaru-dps/Aaru.
func TestParseSDCSD(t *testing.T) {
	t.Parallel()
	const classes = 0x5b5 // 0, 2, 4, 5, 7, 8 and 10
	sd := func(version string, bytes int64, classes uint16, crc Checksum) CSD {
		return CSD{Kind: SD, Version: known(version), CapacityBytes: known(bytes), TransferKbps: known(int64(25000)), CommandClasses: classes, CRC: crc}
	}
	for _, c := range []struct {
		name, digits string
		want         CSD
	}{
		{"PQI 64 MB", "002d0032135983c9f6d9cf8016400001", sd("1.0", 3880<<5*512, 0x135, ChecksumAbsent)},
		{"Kodak 2 GB", "002601325b5a83c7f6dbff9f16804001", sd("1.0", 3872<<9*1024, classes, ChecksumAbsent)},
		{"of long blocks", "005e0032575b83d56db7ffff96c00001", sd("1.0", 3926<<9*2048, 0x575, ChecksumAbsent)},
		{"Kingston 8 GB", "400e00325b5900003b677f800a400001", sd("2.0", 15208*512<<10, classes, ChecksumAbsent)},
		{"Gigastone 8 GB", "400e00325b5900003a0d7f800a40008d", sd("2.0", 14862*512<<10, classes, ChecksumRight)},
		{"armbian", "400e00325b59000073a77f800a4000eb", sd("2.0", 29608*512<<10, classes, ChecksumRight)},
		{"SN512", "400e0032db79000ee5b77f800a404000", sd("2.0", 511868665856, 0xdb7, ChecksumAbsent)},
	} {
		got, err := ParseSDCSD(register(t, c.digits))
		if err != nil || got != c.want {
			t.Errorf("%s: ParseSDCSD(%s) = %+v, %v; want %+v", c.name, c.digits, got, err, c.want)
		}
	}
}

func TestParseSDCSDFields(t *testing.T) {
	t.Parallel()
	base := register(t, "002601325b5a83c7f6dbff9f16804001")
	want, err := ParseSDCSD(base)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		high, low int
		value     uint32
		change    func(*CSD)
	}{
		"permanent":         {13, 13, 1, func(c *CSD) { c.PermanentWriteProtect = true }},
		"temporary":         {12, 12, 1, func(c *CSD) { c.TemporaryWriteProtect = true }},
		"until power-off":   {9, 9, 1, func(c *CSD) { c.PowerCycleWriteProtect = true }},
		"copy flag":         {14, 14, 1, func(c *CSD) {}},
		"high speed":        {103, 96, 0x5a, func(c *CSD) { c.TransferKbps.Value = 50000 }},
		"SDR50":             {103, 96, 0x0b, func(c *CSD) { c.TransferKbps.Value = 100000 }},
		"SDR104":            {103, 96, 0x2b, func(c *CSD) { c.TransferKbps.Value = 200000 }},
		"100 kbit/s":        {103, 96, 0x08, func(c *CSD) { c.TransferKbps.Value = 100 }},
		"reserved factor":   {103, 96, 0x02, func(c *CSD) { c.TransferKbps = Field[int64]{} }},
		"reserved unit":     {103, 96, 0x34, func(c *CSD) { c.TransferKbps = Field[int64]{} }},
		"reserved bit":      {103, 96, 0xb2, func(c *CSD) { c.TransferKbps = Field[int64]{} }},
		"blocks of 512":     {83, 80, 9, func(c *CSD) { c.CapacityBytes.Value /= 2 }},
		"blocks of 2048":    {83, 80, 11, func(c *CSD) { c.CapacityBytes.Value *= 2 }},
		"reserved blocks":   {83, 80, 12, func(c *CSD) { c.CapacityBytes = Field[int64]{} }},
		"too small blocks":  {83, 80, 8, func(c *CSD) { c.CapacityBytes = Field[int64]{} }},
		"least multiplier":  {49, 47, 0, func(c *CSD) { c.CapacityBytes.Value >>= 7 }},
		"one block":         {73, 62, 0, func(c *CSD) { c.CapacityBytes.Value = 512 * 1024 }},
		"largest size":      {73, 62, 0xfff, func(c *CSD) { c.CapacityBytes.Value = 2 << 30 }},
		"classes":           {95, 84, 0x010, func(c *CSD) { c.CommandClasses = 0x010 }},
		"bits of no import": {119, 104, 0xffff, func(c *CSD) {}},
	} {
		r, want := edit(base, c.high, c.low, c.value), want
		c.change(&want)
		if got, err := ParseSDCSD(r); err != nil || got != want {
			t.Errorf("%s: ParseSDCSD(%x) = %+v, %v; want %+v", name, r, got, err, want)
		}
	}
}

func TestParseSDCSDUltra(t *testing.T) {
	t.Parallel()
	base := register(t, "800e00325b59000000007f800a404000")
	for size, want := range map[uint32]int64{
		0x0400000: 2<<40 + 512<<10, // the least of SDUC
		0xfffffff: 128 << 40,       // the most
	} {
		r := edit(base, 75, 48, size)
		if got, err := ParseSDCSD(r); err != nil || got.CapacityBytes != known(want) || got.Version != known("3.0") {
			t.Errorf("ParseSDCSD(%x) = %+v, %v; want version 3.0 and %d bytes", r, got, err, want)
		}
	}
	// Version 2.0 has 22 bits for the size.
	r := edit(edit(base, 127, 126, 1), 75, 48, 0xfffffff)
	if got, err := ParseSDCSD(r); err != nil || got.CapacityBytes != known(int64(2<<40)) {
		t.Errorf("ParseSDCSD(%x) = %+v, %v; want 2 TiB", r, got, err)
	}
	r = edit(base, 127, 126, 3)
	if got, err := ParseSDCSD(r); err == nil || err.Error() != "csd: structure 3 of SD is reserved" || got != (CSD{}) {
		t.Errorf("ParseSDCSD(%x) = %+v, %v; want an error", r, got, err)
	}
}

// The first register is that of armbian's eMMC in TestParseMMCCID, the others are
// made of it.
func TestParseMMCCSD(t *testing.T) {
	t.Parallel()
	large := CSD{Kind: EMMC, SpecificationVersion: known(uint8(4)), CapacityInExtCSD: true, TransferKbps: known(int64(26000)), CommandClasses: 0x0f5, CRC: ChecksumRight}
	small := large
	small.Version, small.CapacityBytes, small.CapacityInExtCSD = known("1.2"), known(int64(1<<30-256<<10)), false
	small.TransferKbps, small.CRC = known(int64(20000)), ChecksumAbsent
	largest := small
	largest.CapacityBytes, largest.CapacityInExtCSD = Field[int64]{}, true
	locked := small
	locked.Version, locked.CapacityBytes, locked.SpecificationVersion = known("1.0"), Field[int64]{}, known(uint8(0))
	locked.PermanentWriteProtect, locked.TemporaryWriteProtect, locked.TransferKbps = true, true, known(int64(52000))
	for digits, want := range map[string]CSD{
		"d02701320f5903fff6dbffef8e40400d": large,
		"9027012a0f5903ffb6dbffef8e404000": small,
		"9027012a0f5903fff6dbffef8e404000": largest,
		"0027015a0f5c03ffb6dbffef8e407000": locked,
	} {
		got, err := ParseMMCCSD(register(t, digits))
		if err != nil || got != want {
			t.Errorf("ParseMMCCSD(%s) = %+v, %v; want %+v", digits, got, err, want)
		}
	}
}

func TestHasClass(t *testing.T) {
	t.Parallel()
	c := CSD{CommandClasses: 0x0f5}
	want := map[int]bool{0: true, 2: true, 4: true, 5: true, 6: true, 7: true}
	for class := -1; class <= 64; class++ {
		if got := c.HasClass(class); got != want[class] {
			t.Errorf("HasClass(%d) = %v; want %v", class, got, want[class])
		}
	}
}

func TestCSDRefuses(t *testing.T) {
	t.Parallel()
	for _, b := range []byte{0x00, 0xff} {
		r := [RegisterBytes]byte(bytes.Repeat([]byte{b}, RegisterBytes))
		r[RegisterBytes-1] = b & 1 // the controller's
		if got, err := ParseSDCSD(r); err == nil || got != (CSD{}) {
			t.Errorf("ParseSDCSD(%x) = %+v, %v; want an error", r, got, err)
		}
		if got, err := ParseMMCCSD(r); err == nil || got != (CSD{}) {
			t.Errorf("ParseMMCCSD(%x) = %+v, %v; want an error", r, got, err)
		}
	}
}

func FuzzParseCSD(f *testing.F) {
	for _, digits := range []string{"002601325b5a83c7f6dbff9f16804001", "400e0032db79000ee5b77f800a404000", "800e00325b59004000007f800a404000", "d02701320f5903fff6dbffef8e40400d", "9027012a0f5903ffb6dbffef8e404000"} {
		r := register(f, digits)
		f.Add(r[:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) != RegisterBytes {
			return
		}
		r := [RegisterBytes]byte(data)
		sd, err := ParseSDCSD(r)
		if err == nil {
			checkCSD(t, r, sd)
			if sd.SpecificationVersion.Known || sd.CapacityInExtCSD {
				t.Errorf("ParseSDCSD(%x) = %+v; want nothing of eMMC", r, sd)
			}
		}
		emmc, err := ParseMMCCSD(r)
		if err == nil {
			checkCSD(t, r, emmc)
			if emmc.PowerCycleWriteProtect || emmc.CapacityBytes.Known && emmc.CapacityInExtCSD || emmc.CapacityBytes.Value > 4<<30 {
				t.Errorf("ParseMMCCSD(%x) = %+v; want nothing of SD and one capacity of at most 4 GiB", r, emmc)
			}
		}
	})
}

// checkCSD puts the fields that both kinds have together again.
func checkCSD(t *testing.T, r [RegisterBytes]byte, c CSD) {
	t.Helper()
	bit := map[bool]uint32{true: 1}
	again := edit(r, 95, 84, uint32(c.CommandClasses))
	again = edit(again, 13, 13, bit[c.PermanentWriteProtect])
	again = edit(again, 12, 12, bit[c.TemporaryWriteProtect])
	if again != r {
		t.Errorf("%x is %+v, which is %x", r, c, again)
	}
	if size := c.CapacityBytes; size.Known != (size.Value > 0) || size.Value > 128<<40 {
		t.Errorf("%x has a capacity of %+v", r, size)
	}
	if rate := c.TransferKbps; rate.Known != (rate.Value >= 100) || rate.Value > 800000 {
		t.Errorf("%x has a rate of %+v", r, rate)
	}
}
