// Package probe takes the inventory of the machine it runs on, one subject a
// file. Collectors ask the system through a Host, which bounds every question,
// replaces identities by keyed pseudonyms and records question and answer as
// evidence; the facts of a report are then made by replaying that evidence
// through the same collectors. So a fact without evidence cannot exist, and an
// old report can be collected again without its board.
//
// The package judges nothing, signs nothing and writes nothing. It asks files,
// and the few system requests listed in requests.go.
package probe

import (
	"context"
	"time"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// Options say what to probe and how.
type Options struct {
	Root    string        // a folder of recorded files to read instead of this machine, "" for this machine
	Key     pseudonym.Key // of the pseudonyms that stand for identities
	Only    []string      // sections to run, nil for all
	Skip    []string      // sections to leave out, as after a crash
	Timeout time.Duration // of one section
	Active  bool          // ask devices that somebody may be using, where nobody does
	MMIO    string        // which registers may be read: "" for none, MMIOProven or MMIOUnproven

	// Known gets every form of the identities that may be in no package, before the
	// first question.
	Known func([][]byte) `json:"-"`

	// Register has ReadRegister called in a process of its own, which may die.
	Register func(ctx context.Context, address uint64) ([]byte, error) `json:"-"`
}

// SectionTimeout is the default bound of one section.
const SectionTimeout = 20 * time.Second

// collector is one row of the inventory: a name and a plain function.
type collector struct {
	name string
	run  func(context.Context, *Host) (func(*report.Report), error)
}

// section makes a collector of a function that fills one field of the report.
// What was found before an error is kept.
func section[T any](name string, field func(*report.Report) *T, collect func(context.Context, *Host) (T, error)) collector {
	return collector{name, func(ctx context.Context, h *Host) (func(*report.Report), error) {
		value, err := collect(ctx, h)
		return func(r *report.Report) { *field(r) = value }, err
	}}
}

// collectors is the inventory: one row a subject, in the order in which they
// are asked. What names the board comes first, so that a slow one is named;
// what takes long comes last.
func collectors() []collector {
	return []collector{
		section(claimsSection, func(r *report.Report) *[]report.Statement { return &r.Claims }, collectClaims),
		section("identity", func(r *report.Report) *report.Identity { return &r.Identity }, collectIdentity),
		section("sight", func(r *report.Report) *report.Sight { return &r.Sight }, collectSight),
		section("privacy", func(r *report.Report) *report.Privacy { return &r.Privacy }, collectPrivacy),
		section("cpu", func(r *report.Report) *report.CPU { return &r.CPU }, collectCPU),
		section("memory", func(r *report.Report) *report.Memory { return &r.Memory }, collectMemory),
		section("storage", func(r *report.Report) *[]report.Disk { return &r.Storage }, collectStorage),
		section("mmc", func(r *report.Report) *[]report.MMCHost { return &r.MMCHosts }, collectMMC),
		section("boot", func(r *report.Report) *report.Boot { return &r.Boot }, collectBoot),
		section("security", func(r *report.Report) *report.Security { return &r.Security }, collectSecurity),
		section("kernel", func(r *report.Report) *report.Kernel { return &r.Kernel }, collectKernel),
		section("distribution", func(r *report.Report) *report.Distribution { return &r.OS }, collectDistribution),
		section("network", func(r *report.Report) *[]report.NIC { return &r.Network }, collectNetwork),
		section("pci", func(r *report.Report) *[]report.PCIDevice { return &r.PCI }, collectPCI),
		section("usb", func(r *report.Report) *[]report.USBDevice { return &r.USB }, collectUSB),
		section("usb-roles", func(r *report.Report) *[]report.USBController { return &r.USBRoles }, collectUSBRoles),
		section("wifi", func(r *report.Report) *[]report.WiFi { return &r.WiFi }, collectWiFi),
		section("bluetooth", func(r *report.Report) *[]report.Bluetooth { return &r.Bluetooth }, collectBluetooth),
		section("modems", func(r *report.Report) *[]report.Modem { return &r.Modems }, collectModems),
		section("radio-nodes", func(r *report.Report) *[]report.RadioNode { return &r.RadioNodes }, collectRadioNodes),
		section("firmware", func(r *report.Report) *[]report.FirmwareFile { return &r.Firmware }, collectFirmware),
		section("driver-firmware", func(r *report.Report) *[]report.DriverFiles { return &r.DriverFirmware }, collectDriverFiles),
		section("radios", func(r *report.Report) *report.Radios { return &r.Radios }, collectRadios),
		section("devices", func(r *report.Report) *[]report.BusDevice { return &r.Devices }, collectDevices),
		section("peripherals", func(r *report.Report) *report.Peripherals { return &r.Peripherals }, collectPeripherals),
		section("tpm", func(r *report.Report) *report.TPM { return &r.TPM }, collectTPM),
		section("faults", func(r *report.Report) *[]report.Fault { return &r.Faults }, collectFaults),
		section("modules", func(r *report.Report) *[]report.Module { return &r.Modules }, collectModules),
		section("ghw", func(r *report.Report) *report.GHW { return &r.GHW }, collectGHW),
		{"device-tree", collectDeviceTree},
		{"tree-nodes", collectTreeNodes},
		{"kernel-config", collectKernelConfig},
		{"kernel-log", collectKernelLog},
		{"straps", collectStraps}, // last: see there
	}
}

// Sections returns the names of all sections, in order.
func Sections() []string {
	var names []string
	for _, c := range collectors() {
		names = append(names, c.name)
	}
	return names
}
