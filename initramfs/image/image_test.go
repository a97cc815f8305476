package image

import (
	"bytes"
	"debug/elf"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/u-root/u-root/pkg/cpio"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
)

func TestBareImage(t *testing.T) {
	t.Parallel()
	key := pseudonym.NewKey()
	a := build(t, Spec{
		PseudonymKey: &key,
		Builder:      "boardimage 0.0.0",
		Epoch:        1700000000,
		Files:        []File{{Name: "etc/boardprobe/extra", Mode: 0o640, Data: []byte("x")}},
	})
	var b bytes.Buffer
	size, err := a.Write(&b, None)
	if err != nil || size.RawBytes != int64(b.Len()) || size.Bytes != int64(b.Len()) || b.Len()%4 != 0 {
		t.Errorf("Write = %+v, %v; want %d bytes, a multiple of 4", size, err, b.Len())
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(b.Bytes())))
	if err != nil {
		t.Fatalf("read the archive: %v", err)
	}
	var got strings.Builder
	for i, r := range records {
		fmt.Fprintf(&got, "%s %o %d:%d", r.Name, r.Mode, r.Rmajor, r.Rminor)
		if r.Mode&modeType == modeLink {
			got.WriteString(" " + content(t, r))
		}
		got.WriteString("\n")
		if r.Ino != uint64(i+1) || r.NLink != 1 || r.UID != 0 || r.GID != 0 || r.MTime != 1700000000 {
			t.Errorf("record %d = %v; want ino %d, one link, owner 0 and the epoch", i, r.Info, i+1)
		}
	}
	want := `bin 40755 0:0
bin/boardprobe 120777 0:0 /init
dev 40755 0:0
dev/console 20600 5:1
dev/kmsg 20644 1:11
dev/null 20666 1:3
etc 40755 0:0
etc/boardprobe 40755 0:0
etc/boardprobe/extra 100640 0:0
etc/boardprobe/image.json 100644 0:0
etc/boardprobe/pseudonym.key 100600 0:0
init 100755 0:0
proc 40755 0:0
run 40755 0:0
sbin 40755 0:0
sbin/modprobe 120777 0:0 /init
sys 40755 0:0
tmp 41777 0:0
`
	if got.String() != want {
		t.Errorf("records =\n%s; want\n%s", got.String(), want)
	}
	byName := written(t, a)
	if got, want := content(t, byName["init"]), string(probeFor(elf.EM_AARCH64)); got != want {
		t.Errorf("/init = %q; want the probe", got)
	}
	if got := content(t, byName[imagerecord.PseudonymKeyPath]); got != key.String()+"\n" {
		t.Errorf("pseudonym key = %q; want %q", got, key.String()+"\n")
	}
	record, err := imagerecord.DecodeImage([]byte(content(t, byName[imagerecord.ImagePath])))
	if err != nil || record.Builder != "boardimage 0.0.0" || record.Architecture != "arm64" || record.Modules != imagerecord.PackedNone || record.Firmware != imagerecord.PackedNone {
		t.Errorf("DecodeImage = %+v, %v; want none packed for arm64", record, err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, f := range map[string][]File{
		"absolute path":    {{Name: "/etc/x"}},
		"path that rises":  {{Name: "../x"}},
		"zero byte":        {{Name: "a\x00b"}},
		"long path":        {{Name: strings.Repeat("a/", 2100) + "b"}},
		"taken name":       {{Name: "init"}},
		"taken by image":   {{Name: imagerecord.ImagePath}},
		"same name twice":  {{Name: "a"}, {Name: "a"}},
		"file as a folder": {{Name: "init/x"}},
		"folder as a file": {{Name: "etc/boardprobe"}},
	} {
		if _, err := New(Spec{Architecture: "arm64", Probe: probeFor(elf.EM_AARCH64), Files: f}); err == nil {
			t.Errorf("New(%s) = nil; want an error", name)
		}
	}
}

func TestWriteRefusesUnknownCodec(t *testing.T) {
	t.Parallel()
	if _, err := build(t, Spec{}).Write(&bytes.Buffer{}, "lha"); err == nil {
		t.Errorf("Write as lha = nil; want an error")
	}
}

// TestReproducible builds the same contents from two folders, whose files have
// other times and were made in another order, and from tar files.
func TestReproducible(t *testing.T) {
	t.Parallel()
	files := released(map[string][]byte{
		"kernel/drivers/net/usb/lan78xx.ko.xz": compressed(t, "xz", ko("lan78xx", "alias=usb:v0424p7800d*", "firmware=a.bin")),
		"kernel/net/wireless/cfg80211.ko.zst":  compressed(t, "zst", ko("cfg80211")),
	})
	files["lib/firmware/a.bin"] = []byte("a")
	files["lib/firmware/regulatory.db"] = []byte("r")
	images := map[string][]byte{}
	for round := range 2 {
		dir := t.TempDir()
		names := slices.Sorted(maps.Keys(files))
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			to := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, files[name], os.FileMode(0o600+round*0o77)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(to, time.Time{}, time.Unix(int64(round)*1e9, 0)); err != nil {
				t.Fatal(err)
			}
		}
		archive := filepath.Join(dir, "rootfs.tar.gz")
		if err := os.WriteFile(archive, compressed(t, "gz", tarOf(t, members(names, files)...)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, source := range []string{dir, archive} {
			spec := Spec{}
			for kind, tree := range map[Kind]**Tree{ModuleTree: &spec.Modules, FirmwareTree: &spec.Firmware} {
				opened, err := OpenTree(source, kind)
				if err != nil {
					t.Fatalf("OpenTree(%s, %s) = %v; want no error", source, kind, err)
				}
				defer opened.Close()
				*tree = opened
			}
			var b bytes.Buffer
			size, err := build(t, spec).Write(&b, Gzip)
			if err != nil || size.Bytes != int64(b.Len()) || size.RawBytes <= size.Bytes {
				t.Errorf("Write = %+v, %v; want %d bytes", size, err, b.Len())
			}
			images[source] = b.Bytes()
		}
	}
	var first []byte
	for source, data := range images {
		if first == nil {
			first = data
		}
		if !bytes.Equal(data, first) {
			t.Errorf("image from %s differs from the others", source)
		}
	}
	// RFC 1952: no flags, no time, best compression, unknown system.
	if want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0}; !bytes.HasPrefix(first, want) {
		t.Errorf("gzip header = % x; want % x", first[:10], want)
	}
}

func TestOpenTreeRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	noTar := filepath.Join(empty, "x.tar")
	if err := os.WriteFile(noTar, []byte("no tar file at all, but long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(empty, "absent"), noTar, t.TempDir()} {
		if _, err := OpenTree(name, ModuleTree); err == nil {
			t.Errorf("OpenTree(%s) = nil; want an error", name)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	probe := probeFor(elf.EM_AARCH64)
	filler := make([]byte, 6<<20)
	for i := range filler {
		filler[i] = byte(rand.N(16))
	}
	probe = append(probe, filler...)
	for b.Loop() {
		a := build(b, Spec{Architecture: "arm64", Probe: probe})
		if _, err := a.Write(&bytes.Buffer{}, Gzip); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWithoutVolume builds an image of modules without those of FAT: the console carries
// the report, and somebody is told.
func TestWithoutVolume(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lists map[string][]byte
		says  string
	}{
		"without lists":    {nil, "nothing tells whether the kernel has them built in"},
		"built without":    {map[string][]byte{"modules.builtin": nil, "modules.order": []byte("kernel/a.ko\n")}, "the kernel was built without"},
		"built in":         {map[string][]byte{"modules.builtin": []byte("kernel/fs/fat/fat.ko\nkernel/fs/fat/vfat.ko\nkernel/fs/nls/nls_cp437.ko\nkernel/fs/nls/nls_utf8.ko\n"), "modules.order": []byte("kernel/a.ko\n")}, ""},
		"named, not there": {map[string][]byte{"modules.order": []byte("kernel/a.ko\nkernel/fs/fat/vfat.ko\n")}, "not here"},
	} {
		files := map[string][]byte{"lib/modules/" + testRelease + "/kernel/a.ko": ko("a")}
		for list, data := range c.lists {
			files["lib/modules/"+testRelease+"/"+list] = data
		}
		tree, err := ReadTar("x.tar", bytes.NewReader(tarOf(t, members(slices.Sorted(maps.Keys(files)), files)...)), ModuleTree)
		if err != nil {
			t.Fatal(err)
		}
		a, err := New(Spec{Architecture: "arm64", Probe: probeFor(elf.EM_AARCH64), Modules: tree})
		if name == "named, not there" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v; want an error with %q", name, err, c.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		said := strings.Join(a.Warnings, "\n")
		if told := strings.Contains(said, "only the console"); told != (c.says != "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: warnings %q; want %q", name, said, c.says)
		}
	}
}
