package probe

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/parttable"
	"github.com/boardprobe/boardprobe/report"
)

// environmentFile makes a block with a right checksum.
func environmentFile(size int, text string) string {
	block := make([]byte, size)
	copy(block[4:], text)
	binary.LittleEndian.PutUint32(block, crc32.ChecksumIEEE(block[4:]))
	return string(block)
}

// TestConfiguredEnvironments follows what /etc/fw_env.config names, and says what it
// did not find.
func TestConfiguredEnvironments(t *testing.T) {
	for name, c := range map[string]struct {
		config, file string
		value        string   // of bootcmd
		unread       []string // devices
	}{
		"a file":             {"/uboot/uboot.env 0x0000 0x4000\n", "bootcmd=run x\x00\x00", "bootcmd=run x", nil},
		"an odd name":        {"/uboot/uboot.env 0x0000 0x4000\n", "bootmenu_1=Upgrade=mtkupgrade\x00a b=c\x00bootcmd=run x\x00\x00", "bootcmd=run x", nil},
		"an entry of no =":   {"/uboot/uboot.env 0x0000 0x4000\n", "bootcmd=run x\x00garbage\x00bootdelay=3\x00\x00", "bootcmd=run x", nil},
		"an empty one":       {"/uboot/uboot.env 0x0000 0x4000\n", "\x00", "", nil},
		"a file that is not": {"/boot/other.env 0x0000 0x4000\n", "\x00", "", []string{"/boot/other.env"}},
		"a label of nothing": {"/dev/disk/by-partlabel/uboot-env 0x0 0x4000\n", "\x00", "", []string{"/dev/disk/by-partlabel/uboot-env"}},
		"a volume of UBI":    {"/dev/ubi0:env 0x0 0x4000\n", "\x00", "", []string{"/dev/ubi0:env"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := probeRoot(t, map[string]string{
				"etc/fw_env.config": c.config, "uboot/uboot.env": environmentFile(0x4000, c.file), "boot/x": "",
				"sys/firmware/devicetree/base/compatible": "acme,board\x00",
			})
			if unread := r.Boot.EnvironmentsUnread.Value; !slices.Equal(unread, c.unread) && len(unread)+len(c.unread) > 0 {
				t.Errorf("not read: %q; want %q", unread, c.unread)
			}
			var found []report.BootEnvironment
			for _, m := range r.Boot.Media {
				found = append(found, m.Environments...)
			}
			if (len(found) == 1) != (c.unread == nil) {
				t.Fatalf("environments %+v", found)
			}
			if c.value != "" && !slices.ContainsFunc(found[0].Values.Value, func(v string) bool { return strings.HasPrefix(v, c.value) }) {
				t.Errorf("values %q; want %q", found[0].Values.Value, c.value)
			}
		})
	}
}

// TestKernelPartitions: where no table is found, the kernel's partitions are in force.
func TestKernelPartitions(t *testing.T) {
	const disk = "sys/devices/platform/d0074000.mmc/mmc_host/mmc1/mmc1:0001/block/mmcblk1"
	r, _ := probeRoot(t, map[string]string{
		"sys/block/mmcblk1@": "../devices/platform/d0074000.mmc/mmc_host/mmc1/mmc1:0001/block/mmcblk1", disk + "/size": "15269888\n",
		disk + "/device@": "../../../mmc1:0001", "sys/devices/platform/d0074000.mmc/mmc_host/mmc1/mmc1:0001/subsystem@": "../../../../../../bus/mmc",
		"sys/devices/platform/d0074000.mmc/mmc_host/mmc1/mmc1:0001/type": "MMC\n", "sys/bus/mmc/x": "",
		disk + "/mmcblk1p1/partition": "1\n", disk + "/mmcblk1p1/start": "0\n", disk + "/mmcblk1p1/size": "8192\n", disk + "/mmcblk1p1/uevent": "MAJOR=179\nPARTNAME=bootloader\n",
		disk + "/mmcblk1boot0/size": "8192\n",
	})
	if len(r.Storage) != 1 || len(r.Storage[0].Partitions) != 1 {
		t.Fatalf("storage %+v; want one partition", r.Storage)
	}
	if p := r.Storage[0].Partitions[0]; p.Number != "1" || p.SizeBytes.Value != 8192*512 || p.StartBytes.Value != 0 || p.Name.Value != "bootloader" {
		t.Errorf("partition %+v", p)
	}
}

