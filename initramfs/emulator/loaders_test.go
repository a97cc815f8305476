package emulator

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// loaded is a board that a boot loader of Debian starts, from files on one of
// its disks, instead of QEMU.
type loaded struct {
	board
	boot      int       // the disk that it starts from
	loader    [3]string // suite and package of the loader, and its file there
	as        string    // the argument of QEMU that takes the file; "" puts it on the disk
	variables string    // of UEFI: the file of its variables, in the same package
	manager   [2]string // of UEFI: the architecture's words in package and file of systemd-boot
	file      string    // the name under which the board's firmware finds it on the volume
	saved     int       // the size of its saved environment (CONFIG_ENV_SIZE)
	targets   string    // the boot_targets of a saved environment
	idle      [3]string // a loader that lies on the disk and does not run
	order     bool      // the loader is where the probe searches for it
	rom       []string  // the documented order of the ROM
	secure    bool      // UEFI is built with Secure Boot
	short     bool      // it belongs to make test
	placed    []placed
}

// placed is a file that was put on the volume from which the loader starts.
type placed struct{ name, from string }

// Where the ROM of Allwinner's SoCs looks for a loader on an SD card (U-Boot,
// doc/board/allwinner/sunxi.rst), and the sizes of the environments of U-Boot
// (CONFIG_ENV_SIZE), each a file on the volume that it starts from.
const (
	sunxiOffset      = 8 << 10
	sunxiEnvironment = 64 << 10
	rpiEnvironment   = 16 << 10
)

// searched is how much of the start of a medium the probe searches.
const searched = 16 << 20

