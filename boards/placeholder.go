package boards

import (
	"errors"
	"fmt"
	"strings"
)

// placeholderFile is data/placeholder.json.
type placeholderFile struct {
	Texts    []placeholderText `json:"texts"`
	Repeated said[[]string]    `json:"repeated"` // characters that stand for nothing when they are all there is
}

type placeholderText struct {
	Reason string   `json:"reason"`
	Values []string `json:"values"`
	From   []string `json:"from"`
}

// Length limits of what can be a placeholder. One repeated digit is a version
// or a count; the longest known text is much shorter than the upper limit.
const (
	minRepeated    = 6
	maxPlaceholder = 128
)

func (f *placeholderFile) check() error {
	if len(f.Texts) == 0 {
		return errors.New("no texts")
	}
	for _, t := range f.Texts {
		if t.Reason == "" || len(t.Values) == 0 {
			return errors.New("texts without a reason or without values")
		}
		if err := checkCitations(t.From); err != nil {
			return err
		}
		for _, v := range t.Values {
			if plain(v) == "" {
				return fmt.Errorf("value %q has no letter or digit", v)
			}
		}
	}
	for _, c := range f.Repeated.Value {
		if len(plain(c)) != 1 {
			return fmt.Errorf("repeated %q is not one letter or digit", c)
		}
	}
	return f.Repeated.check("repeated")
}

// Placeholder reports whether a serial, name, version, UUID or MAC address is
// text that a vendor left in place of a value, and why it is taken for that.
func Placeholder(value string) (bool, string) {
	k, err := data()
	if err != nil {
		return false, "" // the tests load the same files
	}
	return k.placeholders.match(value)
}

func (f *placeholderFile) match(value string) (bool, string) {
	if len(value) > maxPlaceholder {
		return false, ""
	}
	p := plain(value)
	if p == "" {
		if strings.ContainsFunc(value, func(c rune) bool { return c > 0x7f }) {
			return false, "" // a script that is not looked into
		}
		return true, "no letter and no digit"
	}
	for _, t := range f.Texts {
		for _, v := range t.Values {
			if plain(v) == p {
				return true, t.Reason
			}
		}
	}
	for _, c := range f.Repeated.Value {
		if len(p) >= minRepeated && strings.Trim(p, plain(c)) == "" {
			return true, "nothing but the character " + c
		}
	}
	return false, ""
}

// plain keeps the ASCII letters and digits of a value, in lower case: vendors
// differ in the dots, dashes and spaces of one and the same filler.
func plain(value string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return -1
	}, value)
}
