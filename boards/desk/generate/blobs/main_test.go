package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		place := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(place), 0o755)
		if err == nil {
			err = os.WriteFile(place, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("new/DEBIAN/control", "Package: firmware-x\nVersion: 20250410-2\nSection: non-free-firmware/kernel\n")
	write("new/usr/lib/firmware/x/a.bin", "one")
	write("new/usr/lib/firmware/x/b.bin", "two")
	write("old/DEBIAN/control", "Package: firmware-x\nVersion: 20230210-5\nSection: kernel\n")
	write("old/lib/firmware/x/a.bin", "one")
	write("old/lib/firmware/x/b.bin", "another two")
	for link, target := range map[string]string{"new/usr/lib/firmware/c.bin": "x/a.bin", "new/usr/lib/firmware/elsewhere.bin": "x/none.bin"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := table([]string{filepath.Join(dir, "new"), filepath.Join(dir, "old")})
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	// The first eight bytes of SHA-256 of "one", "two" and "another two".
	const want = "boardprobe-firmware 1\nfirmware-x 20250410 non-free-firmware\nfirmware-x 20230210 main\n\n" +
		"c.bin\t7692c3ad3540bb80:0\nx/a.bin\t7692c3ad3540bb80:0,1\nx/b.bin\t3fc4ccfe745870e2:0\t9909a70a3e97b3fb:1\n"
	if string(text) != want || err != nil {
		t.Errorf("table = %q, %v; want %q", text, err, want)
	}
	if _, err := table([]string{dir}); err == nil {
		t.Error("a folder without control file: no error")
	}
	write("empty/DEBIAN/control", "Package: x\n")
	if _, err := table([]string{filepath.Join(dir, "empty")}); err == nil {
		t.Error("a package without firmware: no error")
	}
	if err := run(nil); err == nil {
		t.Error("no arguments: no error")
	}
}
