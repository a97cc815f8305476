package image

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestLinksThroughTheRoot: firmware may be reached by links that leave lib/firmware,
// as that of Raspberry Pi OS through etc/alternatives. A folder and a tar file of the
// same root give the same.
func TestLinksThroughTheRoot(t *testing.T) {
	t.Parallel()
	links := map[string]string{
		"lib":                                  "usr/lib",
		"usr/lib/firmware/brcm/43455.bin":      "../cypress/43455.bin",
		"usr/lib/firmware/cypress/43455.bin":   "/etc/alternatives/43455.bin",
		"etc/alternatives/43455.bin":           "/lib/firmware/cypress/43455-standard.bin",
		"usr/lib/firmware/loop.bin":            "/etc/alternatives/loop",
		"etc/alternatives/loop":                "../../lib/firmware/loop.bin",
		"usr/lib/firmware/gone.bin":            "/etc/alternatives/gone.bin",
		"usr/lib/firmware/out.bin":             "../../../../../../etc/passwd-of-the-desk",
		"usr/lib/firmware/other":               "brcm",
		"usr/lib/firmware/cypress/up/back.bin": "../43455-standard.bin",
		"usr/lib/firmware/vendor":              "/opt/fw",
		"usr/lib/firmware/w.bin":               "../../../opt/fw/wcnss.bin",
		"usr/lib/firmware/nowhere":             "/opt/absent",
	}
	dir := t.TempDir()
	place := func(name string) string {
		place := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		return place
	}
	var members []member
	for _, target := range []string{"usr/lib/firmware/cypress/43455-standard.bin", "opt/fw/wcnss.bin", "opt/fw/sub/x.bin", "opt/other/big.bin"} {
		members = append(members, regular(target, []byte("it")))
		if err := os.WriteFile(place(target), []byte("it"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range links {
		if err := os.Symlink(to, place(name)); err != nil {
			t.Fatal(err)
		}
		members = append(members, link(tar.TypeSymlink, name, to))
	}
	trees := map[string]*Tree{}
	for what, name := range map[string]string{"root": "", "firmware": "usr/lib/firmware", "firmware through a link": "lib/firmware"} {
		tree, err := OpenTree(filepath.Join(dir, name), FirmwareTree)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer tree.Close()
		trees[what] = tree
	}
	archive, err := ReadTar("x.tar", bytes.NewReader(tarOf(t, members...)), FirmwareTree)
	if err != nil {
		t.Fatal(err)
	}
	trees["tar file"] = archive
	want := []string{
		"brcm/43455.bin", "cypress/43455-standard.bin", "cypress/43455.bin", "cypress/up/back.bin", "other/43455.bin", "vendor/sub/x.bin", "vendor/wcnss.bin", "w.bin",
	}
	lost := []string{"gone.bin", "loop.bin", "nowhere", "out.bin"}
	for what, tree := range trees {
		if !slices.Equal(tree.lost, lost) {
			t.Errorf("the %s lost %q; want %q", what, tree.lost, lost)
		}
		if got := tree.names(); !slices.Equal(got, want) {
			t.Errorf("the %s holds %q; want %q", what, got, want)
		}
		for _, name := range want {
			leads, _, ok := tree.resolve(name)
			data, err := tree.read(leads)
			if !ok || err != nil || string(data) != "it" {
				t.Errorf("%s: %s leads to %q, %v: %q, %v", what, name, leads, ok, data, err)
			}
		}
	}
}

// TestFirmwareElsewhere has a lib/firmware that is a link itself, and one that holds
// modules.
func TestFirmwareElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"mnt/vendor/fw/brcm/x.bin", "usr/bin/y"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"lib": "usr/lib", "usr/lib": "../mnt/lib", "mnt/lib": "/srv/lib"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "srv/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/mnt/vendor/fw", filepath.Join(dir, "srv/lib/firmware")); err != nil {
		t.Fatal(err)
	}
	folder, err := OpenTree(dir, FirmwareTree)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	archive, err := ReadTar("x.tar", bytes.NewReader(tarOf(t, regular("mnt/vendor/fw/brcm/x.bin", []byte("x")),
		link(tar.TypeSymlink, "lib", "usr/lib"), link(tar.TypeSymlink, "usr/lib/firmware", "/mnt/vendor/fw"))), FirmwareTree)
	if err != nil {
		t.Fatal(err)
	}
	for what, tree := range map[string]*Tree{"folder": folder, "tar file": archive} {
		if got, want := tree.names(), []string{"brcm/x.bin"}; !slices.Equal(got, want) {
			t.Errorf("the %s holds %q; want %q", what, got, want)
		}
	}
	modules := tarOf(t, regular("kernel/a.ko", ko("a")), regular("modules.order", []byte("kernel/a.ko\n")))
	if _, err := ReadTar("x.tar", bytes.NewReader(modules), FirmwareTree); err == nil || !strings.Contains(err.Error(), "-modules") {
		t.Errorf("modules as firmware: %v; want an error that names -modules", err)
	}
}

// TestPackage reads the modules of a package that dpkg-deb makes, and those of a folder
// that is named by its folder kernel.
func TestPackage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"p/DEBIAN/control":                        []byte("Package: linux-image-x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n"),
		"p/lib/modules/6.1.0/kernel/drivers/a.ko": ko("a"), "p/lib/modules/6.1.0/modules.order": []byte("kernel/drivers/a.ko\n"),
		"p/lib/modules/6.1.0/modules.builtin": []byte("kernel/fs/fat.ko\n"),
	} {
		place := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	deb := filepath.Join(dir, "x.deb")
	for _, compression := range []string{"xz", "zstd", "gzip", "none"} {
		if out, err := exec.Command("dpkg-deb", "-Z"+compression, "--root-owner-group", "--build", filepath.Join(dir, "p"), deb).CombinedOutput(); err != nil {
			t.Fatalf("dpkg-deb: %v\n%s", err, out)
		}
		tree, err := OpenTree(deb, ModuleTree)
		if err != nil {
			t.Errorf("a package compressed with %s: %v", compression, err)
			continue
		}
		if got := tree.names(); !slices.Contains(got, "6.1.0/kernel/drivers/a.ko") || !slices.Contains(got, "6.1.0/modules.order") {
			t.Errorf("a package compressed with %s holds %q", compression, got)
		}
		tree.Close()
	}
	tree, err := OpenTree(filepath.Join(dir, "p/lib/modules/6.1.0/kernel"), ModuleTree)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got := tree.names(); !slices.Contains(got, "kernel/drivers/a.ko") || !slices.Contains(got, "modules.order") {
		t.Errorf("the folder kernel of a release holds %q", got)
	}
	for _, bad := range []string{"!<arch>\n", "!<arch>\ndebian-binary   1  0 0 1 4x        `\n2.0\n", "!<arch>\nx               0           0     0     100644  99        `\n"} {
		if _, err := packageData(strings.NewReader(bad)); err == nil {
			t.Errorf("packageData(%q): no error", bad)
		}
	}
}

