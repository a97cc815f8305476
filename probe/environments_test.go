package probe

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// environment is a saved one of U-Boot: a CRC-32 and variables, padded.
func environment(size int, variables ...string) []byte {
	block := make([]byte, size)
	copy(block[4:], strings.Join(variables, "\x00")+"\x00\x00")
	binary.LittleEndian.PutUint32(block, crc32.ChecksumIEEE(block[4:]))
	return block
}

// What the kernel shows as environment is reduced to what says how the board
// boots.
func TestEnvironmentOfNVMEM(t *testing.T) {
	files := board()
	files["sys/bus/nvmem/devices/u-boot-env0/nvmem"] = string(environment(0x4000, "boot_targets=mmc1 usb0", "wifi_psk=swordfish-secret", "bootcmd=run distro_bootcmd"))
	files["sys/bus/nvmem/devices/other0/nvmem"] = string(environment(0x4000, "boot_targets=mmc7"))
	r, evidence := probeRoot(t, files)
	if len(r.Boot.Media) == 0 || strings.Join(r.Boot.LoaderOrder.Value, " ") != "mmc1 usb0" {
		t.Errorf("loader order %+v; want that of the environment", r.Boot.LoaderOrder)
	}
	for _, e := range evidence {
		if strings.Contains(string(e.Bytes()), "swordfish-secret") {
			t.Errorf("evidence %s holds a value that is not for a report", e.ID)
		}
	}
}

// The same environment, found twice, is there once.
func TestMoreEnvironments(t *testing.T) {
	answer := func(data []byte, base int64) Answer {
		text, err := json.Marshal(scanEnvironments(t.Context(), data, base))
		if err != nil {
			t.Fatal(err)
		}
		return Answer{ID: "boot/9", Data: text}
	}
	first, second := environment(0x2000, "boot_targets=mmc0", "a1=x"), environment(0x2000, "boot_targets=mmc1", "a1=x")
	var m report.BootMedium
	moreEnvironments(&m, answer(first, 4096), "")
	moreEnvironments(&m, answer(first, 0), " of uboot.env on mmcblk0p1")
	moreEnvironments(&m, answer(second, 0), " of uboot-redund.env on mmcblk0p1")
	moreEnvironments(&m, answer(first[:100], 0), "")
	moreEnvironments(&m, Answer{Gap: report.Absent}, "")
	moreEnvironments(&m, Answer{Data: []byte("no form")}, "")
	var places []string
	for _, e := range m.Environments {
		places = append(places, e.Place)
	}
	if got, want := strings.Join(places, "; "), "saved@4096; saved@0 of uboot-redund.env on mmcblk0p1"; got != want {
		t.Errorf("places %q; want %q", got, want)
	}
	// What is asked of a device is a name and a place, never a path.
	for _, subject := range []string{"", "sda", "sda x 1", "sda 0 0", "sda 0 99999999999", "../sda 0 512", "a/b uboot.env"} {
		if data, err := askEnvironment(t.Context(), subject); err == nil {
			t.Errorf("askEnvironment(%q) = %q; want an error", subject, data)
		}
	}
}
