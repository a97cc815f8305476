package probe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/report"
)

// TestFirmwareMatch holds what drivers log as running against what the file has
// that they had chosen.
func TestFirmwareMatch(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		log           []string
		file, inFile  string
		match, differ bool
	}{
		"brcmfmac": {[]string{
			"brcmfmac: brcmf_fw_alloc_request: using brcm/brcmfmac43455-sdio for chip BCM4345/6",
			"brcmfmac mmc1:0001:1: brcmf_c_preinit_dcmds: Firmware: BCM4345/6 wl0: Apr 15 2021 03:03:20 version 7.45.234 (4ca95bb CY) FWID 01-996384e2",
		}, "brcm/brcmfmac43455-sdio.bin", "7.45.234 01-996384e2", true, false},
		"another build": {[]string{
			"brcmfmac: brcmf_fw_alloc_request: using brcm/brcmfmac43455-sdio for chip BCM4345/6",
			"brcmfmac: brcmf_c_preinit_dcmds: Firmware: BCM4345/6 wl0: Apr 15 2021 03:03:20 version 7.45.234 (4ca95bb CY) FWID 01-996384e2",
		}, "brcm/brcmfmac43455-sdio.bin", "7.45.234 01-703fd600", false, true},
		"iwlwifi": {[]string{
			"iwlwifi 0000:00:14.3: loaded firmware version 72.daa05125.0 QuZ-a0-hr-b0-72.ucode op_mode iwlmvm",
		}, "iwlwifi-QuZ-a0-hr-b0-72.ucode", "72.daa05125.0 release/core69::daa05125", true, false},
		"Realtek's Bluetooth": {[]string{
			"Bluetooth: hci0: RTL: loading rtl_bt/rtl8761bu_fw.bin", "Bluetooth: hci0: RTL: fw version 0xdfc6d922",
		}, "rtl_bt/rtl8761bu_fw.bin", "0x09a98a6b", false, true},
		"other words": {[]string{
			"Bluetooth: hci0: RTL: loading rtl_bt/rtl8761bu_fw.bin", "Bluetooth: hci0: RTL: fw version 0xdfc6d922",
		}, "rtl_bt/rtl8761bu_fw.bin", "1.2.3", false, false},
	} {
		var log kernelLog
		for _, line := range c.log {
			e, ok := kmsg.Classify(line)
			if !ok {
				t.Fatalf("%s: %q is no event", name, line)
			}
			log.Records = append(log.Records, e)
		}
		data, err := json.Marshal(log)
		if err != nil {
			t.Fatal(err)
		}
		evidence := []report.Evidence{
			{ID: "firmware/1", Section: "firmware", Op: "kernel-log/1"}, {ID: "firmware/2", Section: "firmware", Op: "firmware/2", Subject: c.file},
			endOf("firmware", report.OutcomeOK, "", 2),
		}
		evidence[0].SetBytes(data)
		evidence[1].SetBytes([]byte("lib/firmware/" + c.file + ".xz\n" + digest + "\n" + c.inFile + "\n"))
		r := rebuilt(t, evidence)
		if len(r.Firmware) != 1 || r.Firmware[0].File != c.file {
			t.Errorf("%s: %+v; want %s alone", name, r.Firmware, c.file)
			continue
		}
		f := r.Firmware[0]
		if f.Match.OK() != (c.match || c.differ) || f.Match.Value != c.match {
			t.Errorf("%s: %q runs, %q in the file: match %+v; want %v", name, f.Version.Value, f.FileVersion.Value, f.Match, c.match)
		}
		if f.SHA256.Value != digest || f.Found.Value != "lib/firmware/"+c.file+".xz" {
			t.Errorf("%s: found %q, digest %q", name, f.Found.Value, f.SHA256.Value)
		}
	}
}

