// Package annex is the document that stands beside a package: what the console
// said in front of the package's block. Firmware and boot loaders print what no
// program on the board can read.
//
// The document names its package by the SHA-256, so that it cannot be taken for
// that of another one. Nobody signs it: it is as good as whoever had the log.
// The package writes and reads the document; what follows from it is for
// report/require, and which file it is for the command.
package annex

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/console"
)

const (
	schemaBase = "https://boardprobe.github.io/console-annex/v"
	version    = 1
	note       = "read from the log of the console; not covered by the signature of the board"
)

// Bounds of what is read: the witnesses that console.Parse keeps, and what they
// take in JSON if each character is escaped.
const (
	MaxBytes = 512 << 10
	maxSaid  = 256
)

// Annex is the document.
type Annex struct {
	Schema   string   `json:"schema"`
	Package  string   `json:"package"` // name of the file that it stood beside
	SHA256   string   `json:"sha256"`  // of that file
	Note     string   `json:"note"`
	Complete bool     `json:"complete"` // nothing that was recognised is left out
	Said     []Record `json:"said"`
}

// Record is a line that was recognised, as console.Witness.
type Record struct {
	Kind      console.Kind `json:"kind"`
	Boot      int          `json:"boot"`
	Line      int          `json:"line"`
	Last      int          `json:"last"`
	Count     int          `json:"count"`
	Text      string       `json:"text"`
	Value     string       `json:"value,omitempty"`
	SizeBytes int64        `json:"size_bytes,omitempty"`
}

// New reads the part of a log that stands in front of a package. Addresses and
// serial numbers are for the caller to replace.
func New(name, sha256 string, log []byte) Annex {
	said, complete := console.Parse(log)
	a := Annex{Schema: schemaBase + strconv.Itoa(version), Package: name, SHA256: sha256, Note: note, Complete: complete, Said: []Record{}}
	for _, w := range said {
		a.Said = append(a.Said, Record{w.Kind, w.Boot, w.Line, w.Last, w.Count, w.Text, w.Value, w.SizeBytes})
	}
	return a
}

// Boot returns what the boot said in which the report was made.
func (a Annex) Boot() console.Boot {
	var list []console.Witness
	for _, r := range a.Said {
		list = append(list, console.Witness{
			Kind: r.Kind, Boot: r.Boot, Line: r.Line, Last: r.Last, Count: r.Count, Text: r.Text,
			Value: r.Value, HasValue: r.Value != "", SizeBytes: r.SizeBytes, HasSize: r.Kind == console.DRAM,
		})
	}
	return console.Last(list)
}

// Encode writes the document.
func (a Annex) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(a); err != nil {
		return nil, fmt.Errorf("console annex: %w", err)
	}
	return b.Bytes(), nil
}

// ErrOther is wrapped by the error for an annex of another package.
var ErrOther = errors.New("of another package")

// Is reports whether a file is meant to be an annex, and not a log.
func Is(data []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) }

// Decode reads the annex of the package with this SHA-256. It takes what New and
// Encode make of some log, and nothing else: each value is what its line says.
func Decode(data []byte, sha256 string) (Annex, error) {
	a, err := decode(data)
	switch {
	case err != nil:
		return Annex{}, fmt.Errorf("console annex: %w", err)
	case a.SHA256 != sha256:
		return Annex{}, fmt.Errorf("console annex: %w: it is of %.16s, this one is %.16s", ErrOther, a.SHA256, sha256)
	}
	return a, nil
}

func decode(data []byte) (Annex, error) {
	if len(data) > MaxBytes {
		return Annex{}, fmt.Errorf("more than %d bytes", MaxBytes)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Annex{}, err
	}
	number, known := strings.CutPrefix(head.Schema, schemaBase)
	switch v, err := strconv.ParseUint(number, 10, 16); {
	case !known || err != nil || v == 0:
		return Annex{}, fmt.Errorf("schema %.80q, want %s%d", head.Schema, schemaBase, version)
	case v > version:
		return Annex{}, fmt.Errorf("made by a newer version: schema version %d, this program reads %d", v, version)
	}
	var a Annex
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return Annex{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Annex{}, errors.New("data after the document")
	}
	if sum, err := hex.DecodeString(a.SHA256); err != nil || len(sum) != 32 {
		return Annex{}, fmt.Errorf("sha256 %.80q", a.SHA256)
	}
	if len(a.Said) > maxSaid {
		return Annex{}, fmt.Errorf("%d lines, at most %d are kept", len(a.Said), maxSaid)
	}
	before := Record{Boot: 1}
	for _, r := range a.Said {
		if err := r.check(before); err != nil {
			return Annex{}, err
		}
		before = r
	}
	if again, err := a.Encode(); err != nil || a.Note != note || !bytes.Equal(again, data) {
		return Annex{}, errors.New("not in the form that boardreport receive writes")
	}
	return a, nil
}

// check holds a record against the one in front of it, and against its text.
func (r Record) check(before Record) error {
	if r.Boot < before.Boot || r.Line < max(before.Line, 1) || r.Last < r.Line || r.Count < 1 {
		return fmt.Errorf("line %d: boot %d, last %d, count %d: out of order", r.Line, r.Boot, r.Last, r.Count)
	}
	list, _ := console.Parse([]byte(r.Text))
	if len(list) != 1 || list[0].Text != r.Text || list[0].Kind != r.Kind || list[0].Value != r.Value || list[0].SizeBytes != r.SizeBytes {
		return fmt.Errorf("line %d: kind %.20q and value %.80q are not what %.80q says", r.Line, r.Kind, r.Value, r.Text)
	}
	return nil
}
