package probe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

func TestKindsOf(t *testing.T) {
	for word, want := range map[string]string{
		"mmc1": "emmc sd 1", "mmc_auto": "emmc sd ", "eMMC (MMC1)": "emmc ", "SD card or eMMC": "sd emmc ", "microSD card (MMC0)": "sd ", "nvme0": "nvme 0",
		"usb0": "usb 0", "scsi2": "sata 2", "sf0": "spi-nor 0", "virtio": "virtio ", "dhcp": "", "pxe": "", "USB (FEL)": "usb ", "NAND or eMMC": "emmc ", "": "",
		"uart": "", "SPI NOR flash if POC is low": "",
	} {
		kinds, number := kindsOf(word)
		if got := strings.Join(kinds, " "); want == "" && got != "" || want != "" && got+" "+number != want {
			t.Errorf("kindsOf(%q) = %q %q; want %q", word, kinds, number, want)
		}
	}
}

// The words of an order are disks where only one can be meant, and say why not
// where none or several can.
func TestBootPlaces(t *testing.T) {
	const base = "sys/firmware/devicetree/base/"
	for _, c := range []struct {
		name          string
		change        func(map[string]string)
		rom, loader   []string
		current       string
		places        []string
		currentDevice string
	}{
		{"by alias", func(f map[string]string) {
			f[base+"aliases/mmc0"], f[base+"aliases/mmc1"] = "/30b60000.mmc\x00", "/30b50000.mmc\x00"
		}, nil, []string{"mmc1", "mmc0", "nvme0", "dhcp"}, "sd", []string{"loader 1 mmc1=mmcblk1", "loader 2 mmc0=mmcblk2", "loader 3 nvme0:absent"}, "mmcblk1"},
		{"alias of an empty slot", func(f map[string]string) { f[base+"aliases/mmc2"] = "/30b40000.mmc\x00" }, nil, []string{"mmc2"}, "", []string{"loader 1 mmc2:absent"}, ""},
		{"no alias, two disks", nil, nil, []string{"mmc0"}, "mmc", []string{"loader 1 mmc0:not-probed"}, ""},
		{"of the ROM", nil, []string{"SD card", "eMMC", "USB (FEL)"}, nil, "emmc", []string{"rom 1 SD card=mmcblk1", "rom 2 eMMC=mmcblk2"}, "mmcblk2"},
	} {
		files := board()
		if c.change != nil {
			c.change(files)
		}
		f, err := openFiles(tree(t, files))
		if err != nil {
			t.Fatal(err)
		}
		h := newHost(t.Context(), "boot", &system{files: f, replacer: identities(t.Context(), f, [32]byte{1})}, &budget{left: maxRun}, func(report.Evidence) {})
		var b report.Boot
		if c.rom != nil {
			b.ROMOrder = report.Known(c.rom, "boot/1")
		}
		if c.loader != nil {
			b.LoaderOrder = report.Known(c.loader, "boot/2")
		}
		if c.current != "" {
			b.Current = report.Known(c.current, "boot/3")
		}
		disks, from := candidates(h)
		bootPlaces(h, disks, from, &b)
		var got []string
		for _, p := range b.Places {
			if p.Device.OK() {
				got = append(got, p.Place+"="+p.Device.Value)
			} else {
				got = append(got, p.Place+":"+string(p.Device.Gap))
			}
			if len(p.Device.From) == 0 {
				t.Errorf("%s: %s rests on nothing", c.name, p.Place)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.places) || b.CurrentDevice.Value != c.currentDevice {
			t.Errorf("%s: places %q, used %q; want %q, %q", c.name, got, b.CurrentDevice.Value, c.places, c.currentDevice)
		}
	}
}

func TestLoaderNamesItsDevice(t *testing.T) {
	const chosen = "sys/firmware/devicetree/base/chosen/"
	for name, c := range map[string]struct {
		files           map[string]string
		current, device string
	}{
		"barebox":                 {map[string]string{chosen + "barebox-version": "barebox-2024.05.0\x00", chosen + "bootsource": "/30b60000.mmc\x00"}, "emmc", "mmcblk2"},
		"barebox, from elsewhere": {map[string]string{chosen + "barebox-version": "barebox-2024.05.0\x00", chosen + "bootsource": "/spi@1/flash@0\x00"}, "", ""},
		"Rockchip":                {map[string]string{"proc/cmdline": "storagemedia=sd storagenode=/30b50000.mmc\n"}, "sd", "mmcblk1"},
		"Android":                 {map[string]string{"proc/cmdline": "androidboot.bootdevice=30b60000.mmc\n"}, "mmc", "mmcblk2"},
		"Android, none such":      {map[string]string{"proc/cmdline": "androidboot.bootdevice=1d84000.ufshc\n"}, "ufs", ""},
	} {
		files := board()
		for k, v := range c.files {
			files[k] = v
		}
		r, _ := probeRoot(t, files)
		if r.Boot.Current.Value != c.current || r.Boot.CurrentDevice.Value != c.device {
			t.Errorf("%s: used %+v, device %+v; want %q, %q", name, r.Boot.Current, r.Boot.CurrentDevice, c.current, c.device)
		}
	}
}

func TestLoaderOfUEFI(t *testing.T) {
	const loader, nvidia = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "-781e084c-a330-417c-b678-38e696380cb9"
	files := board()
	files[efivars+"LoaderInfo"+loader] = "\x06\x00\x00\x00" + string(wideText("systemd-boot 257"))
	files[efivars+"LoaderDevicePartUUID"+loader] = "\x06\x00\x00\x00" + string(wideText("12345678-1234-4234-8234-123456789ABC"))
	files[efivars+"BootChainFwCurrent"+nvidia] = "\x07\x00\x00\x00\x01\x00\x00\x00"
	r, evidence := probeRoot(t, files)
	if r.Boot.EFILoader.Value != "systemd-boot 257" || r.Boot.FirmwareCopy.Value != "B" {
		t.Errorf("loader %+v, firmware %+v; want systemd-boot 257, B", r.Boot.EFILoader, r.Boot.FirmwareCopy)
	}
	// The partition has the pseudonym that it has in the text of a table.
	stand := pseudonym.New(pseudonym.Key{1}).Text("12345678-1234-4234-8234-123456789ABC")
	for _, e := range evidence {
		if strings.Contains(e.Subject, "LoaderDevicePartUUID") && string(e.Bytes()) != "\x06\x00\x00\x00"+string(wideText(stand)) {
			t.Errorf("%s: %q; want %s", e.Subject, e.Bytes(), stand)
		}
	}
	for value, want := range map[string]string{"113\n": "GRUB", "176\n": "QEMU", "255\n": "type 0xf", "x\n": ""} {
		files := board()
		files["proc/sys/kernel/bootloader_type"] = value
		r, _ := probeRoot(t, files)
		if r.Boot.LinuxLoader.Value != want {
			t.Errorf("bootloader_type %q: %+v; want %q", value, r.Boot.LinuxLoader, want)
		}
	}
}
