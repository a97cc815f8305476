package emulator

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

var (
	show = flag.Bool("show", false, "print what the console of the board says")
	keep = flag.String("keep", "", "keep consoles and packages in this `folder`")
	long = flag.Bool("long", false, "start the boards of the long matrix, too")
	only = flag.String("only", "", "fail if there is no board of this `name`")
)

// outcome is what came of a run.
type outcome struct {
	run
	packed   string // place of the package
	report   *report.Report
	findings []require.Finding
}

// TestBoards starts every board, holds its report against what the emulator was
// given, and then the reports against each other.
func TestBoards(t *testing.T) {
	var names []string
	for _, b := range boards() {
		names = append(names, b.name)
	}
	if *only != "" && !slices.Contains(names, *only) {
		t.Fatalf("no board %q; there are %s", *only, strings.Join(names, " "))
	}
	w := newWorkshop(t)
	outcomes := map[string]outcome{}
	slot := slots()
	results := make(chan outcome, len(boards()))
	t.Run("start", func(t *testing.T) {
		for _, b := range boards() {
			if b.long && !*long {
				continue
			}
			t.Run(b.name, func(t *testing.T) {
				dir := w.folder(t, b)
				for i, d := range b.disks {
					makeDisk(t, filepath.Join(dir, fmt.Sprintf("disk%d", i)), d)
				}
				args := w.arguments(t, b, dir)
				t.Parallel()
				slot <- struct{}{}
				defer func() { <-slot }()
				results <- w.evaluate(t, b, args, dir)
			})
		}
	})
	close(results)
	for o := range results {
		outcomes[o.board.name] = o
	}
	t.Run("compare", func(t *testing.T) { w.compare(t, outcomes) })
}

// evaluate runs a board and checks all that came of it.
func (w *workshop) evaluate(t *testing.T, b board, args []string, dir string) outcome {
	before := digests(t, dir, len(b.disks))
	o := outcome{run: w.start(t, b, args, dir)}
	if *keep != "" {
		os.WriteFile(filepath.Join(*keep, b.name+".log"), o.log, 0o644)
		if trace, err := os.ReadFile(filepath.Join(dir, traceName)); err == nil {
			os.WriteFile(filepath.Join(*keep, b.name+".trace"), trace, 0o644)
		}
	}
	if *show {
		t.Logf("console of %s:\n%s", b.name, o.log)
	}
	if t.Failed() {
		return o
	}
	after := digests(t, dir, len(b.disks))
	for i, d := range b.disks {
		if before[i] != after[i] && !d.broken && (d.label == "" || b.volume() != i) {
			t.Errorf("disk %d (%s) is not as it was before the run", i, d.kind)
		}
	}
	o.packed = w.received(t, o)
	w.carried(t, o)
	data, err := os.ReadFile(o.packed)
	if err != nil {
		t.Fatal(err)
	}
	command(t, nil, w.tool("boardreport"), "verify", o.packed)
	if said := command(t, nil, w.tool("boardreport"), "replay", o.packed); !strings.Contains(said, "byte for byte") {
		t.Errorf("replay: %s", said)
	}
	p, err := seal.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if o.report, _, err = report.Decode(p.Report); err != nil {
		t.Fatal(err)
	}
	o.findings = require.Check(o.report)
	o.truth(t)
	o.private(t, p)
	switch {
	case b.dtb != "":
		o.tree(t, p, glob(t, kernel(t, b.suite, b.arch)+"/usr/lib/linux-image-*/"+b.dtb))
	case b.name == "virt": // QEMU makes it
		blob := filepath.Join(t.TempDir(), "virt.dtb")
		args := append(append(qemu(t, b), b.machine...), "-smp", fmt.Sprint(b.cpus), "-m", fmt.Sprint(b.ramMiB), "-machine", "dumpdtb="+blob)
		command(t, nil, args[0], args[1:]...)
		o.tree(t, p, blob)
	}
	return o
}

// volume returns the disk that takes the report, -1 if none or more than one
// carries the label.
func (b board) volume() int {
	volume := -1
	for i, d := range b.disks {
		switch {
		case d.label != label || b.blind || d.broken:
		case volume >= 0:
			return -1
		default:
			volume = i
		}
	}
	return volume
}

var deliveredForm = regexp.MustCompile(`boardprobe: delivered (\d+\.\d) s after start`)

// received takes the package out of the console's log.
func (w *workshop) received(t *testing.T, o outcome) string {
	log := filepath.Join(o.dir, "console.log")
	if err := os.WriteFile(log, o.log, 0o644); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(o.dir, "received.board.tar.gz")
	if *keep != "" {
		name = filepath.Join(*keep, o.board.name+".board.tar.gz")
	}
	os.Remove(name) // of an earlier run
	os.Remove(strings.TrimSuffix(name, ".board.tar.gz") + ".console.json")
	c := exec.Command(w.tool("boardreport"), "receive", "-o", name, log)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("boardreport receive: %v\n%s%s", err, out, tail(o.log, 6000))
	}
	return name
}

