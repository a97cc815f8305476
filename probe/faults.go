package probe

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// driverBuses are the buses on which a device without a driver is a fault.
var driverBuses = []string{"pci", "usb", "sdio", "i2c", "spi", "platform", "mdio_bus", "serial", "virtio", "mhi", "rpmsg", "amba"}

// collectFaults lists what does not work: devices without a driver, nodes of
// the device tree that became no device, and drivers that wait for something.
// Why is for the reader to say who knows whether this run had the drivers, but
// for devices that had a driver, which gave up for want of firmware.
func collectFaults(_ context.Context, h *Host) ([]report.Fault, error) {
	var faults []report.Fault
	var names []string // of the devices without a driver, on their buses
	for _, bus := range driverBuses {
		a := h.ask("unbound/1", "sys/bus/"+bus+"/devices")
		if a.Gap == report.Absent || a.Gap == report.NotProbed && bus == "amba" { // earlier versions did not ask
			continue
		}
		if a.Gap != "" {
			return faults, fmt.Errorf("devices of %s: %s", bus, a.Note)
		}
		for line := range strings.Lines(string(a.Data)) {
			place, alias, compatible, ok := cut3(line)
			if !ok {
				continue
			}
			f := report.Fault{
				Path: h.path(place), Kind: report.Known("unbound", a.ID), Bus: report.Known(bus, a.ID),
				ID: report.Missing[string](report.Absent, "", a.ID), Attached: attachedBy(report.Known(place, a.ID)),
			}
			if alias != "" {
				f.ID = report.Known(alias, a.ID)
			}
			if compatible != "" {
				f.Compatible = report.Known(strings.Split(compatible, " "), a.ID)
			}
			faults, names = append(faults, f), append(names, path.Base(place))
		}
	}
	nodes := h.ask("orphans/1", strings.TrimSuffix(deviceTree, "/"))
	for line := range strings.Lines(string(nodes.Data)) {
		node, _, compatible, ok := cut3(line)
		if ok {
			faults = append(faults, report.Fault{
				Path: node, Kind: report.Known("no-device", nodes.ID), Compatible: report.Known(strings.Split(compatible, " "), nodes.ID),
				Attached: report.Known(report.Soldered, nodes.ID).By(report.Inferred),
			})
		}
	}
	faults = append(faults, deferredProbes(h)...)
	faults = append(faults, remapped(h)...)
	giveReasons(h, faults, names) // last: it asks what earlier versions did not
	return faults, nil
}

// giveReasons adds to devices without a driver, which come first, the firmware
// files that were asked for in vain: there is a driver, and it let go of the
// device. Some drivers on USB let go of all of it (ath9k_hif_usb_firmware_fail in
// drivers/net/wireless/ath/ath9k/hif_usb.c), so that no interface is left. A log
// that cannot be read gives no reason; the section on firmware says that.
func giveReasons(h *Host, faults []report.Fault, names []string) {
	if len(names) == 0 {
		return
	}
	events, id, err := kernelEvents(h)
	if err != nil {
		return
	}
	failures := kmsg.Failures(events, useOfFirmware)
	for i, name := range names {
		var absent, refused []string
		for _, f := range failures {
			switch {
			case f.File == "" || f.Device != name && !askedByBus(f, faults[i].ID.Value):
			case f.Outcome == kmsg.Lacking && !slices.Contains(absent, f.File):
				absent = append(absent, f.File)
			case f.Outcome == kmsg.Refused && !slices.Contains(refused, f.File):
				refused = append(refused, f.File)
			}
		}
		var reasons []string
		if len(absent) > 0 {
			reasons = append(reasons, "firmware not found: "+strings.Join(absent, " "))
		}
		if len(refused) > 0 {
			reasons = append(reasons, "firmware there and not loaded: "+strings.Join(refused, " "))
		}
		if len(reasons) > 0 {
			faults[i].Reason = report.Known(oneLine(strings.Join(reasons, "; ")), both(faults[i].Kind.From, []string{id})...).By(report.Inferred)
		}
	}
}

// askedByBus reports whether the bus MHI asked for a file of a radio's: the device on
// PCI, which is a fault then, asks for nothing itself (drivers/bus/mhi/host/boot.c).
func askedByBus(f kmsg.Failure, modalias string) bool {
	if !strings.HasPrefix(f.Device, "mhi") {
		return false
	}
	radio, ok := boards.RadioByModalias(modalias)
	return ok && slices.ContainsFunc(radio.Firmware, func(file boards.FirmwareFile) bool { return file.Matches(f.File) })
}

// remapped lists the AHCI controllers behind which firmware hides NVMe drives, as RST
// does in its RAID mode: Linux counts them and cannot drive them (ahci_remap_check in
// drivers/ata/ahci.c).
func remapped(h *Host) (faults []report.Fault) {
	a := h.ask("remapped/1", "sys/bus/pci/devices")
	for line := range strings.Lines(string(a.Data)) {
		place, count, _, ok := cut3(line)
		if !ok {
			continue
		}
		faults = append(faults, report.Fault{
			Path: h.path(place), Kind: report.Known("remapped", a.ID), Bus: report.Known("pci", a.ID), Attached: attachedBy(report.Known(place, a.ID)),
			Reason: report.Known(oneLine(count+" NVMe behind it, which show once the firmware is switched from RAID or RST to AHCI"), a.ID).By(report.Inferred),
		})
	}
	return faults
}

