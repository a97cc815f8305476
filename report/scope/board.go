package scope

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
	"github.com/boardprobe/boardprobe/report/require"
)

// IdentityOf is what tells the board of a report apart.
func IdentityOf(r *report.Report) Identity {
	i := &r.Identity
	id := Identity{Compatible: i.Compatible.Value, Product: i.Product.Value, Board: i.BoardName.Value, Arch: r.CPU.BalenaArchitecture.Value}
	if id.Vendor = i.Vendor.Value; id.Vendor == "" {
		id.Vendor = i.BoardVendor.Value
	}
	if bytes, ok := r.Memory.FittedBytes.Get(); ok {
		id.RAMGiB = (bytes + 1<<30 - 1) >> 30
	}
	for _, d := range r.Storage {
		if d.Kind.Value == report.KindEMMC {
			id.Internal = true
		}
	}
	return id
}

// mediaOf lays balenaOS out on each medium that stays in the board, those that take it first,
// then in the order of installKinds. A card in a slot is whatever somebody put there.
func mediaOf(r *report.Report) []Medium {
	var list []Medium
	for _, d := range r.Storage {
		size, sized := d.SizeBytes.Get()
		kind := d.Kind.Value
		if !sized || d.Attached.Value == report.External || !slices.Contains(installKinds(), kind) || ofTheRun(r, d) {
			continue
		}
		list = append(list, Medium{Path: d.Path, Name: d.Name.Value, Kind: kind, Bytes: size, Attached: d.Attached.Value, Layout: LayoutOn(size, d.LogicalBlockBytes.Value, false)})
	}
	slices.SortStableFunc(list, func(a, b Medium) int {
		return cmp.Or(compareBool(!a.Layout.Fits, !b.Layout.Fits), slices.Index(installKinds(), a.Kind)-slices.Index(installKinds(), b.Kind))
	})
	return list
}

// installKinds are the kinds of media that balenaOS is installed on, those that the
// page of balena names first.
func installKinds() []string {
	return []string{report.KindEMMC, report.KindUFS, report.KindNVMe, report.KindSATA, report.KindSCSI, report.KindVirtio}
}

// ofTheRun reports whether a disk is there for the probe: it was started from it, or
// leaves its report on it.
func ofTheRun(r *report.Report, d report.Disk) bool {
	name := d.Name.Value
	return name != "" && (r.Sight.StartedFrom.Value == name || strings.HasPrefix(r.Sight.ReportVolume.Value, name))
}

// Medium is balenaOS on a medium.
type Medium struct {
	Path     string `json:"path"`
	Name     string `json:"name"` // the kernel's
	Kind     string `json:"kind"`
	Bytes    int64  `json:"bytes"`
	Attached string `json:"attached,omitempty"`
	Layout   Layout `json:"layout"`
}

// ridesOf answers for the kernel of the run. known is false where there is none.
func ridesOf(r *report.Report, on time.Time) (kernel Version, rides []Ride, known bool) {
	kernel, known = ParseVersion(r.Kernel.Release.Value)
	if !known {
		return kernel, nil, false
	}
	return kernel, Rides(kernel, r.CPU.Architecture.Value, on), true
}

// kernelItem says what the kernel means for Yocto. Only that of a BSP decides; what
// another one would ride is told where that is the kernel that ran.
func kernelItem(r *report.Report, kernel Version, rides []Ride, known bool, on time.Time) (Item, bool) {
	if !known || r.Sight.KernelOrigin.Value != report.OriginBSP {
		return Item{}, false
	}
	text, supported := RidesText(rides)
	i := Item{ID: "kernel.yocto", Text: fmt.Sprintf("BSP's %s %s (%s)", kernel, text, Maintained(kernel, on)), Facts: []string{"kernel.release", "sight.kernel_origin"}}
	if supported {
		return i, false
	}
	i.Consequence = require.Consequence{Effect: require.Effort, Size: require.Large, Work: "kernel",
		Why: "A board on a Yocto that is not supported any more needs a newer kernel, or stays with one that gets no fixes."}
	return i, true
}

