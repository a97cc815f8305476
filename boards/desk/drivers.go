// Package desk holds large tables that the engineer's desk needs and a board
// does not. Its table of drivers answers, for a device that no driver is bound
// to, which driver of mainline Linux it is waiting for, by which option of the
// kernel that is built, and which firmware it may ask for.
//
// The table tells what Linux could drive, not what the kernel of a board was
// built with. It knows nothing of drivers that are not part of Linux. It is
// made by boards/desk/generate.
package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// Driver is a driver of mainline Linux that matches a device.
type Driver struct {
	Module string // as /proc/modules would list it: "brcmfmac"
	Path   string // of the module in the source of Linux: "drivers/net/wireless/broadcom/brcm80211/brcmfmac/brcmfmac"
	// Option is the kernel option that builds the driver, "CONFIG_BRCMFMAC". Of
	// several that do it is the first of the Makefile; options that it depends on,
	// and those of parts of the module, are not named. Empty: there is none, the
	// driver is in every kernel.
	Option string
	// Kernel is the version of Linux that has the driver: that of Source, or an
	// older one for a driver that has been removed since.
	Kernel string
	// FromSource says that no kernel of Source has the driver as a module. What it
	// matches was read from its source, and may be incomplete, as is its firmware.
	FromSource bool
	Pattern    string // the most specific of its patterns that match, as in modules.alias
	// Firmware names files below lib/firmware, or patterns of such, that the
	// module declares. It asks for some of them, depending on the chip; names that
	// a driver puts together at run time are not declared.
	Firmware []string
	// DependencyFirmware is declared by modules that this one needs.
	DependencyFirmware []string
}

// maxModalias bounds what is looked up, because the work can grow with the
// square of it. The longest compatible property in the device trees of Linux
// 6.12 for arm64 has 91 bytes, and the modaliases of other buses have less.
const maxModalias = 1024

// Drivers returns the drivers that match a modalias, as the file modalias of a
// device in sysfs has it; none for a text longer than 1 KiB. Those that match it
// best come first: for a device of the device tree by the first compatible, else
// by the most literal pattern.
func Drivers(modalias string) []Driver {
	t, err := drivers()
	if err != nil {
		return nil // the tests load the same file
	}
	return t.lookup(strings.TrimSpace(modalias))
}

// DriversForCompatible returns the drivers that match one string of a
// compatible property. Drivers that want a certain node name or device_type
// beside it are not found.
//
// A compatible that no driver names is looked up as Linux does it for Ethernet
// PHYs ("ethernet-phy-idAAAA.BBBB", Documentation/devicetree/bindings/net/
// ethernet-phy.yaml) and for devices on I2C and SPI, which also match by the
// part after the comma (of_alias_from_compatible in drivers/of/base.c).
func DriversForCompatible(compatible string) []Driver {
	if compatible == "" {
		return nil
	}
	// The form is that of of_modalias in drivers/of/module.c; a node without
	// device_type has the type (null).
	if list := Drivers("of:NT(null)C" + strings.ReplaceAll(compatible, " ", "_")); len(list) > 0 {
		return list
	}
	if id, ok := strings.CutPrefix(compatible, "ethernet-phy-id"); ok {
		return Drivers(phyModalias(id))
	}
	_, name, ok := strings.Cut(compatible, ",")
	if !ok {
		return nil
	}
	return append(Drivers("i2c:"+name), Drivers("spi:"+name)...)
}

// phyModalias returns the modalias of the Ethernet PHY AAAA.BBBB, or "".
func phyModalias(id string) string {
	high, low, ok := strings.Cut(id, ".")
	number, err := strconv.ParseUint(high+low, 16, 32)
	if !ok || err != nil || len(high) != 4 || len(low) != 4 {
		return ""
	}
	return fmt.Sprintf("mdio:%032b", number)
}

// DriversSource says what the table of drivers was made of: Version is that of
// Linux, with its Debian package.
func DriversSource() Source {
	t, err := drivers()
	if err != nil {
		return Source{}
	}
	return Source{
		Name:    "drivers",
		Title:   "drivers of Linux, the devices they match and the firmware they declare",
		Version: t.kernel + " (Debian " + t.sourcePackage + ")",
		Date:    t.date,
		Source:  "modules of Debian's kernels, and their source",
		Rows:    len(t.rows),
	}
}

func (t *driverTable) lookup(text string) []Driver {
	if text == "" || len(text) > maxModalias {
		return nil
	}
	type match struct {
		Driver
		rank rank
	}
	var matches []match
	for _, path := range t.table.Match(text) {
		i := t.byPath[path]
		m := match{Driver: t.driver(i)}
		for _, pattern := range t.modules[i].Aliases {
			if !modalias.Match(pattern, text) {
				continue
			}
			if r := rankOf(pattern, text); m.Pattern == "" || r.compare(m.rank) < 0 {
				m.Pattern, m.rank = pattern, r
			}
		}
		matches = append(matches, m)
	}
	slices.SortStableFunc(matches, func(a, b match) int {
		return cmp.Or(a.rank.compare(b.rank), strings.Compare(a.Module, b.Module))
	})
	var list []Driver
	for _, m := range matches {
		list = append(list, m.Driver)
	}
	return list
}

// rank orders the patterns that match one modalias, the best first.
type rank struct {
	position int // of the matching compatible among those of the device
	literal  int // characters of the pattern that are not wildcards
}

func (r rank) compare(other rank) int {
	return cmp.Or(cmp.Compare(r.position, other.position), cmp.Compare(other.literal, r.literal))
}

func rankOf(pattern, text string) rank {
	r := rank{literal: len(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "?")}
	if _, compatible, ok := strings.Cut(pattern, "T*C"); ok && strings.HasPrefix(pattern, "of:") {
		compatible = strings.TrimSuffix(compatible, "C*")
		r.literal = len(compatible)
		if r.position = strings.Index(text, "C"+compatible); r.position < 0 {
			r.position = len(text) // it matched by '-' for '_'
		}
	}
	return r
}

// driver describes a row, apart from the pattern.
func (t *driverTable) driver(i int) Driver {
	row, m := t.rows[i], t.modules[i]
	d := Driver{
		Module:     moduleName(m.Name),
		Path:       m.Name,
		Option:     row.option,
		Kernel:     row.kernel,
		FromSource: row.fromSource,
		Firmware:   slices.Clone(m.Firmware),
	}
	order, _ := t.table.Closure(m.Name)
	for _, needed := range order {
		if needed.Name != m.Name {
			d.DependencyFirmware = append(d.DependencyFirmware, needed.Firmware...)
		}
	}
	slices.Sort(d.DependencyFirmware)
	d.DependencyFirmware = slices.Compact(d.DependencyFirmware)
	return d
}

// moduleName turns a path into the name of the module, which has no '-' in the
// kernel.
func moduleName(path string) string {
	return strings.ReplaceAll(path[strings.LastIndexByte(path, '/')+1:], "-", "_")
}
