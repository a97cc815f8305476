package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func xzOf(t testing.TB, data []byte, config xz.WriterConfig) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := config.NewWriter(&b)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstdOf(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	data := bytes.Repeat([]byte("firmware of a radio, "), 20_000)
	small := []byte("x")
	plain := xzOf(t, data, xz.WriterConfig{CheckSum: xz.CRC32})
	// A dictionary of nearly 4 GiB: property 39 (5.3.1), with the checksum of the
	// block header as it must be.
	greedy := bytes.Clone(xzOf(t, small, xz.WriterConfig{CheckSum: xz.CRC32}))
	header := greedy[xzHeader : xzHeader+(int(greedy[xzHeader])+1)*4]
	header[bytes.IndexByte(header, xzLZMA2)+2] = 39
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	for name, c := range map[string]struct {
		file string
		in   []byte
		want []byte // nil: an error
	}{
		"not compressed":       {"a.bin", data, data},
		"xz":                   {"a.bin.xz", plain, data},
		"xz, CRC64":            {"a.bin.xz", xzOf(t, data, xz.WriterConfig{}), data},
		"xz, SHA-256":          {"a.bin.xz", xzOf(t, data, xz.WriterConfig{CheckSum: xz.SHA256}), data},
		"xz, several blocks":   {"a.bin.xz", xzOf(t, data, xz.WriterConfig{CheckSum: xz.CRC32, BlockSize: 100_001}), data},
		"xz, large dictionary": {"a.bin.xz", greedy, small},
		"zstd":                 {"a.bin.zst", zstdOf(t, data), data},
		"xz of too much":       {"a.bin.xz", xzOf(t, make([]byte, limit+1), xz.WriterConfig{CheckSum: xz.CRC32}), nil},
		"zstd of too much":     {"a.bin.zst", zstdOf(t, make([]byte, limit+1)), nil},
		"too much":             {"a.bin", make([]byte, limit+1), nil},
		"xz cut off":           {"a.bin.xz", plain[:len(plain)/2], nil},
		"xz, only its magic":   {"a.bin.xz", []byte(xzMagic), nil},
		"xz with a wrong byte": {"a.bin.xz", slices.Concat(plain[:60], []byte{plain[60] ^ 1}, plain[61:]), nil},
		"zstd cut off":         {"a.bin.zst", zstdOf(t, data)[:30], nil},
		"xz that is none":      {"a.bin.xz", data, nil},
		"zstd that is none":    {"a.bin.zst", data, nil},
		"empty xz":             {"a.bin.xz", nil, nil},
	} {
		got, err := decompress(c.file, c.in, limit)
		if (err == nil) != (c.want != nil) || err == nil && !bytes.Equal(got, c.want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(c.want))
		}
	}
}

func FuzzDecompress(f *testing.F) {
	data := bytes.Repeat([]byte("radio"), 1000)
	f.Add("a.xz", xzOf(f, data, xz.WriterConfig{CheckSum: xz.CRC32}))
	f.Add("a.xz", xzOf(f, data, xz.WriterConfig{BlockSize: 999}))
	f.Add("a.zst", zstdOf(f, data))
	f.Add("a", data)
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		const limit = 64 << 10
		if got, err := decompress(name, data, limit); err == nil && len(got) > limit {
			t.Errorf("%d bytes; want at most %d", len(got), limit)
		}
	})
}

// TestFirmwareSearch puts files where the kernel's loader looks, one more each
// time, from the last place to the first.
func TestFirmwareSearch(t *testing.T) {
	t.Parallel()
	data := []byte("no version in this one")
	digest := fmt.Sprintf("%x", sha256.Sum256(data))
	packed := string(xzOf(t, data, xz.WriterConfig{CheckSum: xz.CRC32}))
	root := map[string]string{"proc/sys/kernel/osrelease": "6.12.1\n", "sys/module/firmware_class/parameters/path": "/opt/fw\n", "usr/lib/x": "", "lib@": "usr/lib"}
	for _, place := range []string{
		"lib/firmware/a/b.bin.xz", "lib/firmware/6.12.1/a/b.bin.xz", "opt/fw/a/b.bin.xz", "lib/firmware/updates/a/b.bin.zst",
		"lib/firmware/a/b.bin", "lib/firmware/6.12.1/a/b.bin", "lib/firmware/updates/a/b.bin", "lib/firmware/updates/6.12.1/a/b.bin", "opt/fw/a/b.bin",
	} {
		content := string(data)
		switch {
		case strings.HasSuffix(place, ".xz"):
			content = packed
		case strings.HasSuffix(place, ".zst"):
			content = string(zstdOf(t, data))
		}
		root[strings.Replace(place, "lib/", "usr/lib/", 1)] = content
		f, err := openFiles(tree(t, maps.Clone(root)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := gatherFirmware(context.Background(), f, "a/b.bin")
		if want := place + "\n" + digest + "\n"; err != nil || string(got) != want {
			t.Errorf("gatherFirmware = %q, %v; want %q", got, err, want)
		}
	}
	f, err := openFiles(tree(t, map[string]string{"lib/firmware/a.bin.xz": "torn"}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := gatherFirmware(context.Background(), f, "a.bin"); err != nil || string(got) != "lib/firmware/a.bin.xz\n" {
		t.Errorf("a torn file: %q, %v; want where it is and nothing more", got, err)
	}
	if _, err := gatherFirmware(context.Background(), f, "b.bin"); errnoOf(err) != "ENOENT" {
		t.Errorf("no file: %v; want ENOENT", err)
	}
}
