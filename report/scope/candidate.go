package scope

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/boards/desk"
)

// Likeness says by what a device type is like a board, the weakest first.
type Likeness int

// What a device type and a board can have in common.
const (
	Unlike     Likeness = iota
	SameFamily          // of SoCs
	SameSoC
	SameModule // a compatible between that of the board and that of the SoC
	SameBoard  // the first compatible, or what the firmware of a PC says
)

func (l Likeness) String() string {
	return [...]string{"nothing in common", "same family of SoCs", "same SoC", "same module", "same identity"}[l]
}

// MarshalText writes the words.
func (l Likeness) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Identity is what tells a board apart.
type Identity struct {
	Compatible []string // of the root of the device tree, most specific first
	Vendor     string   // what the firmware of a PC says, of system or board
	Product    string
	Board      string
	Arch       string // balena's word
	RAMGiB     int64  // fitted, rounded up; 0: not known
	Internal   bool   // there is an eMMC
	NoInternal bool   // all storage was seen, and none is soldered
}

// Candidate is a device type that a board is like.
type Candidate struct {
	Slug       string       `json:"slug"`
	Name       string       `json:"name"`
	Likeness   Likeness     `json:"likeness"`
	Basis      string       `json:"basis"` // of the type's identity: high, medium, low
	Why        string       `json:"why"`
	Support    desk.Support `json:"support,omitempty"`
	Repository string       `json:"repository,omitempty"`
	Machine    string       `json:"machine,omitempty"`
	Yocto      string       `json:"yocto,omitempty"`
	Image      string       `json:"image,omitempty"`
	Tied       bool         `json:"tied"` // nothing that was seen prefers the one in front of it or behind it

	row  desk.DeviceType
	rank int // within a likeness, higher is nearer
}

// Candidates ranks the device types that a board is like, nearest first. Among
// equals come those that balena has not discontinued, and then those with the
// newest Yocto; a type that is discontinued, or about to be, says so.
func Candidates(id Identity) []Candidate {
	types, _ := desk.DeviceTypes()
	return candidates(id, types)
}

func candidates(id Identity, types []desk.DeviceType) []Candidate {
	list := alikes(types, func(t desk.DeviceType) Candidate { return compare(id, t) })
	if len(list) == 0 {
		list = alikes(types, familyOf(id))
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		return cmp.Or(
			cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(b.rank, a.rank),
			cmp.Compare(standing(a.Support), standing(b.Support)),
			cmp.Compare(releasedIn(b.Yocto), releasedIn(a.Yocto)), cmp.Compare(a.Slug, b.Slug))
	})
	for i := 1; i < len(list); i++ {
		if list[i].Likeness == list[i-1].Likeness && list[i].rank == list[i-1].rank {
			list[i].Tied, list[i-1].Tied = true, true
		}
	}
	return list
}

// standing orders what balena says of a type.
func standing(s desk.Support) int {
	return slices.Index([]desk.Support{desk.NotListed, desk.Pending, desk.Discontinued}, s)
}

// releasedIn is the day of a release of Yocto, as text that can be compared.
func releasedIn(name string) string {
	releases, _ := desk.YoctoReleases()
	for _, r := range releases {
		if r.Name == name {
			return r.Released
		}
	}
	return ""
}

// familiesOf names the families of SoCs that compatibles belong to.
func familiesOf(compatible []string) []string {
	var names []string
	for _, b := range boards.Lookup(compatible, boards.Machine{}) {
		names = append(names, b.Name)
	}
	return names
}

// alikes are the types that have something in common.
func alikes(types []desk.DeviceType, compare func(desk.DeviceType) Candidate) []Candidate {
	var list []Candidate
	for _, t := range types {
		c := compare(t)
		if c.Likeness == Unlike {
			continue
		}
		c.Slug, c.Name, c.Support, c.row = t.Slug, t.Name, t.Support, t
		c.Repository, c.Machine, c.Yocto, c.Image = t.Repository, t.Machine, t.Yocto, t.Image
		list = append(list, c)
	}
	return list
}

