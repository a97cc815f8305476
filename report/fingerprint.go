package report

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// base32Lower is Crockford's alphabet in lower case: no i, l, o, u.
const base32Lower = "0123456789abcdefghjkmnpqrstvwxyz"

// Fingerprint and BOM values begin with their version, so that a later list of
// inputs cannot be mistaken for this one.
const (
	fingerprintVersion = "f1"
	bomVersion         = "b1"
)

// Inputs returns the facts that go into the fingerprint ("fingerprint") or the
// bill of materials ("bom"), in the order in which they are hashed.
func (r *Report) Inputs(mark string) []Leaf {
	var list []Leaf
	for l := range r.Facts() {
		if l.mark != mark || l.Class == ClassEnvironment {
			continue
		}
		if n, err := strconv.ParseInt(l.Value, 10, 64); err == nil && l.round > 0 {
			// Kernels differ in the last pages they count, boards do not.
			l.Value = strconv.FormatInt((n+l.round/2)/l.round*l.round, 10)
		}
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b Leaf) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// SetFingerprints computes both values from the facts. An input that could not
// be read makes the value a gap: two runs that saw different amounts of one
// board must not look like two boards. An input that the board does not have
// is left out.
func (r *Report) SetFingerprints() {
	r.Fingerprint, r.BOM = Fact[string]{}, Fact[string]{}
	fingerprint := r.digest(fingerprintVersion, "fingerprint")
	bom := r.digest(bomVersion, "bom")
	seen := r.Sight.World.Value != WorldRoot || len(r.Storage) > 0
	for _, d := range r.Storage {
		seen = seen && d.Attached.Gap == ""
	}
	switch {
	case bom.Note == noInput && !seen:
		bom = Missing[string](NotProbed, "whether a part is soldered was not seen", "sections/storage")
	case bom.Note == noInput:
		bom = Missing[string](Absent, "no soldered part that usually has a second source", "sections/storage")
	}
	r.Fingerprint, r.BOM = fingerprint, bom
}

const noInput = "no input is known"

func (r *Report) digest(version, mark string) Fact[string] {
	// What nobody asked for is in no list of facts: the sections tell.
	for _, name := range owners(mark) {
		if s := r.Section(name); s.Outcome != OutcomeOK {
			return Missing[string](NotProbed, "section "+name+" is not complete ("+string(s.Outcome)+")", "sections")
		}
	}
	inputs := r.Inputs(mark)
	hash := sha256.New()
	var from []string
	n := 0
	for _, l := range inputs {
		switch l.Gap {
		case "":
			fmt.Fprintf(hash, "%s=%s\n", l.Path, l.Value)
			from = append(from, l.Path)
			n++
		case Absent, Unsupported:
		default:
			return Missing[string](NotProbed, l.Path+" is not known ("+string(l.Gap)+")", l.Path)
		}
	}
	if n == 0 {
		return Missing[string](NotProbed, noInput, "sections")
	}
	sum := hash.Sum(nil)
	text := base32.NewEncoding(base32Lower).WithPadding(base32.NoPadding).EncodeToString(sum)
	check := sha256.Sum256([]byte(version + text[:11]))
	body := text[:11] + base32Lower[check[0]&31:check[0]&31+1]
	return Known(fmt.Sprintf("%s-%s-%s-%s", version, body[:4], body[4:8], body[8:12]), from...).By(Inferred)
}

// BoardName returns the board's part of a package name: the first entry of the
// root compatible without the vendor, else vendor and product, in the
// characters [a-z0-9-], at most 40; "board" if the board does not say.
func (r *Report) BoardName() string {
	if list, ok := r.Identity.Compatible.Get(); ok && len(list) > 0 {
		_, name, found := strings.Cut(list[0], ",")
		if !found {
			name = list[0]
		}
		plain := plainName(name)
		if plain != "" && plain[0] <= '9' { // "3-model-b" says little without its vendor
			plain = plainName(list[0])
		}
		if plain != "" {
			return plain
		}
	}
	for _, fact := range []Fact[string]{r.Identity.BoardName, r.Identity.Product, r.Identity.Model} {
		if plain := plainName(fact.Value); fact.OK() && plain != "" {
			return plain
		}
	}
	return "board"
}

func plainName(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() == 40 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

// PackageName returns <board>-<fingerprint>-<run>.board.tar.gz; the first four
// characters of the fingerprint stand for it. A neutral name says neither.
func (r *Report) PackageName(neutral bool) string {
	short := "nofp"
	if f, ok := r.Fingerprint.Get(); ok {
		short = strings.Split(f, "-")[1]
	}
	run := strings.ToLower(strings.ReplaceAll(r.Run.ID, "-", ""))
	if neutral {
		return fmt.Sprintf("report-%s.board.tar.gz", run)
	}
	return fmt.Sprintf("%s-%s-%s.board.tar.gz", r.BoardName(), short, run)
}
