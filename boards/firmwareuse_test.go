package boards

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestUseOfFirmware(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{ // driver, class, group
		"brcm/brcmfmac43455-sdio.bin":         "brcmfmac required, brcmfmac firmware",
		"brcm/brcmfmac43455-sdio.acme,a.bin":  "brcmfmac required, brcmfmac firmware",
		"brcm/brcmfmac43455-sdio.acme,a.txt":  "brcmfmac board, brcmfmac nvram",
		"brcm/brcmfmac4356-pcie.txt":          "brcmfmac optional, brcmfmac nvram",
		"brcm/brcmfmac43455-sdio.clm_blob":    "brcmfmac optional, brcmfmac clm_blob",
		"brcm/BCM4345C0.hcd":                  "btbcm optional, btbcm patch",
		"BCM4345C0.hcd":                       "btbcm optional, btbcm patch",
		"iwlwifi-cc-a0-77.ucode":              "iwlwifi required, iwlwifi ucode",
		"iwlwifi-so-a0-gf-a0.pnvm":            "iwlwifi optional, iwlwifi-so-a0-gf-a0.pnvm",
		"iwl-debug-yoyo.bin":                  "iwlwifi optional, iwl-debug-yoyo.bin",
		"ath10k/QCA6174/hw3.0/firmware-6.bin": "ath10k required, ath10k firmware",
		"ath10k/QCA6174/hw3.0/board-2.bin":    "ath10k board, ath10k board",
		"ath10k/pre-cal-pci-0000:01:00.0.bin": "ath10k optional, ath10k/pre-cal-pci-0000:01:00.0.bin",
		"ath11k/QCA6390/hw2.0/regdb.bin":      "ath11k optional, ath11k/QCA6390/hw2.0/regdb.bin",
		"ath11k/QCA6390/hw2.0/m3.bin":         " required, ath11k/QCA6390/hw2.0/m3.bin",
		"ath12k/WCN7850/hw2.0/amss.bin":       "ath12k required, ath12k firmware",
		"mediatek/mt7915_rom_patch.bin":       " required, mediatek/mt7915_rom_patch.bin",
		"mediatek/mt7915_wa.bin":              " required, mediatek/mt7915_wa.bin",
		"mediatek/mt7915_eeprom.bin":          "mt7915 board, mt7915 eeprom",
		"rtw89/rtw8852b_fw-1.bin":             "rtw89 required, rtw89 firmware",
		"rtw88/rtw8822c_wow_fw.bin":           " required, rtw88/rtw8822c_wow_fw.bin",
		"rtl_bt/rtl8822cs_config.bin":         "btrtl board, btrtl config",
		"rtl_bt/rtl8761bu_config.bin":         "btrtl optional, btrtl config",
		"qca/nvm_usb_00000302.bin":            "btusb required, btusb nvm",
		"qca/hpnv21.b8c":                      "hci_qca optional, hci_qca nvm",
		"qca/rampatch_00130300.bin":           "hci_qca optional, hci_qca patch",
		"ti-connectivity/wl18xx-conf.bin":     "wl18xx optional, ti-connectivity/wl18xx-conf.bin",
		"ti-connectivity/wl18xx-fw-4.bin":     " required, ti-connectivity/wl18xx-fw-4.bin",
		"ti-connectivity/wl128x-nvs.bin":      "wl12xx board, ti-connectivity/wl128x-nvs.bin",
		"regulatory.db":                       "cfg80211 optional, regulatory.db",
		"intel/ibt-12-16.ddc":                 "btintel optional, intel/ibt-12-16.ddc",
		"../../etc/passwd":                    " required, ../../etc/passwd",
		strings.Repeat("*[", 300):             " required, " + strings.Repeat("*[", 300),
	} {
		use := UseOfFirmware(file)
		if got := use.Driver + " " + use.Class + ", " + use.Group; got != want {
			t.Errorf("UseOfFirmware(%q) = %s; want %s", file, got, want)
		}
		if use.Driver != "" && len(use.From) == 0 {
			t.Errorf("UseOfFirmware(%q) cites nothing", file)
		}
	}
}

// TestEveryUseIsReached asks each row for a file that it is there for, so that none
// stands in vain behind a wider one.
func TestEveryUseIsReached(t *testing.T) {
	t.Parallel()
	rows, err := firmwareUses()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, pattern := range row.files {
			file := strings.NewReplacer("*", "x", "?", "0").Replace(pattern)
			if use := UseOfFirmware(file); use.Driver != row.Driver || use.Class != row.Class {
				t.Errorf("%s is of %s, %s; its row says %s, %s", file, use.Driver, use.Class, row.Driver, row.Class)
			}
		}
	}
}

func TestLoadFirmwareUsesRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"tree": "https://example.org/", "sources": {"a": "a.c"}, "files": [{"driver": "d", "files": ["d/*.bin"], "class": "required", "from": ["a"]}]}`
	load := func(text string) error {
		_, err := loadFirmwareUses(fstest.MapFS{"firmware-use.json": {Data: []byte(text)}})
		return err
	}
	if err := load(good); err != nil {
		t.Fatalf("the good file: %v", err)
	}
	for name, change := range map[string][2]string{
		"no citation":   {`"from": ["a"]`, `"from": []`},
		"other source":  {`"from": ["a"]`, `"from": ["b"]`},
		"no address":    {`https://`, ``},
		"no driver":     {`"driver": "d"`, `"driver": ""`},
		"no files":      {`["d/*.bin"]`, `[]`},
		"no pattern":    {`d/*.bin`, `[`},
		"class":         {`required`, `needed`},
		"unknown field": {`"class"`, `"klass"`},
		"no rows":       {`[{"driver": "d", "files": ["d/*.bin"], "class": "required", "from": ["a"]}]`, `[]`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%s changes nothing", name)
		}
		if load(text) == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}
