package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/initramfs/emulator/radios"
	"github.com/boardprobe/boardprobe/report"
)

// pcRadio is a PC with radios that are programs, and the kernel's own simulators.
func pcRadio() board {
	return board{
		name: "pc-radio", arch: "amd64", suite: "bookworm", console: "ttyS0", cpus: 2, ramMiB: 2048, radios: 1,
		machine: []string{"-M", "q35", "-cpu", "qemu64"},
		disks:   []disk{{kind: report.KindSD, mib: 64, label: label}},
		guest: guest{
			simulators: []string{simulator + " radios=1", "vhci-hcd", "hci_vhci", "test_firmware"},
			Order: radios.Order{
				USB: devices(), Controllers: [][6]byte{{0x00, 0xe0, 0x4c, 0x7a, 0x31, 0x95}},
				Firmware: []string{"boardprobe/there.bin", "boardprobe/lacking.bin"}, Trace: "/dev/ttyS1",
			},
			files: map[string]string{"lib/firmware/boardprobe/there.bin": "firmware\n"},
		},
		modems: modems(), opens: []string{"cdc-wdm0", "ttyUSB2", "cdc-wdm1"}, bluetooth: []string{" 4.2 Realtek", "btusb 4.0 Broadcom"},
		serials:  []string{"00:e0:4c:7a:31:95"},
		verdicts: map[string]string{"radio.modem": "pass", "radio.bluetooth-address": "pass", "radio.firmware": "unknown", "radio.silent": "unknown"}, // for there is none in the image
		starved:  starved(),
		firmware: append(lacking(), "boardprobe/there.bin loaded", "boardprobe/lacking.bin lacking"),
	}
}

// virtRadio is a board with the same devices; its kernel has no simulator of
// Bluetooth.
func virtRadio() board {
	b := virt("virt-usb-radio", 10)
	b.suite, b.long, b.radios, b.nics, b.verdicts = "trixie", true, 1, nil, nil
	b.guest = guest{
		simulators: []string{simulator + " radios=1", "vhci-hcd", "test_firmware"},
		Order:      radios.Order{USB: devices(), Firmware: []string{"boardprobe/there.bin", "boardprobe/lacking.bin"}},
		files:      map[string]string{"lib/firmware/boardprobe/there.bin": "firmware\n"},
	}
	b.starved = starved()
	b.modems, b.bluetooth, b.firmware = modems(), []string{"btusb 4.0 Broadcom"}, append(lacking(), "boardprobe/there.bin loaded", "boardprobe/lacking.bin lacking",
		"brcm/BCM20702A1-0a5c-21e8.linux,dummy-virt.hcd optional", "brcm/BCM-0a5c-21e8.linux,dummy-virt.hcd optional")
	return b
}

// pcManager is a PC on which ModemManager of Debian runs, and what it needs.
func pcManager() board {
	b := pcModem("pc-modemmanager")
	b.others = []string{"/packages/usr/libexec/qmi-proxy", "/packages/usr/sbin/ModemManager"}
	b.router = true // ModemManager looks there for modems, and the kernel loads its module
	b.guest.packages = []string{"modemmanager", "udev", "dbus-daemon"}
	b.guest.files[packagesPath+"/etc/passwd"] = "root:x:0:0:root:/:/bin/sh\n"
	b.guest.files[packagesPath+"/etc/group"] = "root:x:0:\n"
	b.guest.files[packagesPath+"/run/.there"], b.guest.files[packagesPath+"/var/run/dbus/.there"] = "", ""
	b.guest.files[packagesPath+"/etc/bus.conf"] = `<busconfig><type>system</type><listen>unix:path=/var/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>` +
		`<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>`
	b.guest.Programs = []radios.Program{
		{Root: "/" + packagesPath, Args: []string{"/lib/systemd/systemd-udevd", "--resolve-names=never"}, Makes: "/" + packagesPath + "/run/udev/control"},
		{Name: "tell", Args: []string{"/" + guestPath}, Ends: true},
		{Root: "/" + packagesPath, Args: []string{"/usr/bin/dbus-daemon", "--config-file=/etc/bus.conf", "--nofork", "--nopidfile"}, Makes: "/" + packagesPath + "/var/run/dbus/system_bus_socket"},
		{Root: "/" + packagesPath, Args: []string{"/usr/sbin/ModemManager"}, Opens: "cdc-wdm0"},
	}
	return b
}

