package kmsg

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Class is what a line says.
type Class string

const (
	// The kernel's firmware loader.
	LoadFailed   Class = "load-failed"   // it ended without this file; the driver may try another
	LoadAttempt  Class = "load-attempt"  // one place or form was tried in vain; it goes on
	LoadFallback Class = "load-fallback" // user space is asked for the file
	Loaded       Class = "loaded"        // the file was found

	// Drivers about firmware.
	Chosen  Class = "chosen"  // the driver is going to ask for this file
	Missing Class = "missing" // the driver gives up on a file, or on all
	Running Class = "running" // the device reports, or the driver has just loaded, this version
	Stopped Class = "stopped" // the driver gives up on a device, whatever it has loaded
	Chip    Class = "chip"    // which chip it is
	Board   Class = "board"   // the board file in use

	NoOptionalFile Class = "no-optional-file" // the driver goes on without
	NoRegulatory   Class = "no-regulatory"    // the regulatory database is absent or not valid

	Node Class = "node" // an interface or device node of a modem, network device or serial port appeared

	// Drivers and modules in general.
	ProbeFailed   Class = "probe-failed"
	ProbeDeferred Class = "probe-deferred"
	Tainted       Class = "tainted"
	ModuleRefused Class = "module-refused" // a module does not fit this kernel or may not be loaded
)

// Event is what a line says about firmware, a radio or a driver. A field about
// which the line says nothing is "".
type Event struct {
	Class   Class
	Driver  string // as the line names it: the driver, else the bus or class of the device, else a module
	Device  string // its name on the bus, or hci0
	File    string // name of a firmware file as the driver asks for it; with Chosen by brcmfmac without its suffix
	Path    string // full path of a firmware file
	SHA256  string // of the file, decompressed, in hexadecimal
	Version string // in the form of package firmware
	Build   string // what tells two builds of a version apart; from ath10k the CRC-32 of the file
	Chip    string
	Node    string // ttyUSB2, cdc-wdm0, wwan0
	Reason  string // why, in the kernel's words
	API     int    // of the firmware, valid with HasAPI
	HasAPI  bool
	Errno   int // positive, valid with HasErrno
	// HasErrno says whether the line has an error number.
	HasErrno bool
	// Final says that this is the last word on the file or device: nothing else
	// is tried for it under this name. See Failures for whether it matters.
	Final bool
}

// Name is the file as the driver asks for it, by its path if the line has only that:
// below the folder of firmware of the kernel's loader, not compressed. Drivers of
// vendors read files by their path, which is their name then.
func (e Event) Name() string {
	if e.File != "" {
		return e.File
	}
	name := strings.TrimSuffix(strings.TrimSuffix(e.Path, ".xz"), ".zst")
	if name != "" {
		name = path.Clean(name) // drivers of vendors write two strokes
	}
	if _, below, ok := strings.Cut(name, "lib/firmware/"); ok {
		return below
	}
	return name
}

// Classify reads the text of one record.
func Classify(text string) (Event, bool) {
	if len(text) > MaxRecordBytes {
		return Event{}, false
	}
	text = strings.TrimRight(text, " \n")
	head, rest := splitHead(text)
	for _, r := range rulesFor(rest) {
		if !strings.HasPrefix(head.driver, r.driver) {
			continue
		}
		var found captures
		if !match(r.form, rest, &found) {
			continue
		}
		event := Event{Class: r.class, Driver: head.driver, Device: head.device, Node: head.node, Final: r.final}
		if found.fill(&event) {
			return event, true
		}
	}
	return Event{}, false
}

// rulesFor gives the rules, in their order, that a message may meet by its first
// byte: a log has hundreds of lines, and nearly all of them meet none.
func rulesFor(message string) []*rule {
	index := ruleIndex()
	if message == "" {
		return index.others
	}
	if list, ok := index.byFirst[message[0]]; ok {
		return list
	}
	return index.others
}

type rulesByFirst struct {
	byFirst map[byte][]*rule // those that begin with a byte or with a field
	others  []*rule          // those that begin with a field
}

var ruleIndex = sync.OnceValue(func() rulesByFirst {
	index := rulesByFirst{byFirst: map[byte][]*rule{}}
	for i := range rules {
		if first := rules[i].form[0]; first != '{' {
			index.byFirst[first] = nil
		}
	}
	for i := range rules {
		r := &rules[i]
		first := r.form[0]
		for b := range index.byFirst {
			if first == '{' || first == b {
				index.byFirst[b] = append(index.byFirst[b], r)
			}
		}
		if first == '{' {
			index.others = append(index.others, r)
		}
	}
	return index
})

// heading is what stands before the message proper.
type heading struct{ driver, device, node string }

// splitHead cuts what the kernel's macros put in front: "driver device: ",
// "driver device interface: ", "driver: " or "Bluetooth: hci0: ".
func splitHead(text string) (heading, string) {
	for _, v := range vendors {
		if rest, ok := strings.CutPrefix(text, v.mark); ok {
			if v.stays {
				rest = text
			}
			return heading{driver: v.driver}, strings.TrimLeft(rest, "\t ")
		}
	}
	front, rest, ok := strings.Cut(text, ": ")
	words := slices.DeleteFunc(strings.Fields(strings.ReplaceAll(front, " (unnamed net_device)", " ")), func(w string) bool { return slices.Contains(fillers, w) })
	if !ok || len(words) == 0 || len(words) > 3 {
		return heading{}, text
	}
	h := heading{driver: words[0]}
	if len(words) > 1 {
		h.device = words[1]
	}
	if len(words) > 2 {
		h.node = words[2]
	}
	if h == (heading{driver: "Bluetooth"}) {
		device, after, ok := strings.Cut(rest, ": ")
		if _, name, named := strings.Cut(device, "() "); named { // kernels of ChromeOS name the function
			device = name
		}
		if ok && !strings.Contains(device, " ") {
			return heading{driver: bluetooth, device: device}, after
		}
	}
	return h, rest
}

