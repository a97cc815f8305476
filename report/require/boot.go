package require

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// bootOptions answers for boot.options what of the three orders is known: the
// ROM's, the loader's, and what was used.
func bootOptions(r *report.Report) answer {
	a := answer{verdict: Ask, facts: []string{"boot.rom_order", "boot.loader_order", "boot.current"}}
	b := &r.Boot
	var words, sources []string
	add := func(what, key string, f report.Fact[[]string]) {
		if order, ok := f.Get(); ok {
			words = append(words, fmt.Sprintf("%s: %s", what, page.List(withDisks(b, key, order))))
			if f.Basis == report.Documented {
				sources = append(sources, f.From...)
			}
		}
	}
	rom := b.ROMOrder
	for _, known := range lookup(r) {
		if !rom.OK() && known.ROMOrder.OK() {
			rom = known.ROMOrder
		}
	}
	add("boot ROM", "rom", rom)
	add("loader "+valueOf(b.Loader), "loader", b.LoaderOrder)
	if used := valueOf(b.Current); used != "" {
		if disk := valueOf(b.CurrentDevice); disk != "" {
			used += " (" + disk + ")"
		}
		words = append(words, "used: "+used)
	}
	a.found = strings.Join(words, "; ")
	a.detail = "The boot ROM decides before any program runs; its order is documented, not read."
	if b.ROMStraps.OK() {
		a.detail = "The order of the boot ROM was read from the straps of this unit."
	}
	for _, gap := range []struct {
		what string
		why  string
	}{{"boot ROM", rom.Why()}, {"loader", b.LoaderOrder.Why()}, {"used", b.Current.Why()}} {
		if gap.why != "" && gap.why != string(report.NotProbed) {
			a.detail += " " + gap.what + ": " + gap.why + "."
		}
	}
	if len(sources) > 0 {
		a.detail += " Source: " + strings.Join(sources, "; ") + "."
	}
	return a
}

// withDisks adds to the words of an order the disks that they mean.
func withDisks(b *report.Boot, key string, order []string) []string {
	list := make([]string, len(order))
	for i, word := range order {
		list[i] = word
		for _, p := range b.Places {
			if p.Place == fmt.Sprintf("%s %d %s", key, i+1, word) && p.Device.OK() {
				list[i] += " (" + p.Device.Value + ")"
			}
		}
	}
	return list
}

// closedBoard decides security.closed: will the board start what its maker did
// not sign?
func closedBoard(r *report.Report) answer {
	if a, bad := unlisted(r, "security"); bad {
		return a
	}
	a := answer{facts: []string{"security.secure_boot", "security.setup_mode", "security.keys"}}
	state, ok := r.Security.SecureBoot.Get()
	a.found = state
	switch {
	case !ok && r.Security.SecureBoot.Gap == report.Unsupported:
		a.verdict = Pass
		a.detail = "The firmware does not check signatures."
	case !ok:
		a.verdict = Ask
		a.detail = strings.TrimSpace("Whether the board is closed is not known: " + r.Security.SecureBoot.Why() + ".")
	case state == "enforced":
		a.verdict = Warn
		a.detail = "The board starts only what is signed with its keys. Another system needs a loader that is signed with them, or a board that is open."
	case state == "enabled":
		a.verdict = Warn
		a.detail = "Signatures are checked. Whether an unsigned system starts all the same is for its maker to say."
	default:
		a.verdict = Pass
		a.detail = "What is not signed starts as well."
	}
	return a
}

// loaderConflict decides conflict.loader: is the loader that ran on one medium
// only?
func loaderConflict(r *report.Report) answer {
	if a, bad := unlisted(r, "boot"); bad {
		return a
	}
	a := answer{verdict: Info, facts: []string{"boot.media", "boot.loader_version"}, detail: "No loader was found on the media, or it does not name itself to Linux."}
	var same, others []string
	for _, m := range r.Boot.Media {
		versions, ok := m.Versions.Get()
		if !ok || len(versions) == 0 {
			continue
		}
		name := first(valueOf(m.Name), m.Path)
		if m.Running.OK() && m.Running.Value {
			same = append(same, name)
		} else {
			others = append(others, name+" ("+versions[0]+")")
		}
	}
	switch {
	case len(same) > 1:
		a.verdict = Warn
		a.found = "on " + page.List(same)
		a.detail = "The loader that ran is on more than one medium, so which of them was used is ambiguous."
	case len(same) == 1 && len(others) > 0:
		a.verdict = Info
		a.found = "on " + same[0] + "; another one on " + page.List(others)
		a.detail = "Other media hold loaders, too, which start if the switches or the order change."
	case len(same) == 1:
		a.verdict = Pass
		a.found = "on " + same[0]
		a.detail = "The loader that ran is on one medium."
	case len(others) > 0:
		a.found = page.List(others)
		a.detail = "None of the loaders that were found is the one that ran, as far as it named itself."
	}
	return a
}