// pcPPP is a PC on which pppd of Debian waits for a call.
func pcPPP() board {
	b := pcModem("pc-pppd")
	b.others = []string{"/packages/usr/sbin/pppd"}
	b.guest.simulators = append(b.guest.simulators, "ppp_async")
	b.guest.packages = []string{"ppp"}
	b.guest.Programs = []radios.Program{{
		Root: "/" + packagesPath, Args: []string{"/usr/sbin/pppd", "/dev/ttyUSB3", "115200", "silent", "nodetach", "noauth", "local", "nolock"}, Opens: "ttyUSB3",
	}}
	return b
}

// pcHolder is a PC on which a program that nobody knows has a port open.
func pcHolder() board {
	b := pcModem("pc-holder")
	b.others = []string{"/radios/guest"}
	b.guest.Programs = []radios.Program{{Name: "hold", Args: []string{"/" + guestPath, "/dev/ttyUSB2"}, Opens: "ttyUSB2"}}
	return b
}

// pcDeaf is a PC with a modem that never answers.
func pcDeaf() board {
	b := pcModem("pc-deaf")
	b.guest.USB, b.opens = []string{"ec25-mute"}, []string{"cdc-wdm0", "ttyUSB2"}
	b.modems = []modem{ec25([]string{"not-probed", "not-probed", "deadline", "not-probed", "deadline"}, make([]string, 7))}
	return b
}

// pcGarbled is a PC with a modem that answers nonsense.
func pcGarbled() board {
	b := pcDeaf()
	b.name, b.guest.USB = "pc-garbled", []string{"ec25-garbled"}
	b.modems = []modem{ec25([]string{"not-probed", "not-probed", "invalid", "not-probed", "invalid"}, make([]string, 7))}
	return b
}

// pcLate is a PC with modems that are slow to give their first answers. The one
// for QMI comes while the probe waits, so all that is asked there is to be known;
// those for AT and for MBIM come when it has stopped, which is the gap deadline.
// The session that was asked for is closed although nobody saw it open, every
// client is given back, and the section ends in its time.
func pcLate() board {
	b := pcDeaf()
	b.name, b.guest.USB, b.opens = "pc-late", []string{"ec25-late", "em7565-late"}, []string{"cdc-wdm0", "ttyUSB2", "cdc-wdm1"}
	late := modems()[1]
	late.interfaces, late.answers = slices.Clone(late.interfaces), make([]string, 7)
	late.interfaces[0] = strings.TrimSuffix(late.interfaces[0], "MBIM") + "deadline"
	answers := slices.Clone(modems()[0].answers)
	answers[4], answers[6] = "", "" // what only its port for AT would say
	b.modems = []modem{ec25([]string{"not-probed", "not-probed", "deadline", "not-probed", "QMI"}, answers), late}
	return b
}

// pcRouted is a PC with the kernel's IPC router, by which the services of a modem
// can be had, as in SoCs of Qualcomm. They are to be listed, and the one for the
// device is to say what it is; a program that serves other processors has a
// socket, too, and does not matter. Every client has gone in the end.
func pcRouted() board {
	b := pcModem("pc-qrtr")
	b.router = true
	b.guest = guest{simulators: []string{"qrtr"}, Order: radios.Order{Routed: &radios.Routed{Node: "msm8916", As: "rmtfs"}, Trace: "/dev/ttyS1"}}
	b.modems = []modem{routed("QMI", []string{"QUALCOMM INCORPORATED", "4114", "MPSS.DPM.2.0.c1-00148  1  [Mar 07 2019 03:00:00]", "10000", "", "on", ""})}
	b.clients = 4 // two lookups, and two services
	return b
}

// pcRoutedHeld is the same, and a program that nobody knows has a socket: only
// the name server is asked.
func pcRoutedHeld() board {
	b := pcRouted()
	b.name, b.clients = "pc-qrtr-held", 1
	b.guest.Routed = &radios.Routed{Node: "msm8916", As: "diag-router"}
	b.modems = []modem{routed("not-probed", make([]string, 7))}
	return b
}

// routed is what is to be said of a modem by QRTR whose services for device and
// card were asked so.
func routed(asked string, answers []string) modem {
	return modem{interfaces: []string{"DMS  qrtr qmi [] " + asked, "NAS  qrtr qmi [] not-probed", "PDC  qrtr qmi [] not-probed", "UIM  qrtr qmi [] " + asked}, answers: answers}
}

