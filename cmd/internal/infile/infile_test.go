package infile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(place("ten"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(place("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	sparse, err := os.Create(place("gigabytes"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sparse.Truncate(8<<30), sparse.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		place("ten"): "", place("fifo"): "not a regular file", place("gigabytes"): "too large", "/dev/zero": "not a regular file", dir: "is a folder", place("none"): "no such file",
	} {
		data, err := Read(name, 10)
		if want == "" && (err != nil || string(data) != "0123456789") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Read(%s) = %d bytes, %v; want %q", name, len(data), err, want)
		}
	}
	if _, err := Read(place("ten"), 9); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Read of ten bytes with room for nine = %v", err)
	}
	if _, err := ReadFrom(strings.NewReader("0123456789"), "standard input", 9); !errors.Is(err, ErrTooLarge) {
		t.Errorf("ReadFrom of ten bytes with room for nine = %v", err)
	}
}
