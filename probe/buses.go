package probe

import (
	"context"
	"errors"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// smallBuses are the buses whose devices are listed by name and driver.
var smallBuses = []string{"sdio", "i2c", "spi", "mdio_bus", "serial", "mhi", "rpmsg", "w1", "slimbus", "soundwire"}

// collectDevices lists the devices on the small buses (Documentation/ABI/
// testing/sysfs-bus-*). Nothing is sent over a bus: what no driver or device
// tree announced is not found, and not disturbed.
func collectDevices(_ context.Context, h *Host) ([]report.BusDevice, error) {
	var list []report.BusDevice
	var failed error
	for _, bus := range smallBuses {
		devices, err := devicesOf(h, "sys/bus/"+bus+"/devices")
		failed = errors.Join(failed, err)
		for _, d := range devices {
			if isAdapter(bus, d.name) {
				continue
			}
			b := report.BusDevice{
				Path: h.path(d.place), Bus: report.Known(bus, d.at.From...), Driver: base(h.Link(d.dir + "/driver")),
				Node: d.node(h, "of_node"), Attached: attachedBy(d.at),
			}
			if bus == "mdio_bus" {
				b.ID = h.Text(d.dir + "/phy_id")
			} else {
				b.ID = h.Text(d.dir + "/modalias")
			}
			if bus == "i2c" {
				b.Name = h.Text(d.dir + "/name")
			}
			list = append(list, b)
		}
	}
	return list, failed
}

// isAdapter tells the controllers of a bus from its devices.
func isAdapter(bus, name string) bool {
	switch bus {
	case "i2c":
		return strings.HasPrefix(name, "i2c-") && strings.Trim(name[4:], "0123456789") == ""
	case "serial": // the kernel's own layers over a UART
		return !strings.Contains(name, "-")
	case "w1":
		return strings.HasPrefix(name, "w1_bus_master")
	}
	return false
}

// collectUSBRoles lists what can make the board a USB device or change the role
// of a port (Documentation/ABI/stable/sysfs-class-udc, testing/
// sysfs-class-usb_role, testing/sysfs-class-typec).
func collectUSBRoles(_ context.Context, h *Host) ([]report.USBController, error) {
	var list []report.USBController
	var failed error
	for _, class := range []struct{ folder, kind, role, state, speed string }{
		{"sys/class/udc", "udc", "function", "state", "maximum_speed"},
		{"sys/class/usb_role", "role-switch", "role", "", ""},
		{"sys/class/typec", "typec", "data_role", "", ""},
	} {
		devices, err := devicesOf(h, class.folder)
		failed = errors.Join(failed, err)
		for _, d := range devices {
			if class.kind == "typec" && strings.Contains(d.name, "-") {
				continue // a partner or a cable
			}
			c := report.USBController{Path: h.path(d.place), Name: report.Known(d.name, d.at.From...), Kind: report.Known(class.kind, d.at.From...), Role: h.Text(d.dir + "/" + class.role)}
			if class.state != "" {
				c.State, c.MaxSpeed = h.Text(d.dir+"/"+class.state), h.Text(d.dir+"/"+class.speed)
			}
			list = append(list, c)
		}
	}
	return list, failed
}