// pcModem is a PC with a modem that somebody uses.
func pcModem(name string) board {
	b := pcRadio()
	b.name, b.long, b.radios, b.opens, b.bluetooth, b.firmware, b.starved, b.serials, b.verdicts = name, true, 0, nil, nil, nil, nil, nil, nil
	b.modems = []modem{ec25(slices.Repeat([]string{"not-probed"}, 5), make([]string, 7))}
	b.guest = guest{
		simulators: []string{"vhci-hcd", "option", "qmi_wwan"},
		Order:      radios.Order{USB: devices()[:1], Nodes: []string{"/dev/ttyUSB3", "/dev/cdc-wdm0"}, Trace: "/dev/ttyS1"},
		files:      map[string]string{},
	}
	return b
}

func devices() []string { return []string{"ec25", "em7565", "bcm20702", "ar9271"} }

// lacking are the files that the drivers of devices() ask for, and cfg80211.
func lacking() []string {
	return []string{"regulatory.db optional", "brcm/BCM20702A1-0a5c-21e8.hcd optional", "brcm/BCM-0a5c-21e8.hcd optional", "ath9k_htc/htc_9271-1.4.0.fw lacking"}
}

// starved are the devices() of which a driver lets go when it gets no firmware.
func starved() []string {
	return []string{"usb:v0CF3p9271d0108dcFFdscFFdpFF firmware not found: ath9k_htc/htc_9271-1.4.0.fw"}
}

// modem is what is to be said of a modem.
type modem struct {
	id, maker, product string
	interfaces         []string // number, class, driver, role, nodes, and in which protocol it answered, or why not
	answers            []string // manufacturer, model, firmware, hardware, card, power of the radio, functions on USB
}

// modems are those of devices().
func modems() []modem {
	return []modem{
		ec25(
			[]string{"not-probed", "not-probed", "AT", "not-probed", "QMI"},
			[]string{"QUALCOMM INCORPORATED", "QUECTEL Mobile Broadband Module", "EC25EFAR06A06M4G  1  [Mar 07 2019 03:00:00]", "10000", "present", "on", "QMI"},
		),
		{
			"1199:90f3", "Sierra Wireless, Incorporated", "Sierra Wireless EM7565 Qualcomm Snapdragon X16 LTE-A",
			[]string{"1.0 02/0e/00 cdc_mbim mbim [wwan1 cdc-wdm1] MBIM", "1.1 0a/00/02 cdc_mbim mbim [] "},
			[]string{"", "", "SWI9X50C_01.14.02.00", "EM7565", "present", "on", ""},
		},
	}
}

// ec25 is what is to be said of an EC25 that answers as stated.
func ec25(asked, answers []string) modem {
	m := modem{"2c7c:0125", "Quectel", "EC25-E", nil, answers}
	for i, what := range []string{"ff/ff/ff option diag [ttyUSB0]", "ff/00/00 option gps [ttyUSB1]", "ff/00/00 option at [ttyUSB2]", "ff/00/00 option at [ttyUSB3]", "ff/ff/ff qmi_wwan qmi [wwan0 cdc-wdm0]"} {
		m.interfaces = append(m.interfaces, fmt.Sprintf("1.%d %s %s", i, what, asked[i]))
	}
	return m
}

// guest is what runs on a board before and beside the probe: the programs that
// play devices, and others.
type guest struct {
	radios.Order          // without the modules' files
	simulators   []string // modules, with their options
	files        map[string]string
	packages     []string // of the kernel's suite, with what they need
}

func (g guest) there() bool { return len(g.simulators) > 0 }

// secrets returns what was planted in the devices.
func (g guest) secrets() (list []string) {
	for _, name := range g.USB {
		d, _ := radios.Find(name)
		list = append(list, d.Secrets...)
	}
	if g.Routed != nil {
		n, _ := radios.FindNode(g.Routed.Node)
		list = append(list, n.Secrets()...)
	}
	return list
}

// The guest's program, and the file that takes its trace.
const (
	guestPath    = "radios/guest"
	packagesPath = "packages" // the root of programs of Debian
	traceName    = "trace"
)

// parameters returns the further kernel parameters.
func (b board) parameters() string {
	if b.guest.there() {
		return strings.TrimSpace(b.append + " rdinit=/" + guestPath)
	}
	return b.append
}

