package deliver

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// board makes a folder with block devices that are files. A name with a slash
// is the place of the device below sys/devices.
func board(t *testing.T, devices map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"sys/class/block", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for place, label := range devices {
		name := filepath.Base(place)
		dir := filepath.Join(root, "sys/devices", place)
		size := "2048\n"
		if label == "empty" {
			size = "0\n"
		}
		for _, err := range []error{
			os.MkdirAll(dir, 0o755),
			os.WriteFile(filepath.Join(dir, "size"), []byte(size), 0o644),
			os.Symlink("../../devices/"+place, filepath.Join(root, "sys/class/block", name)),
			volume(filepath.Join(root, "dev", name), label),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func volume(name, label string) error {
	if err := os.WriteFile(name, make([]byte, 1<<20), 0o644); err != nil {
		return err
	}
	switch label {
	case "raw", "empty":
		return nil
	case "exfat":
		sector := make([]byte, 1<<20)
		copy(sector, "\xEB\x76\x90EXFAT   ")
		return os.WriteFile(name, sector, 0o644)
	}
	mkfs := "mkfs.fat"
	if _, err := exec.LookPath(mkfs); err != nil {
		mkfs = "/usr/sbin/mkfs.fat"
	}
	out, err := exec.Command(mkfs, "-n", label, name).CombinedOutput()
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		devices      map[string]string
		device, note string
	}{
		"one":            {map[string]string{"pci/sda": "raw", "pci/sda/sda1": "BOARDREPORT", "mmc/mmcblk0": "raw"}, "sda1", ""},
		"whole disk":     {map[string]string{"pci/sda": "BOARDREPORT"}, "sda", ""},
		"other case":     {map[string]string{"pci/sda": "BoardReport"}, "sda", ""},
		"none":           {map[string]string{"pci/sda": "OTHER", "mmc/mmcblk0": "raw"}, "", "no volume is labelled BOARDREPORT"},
		"two":            {map[string]string{"pci/sda": "BOARDREPORT", "mmc/mmcblk0": "BOARDREPORT"}, "", "2 volumes are labelled BOARDREPORT (mmcblk0, sda): leave one in"},
		"virtual":        {map[string]string{"virtual/block/loop0": "BOARDREPORT"}, "", "no block device was found"},
		"without medium": {map[string]string{"pci/sr0": "empty"}, "", "no block device was found"},
		"exFAT":          {map[string]string{"pci/sda": "exfat"}, "", "no FAT volume is labelled BOARDREPORT; sda is exFAT, which is not written: format it as FAT32"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, note := Find(board(t, c.devices), DefaultLabel)
			if device != c.device || note != c.note {
				t.Errorf("Find = %q, %q; want %q, %q", device, note, c.device, c.note)
			}
		})
	}
	// A volume whose first sector carries a table is a disk and a partition of it.
	for start, want := range map[string]string{"0\n": "sda1", "2048\n": ""} {
		root := board(t, map[string]string{"pci/sda": "BOARDREPORT", "pci/sda/sda1": "BOARDREPORT"})
		if err := os.WriteFile(filepath.Join(root, "sys/class/block/sda1/start"), []byte(start), 0o644); err != nil {
			t.Fatal(err)
		}
		if device, note := Find(root, DefaultLabel); device != want {
			t.Errorf("a partition that starts at %q: %q, %q; want %q", start, device, note, want)
		}
	}
	if device, note := Find(t.TempDir(), DefaultLabel); device != "" || !strings.Contains(note, "cannot be listed") {
		t.Errorf("Find without sys = %q, %q; want a note", device, note)
	}
}

func TestWriteReplacesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := []File{{Name: "a.board.tar.gz", Data: []byte("1")}, {Name: "RESULT.TXT", Other: "RESULT-A.TXT", Data: []byte("first")}}
	if err := Write(dir, first); err != nil {
		t.Fatalf("Write = %v; want no error", err)
	}
	second := []File{{Name: "b.board.tar.gz", Data: []byte("2")}, {Name: "RESULT.TXT", Other: "RESULT-B.TXT", Data: []byte("second")}}
	if err := Write(dir, second); err != nil {
		t.Fatalf("Write of a second run = %v; want no error", err)
	}
	if err := Write(dir, first[:1]); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Write of a package that is there = %v; want an error", err)
	}
	for name, want := range map[string]string{"a.board.tar.gz": "1", "b.board.tar.gz": "2", "RESULT.TXT": "first", "RESULT-B.TXT": "second"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("%d files are left; want 4 and no temporary one", len(entries))
	}
	if err := verify(dir, first); err != nil {
		t.Errorf("verify = %v; want no error", err)
	}
	if err := verify(dir, []File{{Name: "RESULT.TXT", Data: []byte("other")}}); err == nil {
		t.Error("verify of other bytes = nil; want an error")
	}
	for _, name := range []string{"", "..", "a/b", "/x"} {
		if err := Write(dir, []File{{Name: name}}); err == nil {
			t.Errorf("Write(%q) = nil; want an error", name)
		}
	}
}

// TestWriteWithoutRoomForTexts loses a text: the package is there, and the reason is told
// without a name that nobody knows.
func TestWriteWithoutRoomForTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []File{{Name: "a.board.tar.gz", Data: []byte("1")}, {Name: "no/RESULT.TXT", Data: []byte("x")}, {Name: "QUESTIONS.TXT", Data: []byte("y")}}
	if err := Write(dir, files); err != nil {
		t.Fatalf("Write = %v; want no error: the package was written", err)
	}
	if files[0].Lost != nil || files[1].Lost == nil || files[2].Lost != nil {
		t.Errorf("lost %v, %v, %v; want the second alone", files[0].Lost, files[1].Lost, files[2].Lost)
	}
	if err := verify(dir, files); err != nil {
		t.Errorf("verify = %v; want what was written to be right", err)
	}
}

func TestWriteToNothing(t *testing.T) {
	t.Parallel()
	if err := Write(filepath.Join(t.TempDir(), "gone"), []File{{Name: "x", Data: []byte("x")}}); err == nil {
		t.Error("Write into a folder that is gone = nil; want an error")
	}
}

// A volume with the label that is no FAT is named with what it is.
func TestFindOther(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(root, "sys/class/block"), 0o755), os.MkdirAll(filepath.Join(root, "sys/devices/pci/sda"), 0o755), os.MkdirAll(filepath.Join(root, "dev"), 0o755),
		os.WriteFile(filepath.Join(root, "sys/devices/pci/sda/size"), []byte("2048\n"), 0o644), os.Symlink("../../devices/pci/sda", filepath.Join(root, "sys/class/block/sda"))); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; truncate -s 1M "+root+"/dev/sda; mkfs.ext4 -q -L BOARDREPORT "+root+"/dev/sda").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if device, note := Find(root, "BOARDREPORT"); device != "" || !strings.Contains(note, "sda (ext") || !strings.Contains(note, "is not FAT") {
		t.Errorf("Find = %q, %q; want the file system named", device, note)
	}
}
