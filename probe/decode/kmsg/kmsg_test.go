package kmsg

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/boards"
)

// useOf is what the table says.
func useOf(file string) Use {
	use := boards.UseOfFirmware(file)
	return Use{Group: use.Group, Optional: use.Class == boards.FirmwareOptional, Next: use.Next}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	right := 0
	for _, line := range lines {
		if got, ok := Classify(line.text); got != line.want || !ok {
			t.Errorf("Classify(%q) =\n%+v, %v; want\n%+v", line.text, got, ok, line.want)
		} else {
			right++
		}
	}
	t.Logf("%d of %d lines are classified rightly", right, len(lines))
}

func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	texts := []string{}
	for _, line := range lines {
		texts = append(texts, line.text)
	}
	for _, v := range vectors {
		texts = append(texts, v.text)
	}
	for _, text := range texts {
		head, rest := splitHead(strings.TrimRight(text, " \n"))
		for _, r := range rules {
			var found captures
			if event := (Event{}); strings.HasPrefix(head.driver, r.driver) && match(r.form, rest, &found) && found.fill(&event) {
				used[r.driver+r.form] = true
				break
			}
		}
	}
	for _, r := range rules {
		if !used[r.driver+r.form] {
			t.Errorf("no line meets the rule %q of %q", r.form, r.driver)
		}
	}
}

func TestClassifyNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ":", ": ", "a: b: c", "NET: Registered PF_INET protocol family",
		"usb 1-1: New USB device found, idVendor=2c7c, idProduct=0125, bcdDevice= 3.18",
		"Direct firmware load for  failed with error -2",
		"misc x: Direct firmware load for a.bin failed with error two",
		"misc x: Loaded FW: a.bin, sha256: 12",
		"misc x: loading a.bin failed with error -2", // test_firmware's own words, not a path
		"test_firmware: loading 'brcm/present.bin'",
		"Bluetooth: hci0: command 0xfc18 tx timeout (9000 ms)",
		"Bluetooth: hci0: it (is not a version) build 12",
		"brcmfmac mmc1:0001:1: brcmf_c_preinit_dcmds: Firmware: BCM4345/6 wl0",
		"Disabling lock debugging due to kernel taint",
		strings.Repeat("x", MaxRecordBytes+1),
	} {
		if got, ok := Classify(text); ok || got != (Event{}) {
			t.Errorf("Classify(%.80q) = %+v, %v; want none", text, got, ok)
		}
	}
}