// TestFirmwareStates says of logs from the field which file runs in which version, and
// which radio stopped.
func TestFirmwareStates(t *testing.T) {
	for name, c := range map[string]struct {
		log  []string
		want []string // file, state and version
	}{
		"rtw89 with parts": {[]string{
			"rtw89_8922ae 0000:08:00.0: loaded firmware rtw89/rtw8922a_fw-4.bin",
			"rtw89_8922ae 0000:08:00.0: Firmware version 0.35.80.0 (4e8a9ee8), cmd version 1, type 1",
			"rtw89_8922ae 0000:08:00.0: Firmware version 0.1.0.0 (7b393818), cmd version 0, type 64",
		}, []string{"rtw89/rtw8922a_fw-4.bin running 0.35.80.0 4e8a9ee8"}},
		"the board's own file": {[]string{
			"brcmfmac: brcmf_fw_alloc_request: using brcm/brcmfmac43436-sdio for chip BCM43430/2",
			"brcmfmac mmc1:0001:1: firmware: direct-loading firmware brcm/brcmfmac43436-sdio.raspberrypi,model-zero-2-w.bin",
			"brcmfmac mmc1:0001:1: firmware: direct-loading firmware brcm/brcmfmac43436-sdio.raspberrypi,model-zero-2-w.txt",
			"brcmfmac: brcmf_c_preinit_dcmds: Firmware: BCM43430/2 wl0: Mar 31 2022 17:24:51 version 9.88.4.77 (g58bc5cc) FWID 01-3b307371",
		}, []string{"brcm/brcmfmac43436-sdio.raspberrypi,model-zero-2-w.bin running 9.88.4.77 01-3b307371", "brcm/brcmfmac43436-sdio.raspberrypi,model-zero-2-w.txt loaded "}},
		"a patch that fails": {[]string{
			"mt7615e 0000:02:00.0: HW/SW Version: 0xc3140000, Build Time: cv",
			"mt7615e 0000:02:00.0: Failed to start patch",
		}, []string{"(mt7615e 0000:02:00.0) failed "}},
		"WiLink 8 without its optional files": {[]string{
			"wl18xx_driver wl18xx.1.auto: Direct firmware load for ti-connectivity/wl18xx-conf.bin failed with error -2",
			"wlcore: firmware booted (Rev 8.9.0.0.79)",
		}, []string{"(wlcore) running 8.9.0.0.79", "ti-connectivity/wl18xx-conf.bin optional "}},
		"NXP's Bluetooth that fails": {[]string{
			"Bluetooth: hci0: Request Firmware: nxp/uartspi_n61x_v1.bin.se", "Bluetooth: hci0: Firmware file nxp/uartspi_n61x_v1.bin.se not found",
		}, []string{"nxp/uartspi_n61x_v1.bin.se lacking "}},
		"ath11k that fails": {[]string{
			"ath11k_pci 0000:02:00.0: failed to fetch board.bin from WCN6855/hw2.0",
		}, []string{"WCN6855/hw2.0 lacking "}},
		"iwlwifi reads it, and it does not run": {[]string{
			"iwlwifi 0000:00:14.3: loaded firmware version 66.55c64978.0 QuZ-a0-hr-b0-66.ucode op_mode iwlmvm",
			"iwlwifi 0000:00:14.3: Failed to run INIT ucode: -110",
		}, []string{"iwlwifi-QuZ-a0-hr-b0-66.ucode failed "}},
		"rtw88 reads it, and cannot hand it over": {[]string{
			"rtw_8822ce 0000:03:00.0: Firmware version 9.9.4, H2C version 15", "rtw_8822ce 0000:03:00.0: failed to download firmware",
		}, []string{"(rtw_8822ce 0000:03:00.0) failed "}},
		"Intel's Bluetooth stops in the middle": {[]string{
			"Bluetooth: hci0: Found device firmware: intel/ibt-12-16.sfi", "Bluetooth: hci0: Failed to send firmware data (-110)",
		}, []string{"intel/ibt-12-16.sfi failed "}},
		"AIC8800 by paths": {[]string{
			"rwnx_load_firmware :firmware path = /lib/firmware/aic8800d80//fw_patch_8800d80_u02.bin", "file md5:9e3808a312cc19925259a6c5163753d5",
			"rwnx_load_firmware :firmware path = /oem/usr/ko/aic8800d80_fw/fmacfw_8800d80_u02.bin", "file md5:423e5b57a2cc19925259a6c5163753d5",
			"rd_version_val=06090101",
		}, []string{"/oem/usr/ko/aic8800d80_fw/fmacfw_8800d80_u02.bin running 06090101", "aic8800d80/fw_patch_8800d80_u02.bin loaded "}},
		"AIC8800 that does not start": {[]string{
			"rwnx_load_firmware :firmware path = /lib/firmware/fmacfw_8800d80_u02.bin", "file md5:423e5b57a2cc19925259a6c5163753d5",
			"rd_version_val=00000000", "8800d80 wifi start fail",
		}, []string{"fmacfw_8800d80_u02.bin failed "}},
		"AIC8800 without its file": {[]string{
			"rwnx_load_firmware :firmware path = /lib/firmware/fmacfw_8800d80_u02.bin", "rwnx_load_firmware: fmacfw_8800d80_u02.bin file failed to open",
		}, []string{"fmacfw_8800d80_u02.bin lacking "}},
		"a sum of nobody's file": {[]string{"file md5:423e5b57a2cc19925259a6c5163753d5"}, nil},
		"asked for by the bus below": {[]string{
			"mhi mhi0: Direct firmware load for ath11k/WCN6855/hw2.0/amss.bin failed with error -22",
		}, []string{"ath11k/WCN6855/hw2.0/amss.bin refused  ath11k"}},
	} {
		var log kernelLog
		for _, line := range c.log {
			if e, ok := kmsg.Classify(line); ok {
				log.Records = append(log.Records, e)
			}
		}
		var got []string
		for _, f := range rebuiltFromLog(t, "firmware", log).Firmware {
			text := f.File + " " + f.State.Value + " " + f.Version.Value
			if f.Driver.Basis == report.Inferred {
				text += " " + f.Driver.Value
			}
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%q; want\n%q", name, got, c.want)
		}
	}
}

