package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Evidence is one question that a collector asked the system, and its answer.
// Section, Op, Subject and N identify the question; at most one of Text, Data,
// List, Attachment and Errno is the answer (an empty file is none of them).
type Evidence struct {
	ID         string   `json:"id"`
	Section    string   `json:"section"`
	Op         string   `json:"op"`      // read, link, list, end, or a reduced question with its version, as in scan-x/1
	Subject    string   `json:"subject"` // a path without leading slash, or the name of what was asked
	N          int      `json:"n,omitempty"`
	Text       string   `json:"text,omitempty"`
	Data       []byte   `json:"data,omitempty"` // an answer that is not UTF-8 text, or smaller in this form; names end with NUL each
	List       []string `json:"list,omitempty"`
	Attachment string   `json:"attachment,omitempty"` // the package member that holds the answer
	Errno      string   `json:"errno,omitempty"`      // the symbolic error, as in ENOENT
	Truncated  bool     `json:"truncated,omitempty"`  // the cap cut the answer
}

// OpEnd is the operation of the record that says how a section ended: Subject
// is the outcome, Text the reason, N the number of questions that count.
const OpEnd = "end"

// OpList is the operation of the question for the names in a folder.
const OpList = "list"

// OpNextRegister is the operation of the record that goes out before a register
// is read: Subject is its address and name.
const OpNextRegister = "next-register/1"

// SetBytes stores an answer as Text, or as Data if it is not clean UTF-8 or if
// its escapes would take more room than base64.
func (e *Evidence) SetBytes(answer []byte) { e.setBytes(answer, RecordMinor) }

func (e *Evidence) setBytes(answer []byte, minor int) {
	e.Text, e.Data = "", nil
	if utf8.Valid(answer) && bytes.IndexByte(answer, 0) < 0 && (minor == 0 || escaped(answer) <= base64.StdEncoding.EncodedLen(len(answer))) {
		e.Text = string(answer)
		return
	}
	e.Data = answer
}

// escaped is how many bytes a text takes in JSON.
func escaped(text []byte) int {
	n := len(text)
	for i, c := range text {
		switch {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t', c == '\b', c == '\f':
			n++
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xa8: // U+2028, U+2029
			n += len(`\u2028`) - 3
		}
	}
	return n
}

// Bytes returns the answer of a read.
func (e *Evidence) Bytes() []byte {
	if e.Data != nil {
		return e.Data
	}
	return []byte(e.Text)
}

// SetNames stores the names in a folder as List, or as Data under the rule of
// SetBytes, since JSON cannot hold a name that is not UTF-8.
func (e *Evidence) SetNames(names []string) {
	e.List, e.Data = nil, nil
	for _, name := range names {
		if !utf8.ValidString(name) || escaped([]byte(name)) > base64.StdEncoding.EncodedLen(len(name)) {
			e.Data = []byte(strings.Join(names, "\x00") + "\x00")
			return
		}
	}
	e.List = names
}

// Names returns the names in a folder.
func (e *Evidence) Names() []string {
	if e.Data == nil {
		return e.List
	}
	return strings.Split(strings.TrimSuffix(string(e.Data), "\x00"), "\x00")
}

