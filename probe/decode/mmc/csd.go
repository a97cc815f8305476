package mmc

import "fmt"

// CSD is the card specific data register (JESD84-B51 7.3, SD Physical Layer
// 5.3).
type CSD struct {
	Kind    Kind
	Version Field[string] // of the structure: 1.0, 2.0 or 3.0 on SD cards, 1.0 to 1.2 on eMMC, whose EXT_CSD may have it instead

	// SpecificationVersion is SPEC_VERS of eMMC, which is 4 from version 4.0 of
	// the specification on.
	SpecificationVersion Field[uint8]

	CapacityBytes    Field[int64]
	CapacityInExtCSD bool // an eMMC of more than 2 GB: see ExtCSD.SizeBytes

	// TransferKbps is TRAN_SPEED: the rate of one data line, so the clock in
	// kHz. On eMMC it is the one outside of the high speed modes.
	TransferKbps Field[int64]

	CommandClasses uint16 // CCC, bit n for class n; see HasClass

	PermanentWriteProtect  bool // PERM_WRITE_PROTECT, can be set only once
	TemporaryWriteProtect  bool // TMP_WRITE_PROTECT
	PowerCycleWriteProtect bool // WP_UPC of newer SD cards: until the power is switched off

	CRC Checksum
}

// HasClass reports whether the card supports a class of commands: 4 is writing,
// 5 erasing, 6 write protection, 7 locking.
func (c CSD) HasClass(class int) bool {
	return class >= 0 && class < 12 && c.CommandClasses>>class&1 == 1
}

// ParseSDCSD reads the CSD of an SD card: version 1.0 is for cards of up to 2 GB,
// 2.0 for SDHC and SDXC, 3.0 for SDUC.
func ParseSDCSD(register [RegisterBytes]byte) (CSD, error) {
	c, err := parseCSD(SD, &register)
	if err != nil {
		return CSD{}, err
	}
	const unit = 512 << 10 // of C_SIZE from version 2.0 on
	switch structure := slice(&register, 127, 126); structure {
	case 0:
		c.Version = known("1.0")
		// READ_BL_LEN is 9 to 11.
		if length := slice(&register, 83, 80); length >= 9 && length <= 11 {
			c.CapacityBytes = known(smallCapacity(&register))
		}
	case 1:
		c.Version = known("2.0")
		c.CapacityBytes = known((int64(slice(&register, 69, 48)) + 1) * unit)
	case 2:
		c.Version = known("3.0")
		c.CapacityBytes = known((int64(slice(&register, 75, 48)) + 1) * unit)
	default:
		return CSD{}, fmt.Errorf("csd: structure %d of SD is reserved", structure)
	}
	c.TransferKbps = transferKbps(register[3], 25, 50)
	c.PowerCycleWriteProtect = slice(&register, 9, 9) == 1
	return c, nil
}

// ParseMMCCSD reads the CSD of an eMMC device or MMC card.
func ParseMMCCSD(register [RegisterBytes]byte) (CSD, error) {
	c, err := parseCSD(EMMC, &register)
	if err != nil {
		return CSD{}, err
	}
	// 3 says that the version is in CSD_STRUCTURE of the EXT_CSD.
	c.Version = word(byte(slice(&register, 127, 126)), "1.0", "1.1", "1.2")
	c.SpecificationVersion = known(uint8(slice(&register, 125, 122)))
	// The largest C_SIZE stands for more than 2 GB: such a capacity is in
	// SEC_COUNT of the EXT_CSD.
	const beyond = 0xFFF
	c.CapacityInExtCSD = slice(&register, 73, 62) == beyond
	// READ_BL_LEN is at most 11.
	if !c.CapacityInExtCSD && slice(&register, 83, 80) <= 11 {
		c.CapacityBytes = known(smallCapacity(&register))
	}
	c.TransferKbps = transferKbps(register[3], 26, 52)
	return c, nil
}

func parseCSD(kind Kind, register *[RegisterBytes]byte) (CSD, error) {
	return CSD{
		Kind:                  kind,
		CommandClasses:        uint16(slice(register, 95, 84)),
		PermanentWriteProtect: slice(register, 13, 13) == 1,
		TemporaryWriteProtect: slice(register, 12, 12) == 1,
		CRC:                   checksum(register),
	}, checkFilled("csd", register[:RegisterBytes-1])
}

// smallCapacity is that of cards of up to 2 GB:
// (C_SIZE + 1) * 2^(C_SIZE_MULT + 2) blocks of 2^READ_BL_LEN bytes.
func smallCapacity(register *[RegisterBytes]byte) int64 {
	size, multiplier, length := slice(register, 73, 62), slice(register, 49, 47), slice(register, 83, 80)
	return (int64(size) + 1) << (multiplier + 2 + length)
}

// transferKbps decodes TRAN_SPEED. The tables of SD and of eMMC differ in two
// factors, which are given in tenths.
func transferKbps(code byte, factor6, factorB int64) Field[int64] {
	factors := [16]int64{0, 10, 12, 13, 15, 20, factor6, 30, 35, 40, 45, factorB, 55, 60, 70, 80}
	factor, unit := factors[code>>3&0x0F], code&0x07
	if factor == 0 || unit > 3 || code&0x80 != 0 {
		return Field[int64]{} // reserved
	}
	rate := factor * 10 // in units of 100 kbit/s, in kbit/s
	for range unit {
		rate *= 10
	}
	return known(rate)
}
