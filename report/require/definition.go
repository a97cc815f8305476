package require

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report/page"
)

//go:embed checks
var embedded embed.FS

// definitions are the embedded checks, decoded at the first question.
var definitions = sync.OnceValues(func() ([]Definition, error) {
	sub, err := fs.Sub(embedded, "checks")
	if err != nil {
		return nil, err
	}
	return load(sub)
})

// Definition is one check: the file checks/<id>.json.
type Definition struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Group     Group     `json:"group"`
	Topic     string    `json:"topic"` // of Topics, under which its question is asked
	Source    Source    `json:"source"`
	Needed    string    `json:"needed,omitempty"`
	Rationale string    `json:"rationale"` // why there is such a check, and how it decides
	Passed    string    `json:"pass"`      // what a pass, or a complete answer, means
	Impact    string    `json:"impact"`    // what follows if it is not met or stays open
	Remedy    string    `json:"remedy,omitempty"`
	Question  string    `json:"question,omitempty"`
	Verdict   Verdict   `json:"verdict,omitempty"`  // of a check without a rule: ask or info
	Waivable  []Verdict `json:"waivable,omitempty"` // verdicts that a person may let be; never fail
	// Effects are what its verdicts mean for the evaluation, NoEffect why none of
	// them means anything.
	Effects  map[Verdict]Consequence `json:"effects,omitempty"`
	NoEffect string                  `json:"no_effect,omitempty"`
}

// Source is where a check comes from. Date is when it was read.
type Source struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	Date  string `json:"date"`
}

// Definitions returns all checks in the order of their findings.
func Definitions() []Definition {
	list, err := definitions()
	if err != nil {
		return nil // the tests load the same files
	}
	return slices.Clone(list)
}

func load(root fs.FS) ([]Definition, error) {
	names, err := fs.Glob(root, "*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("no checks")
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ".json")
	}
	slices.Sort(names) // a dash is in front of a dot in the names of files
	var list []Definition
	for _, id := range names {
		name := id + ".json"
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		var d Definition
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			return nil, fmt.Errorf("%s: data after the document", name)
		}
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if d.ID+".json" != name {
			return nil, fmt.Errorf("%s: id %q", name, d.ID)
		}
		list = append(list, d)
	}
	ordered := make([]Definition, 0, len(list))
	for _, group := range groups() {
		for i := range list { // by id already
			if list[i].Group == group {
				ordered = append(ordered, list[i])
			}
		}
	}
	return ordered, nil
}

var dateForm = pattern.New(`^20\d\d-(0[1-9]|1[0-2])(-[0-3]\d)?$`)

func (d *Definition) check() error {
	for name, text := range map[string]string{
		"title": d.Title, "source.title": d.Source.Title, "rationale": d.Rationale, "pass": d.Passed, "impact": d.Impact, "remedy or question": d.Remedy + d.Question,
	} {
		if text == "" {
			return fmt.Errorf("no %s", name)
		}
	}
	if d.Group == Requirement && (d.Needed == "" || len(d.Needed) > neededWidth || len(d.Title) >= labelWidth) {
		return fmt.Errorf("needed %q and title %q do not fit the table", d.Needed, d.Title)
	}
	for _, text := range []string{d.Title, d.Needed, d.Rationale, d.Passed, d.Impact, d.Remedy, d.Question, d.NoEffect} {
		if page.Clean(text) != text {
			return fmt.Errorf("%q is not one line of printable ASCII", text)
		}
	}
	if !slices.ContainsFunc(Topics(), func(t Topic) bool { return t.Name == d.Topic }) {
		return fmt.Errorf("topic %q", d.Topic)
	}
	if !slices.Contains(groups(), d.Group) {
		return fmt.Errorf("group %q", d.Group)
	}
	if !dateForm().MatchString(d.Source.Date) {
		return fmt.Errorf("source date %q", d.Source.Date)
	}
	if d.Verdict != "" && d.Verdict != Ask && d.Verdict != Info {
		return fmt.Errorf("verdict %q: a check without a rule can only ask or inform", d.Verdict)
	}
	if d.Verdict == Ask && d.Question == "" {
		return errors.New("asks without a question")
	}
	for _, v := range d.Waivable {
		if v != Warn && v != Unknown && v != Ask {
			return fmt.Errorf("verdict %q cannot be waivable", v)
		}
	}
	return d.checkEffects()
}
