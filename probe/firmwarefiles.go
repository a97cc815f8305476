package probe

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/report"
)

// firmwareFiles makes the list of files from what the kernel's log says, in its order.
type firmwareFiles struct {
	h       *Host
	id      string            // of the answer with the log
	drivers map[string]string // of devices
	files   map[string]*report.FirmwareFile
	order   []string
	dropped map[string]bool   // names for which there is no room
	kept    map[bool]int      // files of radios, and others
	chosen  map[string]string // by driver and device, the file that is loaded next
	program map[string]string // the last that was loaded and is a program
	stops   []kmsg.Event
	byChip  map[string]string // by driver and chip, the file that was chosen for it
}

func newFirmwareFiles(h *Host, id string, events []kmsg.Event) *firmwareFiles {
	l := &firmwareFiles{
		h: h, id: id, drivers: map[string]string{}, files: map[string]*report.FirmwareFile{},
		dropped: map[string]bool{}, kept: map[bool]int{}, chosen: map[string]string{}, program: map[string]string{}, byChip: map[string]string{},
	}
	for _, e := range events {
		if e.Device != "" && !slices.Contains(nameless, e.Driver) {
			l.drivers[e.Device] = e.Driver
		}
	}
	return l
}

// hear takes an event.
func (l *firmwareFiles) hear(e kmsg.Event) {
	e.File = e.Name()
	switch e.Class {
	case kmsg.Missing:
		for _, f := range l.files {
			if e.Final && e.File == "" && stopped(e, f) {
				f.State = report.Known("failed", l.id)
				f.Version = report.Missing[string](report.Absent, "what ran has stopped", l.id)
			}
		}
	case kmsg.Stopped, kmsg.ProbeFailed:
		l.stop(e)
	case kmsg.Chosen:
		if file := chosenFile(e); file != "" {
			l.chosen[e.Driver+" "+e.Device] = file
			l.byChip[e.Driver+" "+e.Chip] = file
		}
	case kmsg.Loaded, kmsg.Running:
		l.load(e)
	}
}

// errDefer is EPROBE_DEFER of include/linux/errno.h: the driver will try again.
const errDefer = 517

// stop takes the end of a device: its driver gave up, so that nothing runs that it
// has loaded. A driver that says so without a file failed with the one that it was to
// load.
func (l *firmwareFiles) stop(e kmsg.Event) {
	if e.Errno == errDefer {
		return
	}
	if e.Driver == "ieee80211" && e.File == "" { // brcmfmac, by the name of its radio
		e.Driver, e.Device = "brcmfmac", ""
	}
	const why = "what ran has stopped"
	found := false
	for _, f := range l.files {
		if e.File != "" && f.File != e.File || !ofDevice(e, f) {
			continue
		}
		found = found || f.State.Value == "failed"
		if f.State.Value == string(kmsg.Running) || f.State.Value == string(kmsg.Loaded) && isProgram(f.File) {
			f.State, found = report.Known("failed", l.id), true
			f.Version = report.Missing[string](report.Absent, why, l.id)
		}
	}
	if !found && e.Class == kmsg.Stopped {
		one, every := e.Driver+" "+e.Device, e.Driver+" "
		e.File = cmp.Or(e.File, l.program[one], l.chosen[one], l.program[every], l.chosen[every])
		l.stops = append(l.stops, e)
	}
}

// end takes what stopped although no line says that anything was loaded, unless another
// line says why, or the device runs after all.
func (l *firmwareFiles) end() {
	for _, e := range l.stops {
		known := false
		for _, f := range l.files {
			known = known || ofDevice(e, f) && f.State.Value != "optional" && f.State.Value != string(kmsg.Replaced)
		}
		if known {
			continue
		}
		if f := l.entry(e); f != nil {
			f.State = report.Known("failed", l.id)
		}
	}
}

// ofDevice reports whether an event is of the device of a file, of an interface of it,
// or of the core of its driver, which names no device.
func ofDevice(e kmsg.Event, f *report.FirmwareFile) bool {
	switch device := f.Device.Value; {
	case e.Driver == "wlcore":
		return strings.HasPrefix(f.Driver.Value, "wl1") || f.Driver.Value == "wlcore"
	case e.Device == "":
		return e.Driver != "" && f.Driver.Value == e.Driver
	default:
		return device == e.Device || device != "" && strings.HasPrefix(e.Device, device+":")
	}
}

// load takes an event that says that a file was loaded, or which version runs. A file
// that it does not name is the one that was chosen before; the version is that of the
// last program that was loaded.
func (l *firmwareFiles) load(e kmsg.Event) {
	one, every := e.Driver+" "+e.Device, e.Driver+" " // some lines name no device
	next, last := cmp.Or(l.chosen[one], l.chosen[every]), cmp.Or(l.program[one], l.program[every])
	ofChip := ""
	if e.Chip != "" {
		ofChip = l.byChip[e.Driver+" "+e.Chip]
	}
	switch {
	case e.Class == kmsg.Running && ofChip != "" && (last == "" || !strings.HasPrefix(last, strings.TrimSuffix(ofChip, path.Ext(ofChip))+".")):
		e.File = cmp.Or(e.File, ofChip) // the last that was loaded is another chip's
	case e.Class == kmsg.Running:
		e.File = cmp.Or(e.File, last, next)
	case cmp.Or(e.File, next) == "":
		return // a file that no line names
	default:
		e.File = cmp.Or(e.File, next)
		if isProgram(e.File) {
			l.program[one], l.program[every] = e.File, e.File
		}
	}
	if e.Driver == "iwlwifi" && e.Class == kmsg.Running && e.File != "" && !strings.HasPrefix(e.File, "iwlwifi-") {
		e.File = "iwlwifi-" + e.File // iwl_fw_file_name in iwl-drv.c; it logs the rest
	}
	f := l.entry(e)
	if f == nil {
		return
	}
	f.State = report.Known(string(e.Class), l.id)
	switch text := oneLine(strings.TrimSpace(e.Version + " " + e.Build)); {
	case text == "":
	case strings.HasPrefix(e.Driver, "rtw") && f.Version.OK() && f.Version.Value != text:
		f.Version = report.Missing[string](report.Invalid, "the log has "+f.Version.Value+" and "+text+", one of them of the program for waking up", l.id)
	case f.Version.Gap == report.Invalid && f.State.Value != "failed":
	default:
		f.Version = report.Known(text, l.id)
	}
	if e.SHA256 != "" {
		f.SHA256 = report.Known(e.SHA256, l.id)
	}
}

