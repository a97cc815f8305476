package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Evidence is one question that a collector asked the system, and its answer.
// Section, Op, Subject and N identify the question; exactly one of Text, Data,
// List, Attachment and Errno is the answer (an empty file is none of them).
type Evidence struct {
	ID         string   `json:"id"`
	Section    string   `json:"section"`
	Op         string   `json:"op"`      // read, link, list, end, or a reduced question with its version, as in scan-x/1
	Subject    string   `json:"subject"` // a path without leading slash, or the name of what was asked
	N          int      `json:"n,omitempty"`
	Text       string   `json:"text,omitempty"`
	Data       []byte   `json:"data,omitempty"` // an answer that is not UTF-8 text
	List       []string `json:"list,omitempty"`
	Attachment string   `json:"attachment,omitempty"` // the package member that holds the answer
	Errno      string   `json:"errno,omitempty"`      // the symbolic error, as in ENOENT
	Truncated  bool     `json:"truncated,omitempty"`  // the cap cut the answer
}

// OpEnd is the operation of the record that says how a section ended: Subject
// is the outcome, Text the reason, N the number of questions that count.
const OpEnd = "end"

// OpNextRegister is the operation of the record that goes out before a register
// is read: Subject is its address and name.
const OpNextRegister = "next-register/1"

// SetBytes stores an answer as Text if it is clean UTF-8, else as Data.
func (e *Evidence) SetBytes(answer []byte) {
	e.Text, e.Data = "", nil
	if utf8.Valid(answer) && bytes.IndexByte(answer, 0) < 0 {
		e.Text = string(answer)
		return
	}
	e.Data = answer
}

// Bytes returns the answer of a read.
func (e *Evidence) Bytes() []byte {
	if e.Data != nil {
		return e.Data
	}
	return []byte(e.Text)
}

// Record is the document evidence.json.
type Record struct {
	Schema   string     `json:"schema"`
	Evidence []Evidence `json:"evidence"`
}

// RecordSchema names the format of evidence.json.
const RecordSchema = "https://boardprobe.github.io/evidence/v1"

// MaxRecordBytes bounds evidence.json. The caps on questions keep a run below
// 24 MiB of answers; base64 and escapes make that at most about the double.
const MaxRecordBytes = 56 << 20

// EncodeEvidence writes evidence.json: one record a line, so that two of them
// can be compared with line tools.
func EncodeEvidence(list []Evidence) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"schema\":%q,\"evidence\":[", RecordSchema)
	for i, e := range list {
		line, err := marshal(e)
		if err != nil {
			return nil, fmt.Errorf("evidence %s: %w", e.ID, err)
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

// DecodeEvidence reads evidence.json strictly.
func DecodeEvidence(data []byte) ([]Evidence, error) {
	if len(data) > MaxRecordBytes {
		return nil, fmt.Errorf("evidence.json: %d bytes, at most %d are read", len(data), MaxRecordBytes)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var record Record
	if err := d.Decode(&record); err != nil {
		return nil, fmt.Errorf("evidence.json: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("evidence.json: data after the document")
	}
	if record.Schema != RecordSchema {
		return nil, fmt.Errorf("evidence.json: schema %q, want %q", record.Schema, RecordSchema)
	}
	seen := make(map[string]bool, len(record.Evidence))
	for _, e := range record.Evidence {
		if e.ID == "" || seen[e.ID] {
			return nil, fmt.Errorf("evidence.json: id %q is empty or used twice", e.ID)
		}
		seen[e.ID] = true
	}
	return record.Evidence, nil
}
