package firmware

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// le writes 32-bit words, little-endian.
func le(words ...uint32) string {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return string(b)
}

// padded fills a text with NUL.
func padded(s string, n int) string { return s + strings.Repeat("\x00", n-len(s)) }

// ucode builds a .ucode file with the TLVs given.
func ucode(human string, version, build uint32, tlvs string) string {
	return le(0, iwlMagic) + padded(human, iwlHumanBytes) + le(version, build, 0, 0) + tlvs
}

// sfi builds an .sfi file of a header, signatures of ECDSA and commands.
func sfi(date uint32, commands string) string {
	header := padded(le(6, 0xa1, 0x10000, 1, 0x8086, date), 0xa1*4)
	return header + padded(le(6, 0x50, 0x20000), 320) + commands
}

// blobs are files of every format, each with the name under which it is read.
// The texts and numbers are those of real files, see testdata.
var blobs = []struct {
	name, data string
	want       Info
}{
	{"brcm/brcmfmac43455-sdio.bin", "\x7f\x0143455c0-roml/43455_sdio-pno Version: 7.45.234 (4ca95bb CY) CRC: 212e223d Date: Thu 2021-04-15 03:06:00 PDT Ucode Ver: 1043.2161 FWID 01-996384e2\n\x01DVID 01-1234",
		Info{
			Format: BroadcomWiFi, Version: "7.45.234", Build: "01-996384e2", Date: "2021-04-15 03:06:00", Chip: "43455c0-roml",
			Text: "Version: 7.45.234 (4ca95bb CY) CRC: 212e223d Date: Thu 2021-04-15 03:06:00 PDT Ucode Ver: 1043.2161 FWID 01-996384e2",
		}},
	{"any", "Version: %s Version: 7.13.53.9 (r664949) CRC: db9d30c0 Date: Mon 2017-05-29 00:05:32 PDT Ucode Ver: 997.0\x00\xff\x00FWID 01-93c3a6da",
		Info{
			Format: BroadcomWiFi, Version: "7.13.53.9", Build: "01-93c3a6da", Date: "2017-05-29 00:05:32", Chip: "Version: %s",
			Text: "Version: 7.13.53.9 (r664949) CRC: db9d30c0 Date: Mon 2017-05-29 00:05:32 PDT Ucode Ver: 997.0",
		}},
	{"any", "a/b Version: 7.35.143.46 CRC: ba894e1 Date: Fri 2015-02-13 15:51:24 PST FWID: 01-6a0aNVRAMRev=$Rev: 535764 $",
		Info{
			Format: BroadcomWiFi, Version: "7.35.143.46", Date: "2015-02-13 15:51:24", Chip: "a",
			Text: "Version: 7.35.143.46 CRC: ba894e1 Date: Fri 2015-02-13 15:51:24 PST FWID: 01-6a0a",
		}},
	{"any", padded("BLOB", 60) + "CLM DATA\x00\x00\x0c\x00\x02\x00" + padded("Cypress.CYW43455", 20) + padded("1.29.4", 20) + le(0x6ac)[2:] + padded("ClmImport: 1.36.3", 30) + padded("v1 200520", 60),
		Info{Format: BroadcomCLM, Version: "v1 200520", Chip: "Cypress.CYW43455", Text: "Cypress.CYW43455 1.29.4 ClmImport: 1.36.3 v1 200520"}},
	{"any", padded("BLOB", 60) + "CLM DATA\x00\x00\x0c\x00\x02\x00" + padded("9.10.136", 20) + padded("1.29.4", 20) + le(0x6ac)[2:] + padded("ClmImport: 1.36.3", 30) + padded("Broadcom-0.0", 60),
		Info{Format: BroadcomCLM, Version: "9.10.136", Text: "9.10.136 1.29.4 ClmImport: 1.36.3 Broadcom-0.0"}},
	{"brcm/BCM4345C0.hcd", "L\xfc\xffBRCMcfgS\x00BCM43\x00&BCM43455 37.4MHz Raspberry Pi 3+-0190\x00BCM43455 later",
		Info{Format: BroadcomBluetooth, Version: "BCM43455 37.4MHz Raspberry Pi 3+-0190", Build: "0190", Chip: "BCM43455"}},
	{"any", ucode("release/core69::daa05125", 72, 0xdaa05125, le(1, 5, 1, 0x99)+le(36, 12, 72, 0xdaa05125, 0)),
		Info{Format: IntelWiFi, Version: "72.daa05125.0", Build: "release/core69::daa05125", API: 72, HasAPI: true}},
	{"any", ucode("100 fw v39.31.5.1 build 32895\n", 0x271f0501, 32895, ""),
		Info{Format: IntelWiFi, Version: "39.31.5.1", Build: "100 fw v39.31.5.1 build 32895", API: 5, HasAPI: true}},
	{"iwlwifi-3945-2.ucode", le(0x0f200209, 1, 2, 3, 4, 5) + strings.Repeat("x", 15),
		Info{Format: IntelWiFi, Version: "15.32.2.9", API: 2, HasAPI: true}},
	{"iwlwifi-6000-4.ucode", le(0x09dd0401, 25532, 1, 2, 3, 4, 5) + strings.Repeat("x", 15),
		Info{Format: IntelWiFi, Version: "9.221.4.1", Build: "build 25532", API: 4, HasAPI: true}},
	{"iwlwifi-ty-a0-gf-a0.pnvm", le(64, 12, 0, 0, 0, 58, 2, 0x42, 62, 4, 0x581d4936),
		Info{Format: IntelPNVM, Version: "581d4936"}},
	{"any", sfi(0x20241127, "\x8e\xfc\x02ab\x0e\xfc\x07\x00\x08\x10\x00\xc8\x30\x18"),
		Info{Format: IntelBluetooth, Version: "200-48.24", Date: "2024-11-27"}},
	{"ath10k/QCA9377/hw1.0/firmware-sdio-5.bin", "QCA-ATH10K\x00w" + le(0, 31) + "WLAN.TF.1.1.1-00061-QCATFSWPZ-1w" + le(1, 4, 0x589c5000) + le(3, 2) + "im",
		Info{Format: Ath10k, Version: "WLAN.TF.1.1.1-00061-QCATFSWPZ-1", Date: "2017-02-09 11:18:24", API: 5, HasAPI: true}},
	{"vendor/wlan-6.bin", "QCA-ATH10K\x00w" + le(0, 9) + "10.2.4.45",
		Info{Format: Ath10k, Version: "10.2.4.45"}},
	{"ath6k/AR6003/hw2.1.1/fw-3.bin", "QCA-ATH6KL\x00" + le(0, 9) + "3.2.0.144" + le(1, 4, 0x4f83da2d),
		Info{Format: Ath6kl, Version: "3.2.0.144", Date: "2012-04-10 06:58:53", API: 3, HasAPI: true}},
	{"ath11k/QCA6390/hw2.0/amss.bin", "\x7fELF QC_IMAGE_VERSION_STRING=%s\x00QC_IMAGE_VERSION_STRING=WLAN.HST.1.0.1-05266-QCAHSTSWPLZ_V2_TO_X86-1\x00",
		Info{Format: QualcommImage, Version: "WLAN.HST.1.0.1-05266-QCAHSTSWPLZ_V2_TO_X86-1"}},
	{"qca/hpbtfw21.tlv", "\x01\x40\x00\x00" + le(0x40, 0x30, 0x30001, 0x2010013, 0x3a98, 0) + padded("BTFW.HSP.2.1.0-00653-VER_PATCHZ-3", 40),
		Info{Format: QualcommPatch, Version: "0x00003a98", Build: "BTFW.HSP.2.1.0-00653-VER_PATCHZ-3", Chip: "product 0x0013 ROM 0x0201"}},
	{"qca/hpnv21.bin", "\x02\xce\x19\x00\x01\x00\x40\x00" + le(0, 0) + padded("BTFW.HSP.2.1.0-00653-VER_PATCHZ-3", 64),
		Info{Format: QualcommNVM, Version: "BTFW.HSP.2.1.0-00653-VER_PATCHZ-3"}},
	{"rtw88/rtw8822c_fw.bin", "\x22\x88\x00\x00\x09\x00\x09\x0f" + padded("\xff\xff\xff\xff\xe7\x01\x00\x00\x03\x10\x0d\x31\xe7\x07", 56),
		Info{Format: RealtekWiFi, Version: "9.9.15", Date: "2023-03-16 13:49", Chip: "0x8822"}},
	{"rtlwifi/rtl8192eu_nic.bin", padded("\xe1\x92\x10\x00\x23\x00\x07\x00\x11\x10\x10\x46", 64),
		Info{Format: RealtekWiFi, Version: "35.7", Chip: "0x92e1"}},
	{"rtlwifi/rtl8192sefw.bin", padded("\x92\x81\x31\x70", 64),
		Info{Format: RealtekWiFi, Version: "0x7031", Chip: "0x8192"}},
	{"rtw89/rtw8922a_fw-1.bin", "\xff\x03\x00\x00\x00\x23\x29\x00" + le(0, 0) +
		le(0x0100, 64, 32, 0) + le(0x0101, 96, 32, 0) + le(0xff00, 64, 32, 0) +
		le(0, 0x00282200, 0xd01fd71a, 0, 0, 0, 0, 0) + le(0, 0x00292300, 0x6cb38ab7, 0x01000000, 0x1b111508, 0x00b007e8, 0, 0),
		Info{Format: RealtekAX, Version: "0.35.41.0", Build: "6cb38ab7", Date: "2024-08-21 17:27"}},
	{"any", "Realtech" + le(0xdfc6d922, 2),
		Info{Format: RealtekBluetooth, Version: "0xdfc6d922"}},
	{"any", "RTBTCore" + le(0x0134b244, 0x00024be8),
		Info{Format: RealtekBluetooth, Version: "0134b244-00024be8"}},
	{"any", "code\x00\x00____01000020241106151045\x00\x8dD\x91\x82",
		Info{Format: MediaTekRAM, Version: "____010000", Build: "20241106151045", Date: "2024-11-06 15:10:45"}},
	{"mediatek/WIFI_MT7922_patch_mcu_1_1_hdr.bin", "20241106163228a\nALPS\x8a\x10\x8a\x10\xff\xff\xff\xff\x00\x00",
		Info{Format: MediaTekPatch, Version: "0x8a108a10", Build: "20241106163228a", Date: "2024-11-06 16:32:28", Chip: "ALPS"}},
	{"mediatek/BT_RAM_CODE_MT7922_1_1_hdr.bin", "20241106163512\x00\x00ALPS\x8a\x00\x8a\x00\xff\xff\xff\xff\x00\x00",
		Info{Format: MediaTekBluetooth, Version: "0x008a008a", Build: "20241106163512", Date: "2024-11-06 16:35:12", Chip: "ALPS"}},
	{"any", le(5, 4, 0x01007640, 0x02067641) + "201302052146____" + "123456789",
		Info{Format: MediaTekOld, Version: "0.1.00", Build: "7640", Date: "2013-02-05 21:46"}},
	{"any", "$Id: other $$Id: w8887o-A2, RF87XX, FP68, 15.68.7.p189 $\x00RC: src/common , yhou     , 2018/07/27 , 03:51:52\x00",
		Info{Format: Marvell, Version: "15.68.7.p189", Date: "2018-07-27 03:51:52", Chip: "w8887o-A2", Text: "w8887o-A2, RF87XX, FP68, 15.68.7.p189"}},
	{"mrvl/pcie8997_wlan_v4.bin", "$Id: w8997o-V4, RF878X, FP68_LINUX, 16.6S\xdbE\x90" + le(1, 0x14968, 512, 0x33769582) + "8.10.p159.1 $",
		Info{Format: Marvell, Version: "16.68.10.p159.1", Chip: "w8997o-V4", Text: "w8997o-V4, RF878X, FP68_LINUX, 16.68.10.p159.1"}},
	{"ti-connectivity/wl18xx-fw-4.bin", "\x01Rev of\x00FRev 8.9.0.0.83\x00FRev 8.2.0.0.243\x00",
		Info{Format: TI, Version: "8.9.0.0.83"}},
	{"ti-connectivity/wl127x-fw-5-plt.bin", "\x01FPLT 6.3.10.0.142\x00FRev 6.1.0.0.1",
		Info{Format: TI, Version: "6.3.10.0.142"}},
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, b := range blobs {
		for _, prefix := range []string{"", "/lib/firmware/"} {
			if got, ok := Version(prefix+b.name, []byte(b.data)); got != b.want || !ok {
				t.Errorf("Version(%s, %.40q) = %+v, %v; want %+v", prefix+b.name, b.data, got, ok, b.want)
			}
		}
	}
}

