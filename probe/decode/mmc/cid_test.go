package mmc

import (
	"bytes"
	"fmt"
	"testing"
)

// The registers were shown by Linux on boards of armbian (github.com/armbian/build,
// pull request 246) and of another user (github.com/hakandundar34coding/
// system-monitoring-center, issue 45), with the values in the other files there, or
// are described in DOCs/cards/gigastone-00000-8gb.md of
// github.com/ironsheep/P2-uSD-FS. The one of QEMU is made like sd_set_cid and
// emmc_set_cid in its hw/sd/sd.c do.
func TestParseSDCID(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]CID{
		"275048534431364730da89b82900fb61": {
			Kind: SD, Manufacturer: 0x27, OEM: 0x5048, OEMText: known("PH"), Product: known("SD16G"),
			RevisionMajor: 3, Serial: 0xda89b829, Year: known(2015), Month: known(11), CRC: ChecksumRight,
		},
		"035344534e35313280fff7b17b015700": {
			Kind: SD, Manufacturer: 0x03, OEM: 0x5344, OEMText: known("SD"), Product: known("SN512"),
			RevisionMajor: 8, Serial: 0xfff7b17b, Year: known(2021), Month: known(7), CRC: ChecksumAbsent,
		},
		"9f54493030303030000001b9d5015993": {
			Kind: SD, Manufacturer: 0x9f, OEM: 0x5449, OEMText: known("TI"), Product: known("00000"),
			Serial: 0x0001b9d5, Year: known(2021), Month: known(9), CRC: ChecksumRight,
		},
		"aa585951454d552101deadbeef006219": {
			Kind: SD, Manufacturer: 0xaa, OEM: 0x5859, OEMText: known("XY"), Product: known("QEMU!"),
			RevisionMinor: 1, Serial: 0xdeadbeef, Year: known(2006), Month: known(2), CRC: ChecksumRight,
		},
		// Made up: the last year there is, a month that is not, no texts.
		"0100000000000001990000002afffd01": {
			Kind: SD, Manufacturer: 1, RevisionMajor: 9, RevisionMinor: 9, Serial: 0x2a, Year: known(2255), CRC: ChecksumAbsent,
		},
	} {
		got, err := ParseSDCID(register(t, digits))
		if err != nil || got != want {
			t.Errorf("ParseSDCID(%s) = %+v, %v; want %+v", digits, got, err, want)
		}
	}
}

func TestParseMMCCID(t *testing.T) {
	t.Parallel()
	const samsung, qemu = "1501004d384731474303dc0db061506f", "aa585951454d55212101deadbeef2900"
	none := Field[uint8]{}
	plain := CID{Kind: EMMC, Manufacturer: 0x15, OEM: 0x0100, Product: known("M8G1GC"), RevisionMinor: 3, Serial: 0xdc0db061, Month: known(5), CRC: ChecksumRight}
	seen := plain
	seen.Package, seen.Bank, seen.Year = known(PackageBGA), known(uint8(0)), known(2013) // Linux 3.4 says 1997
	old := plain
	old.Year = known(1997)
	for _, c := range []struct {
		digits   string
		revision Field[uint8]
		want     CID
	}{
		{samsung, known(uint8(6)), seen},
		{samsung, none, plain},
		{samsung, known(uint8(2)), old},
		{qemu, known(uint8(5)), CID{
			Kind: EMMC, Manufacturer: 0xaa, OEM: 0x5859, Package: known(PackageCard), Bank: known(uint8(0x16)), Product: known("QEMU!!"),
			RevisionMinor: 1, Serial: 0xdeadbeef, Year: known(2022), Month: known(2), CRC: ChecksumAbsent,
		}},
		{"700b00ff000000000012000000010001", known(uint8(8)), CID{
			Kind: EMMC, Manufacturer: 0x70, OEM: 0x0b00, Bank: known(uint8(2)), RevisionMajor: 1, RevisionMinor: 2, Serial: 1, Year: known(2013), CRC: ChecksumAbsent,
		}},
		{"700200303030303030120000000110ff", known(uint8(3)), CID{
			Kind: EMMC, Manufacturer: 0x70, OEM: 0x0200, Package: known(PackagePoP), Bank: known(uint8(0)), Product: known("000000"),
			RevisionMajor: 1, RevisionMinor: 2, Serial: 1, Year: known(1997), Month: known(1), CRC: ChecksumWrong,
		}},
	} {
		got, err := ParseMMCCID(register(t, c.digits), c.revision)
		if err != nil || got != c.want {
			t.Errorf("ParseMMCCID(%s, %+v) = %+v, %v; want %+v", c.digits, c.revision, got, err, c.want)
		}
	}
}

