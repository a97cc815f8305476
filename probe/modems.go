package probe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/nl80211"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// regulatory reads the common regulatory domain.
func regulatory(h *Host) report.Fact[string] {
	switch list := h.List("sys/class/ieee80211"); {
	case list.Gap != "" && list.Gap != report.Absent:
		return report.Missing[string](list.Gap, list.Note, list.ID)
	case len(list.List) == 0:
		return report.Missing[string](report.Absent, "no radio", list.ID)
	}
	a := h.ask("nl80211/1", "regulatory")
	if a.Gap != "" {
		return report.Missing[string](a.Gap, a.Note, a.ID)
	}
	messages, err := wirelessMessages(a.Data)
	for _, m := range messages {
		domain, failed := nl80211.ParseDomain(m)
		if failed == nil && !domain.HasWiphy {
			return report.Known(strings.TrimSpace(domain.Alpha2+" "+domain.Kind()), a.ID)
		}
		err = errors.Join(err, failed)
	}
	if err != nil {
		return report.Missing[string](report.Invalid, oneLine(err.Error()), a.ID)
	}
	return report.Missing[string](report.Absent, "", a.ID)
}

// collectModems lists USB devices that have an interface of a modem's driver or
// are of a maker of modems, what is in /sys/class/wwan (drivers/net/wwan), and
// PCI devices of the class of modems. In an active run those ports are asked
// whose role is known and that nobody uses.
func collectModems(_ context.Context, h *Host) ([]report.Modem, error) {
	names, err := h.Names("sys/bus/usb/devices")
	if err != nil {
		return nil, err
	}
	interfaces := map[string][]string{}
	for _, name := range names.List {
		if device, _, ok := strings.Cut(name, ":"); ok {
			interfaces[device] = append(interfaces[device], name)
		}
	}
	var list []report.Modem
	for _, device := range names.List {
		if m, ok := usbModem(h, device, interfaces[device]); ok {
			list = append(list, m)
		}
	}
	others, err := pciModems(h)
	list = append(list, others...)
	if err != nil {
		return list, err
	}
	routed, err := routedModems(h) // last: earlier versions did not ask that
	return append(list, routed...), err
}

func usbModem(h *Host, device string, names []string) (report.Modem, bool) {
	if len(names) == 0 || rootHub().MatchString(device) {
		return report.Modem{}, false
	}
	dir := "sys/bus/usb/devices/"
	var all []usbInterface
	var drivers, classes []report.Fact[string]
	isModem, fits := false, false
	for _, name := range names {
		driver, class := base(h.Link(dir+name+"/driver")), h.Text(dir+name+"/bInterfaceClass")
		_, number, _ := strings.Cut(name, ":")
		isModem = isModem || slices.Contains(modemDrivers, driver.Value)
		fits = fits || slices.Contains([]string{"02", "08", "ff"}, class.Value)
		drivers, classes = append(drivers, driver), append(classes, class)
		all = append(all, usbInterface{number, class.Value, driver.Value})
	}
	if !isModem && !fits {
		return report.Modem{}, false
	}
	dir += device
	id := pair(h, dir, "idVendor", "idProduct")
	vendor, _, _ := strings.Cut(id.Value, ":")
	if !isModem && !modemMakers[vendor] && id.Value != emergencyDownload && !strings.HasPrefix(id.Value, ubloxModems) {
		return report.Modem{}, false
	}
	at := h.Link(dir)
	m := report.Modem{
		Path: h.path(at.Value), ID: id, Manufacturer: h.Text(dir + "/manufacturer"), Product: h.Text(dir + "/product"), Revision: h.Text(dir + "/bcdDevice"),
		Configuration: h.Int(dir + "/bConfigurationValue"), Configurations: h.Int(dir + "/bNumConfigurations"),
		Attached: report.Known(report.Slot, at.From...).By(report.Inferred),
	}
	for i, name := range names {
		dir := "sys/bus/usb/devices/" + name
		if sub, protocol := h.Text(dir+"/bInterfaceSubClass"), h.Text(dir+"/bInterfaceProtocol"); classes[i].OK() && sub.OK() && protocol.OK() {
			classes[i] = report.Known(classes[i].Value+"/"+sub.Value+"/"+protocol.Value, both(classes[i].From, both(sub.From, protocol.From))...)
		}
		all[i].class = classes[i].Value
	}
	m.State = modemState(id, all, both(id.From, classes[0].From))
	var ports []modemPort
	for i, name := range names {
		nodes, from := usbNodes(h, "sys/bus/usb/devices/"+name)
		in := report.ModemInterface{Number: all[i].number, Class: classes[i], Driver: drivers[i], Nodes: report.Known(nodes, from...)}
		why := both(id.From, both(classes[i].From, drivers[i].From))
		in.Role = report.Missing[string](report.Unsupported, "neither driver nor descriptors tell", why...)
		if role := modemRole(id.Value, all[i], all); role != "" {
			in.Role = report.Known(role, why...).By(report.Inferred)
		}
		_, known := modemMakers[vendor]
		for _, node := range nodes {
			if portName().MatchString(node) {
				ports = append(ports, modemPort{len(m.Interfaces), node, in.Role.Value, known && m.State.Value == "modem"})
			}
		}
		m.Interfaces = append(m.Interfaces, in)
	}
	askModem(h, ports, &m)
	return m, true
}

