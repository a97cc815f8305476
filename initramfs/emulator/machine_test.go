package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"golang.org/x/sys/unix"
	"hash/crc32"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boardprobe/boardprobe/report"
)

// top is the folder of go.mod.
const top = "../.."

// command runs a program and returns what it prints.
func command(t testing.TB, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// workshop builds what the boards are started with, each thing once.
type workshop struct {
	dir    string
	images map[string]string
}

func newWorkshop(t testing.TB) *workshop {
	w := &workshop{t.TempDir(), map[string]string{}}
	for _, b := range boards() {
		w.probe(t, b.arch)
	}
	for _, name := range []string{"boardimage", "boardreport"} {
		command(t, []string{"CGO_ENABLED=0"}, "go", "build", "-o", filepath.Join(w.dir, name), top+"/cmd/"+name)
	}
	return w
}

// folder makes one for the files of a run, which outlive its subtest.
func (w *workshop) folder(t testing.TB, b board) string {
	dir := filepath.Join(w.dir, "run-"+b.name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *workshop) tool(name string) string { return filepath.Join(w.dir, name) }

// probe returns the probe for an architecture.
func (w *workshop) probe(t testing.TB, arch string) string {
	name := w.tool("boardprobe-linux-" + arch)
	if _, err := os.Stat(name); err != nil {
		command(t, nil, "make", "-s", "-C", top, "probe", "ARCH="+arch, "OUT="+name)
	}
	return name
}

// kernel returns the folder of an unpacked Debian kernel.
func kernel(t testing.TB, suite, arch string) string {
	if arch == "arm" {
		arch = "armhf"
	}
	return command(t, nil, top+"/.ci/kernel", suite, arch)
}

func glob(t testing.TB, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: found %q; want one", pattern, found)
	}
	return found[0]
}

// modules returns the folder of the modules of a board's kernel.
func modules(t testing.TB, b board) string {
	folder, err := filepath.Glob(kernel(t, b.suite, b.arch) + "/*lib/modules")
	if more, _ := filepath.Glob(kernel(t, b.suite, b.arch) + "/usr/lib/modules"); len(more) > 0 {
		folder = more
	}
	if err != nil || len(folder) != 1 {
		t.Fatalf("modules of %s %s: %q, %v", b.suite, b.arch, folder, err)
	}
	return folder[0]
}

// image builds the image of a board. All images of one workshop carry one
// pseudonym key, so that their reports compare.
func (w *workshop) image(t testing.TB, b board) string {
	key := fmt.Sprint(b.arch, b.suite, b.blind, b.uroot, b.renamed())
	if w.images[key] == "" {
		name := filepath.Join(w.dir, fmt.Sprintf("%d.img", len(w.images)))
		args := []string{"initramfs", "-arch", b.arch, "-probe", w.probe(t, b.arch), "-pseudonym-key", w.key(t), "-o", name}
		if !b.blind {
			folder := modules(t, b)
			if b.renamed() {
				folder = w.withRadios(t, folder)
			}
			args = append(args, "-modules", folder)
		}
		command(t, nil, w.tool("boardimage"), args...)
		if b.uroot {
			command(t, nil, top+"/.ci/u-root", b.arch, w.probe(t, b.arch), name, name+".u-root")
			name += ".u-root"
		}
		w.images[key] = name
	}
	return w.images[key]
}

// radioModule is the name under which the kernel's simulator of Wi-Fi goes into
// an image. Under its own one boardimage leaves it out, for it is no hardware.
const (
	radioModule = "mac80211_radio"
	simulator   = "mac80211_hwsim"
)

// renamed reports whether the image has the simulator of Wi-Fi.
func (b board) renamed() bool { return b.radios > 0 && !b.guest.there() }

// withRadios packs a folder of modules together with the simulator of Wi-Fi.
func (w *workshop) withRadios(t testing.TB, folder string) string {
	found, err := filepath.Glob(folder + "/*/kernel/drivers/net/wireless/virtual/" + simulator + ".ko.xz")
	if err != nil || len(found) != 1 {
		t.Fatalf("simulator of Wi-Fi in %s: %q, %v", folder, found, err)
	}
	module, err := exec.Command("xz", "-dc", found[0]).Output()
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(folder, filepath.Dir(found[0]))
	if err != nil {
		t.Fatal(err)
	}
	beside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(beside, rel), 0o755); err != nil {
		t.Fatal(err)
	}
	module = bytes.ReplaceAll(module, []byte("\x00name="+simulator+"\x00"), []byte("\x00name="+radioModule+"\x00"))
	// A kernel takes a module without a signature, and none with a wrong one.
	module = bytes.TrimSuffix(module, []byte("~Module signature appended~\n"))
	if err := os.WriteFile(filepath.Join(beside, rel, radioModule+".ko"), module, 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(w.dir, "radios.tar")
	command(t, nil, "tar", "-cf", name, "-C", folder, ".", "-C", beside, "./"+filepath.Join(rel, radioModule+".ko"))
	return name
}

func (w *workshop) key(t testing.TB) string {
	name := filepath.Join(w.dir, "pseudonym-key")
	if err := os.WriteFile(name, []byte(strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// volumeOffset is where the partition of a disk with a label usually begins.
const volumeOffset = 1 << 20

// makeDisk makes the file behind a disk: with a label, one FAT partition; else
// bytes that must still be there after the run.
func makeDisk(t testing.TB, name string, d disk) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := d.mib << 20
	if d.kind == report.KindEMMC {
		size += (2*bootMiB + rpmbMiB) << 20
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if d.label == "" {
		for _, at := range []int64{0, size / 2, size - 1<<16} {
			if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5, byte(at >> 20)}, 1<<15), at); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if d.gpt != nil {
		d.gpt.write(t, f, d, size)
	} else if _, err := f.WriteAt(table(0x0c, d.offset()/512, (size-d.offset())/512, crc32.ChecksumIEEE([]byte(name))), 0); err != nil {
		t.Fatal(err)
	}
	mkfs := "mkfs.fat"
	if _, err := exec.LookPath(mkfs); err != nil {
		mkfs = "/usr/sbin/mkfs.fat"
	}
	command(t, nil, mkfs, "--offset", fmt.Sprint(d.offset()/512), "-n", d.label, name, fmt.Sprint((d.end(size)-d.offset())/1024))
}

// table makes a partition table with one partition: its type at 446+4, its
// first sector and their number at 446+8 and 446+12, and in front of it a
// signature, by which the disks of a BIOS are found.
func table(kind byte, first, sectors int64, signature uint32) []byte {
	out := make([]byte, 512)
	binary.LittleEndian.PutUint32(out[440:], signature)
	out[450] = kind
	binary.LittleEndian.PutUint32(out[454:], uint32(first))
	binary.LittleEndian.PutUint32(out[458:], uint32(sectors))
	out[510], out[511] = 0x55, 0xaa
	return out
}

// gpt is a GUID partition table with one EFI system partition.
type gpt struct{ disk, partition string }

// Of a GPT (UEFI 2.10, 5.3): its entries fill 32 sectors, behind the header at
// the start of the disk and in front of that at its end.
const (
	gptEntries     = 128
	gptEntryBytes  = 128
	gptEntryBlocks = gptEntries * gptEntryBytes / 512
	systemGUID     = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
)

// end returns where the partition of a disk ends.
func (d disk) end(size int64) int64 {
	if d.gpt != nil {
		return size - (1+gptEntryBlocks)*512
	}
	return size
}

// write puts the table on a disk: an MBR that protects it (5.2.3), the header
// and entries, and their copies at the end.
func (g gpt) write(t testing.TB, f *os.File, d disk, size int64) {
	t.Helper()
	le := binary.LittleEndian
	last := size/512 - 1
	entries := make([]byte, gptEntries*gptEntryBytes)
	copy(entries, mixedGUID(systemGUID))
	copy(entries[16:], mixedGUID(g.partition))
	le.PutUint64(entries[32:], uint64(d.offset()/512))
	le.PutUint64(entries[40:], uint64(d.end(size)/512-1))
	copy(entries[56:], "E\x00S\x00P\x00")
	header := func(own, other, at int64) []byte {
		b := make([]byte, 512)
		copy(b, "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
		for place, value := range map[int]int64{24: own, 32: other, 40: 2 + gptEntryBlocks, 48: last - 1 - gptEntryBlocks, 72: at} {
			le.PutUint64(b[place:], uint64(value))
		}
		copy(b[56:], mixedGUID(g.disk))
		le.PutUint32(b[80:], gptEntries)
		le.PutUint32(b[84:], gptEntryBytes)
		le.PutUint32(b[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:92]))
		return b
	}
	for at, data := range map[int64][]byte{
		0: table(0xee, 1, last, 0), 1: header(1, last, 2), 2: entries,
		last - gptEntryBlocks: entries, last: header(last, 1, last-gptEntryBlocks),
	} {
		if _, err := f.WriteAt(data, at*512); err != nil {
			t.Fatal(err)
		}
	}
}

// mixedGUID returns the 16 bytes of a GUID, whose first three fields are little
// endian (UEFI 2.10, appendix A).
func mixedGUID(text string) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		panic("not a GUID: " + text)
	}
	slices.Reverse(raw[0:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	return raw
}

// qemu returns the program and its first arguments, which name its data.
func qemu(t testing.TB, b board) []string {
	names := map[string][2]string{"arm64": {"arm", "aarch64"}, "arm": {"arm", "arm"}, "amd64": {"x86", "x86_64"}, "riscv64": {"riscv", "riscv64"}}[b.arch]
	pkg, program := "qemu-system-"+names[0], "/usr/bin/qemu-system-"+names[1]
	if b.newest {
		// It brings its own C library, and the program that loads it.
		dir := command(t, nil, top+"/.ci/unpack", "-all", "sid", pkg)
		return []string{glob(t, dir+"/usr/lib64/ld-linux-x86-64.so.*"), "--library-path", dir + "/usr/lib/x86_64-linux-gnu", dir + program, "-L", dir + "/usr/share/qemu"}
	}
	of := func(pkg string) string { return command(t, nil, top+"/.ci/unpack", "bookworm-backports", pkg) }
	return []string{of(pkg) + program, "-L", of("qemu-system-data") + "/usr/share/qemu", "-L", "/usr/share/seabios", "-L", "/usr/lib/ipxe/qemu"}
}

// arguments returns the command line of QEMU.
func (w *workshop) arguments(t testing.TB, b board, dir string) []string {
	k := kernel(t, b.suite, b.arch)
	args := append(qemu(t, b), b.machine...)
	args = append(args, "-accel", "tcg", "-smp", fmt.Sprint(b.cpus), "-m", fmt.Sprint(b.ramMiB), "-display", "none", "-no-reboot", "-monitor", "none",
		"-D", filepath.Join(dir, readsLog), "-trace", "blk_co_preadv",
		"-kernel", glob(t, k+"/boot/vmlinu?-*"), "-initrd", w.beside(t, b, dir),
		"-append", strings.TrimSpace("console="+b.console+" boardprobe.end=poweroff "+patient+" "+b.parameters()))
	if b.dtb != "" {
		args = append(args, "-dtb", glob(t, k+"/usr/lib/linux-image-*/"+b.dtb))
	}
	if b.efi {
		variables := filepath.Join(dir, "vars.fd")
		data, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.fd")
		if err == nil {
			err = os.WriteFile(variables, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd", "-drive", "if=pflash,format=raw,unit=1,file="+variables)
	}
	// What a kernel calls ttymxc1 or ttyS1 is the board's second serial port.
	if strings.HasSuffix(b.console, "1") && b.dtb != "" {
		first := "null"
		if b.early {
			first = "file:" + filepath.Join(dir, firstPort)
		}
		args = append(args, "-serial", first)
	}
	if b.tpm {
		args = append(args, "-chardev", "socket,id=tpm,path="+filepath.Join(dir, tpmSocket), "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0")
	}
	args = append(args, "-serial", "stdio")
	if b.guest.Trace != "" {
		args = append(args, "-serial", "file:"+filepath.Join(dir, traceName))
	}
	usb, sd := false, 0
	for i, d := range b.disks {
		id := fmt.Sprintf("disk%d", i)
		drive := "id=" + id + ",format=raw,file=" + filepath.Join(dir, id)
		if d.kind == report.KindSD && b.dtb != "" {
			args = append(args, "-drive", fmt.Sprintf("if=sd,bus=%d,%s", d.index, drive))
			continue
		}
		if d.broken {
			// Reads of the disk work, and no write does.
			rules := filepath.Join(dir, id+".rules")
			if err := os.WriteFile(rules, []byte("[inject-error]\nevent = \"pwritev\"\nerrno = \"5\"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			drive = "id=" + id + ",driver=raw,file.driver=blkdebug,file.config=" + rules + ",file.image.driver=file,file.image.filename=" + filepath.Join(dir, id)
		}
		if d.kind == report.KindUSB && b.dtb != "" {
			args = append(args, "-blockdev", "driver=raw,node-name="+id+",file.driver=file,file.filename="+filepath.Join(dir, id),
				"-device", b.stickDevice(), "-monitor", "unix:"+filepath.Join(dir, monitorSocket)+",server=on,wait=off")
			continue
		}
		args = append(args, "-drive", "if=none,"+drive)
		serial := ""
		if d.serial != "" {
			serial = ",serial=" + d.serial
		}
		switch d.kind {
		case report.KindSD:
			args = append(args, "-device", fmt.Sprintf("sdhci-pci,id=sdhci%d", sd), "-device", "sd-card,drive="+id)
			sd++
		case report.KindEMMC:
			if b.dtb == "" {
				args = append(args, "-device", fmt.Sprintf("sdhci-pci,id=sdhci%d", sd))
				sd++
			}
			args = append(args, "-device", fmt.Sprintf("emmc,drive=%s,boot-partition-size=%d,rpmb-partition-size=%d", id, bootMiB<<20, rpmbMiB<<20))
		case report.KindNVMe:
			args = append(args, "-device", "nvme,drive="+id+serial)
		case report.KindSATA:
			args = append(args, "-device", "ide-hd,bus=ide.0,drive="+id+serial)
		case report.KindVirtio:
			args = append(args, "-device", "virtio-blk-pci,drive="+id+serial)
		case report.KindUSB:
			if !usb {
				args = append(args, "-device", "qemu-xhci,id=xhci,addr=0x10")
				usb = true
			}
			args = append(args, "-device", "usb-storage,bus=xhci.0,drive="+id+serial)
		default:
			t.Fatalf("%s: disks of kind %s cannot be attached", b.name, d.kind)
		}
	}
	if b.name != "" && !usb && strings.Contains(strings.Join(b.machine, " "), "virt") {
		args = append(args, "-device", "qemu-xhci,id=xhci,addr=0x10") // the port is there without a stick
	}
	if len(b.nics) == 0 {
		args = append(args, "-nic", "none")
	}
	for i, n := range b.nics {
		args = append(args, "-netdev", fmt.Sprintf("user,restrict=on,id=net%d", i), "-device", fmt.Sprintf("%s,netdev=net%d,romfile=,mac=%s", n.device, i, n.mac))
	}
	return args
}

// readsLog has a line for each read of a disk, with which QEMU counts.
const readsLog = "reads"

var readForm = regexp.MustCompile(`blk_co_preadv blk (0x[0-9a-f]+) bs 0x[0-9a-f]+ offset \d+ bytes (\d+) flags`)

// mostRead returns the bytes that were read of the disk of which most were, and
// of how many disks any were.
func mostRead(t testing.TB, dir string) (most int64, disks int) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(dir, readsLog))
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int64{}
	for _, m := range readForm.FindAllSubmatch(log, -1) {
		n, err := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		read[string(m[1])] += n
	}
	for _, n := range read {
		most = max(most, n)
	}
	return most, len(read)
}

// firstPort has what was said on the first serial port, if that is of use.
const firstPort = "first"

// tpmSocket is where the emulated TPM of a run listens.
const tpmSocket = "tpm.sock"

// run is one run of one board.
type run struct {
	board   board
	dir     string // of the files behind its disks
	log     []byte // of the console
	seconds float64
	share   float64 // of one processor that the emulator got, at most 1
}

// patient keeps kernels from calling it a lockup that an emulated processor waits
// for its share of the real one, and gives the sections of the probe more time.
const patient = "nowatchdog rcupdate.rcu_cpu_stall_suppress=1 boardprobe.timeout=12m"

// maxRun bounds a run, on a machine that runs two of them at a time and nothing
// else. Beside other work it is longer, by what the others take.
const maxRun = 6 * time.Minute

// limited ends a run when its time is over: the clock of the run goes slower the
// more processes want the processors of this machine.
func limited(ctx context.Context, over func()) {
	const look = time.Second
	var gone time.Duration
	for tick := time.Tick(look); gone < maxRun; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			gone += time.Duration(float64(look) * fairShare())
		}
	}
	over()
}

// fairShare is the part of the processors that the two boards of a test would
// have got of late: 1 on a machine that does nothing else.
func fairShare() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 1
	}
	wanted, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		return 1
	}
	return min(1, 2*float64(runtime.NumCPU())/max(wanted, 1))
}

