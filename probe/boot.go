package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/cmdline"
	"github.com/boardprobe/boardprobe/probe/decode/rpieeprom"
	"github.com/boardprobe/boardprobe/report"
)

// collectBoot puts the three orders together: of the ROM from what is
// documented of the SoC, of the loader from its own settings, and what was used
// from what the loader left behind.
func collectBoot(_ context.Context, h *Host) (report.Boot, error) {
	var b report.Boot
	known, compatible := documented(h, &b)
	chosenLoader(h, &b)
	hints(h, &b)
	cboot(compatible, &b)
	uefi := uefiBoot(h, &b)
	biosBoot(h, &b)
	raspberryBoot(h, &b)
	err := bootMedia(h, romFamily(known), &b)
	otherEnvironments(h, &b)
	loaderSettings(&b)
	disks, from := candidates(h)
	namedDevice(h, disks, &b)
	uefiDevices(h, disks, uefi, &b)
	bootPlaces(h, disks, from, &b)
	// Asked last, so that what was recorded before it was asked keeps its numbers.
	if cbootMedium(h, &b) || mailboxBoot(h, compatible, &b) {
		b.Places = nil
		bootPlaces(h, disks, from, &b)
	}
	if b.LoaderOrder.IsZero() {
		b.LoaderOrder = report.Missing[[]string](report.NotProbed, "the loader does not say it to Linux; log its console from power-on, or print its environment", evidenceOf(&b)...)
	}
	if b.Current.IsZero() {
		b.Current = report.Missing[string](report.NotProbed, "nothing tells which medium was used; log the console from power-on", evidenceOf(&b)...)
	}
	return b, err
}

// evidenceOf lists what a missing order rests on.
func evidenceOf(b *report.Boot) []string {
	from := slices.Concat(b.Loader.From, b.LoaderVersion.From)
	for _, m := range b.Media {
		from = append(from, m.Versions.From...)
	}
	if len(from) == 0 {
		return []string{"sections"}
	}
	return from
}

// documented takes over what is known of the board and of its SoC. It returns that,
// and by what the device tree names them.
func documented(h *Host, b *report.Boot) ([]boards.Board, []string) {
	compatible := parse(h, deviceTree+"compatible", stringList)
	vendor, product := h.Text(dmi+"sys_vendor"), h.Text(dmi+"product_name")
	known := boards.Lookup(compatible.Value, boards.Machine{Vendor: vendor.Value, Product: product.Value})
	var notes, from []string
	for _, k := range known {
		if b.ROMOrder.IsZero() {
			b.ROMOrder = k.ROMOrder
		}
		if b.ROMMode.IsZero() {
			b.ROMMode = k.BootMode
		}
		if b.Switches.IsZero() {
			b.Switches = k.Switches
		}
		if k.Note.OK() {
			notes, from = append(notes, k.Note.Value), append(from, k.Note.From...)
		}
	}
	if len(notes) > 0 {
		b.ROMNotes = report.Known(notes, from...).By(report.Documented)
	}
	if b.ROMOrder.IsZero() {
		note := "no document that this program knows says it; photograph the boot switches"
		if b.ROMMode.OK() {
			note = "it depends on straps or fuses: " + oneLine(b.ROMMode.Value)
		}
		b.ROMOrder = report.Missing[[]string](report.NotProbed, oneLine(note), slices.Concat(compatible.From, vendor.From)...)
	}
	return known, compatible.Value
}

// romFamily is the family by which headers of the ROM are recognised; "-" if it
// is not known.
func romFamily(known []boards.Board) string {
	for _, k := range known {
		if k.ROMFamily != "" {
			return k.ROMFamily
		}
	}
	return "-"
}