// Records of Debian's kernel 6.12 with emulated devices, and one with escapes.
func TestParseRecord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Record{
		"4,627,16362801,-;usb 1-2: Direct firmware load for htc_9271.fw failed with error -2\n SUBSYSTEM=usb\n DEVICE=c189:2\n": {
			Level: 4, Sequence: 627, Microseconds: 16362801, Text: "usb 1-2: Direct firmware load for htc_9271.fw failed with error -2", Subsystem: "usb", Device: "c189:2"},
		"6,585,15779756,-;cdc_mbim 1-1:1.0: cdc-wdm0: USB WDM device\n SUBSYSTEM=usb\n DEVICE=+usb:1-1:1.0\n": {
			Level: 6, Sequence: 585, Microseconds: 15779756, Text: "cdc_mbim 1-1:1.0: cdc-wdm0: USB WDM device", Subsystem: "usb", Device: "+usb:1-1:1.0"},
		"30,340,5690716,-;udevd[80]: starting version 181": {
			Level: 6, Facility: 3, Sequence: 340, Microseconds: 5690716, Text: "udevd[80]: starting version 181"},
		"6,18446744073709551615,1,c,caller=T1,more;a\\x0ab\\x5cc \\xzz\\x4\n BAD\nDEVICE=+x\n OTHER=1\n SUBSYSTEM=\\x41\n": {
			Level: 6, Sequence: 1<<64 - 1, Microseconds: 1, Fragment: true, Text: "a\nb\\c \\xzz\\x4", Subsystem: "A"},
	} {
		if got, err := ParseRecord([]byte(text)); got != want || err != nil {
			t.Errorf("ParseRecord(%q) =\n%+v, %v; want\n%+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ";", "6,1;x", "6,1,2", "a,1,2,-;x", "2048,1,2,-;x", "6,-1,2,-;x", "6,1,2,-;" + strings.Repeat("x", MaxRecordBytes)} {
		if got, err := ParseRecord([]byte(text)); err == nil {
			t.Errorf("ParseRecord(%.20q) = %+v; want an error", text, got)
		}
	}
}

func TestRecordClassify(t *testing.T) {
	t.Parallel()
	r, err := ParseRecord([]byte("6,1,2,-;brcmfmac: brcmf_fw_alloc_request: using brcm/brcmfmac43455-sdio for chip BCM4345/6\n SUBSYSTEM=sdio\n DEVICE=+sdio:mmc1:0001:1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Event{Class: Chosen, Driver: "brcmfmac", Device: "mmc1:0001:1", File: "brcm/brcmfmac43455-sdio", Chip: "BCM4345/6"}
	if got, ok := r.Classify(); got != want || !ok {
		t.Errorf("Classify of %+v = %+v, %v; want %+v", r, got, ok, want)
	}
}

func events(t *testing.T, log string) []Event {
	t.Helper()
	var list []Event
	for line := range strings.Lines(log) {
		event, ok := Classify(strings.TrimSpace(line))
		if !ok {
			t.Fatalf("Classify(%q) = none", line)
		}
		list = append(list, event)
	}
	return list
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		log  string
		want []string
	}{
		"Raspberry Pi": {`brcmfmac: brcmf_fw_alloc_request: using brcm/brcmfmac43455-sdio for chip BCM4345/6
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.raspberrypi,3-model-b-plus.bin failed with error -2
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.raspberrypi,3-model-b-plus.clm_blob failed with error -2
			brcmfmac: brcmf_c_preinit_dcmds: Firmware: BCM4345/6 wl0: Nov  1 2021 00:37:25 version 7.45.241 (1a2f2fa CY) FWID 01-703fd60
			Bluetooth: hci0: BCM: Patch brcm/BCM4345C0.hcd not found`,
			[]string{
				"brcm/brcmfmac43455-sdio.raspberrypi,3-model-b-plus.bin replaced 7.45.241",
				"brcm/brcmfmac43455-sdio.raspberrypi,3-model-b-plus.clm_blob optional ",
				"brcm/BCM4345C0.hcd optional ",
			}},
		"nothing for the chip": {`brcmfmac mmc2:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.fsl,imx93-11x11-evk.bin failed with error -2
			brcmfmac mmc2:0001:1: firmware: failed to load brcm/brcmfmac43455-sdio.bin (-2)
			brcmfmac mmc2:0001:1: firmware: failed to load brcm/brcmfmac43455-sdio.bin (-2)
			brcmfmac mmc2:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.bin failed with error -2
			brcmfmac mmc2:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.bin failed with error -2`,
			[]string{"brcm/brcmfmac43455-sdio.fsl,imx93-11x11-evk.bin lacking  (one of 2 that do was looked for, down to brcm/brcmfmac43455-sdio.bin)"}},
		"counting down": {`iwlwifi 0000:00:14.3: Direct firmware load for iwlwifi-QuZ-a0-hr-b0-77.ucode failed with error -2
			iwlwifi 0000:00:14.3: loaded firmware version 72.daa05125.0 QuZ-a0-hr-b0-72.ucode op_mode iwlmvm
			iwlwifi 0000:00:14.3: Direct firmware load for iwl-debug-yoyo.bin failed with error -2
			iwlwifi 0000:01:00.0: Direct firmware load for iwlwifi-cc-a0-77.ucode failed with error -2
			iwlwifi 0000:01:00.0: no suitable firmware found!`,
			[]string{"iwlwifi-QuZ-a0-hr-b0-77.ucode replaced 72.daa05125.0", "iwl-debug-yoyo.bin optional ", "iwlwifi-cc-a0-77.ucode lacking "}},
		"many numbers of one file": {`iwlwifi 0000:01:00.0: Direct firmware load for iwlwifi-ty-a0-gf-a0-89.ucode failed with error -2
			iwlwifi 0000:01:00.0: Direct firmware load for iwlwifi-ty-a0-gf-a0-88.ucode failed with error -2
			iwlwifi 0000:01:00.0: Direct firmware load for iwlwifi-ty-a0-gf-a0-87.ucode failed with error -2
			iwlwifi 0000:01:00.0: no suitable firmware found!`,
			[]string{"iwlwifi-ty-a0-gf-a0-89.ucode lacking  (one of 3 that do was looked for, down to iwlwifi-ty-a0-gf-a0-87.ucode)"}},
		"the chip's program, no settings": {`brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.acme,a.bin failed with error -2
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.acme,a.txt failed with error -2
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.txt failed with error -2`,
			[]string{
				"brcm/brcmfmac43455-sdio.acme,a.bin replaced brcm/brcmfmac43455-sdio.bin",
				"brcm/brcmfmac43455-sdio.acme,a.txt lacking  (one of 2 that do was looked for, down to brcm/brcmfmac43455-sdio.txt)",
			}},
		"gives up by a name without an end": {`iwlwifi 0000:01:00.0: Direct firmware load for iwlwifi-ty-a0-gf-a0-59.ucode failed with error -2
			iwlwifi 0000:01:00.0: no suitable firmware found!
			iwlwifi 0000:01:00.0: minimum version required: iwlwifi-ty-a0-gf-a0-59`,
			[]string{"iwlwifi-ty-a0-gf-a0-59.ucode lacking "}},
		"parts of one chip": {`mt7921e 0000:03:00.0: Direct firmware load for mediatek/WIFI_MT7961_patch_mcu_1_2_hdr.bin failed with error -2
			mt7921e 0000:03:00.0: Direct firmware load for mediatek/WIFI_RAM_CODE_MT7961_1.bin failed with error -2`,
			[]string{"mediatek/WIFI_MT7961_patch_mcu_1_2_hdr.bin lacking ", "mediatek/WIFI_RAM_CODE_MT7961_1.bin lacking "}},
		"another file of the group": {`ath10k_sdio mmc1:0001:1: Direct firmware load for ath10k/QCA9377/hw1.0/board-2.bin failed with error -2
			ath10k_sdio mmc1:0001:1: firmware: direct-loading firmware ath10k/QCA9377/hw1.0/board.bin
			ath10k_sdio mmc1:0001:1: Direct firmware load for ath10k/QCA9377/hw1.0/firmware-sdio-6.bin failed with error -2
			ath10k_sdio mmc1:0001:1: Loading firmware from /lib/firmware/ath10k/QCA9377/hw1.0/firmware-sdio-5.bin.zst`,
			[]string{"ath10k/QCA9377/hw1.0/board-2.bin replaced ath10k/QCA9377/hw1.0/board.bin", "ath10k/QCA9377/hw1.0/firmware-sdio-6.bin replaced ath10k/QCA9377/hw1.0/firmware-sdio-5.bin"}},
		"there and compressed wrongly": {`iwlwifi 0000:02:00.0: loading /lib/firmware/iwlwifi-9260-th-b0-jf-b0-46.ucode.zst failed with error -22
			iwlwifi 0000:02:00.0: Direct firmware load for iwlwifi-9260-th-b0-jf-b0-46.ucode failed with error -2
			brcmfmac mmc1:0001:1: xz decompression failed (xz_ret=7)
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac43455-sdio.bin failed with error -2`,
			[]string{
				"iwlwifi-9260-th-b0-jf-b0-46.ucode refused  (is there and cannot be loaded: error 22 (EINVAL, it is empty, damaged, or compressed in a way that this kernel does not read))",
				"brcm/brcmfmac43455-sdio.bin refused  (is there and cannot be decompressed)",
			}},
		"there, no memory": {`ath10k_pci 0000:01:00.0: failed to fetch board file: -12
			brcmfmac mmc1:0001:1: Direct firmware load for brcm/brcmfmac4354-sdio.bin failed with error -12
			rtw_8822ce 0000:05:00.0: Direct firmware load for rtw88/rtw8822c_fw.bin failed with error -74
			ieee80211 phy0: brcmf_attach: dongle is not responding: err=-12
			mt7921e 0000:03:00.0: Direct firmware load for mediatek/WIFI_RAM_CODE_MT7961_1.bin failed with error -11`,
			[]string{
				" refused  (is there and cannot be loaded: error 12 (ENOMEM, there is no memory for it))",
				"brcm/brcmfmac4354-sdio.bin refused  (is there and cannot be loaded: error 12 (ENOMEM, there is no memory for it))",
				"rtw88/rtw8822c_fw.bin refused  (is there and cannot be loaded: error 74)",
				"mediatek/WIFI_RAM_CODE_MT7961_1.bin lacking ", // a device that does not answer is no search
			}},
		"optional, and refused": {`wlcore_sdio mmc1:0001:2: Direct firmware load for ti-connectivity/wl18xx-conf.bin failed with error -22`,
			[]string{"ti-connectivity/wl18xx-conf.bin optional  (is there and cannot be loaded: error 22 (EINVAL, it is empty, damaged, or compressed in a way that this kernel does not read))"}},
		"no name at all": {`carl9170 1-1: firmware not found.`, []string{" lacking "}},
		"names behind": {`Bluetooth: hci0: BCM: firmware Patch file not found, tried:
			usb 1-4: Direct firmware load for htc_9271.fw failed with error -2
			Bluetooth: hci0: BCM: 'brcm/BCM20702A1-0a5c-21e8.hcd'
			Bluetooth: hci0: BCM: 'brcm/BCM-0a5c-21e8.hcd'
			usb 1-4: no suitable firmware found!
			usb 1-4: ath9k_htc: Failed to get firmware htc_9271.fw`,
			[]string{"brcm/BCM20702A1-0a5c-21e8.hcd optional ", "brcm/BCM-0a5c-21e8.hcd optional ", "htc_9271.fw lacking "}},
		"loader's words": {`ath10k_pci 0000:02:00.0: Direct firmware load for ath10k/QCA6174/hw3.0/firmware-6.bin failed with error -2
			ath10k_pci 0000:02:00.0: firmware: direct-loading firmware ath10k/QCA6174/hw3.0/firmware-5.bin
			ath10k_pci 0000:03:00.0: Direct firmware load for ath10k/QCA6174/hw3.0/firmware-6.bin failed with error -2
			ath10k_pci 0000:02:00.0: Direct firmware load for ath10k/cal-pci-0000:02:00.0.bin failed with error -2
			platform regulatory.0: Direct firmware load for regulatory.db failed with error -2
			cfg80211: failed to load regulatory.db`,
			[]string{
				"ath10k/QCA6174/hw3.0/firmware-6.bin replaced ath10k/QCA6174/hw3.0/firmware-5.bin",
				"ath10k/QCA6174/hw3.0/firmware-6.bin lacking ", "ath10k/cal-pci-0000:02:00.0.bin optional ",
				"regulatory.db optional ", // the rules of the world domain hold
			}},
		"compressed copy found": {`misc test_firmware: firmware: failed to load brcm/comp-xz.bin (-2)
			misc test_firmware: Loading firmware from /lib/firmware/brcm/comp-xz.bin.xz
			misc test_firmware: Loaded FW: brcm/comp-xz.bin, sha256: c5ff991a0112996857fbcb056e6c94f2fe3d39c9fbdde3bc0e3c2900df02c3b4`, nil},
		"version came before": {`iwlwifi 0000:00:14.3: loaded firmware version 72.daa05125.0 QuZ-a0-hr-b0-72.ucode op_mode iwlmvm
			iwlwifi 0000:00:14.3: Direct firmware load for iwlwifi-QuZ-a0-hr-b0-77.ucode failed with error -2`,
			[]string{"iwlwifi-QuZ-a0-hr-b0-77.ucode lacking "}},
	} {
		var got []string
		for _, f := range Failures(events(t, test.log), useOf) {
			text := fmt.Sprintf("%s %s %s", f.File, f.Outcome, f.By)
			if f.Reason != "" {
				text += " (" + f.Reason + ")"
			}
			got = append(got, text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("Failures(%s) = %q; want %q", name, got, test.want)
		}
	}
}

func TestParseDeferred(t *testing.T) {
	t.Parallel()
	got := ParseDeferred([]byte("fe300000.mmc\tplatform: wait for supplier /sdio-pwrseq\n\nleds\n1-0\t\n"))
	want := []Deferred{{"fe300000.mmc", "platform: wait for supplier /sdio-pwrseq"}, {"leds", ""}, {"1-0", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("ParseDeferred = %q; want %q", got, want)
	}
	if got := ParseDeferred([]byte(strings.Repeat("a\n", 2*maxDeferred))); len(got) != maxDeferred {
		t.Errorf("ParseDeferred of many = %d; want %d", len(got), maxDeferred)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte("6,585,15779756,-;cdc_mbim 1-1:1.0: cdc-wdm0: USB WDM device\n SUBSYSTEM=usb\n DEVICE=+usb:1-1:1.0\n"))
	f.Add([]byte("30,340,5690716,c;a\\x0a\n X=\\x5c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		if r.Level < 0 || r.Level > 7 || r.Facility < 0 || r.Facility > 255 || len(r.Text)+len(r.Device)+len(r.Subsystem) > len(data) {
			t.Errorf("ParseRecord(%q) = %+v; want numbers in their bounds and no longer text", data, r)
		}
		// Written as the kernel does it, the record is read again.
		text := fmt.Sprintf("%d,%d,%d,-;%s", r.Facility<<3|r.Level, r.Sequence, r.Microseconds, escape(r.Text))
		again, err := ParseRecord([]byte(text))
		if err == nil && again.Text != r.Text || err != nil && len(text) <= MaxRecordBytes {
			t.Errorf("ParseRecord(%q) = %+v, %v; want the text %q", text, again, err, r.Text)
		}
		r.Classify()
	})
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 127 || c == '\\' {
			fmt.Fprintf(&b, "\\x%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func FuzzClassify(f *testing.F) {
	for _, line := range lines {
		f.Add(line.text)
	}
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, ok := Classify(text)
		if ok != (e.Class != "") {
			t.Fatalf("Classify(%q) = %+v, %v; want a class or none", text, e, ok)
		}
		for _, s := range []string{e.Driver, e.Device, e.File, e.Path, e.SHA256, e.Version, e.Build, e.Chip, e.Node, e.Reason} {
			if !slices.Contains([]string{bluetooth, aic8800, bcmdhd}, s) && !strings.Contains(text, s) { // names that stand for forms
				t.Errorf("Classify(%q) = %+v; want fields of the text, not %q", text, e, s)
			}
		}
		if !e.HasErrno && e.Errno != 0 || !e.HasAPI && e.API != 0 || e.Errno < 0 || e.API < 0 {
			t.Errorf("Classify(%q) = %+v; want numbers that the text has", text, e)
		}
		if found := Failures([]Event{e, e}, useOf); len(found) > 1 || len(found) == 1 && !e.Final {
			t.Errorf("Failures of %+v twice = %+v; want it once if it is final", e, found)
		}
	})
}