// What is called all of the board's firmware has lib/firmware or WHENCE; links inside of
// a folder that a link leads to come along, and a circle is packed once.
func TestFirmwareIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) {
		place := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lead := func(target, name string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write("root/lib/firmware/a.bin")
	write("root/opt/fw/b.bin")
	lead("b.bin", "root/opt/fw/c.bin")
	lead("/opt/fw", "root/lib/firmware/v")
	lead(".", "root/lib/firmware/dot")
	lead("..", "root/lib/firmware/up")
	write("docs/README")
	write("packages/x.deb")
	write("packages/y.tar.xz")
	write("lz4/lib/modules/6.1/a.ko.lz4")
	tree, err := OpenTree(filepath.Join(dir, "root"), FirmwareTree)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got, want := tree.names(), []string{"a.bin", "v/b.bin", "v/c.bin"}; !slices.Equal(got, want) || !tree.marked || len(tree.lost) > 0 {
		t.Errorf("names = %q, marked %v, lost %q; want %q", got, tree.marked, tree.lost, want)
	}
	if tree, err := OpenTree(filepath.Join(dir, "root/lib"), FirmwareTree); err != nil || !slices.Contains(tree.names(), "a.bin") || !tree.marked {
		t.Errorf("of the folder above: %v, %v", tree, err)
	}
	if tree, err := OpenTree(filepath.Join(dir, "docs"), FirmwareTree); err != nil || tree.marked {
		t.Errorf("a folder of anything is marked as firmware, %v", err)
	}
	for name, c := range map[string]struct {
		kind Kind
		want string
	}{"packages": {FirmwareTree, "holds packages"}, "lz4": {ModuleTree, "a.ko.lz4"}} {
		tree, err := OpenTree(filepath.Join(dir, name), c.kind)
		if err == nil {
			_, err = readKernels(tree)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("OpenTree(%s) = %v; want %q", name, err, c.want)
		}
	}
	// A hard link to a file that is not kept, and a FIFO.
	data := tarOf(t, regular("opt/fw/b.bin", []byte("b")), regular("lib/firmware/a.bin", []byte("a")), link(tar.TypeLink, "lib/firmware/hard.bin", "opt/fw/b.bin"))
	hard, err := ReadTar("x.tar", bytes.NewReader(data), FirmwareTree)
	if err != nil || !slices.Equal(hard.names(), []string{"a.bin", "hard.bin"}) {
		t.Errorf("with a hard link: %q, %v", hard.names(), err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenTree(fifo, ModuleTree); err == nil {
		t.Error("a pipe is read")
	}
}
