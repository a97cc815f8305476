package boards

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/boardprobe/boardprobe/report"
)

// kernelFile is data/kernels.json: whose a kernel is, by its own words. The first
// row of which all words fit counts.
type kernelFile struct {
	Date    string   `json:"date"`
	Kernels []kernel `json:"kernels"`
}

type kernel struct {
	Origin  string   `json:"origin"`            // bsp or distribution, or unknown of what runs on no board
	Of      string   `json:"of"`                // whose
	Release string   `json:"release,omitempty"` // regular expression on the release, as in uname -r
	Version string   `json:"version,omitempty"` // on the version, as in uname -v
	Builder string   `json:"builder,omitempty"` // a name of builders.json
	From    []string `json:"from,omitempty"`    // a builder's row has its own

	release, version *regexp.Regexp
}

func (f *kernelFile) check(builders *builderFile) error {
	if f.Date == "" || len(f.Kernels) == 0 {
		return errors.New("no date, or no kernels")
	}
	for i := range f.Kernels {
		k := &f.Kernels[i]
		if k.Of == "" || !slices.Contains([]string{report.OriginBSP, report.OriginDistribution, report.OriginUnknown}, k.Origin) || k.Release+k.Version+k.Builder == "" {
			return fmt.Errorf("kernel %d: of nobody, or by no words", i)
		}
		if k.Builder != "" && !builders.has(k.Builder) {
			return fmt.Errorf("kernel %d: no builder %q", i, k.Builder)
		}
		var err, err2 error
		k.release, err = regexp.Compile(k.Release)
		k.version, err2 = regexp.Compile(k.Version)
		if k.Builder == "" {
			err = errors.Join(err, checkCitations(k.From))
		}
		if err := errors.Join(err, err2); err != nil {
			return fmt.Errorf("kernel %d: %w", i, err)
		}
	}
	return nil
}

func (f *builderFile) has(of string) bool {
	for _, b := range f.Builders {
		if b.Of == of {
			return true
		}
	}
	return false
}

// Kernel says whose a kernel is, by its release, its version and the user@host that
// built it, each "" if it is not known. ok is false for the words of nobody.
func Kernel(release, version, builder string) (origin, of string, ok bool) {
	k, err := data()
	if err != nil || len(release)+len(version) > 1024 {
		return "", "", false // the tests load the same file
	}
	built, _ := PublicBuilder(builder)
	for _, row := range k.kernels.Kernels {
		if row.release.MatchString(release) && row.version.MatchString(version) && (row.Builder == "" || row.Builder == built) {
			return row.Origin, row.Of, true
		}
	}
	return "", "", false
}
