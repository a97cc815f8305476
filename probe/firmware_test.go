package probe

import (
	"encoding/json"
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
