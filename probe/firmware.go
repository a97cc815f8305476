package probe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/firmware"
	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/report"
)

// kernelLog is what is kept of the kernel's log: the records that say something
// of firmware, radios and drivers.
type kernelLog struct {
	Complete bool // the first record is there
	Records  []kmsg.Event
	LeftOut  []string `json:",omitempty"` // drivers and devices that said more than is kept
}

// Bounds of the list: one driver that complains without end takes no place from
// the others.
const (
	maxEventRecords = 1024
	maxDriverEvents = 64 // of one driver and device
)

// add keeps a record, or says whose was left out.
func (l *kernelLog) add(e kmsg.Event, said map[string]int) {
	who := strings.TrimSpace(e.Driver + " " + e.Device)
	said[who]++
	switch {
	case said[who] <= maxDriverEvents && len(l.Records) < maxEventRecords:
		l.Records = append(l.Records, e)
	case !slices.Contains(l.LeftOut, who) && len(l.LeftOut) < maxDriverEvents:
		l.LeftOut = append(l.LeftOut, who)
	}
}

// askKernelLog keeps the records that say something of firmware, radios and drivers.
func (s *system) askKernelLog(ctx context.Context, _ string) ([]byte, error) {
	raw, err := s.kernelLog(ctx)
	if err != nil {
		return nil, err
	}
	log := kernelLog{Complete: raw.first}
	if raw.cut {
		log.LeftOut = append(log.LeftOut, "everybody at the end of the log")
	}
	said := map[string]int{}
	for _, r := range raw.records {
		if e, ok := r.Classify(); ok {
			log.add(e, said)
		}
	}
	return json.Marshal(log)
}

// rawLog is the kernel's log as it was read.
type rawLog struct {
	records []kmsg.Record
	first   bool // it has its beginning
	cut     bool // it has more
}

// kernelLog reads the log once for all who ask: the kernel gives it in a system call
// a record.
func (s *system) kernelLog(ctx context.Context) (rawLog, error) {
	if s.log == nil {
		return readKernelLog(ctx)
	}
	return s.log.do(func() (rawLog, error) { return readKernelLog(ctx) })
}

// maxLogRecords bounds what is held of a log, to some 4 MB. A kernel configured for
// more (CONFIG_LOG_BUF_SHIFT) can have more; the oldest are kept, which are of the start.
const maxLogRecords = 16 << 10

// readKernelLog reads /dev/kmsg to its present end (Documentation/ABI/testing/
// dev-kmsg). Reading changes nothing for other readers.
func readKernelLog(ctx context.Context) (log rawLog, err error) {
	f, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return log, err
	}
	defer f.Close()
	fd := int(f.Fd())
	if err := unix.SetNonblock(fd, true); err != nil { // Fd has made it blocking
		return log, err
	}
	begun := false
	record := make([]byte, kmsg.MaxRecordBytes)
	for ctx.Err() == nil {
		if log.cut = len(log.records) == maxLogRecords; log.cut {
			return log, nil
		}
		n, err := unix.Read(fd, record)
		switch {
		case errors.Is(err, unix.EAGAIN) || n == 0 && err == nil:
			return log, nil
		case errors.Is(err, unix.EINTR) || errors.Is(err, unix.EPIPE): // overwritten while it was read
			begun = true
			continue
		case err != nil:
			return log, err
		}
		r, err := kmsg.ParseRecord(record[:n])
		if err != nil {
			continue
		}
		if !begun {
			log.first, begun = r.Sequence == 0, true
		}
		log.records = append(log.records, r)
	}
	return log, ctx.Err()
}

// gatherFirmware looks for a firmware file where the kernel's loader does
// (fw_path in drivers/base/firmware_loader/main.c), and gives in a line each
// where it is, the digest of its contents, not compressed, and the version that
// stands in it. The subject is its name.
func gatherFirmware(_ context.Context, f *files, name string) ([]byte, error) {
	if strings.HasPrefix(name, "/") {
		return gatherVendorFirmware(f, name)
	}
	release := f.text("proc/sys/kernel/osrelease")
	for _, suffix := range []string{"", ".zst", ".xz"} {
		for _, folder := range []string{
			strings.TrimPrefix(f.text("sys/module/firmware_class/parameters/path"), "/"),
			"lib/firmware/updates/" + release, "lib/firmware/updates", "lib/firmware/" + release, "lib/firmware",
		} {
			if folder == "" || strings.HasSuffix(folder, "/") {
				continue // no such parameter, or no release that is known
			}
			place := folder + "/" + name + suffix
			out, err := gatherFirmwareAt(f, name, place)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
				continue
			}
			return out, err
		}
	}
	return nil, unix.ENOENT
}

