package kmsg

import (
	"fmt"
	"slices"
	"strings"
)

// Outcome says what a failure came to.
type Outcome string

const (
	Lacking  Outcome = "lacking"  // nothing in the log took the place of the file
	Replaced Outcome = "replaced" // later another file of its group was loaded, or the device reported running firmware
	Optional Outcome = "optional" // the driver works without it
	Refused  Outcome = "refused"  // it is there, and the kernel does not load it
)

// Failure is a file, or all of them, that a device asked for and did not get.
type Failure struct {
	Event
	Outcome Outcome
	By      string // with Replaced: the file, or the version that runs
}

// Use is what is known of a file: which others take its place, and whether the
// driver goes on without any.
type Use struct {
	Group    string
	Optional bool
	Next     string // asked for next, and complained of if it is not there either; "" if that is not known
}

// Failures picks the final failures from the events of one boot, in the order
// of the log, each search of a device once, and says which of them are part of
// the usual search: a driver asks for the file of this very board and then for
// that of the chip, or for the newest interface and then for older ones. Use tells
// which files are of one search.
//
// Without the loader's debug messages a file that was found leaves no line, so
// the running version that a driver reports later counts too. Whether a device
// works is not said.
func Failures(events []Event, use func(file string) Use) []Failure {
	var found []Failure
	seen := map[string]bool{} // of found
	later := laterLog{use: use, running: map[string]string{}, loaded: map[string]string{}, boards: map[string]string{}, stopped: map[string]bool{}}
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if !e.Final || e.Class != LoadFailed && e.Class != Missing {
			later.add(e)
			continue
		}
		id := e.Device + "\n" + e.Driver + "\n" + e.File
		if seen[id] {
			continue
		}
		seen[id] = true
		files := tried(events[i+1:], e)
		if len(files) == 0 {
			files = []string{e.File}
		}
		for _, file := range slices.Backward(files) {
			f := Failure{Event: e}
			f.File = file
			f.Outcome, f.By = later.outcome(f.Event)
			if reason := refusal(events[:i], f.Event); reason != "" && f.Outcome != Replaced {
				f.Reason = reason
				if f.Outcome == Lacking {
					f.Outcome = Refused
				}
			}
			found = append(found, f)
		}
	}
	slices.Reverse(found)
	for i := range found {
		f := &found[i]
		if f.Outcome != Lacking || f.File == "" {
			continue
		}
		if next := use(f.File).Next; next != "" && !slices.ContainsFunc(events, func(e Event) bool { return e.Device == f.Device && e.Final && e.Name() == next }) {
			f.Outcome, f.By = Replaced, next // of which nobody complained
		}
	}
	found = oneSearch(found, use)
	// A driver that gives up says so once more, without a name.
	return slices.DeleteFunc(found, func(f Failure) bool {
		return f.File == "" && f.Device != "" && slices.ContainsFunc(found, func(other Failure) bool { return other.Device == f.Device && other.File != "" })
	})
}

// laterLog is what the log says behind a failure.
type laterLog struct {
	use     func(file string) Use
	running map[string]string // version by device or driver
	loaded  map[string]string // file by device and group
	boards  map[string]string // board file in use by device, in the driver's words
	stopped map[string]bool   // devices on which their driver gave up after all that is known of them
}

func (l *laterLog) add(e Event) {
	switch {
	case (e.Class == Stopped || e.Class == ProbeFailed) && l.running[e.Device] == "":
		l.stopped[e.Device] = e.Device != ""
	case e.Class == Running && l.stopped[e.Device]: // and stopped then
	case e.Class == Running && e.Device != "":
		l.running[e.Device] = e.Version
	case e.Class == Running: // a line that names no device speaks for all of its driver
		l.running["driver "+e.Driver] = e.Version
	case e.Class == Board:
		l.boards[e.Device] = fmt.Sprintf("the board file of interface %d", e.API)
	case e.Class == Loaded:
		if file := e.Name(); file != "" {
			l.loaded[e.Device+" "+l.use(file).Group] = file
		}
	}
}

func (l *laterLog) outcome(e Event) (Outcome, string) {
	use := Use{}
	if e.File != "" {
		use = l.use(e.File)
	}
	if use.Optional {
		return Optional, ""
	}
	if file, ok := l.loaded[e.Device+" "+use.Group]; ok && e.File != "" {
		return Replaced, file
	}
	if words := l.boards[e.Device]; words != "" && strings.HasSuffix(use.Group, " board") {
		return Replaced, words
	}
	for _, name := range []string{e.Device, "driver " + e.Driver} {
		if version, ok := l.running[name]; ok && name != "" {
			return Replaced, version
		}
	}
	return Lacking, ""
}

