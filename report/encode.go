package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
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

// Encode writes report.json: fixed order of fields, one space of indent.
func Encode(r *Report) ([]byte, error) {
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

// Decode reads report.json strictly. A field that this version does not know
// is an error, unless the document says that it is of a newer minor version:
// then it is returned as a warning.
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
	unknown, err := unknownFields(data, r)
	if err != nil {
		return nil, nil, err
	}
	if len(unknown) > 0 && head.Minor <= SchemaMinor {
		return nil, nil, fmt.Errorf("report.json: unknown field %s", strings.Join(unknown, ", "))
	}
	var warnings []string
	for _, field := range unknown {
		warnings = append(warnings, fmt.Sprintf("report.json: field %s of schema minor %d is not shown", field, head.Minor))
	}
	if head.Minor <= SchemaMinor {
		again, err := Encode(r)
		if err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(again, data) {
			return nil, nil, errors.New("report.json: not in the form that the probe writes")
		}
	}
	return r, warnings, nil
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
