package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/report"
)

// collectSight finds out what this run is able to see.
func collectSight(_ context.Context, h *Host) (report.Sight, error) {
	var s report.Sight
	euid := h.ask("euid", "")
	switch {
	case euid.Gap == report.NotProbed:
		s.Root = report.Missing[bool](report.NotProbed, "a folder of files has no user", euid.ID)
		s.World = report.Known(report.WorldRoot, euid.ID)
	case euid.Gap != "":
		s.Root = report.Missing[bool](euid.Gap, euid.Note, euid.ID)
	default:
		s.Root = report.Known(strings.TrimSpace(string(euid.Data)) == "0", euid.ID)
		s.World = report.Known(report.WorldLive, euid.ID)
	}
	record := h.Read(imagerecord.ImagePath)
	s.DeferredProbes = parse(h, "sys/kernel/debug/devices_deferred", func(data []byte) (int64, error) {
		return int64(strings.Count(string(data), "\n")), nil // one device a line, Documentation/driver-api/driver-model/driver.rst
	})
	kernelOrigin(h, &s)
	config := h.ask("digest/1", "proc/config.gz")
	s.KernelConfig = report.Known(config.Gap == "", config.ID)
	if banner := h.Read("proc/version"); config.Gap != "" && banner.Gap != "" { // nothing of /proc is here
		s.KernelConfig = report.Missing[bool](report.NotProbed, "nothing of /proc was seen", config.ID, banner.ID)
	} else if config.Gap != "" && config.Gap != report.Absent {
		s.KernelConfig = report.Missing[bool](config.Gap, config.Note, config.ID)
	}
	if record.Gap != "" {
		// Not our image: the board's own system.
		why := []string{record.ID, euid.ID}
		s.Settled = report.Known(true, why...).By(report.Inferred)
		if euid.Gap == report.NotProbed {
			s.Settled = report.Missing[bool](report.NotProbed, "a folder of files does not change", euid.ID)
		}
		ownModules(h, &s)
		ownFirmware(h, &s)
		const own = "the board's own system, no medium of ours"
		s.StartedFrom = report.Missing[string](report.Absent, own, why...)
		s.ReportVolume = report.Missing[string](report.Absent, own, why...)
		return s, nil
	}
	s.World = report.Known(report.WorldImage, record.ID)
	s.StartedFrom = report.Missing[string](report.NotProbed, "a kernel does not say where its initramfs came from", record.ID)
	image, err := imagerecord.DecodeImage(record.Data)
	if err != nil {
		return s, err
	}
	uname := h.ask("uname", "")
	release, _, _ := strings.Cut(string(uname.Data), "\n")
	from := []string{record.ID, uname.ID}
	if release == "" {
		banner := h.Text("proc/version") // asked already, for whose kernel it is
		release, _, _, _ = cutBanner(banner.Value)
		from = append(from, banner.From...)
	}
	packed(&s, image, release, from...)
	started := h.Read(imagerecord.BootPath)
	if started.Gap != "" {
		s.Settled = report.Missing[bool](started.Gap, started.Note, started.ID)
		return s, nil
	}
	boot, err := imagerecord.DecodeBoot(started.Data)
	if err != nil {
		return s, err
	}
	s.Settled = report.Known(boot.Settled, started.ID)
	if boot.ReportVolume != "" {
		s.ReportVolume = report.Known(boot.ReportVolume, started.ID)
	} else {
		s.ReportVolume = report.Missing[string](report.Absent, oneLine(boot.VolumeNote), started.ID)
	}
	return s, nil
}

// packed says what the image has for the kernel that runs. Modules of another
// kernel are none: that one loads them not.
func packed(s *report.Sight, image imagerecord.Image, release string, from ...string) { // of the record, and of the release
	s.Modules = report.Known(string(image.Modules), from...)
	switch {
	case image.Modules == imagerecord.PackedNone || len(image.KernelReleases) == 0:
	case release == "":
		s.Modules = report.Missing[string](report.NotProbed, oneLine("those of kernel "+strings.Join(image.KernelReleases, " and ")+" are in the image, and which kernel runs is not known"), from...)
	case !slices.Contains(image.KernelReleases, release):
		s.Modules = report.Known(string(imagerecord.PackedNone), from...).Noting(
			oneLine(fmt.Sprintf("those of kernel %s are in the image, and kernel %s runs", strings.Join(image.KernelReleases, " and "), release)))
	}
	if s.Modules.Value != string(imagerecord.PackedNone) {
		s.ModulesThere = report.Known(int64(image.ModuleCount), from...)
		if image.ModulesNamed > 0 {
			s.ModulesNamed = report.Known(int64(image.ModulesNamed), from...)
		}
	}
	s.Firmware = report.Known(string(image.Firmware), from[0])
	s.FirmwareFiles = report.Known(int64(image.FirmwareCount), from[0])
}