func loaders() []loaded {
	const uboot = "usr/lib/u-boot/"
	// U-Boot for this board has no driver of the SD slot.
	arm := virt("uboot-arm64", 1)
	arm.disks = append(arm.disks, disk{kind: report.KindVirtio, mib: 128, serial: "VIRTQ99817767", label: "LOADER"})
	arm.verdicts = nil
	card := board{
		name: "uboot-orangepi", arch: "arm", suite: "bookworm", console: "ttyS0", cpus: 4, ramMiB: 1024, noPower: true,
		machine: []string{"-M", "orangepi-pc"}, dtb: "sun8i-h3-orangepi-pc.dtb",
		disks: []disk{{kind: report.KindSD, mib: 64, label: label, start: 8}},
		model: "Xunlong Orange Pi PC",
		// What U-Boot makes of the SoC's identity, which is QEMU's default for
		// the board (hw/arm/orangepi.c): the first of its four words, and the
		// CRC-32 of the others (U-Boot, board/sunxi/board.c).
		serials: []string{"02c000814a58bd80", "02:81:4a:58:bd:80"},
	}
	saved := card
	// Nearer to the start, which is what is searched if there is little time.
	saved.name, saved.disks = "uboot-saved", slices.Clone(card.disks)
	saved.disks[0].start = 1
	// Its environment is a file behind what is searched of a medium.
	far := saved
	far.name, far.disks = "uboot-far", slices.Clone(card.disks)
	far.disks[0].start = 24
	h3 := []string{"SD card", "eMMC", "SPI NOR flash", "USB (FEL)"}
	sunxi := [3]string{"sid", "u-boot-sunxi:armhf", uboot + "orangepi_pc_plus/u-boot-sunxi-with-spl.bin"}
	// A Raspberry Pi with a card and a stick. QEMU takes the part of the firmware,
	// which loads U-Boot from the card by the name that a 64-bit kernel has there
	// (Raspberry Pi documentation, config.txt, kernel). The kernel of trixie is too
	// large for U-Boot's addresses: from 2 MiB on, where booti moves it, it takes 37
	// MiB, and the device tree is put at 38 MiB (board/raspberrypi/rpi/rpi.env).
	pi := board{
		name: "uboot-raspi3b", arch: "arm64", suite: "bookworm", console: "ttyS1", cpus: 4, ramMiB: 1024, keptMiB: 64, noPower: true, early: true,
		machine: []string{"-M", "raspi3b"}, dtb: "broadcom/bcm2837-rpi-3-b.dtb",
		disks: []disk{{kind: report.KindSD, mib: 64, label: label}, {kind: report.KindUSB, mib: 32, serial: "STICKQ88420013", label: "OTHER"}},
		model: "Raspberry Pi 3 Model B",
	}
	turned := pi
	turned.name, turned.disks = "uboot-raspi3b-saved", slices.Clone(pi.disks)
	rpi := loaded{
		board: pi, loader: [3]string{"trixie", "u-boot-rpi:arm64", uboot + "rpi_3/u-boot.bin"}, as: "-kernel", file: "kernel8.img", saved: rpiEnvironment, order: true,
		rom: []string{"SD card or eMMC", "second SD card", "NAND", "SPI flash", "USB"},
	}
	rpiSaved := rpi
	rpiSaved.board, rpiSaved.targets = turned, "usb mmc pxe"
	risc := board{
		name: "uboot-riscv64", arch: "riscv64", suite: "sid", console: "ttyS0", cpus: 2, ramMiB: 2048, newest: true,
		machine: []string{"-M", "virt"},
		disks: []disk{
			{kind: report.KindSD, mib: 64, label: label}, {kind: report.KindNVMe, mib: 256, serial: "NVQZ74310011", label: "LOADER"},
		},
		model: "riscv-virtio,qemu",
	}
	pc := board{
		name: "uefi-amd64", arch: "amd64", suite: "bookworm", console: "ttyS0", cpus: 2, ramMiB: 2048, efi: true,
		machine: []string{"-M", "q35", "-cpu", "qemu64"},
		disks: []disk{
			{kind: report.KindSATA, mib: 64, serial: "SATAQ55091235"}, {kind: report.KindNVMe, mib: 256, serial: "NVQZ74310012", label: "LOADER"},
			{kind: report.KindUSB, mib: 64, serial: "STICKQ88420012", label: label},
		},
		nics: []nic{{"e1000e", "52:54:00:c7:1d:3a"}},
	}
	// Two drives of one kind, each with a GPT and an EFI system partition, of
	// which the second has a loader.
	tables := pc
	tables.name = "uefi-gpt"
	tables.disks = []disk{
		{kind: report.KindNVMe, mib: 64, serial: "NVQZ74310013", label: "EMPTY", gpt: &gpt{"8d1f2a60-3c5b-4e77-9a21-5be0c4d7f913", "e2b94c07-61d8-4f3a-8c15-97a3d06e5b42"}},
		{kind: report.KindNVMe, mib: 256, serial: "NVQZ74310014", label: "LOADER", gpt: &gpt{"47c0e9b3-d21a-4b86-b5f4-0a6e83c91d75", "b90d63f8-7e42-4c1d-a3b7-26f5e8094ac1"}},
		{kind: report.KindUSB, mib: 64, serial: "STICKQ88420013", label: label},
	}
	server := virt("uefi-arm64", 2).stick(2, "") // two disks in the order, of which the SD card is none
	server.model, server.verdicts = "", nil      // ACPI gives no device tree
	server.disks[1].mib, server.disks[1].label = 256, "LOADER"
	server.disks[1].gpt = &gpt{"91f5d7a2-08bc-4e36-8d49-c1e7350fb268", "5a3e8c71-f960-4b2d-97ec-d8140b6f2a53"}
	return []loaded{
		{board: arm, boot: 2, loader: [3]string{"trixie", "u-boot-qemu", uboot + "qemu_arm64/u-boot.bin"}, as: "-bios", idle: sunxi},
		{board: risc, boot: 1, loader: [3]string{"trixie", "u-boot-qemu", uboot + "qemu-riscv64_smode/u-boot.bin"}, as: "-kernel"},
		{board: card, loader: sunxi, order: true, rom: h3},
		{board: saved, loader: sunxi, order: true, rom: h3, saved: sunxiEnvironment, targets: "usb0 mmc_auto"},
		{board: far, loader: sunxi, order: true, rom: h3, saved: sunxiEnvironment, targets: "pxe mmc_auto usb0"},
		rpi, rpiSaved,
		{board: pc, boot: 1, manager: [2]string{"amd64", "x64"}, secure: true},
		{board: tables, boot: 1, manager: [2]string{"amd64", "x64"}, secure: true, short: true},
		{
			board: server, boot: 1, manager: [2]string{"arm64", "aa64"},
			loader: [3]string{"trixie", "qemu-efi-aarch64", "usr/share/AAVMF/AAVMF_CODE.no-secboot.fd"}, variables: "usr/share/AAVMF/AAVMF_VARS.fd",
		},
	}
}

