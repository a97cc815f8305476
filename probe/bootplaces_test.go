package probe

import (
	"encoding/hex"
	"fmt"
	"slices"
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
		{"NVMe that has two ways", func(f map[string]string) {
			f["sys/block/nvme0n1@"] = "../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1"
			f["sys/block/nvme0c0n1@"] = "../devices/pci0000:00/0000:00:03.0/nvme/nvme0/nvme0c0n1"
		}, nil, []string{"nvme0"}, "nvme", []string{"loader 1 nvme0=nvme0n1"}, "nvme0n1"},
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
		h := newHost(t.Context(), "boot", &system{files: f, replacer: replacerOf(t, f)}, &budget{left: maxRun}, func(report.Evidence) {})
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

// TestUEFIDevices has options that name no partition of a table: the disk is the
// one at the same place of the bus, and none where Linux does not say the place.
func TestUEFIDevices(t *testing.T) {
	const global = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	const root = "sys/devices/pci0000:00/"
	pci := func(device byte) string { return pathNode(1, 1, fmt.Sprintf("00%02x", device)) }
	nvme, bridge := pathNode(3, 23, "010000000000000000000000"), pathNode(2, 1, "d041030a00000000")
	options := [][]byte{
		loadOption("NVMe 1", bridge, pci(2), nvme),
		loadOption("NVMe 2", bridge, pci(3), pci(0), nvme),
		loadOption("virtio", bridge, pci(4)),
		loadOption("DVD", bridge, pci(0x1f), pathNode(3, 18, "0200ffff0000")),
		loadOption("SATA", bridge, pci(0x1f), pathNode(3, 18, "0100ffff0000")),
		loadOption("another root", pathNode(2, 1, "d041030a01000000"), pci(2), nvme),
		loadOption("no disk", bridge, pci(5), nvme),
		loadOption("network", bridge, pci(4), pathNode(3, 11, strings.Repeat("00", 33))),
		loadOption("two namespaces", bridge, pci(6), nvme),
		loadOption("a name", pathNode(4, 4, hex.EncodeToString(wideText("Pci\x00")))),
	}
	set := func(used string) map[string]string {
		files := map[string]string{
			"sys/block/nvme0n1@":                     "../devices/pci0000:00/0000:00:03.0/0000:01:00.0/nvme/nvme0/nvme0n1",
			"sys/block/nvme1n1@":                     "../devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1",
			"sys/block/nvme1c1n1@":                   "../devices/pci0000:00/0000:00:02.0/nvme/nvme1/nvme1c1n1",
			"sys/block/nvme2n1@":                     "../devices/pci0000:00/0000:00:06.0/nvme/nvme2/nvme2n1",
			"sys/block/nvme2n2@":                     "../devices/pci0000:00/0000:00:06.0/nvme/nvme2/nvme2n2",
			"sys/block/vda@":                         "../devices/pci0000:00/0000:00:04.0/virtio0/block/vda",
			"sys/block/sda@":                         "../devices/pci0000:00/0000:00:1f.0/ata7/host6/target6:0:0/6:0:0:0/block/sda",
			"sys/block/sdb@":                         "../devices/pci0000:00/0000:00:1f.0/ata_odd/block/sdb",
			root + "firmware_node@":                  "../LNXSYSTM:00/PNP0A08:00",
			"sys/devices/LNXSYSTM:00/PNP0A08:00/uid": "0\n",
			"sys/class/ata_port/ata7/port_no":        "2\n",
			"sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1@": "../../../pci0000:00/0000:00:02.0/nvme/nvme1",
			efivars + "BootCurrent" + global:                         "\x06\x00\x00\x00" + used + "\x00",
		}
		order := "\x07\x00\x00\x00"
		for i, o := range options {
			files[fmt.Sprintf("%sBoot%04X%s", efivars, i, global)] = string(o)
			order += string([]byte{byte(i), 0})
		}
		files[efivars+"BootOrder"+global] = order
		for name, target := range files {
			if place, ok := strings.CutPrefix(target, "../devices/"); ok && strings.HasPrefix(name, "sys/block/") {
				files["sys/devices/"+place+"/size"] = "2048\n"
			}
		}
		return files
	}
	for name, c := range map[string]struct {
		used                    string
		change                  func(map[string]string)
		current, device, places string
		gap                     report.Gap
	}{
		"NVMe behind a bridge": {"\x01", nil, "nvme", "nvme0n1", "nvme1n1 nvme0n1 vda - sda - - - - -", ""},
		"virtio":               {"\x02", nil, "virtio", "vda", "nvme1n1 nvme0n1 vda - sda - - - - -", ""},
		"empty drive":          {"\x03", func(f map[string]string) { delete(f, "sys/block/sdb@") }, "sata", "", "nvme1n1 nvme0n1 vda - sda - - - - -", report.Absent},
		"drive of no known kind": {"\x03", func(f map[string]string) {
			delete(f, "sys/block/sdb@")
			f["sys/block/sdx@"], f[root+"0000:00:05.0/virtio1/host0/target0:0:0/0:0:0:0/block/sdx/size"] = "../devices/pci0000:00/0000:00:05.0/virtio1/host0/target0:0:0/0:0:0:0/block/sdx", "1\n"
		}, "sata", "", "nvme1n1 nvme0n1 vda - sda - - - - -", report.NotProbed},
		"no drive": {"\x06", nil, "nvme", "", "nvme1n1 nvme0n1 vda - sda - - - - -", report.Absent},
		"drive behind VMD": {"\x06", func(f map[string]string) {
			f["sys/block/nvme9n1@"], f[root+"0000:00:05.0/pci10000:e0/10000:e0:06.0/nvme/nvme9/nvme9n1/size"] = "../devices/pci0000:00/0000:00:05.0/pci10000:e0/10000:e0:06.0/nvme/nvme9/nvme9n1", "1\n"
		}, "nvme", "", "nvme1n1 nvme0n1 vda - sda - - - - -", report.NotProbed},
		"namespaces":         {"\x08", nil, "nvme", "", "nvme1n1 nvme0n1 vda - sda - - - - -", ""},
		"no numbers":         {"\x01", func(f map[string]string) { delete(f, root+"firmware_node@") }, "nvme", "", "- - - - - - - - - -", ""},
		"a name as a number": {"\x01", func(f map[string]string) { f["sys/devices/LNXSYSTM:00/PNP0A08:00/uid"] = "PCI0\n" }, "nvme", "", "- - - - - - - - - -", ""},
		"no port":            {"\x04", func(f map[string]string) { delete(f, "sys/class/ata_port/ata7/port_no") }, "sata", "", "nvme1n1 nvme0n1 vda - - - - - - -", ""},
	} {
		files := set(c.used)
		if c.change != nil {
			c.change(files)
		}
		r, _ := probeRoot(t, files)
		var places []string
		for i, o := range r.Boot.Options {
			word := "-"
			if o.Device.OK() {
				word = o.Device.Value
				place := placeName("loader", i, optionWord(o))
				if !slices.ContainsFunc(r.Boot.Places, func(p report.BootPlace) bool { return p.Place == place && p.Device.Value == word }) {
					t.Errorf("%s: %q is not in the places %+v", name, place, r.Boot.Places)
				}
			}
			places = append(places, word)
		}
		b := r.Boot
		if b.Current.Value != c.current || b.CurrentDevice.Value != c.device || b.CurrentDevice.Gap != c.gap || strings.Join(places, " ") != c.places {
			t.Errorf("%s: used %+v, disk %+v, places %q; want %s, %s, %s", name, b.Current, b.CurrentDevice, places, c.current, c.device, c.places)
		}
	}
}
