package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// collectCPU counts processors from /sys/devices/system/cpu
// (Documentation/admin-guide/cputopology.rst) and tells their kinds apart by
// /proc/cpuinfo. A core is a distinct set of thread siblings: core_id repeats
// in every cluster and is not unique.
func collectCPU(_ context.Context, h *Host) (report.CPU, error) {
	var c report.CPU
	info := h.ask(opCPUInfo, "proc/cpuinfo")
	c.Architecture = kernelArchitecture(h, info)
	online := h.Read(cpus + "online")
	c.LogicalOnline = parseAnswer(online, countCPUs)
	present := h.Read(cpus + "present")
	c.LogicalPresent = parseAnswer(present, countCPUs)
	c.LogicalOffline = parse(h, cpus+"offline", func(data []byte) (int64, error) { return countOffline(data, present.Data) })
	c.LogicalOffline.From = both(c.LogicalOffline.From, []string{present.ID})
	c.LogicalPossible = parse(h, cpus+"possible", countCPUs)
	switch numbers, err := cpuList(online.Data); {
	case online.Gap == "" && err == nil:
		topology(h, numbers, &c)
	case online.Gap == report.Absent:
		countByFolders(h, &c)
	}
	for _, f := range []*report.Fact[int64]{&c.Cores, &c.Sockets, &c.Clusters} {
		if f.IsZero() {
			*f = report.Missing[int64](gapOr(c.LogicalOnline.Gap, report.NotProbed), "which processors are online is not told", c.LogicalOnline.From...)
		}
	}
	c.TreeCores = treeCores(h)
	if info.Gap == "" {
		c.Types = coreTypes(h, string(info.Data), info.ID)
	}
	c.HardwareArchitecture = hardwareArchitecture(&c)
	c.BalenaArchitecture = balenaArchitecture(&c)
	return c, nil
}

const cpus = "sys/devices/system/cpu/"

// countByFolders counts where no list of the processors online is there, as in dumps
// that hold only their folders: one that is online has a topology
// (drivers/base/topology.c).
func countByFolders(h *Host, c *report.CPU) {
	list := h.List(strings.TrimSuffix(cpus, "/"))
	if list.Gap != "" {
		return
	}
	from := both(c.LogicalOnline.From, []string{list.ID})
	var numbers []int
	for _, name := range list.List {
		number, ok := strings.CutPrefix(name, "cpu")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || n >= maxCPUs || len(numbers) == maxCPUs {
			continue
		}
		if there := h.List(cpus + name + "/topology"); there.Gap == "" {
			numbers, from = append(numbers, n), append(from, there.ID)
		}
	}
	if len(numbers) == 0 {
		return
	}
	c.LogicalOnline = report.Known(int64(len(numbers)), from...).By(report.Inferred).Noting("by the folders of processors that have a topology")
	topology(h, numbers, c)
}

