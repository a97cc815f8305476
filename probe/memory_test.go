package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// modules makes tables with memory devices of these sizes, as in the field Size
// of type 17 (DSP0134 7.18.5), and the entry point that names them.
func modules(sizes ...uint16) map[string]string {
	var table []byte
	for i, size := range sizes {
		device := make([]byte, 0x28)
		device[0], device[1] = 17, byte(len(device))
		binary.LittleEndian.PutUint16(device[2:], uint16(i))
		binary.LittleEndian.PutUint16(device[0x0c:], size)
		device[0x18] = 1 // the serial number is the first string
		table = append(append(table, device...), "SECRETSERIAL\x00\x00"...)
	}
	table = append(table, 127, 4, 0xff, 0xff, 0, 0)
	entry := make([]byte, 24) // of SMBIOS 3.0, DSP0134 5.2.2
	copy(entry, "_SM3_")
	entry[6], entry[7], entry[10] = 24, 3, 1
	binary.LittleEndian.PutUint32(entry[12:], uint32(len(table)))
	sum := byte(0)
	for _, b := range entry {
		sum += b
	}
	entry[5] = -sum
	return map[string]string{"sys/firmware/dmi/tables/smbios_entry_point": string(entry), "sys/firmware/dmi/tables/DMI": string(table)}
}

func iomem(mib int) map[string]string {
	return map[string]string{"proc/iomem": fmt.Sprintf("00000000-%08x : System RAM\n", mib<<20-1)}
}

func TestMemorySources(t *testing.T) {
	e820 := map[string]string{
		"sys/firmware/memmap/0/type": "System RAM\n", "sys/firmware/memmap/0/start": "0x0\n", "sys/firmware/memmap/0/end": "0x3fffffff\n",
		"sys/firmware/memmap/1/type": "Reserved\n", "sys/firmware/memmap/1/start": "0x40000000\n", "sys/firmware/memmap/1/end": "0x4fffffff\n",
	}
	broken := map[string]string{"sys/firmware/dmi/tables/smbios_entry_point": "_SM3_", "sys/firmware/dmi/tables/DMI": "x"}
	for name, c := range map[string]struct {
		files  []map[string]string
		fitted int64            // MiB
		claims map[string]int64 // MiB; -1: a gap
	}{
		"nothing else":          {[]map[string]string{iomem(900)}, 900, map[string]int64{"iomem": 900}},
		"two modules":           {[]map[string]string{iomem(1900), modules(1024, 1024)}, 2048, map[string]int64{"iomem": 1900, "smbios": 2048}},
		"an empty slot":         {[]map[string]string{iomem(1000), modules(1024, 0)}, 1024, map[string]int64{"iomem": 1000, "smbios": 1024}},
		"far more than is seen": {[]map[string]string{iomem(512), modules(4096)}, 512, map[string]int64{"iomem": 512, "smbios": 4096}},
		"a size in KiB":         {[]map[string]string{iomem(16), modules(0x8000 | 16384)}, 16, map[string]int64{"iomem": 16, "smbios": 16}},
		"an unknown size":       {[]map[string]string{iomem(512), modules(512, 0xffff)}, 512, map[string]int64{"iomem": 512, "smbios": -1}},
		"no size at all":        {[]map[string]string{iomem(512), modules(0)}, 512, map[string]int64{"iomem": 512, "smbios": -1}},
		"tables of garbage":     {[]map[string]string{iomem(512), broken}, 512, map[string]int64{"iomem": 512, "smbios": -1}},
		"map of the firmware":   {[]map[string]string{iomem(1000), e820}, 1000, map[string]int64{"iomem": 1000, "e820": 1024}},
	} {
		files := map[string]string{}
		for _, f := range c.files {
			maps.Copy(files, f)
		}
		r, evidence := probeRoot(t, files)
		if r.Memory.FittedBytes.Value != c.fitted<<20 {
			t.Errorf("%s: fitted = %d; want %d MiB", name, r.Memory.FittedBytes.Value, c.fitted)
		}
		got := map[string]int64{}
		for _, claim := range r.Memory.Claims {
			got[claim.Source] = claim.Bytes.Value >> 20
			if !claim.Bytes.OK() {
				got[claim.Source] = -1
			}
		}
		if !maps.Equal(got, c.claims) {
			t.Errorf("%s: claims = %v; want %v", name, got, c.claims)
		}
		data, err := report.EncodeEvidence(evidence)
		if err != nil || bytes.Contains(data, []byte("SECRETSERIAL")) {
			t.Errorf("%s: the serial number of a module is in the evidence (%v)", name, err)
		}
	}
}

func TestLibC(t *testing.T) {
	for want, file := range map[string]string{"glibc": "lib/ld-linux-aarch64.so.1", "musl": "lib/ld-musl-armhf.so.1", "uClibc": "lib/ld-uClibc.so.1", "": "lib/libc.so"} {
		r, _ := probeRoot(t, map[string]string{file: ""})
		if r.OS.LibC.Value != want {
			t.Errorf("libc with %s = %q; want %q", file, r.OS.LibC.Value, want)
		}
	}
}

// FuzzMemoryTable reads damaged tables: an answer is in the form that is
// recorded, and holds no serial number.
func FuzzMemoryTable(f *testing.F) {
	tables := modules(4096, 0, 0xffff, 0x7fff)
	f.Add([]byte(tables["sys/firmware/dmi/tables/smbios_entry_point"]), []byte(tables["sys/firmware/dmi/tables/DMI"]))
	f.Fuzz(func(t *testing.T, entry, table []byte) {
		answer, err := readMemoryTable(entry, table)
		if err != nil {
			return
		}
		var out memoryTable
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Errorf("the answer is not read back: %v", err)
		}
	})
}

// FuzzReg reads device-tree properties.
func FuzzReg(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}, 2, 2)
	f.Fuzz(func(t *testing.T, data []byte, addressCells, sizeCells int) {
		if addressCells < 0 || addressCells > 4 || sizeCells < 0 || sizeCells > 4 {
			return // what cellOr gives
		}
		if n, err := sumReg(data, addressCells, sizeCells); err == nil && n < 0 {
			t.Errorf("sumReg(%x, %d, %d) = %d", data, addressCells, sizeCells, n)
		}
		if list, err := stringList(data); err == nil && len(list) == 0 {
			t.Errorf("stringList(%q) gives nothing", data)
		}
	})
}
