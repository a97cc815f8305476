package firmware

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// ath10k reads a list of elements (identifier, length, value padded to four
// bytes) behind a magic, ath10k_core_fetch_firmware_api_n of ath10k/core.c.
func ath10k(f file) (Info, bool) {
	const magic = "QCA-ATH10K\x00"
	if !bytes.HasPrefix(f.data, []byte(magic)) {
		return Info{}, false
	}
	info := atherosElements(f.data[min(len(f.data), 12):], 4)
	info.Format = Ath10k
	info.API, info.HasAPI = atherosAPI(f.base, "firmware-")
	return info, true
}

// ath6kl reads the like, which is not padded (ath6kl_fetch_fw_apin of
// ath6kl/init.c).
func ath6kl(f file) (Info, bool) {
	const magic = "QCA-ATH6KL\x00"
	if !bytes.HasPrefix(f.data, []byte(magic)) {
		return Info{}, false
	}
	info := atherosElements(f.data[len(magic):], 1)
	info.Format = Ath6kl
	info.API, info.HasAPI = atherosAPI(f.base, "fw-")
	return info, true
}

// atherosElements collects the version (element 0) and time of build (1).
func atherosElements(data []byte, align int) (info Info) {
	for len(data) >= 8 {
		id, n := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		data = data[8:]
		if uint64(n) > uint64(len(data)) {
			return info
		}
		switch value := data[:n]; {
		case id == 0 && info.Version == "":
			info.Version = field(value)
		case id == 1 && n == 4:
			info.Date = unix(binary.LittleEndian.Uint32(value))
		}
		data = data[min(len(data), (int(n)+align-1)/align*align):]
	}
	return info
}

// atherosAPI reads the number in a name: firmware-6.bin, firmware-sdio-5.bin.
func atherosAPI(base, prefix string) (int, bool) {
	number, ok := strings.CutPrefix(strings.TrimSuffix(base, ".bin"), prefix)
	number = number[strings.LastIndexByte(number, '-')+1:]
	if !ok || len(number) != 1 || !digit(number[0]) {
		return 0, false
	}
	return int(number[0] - '0'), true
}

// qualcommImage reads the version that Qualcomm's build puts into images of its
// processors, among others the firmware of ath11k and ath12k, whose driver
// prints it as fw_build_id. Such an image is an ELF file or a segment of one.
func qualcommImage(f file) (Info, bool) {
	if !f.in("ath10k") && !f.in("ath11k") && !f.in("ath12k") && !f.in("qcom") && !f.in("qca") {
		return Info{}, false
	}
	if info, ok := bluetoothBuild(f.data); ok && bytes.HasPrefix(f.data, []byte("\x7fELF")) {
		return Info{Format: QualcommImage, Version: info}, true
	}
	// The same text can stand in a format for printing, without a value.
	for rest := f.data; ; {
		const mark = "QC_IMAGE_VERSION_STRING="
		i := bytes.Index(rest, []byte(mark))
		if i < 0 {
			return Info{}, false
		}
		rest = rest[i+len(mark):]
		if version := field(rest); version != "" && version[0] != '%' {
			return Info{Format: QualcommImage, Version: version}, true
		}
	}
}

// qualcommPatch reads a patch of the Bluetooth ROM (struct tlv_type_patch of
// drivers/bluetooth/btqca.h, behind a type of 1 and a length). What runs
// reports the patch version as "QCA Patch Version".
func qualcommPatch(f file) (Info, bool) {
	const (
		typePatch, headerBytes           = 1, 4 + 24
		productAt, romBuildAt, versionAt = 16, 18, 20
	)
	if !f.in("qca") || len(f.data) < headerBytes || f.data[0] != typePatch || uint64(f.word(0)>>8)+4 > uint64(len(f.data)) {
		return Info{}, false
	}
	build, _ := bluetoothBuild(f.data)
	return Info{
		Format:  QualcommPatch,
		Version: fmt.Sprintf("0x%08x", f.half(versionAt)),
		Build:   build,
		Chip:    fmt.Sprintf("product 0x%04x ROM 0x%04x", f.half(productAt), f.half(romBuildAt)),
	}, true
}

// qualcommNVM reads the configuration that goes with a patch. Only the newer
// ones have a version, as the element with tag 1.
func qualcommNVM(f file) (Info, bool) {
	const typeNVM, tagVersion, elementBytes = 2, 1, 12
	if !f.in("qca") || len(f.data) < 4+elementBytes || f.data[0] != typeNVM || f.half(4) != tagVersion {
		return Info{}, false
	}
	value := f.data[4+elementBytes:]
	return Info{Format: QualcommNVM, Version: field(value[:min(len(value), int(f.half(6)))])}, true
}

// bluetoothBuild finds the name of a build of Bluetooth firmware, such as
// BTFW.HSP.2.1.0-00653-VER_PATCHZ-3 or BTFM.CHE.2.1.3.c7-00024-QCACHROM-1.
func bluetoothBuild(data []byte) (string, bool) {
	for _, mark := range [...]string{"BTFW.", "BTFM."} {
		if i := bytes.Index(data, []byte(mark)); i >= 0 {
			return field(data[i:]), true
		}
	}
	return "", false
}
