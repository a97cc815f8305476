package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	case has("CPU implementer: ") && asimd().MatchString(text): // a vendor's 64-bit kernel may say (v8l), too
		return said("aarch64")
	case has("CPU implementer: ") && armPlatform().MatchString(text):
		return said("arm" + armWord(armPlatform().FindStringSubmatch(text)[1], text))
	case has("isa: rv64"):
		return said("riscv64")
	case has("isa: rv32"):
		return said("riscv32")
	case has("vendor_id: IBM/S390"): // arch/s390/kernel/processor.c
		return said("s390x")
	case !x86Form().MatchString(text) || !has("flags: "): // PA-RISC, SuperH, Elbrus and old LoongArch have a family, too
	case has("fdiv_bug: ") || !strings.Contains(text, " lm ") && !strings.Contains(text, " lm\n"): // of 32-bit kernels
		return said(x86Word(text))
	default:
		// A 32-bit kernel with memory above what it maps says so (fs/proc/meminfo.c).
		memory := h.Read("proc/meminfo")
		if memory.Gap == "" && strings.Contains(string(memory.Data), "HighTotal:") {
			return said(x86Word(text), memory.ID)
		}
		return said("x86_64", memory.ID)
	}
	return report.Missing[string](report.NotProbed, "a folder of files does not say it", uname.ID, info.ID)
}

// x86Word is what uname says of a 32-bit kernel: the family, at most 6
// (arch/x86/kernel/cpu/bugs.c).
func x86Word(text string) string {
	if m := x86Form().FindStringSubmatch(text); len(m[1]) == 1 && m[1] >= "3" && m[1] < "6" {
		return "i" + m[1] + "86"
	}
	return "i686"
}

// armWord puts the letters of a core of before ARMv6 into its platform, as uname has
// them (arch_name in arch/arm/mm/proc-*.S): v5l of a core with Thumb, the extensions
// for signals and Java is v5tejl.
func armWord(platform, text string) string {
	version, end := platform[:2], platform[2:]
	if version != "v4" && version != "v5" {
		return platform
	}
	for _, extension := range []struct{ word, letter string }{{" thumb", "t"}, {" edsp", "e"}, {" java", "j"}} {
		if strings.Contains(text, extension.word) {
			version += extension.letter
		}
	}
	return version + end
}

var (
	// armPlatform is how a 32-bit ARM kernel names what it runs on, behind the name of
	// the core (elf_platform in arch/arm/kernel/setup.c), as uname says it; until 3.8
	// in a line of its own.
	armPlatform = pattern.New(`\n(?:model name|Processor): [^\n]*\((v[4-8][a-z]*)\)`)
	// asimd is a word of 64-bit kernels; of 32-bit ones asimdhp and others are
	// (arch/arm64/kernel/cpuinfo.c, arch/arm/kernel/setup.c).
	asimd = pattern.New(`\nFeatures: (?:[^\n]* )?asimd(?: |\n|$)`)
	// x86Form is the family as a number (arch/x86/kernel/cpu/proc.c).
	x86Form = pattern.New(`\ncpu family: (\d+)(?:\n|$)`)
)

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
	if arch := c.Architecture.Value; cpuMap.Gap == report.Absent && c.Sockets.OK() && !strings.HasPrefix(arch, "arm") && arch != "aarch64" {
		return // elsewhere packages are packages
	}
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
		core, _, ok := strings.Cut(name, "@")
		named := strings.HasPrefix(core, "PowerPC,") // IEEE 1275 binding for PowerPC: the node has the name of the core
		if !ok || core != "cpu" && !named {
			continue
		}
		compatible := parse(h, deviceTree+"cpus/"+name+"/compatible", stringList)
		from = append(from, compatible.From...)
		switch {
		case compatible.OK():
			list = append(list, compatible.Value[0])
		case named:
			list = append(list, core)
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
