package require

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// Case is what is judged together: a report, and what else is known of the run
// in which it was made.
type Case struct {
	Report  *report.Report
	Console *console.Boot // what was said in front of the report; nil if there is no log
}

// consoleRows are the checks of the table's second part, in its order.
func consoleRows() []string {
	return []string{"console.loader-version", "console.boot-source", "console.environment", "console.dram", "console.secure-boot", "console.board", "console.kernel"}
}

// deskBasis is what a statement of the console is worth.
const deskBasis = "observed at the desk in the log of the console, not signed by the board"

// beside gives a rule the console as well.
func beside(said *console.Boot, decide func(*report.Report, console.Boot) answer) func(*report.Report) answer {
	return func(r *report.Report) answer {
		if said == nil {
			return answer{verdict: Info, detail: "No log of the console was read with this report."}
		}
		return decide(r, *said)
	}
}

// quoted is a line of the log, for people.
func quoted(w console.Witness) string { return fmt.Sprintf("console line %d %q", w.Last, w.Text) }

// silent is the answer where the log does not tell.
func silent(a answer, what string) answer {
	a.verdict = Info
	a.detail = "The log of the console does not say " + what + "."
	return a
}

// alone is the answer where only the console tells.
func alone(a answer, why, words string) answer {
	a.verdict = Info
	a.found = "console: " + words
	a.detail = "The report does not have it (" + why + "). This is " + deskBasis + "."
	return a
}

// contradiction keeps both values.
func contradiction(a answer, reported string, w console.Witness, detail string) answer {
	a.verdict = Warn
	a.found = "report: " + reported + "; " + quoted(w)
	a.detail = strings.TrimSpace(detail + " Both values are kept; none is preferred.")
	return a
}

// optionsSaid adds to the answer of boot.options what the console says.
func optionsSaid(said *console.Boot, decide func(*report.Report) answer) func(*report.Report) answer {
	return func(r *report.Report) answer {
		a := decide(r)
		if said != nil {
			if words := sourceText(*said); words != "" {
				a.found = strings.TrimPrefix(a.found+"; console: "+words, "; ")
				a.detail += " What the console says is " + deskBasis + "."
			}
		}
		return a
	}
}

// stageText names the firmware and loaders with the first words of their versions.
func stageText(said console.Boot) string {
	names := map[console.Kind]string{
		console.ROM: "ROM", console.FirstStage: "first stage", console.SPL: "SPL", console.TFA: "TF-A", console.OPTEE: "OP-TEE", console.SystemFW: "system firmware",
		console.OpenSBI: "OpenSBI", console.UBoot: "U-Boot", console.Coreboot: "coreboot", console.UEFI: "UEFI", console.BIOS: "SeaBIOS", console.GRUB: "GRUB", console.RaspberryPi: "Raspberry Pi",
	}
	var words []string
	for _, w := range said.Stages() {
		words = append(words, first(names[w.Kind], string(w.Kind))+" "+token(w.Value))
	}
	return strings.Join(words, ", ")
}

// token is the version itself, without the time of the build and other remarks.
func token(version string) string {
	version = strings.TrimSpace(version)
	if end := strings.IndexAny(version, " ("); end > 0 {
		return version[:end]
	}
	return version
}

// loaderSaid decides console.loader-version.
func loaderSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"boot.loader", "boot.loader_version"}}
	text := stageText(said)
	if text == "" {
		return silent(a, "which loaders ran")
	}
	version, ok := r.Boot.LoaderVersion.Get()
	if !ok {
		return alone(a, r.Boot.LoaderVersion.Why(), text)
	}
	loader := valueOf(r.Boot.Loader)
	kinds := map[string][]console.Kind{
		"u-boot": {console.UBoot}, "barebox": {console.Barebox}, "raspberry-pi": {console.RaspberryPi}, "uefi": {console.UEFI}, "bios": {console.BIOS, console.Coreboot},
	}[loader]
	a.found = "console: " + text
	w, ok := said.Version(kinds...)
	switch {
	case !ok:
		a.verdict = Info
		a.detail = strings.TrimSpace("The log of the console does not name the loader that named itself to Linux: "+loader+" "+version) + "."
	case !sameLoader(loader, version, w.Value):
		return contradiction(a, strings.TrimSpace(loader+" "+version), w, "")
	default:
		a.verdict = Pass
		a.detail = "The loader names itself to Linux as on the console; the others are " + deskBasis + "."
	}
	return a
}

