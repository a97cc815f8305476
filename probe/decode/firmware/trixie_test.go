package firmware

import (
	"bytes"
	_ "embed"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/trixie.tsv
var trixie string

// unpacked returns the firmware folders of Debian's packages.
func unpacked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("../../../.ci/unpack", "trixie", "firmware-brcm80211", "firmware-realtek", "firmware-mediatek", "firmware-iwlwifi",
		"firmware-atheros", "firmware-libertas", "firmware-ti-connectivity", "bluez-firmware")
	cmd.Stderr = new(bytes.Buffer)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no firmware: %v\n%s", err, cmd.Stderr)
	}
	var folders []string
	for _, folder := range strings.Fields(string(out)) {
		folders = append(folders, filepath.Join(folder, "usr/lib/firmware"))
	}
	return folders
}

// TestVersionOfDebianFirmware reads the firmware of Debian 13. A later point
// release of it may bring other versions of some files, so not all must agree,
// but nearly all, and most of every format.
func TestVersionOfDebianFirmware(t *testing.T) {
	t.Parallel()
	folders := unpacked(t)
	type count struct{ right, all int }
	formats := map[Format]count{}
	total := count{}
	for row := range strings.Lines(trixie) {
		if strings.HasPrefix(row, "#") {
			continue
		}
		cells := append(strings.Split(strings.TrimRight(row, "\n"), "\t"), "", "")
		name, version, build := cells[0], cells[1], cells[2]
		data, err := readBlob(folders, name)
		info, ok := Version(name, data)
		c := formats[info.Format]
		c.all++
		total.all++
		if err == nil && info.Version == version && info.Build == build && ok == (version != "") {
			c.right++
			total.right++
		} else {
			t.Logf("Version(%s) = %q %q, %v; want %q %q (file: %v)", name, info.Version, info.Build, ok, version, build, err)
		}
		formats[info.Format] = c
	}
	if total.all < 350 || total.all-total.right > total.all*8/100 {
		t.Errorf("%d of %d files have the version of the table; want 92 of 100", total.right, total.all)
	}
	for format, c := range formats {
		if c.right*4 < c.all*3 {
			t.Errorf("%d of %d files of format %q have the version of the table; want three of four", c.right, c.all, format)
		}
	}
	if want := 21; len(formats) != want { // 20 and none
		t.Errorf("%d formats were met in %v; want %d", len(formats), formats, want)
	}
}
