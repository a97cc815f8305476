package firmware

import (
	"bytes"
	"fmt"
	"strings"
)

// realtekWiFi reads the header of images for rtw88, rtlwifi and rtl8xxxu:
// signature, category, function, version, subversion, subindex (struct
// rtw_fw_hdr and rtw_fw_hdr_legacy of rtw88/fw.h). The signature is the number
// of the chip with a digit for its cut. rtw88 prints all three numbers,
// rtl8xxxu two.
func realtekWiFi(f file) (Info, bool) {
	rtw88 := f.in("rtw88") || strings.HasPrefix(f.base, "rtw8")
	bluetooth := strings.HasSuffix(f.base, "_bt.bin") // rtl8723bs_bt.bin has no header
	if !rtw88 && !f.in("rtlwifi") || bluetooth || len(f.data) < 32 {
		return Info{}, false
	}
	signature := f.half(0)
	info := Info{Format: RealtekWiFi, Chip: fmt.Sprintf("0x%04x", signature)}
	if signature == 0x8192 || signature == 0x8712 {
		// rtl8192se and r8712u: another header, version second (struct fw_hdr of rtl8192se/fw.h).
		info.Version = fmt.Sprintf("0x%04x", f.half(2))
		return info, true
	}
	info.Version = fmt.Sprintf("%d.%d", f.half(4), f.data[6])
	if rtw88 {
		info.Version += fmt.Sprintf(".%d", f.data[7])
	}
	// The short header has month, day, hour and minute but no year; the long one
	// of 64 bytes has them elsewhere and in binary.
	if len(f.data) >= 64 && signature&0xff00 == 0x8800 {
		info.Date = minute(int(f.half(0x14)), int(f.data[0x10]), int(f.data[0x11]), int(f.data[0x12]), int(f.data[0x13]))
	}
	return info, true
}

// realtekAX reads a container of rtw89 (struct rtw89_mfw_hdr of rtw89/fw.h),
// which has images for several cuts of the chip, and the header of the image
// for the newest cut in it (struct rtw89_fw_hdr, whose version 1 keeps the year
// in 16 bits). rtw89 prints the four numbers and the commit.
func realtekAX(f file) (Info, bool) {
	const (
		signature               = 0xff
		headerBytes, entryBytes = 16, 16
		normal, normalCE        = 1, 5 // enum rtw89_fw_type; CE is taken first where there is one
	)
	if !f.in("rtw89") && !strings.HasPrefix(f.base, "rtw8") || len(f.data) < headerBytes || f.data[0] != signature {
		return Info{}, false
	}
	best, bestAt := -1, uint32(0)
	for i := range int(f.data[1]) {
		at := headerBytes + i*entryBytes
		if at+entryBytes > len(f.data) {
			break
		}
		cut, kind, production := int(f.data[at]), f.data[at+1], f.data[at+2] == 0
		if rank := 2*cut + int(kind)/normalCE; (kind == normal || kind == normalCE) && production && rank > best {
			best, bestAt = rank, f.word(at+4)
		}
	}
	if best < 0 || uint64(bestAt)+32 > uint64(len(f.data)) {
		return Info{}, false
	}
	image := file{data: f.data[bestAt:]}
	h := image.data
	return Info{
		Format:  RealtekAX,
		Version: fmt.Sprintf("%d.%d.%d.%d", h[4], h[5], h[6], h[7]),
		Build:   fmt.Sprintf("%08x", image.word(8)),
		Date:    minute(int(image.half(20)), int(h[16]), int(h[17]), int(h[18]), int(h[19])),
	}, true
}

// realtekBluetooth reads a patch file (struct rtl_epatch_header and
// rtl_epatch_header_v2 of drivers/bluetooth/btrtl.h). What runs reports the
// version of the first kind as "fw version".
func realtekBluetooth(f file) (Info, bool) {
	switch {
	case len(f.data) < 16:
	case bytes.HasPrefix(f.data, []byte("Realtech")):
		return Info{Format: RealtekBluetooth, Version: fmt.Sprintf("0x%08x", f.word(8))}, true
	case bytes.HasPrefix(f.data, []byte("RTBTCore")):
		return Info{Format: RealtekBluetooth, Version: fmt.Sprintf("%08x-%08x", f.word(8), f.word(12))}, true
	}
	return Info{}, false
}
