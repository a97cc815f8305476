package probe

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// coreTypes groups the processors of the reduced /proc/cpuinfo by kind. Caches
// and frequencies are those of the first of each kind.
func coreTypes(h *Host, text, id string) []report.CoreType {
	types := map[string]*report.CoreType{}
	last := map[string]string{}
	features := ""
	var numbers []int             // of processors whose kind comes after them
	members := map[string][]int{} // processors of each kind
	var hybrid *hybridKinds
	finish := func() {
		signature, model, vendor := signatureOf(last)
		if signature == "" { // kernels of ARM before 3.8 describe all of them once, at the end
			return
		}
		if strings.HasPrefix(signature, "x86:") && features == "" { // Elbrus has vendor, family and model, too
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
				t.Caches = caches(h, fmt.Sprintf("%scpu%d/cache", cpus, number))
			}
			members[key] = append(members[key], number)
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
	policies := h.List(cpus + "cpufreq")
	for key, t := range types {
		describeClocks(h, t, members[key], policies)
	}
	var list []report.CoreType
	for _, signature := range slices.Sorted(maps.Keys(types)) {
		list = append(list, *types[signature])
	}
	return list
}

// maxPolicies bounds how many clocks of one kind of core are looked at.
const maxPolicies = 64

// describeClocks adds the lowest and the highest frequency of the processors of a kind.
// Clusters of one kind can differ in it: each has a policy, which is called after its
// first processor (Documentation/admin-guide/pm/cpufreq.rst). Where no list of them is
// there, as in kernels before 4.3, each processor is asked if the first has a clock.
func describeClocks(h *Host, t *report.CoreType, numbers []int, policies Answer) {
	var from []string
	clocked := slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return !slices.Contains(policies.List, fmt.Sprintf("policy%d", n)) })
	switch {
	case len(clocked) > 1:
		from = []string{policies.ID}
	case policies.Gap == report.Absent:
		clocked = numbers
	default:
		clocked = numbers[:1]
	}
	for i, n := range clocked[:min(len(clocked), maxPolicies)] {
		if i > 0 && !t.MaxKHz.OK() {
			break
		}
		dir := fmt.Sprintf("%scpu%d/cpufreq/", cpus, n)
		lowest := only(h.Int(dir+"cpuinfo_min_freq"), positive, "the driver does not know it")
		highest := only(h.Int(dir+"cpuinfo_max_freq"), positive, "the driver does not know it")
		t.MinKHz = ofClocks(t.MinKHz, lowest, func(a, b int64) bool { return b < a }, from)
		t.MaxKHz = ofClocks(t.MaxKHz, highest, func(a, b int64) bool { return b > a }, from)
	}
}

// ofClocks is the one of two numbers that counts. One that is not known gives way.
func ofClocks(so, next report.Fact[int64], better func(a, b int64) bool, from []string) report.Fact[int64] {
	next.From = both(from, next.From)
	switch {
	case so.IsZero():
		return next
	case !next.OK():
		return so
	case !so.OK() || better(so.Value, next.Value):
		next.From = both(so.From, next.From)
		return next
	}
	so.From = both(so.From, next.From)
	return so
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
	family, err1 := strconv.Atoi(f["cpu family"])
	model, err2 := strconv.Atoi(f["model"])
	const pentium4 = 15
	return err1 == nil && err2 == nil && f["vendor_id"] == "GenuineIntel" && (family == 6 && model >= 0x8a || family > pentium4)
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
