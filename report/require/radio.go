package require

import (
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// couldStartRadios reports whether this run had what a radio needs.
func couldStartRadios(r *report.Report) bool {
	f := valueOf(r.Sight.Firmware)
	return hadModules(r) && (f == "all" || f == "some")
}

// connectivity answers for fw.connectivity which radios were seen and which
// files they load: their makers' firmware has to be handed over.
func connectivity(r *report.Report) answer {
	for _, name := range []string{"network", "wifi", "bluetooth", "modems"} {
		if a, bad := unlisted(r, name); bad {
			return a
		}
	}
	a := answer{verdict: Ask, facts: []string{"wifi", "bluetooth", "modems", "firmware", "sight.modules", "sight.firmware"}}
	var radios []string
	add := func(kind, name, driver string) {
		radios = append(radios, strings.Join(strings.Fields(kind+" "+name+" "+driver), " "))
	}
	for _, w := range r.WiFi {
		add("Wi-Fi", valueOf(w.Name), valueOf(w.Driver))
	}
	for _, b := range r.Bluetooth {
		add("Bluetooth", valueOf(b.Name), valueOf(b.Driver))
	}
	for _, m := range r.Modems {
		add("modem", valueOf(m.ID), valueOf(m.Product))
	}
	for _, n := range r.Network {
		if kind := valueOf(n.Kind); kind == "wifi" && len(r.WiFi) == 0 || kind == "wwan" && len(r.Modems) == 0 {
			add(kind, first(valueOf(n.Name), n.Path), valueOf(n.Driver))
		}
	}
	var files []string
	for _, f := range r.Firmware {
		if state := valueOf(f.State); (state == "loaded" || state == "running") && !strings.HasPrefix(f.File, "(") {
			files = append(files, f.File)
		}
	}
	switch {
	case len(radios) > 0:
		a.found = strings.Join(radios, ", ")
		a.detail = "The files that these radios load have to be handed over, with the right to pass them on. Other radios may be fitted."
		if len(files) > 0 {
			a.detail += " The kernel's log names: " + page.List(files) + "."
		}
	case !couldStartRadios(r):
		a.verdict = Unknown
		a.found = "no radio seen"
		a.detail = "This run had no modules or no firmware, so it could not have started a radio."
	default:
		a.found = "no radio was seen"
		a.detail = "A radio without its driver or firmware would not show here."
	}
	return a
}

// isRadioFile reports whether a file is a radio's: one asked for it, or the tables know
// it as that of one. An entry without a name is one that a driver of radios gave up on.
func isRadioFile(r *report.Report, f report.FirmwareFile) bool {
	_, usual := boards.DefaultFirmware(f.File)
	return strings.HasPrefix(f.File, "(") || usual || boards.IsRadioFirmware(f.File) || askedByRadio(r, f)
}

// radioFiles names the files of radios.
func radioFiles(r *report.Report) (names []string) {
	for _, f := range r.Firmware {
		if isRadioFile(r, f) {
			names = append(names, f.File)
		}
	}
	return names
}

// outcomes sorts what came of firmware files.
type outcomes struct {
	lacking, refused, failed []string // with device and reason
	loaded, spared           int      // files
}

func outcomesOf(list []report.FirmwareFile) (o outcomes) {
	for _, f := range list {
		name := strings.TrimSpace(f.File + " " + valueOf(f.Device))
		if reason := valueOf(f.Reason); reason != "" {
			name += " (" + reason + ")"
		}
		switch valueOf(f.State) {
		case "lacking":
			o.lacking = append(o.lacking, name)
		case "refused":
			o.refused = append(o.refused, name)
		case "failed":
			o.failed = append(o.failed, name)
		case "loaded", "running":
			o.loaded++
		default:
			o.spared++
		}
	}
	return o
}

// radioFirmware decides radio.firmware: did every radio get the files that it
// asked for?
func radioFirmware(r *report.Report) answer {
	return firmwareOf(r, "radio", "The driver loaded these and gave up: the radio does not work.", func(f report.FirmwareFile) bool { return isRadioFile(r, f) })
}

// otherFirmware decides drivers.firmware: did every other device?
func otherFirmware(r *report.Report) answer {
	return firmwareOf(r, "device that is no radio", "The driver loaded these and gave up.", func(f report.FirmwareFile) bool { return !isRadioFile(r, f) })
}

func firmwareOf(r *report.Report, whose, gaveUp string, of func(report.FirmwareFile) bool) answer {
	if a, bad := unlisted(r, "firmware"); bad {
		return a
	}
	a := answer{facts: []string{"firmware", "radios.log_complete"}}
	var list []report.FirmwareFile
	for _, f := range r.Firmware {
		if of(f) {
			list = append(list, f)
		}
	}
	o := outcomesOf(list)
	whole := r.Radios.LogComplete.OK() && r.Radios.LogComplete.Value
	switch {
	case len(o.failed) > 0:
		a.verdict = Warn
		a.found = "did not start: " + page.List(slices.Concat(o.failed, o.refused, o.lacking))
		a.detail = gaveUp
	case len(o.refused) > 0:
		a.verdict = Warn
		a.found = page.List(slices.Concat(o.refused, o.lacking))
		a.detail = "The kernel was asked for these files and did not load them."
	case len(o.lacking) > 0 && couldStartRadios(r) && hadFirmware(r):
		a.verdict = Warn
		a.found = "not found: " + page.List(o.lacking)
		a.detail = "The kernel asked for these files and did not get them."
	case len(o.lacking) > 0:
		a.verdict = Unknown
		a.found = "asked for: " + page.List(o.lacking)
		a.detail = "This run did not have all firmware of the board, so it does not say that the files are missing there."
		a.remedy = "Run the probe on the board's own Linux, or from an image with its firmware."
	case o.loaded > 0:
		a.verdict = Pass
		a.detail = "No file that was asked for is lacking."
	case o.spared > 0:
		a.verdict = Info
		a.detail = "The kernel's log names only files of a " + whose + " that can be missing, or that others took the place of."
	case !whole:
		a.verdict = Info
		a.detail = "The kernel's log is not complete, and what is left of it names no firmware of a " + whose + "."
	default:
		a.verdict = Info
		a.detail = "The kernel's log names no firmware of a " + whose + "."
	}
	return a
}

// testRefuses ends the flaw of the one address that balena's test of Bluetooth
// refuses, AA:AA:AA:AA:AA:AA (balena-os/meta-balena,
// tests/suites/os/tests/bluetooth/index.js).
const testRefuses = "of BCM43430A1"

// bluetoothAddress decides radio.bluetooth-address.
func bluetoothAddress(r *report.Report) answer {
	if a, bad := unlisted(r, "bluetooth"); bad {
		return a
	}
	a := answer{verdict: Pass, facts: []string{"bluetooth"}, detail: "No address is one that several units share."}
	if len(r.Bluetooth) == 0 {
		a.verdict, a.detail = Info, "No controller was seen."
	}
	var flawed []string
	for _, b := range r.Bluetooth {
		if flaw := valueOf(b.AddressFlaw); flaw != "" {
			flawed = append(flawed, first(valueOf(b.Name), b.Path)+": "+flaw)
		} else if b.Address.Gap != "" && a.verdict == Pass {
			a.verdict, a.detail = Unknown, "The address could not be read: "+b.Address.Why()+"."
		}
	}
	if len(flawed) > 0 {
		a.verdict = Warn
		a.found = strings.Join(slices.Compact(flawed), ", ")
		a.detail = "The address is not that of one unit, so devices cannot be told apart."
		if slices.ContainsFunc(flawed, func(f string) bool { return strings.HasSuffix(f, testRefuses) }) {
			a.detail += " balena's own test refuses it: it is AA:AA:AA:AA:AA:AA."
		}
	}
	return a
}

// balenaModemDrivers are what balenaOS adds to every kernel for modems
// (balena-os/meta-balena v8.0.2, meta-balena-common/classes/kernel-balena.bbclass: CDC_MBIM,
// QMI_WWAN, ACM, SERIAL_OPTION, SERIAL_QUALCOMM), and what those options select
// (drivers/net/usb/Kconfig: WDM, CDC_NCM).
var balenaModemDrivers = []string{"cdc_mbim", "qmi_wwan", "cdc_acm", "option", "qcserial", "cdc_wdm", "cdc_ncm"}

// modems decides radio.modem: does balenaOS have what the modems need?
func modems(r *report.Report) answer {
	if a, bad := unlisted(r, "modems"); bad {
		return a
	}
	if len(r.Modems) == 0 {
		return answer{verdict: Info, facts: []string{"modems"}, detail: "No modem was seen."}
	}
	a := answer{verdict: Pass, facts: []string{"modems"}}
	var found, wrong []string
	for _, m := range r.Modems {
		name := strings.Join(strings.Fields(first(valueOf(m.Answers.Model), valueOf(m.Product))+" "+valueOf(m.ID)), " ")
		name = first(name, m.Path)
		found = append(found, name)
		switch valueOf(m.State) {
		case "storage":
			wrong = append(wrong, name+" is in the mode of a disk and has to be switched, for which balenaOS has usb_modeswitch")
			continue
		case "download":
			wrong = append(wrong, name+" waits for firmware")
			continue
		}
		var others []string
		bound := false
		for _, i := range m.Interfaces {
			driver := valueOf(i.Driver)
			bound = bound || driver != ""
			if role := valueOf(i.Role); driver != "" && role != "storage" && role != "audio" && !slices.Contains(balenaModemDrivers, driver) && !slices.Contains(others, driver) {
				others = append(others, driver)
			}
		}
		switch {
		case len(others) > 0:
			wrong = append(wrong, name+" uses "+page.List(others)+", which balenaOS does not add to every kernel")
		case !bound:
			wrong = append(wrong, name+" has no driver")
		}
	}
	a.found = strings.Join(found, ", ")
	if len(wrong) > 0 {
		a.verdict = Warn
		a.detail = strings.Join(wrong, "; ") + "."
	} else {
		a.detail = "balenaOS adds their drivers to every kernel. Whether ModemManager gets on with them is not said by that."
	}
	return a
}