// TestLoaders starts boards by real boot loaders and holds what the report says
// of the boot against the loader's own files and console. Of SD cards start an
// Orange Pi PC, by its ROM and SPL, and a Raspberry Pi 3, with a stick beside the
// card: each with the order that is compiled into U-Boot, and with another that
// was saved. All but one board are part of the long matrix.
func TestLoaders(t *testing.T) {
	w := newWorkshop(t)
	slot := slots()
	for _, l := range loaders() {
		if !*long && !l.short {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			dir := w.folder(t, l.board)
			for i, d := range l.disks {
				makeDisk(t, filepath.Join(dir, fmt.Sprintf("disk%d", i)), d)
			}
			args := w.load(t, &l, dir)
			t.Parallel()
			slot <- struct{}{}
			defer func() { <-slot }()
			o := w.evaluate(t, l.board, args, dir)
			if o.report == nil {
				return
			}
			check := func(what string, got, want any) {
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: %s = %v; want %v", l.name, what, got, want)
				}
			}
			volume := fmt.Sprintf("%s/disk%d@@%d", dir, l.boot, l.disks[l.boot].offset())
			for _, f := range l.placed {
				now := filepath.Join(dir, "now")
				command(t, nil, "mcopy", "-n", "-o", "-i", volume, "::/"+f.name, now)
				a, errA := os.ReadFile(f.from)
				b, errB := os.ReadFile(now)
				check(f.name+" is as it was before the run", errA == nil && errB == nil && bytes.Equal(a, b), true)
			}
			if l.manager[0] != "" {
				l.uefi(t, o, check)
				if *long {
					l.reordered(t, w, o, args)
				}
			} else {
				l.uboot(t, o, check)
			}
			l.said(t, w, o, check)
			b := o.report.Boot
			t.Logf("%-14s %s, order %v%s, from %s%s", l.name, b.LoaderVersion.Value, b.LoaderOrder.Value, b.LoaderOrder.Gap, b.Current.Value, b.Current.Gap)
		})
	}
}

// program returns the loader's file, "" for what QEMU's package brings.
func (l loaded) program(t *testing.T) string {
	return unpacked(t, l.loader)
}

// bootManager returns the file of systemd-boot.
func (l loaded) bootManager(t *testing.T) string {
	return unpacked(t, [3]string{"trixie", "systemd-boot-efi:" + l.manager[0], "usr/lib/systemd/boot/efi/systemd-boot" + l.manager[1] + ".efi"})
}

func unpacked(t *testing.T, file [3]string) string {
	if file[0] == "" {
		return ""
	}
	return filepath.Join(command(t, nil, top+"/.ci/unpack", file[0], file[1]), file[2])
}