// sameLoader compares what a loader said to Linux with its banner. UEFI and BIOS
// have their vendor in front; a Raspberry Pi prints the start of a hash.
func sameLoader(loader, running, banner string) bool {
	banner = token(banner)
	switch loader {
	case "u-boot":
		return token(strings.TrimPrefix(running, "U-Boot ")) == banner
	case "barebox":
		return token(strings.TrimPrefix(running, "barebox-")) == banner
	case "raspberry-pi":
		return len(banner) >= 7 && strings.HasPrefix(running, banner)
	}
	for _, word := range strings.Fields(running) {
		if word == banner {
			return true
		}
	}
	return false
}

// sourceText says from what loader and system were started.
func sourceText(said console.Boot) string {
	var words []string
	add := func(what string, w console.Witness, medium string, ok bool) {
		switch {
		case !ok:
		case medium == "":
			words = append(words, fmt.Sprintf("%s from %s, line %d", what, w.Value, w.Last))
		default:
			words = append(words, fmt.Sprintf("%s from %s (%s), line %d", what, w.Value, medium, w.Last))
		}
	}
	w, medium, ok := said.Source()
	add("loader", w, medium, ok)
	w, medium, ok = said.System()
	add("system", w, medium, ok)
	if w, ok := said.Option(); ok {
		words = append(words, fmt.Sprintf("%s, line %d", w.Value, w.Last))
	}
	return strings.Join(words, "; ")
}

// sourceSaid decides console.boot-source. UEFI's boot.current is what it started
// the system from, and is compared by the option; that of other loaders is what
// they were started from themselves.
func sourceSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"boot.current", "boot.current_device"}}
	text := sourceText(said)
	if text == "" {
		return silent(a, "from what the board booted")
	}
	current, ok := r.Boot.Current.Get()
	if !ok {
		return alone(a, r.Boot.Current.Why(), text)
	}
	a.verdict = Info
	a.found = "report: " + current + "; console: " + text
	a.detail = "The two do not speak of the same step, or not in words that can be compared."
	w, medium, ok := said.Source()
	if valueOf(r.Boot.Loader) == "uefi" {
		w, ok = said.Option()
		medium = ""
		for _, o := range r.Boot.Options {
			if ok && o.Number == w.Value {
				a.facts = append(a.facts, "boot.options["+o.Number+"].medium")
				medium = valueOf(o.Medium)
			}
		}
	}
	switch agree, known := sameMedium(current, medium); {
	case !ok || !known:
	case agree:
		a.verdict = Pass
		a.detail = "The console names the medium of the report. Numbers of media are the loader's own."
	default:
		return contradiction(a, current, w, "")
	}
	return a
}

// sameMedium compares two words for media. mmc is an eMMC or an SD card, mtd any
// flash, and scsi what Linux drives as a SCSI disk. Both must be known words.
func sameMedium(a, b string) (agree, known bool) {
	if a == "sd-detect" {
		a = "sd" // the word of a Raspberry Pi that then waits for another card
	}
	kinds := map[string]string{
		"emmc": "mmc", "sd": "mmc", "mmc": "", "spi": "mtd", "nand": "mtd", "mtd": "", "nvme": "", "sata": "scsi", "usb": "scsi", "ufs": "scsi", "scsi": "", "virtio": "", "network": "",
	}
	of, knownA := kinds[a]
	other, knownB := kinds[b]
	return a == b || of == b || other == a, knownA && knownB
}

// amountStep is how far apart two amounts can be without meaning another size: a
// loader prints one digit behind the point, and firmware keeps a part.
func amountStep(w console.Witness) int64 {
	if strings.Contains(w.Value, "GiB") || strings.Contains(w.Value, "GB") {
		return claimTolerance + (1<<30)/10
	}
	return claimTolerance
}

// amountSaid decides console.dram.
func amountSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: ramFacts(r)}
	w, ok := said.DRAM()
	if !ok {
		return silent(a, "how much memory was found")
	}
	m := amountsOf(r)
	step := amountStep(w)
	words := fmt.Sprintf("%s, line %d", w.Value, w.Last)
	switch {
	case w.SizeBytes == 0:
		a.verdict, a.found = Warn, "console: "+words
		a.detail = "The loader found no memory and stopped: that boot failed."
		return a
	case m.fitted == 0 && w.SizeBytes >= m.lower-step:
		return alone(a, first(r.Memory.FittedBytes.Why(), string(report.Invalid)), words)
	case w.SizeBytes < m.lower-step:
		return contradiction(a, m.fittedWords, w, "The kernel was given more than the loader found: the loader counts a part, or the kernel was told too much.")
	case w.SizeBytes > m.fitted+step:
		return contradiction(a, m.fittedWords, w, "The loader found more than the report has.")
	}
	a.verdict = Pass
	a.found = "report: " + m.fittedWords + "; console: " + words
	a.detail = "No difference that means another size."
	return a
}

