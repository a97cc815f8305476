package probe

import (
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// TestFoldersForLinks reads a root in which folders stand for links, as one copied
// with cp -L has, and old kernels with CONFIG_SYSFS_DEPRECATED: everything is listed,
// and what the links would have said is a gap.
func TestFoldersForLinks(t *testing.T) {
	r, _ := probeRoot(t, map[string]string{
		"sys/block/sda/size": "1000\n", "sys/block/sda/removable": "0\n",
		"sys/block/sda/device/vendor": "ATA\n", "sys/block/sda/device/model": "Disk\n", "sys/block/sda/device/rev": "1\n", "sys/block/sda/device/type": "0\n",
		"sys/block/mmcblk0/size": "8000\n", "sys/block/mmcblk0/device/type": "MMC\n", "sys/block/mmcblk0/device/name": "8GTF4R\n",
		"sys/block/mmcblk0boot0/size": "8\n", "sys/block/mmcblk0boot0/device/type": "MMC\n",
		"sys/block/mmcblk0gp0/size": "8\n", "sys/block/mmcblk0gp0/device/type": "MMC\n",
		"sys/block/md0/size":               "8\n",
		"sys/class/net/eth0/device/vendor": "0x8086\n", "sys/class/net/eth0/type": "1\n", "sys/class/net/eth0/address": "02:00:00:00:00:01\n",
		"sys/class/net/lo/type":       "772\n",
		"sys/class/rtc/rtc0/device/x": "", "sys/class/rtc/rtc0/name": "rtc-x\n",
	})
	disks := map[string]report.Disk{}
	for _, d := range r.Storage {
		disks[d.Name.Value] = d
		if d.Path != "by-name/"+d.Name.Value {
			t.Errorf("disk %s has the key %s; want one that says that it is by the name", d.Name.Value, d.Path)
		}
	}
	if len(disks) != 2 {
		t.Fatalf("disks %v; want sda and mmcblk0", disks)
	}
	if d := disks["sda"]; d.Kind.Gap != report.NotProbed || d.Kind.Note != "there is no link to its bus" || d.Model.Value != "Disk" || d.Manufacturer.Value != "ATA" || d.SizeBytes.Value != 512_000 {
		t.Errorf("sda: %+v", d)
	}
	if d := disks["mmcblk0"]; d.Kind.Value != report.KindEMMC || d.Kind.Basis != report.Inferred || d.Model.Value != "8GTF4R" {
		t.Errorf("mmcblk0: %+v, kind %+v", d, d.Kind)
	}
	if len(r.Network) != 1 || r.Network[0].Name.Value != "eth0" || r.Network[0].Path != "by-name/eth0" {
		t.Errorf("network: %+v; want eth0, and no lo without a device", r.Network)
	}
	if len(r.Peripherals.Clocks) != 1 {
		t.Errorf("clocks: %+v", r.Peripherals.Clocks)
	}
	if s := r.Section("network"); s.Entries != 2 || s.Understood != 1 {
		t.Errorf("section network: %d of %d entries understood; want 1 of 2", s.Understood, s.Entries)
	}
	if s := r.Section("storage"); s.Outcome != report.OutcomeOK || s.Entries < 5 {
		t.Errorf("section storage: %+v", s)
	}
}
