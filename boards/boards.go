// Package boards is what no probe can see: facts about SoC families and boards
// that documents state, as data files with their sources. A file states facts
// only with a citation, or it does not load.
//
// It reads no hardware and judges nothing. What it says about a board is true
// of the kind of board, never of the one unit that was probed: all of its
// facts have the basis documented.
package boards

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/report"
)

//go:embed data
var embedded embed.FS

// data is the embedded knowledge but for the machines, decoded at the first
// question.
var data = sync.OnceValues(func() (*knowledge, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	return loadTables(sub)
})

// knowledge is everything that the data files say.
type knowledge struct {
	machines     []machineFile
	revisions    revisionFile
	placeholders placeholderFile
	builders     builderFile
	kernels      kernelFile
}

// said is one statement of a data file.
type said[T report.Value] struct {
	Value T        `json:"value"`
	From  []string `json:"from"` // citations
}

func (s *said[T]) fact() report.Fact[T] {
	if s == nil {
		return report.Fact[T]{}
	}
	return report.Known(s.Value, s.From...).By(report.Documented)
}

func (s *said[T]) check(name string) error {
	if s == nil {
		return nil
	}
	switch value := any(s.Value).(type) {
	case string:
		if value == "" {
			return fmt.Errorf("%s: no value", name)
		}
	case []string:
		if value == nil {
			return fmt.Errorf("%s: no value; an empty list says that there is nothing", name)
		}
	}
	if err := checkCitations(s.From); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkCitations wants every citation to say where it can be read.
func checkCitations(list []string) error {
	if len(list) == 0 {
		return errors.New("no citation")
	}
	for _, citation := range list {
		if !strings.Contains(citation, "https://") {
			return fmt.Errorf("citation %q has no address", citation)
		}
	}
	return nil
}

func loadTables(root fs.FS) (*knowledge, error) {
	k := new(knowledge)
	if err := decodeFile(root, "revision/raspberrypi.json", &k.revisions); err != nil {
		return nil, err
	}
	if err := k.revisions.check(); err != nil {
		return nil, fmt.Errorf("revision/raspberrypi.json: %w", err)
	}
	if err := decodeFile(root, "placeholder.json", &k.placeholders); err != nil {
		return nil, err
	}
	if err := k.placeholders.check(); err != nil {
		return nil, fmt.Errorf("placeholder.json: %w", err)
	}
	if err := decodeFile(root, "builders.json", &k.builders); err != nil {
		return nil, err
	}
	if err := decodeFile(root, "kernels.json", &k.kernels); err != nil {
		return nil, err
	}
	if err := k.kernels.check(&k.builders); err != nil {
		return nil, fmt.Errorf("kernels.json: %w", err)
	}
	if err := k.builders.check(); err != nil {
		return nil, fmt.Errorf("builders.json: %w", err)
	}
	return k, nil
}

// loadMachines reads the files of machines that are wanted by their content: one
// board is in two or three of them, and to decode all takes longer than all else
// that a probe computes.
func loadMachines(root fs.FS, wanted func(content []byte) bool) ([]machineFile, error) {
	var machines []machineFile
	seen := map[string]string{}
	err := decodeWanted(root, "machine/*.json", wanted, func(name string, m machineFile) error {
		if err := m.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range m.Compatible {
			if other, ok := seen[c]; ok {
				return fmt.Errorf("%s: compatible %q is in %s already", name, c, other)
			}
			seen[c] = name
		}
		machines = append(machines, m)
		return nil
	})
	return machines, err
}

// decodeWanted decodes the files that match a pattern and are wanted by their
// content, in the order of their names.
func decodeWanted[T any](root fs.FS, pattern string, wanted func(content []byte) bool, take func(name string, file T) error) error {
	names, err := fs.Glob(root, pattern)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("no file is %s", pattern)
	}
	for _, name := range names {
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if !wanted(content) {
			continue
		}
		var file T
		if err := decode(name, content, &file); err != nil {
			return err
		}
		if err := take(name, file); err != nil {
			return err
		}
	}
	return nil
}

// decodeFile decodes one data file; a field that no type names is an error.
func decodeFile(root fs.FS, name string, into any) error {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	return decode(name, content, into)
}

func decode(name string, content []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%s: data after the document", name)
	}
	return nil
}