func gatherFirmwareAt(f *files, name, place string) ([]byte, error) {
	data, truncated, err := f.read(place, firmware.MaxBytes)
	if err != nil {
		return nil, err
	}
	if truncated {
		return nil, errTooLarge
	}
	return describeFirmware(name, place, data), nil
}

// gatherVendorFirmware looks at a file that a driver of a vendor opens by its
// path, as in /vendor/etc/firmware. The path is from the kernel's log, so that
// only files in a folder for firmware are looked at: /vendor/etc/firmware,
// /oem/usr/ko/aic8800dc_fw.
func gatherVendorFirmware(f *files, name string) ([]byte, error) {
	place := strings.TrimPrefix(path.Clean(name), "/")
	folders := strings.Split(path.Dir(place), "/")
	if !slices.ContainsFunc(folders, func(n string) bool { return n == "firmware" || strings.HasSuffix(n, "_fw") }) {
		return nil, unix.EINVAL
	}
	return gatherFirmwareAt(f, path.Base(place), place)
}

// isProgram tells the file that a radio runs from those of settings beside it.
func isProgram(file string) bool {
	return slices.Contains([]string{".bin", ".fw", ".ucode", ".hcd", ".mbn", ".sfi", ".dfu", ".se", ".rps"}, path.Ext(file)) && !strings.Contains(file, "_config") &&
		!strings.Contains(path.Base(file), "nvm") && !strings.Contains(path.Base(file), "board")
}

// describeFirmware leaves out digest and version of a file that cannot be
// decompressed.
func describeFirmware(name, place string, data []byte) []byte {
	out := []byte(oneLine(place) + "\n")
	contents, err := decompress(place, data, firmware.MaxBytes)
	if err != nil {
		return out
	}
	out = fmt.Appendf(out, "%x\n", sha256.Sum256(contents))
	if info, ok := firmware.Version(name, contents); ok {
		out = fmt.Appendln(out, oneLine(strings.TrimSpace(info.Version+" "+info.Build)))
	}
	return out
}

// maxFirmwareFiles bounds how many files of radios are looked at, and how many others:
// these take no place from those.
const maxFirmwareFiles = 64

// isRadioFile reports whether the tables know a file as a radio's.
func isRadioFile(name string) bool {
	use := boards.UseOfFirmware(name)
	return use.Driver != "" && use.Of == "" || boards.IsRadioFirmware(name)
}

// nameless are the buses and classes by which the kernel's log names a device
// in place of its driver (dev_driver_string in drivers/base/core.c). What is
// bound to a device on USB, and not to its interfaces, is called usb as well. The
// files of ath11k and ath12k are asked for by the bus below them, MHI.
var nameless = []string{"", "usb", "platform", "misc", "bluetooth", "mhi"}