// load puts on the disk what the loader starts, and returns the command line of
// QEMU that starts the loader.
func (w *workshop) load(t *testing.T, l *loaded, dir string) []string {
	args := w.arguments(t, l.board, dir)
	given := map[string]string{}
	for _, name := range []string{"-kernel", "-initrd", "-append", "-dtb"} {
		if i := slices.Index(args, name); i >= 0 {
			given[name] = args[i+1]
			args = slices.Delete(args, i, i+2)
		}
	}
	image := filepath.Join(dir, fmt.Sprintf("disk%d", l.boot))
	volume := fmt.Sprintf("%s@@%d", image, l.disks[l.boot].offset())
	program := l.program(t)

	// A file from elsewhere, or a text.
	type file struct{ name, from, text string }
	files := []file{{"kernel", given["-kernel"], ""}, {"initrd", given["-initrd"], ""}}
	if l.targets != "" {
		// In front, for the probe searches the start of a disk.
		files = slices.Insert(files, 0, file{"uboot.env", "", l.savedEnvironment(t, program)})
	}
	if l.file != "" {
		files = slices.Insert(files, 0, file{l.file, program, ""})
	}
	if l.manager[0] != "" {
		files = append(files,
			file{"EFI/BOOT/BOOT" + strings.ToUpper(l.manager[1]) + ".EFI", l.bootManager(t), ""},
			file{"loader/loader.conf", "", "timeout 0\n"},
			file{"loader/entries/probe.conf", "", "title probe\nlinux /kernel\ninitrd /initrd\noptions " + given["-append"] + "\n"})
	} else {
		menu := "default probe\nlabel probe\nkernel /kernel\ninitrd /initrd\nappend " + given["-append"] + "\n"
		if given["-dtb"] != "" {
			files = append(files, file{"board.dtb", given["-dtb"], ""})
			menu += "fdt /board.dtb\n"
		}
		files = append(files, file{"extlinux/extlinux.conf", "", menu})
	}
	made := map[string]bool{".": true}
	for _, f := range files {
		if f.from == "" {
			f.from = filepath.Join(dir, filepath.Base(f.name))
			if err := os.WriteFile(f.from, []byte(f.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		parts := strings.Split(filepath.Dir(f.name), "/")
		for i := range parts {
			if folder := strings.Join(parts[:i+1], "/"); !made[folder] {
				command(t, nil, "mmd", "-i", volume, "::/"+folder)
				made[folder] = true
			}
		}
		command(t, nil, "mcopy", "-i", volume, f.from, "::/"+f.name)
		l.placed = append(l.placed, placed{f.name, f.from})
		info, err := os.Stat(f.from)
		if err != nil {
			t.Fatal(err)
		}
		l.loads += info.Size()
	}
	l.disks[l.boot].files = strings.Fields(command(t, nil, "mdir", "-b", "-i", volume, "::/"))

	code := func(unit int, name, more string) {
		args = append(args, "-drive", fmt.Sprintf("if=pflash,format=raw,unit=%d,file=%s%s", unit, name, more))
	}
	switch {
	case l.variables != "":
		data, err := os.ReadFile(filepath.Join(strings.TrimSuffix(program, l.loader[2]), l.variables))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "vars.fd"), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		code(0, program, ",readonly=on")
		code(1, filepath.Join(dir, "vars.fd"), "")
	case l.as != "":
		args = append(args, l.as, program)
		if l.file != "" { // the firmware hands a device tree on
			args = append(args, "-dtb", given["-dtb"])
		}
	case program != "":
		l.write(t, image, program)
	}
	if l.idle[0] != "" {
		l.write(t, image, unpacked(t, l.idle))
	}
	return args
}

// write puts a loader in front of the partition of the disk.
func (l *loaded) write(t *testing.T, image, program string) {
	data, err := os.ReadFile(program)
	if err != nil || sunxiOffset+int64(len(data)) > l.disks[l.boot].offset() {
		t.Fatalf("%s: %d bytes, %v", program, len(data), err)
	}
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, sunxiOffset); err != nil {
		t.Fatal(err)
	}
}

// compiledIn returns the environment that is compiled into a U-Boot: the text
// around its boot_targets up to an empty one, each variable ended by NUL.
func compiledIn(t *testing.T, program string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("\x00boot_targets="))
	if at < 0 {
		t.Fatalf("%s: no boot_targets", program)
	}
	variables := map[string]string{}
	end := at + bytes.Index(data[at:], []byte{0, 0})
	for _, line := range bytes.Split(data[max(0, at-16<<10):end], []byte{0}) {
		// What lies in front is code, where few runs of bytes look like this.
		if name, value, ok := strings.Cut(string(line), "="); ok && variableForm.MatchString(name) {
			variables[name] = value
		}
	}
	return variables
}

var variableForm = regexp.MustCompile(`^[a-z][a-z0-9_]{2,}$`)

// savedEnvironment makes the file in which a U-Boot keeps its environment: a
// CRC-32 of what follows, and the variables (U-Boot, include/env_internal.h).
func (l *loaded) savedEnvironment(t *testing.T, program string) string {
	variables := compiledIn(t, program)
	variables["boot_targets"] = l.targets
	block := make([]byte, 4, l.saved)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		block = fmt.Appendf(block, "%s=%s\x00", name, variables[name])
	}
	if len(block) >= l.saved {
		t.Fatalf("environment: %d bytes", len(block))
	}
	block = block[:l.saved]
	binary.LittleEndian.PutUint32(block, crc32.ChecksumIEEE(block[4:]))
	return string(block)
}