// chosenLoader reads who started the kernel from /chosen and DMI.
func chosenLoader(h *Host, b *report.Boot) {
	for _, c := range []struct{ property, loader string }{
		{"u-boot,version", "u-boot"}, {"barebox-version", "barebox"}, {"bootloader/version", "raspberry-pi"},
	} {
		if version := h.Text(deviceTree + "chosen/" + c.property); version.OK() && !b.Loader.OK() {
			b.Loader, b.LoaderVersion = report.Known(c.loader, version.From...), version
		}
	}
	if reason := h.Text(deviceTree + "chosen/reset-source"); reason.OK() {
		b.ResetReason = reason
	}
	efi := h.List("sys/firmware/efi")
	if loader := linuxLoader(h); loader.OK() {
		b.LinuxLoader = loader
	}
	vendor, version := h.Text(dmi+"bios_vendor"), h.Text(dmi+"bios_version")
	if b.Loader.OK() {
		return
	}
	switch {
	case efi.Gap == "" && vendor.OK():
		b.Loader, b.LoaderVersion = report.Known("uefi", efi.ID), report.Known(strings.TrimSpace(vendor.Value+" "+version.Value), both(vendor.From, version.From)...)
	case efi.Gap == "":
		b.Loader = report.Known("uefi", efi.ID)
	case vendor.OK():
		b.Loader, b.LoaderVersion = report.Known("bios", both(vendor.From, []string{efi.ID})...).By(report.Inferred), report.Known(strings.TrimSpace(vendor.Value+" "+version.Value), both(vendor.From, version.From)...)
	default:
		b.Loader = report.Missing[string](report.NotProbed, "it did not name itself to Linux", both(vendor.From, []string{efi.ID})...)
	}
}

// hints reads what the kernel's command line says of the boot.
func hints(h *Host, b *report.Boot) {
	line := h.Read("proc/cmdline")
	for _, hint := range cmdline.Hints(string(line.Data)) {
		e := report.BootHint{Key: hint.Key, Kind: report.Known(string(hint.Kind), line.ID)}
		if hint.HasValue {
			e.Value = report.Known(oneLine(hint.Value), line.ID)
		}
		if hint.HasMedia {
			e.Medium = report.Known(hint.Media, line.ID)
		}
		b.Hints = append(b.Hints, e)
		if (hint.Kind == cmdline.Medium || hint.Kind == cmdline.Device) && hint.HasMedia && !b.Current.OK() {
			b.Current = report.Known(hint.Media, line.ID).Noting("the loader passed " + oneLine(hint.Key))
		}
	}
}

// namedDevice finds the disk that a loader names as the one that it was started
// from: barebox by its path in the device tree (common/oftree.c), others on the
// kernel's command line by that or as a platform device.
func namedDevice(h *Host, disks []candidate, b *report.Boot) {
	name := report.Fact[string]{Gap: report.Absent}
	for _, hint := range b.Hints {
		if hint.Kind.Value == string(cmdline.Device) && hint.Value.OK() && !name.OK() {
			name = hint.Value.Noting("the loader passed " + hint.Key)
		}
	}
	if b.Loader.Value == "barebox" {
		name = h.Text(deviceTree + "chosen/bootsource")
		if name.OK() {
			name.Note = "barebox passed bootsource"
		}
	}
	if !name.OK() {
		return
	}
	d, ok := deviceByNode(disks, name.Value)
	if !ok {
		b.CurrentDevice = report.Missing[string](report.Absent, oneLine("no disk at "+name.Value), name.From...)
		return
	}
	b.CurrentDevice = report.Known(d.name, both(name.From, d.from.From)...).Noting(oneLine(name.Note))
	if d.kind != "" && (!b.Current.OK() || b.Current.Basis == report.Inferred) {
		b.Current = report.Known(d.kind, b.CurrentDevice.From...).Noting(b.CurrentDevice.Note)
	}
}

// raspberryBoot reads what the boot loader of a Raspberry Pi left in the device
// tree, and its configuration from the nvmem device that its firmware names
// blconfig.
func raspberryBoot(h *Host, b *report.Boot) {
	const dir = deviceTree + "chosen/bootloader"
	if list := h.List(dir); list.Gap == "" {
		raspberryChosen(h, dir, list.List, b)
		raspberryConfig(h, b)
	}
}

func raspberryChosen(h *Host, dir string, names []string, b *report.Boot) {
	properties := map[string][]byte{}
	var from []string
	for _, name := range names {
		if a := h.Read(dir + "/" + name); a.Gap == "" && len(a.Data) <= 256 {
			properties[name] = a.Data
			from = append(from, a.ID)
		}
	}
	chosen := rpieeprom.ParseChosen(properties)
	if chosen.HasMode {
		b.Current = report.Known(chosen.Mode.Word, from...)
	}
}

