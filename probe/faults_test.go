package probe

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/report"
)

// usbDevice is a device on USB without a driver.
func usbDevice(name string) map[string]string {
	at := "sys/devices/platform/usb1/" + name + "/"
	return map[string]string{
		at + "idVendor": "0cf3\n", at + "idProduct": "9271\n", at + "bcdDevice": "0108\n",
		at + "bDeviceClass": "ff\n", at + "bDeviceSubClass": "ff\n", at + "bDeviceProtocol": "ff\n",
		"sys/bus/usb/devices/" + name + "@": "../../../devices/platform/usb1/" + name,
	}
}

// TestUnboundUSB lists devices on USB of which a driver let go, and no others.
func TestUnboundUSB(t *testing.T) {
	t.Parallel()
	root := usbDevice("1-4")
	for name, content := range usbDevice("1-5") {
		root[name] = content
	}
	root["sys/devices/platform/usb1/1-5/driver@"] = "../../../../bus/usb/drivers/usb"
	root["sys/bus/usb/drivers/usb/.there"] = ""
	for name, content := range usbDevice("1-6") {
		if filepath.Base(name) != "bcdDevice" { // goes away while it is read
			root[name] = content
		}
	}
	f, err := openFiles(tree(t, root))
	if err != nil {
		t.Fatal(err)
	}
	got, err := gatherUnbound(t.Context(), f, "sys/bus/usb/devices")
	if want := "sys/devices/platform/usb1/1-4\tusb:v0CF3p9271d0108dcFFdscFFdpFF\t\n"; err != nil || string(got) != want {
		t.Errorf("unbound on USB = %q, %v; want %q", got, err, want)
	}
}

// TestRemapped finds the controller behind which firmware hides a drive, and no other.
func TestRemapped(t *testing.T) {
	t.Parallel()
	root := map[string]string{}
	for name, text := range map[string]string{"0000:00:17.0": "1\n", "0000:00:18.0": "0\n", "0000:00:19.0": ""} {
		root["sys/devices/pci0000:00/"+name+"/class"] = "0x010601\n"
		if text != "" {
			root["sys/devices/pci0000:00/"+name+"/remapped_nvme"] = text
		}
		root["sys/bus/pci/devices/"+name+"@"] = "../../../devices/pci0000:00/" + name
	}
	f, err := openFiles(tree(t, root))
	if err != nil {
		t.Fatal(err)
	}
	got, err := gatherRemapped(t.Context(), f, "sys/bus/pci/devices")
	if want := "sys/devices/pci0000:00/0000:00:17.0\t1\t\n"; err != nil || string(got) != want {
		t.Errorf("remapped = %q, %v; want %q", got, err, want)
	}
}