// TestTablesInForce: of two tables the one that Linux uses counts, and a damaged one is
// read from its backup.
func TestTablesInForce(t *testing.T) {
	t.Parallel()
	const size, sector = 4 << 20, 512
	gpt := make([]byte, size)
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(disk, gpt, 0o600); err != nil {
		t.Fatal(err)
	}
	table := exec.Command("/usr/sbin/sfdisk", "-q", disk)
	table.Stdin = strings.NewReader("label: gpt\nname=APP, start=2048, size=1024\nname=UDA, start=4096, size=1024\n")
	if out, err := table.CombinedOutput(); err != nil {
		t.Fatalf("sfdisk: %v\n%s", err, out)
	}
	gpt, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func([]byte)) []byte {
		data := slices.Clone(gpt)
		change(data)
		return data
	}
	entry := func(data []byte, kind byte, start, count uint32) {
		clear(data[440:510])
		data[446+4] = kind
		binary.LittleEndian.PutUint32(data[446+8:], start)
		binary.LittleEndian.PutUint32(data[446+12:], count)
		data[510], data[511] = 0x55, 0xaa
	}
	volume := make([]byte, size)
	fat := filepath.Join(t.TempDir(), "fat")
	if err := os.WriteFile(fat, volume, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("/usr/sbin/mkfs.fat", "-n", "BOARDREPORT", fat).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.fat: %v\n%s", err, out)
	}
	if volume, err = os.ReadFile(fat); err != nil {
		t.Fatal(err)
	}
	entry(volume, 0x01, 0, size/sector)
	for name, c := range map[string]struct {
		data     []byte
		kind     string
		first    int64 // offset of the first partition
		problem  string
		contents string
	}{
		"sound":                {gpt, "gpt", 1 << 20, "", ""},
		"backup only":          {with(func(d []byte) { clear(d[:34*sector]) }), "gpt", 1 << 20, "the table is the backup", ""},
		"damaged entries":      {with(func(d []byte) { d[2*sector+32]++ }), "gpt", 1 << 20, "the checksum of the entries is wrong", ""},
		"a stale GPT":          {with(func(d []byte) { entry(d, 0x83, 64, 128) }), "mbr", 64 * sector, "not in force", ""},
		"a table in a volume":  {volume, "none", 0, "carries a partition table", "fat12"},
		"damaged, both tables": {with(func(d []byte) { d[2*sector+32]++; d[len(d)-33*sector+32]++ }), "gpt", 1 << 20, "the checksum of the entries is wrong", ""},
	} {
		got, err := readTable(t.Context(), parttable.Disk{SectorBytes: sector, SizeBytes: int64(len(c.data)), HasSize: true}, func(at int64, n int) ([]byte, error) {
			if at < 0 || at >= int64(len(c.data)) {
				return nil, io.EOF
			}
			return c.data[at:min(at+int64(n), int64(len(c.data)))], nil
		})
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case got.Kind != c.kind || c.first > 0 && (len(got.Partitions) == 0 || got.Partitions[0].OffsetBytes != c.first && name != "damaged, both tables"):
			t.Errorf("%s: %+v; want %s from %d", name, got, c.kind, c.first)
		case c.problem != "" && !strings.Contains(strings.Join(got.Problems, "; "), c.problem):
			t.Errorf("%s: problems %q; want %q", name, got.Problems, c.problem)
		case c.contents != "" && (got.Content == nil || got.Content.Type != c.contents):
			t.Errorf("%s: content %+v; want %s", name, got.Content, c.contents)
		}
	}
}
