package require

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/report"
)

// loaderPlaces decides boot.loader-places: where the boot ROM takes a loader
// from on the media that this board has, whether one is there, and whether the
// place is free beside a GPT.
func loaderPlaces(r *report.Report) answer {
	for _, section := range []string{"storage", "boot"} {
		if a, bad := unlisted(r, section); bad {
			return a
		}
	}
	a := answer{verdict: Info, facts: []string{"storage", "boot.media"}, detail: "No document that this program knows says where the boot ROM of this SoC looks on a medium."}
	family, places := placesOf(r)
	if len(places) == 0 {
		return a
	}
	a.verdict, a.detail = Pass, ""
	var words, warnings, sources []string
	for i := range r.Storage {
		d := &r.Storage[i]
		if valueOf(d.Attached) == report.External {
			continue
		}
		for _, p := range places {
			area := areaOf(d, p.Medium)
			if area == "" {
				continue
			}
			word := fmt.Sprintf("%s at %d (%s)", area, p.OffsetBytes, p.What)
			if headerAt(r, area, p.OffsetBytes) {
				word += ": there is one"
			}
			words = append(words, word)
			sources = append(sources, p.From...)
			if p.CollidesWithGPT {
				warnings = append(warnings, fmt.Sprintf("At %d of %s a GPT of usual size has its entries: an image with a loader there needs an MBR, or a GPT that begins behind it.", p.OffsetBytes, area))
			}
		}
		warnings = append(warnings, bootAreas(d, family, places)...)
	}
	if len(words) == 0 {
		a.verdict, a.detail = Info, "None of the media of this board is one that the boot ROM takes a loader from, as far as documents say."
		return a
	}
	a.found = strings.Join(words, "; ")
	if len(warnings) > 0 {
		slices.Sort(warnings)
		a.verdict, a.detail = Warn, strings.Join(slices.Compact(warnings), " ")+" "
	}
	slices.Sort(sources)
	a.detail += "Source: " + strings.Join(slices.Compact(sources), "; ") + "."
	return a
}

// placesOf is what is documented of the SoC.
func placesOf(r *report.Report) (family string, places []boards.LoaderOffset) {
	for _, b := range lookup(r) {
		if family == "" {
			family = b.ROMFamily
		}
		if len(places) == 0 {
			places = b.LoaderOffsets
		}
	}
	return family, places
}

// areaOf names the part of a disk that a place is about; "" if it is about
// another medium.
func areaOf(d *report.Disk, medium string) string {
	name, kind := first(valueOf(d.Name), d.Path), valueOf(d.Kind)
	switch {
	case medium == "sd" && kind == report.KindSD, medium == "emmc-user" && kind == report.KindEMMC, medium == "ufs" && kind == report.KindUFS:
		return name
	case medium == "emmc-boot" && kind == report.KindEMMC:
		return name + "boot0"
	case kind == report.KindMTD && (medium == "spi-nor" && valueOf(d.MTD.Type) == "nor" || medium == "nand" && strings.HasSuffix(valueOf(d.MTD.Type), "nand")):
		return name
	}
	return ""
}

// headerAt reports whether the ROM's header was found at a place. In front of
// it flash has the read-only name.
func headerAt(r *report.Report, area string, offset int64) bool {
	for _, m := range r.Boot.Media {
		if name := valueOf(m.Name); name != area && name != area+"ro" {
			continue
		}
		headers, _ := m.Headers.Get() // none if not known
		for _, h := range headers {
			if strings.Contains(h+",", fmt.Sprintf(" at %d,", offset)) {
				return true
			}
		}
	}
	return false
}

// bootAreas says what keeps the ROM from the boot areas of an eMMC: they can be
// off, locked, or set up in a way that it does not take.
func bootAreas(d *report.Disk, family string, places []boards.LoaderOffset) (list []string) {
	if valueOf(d.Kind) != report.KindEMMC || !slices.ContainsFunc(places, func(p boards.LoaderOffset) bool { return p.Medium == "emmc-boot" }) {
		return nil
	}
	name := first(valueOf(d.Name), d.Path)
	if locks := valueOf(d.EMMC.BootWriteProtection); strings.Contains(locks, "permanent") {
		list = append(list, fmt.Sprintf("The boot areas of %s are locked for ever (%s): a loader there cannot be replaced.", name, locks))
	}
	from := valueOf(d.EMMC.BootFrom)
	acknowledge, known := d.EMMC.BootAcknowledge.Get()
	if family != "allwinner" || from != "boot0" && from != "boot1" || !known {
		return list
	}
	// U-Boot, arch/arm/mach-sunxi/board.c, sunxi_valid_emmc_boot.
	if bus := valueOf(d.EMMC.BootBus); !acknowledge || !strings.HasPrefix(bus, "4 bit") || strings.Contains(bus, "double") {
		list = append(list, fmt.Sprintf("%s is set to boot from %s, and not so that this boot ROM takes it: it wants an acknowledge and a bus of 4 bit at single data rate.", name, from))
	}
	return list
}
