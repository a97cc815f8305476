package cmdline

import (
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for in, want := range map[string]string{
		"console=ttyS0,115200n8 root=/dev/mmcblk0p2 rootwait rw quiet\n":                                   "console=ttyS0,115200n8 root=/dev/mmcblk0p2 rootwait rw quiet\n",
		`passphrase="correct horse" mem=512M`:                                                              "passphrase=[13 bytes] mem=512M",
		`"my key=a b c" cma=64M@0-1G`:                                                                      "[6 bytes]=[5 bytes] cma=64M@0-1G",
		"rootpass swordfish isolcpus=1-3":                                                                  "[8 bytes] [9 bytes] isolcpus=1-3",
		"8250.nr_uarts=1 usbcore.serial=12345678 foo.bar=Alice":                                            "8250.nr_uarts=1 usbcore.serial=[8 bytes] foo.bar=[5 bytes]",
		"root=PARTUUID=b5c1e7d2-02 root=UUID=1A2B-3C4D":                                                    "root=PARTUUID=[11 bytes] root=UUID=[9 bytes]",
		"root=LABEL=alices-disk root=/dev/mapper/alice--vg-root":                                           "root=[17 bytes] root=[26 bytes]",
		"BOOT_IMAGE=/0123456789abcdef0123456789abcdef/6.1/linux nfsroot=10.0.0.7:/x":                       "BOOT_IMAGE=/[32 bytes]/6.1/linux nfsroot=[11 bytes]",
		"storagemedia=emmc androidboot.serialno=SN1 androidboot.verifiedbootstate=green":                   "storagemedia=emmc androidboot.serialno=[3 bytes] androidboot.verifiedbootstate=green",
		"ro -- secret=1 words":                                                                             "ro -- [14 bytes]",
		"boardprobe.out=LABEL boardprobe.ticket=CDS-7":                                                     "boardprobe.out=LABEL boardprobe.ticket=CDS-7",
		"console=hunter2 earlycon=uart8250,mmio32,0xfe215040 console=ttyAMA0,115200":                       "console=[7 bytes] earlycon=uart8250,mmio32,0xfe215040 console=ttyAMA0,115200",
		"boardprobe.psk=hunter55 BOOT_IMAGE=/home/bob/x BOOT_IMAGE=(hd0,gpt2)/boot/vmlinuz-6.1.0-18-arm64": "boardprobe.psk=[8 bytes] BOOT_IMAGE=[11 bytes] BOOT_IMAGE=(hd0,gpt2)/boot/vmlinuz-6.1.0-18-arm64",
		"mtdparts=hunter66 mtdparts=spi0.0:1m(u-boot),-(rootfs)":                                           "mtdparts=[8 bytes] mtdparts=spi0.0:1m(u-boot),-(rootfs)",
		"ip=":          "ip=",
		`unended="a b`: "unended=[3 bytes]",
		"":             "",
	} {
		if got := Public(in); got != want {
			t.Errorf("Public(%q) = %q; want %q", in, got, want)
		}
	}
}

// TestPublicRows holds the parameters that are let through against those that
// are read: what a loader says of the medium must not be hidden from Hints.
func TestPublicRows(t *testing.T) {
	for _, r := range rows() {
		value := "emmc"
		switch r.key {
		case "root":
			value = "/dev/mmcblk0p2"
		case "efi":
			value = "noruntime"
		case "BOOT_IMAGE":
			value = "/boot/vmlinuz-6.1"
		case "mtdparts":
			value = "spi0.0:1m(u-boot)"
		case "fuse.programmed":
			value = "1"
		}
		line := r.key + "=" + value
		got := Public(line)
		if (got == line) == r.hidden {
			t.Errorf("Public(%s) = %s; hidden: %v", line, got, r.hidden)
		}
		if before, after := len(Hints(line)), len(Hints(got)); before != after {
			t.Errorf("%s: %d hints, and %d of %s", line, before, after, got)
		}
	}
}

func FuzzPublic(f *testing.F) {
	f.Add(`console=ttyS0 root=/dev/sda1 pass="a b" -- x`)
	f.Fuzz(func(t *testing.T, line string) {
		got := Public("secretive=" + strings.ReplaceAll(strings.ReplaceAll(line, "\n", ""), " ", "") + "zq93")
		if strings.Contains(got, "zq93") && !strings.ContainsAny(line, "\t\r\x00\"=") {
			t.Errorf("Public keeps a value: %q", got)
		}
		_ = Public(line)
	})
}
