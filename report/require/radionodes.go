package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// maxFiles is how many firmware files are named for one radio.
const maxFiles = 3

// radioOf finds what is known about a radio by its module alias, which names
// the chip, or else by the compatibles of its node, which need not.
func radioOf(id report.Fact[string], compatible report.Fact[[]string]) (boards.Radio, bool) {
	if alias := valueOf(id); !strings.HasPrefix(alias, "of:") {
		if r, ok := boards.RadioByModalias(alias); ok {
			return r, true
		}
	}
	return boards.RadioByCompatible(compatible.Value)
}

// whatDrives says in one line what a radio needs.
func whatDrives(r boards.Radio, known bool) string {
	if !known {
		return "chip unknown, driver unknown"
	}
	var drivers, files []string
	for _, d := range r.Drivers {
		switch where := "not part of Linux"; {
		case d.OutOfTree():
			drivers = append(drivers, d.Module+" ("+where+")")
		default:
			drivers = append(drivers, d.Module+" ("+d.Option+", Linux "+r.Mainline[0]+")")
		}
	}
	for _, f := range r.Firmware {
		if f.Name != "none" {
			files = append(files, f.Name)
		}
	}
	text := r.Name + ", driver " + strings.Join(drivers, " or ")
	if n := len(files); n > maxFiles {
		files = append(files[:maxFiles:maxFiles], fmt.Sprintf("%d more", n-maxFiles))
	}
	if len(files) > 0 {
		text += ", firmware " + strings.Join(files, " ")
	}
	return text
}