// beside returns the image of a board, and behind it what runs beside the probe.
func (w *workshop) beside(t testing.TB, b board, dir string) string {
	image := w.image(t, b)
	if !b.guest.there() {
		return image
	}
	root := filepath.Join(dir, "guest")
	put := func(name string, data []byte, mode os.FileMode) {
		name = filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, data, mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	command(t, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + b.arch}, "go", "build", "-ldflags", "-s -w", "-o", filepath.Join(root, guestPath), "./guest")
	order := b.guest.Order
	seen := map[string]bool{}
	for _, line := range b.guest.simulators {
		name, options, _ := strings.Cut(line, " ")
		order.Modules = append(order.Modules, withNeeds(t, modules(t, b), name, options, seen, put)...)
	}
	data, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	put(radios.OrderPath, data, 0o644)
	for _, name := range b.guest.packages {
		to := filepath.Join(root, packagesPath)
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		command(t, nil, "cp", "-a", command(t, nil, top+"/.ci/unpack", "-all", b.suite, name)+"/.", to)
		for _, name := range []string{"usr/share/doc", "usr/share/locale", "usr/share/perl", "usr/lib/x86_64-linux-gnu/perl-base", "var/cache"} {
			os.RemoveAll(filepath.Join(to, name)) // large and not needed
		}
	}
	for name, text := range b.guest.files {
		put(name, []byte(text), 0o644)
	}
	first, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	// Archives may follow each other, from multiples of four bytes on
	// (Documentation/driver-api/early-userspace/buffer-format.rst).
	first = append(first, make([]byte, -len(first)&3)...)
	c := exec.Command("sh", "-c", "find . | cpio --quiet -o -H newc -R 0:0")
	c.Dir = root
	second, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "image")
	if err := os.WriteFile(name, slices.Concat(first, second), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// withNeeds puts a module of the kernel into the guest, after those that it
// needs.
func withNeeds(t testing.TB, folder, name, options string, seen map[string]bool, put func(string, []byte, os.FileMode)) (list []radios.Module) {
	t.Helper()
	plain := func(s string) string { return strings.ReplaceAll(s, "-", "_") }
	if seen[plain(name)] {
		return nil
	}
	seen[plain(name)] = true
	var found string
	filepath.WalkDir(folder, func(place string, d os.DirEntry, err error) error {
		stem, _, ok := strings.Cut(filepath.Base(place), ".ko")
		if err == nil && ok && plain(stem) == plain(name) {
			found = place
			return filepath.SkipAll
		}
		return err
	})
	module, err := os.ReadFile(found)
	if strings.HasSuffix(found, ".xz") {
		module, err = exec.Command("xz", "-dc", found).Output()
	}
	if err != nil {
		t.Fatalf("module %s: %v", name, err)
	}
	if _, needs, ok := bytes.Cut(module, []byte("\x00depends=")); ok {
		needs, _, _ = bytes.Cut(needs, []byte{0})
		for _, need := range strings.FieldsFunc(string(needs), func(r rune) bool { return r == ',' }) {
			list = append(list, withNeeds(t, folder, need, "", seen, put)...)
		}
	}
	file := "/radios/modules/" + name + ".ko"
	put(file, module, 0o644)
	return append(list, radios.Module{File: file, Options: options})
}

// radios holds what the report says of radios against what is there: of Wi-Fi,
// the kernel's simulator (drivers/net/wireless/virtual/mac80211_hwsim.c), its
// bands, that it can be an access point, and the addresses that it numbers,
// which must not be there.
func (o *outcome) radios(t *testing.T, check func(string, any, any)) {
	b, r := o.board, o.report
	check("number of radios", len(r.WiFi), b.radios)
	for i, w := range r.WiFi {
		check("driver of "+w.Name.Value, w.Driver.Value, simulator)
		check("access point on "+w.Name.Value, w.AccessPoint.Value, true)
		check("rfkill of "+w.Name.Value, w.Blocked.Value, "no")
		check("first byte of the address of "+w.Name.Value, strings.HasPrefix(w.MAC.Value, "02:"), true)
		check("address of "+w.Name.Value+" is hidden", w.MAC.Value == fmt.Sprintf("02:00:00:00:%02x:00", i), false)
		bands := []string{"2.4 GHz n ax be, 40 MHz wide, 14 of 14 channels", "5 GHz n ac ax be, 160 MHz wide, ", "6 GHz ax be, 320 MHz wide, ", "sub 1 GHz "}
		check("bands of "+w.Name.Value, slices.EqualFunc(w.Bands.Value, bands, strings.HasPrefix), true)
		check("ciphers of "+w.Name.Value, slices.Contains(w.Ciphers.Value, "GCMP-256"), true)
	}
	if b.radios > 0 {
		check("regulatory domain", r.Radios.Regulatory.Value, "00 world")
	}
	var bluetooth []string
	for _, c := range r.Bluetooth {
		bluetooth = append(bluetooth, c.Driver.Value+" "+c.Version.Value+" "+c.Manufacturer.Value)
	}
	check("Bluetooth", bluetooth, b.bluetooth)
	if b.firmware != nil {
		var files []string
		for _, f := range r.Firmware {
			files = append(files, f.File+" "+f.State.Value)
		}
		slices.Sort(files)
		check("firmware", files, slices.Sorted(slices.Values(b.firmware)))
	}
	var starved []string
	for _, f := range r.Faults {
		if f.Reason.OK() && f.Kind.Value == "unbound" {
			starved = append(starved, f.ID.Value+" "+f.Reason.Value)
		}
	}
	check("devices that lack firmware", starved, b.starved)
	check("the kernel warns", b.guest.there() && bytes.Contains(o.log, []byte("[ cut here ]")), false)
	check("the kernel has QRTR", r.Radios.QRTR.Value, b.router)
	check("number of modems", len(r.Modems), len(b.modems))
	for i, m := range r.Modems[:min(len(r.Modems), len(b.modems))] {
		want := b.modems[i]
		check("identity of modem "+want.id, []string{m.ID.Value, m.Manufacturer.Value, m.Product.Value}, []string{want.id, want.maker, want.product})
		var interfaces []string
		for _, f := range m.Interfaces {
			interfaces = append(interfaces, fmt.Sprintf("%s %s %s %s %s %s", f.Number, f.Class.Value, f.Driver.Value, f.Role.Value, f.Nodes.Value, cmp.Or(f.Asked.Value, string(f.Asked.Gap))))
		}
		check("interfaces of modem "+want.id, strings.Join(interfaces, "\n"), strings.Join(want.interfaces, "\n"))
		a := m.Answers
		check("answers of modem "+want.id, fmt.Sprintf("%q", []string{a.Manufacturer.Value, a.Model.Value, a.Firmware.Value, a.Hardware.Value, a.Card.Value, a.Power.Value, a.USBMode.Value}), fmt.Sprintf("%q", want.answers))
		check("modem "+want.id+" has told its IMEI, which is replaced", a.Equipment.OK(), want.answers[2] != "")
	}
	o.opened(t, check)
}

// opened holds the guest's trace of who opened the ports of modems against what
// the probe may open, and looks whether it has left all as it was.
func (o *outcome) opened(t *testing.T, check func(string, any, any)) {
	b := o.board
	if b.guest.Trace == "" {
		return
	}
	trace, err := os.ReadFile(filepath.Join(o.dir, traceName))
	if err != nil || bytes.Contains(trace, []byte("trace ended")) {
		t.Errorf("trace: %v\n%s", err, trace)
	}
	var byProbe []string
	others := map[string]bool{}
	count := map[string]int{}
	for line := range strings.Lines(string(trace)) {
		if m := openForm.FindStringSubmatch(line); m == nil {
			count[turnForm.FindString(line)]++
		} else if m[2] == "/init" {
			byProbe = append(byProbe, m[1])
		} else {
			others[m[2]] = true
		}
	}
	check("ports that the probe opened", byProbe, b.opens)
	check("who else opened ports", slices.Sorted(maps.Keys(others)), b.others)
	check("clients of QRTR that have gone", count["qrtr client gone"], b.clients)
	if len(b.guest.Programs) == 0 {
		check("sessions of MBIM that were closed", count["mbim close"], count["mbim open"])
		check("clients of QMI that were released", count["clients left"], count["qmi client"])
	}
}

// Lines of the trace: a port, and the program that opened it; and what begins
// and ends a conversation.
var (
	openForm = regexp.MustCompile(`^open (\S+) by (\S*), process \d+`)
	turnForm = regexp.MustCompile(`mbim (open|close)|clients left|qmi client|qrtr client gone`)
)
