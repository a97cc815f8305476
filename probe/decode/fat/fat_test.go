package fat

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// format makes a volume with mkfs.fat of dosfstools.
func format(t *testing.T, bytes int64, args ...string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "volume")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(bytes); err != nil {
		t.Fatal(err)
	}
	f.Close()
	mkfs := "mkfs.fat"
	if _, err := exec.LookPath(mkfs); err != nil {
		mkfs = "/usr/sbin/mkfs.fat" // not in everybody's PATH
	}
	if out, err := exec.Command(mkfs, append(args, name)...).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.fat %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseRealVolumes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bytes int64
		args  []string
		bits  int
		label string
	}{
		"FAT12":               {1 << 20, []string{"-F", "12", "-n", "BOARDREPORT"}, 12, "BOARDREPORT"},
		"FAT16":               {16 << 20, []string{"-F", "16", "-n", "BOARDREPORT"}, 16, "BOARDREPORT"},
		"FAT32":               {40 << 20, []string{"-F", "32", "-n", "BOARDREPORT", "-s", "1"}, 32, "BOARDREPORT"},
		"FAT32 of 8 MiB":      {8 << 20, []string{"-F", "32", "-n", "BOARDREPORT"}, 32, "BOARDREPORT"},
		"FAT32 of 16 MiB":     {16 << 20, []string{"-F", "32", "-n", "BOARDREPORT"}, 32, "BOARDREPORT"},
		"FAT32 of 32 MiB":     {32 << 20, []string{"-F", "32", "-s", "4", "-n", "BOARDREPORT"}, 32, "BOARDREPORT"},
		"FAT32 of 128 MiB":    {128 << 20, []string{"-F", "32", "-s", "8", "-n", "BOARDREPORT"}, 32, "BOARDREPORT"},
		"FAT32 of 4 KiB":      {300 << 20, []string{"-F", "32", "-S", "4096", "-n", "Report"}, 32, "Report"},
		"FAT16 without label": {16 << 20, []string{"-F", "16"}, 16, ""},
	} {
		t.Run(name, func(t *testing.T) {
			data := format(t, c.bytes, c.args...)
			v, err := Parse(data)
			if err != nil {
				t.Fatalf("Parse = %v; want no error", err)
			}
			if v.Bits != c.bits || v.BootLabel != c.label {
				t.Errorf("Parse = FAT%d labelled %q; want FAT%d %q", v.Bits, v.BootLabel, c.bits, c.label)
			}
			root, _, ok := RootLabel(data[v.RootOffset:][:v.RootBytes])
			if root != c.label || !ok {
				t.Errorf("RootLabel = %q, %v; want %q", root, ok, c.label)
			}
		})
	}
}

func TestRootLabelSkips(t *testing.T) {
	t.Parallel()
	entry := func(name string, attribute byte) []byte {
		e := make([]byte, entryBytes)
		copy(e, name)
		e[11] = attribute
		return e
	}
	directory := bytes.Join([][]byte{
		entry("\xE5LD        ", attributeVolume),
		entry("Blong name ", attributeLong),
		entry("FILE    TXT", 0x20),
		entry("BOARDREPORT", attributeVolume|0x20),
	}, nil)
	if got, _, ok := RootLabel(directory); got != "BOARDREPORT" || !ok {
		t.Errorf("RootLabel = %q, %v; want BOARDREPORT", got, ok)
	}
	behindEnd := append(make([]byte, entryBytes), directory...)
	if got, at, known := RootLabel(behindEnd); got != "" || at != -1 || !known {
		t.Errorf("RootLabel behind the end of the directory = %q; want that there is none", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := format(t, 1<<20, "-F", "12")[:SectorBytes]
	for name, change := range map[string]func([]byte) []byte{
		"short":            func(b []byte) []byte { return b[:511] },
		"no signature":     func(b []byte) []byte { b[510] = 0; return b },
		"no jump":          func(b []byte) []byte { b[0] = 0; return b },
		"odd sector":       func(b []byte) []byte { b[bytesPerSector] = 3; return b },
		"odd cluster":      func(b []byte) []byte { b[sectorsPerCluster] = 3; return b },
		"no FAT":           func(b []byte) []byte { b[fatCount] = 0; return b },
		"nothing reserved": func(b []byte) []byte { b[reservedSectors], b[reservedSectors+1] = 0, 0; return b },
		"too small":        func(b []byte) []byte { b[totalSectors16], b[totalSectors16+1] = 5, 0; return b },
	} {
		if v, err := Parse(change(bytes.Clone(good))); err == nil {
			t.Errorf("Parse(%s) = %+v; want an error", name, v)
		}
	}
	if IsExFAT(good) {
		t.Error("IsExFAT(FAT12) = true; want false")
	}
	copy(good[3:], "EXFAT   ")
	if !IsExFAT(good) {
		t.Error("IsExFAT(exFAT) = false; want true")
	}
}

func FuzzParse(f *testing.F) {
	seed := make([]byte, SectorBytes)
	copy(seed, "\xEB\x3C\x90mkfs.fat\x00\x02\x04\x01\x00\x02\x00\x02\x00\x80")
	seed[510], seed[511] = 0x55, 0xAA
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data)
		if err == nil && (v.RootOffset <= 0 || v.RootBytes <= 0 || v.RootBytes > MaxRootBytes || len(v.BootLabel) > labelBytes) {
			t.Errorf("Parse(%x) = %+v; want a place for the root directory", data, v)
		}
		RootLabel(data)
	})
}
