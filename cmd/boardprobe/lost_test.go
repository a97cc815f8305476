package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// storedBoards are roots of boards, by the disk of 8 GB that each has: files, and links
// as "place -> target".
func storedBoards() map[string][]string {
	mmc := func(host, place string) []string {
		card := "sys/devices/" + place + "/mmc_host/" + host + "/" + host + ":0001"
		disk := card + "/block/mmcblk2"
		return []string{
			"sys/block/mmcblk2 -> ../devices/" + place + "/mmc_host/" + host + "/" + host + ":0001/block/mmcblk2",
			"sys/block/mmcblk2boot0 -> ../devices/" + place + "/mmc_host/" + host + "/" + host + ":0001/block/mmcblk2/mmcblk2boot0",
			disk + "/size=15269888", disk + "/removable=0", disk + "/ro=0", disk + "/queue/rotational=0", disk + "/queue/logical_block_size=512",
			disk + "/mmcblk2boot0/size=8192", disk + "/device -> ../../../" + host + ":0001", disk + "/mmcblk2p1/partition=1", disk + "/mmcblk2p1/start=2048", disk + "/mmcblk2p1/size=4096",
			card + "/type=MMC", card + "/name=8GTF4R", card + "/cid=15010038475446345205771b030b7b00", card + "/manfid=0x000015", card + "/life_time=0x01 0x01", card + "/pre_eol_info=0x01",
			card + "/subsystem -> /sys/bus/mmc", card + "/driver -> /sys/bus/mmc/drivers/mmcblk", "sys/bus/mmc/drivers/mmcblk/uevent=x",
			"sys/class/mmc_host/" + host + " -> ../../devices/" + place + "/mmc_host/" + host, "sys/devices/" + place + "/mmc_host/" + host + "/uevent=x",
			"sys/devices/" + place + "/driver -> /sys/bus/platform/drivers/sdhci", "sys/bus/platform/drivers/sdhci/uevent=x", "sys/bus/platform/devices/host -> /sys/devices/" + place,
		}
	}
	scsi := func(place, driver string) []string {
		disk := "sys/devices/" + place + "/host0/target0:0:0/0:0:0:0"
		return []string{
			"sys/block/sda -> ../devices/" + place + "/host0/target0:0:0/0:0:0:0/block/sda", disk + "/block/sda/size=15269888", disk + "/block/sda/removable=0", disk + "/block/sda/ro=0",
			disk + "/block/sda/device -> ../../../0:0:0:0", disk + "/type=0", disk + "/vendor=SAMSUNG", disk + "/model=KLUCG2K1EA", disk + "/rev=0102", disk + "/subsystem -> /sys/bus/scsi",
			disk + "/block/sda/queue/logical_block_size=4096", disk + "/block/sda/queue/rotational=0", "sys/bus/scsi/uevent=x",
			"sys/devices/" + place + "/driver -> /sys/bus/pci/drivers/" + driver, "sys/bus/pci/drivers/" + driver + "/uevent=x", "sys/bus/pci/devices/0000:00:12.7 -> /sys/devices/" + place,
			"sys/devices/" + place + "/class=0x010900", "sys/devices/" + place + "/vendor=0x8086", "sys/devices/" + place + "/modalias=pci:v00008086d000054FFsv0sd0bc01sc09i01",
		}
	}
	nvme := "sys/devices/pci0000:00/0000:00:1d.0/0000:01:00.0"
	return map[string][]string{
		"mmcblk2": append(mmc("mmc2", "platform/soc/30b60000.mmc"), "sys/devices/platform/soc/30b60000.mmc/of_node -> /sys/firmware/devicetree/base/soc/mmc@30b60000",
			"sys/firmware/devicetree/base/soc/mmc@30b60000/compatible=fsl,imx8mp-usdhc", "sys/firmware/devicetree/base/soc/mmc@30b60000/non-removable=",
			"sys/firmware/devicetree/base/compatible=acme,board", "sys/firmware/devicetree/base/aliases/mmc2=/soc/mmc@30b60000"),
		"mmcblk2 on PCI": mmc("mmc0", "pci0000:00/0000:00:1a.0"),
		"sda of UFS":     scsi("pci0000:00/0000:00:12.7", "ufshcd"),
		"sda of SATA":    scsi("pci0000:00/0000:00:17.0/ata1", "ahci"),
		"nvme0n1": {
			"sys/block/nvme0n1 -> ../devices/pci0000:00/0000:00:1d.0/0000:01:00.0/nvme/nvme0/nvme0n1", nvme + "/nvme/nvme0/nvme0n1/size=15269888", nvme + "/nvme/nvme0/nvme0n1/device -> ../../nvme0",
			nvme + "/nvme/nvme0/model=x", nvme + "/nvme/nvme0/serial=A1B2C3D4E5", nvme + "/nvme/nvme0/firmware_rev=1", nvme + "/nvme/nvme0/subsystem -> /sys/class/nvme",
			"sys/class/nvme/nvme0 -> ../../devices/pci0000:00/0000:00:1d.0/0000:01:00.0/nvme/nvme0", nvme + "/nvme/nvme0/device -> ../../../0000:01:00.0",
			nvme + "/driver -> /sys/bus/pci/drivers/nvme", "sys/bus/pci/drivers/nvme/uevent=x", "sys/bus/pci/devices/0000:01:00.0 -> /sys/devices/pci0000:00/0000:00:1d.0/0000:01:00.0",
			nvme + "/class=0x010802", nvme + "/modalias=pci:v0000144Dd0000A808sv0sd0bc01sc08i02",
		},
	}
}

