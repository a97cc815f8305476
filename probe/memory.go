package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// collectMemory reads what the kernel was given (System RAM in /proc/iomem),
// what it made of it (/proc/meminfo, Documentation/filesystems/proc.rst), and
// what other sources claim is fitted. Memory blocks
// (Documentation/ABI/testing/sysfs-devices-memory) are as coarse as 128 MiB or
// more, so they are a claim and never raise the size.
func collectMemory(_ context.Context, h *Host) (report.Memory, error) {
	var m report.Memory
	info := h.Read("proc/meminfo")
	m.TotalBytes = parseAnswer(info, meminfoField("MemTotal"))
	m.CMABytes = parseAnswer(info, meminfoField("CmaTotal"))
	if m.CMABytes.Gap == report.Invalid {
		m.CMABytes = report.Missing[int64](report.Absent, "", info.ID)
	}
	iomem := h.Read("proc/iomem")
	m.VisibleBytes = parseAnswer(iomem, systemRAM)
	m.CrashBytes = parseAnswer(iomem, crashKernel)
	if visible, ok := m.VisibleBytes.Get(); ok {
		m.Claims = append(m.Claims, report.Claim{Source: "iomem", Bytes: m.VisibleBytes})
		m.FittedBytes = report.Known(visible, m.VisibleBytes.From...).By(report.Inferred).Noting("System RAM")
	} else {
		why := "nothing tells"
		if m.TotalBytes.OK() {
			why = "only a lower bound is known: MemTotal"
		}
		m.FittedBytes = report.Missing[int64](report.NotProbed, why, both(m.VisibleBytes.From, []string{info.ID})...)
	}
	code := parse(h, deviceTree+"system/linux,revision", cellHex)
	if code.OK() {
		if revision, ok := boards.RevisionCode(code.Value); ok && revision.MemoryBytes.OK() {
			size := revision.MemoryBytes.Value
			m.Claims = append(m.Claims, report.Claim{Source: "revision-code", Bytes: report.Known(size, code.From...).By(report.Documented)})
			if visible, ok := m.VisibleBytes.Get(); ok && visible < size {
				// The firmware of these boards keeps a part for the GPU; the
				// revision code is burned in and says what is fitted.
				m.CarveOuts = append(m.CarveOuts, report.CarveOut{Name: "firmware", Bytes: report.Known(size-visible, both(code.From, m.VisibleBytes.From)...).By(report.Inferred)})
				m.FittedBytes = report.Known(size, both(code.From, m.VisibleBytes.From)...).By(report.Inferred).Noting("System RAM and what the revision code says beyond it")
			}
		}
	}
	asked := both(code.From, moduleMemory(h, &m))
	asked = both(asked, treeMemory(h, &m))
	// Each of these could have said that there is more.
	m.FittedBytes.From = distinct(m.FittedBytes.From, asked)
	treeDRAM(h, &m)
	if table := firmwareMap(h); !table.IsZero() {
		m.Claims = append(m.Claims, report.Claim{Source: "e820", Bytes: table})
	}
	if blocks := memoryBlocks(h); !blocks.IsZero() {
		m.Claims = append(m.Claims, report.Claim{Source: "memory-blocks", Bytes: blocks})
	}
	return m, nil
}