// kernelArchitecture is what uname(2) says, or in a folder of files what the
// kernel says there since 6.1, or what the form of /proc/cpuinfo gives away.
func kernelArchitecture(h *Host, info Answer) report.Fact[string] {
	uname := h.ask("uname", "")
	lines := strings.Split(string(uname.Data), "\n")
	switch {
	case uname.Gap == "" && len(lines) >= 3:
		return report.Known(lines[2], uname.ID)
	case uname.Gap == "":
		return report.Missing[string](report.Invalid, "fewer than three lines", uname.ID)
	case uname.Gap != report.NotProbed:
		return report.Missing[string](uname.Gap, uname.Note, uname.ID)
	}
	if arch := h.Text("proc/sys/kernel/arch"); arch.OK() {
		return arch
	}
	text := "\n" + string(info.Data)
	has := func(line string) bool { return strings.Contains(text, "\n"+line) }
	said := func(arch string, from ...string) report.Fact[string] {
		return report.Known(arch, append([]string{info.ID}, from...)...).By(report.Inferred).Noting("by the form of cpuinfo")
	}
	switch {
	case has("CPU implementer: ") && armPlatform().MatchString(text):
		return said("arm" + armPlatform().FindStringSubmatch(text)[1])
	case has("CPU implementer: ") && strings.Contains(text, " asimd"):
		return said("aarch64")
	case has("isa: rv64"):
		return said("riscv64")
	case has("isa: rv32"):
		return said("riscv32")
	case has("vendor_id: IBM/S390"): // arch/s390/kernel/processor.c
		return said("s390x")
	case !has("cpu family: "): // arch/x86/kernel/cpu/proc.c
	case has("fdiv_bug: ") || !strings.Contains(text, " lm ") && !strings.Contains(text, " lm\n"): // of 32-bit kernels
		return said("i686")
	default:
		// A 32-bit kernel with memory above what it maps says so (fs/proc/meminfo.c).
		memory := h.Read("proc/meminfo")
		if memory.Gap == "" && strings.Contains(string(memory.Data), "HighTotal:") {
			return said("i686", memory.ID)
		}
		return said("x86_64", memory.ID)
	}
	return report.Missing[string](report.NotProbed, "a folder of files does not say it", uname.ID, info.ID)
}

// armPlatform is how a 32-bit ARM kernel names what it runs on, behind the name of
// the core (elf_platform in arch/arm/kernel/setup.c), as uname says it.
var armPlatform = pattern.New(`\nmodel name: [^\n]*\((v[4-8][a-z]*)\)`)

// topology counts cores, sockets and clusters of the processors that are
// online. Kernels before 5.19 called the clusters of an ARM board packages, so
// where a device tree describes the processors its cpu-map counts (Documentation/
// devicetree/bindings/cpu/cpu-topology.txt), and without one there is one socket.
func topology(h *Host, numbers []int, c *report.CPU) {
	distinct := func(name string) report.Fact[int64] {
		sets := map[string]bool{}
		var from []string
		for _, n := range numbers {
			a := h.Text(fmt.Sprintf("%scpu%d/topology/%s", cpus, n, name))
			from = append(from, a.From...)
			switch {
			case !a.OK():
				return report.Missing[int64](a.Gap, a.Note, a.From...)
			case a.Value == "-1" || a.Value == "65535": // include/linux/topology.h; of 16 bits on x86 until 6.5
				return report.Missing[int64](report.Absent, "the kernel does not know it", a.From...)
			}
			sets[a.Value] = true
		}
		return report.Known(int64(len(sets)), from...)
	}
	c.Cores = distinct("thread_siblings_list")
	if cores, ok := c.Cores.Get(); ok && cores > 0 && int64(len(numbers))%cores == 0 {
		c.ThreadsPerCore = report.Known(int64(len(numbers))/cores, c.Cores.From...)
	}
	c.Sockets = distinct("physical_package_id")
	if n, ok := c.Sockets.Get(); ok && n > 1 && n == c.Cores.Value {
		c.Sockets = report.Missing[int64](report.Invalid, "every core names a package of its own", both(c.Sockets.From, c.Cores.From)...)
	}
	c.Clusters = distinct("cluster_id")
	tree := h.List(deviceTree + "cpus")
	if tree.Gap != "" {
		return
	}
	cpuMap := h.List(deviceTree + "cpus/cpu-map")
	count := func(list []string, prefix string) (n int64) {
		for _, name := range list {
			if number, ok := strings.CutPrefix(name, prefix); ok && strings.Trim(number, "0123456789") == "" {
				n++
			}
		}
		return n
	}
	sockets := count(cpuMap.List, "socket")
	clusters := count(cpuMap.List, "cluster")
	for _, name := range cpuMap.List {
		if strings.HasPrefix(name, "socket") {
			inner := h.List(deviceTree + "cpus/cpu-map/" + name)
			clusters += count(inner.List, "cluster")
		}
	}
	c.Sockets = report.Known(max(sockets, 1), tree.ID, cpuMap.ID).By(report.Inferred).Noting("cpu-map of the device tree")
	if clusters > 0 {
		c.Clusters = report.Known(clusters, cpuMap.ID)
	}
}