// uboot holds the facts against the package and the file of a U-Boot.
func (l *loaded) uboot(t *testing.T, o outcome, check func(string, any, any)) {
	b, program := o.report.Boot, l.program(t)
	control, err := os.ReadFile(filepath.Join(strings.TrimSuffix(program, l.loader[2]), "DEBIAN/control"))
	m := regexp.MustCompile(`(?m)^Version: (.*)$`).FindSubmatch(control)
	if err != nil || m == nil {
		t.Fatalf("control file of %s: %v\n%s", l.loader[1], err, control)
	}
	version := string(m[1])
	check("the console names U-Boot "+version, bytes.Contains(o.log, []byte("U-Boot "+version+" ")), true)
	check("boot.loader", b.Loader.Value, "u-boot")
	check("boot.loader_version", b.LoaderVersion.Value, version)
	check("number of load options", len(b.Options), 0)
	var names, versions []string // of the media with the loader that ran, and with another
	for _, medium := range b.Media {
		switch {
		case medium.Running.Value:
			names = append(names, medium.Name.Value)
		case medium.Running.OK():
			versions = append(versions, medium.Versions.Value...)
		}
	}
	if !l.order {
		check("media with the loader", names, []string{})
		check("boot.loader_order", b.LoaderOrder.Gap, report.NotProbed)
		check("boot.current", b.Current.Gap, report.NotProbed)
		check("a loader that did not run is seen", len(versions) > 0, l.idle[0] != "")
		return
	}
	check("media with the loader", names, []string{"mmcblk0"})
	check("boot.current", b.Current.Value, "mmc")
	check("basis of boot.current", b.Current.Basis, report.Inferred)
	check("boot.current_device", b.CurrentDevice.Value, "mmcblk0")
	if len(b.Media) == 0 {
		return // and said so above
	}
	want, place, end := compiledIn(t, program)["boot_targets"], "default@", int64(0)
	if l.targets != "" {
		disk, err := os.ReadFile(filepath.Join(o.dir, fmt.Sprintf("disk%d", l.boot)))
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(disk, []byte(l.savedEnvironment(t, program)))
		want, place, end = l.targets, fmt.Sprintf("saved@%d", at), int64(at)+int64(l.saved)
		if at >= searched {
			place, end = "saved@0 of uboot.env on mmcblk0p1", 0
		}
		check("U-Boot has loaded its environment", bytes.Contains(o.log, []byte("Loading Environment from FAT... OK")), true)
	}
	// An emulated card can be too slow for the probe to read all that it wants.
	cut := regexp.MustCompile(`^only the first (\d+) MiB`).FindStringSubmatch(b.Media[0].Versions.Note)
	if read, _ := strconv.ParseInt(strings.Join(cut[min(1, len(cut)):], ""), 10, 64); cut != nil && read<<20 < end {
		check("boot.loader_order is called configured, of "+strings.Join(cut, " "), b.LoaderOrder.Basis == report.Configured, false)
	} else {
		check("boot.loader_order", b.LoaderOrder.Value, strings.Fields(want))
		check("place of the settings, "+b.LoaderOrder.Note, strings.Contains(b.LoaderOrder.Note, "boot_targets of mmcblk0, "+place), true)
		if cut == nil || l.targets != "" {
			check("basis of boot.loader_order", b.LoaderOrder.Basis, report.Configured)
		}
	}
	check("boot.rom_order", b.ROMOrder.Value, l.rom)
	check("basis of boot.rom_order", b.ROMOrder.Basis, report.Documented)
	l.resolved(o, check)
	if l.file != "" {
		return // its ROM knows no header
	}
	header := strings.Join(b.Media[0].Headers.Value, "; ")
	form := fmt.Sprintf(`^eGON\.BT0 at %d, [^;]*checksum right$`, sunxiOffset)
	check("one header of the ROM in "+header, regexp.MustCompile(form).MatchString(header), true)
	// It is made up, in the form of the one that U-Boot has put in the tree.
	check("length of identity.serial", len(o.report.Identity.Serial.Value), len(l.serials[0]))
}

