package ubootenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// packages are those of Debian 12 with images of U-Boot for boards.
var packages = []string{"u-boot-sunxi:arm64", "u-boot-rockchip:arm64", "u-boot-amlogic:arm64", "u-boot-tegra:arm64", "u-boot-sunxi:armhf", "u-boot-imx:armhf", "u-boot-omap:armhf", "u-boot-stm32:armhf"}

// TestDebianImages reads version and compiled-in settings out of the images of
// U-Boot that Debian ships, and finds no saved environment in any of them.
func TestDebianImages(t *testing.T) {
	out, err := exec.Command("../../../.ci/unpack", append([]string{"bookworm"}, packages...)...).Output()
	if err != nil {
		t.Fatalf(".ci/unpack: %v", err)
	}
	images := map[string][]byte{} // all of a board, one behind the other
	for folder := range strings.FieldsSeq(string(out)) {
		files, err := filepath.Glob(folder + "/usr/lib/u-boot/*/*")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no images, %v", folder, err)
		}
		for _, name := range files {
			if base := filepath.Base(name); strings.HasSuffix(base, ".elf") || strings.HasPrefix(base, "uboot.elf") {
				continue // the same once more
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			board := filepath.Base(filepath.Dir(name))
			images[board] = append(images[board], data...)
		}
	}
	var boards []string
	for board := range images {
		boards = append(boards, board)
	}
	sort.Strings(boards)
	versions, commands, targets, read := 0, 0, 0, 0
	started := time.Now()
	for _, board := range boards {
		data := images[board]
		read += len(data)
		var version, target, command string
		for _, v := range FindVersions(data, 0) {
			if v.Kind == "u-boot" && version == "" {
				version = v.Text
			}
		}
		for _, d := range FindDefaults(data, 0) {
			if value, ok := d.Environment.Value("bootcmd"); ok && command == "" {
				command = value
			}
			if value, ok := d.Environment.Value("boot_targets"); ok && target == "" {
				target = strings.TrimSpace(value)
			}
		}
		if hits, _ := Scan(data, 0); len(hits) > 0 {
			t.Errorf("%s: an environment at %d that nobody saved", board, hits[0].Offset)
		}
		for _, c := range []struct {
			text string
			n    *int
		}{{version, &versions}, {command, &commands}, {target, &targets}} {
			if c.text != "" {
				*c.n++
			}
		}
		t.Logf("%-32s %-30.30s %-44.44s %.40s", board, version, target, command)
	}
	perPart := time.Since(started) * (16 << 20) / time.Duration(read)
	t.Logf("%d boards: version of %d, bootcmd of %d, boot_targets of %d; %v for 16 MiB", len(boards), versions, commands, targets, perPart.Round(time.Millisecond))
	if len(boards) < 40 || versions < len(boards) || commands < len(boards)*95/100 || targets < 40 {
		t.Errorf("%d boards: version of %d, bootcmd of %d, boot_targets of %d; want at least 40 and nearly all", len(boards), versions, commands, targets)
	}
}