// modemState says whether a device is what it should be: many modems come as a
// disk with drivers and have to be switched, which is not done here.
func modemState(id report.Fact[string], all []usbInterface, from []string) report.Fact[string] {
	state := "modem"
	switch {
	case id.Value == emergencyDownload || modemRole(id.Value, all[0], all) == "download":
		state = "download"
	case !slices.ContainsFunc(all, func(i usbInterface) bool { return !strings.HasPrefix(i.class, "08") }):
		state = "storage"
	}
	return report.Known(state, from...).By(report.Inferred)
}

// usbNodes lists the device nodes and network interfaces of an interface. A
// serial port of option is a folder of it, others are below a class.
func usbNodes(h *Host, dir string) (nodes, from []string) {
	for _, sub := range []string{"", "/net", "/usbmisc", "/tty"} {
		list := h.List(dir + sub)
		from = append(from, list.ID)
		for _, entry := range list.List {
			if sub != "" || strings.HasPrefix(entry, "ttyUSB") {
				nodes = append(nodes, entry)
			}
		}
	}
	return nodes, from
}

// Names in /sys/class/wwan: a modem, and its ports (wwan_create_port in
// drivers/net/wwan/wwan_core.c).
var (
	wwanDevice = pattern.New(`^wwan[0-9]+$`)
	wwanPort   = pattern.New(`^(wwan[0-9]+)p?([a-z0-9]*[a-z][0-9]+)$`)
	pciAddress = pattern.New(`[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]`)
)

