package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// peripheralKinds are the rows of the section peripherals: one a kind.
func peripheralKinds() []func(*Host, *report.Peripherals) error {
	return []func(*Host, *report.Peripherals) error{
		clocks, watchdogs, leds, gpioChips, displays, cameras, soundCards, thermalZones, sensors, regulators, nvmems, serialPorts, powerMethods, hat, gnssReceivers,
	}
}

// collectPeripherals lists what else is on the board. A kind that cannot be
// listed does not keep the others from being listed.
func collectPeripherals(_ context.Context, h *Host) (report.Peripherals, error) {
	var p report.Peripherals
	var failed error
	for _, list := range peripheralKinds() {
		failed = errors.Join(failed, list(h, &p))
	}
	return p, failed
}

// firstPlausible is before any run of this program: a clock that shows less has
// lost its power.
var firstPlausible = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// clocks reads /sys/class/rtc (Documentation/ABI/testing/sysfs-class-rtc).
func clocks(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/rtc")
	for _, d := range devices {
		p.Clocks = append(p.Clocks, report.RTC{
			Path: h.path(d.place), Name: h.Text(d.dir + "/name"), Driver: d.driver(h), SetsClock: h.Flag(d.dir + "/hctosys"),
			Plausible: parse(h, d.dir+"/since_epoch", func(data []byte) (bool, error) {
				n, err := decimal(data)
				return n >= firstPlausible, err
			}),
		})
	}
	return err
}

// watchdogs reads /sys/class/watchdog (Documentation/ABI/testing/
// sysfs-class-watchdog), and never the device, whose opening starts it.
func watchdogs(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/watchdog")
	for _, d := range devices {
		p.Watchdogs = append(p.Watchdogs, report.Watchdog{
			Path: h.path(d.place), Identity: h.Text(d.dir + "/identity"), Driver: d.driver(h), State: h.Text(d.dir + "/state"),
			NoWayOut: h.Flag(d.dir + "/nowayout"), TimeoutSeconds: h.Int(d.dir + "/timeout"),
			// Drivers that bound what the hardware counts, and not the timeout, leave 0
			// (Documentation/watchdog/watchdog-kernel-api.rst, max_hw_heartbeat_ms).
			MaxTimeoutSeconds: only(h.Int(d.dir+"/max_timeout"), positive, "the driver names no bound"),
			BootStatus:        h.Int(d.dir + "/bootstatus"),
		})
	}
	return err
}

// leds reads /sys/class/leds (Documentation/ABI/testing/sysfs-class-led). The
// trigger in use stands in brackets.
func leds(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/leds")
	for _, d := range devices {
		if strings.Contains(d.place, "/input/") {
			continue // of a keyboard
		}
		p.LEDs = append(p.LEDs, report.LED{
			Path: h.path(d.place), Name: report.Known(d.name, d.at.From...), Node: d.node(h, "of_node"),
			Trigger: parse(h, d.dir+"/trigger", func(data []byte) (string, error) {
				_, rest, ok := strings.Cut(string(data), "[")
				name, _, closed := strings.Cut(rest, "]")
				if !ok || !closed {
					return "", errors.New("no trigger in brackets")
				}
				return name, nil
			}),
		})
	}
	return err
}

// gpioChips reads /sys/bus/gpio, and the numbers of pins where the old
// interface of the kernel shows them (Documentation/admin-guide/gpio/sysfs.rst).
func gpioChips(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/bus/gpio/devices")
	for _, d := range devices {
		p.GPIO = append(p.GPIO, report.GPIOChip{Path: h.path(d.place), Node: d.node(h, "of_node"), Label: h.Text(d.dir + "/label"), Lines: h.Int(d.dir + "/ngpio")})
	}
	if len(devices) > 0 || err != nil {
		return err
	}
	devices, err = devicesOf(h, "sys/class/gpio")
	for _, d := range devices {
		if strings.HasPrefix(d.name, "gpiochip") {
			p.GPIO = append(p.GPIO, report.GPIOChip{Path: h.path(d.place), Node: d.node(h, "device/of_node"), Label: h.Text(d.dir + "/label"), Lines: h.Int(d.dir + "/ngpio")})
		}
	}
	return err
}

