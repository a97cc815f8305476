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
	c.LogicalOffline = parse(h, cpus+"offline", func(data []byte) (int64, error) {
		if strings.TrimSpace(string(data)) == "" {
			return 0, nil
		}
		return countCPUs(data)
	})
	c.LogicalPresent = parse(h, cpus+"present", countCPUs)
	c.LogicalPossible = parse(h, cpus+"possible", countCPUs)
	if numbers, err := cpuList(online.Data); online.Gap == "" && err == nil {
		topology(h, numbers, &c)
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
	for _, form := range []struct{ line, features, arch string }{
		{"\nCPU implementer: ", " asimd", "aarch64"},
		{"\nCPU implementer: ", "", "armv7l"},
		{"\nvendor_id: ", " lm ", "x86_64"},
		{"\nvendor_id: ", "", "i686"},
		{"\nisa: rv64", "", "riscv64"},
		{"\nisa: rv32", "", "riscv32"},
	} {
		if strings.Contains(text, form.line) && strings.Contains(text, form.features) {
			return report.Known(form.arch, info.ID).By(report.Inferred).Noting("by the form of cpuinfo")
		}
	}
	return report.Missing[string](report.NotProbed, "a folder of files does not say it", uname.ID, info.ID)
}

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
			if !a.OK() {
				return report.Missing[int64](a.Gap, a.Note, a.From...)
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
	finish := func() {
		signature, model, vendor := signatureOf(last)
		number, err := strconv.Atoi(last["processor"])
		if err != nil || signature == "" {
			clear(last)
			return
		}
		t := types[signature]
		if t == nil {
			t = &report.CoreType{Signature: signature, Count: report.Known[int64](0, id)}
			types[signature] = t
			describeCore(t, model, vendor, features, id)
			if rev := revisionOf(last); rev != "" {
				t.Revision = report.Known(rev, id)
			}
			if number >= 0 && number < maxCPUs {
				dir := fmt.Sprintf("%scpu%d/", cpus, number)
				t.MinKHz, t.MaxKHz = h.Int(dir+"cpufreq/cpuinfo_min_freq"), h.Int(dir+"cpufreq/cpuinfo_max_freq")
				t.Caches = caches(h, dir+"cache")
			}
		}
		t.Count.Value++
		clear(last)
	}
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch {
		case !ok:
			finish()
		case k == "flags", k == "Features":
			features = v
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

// describeCore adds what the core says of itself and what is documented of it.
func describeCore(t *report.CoreType, model, vendor, features, id string) {
	if model != "" {
		t.ModelName = report.Known(model, id)
	}
	if vendor != "" {
		t.Vendor = report.Known(vendor, id)
	}
	if core, ok := boards.Core(t.Signature); ok {
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
	case f["vendor_id"] != "":
		return "x86:" + f["vendor_id"] + ":" + f["cpu family"] + ":" + f["model"], f["model name"], f["vendor_id"]
	case f["isa"] != "":
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