// Record is the document evidence.json.
type Record struct {
	Schema   string     `json:"schema"`
	Minor    int        `json:"minor,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// RecordSchema names the format of evidence.json, with its major version only.
// RecordMinor counts what was added since.
const (
	RecordSchema = "https://boardprobe.github.io/evidence/v1"
	RecordMinor  = 1
)

// Newer reports whether the record is of a minor version that this program does
// not know wholly. What follows from it cannot be told here.
func (r Record) Newer() bool { return r.Minor > RecordMinor }

// MaxAnswerBytes bounds one answer, as the probe does.
const MaxAnswerBytes = 1 << 20

// MaxRecordBytes bounds evidence.json. The caps on questions keep a run below
// 24 MiB of questions and answers, which base64 makes 32.
const MaxRecordBytes = 48 << 20

// EncodeEvidence writes evidence.json: one record a line, so that two of them
// can be compared with line tools.
func EncodeEvidence(list []Evidence) ([]byte, error) {
	return Record{RecordSchema, RecordMinor, list}.encode()
}

func (r Record) encode() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"schema\":%q,", r.Schema)
	if r.Minor > 0 {
		fmt.Fprintf(&b, "\"minor\":%d,", r.Minor)
	}
	b.WriteString("\"evidence\":[")
	for i := range r.Evidence {
		line, err := marshal(&r.Evidence[i])
		if err != nil {
			return nil, fmt.Errorf("evidence %s: %w", r.Evidence[i].ID, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// DecodeEvidence reads evidence.json strictly: of this minor version and older
// ones, only the form in which EncodeEvidence writes it. In a newer one, what is
// not known here is a warning.
func DecodeEvidence(data []byte) (Record, []string, error) {
	r, warnings, err := decodeEvidence(data)
	if err != nil {
		return Record{}, nil, fmt.Errorf("evidence.json: %w", err)
	}
	return r, warnings, nil
}

func decodeEvidence(data []byte) (r Record, warnings []string, err error) {
	if len(data) > MaxRecordBytes {
		return r, nil, fmt.Errorf("%d bytes, at most %d are read", len(data), MaxRecordBytes)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, nil, err
	}
	if base, ours := splitVersion(RecordSchema); r.Schema != RecordSchema {
		if theirs, version := splitVersion(r.Schema); theirs == base && version > ours {
			return r, nil, fmt.Errorf("schema version %d, this program reads %d: %w", version, ours, ErrNewer)
		}
		return r, nil, fmt.Errorf("schema %q, want %q", r.Schema, RecordSchema)
	}
	if r.Newer() {
		if err := CheckKeys(data); err != nil {
			return r, nil, err
		}
		warnings = append(warnings, fmt.Sprintf("evidence.json is of minor version %d, this program knows %d", r.Minor, RecordMinor))
	} else if again, err := r.encode(); err != nil || !bytes.Equal(again, data) {
		if err := CheckKeys(data); err != nil {
			return r, nil, err
		}
		return r, nil, errors.New("not in the form that the probe writes")
	}
	return r, warnings, r.check()
}

// check refuses records that do not identify one question with one answer.
func (r Record) check() error {
	type question struct {
		section, op, subject string
	}
	ids, asked := map[string]bool{}, map[question]int{}
	for i := range r.Evidence {
		e := &r.Evidence[i]
		q, n := question{e.Section, e.Op, e.Subject}, e.N
		if e.Op == OpEnd { // a section ends once, whatever its outcome and number of questions
			q.subject, n = "", 0
		}
		switch {
		case e.ID == "" || ids[e.ID]:
			return fmt.Errorf("id %q is empty or used twice", e.ID)
		case n != asked[q]:
			return fmt.Errorf("record %s: the question was recorded %d times before, not %d", e.ID, asked[q], n)
		case len(e.Text)+len(e.Data) > MaxAnswerBytes && !r.Newer():
			return fmt.Errorf("record %s: an answer of more than %d bytes", e.ID, MaxAnswerBytes)
		case r.Newer(): // may have other forms of answers
		case e.answers() > 1:
			return fmt.Errorf("record %s has two answers", e.ID)
		case !e.spelled(r.Minor):
			return fmt.Errorf("record %s: data could be text", e.ID)
		}
		ids[e.ID] = true
		asked[q]++
	}
	return nil
}

// answers counts the forms in which there is an answer.
func (e *Evidence) answers() int {
	n := 0
	for _, there := range []bool{e.Text != "", len(e.Data) > 0, len(e.List) > 0, e.Attachment != "", e.Errno != ""} {
		if there {
			n++
		}
	}
	return n
}

// spelled reports whether the answer has the one form that the probe chooses.
func (e *Evidence) spelled(minor int) bool {
	var again Evidence
	switch {
	case e.Op == OpList && minor > 0:
		again.SetNames(e.Names())
		return slices.Equal(again.List, e.List) && bytes.Equal(again.Data, e.Data)
	case e.Op == OpList:
		return e.Data == nil
	}
	again.setBytes(e.Bytes(), minor)
	return again.Text == e.Text
}
