package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/report/annex"
	"github.com/boardprobe/boardprobe/report/seal"
)

// runReceive takes packages out of the log of a console. Every whole package
// of the log is written; for one that is not whole it says which lines another
// log, or another print of the block, has to bring.
func runReceive(args []string, s streams) int {
	f := flag.NewFlagSet("receive", flag.ContinueOnError)
	out := f.String("o", "", "write the package to `PKG`, - is stdout (default: under its own name, here)")
	log, status, done := s.parse(f, nil, args)
	if done {
		return status
	}
	blocks, err := seal.DecodeArmour(log)
	if err != nil {
		hint := "log the console from before the probe ends, or press a key there: the block is printed again"
		if examine(log, nil).ladder.Intact() {
			hint = "it is a package already: boardreport check reads it"
		}
		s.fail(err, hint)
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
		s.fail(fmt.Errorf("run %s is not whole: %w%s", b.Run, b.Err, lost), "press a key at the console and log the block again; both logs may be joined with cat")
		status = exitFindings
	}
	if *out != "" && len(whole) > 1 {
		return s.fail(fmt.Errorf("-o %s: the log holds %d packages", *out, len(whole)), "without -o each is written under its own name")
	}
	for _, b := range whole {
		place := *out
		switch {
		case place != "":
			if info, err := os.Stat(place); err == nil && info.IsDir() && b.Name != "" {
				place = filepath.Join(place, b.Name)
			}
		case b.Name != "":
			place = b.Name
		default:
			place = b.SHA256[:16] + packageSuffix
		}
		x := examine(b.Data, nil)
		if !x.ladder.Intact() {
			// It does not get the name of a package. The other blocks do.
			s.fail(fmt.Errorf("run %s: what the block holds is not an intact package, and is not written", b.Run), "")
			status = exitFindings
			continue
		}
		err := s.keep(place, b.Data)
		if errors.Is(err, os.ErrExist) && *out == "" { // of another run by that name
			place = strings.TrimSuffix(place, packageSuffix) + "-" + b.SHA256[:8] + packageSuffix
			err = s.keep(place, b.Data)
		}
		if err != nil {
			s.fail(err, "-o names another file")
			status = exitTrouble
			continue
		}
		s.err.Printf("%s\n", x.summary())
		if place == "-" {
			continue
		}
		if bad := s.witness(log, b, place); bad != exitOK {
			return bad
		}
	}
	return status
}

// packageSuffix ends the names of packages.
const packageSuffix = ".board.tar.gz"

// keep writes a package to a file that must not be there, or to stdout. A file
// that has these bytes already is as good.
func (s streams) keep(place string, data []byte) error {
	if place == "-" {
		_, err := s.out.Raw().Write(data)
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

// witness keeps what the log has in front of a block, beside the package.
func (s streams) witness(log []byte, b seal.Block, place string) int {
	a := s.readLog(log[:b.Offset], place, b.SHA256)
	if len(a.Said) == 0 {
		return exitOK
	}
	for _, w := range a.Boot().Said {
		switch w.Kind {
		case console.UBoot, console.SPL, console.TFA, console.UEFI, console.Barebox, console.BootFrom, console.DRAM, console.Environment:
			s.err.Printf("boardreport: the console said, in line %d: %s\n", w.Line, w.Text)
		}
	}
	text, err := a.Encode()
	if err != nil {
		return s.fail(err, "")
	}
	name := annexName(place)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		kept, err := s.readAnnex(name, b.SHA256)
		if err != nil {
			return s.fail(fmt.Errorf("%s is there: %w", name, err), "move it away and receive the log again")
		}
		if !sameLines(kept, a) {
			return s.fail(fmt.Errorf("%s is there, of another log: what this one says is not in it", name), "move it away and receive the log again")
		}
		s.err.Printf("boardreport: %s is there and is kept\n", name)
		return exitOK
	}
	if err == nil {
		_, err = file.Write(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return s.fail(err, "")
	}
	s.err.Printf("boardreport: what it said is in %s\n", name)
	return exitOK
}

// sameLines reports whether two annexes are of the same lines. Their addresses are
// replaced under keys of their own.
func sameLines(a, b annex.Annex) bool {
	return slices.EqualFunc(a.Said, b.Said, func(x, y annex.Record) bool {
		return x.Kind == y.Kind && x.Line == y.Line && x.Boot == y.Boot && addresses.ReplaceAllString(x.Text, "") == addresses.ReplaceAllString(y.Text, "")
	})
}

// addresses are what an annex has replaced.
var addresses = regexp.MustCompile(`[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