func raspberryConfig(h *Host, b *report.Boot) {
	devices, err := devicesOf(h, "sys/bus/nvmem/devices")
	if err != nil {
		return
	}
	compatible := parse(h, deviceTree+"compatible", stringList)
	for _, d := range devices {
		if !strings.Contains(d.name, "blconfig") && !strings.Contains(d.node(h, "of_node").Value, "blconfig") {
			continue
		}
		if order := eepromOrder(h.ask("rpi-config/1", d.dir+"/nvmem"), compatible.Value); !order.IsZero() {
			b.LoaderOrder = order
		}
	}
}

// eepromOrder is the order that a configuration says; nothing if there is none.
func eepromOrder(a Answer, compatible []string) report.Fact[[]string] {
	cut := bytes.HasPrefix(a.Data, []byte(mailboxCut))
	config, err := rpieeprom.ParseConfig(a.Data, rpieeprom.Models(compatible))
	if a.Gap != "" || err != nil {
		return report.Fact[[]string]{}
	}
	value, ok := config.Value("BOOT_ORDER")
	if !ok && cut {
		return report.Missing[[]string](report.Failed, "the firmware's mailbox has no room for the whole configuration", a.ID)
	}
	if !ok {
		value = rpieeprom.DefaultBootOrder
	}
	modes, err := rpieeprom.ParseBootOrder(value)
	if err != nil {
		return report.Missing[[]string](report.Invalid, oneLine(err.Error()), a.ID)
	}
	var words []string
	for _, m := range modes {
		words = append(words, m.Word)
	}
	order := report.Known(words, a.ID).By(report.Configured).Noting("BOOT_ORDER=" + oneLine(value))
	if cut {
		order = order.By(report.Inferred)
		order.Note += "; what follows it in the configuration is not known"
	}
	return order
}

// reduceRaspberry keeps of a boot loader's configuration the settings that say
// how the board boots: others can hold keys and addresses of networks.
func reduceRaspberry(data []byte) []byte {
	config, err := rpieeprom.ParseConfig(data, nil)
	if err != nil {
		return nil
	}
	var out []byte
	section := ""
	for _, s := range config.Public(rpieeprom.Allowed).Settings {
		if filter := s.Filter; filter != section {
			section = filter
			out = append(append(out, cmp.Or(filter, "[all]")...), '\n')
		}
		out = fmt.Appendf(out, "%s=%s\n", s.Key, s.Value)
	}
	return out
}

// bootMedia searches what can hold a loader: disks, the boot areas of eMMC, and
// NOR flash. Sticks and cards in readers are not the board's.
func bootMedia(h *Host, family string, b *report.Boot) error {
	disks, err := h.Names("sys/block")
	if err != nil {
		return err
	}
	flash, err2 := h.Names("sys/class/mtd")
	names := slices.Clone(disks.List)
	for _, name := range flash.List {
		if strings.HasSuffix(name, "ro") {
			names = append(names, name)
		}
	}
	n := 0
	for _, name := range names {
		dir := "sys/block/" + name
		if strings.HasPrefix(name, "mtd") {
			dir = "sys/class/mtd/" + name
		}
		at := h.Link(dir)
		if !at.OK() || !holdsLoader(name, at.Value) {
			continue
		}
		if strings.Contains(at.Value, "/nvme-subsystem/") {
			at = nvmePlace(h, at)
		}
		if n++; n > maxMedia {
			break
		}
		if m, ok := bootMedium(h, name, at, family, b); ok {
			b.Media = append(b.Media, m)
		}
	}
	return errors.Join(err2)
}

// maxMedia bounds how many media are searched.
const maxMedia = 10

func holdsLoader(name, place string) bool {
	for _, part := range []string{"/virtual/", "/usb", "rpmb"} {
		if strings.Contains(place, part) && !strings.Contains(place, "nvme-subsystem") {
			return false
		}
	}
	return !strings.HasPrefix(name, "sr") && !strings.HasPrefix(name, "mtdblock")
}

