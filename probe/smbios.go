package probe

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/u-root/u-root/pkg/smbios"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// memoryTable is what is kept of the SMBIOS tables that describe memory. They
// hold serial numbers and asset tags, so nothing else of them is recorded.
type memoryTable struct {
	Arrays  []memoryArray  `json:",omitempty"`
	Devices []memoryDevice `json:",omitempty"`
}

// memoryArray is type 16 where its use is system memory (DSP0134 7.17).
type memoryArray struct {
	MaxBytes   int64
	Correction uint8 // 7.17.3
}

// memoryDevice is type 17 (DSP0134 7.18). A size of -1 is not known.
type memoryDevice struct {
	Locator, Bank, Vendor, PartNumber string `json:",omitempty"`
	SizeBytes, SpeedMTs               int64
	Type, Form                        string
}

// persistent reports whether a device keeps what is in it, and is no RAM (DSP0134
// 7.18.2, type 1Fh).
func (d memoryDevice) persistent() bool {
	return strings.EqualFold(d.Type, "Logical non-volatile device")
}

// gatherModules reads the tables of memory.
func gatherModules(_ context.Context, f *files, dir string) ([]byte, error) {
	const limit = 1 << 20 // a table is at most 64 KiB with the 32-bit entry point
	entry, _, err := f.read(dir+"/smbios_entry_point", 256)
	if err != nil {
		return nil, err
	}
	table, _, err := f.read(dir+"/DMI", limit)
	if err != nil {
		return nil, err
	}
	return readMemoryTable(entry, table)
}

// readMemoryTable keeps what SMBIOS says of memory.
func readMemoryTable(entry, table []byte) ([]byte, error) {
	info, err := smbios.ParseInfo(entry, table)
	if err != nil {
		return nil, err
	}
	devices, err := info.GetMemoryDevices()
	if err != nil {
		return nil, err
	}
	var found memoryTable
	other := map[uint16]bool{} // arrays that are no system memory, as of flash
	for _, t := range info.GetTablesByType(physicalMemoryArray) {
		if use, err := t.GetByteAt(5); err == nil && use != systemMemory {
			other[t.Handle] = true
		}
	}
	for _, d := range devices {
		if other[d.PhysicalMemoryArrayHandle] {
			continue
		}
		device := memoryDevice{
			Locator: oneLine(d.DeviceLocator), Bank: oneLine(d.BankLocator), Vendor: oneLine(strings.TrimSpace(d.Manufacturer)), PartNumber: oneLine(strings.TrimSpace(d.PartNumber)),
			SizeBytes: int64(d.GetSizeBytes()), Type: memoryType(d.Type), Form: d.FormFactor.String(),
		}
		const unknown = 0xffff  // 7.18: of the sizes and speeds
		const extended = 0x7fff // the size is in a field that tables before 2.7 do not have
		if d.Size == unknown || d.Size == extended && d.ExtendedSize == 0 {
			device.SizeBytes = -1
		}
		if d.Speed != unknown {
			device.SpeedMTs = int64(d.Speed)
		}
		found.Devices = append(found.Devices, device)
	}
	for _, t := range info.GetTablesByType(physicalMemoryArray) {
		if array, ok := readArray(t); ok {
			found.Arrays = append(found.Arrays, array)
		}
	}
	return json.Marshal(found)
}

// memoryType names the types that the library does not know yet (DSP0134 3.8.0, 7.18.2).
func memoryType(t smbios.MemoryDeviceType) string {
	if name := map[smbios.MemoryDeviceType]string{0x22: "DDR5", 0x23: "LPDDR5", 0x24: "HBM3"}[t]; name != "" {
		return name
	}
	return t.String()
}

const (
	physicalMemoryArray = 16
	systemMemory        = 3 // 7.17.2
)

// readArray reads a table of type 16.
func readArray(t *smbios.Table) (memoryArray, bool) {
	const elsewhere = 0x80000000 // the maximum is in the extended field
	use, err1 := t.GetByteAt(5)
	correction, err2 := t.GetByteAt(6)
	kib, err3 := t.GetDWordAt(7)
	if errors.Join(err1, err2, err3) != nil || use != systemMemory {
		return memoryArray{}, false
	}
	a := memoryArray{MaxBytes: int64(kib) << 10, Correction: correction}
	if kib == elsewhere {
		bytes, err := t.GetQWordAt(0x0f)
		if err != nil || bytes > 1<<50 {
			return memoryArray{}, false
		}
		a.MaxBytes = int64(bytes)
	}
	return a, true
}

