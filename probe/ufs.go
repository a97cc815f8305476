package probe

import (
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// describeUFS reads the descriptors and attributes of a UFS device where the
// kernel shows them, below its host controller
// (Documentation/ABI/testing/sysfs-driver-ufs).
func describeUFS(h *Host, place string, d *report.Disk) {
	controller, _, ok := strings.Cut(place, "/host")
	if !ok {
		return
	}
	hex := func(data []byte) (string, error) {
		return strings.TrimPrefix(strings.TrimSpace(string(data)), "0x"), nil
	}
	d.UFS.SpecVersion = parse(h, controller+"/device_descriptor/specification_version", func(data []byte) (string, error) {
		text, err := hex(data) // four digits, as in 0310 for 3.1
		if text = strings.TrimLeft(text, "0"); len(text) >= 3 {
			text = text[:len(text)-2] + "." + strings.TrimRight(text[len(text)-2:len(text)-1]+text[len(text)-1:], "0")
		}
		return strings.TrimSuffix(text, "."), err
	})
	word := func(name string, words map[string]string) report.Fact[string] {
		return parse(h, controller+"/"+name, func(data []byte) (string, error) {
			text, err := hex(data)
			if text = strings.TrimLeft(text, "0"); words[text] != "" {
				return words[text], err
			}
			return "value 0x" + oneLine(text), err
		})
	}
	// JESD220F 14.3, attribute bBootLunEn.
	d.UFS.BootLUN = word("attributes/boot_lun_enabled", map[string]string{"": "none", "1": "a", "2": "b"})
	d.UFS.BootEnabled = parse(h, controller+"/device_descriptor/boot_enable", func(data []byte) (bool, error) {
		text, err := hex(data)
		return strings.TrimLeft(text, "0") != "", err
	})
	life := map[string]string{"1": "0-10", "2": "10-20", "3": "20-30", "4": "30-40", "5": "40-50", "6": "50-60", "7": "60-70", "8": "70-80", "9": "80-90", "a": "90-100", "b": "exceeded"}
	d.UFS.LifeTimeA, d.UFS.LifeTimeB = word("health_descriptor/life_time_estimation_a", life), word("health_descriptor/life_time_estimation_b", life)
	d.UFS.PreEOL = word("health_descriptor/eol_info", map[string]string{"1": "normal", "2": "warning", "3": "urgent"})
}
