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