// treeCores lists the compatibles of the processors in the device tree.
func treeCores(h *Host) report.Fact[[]string] {
	tree := h.List(deviceTree + "cpus")
	if tree.Gap != "" {
		return report.Missing[[]string](tree.Gap, tree.Note, tree.ID)
	}
	var list []string
	from := []string{tree.ID}
	for _, name := range tree.List {
		if !strings.HasPrefix(name, "cpu@") {
			continue
		}
		compatible := parse(h, deviceTree+"cpus/"+name+"/compatible", stringList)
		from = append(from, compatible.From...)
		if compatible.OK() {
			list = append(list, compatible.Value[0])
		}
	}
	if list == nil {
		return report.Missing[[]string](report.Absent, "no processor with a compatible", from...)
	}
	slices.Sort(list)
	return report.Known(list, from...)
}

// hardwareArchitecture says what the cores are where a 32-bit kernel runs on
// them.
func hardwareArchitecture(c *report.CPU) report.Fact[string] {
	arch, ok := c.Architecture.Get()
	if !ok {
		return c.Architecture
	}
	if arch == "x86_64" || arch == "aarch64" || strings.HasPrefix(arch, "riscv") || len(c.Types) == 0 {
		return report.Known(arch, c.Architecture.From...)
	}
	for _, t := range c.Types {
		switch {
		case slices.Contains(t.Features.Value, "lm"): // long mode, arch/x86/include/asm/cpufeatures.h
			return report.Known("x86_64", both(c.Architecture.From, t.Features.From)...)
		case strings.HasPrefix(t.Level.Value, "armv8") || strings.HasPrefix(t.Level.Value, "armv9"):
			return report.Known("aarch64", both(c.Architecture.From, t.Level.From)...).By(report.Inferred)
		}
	}
	return report.Known(arch, c.Architecture.From...)
}

// balenaArchitecture is the name under which balena's device contracts know the
// architecture of an image for this kernel (balena-io/contracts, contracts/arch).
func balenaArchitecture(c *report.CPU) report.Fact[string] {
	arch, ok := c.Architecture.Get()
	if !ok {
		return c.Architecture
	}
	names := map[string]string{"aarch64": "aarch64", "armv8l": "armv7hf", "armv7l": "armv7hf", "armv6l": "rpi", "x86_64": "amd64", "i686": "i386", "i586": "i386-nlp"}
	if name := names[arch]; name != "" {
		return report.Known(name, c.Architecture.From...).By(report.Documented)
	}
	return report.Missing[string](report.Absent, "balena has no image for "+oneLine(arch), c.Architecture.From...)
}

// maxCPUs is above what any kernel is built for.
const maxCPUs = 1 << 16

// cpuList reads a list of ranges, as in 0-3,6.
func cpuList(data []byte) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(strings.TrimSpace(string(data)), ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		b := a
		if isRange && err == nil {
			b, err = strconv.Atoi(last)
		}
		if err != nil || a < 0 || b < a || b >= maxCPUs || len(list) > maxCPUs {
			return nil, errors.New("not a list of processors")
		}
		for n := a; n <= b; n++ {
			list = append(list, n)
		}
	}
	return list, nil
}

// countOffline counts the processors that are offline, of those that are there:
// the kernel lists all that it could have (possible) without those that run.
func countOffline(offline, present []byte) (int64, error) {
	if strings.TrimSpace(string(offline)) == "" {
		return 0, nil
	}
	list, err := cpuList(offline)
	if err != nil {
		return 0, err
	}
	there, err := cpuList(present)
	if err != nil {
		return 0, errors.New("which processors are there is not said")
	}
	n := int64(0)
	for _, number := range list {
		if slices.Contains(there, number) {
			n++
		}
	}
	return n, nil
}