// TestMMCYear has the table of Linux commit 3e487a634bc0, with what is said of
// its gaps in mmcYear.
func TestMMCYear(t *testing.T) {
	t.Parallel()
	const unknown = 0
	for _, c := range []struct {
		revision, manufacturer uint8
		want                   [16]int
	}{
		{0, 0x15, [16]int{1997, 1998, 1999, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010, 2011, 2012}},
		{4, 0x45, [16]int{1997, 1998, 1999, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010, 2011, 2012}},
		{5, 0x45, [16]int{2013, 2014, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2010, 2011, 2012}},
		{6, 0x15, [16]int{2013, 2014, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2010, 2011, 2012}},
		{7, 0x45, [16]int{2013, 2014, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, unknown, unknown, unknown}},
		{8, 0x15, [16]int{2013, 2014, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, unknown, unknown, unknown}},
		{8, 0x45, [16]int{2013, 2014, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 2027, 2028}},
		{9, 0x15, [16]int{2029, 2030, 2031, 2032, 2033, 2034, 2035, 2036, 2037, 2038, 2023, 2024, 2025, 2026, 2027, 2028}},
		{255, 0x15, [16]int{2029, 2030, 2031, 2032, 2033, 2034, 2035, 2036, 2037, 2038, 2023, 2024, 2025, 2026, 2027, 2028}},
	} {
		for code, year := range c.want {
			want := when(year != unknown, year)
			if got := mmcYear(code, c.revision, c.manufacturer); got != want {
				t.Errorf("mmcYear(%d, %d, %#x) = %+v; want %+v", code, c.revision, c.manufacturer, got, want)
			}
		}
	}
}

func TestCIDRefuses(t *testing.T) {
	t.Parallel()
	for _, b := range []byte{0x00, 0xff} {
		r := [RegisterBytes]byte(bytes.Repeat([]byte{b}, RegisterBytes))
		r[RegisterBytes-1] = b & 1 // the controller's
		want := fmt.Sprintf("cid: all bytes are 0x%02x", b)
		if got, err := ParseSDCID(r); err == nil || err.Error() != want || got != (CID{}) {
			t.Errorf("ParseSDCID(%x) = %+v, %v; want %q", r, got, err, want)
		}
		if got, err := ParseMMCCID(r, known(uint8(8))); err == nil || err.Error() != want || got != (CID{}) {
			t.Errorf("ParseMMCCID(%x) = %+v, %v; want %q", r, got, err, want)
		}
	}
}

// FuzzParseCID puts the fields together again, and checks that a right checksum
// finds every single wrong bit.
func FuzzParseCID(f *testing.F) {
	for _, digits := range []string{"275048534431364730da89b82900fb61", "1501004d384731474303dc0db061506f", "aa585951454d55212101deadbeef2900"} {
		r := register(f, digits)
		f.Add(r[:], byte(6), true, byte(77))
		f.Add(r[:], byte(9), false, byte(127))
	}
	f.Fuzz(func(t *testing.T, data []byte, revision byte, hasRevision bool, flip byte) {
		if len(data) != RegisterBytes {
			return
		}
		r := [RegisterBytes]byte(data)
		sd, err := ParseSDCID(r)
		if err != nil {
			return
		}
		emmc, err := ParseMMCCID(r, when(hasRevision, revision))
		if err != nil {
			t.Fatalf("ParseMMCCID(%x) = %v; want no error as from ParseSDCID", r, err)
		}
		again := edit(r, 127, 120, uint32(sd.Manufacturer))
		again = edit(again, 119, 104, uint32(sd.OEM))
		again = edit(again, 63, 56, uint32(sd.RevisionMajor)<<4|uint32(sd.RevisionMinor))
		again = edit(again, 55, 24, sd.Serial)
		again = edit(again, 19, 12, uint32(sd.Year.Value-2000))
		if sd.Month.Known {
			again = edit(again, 11, 8, uint32(sd.Month.Value))
		}
		if again != r {
			t.Errorf("ParseSDCID(%x) = %+v, which is %x", r, sd, again)
		}
		again = edit(r, 127, 120, uint32(emmc.Manufacturer))
		again = edit(again, 55, 48, uint32(emmc.RevisionMajor)<<4|uint32(emmc.RevisionMinor))
		again = edit(again, 47, 16, emmc.Serial)
		if emmc.Bank.Known {
			again = edit(again, 119, 114, uint32(emmc.Bank.Value))
		}
		if emmc.Year.Known {
			again = edit(again, 11, 8, uint32(emmc.Year.Value-1997)%16)
		}
		if again != r {
			t.Errorf("ParseMMCCID(%x, %d) = %+v, which is %x", r, revision, emmc, again)
		}
		if !hasRevision && (emmc.Year.Known || emmc.Bank.Known || emmc.Package.Known) {
			t.Errorf("ParseMMCCID(%x) = %+v; want nothing that depends on the revision", r, emmc)
		}
		r[RegisterBytes-1] = crc7(r[:RegisterBytes-1])<<1 | 1
		if got := checksum(&r); got != ChecksumRight {
			t.Errorf("checksum(%x) = %s; want right", r, got)
		}
		r[flip%RegisterBytes] ^= 1 << (flip / RegisterBytes % 8)
		if got := checksum(&r); got == ChecksumRight {
			t.Errorf("checksum(%x), with a wrong bit, = right", r)
		}
	})
}
