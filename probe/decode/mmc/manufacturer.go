package mmc

// manufacturerSanDisk is the number of SanDisk on eMMC (CID_MANFID_SANDISK_MMC
// in drivers/mmc/core/card.h of Linux).
const manufacturerSanDisk = 0x45

type manufacturer struct {
	id   uint8
	name string
}

// ManufacturerName names the manufacturer with a number, MID of the CID. The
// numbers of SD cards are assigned by SD-3C and those of eMMC by JEDEC, neither
// in public; one number can be of two companies. On SD cards the name is often
// that of the controller's maker, whatever the brand on the card.
func ManufacturerName(kind Kind, id uint8) (string, bool) {
	for _, m := range manufacturers(kind) {
		if m.id == id {
			return m.name, true
		}
	}
	return "", false
}

// manufacturers is the table. An entry is in Linux, or in a kernel that is
// shipped with such devices, or in two public lists:
//
//	linux  drivers/mmc/core/card.h and quirks.h of Linux, CID_MANFID_*
//	zte    drivers/mmc/core/mmc_manf_info.h of ZTE's kernel, which names the eMMC
//	       of its devices (github.com/webusis/zte-blade-a31)
//	utils  lsmmc.c of mmc-utils
//	ids    data/sdcard.ids of sysobj (github.com/bp0/verbose-spork)
func manufacturers(kind Kind) []manufacturer {
	switch kind {
	case EMMC:
		return []manufacturer{
			{0x02, "SanDisk"},                // linux, zte
			{0x11, "Toshiba"},                // linux, zte, utils; Kioxia today
			{0x13, "Micron"},                 // linux, zte, utils
			{0x15, "Samsung"},                // linux, zte
			{manufacturerSanDisk, "SanDisk"}, // linux, zte, utils
			{0x70, "Kingston"},               // linux, zte, utils
			{0x88, "Longsys"},                // zte
			{0x90, "SK hynix"},               // linux, zte
			{0xD6, "Longsys"},                // zte
			{0xF4, "Biwin"},                  // zte
			{0xFE, "Micron (Numonyx)"},       // linux; Micron in utils
		}
	case SD:
		return []manufacturer{
			{0x01, "Panasonic"},     // utils, ids
			{0x02, "Toshiba"},       // utils, ids; Kioxia today
			{0x03, "SanDisk"},       // linux, utils, ids
			{0x09, "ATP"},           // linux
			{0x12, "Gigastone"},     // linux
			{0x1B, "Samsung"},       // utils, ids
			{0x1D, "ADATA"},         // utils, ids
			{0x27, "Phison"},        // utils, ids; in linux Apacer, for a card with OEM "PH"
			{0x28, "Lexar"},         // utils, ids
			{0x31, "Silicon Power"}, // utils, ids
			{0x41, "Kingston"},      // utils, ids
			{0x5D, "Swissbit"},      // linux
			{0x74, "Transcend"},     // utils, ids
			{0x76, "Patriot"},       // utils, ids
			{0x82, "Sony"},          // utils, ids
			{0x9F, "Kingston"},      // linux
		}
	}
	return nil
}
