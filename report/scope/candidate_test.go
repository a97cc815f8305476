package scope

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/boards/desk"
)

// vector is the identity of a device type in the device trees of a kernel that
// the table was not made of.
type vector struct {
	slug, kernel string
	id           Identity
}

// vectors reads testdata/identities.tsv: roots of device trees of Debian's kernels
// 5.10, 6.1, 6.12 and 7.2, and what the firmware of PCs says.
func vectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/identities.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if cells[0] != "type" {
			list = append(list, vector{cells[0], cells[1], Identity{Compatible: strings.Fields(cells[3])}})
		}
	}
	return append(list,
		vector{"up-board", "DMI", Identity{Vendor: "AAEON", Product: "UP-CHT01", Board: "UP-CHT01", Arch: "amd64"}},
		vector{"up-core", "DMI", Identity{Vendor: "AAEON", Product: "UP-CHCR1", Board: "UP-CHCR1", Arch: "amd64"}},
		vector{"up-squared", "DMI", Identity{Vendor: "AAEON", Product: "UP-APL01", Board: "UP-APL01", Arch: "amd64"}},
		vector{"surface-go", "DMI", Identity{Vendor: "Microsoft Corporation", Product: "Surface Go", Board: "Surface Go", Arch: "amd64"}},
		vector{"intel-nuc", "DMI", Identity{Vendor: "Intel(R) Client Systems", Product: "NUC10i3FNH", Board: "NUC10i3FNB", Arch: "amd64"}},
		vector{"qemux86-64", "DMI", Identity{Vendor: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", Arch: "amd64"}},
	)
}

// first are the candidates that nothing prefers to each other, at the head of the list.
func first(list []Candidate) []string {
	var slugs []string
	for _, c := range list {
		if c.Likeness == list[0].Likeness && c.rank == list[0].rank {
			slugs = append(slugs, c.Slug)
		}
	}
	return slugs
}

// The right type is first where its identity is its own, and among those that
// share it otherwise.
func TestCandidates(t *testing.T) {
	t.Parallel()
	unique, tied := 0, 0
	list := vectors(t)
	for _, v := range list {
		got := Candidates(v.id)
		if len(got) == 0 {
			t.Errorf("%s (%s): no candidate for %+v", v.slug, v.kernel, v.id)
			continue
		}
		head := first(got)
		switch {
		case !slices.Contains(head, v.slug):
			t.Errorf("%s (%s): first are %q, by %s", v.slug, v.kernel, head, got[0].Why)
		case len(head) == 1:
			unique++
		default:
			tied++
			if !got[0].Tied {
				t.Errorf("%s: %q share an identity, and are not called tied", v.slug, head)
			}
		}
		if got[0].Likeness != SameBoard {
			t.Errorf("%s (%s): %s by %s", v.slug, v.kernel, got[0].Likeness, got[0].Why)
		}
	}
	t.Logf("%d identities: %d right and alone, %d right among those that share it", len(list), unique, tied)
}

// A board whose type is not in the table is nearest to one of its family, or the
// list says that there is none.
func TestNearest(t *testing.T) {
	t.Parallel()
	types, _ := desk.DeviceTypes()
	right, wrong, none := 0, 0, 0
	for _, v := range vectors(t) {
		if len(v.id.Compatible) == 0 {
			continue
		}
		own := types[slices.IndexFunc(types, func(d desk.DeviceType) bool { return d.Slug == v.slug })]
		// Those of its identity go with it: they are the same board in other words.
		others := slices.DeleteFunc(slices.Clone(types), func(d desk.DeviceType) bool {
			return slices.ContainsFunc(d.Identities, func(i desk.TreeIdentity) bool { return i.Compatible[0] == v.id.Compatible[0] })
		})
		got := candidates(v.id, others)
		soc := v.id.Compatible[len(v.id.Compatible)-1]
		sameSoC := slices.ContainsFunc(others, func(d desk.DeviceType) bool {
			return d.SoC == soc || slices.ContainsFunc(d.Identities, func(i desk.TreeIdentity) bool { return slices.Contains(i.Compatible, soc) })
		})
		switch {
		case len(got) == 0 && !sameSoC:
			none++
		case len(got) > 0 && (got[0].Likeness >= SameSoC || !sameSoC && got[0].Repository == own.Repository):
			right++
		case len(got) > 0 && !sameSoC && got[0].Likeness == SameFamily:
			right++
		default:
			wrong++
			t.Logf("%s: nearest %+v", v.slug, got)
		}
		if len(got) > 0 && got[0].Support == desk.Discontinued && slices.ContainsFunc(got, func(c Candidate) bool {
			return c.Likeness == got[0].Likeness && c.rank == got[0].rank && c.Support == desk.NotListed
		}) {
			t.Errorf("%s: %s is first and discontinued, before one that is not", v.slug, got[0].Slug)
		}
	}
	t.Logf("without its own type: nearest of the family %d, none of it in the table and said so %d, wrong %d", right, none, wrong)
	if total := right + none + wrong; 10*(right+none) < 9*total {
		t.Errorf("%d of %d nearest types are of the board's family; want nine of ten", right+none, total)
	}
}

// RAM and an eMMC tell types of one identity apart.
func TestCandidatesTold(t *testing.T) {
	t.Parallel()
	gate := Identity{Compatible: []string{"compulab,iot-gate-imx8plus", "compulab,ucm-imx8m-plus-som", "fsl,imx8mp"}, Internal: true}
	for ram, want := range map[int64]string{2: "iot-gate-imx8plus", 8: "iot-gate-imx8plus-d1d8"} {
		gate.RAMGiB = ram
		if got := Candidates(gate); got[0].Slug != want || got[0].Tied {
			t.Errorf("with %d GiB: %s, tied %v; want %s", ram, got[0].Slug, got[0].Tied, want)
		}
	}
	gate.RAMGiB = 0
	if got := Candidates(gate); !got[0].Tied {
		t.Errorf("without a size of RAM: %s is not tied", got[0].Slug)
	}
	// A board of nobody with a known module, and one with a known SoC.
	for first, want := range map[string]Likeness{"compulab,ucm-imx8m-plus-som": SameModule, "acme,board": SameSoC} {
		got := Candidates(Identity{Compatible: []string{"acme,gateway", first, "fsl,imx8mp"}})
		if got[0].Likeness != want {
			t.Errorf("with %s: %s by %s; want %s", first, got[0].Likeness, got[0].Why, want)
		}
	}
	if got := Candidates(Identity{Compatible: []string{"acme,gateway", "acme,soc"}}); len(got) != 0 {
		t.Errorf("a SoC of nobody is like %+v", got)
	}
}
