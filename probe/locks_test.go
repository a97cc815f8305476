package probe

import (
	"strings"
	"testing"
)

// What the fuses of a SoC say of a closed board is found where its driver shows
// them, and a word of them is all that is kept.
func TestLocks(t *testing.T) {
	const fuses = "sys/bus/nvmem/devices/"
	words := func(at int, word string) string {
		return strings.Repeat("SECRET-KEY-OF-UNIT--", 20)[:at] + word + "MORE-OF-THE-UNIT"
	}
	for _, c := range []struct {
		name, compatible string
		files            map[string]string
		state, note      string
	}{
		{"i.MX 8M closed", "acme,board\x00fsl,imx8mp\x00", map[string]string{fuses + "imx-ocotp0/nvmem": words(0x1c, "\x00\x00\x00\x02")}, "enforced", "imx-ocotp0, word at 0x1c, bits 25:25 = 1"},
		{"i.MX 8M open", "acme,board\x00fsl,imx8mm\x00", map[string]string{fuses + "imx-ocotp0/nvmem": words(0x1c, "\xff\xff\xff\xfd")}, "capable", "= 0"},
		{"i.MX 6 closed", "acme,board\x00fsl,imx6q\x00", map[string]string{fuses + "imx-ocotp0/nvmem": words(0x18, "\x02\x00\x00\x00"), fuses + "imx-ocotp-extra/nvmem": ""}, "enforced", "0x18"},
		{"too short", "acme,board\x00fsl,imx6q\x00", map[string]string{fuses + "imx-ocotp0/nvmem": words(0x18, "\x02")[:0x1a]}, "", "nvmem imx-ocotp"},
		{"no driver", "acme,board\x00fsl,imx6q\x00", nil, "", "nvmem imx-ocotp"},
		{"STM32MP15 closed", "st,stm32mp157c-dk2\x00st,stm32mp157\x00", map[string]string{fuses + "stm32-romem0/nvmem": "\x40\x00\x00\x00"}, "enforced", "bits 6:6"},
		{"STM32MP13 open", "st,stm32mp135f-dk\x00st,stm32mp135\x00", map[string]string{fuses + "stm32-romem0/nvmem": "\x17\x00\x00\x00"}, "capable", "bits 5:0 = 23"},
		{"STM32MP13 closed", "st,stm32mp135f-dk\x00st,stm32mp135\x00", map[string]string{fuses + "stm32-romem0/nvmem": "\xff\x00\x00\x00"}, "enforced", "63"},
		{"i.MX 6, given back", "acme,board\x00fsl,imx6q\x00", map[string]string{fuses + "imx-ocotp0/nvmem": words(0x18, "\x02\x00\x00\x00")[:0x1c] + strings.Repeat("\x00", 0x9c) + "\x01\x00\x00\x00"}, "capable", "field return, word at 0xb8"},
		{"STM32MP2, bit 0", "st,stm32mp257f-ev1\x00st,stm32mp257\x00", map[string]string{fuses + "stm32-romem0/nvmem": words(0x48, "\x01\x00\x00\x00")}, "enforced", "bits 3:0 = 1"},
		{"H616, not closed by this fuse", "acme,board\x00allwinner,sun50i-h616\x00", map[string]string{fuses + "sunxi-sid0/nvmem": words(0x48, "\x00\x00\x00\x00")}, "", "something else may"},
		{"AM335x", "ti,am335x-bone\x00ti,am33xx\x00", map[string]string{"sys/devices/soc0/type": "GP\n"}, "capable", "/sys/devices/soc0/type = GP"},
		{"AM335x HS", "ti,am335x-bone\x00ti,am33xx\x00", map[string]string{"sys/devices/soc0/type": "HS\n"}, "enforced", ""},
		{"AM335x EMU", "ti,am335x-bone\x00ti,am33xx\x00", map[string]string{"sys/devices/soc0/type": "EMU\n"}, "", "EMU means"},
		{"RK3588", "radxa,rock-5b\x00rockchip,rk3588\x00", map[string]string{"proc/cmdline": "storagemedia=emmc fuse.programmed=1\n"}, "enforced", "said by the loader"},
		{"RK3588, silent", "radxa,rock-5b\x00rockchip,rk3588\x00", map[string]string{"proc/cmdline": "console=ttyS0\n"}, "", "fuse.programmed"},
		{"unknown", "acme,board\x00", nil, "", "nothing that this program knows"},
	} {
		files := map[string]string{deviceTree + "compatible": c.compatible}
		for name, content := range c.files {
			files[name] = content
		}
		r, evidence := probeRoot(t, files)
		s := r.Security.SecureBoot
		if s.Value != c.state || !strings.Contains(s.Note, c.note) || c.state == "" && s.Gap == "" {
			t.Errorf("%s: %+v; want %q, %q", c.name, s, c.state, c.note)
		}
		for _, e := range evidence {
			if strings.Contains(string(e.Bytes()), "UNIT") {
				t.Errorf("%s: evidence %s holds %q", c.name, e.ID, e.Bytes())
			}
		}
	}
}
