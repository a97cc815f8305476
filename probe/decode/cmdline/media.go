package cmdline

import "strings"

// rockchipMedia translates the words of boot_rkimg.c.
func rockchipMedia(value string) string {
	switch value {
	case "emmc", "sd", "nvme", "scsi", "usb", "nand", "mtd", "ufs", "sata":
		return value
	case "rknand", "spinand", "spi_nand":
		return "nand"
	case "spinor", "spi_nor":
		return "spi"
	}
	return ""
}

// controllerMedia takes the name of a platform device, 1d84000.ufshc, or a
// path to one in sysfs. Of several in a list all must be of a kind.
func controllerMedia(value string) string {
	media := ""
	for name := range strings.SplitSeq(value, ",") {
		if at := strings.LastIndexByte(name, '/'); at >= 0 {
			name = name[at+1:]
		}
		m := ""
		switch {
		case strings.Contains(name, "ufs"):
			m = "ufs"
		case strings.Contains(name, "sdhci"), strings.Contains(name, "mmc"), strings.Contains(name, "sdcc"), strings.Contains(name, "msdc"):
			m = "mmc" // an eMMC and an SD card are driven alike
		case strings.Contains(name, "nvme"):
			m = "nvme"
		case strings.Contains(name, "usb"):
			m = "usb"
		}
		if m == "" || media != "" && m != media {
			return ""
		}
		media = m
	}
	return media
}

// rootMedia takes a device by its name in Linux (Documentation/admin-guide/
// devices.txt). UUIDs and labels name no medium.
func rootMedia(value string) string {
	if strings.HasPrefix(value, "ubi") {
		return "mtd"
	}
	name, ok := strings.CutPrefix(value, "/dev/")
	if !ok {
		return ""
	}
	for _, d := range [...]struct{ prefix, media string }{
		{"mmcblk", "mmc"},
		{"nvme", "nvme"},
		{"vd", "virtio"},
		{"mtdblock", "mtd"},
		{"ubi", "mtd"},
		{"nfs", "network"},
		{"cifs", "network"},
		{"sd", "scsi"}, // also USB, SATA and UFS, which the name does not tell
	} {
		if strings.HasPrefix(name, d.prefix) {
			return d.media
		}
	}
	return ""
}

// Component is one piece of firmware.
type Component struct {
	Name    string // ddr, spl, bl31, bl32, uboot
	Version string
}

const maxComponents = 16

// ParseFirmware reads the value of androidboot.fwver: "ddr-v1.18-9fa84341ce,
// spl-v1.13,bl31-v1.47", without blanks. What is no such pair is left out.
func ParseFirmware(value string) []Component {
	var list []Component
	for part := range strings.SplitSeq(value, ",") {
		name, version, ok := strings.Cut(printable(part), "-")
		if ok && name != "" && version != "" && len(list) < maxComponents {
			list = append(list, Component{name, version})
		}
	}
	return list
}