// layoutItems says where balenaOS does not fit, or would have to be tried.
func layoutItems(media []Medium) []Item {
	var items []Item
	for i, m := range media {
		if i > 0 && !m.Layout.Fits {
			break // the one in front takes it
		}
		item := Item{ID: "storage.layout", Facts: []string{"storage[" + m.Path + "].size_bytes", "storage[" + m.Path + "].logical_block_bytes"}}
		switch {
		case !m.Layout.Fits:
			item.Text = fmt.Sprintf("%s: balenaOS needs %s, and this has %s", m.Name, page.Size(m.Layout.OSBytes+(dataMiB+tailMiB)*mib, 2), page.Size(m.Bytes, 2))
			item.Consequence = require.Consequence{Effect: require.Risk, Why: "Nothing can be installed on a medium that is too small."}
		case m.Layout.Note != "":
			item.Text = m.Name + ": " + m.Layout.Note
			item.Consequence = require.Consequence{Effect: require.Effort, Size: require.Medium, Work: "storage", Why: "Images and their tools count in sectors of 512 bytes."}
		default:
			continue
		}
		items = append(items, item)
	}
	return items
}

// whatItIs describes a board in at most ten lines.
func whatItIs(r *report.Report, findings []require.Finding) []Line {
	lines := []Line{processor(r), memory(r, findings), storage(r), boot(r), kernelLine(r), radios(r), network(r), secureBoot(r), system(r)}
	return slices.DeleteFunc(lines, func(l Line) bool { return l.Text == "" })
}

// said builds the text of a line from facts, and keeps the weakest basis of them.
type said struct {
	line  Line
	words []string
}

func about(name string) *said { return &said{line: Line{Name: name, Facts: []string{}}} }

// add puts words that rest on a fact; empty ones only name it.
func add[T report.Value](s *said, path string, f report.Fact[T], words string) {
	s.line.Facts = append(s.line.Facts, path)
	if !f.OK() || words == "" {
		return
	}
	if f.Basis.Weaker(report.Observed) {
		words += " (" + string(f.Basis) + ")"
	}
	s.words = append(s.words, words)
	if s.line.Basis == "" || f.Basis.Weaker(s.line.Basis) {
		s.line.Basis = f.Basis
	}
}

func (s *said) word(words string) { s.words = append(s.words, words) }

// end joins the parts.
func (s *said) end(none string) Line {
	s.line.Text = page.Clean(strings.Join(s.words, ", "))
	if s.line.Text == "" {
		s.line.Text = none
	}
	return s.line
}

// noneOf is what is said of empty lists: that they are empty only if their sections
// were read.
func noneOf(r *report.Report, words string, lists ...string) string {
	for _, list := range lists {
		name := report.SectionOf(list)
		if section := r.Section(name); section.Outcome != report.OutcomeOK {
			return fmt.Sprintf("not known: section %s %s", name, section.Outcome)
		}
	}
	return words
}

func processor(r *report.Report) Line {
	s := about("processor")
	for _, t := range r.CPU.Types {
		path := "cpu.types[" + t.Signature + "]."
		name := t.Name.Value
		if name == "" {
			name = t.ModelName.Value
		}
		if name == "" {
			name = t.Signature
		}
		words := name
		if n, ok := t.Count.Get(); ok {
			words = fmt.Sprintf("%d x %s", n, name)
		}
		if khz, ok := t.MaxKHz.Get(); ok {
			words += fmt.Sprintf(" %d.%d GHz", khz/1e6, khz%1e6/1e5)
		}
		add(s, path+"count", t.Count, words)
		if !t.Count.OK() {
			s.word(words)
		}
	}
	add(s, "cpu.architecture", r.CPU.Architecture, r.CPU.Architecture.Value)
	add(s, "identity.soc_id", r.Identity.SoCID, "SoC "+r.Identity.SoCID.Value)
	add(s, "identity.soc_revision", r.Identity.SoCRevision, "revision "+r.Identity.SoCRevision.Value)
	return s.end("not seen")
}

func memory(r *report.Report, findings []require.Finding) Line {
	s := about("RAM")
	k := slices.IndexFunc(findings, func(f require.Finding) bool { return f.ID == "cds.ram" })
	if k >= 0 {
		s.line.Facts = append(s.line.Facts, findings[k].Facts...)
		s.word(findings[k].Found)
	}
	if kind := r.Memory.Type.Value; kind != "RAM" && kind != "DRAM" { // which tell nothing
		add(s, "memory.type", r.Memory.Type, kind)
	}
	return s.end("not seen")
}

