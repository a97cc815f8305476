package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Value is what a fact can hold. Quantities are integers with the unit in the
// name of the field; there are no floats in the schema.
type Value interface {
	string | int64 | bool | []string
}

// Gap says why a value is not known. The empty gap means that it is known.
type Gap string

const (
	Absent      Gap = "absent"      // the system says that there is no such thing
	Unsupported Gap = "unsupported" // the system cannot answer this question
	Denied      Gap = "denied"      // the run had no permission to ask
	Failed      Gap = "failed"      // the question ended with an error
	Invalid     Gap = "invalid"     // there was an answer, and it makes no sense
	NotProbed   Gap = "not-probed"  // this run could not have seen it
	Deadline    Gap = "deadline"    // no answer in time
	Withheld    Gap = "withheld"    // the answer could have told who or which unit this is
)

// Basis says how a value is known, strongest first. The empty basis of a known
// value means Observed.
type Basis string

const (
	Attested   Basis = "attested"   // signed by hardware
	Observed   Basis = "observed"   // read from the running system
	Configured Basis = "configured" // set in stored configuration
	Inferred   Basis = "inferred"   // follows from other facts by a rule
	Documented Basis = "documented" // said by a cited document
	Claimed    Basis = "claimed"    // said by a person or by a label
)

// Weaker reports whether b says less than o of how a value is known.
func (b Basis) Weaker(o Basis) bool {
	order := []Basis{Attested, Observed, Configured, Inferred, Documented, Claimed}
	rank := func(b Basis) int {
		if b == "" {
			b = Observed
		}
		return slices.Index(order, b)
	}
	return rank(b) > rank(o)
}

// Fact is one statement about the board: a value or a gap, and what it rests
// on. The zero Fact means that nobody asked; it is left out of the document.
type Fact[T Value] struct {
	Value T
	Gap   Gap
	Note  string   // one line for the reader: the parse error, the rule, the placeholder
	From  []string // evidence ids, or citations
	Basis Basis
}

// Known returns an observed fact.
func Known[T Value](value T, from ...string) Fact[T] {
	return Fact[T]{Value: value, From: from}
}

// Missing returns a fact without a value.
func Missing[T Value](gap Gap, note string, from ...string) Fact[T] {
	return Fact[T]{Gap: gap, Note: note, From: from}
}

// By returns the fact with another basis.
func (f Fact[T]) By(basis Basis) Fact[T] {
	f.Basis = basis
	return f
}

// Noting returns the fact with another note.
func (f Fact[T]) Noting(note string) Fact[T] {
	f.Note = note
	return f
}

// IsZero reports whether nobody asked for this fact.
func (f Fact[T]) IsZero() bool {
	return f.Gap == "" && f.Note == "" && len(f.From) == 0 && f.Basis == ""
}

// OK reports whether the value is known.
func (f Fact[T]) OK() bool { return f.Gap == "" && !f.IsZero() }

// Get returns the value and whether it is known.
func (f Fact[T]) Get() (T, bool) { return f.Value, f.OK() }

// Why returns the gap and the note in words, for people; "" for a known value.
func (f Fact[T]) Why() string {
	switch {
	case f.OK():
		return ""
	case f.IsZero():
		return string(NotProbed)
	case f.Note == "":
		return string(f.Gap)
	}
	return string(f.Gap) + ": " + f.Note
}

// known and gap are the two JSON forms of a fact.
type known[T Value] struct {
	Value T        `json:"value"`
	Note  string   `json:"note,omitempty"`
	From  []string `json:"from"`
	Basis Basis    `json:"basis,omitempty"`
}

type gap struct {
	Gap  Gap      `json:"gap"`
	Note string   `json:"note,omitempty"`
	From []string `json:"from"`
}

// MarshalJSON writes {"value":…,"from":[…]} or {"gap":…,"from":[…]}.
func (f Fact[T]) MarshalJSON() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Gap != "" {
		return marshal(gap{f.Gap, f.Note, f.From})
	}
	basis := f.Basis
	if basis == Observed {
		basis = ""
	}
	if list, ok := any(f.Value).([]string); ok && list == nil {
		return marshal(known[[]string]{[]string{}, f.Note, f.From, basis})
	}
	return marshal(known[T]{f.Value, f.Note, f.From, basis})
}

// UnmarshalJSON reads either form and refuses a fact with both or neither of
// value and gap, and a fact that rests on nothing.
func (f *Fact[T]) UnmarshalJSON(data []byte) error {
	var both struct {
		Value *T       `json:"value"`
		Gap   Gap      `json:"gap"`
		Note  string   `json:"note"`
		From  []string `json:"from"`
		Basis Basis    `json:"basis"`
	}
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if (both.Value != nil) == (both.Gap != "") {
		return errors.New("fact: exactly one of value and gap")
	}
	*f = Fact[T]{Gap: both.Gap, Note: both.Note, From: both.From, Basis: both.Basis}
	if both.Value != nil {
		f.Value = *both.Value
	}
	return f.check()
}

// words are those of a fact that the schema has a list of. A newer minor
// version may have more of them.
func (f Fact[T]) words() error {
	if !oneOf(f.Gap, "", Absent, Unsupported, Denied, Failed, Invalid, NotProbed, Deadline, Withheld) {
		return fmt.Errorf("gap %q is not in the schema", f.Gap)
	}
	if !oneOf(f.Basis, "", Attested, Observed, Configured, Inferred, Documented, Claimed) {
		return fmt.Errorf("basis %q is not in the schema", f.Basis)
	}
	return nil
}

func (f Fact[T]) check() error {
	if len(f.From) == 0 {
		return errors.New("fact: rests on nothing (from is empty)")
	}
	if f.Gap != "" && f.Basis != "" {
		return errors.New("fact: a gap has no basis")
	}
	if strings.ContainsAny(f.Note, "\n\r") {
		return errors.New("fact: a note is one line")
	}
	return nil
}

func oneOf[T comparable](value T, set ...T) bool {
	for _, s := range set {
		if value == s {
			return true
		}
	}
	return false
}
