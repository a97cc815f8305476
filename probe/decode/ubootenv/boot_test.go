package ubootenv

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// environment makes one of lines "name=value".
func environment(lines ...string) Environment {
	return newEnvironment([]byte(strings.Join(lines, "\x00") + "\x00\x00"))
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	e := environment("wifi_psk=secret", "bootcmd=a\x01\xffb", "BOOT_A_LEFT=3", "bootcmd=last", "empty=", "ver=a=b")
	for name, want := range map[string]string{"bootcmd": "last", "ver": "a=b", "empty": "", "wifi_psk": "secret"} {
		if got, ok := e.Value(name); got != want || !ok {
			t.Errorf("Value(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "boot", "bootcmd=", "zzz"} {
		if got, ok := e.Value(name); ok {
			t.Errorf("Value(%q) = %q; want none", name, got)
		}
	}
	want := []Variable{{"BOOT_A_LEFT", "3", true, 1}, {"bootcmd", "last", true, 4}, {"empty", "", false, 0}, {"ver", "a=b", true, 3}, {"wifi_psk", "", false, 6}}
	if got := e.Public(Allowed); !slices.Equal(got, want) {
		t.Errorf("Public = %+v; want %+v", got, want)
	}
	// All the bytes that occur in names, and some that do not.
	for name, want := range map[string]bool{"azAZ09_.#@:/,-+~": true, "`": false, "{": false, "[": false, ";": false, "a b": false, "": false, " a": true, " ": false, "é": false} {
		if n, ok := plausibleName([]byte(name + "=1")); ok != want || ok && n != len(name) {
			t.Errorf("plausibleName(%q) = %d, %v; want %v", name, n, ok, want)
		}
	}
	for size, want := range map[int]bool{maxName: true, maxName + 1: false} {
		if _, ok := plausibleName([]byte(strings.Repeat("a", size) + "=1")); ok != want {
			t.Errorf("plausibleName of %d bytes = %v; want %v", size, ok, want)
		}
	}
	if got := environment().Len(); got != 0 {
		t.Errorf("Len of nothing = %d; want 0", got)
	}
	long := strings.Repeat("x", maxValue) + "y"
	e = environment("ver=" + long)
	if got := e.Public(Allowed)[0]; got.Value != long[:maxValue] || got.ValueBytes != len(long) {
		t.Errorf("Public of a long value = %d of %d bytes; want %d of %d", len(got.Value), got.ValueBytes, maxValue, len(long))
	}
	e = environment("ver=a\x1b[0m\xff\u0085é\n\t")
	if got, want := e.Public(Allowed)[0].Value, "a?[0m??é\n\t"; got != want {
		t.Errorf("Public of a value with control characters = %q; want %q", got, want)
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"boot_targets": true, "bootcmd": true, "bootcmd_mmc0": true, "BOOT_ORDER": true, "BOOT_system0_LEFT": true, "BOOT_A_LEFT": true, "fdtfile": true,
		"kernel_addr_r": true, "fdt_addr": true, "scriptaddr": true, "loadaddr": true, "ramdisk_addr_r": true, "initrd_high": true, "kernel_comp_addr_r": true,
		"ethaddr_r": false, "ipaddr": false, "wifi_addr": false, "fdt": false,
		"ethaddr": false, "serial#": false, "serverip": false, "bootargs": false, "BOOT_PASSWORD": false, "A_LEFT": false, "": false,
	} {
		if got := Allowed(name); got != want {
			t.Errorf("Allowed(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestBootTargets(t *testing.T) {
	t.Parallel()
	b := environment("boot_targets=mmc1  mmc0 nvme0\tusb pxe dhcp mmc_auto 7 mmc99999", "bootmeths=extlinux efi", "bootcmd=run findfdt; run distro_bootcmd").Boot()
	want := []Target{{"mmc1", "mmc", 1, true}, {"mmc0", "mmc", 0, true}, {"nvme0", "nvme", 0, true}, {"usb", "usb", 0, false}, {"pxe", "pxe", 0, false},
		{"dhcp", "dhcp", 0, false}, {"mmc_auto", "mmc_auto", 0, false}, {"7", "7", 0, false}, {"mmc99999", "mmc99999", 0, false}}
	if !slices.Equal(b.Targets, want) || !b.Distro || b.Flow || !slices.Equal(b.Methods, []string{"extlinux", "efi"}) {
		t.Errorf("Boot = %+v; want distro boot with the targets %+v", b, want)
	}
	if b := environment("bootcmd=bootflow scan -lb").Boot(); !b.Flow || b.Distro || b.Targets != nil {
		t.Errorf("Boot = %+v; want standard boot without targets", b)
	}
	if b := environment("bootcmd=bootflow list").Boot(); b.Flow {
		t.Errorf("Boot = %+v; want no scan", b)
	}
	if b := environment("boot_targets=" + strings.Repeat("mmc0 ", 100)).Boot(); len(b.Targets) != maxTargets {
		t.Errorf("Boot = %d targets; want %d", len(b.Targets), maxTargets)
	}
}

func TestBootCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		want  []Command
	}{
		// The shape of the environments of NXP's i.MX boards.
		"i.MX": {
			[]string{
				"mmcdev=2", "mmcpart=1",
				"bootcmd=mmc dev ${mmcdev}; if mmc rescan; then if run loadbootscript; then run bootscript; else if run loadimage; then run mmcboot; else run netboot; fi; fi; fi;",
				"loadbootscript=fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${bsp_script};",
				"loadimage=fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${image}",
				"netboot=echo Booting from net ...; if test ${ip_dyn} = yes; then setenv get_cmd dhcp; else setenv get_cmd tftp; fi; dhcp ${loadaddr} 10.0.0.1:secret",
				"mmcboot=echo Booting from mmc ...; run mmcargs; booti ${loadaddr} - ${fdt_addr_r};",
			},
			[]Command{
				{"mmc", "mmc dev ${mmcdev}", "bootcmd", 2, true},
				{"mmc", "mmc rescan", "bootcmd", 0, false},
				{"mmc", "fatload mmc ${mmcdev}:${mmcpart}", "loadbootscript", 2, true},
				{"mmc", "fatload mmc ${mmcdev}:${mmcpart}", "loadimage", 2, true},
				{"network", "dhcp", "netboot", 0, false},
			},
		},
		// What distro_bootcmd runs, as someone calls it by hand.
		"scripts with a parameter": {
			[]string{"bootcmd=run bootcmd_mmc1 || run bootcmd_usb0", "bootcmd_mmc1=devnum=1; run mmc_boot", "bootcmd_usb0=setenv devnum 0; run usb_boot",
				"mmc_boot=if mmc dev ${devnum}; then devtype=mmc; run scan; fi", "usb_boot=usb start; if usb dev ${devnum}; then devtype=usb; run scan; fi",
				"scan=load ${devtype} ${devnum}:1 ${addr} /boot.scr"},
			[]Command{
				{"mmc", "mmc dev ${devnum}", "mmc_boot", 1, true},
				{"mmc", "load ${devtype} ${devnum}:1", "scan", 1, true},
				{"usb", "usb start", "usb_boot", 0, false},
				{"usb", "usb dev ${devnum}", "usb_boot", 0, true},
				{"usb", "load ${devtype} ${devnum}:1", "scan", 0, true},
			},
		},
		"other media": {
			[]string{"bootcmd=sf probe 0:0 && sf read $addr 0x0 0x100; nand read ${a} 0 1\nubi part rootfs;ubifsmount ubi0:x;nvme scan;load nvme 0:1 a b;scsi scan; sata init;" +
				"ufs init 0;virtio scan;mtd read fip 0;tftpboot 0 x;pxe get;nfs a;load ubi ubi0 a;load ${foo} ${bar} x;load mmc;mmc dev 0 1; sysboot mmc 1:1 any; mmc dev a;mmc dev zz"},
			[]Command{
				{"spi-flash", "sf probe 0:0", "bootcmd", 0, false},
				{"spi-flash", "sf read", "bootcmd", 0, false},
				{"nand", "nand read", "bootcmd", 0, false},
				{"ubi", "ubi part", "bootcmd", 0, false},
				{"ubi", "ubifsmount", "bootcmd", 0, false},
				{"nvme", "nvme scan", "bootcmd", 0, false},
				{"nvme", "load nvme 0:1", "bootcmd", 0, true},
				{"scsi", "scsi scan", "bootcmd", 0, false},
				{"sata", "sata init", "bootcmd", 0, false},
				{"ufs", "ufs init 0", "bootcmd", 0, true},
				{"virtio", "virtio scan", "bootcmd", 0, false},
				{"mtd", "mtd read", "bootcmd", 0, false},
				{"network", "tftpboot", "bootcmd", 0, false},
				{"network", "pxe get", "bootcmd", 0, false},
				{"network", "nfs", "bootcmd", 0, false},
				{"ubi", "load ubi ubi0", "bootcmd", 0, false},
				{"${foo}", "load ${foo} ${bar}", "bootcmd", 0, false},
				{"mmc", "mmc dev 0 1", "bootcmd", 0, true},
				{"mmc", "sysboot mmc 1:1", "bootcmd", 1, true},
				{"mmc", "mmc dev a", "bootcmd", 10, true},
				{"mmc", "mmc dev zz", "bootcmd", 0, false},
			},
		},
		"a circle": {[]string{"bootcmd=mmc rescan; run bootcmd"}, slices.Repeat([]Command{{"mmc", "mmc rescan", "bootcmd", 0, false}}, maxDepth+1)},
		"an avalanche": {[]string{"bootcmd=run a a a a", "a=run b b b b", "b=run c c c c", "c=run d d d d", "d=run e e e e", "e=mmc rescan;mmc rescan"},
			slices.Repeat([]Command{{"mmc", "mmc rescan", "e", 0, false}}, maxCommands)},
		"not there":   {[]string{"bootcmd=run nothing; run"}, nil},
		"no commands": {[]string{"bootcmd=;;&& if then ; echo mmc dev 1"}, nil},
		"no bootcmd":  {[]string{"mmcboot=mmc dev 1"}, nil},
	} {
		if got := environment(c.lines...).Boot().Commands; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Boot = %+v; want %+v", name, got, c.want)
		}
	}
}

// TestCommands has every command that is known, with the words of it that are
// shown in front of a bar.
func TestCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, kind string
		index      int // -1 for none
	}{
		{"mmc dev 1 0|x", "mmc", 1}, {"mmc rescan|", "mmc", -1}, {"mmc read|a b c", "mmc", -1},
		{"usb start|", "usb", -1}, {"usb reset|", "usb", -1}, {"usb dev 1|", "usb", 1},
		{"nvme scan|", "nvme", -1}, {"nvme dev 0|", "nvme", 0},
		{"scsi scan|", "scsi", -1}, {"scsi reset|", "scsi", -1}, {"scsi dev 2|", "scsi", 2},
		{"sata init|", "sata", -1}, {"sata dev 1|", "sata", 1},
		{"ufs init 0|", "ufs", 0}, {"virtio scan|", "virtio", -1}, {"virtio dev 3|x", "virtio", 3},
		{"sf probe 1:0|", "spi-flash", -1}, {"sf read|a b c", "spi-flash", -1},
		{"nand read|a b c", "nand", -1}, {"nand device 1|", "nand", 1}, {"nboot|a 0 b", "nand", -1},
		{"mtd read|fip a", "mtd", -1}, {"ubi part|x", "ubi", -1}, {"ubi read|a b", "ubi", -1}, {"ubifsmount|ubi0:a", "ubi", -1}, {"ubifsload|a b", "ubi", -1},
		{"dhcp|a b", "network", -1}, {"dhcp6|a", "network", -1}, {"tftp|a b", "network", -1}, {"tftpboot|a b", "network", -1}, {"tftp6|a b", "network", -1},
		{"bootp|a", "network", -1}, {"nfs|a b", "network", -1}, {"wget|a b", "network", -1}, {"pxe get|", "network", -1},
		{"load mmc 1:2|a b", "mmc", 1}, {"fatload usb 0|a b", "usb", 0}, {"ext2load scsi 1:1|a b", "scsi", 1}, {"ext4load nvme 0:1|a b", "nvme", 0},
		{"sysboot virtio 0:1|any a", "virtio", 0}, {"load ubifs 0|a", "ubi", 0},
	} {
		shown, rest, _ := strings.Cut(c.line, "|")
		got := environment("bootcmd=" + shown + " " + rest + " more").Boot().Commands
		want := Command{c.kind, shown, "bootcmd", max(c.index, 0), c.index >= 0}
		if len(got) != 1 || got[0] != want {
			t.Errorf("Boot of %q = %+v; want %+v", c.line, got, want)
		}
	}
	for _, line := range []string{"mmc", "mmc info", "usb tree", "load", "load mmc", "sf", "nand bad", "printenv", "=x", "setenv a", "mtd list"} {
		if got := environment("bootcmd=" + line).Boot().Commands; got != nil {
			t.Errorf("Boot of %q = %+v; want none", line, got)
		}
	}
}

func TestParseConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]Location{
		"# comment\n/dev/mmcblk2 0x400000 0x4000\n":           {{Device: "/dev/mmcblk2", OffsetBytes: 0x400000, SizeBytes: 0x4000}},
		"/dev/mmcblk0boot1\t-0x2200 2000\n":                   {{Device: "/dev/mmcblk0boot1", OffsetBytes: -0x2200, SizeBytes: 0x2000}},
		"/dev/mtd1 0x0 0x4000 0x10000 1\n/dev/mtd2 1024 4000": {{"/dev/mtd1", 0, 0x4000, 0x10000, true, 1, true}, {Device: "/dev/mtd2", OffsetBytes: 1024, SizeBytes: 0x4000}},
		"/dev/mtd1 0 4000 4000\n":                             {{Device: "/dev/mtd1", SizeBytes: 0x4000, SectorBytes: 0x4000, HasSector: true}},
		"a 0 10\nb 0 20\nc 0 30\n":                            {{Device: "a", SizeBytes: 0x10}, {Device: "b", SizeBytes: 0x20}},
		"junk\na x 10\na 0 x\nb 0 20 zz 1\n":                  {{Device: "b", SizeBytes: 0x20}},
		"":                                                    nil, "#a 0 1\n": nil, "a 0\n": nil, "a 0 -1\n": nil,
	} {
		got, err := ParseConfig(text)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("ParseConfig(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func FuzzBoot(f *testing.F) {
	f.Add("mmc dev ${x}; run a; if run b; then load ${t} 0:1 a; fi", "usb start", "x=1; run a a", "mmc1 usb0 pxe")
	f.Add("bootflow scan", "bootcmd", "", "")
	f.Fuzz(func(t *testing.T, bootcmd, a, b, targets string) {
		e := environment("bootcmd="+bootcmd, "a="+a, "b="+b, "boot_targets="+targets)
		got := e.Boot()
		if len(got.Commands) > maxCommands || len(got.Targets) > maxTargets || len(got.Methods) > maxTargets {
			t.Errorf("Boot = %d commands, %d targets", len(got.Commands), len(got.Targets))
		}
		for _, c := range got.Commands {
			if c.Kind == "" || c.Variable == "" || len(c.Text) > 4*(maxWord+1) || !c.HasIndex && c.Index != 0 {
				t.Errorf("command %+v", c)
			}
			// Its words stand in the variable that is named.
			if text, ok := e.Value(c.Variable); ok && printable(text, len(text)) == text {
				for _, word := range strings.Fields(c.Text) {
					if !strings.Contains(text, word) {
						t.Errorf("%q of %+v is not in %q", word, c, text)
					}
				}
			}
		}
		for _, target := range got.Targets {
			if word := target.Kind; target.HasIndex && !strings.HasPrefix(target.Word, word) || !target.HasIndex && word != target.Word {
				t.Errorf("target %+v", target)
			}
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	f.Add("# x\n/dev/mtd1 0x0 0x4000 0x10000 1\n/dev/mtd2 -1024 4000\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseConfig(text)
		if (err == nil) != (len(list) > 0) || len(list) > 2 {
			t.Errorf("ParseConfig(%q) = %+v, %v", text, list, err)
		}
		for _, l := range list {
			line := fmt.Sprintf("%s %d %x", l.Device, l.OffsetBytes, l.SizeBytes)
			if again, err := ParseConfig(line); !strings.HasPrefix(l.Device, "#") && (err != nil || again[0].OffsetBytes != l.OffsetBytes || again[0].SizeBytes != l.SizeBytes) {
				t.Errorf("ParseConfig(%q) = %+v, %v; want %+v", line, again, err, l)
			}
		}
	})
}