// treeMemory adds what the device tree says: the memory nodes as a claim, and
// the reserved regions that the kernel must not map as carve-outs (Devicetree
// Specification 3.4 and 3.5).
func treeMemory(h *Host, m *report.Memory) (asked []string) {
	root := h.List(strings.TrimSuffix(deviceTree, "/"))
	asked = append(asked, root.ID)
	if root.Gap != "" {
		return asked
	}
	addressCells := cellOr(h, deviceTree+"#address-cells", 2)
	sizeCells := cellOr(h, deviceTree+"#size-cells", 1)
	var sum int64
	var from []string
	for _, name := range root.List {
		if name != "memory" && !strings.HasPrefix(name, "memory@") {
			continue
		}
		reg := h.Read(deviceTree + name + "/reg")
		n, err := sumReg(reg.Data, addressCells, sizeCells)
		from = append(from, reg.ID)
		if reg.Gap == "" && err == nil {
			sum += n
		}
	}
	asked = append(asked, from...)
	if sum > 0 {
		m.Claims = append(m.Claims, report.Claim{Source: "device-tree", Bytes: report.Known(sum, from...)})
	}
	const dir = deviceTree + "reserved-memory"
	list := h.List(dir)
	asked = append(asked, list.ID)
	for _, name := range list.List {
		noMap := h.Read(dir + "/" + name + "/no-map")
		asked = append(asked, noMap.ID)
		if noMap.Gap != "" {
			continue
		}
		reg := h.Read(dir + "/" + name + "/reg")
		asked = append(asked, reg.ID)
		n, err := sumReg(reg.Data, cellOr(h, dir+"/#address-cells", addressCells), cellOr(h, dir+"/#size-cells", sizeCells))
		// A region outside the memory that the tree states is not RAM.
		if fitted, ok := m.FittedBytes.Get(); ok && reg.Gap == "" && err == nil && n > 0 && fitted+n <= sum {
			m.CarveOuts = append(m.CarveOuts, report.CarveOut{Name: name, Bytes: report.Known(n, reg.ID)})
			m.FittedBytes = report.Known(fitted+n, both(m.FittedBytes.From, []string{reg.ID})...).By(report.Inferred).Noting("System RAM and reserved memory")
		}
	}
	return asked
}

// firmwareMap adds up what the firmware of a PC gave to the kernel
// (Documentation/ABI/testing/sysfs-firmware-memmap).
func firmwareMap(h *Host) report.Fact[int64] {
	const dir = "sys/firmware/memmap"
	list := h.List(dir)
	if list.Gap != "" {
		return report.Fact[int64]{}
	}
	var sum int64
	from := []string{list.ID}
	hex := func(data []byte) (int64, error) { return strconv.ParseInt(strings.TrimSpace(string(data)), 0, 62) }
	for _, name := range list.List {
		kind := h.Text(dir + "/" + name + "/type")
		from = append(from, kind.From...)
		if kind.Value != "System RAM" {
			continue
		}
		start, end := parse(h, dir+"/"+name+"/start", hex), parse(h, dir+"/"+name+"/end", hex)
		if !start.OK() || !end.OK() || end.Value < start.Value || end.Value > 1<<50 {
			return report.Missing[int64](report.Invalid, "an entry is malformed", both(start.From, end.From)...)
		}
		sum += end.Value - start.Value + 1
		from = append(both(from, start.From), end.From...)
	}
	if sum == 0 {
		return report.Fact[int64]{}
	}
	return report.Known(sum, from...)
}

// cellOr reads one cell; the specification gives a value for where it is absent.
func cellOr(h *Host, name string, absent int) int {
	a := h.Read(name)
	if a.Gap != "" || len(a.Data) != 4 || a.Data[3] > 4 || a.Data[0]|a.Data[1]|a.Data[2] != 0 {
		return absent
	}
	return int(a.Data[3])
}

// sumReg adds up the sizes in a reg property.
func sumReg(data []byte, addressCells, sizeCells int) (int64, error) {
	step := 4 * (addressCells + sizeCells)
	if sizeCells < 1 || sizeCells > 2 || len(data) == 0 || len(data)%step != 0 {
		return 0, errors.New("reg is malformed")
	}
	var sum int64
	for ; len(data) > 0; data = data[step:] {
		var n uint64
		for _, b := range data[4*addressCells : step] {
			n = n<<8 | uint64(b)
		}
		if n > 1<<50 || sum > 1<<50 {
			return 0, errors.New("reg is larger than any memory")
		}
		sum += int64(n)
	}
	return sum, nil
}

// both joins two lists of evidence without touching either.
func both(a, b []string) []string { return slices.Concat(a, b) }

