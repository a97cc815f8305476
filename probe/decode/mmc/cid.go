package mmc

// CID is the card identification register (JESD84-B51 7.2, SD Physical Layer
// 5.2).
type CID struct {
	Kind         Kind
	Manufacturer uint8 // MID, sysfs manfid; its meaning depends on the kind

	// OEM is the 16 bits that sysfs calls oemid. On eMMC from version 4.3 on
	// they are BIN, CBX and an OID of 8 bits.
	OEM     uint16
	OEMText Field[string]  // the two letters that OEM is on SD cards
	Package Field[Package] // CBX, of eMMC
	Bank    Field[uint8]   // BIN, of eMMC: the bank in JEDEC's list that Manufacturer counts in

	Product       Field[string] // PNM, sysfs name; known if it is printable ASCII
	RevisionMajor uint8         // PRV is n.m; of SD cards, sysfs calls n hwrev
	RevisionMinor uint8         // and m fwrev
	Serial        uint32        // PSN
	Year          Field[int]    // of manufacture
	Month         Field[int]    // 1 to 12
	CRC           Checksum
}

// Package is how a device is built, CBX.
type Package string

// The packages.
const (
	PackageCard Package = "card" // removable
	PackageBGA  Package = "bga"  // discrete and embedded
	PackagePoP  Package = "pop"  // on top of another package
)

// ParseSDCID reads the CID of an SD card.
func ParseSDCID(register [RegisterBytes]byte) (CID, error) {
	c, err := parseCID(SD, &register)
	if err != nil {
		return CID{}, err
	}
	c.OEMText = printable(register[1:3])
	c.Product = printable(register[3:8])
	c.RevisionMajor, c.RevisionMinor = register[8]>>4, register[8]&0x0F
	c.Serial = slice(&register, 55, 24)
	c.Year = known(2000 + int(slice(&register, 19, 12)))
	c.Month = month(register[14] & 0x0F)
	return c, nil
}

// ParseMMCCID reads the CID of an eMMC device, in the form that it has since
// version 2.0 of the MMC specification. Year, Package and Bank depend on the
// revision of the device's EXT_CSD (ExtCSD.Revision, sysfs rev) and are not
// known without it.
func ParseMMCCID(register [RegisterBytes]byte, revision Field[uint8]) (CID, error) {
	c, err := parseCID(EMMC, &register)
	if err != nil {
		return CID{}, err
	}
	if revision.Known && revision.Value >= 3 {
		// Before, the whole of [119:104] was the OID. CBX came with version 4.3
		// (revision 3); BIN came with 5.1A, which has the revision of 5.1, and
		// stands in bits that were reserved, so 0, before.
		c.Package = word(byte(slice(&register, 113, 112)), PackageCard, PackageBGA, PackagePoP)
		c.Bank = known(uint8(slice(&register, 119, 114)))
	}
	c.Product = printable(register[3:9])
	c.RevisionMajor, c.RevisionMinor = register[9]>>4, register[9]&0x0F
	c.Serial = slice(&register, 47, 16)
	if revision.Known {
		c.Year = mmcYear(int(register[14]&0x0F), revision.Value, c.Manufacturer)
	}
	c.Month = month(register[14] >> 4)
	return c, nil
}

func parseCID(kind Kind, register *[RegisterBytes]byte) (CID, error) {
	return CID{
		Kind:         kind,
		Manufacturer: register[0],
		OEM:          uint16(slice(register, 119, 104)),
		CRC:          checksum(register),
	}, checkFilled("cid", register[:RegisterBytes-1])
}

// ManufacturerName names the manufacturer, if the table has it. In a bank other
// than the first, the numbers are those of other manufacturers.
func (c CID) ManufacturerName() (string, bool) {
	if c.Bank.Known && c.Bank.Value != 0 {
		return "", false
	}
	return ManufacturerName(c.Kind, c.Manufacturer)
}

func month(code byte) Field[int] { return when(code >= 1 && code <= 12, int(code)) }

// mmcYear decodes the year in the MDT field of eMMC. Its 4 bits have been used
// three times over: for 1997 to 2012; by JESD84-B451 from revision 5 on for 2013
// to 2025, with 2010 to 2012 left as they were; by JESD84-B51B from revision 9 on
// for 2026 to 2038. The table is in Linux commit 3e487a634bc0.
func mmcYear(code int, revision, manufacturer uint8) Field[int] {
	const last = 12 // the code of 2025
	switch {
	case revision <= 4:
		return known(1997 + code)
	case revision <= 8 && code <= last:
		return known(2013 + code)
	case revision <= 6:
		return known(1997 + code)
	case revision == 8 && manufacturer == manufacturerSanDisk:
		// Devices of SanDisk go on to 2026 without the new revision
		// (MMC_QUIRK_BROKEN_MDT in drivers/mmc/core/quirks.h of Linux).
		return known(2013 + code)
	case revision <= 8:
		// By the table 2010 to 2012, but eMMC 5.0, revision 7, is of September
		// 2013.
		return Field[int]{}
	case code >= 10:
		// The codes of 2023 to 2025 are free in the table; Linux keeps their
		// meaning.
		return known(2013 + code)
	}
	return known(2029 + code)
}
