package image

import (
	"archive/tar"
	"bytes"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

type member struct {
	header tar.Header
	data   []byte
}

func regular(name string, data []byte) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data))}, data}
}

func link(kind byte, name, target string) member {
	return member{tar.Header{Typeflag: kind, Name: name, Linkname: target}, nil}
}

func members(names []string, files map[string][]byte) []member {
	var all []member
	for _, name := range names {
		all = append(all, regular("./"+name, files[name]))
	}
	return all
}

func tarOf(t testing.TB, all ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range all {
		if err := w.WriteHeader(&m.header); err != nil {
			t.Fatalf("tar: %v", err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatalf("tar: %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("tar: %v", err)
	}
	return b.Bytes()
}

func TestReadTar(t *testing.T) {
	t.Parallel()
	data := tarOf(t,
		regular("./etc/passwd", []byte("root")),
		member{header: tar.Header{Typeflag: tar.TypeDir, Name: "./lib/", Mode: 0o755}},
		member{header: tar.Header{Typeflag: tar.TypeChar, Name: "./dev/null", Devmajor: 1, Devminor: 3}},
		regular("./usr/lib/firmware/a.bin", []byte("old")),
		regular("./usr/lib/firmware/a.bin", []byte("new")),
		link(tar.TypeLink, "./usr/lib/firmware/hard.bin", "./usr/lib/firmware/a.bin"),
		link(tar.TypeLink, "./usr/lib/firmware/dangling.bin", "./etc/absent"),
		link(tar.TypeSymlink, "./usr/lib/firmware/sub", "/lib/firmware/other"),
		link(tar.TypeSymlink, "./usr/lib/firmware/out", "../../../etc/passwd"),
		regular("./usr/lib/firmware/other/b.bin", []byte("b")),
		regular(`./usr/lib/systemd/system/a\x2db.slice`, nil),
	)
	for _, format := range []string{"", "gz", "xz", "zst"} {
		tree, err := ReadTar("x.tar", bytes.NewReader(compressed(t, format, data)), FirmwareTree)
		if err != nil {
			t.Errorf("ReadTar(%q) = %v; want no error", format, err)
			continue
		}
		if got, want := tree.names(), []string{"a.bin", "hard.bin", "other/b.bin", "out", "sub/b.bin"}; !slices.Equal(got, want) {
			t.Errorf("ReadTar(%q) holds %q; want %q", format, got, want)
		}
		for _, name := range []string{"a.bin", "hard.bin"} {
			if got, err := tree.read(name); string(got) != "new" || err != nil {
				t.Errorf("read(%q) = %q, %v; want %q", name, got, err, "new")
			}
		}
	}
}

func TestReadTarKeepsOnlyModules(t *testing.T) {
	t.Parallel()
	tree, err := ReadTar("x.tar", bytes.NewReader(tarOf(t,
		regular("usr/bin/big", make([]byte, 1<<20)),
		regular("lib/modules/6.1.0/kernel/a.ko", ko("a")),
		regular("lib/modules/6.1.0/modules.builtin", nil),
		regular("lib/modules/6.1.0/build/x.c", nil),
	)), ModuleTree)
	if err != nil {
		t.Fatalf("ReadTar = %v; want no error", err)
	}
	if got, want := slices.Sorted(maps.Keys(tree.files)), []string{"6.1.0/kernel/a.ko", "6.1.0/modules.builtin"}; !slices.Equal(got, want) {
		t.Errorf("ReadTar keeps %q; want %q", got, want)
	}
}

func TestReadTarRefuses(t *testing.T) {
	t.Parallel()
	good := tarOf(t, regular("lib/firmware/a.bin", []byte(strings.Repeat("a", 2000))))
	for name, data := range map[string][]byte{
		"path that rises":   tarOf(t, regular("../a.bin", nil)),
		"rises inside":      tarOf(t, regular("a/../../a.bin", nil)),
		"absolute path":     tarOf(t, regular("/lib/firmware/a.bin", nil)),
		"deep path":         tarOf(t, regular(strings.Repeat("a/", 100)+"a.bin", nil)),
		"hostile hard link": tarOf(t, regular("a", nil), link(tar.TypeLink, "b", "../../etc/shadow")),
		"nothing":           tarOf(t),
		"no modules":        tarOf(t, link(tar.TypeSymlink, "a", "b")),
		"cut off":           good[:1000],
		"two folders":       tarOf(t, regular("a/lib/firmware/a.bin", nil), regular("b/lib/firmware/a.bin", nil)),
		"cut off gzip":      compressed(t, "gz", good)[:30],
		"not a tar":         []byte(strings.Repeat("x", 2000)),
	} {
		if tree, err := ReadTar("x.tar", bytes.NewReader(data), FirmwareTree); err == nil {
			t.Errorf("ReadTar(%s) = %q; want an error", name, tree.names())
		}
	}
	for name, limits := range map[string][2]int64{"unpacked": {1024, 1 << 20}, "kept": {1 << 20, 1024}} {
		if _, err := readTar("x.tar", bytes.NewReader(good), FirmwareTree, limits[0], limits[1]); err == nil || !strings.Contains(err.Error(), "give the folder") {
			t.Errorf("readTar beyond the bytes %s = %v; want an error that says what to do", name, err)
		}
	}
}

// What a vendor hands out instead of a tar file is named, made by the programs
// that make it.
func TestReadTarNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct{ command, want string }{
		"cpio": {"echo /etc/passwd | cpio -o -H newc", "it is a cpio archive; give a folder"},
		"odc":  {"echo /etc/passwd | cpio -o -H odc | gzip", "it is a cpio archive; give a folder"},
		"ext4": {"truncate -s 1M " + dir + "/e; mkfs.ext4 -q " + dir + "/e; cat " + dir + "/e", "it is an image of an ext file system; give"},
		"disk": {"truncate -s 1M " + dir + "/d; echo ,, | sfdisk -q " + dir + "/d; cat " + dir + "/d", "it is an image of a disk; give"},
		"page": {"printf '<!DOCTYPE html>'", "it is a page of a web site"},
		"elf":  {"head -c 4096 /bin/true", "it is a program, or one module"},
		"lz4":  {"printf '\\004\\042\\115\\030'", "compressed with lz4"},
	} {
		data, err := exec.Command("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; "+c.command).Output()
		if err != nil {
			t.Fatalf("%s: %v", c.command, err)
		}
		if _, err := ReadTar(name, bytes.NewReader(data), ModuleTree); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ReadTar(%s) = %v; want %q in the error", name, err, c.want)
		}
	}
}

func FuzzReadTar(f *testing.F) {
	good := tarOf(f,
		regular("lib/firmware/a.bin", []byte("a")),
		link(tar.TypeSymlink, "lib/firmware/b", "a.bin"),
		link(tar.TypeSymlink, "lib/firmware/loop", "loop"),
		link(tar.TypeLink, "lib/firmware/c", "lib/firmware/a.bin"))
	f.Add(good)
	for _, format := range []string{"gz", "xz", "zst"} {
		f.Add(compressed(f, format, good))
	}
	f.Add(tarOf(f, regular("lib/firmware/a.bin", []byte("a")), regular("opt/fw/b.bin", []byte("b")), link(tar.TypeSymlink, "lib/firmware/fw", "/opt/fw")))
	f.Add(tarOf(f, regular("lib/modules/6.1/kernel/a.ko", ko("a"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []Kind{ModuleTree, FirmwareTree} {
			tree, err := readTar("x.tar", bytes.NewReader(data), kind, 1<<20, 1<<20)
			if err != nil {
				continue
			}
			for _, name := range tree.names() {
				if target, links, ok := tree.resolve(name); !ok || len(links) > maxHops {
					t.Errorf("resolve(%q) = %q, %q, false; want a file", name, target, links)
				}
			}
		}
	})
}