// cameras reads /sys/class/video4linux (Documentation/ABI/testing is silent;
// drivers/media/v4l2-core/v4l2-dev.c).
func cameras(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/video4linux")
	for _, d := range devices {
		p.Cameras = append(p.Cameras, named(h, d, h.Text(d.dir+"/name")))
	}
	return err
}

// soundCards reads the cards of /sys/class/sound; their names are in /proc.
func soundCards(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/sound")
	for _, d := range devices {
		number, ok := strings.CutPrefix(d.name, "card")
		if !ok || strings.Trim(number, "0123456789") != "" {
			continue
		}
		p.Sound = append(p.Sound, named(h, d, h.Text("proc/asound/card"+number+"/id")))
	}
	return err
}

// thermalZones reads /sys/class/thermal (Documentation/ABI/testing/
// sysfs-class-thermal), with the trip point called critical.
func thermalZones(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/thermal")
	for _, d := range devices {
		if !strings.HasPrefix(d.name, "thermal_zone") {
			continue
		}
		z := report.Sensor{Path: d.name, Type: h.Text(d.dir + "/type"), MilliCelsius: only(h.Int(d.dir+"/temp"), isTemperature, "the sensor gives none")}
		if z.Type.OK() {
			z.Path = z.Type.Value // the number is the kernel's
		}
		const maxTrips = 16
		for i := range maxTrips {
			trip := d.dir + "/trip_point_" + strconv.Itoa(i)
			kind := h.Text(trip + "_type")
			if kind.Gap == report.Absent {
				break
			}
			if kind.Value == "critical" {
				z.CriticalMilliCelsius = only(h.Int(trip+"_temp"), isTemperature, "none is set")
			}
		}
		p.Thermal = append(p.Thermal, z)
	}
	return err
}

// isTemperature tells a temperature in thousandths of a degree from THERMAL_TEMP_INVALID,
// which is below absolute zero (include/linux/thermal.h), and from numbers that a
// sensor gives that does not run.
func isTemperature(n int64) bool { return n > -273150 && n < 1000000 }

// sensors reads the chips of /sys/class/hwmon
// (Documentation/hwmon/sysfs-interface.rst).
func sensors(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/hwmon")
	for _, d := range devices {
		p.Sensors = append(p.Sensors, named(h, d, h.Text(d.dir+"/name")))
	}
	return err
}

// regulators reads /sys/class/regulator (Documentation/ABI/testing/
// sysfs-class-regulator).
func regulators(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/regulator")
	for _, d := range devices {
		name := h.Text(d.dir + "/name")
		if name.Value == "regulator-dummy" {
			continue // the kernel's own
		}
		p.Regulators = append(p.Regulators, report.Regulator{Path: h.path(d.place) + "/" + oneLine(name.Value), Name: name, State: h.Text(d.dir + "/state"), MicroVolts: h.Int(d.dir + "/microvolts")})
	}
	return err
}

// nvmems lists the memories of /sys/bus/nvmem, EEPROMs and fuses
// (Documentation/ABI/stable/sysfs-bus-nvmem). What is in them is not read.
func nvmems(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/bus/nvmem/devices")
	for _, d := range devices {
		p.Memories = append(p.Memories, report.Named{Path: h.path(d.place), Name: report.Known(strings.TrimRight(d.name, "0123456789"), d.at.From...), Node: d.node(h, "of_node"), Attached: attachedBy(d.at)})
	}
	return err
}

// virtualConsole matches the terminals of the screen, of which there are 64.
var virtualConsole = pattern.New(`^tty\d+$`)

