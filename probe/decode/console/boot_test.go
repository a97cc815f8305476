package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The lines of stages, as in the logs of TestParseLogs.
const (
	spl    = "U-Boot SPL 2024.01 (Dec 24 2023 - 09:48:33 +0000)\n"
	uboot  = "U-Boot 2024.01 (Dec 24 2023 - 09:48:33 +0000)\n"
	older  = "U-Boot 2022.04 (Jan 01 2023 - 00:00:00 +0000)\n"
	tfa    = "NOTICE:  BL31: v2.3():v2.3-499-ge63a16361:derrick.huang\n"
	optee  = "I/TC: OP-TEE version: 3.16 (gcc version 9.3.0)\n"
	kernel = "Starting kernel ...\n"
)

func from(medium string) string { return "Trying to boot from " + medium + "\n" }

// TestLast has for each log the boot that counts, how many there are, its stages
// and from what it was started.
func TestLast(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want string }{
		"nothing":                   {"", "0/0: "},
		"one":                       {spl + from("MMC1") + tfa + uboot + kernel, "1/1: spl tf-a u-boot, from MMC1 mmc"},
		"a reset in the loader":     {spl + from("MMC1") + tfa + older + spl + from("SPI") + uboot + kernel, "2/2: spl u-boot, from SPI spi"},
		"a reset without SPL":       {older + uboot + kernel, "2/2: u-boot"},
		"a restart":                 {spl + from("MMC1") + tfa + uboot + kernel + spl + from("NVME") + uboot + kernel, "2/2: spl u-boot, from NVME nvme"},
		"the same once more":        {spl + from("MMC1") + uboot + kernel + spl + from("MMC2") + uboot + kernel + spl + from("MMC1") + uboot + kernel, "3/3: spl u-boot, from MMC1 mmc"},
		"Linux shows an image":      {spl + from("SPI") + uboot + kernel + "# strings /dev/mmcblk0\n" + spl + older, "1/2: spl u-boot, from SPI spi"},
		"Linux says more":           {uboot + kernel + from("MMC1") + "Board: x\nCPU: 0 PID: 1 Comm: init\n", "1/1: u-boot"},
		"the log ends before Linux": {spl + from("MMC1") + uboot + spl + from("SPI"), "2/2: spl, from SPI spi"},
		"a medium that fails":       {spl + from("MMC1") + from("SPI") + spl + from("MMC1") + uboot + kernel, "1/1: spl u-boot, from MMC1 mmc"},
		"SPL of two processors":     {spl + from("MMC2") + tfa + optee + spl + from("MMC2") + uboot + kernel, "1/1: spl tf-a op-tee u-boot, from MMC2 mmc"},
		"OP-TEE behind U-Boot":      {uboot + kernel + optee, "1/1: u-boot op-tee"},
		"parts of TF-A":             {"BL2: v2.8(release):x\n" + "BL31: v2.8(release):x\n", "1/1: tf-a"},
		"GRUB says it twice":        {"coreboot-4.22 Mon bootblock starting\ncoreboot-4.22 Mon ramstage starting\nWelcome to GRUB!\nGNU GRUB  version 2.12\nEFI stub: Booting\n", "1/1: coreboot grub"},
	} {
		list, complete := Parse([]byte(c.log))
		boot := Last(list)
		var stages []string
		for _, w := range boot.Stages() {
			stages = append(stages, string(w.Kind))
		}
		got := fmt.Sprintf("%d/%d: %s", boot.Number, boot.Of, strings.Join(stages, " "))
		if w, medium, ok := boot.Source(); ok {
			got += ", from " + w.Value + " " + medium
		}
		if got != c.want || !complete {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

// A log of many boots keeps the one that counts.
func TestManyBoots(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for i := range 100 {
		fmt.Fprintf(&log, "%sModel: %d\n%s", uboot, i, kernel)
	}
	log.WriteString(uboot + "Model: last\n")
	list, complete := Parse([]byte(log.String()))
	boot := Last(list)
	if complete || len(list) > maxWitnesses || boot.Number != 100 || boot.Of != 101 || len(boot.Said) != 3 || boot.Models()[0].Value != "99" {
		t.Errorf("Last of %d witnesses, complete %v = %+v; want boot 100 of 101, model 99", len(list), complete, boot)
	}
}

func TestMedium(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"MMC1": "mmc", "MMC2_2": "mmc", "mmc 1": "mmc", "eMMC": "emmc", "EMMC_MODE": "emmc", "SDMMC": "sd", "SD": "sd", "LVL_SHFT_SD_MODE1": "sd",
		"SPI": "spi", "sunxi SPI": "spi", "QSPI": "spi", "SPI NAND": "nand", "NVME": "nvme", "UFS": "ufs", "USB-MSD": "usb", "eth device": "network",
		"RAM": "", "BOOTROM": "", "UART": "", "DFU": "", "": "", "mmcx": "", "FEL": "",
	} {
		if got := mediumOf(words); got != want {
			t.Errorf("mediumOf(%q) = %q; want %q", words, got, want)
		}
	}
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"EFI stub: UEFI Secure Boot is enabled.":                        Closed,
		"HAB Configuration: 0xf0, HAB State: 0x66":                      Open,
		"HAB Configuration: 0xcc, HAB State: 0x99":                      Closed,
		"HAB Configuration: 0x33, HAB State: 0x66":                      "",
		"Secure boot disabled":                                          Open,
		"Secure boot enabled\nHAB Configuration: 0xcc, HAB State: 0x99": Closed,
		"SecureInit ret = 0, SecureMode = 0":                            Open,
		"SecureInit ret = 0, SecureMode = 1":                            Closed,
		"S - Secure Boot: On":                                           Closed,
		"S - Secure Boot: Off":                                          Open,
		"SoC:   AM62X SR1.0 HS-FS":                                      Open,
		"SoC:   J721E SR1.1 GP":                                         Open,
		"SoC:   AM62X SR1.0 HS-SE":                                      Closed,
		"CPU:   Freescale i.MX6Q rev1.2":                                "",
		"S - Secure Boot: perhaps":                                      "",
		"Model: enabled":                                                "",
	} {
		list, _ := Parse([]byte(line))
		if _, got, ok := Last(list).Security(); got != want || ok != (want != "") {
			t.Errorf("Security of %q = %q, %v; want %q", line, got, ok, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const load = "Loading Environment from "
	for log, want := range map[string]string{
		load + "FAT... OK": "FAT saved",
		load + "MMC... *** Warning - bad CRC, using default environment":                      "MMC default",
		load + "SPIFlash... SF: Detected x\n*** Warning - bad CRC, using default environment": "SPIFlash default",
		load + "SPIFlash... SF: Detected x":                                                   "SPIFlash ",
		load + "nowhere... OK":                                                                "nowhere default",
		load + `FAT... Unable to read "uboot.env" from mmc0:1...`:                             "FAT default",
		load + "FAT... Unable to use mmc 0:1...\n" + load + "MMC... OK":                       "MMC saved",
		"Net: eth0": "-",
	} {
		list, _ := Parse([]byte(log))
		got := "-"
		if _, place, state, ok := Last(list).Settings(); ok {
			got = place + " " + state
		}
		if got != want {
			t.Errorf("Settings of %q = %q; want %q", log, got, want)
		}
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"Scanning mmc 0:1...": "mmc 0:1 is mmc",
		"Scanning mmc 0:1...\nFound /extlinux/extlinux.conf\nScanning usb 0:1...":              "usb 0:1 is usb",
		"Scanning bootdev 'fw-cfg@9020000.bootdev':":                                           "bootdev 'fw-cfg@9020000.bootdev' is ",
		"** Booting bootflow 'virtio-blk#32.bootdev.part_1' with extlinux":                     "'virtio-blk#32.bootdev.part_1' with extlinux is virtio",
		"** Booting bootflow 'usb_mass_storage.lun0.bootdev.part_1' with script":               "'usb_mass_storage.lun0.bootdev.part_1' with script is usb",
		"** Booting bootflow 'mmc@fe2e0000.bootdev.part_1' with extlinux\nRetrieving file: /x": "'mmc@fe2e0000.bootdev.part_1' with extlinux is mmc",
		"BdsDxe: starting Boot0002 \"UEFI Misc Device\" from PciRoot(0x0)/Pci(0x3,0x0)":        "option Boot0002",
		"Model: Scanning": "",
	} {
		list, _ := Parse([]byte(log))
		boot := Last(list)
		got := ""
		if w, medium, ok := boot.System(); ok {
			got = w.Value + " is " + medium
		}
		if w, ok := boot.Option(); ok {
			got += "option " + w.Value
		}
		if got != want {
			t.Errorf("System and Option of %q = %q; want %q", log, got, want)
		}
	}
}

func TestVersionAndDRAM(t *testing.T) {
	t.Parallel()
	list, _ := Parse([]byte(spl + "DRAM: 1024 MiB\n" + uboot + "Model: A\nBoard: B\nDRAM:  2 GiB\n" + kernel))
	boot := Last(list)
	if w, ok := boot.DRAM(); !ok || w.SizeBytes != 2<<30 {
		t.Errorf("DRAM = %+v, %v; want what U-Boot says", w, ok)
	}
	if w, ok := boot.Version(Barebox, UBoot); !ok || !strings.HasPrefix(w.Value, "2024.01 ") {
		t.Errorf("Version = %+v, %v", w, ok)
	}
	if w, ok := boot.Version(TFA); ok {
		t.Errorf("Version of TF-A = %+v; want none", w)
	}
	var models []string
	for _, w := range boot.Models() {
		models = append(models, w.Value)
	}
	if !slices.Equal(models, []string{"A", "B"}) {
		t.Errorf("Models = %q", models)
	}
}

// TestDRAM reads amounts of which the loader leaves a part to Linux, or none.
func TestDRAM(t *testing.T) {
	for line, want := range map[string]int64{
		"DRAM:  192 MiB (capacity:256 MiB, VGA:64 MiB, ECC:off)\n": 256 << 20,
		"DRAM:  8 GiB (effective 7.7 GiB)\n":                       8 << 30,
		"DRAM: 0 MiB\n":                                            0,
	} {
		list, _ := Parse([]byte("U-Boot 2019.04 (May 30 2023 - 06:05:47 +0000)\n" + line))
		if w, ok := Last(list).DRAM(); !ok || w.SizeBytes != want {
			t.Errorf("%q: %+v, %v; want %d bytes", line, w, ok, want)
		}
	}
}