// start starts a board and waits until it has switched itself off.
func (w *workshop) start(t testing.TB, b board, args []string, dir string) run {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go limited(ctx, cancel)
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr bytes.Buffer
	log := &watched{marks: []string{"by itself; power may be cut", "reboot: System halted", "Power off not available", "Kernel panic - not syncing"}, stop: cancel}
	if device := b.stickDevice(); device != "" {
		log.started = func() { replug(t, filepath.Join(dir, monitorSocket), device) }
	}
	c.Stdout, c.Stderr = log, &stderr
	if b.tpm {
		// The emulated chip ends with the machine that is connected to it.
		chip := exec.CommandContext(ctx, "swtpm", "socket", "--tpm2", "--terminate", "--tpmstate", "dir="+dir, "--ctrl", "type=unixio,path="+filepath.Join(dir, tpmSocket))
		if err := chip.Start(); err != nil {
			t.Fatal(err)
		}
		defer chip.Wait()
		for range 50 {
			if _, err := os.Stat(filepath.Join(dir, tpmSocket)); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	began := time.Now()
	err := c.Run()
	r := run{board: b, dir: dir, log: log.text.Bytes(), seconds: time.Since(began).Seconds()}
	if c.ProcessState != nil {
		r.share = min(1, (c.ProcessState.UserTime()+c.ProcessState.SystemTime()).Seconds()/r.seconds)
	}
	if b.early {
		// The firmware of a real board has given the pins of the console to the
		// second port; here U-Boot does, some lines after its start.
		first, err := os.ReadFile(filepath.Join(dir, firstPort))
		if err != nil {
			t.Fatal(err)
		}
		r.log = append(first, r.log...)
	}
	switch {
	case log.seen != "" && b.noPower:
	case log.seen != "":
		t.Errorf("%s: %s", b.name, log.seen)
	case err != nil:
		t.Errorf("%s: %v after %.0f s\n%s\n%s", b.name, err, r.seconds, &stderr, tail(r.log, 4000))
	}
	return r
}

// monitorSocket is where the monitor of a board with a stick on a bus of its own
// listens.
const monitorSocket = "monitor"

// stickDevice describes a stick on the board's own bus, "" for none.
func (b board) stickDevice() string {
	i := slices.IndexFunc(b.disks, func(d disk) bool { return d.kind == report.KindUSB })
	if b.dtb == "" || i < 0 {
		return ""
	}
	return fmt.Sprintf("usb-storage,port=1,id=stick,drive=disk%d,share-rw=on,serial=%s", i, b.disks[i].serial)
}

// replug takes the stick out and puts it in again. QEMU's model of the USB host
// of a Raspberry Pi tells only once that something was plugged in, and no reset
// of the host repeats that (hw/usb/hcd-dwc2.c): after U-Boot, Linux would not see
// the stick.
func replug(t testing.TB, socket, device string) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprintf(c, "device_del stick\ndevice_add %s\ninfo version\n", device); err != nil {
		t.Error(err)
		return
	}
	// The monitor echoes what it is given, and says nothing more of what it did.
	var said []byte
	for part := make([]byte, 4096); !bytes.Contains(said, []byte("version\x1b[K\r\n")); {
		n, err := c.Read(part)
		said = append(said, part[:n]...)
		if err != nil {
			t.Errorf("monitor: %v", err)
			return
		}
	}
	if i := bytes.Index(said, []byte("Error:")); i >= 0 {
		t.Errorf("monitor: %s", said[i:min(len(said), i+200)])
	}
}

// watched keeps what a board prints and stops it at a mark, behind which
// nothing comes that counts.
type watched struct {
	text  bytes.Buffer // not embedded: its ReadFrom would take the place of Write
	marks []string
	seen  string
	stop  func()

	started func() // is called when U-Boot starts Linux; nil for nothing
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	recent := w.text.Bytes()
	recent = recent[max(0, len(recent)-len(p)-80):]
	if i := slices.IndexFunc(w.marks, func(m string) bool { return bytes.Contains(recent, []byte(m)) }); i >= 0 && w.seen == "" {
		w.seen = w.marks[i]
		time.AfterFunc(time.Second, w.stop)
	}
	if w.started != nil && bytes.Contains(recent, []byte("Starting kernel ...")) {
		go w.started()
		w.started = nil
	}
	return n, err
}

func tail(log []byte, n int) []byte { return log[max(0, len(log)-n):] }

// slots lets two boards run at a time: more only slow each other down.
func slots() chan struct{} { return make(chan struct{}, min(2, runtime.NumCPU())) }

// digests returns a digest of each disk of a run. Holes are not read: a disk of
// many GiB is a small file.
func digests(t testing.TB, dir string, n int) []string {
	t.Helper()
	var list []string
	for i := range n {
		f, err := os.Open(filepath.Join(dir, fmt.Sprintf("disk%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		for at := int64(0); ; {
			at, err = f.Seek(at, unix.SEEK_DATA)
			if errors.Is(err, unix.ENXIO) {
				break // only a hole is left
			}
			end, err2 := f.Seek(at, unix.SEEK_HOLE)
			data := make([]byte, end-at)
			if _, err3 := f.ReadAt(data, at); errors.Join(err, err2, err3) != nil {
				t.Fatal(err, err2, err3)
			}
			for k := 0; k < len(data); k += 4096 {
				if block := data[k:min(k+4096, len(data))]; len(bytes.Trim(block, "\x00")) > 0 {
					fmt.Fprintf(sum, "%d ", at+int64(k))
					sum.Write(block)
				}
			}
			at = end
		}
		f.Close()
		list = append(list, fmt.Sprintf("%x", sum.Sum(nil)))
	}
	return list
}
