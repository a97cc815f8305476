package probe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// radioBoard is a device tree with radios in every state, and the devices that
// the kernel made of it.
func radioBoard() map[string]string {
	const dt = "sys/firmware/devicetree/base/"
	const soc = "sys/devices/platform/soc/"
	handle := func(n int) string { return string([]byte{0, 0, 0, byte(n)}) }
	files := map[string]string{
		dt + "compatible":           "acme,board\x00acme,soc\x00",
		dt + "soc/mmc@1/compatible": "acme,mmc\x00", dt + "soc/mmc@1/mmc-pwrseq": handle(1), dt + "soc/mmc@1/vmmc-supply": handle(2),
		dt + "soc/mmc@1/wifi@1/compatible": "brcm,bcm43430a1-fmac\x00brcm,bcm4329-fmac\x00",
		dt + "wifi-pwrseq/compatible":      "mmc-pwrseq-simple\x00", dt + "wifi-pwrseq/phandle": handle(1),
		dt + "soc/i2c@3/pmic@8/compatible": "acme,pmic\x00", dt + "soc/i2c@3/pmic@8/regulators/ldo1/phandle": handle(2),
		dt + "soc/mmc@2/compatible": "acme,mmc\x00", dt + "soc/mmc@2/wifi@2/compatible": "ti,wl1837\x00",
		dt + "soc/serial@4/compatible": "acme,uart\x00", dt + "soc/serial@4/bluetooth/compatible": "brcm,bcm43438-bt\x00",
		dt + "soc/serial@4/bluetooth/vddio-supply": handle(9),
		dt + "soc/serial@5/compatible":             "acme,uart\x00", dt + "soc/serial@5/status": "disabled\x00",
		dt + "soc/serial@5/bluetooth/compatible": "qcom,wcn3990-bt\x00",
		dt + "soc/serial@6/compatible":           "acme,uart\x00", dt + "soc/serial@6/mcu/compatible": "acme,mcu\x00",
		dt + "wireless-wlan/compatible": "wlan-platdata\x00", dt + "wireless-wlan/wifi_chip_type": "ap6256\x00",
		dt + "soc/serial@7/compatible": "acme,uart\x00", dt + "soc/serial@7/bluetooth/compatible": "nxp,88w8987-bt\x00",
		"sys/bus/sdio/drivers/wl1271_sdio/bind":       "",
		"lib/firmware/brcm/brcmfmac43430-sdio.bin.xz": "", "lib/firmware/brcm/brcmfmac43430-sdio.acme,board.txt": "", "lib/firmware/brcm/brcmfmac4356-sdio.bin": "",
		"lib/firmware/brcm/brcmfmac43430-sdio.other,board.txt": "", "lib/firmware/ti-connectivity/wl18xx-fw-4.bin.zst": "",
	}
	device := func(bus, place, node, driver string) {
		name := place[strings.LastIndex(place, "/")+1:]
		up := strings.Repeat("../", strings.Count(place, "/")+1)
		files["sys/bus/"+bus+"/devices/"+name+"@"] = "../../../" + strings.TrimPrefix(place, "sys/")
		files[place+"/modalias"] = "x\n"
		if node != "" {
			files[place+"/of_node@"] = up + dt + node
		}
		if driver != "" {
			files[place+"/driver@"] = up + "sys/bus/" + bus + "/drivers/" + driver
		}
	}
	device("platform", soc+"1.mmc", "soc/mmc@1", "acme-mmc")
	device("platform", soc+"2.mmc", "soc/mmc@2", "acme-mmc")
	device("platform", soc+"4.serial", "soc/serial@4", "acme-uart")
	device("platform", soc+"7.serial", "soc/serial@7", "")
	device("platform", "sys/devices/platform/wifi-pwrseq", "wifi-pwrseq", "")
	device("i2c", soc+"3.i2c/i2c-0/0-0008", "soc/i2c@3/pmic@8", "acme-pmic")
	device("sdio", soc+"2.mmc/mmc_host/mmc1/mmc1:0001/mmc1:0001:1", "", "wl1271_sdio")
	device("serial", soc+"4.serial/serial0/serial0-0", "soc/serial@4/bluetooth", "hci_uart_bcm")
	return files
}

