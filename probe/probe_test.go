package probe

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/boardprobe/boardprobe/probe/decode/cmdline"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// tree writes a root folder: a name that ends in "@" is a link, in "|" a FIFO.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := bareTree(t, files)
	for _, name := range []string{"block", "bus", "class", "devices", "firmware", "kernel", "module"} {
		if err := os.MkdirAll(filepath.Join(dir, "sys", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// bareTree makes a folder with these files and no other: a dump of them.
func bareTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		place := filepath.Join(dir, strings.TrimRight(name, "@|"))
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case strings.HasSuffix(name, "@"):
			err = os.Symlink(content, place)
		case strings.HasSuffix(name, "|"):
			err = syscall.Mkfifo(place, 0o644)
		default:
			err = os.WriteFile(place, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func probeRoot(t *testing.T, files map[string]string) (*report.Report, []report.Evidence) {
	t.Helper()
	evidence, err := Collect(t.Context(), Options{Root: tree(t, files), Key: pseudonym.Key{1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rebuilt(t, evidence), evidence
}

// replacerOf is what replaces the identities of a folder.
func replacerOf(t testing.TB, f *files) *pseudonym.Replacer {
	t.Helper()
	r, _ := identities(t.Context(), f, pseudonym.Key{1})
	return r
}

// rebuilt is the report that follows from evidence of these collectors.
func rebuilt(t testing.TB, evidence []report.Evidence) *report.Report {
	t.Helper()
	r, err := Build(evidence, Collector)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const mmcPlace = "sys/devices/platform/soc/30b60000.mmc/"

// board is a small arm64 board: eMMC with boot partitions, an SD slot with a
// card, a stick, raw flash, loop and zram.
func board() map[string]string {
	card := func(host, rca, blk, kind, cid string) map[string]string {
		dir := "sys/devices/platform/soc/" + host
		n := strings.TrimPrefix(blk, "mmcblk")
		at := dir + "/mmc_host/mmc" + n + "/mmc" + n + ":" + rca
		return map[string]string{
			at + "/type": kind + "\n", at + "/cid": cid + "\n", at + "/name": "TESTCD\n", at + "/manfid": "0x000015\n", at + "/serial": "0x" + cid[18:26] + "\n",
			at + "/block/" + blk + "/size": "15269888\n", at + "/block/" + blk + "/removable": "0\n", at + "/block/" + blk + "/ro": "0\n",
			at + "/block/" + blk + "/device@": "../..", at + "/subsystem@": "/sys/bus/mmc", "sys/bus/mmc/devices/mmc" + n + ":" + rca + "@": "/" + at,
			"sys/block/" + blk + "@":                               "../devices/platform/soc/" + host + "/mmc_host/mmc" + n + "/mmc" + n + ":" + rca + "/block/" + blk,
			"sys/class/mmc_host/mmc" + n + "@":                     "../../devices/platform/soc/" + host + "/mmc_host/mmc" + n,
			dir + "/of_node@":                                      "../../../../firmware/devicetree/base/" + host,
			"sys/firmware/devicetree/base/" + host + "/compatible": "x\x00",
		}
	}
	files := map[string]string{
		"sys/firmware/devicetree/base/model":                      "Test Board\x00",
		"sys/firmware/devicetree/base/compatible":                 "acme,test-b\x00acme,soc\x00",
		"sys/firmware/devicetree/base/serial-number":              "SN31415926X\x00",
		"sys/firmware/devicetree/base/30b60000.mmc/non-removable": "",
		"proc/device-tree@":                                       "/sys/firmware/devicetree/base",
		"proc/iomem":                                              "40000000-bfffffff : System RAM\n  40210000-41c0ffff : Kernel code\nc0000000-c00fffff : reserved\n",
		"proc/meminfo":                                            "MemTotal:        2015000 kB\nMemFree: 5 kB\n",
		"proc/cpuinfo":                                            "processor\t: 0\nBogoMIPS\t: 16.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU variant\t: 0x0\nCPU part\t: 0xd03\nCPU revision\t: 4\n\nprocessor\t: 1\nCPU implementer\t: 0x41\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 2\n\nSerial\t\t: 10000000abcdef01\n",
		"proc/cmdline":                                            "console=ttyS0 root=PARTUUID=12345678-1234-4234-8234-123456789abc rootpass=swordfish androidboot.serialno=SN31415926X\n",
		"sys/devices/system/cpu/online":                           "0-1\n",
		"sys/devices/system/cpu/present":                          "0-1\n",
		"sys/block/loop0@":                                        "../devices/virtual/block/loop0",
		"sys/block/zram0@":                                        "../devices/virtual/block/zram0",
		"sys/block/mmcblk2boot0@":                                 "../devices/platform/soc/30b60000.mmc/mmc_host/mmc2/mmc2:0001/block/mmcblk2/mmcblk2boot0",
		mmcPlace + "mmc_host/mmc2/mmc2:0001/block/mmcblk2/mmcblk2boot0/device@": "../../..",
		"sys/devices/platform/eth/net/eth0/address":                             "00:04:9f:12:34:56\n",
		"sys/devices/platform/eth/net/eth0/addr_assign_type":                    "0\n",
		"sys/devices/platform/eth/net/eth0/type":                                "1\n",
		"sys/class/net/eth0@":                                                   "../../devices/platform/eth/net/eth0",
		"etc/os-release":                                                        "ID=poky\nPRETTY_NAME=\"Poky (Yocto) 5.0\"\n",
		"etc/hostname":                                                          "secretplace\n",
		"sys/class/drm/card0-HDMI-A-1@":                                         "/sys/devices/platform/gpu/drm/card0/card0-HDMI-A-1",
		"sys/devices/platform/gpu/drm/card0/card0-HDMI-A-1/status":              "connected\n",
		"sys/devices/platform/gpu/drm/card0/card0-HDMI-A-1/edid":                screen("SCREENSN99"),
		"sys/class/dmi/id/product_uuid":                                         "5f1e7a90-77aa-4b1c-9d3e-2b64c0aa10e7\n",
		"sys/class/dmi/id/board_serial":                                         "BRDSERIAL5150\n",
		"sys/firmware/devicetree/base/hat/uuid":                                 "0b8f2d11-9c3e-4a5b-8d7f-1c2e3a4b5c6d\x00",
		"sys/firmware/devicetree/base/hat/vendor":                               "Acme\x00",
		"var/lib/dpkg/status":                                                   "Package: u-boot-acme\nStatus: install ok installed\nVersion: 2024.01\n\nPackage: bash\nStatus: install ok installed\nVersion: 5\n",
	}
	for _, c := range []map[string]string{
		card("30b60000.mmc", "0001", "mmcblk2", "MMC", "1501004a5458394238071234abcd1700"),
		card("30b50000.mmc", "aaaa", "mmcblk1", "SD", "035344534433324780deadbeef014a00"),
	} {
		for k, v := range c {
			files[k] = v
		}
	}
	return files
}

func TestBoard(t *testing.T) {
	r, _ := probeRoot(t, board())
	for _, s := range r.Sections {
		if s.Outcome != report.OutcomeOK {
			t.Errorf("section %s: %s %s", s.Name, s.Outcome, s.Reason)
		}
	}
	if r.Identity.Model.Value != "Test Board" || r.Identity.Vendor.Value != "acme" || len(r.Identity.Compatible.Value) != 2 {
		t.Errorf("identity = %+v", r.Identity)
	}
	if len(r.Storage) != 2 {
		t.Fatalf("storage = %+v; want eMMC and SD, and neither boot partition nor loop nor zram", r.Storage)
	}
	sd, emmc := r.Storage[0], r.Storage[1]
	if emmc.Kind.Value != "emmc" || emmc.SizeBytes.Value != 15269888*512 || emmc.Attached.Value != "soldered" || emmc.Path != "platform/soc/30b60000.mmc/card" {
		t.Errorf("eMMC = %+v", emmc)
	}
	if sd.Kind.Value != "sd" || sd.Attached.Value != "slot" {
		t.Errorf("SD = %+v", sd)
	}
	if len(r.MMCHosts) != 2 || r.MMCHosts[0].TakesSD.Value != true || r.MMCHosts[1].TakesSD.Value != false {
		t.Errorf("mmc hosts = %+v", r.MMCHosts)
	}
	if r.Memory.VisibleBytes.Value != 2<<30 || r.Memory.FittedBytes.Value != 2<<30 || r.Memory.TotalBytes.Value != 2015000<<10 {
		t.Errorf("memory = %+v", r.Memory)
	}
	if r.CPU.LogicalOnline.Value != 2 || len(r.CPU.Types) != 2 || r.CPU.Types[0].Signature != "midr:0x41:0xd03" || r.CPU.Types[0].Revision.Value != "r0p4" {
		t.Errorf("cpu = %+v", r.CPU)
	}
	if len(r.OS.Packages) != 1 || r.OS.Packages[0].Name != "u-boot-acme" || r.OS.Packages[0].Role.Value != "bootloader" {
		t.Errorf("packages = %+v", r.OS.Packages)
	}
	if r.Sight.StartedFrom.Gap != report.Absent || r.Sight.ReportVolume.Gap != report.Absent {
		t.Errorf("sight = %+v; want no medium of ours on the board's own system", r.Sight)
	}
	if !r.Fingerprint.OK() && r.CPU.Architecture.Gap != report.NotProbed {
		t.Errorf("fingerprint: %s", r.Fingerprint.Why())
	}
}

func TestReplay(t *testing.T) {
	r, evidence := probeRoot(t, board())
	data, err := report.EncodeEvidence(evidence)
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := report.DecodeEvidence(data)
	if err != nil {
		t.Fatal(err)
	}
	first, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Run.Collector = Collector
	again, err := Replay(r, record.Evidence)
	if err != nil || len(again.Unasked) > 0 {
		t.Fatalf("Replay: %v, not asked for: %q", err, again.Unasked)
	}
	again.Report.Run = report.Run{}
	second, err := report.Encode(again.Report)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the replay differs (%v)", err)
	}
	if _, _, err := report.Decode(first); err != nil {
		t.Error(err)
	}
}

// screen makes the EDID of a screen with a serial number in a descriptor and as
// a number (VESA E-EDID A2, 3.4 and 3.10.3).
func screen(serial string) string {
	edid := make([]byte, 128)
	copy(edid, "\x00\xff\xff\xff\xff\xff\xff\x00\x04\x69\x01\x02")
	copy(edid[12:], "\x5e\xa1\x42\x99")
	edid[18], edid[19] = 1, 4
	copy(edid[54:], "\x00\x00\x00\xff\x00"+serial+"\n")
	copy(edid[72:], "\x00\x00\x00\xfc\x00Acme View\n")
	sum := byte(0)
	for _, b := range edid {
		sum += b
	}
	edid[127] = -sum
	return string(edid)
}

// TestPlanted looks for every identity of the board in all that leaves it.
func TestPlanted(t *testing.T) {
	r, evidence := probeRoot(t, board())
	a, err := report.EncodeEvidence(evidence)
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.ToLower(string(a) + string(b))
	for _, e := range evidence {
		all += strings.ToLower(string(e.Bytes())) // what is base64 in the document
	}
	for _, planted := range []string{"31415926", "12:34:56", "1234abcd", "deadbeef", "swordfish", "secretplace", "abcdef01", "12345678-1234",
		"screensn99", "\x5e\xa1\x42\x99", "5f1e7a90", "brdserial5150", "0b8f2d11"} {
		if strings.Contains(all, planted) {
			t.Errorf("%q is in the package", planted)
		}
	}
	if !strings.HasPrefix(r.Network[0].MAC.Value, "00:04:9f:") || !r.Identity.Serial.OK() {
		t.Errorf("the manufacturer's half is lost: %+v, serial %+v", r.Network[0].MAC, r.Identity.Serial)
	}
	if len(r.Peripherals.Displays) != 1 || !strings.Contains(r.Peripherals.Displays[0].Monitor.Value, "Acme View") {
		t.Errorf("displays = %+v; want the name of the screen kept", r.Peripherals.Displays)
	}
	other, err := Collect(t.Context(), Options{Root: tree(t, board()), Key: pseudonym.Key{2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rebuilt(t, other).Identity.Serial.Value == r.Identity.Serial.Value {
		t.Error("the pseudonym does not depend on the key")
	}
}

func TestHostileRoot(t *testing.T) {
	files := board()
	files["proc/version|"] = ""
	files["etc/machine-id|"] = ""
	delete(files, "etc/os-release")
	files["etc/os-release@"] = "../../../../../../../../etc/hostname"
	files["sys/class/net/loop@"] = "loop"
	files["sys/devices/soc0/family@"] = "../soc0/family"
	files["sys/class/dmi/id/product_name"] = strings.Repeat("A", 10<<20)
	files["sys/class/dmi/id/board_name"] = "\xff\xfe\x00\x1b[2J"
	files["proc/meminfo"] = "MemTotal: -5 kB\n"
	files["proc/iomem"] = "0-0 : System RAM\n"
	files["sys/devices/system/cpu/online"] = "0-99999999999999999999"
	done := make(chan *report.Report, 1)
	go func() {
		r, _ := probeRoot(t, files)
		done <- r
	}()
	select {
	case r := <-done:
		if r.Kernel.Compiler.Gap != report.Unsupported {
			t.Errorf("a FIFO reads as %+v", r.Kernel.Compiler)
		}
		if r.Identity.SoCFamily.Gap != report.Failed || r.Identity.Product.Gap != report.Failed {
			t.Errorf("loop %+v, too long %+v; want failed", r.Identity.SoCFamily, r.Identity.Product.Gap)
		}
		if r.Memory.TotalBytes.Gap != report.Invalid || r.Memory.FittedBytes.OK() || r.CPU.LogicalOnline.Gap != report.Invalid {
			t.Errorf("lying sizes: %+v %+v %+v", r.Memory.TotalBytes, r.Memory.FittedBytes, r.CPU.LogicalOnline)
		}
		if _, err := report.Encode(r); err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a hostile root hangs the probe")
	}
}

func TestEmptyRoot(t *testing.T) {
	r, _ := probeRoot(t, nil)
	if len(r.Sections) != len(Sections()) || len(r.Storage) != 0 || r.Memory.FittedBytes.OK() {
		t.Errorf("report of nothing = %+v", r)
	}
	if r.Fingerprint.OK() {
		t.Error("nothing has a fingerprint")
	}
}

func TestSectionEnds(t *testing.T) {
	f, err := openFiles(tree(t, map[string]string{"a": "1\n"}))
	if err != nil {
		t.Fatal(err)
	}
	w := &system{files: f, replacer: pseudonym.New(pseudonym.Key{})}
	for _, c := range []struct {
		run    func(context.Context, *Host) (func(*report.Report), error)
		want   report.Outcome
		reason string
	}{
		{func(_ context.Context, h *Host) (func(*report.Report), error) { h.Read("a"); panic("boom") }, report.OutcomePanic, "boom"},
		{func(_ context.Context, h *Host) (func(*report.Report), error) { h.Read("a"); select {} }, report.OutcomeDeadline, "no end in time"},
		{func(_ context.Context, h *Host) (func(*report.Report), error) {
			h.Read("a")
			return nil, errors.New("no bus")
		}, report.OutcomeError, "no bus"},
	} {
		var evidence []report.Evidence
		outcome, reason, asked := runSection(t.Context(), collector{"x", c.run}, w, &budget{left: maxRun}, 50*time.Millisecond, func(e report.Evidence) { evidence = append(evidence, e) }, nil)
		if outcome != c.want || reason != c.reason || asked != 1 || len(evidence) != 1 {
			t.Errorf("runSection = %s %q after %d questions, %d records; want %s %q after 1", outcome, reason, asked, len(evidence), c.want, c.reason)
		}
	}
}

func TestBusPath(t *testing.T) {
	for in, want := range map[string]string{
		"sys/devices/platform/soc@0/30b60000.mmc/mmc_host/mmc2/mmc2:0001/block/mmcblk2":                    "platform/soc@0/30b60000.mmc/card",
		"sys/devices/pci0000:00/0000:00:02.0/nvme/nvme0/nvme0n1":                                           "pci0000:00/0000:00:02.0/nvme/n1",
		"sys/devices/platform/9000000.pl011/9000000.pl011:0/9000000.pl011:0.0/tty/ttyAMA0":                 "platform/9000000.pl011/ttyAMA",
		"sys/devices/platform/9000000.pl011/tty/ttyAMA0":                                                   "platform/9000000.pl011/ttyAMA",
		"sys/devices/pnp0/00:03/00:03:0/00:03:0.0/tty/ttyS0":                                               "pnp0/00:03/ttyS",
		"sys/devices/platform/sound":                                                                       "platform/sound",
		"sys/devices/platform/30b60000.mmc/mmc_host/mmc2/mmc2:0001/block/mmcblk2/mmcblk2boot0":             "platform/30b60000.mmc/card/boot0",
		"sys/devices/platform/soc/30a20000.i2c/i2c-0/0-0025":                                               "platform/soc/30a20000.i2c/i2c/i2c-0025",
		"sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n2":                                          "virtual/nvme/n2",
		"sys/devices/pci0000:00/0000:00:04.0/usb2/2-1/2-1.4/2-1.4:1.0/host6/target6:0:0/6:0:0:0/block/sda": "pci0000:00/0000:00:04.0/usb/1/1.4/if1.0/scsi-0:0:0",
		"sys/devices/pci0000:00/0000:00:01.0/virtio0/block/vda":                                            "pci0000:00/0000:00:01.0/virtio",
	} {
		if got := busPath(in); got != want {
			t.Errorf("busPath(%q) = %q; want %q", in, got, want)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("0-3,6\n"))
	f.Add([]byte("40000000-bfffffff : System RAM\n"))
	f.Add([]byte("MemTotal:        2015000 kB\n"))
	f.Add([]byte("processor: 0\nCPU implementer: 0x41\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		countCPUs(data)
		systemRAM(data)
		meminfoField("MemTotal")(data)
		coreTypes(noHost(t), string(reduceCPUInfo(data)), "x/1")
		reducePackages(bytes.NewReader(data), "Package", "Version", "License", "Status")
		stringList(data)
		sumReg(data, 2, 2)
		cmdline.Public(string(data))
		PublicVersion(string(data))
		publicRelease(nil, data)
		layers(string(data), "x/1")
		if got := pseudonym.New(pseudonym.Key{}).Apply(data); len(got) != len(data) {
			t.Errorf("Apply changes the length")
		}
	})
}

// noHost answers nothing.
func noHost(t *testing.T) *Host {
	return newHost(t.Context(), "none", newRecorded(nil), &budget{left: maxRun}, func(report.Evidence) {})
}
