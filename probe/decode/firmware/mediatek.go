package firmware

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// mediaTekRAM reads the trailer of mt76's firmware: version, build time and a
// checksum or length (struct mt76_connac2_fw_trailer of mt76_connac_mcu.h; the
// older ones of mt7603 and mt7615 end alike).
func mediaTekRAM(f file) (Info, bool) {
	const versionBytes, dateBytes, checksumBytes = 10, 15, 4
	at := len(f.data) - versionBytes - dateBytes - checksumBytes
	if at < 0 {
		return Info{}, false
	}
	version, date := field(f.data[at:at+versionBytes]), f.data[at+versionBytes:at+versionBytes+dateBytes]
	built := stamp(field(date))
	if version == "" || len(built) != len("2006-01-02 15:04:05") || date[dateBytes-1] != 0 {
		return Info{}, false
	}
	return Info{Format: MediaTekRAM, Version: version, Build: field(date), Date: built}, true
}

// mediaTekPatch reads the header of a ROM patch or of Bluetooth firmware: build
// time, platform, versions of hardware and software (struct
// mt76_connac2_patch_hdr of mt76_connac_mcu.h, struct btmtk_patch_header of
// drivers/bluetooth/btmtk.h).
func mediaTekPatch(f file) (Info, bool) {
	const dateBytes, platformBytes, headerBytes = 16, 4, 30
	if len(f.data) < headerBytes {
		return Info{}, false
	}
	build, end := f.data[:dateBytes-1], f.data[dateBytes-1]
	platform := text(f.data[dateBytes : dateBytes+platformBytes])
	// The last byte of the time is a line feed or NUL.
	if strings.Trim(string(build[:8]), "0123456789") != "" || end != '\n' && end != 0 || len(platform) != platformBytes {
		return Info{}, false
	}
	info := Info{Format: MediaTekPatch, Build: field(build), Chip: platform}
	info.Date = stamp(info.Build)
	if strings.HasPrefix(f.base, "BT_") {
		info.Format = MediaTekBluetooth
		info.Version = fmt.Sprintf("0x%04x%04x", f.half(20), f.half(22))
	} else {
		info.Version = fmt.Sprintf("0x%x", binary.BigEndian.Uint32(f.data[20:]))
	}
	return info, true
}

// mediaTekOld reads the header of the firmware of mt7601u, mt7610 and mt7662:
// two sizes that make up the rest of the file, build and version, build time
// (struct mt76x02_fw_header of mt76x02_mcu.h).
func mediaTekOld(f file) (Info, bool) {
	const headerBytes = 32
	if len(f.data) <= headerBytes || uint64(f.word(0))+uint64(f.word(4))+headerBytes != uint64(len(f.data)) {
		return Info{}, false
	}
	date := stamp(field(f.data[16:headerBytes]))
	if date == "" {
		return Info{}, false
	}
	v := f.half(10)
	return Info{
		Format:  MediaTekOld,
		Version: fmt.Sprintf("%d.%d.%02d", v>>12&0xf, v>>8&0xf, v&0xf),
		Build:   fmt.Sprintf("%x", f.half(8)),
		Date:    date,
	}, true
}
