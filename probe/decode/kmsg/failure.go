package kmsg

import (
	"path"
	"slices"
	"strings"
)

// Outcome says what a failure came to.
type Outcome string

const (
	Lacking  Outcome = "lacking"  // nothing in the log took the place of the file
	Replaced Outcome = "replaced" // later another file of its kind was loaded, or the device reported running firmware
	Optional Outcome = "optional" // the driver works without it
)

// Failure is a file, or all of them, that a device asked for and did not get.
type Failure struct {
	Event
	Outcome Outcome
	By      string // with Replaced: the file, or the version that runs
}

// Failures picks the final failures from the events of one boot, in the order
// of the log, each file of a device once, and says which of them are part of
// the usual search: a driver asks for the file of this very board and then for
// that of the chip, or for the newest interface and then for older ones.
//
// Without the loader's debug messages a file that was found leaves no line, so
// the running version that a driver reports later counts too. Whether a device
// works is not said.
func Failures(events []Event) []Failure {
	var found []Failure
	seen := map[string]bool{}      // of found
	running := map[string]string{} // device or driver to version, later in the log
	loaded := map[string]string{}  // kind of file to file, later in the log
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		names := [...]string{e.Device, "driver " + e.Driver}
		switch {
		case e.Class == Running:
			// A line that names no device speaks for all of its driver.
			name := names[0]
			if name == "" {
				name = names[1]
			}
			running[name] = e.Version
		case e.Class == Loaded && e.File != "":
			loaded[e.Device+" "+kind(e.File)] = e.File
		case (e.Class == LoadFailed || e.Class == Missing) && e.Final:
			if id := names[0] + " " + e.Driver + " " + e.File; !seen[id] {
				seen[id] = true
				f := Failure{Event: e, Outcome: Lacking}
				if file, ok := loaded[e.Device+" "+kind(e.File)]; ok && e.File != "" {
					f.Outcome, f.By = Replaced, file
				}
				for _, name := range names {
					if version, ok := running[name]; ok && name != "" && f.Outcome == Lacking {
						f.Outcome, f.By = Replaced, version
					}
				}
				if optional(e.File) {
					f.Outcome, f.By = Optional, ""
				}
				for _, file := range slices.Backward(tried(events[i+1:], e)) {
					f.File = file
					found = append(found, f)
				}
				if f.File == "" || e.File != "" {
					found = append(found, f)
				}
			}
		}
	}
	slices.Reverse(found)
	// A driver that gives up says so once more, without a name.
	return slices.DeleteFunc(found, func(f Failure) bool {
		return f.File == "" && f.Device != "" && slices.ContainsFunc(found, func(other Failure) bool { return other.Device == f.Device && other.File != "" })
	})
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

// kind reduces the name of a file to what all files have in common that can
// take each other's place.
func kind(file string) string {
	dir, base := path.Split(file)
	extension := path.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	switch {
	case extension == ".hcd":
		return dir + "*.hcd"
	case strings.HasPrefix(base, "brcmfmac"):
		// brcmfmac43455-sdio.raspberrypi,3-model-b-plus.bin, brcmfmac43455-sdio.bin
		stem, _, _ = strings.Cut(stem, ".")
	default:
		// iwlwifi-QuZ-a0-hr-b0-77.ucode, firmware-6.bin, rtw8852b_fw-1.bin
		if i := strings.LastIndexByte(stem, '-'); i > 0 && strings.Trim(stem[i:], "-0123456789") == "" {
			stem = stem[:i]
		}
	}
	return dir + stem + extension
}

// optional tells files without which their driver goes on, from the drivers'
// sources: regulatory and power tables of brcmfmac, configurations of Realtek's
// and Intel's Bluetooth, calibration from a file, debugging, and the signature
// of the regulatory database where it is not demanded.
func optional(file string) bool {
	base := path.Base(file)
	for _, suffix := range [...]string{".clm_blob", ".txcap_blob", ".ddc", "_config.bin", ".p7s"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	for _, prefix := range [...]string{"cal-", "pre-cal-", "iwl-debug-yoyo", "iwl-dbg-cfg"} {
		if strings.HasPrefix(base, prefix) {
			return true
		}
	}
	return false
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
