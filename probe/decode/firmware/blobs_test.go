package firmware

import (
	_ "embed"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
)

//go:embed testdata/blobs.txt
var radioBlobs string

// readBlob reads a file of one of the packages, whose links stay inside it.
func readBlob(folders []string, name string) ([]byte, error) {
	for _, folder := range folders {
		if data, err := os.ReadFile(filepath.Join(folder, name)); err == nil {
			return data, nil
		}
	}
	return nil, os.ErrNotExist
}

// TestBlobsOfDebian counts the files that give a version, and prints those that
// do not.
func TestBlobsOfDebian(t *testing.T) {
	t.Parallel()
	folders := unpacked(t)
	formats := map[Format]int{}
	var without []string
	all := 0
	for line := range strings.Lines(radioBlobs) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "#") {
			continue
		}
		all++
		data, err := readBlob(folders, name)
		info, ok := Version(name, data)
		switch {
		case err != nil:
			without = append(without, name+" (not in the packages)")
		case !ok:
			without = append(without, name)
		default:
			formats[info.Format]++
		}
	}
	t.Logf("a version was read from %d of %d files: %v; none from %d:\n\t%s", all-len(without), all, formats, len(without), strings.Join(without, "\n\t"))
	if all != 174 || all-len(without) < 160 {
		t.Errorf("a version was read from %d of %d files; want 160 of 174", all-len(without), all)
	}
}

// TestVersionIsWhatKernelsLog holds what files of Debian 13 say of themselves
// against lines that kernels have logged after they loaded the same build.
func TestVersionIsWhatKernelsLog(t *testing.T) {
	t.Parallel()
	folders := unpacked(t)
	for _, c := range []struct{ file, line string }{
		{"cypress/cyfmac43455-sdio.bin", "brcmfmac mmc1:0001:1: brcmf_c_preinit_dcmds: Firmware: BCM4345/6 wl0: Apr 15 2021 03:03:20 version 7.45.234 (4ca95bb CY) FWID 01-996384e2"},
		{"iwlwifi-QuZ-a0-hr-b0-72.ucode", "iwlwifi 0000:00:14.3: loaded firmware version 72.daa05125.0 QuZ-a0-hr-b0-72.ucode op_mode iwlmvm"},
		{"ath10k/QCA9377/hw1.0/firmware-sdio-5.bin", "ath10k_sdio mmc0:0001:1: firmware ver WLAN.TF.1.1.1-00061-QCATFSWPZ-1 api 5 features ignore-otp crc32 7746e551"},
		{"rtl_bt/rtl8761bu_fw.bin", "Bluetooth: hci0: RTL: fw version 0xdfc6d922"},
		{"rtl_bt/rtl8723bs_fw.bin", "Bluetooth: hci0: rtl: fw version 0x365d462e"},
		{"mediatek/BT_RAM_CODE_MT7922_1_1_hdr.bin", "Bluetooth: hci0: HW/SW Version: 0x008a008a, Build Time: 20241106163512"},
		{"mrvl/sdsd8997_combo_v4.bin", "mwifiex_sdio mmc2:0001:1: info: MWIFIEX VERSION: mwifiex 1.0 (16.68.1.p197)"},
	} {
		e, ok := kmsg.Classify(c.line)
		if !ok || e.Class != kmsg.Running {
			t.Errorf("the log's line %q: %+v", c.line, e)
			continue
		}
		data, err := readBlob(folders, c.file)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		info, _ := Version(c.file, data)
		// mwifiex prints no more than four numbers.
		version := info.Version
		if e.Driver == "mwifiex_sdio" {
			version = strings.Join(strings.Split(version, ".")[:min(4, strings.Count(version, ".")+1)], ".")
		}
		// A checksum that ath10k makes of the file stands in no file.
		if version != e.Version || e.Build != "" && !slices.Contains([]string{info.Build, "7746e551"}, e.Build) {
			t.Errorf("%s says %q %q; the kernel logged %q %q", c.file, info.Version, info.Build, e.Version, e.Build)
		}
	}
}
