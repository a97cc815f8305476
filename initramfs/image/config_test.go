package image

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

// TestKernelConfig packs the configuration of the board's own kernel, which lies
// beside the kernel or beside its modules, from a folder and from a tar file.
func TestKernelConfig(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"boot/config-" + testRelease, "lib/modules/" + testRelease + "/config"} {
		files := released(map[string][]byte{"kernel/drivers/net/usb/lan78xx.ko": ko("lan78xx")})
		files[place] = []byte("# Linux\nCONFIG_MMC=y\n# CONFIG_SATA_AHCI is not set\nCONFIG_USB=m\n")
		files["boot/config-0.0.0-other"] = []byte("CONFIG_OTHER=y\n")
		names := slices.Sorted(maps.Keys(files))
		dir := t.TempDir()
		for _, name := range names {
			to := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, files[name], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		archive := filepath.Join(t.TempDir(), "root.tar")
		if err := os.WriteFile(archive, tarOf(t, members(names, files)...), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, source := range []string{dir, archive} {
			tree, err := OpenTree(source, ModuleTree)
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			byName := written(t, build(t, Spec{Modules: tree}))
			record, ok := byName[imagerecord.KernelConfig(testRelease)]
			if !ok || content(t, record) != "CONFIG_MMC=y\nCONFIG_USB=m\n" {
				t.Errorf("%s in %s: packed %v", place, source, ok)
			}
			if _, other := byName[imagerecord.KernelConfig("0.0.0-other")]; other {
				t.Errorf("%s: the configuration of another kernel is packed", source)
			}
		}
	}
}