// resolved holds the disks that the report gives for the words of the orders
// against those that were attached.
func (l *loaded) resolved(o outcome, check func(string, any, any)) {
	b := o.report.Boot
	names := map[string]string{} // by kind
	for _, d := range l.disks {
		for _, s := range o.report.Storage {
			if s.Kind.Value == d.kind && s.SizeBytes.Value == d.mib<<20 {
				names[d.kind] = s.Name.Value
			}
		}
	}
	check("disks found as attached", len(names), len(l.disks))
	places := map[string]string{}
	for _, p := range b.Places {
		places[p.Place] = p.Device.Value
	}
	for i, word := range b.LoaderOrder.Value {
		switch {
		case strings.HasPrefix(word, "mmc"):
			check("disk of "+word, places[fmt.Sprintf("loader %d %s", i+1, word)], names[report.KindSD])
		case strings.HasPrefix(word, "usb"):
			check("disk of "+word, places[fmt.Sprintf("loader %d %s", i+1, word)], names[report.KindUSB])
		}
	}
	check("disk of the ROM's first place", places["rom 1 "+l.rom[0]], names[report.KindSD])
	check("boot.current_device is disk "+fmt.Sprint(l.boot), b.CurrentDevice.Value, names[l.disks[l.boot].kind])
}

// said holds what boardreport makes of the console's log beside the package: the
// loader says there what the report says of it.
func (l *loaded) said(t *testing.T, w *workshop, o outcome, check func(string, any, any)) {
	out, err := exec.Command(w.tool("boardreport"), "check", "-format", "json", o.packed).Output()
	var document struct{ Findings []require.Finding }
	if json.Unmarshal(out, &document) != nil {
		t.Fatalf("boardreport check: %v\n%s", err, out)
	}
	findings := map[string]require.Finding{}
	for _, f := range document.Findings {
		findings[f.ID] = f
		if strings.HasPrefix(f.ID, "console.") && f.Found != "" {
			t.Logf("%-14s %-22s %-4s %s", l.name, f.ID, f.Verdict, f.Found)
		}
	}
	agree := []string{"console.kernel"}
	if l.manager[0] != "" {
		agree = append(agree, "console.boot-source")
	} else {
		agree = append(agree, "console.loader-version", "console.dram")
	}
	if l.order && l.file == "" { // only an SPL says it
		agree = append(agree, "console.boot-source")
	}
	if l.file != "" {
		// U-Boot's own word for it: the card's controller, which Linux has at 3f202000.
		source := findings["console.boot-source"].Found
		check("U-Boot starts the system from the card, "+source, strings.Contains(source, "'mmc@7e202000.bootdev.part_1' with extlinux"), true)
	}
	for _, id := range agree {
		check(id+", "+findings[id].Found, findings[id].Verdict, require.Pass)
	}
}