// pciModems lists modems that are not on USB: by MHI, by their own drivers, or
// in the SoC, and those on PCI that no driver is bound to.
func pciModems(h *Host) ([]report.Modem, error) {
	devices, err := devicesOf(h, "sys/class/wwan")
	var list []report.Modem
	seen := map[string]bool{}
	for _, d := range devices {
		if !wwanDevice().MatchString(d.name) || strings.Contains(d.place, "/usb") {
			continue // a port; or listed as a device on USB
		}
		m := report.Modem{Path: h.path(d.place), Attached: attachedBy(d.at), State: report.Known("modem", d.at.From...)}
		driver := d.driver(h)
		if all := pciAddress().FindAllString(d.place, -1); len(all) > 0 {
			dir := "sys/bus/pci/devices/" + all[len(all)-1]
			seen[all[len(all)-1]] = true
			m.ID, driver = pair(h, dir, "vendor", "device"), base(h.Link(dir+"/driver"))
			m.Attached = report.Known(report.Slot, d.at.From...).By(report.Inferred)
		} else {
			m.ID = h.Text(d.dir + "/device/modalias")
		}
		var ports []modemPort
		for _, p := range devices {
			name := wwanPort().FindStringSubmatch(p.name)
			if name == nil || name[1] != d.name {
				continue
			}
			in := report.ModemInterface{Number: name[2], Driver: driver, Role: h.Text(p.dir + "/type"), Nodes: report.Known([]string{p.name}, p.at.From...)}
			in.Role.Value = strings.ToLower(in.Role.Value)
			if portName().MatchString(p.name) {
				ports = append(ports, modemPort{len(m.Interfaces), p.name, in.Role.Value, true})
			}
			m.Interfaces = append(m.Interfaces, in)
		}
		if net := h.List(d.dir + "/net"); len(net.List) > 0 {
			m.Interfaces = append(m.Interfaces, report.ModemInterface{Number: "net", Driver: driver, Role: report.Known("network", net.ID), Nodes: report.Known(net.List, net.ID)})
		}
		askModem(h, ports, &m)
		list = append(list, m)
	}
	if err != nil {
		return list, err
	}
	for _, address := range h.List("sys/bus/pci/devices").List {
		dir := "sys/bus/pci/devices/" + address
		// Wireless controllers of the sub-classes cellular modem, and the same with
		// Ethernet (PCI Code and ID Assignment, 1.14).
		if class := h.Text(dir + "/class"); seen[address] || !strings.HasPrefix(class.Value, "0x0d40") && !strings.HasPrefix(class.Value, "0x0d41") {
			continue
		}
		at, driver := h.Link(dir), base(h.Link(dir+"/driver"))
		list = append(list, report.Modem{
			Path: h.path(at.Value), ID: pair(h, dir, "vendor", "device"), Attached: report.Known(report.Slot, at.From...).By(report.Inferred),
			Interfaces: []report.ModemInterface{{Number: "pci", Driver: driver}},
		})
	}
	return list, nil
}

// modemPort is a port that may be asked.
type modemPort struct {
	at    int // in the list of interfaces
	node  string
	role  string
	known bool // of a maker whose modems are asked
}

// askModem asks a modem on at most two ports: one of QMI or MBIM, and one for AT
// commands. What the first says stands; the second adds what is lacking. A modem
// of which anybody uses a port is left alone as a whole: what is asked on one port
// can disturb what is done on another.
func askModem(h *Host, ports []modemPort, m *report.Modem) {
	slices.SortStableFunc(ports, func(a, b modemPort) int { return cmp.Compare(rank(a.role), rank(b.role)) })
	asked := map[string]bool{}
	var free report.Fact[string] // once somebody wants to know
	for _, p := range ports {
		in := &m.Interfaces[p.at]
		from := both(in.Nodes.From, in.Role.From)
		kind := "control"
		if p.role == roleAT {
			kind = roleAT
		}
		switch {
		case rank(p.role) > rank(roleAT):
			in.Asked = report.Missing[string](report.NotProbed, "its role is not one that is asked", from...)
		case !p.known:
			in.Asked = report.Missing[string](report.NotProbed, "not a modem that is known", from...)
		case asked[kind]:
			in.Asked = report.Missing[string](report.NotProbed, "another port was asked", from...)
		default:
			if free.IsZero() {
				free = unused(h, ports)
				if free.Gap == "" {
					var nodes []string
					for _, i := range m.Interfaces {
						nodes = append(nodes, i.Nodes.Value...)
					}
					free = idle(h, nodes, free)
				}
			}
			in.Asked = free
			if free.Gap == "" {
				asked[kind] = true
				in.Asked = converse(h, p, free.From, &m.Answers)
			}
		}
	}
}

// rank orders ports by what they tell.
func rank(role string) int {
	if i := slices.Index([]string{roleQMI, roleMBIM, roleAT}, role); i >= 0 {
		return i
	}
	return 3
}

// unused finds out whether anybody has a port of the modem open, or may open it
// any time.
func unused(h *Host, ports []modemPort) report.Fact[string] {
	var from []string
	free := report.Known("free")
	for _, p := range ports {
		one, held := freePort(h, p.node)
		from = both(from, one.From)
		if held || free.Gap == "" {
			free = one
		}
		if held {
			break
		}
	}
	free.From = from
	return free
}