// silentRadios decides radio.silent: which radios are there and do not work?
func silentRadios(r *report.Report) answer {
	for _, name := range []string{"radio-nodes", "faults", "wifi", "bluetooth"} {
		if a, bad := unlisted(r, name); bad {
			return a
		}
	}
	a := answer{facts: []string{"radio_nodes", "faults", "firmware", "wifi", "bluetooth", "sight.modules", "sight.settled", "sight.firmware"}}
	var silent, starved, blocked, disabled []string
	told := map[string]bool{} // devices
	for _, n := range r.RadioNodes {
		chip, ok := radioOf(n.ID, n.Compatible)
		switch why := whyNoRadio(n); {
		case valueOf(n.Status) != "okay":
			disabled = append(disabled, n.Path)
		case why != "":
			silent = append(silent, n.Path+": "+why+"; "+whatDrives(chip, ok))
			told[valueOf(n.Device)] = true
		}
	}
	for _, f := range r.Faults {
		if valueOf(f.Kind) != "unbound" || told[f.Path] {
			continue
		}
		chip, ok := radioOf(f.ID, f.Compatible)
		switch {
		case wantsRadioFirmware(r, f):
			// On USB, too, where many built-in radios are: it is one, and has a driver.
			starved = append(starved, f.Path+": its driver gave up, "+valueOf(f.Reason))
		case ok: // on USB, too
			silent = append(silent, f.Path+": no driver is bound; "+whatDrives(chip, ok))
		}
	}
	block := func(name string, state report.Fact[string]) {
		if state := valueOf(state); state == "hard" || state == "soft" {
			blocked = append(blocked, name+" ("+state+")")
		}
	}
	for _, w := range r.WiFi {
		block(first(valueOf(w.Name), w.Path), w.Blocked)
	}
	for _, b := range r.Bluetooth {
		block(first(valueOf(b.Name), b.Path), b.Blocked)
	}
	switch {
	case len(starved) > 0 && hadFirmware(r):
		a.verdict = Warn
		a.detail = "A driver asked for firmware that is not there, and let go of the radio."
	case len(silent) > 0 && couldDrive(r):
		a.verdict = Warn
		a.detail = "For these " + noDriver(r) + "; or the power of the radio or its firmware is missing, or it is not fitted."
	case len(silent) > 0:
		a.verdict = Unknown
		a.detail = "This run could not have bound a driver, so it does not say that the radios are dead."
		a.remedy = first(NextRun(r), "Run the probe on the board's own Linux as root, or from an image with all modules of its kernel.")
	case len(starved) > 0:
		a.verdict = Unknown
		a.detail = "This run did not have all firmware of the board, so it does not say that the radios are dead."
		a.remedy = "Run the probe on the board's own Linux, or from an image with its firmware."
	case slices.ContainsFunc(blocked, func(s string) bool { return strings.HasSuffix(s, "(hard)") }):
		a.verdict = Warn
		a.detail = "A switch or pin of the board holds a radio off."
	case len(r.RadioNodes)+len(r.WiFi)+len(r.Bluetooth)+len(radioFiles(r)) == 0:
		a.verdict = Info
		a.detail = "Neither the device tree nor the kernel names a radio."
	case r.Section("firmware").Outcome != report.OutcomeOK:
		a, _ := unlisted(r, "firmware")
		a.detail = "Every radio that was seen has its driver; of one that asked for firmware and was let go only the kernel's log tells."
		return a
	case len(r.RadioNodes)+len(r.WiFi)+len(r.Bluetooth) == 0:
		a.verdict = Unknown
		a.detail = "The kernel's log names a radio that is not on the buses: " + page.List(radioFiles(r)) + "."
	default:
		a.verdict = Pass
		a.detail = "Every radio that was seen or that the device tree names has its driver."
	}
	silent = append(silent, starved...)
	if len(blocked) > 0 {
		silent = append(silent, "switched off by rfkill: "+strings.Join(blocked, ", "))
	}
	if n := len(silent); n > maxNamed {
		silent = append(silent[:maxNamed:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
	}
	a.found = strings.Join(silent, "; ")
	if len(disabled) > 0 {
		a.detail += " Disabled in the device tree: " + page.List(disabled[:min(len(disabled), maxNamed)]) + "."
	}
	return a
}

// wantsRadioFirmware reports whether a device has no driver because a file was
// lacking that only radios ask for.
func wantsRadioFirmware(r *report.Report, f report.Fault) bool {
	for _, file := range strings.Fields(valueOf(f.Reason)) {
		i := slices.IndexFunc(r.Firmware, func(w report.FirmwareFile) bool { return w.File == file })
		if i < 0 || !slices.Contains([]string{"lacking", "refused"}, valueOf(r.Firmware[i].State)) {
			continue
		}
		if _, usual := boards.DefaultFirmware(file); usual || boards.IsRadioFirmware(file) {
			return true
		}
	}
	return false
}

// whyNoRadio says why a node of the device tree is no working radio, as far as
// the report shows; "" if it is one.
func whyNoRadio(n report.RadioNode) string {
	switch {
	case n.Driver.OK():
		return ""
	case n.Device.OK():
		return "no driver is bound"
	case !n.Host.OK():
		return "no device appeared: its bus has no driver"
	}
	for _, p := range n.Power.Value {
		if strings.HasSuffix(p, ", no driver") {
			return "no device appeared: what switches it on has no driver (" + p + ")"
		}
	}
	if len(n.Power.Value) > 0 {
		return "no device appeared, although what the tree names has power"
	}
	return "no device appeared, and the tree names nothing that switches it on"
}

// askedFiles are the firmware files that the radios of a board ask for.
type askedFiles struct {
	known       []string // all of them that are known for certain
	additions   []string // that balenaOS does not have by default, sorted; some with a word behind
	defaults    []string // that it has, with their package
	perhaps     []string // of chips that take one of several
	calibration []string // of this very board
}

func filesOfRadios(r *report.Report) (f askedFiles) {
	add := func(file string, asked bool) {
		f.known = append(f.known, file)
		if name, ok := boards.DefaultFirmware(file); ok {
			f.defaults = append(f.defaults, file+" ("+name+")")
		} else if boards.IsRadioFirmware(file) {
			f.additions = append(f.additions, file)
		} else if asked {
			f.additions = append(f.additions, file+" (which is not in the table of radios)")
		}
	}
	for _, file := range r.Firmware {
		switch valueOf(file.State) {
		case "loaded", "running", "failed", "lacking", "refused":
			add(file.File, askedByRadio(r, file))
		}
	}
	root := ""
	if list := r.Identity.Compatible.Value; len(list) > 0 {
		root = list[0]
	}
	for _, n := range r.RadioNodes {
		chip, ok := radioOf(n.ID, n.Compatible)
		if !ok || valueOf(n.Status) != "okay" {
			continue
		}
		f.calibration = append(f.calibration, missingCalibration(chip, n, root)...)
		if slices.ContainsFunc(chip.Firmware, func(of boards.FirmwareFile) bool { return slices.ContainsFunc(f.known, of.Matches) }) {
			continue // the kernel's log says which
		}
		names, sure := filesOf(chip, n)
		if !sure {
			if more := len(names) - maxFiles; more > 0 {
				names = append(names[:maxFiles:maxFiles], fmt.Sprintf("%d more", more))
			}
			f.perhaps = append(f.perhaps, "for "+chip.Name+" one of "+page.List(names))
			continue
		}
		for _, name := range names {
			add(name, false)
		}
	}
	slices.Sort(f.additions)
	f.additions = slices.Compact(f.additions)
	return f
}

// RadioFiles lists the firmware files that the radios of a board are known to ask for,
// sorted.
func RadioFiles(r *report.Report) []string {
	files := slices.DeleteFunc(filesOfRadios(r).known, func(file string) bool { return !boards.IsRadioFirmware(file) })
	slices.Sort(files)
	return slices.Compact(files)
}

// firmwareAdditions answers for radio.additions which firmware files an image
// for this board needs beside those of every balenaOS.
func firmwareAdditions(r *report.Report) answer {
	for _, name := range []string{"firmware", "radio-nodes"} {
		if a, bad := unlisted(r, name); bad {
			return a
		}
	}
	a := answer{verdict: Info, facts: []string{"firmware", "radio_nodes"}}
	files := filesOfRadios(r)
	additions, defaults, perhaps, calibration := files.additions, files.defaults, files.perhaps, files.calibration
	switch {
	case len(additions) > 0:
		a.found = fmt.Sprintf("%d: %s", len(additions), page.List(additions[:min(len(additions), maxNamed)]))
		a.detail = "These files are not in the packages that every image of balenaOS has, so they are additions for this device type."
	case len(defaults) > 0:
		if len(perhaps) == 0 {
			a.verdict = Pass
		}
		a.found = page.List(defaults[:min(len(defaults), maxNamed)])
		a.detail = "The files that radios ask for are in packages that every image of balenaOS has."
	case len(perhaps) > 0:
	default:
		a.verdict, a.detail = Pass, "The report names no firmware file of a radio."
		if !couldStartRadios(r) {
			a.verdict, a.detail = Unknown, "This run had no modules or no firmware, so no radio asked for a file."
		}
	}
	if len(perhaps) > 0 {
		a.found = strings.TrimPrefix(a.found+"; "+strings.Join(perhaps, "; "), "; ")
		a.detail = strings.TrimSpace(a.detail + " Which file a radio needs can depend on its chip or revision, which was not seen.")
	}
	if len(calibration) > 0 && couldStartRadios(r) {
		a.detail += " No calibration of this board was found under the name " + page.List(slices.Compact(calibration[:min(len(calibration), maxFiles)])) + "."
	}
	return a
}

// askedByRadio reports whether a radio asked for a file: the device of Bluetooth, or
// the driver of one that was seen, or the file lies where those of radios lie in
// linux-firmware.
func askedByRadio(r *report.Report, f report.FirmwareFile) bool {
	driver, device := valueOf(f.Driver), valueOf(f.Device)
	if strings.HasPrefix(f.File, "(") { // no file is named
		return false
	}
	drives := func(of string) bool { return of != "" && of == driver }
	folder, base, _ := strings.Cut(f.File, "/")
	return strings.HasPrefix(device, "hci") ||
		slices.ContainsFunc(r.WiFi, func(w report.WiFi) bool { return drives(valueOf(w.Driver)) }) ||
		slices.ContainsFunc(r.Bluetooth, func(b report.Bluetooth) bool { return drives(valueOf(b.Driver)) }) ||
		base != "" && slices.Contains([]string{"ath10k", "ath11k", "ath12k", "ath6k", "ath9k_htc", "ar3k", "brcm", "cypress", "libertas", "mediatek", "mrvl", "nxp", "qca", "rsi", "rtl_bt", "rtlwifi", "rtw88", "rtw89", "ti-connectivity", "wfx"}, folder) ||
		strings.HasPrefix(f.File, "iwlwifi-")
}

// filesOf names the firmware of a radio that the kernel's log does not name:
// what it needs in any case, else what is there, else all of which it may need
// one, which then is not sure.
func filesOf(chip boards.Radio, n report.RadioNode) (names []string, sure bool) {
	var present, perhaps []string
	for _, f := range chip.Firmware {
		switch {
		case f.Name == "none":
		case f.When == "":
			names = append(names, f.Name)
		default:
			perhaps = append(perhaps, f.Name)
		}
		if slices.ContainsFunc(n.Files.Value, f.Matches) {
			present = append(present, f.Name)
		}
	}
	if len(names) > 0 {
		return names, true
	}
	if len(present) > 0 {
		return present, true
	}
	return perhaps, len(perhaps) == 0
}

// missingCalibration names the files of which a chip of Broadcom wants one, if
// none is there: the calibration of the board, or one for all boards.
func missingCalibration(chip boards.Radio, n report.RadioNode, root string) (names []string) {
	if root == "" || !n.Files.OK() {
		return nil
	}
	for _, f := range chip.Board {
		if !strings.HasSuffix(f.Name, ".txt") {
			continue
		}
		own := boards.FirmwareFile{Name: f.For(root)}
		if slices.ContainsFunc(n.Files.Value, own.Matches) {
			return nil
		}
		if own.Name != f.Name {
			names = append(names, own.Name)
		}
	}
	return names
}