// uefi holds the facts against the variables that the firmware has stored, and
// the console on which it names the option that it starts.
func (l *loaded) uefi(t *testing.T, o outcome, check func(string, any, any)) {
	b := o.report.Boot
	variables := storedVariables(t, filepath.Join(o.dir, "vars.fd"))
	options := map[string]loadOption{}
	for name, value := range variables {
		if optionForm.MatchString(name) {
			options[name] = parseOption(value)
		}
	}
	ordered := map[string]bool{}
	words := []string{}
	order := variables["BootOrder"]
	for ; len(order) > 1; order = order[2:] {
		name := fmt.Sprintf("Boot%04X", binary.LittleEndian.Uint16(order))
		ordered[name] = true
		if options[name].attributes&(optionActive|optionCategory) == optionActive {
			words = append(words, options[name].medium)
		}
	}
	check("boot.loader", b.Loader.Value, "uefi")
	check("boot.loader_order", b.LoaderOrder.Value, words)
	check("basis of boot.loader_order", b.LoaderOrder.Basis, report.Configured)
	check("the disk is in the order", slices.Contains(words, l.disks[l.boot].kind), true)
	m := regexp.MustCompile(`BdsDxe: starting (Boot[0-9A-F]{4}) `).FindAllSubmatch(o.log, -1)
	if len(m) == 0 {
		t.Fatalf("%s: the console does not say which option was started", l.name)
	}
	started := string(m[len(m)-1][1])
	check("boot.current", b.Current.Value, l.disks[l.boot].kind)
	check("boot.current, as of its option", b.Current.Value, options[started].medium)
	check("note of boot.current", b.Current.Note, "BootCurrent is "+started)
	check("number of load options", len(b.Options), len(options))
	files := 0
	for _, got := range b.Options {
		want := options[got.Number]
		check(got.Number+" is active", got.Active.Value, want.attributes&(optionActive|optionCategory) == optionActive)
		check(got.Number+" is in the order", got.Ordered.Value, ordered[got.Number])
		check("medium of "+got.Number, got.Medium.Value, want.medium)
		// Serial numbers are other ones in the report.
		form := regexp.QuoteMeta(want.description)
		for _, d := range l.disks {
			if d.serial != "" {
				form = strings.ReplaceAll(form, d.serial, `[A-Z0-9]+`)
			}
		}
		if !regexp.MustCompile("^" + form + "$").MatchString(got.Description.Value) {
			t.Errorf("%s: description of %s = %q; want %q", l.name, got.Number, got.Description.Value, form)
		}
		if want.firmware != "" {
			check("path of "+got.Number, got.Path.Value, want.firmware)
			files++
		}
		for _, d := range l.disks {
			if d.kind != report.KindUSB && d.serial != "" && strings.Contains(want.description, d.serial) {
				check("size of the disk of "+got.Number, sizeOf(o.report, got.Device.Value), d.mib<<20)
			}
		}
	}
	check("there are options of the firmware's files", files > 0, true)
	l.systemd(t, o, check)
	s := o.report.Security
	_, locked := variables["PK"]
	check("a platform key is stored", locked, false)
	if l.secure {
		check("security.secure_boot", s.SecureBoot.Value, "capable")
		check("security.setup_mode", s.SetupMode.Value, "setup")
	} else {
		check("security.secure_boot", s.SecureBoot.Gap, report.Unsupported)
	}
	check("security.keys", s.Keys.Value, []string{})
}

// systemd holds what systemd-boot left in variables against its file and the
// disk that it lies on. It names its partition only by the GUID of a GPT.
func (l *loaded) systemd(t *testing.T, o outcome, check func(string, any, any)) {
	b := o.report.Boot
	program, err := os.ReadFile(l.bootManager(t))
	name := regexp.MustCompile(`#### LoaderInfo: (systemd-boot [0-9][^ ]*) ####`).FindSubmatch(program)
	if err != nil || name == nil {
		t.Fatalf("%s does not name itself: %v", l.bootManager(t), err)
	}
	check("boot.efi_loader", b.EFILoader.Value, string(name[1]))
	check("boot.rom_order", b.ROMOrder.Gap, report.NotProbed)
	used := l.disks[l.boot]
	if used.gpt != nil {
		check("note of boot.current_device", b.CurrentDevice.Note, "LoaderDevicePartUUID")
	}
	check("size of boot.current_device", sizeOf(o.report, b.CurrentDevice.Value), used.mib<<20)
}

// sizeOf returns the size of a disk by the kernel's name of it. Which name a
// disk gets is for the kernel to say, so that the disks of a board differ in size.
func sizeOf(r *report.Report, name string) int64 {
	for _, d := range r.Storage {
		if d.Name.Value == name {
			return d.SizeBytes.Value
		}
	}
	return 0
}

