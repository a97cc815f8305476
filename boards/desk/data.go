package desk

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Source says what a table is, of which state of which documents, and when they
// were read.
type Source struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version string `json:"version"`
	Date    string `json:"date"` // YYYY-MM-DD
	Source  string `json:"source"`
	Rows    int    `json:"rows"`
}

// Days is the age of a table on a day.
func (s Source) Days(on time.Time) int {
	read, err := time.Parse(time.DateOnly, s.Date)
	if err != nil {
		return 0 // the tests read all dates
	}
	return int(on.Sub(read).Hours() / 24)
}

//go:embed *.json *.json.gz
var jsonTables embed.FS

// table is a JSON file of this folder: a Source, and its rows.
type table[Row any] struct {
	Source
	Rows []Row `json:"rows"`
}

// loaded returns a table, decoded at the first question. A file that does not
// load is a fault of the build, and panics.
func loaded[Row any](name string) func() *table[Row] {
	return sync.OnceValue(func() *table[Row] {
		t := &table[Row]{}
		data, err := jsonTables.ReadFile(name)
		if err == nil && strings.HasSuffix(name, ".gz") {
			data, err = unpacked(data)
		}
		if err == nil {
			d := json.NewDecoder(bytes.NewReader(data))
			d.DisallowUnknownFields()
			if err = d.Decode(t); err == nil {
				if _, more := d.Token(); more != io.EOF {
					err = fmt.Errorf("data after the document")
				}
			}
		}
		if err != nil {
			panic(fmt.Sprintf("boards/desk/%s: %v", name, err))
		}
		t.Source.Rows = len(t.Rows)
		return t
	})
}

// maxTable bounds a table that is compressed.
const maxTable = 4 << 20

func unpacked(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxTable))
}

// Sources lists the tables of the desk.
func Sources() []Source { return append(ScopeSources(), DriversSource(), firmwareSource()) }

// ScopeSources lists those that say what a board means for balenaOS.
func ScopeSources() []Source {
	return []Source{deviceTypes().Source, yocto().Source, longTerm().Source, packages().Source}
}