// moduleMemory adds up the memory devices that SMBIOS names. What they are more
// than the kernel was given is the firmware's carve-out, for graphics as an
// example. A table that names far more is not believed, only kept as a claim.
func moduleMemory(h *Host, m *report.Memory) (asked []string) {
	a := h.ask("smbios-memory/2", "sys/firmware/dmi/tables")
	if a.Gap == report.Absent {
		return []string{a.ID}
	}
	var table memoryTable
	modules := parseAnswer(a, func(data []byte) (int64, error) {
		if err := json.Unmarshal(data, &table); err != nil {
			return 0, errors.New("not the form that was recorded")
		}
		var sum int64
		for _, d := range table.Devices {
			if d.persistent() {
				continue
			}
			if d.SizeBytes < 0 || d.SizeBytes > 1<<50 || sum > 1<<52 {
				return 0, errors.New("a memory device of no known size")
			}
			sum += d.SizeBytes
		}
		if sum == 0 {
			return 0, errors.New("no memory device has a size")
		}
		return sum, nil
	})
	describeModules(table, a.ID, m)
	m.Claims = append(m.Claims, report.Claim{Source: "smbios", Bytes: modules})
	visible, ok := m.VisibleBytes.Get()
	if size := modules.Value; ok && modules.OK() && visible < size && visible >= size/4*3 {
		from := both(modules.From, m.VisibleBytes.From)
		m.CarveOuts = append(m.CarveOuts, report.CarveOut{Name: "firmware", Bytes: report.Known(size-visible, from...).By(report.Inferred)})
		m.FittedBytes = report.Known(size, from...).By(report.Inferred).Noting("System RAM and what SMBIOS says beyond it")
	}
	return []string{a.ID}
}

// dimmFiller is what firmware writes for the maker and the part of a module that has
// none to read: Manufacturer00, ModulePartNumber00, A1_Manufacturer1, Array1_PartNumber1.
var dimmFiller = pattern.New(`(?i)^([A-Z]\d*_|Array\d+_)?(Module)?(Manufacturer|Part_?Num(ber)?|Ser_?Num|SerialNumber|AssetTagNum)_?\d*$|^(Fill By OEM|NO DIMM)$`)

// describeModules lists the memory devices, empty sockets left out, and what
// the board takes.
func describeModules(table memoryTable, id string, m *report.Memory) {
	text := func(s string) report.Fact[string] {
		if s = strings.TrimSpace(s); s == "" || strings.EqualFold(s, "unknown") || strings.EqualFold(s, "not specified") || strings.EqualFold(s, "other") || dimmFiller().MatchString(s) {
			return report.Missing[string](report.Absent, "", id)
		}
		return report.Known(s, id)
	}
	for _, d := range table.Devices {
		if d.SizeBytes == 0 {
			continue
		}
		module := report.MemoryModule{
			Locator: strings.TrimSpace(text(d.Bank).Value + " " + d.Locator), SizeBytes: report.Known(d.SizeBytes, id), Type: text(d.Type), Form: text(d.Form),
			Vendor: text(d.Vendor), PartNumber: text(d.PartNumber), SpeedMTs: report.Missing[int64](report.Absent, "", id),
		}
		if d.SizeBytes < 0 {
			module.SizeBytes = report.Missing[int64](report.Invalid, "the table does not say it", id)
		}
		if d.SpeedMTs > 0 {
			module.SpeedMTs = report.Known(d.SpeedMTs, id)
		}
		if module.Type.OK() && !d.persistent() {
			m.Type = module.Type
		}
		m.Modules = append(m.Modules, module)
	}
	var largest int64
	for _, a := range table.Arrays {
		largest += max(a.MaxBytes, 0)
		if word := map[uint8]string{3: "none", 4: "parity", 5: "single-bit ECC", 6: "multi-bit ECC", 7: "CRC"}[a.Correction]; word != "" {
			m.ErrorCorrection = report.Known(word, id)
		}
	}
	var fitted int64
	for _, d := range table.Devices {
		if !d.persistent() {
			fitted += max(d.SizeBytes, 0)
		}
	}
	switch {
	case largest > 0 && largest < fitted:
		m.MaxBytes = report.Missing[int64](report.Invalid, "the table says less than it says is fitted", id)
	case largest > 0 && largest < 1<<50:
		m.MaxBytes = report.Known(largest, id)
	}
}