// reordered turns the disks in the stored BootOrder round and starts the board
// again: the report follows. Firmware tries what it cannot start and goes on; its
// own shell stays where it is, for that would be started.
func (l *loaded) reordered(t *testing.T, w *workshop, first outcome, args []string) {
	name := filepath.Join(first.dir, "vars.fd")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	order := storedVariables(t, name)["BootOrder"]
	if bytes.Count(data, order) == 0 || len(order) < 4 {
		t.Fatalf("%s: stored BootOrder %x", l.name, order)
	}
	turned := bytes.Clone(order)
	var disks []int // places in the order
	for i := 0; i < len(order); i += 2 {
		o := parseOption(storedVariables(t, name)[fmt.Sprintf("Boot%04X", binary.LittleEndian.Uint16(order[i:]))])
		if slices.Contains([]string{report.KindUSB, report.KindSATA, report.KindNVMe, report.KindSD}, o.medium) {
			disks = append(disks, i)
		}
	}
	for k, i := range disks {
		copy(turned[i:i+2], order[disks[len(disks)-1-k]:])
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(data, order, turned), 0o644); err != nil {
		t.Fatal(err)
	}
	if volume := l.volume(); volume >= 0 {
		makeDisk(t, filepath.Join(first.dir, fmt.Sprintf("disk%d", volume)), l.disks[volume])
	}
	if err := os.Remove(filepath.Join(first.dir, "volume.board.tar.gz")); err != nil {
		t.Fatal(err)
	}
	second := w.evaluate(t, l.board, args, first.dir)
	if second.report == nil {
		return
	}
	check := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s, other order: %s = %v; want %v", l.name, what, got, want)
		}
	}
	l.uefi(t, second, check)
	a, b := first.report.Boot.LoaderOrder, second.report.Boot.LoaderOrder
	check("boot.loader_order follows "+a.Note+", "+b.Note, fmt.Sprint(a.Value) != fmt.Sprint(b.Value), true)
	t.Logf("%-14s order %v, turned round %v", l.name, a.Value, b.Value)
}

// Attributes of a load option (UEFI 2.10, 3.1.3). The boot manager passes over
// those that are not active, and those whose category is not 0, boot.
const (
	optionActive   = 0x1
	optionCategory = 0x1f00
)

var optionForm = regexp.MustCompile(`^Boot[0-9A-F]{4}$`)

type loadOption struct {
	attributes          uint32
	description, medium string
	firmware            string // its path, if it leads to a file of the firmware
}

// parseOption returns what a variable Boot#### says: attributes, the length of
// the path, a text up to its NUL, and the path.
func parseOption(value []byte) loadOption {
	le := binary.LittleEndian
	o := loadOption{attributes: le.Uint32(value), description: wide(value[6:])}
	path := value[6+2*(len(utf16.Encode([]rune(o.description)))+1):]
	path = path[:le.Uint16(value[4:])]
	if len(path) == 44 && path[0] == 4 && path[1] == 7 && path[20] == 4 && path[21] == 6 {
		guid := func(b []byte) string {
			raw := mixedGUID(hex.EncodeToString(b))
			return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
		}
		o.firmware = "Fv(" + guid(path[4:20]) + ")/FvFile(" + guid(path[24:40]) + ")"
	}
	for ; len(path) >= 4; path = path[le.Uint16(path[2:]):] {
		// Type and subtype of a node of the path (UEFI 2.10, 10.3).
		word, ok := map[[2]byte]string{
			{3, 0x05}: report.KindUSB, {3, 0x12}: report.KindSATA, {3, 0x17}: report.KindNVMe, {3, 0x1a}: report.KindSD,
			{3, 0x0b}: "network", {4, 0x06}: "firmware",
		}[[2]byte(path)]
		if ok && o.medium == "" {
			o.medium = word
		}
	}
	return o
}

// storedVariables returns the standard variables of UEFI in the file behind its
// flash, by name (EDK II, MdeModulePkg/Include/Guid/VariableFormat.h).
func storedVariables(t *testing.T, name string) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const (
		store  = 28   // bytes of the header of the store
		header = 60   // of that of an authenticated variable
		added  = 0x3f // its state at byte 2: neither deleted nor replaced
	)
	global := []byte("\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c")
	variables := map[string][]byte{}
	le := binary.LittleEndian
	// The length of the header of the volume is at byte 48.
	for at := int(le.Uint16(data[48:])) + store; at+header < len(data) && le.Uint16(data[at:]) == 0x55aa; {
		nameEnd := at + header + int(le.Uint32(data[at+36:]))
		end := nameEnd + int(le.Uint32(data[at+40:]))
		if data[at+2] == added && bytes.Equal(data[at+44:at+header], global) {
			variables[wide(data[at+header:nameEnd])] = data[nameEnd:end]
		}
		at = (end + 3) &^ 3
	}
	return variables
}

// wide returns a text of UTF-16 up to its NUL.
func wide(data []byte) string {
	var units []uint16
	for ; len(data) > 1 && data[0]|data[1] != 0; data = data[2:] {
		units = append(units, binary.LittleEndian.Uint16(data))
	}
	return string(utf16.Decode(units))
}
