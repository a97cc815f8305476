// Package cmdline finds in the kernel's command line what a boot loader said of
// the medium it booted from, of itself and of verified boot.
//
// Boot loaders of vendors pass it on as parameters that the kernel does not
// know. The package has a row for each such parameter, and leaves out all others
// and the values that name a unit or a server. It reads no file.
package cmdline

import (
	"slices"
	"strings"
)

// Kind is what a hint is about.
type Kind string

// The kinds. Root is the weakest: where the root file system is need not be
// where the boot loader was.
const (
	Medium     Kind = "medium"     // the loader names the medium it booted from
	Device     Kind = "device"     // the loader names the device it booted from
	Root       Kind = "root"       // the root file system
	Verified   Kind = "verified"   // what a loader that checks signatures found
	Fused      Kind = "fused"      // whether fuses demand signatures
	Slot       Kind = "slot"       // which of two copies was booted
	Firmware   Kind = "firmware"   // versions of firmware, see ParseFirmware
	Loader     Kind = "loader"     // which loader it was
	NoRuntime  Kind = "no-runtime" // UEFI cannot be asked, so that it has no variables says nothing
	Partitions Kind = "partitions" // of raw flash
)

// Hint is one parameter.
type Hint struct {
	Key      string
	Kind     Kind
	Value    string // printable, at most 160 bytes
	HasValue bool   // false also if the value is of no use or not for a report
	Media    string // emmc, sd, mmc (either), ufs, nvme, scsi, usb, nand, mtd, spi, virtio, network
	HasMedia bool
	Note     string // what it says, in a few words
}

const (
	maxBytes      = 16 << 10 // the largest COMMAND_LINE_SIZE of the kernel is 4 KiB
	maxParameters = 1024
	maxHints      = 64
	maxValue      = 160
)

// row is a parameter that a loader is known to pass.
type row struct {
	key    string
	kind   Kind
	media  func(value string) string // nil or "" if it names none
	hidden bool                      // the value is not for a report
	note   string
}

func rows() []row {
	return []row{
		// Rockchip's U-Boot, arch/arm/mach-rockchip/boot_rkimg.c.
		{"storagemedia", Medium, rockchipMedia, false, "Rockchip's U-Boot names the boot medium"},
		{"androidboot.storagemedia", Medium, rockchipMedia, false, "Rockchip's U-Boot names the boot medium"},
		{"storagenode", Device, nil, false, "Rockchip's U-Boot names the boot device by its path in the device tree"},
		{"fuse.programmed", Fused, nil, false, "Rockchip's U-Boot: 1 if secure boot is fused"},
		{"androidboot.fwver", Firmware, nil, false, "Rockchip's U-Boot lists versions of firmware"},
		{"android_slotsufix", Slot, nil, false, "Rockchip's U-Boot names the copy of the system"},
		// Android, source.android.com/docs/core/architecture/bootloader.
		{"androidboot.bootdevice", Device, controllerMedia, false, "the loader names the controller of the boot device"},
		{"androidboot.boot_devices", Device, controllerMedia, false, "the loader names the controller of the boot device"},
		{"androidboot.verifiedbootstate", Verified, nil, false, "verified boot: green is verified, yellow by another key, orange unlocked, red refused"},
		{"androidboot.vbmeta.device_state", Verified, nil, false, "verified boot: whether the loader is locked"},
		{"androidboot.flash.locked", Verified, nil, false, "whether the loader is locked"},
		{"androidboot.slot_suffix", Slot, nil, false, "the loader names the copy of the system"},
		// NVIDIA's CBoot of JetPack 4.
		{"boot.slot_suffix", Slot, nil, false, "CBoot names the copy of the system"},
		{"boot.ratchetvalues", Loader, nil, false, "CBoot adds it: the least versions of firmware that it takes"},
		// Loaders as they fill the line.
		{"BOOT_IMAGE", Loader, nil, false, "GRUB or Syslinux names the kernel file"},
		{"vc_mem.mem_base", Loader, nil, true, "the firmware of a Raspberry Pi adds it"},
		{"efi", NoRuntime, nil, false, "the kernel does not use UEFI's runtime services"},
		// Linux, Documentation/admin-guide: kernel-parameters.txt, nfs/nfsroot.rst.
		{"root", Root, rootMedia, false, "where the root file system is"},
		{"nfsroot", Root, network, true, "the root file system is on a server"},
		{"netroot", Root, network, true, "the root file system is on a server"},
		{"BOOTIF", Loader, network, true, "PXELINUX names the interface it booted from"},
		{"ubi.mtd", Root, func(string) string { return "mtd" }, false, "UBI is attached to raw flash"},
		{"mtdparts", Partitions, func(string) string { return "mtd" }, false, "partitions of raw flash"},
	}
}

func network(string) string { return "network" }

// Hints returns the hints in the order of the command line. What stands behind
// "--" is for init and is left out.
func Hints(cmdline string) []Hint {
	known := rows()
	var found []Hint
	for _, p := range split(cmdline) {
		at := slices.IndexFunc(known, func(r row) bool { return r.key == p.key })
		if at < 0 || !p.hasValue || len(found) == maxHints {
			continue
		}
		r := known[at]
		if r.kind == NoRuntime && !slices.Contains(strings.Split(p.value, ","), "noruntime") {
			continue
		}
		h := Hint{Key: r.key, Kind: r.kind, Note: r.note}
		if !r.hidden {
			h.Value, h.HasValue = printable(p.value), true
		}
		if r.media != nil {
			h.Media = r.media(p.value)
			h.HasMedia = h.Media != ""
		}
		found = append(found, h)
	}
	return found
}

type parameter struct {
	key, value string
	hasValue   bool
}

// split takes the line apart as the kernel does (lib/cmdline.c, next_arg): blanks
// within double quotes do not separate, and the quotes around a value or a
// whole parameter are not part of it.
func split(line string) []parameter {
	line = line[:min(len(line), maxBytes)]
	var list []parameter
	for len(list) < maxParameters {
		line = strings.TrimLeft(line, " \t\r\n\x00")
		if line == "" {
			break
		}
		end, quoted := 0, false
		for ; end < len(line) && (quoted || strings.IndexByte(" \t\r\n\x00", line[end]) < 0); end++ {
			if line[end] == '"' {
				quoted = !quoted
			}
		}
		word := line[:end]
		line = line[end:]
		if word == "--" {
			break
		}
		if inner, ok := strings.CutPrefix(word, `"`); ok {
			word = strings.TrimSuffix(inner, `"`)
		}
		key, value, ok := strings.Cut(word, "=")
		if inner, quoted := strings.CutPrefix(value, `"`); quoted {
			value = strings.TrimSuffix(inner, `"`)
		}
		list = append(list, parameter{key, value, ok})
	}
	return list
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), maxValue)])
}