// kernelOrigin says whose the kernel is, by its own words: the banner that it was
// built with (init/version.c).
func kernelOrigin(h *Host, s *report.Sight) {
	banner := h.Text("proc/version")
	release, builder, version, ok := cutBanner(banner.Value)
	if !banner.OK() || !ok {
		s.KernelOrigin = report.Missing[string](gapOr(banner.Gap, report.Invalid), banner.Note, banner.From...)
		return
	}
	origin, of, known := boards.Kernel(release, version, builder)
	if !known {
		s.KernelOrigin = report.Known(report.OriginUnknown, banner.From...)
		s.KernelOf = report.Missing[string](report.Absent, "its words are those of nobody whom this program knows", banner.From...)
		return
	}
	s.KernelOrigin = report.Known(origin, banner.From...).By(report.Inferred)
	s.KernelOf = report.Known(of, banner.From...).By(report.Inferred)
}

// cutBanner cuts "Linux version RELEASE (BUILDER) (COMPILER) VERSION".
func cutBanner(banner string) (release, builder, version string, ok bool) {
	rest, ok := strings.CutPrefix(banner, "Linux version ")
	release, rest, ok2 := strings.Cut(rest, " (")
	builder, _, ok3 := strings.Cut(rest, ")")
	i := strings.LastIndex(rest, " #")
	if !ok || !ok2 || !ok3 || i < 0 {
		return "", "", "", false
	}
	return release, builder, rest[i+1:], true
}

// ownModules looks which of the modules that belong to the kernel are there.
func ownModules(h *Host, s *report.Sight) {
	release := h.Text("proc/sys/kernel/osrelease")
	if !release.OK() || release.Value == "" || strings.ContainsAny(release.Value, "/\\") {
		s.Modules = report.Missing[string](report.NotProbed, "which kernel ran is not known", release.From...)
		return
	}
	a := h.ask(opModulesThere, "lib/modules/"+release.Value)
	for _, folder := range []string{"usr/lib/modules/"} { // where a root file system was copied without its links
		if other := h.ask(opModulesThere, folder+release.Value); a.Gap == report.Absent && (other.Gap == "" || other.Gap == report.Denied) {
			a = other
		}
	}
	if android := h.List("vendor/lib/modules"); a.Gap == report.Absent && android.Gap == "" && len(android.List) > 0 {
		s.Modules = report.Missing[string](report.NotProbed, "Android keeps them in vendor, in an order of its own", a.ID, android.ID)
		return
	}
	var n modulesThere
	if a.Gap == "" && json.Unmarshal(a.Data, &n) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	from := both(release.From, []string{a.ID})
	if a.Gap != "" && a.Gap != report.Absent {
		s.Modules = report.Missing[string](a.Gap, a.Note, from...)
		return
	}
	if n.Files == 0 && n.Named == 0 {
		loadable := h.ask("loaded-modules/1", "proc/modules")
		from = both(from, []string{loadable.ID})
		switch {
		case loadable.Gap == report.Absent: // fs/proc, kernel/module: the file is there if CONFIG_MODULES is set
			s.Modules = report.Known("all", from...).By(report.Inferred).Noting("this kernel loads no modules")
			return
		case loadable.Gap != "":
			s.Modules = report.Missing[string](loadable.Gap, loadable.Note, from...)
			return
		}
	}
	s.ModulesThere = report.Known(int64(n.Files), from...)
	if n.Listed {
		s.ModulesThere, s.ModulesNamed = report.Known(int64(n.There), from...), report.Known(int64(n.Named), from...)
	}
	switch {
	case n.Listed && n.Named == 0 && n.Files > 0: // an order that names nothing
		s.ModulesThere, s.ModulesNamed = report.Known(int64(n.Files), from...), report.Fact[int64]{}
		s.Modules = report.Known("some", from...).Noting("nothing here names those that were built")
	case n.Listed && n.There == n.Named:
		s.Modules = report.Known("all", from...)
	case n.Files == 0:
		s.Modules = report.Known("none", from...)
	case !n.Listed:
		s.Modules = report.Known("some", from...).Noting("nothing here names those that were built")
	default:
		s.Modules = report.Known("some", from...)
	}
}

// firmwareFolders are other folders than lib/firmware: that of a root file system
// without its links, of Android, and the one that the kernel was told
// (Documentation/driver-api/firmware/fw_search_path.rst).
func firmwareFolders(h *Host) []string {
	folders := []string{"usr/lib/firmware", "vendor/firmware"}
	if told := h.Text("sys/module/firmware_class/parameters/path"); told.OK() && strings.HasPrefix(told.Value, "/") {
		folders = append(folders, strings.Trim(told.Value, "/"))
	}
	return folders
}

// ownFirmware counts the files of the folder from which the kernel takes firmware.
// Nothing names those that there should be.
func ownFirmware(h *Host, s *report.Sight) {
	a := h.ask(opFilesBelow, "lib/firmware")
	for _, folder := range firmwareFolders(h) {
		if other := h.ask(opFilesBelow, folder); a.Gap == report.Absent && (other.Gap == "" || other.Gap == report.Denied) {
			a = other
		}
	}
	s.FirmwareFiles = parseAnswer(a, func(data []byte) (n int64, err error) { return n, json.Unmarshal(data, &n) })
	switch {
	case s.FirmwareFiles.OK() && s.FirmwareFiles.Value > 0:
		s.Firmware = report.Known("some", a.ID)
	case s.FirmwareFiles.OK(), a.Gap == report.Absent:
		s.Firmware = report.Known("none", a.ID)
	default:
		s.Firmware = report.Missing[string](s.FirmwareFiles.Gap, s.FirmwareFiles.Note, a.ID)
	}
}