// fillers are words of a heading that name nothing.
var fillers = []string{"(uninitialized)", "ERROR", "WARNING", "warning"}

// vendors are drivers outside Linux that do not name themselves in front of a line:
// what their lines begin with, and whether that is part of the message.
var vendors = []struct {
	mark   string
	stays  bool
	driver string
}{
	// radxa-pkg/aic8800, aicwf_debug.h and rwnx_platform.c
	{"AICWFDBG(LOGERROR)", false, aic8800},
	{"AICWFDBG(LOGINFO)", false, aic8800},
	{"AICWFDBG(LOGDEBUG)", false, aic8800},
	{"rwnx_load_firmware", true, aic8800},
	{"file md5:", true, aic8800},
	{"rd_version_val=", true, aic8800},
	{"8800d", true, aic8800},
	// bcmdhd, dhd_linux.c and dhd_config.c
	{"[dhd] ", false, bcmdhd},
	{"[dhd-", true, bcmdhd},
	{"Final fw_path=", true, bcmdhd},
	{"Final nv_path=", true, bcmdhd},
	{"_dhdsdio_", true, bcmdhd},
	{"dhd_", true, bcmdhd},
	{"Firmware version = wl", true, bcmdhd},
}

const (
	aic8800 = "aic8800"
	bcmdhd  = "bcmdhd"
)

// bluetooth is the class by which the loader names what the Bluetooth core
// calls "Bluetooth: hci0".
const bluetooth = "bluetooth"

// maxCaptures bounds the fields of a rule.
const maxCaptures = 8

type captures struct {
	list [maxCaptures]struct{ name, value string }
	n    int
}

// match holds a text against a form: literal text with fields in braces. A field
// takes the shortest text up to the next literal, or all that remains.
func match(form, text string, found *captures) bool {
	for {
		literal, after, field := strings.Cut(form, "{")
		var ok bool
		if text, ok = strings.CutPrefix(text, literal); !ok {
			return false
		}
		if !field {
			return text == ""
		}
		name, next, _ := strings.Cut(after, "}")
		stop, _, _ := strings.Cut(next, "{")
		end := len(text)
		if stop != "" {
			if end = strings.Index(text, stop); end < 0 {
				return false
			}
		}
		if found.n == maxCaptures {
			return false
		}
		found.list[found.n].name, found.list[found.n].value = name, strings.TrimSpace(text[:end])
		found.n++
		if next == "" {
			return true
		}
		form, text = next, text[end:]
	}
}

// fill puts the fields into an event. It reports false if one does not have the
// form of its kind, in which case another rule may fit.
func (c *captures) fill(e *Event) bool {
	for _, f := range c.list[:c.n] {
		word := f.value != "" && !strings.ContainsAny(f.value, " \n")
		ok := true
		switch f.name {
		case "_":
		case "file":
			e.File, ok = f.value, f.value != ""
		case "word": // a file whose name is one word with a dot
			e.File, ok = f.value, word && strings.Contains(f.value, ".")
		case "dotted": // a file at the end of a sentence
			e.File = strings.Trim(strings.TrimSuffix(f.value, "."), `"`)
			ok = e.File != ""
		case "word2": // a version
			e.Version, ok = f.value, word
		case "name2": // a version, where there is one
			e.Version, ok = strings.TrimPrefix(f.value, imageVersion), word
		case "number":
			_, err := strconv.ParseUint(f.value, 10, 16)
			ok = err == nil
		case "path":
			e.Path, ok = f.value, strings.HasPrefix(f.value, "/")
		case "sha256":
			e.SHA256, ok = f.value, len(f.value) == 64 && strings.Trim(f.value, "0123456789abcdef") == ""
		case "version":
			e.Version, ok = strings.Trim(strings.TrimPrefix(f.value, imageVersion), "\n"), f.value == "" || word
		case "release": // as version, but beginning with a digit and with dots
			e.Version = strings.TrimLeft(f.value, "-")
			ok = e.Version != "" && word && e.Version[0] >= '0' && e.Version[0] <= '9' && strings.Contains(e.Version, ".")
		case "build":
			e.Build, _, _ = strings.Cut(f.value, " ")
			e.Build = strings.Trim(e.Build, "\n")
			ok = e.Build != ""
		case "chip":
			e.Chip, ok = f.value, f.value != ""
		case "name": // of a chip, one word
			e.Chip, ok = f.value, word
		case "node":
			e.Node, ok = f.value, word
		case "driver":
			e.Driver, ok = f.value, word
		case "device":
			e.Device, ok = f.value, word
		case "reason":
			e.Reason = f.value
		case "api":
			n, err := strconv.ParseUint(f.value, 10, 16)
			e.API, e.HasAPI, ok = int(n), true, err == nil
		case "error":
			n, err := strconv.ParseUint(strings.TrimPrefix(f.value, "-"), 10, 16)
			e.Errno, e.HasErrno, ok = int(n), true, err == nil
		}
		if !ok {
			return false
		}
	}
	return true
}

// imageVersion precedes the version in images of Qualcomm, see package firmware.
const imageVersion = "QC_IMAGE_VERSION_STRING="
