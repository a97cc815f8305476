package fat

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func reader(volume []byte) func(int64, int) ([]byte, error) {
	return func(offset int64, length int) ([]byte, error) {
		if offset < 0 || offset >= int64(len(volume)) || length < 0 {
			return nil, io.EOF
		}
		return volume[offset:min(offset+int64(length), int64(len(volume)))], nil
	}
}

// Files that mtools wrote are read back, those in pieces too.
func TestReadFile(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	content := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		return data
	}
	for name, c := range map[string]struct {
		bytes int64
		args  []string
	}{
		"FAT12": {1 << 20, []string{"-F", "12", "-s", "1"}}, "FAT16": {16 << 20, []string{"-F", "16", "-s", "2"}}, "FAT32": {40 << 20, []string{"-F", "32", "-s", "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			image := filepath.Join(dir, "image")
			if err := os.WriteFile(image, format(t, c.bytes, c.args...), 0o600); err != nil {
				t.Fatal(err)
			}
			do := func(args ...string) {
				t.Helper()
				if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
					t.Fatalf("%q: %v\n%s", args, err, out)
				}
			}
			files := map[string][]byte{"uboot.env": content(65536), "uboot-redund.env": content(16385), "GAP.BIN": content(3000), "empty.txt": nil}
			put := func(name string) {
				from := filepath.Join(dir, "from")
				if err := os.WriteFile(from, files[name], 0o600); err != nil {
					t.Fatal(err)
				}
				do("mcopy", "-i", image, "-o", from, "::/"+name)
			}
			do("mmd", "-i", image, "::/folder")
			for _, name := range []string{"GAP.BIN", "empty.txt", "uboot-redund.env"} {
				put(name)
			}
			do("mdel", "-i", image, "::/GAP.BIN") // its place is the first that uboot.env gets
			put("uboot.env")
			volume, err := os.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"uboot.env", "UBOOT.ENV", "uboot-redund.env", "empty.txt"} {
				want := files[name]
				if name == "UBOOT.ENV" {
					want = files["uboot.env"]
				}
				got, err := ReadFile(reader(volume), name, 1<<20)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("ReadFile(%s) = %d bytes, %v; want the %d that were written", name, len(got), err, len(want))
				}
				if got, err := ReadFile(reader(volume), name, 1000); err != nil || !bytes.Equal(got, want[:min(1000, len(want))]) {
					t.Errorf("ReadFile(%s) up to 1000 = %d bytes, %v", name, len(got), err)
				}
			}
			for _, name := range []string{"GAP.BIN", "folder", "uboot.en", "", ".ENV"} {
				if got, err := ReadFile(reader(volume), name, 100); !errors.Is(err, ErrNoFile) {
					t.Errorf("ReadFile(%q) = %d bytes, %v; want that there is none", name, len(got), err)
				}
			}
			// A table that says the file ends nowhere on the volume.
			v, err := Parse(volume)
			if err != nil {
				t.Fatal(err)
			}
			for i := v.tableOffset + 16; i < v.tableOffset+8192 && i < v.RootOffset; i++ {
				volume[i] = 0x03
			}
			if got, err := ReadFile(reader(volume), "uboot.env", 1<<20); err == nil && len(got) > 65536 {
				t.Errorf("a damaged table gives %d bytes", len(got))
			}
		})
	}
}

func FuzzReadFile(f *testing.F) {
	sector := make([]byte, 8192)
	copy(sector, "\xeb\x3c\x90mkfs.fat\x00\x02\x01\x01\x00\x01\x10\x00\x10\x00\xf8\x01\x00")
	sector[510], sector[511] = 0x55, 0xaa
	copy(sector[1024:], "UBOOT   ENV\x20")
	f.Add(sector, "uboot.env")
	f.Fuzz(func(t *testing.T, volume []byte, name string) {
		const limit = 4096
		if data, err := ReadFile(reader(volume), name, limit); err == nil && len(data) > limit {
			t.Errorf("%d bytes; want at most %d", len(data), limit)
		}
	})
}