// distinct joins two lists of evidence and names each once.
func distinct(a, b []string) []string {
	list := slices.Clone(a)
	for _, id := range b {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// meminfoField reads one line of /proc/meminfo, in bytes.
func meminfoField(name string) func([]byte) (int64, error) {
	return func(data []byte) (int64, error) {
		for line := range strings.Lines(string(data)) {
			f := strings.Fields(line)
			if len(f) == 3 && f[0] == name+":" && f[2] == "kB" {
				n, err := strconv.ParseInt(f[1], 10, 64)
				if err != nil || n < 0 || n > 1<<50 {
					return 0, fmt.Errorf("%s: not a size", name)
				}
				return n << 10, nil
			}
		}
		return 0, fmt.Errorf("no line %s", name)
	}
}

// systemRAM adds up the top-level ranges named System RAM. Without privilege
// the kernel shows all addresses as zero.
func systemRAM(data []byte) (int64, error) {
	var sum int64
	found := false
	for line := range strings.Lines(string(data)) {
		where, name, ok := strings.Cut(strings.TrimRight(line, "\n"), " : ")
		if !ok || strings.HasPrefix(line, " ") || name != "System RAM" {
			continue
		}
		first, last, ok := strings.Cut(where, "-")
		a, err1 := strconv.ParseUint(first, 16, 62)
		b, err2 := strconv.ParseUint(last, 16, 62)
		if !ok || err1 != nil || err2 != nil || b < a {
			return 0, errors.New("a range is malformed")
		}
		found = true
		if b > 0 {
			sum += int64(b - a + 1)
		}
		if sum < 0 {
			return 0, errors.New("the ranges are larger than any memory")
		}
	}
	switch {
	case !found:
		return 0, errors.New("no range is called System RAM")
	case sum == 0:
		return 0, errors.New("the addresses are hidden from this user")
	}
	return sum, nil
}

// crashKernel adds up what System RAM is kept for a crash kernel
// (Documentation/admin-guide/kdump/kdump.rst).
func crashKernel(data []byte) (int64, error) {
	var sum int64
	for line := range strings.Lines(string(data)) {
		where, name, ok := strings.Cut(strings.TrimSpace(line), " : ")
		if !ok || name != "Crash kernel" {
			continue
		}
		first, last, _ := strings.Cut(where, "-")
		a, err1 := strconv.ParseUint(first, 16, 50)
		b, err2 := strconv.ParseUint(last, 16, 50)
		if err1 != nil || err2 != nil || b < a || sum > 1<<50 {
			return 0, errors.New("a range is malformed")
		}
		sum += int64(b - a + 1)
	}
	return sum, nil
}

// treeDRAM looks for the kind of DRAM in the device tree, where boot loaders of
// some families describe the chips (Documentation/devicetree/bindings/
// memory-controllers/ddr).
func treeDRAM(h *Host, m *report.Memory) {
	if m.Type.OK() {
		return
	}
	root := h.List(strings.TrimSuffix(deviceTree, "/"))
	for _, name := range root.List {
		if !strings.HasPrefix(name, "lpddr") && !strings.HasPrefix(name, "ddr") {
			continue
		}
		compatible := parse(h, deviceTree+name+"/compatible", stringList)
		if !compatible.OK() {
			continue
		}
		for _, kind := range compatible.Value {
			if _, family, ok := strings.Cut(kind, "jedec,"); ok {
				m.Type = report.Known(strings.ToUpper(family), compatible.From...)
			}
		}
	}
}

// memoryBlocks is the number of memory blocks that are online times their size.
func memoryBlocks(h *Host) report.Fact[int64] {
	const dir = "sys/devices/system/memory"
	size := parse(h, dir+"/block_size_bytes", func(data []byte) (int64, error) {
		return strconv.ParseInt(strings.TrimSpace(string(data)), 16, 62)
	})
	if !size.OK() {
		return report.Fact[int64]{}
	}
	list := h.List(dir)
	n := int64(0)
	for _, name := range list.List {
		if strings.HasPrefix(name, "memory") {
			n++
		}
	}
	if list.Gap != "" || n == 0 {
		return report.Fact[int64]{}
	}
	return report.Known(n*size.Value, both(size.From, []string{list.ID})...).By(report.Inferred)
}