// collectFirmware says of each file that the kernel asked for what came of it,
// by the kernel's log and by the file itself. In the folder of firmware only the
// files that were asked for are looked at.
func collectFirmware(_ context.Context, h *Host) ([]report.FirmwareFile, error) {
	events, id, err := kernelEvents(h)
	if err != nil {
		return nil, err
	}
	failures := kmsg.Failures(events, useOfFirmware)
	drivers := map[string]string{} // of devices
	for _, e := range events {
		if e.Device != "" && !slices.Contains(nameless, e.Driver) {
			drivers[e.Device] = e.Driver
		}
	}
	states := map[string]*report.FirmwareFile{}
	var order []string
	dropped := map[string]bool{} // names for which there is no room
	kept := map[bool]int{}       // files of radios, and others
	entry := func(e kmsg.Event) *report.FirmwareFile {
		name := e.File
		if name == "" {
			name = "(" + strings.TrimSpace(e.Driver+" "+e.Device) + ")"
		}
		if states[name] == nil {
			if dropped[name] {
				return nil
			}
			of := isRadioFile(name)
			h.entry(kept[of] < maxFirmwareFiles)
			if kept[of] == maxFirmwareFiles {
				dropped[name] = true
				return nil
			}
			kept[of]++
			states[name] = &report.FirmwareFile{File: oneLine(name)}
			order = append(order, name)
		}
		f := states[name]
		if e.Device != "" {
			f.Device = report.Known(oneLine(e.Device), id)
		}
		driver := e.Driver
		if slices.Contains(nameless, driver) {
			driver = drivers[e.Device]
		}
		switch {
		case driver != "":
			f.Driver = report.Known(oneLine(driver), id)
		case f.Driver.OK():
		case boards.UseOfFirmware(name).Driver != "":
			f.Driver = report.Known(boards.UseOfFirmware(name).Driver, id).By(report.Inferred)
		default:
			f.Driver = report.Missing[string](report.Absent, "the log names none", id)
		}
		return f
	}
	chosen := map[string]string{} // by driver and device, the file that is loaded next
	main := map[string]string{}   // the last that was loaded and is a program
	for _, e := range events {
		e.File = e.Name()
		switch e.Class {
		case kmsg.Missing:
			// What ran before has stopped.
			for _, f := range states {
				if e.Final && e.File == "" && stopped(e, f) {
					f.State = report.Known("failed", id)
					f.Version = report.Missing[string](report.Absent, "what ran has stopped", id)
				}
			}
		case kmsg.Chosen:
			if file := chosenFile(e); file != "" {
				chosen[e.Driver+" "+e.Device] = file
			}
		case kmsg.Loaded, kmsg.Running:
			next, last := cmp.Or(chosen[e.Driver+" "+e.Device], chosen[e.Driver+" "]), cmp.Or(main[e.Driver+" "+e.Device], main[e.Driver+" "])
			if e.Class == kmsg.Running {
				e.File = cmp.Or(e.File, last, next)
			} else {
				e.File = cmp.Or(e.File, next)
			}
			if e.Class == kmsg.Loaded && e.File == "" {
				continue // of a file that no line names
			}
			if e.Class == kmsg.Loaded && isProgram(e.File) {
				main[e.Driver+" "+e.Device], main[e.Driver+" "] = e.File, e.File
			}
			if e.Driver == "iwlwifi" && e.Class == kmsg.Running && e.File != "" && !strings.HasPrefix(e.File, "iwlwifi-") {
				e.File = "iwlwifi-" + e.File // iwl_fw_file_name in iwl-drv.c; it logs the rest
			}
			if f := entry(e); f != nil {
				f.State = report.Known(string(e.Class), id)
				if text := strings.TrimSpace(e.Version + " " + e.Build); text != "" {
					f.Version = report.Known(oneLine(text), id)
				}
				if e.SHA256 != "" {
					f.SHA256 = report.Known(e.SHA256, id)
				}
			}
		}
	}
	for _, failure := range failures {
		if f := entry(failure.Event); f != nil && f.State.Value != "failed" {
			f.State = report.Known(string(failure.Outcome), id)
			if failure.By != "" {
				f.State.Note = oneLine("by " + failure.By)
			}
			switch {
			case failure.Reason != "":
				f.Reason = report.Known(oneLine(failure.Reason), id)
			case failure.Outcome == kmsg.Lacking && boards.UseOfFirmware(failure.File).Class == boards.FirmwareBoard:
				f.Reason = report.Known("settings or calibration of this very board, which its maker has", id).By(report.Inferred)
			}
		}
	}
	var list []report.FirmwareFile
	slices.Sort(order)
	for _, name := range order {
		f := states[name]
		lookAtFile(h, name, f)
		compareVersions(f)
		list = append(list, *f)
	}
	return list, nil
}

// stopped reports whether an event that names no file is about one: what ran of the
// device has stopped, or what a driver loaded that names no devices never ran.
func stopped(e kmsg.Event, f *report.FirmwareFile) bool {
	if e.Device != "" {
		return f.Device.Value == e.Device && f.State.Value == string(kmsg.Running)
	}
	return e.Driver != "" && f.Driver.Value == e.Driver && !f.Device.OK() && f.State.Value == string(kmsg.Loaded)
}