// compare says how a type and a board are alike, by the best of the type's
// identities.
func compare(id Identity, t desk.DeviceType) Candidate {
	best := byDMI(id, t)
	for _, i := range t.Identities {
		if c := byTree(id.Compatible, i); c.Likeness > best.Likeness {
			best = c
		}
	}
	if t.SoC != "" && slices.Contains(id.Compatible, t.SoC) {
		best = Candidate{Likeness: SameSoC, Basis: "low", Why: t.SoC + ", by the name of the type"}
	}
	if best.Likeness < SameModule {
		return best
	}
	// Two types of one identity often differ in these.
	switch {
	case len(t.RAMGiB) == 0 || id.RAMGiB == 0:
	case slices.Contains(t.RAMGiB, id.RAMGiB):
		best.rank, best.Why = best.rank+2, best.Why+fmt.Sprintf(", %d GiB RAM", id.RAMGiB)
	default:
		best.rank -= 2
	}
	switch internal := t.BootsFrom == "internal"; {
	case internal && id.NoInternal, !internal && id.Internal:
		best.rank--
	}
	return best
}

// familyOf compares by the family of SoCs.
func familyOf(id Identity) func(desk.DeviceType) Candidate {
	families := familiesOf(id.Compatible)
	return func(t desk.DeviceType) Candidate {
		socs := []string{t.SoC}
		for _, i := range t.Identities {
			socs = append(socs, i.Compatible[len(i.Compatible)-1])
		}
		for _, name := range familiesOf(socs) {
			if slices.Contains(families, name) {
				return Candidate{Likeness: SameFamily, Basis: "medium", Why: name}
			}
		}
		return Candidate{}
	}
}

func byTree(compatible []string, i desk.TreeIdentity) Candidate {
	if len(compatible) == 0 {
		return Candidate{}
	}
	c := Candidate{Basis: cmp.Or(i.Confidence, "high")}
	last := len(i.Compatible) - 1
	for n, theirs := range i.Compatible {
		at := slices.Index(compatible, theirs)
		if at < 0 {
			continue
		}
		c.Why = theirs
		switch {
		case n == 0 && at == 0 && last > 0:
			c.Likeness = SameBoard
		case n == last || at == len(compatible)-1 || isSoC(theirs):
			c.Likeness = SameSoC
		default:
			c.Likeness = SameModule
		}
		return c
	}
	return Candidate{}
}

// isSoC reports whether a compatible is that of a SoC: an identity of the table
// ends with it.
func isSoC(compatible string) bool { return socs()[compatible] }

var socs = sync.OnceValue(func() map[string]bool {
	types, _ := desk.DeviceTypes()
	set := map[string]bool{}
	for _, t := range types {
		set[t.SoC] = true
		for _, i := range t.Identities {
			if last := len(i.Compatible) - 1; last > 0 {
				set[i.Compatible[last]] = true
			}
		}
	}
	return set
})

func byDMI(id Identity, t desk.DeviceType) Candidate {
	if len(id.Compatible) > 0 {
		return Candidate{}
	}
	for _, d := range t.DMI {
		if !alike(d.Vendor, id.Vendor) || !alike(d.Product, id.Product) || !alike(d.Board, id.Board) || t.Arch != id.Arch {
			continue
		}
		words := slices.DeleteFunc([]string{id.Vendor, id.Product, id.Board}, func(s string) bool { return s == "" })
		return Candidate{Likeness: SameBoard, Basis: "medium", Why: strings.Join(words, " ")}
	}
	return Candidate{}
}

// alike reports whether a text is what a row names; an empty row names any.
func alike(row, text string) bool {
	if stem, ok := strings.CutSuffix(row, "*"); ok {
		return strings.HasPrefix(text, stem)
	}
	return row == "" || strings.EqualFold(row, text) || strings.HasPrefix(text, row+" ")
}