// gatherRemapped lists PCI functions with hidden NVMe drives, a line each: place, number,
// nothing.
func gatherRemapped(ctx context.Context, f *files, dir string) ([]byte, error) {
	names, _, err := f.list(dir, maxAnswer)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		const ahci = "0x0106" // PCI Code and ID Assignment Specification 1.1: SATA
		device := dir + "/" + name
		if !strings.HasPrefix(f.text(device+"/class"), ahci) {
			continue
		}
		target, err := f.link(device)
		if n, errN := strconv.Atoi(f.text(device + "/remapped_nvme")); err == nil && errN == nil && n > 0 {
			fmt.Fprintf(&out, "%s\t%d\t\n", oneLine(strings.TrimPrefix(path.Join("/", dir, target), "/")), n)
		}
	}
	return out.Bytes(), nil
}

// deferredProbes reads the drivers that wait, and why
// (Documentation/driver-api/driver-model/driver.rst).
func deferredProbes(h *Host) (faults []report.Fault) {
	a := h.Read("sys/kernel/debug/devices_deferred")
	for line := range strings.Lines(string(a.Data)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name == "" {
			continue
		}
		f := report.Fault{Path: oneLine(name), Kind: report.Known("deferred", a.ID), Attached: report.Known(report.Soldered, a.ID).By(report.Inferred)}
		f.Reason = report.Missing[string](report.Absent, "this kernel does not say why", a.ID)
		if reason = oneLine(strings.TrimSpace(reason)); reason != "" {
			f.Reason = report.Known(reason, a.ID)
		}
		faults = append(faults, f)
	}
	return faults
}

func cut3(line string) (a, b, c string, ok bool) {
	parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

// driverless are device-tree compatibles of what needs no driver of its own:
// containers, and what the kernel starts before there are drivers.
var driverless = pattern.New(`^(simple-bus|simple-mfd|syscon|simple-pm-bus|isa|fixed-clock|fixed-factor-clock|regulator-fixed|cache|arm,pl310-cache|cpu|` +
	`arm,(armv[78]-timer|psci.*|gic.*|cortex-.*-(gic|scu|pmu)|primecell)|.*-(scu|gic|intc|timer|pmu|pmu-.*)|operating-points.*|shared-dma-pool|reserved-memory|linux,(cma|dummy.*)|qemu,.*|dlg,.*-onkey|usb-nop-xceiv|ramoops|google,coreboot|` +
	`nvidia,tegra.*-(carveouts|mc)|raspberrypi,bootloader-config|brcm,bcm2835-power|pwrseq-.*|mmc-pwrseq-.*|gpio-nvme.*|(usb|vga|hdmi|dvi|dp)-.*connector|hdmi-connector|audio-.*)$`)

// gatherUnbound lists the devices of a bus that no driver is bound to, a line
// each: place, module alias, compatibles.
func gatherUnbound(ctx context.Context, f *files, dir string) ([]byte, error) {
	names, _, err := f.list(dir, maxAnswer)
	if err != nil {
		return nil, err
	}
	bus := path.Base(path.Dir(dir))
	var out bytes.Buffer
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		device := dir + "/" + name
		if _, err := f.link(device + "/driver"); err == nil || isAdapter(bus, name) {
			continue
		}
		target, err := f.link(device)
		if err != nil {
			continue
		}
		alias := f.text(device + "/modalias")
		if bus == "usb" && !strings.Contains(name, ":") {
			alias = usbAlias(f, device)
		}
		if id := f.text(device + "/id"); bus == "amba" && id != "" { // the alias stands in no file (drivers/amba/bus.c)
			alias = "amba:d" + strings.ToUpper(id)
		}
		compatible := strings.Trim(strings.ReplaceAll(f.text(device+"/of_node/compatible"), "\x00", " "), " ")
		if needsNoDriver(bus, f, device, alias, compatible) {
			continue
		}
		place := strings.TrimPrefix(path.Join("/", dir, target), "/")
		fmt.Fprintf(&out, "%s\t%s\t%s\n", oneLine(place), oneLine(alias), oneLine(compatible))
	}
	return out.Bytes(), nil
}

// usbAlias is the part of a module alias that is of a device on USB as a whole
// (scripts/mod/file2alias.c); only its interfaces have a file with theirs. The
// kernel's own driver is bound to every device, so one without any was let go.
func usbAlias(f *files, device string) string {
	alias := "usb"
	for _, part := range []string{":v idVendor", "p idProduct", "d bcdDevice", "dc bDeviceClass", "dsc bDeviceSubClass", "dp bDeviceProtocol"} {
		mark, name, _ := strings.Cut(part, " ")
		text := f.text(device + "/" + name)
		if text == "" {
			return ""
		}
		alias += mark + strings.ToUpper(text)
	}
	return alias
}

