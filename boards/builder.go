package boards

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// builderFile is data/builders.json: who builds kernels in public, as user and
// host of the kernel's version line (Documentation/kbuild/kbuild.rst).
type builderFile struct {
	Date     string    `json:"date"`
	Builders []builder `json:"builders"`
}

type builder struct {
	Is   string   `json:"is"` // user@host, * stands for the part of it that changes
	Of   string   `json:"of"` // whose kernels these are
	From []string `json:"from"`
}

func (f *builderFile) check() error {
	if f.Date == "" || len(f.Builders) == 0 {
		return errors.New("no date, or no builders")
	}
	for _, b := range f.Builders {
		if b.Of == "" || strings.Count(b.Is, "@") != 1 {
			return fmt.Errorf("builder %q is not of the form user@host, or nobody's", b.Is)
		}
		if _, err := path.Match(b.Is, ""); err != nil {
			return fmt.Errorf("builder %q: %w", b.Is, err)
		}
		if err := checkCitations(b.From); err != nil {
			return fmt.Errorf("builder %q: %w", b.Is, err)
		}
	}
	return nil
}

// PublicBuilder reports whose kernels a user@host builds, if it is one that
// builds in public. Any other names a person and a machine.
func PublicBuilder(userHost string) (of string, ok bool) {
	k, err := data()
	if err != nil || strings.ContainsAny(userHost, "/ ") || len(userHost) > 64 {
		return "", false // the tests load the same file
	}
	for _, b := range k.builders.Builders {
		if match, err := path.Match(b.Is, userHost); match && err == nil {
			return b.Of, true
		}
	}
	return "", false
}