// TestKernelLogBounds lets one driver complain without end: the others are kept, and it
// is said who was cut.
func TestKernelLogBounds(t *testing.T) {
	t.Parallel()
	var log kernelLog
	said := map[string]int{}
	for range 5000 {
		log.add(kmsg.Event{Class: kmsg.LoadFailed, Driver: "noisy", Device: "0000:01:00.0", File: "a.bin", Final: true}, said)
	}
	log.add(kmsg.Event{Class: kmsg.Running, Driver: "iwlwifi", Device: "0000:02:00.0", Version: "72.0"}, said)
	if n := len(log.Records); n != maxDriverEvents+1 || log.Records[n-1].Driver != "iwlwifi" {
		t.Errorf("%d records are kept, the last of %q; want %d, of iwlwifi", n, log.Records[n-1].Driver, maxDriverEvents+1)
	}
	log.Complete = true
	r := rebuiltFromLog(t, "radios", log)
	if whole := r.Radios.LogComplete; whole.Value || !strings.Contains(whole.Note, "noisy 0000:01:00.0") {
		t.Errorf("log complete = %+v; want no, for the driver noisy", whole)
	}
	for i := range 2 * maxEventRecords {
		log.add(kmsg.Event{Class: kmsg.Chip, Driver: fmt.Sprint("driver", i)}, said)
	}
	if len(log.Records) > maxEventRecords || len(log.LeftOut) > maxDriverEvents {
		t.Errorf("%d records, %d drivers left out; want at most %d, %d", len(log.Records), len(log.LeftOut), maxEventRecords, maxDriverEvents)
	}
}

// TestFirmwareFileBound names more files than are kept: the section says how many.
func TestFirmwareFileBound(t *testing.T) {
	t.Parallel()
	var log kernelLog
	for i := range maxFirmwareFiles + 6 {
		log.Records = append(log.Records, kmsg.Event{Class: kmsg.LoadFailed, Driver: "d", Device: "1-1", File: fmt.Sprintf("d/%d.bin", i), Final: true, Errno: 2, HasErrno: true})
	}
	log.Records = append(log.Records, kmsg.Event{Class: kmsg.LoadFailed, Driver: "brcmfmac", Device: "mmc1:0001:1", File: "brcm/brcmfmac43455-sdio.bin", Final: true, Errno: 2, HasErrno: true})
	r := rebuiltFromLog(t, "firmware", log)
	const kept = maxFirmwareFiles + 1
	if s := r.Section("firmware"); len(r.Firmware) != kept || s.Entries != kept+6 || s.Understood != kept || r.Firmware[0].File != "brcm/brcmfmac43455-sdio.bin" {
		t.Errorf("%d files, %d of %d understood; want %d, and %d of %d, the radio's among them", len(r.Firmware), s.Understood, s.Entries, kept, kept, kept+6)
	}
}

// rebuiltFromLog makes the report of a section that asked for the kernel's log alone.
func rebuiltFromLog(t *testing.T, section string, log kernelLog) *report.Report {
	t.Helper()
	data, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	evidence := []report.Evidence{{ID: section + "/1", Section: section, Op: "kernel-log/1"}, endOf(section, report.OutcomeOK, "", 1)}
	evidence[0].SetBytes(data)
	return rebuilt(t, evidence)
}