// serialPorts lists the UARTs with hardware behind them, and which of them are
// consoles (Documentation/ABI/testing/sysfs-tty).
func serialPorts(h *Host, p *report.Peripherals) error {
	active := h.Text("sys/class/tty/console/active")
	devices, err := devicesExcept(h, "sys/class/tty", virtualConsole())
	for _, d := range devices {
		// A port of the driver 8250 that has no hardware has the type 0.
		kind := h.Int(d.dir + "/type")
		if d.virtual() || kind.OK() && kind.Value == 0 || strings.HasPrefix(d.name, "ttynull") {
			continue
		}
		s := report.SerialPort{Path: h.path(d.place), Name: report.Known(d.name, d.at.From...), Driver: d.driver(h), Attached: attachedBy(d.at)}
		s.Console = report.Missing[bool](active.Gap, active.Note, active.From...)
		if active.OK() {
			s.Console = report.Known(slices.Contains(strings.Fields(active.Value), d.name), active.From...)
		}
		p.Serial = append(p.Serial, s)
	}
	return err
}

// powerMethods says by what the board restarts and switches itself off, as far
// as device tree, firmware and drivers show it.
func powerMethods(h *Host, p *report.Peripherals) error {
	var methods, from []string
	psci := h.Text(deviceTree + "psci/method")
	from = append(from, psci.From...)
	if psci.OK() {
		methods = append(methods, "psci ("+psci.Value+")")
	}
	acpi := h.List("sys/firmware/acpi/tables")
	from = append(from, acpi.ID)
	if acpi.Gap == "" {
		methods = append(methods, "acpi")
	}
	for _, driver := range []string{"gpio-poweroff", "poweroff-gpio", "gpio-restart", "restart-gpio", "syscon-reboot", "syscon-poweroff", "reboot-mode", "nvmem-reboot-mode", "pwrseq_emmc"} {
		list := h.List("sys/bus/platform/drivers/" + driver)
		from = append(from, list.ID)
		for _, name := range list.List {
			node := h.Link("sys/bus/platform/drivers/" + driver + "/" + name + "/of_node")
			from = append(from, node.From...)
			if node.OK() {
				methods = append(methods, driver)
				break
			}
		}
	}
	switch {
	case methods == nil && acpi.Gap != report.Absent: // nothing of /sys is here
		p.Power.Methods = report.Missing[[]string](acpi.Gap, acpi.Note, from...)
	case methods == nil:
		p.Power.Methods = report.Missing[[]string](report.Absent, "none that this program knows", from...)
	default:
		p.Power.Methods = report.Known(methods, from...)
	}
	p.Power.RebootMode = h.Text("sys/kernel/reboot/mode")
	supplies, err := devicesOf(h, "sys/class/power_supply")
	var kinds []string
	var ids []string
	for _, d := range supplies {
		kind := h.Text(d.dir + "/type")
		if kind.OK() {
			kinds, ids = append(kinds, kind.Value), append(ids, kind.From...)
		}
	}
	if kinds != nil {
		slices.Sort(kinds)
		p.Power.Supplies = report.Known(kinds, ids...)
	}
	return err
}

// gnssReceivers reads /sys/class/gnss (Documentation/ABI/testing/
// sysfs-class-gnss). Receivers at a serial port without a driver are not there.
func gnssReceivers(h *Host, p *report.Peripherals) error {
	list := h.List("sys/class/gnss")
	if list.Gap == report.Denied || list.Gap == report.Failed {
		return fmt.Errorf("sys/class/gnss: %s", list.Note)
	}
	for _, name := range list.List {
		dir := "sys/class/gnss/" + name
		if at := h.Link(dir); at.OK() {
			d := classDevice{name, dir, at.Value, at}
			p.GNSS = append(p.GNSS, report.Named{Path: h.path(d.place), Name: h.Text(dir + "/type"), Driver: d.driver(h), Node: d.node(h, "device/of_node"), Attached: attachedBy(at)})
		}
	}
	return nil
}

// hat reads what the boot loader of a Raspberry Pi copies from the
// identification EEPROM of a plugged-in board (HAT specification).
func hat(h *Host, p *report.Peripherals) error {
	const dir = deviceTree + "hat/"
	p.HAT = report.HAT{Vendor: h.Text(dir + "vendor"), Product: h.Text(dir + "product"), ProductID: h.Text(dir + "product_id"), UUID: h.Text(dir + "uuid")}
	return nil
}
