package console

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// summary has for each witness the line, how often, the kind and the value.
func summary(list []Witness) string {
	var out []string
	for _, w := range list {
		value := "-"
		if w.HasValue {
			value = w.Value
		}
		if w.HasSize {
			value += fmt.Sprintf(" =%d", w.SizeBytes)
		}
		out = append(out, fmt.Sprintf("%d*%d %s %s", w.Line, w.Count, w.Kind, value))
	}
	return strings.Join(out, "\n")
}

// TestParseLogs has pieces of logs that boards printed, from public issues:
// a NanoPC-T6 (inindev/nanopc-t6#5), an ODROID-M1 (armbian/build#7769), an R4S
// with the miniloader (QiuSimons/YAOF#544), an ODROID-N2
// (home-assistant/operating-system#678), an STM32MP157
// (bootlin/buildroot-external-st#72), an MSM8916 (msm8916-mainline/linux#310), a
// Raspberry Pi 5 (xen-troops/meta-xt-prod-devel-rpi5#50) and a 4 with an old boot
// loader (raspberrypi/rpi-eeprom#359, its numbers changed).
func TestParseLogs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want string }{
		"NanoPC-T6": {
			"DDR Version V1.08 20220617\nLPDDR4X, 2112MHz\nout\n\nU-Boot SPL 2024.01-rc5-00007-g467d56a974 (Dec 24 2023 - 09:48:33 +0000)\nTrying to boot from MMC1\n" +
				"## Checking hash(es) for config config-1 ... OK\nINFO:    Preloader serial: 2\nNOTICE:  BL31: v2.3():v2.3-499-ge63a16361:derrick.huang\nNOTICE:  BL31: Built : 10:58:38, Jan 10 2023\n",
			"1*1 first-stage V1.08 20220617\n5*1 spl 2024.01-rc5-00007-g467d56a974 (Dec 24 2023 - 09:48:33 +0000)\n6*1 boot-from MMC1\n9*1 tf-a v2.3():v2.3-499-ge63a16361:derrick.huang",
		},
		"ODROID-M1": {
			"U-Boot 2025.01-armbian-2025.01-S6d41-dirty (Jan 31 2025 - 17:29:22 +0000)\r\n\r\nModel: Hardkernel ODROID-M1\r\nDRAM:  8 GiB (effective 7.7 GiB)\r\nPMIC:  RK809 (on=0x40, off=0x00)\r\n" +
				"MMC:   mmc@fe2b0000: 1, mmc@fe310000: 0\r\nLoading Environment from SPIFlash... SF: Detected mx25u12835f with page size 256 Bytes\r\n*** Warning - bad CRC, using default environment\r\n",
			"1*1 u-boot 2025.01-armbian-2025.01-S6d41-dirty (Jan 31 2025 - 17:29:22 +0000)\n3*1 model Hardkernel ODROID-M1\n4*1 dram 8 GiB (effective 7.7 GiB) =8589934592\n" +
				"7*1 environment SPIFlash... SF: Detected mx25u12835f with page size 256 Bytes\n8*1 environment bad CRC, using default environment",
		},
		"R4S": {
			"\x9c\xe7\x9cDDR version 1.19 20211011\nID:0x805 N\nDDR4\nBoot1 Release Time: May 13 2019 17:34:36, version: 2.50\nRaw SecureMode = 0\nSecureInit ret = 0, SecureMode = 0\nRunBL31 0x40000\nNOTICE:  BL31: v1.3(release):5315ffb0a\nNOTICE:  BL31:Rockchip release version: v1.3\n",
			"1*1 first-stage 1.19 20211011\n4*1 first-stage May 13 2019 17:34:36, version: 2.50\n6*1 secure-boot 0, SecureMode = 0\n8*1 tf-a v1.3(release):5315ffb0a",
		},
		"ODROID-N2": {
			"G12B:BL:6e7c85:7898ac;FEAT:E0F83180:2000;POC:F;RCY:0;EMMC:0;READ:0;0.0\nbl2_stage_init 0x01\nLoad FIP HDR from eMMC, src: 0x00010200, des: 0xfffd0000, size: 0x00004000, part: 0\n",
			"1*1 rom 6e7c85:7898ac;FEAT:E0F83180:2000;POC:F;RCY:0;EMMC:0;READ:0;0.0\n3*1 boot-from eMMC",
		},
		"STM32MP157": {
			"NOTICE:  CPU: STM32MP157FAD Rev.Z\nNOTICE:  Model: STMicroelectronics custom STM32CubeMX board\nNOTICE:  Reset reason (0x15):\nINFO:    Using SDMMC\nINFO:      Instance 1\nNOTICE:  BL2: v2.10-stm32mp1-r2.0(debug):()\nNOTICE:  BL2: Built : 10:57:50, May  9 2026\nINFO:    BL2: Doing platform setup\n",
			"1*1 cpu STM32MP157FAD Rev.Z\n2*1 model STMicroelectronics custom STM32CubeMX board\n4*1 boot-from SDMMC\n6*1 tf-a v2.10-stm32mp1-r2.0(debug):()",
		},
		"MSM8916": {
			"Format: Log Type - Time(microsec) - Message - Optional Info\nS - QC_IMAGE_VERSION_STRING=BOOT.BF.3.0.C4.4-00010\nS - IMAGE_VARIANT_STRING=HAAAANAZA\nB -      1545 - PBL, Start\n",
			"2*1 first-stage BOOT.BF.3.0.C4.4-00010",
		},
		"Raspberry Pi 5": {
			"  3.58 RPi: BOOTLOADER release VERSION:26826259 DATE: 2024/09/23 TIME: 14:02:56\n  3.65 BOOTMODE: 0x06 partition 0 build-ts BUILD_TIMESTAMP=1727096576 serial 49e07bc8 boardrev e04171 stc 3765296\n  3.57 Boot mode: SD (01) order f4\n  4.57 Boot mode: USB-MSD (04) order f\n",
			"1*1 raspberry-pi 26826259\n3*1 boot-from SD\n4*1 boot-from USB-MSD",
		},
		"Raspberry Pi 4": {
			"PM_RSTS: 0x00001000\nRPi: BOOTLOADER release VERSION:c258ef8f DATE: Jul  6 2021 TIME: 11:44:56 BOOTMODE: 0x00000006 part: 0 BUILD_TIMESTAMP=1625568293 0x12345678 0x00b03115 0x00134f15\nBoot mode: SD (01) order f4\nCID: 00275048534432353630da1588bf0107\n",
			"2*1 raspberry-pi c258ef8f\n3*1 boot-from SD",
		},
		"Jetson TX2": {
			"[0001.300] I> Welcome to Cboot\n[0001.303] I> Cboot Version: t186-c3c778fb\n[0001.307] I> CPU-BL Params @ 0x275800000\n",
			"2*1 first-stage t186-c3c778fb",
		},
		"Jetson": {
			"[0000.064] I> MB1 (version: 0.32.0.0-t234-54845784-57325615)\n[0000.250] I> Boot-device: QSPI\nI/TC: OP-TEE version: 3.16 (gcc version 9.3.0)\nJetson UEFI firmware (version 36.4.4-gcid-41062509 built on 2025-06-16T15:25:51+00:00)\n" +
				"EFI stub: Booting Linux Kernel...\nEFI stub: UEFI Secure Boot is enabled.\n",
			"1*1 first-stage 0.32.0.0-t234-54845784-57325615\n2*1 boot-from QSPI\n3*1 op-tee 3.16 (gcc version 9.3.0)\n4*1 uefi 36.4.4-gcid-41062509 built on 2025-06-16T15:25:51+00:00\n5*1 efi-stub Booting Linux Kernel...\n6*1 secure-boot enabled.",
		},
	} {
		got, complete := Parse([]byte(c.log))
		if s := summary(got); s != c.want || !complete {
			t.Errorf("%s: Parse =\n%s\nwant\n%s", name, s, c.want)
		}
		for _, w := range got {
			if strings.Contains(w.Text, "0x12345678") {
				t.Errorf("%s: %q shows the serial number", name, w.Text)
			}
		}
	}
}

func TestParseLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                             "",
		"hello":                        "",
		"U-Boot is great":              "",
		"U-Boot 20x3.01":               "",
		"U-Boot 2123.01":               "",
		"U-Boot 2023-01":               "",
		"U-Boot 2023.1x":               "",
		"OpenSBI vx":                   "",
		"OpenSBI v":                    "",
		"Boot mode: SD (01)":           "",
		"Boot mode:  (01) order f4":    "",
		"NOTICE:  BL31: Built : 10:45": "",
		"INFO:    Using EMMC":          "1*1 boot-from EMMC",
		"U-Boot TPL 2021.04 (x)":       "1*1 spl 2021.04 (x)",
		"U-Boot VPL 2023.10":           "1*1 spl 2023.10",
		"<\xff\x00U-Boot 2017.09(u-boot commit id: e8b5ef0c39)": "1*1 u-boot 2017.09(u-boot commit id: e8b5ef0c39)",
		"\x1b[1;32mModel: A\x1b[0m board\x1b[":                  "1*1 model A board",
		"[    0.000000] Machine model: A board":                 "",
		"Model:":                                                "",
		"DRAM:  948 MiB (effective 3.8 GiB)":                    "1*1 dram 948 MiB (effective 3.8 GiB) =4080218931",
		"DRAM:  512 MiB":                                        "1*1 dram 512 MiB =536870912",
		"DRAM:  1.9 GiB":                                        "1*1 dram 1.9 GiB =2040109465",
		"DRAM:  64 MB":                                          "1*1 dram 64 MB =67108864",
		"DRAM:  many GiB":                                       "",
		"DRAM:  1.25 GiB":                                       "",
		"DRAM: ":                                                "",
		"SoC:   AM62X SR1.0 HS-FS":                              "1*1 cpu AM62X SR1.0 HS-FS",
		"SYSFW ABI: 3.1 (firmware rev 0x0009 '9.2.7--v09.02.07 (Kool Koala)')": "1*1 system-fw 3.1 (firmware rev 0x0009 '9.2.7--v09.02.07 (Kool Koala)')",
		"Reset cause: POR":               "1*1 reset POR",
		"Bootmode: LVL_SHFT_SD_MODE1":    "1*1 boot-from LVL_SHFT_SD_MODE1",
		"Bootdev(atags): mmc 1":          "1*1 boot-from mmc 1",
		"Booting from SPI flash":         "1*1 boot-from SPI flash",
		"BootROM - 1.73":                 "1*1 rom 1.73",
		"OpenSBI v1.1":                   "1*1 opensbi v1.1",
		"OpenSBI is it":                  "",
		"barebox 2021.05.0 #1 Mon May 3": "1*1 barebox 2021.05.0 #1 Mon May 3",
		"run barebox 2021.05.0":          "",
		"coreboot-4.13 Fri Nov 20 10:00:00 UTC 2020 bootblock starting (log level: 7)...": "1*1 coreboot 4.13",
		"[NOTE ]  coreboot-24.02 Mon Feb 26 UTC 2024 x86_32 bootblock starting":           "1*1 coreboot 24.02",
		"see coreboot-4.13":                        "",
		"SeaBIOS (version 1.16.0-debian-1.16.0-5)": "1*1 bios 1.16.0-debian-1.16.0-5",
		"UEFI firmware (version edk2-stable202211 built at 10:00:00 on Jan 1 2023)": "1*1 uefi edk2-stable202211 built at 10:00:00 on Jan 1 2023",
		"UEFI firmware (version open": "",
		`BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)`: "1*1 boot-option Boot0001",
		"BdsDxe: starting something":                                             "",
		"Welcome to GRUB!":                                                       "1*1 grub -",
		"GNU GRUB  version 2.06":                                                 "1*1 grub 2.06",
		"Scanning mmc 0:1...":                                                    "1*1 boot-flow mmc 0:1",
		"Scanning bootdev 'mmc@fe2e0000.bootdev':":                               "1*1 boot-flow bootdev 'mmc@fe2e0000.bootdev'",
		"Scanning for bootflows in all bootdevs":                                 "",
		"Found /extlinux/extlinux.conf":                                          "1*1 boot-flow extlinux/extlinux.conf",
		"Found U-Boot script /boot.scr":                                          "1*1 boot-flow /boot.scr",
		"** Booting bootflow 'mmc@fe2e0000.bootdev.part_1' with extlinux":        "1*1 boot-flow 'mmc@fe2e0000.bootdev.part_1' with extlinux",
		"Starting kernel ...":                                                    "1*1 kernel -",
		"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x412fd050]": "1*1 kernel -",
		"HAB Configuration: 0xf0, HAB State: 0x66":                               "1*1 secure-boot 0xf0, HAB State: 0x66",
		"INFO:    Using opteed sec cpu_context!":                                 "",
		"Boot mode: sunny":                                                       "",
		"10%\r20%\rTrying to boot from SPI\r":                                    "1*1 boot-from SPI",
		"Board: a\nBoard: a\n\n[1.5] Board: a\nBoard: b\n":                       "1*3 model a\n5*1 model b",
	} {
		got, _ := Parse([]byte(line))
		if s := summary(got); s != want {
			t.Errorf("Parse(%q) =\n%s\nwant\n%s", line, s, want)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for i := range maxWitnesses + 1 {
		fmt.Fprintf(&log, "Board: %d\n", i)
	}
	if got, complete := Parse(log.Bytes()); len(got) != maxWitnesses || complete {
		t.Errorf("Parse of %d = %d, complete %v; want %d, not complete", maxWitnesses+1, len(got), complete, maxWitnesses)
	}
	if got, _ := Parse([]byte("Board: " + strings.Repeat("x", 10000))); len(got) != 1 || len(got[0].Text) != maxText || len(got[0].Value) > maxText {
		t.Errorf("Parse of a long line = %+v; want %d characters", got, maxText)
	}
	if got, _ := Parse([]byte(strings.Repeat("x", maxColumns) + "U-Boot 2023.01")); len(got) != 0 {
		t.Errorf("Parse of a line that tells late = %+v; want nothing", got)
	}
}

// words are what is said, each once.
func words(list []Witness) []string {
	var all []string
	for _, w := range list {
		all = append(all, string(w.Kind)+" "+w.Text)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("U-Boot SPL 2024.01 (x)\r\nTrying to boot from MMC1\nDRAM:  1.9 GiB (effective 3 GiB)\n\x1b[0mModel: a\n"))
	f.Add([]byte("  3.58 RPi: BOOTLOADER release VERSION:26826259 BOOTMODE\n  3.57 Boot mode: SD (01) order f4\nBL31: v2.8\n\xff\x00Scanning x...\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		got, complete := Parse(log)
		lines := bytes.Count(log, []byte("\n")) + 1
		last := 0
		for _, w := range got {
			if w.Kind == "" || w.Text == "" || len(w.Text) > maxText || clean([]byte(w.Text)) != w.Text || w.HasValue != (w.Value != "") || w.SizeBytes < 0 {
				t.Errorf("witness %+v", w)
			}
			if w.Line < last || w.Last < w.Line || w.Last > lines || w.Count < 1 || w.Boot < 1 {
				t.Errorf("witness %+v of %d lines behind line %d", w, lines, last)
			}
			last = w.Line
			// Its text says the same when it is read alone.
			again, _ := Parse([]byte(w.Text))
			if len(again) != 1 || again[0].Kind != w.Kind || again[0].Value != w.Value || again[0].SizeBytes != w.SizeBytes {
				t.Errorf("Parse(%q) = %+v; want %+v", w.Text, again, w)
			}
		}
		// A log that is read twice says everything again.
		if twice, both := Parse(append(append(bytes.Clone(log), '\n'), log...)); complete && both && !slices.Equal(words(twice), words(got)) {
			t.Errorf("Parse of it twice = %q; want %q", words(twice), words(got))
		}
		boot := Last(got)
		for _, w := range boot.Said {
			if w.Boot != boot.Number || boot.Number > boot.Of {
				t.Errorf("boot %d of %d has %+v", boot.Number, boot.Of, w)
			}
		}
		boot.Source()
		boot.DRAM()
		boot.Security()
		boot.Settings()
		boot.System()
		if len(boot.Stages()) > len(boot.Said) || len(boot.Models()) > len(boot.Said) {
			t.Errorf("boot %+v", boot)
		}
	})
}

// What programs that log a console put in front of a line does not hide it.
func TestPrefixesOfLogs(t *testing.T) {
	for _, prefix := range []string{"", "[   1.000] ", "1.000: ", "[2026-12-01 10:00:08] ", "2026-12-01T10:00:08Z ", "2026-12-01T10:00:08.123+01:00 ", "Dec  1 10:00:00 desk picocom[123]: ", "Dec 11 10:00:00 desk ser2net: "} {
		log := prefix + "DRAM:  2 GiB\n"
		if said, _ := Parse([]byte(log)); len(said) != 1 || said[0].Kind != DRAM {
			t.Errorf("%q: %+v", log, said)
		}
	}
	for _, other := range []string{"SDRAM test: DRAM:  2 GiB", "Try DRAM:  2 GiB"} {
		if said, _ := Parse([]byte(other + "\n")); len(said) != 0 {
			t.Errorf("%q: %+v", other, said)
		}
	}
}