// lockSaid decides console.secure-boot.
func lockSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"security.secure_boot"}}
	w, state, ok := said.Security()
	if !ok {
		return silent(a, "whether the board starts only what is signed")
	}
	reported, known := r.Security.SecureBoot.Get()
	closed := reported == "enforced" || reported == "enabled"
	switch {
	case !known && r.Security.SecureBoot.Gap == report.Unsupported && state == console.Closed:
		return contradiction(a, "no Secure Boot", w, "")
	case !known && state == console.Closed:
		a = alone(a, r.Security.SecureBoot.Why(), state+", line "+fmt.Sprint(w.Last))
		a.verdict = Warn
		a.detail = "A loader says that the board starts only what is signed. " + a.detail
	case !known:
		a = alone(a, r.Security.SecureBoot.Why(), state+", line "+fmt.Sprint(w.Last))
	case closed != (state == console.Closed):
		return contradiction(a, reported, w, "")
	default:
		a.verdict = Pass
		a.found = "report: " + reported + "; " + quoted(w)
		a.detail = "Console and report agree."
	}
	return a
}

// boardSaid decides console.board: the loader has a device tree of its own, which
// names the board that it was built for.
func boardSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"identity.model"}}
	var named []console.Witness
	for _, w := range said.Models() {
		if strings.HasPrefix(w.Text, "Model:") {
			named = append(named, w)
		}
	}
	if len(named) == 0 {
		return silent(a, "for which board the loader was built")
	}
	model, ok := r.Identity.Model.Get()
	last := named[len(named)-1]
	if !ok {
		return alone(a, r.Identity.Model.Why(), fmt.Sprintf("%s, line %d", last.Value, last.Last))
	}
	for _, w := range named {
		if strings.EqualFold(w.Value, page.Clean(model)) {
			a.verdict = Pass
			a.found = fmt.Sprintf("%s, line %d", w.Value, w.Last)
			a.detail = "Loader and kernel name the same model."
			return a
		}
	}
	return contradiction(a, model, last, "The loader was built for another board, or names this one otherwise.")
}

// settingsSaid decides console.environment: an order that is read from settings
// holds only if the loader uses these.
func settingsSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"boot.media", "boot.loader_order"}}
	w, place, state, ok := said.Settings()
	if !ok || state == "" {
		return silent(a, "which settings the loader uses")
	}
	if bad, is := unlisted(r, "boot"); is {
		return bad
	}
	var saved []string
	for _, m := range r.Boot.Media {
		for _, e := range m.Environments {
			if strings.HasPrefix(e.Place, "saved@") {
				saved = append(saved, first(valueOf(m.Name), m.Path)+" "+e.Place)
			}
		}
	}
	order, known := r.Boot.LoaderOrder.Get()
	words := fmt.Sprintf("%s settings, from %s, line %d", state, first(place, "a place that is not named"), w.Last)
	switch {
	case state == console.Default && len(saved) > 0:
		return contradiction(a, "settings at "+page.List(saved), w, "The loader did not use the settings that were found.")
	case state == console.Saved && len(saved) == 0 && known:
		return contradiction(a, "no saved settings; loader order "+page.List(order), w, "The loader used settings that were not found, so the order may be another one.")
	case state == console.Saved && len(saved) == 0:
		return alone(a, r.Boot.LoaderOrder.Why(), words)
	}
	a.verdict = Pass
	a.found = "console: " + words
	a.detail = "No saved settings were found on the media, and the loader used none."
	if state == console.Saved {
		a.detail = "Saved settings were found on the media, and the loader used some."
	}
	return a
}

// kernelSaid decides console.kernel: of another run is a log whose kernel is
// another one.
func kernelSaid(r *report.Report, said console.Boot) answer {
	a := answer{facts: []string{"kernel.release"}}
	w, ok := said.Version(console.Kernel)
	if !ok {
		return silent(a, "which kernel was started")
	}
	release, ok := r.Kernel.Release.Get()
	words := fmt.Sprintf("%s, line %d", token(w.Value), w.Last)
	switch {
	case !ok:
		return alone(a, r.Kernel.Release.Why(), words)
	case token(w.Value) != release:
		return contradiction(a, release, w, "The log is of another run, or another kernel was started in between.")
	}
	a.verdict = Pass
	a.found = words
	a.detail = "The kernel of the log is the one of the report."
	return a
}
