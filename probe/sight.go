package probe

import (
	"context"
	"strings"

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
	config := h.ask("digest/1", "proc/config.gz")
	s.KernelConfig = report.Known(config.Gap == "", config.ID)
	if record.Gap != "" {
		// Not our image: the kernel is the one that the board came with, and
		// its modules and firmware are where its maker put them.
		why := []string{record.ID, euid.ID}
		s.KernelOrigin = report.Known(report.OriginVendor, why...).By(report.Inferred)
		s.Modules = report.Known("all", why...).By(report.Inferred)
		s.Firmware = report.Known("all", why...).By(report.Inferred)
		s.Settled = report.Known(true, why...).By(report.Inferred)
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
	s.Modules = report.Known(string(image.Modules), record.ID)
	s.Firmware = report.Known(string(image.Firmware), record.ID)
	uname := h.ask("uname", "")
	release, _, _ := strings.Cut(string(uname.Data), "\n")
	s.KernelOrigin = report.Known(report.OriginUnknown, record.ID, uname.ID)
	for _, packed := range image.KernelReleases {
		if packed == release {
			// Its maker's modules fit this kernel, so it is its maker's.
			s.KernelOrigin = report.Known(report.OriginVendor, record.ID, uname.ID).By(report.Inferred)
		}
	}
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