// carried checks that the volume has the same bytes as the console, and texts
// for people beside them.
func (w *workshop) carried(t *testing.T, o outcome) {
	if !deliveredForm.Match(o.log) {
		t.Errorf("the console does not say that the report was delivered")
	}
	volume := o.board.volume()
	if volume < 0 {
		if !bytes.Contains(o.log, []byte("no volume has it: save this console log and send it")) {
			t.Errorf("the console does not say what to do without a volume\n%s", tail(o.log, 1500))
		}
		return
	}
	given := o.board.disks[volume]
	image := filepath.Join(o.dir, fmt.Sprintf("disk%d@@%d", volume, given.offset()))
	list := slices.DeleteFunc(strings.Fields(command(t, nil, "mdir", "-b", "-i", image, "::/")), func(name string) bool {
		return slices.Contains(given.files, name)
	})
	var packages []string
	for _, name := range list {
		if strings.HasSuffix(name, ".board.tar.gz") {
			packages = append(packages, name)
		}
	}
	if len(packages) != 1 || !slices.Contains(list, "::/RESULT.TXT") || !slices.Contains(list, "::/QUESTIONS.TXT") || len(list) != 3 {
		t.Fatalf("on the volume: %q; want a package, RESULT.TXT and QUESTIONS.TXT", list)
	}
	fromVolume := filepath.Join(o.dir, "volume.board.tar.gz")
	command(t, nil, "mcopy", "-n", "-i", image, packages[0], fromVolume)
	a, errA := os.ReadFile(fromVolume)
	b, errB := os.ReadFile(o.packed)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("volume and console have different packages: %v, %v", errA, errB)
	}
	text := filepath.Join(o.dir, "RESULT.TXT")
	command(t, nil, "mcopy", "-n", "-i", image, "::/RESULT.TXT", text)
	if result, err := os.ReadFile(text); err != nil || !bytes.Contains(result, []byte("\r\n")) || !bytes.Contains(result, []byte("requirement  verdict")) {
		t.Errorf("RESULT.TXT: %v\n%s", err, result)
	}
}

// maxRead is how much of a disk a run may read, with what the kernel reads by
// itself: 16 MiB at its start and 1 MiB at its end, partitions, what delivers.
const maxRead = 24 << 20

// truth holds the facts against what the emulator was given.
func (o *outcome) truth(t *testing.T) {
	b, r := o.board, o.report
	check := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %s = %v; want %v", b.name, what, got, want)
		}
	}
	check("cpu.logical_online", r.CPU.LogicalOnline.Value, b.cpus)
	check("memory.fitted_bytes", r.Memory.FittedBytes.Value, (b.ramMiB-b.keptMiB)<<20)
	if b.model != "" {
		check("identity.model", r.Identity.Model.Value, b.model)
	}
	var got, want []string
	for _, d := range r.Storage {
		if d.Kind.Value != report.KindMTD && d.Kind.Value != report.KindOptical {
			got = append(got, fmt.Sprint(d.Kind.Value, " ", d.SizeBytes.Value))
		}
	}
	for _, d := range b.disks {
		want = append(want, fmt.Sprint(d.kind, " ", d.mib<<20))
	}
	if b.blind {
		want = nil
	}
	slices.Sort(got)
	slices.Sort(want)
	check("disks", got, want)
	check("cpu.cores", r.CPU.Cores.Value, b.cpus)
	o.buses(t, check)
	for _, s := range r.Sections {
		if s.Outcome != report.OutcomeOK {
			t.Errorf("section %s: %s %s", s.Name, s.Outcome, s.Reason)
		}
	}
	for _, f := range o.findings {
		if want, ok := b.verdicts[f.ID]; ok && string(f.Verdict) != want {
			t.Errorf("%s: verdict of %s = %s (%s; %s); want %s", b.name, f.ID, f.Verdict, f.Found, f.Detail, want)
		}
		if b.blind && (f.Verdict == require.Fail || strings.Contains(f.Found+f.Detail, "missing") || strings.Contains(f.Found+f.Detail, "dead")) {
			t.Errorf("a run without modules says of %s: %s %s %s", f.ID, f.Verdict, f.Found, f.Detail)
		}
	}
	most, disks := mostRead(t, o.dir)
	if most > maxRead+b.loads || disks == 0 && !b.blind {
		t.Errorf("%s: %d bytes read of one of %d disks; want at most %d", b.name, most, disks, maxRead+b.loads)
	}
	t.Logf("%-12s %d CPUs, %4d MiB, %v, %d network, %d PCI, %d USB: as given; at most %.1f MiB read of a disk; %.0f s of emulation",
		b.name, b.cpus, b.ramMiB, got, len(r.Network), len(r.PCI), len(r.USB), float64(most)/(1<<20), o.seconds)
}