// TestLostEntries takes boards with 8 GB of storage and leaves single entries of their
// sysfs out, makes folders, dangling links or noise of them. None of these roots makes
// the board one without storage, or its disk one without bytes, but where the kernel
// itself lists no disk.
func TestLostEntries(t *testing.T) {
	roots := 0
	for name, entries := range storedBoards() {
		root := t.TempDir()
		for _, dir := range []string{"block", "bus/pci/devices", "class", "devices", "firmware", "kernel", "module"} {
			if err := os.MkdirAll(filepath.Join(root, "sys", dir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, entry := range entries {
			place, target, isLink := strings.Cut(entry, " -> ")
			file, text, _ := strings.Cut(place, "=")
			at := filepath.Join(root, file)
			err := os.MkdirAll(filepath.Dir(at), 0o755)
			if err == nil && isLink {
				err = os.Symlink(target, at)
			} else if err == nil {
				err = os.WriteFile(at, []byte(text+"\n"), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		disk, _, _ := strings.Cut(name, " ")
		judge := func() (map[string]require.Finding, bool) {
			evidence, err := probe.Collect(t.Context(), probe.Options{Root: root, Only: []string{"sight", "storage", "mmc", "faults"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := probe.Build(evidence, probe.Collector)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Storage {
				if d.SizeBytes.OK() && d.SizeBytes.Value == 0 {
					t.Errorf("%s: disk %s has 0 bytes", name, d.Path)
				}
			}
			// As if this had been the board itself, with all that a run can have.
			yes := report.Known(true, "x/1")
			r.Sight = report.Sight{Root: yes, World: report.Known(report.WorldLive, "x/1"), Modules: report.Known("all", "x/1"), Firmware: report.Known("some", "x/1"), Settled: yes}
			found := map[string]require.Finding{}
			for _, f := range require.Check(r) {
				found[f.ID] = f
			}
			_, err = os.Lstat(filepath.Join(root, "sys/block", disk))
			return found, err == nil
		}
		if found, _ := judge(); found["cds.storage"].Verdict != require.Pass || !strings.Contains(found["cds.storage"].Found, disk) {
			t.Errorf("%s, whole: %+v; want the disk", name, found["cds.storage"])
		}
		var places []string
		err := filepath.WalkDir(filepath.Join(root, "sys"), func(place string, _ fs.DirEntry, err error) error {
			places = append(places, place)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ways := map[string]func(string) error{
			"left out":          func(string) error { return nil },
			"a folder":          func(place string) error { return os.Mkdir(place, 0o755) },
			"a link to nothing": func(place string) error { return os.Symlink("nowhere", place) },
			"a text":            func(place string) error { return os.WriteFile(place, []byte("text\n"), 0o644) },
			"noise":             func(place string) error { return os.WriteFile(place, []byte("\xff\x00?\n"), 0o644) },
		}
		aside := filepath.Join(t.TempDir(), "aside")
		for _, place := range places {
			for way, put := range ways {
				if err := os.Rename(place, aside); err != nil {
					t.Fatal(err)
				}
				if err := put(place); err != nil {
					t.Fatal(err)
				}
				roots++
				found, listed := judge()
				for _, id := range []string{"cds.storage", "cds.storage-kind"} {
					if f := found[id]; f.Verdict == require.Fail && listed {
						t.Errorf("%s: %s is %s: %s = %s, %s (%s)", name, strings.TrimPrefix(place, root), way, id, f.Verdict, f.Found, f.Detail)
					}
				}
				if err := os.RemoveAll(place); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(aside, place); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Logf("%d roots with one entry changed", roots)
	if roots < 1000 {
		t.Errorf("only %d roots were tried", roots)
	}
}