func countCPUs(data []byte) (int64, error) {
	list, err := cpuList(data)
	return int64(len(list)), err
}

// coreTypes groups the processors of the reduced /proc/cpuinfo by kind. Caches
// and frequencies are those of the first of each kind.
func coreTypes(h *Host, text, id string) []report.CoreType {
	types := map[string]*report.CoreType{}
	last := map[string]string{}
	features := ""
	var numbers []int // of processors whose kind comes after them
	var hybrid *hybridKinds
	finish := func() {
		signature, model, vendor := signatureOf(last)
		if signature == "" { // kernels of ARM before 3.8 describe all of them once, at the end
			return
		}
		if hybrid == nil && mayBeHybrid(last) {
			hybrid = hybridCores(h)
		}
		for _, number := range numbers {
			kind := hybrid.kind(number)
			key := signature + kind.suffix
			t := types[key]
			if t == nil {
				t = &report.CoreType{Signature: key, Count: report.Known[int64](0, append([]string{id}, kind.from...)...)}
				types[key] = t
				describeCore(t, signature, model, vendor, features, id)
				kind.describe(t)
				if rev := revisionOf(last); rev != "" {
					t.Revision = report.Known(rev, id)
				}
				dir := fmt.Sprintf("%scpu%d/", cpus, number)
				t.MinKHz = only(h.Int(dir+"cpufreq/cpuinfo_min_freq"), positive, "the driver does not know it")
				t.MaxKHz = only(h.Int(dir+"cpufreq/cpuinfo_max_freq"), positive, "the driver does not know it")
				t.Caches = caches(h, dir+"cache")
			}
			t.Count.Value++
		}
		numbers = nil
		clear(last)
	}
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch {
		case !ok:
			finish()
		case k == "flags", k == "Features":
			features = v
		case k == "processor":
			if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < maxCPUs && len(numbers) < maxCPUs {
				numbers = append(numbers, n)
			}
		default:
			last[k] = v
		}
	}
	finish()
	var list []report.CoreType
	for _, signature := range slices.Sorted(maps.Keys(types)) {
		list = append(list, *types[signature])
	}
	return list
}

// hybridKinds are the two kinds of core of an x86 processor that has two, by the
// event sources that the kernel makes for them (arch/x86/events/intel/core.c).
type hybridKinds struct {
	performance, efficient []int
	from                   []string
}

// mayBeHybrid reports whether a processor is of a model from which on Intel has made
// such: Lakefield is the first (INTEL_LAKEFIELD in arch/x86/include/asm/intel-family.h).
func mayBeHybrid(f map[string]string) bool {
	model, err := strconv.Atoi(f["model"])
	return err == nil && f["vendor_id"] == "GenuineIntel" && f["cpu family"] == "6" && model >= 0x8a
}

func hybridCores(h *Host) *hybridKinds {
	k := new(hybridKinds)
	for _, row := range []struct {
		name string
		list *[]int
	}{{"cpu_core", &k.performance}, {"cpu_atom", &k.efficient}} {
		a := h.Read("sys/devices/" + row.name + "/cpus")
		k.from = append(k.from, a.ID)
		if a.Gap == "" {
			*row.list, _ = cpuList(a.Data) // what is none tells no kinds
		}
	}
	return k
}

// coreKind is the kind of one core; nothing where all are of one.
type coreKind struct {
	suffix, word string
	from         []string
}

func (k *hybridKinds) kind(number int) coreKind {
	switch {
	case k == nil || len(k.performance) == 0 || len(k.efficient) == 0:
		return coreKind{}
	case slices.Contains(k.performance, number):
		return coreKind{":core", "performance core", k.from}
	case slices.Contains(k.efficient, number):
		return coreKind{":atom", "efficient core", k.from}
	}
	return coreKind{}
}

func (k coreKind) describe(t *report.CoreType) {
	if k.word == "" {
		return
	}
	if name, ok := t.Name.Get(); ok {
		t.Name = report.Known(name+", "+k.word, both(t.Name.From, k.from)...).By(t.Name.Basis)
		return
	}
	t.Name = report.Known(k.word, k.from...)
}

