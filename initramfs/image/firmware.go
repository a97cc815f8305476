package image

import (
	"path"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

// builtNames lists firmware whose names drivers put together at run time, by
// the chip or the board's compatible, so that .modinfo does not have them all.
var builtNames = []struct{ module, pattern string }{
	{"ath10k_core", "ath10k/*/*/*"},
	{"ath11k", "ath11k/*/*/*"},
	{"ath12k", "ath12k/*/*/*"},
	{"brcmfmac", "brcm/brcmfmac*"},
	{"brcmfmac", "cypress/cyfmac*"},
	{"btbcm", "brcm/*.hcd"},
	{"btintel", "intel/ibt-*"},
	{"btmtk", "mediatek/BT_*"},
	{"btmtk", "mediatek/*/BT_*"},
	{"btqca", "qca/*"},
	{"btrtl", "rtl_bt/*"},
	{"btnxpuart", "nxp/*"},
	{"moal", "mrvl/*"}, // NXP's own driver
	{"moal", "nxp/*"},
}

// regulatory is small, and cfg80211, which reads it, may be part of the kernel.
const regulatory = "regulatory.db*"

// addFirmware packs the files that the drivers ask for, or all if no modules
// were given, because then nobody knows the drivers.
func (a *Archive) addFirmware(t *Tree, drivers []modinfo, known bool) error {
	names := t.names()
	if known {
		w := newWanted(drivers, a.Record.KernelReleases)
		names = slices.DeleteFunc(names, func(name string) bool { return !w.wants(name) })
	}
	lost := t.lost
	if known {
		w := newWanted(drivers, a.Record.KernelReleases)
		lost = slices.DeleteFunc(slices.Clone(lost), func(name string) bool { return !w.wants(name) })
	}
	if len(lost) > 0 {
		a.warn("firmware: links that lead to nothing that was given: %s; give the whole root file system of the board", some(lost))
	}
	added := map[string]bool{}
	a.Firmware.Found = len(t.files) + len(t.lost)
	for _, name := range names {
		target, links, ok := t.resolve(name)
		if !ok {
			continue
		}
		for _, link := range links {
			if added[link] {
				continue
			}
			added[link] = true
			if err := a.addLink("lib/firmware/"+link, relative(path.Dir(link), t.links[link])); err != nil {
				return err
			}
		}
		if added[target] {
			continue
		}
		added[target] = true
		if err := a.addFromTree("lib/firmware/"+target, t, target); err != nil {
			return err
		}
		a.Firmware.Packed++
		a.Firmware.Bytes += t.files[target].size
	}
	a.Record.FirmwareCount = a.Firmware.Packed
	switch a.Firmware.Packed {
	case 0:
		a.warn("%s: no driver asks for any of the %d firmware files: is it the folder lib/firmware itself that was given, and not one in it?", t.name, a.Firmware.Found)
	case a.Firmware.Found:
		if !t.marked {
			a.warn("firmware: %s holds neither lib/firmware nor WHENCE: whether this is the board's firmware, and all of it, nothing tells", t.name)
			a.Record.Firmware = imagerecord.PackedSome
			break
		}
		a.Record.Firmware = imagerecord.PackedAll
	default:
		a.Record.Firmware = imagerecord.PackedSome
	}
	return nil
}

// wanted tells which firmware files the drivers may ask for.
type wanted struct {
	exact    map[string]bool
	patterns []string
	folders  []string // in which the kernel looks before lib/firmware itself
}

func newWanted(drivers []modinfo, releases []string) *wanted {
	w := &wanted{exact: map[string]bool{}, patterns: []string{regulatory}}
	// Documentation/driver-api/firmware/fw_search_path.rst of the kernel.
	for _, release := range releases {
		w.folders = append(w.folders, "updates/"+release+"/", release+"/")
	}
	w.folders = append(w.folders, "updates/")
	for _, m := range drivers {
		for _, name := range m.firmwares {
			w.add(name)
		}
		for _, b := range builtNames {
			if b.module == m.name {
				w.add(b.pattern)
			}
		}
	}
	slices.Sort(w.patterns)
	w.patterns = slices.Compact(w.patterns)
	return w
}

func (w *wanted) add(name string) {
	if strings.ContainsAny(name, "*?[") {
		w.patterns = append(w.patterns, name)
	} else {
		w.exact[name] = true
	}
}

// wants decides on a file of the tree. A suffix that the kernel itself knows
// is no part of the name asked for.
func (w *wanted) wants(name string) bool {
	for _, folder := range w.folders {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			name = rest
			break
		}
	}
	for _, suffix := range []string{".xz", ".zst"} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			name = stem
			break
		}
	}
	if w.exact[name] {
		return true
	}
	return slices.ContainsFunc(w.patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// relative returns the path to target as a link in dir must give it.
func relative(dir, target string) string {
	if dir == "." {
		return target
	}
	from, to := strings.Split(dir, "/"), strings.Split(target, "/")
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Repeat("../", len(from)) + strings.Join(to, "/")
}
