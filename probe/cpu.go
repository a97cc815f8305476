package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// collectCPU counts processors from /sys/devices/system/cpu
// (Documentation/admin-guide/cputopology.rst) and tells their kinds apart by
// /proc/cpuinfo. A core is a distinct set of thread siblings: core_id repeats
// in every cluster and is not unique.
func collectCPU(_ context.Context, h *Host) (report.CPU, error) {
	const base = "sys/devices/system/cpu/"
	var c report.CPU
	uname := h.ask("uname", "")
	switch lines := strings.Split(string(uname.Data), "\n"); {
	case uname.Gap != "":
		c.Architecture = report.Missing[string](uname.Gap, uname.Note, uname.ID)
	case len(lines) < 3:
		c.Architecture = report.Missing[string](report.Invalid, "fewer than three lines", uname.ID)
	default:
		c.Architecture = report.Known(lines[2], uname.ID)
	}
	online := h.Read(base + "online")
	c.LogicalOnline = parseAnswer(online, countCPUs)
	c.LogicalPresent = parse(h, base+"present", countCPUs)
	c.LogicalPossible = parse(h, base+"possible", countCPUs)
	numbers, err := cpuList(online.Data)
	if online.Gap == "" && err == nil {
		threads := func(name string) report.Fact[int64] {
			sets := map[string]bool{}
			var from []string
			for _, n := range numbers {
				a := h.Text(fmt.Sprintf("%scpu%d/topology/%s", base, n, name))
				from = append(from, a.From...)
				if !a.OK() {
					return report.Missing[int64](a.Gap, a.Note, a.From...)
				}
				sets[a.Value] = true
			}
			return report.Known(int64(len(sets)), from...)
		}
		c.Cores = threads("thread_siblings_list")
		c.Sockets = threads("physical_package_id")
	}
	info := h.ask("cpuinfo/1", "proc/cpuinfo")
	if info.Gap == "" {
		c.Types = coreTypes(string(info.Data), info.ID)
	}
	return c, nil
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

// coreTypes groups the processors of the reduced /proc/cpuinfo by kind.
func coreTypes(text, id string) []report.CoreType {
	types := map[string]*report.CoreType{}
	last := map[string]string{}
	features := map[string]string{}
	finish := func() {
		signature, name, vendor := signatureOf(last)
		if _, numbered := last["processor"]; !numbered || signature == "" {
			clear(last)
			return
		}
		t := types[signature]
		if t == nil {
			t = &report.CoreType{Signature: signature, Count: report.Known[int64](0, id)}
			types[signature] = t
			if name != "" {
				t.Name = report.Known(name, id)
			}
			if vendor != "" {
				t.Vendor = report.Known(vendor, id)
			}
			if f := features["f"]; f != "" {
				list := strings.Fields(f)
				slices.Sort(list)
				t.Features = report.Known(list, id)
			}
			if rev := revisionOf(last); rev != "" {
				t.Revision = report.Known(rev, id)
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
			features["f"] = v
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
