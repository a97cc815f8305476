package scope

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
	"github.com/boardprobe/boardprobe/report/require"
)

// Standing says whether a path to balenaOS is open to a board.
type Standing string

const (
	OpenPath Standing = "open"    // the facts are for it, and none against
	Perhaps  Standing = "perhaps" // something against it has to be settled first
	Closed   Standing = "closed"  // a fact rules it out
)

// Path is a way to balenaOS, with what is for and against it.
type Path struct {
	Name     string   `json:"name"`
	Standing Standing `json:"standing"`
	For      []string `json:"for"`
	Against  []string `json:"against"`
	Settle   []string `json:"settle,omitempty"` // what a person has to say or try
}

// settle gives a path its standing.
func (p *Path) settle(closed bool) Path {
	switch {
	case closed:
		p.Standing = Closed
	case len(p.Against) > 0 || len(p.For) == 0:
		p.Standing = Perhaps
	default:
		p.Standing = OpenPath
	}
	return *p
}

// pathsOf is the ladder, the cheapest kind of path first.
func pathsOf(r *report.Report, id Identity, nearest []Candidate, findings []require.Finding) []Path {
	generic := genericPath(r, id, findings)
	return []Path{
		existingType(r, nearest),
		generic,
		extension(generic, findings),
		machineIn(nearest),
		newRepository(nearest),
	}
}

// existingType is the path of a board that is a device type of balena.
func existingType(r *report.Report, nearest []Candidate) Path {
	p := Path{Name: "an existing device type"}
	if slug, ok := r.OS.DeviceType.Get(); ok && r.OS.ID.Value == "balena-os" {
		p.For = append(p.For, "the board runs balenaOS of "+slug+" already")
		return p.settle(false)
	}
	if len(nearest) == 0 || nearest[0].Likeness != SameBoard {
		return p.settle(true)
	}
	var equal []string
	for _, c := range nearest {
		if c.Likeness == SameBoard && c.rank == nearest[0].rank {
			equal = append(equal, c.Slug)
		}
	}
	first := nearest[0]
	p.For = append(p.For, fmt.Sprintf("%s has the same identity (%s)", first.Slug, first.Why))
	if len(equal) > 1 {
		p.Settle = append(p.Settle, "the identity is shared by "+page.List(equal)+": which of them is it?")
	}
	if first.Support != desk.NotListed {
		p.Against = append(p.Against, supportText(first))
	}
	if first.Basis != "high" {
		p.Against = append(p.Against, "the identity of the type was not read from a device tree (basis "+first.Basis+")")
	}
	p.Settle = append(p.Settle, "a carrier board can keep the identity of its reference design: does an image of this type run?")
	return p.settle(false)
}

// supportText says what balena says of a type.
func supportText(c Candidate) string {
	switch {
	case c.Support == desk.Pending && c.row.SupportNote != "":
		return c.Slug + " is pending to be discontinued: " + c.row.SupportNote
	case c.Support == desk.Pending:
		return c.Slug + " is pending to be discontinued from " + c.row.SupportFrom
	}
	return c.Slug + " is discontinued"
}

// genericPath is an image for any board with UEFI.
func genericPath(r *report.Report, id Identity, findings []require.Finding) Path {
	slug := map[string]string{"amd64": "generic-amd64", "aarch64": "generic-aarch64"}[id.Arch]
	p := Path{Name: "a generic device type (generic-amd64, generic-aarch64)"}
	if slug == "" {
		p.Against = append(p.Against, "there is none for "+nameOr(id.Arch, "an architecture that is not known"))
		return p.settle(id.Arch != "")
	}
	p.Name = slug
	firmware, ok := r.Identity.FirmwareInterface.Get()
	switch {
	case ok && firmware == "uefi":
		p.For = append(p.For, "it starts by UEFI")
		if strings.Contains(r.Identity.FirmwareVendor.Value, "U-Boot") {
			p.Against = append(p.Against, "the UEFI is U-Boot's, which often keeps no variables")
		}
	case ok:
		p.Against = append(p.Against, "it was not started by UEFI")
	default:
		p.Against = append(p.Against, "whether it starts by UEFI is not known")
	}
	for _, f := range findings {
		if f.Verdict != require.Warn && f.Verdict != require.Unknown {
			continue
		}
		switch f.ID {
		case "drivers.unbound", "drivers.modules", "radio.silent", "radio.firmware":
			p.Against = append(p.Against, itemText(f))
		}
	}
	if r.Sight.KernelOrigin.Value != report.OriginDistribution {
		p.Against = append(p.Against, "no kernel of a distribution was seen to drive it: a run under one would show it")
	} else {
		p.For = append(p.For, r.Sight.KernelOf.Value+"'s kernel starts it")
	}
	return p.settle(ok && firmware != "uefi" && id.Arch == "aarch64")
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// extension is the generic image with what it lacks laid over it.
func extension(generic Path, findings []require.Finding) Path {
	p := Path{Name: "the same with a host extension (firmware, modules or a kernel laid over it)"}
	if generic.Standing == Closed {
		return p.settle(true)
	}
	for _, f := range findings {
		if f.ID == "radio.additions" && f.Found != "" && (f.Verdict == require.Info || f.Verdict == require.Warn) {
			p.For = append(p.For, "firmware could be added: "+f.Found)
		}
	}
	p.Against = append(p.Against, "whether Custom Device Support offers it, balena has to say")
	return p.settle(false)
}

// machineIn is a new machine in a repository that has a board like it.
func machineIn(nearest []Candidate) Path {
	p := Path{Name: "a new machine in an existing repository"}
	k := slices.IndexFunc(nearest, func(c Candidate) bool { return c.Repository != "" && c.Support == desk.NotListed })
	if k < 0 {
		k = slices.IndexFunc(nearest, func(c Candidate) bool { return c.Repository != "" })
	}
	if k < 0 {
		p.Against = append(p.Against, "no public device type has its SoC, or one of its family")
		return p.settle(true)
	}
	c := nearest[k]
	p.Name = "a new machine in " + c.Repository
	p.For = append(p.For, fmt.Sprintf("%s there has the %s (%s), on Yocto %s", c.Slug, c.Likeness, c.Why, c.Yocto))
	if c.Support != desk.NotListed {
		p.Against = append(p.Against, supportText(c))
	}
	switch c.Likeness {
	case SameFamily:
		p.Against = append(p.Against, "no type has the same SoC")
	case SameBoard:
		p.Against = append(p.Against, "only if it is none of the types of the same identity")
	}
	return p.settle(false)
}

func newRepository(nearest []Candidate) Path {
	p := Path{Name: "a new repository", For: []string{"it is open to any board with a BSP"}}
	if len(nearest) == 0 {
		p.For = append(p.For, "no public device type is like it")
	}
	p.Against = append(p.Against, "the most work: a Yocto layer of its vendor is asked for first")
	return p.settle(false)
}

// Cheapest is the first path that is open, or else the first that may be.
func (s *Summary) Cheapest() Path {
	for _, standing := range []Standing{OpenPath, Perhaps} {
		for _, p := range s.Paths {
			if p.Standing == standing {
				return p
			}
		}
	}
	return Path{Name: "none was found", Standing: Closed}
}
