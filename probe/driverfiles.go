package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// opDriverFiles asks which of the firmware files that a driver names are there,
// and for their digests. The kernel's log tells only of those that were asked for.
const opDriverFiles = "driver-firmware/1"

// Bounds of what is read for one driver.
const (
	maxDriverFiles = 64
	maxDriverBytes = 32 << 20
	maxModuleBytes = 16 << 20 // of a module, decompressed
)

// driverFiles is the answer.
type driverFiles struct {
	Named   int          // files that the driver names
	Files   []driverFile `json:",omitempty"`
	NotRead []string     `json:",omitempty"` // that are there, for want of room, or patterns
}

type driverFile struct{ Name, Place, SHA256 string }

// gatherDriverFiles reads what a module says of itself (MODULE_FIRMWARE in
// include/linux/module.h) and looks for the files where the kernel does.
func gatherDriverFiles(ctx context.Context, f *files, module string) ([]byte, error) {
	names, err := firmwareNames(f, module)
	if err != nil {
		return nil, err
	}
	found := driverFiles{Named: len(names)}
	left := maxDriverBytes
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch {
		case strings.ContainsAny(name, "*?[") || strings.Contains(name, ".."):
			found.NotRead = append(found.NotRead, oneLine(name))
			continue
		case len(found.Files) >= maxDriverFiles || left <= 0:
			if _, err := f.locate("lib/firmware/" + name); err == nil {
				found.NotRead = append(found.NotRead, oneLine(name))
			}
			continue
		}
		text, err := gatherFirmware(ctx, f, name)
		if err != nil {
			continue // not there, or not to be read: what is needed is in the kernel's log
		}
		lines := strings.Split(string(text), "\n")
		if size, err := f.size(lines[0]); err == nil {
			left -= int(size)
		}
		if len(lines) < 2 || lines[1] == "" { // it cannot be decompressed
			found.NotRead = append(found.NotRead, oneLine(name))
			continue
		}
		found.Files = append(found.Files, driverFile{oneLine(name), lines[0], lines[1]})
	}
	return json.Marshal(found)
}

// firmwareNames lists the files that a module names, in order.
func firmwareNames(f *files, module string) (names []string, err error) {
	release := f.text("proc/sys/kernel/osrelease")
	if release == "" || strings.Contains(release, "/") || strings.Contains(module, "/") {
		return nil, errors.New("no release of a kernel, or no module")
	}
	dir := "lib/modules/" + release + "/"
	same := func(other string) bool {
		return strings.ReplaceAll(other, "-", "_") == strings.ReplaceAll(module, "-", "_")
	}
	if table, _, err := f.read(dir+"modules.dep", 8<<20); err == nil {
		for line := range bytes.Lines(table) {
			place, _, ok := strings.Cut(string(line), ":")
			stem, _, isModule := strings.Cut(path.Base(place), ".ko")
			if !ok || !isModule || !same(stem) || strings.HasPrefix(place, "/") {
				continue
			}
			data, _, err := f.read(dir+place, maxModuleBytes)
			if err != nil {
				return nil, err
			}
			if data, err = decompress(place, data, maxModuleBytes); err != nil {
				return nil, err
			}
			return taggedNames(data, "firmware="), nil
		}
	}
	builtin, _, err := f.read(dir+"modules.builtin.modinfo", 8<<20)
	if err != nil {
		return nil, err
	}
	return taggedNames(builtin, strings.ReplaceAll(module, "-", "_")+".firmware="), nil
}

// taggedNames finds strings that begin so and end with a NUL.
func taggedNames(data []byte, tag string) (names []string) {
	for part := range bytes.SplitSeq(data, []byte{0}) {
		if name, ok := bytes.CutPrefix(part, []byte(tag)); ok && len(name) > 0 && len(name) < 256 {
			names = append(names, string(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// collectDriverFiles asks for the drivers that are bound to radios.
func collectDriverFiles(_ context.Context, h *Host) ([]report.DriverFiles, error) {
	modules := map[string][]string{}
	for _, class := range []string{"sys/class/ieee80211", "sys/class/bluetooth"} {
		devices, err := devicesExcept(h, class, connection())
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			if module := base(h.Link(d.dir + "/device/driver/module")); module.OK() {
				modules[module.Value] = both(d.at.From, module.From)
			}
		}
	}
	var list []report.DriverFiles
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		a := h.ask(opDriverFiles, module)
		var found driverFiles
		named := parseAnswer(a, func(data []byte) (int64, error) {
			if json.Unmarshal(data, &found) != nil {
				return 0, errors.New("not the form that was recorded")
			}
			return int64(found.Named), nil
		})
		from := both(modules[module], []string{a.ID})
		d := report.DriverFiles{Driver: module, Named: named}
		if named.OK() {
			files, notRead := []string{}, append([]string{}, found.NotRead...)
			for _, file := range found.Files {
				files = append(files, fmt.Sprintf("%s sha256:%s", file.Name, file.SHA256))
			}
			d.Files, d.NotRead = report.Known(files, from...), report.Known(notRead, from...)
		}
		list = append(list, d)
	}
	return list, nil
}

// connection is the name of a Bluetooth connection, which is a device, too.
var connection = pattern.New(`:`)