func bootMedium(h *Host, name string, at report.Fact[string], family string, b *report.Boot) (report.BootMedium, bool) {
	a := h.ask("loader/1", name+" "+family)
	m := report.BootMedium{Path: h.path(at.Value), Name: report.Known(name, at.From...)}
	var scan mediumScan
	if a.Gap == "" && json.Unmarshal(a.Data, &scan) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap != "" {
		m.Versions = report.Missing[[]string](a.Gap, a.Note, a.ID)
		return m, a.Gap != report.Absent
	}
	m.Headers = report.Known(scan.Headers, a.ID)
	if family == "-" {
		m.Headers = report.Missing[[]string](report.NotProbed, "the family of the boot ROM is not known", a.ID)
	}
	var versions []string
	running, ok := b.LoaderVersion.Get()
	same := false
	for _, v := range scan.Versions {
		versions = append(versions, v.Kind+": "+v.Text)
		same = same || ok && sameVersion(running, v.Text)
	}
	m.Versions = report.Known(versions, a.ID)
	if scan.Cut {
		m.Versions.Note = fmt.Sprintf("only the first %d MiB were read", scan.ReadBytes>>20)
	}
	if ok && len(versions) > 0 {
		m.Running = report.Known(same, both([]string{a.ID}, b.LoaderVersion.From)...).By(report.Inferred)
	}
	for _, e := range scan.Environments {
		m.Environments = append(m.Environments, environmentOf(e, a.ID))
	}
	return m, true
}

// sameVersion compares what the loader said to Linux, as in 2025.01-3, with
// what stands in an image, as in U-Boot 2025.01-3 (Apr 08 2025 - 23:07:35).
func sameVersion(running, image string) bool {
	_, rest, ok := strings.Cut(" "+image+" ", " "+running)
	return ok && (rest[0] == ' ' || rest[0] == '(')
}

func environmentOf(e scanEnvironment, id string) report.BootEnvironment {
	place := fmt.Sprintf("default@%d", e.Offset)
	if e.Saved {
		place = fmt.Sprintf("saved@%d", e.Offset)
	}
	list := func(words []string) report.Fact[[]string] {
		if words == nil {
			return report.Missing[[]string](report.Absent, "", id)
		}
		return report.Known(words, id)
	}
	out := report.BootEnvironment{Place: place, Targets: list(e.Targets), Methods: list(e.Methods), Commands: list(e.Commands), Names: list(e.Names), Values: list(e.Values)}
	if e.Saved {
		out.SizeBytes = report.Known(int64(e.SizeBytes), id)
	}
	return out
}

// loaderSettings derives the order of U-Boot from the environments: the saved
// one on the medium whose loader ran, else the one that was compiled in; and the
// medium that was used, where only one has the loader that ran.
func loaderSettings(b *report.Boot) {
	var running []report.BootMedium
	for _, m := range b.Media {
		if m.Running.OK() && m.Running.Value {
			running = append(running, m)
		}
	}
	if len(running) == 1 && b.Current.IsZero() {
		b.Current = report.Known(mediumWord(running[0].Name.Value), running[0].Running.From...).By(report.Inferred).Noting("the only medium with the loader that ran")
		b.CurrentDevice = running[0].Name.By(report.Inferred)
	} else if len(running) > 1 && b.Current.IsZero() {
		var names, from []string
		for _, m := range running {
			names, from = append(names, m.Name.Value), append(from, m.Running.From...)
		}
		b.Current = report.Missing[string](report.NotProbed, oneLine("ambiguous: the loader that ran is on "+strings.Join(names, " and ")), from...)
	}
	if !b.LoaderOrder.IsZero() || b.Loader.Value == "uefi" || b.Loader.Value == "cboot" {
		return
	}
	media := running
	if len(media) == 0 && !b.LoaderVersion.OK() {
		media = b.Media
	}
	for _, kind := range []string{"saved@", "default@"} {
		for _, m := range media {
			for _, e := range m.Environments {
				if !strings.HasPrefix(e.Place, kind) || !e.Targets.OK() {
					continue
				}
				note := "boot_targets of " + m.Name.Value + ", " + e.Place
				basis := report.Configured
				if len(running) == 0 {
					note, basis = note+"; that this loader ran is not shown", report.Inferred
				}
				if kind == "default@" && m.Versions.Note != "" {
					note, basis = note+"; a saved one may lie behind: "+m.Versions.Note, report.Inferred
				}
				b.LoaderOrder = report.Known(e.Targets.Value, e.Targets.From...).By(basis).Noting(oneLine(note))
				return
			}
		}
	}
}

// mediumWord is the medium for a kernel's name of a disk.
func mediumWord(name string) string {
	for prefix, word := range map[string]string{"mmcblk": "mmc", "nvme": "nvme", "vd": "virtio", "mtd": "spi", "sd": "scsi"} {
		if strings.HasPrefix(name, prefix) {
			return word
		}
	}
	return name
}