func storage(r *report.Report) Line {
	s := about("storage")
	for _, d := range r.Storage {
		path := "storage[" + d.Path + "]."
		if d.Attached.Value == report.External || d.Kind.Value == report.KindOptical {
			continue
		}
		words := strings.TrimSpace(require.KindName(d.Kind.Value) + " " + d.Name.Value)
		if size, ok := d.SizeBytes.Get(); ok {
			words += " " + page.Size(size, 1)
		}
		if wear, ok := d.EMMC.LifeTimeA.Get(); ok {
			words += ", " + wear + " % of its life used"
		}
		if d.Removable.Value {
			words += " (can be taken out)"
		}
		add(s, path+"kind", d.Kind, words)
		if !d.Kind.OK() {
			s.word(words + " (kind not known)")
		}
	}
	for _, h := range r.MMCHosts {
		if h.TakesSD.Value && !h.Card.OK() {
			add(s, "mmc_hosts["+h.Path+"].takes_sd", h.TakesSD, "SD slot, empty")
		}
	}
	return s.end(noneOf(r, "none seen by this run", "storage", "mmc_hosts"))
}

func boot(r *report.Report) Line {
	s := about("boot")
	b := &r.Boot
	if order, ok := b.ROMOrder.Get(); ok {
		add(s, "boot.rom_order", b.ROMOrder, "ROM tries "+strings.Join(order, " "))
	} else if b.ROMMode.OK() {
		add(s, "boot.rom_mode", b.ROMMode, "ROM by "+b.ROMMode.Value)
	}
	loader := strings.TrimSpace(b.Loader.Value + " " + b.LoaderVersion.Value)
	if order, ok := b.LoaderOrder.Get(); ok && len(order) > 0 {
		add(s, "boot.loader_order", b.LoaderOrder, loader+" tries "+strings.Join(order, " "))
	} else {
		add(s, "boot.loader", b.Loader, loader)
	}
	add(s, "boot.current", b.Current, "used now "+b.Current.Value)
	if switches, ok := b.SwitchesSet.Get(); ok {
		add(s, "boot.switches_set", b.SwitchesSet, strings.Join(switches, " "))
	}
	return s.end("not seen")
}

func kernelLine(r *report.Report) Line {
	s := about("kernel")
	origin := r.Sight.KernelOrigin.Value
	if of := r.Sight.KernelOf.Value; of != "" {
		origin += " of " + of
	}
	add(s, "kernel.release", r.Kernel.Release, r.Kernel.Release.Value)
	add(s, "sight.kernel_origin", r.Sight.KernelOrigin, strings.TrimSpace(origin))
	return s.end("not seen")
}

func radios(r *report.Report) Line {
	s := about("radios")
	for _, w := range r.WiFi {
		add(s, "wifi["+w.Path+"].driver", w.Driver, "Wi-Fi "+w.Name.Value+" by "+w.Driver.Value)
	}
	for _, b := range r.Bluetooth {
		add(s, "bluetooth["+b.Path+"].driver", b.Driver, strings.TrimSpace("Bluetooth "+b.Name.Value+" by "+b.Driver.Value))
	}
	for _, f := range r.Firmware {
		if f.State.Value == "running" && f.Version.OK() {
			add(s, "firmware["+f.File+"].version", f.Version, "firmware "+f.Version.Value)
		}
	}
	for _, m := range r.Modems {
		name := m.Answers.Model.Value
		if name == "" {
			name = strings.TrimSpace(m.Manufacturer.Value + " " + m.Product.Value)
		}
		if v := m.Answers.Firmware.Value; v != "" {
			name += " firmware " + v
		}
		add(s, "modems["+m.Path+"].id", m.ID, "modem "+name)
	}
	if len(r.WiFi)+len(r.Bluetooth)+len(r.Modems) == 0 {
		s.line.Facts = append(s.line.Facts, "wifi", "bluetooth", "modems")
	}
	return s.end(noneOf(r, "none seen by this run", "wifi", "bluetooth", "modems"))
}

func network(r *report.Report) Line {
	s := about("network")
	for _, n := range r.Network {
		if k := n.Kind.Value; k == "ethernet" || k == "can" {
			add(s, "network["+n.Path+"].driver", n.Driver, strings.TrimSpace(k+" "+n.Name.Value+" by "+n.Driver.Value))
		}
	}
	return s.end(noneOf(r, "no Ethernet or CAN seen by this run", "network"))
}

func secureBoot(r *report.Report) Line {
	s := about("secure boot")
	add(s, "security.secure_boot", r.Security.SecureBoot, r.Security.SecureBoot.Value)
	none := "not known"
	if r.Security.SecureBoot.Gap == report.Unsupported {
		none = "the firmware checks no signatures"
	}
	return s.end(none)
}

func system(r *report.Report) Line {
	s := about("runs")
	add(s, "distribution.name", r.OS.Name, r.OS.Name.Value)
	add(s, "distribution.yocto", r.OS.Yocto, "Yocto "+r.OS.Yocto.Value)
	return s.end("")
}
