// Package firmware reads the version that a Wi-Fi or Bluetooth firmware file
// carries in itself, in the words in which its driver reports it at run time,
// so that the file and what runs can be compared without loading anything.
//
// It does not check signatures, does not decompress (the caller gives the
// contents as the kernel's firmware loader hands them to a driver) and does
// not know which file a chip needs. Files that hold no version, such as NVRAM
// texts, board files and Bluetooth configurations, are not read.
package firmware

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"
)

// MaxBytes bounds a file. The largest of linux-firmware that a parser here
// knows, ath11k/WCN6750/hw1.0/qcm6490/wpss.mbn, has 7.7 MB.
const MaxBytes = 32 << 20

// maxText bounds every text that is taken out of a file.
const maxText = 256

// Format names how a file keeps its version.
type Format string

const (
	BroadcomWiFi      Format = "brcmfmac"     // drivers/net/wireless/broadcom/brcm80211/brcmfmac
	BroadcomCLM       Format = "brcmfmac-clm" // its regulatory table, *.clm_blob
	BroadcomBluetooth Format = "btbcm"        // drivers/bluetooth/btbcm.c, *.hcd
	IntelWiFi         Format = "iwlwifi"      // drivers/net/wireless/intel/iwlwifi, *.ucode
	IntelPNVM         Format = "iwlwifi-pnvm" // its platform NVM, *.pnvm
	IntelBluetooth    Format = "btintel"      // drivers/bluetooth/btintel.c, *.sfi
	Ath10k            Format = "ath10k"       // firmware-N.bin
	Ath6kl            Format = "ath6kl"       // fw-N.bin
	QualcommImage     Format = "qcom-image"   // images of Qualcomm's processors: ath11k, ath12k, *.mbn
	QualcommPatch     Format = "btqca-patch"  // drivers/bluetooth/btqca.c: rampatch, *btfw*.tlv
	QualcommNVM       Format = "btqca-nvm"    // nvm_*.bin, *nv*.bin
	RealtekWiFi       Format = "realtek"      // rtw88, rtlwifi, rtl8xxxu
	RealtekAX         Format = "rtw89"        // drivers/net/wireless/realtek/rtw89
	RealtekBluetooth  Format = "btrtl"        // drivers/bluetooth/btrtl.c, rtl_bt/*_fw.bin
	MediaTekRAM       Format = "mt76-ram"     // firmware with a trailer: WIFI_RAM_CODE, *_wm, *_wa, *_n9
	MediaTekPatch     Format = "mt76-patch"   // ROM patch
	MediaTekOld       Format = "mt76x02"      // mt7601u, mt7610, mt7662
	MediaTekBluetooth Format = "btmtk"        // BT_RAM_CODE
	Marvell           Format = "marvell"      // mwifiex, libertas and NXP's Bluetooth images
	TI                Format = "wlcore"       // wl12xx, wl18xx, wl1251, cc33xx
)

// Info is what a file says about itself. A field that the file does not have
// is "".
type Info struct {
	Format  Format
	Version string // as the driver prints it, where it prints one
	Build   string // what tells two builds of one version apart: a hash, a revision or a build time, as the file has it
	Date    string // when it was built, in the time of the vendor: "2006-01-02", followed by " 15:04" or " 15:04:05" if that is known
	Chip    string // the chip or image for which the file says it is
	Text    string // the line around the version, where the version is only a part of one
	API     int    // number of the interface to the driver, which is counted in the name of the file too
	HasAPI  bool   // whether API is known
}

// file is what the parsers get.
type file struct {
	path, base string
	data       []byte
}

// Version reads the version of a firmware file. The name is its path below
// /lib/firmware, without a suffix of compression; it decides only where the
// contents have no mark of their own. It reports false if the format is not
// known or this file has no version.
func Version(name string, data []byte) (Info, bool) {
	if len(data) > MaxBytes {
		return Info{}, false
	}
	f := file{path: strings.TrimPrefix(path.Clean("/"+name), "/"), base: path.Base(name), data: data}
	for _, parse := range parsers() {
		if info, ok := parse(f); ok && info.Version != "" {
			return info, true
		}
	}
	return Info{}, false
}

// parsers lists them in the order of trial: first those that know their format
// by a mark at its beginning, then those that search, then those that need the
// name.
func parsers() []func(file) (Info, bool) {
	return []func(file) (Info, bool){
		intelTLV, ath10k, ath6kl, broadcomCLM, realtekBluetooth, intelBluetooth,
		mediaTekPatch, mediaTekOld, mediaTekRAM,
		broadcomWiFi, marvell,
		intelOld, intelPNVM, broadcomBluetooth, qualcommImage, qualcommPatch, qualcommNVM,
		realtekAX, realtekWiFi, ti,
	}
}

// in reports whether the file is in a folder of that name.
func (f file) in(folder string) bool {
	return strings.Contains("/"+f.path, "/"+folder+"/")
}

// word returns the little-endian 32-bit word at an offset, 0 beyond the end.
func (f file) word(at int) uint32 {
	if at < 0 || at > len(f.data)-4 {
		return 0
	}
	return binary.LittleEndian.Uint32(f.data[at:])
}

// half is word for 16 bits.
func (f file) half(at int) uint16 {
	if at < 0 || at > len(f.data)-2 {
		return 0
	}
	return binary.LittleEndian.Uint16(f.data[at:])
}

// text returns the printable ASCII at the beginning of data, without white
// space around it.
func text(data []byte) string {
	n := 0
	for n < len(data) && n < maxText && printable(data[n]) {
		n++
	}
	return strings.TrimSpace(string(data[:n]))
}

// textBefore returns the printable ASCII, at most n bytes of it, that ends
// where data ends.
func textBefore(data []byte, n int) string {
	at := len(data)
	for at > 0 && len(data)-at < n && printable(data[at-1]) {
		at--
	}
	return strings.TrimSpace(string(data[at:]))
}

// field returns the text in a field of fixed length, which a NUL may end.
func field(data []byte) string {
	data, _, _ = bytes.Cut(data, []byte{0})
	return text(data)
}

func printable(c byte) bool { return c >= ' ' && c <= '~' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// dotted returns the length of a version at the beginning of s: numbers with
// dots between, at least two.
func dotted(s string) int {
	n, dots := 0, 0
	for n < len(s) {
		switch {
		case digit(s[n]):
			n++
		case s[n] == '.' && n > 0 && digit(s[n-1]) && n+1 < len(s) && digit(s[n+1]):
			dots++
			n++
		default:
			if dots == 0 {
				return 0
			}
			return n
		}
	}
	if dots == 0 {
		return 0
	}
	return n
}