func TestVersionOfNothing(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"brcm/brcmfmac43455-sdio.txt":           "# Sample variables file\nmanfid=0x2d0\nVersion: 1.2\n",
		"rtl_bt/rtl8761bu_config.bin":           "\x55\xab\x23\x87\x00\x00",
		"rtlwifi/rtl8723bs_bt.bin":              strings.Repeat("\xfc\x63", 40),
		"rtw88/short.bin":                       "\x22\x88\x00\x00\x09\x00\x09\x0f",
		"qca/crnv21.bin":                        "\x04\xe7\x11\x00\x02\xf7\x0d\x00" + le(0, 0, 0, 0),
		"qca/cut.tlv":                           "\x01\x40\x00\x00" + le(0x40, 0x30, 0x30001, 0x2010013, 0x3a98, 0),
		"iwlwifi-9.ucode":                       le(0x0f200209, 1, 2, 3, 4, 5) + "x",
		"iwlwifi.pnvm":                          le(64, 12, 0, 0, 0, 62, 400),
		"ath10k/WCN3990/hw1.0/firmware-5.bin":   "QCA-ATH10K\x00w" + le(1, 4, 0x5bbee4a4),
		"ti-connectivity/wl127x-nvs.bin":        "FRev 1.2.3.4.5",
		"other.bin":                             "FRev 1.2.3.4.5 $Id: a, 1.2.3 $ BCM4345 Version: ",
		"mediatek/mt7915_eeprom.bin":            strings.Repeat("\x00", 3584),
		"ath11k/QCA6390/hw2.0/board-2.bin":      "QCA-ATH11K-BOARD\x00",
		"intel/ibt-11-5.ddc":                    "\x03\x28\x01\x18",
		"intel/cut.sfi":                         sfi(0x20241127, "\x0e\xfc\x07\x00\x08"),
		"rtw89/cut_fw.bin":                      "\xff\x02\x00\x00\x00\x23\x29\x00" + le(0, 0) + le(0x0100, 0xfffffff0, 32, 0),
		"mediatek/mt7663_future.bin":            "20991306163228a\n",
		"brcm/brcmfmac-version-without-crc.bin": "Version: 7.45.234 and more",
	} {
		if got, ok := Version(name, []byte(data)); ok || got != (Info{}) {
			t.Errorf("Version(%s) = %+v, %v; want none", name, got, ok)
		}
	}
}

