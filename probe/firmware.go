package probe

import (
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

// collectFirmware says of each file that the kernel asked for what came of it,
// by the kernel's log and by the file itself. In the folder of firmware only the
// files that were asked for are looked at.
func collectFirmware(_ context.Context, h *Host) ([]report.FirmwareFile, error) {
	events, id, err := kernelEvents(h)
	if err != nil {
		return nil, err
	}
	l := newFirmwareFiles(h, id, events)
	for _, e := range events {
		l.hear(e)
	}
	for _, f := range kmsg.Failures(events, useOfFirmware) {
		l.fail(f)
	}
	l.end()
	var list []report.FirmwareFile
	slices.Sort(l.order)
	for _, name := range l.order {
		f := l.files[name]
		lookAtFile(h, name, f)
		compareVersions(f)
		list = append(list, *f)
	}
	return list, nil
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
