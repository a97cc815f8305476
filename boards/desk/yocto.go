package desk

import "slices"

var (
	yocto    = loaded[YoctoRelease]("yocto.json")
	longTerm = loaded[LongTerm]("linux.json")
)

// YoctoRelease is a release of the Yocto Project.
type YoctoRelease struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	LTS          bool              `json:"lts"`
	Released     string            `json:"released"`      // YYYY-MM-DD
	Ends         string            `json:"ends"`          // of its support, YYYY-MM-DD; empty: long ago, the day was not found
	OldestKernel string            `json:"oldest_kernel"` // on which its C library starts (OLDEST_KERNEL)
	OldestOn     map[string]string `json:"oldest_on"`     // the same where an architecture has another
	GLibC        string            `json:"glibc"`
	Systemd      string            `json:"systemd"`
	Kernels      []string          `json:"kernels"` // that its linux-yocto has
	Layer        Layer             `json:"layer"`
}

// Layer says whether balenaOS can be built with a release.
type Layer string

const (
	LayerCurrent Layer = "current" // meta-balena-common declares the release
	LayerFormer  Layer = "former"  // there is a layer for it, which the common layer does not declare any more
	LayerNone    Layer = "none"
)

// YoctoReleases lists the releases, oldest first, and where the table is from.
func YoctoReleases() ([]YoctoRelease, Source) {
	t := yocto()
	return slices.Clone(t.Rows), t.Source
}

// LongTerm is a long-term series of Linux.
type LongTerm struct {
	Series   string `json:"series"` // as 6.12
	Released string `json:"released"`
	Ends     string `json:"ends"` // YYYY-MM, as kernel.org projects it
}

// LongTermKernels lists the long-term series, oldest first, and where the table
// is from.
func LongTermKernels() ([]LongTerm, Source) {
	t := longTerm()
	return slices.Clone(t.Rows), t.Source
}
