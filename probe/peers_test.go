package probe

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// output runs a tool and decodes its JSON.
func output(t *testing.T, into any, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%.500s", name, err, out)
	}
}

// TestBesideOthers holds our facts about this machine against those of lscpu,
// lsblk and lshw in one run. Where they may differ, the comment says why and
// which file of the kernel settles it.
func TestBesideOthers(t *testing.T) {
	evidence, err := Collect(t.Context(), Options{Key: pseudonym.Key{7}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rebuilt(t, evidence)
	besideLscpu(t, r)
	besideLsblk(t, r)
	besideLshw(t, r)
}

type lscpuField struct {
	Field, Data string
	Children    []lscpuField
}

func besideLscpu(t *testing.T, r *report.Report) {
	var all struct{ Lscpu []lscpuField }
	output(t, &all, "lscpu", "-J")
	said := map[string]string{}
	var walk func([]lscpuField)
	walk = func(list []lscpuField) {
		for _, f := range list {
			said[strings.TrimSuffix(f.Field, ":")] = f.Data
			walk(f.Children)
		}
	}
	walk(all.Lscpu)
	number := func(name string) int64 {
		n, err := strconv.ParseInt(said[name], 10, 64)
		if err != nil {
			t.Fatalf("lscpu: %s is %q", name, said[name])
		}
		return n
	}
	for _, c := range []struct {
		what         string
		ours, theirs int64
	}{
		// lscpu counts /sys/devices/system/cpu/possible under this name where
		// processors are hot-plugged; here all are online.
		{"logical processors", r.CPU.LogicalOnline.Value, number("CPU(s)")},
		{"sockets", r.CPU.Sockets.Value, number("Socket(s)")},
		{"cores", r.CPU.Cores.Value, number("Socket(s)") * number("Core(s) per socket")},
		{"threads a core", r.CPU.ThreadsPerCore.Value, number("Thread(s) per core")},
	} {
		if c.ours != c.theirs {
			t.Errorf("%s: %d; lscpu says %d", c.what, c.ours, c.theirs)
		}
	}
	if r.CPU.Architecture.Value != said["Architecture"] {
		t.Errorf("architecture: %s; lscpu says %s", r.CPU.Architecture.Value, said["Architecture"])
	}
	if model := r.CPU.Types[0].ModelName; model.OK() && model.Value != said["Model name"] {
		t.Errorf("model: %s; lscpu says %s", model.Value, said["Model name"])
	}
}

func besideLsblk(t *testing.T, r *report.Report) {
	var all struct {
		Blockdevices []struct {
			Name, Type string
			Size       int64
			RM, RO     bool
			Rota       bool
			LogSec     int64 `json:"log-sec"`
			PhySec     int64 `json:"phy-sec"`
		}
	}
	output(t, &all, "lsblk", "-J", "-b", "-d", "-o", "NAME,TYPE,SIZE,RM,RO,ROTA,LOG-SEC,PHY-SEC")
	theirs := map[string]bool{}
	for _, b := range all.Blockdevices {
		// lsblk lists loop devices, RAM disks and zram as well, which are no
		// storage of the board (drivers/block/loop.c, zram/zram_drv.c), and the
		// boot partitions of eMMC (drivers/mmc/core/block.c), which are no
		// capacity.
		if b.Type != "disk" || strings.HasPrefix(b.Name, "zram") || strings.HasPrefix(b.Name, "ram") || mmcPart().MatchString(b.Name) {
			continue
		}
		theirs[b.Name] = true
		found := false
		for _, d := range r.Storage {
			if d.Name.Value != b.Name {
				continue
			}
			found = true
			if d.SizeBytes.Value != b.Size || d.Removable.Value != b.RM || d.ReadOnly.Value != b.RO || d.Rotational.Value != b.Rota ||
				d.LogicalBlockBytes.Value != b.LogSec || d.PhysicalBlockBytes.Value != b.PhySec {
				t.Errorf("%s: %d bytes, removable %v, read-only %v, rotational %v, blocks %d and %d; lsblk says %+v", b.Name, d.SizeBytes.Value,
					d.Removable.Value, d.ReadOnly.Value, d.Rotational.Value, d.LogicalBlockBytes.Value, d.PhysicalBlockBytes.Value, b)
			}
		}
		if !found {
			t.Errorf("%s is in the list of lsblk only", b.Name)
		}
	}
	for _, d := range r.Storage {
		if d.Kind.Value != report.KindMTD && d.Kind.Value != report.KindOptical && !theirs[d.Name.Value] {
			t.Errorf("%s is in our list only", d.Name.Value)
		}
	}
}

type lshwNode struct {
	ID, Class, Description string
	Size                   int64
	Children               []lshwNode
}

func besideLshw(t *testing.T, r *report.Report) {
	var root lshwNode
	output(t, &root, "lshw", "-json", "-quiet")
	var memory int64
	var walk func(lshwNode)
	walk = func(n lshwNode) {
		if n.Class == "memory" && strings.HasPrefix(n.Description, "System") && memory == 0 {
			memory = n.Size
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(root)
	// Without SMBIOS lshw adds up the memory blocks of /sys/devices/system/memory,
	// which are as coarse as 128 MiB (drivers/base/memory.c), so it names up to a
	// block more than the kernel was given; with SMBIOS it names the modules. It
	// never names less than what System RAM in /proc/iomem has (kernel/resource.c).
	const block = 128 << 20
	if visible := r.Memory.VisibleBytes; visible.OK() && memory > 0 && (memory < visible.Value || memory > max(r.Memory.FittedBytes.Value, visible.Value)+2*block) {
		t.Errorf("memory: %d given, %d fitted; lshw says %d", visible.Value, r.Memory.FittedBytes.Value, memory)
	}
}

// TestWhereOthersAreWrong has one row for each value that another tool is known
// to read wrongly on boards, on the files that mislead it.
func TestWhereOthersAreWrong(t *testing.T) {
	files := map[string]string{
		"sys/devices/system/cpu/online": "0-5\n", "sys/devices/system/cpu/present": "0-5\n", "sys/devices/system/cpu/possible": "0-7\n", "sys/devices/system/cpu/offline": "6-7\n",
		"sys/devices/system/cpu/cpu0/cache/index0/level": "1\n", "sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n", // and no size
		"sys/devices/system/memory/block_size_bytes": "8000000\n", "sys/devices/system/memory/memory0/state": "online\n",
		"proc/iomem":   "40000000-7e7fffff : System RAM\n",
		"proc/meminfo": "MemTotal:         986000 kB\n",
		"sys/block/x":  "",
		"sys/firmware/devicetree/base/cpus/cpu@0/compatible": "arm,cortex-a53\x00", "sys/firmware/devicetree/base/cpus/cpu@100/compatible": "arm,cortex-a72\x00",
	}
	info := ""
	for i := range 6 {
		// Two clusters of four and two cores: core_id begins again in the second.
		at := "sys/devices/system/cpu/cpu" + strconv.Itoa(i) + "/topology/"
		core, cluster, part := i, 0, "0xd03"
		if i >= 4 {
			core, cluster, part = i-4, 1, "0xd08"
		}
		files[at+"core_id"], files[at+"cluster_id"] = strconv.Itoa(core)+"\n", strconv.Itoa(cluster)+"\n"
		files[at+"physical_package_id"], files[at+"thread_siblings_list"] = strconv.Itoa(cluster)+"\n", strconv.Itoa(i)+"\n"
		info += "processor\t: " + strconv.Itoa(i) + "\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: " + part + "\nCPU revision\t: 4\n\n"
	}
	files["proc/cpuinfo"] = info
	for i := 1; i < 8; i++ {
		files["sys/devices/system/memory/memory"+strconv.Itoa(i)+"/state"] = "online\n"
	}
	r, _ := probeRoot(t, files)
	c := r.CPU
	for _, row := range []struct {
		what      string
		got, want any
	}{
		{"cores (core_id repeats in every cluster)", c.Cores.Value, int64(6)},
		{"sockets (old kernels number clusters as packages)", c.Sockets.Value, int64(1)},
		{"kinds of cores (only the first is shown)", len(c.Types), 2},
		{"name of the first kind", c.Types[0].Name.Value, "Cortex-A53"},
		{"count of the second kind", c.Types[1].Count.Value, int64(2)},
		{"online (possible is taken for it)", c.LogicalOnline.Value, int64(6)},
		{"offline (those that there could be are taken for some that are off)", c.LogicalOffline.Value, int64(0)},
		{"architecture in a folder of files", c.Architecture.Value, "aarch64"},
		{"size of a cache that is not told (-1 as unsigned)", c.Types[0].Caches[0].SizeBytes.Gap, report.Absent},
		{"memory (blocks are as coarse as 128 MiB)", r.Memory.FittedBytes.Value, int64(1000 << 20)},
		{"what the blocks say stays a claim", r.Memory.Claims[len(r.Memory.Claims)-1].Bytes.Value, int64(1024 << 20)},
		{"cores of the device tree", strings.Join(c.TreeCores.Value, " "), "arm,cortex-a53 arm,cortex-a72"},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v; want %v", row.what, row.got, row.want)
		}
	}
}
