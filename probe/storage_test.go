package probe

import (
	"maps"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// blockDevice is a device as sysfs shows it: where it sits, its bus, its files.
type blockDevice struct {
	name, at, bus string // at is the folder of what the block device belongs to
	files         map[string]string
}

func (d blockDevice) tree() map[string]string {
	dir := "sys/devices/" + d.at + "/block/" + d.name
	files := map[string]string{
		"sys/block/" + d.name + "@": "/" + dir,
		dir + "/device@":            "/sys/devices/" + d.at,
		dir + "/size":               "2097152\n",
		"sys/bus/" + d.bus + "/x":   "",
	}
	if d.bus != "" {
		files["sys/devices/"+d.at+"/subsystem@"] = "/sys/bus/" + d.bus
	}
	for name, text := range d.files {
		if attribute, ok := strings.CutPrefix(name, "device/"); ok {
			files["sys/devices/"+d.at+"/"+attribute] = text
		} else {
			files[dir+"/"+name] = text
		}
	}
	return files
}

// TestStorageKinds holds that the kind follows from bus and place, and that
// what is no capacity of its own is not listed.
func TestStorageKinds(t *testing.T) {
	scsi := func(kind string) map[string]string { return map[string]string{"device/type": kind} }
	optical := scsi("5\n")
	optical["size"] = "2097151\n"
	for name, c := range map[string]struct {
		device         blockDevice
		kind, attached string // "": not listed
		bytes          int64
	}{
		"SATA":          {blockDevice{"sda", "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0", "scsi", scsi("0\n")}, "sata", "", 1 << 30},
		"USB":           {blockDevice{"sda", "pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host0/target0:0:0/0:0:0:0", "scsi", scsi("0\n")}, "usb", "external", 1 << 30},
		"UFS":           {blockDevice{"sda", "platform/soc@0/1d84000.ufshc/host0/target0:0:0/0:0:0:0", "scsi", scsi("0\n")}, "ufs", "soldered", 1 << 30},
		"other SCSI":    {blockDevice{"sda", "pci0000:00/0000:00:05.0/virtio1/host0/target0:0:0/0:0:0:0", "scsi", scsi("0\n")}, "scsi", "", 1 << 30},
		"no disc":       {blockDevice{"sr0", "pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0", "scsi", optical}, "optical", "external", 0},
		"virtio":        {blockDevice{"vda", "pci0000:00/0000:00:04.0/virtio0", "virtio", nil}, "virtio", "soldered", 1 << 30},
		"NVMe":          {blockDevice{"nvme0n1", "pci0000:00/0000:00:02.0/nvme/nvme0", "nvme", nil}, "nvme", "", 1 << 30},
		"hidden path":   {blockDevice{"nvme0c0n1", "pci0000:00/0000:00:02.0/nvme/nvme0", "nvme", map[string]string{"hidden": "1\n"}}, "", "", 0},
		"RPMB":          {blockDevice{"mmcblk0rpmb", "platform/a/mmc_host/mmc0/mmc0:0001", "mmc", nil}, "", "", 0},
		"boot area":     {blockDevice{"mmcblk0boot1", "platform/a/mmc_host/mmc0/mmc0:0001", "mmc", nil}, "", "", 0},
		"flash as disk": {blockDevice{"mtdblock0", "platform/a/mtd/mtd0", "mtd", nil}, "", "", 0},
		"device mapper": {blockDevice{"dm-0", "virtual", "", nil}, "", "", 0},
		"zram":          {blockDevice{"zram0", "virtual", "", nil}, "", "", 0},
		"RAID":          {blockDevice{"md0", "virtual", "", nil}, "", "", 0},
	} {
		files := c.device.tree()
		maps.Copy(files, map[string]string{"sys/class/mtd/x/y": ""})
		r, _ := probeRoot(t, files)
		if c.kind == "" {
			if len(r.Storage) != 0 {
				t.Errorf("%s: listed as %+v; want no storage", name, r.Storage[0])
			}
			continue
		}
		if len(r.Storage) != 1 {
			t.Errorf("%s: %d devices; want one", name, len(r.Storage))
			continue
		}
		if d := r.Storage[0]; d.Kind.Value != c.kind || d.Attached.Value != c.attached || d.SizeBytes.Value != c.bytes || d.SizeBytes.OK() != (c.bytes > 0) {
			t.Errorf("%s: %s, %s, %d bytes (%s); want %s, %s, %d bytes", name, d.Kind.Value, d.Attached.Value, d.SizeBytes.Value, d.SizeBytes.Why(), c.kind, c.attached, c.bytes)
		}
	}
}

// TestRawFlash lists masters of raw flash, not their partitions.
func TestRawFlash(t *testing.T) {
	at := "sys/devices/platform/flash/mtd/mtd0"
	r, _ := probeRoot(t, map[string]string{
		"sys/block/x": "", // storage can be listed
		at + "/type":  "nand\n", at + "/size": "268435456\n", at + "/name": "nand0\n",
		at + "/mtd1/type": "nand\n", at + "/mtd1/size": "1048576\n", at + "/mtd1/name": "u-boot\n",
		"sys/class/mtd/mtd0@": "/" + at, "sys/class/mtd/mtd0ro@": "/" + at + "ro", at + "ro/x": "",
		"sys/class/mtd/mtd1@": "/" + at + "/mtd1",
	})
	if len(r.Storage) != 1 || r.Storage[0].Kind.Value != report.KindMTD || r.Storage[0].SizeBytes.Value != 256<<20 {
		t.Errorf("storage = %+v; want one flash of 256 MiB", r.Storage)
	}
}