// Error numbers of Linux that say that a file is not there, or that user space did
// not bring it.
const (
	enoent    = 2
	eagain    = 11
	etimedout = 110
)

// refusals are the errors of a file that is there (drivers/base/firmware_loader/main.c,
// fs/kernel_read_file.c, Documentation/admin-guide/LSM/LoadPin.rst).
var refusals = map[int]string{
	8:  "ENOEXEC, it does not have the form or the signature that is asked for",
	12: "ENOMEM, there is no memory for it",
	13: "EACCES, a rule of the kernel forbids it",
	22: "EINVAL, it is empty, damaged, or compressed in a way that this kernel does not read",
	27: "EFBIG, it is too large",
}

// refusal says why a file that is there was not loaded, by the failure itself and by
// the attempts of the loader right before it; "" if the file was not there.
func refusal(before []Event, failure Event) string {
	if failure.HasErrno && (failure.Class == LoadFailed || failure.File != "" || strings.HasPrefix(failure.Driver, "ath")) {
		if reason := refused(failure.Errno, failure.Class == LoadFailed); reason != "" {
			return reason
		}
	}
	for _, e := range slices.Backward(before) {
		switch {
		case e.Class != LoadAttempt || e.Device != failure.Device:
			return ""
		case e.Path == "" && e.File == "" && !e.HasErrno:
			return "is there and cannot be decompressed"
		case e.HasErrno && failure.File != "" && e.Name() == failure.File:
			if reason := refused(e.Errno, true); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// refused gives the words for an error number. Only of the loader every number but
// those of an absent file counts.
func refused(errno int, loader bool) string {
	reason, ok := refusals[errno]
	switch {
	case ok:
		return fmt.Sprintf("is there and cannot be loaded: error %d (%s)", errno, reason)
	case loader && errno != enoent && errno != eagain && errno != etimedout:
		return fmt.Sprintf("is there and cannot be loaded: error %d", errno)
	}
	return ""
}

// oneSearch makes one failure of a search among several files, none of which was
// there: the first that was asked for stands for all.
func oneSearch(found []Failure, use func(file string) Use) []Failure {
	type search struct {
		at    int // in result
		files []string
	}
	searches := map[string]*search{}
	var result []Failure
	for _, f := range found {
		if f.Outcome != Lacking || f.File == "" {
			result = append(result, f)
			continue
		}
		id := f.Device + "\n" + use(f.File).Group
		s := searches[id]
		if s == nil {
			searches[id] = &search{at: len(result), files: []string{f.File}}
			result = append(result, f)
			continue
		}
		again := func(other string) bool { return other == f.File || strings.HasPrefix(other, f.File+".") }
		if !slices.ContainsFunc(s.files, again) { // else the driver says again what the loader said
			s.files = append(s.files, f.File)
			result[s.at].Reason = fmt.Sprintf("one of %d that do was looked for, down to %s", len(s.files), f.File)
		}
	}
	return result
}

// tried returns the files that are named one a line behind a failure, as btbcm
// names them.
func tried(behind []Event, failure Event) (files []string) {
	if failure.File != "" || failure.Device == "" {
		return nil
	}
	for _, e := range behind {
		switch {
		case e.Device != failure.Device:
		case e.Class != LoadAttempt || e.Driver != failure.Driver || e.HasErrno || e.File == "":
			return files
		default:
			files = append(files, e.File)
		}
	}
	return files
}

// Deferred is a device whose probing waits.
type Deferred struct {
	Device string
	Reason string // in the kernel's words, "" if it gives none
}

// maxDeferred bounds the list; a board has a few hundred devices in all.
const maxDeferred = 4096

// ParseDeferred reads /sys/kernel/debug/devices_deferred (deferred_devs_show of
// drivers/base/dd.c): one device a line and, in newer kernels, a tab and the
// reason.
func ParseDeferred(data []byte) []Deferred {
	var list []Deferred
	for line := range strings.Lines(string(data)) {
		device, reason, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if device != "" && len(list) < maxDeferred {
			list = append(list, Deferred{device, strings.TrimSpace(reason)})
		}
	}
	return list
}
