package probe

import (
	"math"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/nvme"
	"github.com/boardprobe/boardprobe/report"
)

// nvmePlace finds the bus place of an NVMe namespace that a kernel with
// multipath support shows below its subsystem, which is on no bus: the place of
// the first of the controllers that lead to it.
func nvmePlace(h *Host, at report.Fact[string]) report.Fact[string] {
	i := strings.LastIndexByte(at.Value, '/')
	subsystem, name := at.Value[:i], at.Value[i+1:]
	list := h.List(subsystem)
	for _, entry := range list.List {
		if !nvmeController().MatchString(entry) {
			continue
		}
		if controller := h.Link(subsystem + "/" + entry); controller.OK() {
			return report.Known(controller.Value+"/"+name, both(at.From, both([]string{list.ID}, controller.From))...)
		}
	}
	return at
}

// describeNVMe asks the controller of a namespace, which is the last folder of
// its place but one, who it is and how it fares.
func describeNVMe(h *Host, place string, d *report.Disk) {
	parts := strings.Split(place, "/")
	if len(parts) < 2 || !nvmeController().MatchString(parts[len(parts)-2]) {
		return
	}
	name := parts[len(parts)-2]
	a := h.ask("nvme-controller/1", name)
	c, err := nvme.ParseController(a.Data)
	n := &d.NVMe
	switch {
	case a.Gap != "":
		n.Version = report.Missing[string](a.Gap, a.Note, a.ID)
	case err != nil:
		n.Version = report.Missing[string](report.Invalid, oneLine(err.Error()), a.ID)
	default:
		n.Version, n.CapacityBytes, n.FirmwareSlots = report.Missing[string](report.Absent, "", a.ID), report.Missing[int64](report.Absent, "", a.ID), report.Missing[int64](report.Absent, "", a.ID)
		if c.HasVersion {
			n.Version = report.Known(c.Version, a.ID)
		}
		if c.HasCapacity && c.CapacityBytes > 0 {
			n.CapacityBytes = report.Known(c.CapacityBytes, a.ID)
		}
		if c.HasFirmwareSlots {
			n.FirmwareSlots = report.Known(int64(c.FirmwareSlots), a.ID)
		}
		n.Namespaces = report.Known(int64(c.Namespaces), a.ID)
	}
	describeNVMeHealth(h, name, n)
}

func describeNVMeHealth(h *Host, name string, n *report.NVMe) {
	a := h.ask("nvme-health/1", name)
	l, err := nvme.ParseHealth(a.Data)
	switch {
	case a.Gap != "":
		n.UsedPercent = report.Missing[int64](a.Gap, a.Note, a.ID)
		return
	case err != nil:
		n.UsedPercent = report.Missing[int64](report.Invalid, oneLine(err.Error()), a.ID)
		return
	}
	n.Warnings = report.Known(l.Warnings, a.ID)
	n.UsedPercent, n.SparePercent = report.Known(int64(l.UsedPercent), a.ID), report.Known(int64(l.SparePercent), a.ID)
	n.PowerOnHours, n.UnsafeShutdowns, n.MediaErrors = report.Known(l.PowerOnHours, a.ID), report.Known(l.UnsafeShutdowns, a.ID), report.Known(l.MediaErrors, a.ID)
	n.TemperatureC = report.Missing[int64](report.Absent, "", a.ID)
	if l.HasTemperature {
		n.TemperatureC = report.Known(int64(l.Celsius), a.ID)
	}
	n.WrittenBytes = report.Missing[int64](report.Invalid, "more than can be counted", a.ID)
	if l.DataUnitsWritten < math.MaxInt64/nvme.DataUnitBytes {
		n.WrittenBytes = report.Known(l.DataUnitsWritten*nvme.DataUnitBytes, a.ID)
	}
}
