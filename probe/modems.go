package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/nl80211"
	"github.com/boardprobe/boardprobe/report"
)

// regulatory reads the common regulatory domain.
func regulatory(h *Host) report.Fact[string] {
	if list := h.List("sys/class/ieee80211"); list.Gap != "" || len(list.List) == 0 {
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

// modemDrivers are the drivers of interfaces that only modems have
// (drivers/usb/serial, drivers/net/usb, drivers/net/wwan).
var modemDrivers = []string{"option", "qmi_wwan", "cdc_mbim", "cdc_wdm", "sierra", "sierra_net", "qcserial", "huawei_cdc_ncm", "hso", "mtk_t7xx", "mhi_wwan_ctrl", "iosm"}

// collectModems lists USB devices with an interface of a modem's driver, and
// what is in /sys/class/wwan. Nothing is opened and nothing is asked: a port
// may be somebody's.
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
		m, ok := usbModem(h, device, interfaces[device])
		if ok {
			list = append(list, m)
		}
	}
	wwan, err := devicesOf(h, "sys/class/wwan")
	for _, d := range wwan {
		if strings.Contains(d.place, "/usb") || strings.Contains(strings.TrimPrefix(d.name, "wwan"), "p") || strings.Contains(d.name, "at") {
			continue // its USB device is listed, or it is a port of one
		}
		list = append(list, report.Modem{Path: h.path(d.place), ID: h.Text(d.dir + "/device/modalias"), Attached: attachedBy(d.at)})
	}
	return list, err
}

func usbModem(h *Host, device string, interfaces []string) (report.Modem, bool) {
	var words, ports, from, portsFrom []string
	isModem := false
	for _, name := range interfaces {
		dir := "sys/bus/usb/devices/" + name
		driver := base(h.Link(dir + "/driver"))
		class := h.Text(dir + "/bInterfaceClass")
		from = append(append(from, driver.From...), class.From...)
		isModem = isModem || slices.Contains(modemDrivers, driver.Value)
		_, number, _ := strings.Cut(name, ".")
		words = append(words, fmt.Sprintf("%s: class %s, driver %s", number, oneLine(class.Value), cmp.Or(oneLine(driver.Value), "none")))
	}
	if !isModem {
		return report.Modem{}, false
	}
	for _, name := range interfaces {
		dir := "sys/bus/usb/devices/" + name
		for _, sub := range []string{"", "/net", "/usbmisc", "/tty"} {
			list := h.List(dir + sub)
			portsFrom = append(portsFrom, list.ID)
			for _, entry := range list.List {
				if sub != "" || strings.HasPrefix(entry, "ttyUSB") || strings.HasPrefix(entry, "ttyACM") {
					ports = append(ports, entry)
				}
			}
		}
	}
	dir := "sys/bus/usb/devices/" + device
	at := h.Link(dir)
	return report.Modem{
		Path: h.path(at.Value), ID: pair(h, dir, "idVendor", "idProduct"), Manufacturer: h.Text(dir + "/manufacturer"), Product: h.Text(dir + "/product"),
		Revision: h.Text(dir + "/bcdDevice"), Interfaces: report.Known(words, from...), Ports: report.Known(ports, portsFrom...),
		Attached: report.Known(report.Slot, at.From...).By(report.Inferred),
	}, true
}