// buses holds the lists of network, PCI and USB, and the details of an eMMC,
// against what the emulator was given.
func (o *outcome) buses(t *testing.T, check func(string, any, any)) {
	b, r := o.board, o.report
	if b.blind {
		return
	}
	for _, n := range b.nics {
		found := slices.ContainsFunc(r.Network, func(nic report.NIC) bool {
			// The manufacturer's half of the address is kept.
			return nic.Driver.OK() && nic.Kind.Value == "ethernet" && strings.HasPrefix(nic.MAC.Value, n.mac[:8]) && nic.MAC.Value != n.mac
		})
		check("network with "+n.device, found, true)
	}
	if len(b.nics) > 0 {
		check("number of network interfaces", len(r.Network), len(b.nics))
	}
	o.radios(t, check)
	check("boot.rom_straps", strings.Join(r.Boot.ROMStraps.Value, " "), b.straps)
	if b.bios != nil {
		var disks []string
		for _, p := range r.Boot.Places {
			disks = append(disks, p.Device.Value)
		}
		check("disks of the BIOS", disks, b.bios)
		check("boot.loader_order", len(r.Boot.LoaderOrder.Value), len(b.bios))
		check("boot.linux_loader", r.Boot.LinuxLoader.Value, "QEMU")
	}
	if b.straps != "" {
		check("registers that are announced", bytes.Count(o.log, []byte("boardprobe: straps        reads 0x")) > 0, true)
		check("boot.rom_order", r.Boot.ROMOrder.Value, r.Boot.ROMStraps.Value)
	}
	given := map[string]int{}
	for _, d := range b.disks {
		given[d.kind]++
	}
	count := map[string]int{}
	for _, d := range r.PCI {
		if strings.HasPrefix(d.Class.Value, "0108") && d.Driver.Value == "nvme" {
			count[report.KindNVMe]++
		}
	}
	for _, d := range r.USB {
		if d.Attached.Value != report.Soldered {
			count[report.KindUSB]++
		}
	}
	check("NVMe drives on PCI", count[report.KindNVMe], given[report.KindNVMe])
	if b.dtb == "" { // board models have USB devices of their own
		check("devices on USB", count[report.KindUSB], given[report.KindUSB]+len(b.guest.USB))
	}
	if b.tpm {
		// What swtpm answers (libtpms, tpm2/TpmProfile_Misc.h).
		check("manufacturer of the TPM", strings.TrimSpace(r.TPM.Manufacturer.Value), "IBM")
		check("version of the TPM", r.TPM.Version.Value, "2.0")
		check("SHA-256 bank of the TPM "+r.TPM.Banks.Note, slices.Contains(r.TPM.Banks.Value, "sha256"), true)
		check("clock of the TPM is known", r.TPM.ClockMillis.OK() && r.TPM.ResetCount.OK(), true)
		check("the TPM holds what the firmware logged "+r.TPM.LogAgrees.Note, r.TPM.LogAgrees.Value, true)
		check("BootOrder was measured", len(r.TPM.LogBootOrder.Value) > 0, true)
		starts := func(f report.Fact[[]string], line string) bool {
			return slices.ContainsFunc(f.Value, func(s string) bool { return strings.HasPrefix(s, line+" sha256:") })
		}
		check("the firmware measured its version", starts(r.TPM.LogFirmware, "0 EV_S_CRTM_VERSION"), true)
		check("the firmware measured Secure Boot", starts(r.TPM.LogPolicy, "7 EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot"), true)
		check("the firmware counted load options", slices.ContainsFunc(r.TPM.LogOthers.Value, func(s string) bool { return strings.HasPrefix(s, "1 EV_EFI_VARIABLE_BOOT") }), true)
		for _, number := range r.TPM.LogBootOrder.Value {
			check(number+" is a load option", slices.ContainsFunc(r.Boot.Options, func(o report.BootOption) bool { return o.Number == number }), true)
		}
		check("certificates in the TPM are listed", r.TPM.EKCertificates.OK() && len(r.TPM.EKCertificates.Value) == 0, true)
	}
	for _, d := range r.Storage {
		if d.Kind.Value == report.KindEMMC && d.EMMC.Standard.OK() {
			check("boot partitions of the eMMC", d.EMMC.BootPartitionBytes.Value, bootMiB<<20)
			check("RPMB of the eMMC", d.EMMC.RPMBBytes.Value, rpmbMiB<<20)
			check("size in EXT_CSD", d.EMMC.SizeBytes.Value, d.SizeBytes.Value)
		}
		if d.Kind.Value == report.KindNVMe {
			check("version of the NVMe drive is known", d.NVMe.Version.OK(), true)
		}
	}
}

