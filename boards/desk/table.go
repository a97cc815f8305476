package desk

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

//go:embed drivers.gz
var driversFile []byte

// drivers is the embedded table, decoded at the first question.
var drivers = sync.OnceValues(func() (*driverTable, error) { return decodeDrivers(driversFile) })

// driverTable is the decoded file: the index of modules, in which a module has
// the name of its path in the source, and a row for each that says the rest.
type driverTable struct {
	kernel, sourcePackage, date string
	modules                     []modalias.Module
	rows                        []driverRow
	byPath                      map[string]int
	table                       *modalias.Table
}

type driverRow struct {
	option     string
	kernel     string
	fromSource bool
}

// magic is the first line of the file. The number is the version of the format.
const magic = "boardprobe-drivers 1"

// decodeDrivers reads the file, compressed by gzip. After the magic and the
// line "KERNEL PACKAGE VERSION DATE" comes a row for each module: its option or
// '-', and then, if it applies, "source" or the older kernel that the driver is
// of. The rest is the index of modules, in the same order.
func decodeDrivers(file []byte) (*driverTable, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("drivers: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, modalias.MaxIndexBytes))
	if err != nil {
		return nil, fmt.Errorf("drivers: %w", err)
	}
	text, ok := strings.CutPrefix(string(data), magic+"\n")
	if !ok {
		return nil, fmt.Errorf("drivers: does not start with %q", magic)
	}
	source, text, _ := strings.Cut(text, "\n")
	fields := strings.Split(source, " ")
	if len(fields) != 4 {
		return nil, fmt.Errorf("drivers: source %q, want a kernel, a package, its version and date", source)
	}
	t := &driverTable{kernel: fields[0], sourcePackage: fields[1] + " " + fields[2], date: fields[3], byPath: map[string]int{}}
	at := strings.Index(text, "boardprobe-modules ")
	if at < 0 {
		return nil, fmt.Errorf("drivers: no index of modules")
	}
	for line := range strings.Lines(text[:at]) {
		row, err := t.row(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("drivers: %w", err)
		}
		t.rows = append(t.rows, row)
	}
	index, err := modalias.Decode([]byte(text[at:]))
	if err != nil {
		return nil, fmt.Errorf("drivers: %w", err)
	}
	if len(index.Modules) != len(t.rows) {
		return nil, fmt.Errorf("drivers: %d rows for %d modules", len(t.rows), len(index.Modules))
	}
	t.modules, t.table = index.Modules, modalias.NewTable(index)
	for i, m := range t.modules {
		t.byPath[m.Name] = i
	}
	return t, nil
}

func (t *driverTable) row(line string) (driverRow, error) {
	option, origin, _ := strings.Cut(line, " ")
	row := driverRow{kernel: t.kernel}
	switch {
	case strings.HasPrefix(option, "CONFIG_"):
		row.option = option
	case option != "-":
		return row, fmt.Errorf("row %q: no option", line)
	}
	switch {
	case origin == "source":
		row.fromSource = true
	case origin != "":
		row.kernel = origin
	}
	return row, nil
}
