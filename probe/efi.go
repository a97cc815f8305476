package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/efivar"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

const efivars = "sys/firmware/efi/efivars/"

// efiOption is what is kept of a load option. Device paths hold addresses,
// serial numbers and names of networks, which are left out; of what identifies
// a partition its GUID is kept as a pseudonym, which its table has, too.
type efiOption struct {
	Active             bool
	Category           string `json:",omitempty"` // "" for what the boot order is about
	Description        string
	Medium, Path, UUID string `json:",omitempty"`
	PartitionNumber    uint32 `json:",omitempty"`
	Problem            string `json:",omitempty"`
}

// opLoadOption asks for a load option. Its answer passes the replacer here, field
// by field and node by node of its path, and not afterwards.
const opLoadOption = "efi-option/1"

// reduceLoadOption decodes a variable Boot####.
func (s *system) reduceLoadOption(file []byte) []byte {
	hide := func(text string) string { return string(s.replacer.Apply([]byte(text))) }
	_, value, err := efivar.Parse(file)
	var option efivar.LoadOption
	if err == nil {
		option, err = efivar.ParseLoadOption(value)
	}
	out := efiOption{Active: option.Active, Description: oneLine(hideUnit(s.replacer, hide(option.Description)))}
	if option.Category != "boot" {
		out.Category = option.Category
	}
	if err != nil {
		out.Problem = oneLine(hide(err.Error()))
	}
	if len(option.Paths) > 0 {
		p := option.Paths[0]
		if media, ok := p.Media(); ok {
			out.Medium = string(media)
		}
		out.Path = oneLine(s.publicPath(p))
		if p.HasPartition {
			out.PartitionNumber = p.Partition.Number
			if p.Partition.HasGUID {
				out.UUID = hide(p.Partition.UUID)
			}
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

// publicPath writes a path without what identifies a unit or a network. A GUID
// is kept in nodes only that the decoder knows to name a firmware volume or a
// file in one (PI 1.8, volume 3, 3.2): those are of the build of the firmware.
// The same text in the name of a file, in a description or in a node of a vendor
// is nothing but text, whose GUIDs may be those of a disk, and is replaced. What
// is known to be of this unit is replaced everywhere.
func (s *system) publicPath(p efivar.Path) string {
	p.Nodes = slices.Clone(p.Nodes)
	for i, n := range p.Nodes {
		apply := s.replacer.Apply
		if n.Firmware {
			apply = s.replacer.ApplyKnown
		}
		p.Nodes[i].Text = string(apply([]byte(n.Text)))
		if !n.Firmware {
			p.Nodes[i].Text = hideForms(s.replacer, p.Nodes[i].Text)
		}
	}
	return p.Public()
}

// unitForms are an address as UEFI writes it, and the ID of a machine in the name
// of a kernel (systemd's kernel-install).
var unitForms = pattern.New(`\b(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{12})\b`)

// hideForms replaces what has the form of an identity in a load option, and
// nowhere else.
func hideForms(r *pseudonym.Replacer, text string) string {
	return unitForms().ReplaceAllStringFunc(text, func(form string) string {
		if strings.Contains(form, "-") {
			return form // a GUID, replaced before
		}
		return r.Text(form)
	})
}

// serialWord is a word as serial numbers are.
var serialWord = pattern.New(`[0-9A-Za-z_.-]{8,}`)

// hideUnit replaces in a description that firmware made (edk2, UefiBootManagerLib)
// the words that can be the serial number of a drive: one that has gone, or has no
// driver in this run, is known to nobody else.
func hideUnit(r *pseudonym.Replacer, text string) string {
	text = hideForms(r, text)
	if !strings.HasPrefix(text, "UEFI ") {
		return text
	}
	return serialWord().ReplaceAllStringFunc(text, func(word string) string {
		if !strings.ContainsAny(word, "0123456789") {
			return word
		}
		return r.Text(word)
	})
}

// reduceSignatures counts what PK, KEK or db hold.
func reduceSignatures(file []byte) []byte {
	_, value, err := efivar.Parse(file)
	if err != nil {
		return fmt.Appendf(nil, "damaged\n")
	}
	s, err := efivar.ParseSignatures(value)
	text := fmt.Sprintf("%d certificates, %d hashes", s.Certificates, s.Hashes)
	if err != nil {
		text += ", damaged"
	}
	for _, c := range s.Found {
		text += " " + c.SHA256[:min(16, len(c.SHA256))]
	}
	return append([]byte(text), '\n')
}

// variable reads a variable of UEFI and parses its value.
func variable[T report.Value](h *Host, name string, parser func([]byte) (T, error)) report.Fact[T] {
	return vendorVariable(h, name, efivar.GlobalGUID, parser)
}

func vendorVariable[T report.Value](h *Host, name, guid string, parser func([]byte) (T, error)) report.Fact[T] {
	return parse(h, efivars+name+"-"+guid, func(file []byte) (T, error) {
		_, value, err := efivar.Parse(file)
		if err != nil {
			var zero T
			return zero, err
		}
		return parser(value)
	})
}

// uefiOrder names the load options that are tried, in their order, and the one
// that was used.
type uefiOrder struct {
	tried   []string
	current string
}

// uefiBoot reads the boot manager's variables (UEFI 2.10, 3.1). Inactive
// entries, and those that are not in BootOrder, are listed and not counted.
func uefiBoot(h *Host, b *report.Boot) (u uefiOrder) {
	list := h.List(strings.TrimSuffix(efivars, "/"))
	if list.Gap != "" {
		return u
	}
	var order []uint16
	ordered := variable(h, "BootOrder", func(value []byte) (string, error) {
		var err error
		order, err = efivar.ParseBootOrder(value)
		return fmt.Sprint(order), err
	})
	current := variable(h, "BootCurrent", func(value []byte) (int64, error) {
		n, err := efivar.ParseUint16(value)
		return int64(n), err
	})
	tables := partitionOwners(h)
	options := map[uint16]report.BootOption{}
	for _, file := range list.List {
		name, guid, ok := efivar.SplitName(file)
		number, isOption := efivar.BootNumber(name)
		if !ok || !isOption || guid != efivar.GlobalGUID {
			continue
		}
		o := bootOption(h, file, name, tables)
		o.Ordered = report.Known(false, ordered.From...)
		for _, n := range order {
			if n == number {
				o.Ordered.Value = true
			}
		}
		options[number] = o
		b.Options = append(b.Options, o)
	}
	words, absent := []string{}, []string{}
	from := append([]string{list.ID}, ordered.From...)
	for _, n := range order {
		o, ok := options[n]
		from = append(from, o.Active.From...)
		if !ok {
			absent = append(absent, fmt.Sprintf("Boot%04X", n))
		}
		if !o.Active.Value {
			continue
		}
		u.tried = append(u.tried, o.Number)
		words = append(words, optionWord(o))
	}
	b.LoaderOrder = report.Missing[[]string](gapOr(ordered.Gap, report.Invalid), ordered.Note, from...)
	if ordered.OK() {
		note := "BootOrder " + strings.Trim(ordered.Value, "[]")
		if len(absent) > 0 {
			note += oneLine("; not there: " + strings.Join(absent, " "))
		}
		b.LoaderOrder = report.Known(words, from...).By(report.Configured).Noting(note)
		b.OrderAbsent = report.Known(absent, list.ID, ordered.From[0])
	}
	defer uefiLoader(h, tables, b)
	if !current.OK() {
		return u
	}
	o, ok := options[uint16(current.Value)]
	if !ok {
		b.Current = report.Missing[string](report.Invalid, "BootCurrent names an entry that is not there", current.From...)
		return u
	}
	u.current = o.Number
	b.Current = report.Known(optionWord(o), both(current.From, o.Active.From)...).Noting("BootCurrent is " + o.Number)
	if o.Device.OK() {
		b.CurrentDevice = o.Device
	}
	return u
}

// uefiLoader reads what a boot loader that UEFI started left in variables: where
// it was started from and what it is (systemd.io/BOOT_LOADER_INTERFACE), and of
// a Jetson which copy of the firmware runs.
func uefiLoader(h *Host, tables map[string]report.Fact[string], b *report.Boot) {
	partition := vendorVariable(h, "LoaderDevicePartUUID", efivar.LoaderGUID, efivar.ParsePartUUID)
	if owner, ok := tables[partition.Value]; ok && partition.OK() {
		b.CurrentDevice = report.Known(owner.Value, both(partition.From, owner.From)...).Noting("LoaderDevicePartUUID")
		mediumOfDisk(b)
	}
	if info := vendorVariable(h, "LoaderInfo", efivar.LoaderGUID, efivar.ParseText); info.OK() {
		b.EFILoader = info
	}
	if running := vendorVariable(h, "BootChainFwCurrent", efivar.NVIDIAGUID, efivar.ParseBootChain); running.OK() {
		b.FirmwareCopy = running
	}
}

// optionWord is the medium of an option, or where only the firmware knows it,
// its description.
func optionWord(o report.BootOption) string {
	if medium, ok := o.Medium.Get(); ok {
		return medium
	}
	return "entry " + o.Description.Value
}

func bootOption(h *Host, file, name string, tables map[string]report.Fact[string]) report.BootOption {
	a := h.ask(opLoadOption, efivars+file)
	o := report.BootOption{Number: name}
	var e efiOption
	if a.Gap == "" && json.Unmarshal(a.Data, &e) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap != "" {
		o.Active = report.Missing[bool](a.Gap, a.Note, a.ID)
		return o
	}
	text := func(s string) report.Fact[string] {
		if s == "" {
			return report.Missing[string](report.Absent, oneLine(e.Problem), a.ID)
		}
		return report.Known(s, a.ID)
	}
	o.Active, o.Description, o.Medium, o.Path = report.Known(e.Active, a.ID), text(e.Description), text(e.Medium), text(e.Path)
	if e.Category != "" {
		// Such as the setup menu, which stands in BootOrder too (UEFI 2.10, 3.1.3).
		o.Active = report.Known(false, a.ID).Noting(oneLine("of the category " + e.Category + ", which the boot manager does not try by itself"))
	}
	if owner, ok := tables[e.UUID]; ok && e.UUID != "" {
		o.Device = report.Known(owner.Value, both([]string{a.ID}, owner.From)...)
		if e.Medium == string(efivar.MediaPartition) {
			// The short form names a partition; the disk that has it tells the medium.
			o.Medium = report.Known(mediumWord(owner.Value), o.Device.From...).By(report.Inferred)
		}
	}
	return o
}

// partitionOwners maps identifiers of partitions to the disks that have them.
func partitionOwners(h *Host) map[string]report.Fact[string] {
	owners := map[string]report.Fact[string]{}
	for _, name := range h.List("sys/block").List {
		at := h.Link("sys/block/" + name)
		if !at.OK() || strings.Contains(at.Value, "/virtual/") && !strings.Contains(at.Value, "nvme-subsystem") || mmcPart().MatchString(name) || strings.HasPrefix(name, "sr") {
			continue
		}
		a := h.ask("partitions/1", name)
		var table diskTable
		if a.Gap != "" || json.Unmarshal(a.Data, &table) != nil {
			continue
		}
		for _, p := range table.Partitions {
			if p.GUID != "" {
				owners[p.GUID] = report.Known(name, a.ID)
			}
		}
	}
	return owners
}

// collectSecurity reads the state of Secure Boot (UEFI 2.10, 32.3). Whether the
// fuses of a SoC demand signatures, what the loader or a word of them says.
func collectSecurity(_ context.Context, h *Host) (report.Security, error) {
	var s report.Security
	efi := h.List("sys/firmware/efi")
	if efi.Gap != "" {
		s.SecureBoot = fusedState(h, efi)
		return s, nil
	}
	flag := func(name string) report.Fact[bool] { return variable(h, name, efivar.ParseFlag) }
	enabled, setup, audit, deployed := flag("SecureBoot"), flag("SetupMode"), flag("AuditMode"), flag("DeployedMode")
	switch {
	case enabled.OK() && enabled.Value:
		s.SecureBoot = report.Known("enforced", enabled.From...)
	case enabled.OK() && setup.OK() && setup.Value:
		s.SecureBoot = report.Known("capable", both(enabled.From, setup.From)...).Noting("no platform key: setup mode")
	case enabled.OK():
		s.SecureBoot = report.Known("disabled", both(enabled.From, setup.From)...)
	case enabled.Gap == report.Absent:
		s.SecureBoot = report.Missing[string](report.Unsupported, "the firmware has no Secure Boot", enabled.From...)
	default:
		s.SecureBoot = report.Missing[string](enabled.Gap, enabled.Note, enabled.From...)
	}
	if setup.OK() {
		mode, err := efivar.SecureMode(setup.Value, audit.Value, deployed.Value)
		from := append(append(setup.From, audit.From...), deployed.From...)
		if err != nil {
			s.SetupMode = report.Missing[string](report.Invalid, oneLine(err.Error()), from...)
		} else {
			s.SetupMode = report.Known(mode, from...)
		}
	}
	var keys, from []string
	for _, k := range []struct{ name, guid string }{{"PK", efivar.GlobalGUID}, {"KEK", efivar.GlobalGUID}, {"db", efivar.SecurityGUID}} {
		a := h.ask("efi-keys/1", efivars+k.name+"-"+k.guid)
		from = append(from, a.ID)
		if a.Gap == "" {
			keys = append(keys, k.name+": "+strings.TrimSpace(string(a.Data)))
		}
	}
	s.Keys = report.Known(keys, from...)
	return s, nil
}

// fusedState says what a board without UEFI tells of its fuses: what the loader
// passed on the command line, a Raspberry Pi in its device tree, or what boards
// knows of the SoC.
func fusedState(h *Host, efi Answer) report.Fact[string] {
	line := h.Text("proc/cmdline")
	for field := range strings.FieldsSeq(line.Value) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "androidboot.secureboot":
			if n, err := strconv.Atoi(value); err == nil {
				return report.Known(map[bool]string{true: "enforced", false: "disabled"}[n == 1], line.From...).Noting("said by the loader: " + key)
			}
		case "androidboot.verifiedbootstate":
			if value == "green" || value == "yellow" {
				return report.Known("enabled", line.From...).Noting("said by the loader: " + oneLine(field))
			}
		}
	}
	signed := h.Read(deviceTree + "chosen/bootloader/signed")
	if signed.Gap != "" { // the documentation calls it so, the firmware and its scripts otherwise
		signed = h.Read(deviceTree + "chosen/bootloader/signed_boot")
	}
	if signed.Gap == "" && len(signed.Data) == 4 {
		// Bits of rpi-eeprom's firmware: 0 is the configuration, 3 and 4 the fuses.
		enforced := signed.Data[3]&0x18 != 0
		return report.Known(map[bool]string{true: "enforced", false: "disabled"}[enforced], signed.ID)
	}
	state := lockState(h)
	state.From = both(state.From, append(line.From, efi.ID))
	return state
}