// TestVersionCut checks that no beginning of a file is read as another version.
func TestVersionCut(t *testing.T) {
	t.Parallel()
	for _, b := range blobs {
		for n := range len(b.data) {
			got, ok := Version(b.name, []byte(b.data[:n]))
			if ok && !strings.HasPrefix(b.want.Version, got.Version) && b.name != "rtw89/rtw8922a_fw-1.bin" && b.want.Format != IntelWiFi {
				t.Errorf("Version(%s, first %d bytes) = %+v; want a beginning of %q or none", b.name, n, got, b.want.Version)
			}
		}
	}
}

func FuzzVersion(f *testing.F) {
	for _, b := range blobs {
		f.Add(b.name, []byte(b.data))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		info, ok := Version(name, data)
		if ok != (info.Version != "") || ok != (info.Format != "") {
			t.Fatalf("Version(%q, %q) = %+v, %v; want a version and format, or none", name, data, info, ok)
		}
		for _, s := range []string{info.Version, info.Build, info.Date, info.Chip, info.Text} {
			if len(s) > 1024 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(s) != s {
				t.Errorf("Version(%q, %q) = %+v; want short printable texts", name, data, info)
			}
		}
		if info.Date != "" {
			if _, err := time.Parse("2006-01-02 15:04:05"[:len(info.Date)], info.Date); err != nil {
				t.Errorf("Version(%q, %q) has the date %q; want one of the calendar", name, data, info.Date)
			}
		}
		if again, _ := Version("/lib/firmware/"+name, data); ok && again != info {
			t.Errorf("Version of %q below /lib/firmware = %+v; want %+v", name, again, info)
		}
	})
}
