package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report/seal"
)

// runReceive takes packages out of the log of a console. Every whole package
// of the log is written; for one that is not whole it says which lines another
// log, or another print of the block, has to bring.
func runReceive(args []string, s streams) int {
	f := flag.NewFlagSet("receive", flag.ContinueOnError)
	out := f.String("o", "", "write the package to `PKG`, - is stdout (default: under its own name, here)")
	log, status, done := s.parse(f, args)
	if done {
		return status
	}
	blocks, err := seal.DecodeArmour(log)
	if err != nil {
		s.fail(err, "log the console from before the probe ends, or press a key there: the block is printed again")
		return exitFindings
	}
	var whole []seal.Block
	for _, b := range blocks {
		if b.Data != nil {
			whole = append(whole, b)
			continue
		}
		lost := ""
		if len(b.Missing) > 0 {
			lost = ": lines " + b.Missing.String()
		}
		s.fail(fmt.Errorf("run %s is not whole: %w%s", plain(b.Run), b.Err, lost), "press a key at the console and log the block again; both logs may be joined with cat")
		status = exitFindings
	}
	if *out != "" && len(whole) > 1 {
		return s.fail(fmt.Errorf("-o %s: the log holds %d packages", *out, len(whole)), "without -o each is written under its own name")
	}
	for _, b := range whole {
		place := *out
		switch {
		case place != "":
		case b.Name != "":
			place = b.Name
		default:
			place = b.SHA256[:16] + ".board.tar.gz"
		}
		if err := s.keep(place, b.Data); err != nil {
			return s.fail(err, "")
		}
		if place != "-" {
			s.witness(log, b, place)
		}
	}
	return status
}

// keep writes a package to a file that must not be there, or to stdout. A file
// that has these bytes already is as good.
func (s streams) keep(place string, data []byte) error {
	if place == "-" {
		_, err := s.out.Write(data)
		return err
	}
	file, err := os.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		if same, readErr := s.read(place); readErr != nil || string(same) != string(data) {
			return err
		}
	} else if err != nil {
		return err
	} else {
		_, err = file.Write(data)
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			os.Remove(place)
			return err
		}
	}
	_, err = io.WriteString(s.out, place+"\n")
	return err
}

// annex is what the console said before the block: what firmware and loaders
// print, no program on the board can read. It is no part of the package, and the
// board's signature does not cover it.
type annex struct {
	Package string        `json:"package"` // name of the file beside it
	SHA256  string        `json:"sha256"`  // of the package
	Note    string        `json:"note"`
	Said    []annexRecord `json:"said"`
}

type annexRecord struct {
	Kind      console.Kind `json:"kind"`
	Line      int          `json:"line"`
	Text      string       `json:"text"`
	Value     string       `json:"value,omitempty"`
	SizeBytes int64        `json:"size_bytes,omitempty"`
}

// witness keeps what the log has in front of a block, beside the package.
// Addresses and UUIDs are replaced, as there.
func (s streams) witness(log []byte, b seal.Block, place string) {
	before := pseudonym.New(pseudonym.NewKey()).Apply(log[:b.Offset])
	said, _ := console.Parse(before)
	if len(said) == 0 {
		return
	}
	a := annex{Package: place, SHA256: b.SHA256, Note: "read from the log of the console; not covered by the signature of the board"}
	for _, w := range said {
		a.Said = append(a.Said, annexRecord{w.Kind, w.Line, w.Text, w.Value, w.SizeBytes})
		switch w.Kind {
		case console.UBoot, console.SPL, console.TFA, console.UEFI, console.Barebox, console.BootFrom, console.DRAM, console.Environment:
			fmt.Fprintf(s.err, "boardreport: the console said, in line %d: %s\n", w.Line, plain(w.Text))
		}
	}
	text, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		s.fail(err, "")
		return
	}
	name := strings.TrimSuffix(place, ".board.tar.gz") + ".console.json"
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return // of an earlier run
	}
	if err == nil {
		_, err = file.Write(append(text, '\n'))
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		s.fail(err, "")
		return
	}
	fmt.Fprintf(s.err, "boardreport: what it said is in %s\n", name)
}
