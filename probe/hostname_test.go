package probe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// TestHostNames probes twenty boards under the host names that Yocto, Armbian,
// Debian and the systems of their makers give them: no fact changes. Then under
// names that people give: they are nowhere.
func TestHostNames(t *testing.T) {
	boards := []struct{ host, model, compatible string }{
		{"imx8mpevk", "NXP i.MX8MPlus EVK board", "fsl,imx8mp-evk\x00fsl,imx8mp\x00"},
		{"imx8mm-lpddr4-evk", "NXP i.MX8MM EVK board", "fsl,imx8mm-evk\x00fsl,imx8mm\x00"},
		{"imx6ullevk", "Freescale i.MX6 ULL 14x14 EVK Board", "fsl,imx6ull-14x14-evk\x00fsl,imx6ull\x00"},
		{"rock-5b", "Radxa ROCK 5B", "radxa,rock-5b\x00rockchip,rk3588\x00"},
		{"rock-3a", "Radxa ROCK 3 Model A", "radxa,rock3a\x00rockchip,rk3568\x00"},
		{"orangepi5", "Orange Pi 5", "xunlong,orangepi-5\x00rockchip,rk3588s\x00"},
		{"orangepipc", "Xunlong Orange Pi PC", "xunlong,orangepi-pc\x00allwinner,sun8i-h3\x00"},
		{"bananapim5", "Banana Pi BPI-M5", "bananapi,bpi-m5\x00amlogic,sm1\x00"},
		{"odroidn2", "Hardkernel ODROID-N2", "hardkernel,odroid-n2\x00amlogic,s922x\x00"},
		{"nanopi-r5s", "FriendlyElec NanoPi R5S", "friendlyarm,nanopi-r5s\x00rockchip,rk3568\x00"},
		{"raspberrypi", "Raspberry Pi 4 Model B Rev 1.4", "raspberrypi,4-model-b\x00brcm,bcm2711\x00"},
		{"raspberrypi4-64", "Raspberry Pi 4 Model B Rev 1.4", "raspberrypi,4-model-b\x00brcm,bcm2711\x00"},
		{"raspberrypi5", "Raspberry Pi 5 Model B Rev 1.0", "raspberrypi,5-model-b\x00brcm,bcm2712\x00"},
		{"beaglebone-yocto", "TI AM335x BeagleBone Black", "ti,am335x-bone-black\x00ti,am335x-bone\x00ti,am33xx\x00"},
		{"BeaglePlay", "BeagleBoard.org BeaglePlay", "beagle,am625-beagleplay\x00ti,am625\x00"},
		{"stm32mp1", "STMicroelectronics STM32MP157C-DK2 Discovery Board", "st,stm32mp157c-dk2\x00st,stm32mp157\x00"},
		{"tegra-ubuntu", "NVIDIA Jetson AGX Orin Developer Kit", "nvidia,p3737-0000+p3701-0000\x00nvidia,tegra234\x00"},
		{"verdin-imx8mp", "Toradex Verdin iMX8M Plus WB on Verdin Development Board", "toradex,verdin-imx8mp-wifi-dev\x00fsl,imx8mp\x00"},
		{"debian", "Pine64 RockPro64 v2.1", "pine64,rockpro64-v2.1\x00rockchip,rk3399\x00"},
		{"visionfive2", "StarFive VisionFive 2 v1.3B", "starfive,visionfive-2-v1.3b\x00starfive,jh7110\x00"},
	}
	facts := func(model, compatible, host string) (string, string) {
		files := map[string]string{
			"sys/firmware/devicetree/base/model": model + "\x00", "sys/firmware/devicetree/base/compatible": compatible,
			"proc/meminfo": "MemTotal: 2015000 kB\n", "proc/cpuinfo": "processor\t: 0\nHardware\t: " + model + "\n",
			"etc/os-release":                        "ID=poky\nPRETTY_NAME=\"Poky for " + model + "\"\n",
			"sys/devices/virtual/dmi/id/board_name": model + "\n",
			"sys/class/dmi/id@":                     "../../devices/virtual/dmi/id",
			"proc/version":                          "Linux version 6.1.0 (oe-user@oe-host) (gcc) #1\n",
		}
		if host != "" {
			files["etc/hostname"] = host + "\n"
			files["proc/sys/kernel/hostname"] = host + "\n"
		}
		r, evidence := probeRoot(t, files)
		text, err := report.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		all, err := report.EncodeEvidence(evidence)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), string(all)
	}
	for _, b := range boards {
		want, _ := facts(b.model, b.compatible, "")
		if got, _ := facts(b.model, b.compatible, b.host); factsWithout(got) != factsWithout(want) {
			t.Errorf("%s called %s: other facts", b.model, b.host)
		}
		if !namesBoard(b.host, append(strings.FieldsFunc(strings.ToLower(b.model+" "+b.compatible), func(c rune) bool { return !isWord(c) }), nobody()...)) {
			t.Errorf("%s does not name the %s", b.host, b.model)
		}
		for _, name := range []string{"alice-%s", "%s-kitchen", "alice--%s--vg"} {
			host := fmt.Sprintf(name, b.host)
			got, evidence := facts(b.model, b.compatible, host)
			if strings.Contains(evidence, host) {
				t.Errorf("%s called %s: the name is in the evidence", b.model, host)
			}
			if !strings.Contains(got, strings.Split(b.model, " ")[0]) {
				t.Errorf("%s called %s: the board has lost its name", b.model, host)
			}
		}
	}
}

// factsWithout leaves out what numbers the questions.
func factsWithout(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, `/`) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}