func TestRadioNodes(t *testing.T) {
	t.Parallel()
	r, evidence := probeRoot(t, radioBoard())
	if s := r.Section("radio-nodes"); s.Outcome != report.OutcomeOK {
		t.Fatalf("section: %s %s", s.Outcome, s.Reason)
	}
	text := func(f report.Fact[string]) string {
		if f.OK() {
			return f.Value
		}
		return "(" + f.Note + ")"
	}
	got := map[string]string{}
	for _, n := range r.RadioNodes {
		got[n.Path] = fmt.Sprintf("%s %s, host %s, device %s %s, power %s", n.Kind.Value, n.Status.Value, text(n.Host), text(n.Device), text(n.Driver), strings.Join(n.Power.Value, "; "))
	}
	want := map[string]string{
		"/soc/mmc@1/wifi@1": "wifi okay, host acme-mmc, device (none appeared) (), power mmc-pwrseq: /wifi-pwrseq (mmc-pwrseq-simple), no driver; " +
			"vmmc-supply: /soc/i2c@3/pmic@8/regulators/ldo1 (acme,pmic), driver acme-pmic",
		"/soc/mmc@2/wifi@2":       "wifi okay, host acme-mmc, device platform/soc/2.mmc/card/mmc1:0001:1 wl1271_sdio, power ",
		"/soc/serial@4/bluetooth": "bluetooth okay, host acme-uart, device platform/soc/4.serial/serial0/serial0-0 hci_uart_bcm, power vddio-supply: a node that is not in the tree",
		"/soc/serial@5/bluetooth": "bluetooth disabled, host (the node above is no device), device (none appeared) (), power ",
		"/soc/serial@7/bluetooth": "bluetooth okay, host (no driver), device (none appeared) (), power ",
		"/wireless-wlan":          "wifi okay, host (the node above is no device), device (none appeared) (), power ",
	}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if got[p] != want[p] {
			t.Errorf("%s: %s\nwant %s", p, got[p], want[p])
		}
	}
	if len(got) != len(want) {
		t.Errorf("nodes %q; want %d: what is no radio is left out", slices.Sorted(maps.Keys(got)), len(want))
	}
	for p, want := range map[string]string{
		"/soc/mmc@1/wifi@1": "brcm/brcmfmac43430-sdio.bin.xz brcm/brcmfmac43430-sdio.acme,board.txt", "/soc/mmc@2/wifi@2": "ti-connectivity/wl18xx-fw-4.bin.zst",
		"/soc/serial@7/bluetooth": "",
	} {
		i := slices.IndexFunc(r.RadioNodes, func(n report.RadioNode) bool { return n.Path == p })
		if files := strings.Join(r.RadioNodes[i].Files.Value, " "); files != want || !r.RadioNodes[i].Files.OK() {
			t.Errorf("%s: files %q; want %q", p, files, want)
		}
	}
	for _, n := range r.RadioNodes {
		if n.Path == "/wireless-wlan" && (n.Chip.Value != "ap6256" || n.Kind.Basis != report.Inferred) {
			t.Errorf("/wireless-wlan: chip %q, basis %q; want that which the vendor's node names", n.Chip.Value, n.Kind.Basis)
		}
		if n.Path == "/soc/mmc@2/wifi@2" && n.Device.Note == "" {
			t.Error("/soc/mmc@2/wifi@2: the device is another function, and nothing says so")
		}
	}
	for i, e := range evidence {
		if e.Op == "radio-nodes/1" {
			evidence[i].SetBytes([]byte("{"))
		}
	}
	if s := rebuilt(t, evidence).Section("radio-nodes"); s.Outcome != report.OutcomeError {
		t.Errorf("evidence of another form: section %s; want an error", s.Outcome)
	}
	if r, _ := probeRoot(t, map[string]string{"proc/x": ""}); r.Section("radio-nodes").Outcome != report.OutcomeOK || len(r.RadioNodes) > 0 {
		t.Errorf("without a device tree: %+v", r.RadioNodes)
	}
}