// fail takes a failure. What has run and stopped stays failed.
func (l *firmwareFiles) fail(failure kmsg.Failure) {
	if failure.File == "" && failure.Outcome == kmsg.Replaced {
		return // what was tried again runs, and has its entry
	}
	if failure.File == "" {
		for _, f := range l.files {
			if f.State.Value == "failed" && about(failure.Event, f) {
				return // said of the file already
			}
		}
	}
	f := l.entry(failure.Event)
	if f == nil || f.State.Value == "failed" {
		return
	}
	f.State = report.Known(string(failure.Outcome), l.id)
	if failure.By != "" {
		f.State.Note = oneLine("by " + failure.By)
	}
	switch {
	case failure.Reason != "":
		f.Reason = report.Known(oneLine(failure.Reason), l.id)
	case failure.Outcome == kmsg.Lacking && boards.UseOfFirmware(failure.File).Class == boards.FirmwareBoard:
		f.Reason = report.Known("settings or calibration of this very board, which its maker has", l.id).By(report.Inferred)
	}
}

// entry is the file of an event, or what stands for one without a name; nil if there is
// no room for it.
func (l *firmwareFiles) entry(e kmsg.Event) *report.FirmwareFile {
	name := e.File
	if name == "" {
		name = "(" + strings.TrimSpace(e.Driver+" "+e.Device) + ")"
	}
	f := l.files[name]
	if f == nil {
		if f = l.add(name); f == nil {
			return nil
		}
	}
	if e.Device != "" {
		f.Device = report.Known(oneLine(e.Device), l.id)
	}
	driver := e.Driver
	if slices.Contains(nameless, driver) {
		driver = l.drivers[e.Device]
	}
	if e.Driver == "mhi" { // it asks in the name of a device on PCI
		if device, of := l.above(boards.UseOfFirmware(name).Driver); device != "" {
			f.Device, driver = report.Known(oneLine(device), l.id).By(report.Inferred), of
		}
	}
	switch {
	case driver != "":
		f.Driver = report.Known(oneLine(driver), l.id)
	case f.Driver.OK():
	case boards.UseOfFirmware(name).Driver != "":
		f.Driver = report.Known(boards.UseOfFirmware(name).Driver, l.id).By(report.Inferred)
	default:
		f.Driver = report.Missing[string](report.Absent, "the log names none", l.id)
	}
	return f
}

// above finds the one device whose driver begins so; none if there are more.
func (l *firmwareFiles) above(prefix string) (device, driver string) {
	if prefix == "" {
		return "", ""
	}
	for d, of := range l.drivers {
		switch {
		case !strings.HasPrefix(of, prefix):
		case device != "":
			return "", ""
		default:
			device, driver = d, of
		}
	}
	return device, driver
}

func (l *firmwareFiles) add(name string) *report.FirmwareFile {
	if l.dropped[name] {
		return nil
	}
	of := boards.IsRadioFirmware(name)
	room := l.kept[of] < maxFirmwareFiles
	l.h.entry(room)
	if !room {
		l.dropped[name] = true
		return nil
	}
	l.kept[of]++
	l.files[name] = &report.FirmwareFile{File: oneLine(name)}
	l.order = append(l.order, name)
	return l.files[name]
}

// maxFirmwareFiles bounds how many files of radios are looked at, and how many others:
// these take no place from those.
const maxFirmwareFiles = 64

// nameless are the buses and classes by which the kernel's log names a device
// in place of its driver (dev_driver_string in drivers/base/core.c). What is
// bound to a device on USB, and not to its interfaces, is called usb as well. The
// files of ath11k and ath12k are asked for by the bus below them, MHI.
var nameless = []string{"", "usb", "platform", "misc", "bluetooth", "mhi"}

// stopped reports whether an event that names no file is about one: what ran of the
// device has stopped, or the program that a driver loaded never ran.
func stopped(e kmsg.Event, f *report.FirmwareFile) bool {
	if !about(e, f) {
		return false
	}
	return f.State.Value == string(kmsg.Running) && e.Device != "" || f.State.Value == string(kmsg.Loaded) && isProgram(f.File)
}

// about reports whether an event is of the device of a file, or of its driver if that
// names no devices.
func about(e kmsg.Event, f *report.FirmwareFile) bool {
	if e.Device != "" {
		return f.Device.Value == e.Device
	}
	return e.Driver != "" && f.Driver.Value == e.Driver && !f.Device.OK()
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

// isProgram tells the file that a radio runs from those of settings beside it.
func isProgram(file string) bool {
	return slices.Contains([]string{".bin", ".fw", ".ucode", ".hcd", ".mbn", ".sfi", ".dfu", ".se", ".rps"}, path.Ext(file)) && !strings.Contains(file, "_config") &&
		!strings.Contains(path.Base(file), "nvm") && !strings.Contains(path.Base(file), "board")
}