// freePort finds out whether anybody has a port open, or may open it any time.
// The second value says that somebody has.
func freePort(h *Host, node string) (report.Fact[string], bool) {
	a := h.ask("holders/1", node)
	var who nodeHolders
	if a.Gap == "" && json.Unmarshal(a.Data, &who) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if node == routerHolder {
		who.Holders = slices.DeleteFunc(who.Holders, func(program string) bool { return slices.Contains(routerHelpers, program) })
	}
	busy := func(why string) report.Fact[string] {
		return report.Missing[string](report.NotProbed, oneLine(why), a.ID)
	}
	switch {
	case a.Gap != "":
		return report.Missing[string](a.Gap, a.Note, a.ID), false
	case len(who.Holders) > 0:
		return busy(node + " is in use by " + strings.Join(who.Holders, ", ")), true
	case who.Unseen != "":
		return busy("whether somebody uses it cannot be seen: " + who.Unseen), false
	}
	for _, program := range who.Managers {
		if modemPrograms[program] {
			return busy(program + " is running"), false
		}
	}
	return report.Known("free", a.ID), false
}

// idle finds out whether a modem has a connection that no process holds:
// mbim-network(1) and qmi-network(1) leave one behind, and the session of MBIM
// that they opened ends with any other.
func idle(h *Host, nodes []string, free report.Fact[string]) report.Fact[string] {
	for _, node := range nodes {
		if portName().MatchString(node) || wwanPort().MatchString(node) {
			continue
		}
		flags := parse(h, "sys/class/net/"+node+"/flags", func(data []byte) (int64, error) {
			return strconv.ParseInt(strings.TrimSpace(string(data)), 0, 64)
		})
		free.From = both(free.From, flags.From)
		const up = 1 // IFF_UP of linux/if.h
		switch {
		case flags.OK() && flags.Value&up != 0:
			return report.Missing[string](report.NotProbed, oneLine(node+" is up"), free.From...)
		case !flags.OK() && flags.Gap != report.Absent:
			return report.Missing[string](report.NotProbed, oneLine("whether "+node+" is up cannot be seen"), free.From...)
		}
	}
	return free
}

// converse asks a port in the protocol of its role.
func converse(h *Host, p modemPort, why []string, answers *report.ModemAnswers) report.Fact[string] {
	a := h.ask("modem-"+p.role+"/1", p.node)
	var words modemAnswer
	switch {
	case a.Note == "ETIMEDOUT":
		a.Gap, a.Note = report.Deadline, "no answer in time"
	case a.Note == "EBUSY":
		a.Gap, a.Note = report.NotProbed, "in use, says its driver" // by its other node, in /sys/class/wwan
	case a.Note == "ECANCELED":
		a.Gap, a.Note = report.Deadline, "the time of the section was over"
	case a.Note == "EBADMSG":
		a.Gap, a.Note = report.Invalid, "it says something else than answers"
	case a.Gap == "" && json.Unmarshal(a.Data, &words) != nil:
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	from := both(why, []string{a.ID})
	facts := []*report.Fact[string]{
		&answers.Manufacturer, &answers.Model, &answers.Firmware, &answers.Hardware, &answers.Carrier, &answers.USBMode, &answers.Power, &answers.Card, &answers.Equipment,
	}
	for _, f := range facts {
		if !f.IsZero() && !f.OK() { // this port could have said it
			f.From = both(f.From, []string{a.ID})
		}
	}
	if a.Gap != "" {
		return report.Missing[string](a.Gap, a.Note, from...)
	}
	for i, w := range words.words() {
		switch {
		case facts[i].OK() || *w == (modemWord{}):
		case w.Gap != "" && facts[i].IsZero():
			*facts[i] = report.Missing[string](w.Gap, w.Note, a.ID)
		case w.Gap == "":
			*facts[i] = report.Known(w.Text, a.ID)
		}
	}
	return report.Known(strings.ToUpper(p.role), from...)
}