// describeCore adds what the core says of itself and what is documented of it.
func describeCore(t *report.CoreType, signature, model, vendor, features, id string) {
	if model != "" {
		t.ModelName = report.Known(model, id)
	}
	if vendor != "" {
		t.Vendor = report.Known(vendor, id)
	}
	if core, ok := boards.Core(signature); ok {
		t.Name, t.Level = core.Name, core.Architecture
		if core.Vendor.OK() {
			t.Vendor = core.Vendor
		}
	}
	list := strings.Fields(features)
	if len(list) == 0 {
		return
	}
	slices.Sort(list)
	t.Features = report.Known(slices.Compact(list), id)
	var extensions []string
	for _, name := range deciding {
		if slices.Contains(list, name) {
			extensions = append(extensions, name)
		}
	}
	t.Extensions = report.Known(extensions, id)
}

// deciding are the features by which images and engines are chosen: vector and
// cryptography extensions, 64 bits, virtualisation.
var deciding = []string{"aes", "asimd", "atomics", "avx", "avx2", "avx512f", "crc32", "idiva", "lm", "neon", "pmull", "sha1", "sha2", "sse4_2", "ssse3", "sve", "svm", "vfpv3", "vfpv4", "vmx"}

// caches reads what the kernel knows of the caches of a processor
// (Documentation/ABI/testing/sysfs-devices-system-cpu). Many device trees do
// not say their sizes.
func caches(h *Host, dir string) []report.Cache {
	var list []report.Cache
	for _, name := range h.List(dir).List {
		if !strings.HasPrefix(name, "index") {
			continue
		}
		level, kind := h.Text(dir+"/"+name+"/level"), h.Text(dir+"/"+name+"/type")
		if !level.OK() || !kind.OK() {
			continue
		}
		suffix := map[string]string{"Data": "d", "Instruction": "i"}[kind.Value]
		list = append(list, report.Cache{
			Level:     "L" + oneLine(level.Value) + suffix,
			SizeBytes: parse(h, dir+"/"+name+"/size", kibibytes),
			Ways:      parse(h, dir+"/"+name+"/ways_of_associativity", decimal),
			SharedBy:  parse(h, dir+"/"+name+"/shared_cpu_list", countCPUs),
		})
	}
	return list
}

// kibibytes reads a size as in 32K.
func kibibytes(data []byte) (int64, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(string(data)), "K")
	n, err := decimal([]byte(number))
	if !ok || err != nil || n > 1<<40 {
		return 0, errors.New("not a size in KiB")
	}
	return n << 10, nil
}

// signatureOf names a kind of core by what its maker numbers it with: MIDR
// implementer and part, x86 vendor, family, model and stepping, or RISC-V ids.
func signatureOf(f map[string]string) (signature, name, vendor string) {
	switch {
	case f["CPU implementer"] != "":
		return "midr:" + f["CPU implementer"] + ":" + f["CPU part"], f["model name"], f["CPU implementer"]
	case f["vendor_id"] != "" && f["cpu family"] != "":
		return "x86:" + f["vendor_id"] + ":" + f["cpu family"] + ":" + f["model"], f["model name"], f["vendor_id"]
	case strings.HasPrefix(f["isa"], "rv"): // MIPS has a field of that name, too
		return strings.TrimRight("riscv:"+f["mvendorid"]+":"+f["marchid"]+":"+f["isa"], ":"), f["uarch"], f["mvendorid"]
	}
	return "", "", ""
}

func revisionOf(f map[string]string) string {
	switch {
	case f["CPU variant"] != "":
		n, err := strconv.ParseInt(f["CPU variant"], 0, 16)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("r%dp%s", n, f["CPU revision"])
	case f["stepping"] != "":
		return f["stepping"]
	}
	return f["mimpid"]
}
