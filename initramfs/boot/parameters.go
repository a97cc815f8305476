package boot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/initramfs/deliver"
)

// What happens when the report has been delivered.
const (
	endHold     = "hold" // a countdown, then power off
	endPowerOff = "poweroff"
	endReboot   = "reboot"
	endShell    = "shell"
)

// parameters are what the kernel command line says to the image.
type parameters struct {
	volume    string        // boardprobe.out: label of the volume that takes the report
	end       string        // boardprobe.end
	timeout   time.Duration // boardprobe.timeout: of the probe
	modules   bool          // boardprobe.modules: auto or none
	blacklist []string      // boardprobe.blacklist: modules that are not loaded
	load      []string      // boardprobe.load: modules besides those that devices name
	labels    []string      // boardprobe.label: K=V, may be repeated
	ticket    string        // boardprobe.ticket: the word of a request
	mmio      string        // boardprobe.mmio: proven or unproven
	active    bool          // boardprobe.active: yes or no

	options map[string]string // parameters of modules, by the module's name
}

// DefaultTimeout bounds the probe.
const DefaultTimeout = 2 * time.Minute

// maxTimeout keeps a mistyped bound from making a board seem dead.
const maxTimeout = time.Hour

// parseParameters reads a kernel command line. What it does not understand is
// left at its default and returned as notes for the console: a board that does
// not probe because of a typing error helps nobody.
func parseParameters(line string) (p parameters, notes []string) {
	p = parameters{volume: deliver.DefaultLabel, end: endHold, timeout: DefaultTimeout, modules: true, active: true, options: map[string]string{}}
	for _, word := range splitCommandLine(line) {
		name, value, _ := strings.Cut(word, "=")
		module, name, dotted := strings.Cut(name, ".")
		if !dotted || module == "" {
			continue
		}
		if module != "boardprobe" {
			// As modprobe does: module.parameter=value is the module's.
			module = strings.ReplaceAll(module, "-", "_")
			_, option, _ := strings.Cut(word, ".")
			if strings.ContainsAny(option, " \t\n") {
				option = name + `="` + value + `"` // or the kernel would split it
			}
			p.options[module] = strings.TrimSpace(p.options[module] + " " + option)
			continue
		}
		if err := p.set(name, value); err != nil {
			notes = append(notes, fmt.Sprintf("boardprobe.%.32s: %v", name, err))
		}
	}
	if more := len(notes) - maxNotes; more > 0 {
		notes = append(notes[:maxNotes], fmt.Sprintf("and %d more that make no sense", more))
	}
	return p, notes
}

// maxNotes bounds what a garbled command line may print.
const maxNotes = 8

// never returns the modules that are not to be loaded.
func (p *parameters) never() []string {
	if !p.modules {
		return []string{noModules}
	}
	return p.blacklist
}

func (p *parameters) set(name, value string) error {
	switch name {
	case "out":
		if value == "" || len(value) > 11 || ascii(value) != value || strings.Contains(value, "\n") {
			return fmt.Errorf("a FAT label has 1 to 11 ASCII characters")
		}
		p.volume = value
	case "end":
		switch value {
		case endHold, endPowerOff, endReboot, endShell:
			p.end = value
		default:
			return fmt.Errorf("want poweroff, reboot, hold or shell")
		}
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 || d > maxTimeout {
			return fmt.Errorf("want a time of at most an hour, as in 90s or 2m")
		}
		p.timeout = d
	case "modules":
		switch value {
		case "auto":
			p.modules = true
		case "none":
			p.modules = false
		default:
			return fmt.Errorf("want auto or none")
		}
	case "blacklist":
		p.blacklist = append(p.blacklist, strings.FieldsFunc(value, func(r rune) bool { return r == ',' })...)
	case "load":
		p.load = append(p.load, strings.FieldsFunc(value, func(r rune) bool { return r == ',' })...)
	case "mmio":
		switch value {
		case "proven", "unproven":
			p.mmio = value
		case "none":
			p.mmio = ""
		default:
			return fmt.Errorf("want none, proven or unproven")
		}
	case "active":
		switch value {
		case "yes":
			p.active = true
		case "no":
			p.active = false
		default:
			return fmt.Errorf("want yes or no")
		}
	case "label":
		key, _, _ := strings.Cut(value, "=")
		if slices.ContainsFunc(p.labels, func(label string) bool { return strings.HasPrefix(label, key+"=") }) {
			return fmt.Errorf("%.32s is stated twice: the first counts", key)
		}
		p.labels = append(p.labels, value)
	case "ticket":
		p.ticket = value
	default:
		return fmt.Errorf("there is no such parameter")
	}
	return nil
}

// splitCommandLine splits at spaces that are not between double quotes, and
// takes the quotes away (next_arg in lib/cmdline.c of the kernel, which keeps
// those within a word; no parameter of ours has any). What follows "--" is for
// init and is read as well.
func splitCommandLine(line string) []string {
	var words []string
	var word strings.Builder
	quoted, started := false, false
	for _, c := range []byte(strings.TrimRight(line, "\n\x00")) {
		switch {
		case c == '"':
			quoted, started = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words
}