// text reads a small file, or nothing.
func (f *files) text(name string) string {
	data, _, err := f.read(name, 4096)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(data), "\n")
}

func needsNoDriver(bus string, f *files, device, alias, compatible string) bool {
	if alias == "" {
		return true // nothing could ask for a driver
	}
	switch bus {
	case "pci":
		// Bridges, memory controllers and system devices work without a driver
		// (PCI Code and ID Assignment Specification: base classes 05, 06, 08).
		class := f.text(device + "/class")
		return strings.HasPrefix(class, "0x05") || strings.HasPrefix(class, "0x06") || strings.HasPrefix(class, "0x08")
	case "platform":
		if compatible == "" {
			return true // made by the kernel itself
		}
		return slices.ContainsFunc(strings.Fields(compatible), driverless().MatchString)
	case "amba":
		return strings.Contains(compatible, "arm,coresight-") // only debuggers ask for it
	}
	return false
}

// busNode are the names of device-tree nodes whose children are devices of a
// bus (Devicetree Specification 2.2.2).
var busNode = pattern.New(`^(i2c|spi|qspi|mmc|sdhci|mdio|serial|uart|slim|soundwire|w1)(@|-|$)`)

// gatherOrphans lists the enabled nodes on small buses that became no device.
func gatherOrphans(ctx context.Context, f *files, dir string) ([]byte, error) {
	tree, err := f.deviceTree(ctx, dir)
	if err != nil {
		return nil, err
	}
	o := orphans{}
	if o.known, err = f.nodeDevices(); err != nil {
		return nil, err
	}
	o.walk(tree, dir, false)
	return o.out.Bytes(), nil
}

// nodeDevices lists the devices of all buses by the place of their device-tree
// node, once. Of several that have one node, the first with a driver counts.
func (f *files) nodeDevices() (map[string]nodeDevice, error) {
	f.mu.Lock()
	known := f.nodes
	f.mu.Unlock()
	if known != nil {
		return known, nil
	}
	buses, _, err := f.list("sys/bus", maxAnswer)
	if err != nil {
		return nil, err
	}
	known = map[string]nodeDevice{}
	for _, bus := range buses {
		devices, _, _ := f.list("sys/bus/"+bus+"/devices", maxAnswer)
		for _, name := range devices {
			at := "sys/bus/" + bus + "/devices/" + name
			node, err := f.locate(at + "/of_node")
			if err != nil {
				continue
			}
			if old, ok := known[node]; !ok || old.driver == "" {
				d := nodeDevice{at: at}
				if driver, err := f.link(at + "/driver"); err == nil {
					d.driver = path.Base(driver)
				}
				known[node] = d
			}
		}
	}
	f.mu.Lock()
	f.nodes = known
	f.mu.Unlock()
	return known, nil
}

// nodeDevice is the device of a node.
type nodeDevice struct {
	at     string // its link in sys/bus
	driver string // "" if none is bound
}

type orphans struct {
	known map[string]nodeDevice // by the places of nodes
	out   bytes.Buffer
}

func (o *orphans) walk(n *treeNode, at string, onBus bool) {
	if status := n.text("status"); status != "" && status != "okay" && status != "ok" {
		return // so is all below it
	}
	compatible := strings.ReplaceAll(n.text("compatible"), "\x00", " ")
	if onBus && compatible != "" && o.known[at].at == "" && !slices.ContainsFunc(strings.Fields(compatible), driverless().MatchString) {
		fmt.Fprintf(&o.out, "%s\t\t%s\n", oneLine("/"+strings.TrimPrefix(at, deviceTree)), oneLine(compatible))
	}
	for _, child := range n.children {
		o.walk(child, at+"/"+child.name, busNode().MatchString(n.name))
	}
}

// collectModules lists the loaded modules that taint the kernel: out of tree,
// staging, proprietary, unsigned (Documentation/ABI/testing/sysfs-module).
func collectModules(_ context.Context, h *Host) ([]report.Module, error) {
	a := h.ask("taints/1", "sys/module")
	if a.Gap != "" && a.Gap != report.Absent {
		return nil, fmt.Errorf("sys/module: %s", a.Note)
	}
	var list []report.Module
	for line := range strings.Lines(string(a.Data)) {
		name, taint, version, ok := cut3(line)
		if !ok {
			continue
		}
		m := report.Module{Name: name, Taint: report.Known(taint, a.ID), Version: report.Missing[string](report.Absent, "", a.ID)}
		if version != "" {
			m.Version = report.Known(version, a.ID)
		}
		list = append(list, m)
	}
	return list, nil
}

// gatherTaints lists the modules with a taint, a line each: name, letters,
// version.
func gatherTaints(_ context.Context, f *files, dir string) ([]byte, error) {
	names, _, err := f.list(dir, maxAnswer)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range names {
		if taint := f.text(dir + "/" + name + "/taint"); taint != "" {
			fmt.Fprintf(&out, "%s\t%s\t%s\n", oneLine(name), oneLine(taint), oneLine(f.text(dir+"/"+name+"/version")))
		}
	}
	return out.Bytes(), nil
}
