package probe

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func TestDriverFiles(t *testing.T) {
	const modules = "lib/modules/6.1.0/"
	files := map[string]string{
		"proc/sys/kernel/osrelease":                      "6.1.0\n",
		modules + "modules.dep":                          "kernel/drivers/net/brcm-fmac.ko: kernel/net/cfg80211.ko\n",
		modules + "kernel/drivers/net/brcm-fmac.ko":      "\x7fELF\x00license=ISC\x00firmware=brcm/a.bin\x00firmware=brcm/b.bin\x00firmware=brcm/c*.txt\x00firmware=../../etc/shadow\x00firmware=brcm/a.bin\x00",
		modules + "modules.builtin.modinfo":              "btusb.license=GPL\x00btusb.firmware=hcd/x.hcd\x00other.firmware=y\x00",
		"lib/firmware/brcm/a.bin":                        "first",
		"lib/firmware/hcd/x.hcd":                         "patch",
		"etc/shadow":                                     "secret",
		"sys/class/ieee80211/phy0@":                      "../../devices/platform/wl/ieee80211/phy0",
		"sys/devices/platform/wl/ieee80211/phy0/device@": "../..",
		"sys/devices/platform/wl/driver@":                "../../../bus/sdio/drivers/brcmfmac",
		"sys/bus/sdio/drivers/brcmfmac/module@":          "../../../../module/brcm_fmac",
		"sys/module/brcm_fmac/x":                         "",
		"sys/class/bluetooth/hci0@":                      "../../devices/platform/bt/bluetooth/hci0",
		"sys/class/bluetooth/hci0:11@":                   "../../devices/platform/bt/bluetooth/hci0/hci0:11",
		"sys/devices/platform/bt/bluetooth/hci0/device@": "../..",
		"sys/devices/platform/bt/driver@":                "../../../bus/usb/drivers/btusb",
		"sys/bus/usb/drivers/btusb/module@":              "../../../../module/btusb",
		"sys/module/btusb/x":                             "",
	}
	f, err := openFiles(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	text, err := gatherDriverFiles(t.Context(), f, "brcm_fmac")
	var got driverFiles
	if err != nil || json.Unmarshal(text, &got) != nil {
		t.Fatalf("%s, %v", text, err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("first")))
	if got.Named != 4 || len(got.Files) != 1 || got.Files[0] != (driverFile{"brcm/a.bin", "lib/firmware/brcm/a.bin", sum}) || len(got.NotRead) != 2 {
		t.Errorf("gatherDriverFiles = %+v", got)
	}
	r, _ := probeRoot(t, files)
	if len(r.DriverFirmware) != 2 || r.DriverFirmware[0].Driver != "brcm_fmac" || len(r.DriverFirmware[0].Files.Value) != 1 || r.DriverFirmware[0].Files.Value[0] != "brcm/a.bin sha256:"+sum ||
		r.DriverFirmware[1].Driver != "btusb" || len(r.DriverFirmware[1].Files.Value) != 1 {
		t.Errorf("driver_firmware = %+v", r.DriverFirmware)
	}
	if s := r.Section("driver-firmware"); s.Outcome != report.OutcomeOK {
		t.Errorf("section %+v", s)
	}
}
