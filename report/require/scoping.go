package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// named is a fact with the word by which people know it.
type named struct {
	path, word string
	fact       report.Fact[string]
}

// tell joins the known ones as "word value" and lists the paths of all.
func tell(list []named) (text string, paths []string) {
	var words []string
	for _, n := range list {
		paths = append(paths, n.path)
		if n.fact.OK() {
			words = append(words, strings.TrimSpace(n.word+" "+n.fact.Value))
		}
	}
	return strings.Join(words, ", "), paths
}

// asking is the answer of a check that only people can close, with what the
// board says about it.
func asking(list []named, detail string) answer {
	found, paths := tell(list)
	return answer{verdict: Ask, found: found, detail: detail, facts: paths}
}

// hardware decides doc.hardware: does the report describe the board?
func hardware(r *report.Report) answer {
	a := answer{verdict: Pass, facts: []string{"identity.model", "identity.product", "cpu.architecture", "cpu.types", "memory.fitted_bytes", "storage"}}
	var have, lack []string
	add := func(what, value string, ok bool) {
		if ok {
			have = append(have, value)
		} else {
			lack = append(lack, what)
		}
	}
	name := first(valueOf(r.Identity.Model), valueOf(r.Identity.Product))
	add("model", name, name != "")
	var cores []string
	for _, t := range r.CPU.Types {
		if n, ok := t.Name.Get(); ok && n != "" {
			cores = append(cores, n)
		}
	}
	add("processor", strings.TrimSpace(valueOf(r.CPU.Architecture)+" "+strings.Join(cores, ", ")), len(cores) > 0 && r.CPU.Architecture.OK())
	memory, ok := r.Memory.FittedBytes.Get()
	add("RAM", page.Size(memory, 2)+" RAM", ok && memory > 0)
	complete := r.Section("storage").Outcome == report.OutcomeOK && len(r.Storage) > 0
	for _, d := range r.Storage {
		complete = complete && d.Kind.OK() && d.SizeBytes.OK()
	}
	add("storage", describe(r.Storage), complete)
	details := hardwareDetails(r, add)
	a.facts = append(a.facts, details...)
	a.found = strings.Join(have, "; ")
	a.detail = "Model, processor, RAM, storage and their parts are described by this report."
	if len(lack) > 0 {
		a.verdict = Ask
		a.detail = "Not, or not completely, described by this report: " + page.List(lack) + "."
		a.question = "Please state, or send the hardware specification that says it: " + page.List(lack) + "."
	}
	return a
}

// hardwareDetails adds what a specification names beside the four basics: the revision
// of the SoC, the parts of soldered media, the PHYs of Ethernet, radios and regulators.
func hardwareDetails(r *report.Report, add func(what, value string, ok bool)) (facts []string) {
	if r.Identity.Compatible.OK() {
		revision, ok := r.Identity.SoCRevision.Get()
		add("revision of the SoC", "SoC revision "+revision, ok)
		facts = append(facts, "identity.soc_revision")
	}
	for _, d := range r.Storage {
		if d.Attached.Value == report.Soldered && d.Kind.Value != report.KindMTD && d.Kind.Value != report.KindVirtio {
			model, ok := d.Model.Get()
			add("part of "+first(valueOf(d.Name), d.Path), "part "+strings.TrimSpace(valueOf(d.Manufacturer)+" "+model), ok)
			facts = append(facts, "storage["+d.Path+"].model")
		}
	}
	for _, n := range r.Network {
		if valueOf(n.Kind) == "ethernet" && n.Attached.Value == report.Soldered && r.Identity.Compatible.OK() {
			phy, ok := n.PHYID.Get()
			add("Ethernet PHY of "+first(valueOf(n.Name), n.Path), "PHY "+phy, ok)
			facts = append(facts, "network["+n.Path+"].phy_id")
		}
	}
	if r.Identity.Compatible.OK() && couldStartRadios(r) {
		facts = append(facts, "wifi", "bluetooth")
	} else if r.Identity.Compatible.OK() {
		add("radios", "", false)
	}
	return facts
}

func valueOf(f report.Fact[string]) string {
	v, _ := f.Get() // "" for a gap
	return v
}

// layer tells for bsp.layer what a Yocto build left on the board.
func layer(r *report.Report) answer {
	list := []named{{"distribution.yocto", "Yocto", r.OS.Yocto}, {"distribution.name", "", r.OS.Name}}
	a := asking(list, "Whether a Yocto BSP layer exists, who supports it and under which licences, only people can say.")
	var names []string
	for _, l := range r.OS.Layers {
		names = append(names, l.Name)
		a.facts = append(a.facts, "distribution.layers["+l.Name+"]")
	}
	if len(names) > 0 {
		a.found = strings.TrimPrefix(a.found+"; layers "+strings.Join(names, ", "), "; ")
	}
	return a
}