// lookAtFile adds what the file itself says, where it is there.
func lookAtFile(h *Host, name string, f *report.FirmwareFile) {
	if strings.HasPrefix(name, "(") || strings.Contains(name, "..") {
		return
	}
	a := h.ask("firmware/2", name)
	if a.Gap != "" {
		f.Found = report.Missing[string](a.Gap, a.Note, a.ID)
		if f.SHA256.IsZero() {
			f.SHA256 = report.Missing[string](a.Gap, a.Note, a.ID)
		}
		return
	}
	place, rest, _ := strings.Cut(strings.TrimSuffix(string(a.Data), "\n"), "\n")
	digest, version, _ := strings.Cut(rest, "\n")
	f.Found = report.Known(place, a.ID)
	f.FileVersion = report.Missing[string](report.Absent, "none that this program can read", a.ID)
	switch {
	case digest != "":
		f.SHA256 = report.Known(digest, a.ID)
	case f.SHA256.IsZero():
		f.SHA256 = report.Missing[string](report.Invalid, "cannot be decompressed", a.ID)
	}
	if version != "" {
		f.FileVersion = report.Known(version, a.ID)
	}
}

// chosenFile is the file that a driver says it is going to load, if that is
// firmware and no configuration. brcmfmac leaves out the suffix.
func chosenFile(e kmsg.Event) string {
	switch {
	case e.File == "" || strings.Contains(e.File, "_config") || path.Ext(e.File) == ".txt":
		return ""
	case e.Driver == "brcmfmac" && path.Ext(e.File) == "":
		return e.File + ".bin"
	}
	return e.File
}

// compareVersions says whether what runs is what the file has. It is said only
// of drivers that log the version in the words of the file.
func compareVersions(f *report.FirmwareFile) {
	running, build, _ := strings.Cut(f.Version.Value, " ")
	inFile, fileBuild, _ := strings.Cut(f.FileVersion.Value, " ")
	if running == "" || inFile == "" {
		return
	}
	from := both(f.Version.From, f.FileVersion.From)
	same := func(prefix string) bool { return strings.HasPrefix(f.Driver.Value, prefix) }
	if !slices.ContainsFunc([]string{"brcmfmac", "iwlwifi", "ath10k", "mwifiex"}, same) && (!strings.HasPrefix(running, "0x") || !strings.HasPrefix(inFile, "0x")) {
		f.Match = report.Missing[bool](report.NotProbed, "this driver logs it in other words", from...)
		return
	}
	// mwifiex logs the first four numbers of five; the build of ath10k is a
	// checksum that stands in no file.
	match := inFile == running || strings.HasPrefix(inFile, running+".")
	if build != "" && fileBuild != "" && !same("ath10k") {
		match = match && build == fileBuild
	}
	f.Match = report.Known(match, from...).By(report.Inferred)
}

// useOfFirmware is what the table says of a file that a driver asked for.
func useOfFirmware(file string) kmsg.Use {
	use := boards.UseOfFirmware(file)
	return kmsg.Use{Group: use.Group, Optional: use.Class == boards.FirmwareOptional, Next: use.Next}
}

// kernelEvents asks for the kernel's log.
func kernelEvents(h *Host) ([]kmsg.Event, string, error) {
	a := h.ask("kernel-log/1", "")
	var log kernelLog
	if a.Gap == "" && json.Unmarshal(a.Data, &log) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap != "" && a.Gap != report.NotProbed {
		return nil, a.ID, fmt.Errorf("the kernel's log: %s %s", a.Gap, a.Note)
	}
	return log.Records, a.ID, nil
}

// collectRadios says what belongs to no single radio.
func collectRadios(_ context.Context, h *Host) (report.Radios, error) {
	var r report.Radios
	a := h.ask("kernel-log/1", "")
	var log kernelLog
	if a.Gap == "" && json.Unmarshal(a.Data, &log) == nil {
		r.LogComplete = report.Known(log.Complete && len(log.LeftOut) == 0, a.ID)
		if len(log.LeftOut) > 0 {
			r.LogComplete.Note = oneLine("of these more was said than is kept: " + strings.Join(log.LeftOut, ", "))
		}
		for _, e := range log.Records {
			if e.Class == kmsg.NoRegulatory {
				r.Database = report.Known(oneLine(strings.TrimSpace("not loaded "+e.Reason)), a.ID)
			}
		}
	} else {
		r.LogComplete = report.Missing[bool](gapOr(a.Gap, report.Invalid), a.Note, a.ID)
	}
	r.Regulatory = regulatory(h)
	// Last, and not in records of earlier versions.
	if family := h.ask("router/1", protocolList); family.Gap == "" {
		r.QRTR = report.Known(len(family.Data) > 0, family.ID)
	} else if family.Gap != report.NotProbed {
		r.QRTR = report.Missing[bool](family.Gap, family.Note, family.ID)
	}
	return r, nil
}