// private looks for the planted identities in everything that leaves the board.
func (o *outcome) private(t *testing.T, p *seal.Package) {
	console := o.log
	if i := bytes.Index(console, []byte("[    0.000000]")); i > 0 {
		console = console[i:] // what firmware says in front of the kernel is not ours
	}
	places := map[string][]byte{"console": console}
	for _, m := range p.Members {
		places["package member "+m.Name] = m.Data
	}
	record, _, err := report.DecodeEvidence(places["package member evidence.json"])
	if err != nil || len(record.Evidence) == 0 {
		t.Fatalf("evidence: %d answers, %v", len(record.Evidence), err)
	}
	for _, e := range record.Evidence {
		places["answer "+e.ID+" to "+e.Subject] = e.Bytes() // in evidence.json it is in base64 if it is no text
	}
	if v := o.board.volume(); v >= 0 {
		data, err := os.ReadFile(filepath.Join(o.dir, fmt.Sprintf("disk%d", v)))
		if err != nil {
			t.Fatal(err)
		}
		places["volume"] = data
	}
	planted := append(slices.Clone(o.board.serials), o.board.guest.secrets()...)
	for _, d := range o.board.disks {
		planted = append(planted, d.serial)
		if d.gpt != nil {
			planted = append(planted, d.gpt.disk, d.gpt.partition)
		}
	}
	for _, n := range o.board.nics {
		planted = append(planted, n.mac)
	}
	for _, secret := range planted {
		for _, form := range forms(secret) {
			for place, data := range places {
				if i := bytes.Index(data, form); i >= 0 {
					t.Errorf("%s: the planted %q is in the %s: %q", o.board.name, secret, place, data[max(0, i-60):min(len(data), i+60)])
				}
			}
		}
	}
}

// forms are the ways in which an identity is written: in both cases, without
// separators, as UTF-16 of SMBIOS tools and EFI, and an address or a GUID in binary.
func forms(secret string) [][]byte {
	if secret == "" {
		return nil
	}
	var list [][]byte
	for _, s := range []string{secret, strings.ToUpper(secret), strings.ToLower(secret)} {
		list = append(list, []byte(s))
		var wide []byte
		for _, c := range []byte(s) {
			wide = append(wide, c, 0)
		}
		list = append(list, wide)
		if strings.ContainsAny(s, ":-") {
			plain := strings.NewReplacer(":", "", "-", "").Replace(s)
			list = append(list, []byte(plain))
			if raw, err := hex.DecodeString(plain); err == nil {
				list = append(list, raw)
			}
			if len(plain) == 32 {
				list = append(list, mixedGUID(plain))
			}
		}
	}
	return list
}

// compare holds the reports of units of one board, with one thing changed each,
// against each other.
func (w *workshop) compare(t *testing.T, outcomes map[string]outcome) {
	same := func(names ...string) (int, string) {
		args := []string{"same"}
		for _, name := range names {
			args = append(args, outcomes[name].packed)
		}
		c := exec.Command(w.tool("boardreport"), args...)
		out, _ := c.CombinedOutput()
		return c.ProcessState.ExitCode(), string(out)
	}
	for _, c := range []struct {
		what   string
		boards []string
		status int
	}{
		{"three units, one with two sticks, one with one, one without", []string{"virt", "virt-2", "virt-3"}, 0},
		{"other RAM", []string{"virt-2", "virt-ram"}, 1},
		{"two kernels", []string{"virt-2", "virt-kernel"}, 0},
		{"u-root", []string{"virt-2", "u-root"}, 0},
	} {
		status, out := same(c.boards...)
		if status != c.status {
			t.Errorf("same, %s: exit %d; want %d\n%s", c.what, status, c.status, out)
		}
		if *show {
			t.Logf("same, %s:\n%s", c.what, out)
		}
	}
	first := outcomes["virt"].report.Fingerprint
	for _, name := range []string{"virt-2", "virt-3", "virt-kernel", "u-root"} {
		if f := outcomes[name].report.Fingerprint; f.Value == "" || f.Value != first.Value {
			t.Errorf("fingerprint of %s = %s (%s); want %s as of virt", name, f.Value, f.Why(), first.Value)
		}
	}
	if f := outcomes["virt-ram"].report.Fingerprint; f.Value == first.Value {
		t.Errorf("fingerprint with other RAM = %s; want another than that of virt", f.Value)
	}
	seen, blind := outcomes["virt"].report.Sight, outcomes["virt-blind"].report.Sight
	if seen.Modules.Value == blind.Modules.Value {
		t.Errorf("sight of modules = %q in both; want it to differ", seen.Modules.Value)
	}
}
