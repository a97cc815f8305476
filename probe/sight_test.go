package probe

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// TestElsewhere: where a file system is not mounted, or a dump has no such folder,
// nothing is said to be absent.
func TestElsewhere(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		name  string
		live  bool
		want  report.Gap
	}{
		{nil, "sys/class/net", false, report.NotProbed},
		{nil, "sys/class/net", true, report.NotProbed},
		{map[string]string{"sys/class/leds/x": ""}, "sys/class/net", false, report.Absent},
		{map[string]string{"sys/class/leds/x": ""}, "sys/block", false, report.NotProbed},
		{map[string]string{"sys/class/leds/x": ""}, "sys/firmware/efi", true, report.NotProbed},
		{map[string]string{"sys/firmware/x": ""}, "sys/firmware/efi", true, report.Absent},
		{map[string]string{"sys/class/leds/x": ""}, "sys/power/state", true, report.Absent},
		{map[string]string{"proc/version": ""}, "proc/mtd", true, report.Absent},
		{map[string]string{"proc/version": ""}, "proc/mtd", false, report.NotProbed},
		{map[string]string{"proc/x": ""}, "proc/mtd", true, report.NotProbed},
		{map[string]string{"etc/x": ""}, "etc/os-release", false, report.Absent},
		{nil, "etc/os-release", false, report.NotProbed},
		{nil, "etc/os-release", true, report.Absent},
		{map[string]string{"usr/lib/x": ""}, "lib/firmware", false, report.Absent},
		{map[string]string{"etc/x": ""}, "lib/firmware", false, report.NotProbed},
	} {
		f, err := openFiles(bareTree(t, c.files))
		if err != nil {
			t.Fatal(err)
		}
		w := &system{files: f, live: c.live, replacer: pseudonym.New(pseudonym.Key{})}
		a := w.answer(t.Context(), "x", 1, question{"read", c.name}, 100)
		if got := gapOf(a.errno); got != c.want {
			t.Errorf("%s of %v, live %t: %s; want %s", c.name, c.files, c.live, got, c.want)
		}
	}
}

// TestModulesThere measures which modules of the kernel are there.
func TestModulesThere(t *testing.T) {
	const dir = "lib/modules/6.1.0/"
	order := "kernel/a.ko\nkernel/drivers/b-c.ko\nkernel/d.ko\n"
	for name, c := range map[string]struct {
		files        map[string]string
		word         string // or a gap
		there, named int64  // -1: not known
		note         string
	}{
		"all":                {map[string]string{dir + "modules.order": order, dir + "kernel/a.ko": "", dir + "kernel/drivers/b_c.ko.xz": "", dir + "updates/d.ko.zst": "", dir + "extra/dkms.ko": ""}, "all", 3, 3, ""},
		"some":               {map[string]string{dir + "modules.order": order, dir + "kernel/a.ko": "", dir + "kernel/n.koala": ""}, "some", 1, 3, ""},
		"none":               {map[string]string{dir + "modules.order": order}, "none", 0, 3, ""},
		"nothing names them": {map[string]string{dir + "kernel/a.ko.gz": "", dir + "build@": "/"}, "some", 1, -1, "nothing here names"},
		"of another kernel":  {map[string]string{"lib/modules/5.10/kernel/a.ko": "", "proc/modules": ""}, "none", 0, -1, ""},
		"built without any":  {map[string]string{dir + "modules.order": "", "proc/modules": ""}, "all", 0, 0, ""},
		"no lib in the dump": {map[string]string{"etc/x": ""}, "not-probed", -1, -1, "not in the dump"},
		"through a link":     {map[string]string{"lib@": "usr/lib", "usr/" + dir + "modules.order": order, "usr/" + dir + "kernel/a.ko": ""}, "some", 1, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["proc/sys/kernel/osrelease"] = "6.1.0\n"
			r, _ := probeRoot(t, c.files)
			s := r.Sight
			word := s.Modules.Value + string(s.Modules.Gap)
			number := func(f report.Fact[int64]) int64 {
				if n, ok := f.Get(); ok {
					return n
				}
				return -1
			}
			if word != c.word || number(s.ModulesThere) != c.there || number(s.ModulesNamed) != c.named || !strings.Contains(s.Modules.Note, c.note) {
				t.Errorf("modules %s, %d of %d, %q; want %s, %d of %d, %q", word, number(s.ModulesThere), number(s.ModulesNamed), s.Modules.Note, c.word, c.there, c.named, c.note)
			}
			if s.Settled.OK() || s.Root.OK() {
				t.Errorf("a folder has settled %v, root %v", s.Settled, s.Root)
			}
		})
	}
}

// TestPacked: an image's modules are of use to the kernel that they were built for.
func TestPacked(t *testing.T) {
	for release, want := range map[string]string{"6.1.0": "some", "6.12.0": "none"} {
		var s report.Sight
		packed(&s, imagerecord.Image{Modules: "some", Firmware: "all", KernelReleases: []string{"6.1.0"}, ModuleCount: 63, ModulesNamed: 1121, FirmwareCount: 7}, release, "sight/2", "sight/5")
		if s.Modules.Value != want || want == "none" && (s.ModulesThere.OK() || s.Modules.Note != "those of kernel 6.1.0 are in the image, and kernel 6.12.0 runs") ||
			want == "some" && (s.ModulesThere.Value != 63 || s.ModulesNamed.Value != 1121) || s.FirmwareFiles.Value != 7 {
			t.Errorf("kernel %s: %+v", release, s)
		}
	}
}

// TestModelOfTwo: a model with a second string is the first, and text of erased flash
// is a placeholder.
func TestModelOfTwo(t *testing.T) {
	r, _ := probeRoot(t, map[string]string{
		"sys/firmware/devicetree/base/model": "NVIDIA Jetson\x00p3450\x00", "sys/class/dmi/id/board_name": "\xff\xff\xff\xff\n", "sys/class/dmi/id/board_version": "\xffA\n",
	})
	if r.Identity.Model.Value != "NVIDIA Jetson" {
		t.Errorf("model %+v; want the first of two", r.Identity.Model)
	}
	if f := r.Identity.BoardName; f.Gap != report.Invalid || !strings.Contains(f.Note, "placeholder") {
		t.Errorf("a name of ones: %+v; want a placeholder", f)
	}
	if f := r.Identity.BoardVersion; !f.OK() {
		t.Errorf("a version with one such byte: %+v; want it escaped", f)
	}
}