func bootloaderSources(r *report.Report) answer {
	a := asking([]named{
		{"identity.loader_version", "boot loader", r.Identity.LoaderVersion},
		{"identity.firmware_vendor", "firmware", r.Identity.FirmwareVendor},
		{"identity.firmware_version", "firmware version", r.Identity.FirmwareVersion},
		{"identity.firmware_date", "of", r.Identity.FirmwareDate},
	}, "The sources have to be those of the boot loader on this board.")
	return withPackages(r, a, "bootloader")
}

func kernelSources(r *report.Report) answer {
	a := asking([]named{
		{"kernel.release", "kernel", r.Kernel.Release},
		{"kernel.version", "built as", r.Kernel.Version},
	}, "The sources have to be those of the kernel that the BSP builds.")
	a.facts = append(a.facts, "sight.kernel_origin")
	if !ofBSP(r) {
		a.detail += " The kernel of this run (" + kernelOf(r) + ") need not be that one: say which version the BSP builds."
	}
	return withPackages(r, a, "kernel")
}

// withPackages adds the installed packages that have a role.
func withPackages(r *report.Report, a answer, role string) answer {
	for _, p := range r.OS.Packages {
		if valueOf(p.Role) == role {
			a.found = strings.TrimPrefix(a.found+"; package "+strings.TrimSpace(p.Name+" "+valueOf(p.Version)), "; ")
			a.facts = append(a.facts, "distribution.packages["+p.Name+"].version")
		}
	}
	return a
}

func configs(r *report.Report) answer {
	a := answer{verdict: Ask, facts: []string{"kernel.config_sha256", "sight.kernel_config", "sight.kernel_origin"}}
	known := r.Kernel.ConfigSHA256.OK() || r.Sight.KernelConfig.OK() && r.Sight.KernelConfig.Value
	vendor := ofBSP(r)
	switch {
	case known && vendor:
		a.found = "configuration of the running BSP kernel read"
		a.detail = "The configuration of the boot loader cannot be read from a board."
	case known:
		a.found = "configuration of the running kernel read"
		a.detail = "It need not be the configuration that the BSP builds with. That of the boot loader cannot be read from a board."
	default:
		a.detail = "The running kernel does not show its configuration. That of the boot loader cannot be read from a board."
	}
	return a
}

// lookup finds what documents say about the board.
func lookup(r *report.Report) []boards.Board {
	compatible, _ := r.Identity.Compatible.Get() // none if not known
	return boards.Lookup(compatible, boards.Machine{Vendor: valueOf(r.Identity.Vendor), Product: valueOf(r.Identity.Product)})
}

// switchHint says what decides the boot medium, what to photograph, and on
// which citations that rests. A board without a hint may have switches.
func switchHint(r *report.Report) (mode string, switches []string, none bool, from []string) {
	for _, b := range lookup(r) {
		if m, ok := b.BootMode.Get(); ok && mode == "" {
			mode = b.Name + ": " + m
			from = append(from, b.BootMode.From...)
		}
		if s, ok := b.Switches.Get(); ok && switches == nil && !none {
			switches, none = s, len(s) == 0
			from = append(from, b.Switches.From...)
		}
	}
	return mode, switches, none, from
}

func bootSwitches(r *report.Report) answer {
	mode, switches, none, from := switchHint(r)
	a := answer{
		verdict: Ask,
		found:   mode,
		facts:   []string{"identity.compatible", "identity.vendor", "identity.product", "boot.rom_straps", "boot.switches_set"},
		detail:  "The position of a switch cannot be read from Linux on this board.",
	}
	straps, read := r.Boot.ROMStraps.Get()
	positions, _ := r.Boot.SwitchesSet.Get() // none if not known
	switch {
	case read:
		a.detail = "The straps of this unit say " + page.List(straps) + "."
		a.found = strings.TrimPrefix(a.found+"; "+strings.Join(positions, ", "), "; ")
	case r.Boot.ROMStraps.Gap == report.NotProbed && !r.Boot.ROMStraps.IsZero():
		a.detail = "What the straps of this board say is in registers: " + r.Boot.ROMStraps.Note + "."
	}
	switch {
	case len(positions) > 0:
		a.verdict = Info
		a.detail += " The switch was read as the SoC latched it at reset."
	case none && !read:
		a.verdict = Info
		a.detail = "No boot switch or jumper is documented for this kind of board."
	case len(switches) > 0:
		a.question = "In which position is " + page.List(switches) + " in production? Please send a photograph."
	}
	if len(from) > 0 {
		a.detail += " Source: " + strings.Join(slices.Compact(from), "; ") + "."
	}
	return a
}