// TestUnboundAMBA finds the host of eMMC and SD of an STM32MP1 without its driver, and
// nothing amiss with what only a debugger asks for.
func TestUnboundAMBA(t *testing.T) {
	t.Parallel()
	const soc = "sys/devices/platform/soc/"
	f, err := openFiles(tree(t, map[string]string{
		soc + "58005000.mmc/id": "00253180\n", soc + "58005000.mmc/of_node/compatible": "st,stm32-sdmmc2\x00arm,pl18x\x00arm,primecell\x00",
		"sys/bus/amba/devices/58005000.mmc@": "../../../devices/platform/soc/58005000.mmc",
		soc + "50091000.etm/id":              "000bb955\n", soc + "50091000.etm/of_node/compatible": "arm,coresight-etm4x\x00arm,primecell\x00",
		"sys/bus/amba/devices/50091000.etm@": "../../../devices/platform/soc/50091000.etm",
	}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := gatherUnbound(t.Context(), f, "sys/bus/amba/devices")
	if want := soc + "58005000.mmc\tamba:d00253180\tst,stm32-sdmmc2 arm,pl18x arm,primecell\n"; err != nil || string(got) != want {
		t.Errorf("unbound on AMBA = %q, %v; want %q", got, err, want)
	}
}

// TestFaultReasons joins devices without a driver with what the kernel's log
// says of their firmware.
func TestFaultReasons(t *testing.T) {
	t.Parallel()
	const failed = " Direct firmware load for "
	log := []string{
		"usb 1-4:" + failed + "ath9k_htc/htc_9271-1.4.0.fw failed with error -2", "usb 1-4:" + failed + "htc_9271.fw failed with error -2",
		"usb 1-4: ath9k_htc: Failed to get firmware htc_9271.fw",
		"brcmfmac mmc1:0001:1:" + failed + "brcm/brcmfmac43455-sdio.bin failed with error -2",
		"iwlwifi 0000:01:00.0:" + failed + "iwlwifi-cc-a0-77.ucode failed with error -2", "iwlwifi 0000:01:00.0: loaded firmware version 72.daa05125.0 cc-a0-72.ucode op_mode iwlmvm",
		"rtw_8822bu 1-5:1.2:" + failed + "rtw88/rtw8822b_fw.bin failed with error -2", // a driver that speaks of the interface
		"Bluetooth: hci0: BCM: Patch brcm/BCM4345C0.hcd not found",
		"mhi mhi0:" + failed + "ath11k/WCN6855/hw2.0/amss.bin failed with error -22", // for the device on PCI
	}
	unbound := map[string]string{
		"usb":  "sys/devices/usb1/1-4\tusb:v0CF3p9271d0108dcFFdscFFdpFF\t\nsys/devices/usb1/1-4/1-4:1.0\tusb:v0CF3\t\nsys/devices/usb1/1-40\tusb:v0CF3\t\nsys/devices/usb1/1-5/1-5:1.2\tusb:v0BDA\t\n",
		"sdio": "sys/devices/a/mmc1/mmc1:0001/mmc1:0001:1\tsdio:c00v02D0dA9A6\t\n",
		"pci":  "sys/devices/pci0000:00/0000:01:00.0\tpci:v00008086d00002723\t\nsys/devices/pci0000:00/0000:02:00.0\tpci:v000017CBd00001103sv000017CBsd00000108bc02sc80i00\t\n",
	}
	want := []string{
		"pci firmware there and not loaded: ath11k/WCN6855/hw2.0/amss.bin", "sdio firmware not found: brcm/brcmfmac43455-sdio.bin", "usb firmware not found: ath9k_htc/htc_9271-1.4.0.fw", "usb firmware not found: rtw88/rtw8822b_fw.bin",
	}
	for name, c := range map[string]struct {
		log  func(*report.Evidence)
		want []string
	}{
		"in the log":              {func(e *report.Evidence) { e.SetBytes(recordLog(t, log)) }, want},
		"nothing in the log":      {func(e *report.Evidence) { e.SetBytes(recordLog(t, nil)) }, nil},
		"no log":                  {func(e *report.Evidence) { e.Errno = "EPERM" }, nil},
		"a log of another form":   {func(e *report.Evidence) { e.SetBytes([]byte("[")) }, nil},
		"a run that asked no log": {func(e *report.Evidence) { e.Op = "other" }, nil},
	} {
		last := report.Evidence{Section: "faults", Op: "kernel-log/1"}
		c.log(&last)
		var evidence []report.Evidence
		for bus, lines := range unbound {
			e := report.Evidence{Section: "faults", Op: "unbound/1", Subject: "sys/bus/" + bus + "/devices"}
			e.SetBytes([]byte(lines))
			evidence = append(evidence, e)
		}
		for _, bus := range driverBuses {
			if unbound[bus] == "" {
				evidence = append(evidence, report.Evidence{Section: "faults", Op: "unbound/1", Subject: "sys/bus/" + bus + "/devices", Errno: "ENOENT"})
			}
		}
		for n := range 4 {
			evidence = append(evidence, report.Evidence{Section: "faults", Op: "read", Subject: "sys/devices/usb1/version", N: n, Text: " 2.00\n"})
		}
		evidence = append(evidence, last, endOf("faults", report.OutcomeOK, "", len(evidence)+1))
		var got []string
		r := rebuilt(t, evidence)
		for _, f := range r.Faults {
			if f.Reason.OK() {
				got = append(got, f.Bus.Value+" "+f.Reason.Value)
			}
		}
		slices.Sort(got)
		if len(r.Faults) != 7 || !slices.Equal(got, c.want) || r.Section("faults").Outcome != report.OutcomeOK {
			t.Errorf("%s: %d faults, %s, reasons\n%s\nwant 7, ok,\n%s", name, len(r.Faults), r.Section("faults").Outcome, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// recordLog is a kernel's log as it is recorded.
func recordLog(t *testing.T, lines []string) []byte {
	t.Helper()
	var log kernelLog
	for _, line := range lines {
		e, ok := kmsg.Classify(line)
		if !ok {
			t.Fatalf("%q is no event", line)
		}
		log.Records = append(log.Records, e)
	}
	data, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
