package require

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/boardprobe/boardprobe/report/page"
)

// Effect says what a finding means for the evaluation.
type Effect string

const (
	Blocks Effect = "blocks" // no quote without it
	Effort Effect = "effort" // raises the work
	Risk   Effect = "risk"   // can go wrong, or raise the work later
	None   Effect = "none"
)

// Size is how much work a finding means. It is our reading, not balena's, and no
// price: small is a file in an existing device repository, medium a recipe, a
// kernel append or a patch of the boot loader in an existing layer, large a vendor's
// layer that is not there, a driver out of mainline, a boot loader to port, or a
// kernel that rides no supported Yocto.
type Size string

const (
	Small  Size = "small"
	Medium Size = "medium"
	Large  Size = "large"
)

// Works are the groups of a work list, in its order.
func Works() []string {
	return []string{"kernel", "boot loader", "firmware", "drivers", "peripherals", "storage", "security", "rig", "missing material", "revisions"}
}

// Consequence is what a verdict of a check means for the evaluation.
type Consequence struct {
	Effect Effect `json:"effect"`
	Size   Size   `json:"size,omitempty"` // of an effort
	Work   string `json:"work,omitempty"` // its group of the work list
	Why    string `json:"why"`
}

// check holds a consequence against what it may say.
func (c Consequence) check() error {
	switch c.Effect {
	case Blocks, Risk:
		if c.Size != "" || c.Work != "" {
			return fmt.Errorf("effect %s with a size or a group of work", c.Effect)
		}
	case Effort:
		if !slices.Contains([]Size{Small, Medium, Large}, c.Size) || !slices.Contains(Works(), c.Work) {
			return fmt.Errorf("effort of size %q for %q", c.Size, c.Work)
		}
	default:
		return fmt.Errorf("effect %q", c.Effect)
	}
	if c.Why == "" || page.Clean(c.Why) != c.Why {
		return errors.New("an effect without a reason of one line")
	}
	return nil
}

// Consequence is what a verdict means. What is not known is a risk wherever another
// verdict would mean something.
func (d *Definition) Consequence(v Verdict) Consequence {
	c, ok := d.Effects[v]
	switch {
	case ok:
		return c
	case v == Unknown && d.NoEffect == "":
		return Consequence{Effect: Risk, Why: "It is not known."}
	}
	return Consequence{Effect: None, Why: d.NoEffect}
}

// checkEffects demands an effect, or the word why there is none.
func (d *Definition) checkEffects() error {
	if (len(d.Effects) == 0) == (d.NoEffect == "") {
		return errors.New("either effects or no_effect")
	}
	for v, c := range d.Effects {
		if !slices.Contains([]Verdict{Fail, Warn, Unknown, Ask, Info}, v) {
			return fmt.Errorf("effect of verdict %q", v)
		}
		if c.Effect == Blocks && v != Fail {
			return fmt.Errorf("%s blocks: only what failed does", v)
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: %w", v, err)
		}
	}
	return nil
}

// Effects are consequences that somebody prefers to ours, by check and verdict.
type Effects map[string]map[Verdict]Consequence

// ParseEffects reads a document of them: {"ID": {"VERDICT": {"effect", "size", "work",
// "why"}}}. An unknown check, verdict or word is an error.
func ParseEffects(data []byte) (Effects, error) {
	var e Effects
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return nil, fmt.Errorf("effects: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("effects: data after the document")
	}
	list := Definitions()
	for id, verdicts := range e {
		if !slices.ContainsFunc(list, func(d Definition) bool { return d.ID == id }) {
			return nil, fmt.Errorf("effects: no check %q", id)
		}
		for v, c := range verdicts {
			if !slices.Contains([]Verdict{Pass, Fail, Warn, Unknown, Ask, Info}, v) {
				return nil, fmt.Errorf("effects: %s: no verdict %q", id, v)
			}
			if c.Effect == None {
				continue
			}
			if err := c.check(); err != nil {
				return nil, fmt.Errorf("effects: %s: %s: %w", id, v, err)
			}
		}
	}
	return e, nil
}

// Apply puts them in the place of ours.
func (e Effects) Apply(findings []Finding) {
	for i := range findings {
		if c, ok := e[findings[i].ID][findings[i].Verdict]; ok {
			findings[i].Consequence = c
		}
	}
}
