package firmware

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// The header of a .ucode file of TLVs, drivers/net/wireless/intel/iwlwifi/fw/file.h.
const (
	iwlMagic       = 0x0a4c5749 // "IWL\n", after a word of 0
	iwlHumanAt     = 8
	iwlHumanBytes  = 64
	iwlVersionAt   = 72
	iwlBuildAt     = 76
	iwlHeaderBytes = 88

	iwlTLVVersion     = 36 // IWL_UCODE_TLV_FW_VERSION
	iwlTLVPNVMVersion = 62 // IWL_UCODE_TLV_PNVM_VERSION
	iwlTLVPNVMSKU     = 64 // IWL_UCODE_TLV_PNVM_SKU
)

// intelTLV reads a .ucode file of TLVs. The version is written as
// iwl_parse_tlv_firmware does it: major, hash and local part from a TLV, or in
// older files the four numbers of the header.
func intelTLV(f file) (Info, bool) {
	if len(f.data) < iwlHeaderBytes || f.word(0) != 0 || f.word(4) != iwlMagic {
		return Info{}, false
	}
	version := f.word(iwlVersionAt)
	info := Info{Format: IntelWiFi, Build: field(f.data[iwlHumanAt : iwlHumanAt+iwlHumanBytes]), HasAPI: true}
	info.Version, info.API = iwlOldVersion(version)
	if value, ok := iwlTLV(f.data[iwlHeaderBytes:], iwlTLVVersion); ok && len(value) == 12 {
		word := func(i int) uint32 { return binary.LittleEndian.Uint32(value[4*i:]) }
		info.Version = fmt.Sprintf("%d.%08x.%d", word(0), word(1), uint8(word(2)))
		info.API = int(version)
	}
	return info, true
}

// iwlOldVersion splits the version of a header: major, minor, API, serial.
func iwlOldVersion(v uint32) (version string, api int) {
	return fmt.Sprintf("%d.%d.%d.%d", v>>24, v>>16&0xff, v>>8&0xff, v&0xff), int(v >> 8 & 0xff)
}

// iwlTLV finds the first value of that type. Values are padded to four bytes.
func iwlTLV(data []byte, want uint32) ([]byte, bool) {
	for len(data) >= 8 {
		kind, n := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		data = data[8:]
		if uint64(n) > uint64(len(data)) {
			return nil, false
		}
		if kind == want {
			return data[:n], true
		}
		data = data[min(len(data), int(n+3)&^3):]
	}
	return nil, false
}

// intelOld reads a .ucode file of before the TLVs (iwl_parse_v1_v2_firmware):
// a version, from API 3 on a build number, and five sizes that make up the
// rest of the file.
func intelOld(f file) (Info, bool) {
	if !strings.HasSuffix(f.base, ".ucode") {
		return Info{}, false
	}
	info := Info{Format: IntelWiFi, HasAPI: true}
	info.Version, info.API = iwlOldVersion(f.word(0))
	header := 24
	if info.API > 2 {
		header = 28
		info.Build = fmt.Sprintf("build %d", f.word(4))
	}
	total := uint64(header)
	for at := header - 20; at < header; at += 4 {
		total += uint64(f.word(at))
	}
	return info, len(f.data) >= header && total == uint64(len(f.data))
}

// intelPNVM reads the hash of a platform NVM file: TLVs without a header, one
// group for each kind of chip, all of the same version.
func intelPNVM(f file) (Info, bool) {
	if !strings.HasSuffix(f.base, ".pnvm") || f.word(0) != iwlTLVPNVMSKU {
		return Info{}, false
	}
	value, ok := iwlTLV(f.data, iwlTLVPNVMVersion)
	if !ok || len(value) < 4 {
		return Info{}, false
	}
	return Info{Format: IntelPNVM, Version: fmt.Sprintf("%08x", binary.LittleEndian.Uint32(value))}, true
}

// intelBluetooth reads an .sfi file: a signed header (module type 6, length
// 0xa1 words, vendor 0x8086, date in BCD; BlueZ tools/bluemoon.c), signatures
// and HCI commands, of which one tells the controller the boot address and
// the build (CMD_WRITE_BOOT_PARAMS of drivers/bluetooth/btintel.c).
func intelBluetooth(f file) (Info, bool) {
	const (
		moduleType, headerWords, vendor = 6, 0xa1, 0x8086
		vendorAt, dateAt                = 16, 20
		headerBytes                     = headerWords * 4 // also RSA_HEADER_LEN
		ecdsaBytes                      = 320             // ECDSA_HEADER_LEN, of files that have both
		writeBootParams                 = 0xfc0e
	)
	if len(f.data) < headerBytes || f.word(0) != moduleType || f.word(4) != headerWords || f.word(vendorAt) != vendor {
		return Info{}, false
	}
	at := headerBytes
	if f.word(at) == moduleType {
		at += ecdsaBytes
	}
	for at+3 <= len(f.data) {
		opcode, n := f.half(at), int(f.data[at+2])
		if opcode == writeBootParams && n >= 7 && at+3+n <= len(f.data) {
			p := f.data[at+3:]
			return Info{
				Format:  IntelBluetooth,
				Version: fmt.Sprintf("%d-%d.%d", p[4], p[5], p[6]), // number, week, year
				Date:    stamp(fmt.Sprintf("%08x", f.word(dateAt))),
			}, true
		}
		at += 3 + n
	}
	return Info{}, false
}
