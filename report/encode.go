package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxBytes bounds report.json.
const MaxBytes = 8 << 20

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Encode writes report.json: fixed order of fields, one space of indent. A
// report with a text that is not UTF-8 ([Report.Clean]), or with a word that
// the schema does not have, is an error: it could not be read again.
func Encode(r *Report) ([]byte, error) {
	if bad, found := r.unclean(); found {
		return nil, fmt.Errorf("report.json: %+q is not UTF-8", bad)
	}
	if err := r.unknownWord(); err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	line, err := marshal(r)
	if err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", " "); err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// ErrNewer is wrapped by the error for a document of a newer major version:
// its signatures can be verified, its content is for a newer program.
var ErrNewer = errors.New("made by a newer version")

// unknownWord names a word that this version of the schema does not have.
func (r *Report) unknownWord() error {
	for f := range facts(reflect.ValueOf(r).Elem()) {
		if err := f.words(); err != nil {
			return err
		}
	}
	for _, s := range r.Sections {
		if !oneOf(s.Outcome, OutcomeOK, OutcomeError, OutcomeDeadline, OutcomePanic, OutcomeKilled, OutcomeNotRun) {
			return fmt.Errorf("outcome %q of section %s is not in the schema", s.Outcome, s.Name)
		}
	}
	return nil
}

// Decode reads report.json strictly. A field or word that this version does not
// know is an error, unless the document says that it is of a newer minor version:
// then there are warnings. Bytes that are not UTF-8, and two keys that could be
// taken for one, are errors at any version.
func Decode(data []byte) (*Report, []string, error) {
	if len(data) > MaxBytes {
		return nil, nil, fmt.Errorf("report.json: %d bytes, at most %d are read", len(data), MaxBytes)
	}
	var head struct {
		Schema string `json:"schema"`
		Minor  int    `json:"minor"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, nil, fmt.Errorf("report.json: %w", err)
	}
	if err := checkSchema(head.Schema); err != nil {
		return nil, nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, nil, fmt.Errorf("report.json: %w", err)
	}
	if head.Minor <= SchemaMinor {
		again, err := Encode(r)
		if err != nil {
			return nil, nil, err
		}
		if bytes.Equal(again, data) {
			return r, nil, nil
		}
	}
	if err := CheckKeys(data); err != nil {
		return nil, nil, fmt.Errorf("report.json: %w", err)
	}
	unknown, err := unknownFields(data, r)
	switch {
	case err != nil:
		return nil, nil, err
	case head.Minor > SchemaMinor:
		return r, newerWarnings(r, unknown, head.Minor), nil
	case len(unknown) > 0:
		return nil, nil, fmt.Errorf("report.json: unknown field %s", strings.Join(few(unknown), ", "))
	}
	return nil, nil, errors.New("report.json: not in the form that the probe writes")
}

// newerWarnings says in a few lines what of a newer document is not understood.
func newerWarnings(r *Report, unknown []string, minor int) (list []string) {
	for _, field := range few(unknown) {
		list = append(list, fmt.Sprintf("report.json: field %s of schema minor %d is not shown", field, minor))
	}
	if err := r.unknownWord(); err != nil {
		list = append(list, fmt.Sprintf("report.json: %v (schema minor %d)", err, minor))
	}
	return list
}

// few bounds a list of names for people.
func few(names []string) []string {
	const most = 5
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
}

// CheckKeys refuses a JSON document that two programs could read differently:
// bytes that are not UTF-8, a key of an object that is there twice, and a key
// with a letter that is not a small one, since some programs do not tell Text
// from text. The documents of a package have no such keys.
func CheckKeys(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []map[string]bool // the keys of each object that is open, nil for a list
	wantKey := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if wantKey {
			if key, ok := token.(string); ok {
				keys := open[len(open)-1]
				if strings.ContainsFunc(key, func(c rune) bool { return c >= 'A' && c <= 'Z' || c < ' ' || c > '~' }) {
					return fmt.Errorf("key %+q is not of small letters", key)
				}
				if keys[key] {
					return fmt.Errorf("key %q is there twice", key)
				}
				keys[key], wantKey = true, false
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		wantKey = len(open) > 0 && open[len(open)-1] != nil
	}
}

func checkSchema(schema string) error {
	if schema == Schema {
		return nil
	}
	base, ours := splitVersion(Schema)
	theirs, version := splitVersion(schema)
	if theirs == base && version > ours {
		return fmt.Errorf("report.json: schema version %d, this program reads %d: %w", version, ours, ErrNewer)
	}
	return fmt.Errorf("report.json: schema %q, want %q", schema, Schema)
}

// splitVersion cuts the major version off a schema name.
func splitVersion(schema string) (string, int) {
	i := strings.LastIndex(schema, "/v")
	if i < 0 {
		return schema, 0
	}
	n, err := strconv.Atoi(schema[i+2:])
	if err != nil {
		return schema, 0
	}
	return schema[:i], n
}

// unknownFields names the fields of the document that do not come back when
// what was read is written again.
func unknownFields(data []byte, r *Report) ([]string, error) {
	again, err := marshal(r)
	if err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	theirs, err := tree(data)
	if err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	ours, err := tree(again)
	if err != nil {
		return nil, fmt.Errorf("report.json: %w", err)
	}
	var list []string
	compareTrees(theirs, ours, "", &list)
	slices.Sort(list)
	return slices.Compact(list), nil
}

func tree(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("data after the document")
	}
	return v, nil
}

func compareTrees(theirs, ours any, path string, list *[]string) {
	switch theirs := theirs.(type) {
	case map[string]any:
		ours, _ := ours.(map[string]any)
		for name, value := range theirs {
			here := strings.TrimPrefix(path+"."+name, ".")
			mine, ok := ours[name]
			if !ok {
				*list = append(*list, here)
				continue
			}
			compareTrees(value, mine, here, list)
		}
	case []any:
		ours, _ := ours.([]any)
		for i, value := range theirs {
			if i < len(ours) {
				compareTrees(value, ours[i], path+"[]", list)
			}
		}
	}
}
