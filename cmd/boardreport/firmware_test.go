package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/report"
)

func TestPrintFirmware(t *testing.T) {
	t.Parallel()
	known := func(s string) report.Fact[string] { return report.Known(s, "x/1") }
	for _, c := range []struct {
		file report.FirmwareFile
		want []string
	}{
		{report.FirmwareFile{File: "brcm/brcmfmac43455-sdio.bin", State: known("loaded"), FileVersion: known("7.45.234 01-996384e2"), SHA256: known("d408faa9d0d5b1a2f9912dcea53ab0be48217288e398406d117f0edafe7c3edd")}, []string{
			"brcm/brcmfmac43455-sdio.bin: loaded, version 7.45.234 01-996384e2",
			"the contents are those of brcm/brcmfmac43455-sdio.bin in firmware-brcm80211 of 20250410, firmware-brcm80211 of 20230210 (Debian non-free-firmware: may be passed on)",
			"not in the default packages of balenaOS: an addition for the device type",
		}},
		{report.FirmwareFile{File: "brcm/brcmfmac43455-sdio.bin", State: known("loaded"), SHA256: known(strings.Repeat("ab", 32))}, []string{
			"contents not known: of another release, or of a vendor", "a file of this name is in firmware-brcm80211 of 20250410",
		}},
		{report.FirmwareFile{File: "a.bin", State: known("running"), Version: known("2.0"), FileVersion: known("1.0"), Match: report.Known(false, "x/1")}, []string{
			"a.bin: running, version 1.0, but 2.0 runs",
		}},
		{report.FirmwareFile{File: "nxp/uart8987_bt_v0.bin", State: known("lacking")}, []string{
			"nxp/uart8987_bt_v0.bin: lacking", "its licence is to be asked for", "an addition for the device type",
		}},
		{report.FirmwareFile{File: "ath9k_htc/htc_9271-1.4.0.fw", State: known("running")}, []string{"in every image of balenaOS, by linux-firmware-ath9k"}},
	} {
		var out bytes.Buffer
		streams{out: screen.New(&out)}.printFirmware(&report.Report{Firmware: []report.FirmwareFile{c.file}})
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %s\nwant %q", c.file.File, &out, want)
			}
		}
	}
}