func existingLinux(r *report.Report) answer {
	a := asking([]named{
		{"distribution.name", "", r.OS.Name}, {"distribution.version_id", "", r.OS.VersionID},
		{"distribution.codename", "", r.OS.Codename}, {"distribution.device_type", "device type", r.OS.DeviceType}, {"distribution.yocto", "Yocto", r.OS.Yocto},
	}, "The Linux of the board was not seen by this run.")
	if a.found != "" {
		a.verdict = Info
		a.detail = "This distribution runs on the board. A link to it helps, and so do others that do."
		if slug, ok := r.OS.DeviceType.Get(); ok {
			a.detail = "balenaOS runs on this board already, as device type " + slug + "."
		}
	}
	return a
}

// peripherals counts for info.peripherals what is fitted or plugged in.
func peripherals(r *report.Report) answer {
	a := answer{verdict: Ask, facts: []string{"network", "usb", "pci", "wifi", "bluetooth", "modems", "peripherals"}}
	var words []string
	p := &r.Peripherals
	for _, c := range []struct {
		count int
		what  string
	}{
		{len(r.WiFi), "Wi-Fi radio"}, {len(r.Bluetooth), "Bluetooth controller"}, {len(r.Modems), "modem"}, {len(p.Displays), "connector for screens"},
		{len(p.Cameras), "camera"}, {len(p.Sound), "sound card"}, {len(p.GNSS), "GNSS receiver"},
	} {
		if c.count > 0 {
			words = append(words, counted(int64(c.count), c.what))
		}
	}
	for _, n := range r.Network {
		words = append(words, strings.TrimSpace(first(valueOf(n.Kind), "network")+" "+valueOf(n.Name)))
	}
	for _, c := range []struct {
		count int
		what  string
	}{{len(r.USB), "on USB"}, {len(r.PCI), "on PCI"}} {
		if c.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", c.count, c.what))
		}
	}
	a.found = strings.Join(words, ", ")
	a.detail = "Which of what is fitted has to work, and what will be plugged in, only people can say."
	return a
}

func sameBoards(r *report.Report) answer {
	facts := []named{{"fingerprint", "fingerprint", r.Fingerprint}, {"bom", "parts", r.BOM}}
	for _, s := range r.Claims {
		if name, ok := strings.CutPrefix(s.Name, report.StatedLabel); ok && (name == "hw" || name == "revision") {
			facts = append(facts, named{"claims[" + s.Name + "].value", "stated " + name, s.Value})
		}
	}
	a := asking(facts, "One report describes one board. Reports of all three can be compared; PCB and assembly revision cannot be read and have to be stated.")
	if len(facts) > 2 {
		a.question = "Is the stated revision of this board that of PCB and assembly and the one in production, and are the other boards the same?"
	}
	return a
}

// rigReady tells for rig.ready what the test rig could use to see the board go
// off: Ethernet, or a serial console.
func rigReady(r *report.Report) answer {
	if a, bad := unlisted(r, "network"); bad {
		return a
	}
	a := answer{verdict: Ask, facts: []string{"network", "mmc_hosts"}}
	var wired []string
	for _, n := range r.Network {
		if valueOf(n.Kind) == "ethernet" && n.Attached.Value != report.External {
			wired = append(wired, first(valueOf(n.Name), n.Path))
		}
	}
	a.found = "no Ethernet of the board's own seen"
	if len(wired) > 0 {
		a.found = "Ethernet " + strings.Join(wired, ", ")
	}
	if mediaOf(r).sdSlot {
		a.found += "; SD slot"
	}
	p := &r.Peripherals
	a.facts = append(a.facts, "peripherals.serial", "peripherals.power.methods", "peripherals.watchdogs", "peripherals.clocks")
	for _, port := range p.Serial {
		if port.Console.Value {
			a.found += "; console " + first(valueOf(port.Name), port.Path)
		}
	}
	if methods, ok := p.Power.Methods.Get(); ok && len(methods) > 0 {
		a.found += "; power off by " + page.List(methods)
	}
	if n := len(p.Watchdogs); n > 0 {
		a.found += "; " + counted(int64(n), "watchdog")
	}
	if n := len(p.Clocks); n > 0 {
		a.found += "; " + counted(int64(n), "clock")
	}
	a.detail = "Power, boot selection, recovery and the console connector cannot be seen by a program."
	return a
}
