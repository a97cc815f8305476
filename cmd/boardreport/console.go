package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/annex"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// consoleHint is for an annex or a log that cannot be used.
const consoleHint = "boardreport receive makes the annex from a log; -console none leaves it out"

func consoleFlag(f *flag.FlagSet) *string {
	return f.String("console", "", "what the console said: `FILE` is the annex that receive wrote, or a log; none leaves it out (default: the annex beside the package, if there is one)")
}

// annexName is the file beside a package that has what the console said.
func annexName(place string) string {
	return strings.TrimSuffix(place, ".board.tar.gz") + ".console.json"
}

// heard is what the console said in front of a package, and where that is from.
type heard struct {
	boot  *console.Boot // nil if there is no log
	words string        // "" likewise
}

// hear finds what the console said in front of a package: as -console says, or
// in the annex beside it.
func (s streams) hear(choice, place string, data []byte) (heard, error) {
	sum := sha256.Sum256(data)
	of := hex.EncodeToString(sum[:])
	if choice == "none" {
		return heard{}, nil
	}
	if choice == "" {
		if place == "-" {
			return heard{}, nil
		}
		a, err := s.readAnnex(annexName(place), of)
		if errors.Is(err, os.ErrNotExist) {
			return heard{}, nil
		}
		return hearing(a, filepath.Base(annexName(place))+" beside the package"), err
	}
	if choice == "-" && place == "-" {
		return heard{}, errors.New("package and console cannot both be standard input")
	}
	content, err := s.read(choice)
	if err != nil {
		return heard{}, err
	}
	name := filepath.Base(choice)
	if annex.Is(content) {
		a, err := annex.Decode(content, of)
		if err != nil {
			return heard{}, fmt.Errorf("%s: %w", choice, err)
		}
		return hearing(a, name), nil
	}
	blocks, err := seal.DecodeArmour(content)
	if errors.Is(err, seal.ErrNoBlock) {
		return hearing(s.readLog(content, place, of), name+", a log without a block: that it is of this run is for whoever gave it to say"), nil
	}
	if err != nil {
		return heard{}, fmt.Errorf("%s: %w", choice, err)
	}
	at := slices.IndexFunc(blocks, func(b seal.Block) bool { return b.SHA256 == of })
	if at < 0 {
		return heard{}, fmt.Errorf("%s: the log holds the block %w", choice, annex.ErrOther)
	}
	return hearing(s.readLog(content[:blocks[at].Offset], place, of), name+", a log, in front of the block of this package"), nil
}

func hearing(a annex.Annex, from string) heard {
	boot := a.Boot()
	words := fmt.Sprintf("%s; boot %d of %d", from, boot.Number, boot.Of)
	if len(a.Said) == 0 {
		words = from + "; nothing in it was recognised"
	}
	return heard{&boot, words}
}

// readAnnex reads the annex of the package with this SHA-256.
func (s streams) readAnnex(name, of string) (annex.Annex, error) {
	content, err := s.read(name)
	if err != nil {
		return annex.Annex{}, err
	}
	a, err := annex.Decode(content, of)
	if err != nil {
		return annex.Annex{}, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

// optionStarted is what UEFI says of the load option that it starts. Its name has the
// model and the serial number of a drive in it (edk2, UefiBootManagerLib), and the
// path addresses of the unit.
var optionStarted = regexp.MustCompile(`(BdsDxe: starting \S+)[^\r\n]*`)

// readLog makes the annex of a package from the part of a log in front of it.
// Addresses and UUIDs are replaced, as in the package, of load options the number
// is kept, and whoever built the kernel is named only if that is no secret.
func (s streams) readLog(log []byte, place, of string) annex.Annex {
	log = optionStarted.ReplaceAll(log, []byte("$1"))
	log = []byte(probe.PublicVersion(string(log)))
	return annex.New(filepath.Base(place), of, pseudonym.New(pseudonym.NewKey()).Apply(log))
}

// noteConsole says in one line that the console was read, too.
func (s streams) noteConsole(h heard) {
	if h.boot != nil {
		s.err.Printf("boardreport: console: %s; not signed by the board\n", h.words)
	}
}

// noteAnnex says what the signature of a package is not about.
func (s streams) noteAnnex(place string, data []byte) {
	if place == "-" {
		return
	}
	name := annexName(place)
	sum := sha256.Sum256(data)
	words := "names this package; the signature does not cover it"
	if _, err := s.readAnnex(name, hex.EncodeToString(sum[:])); errors.Is(err, os.ErrNotExist) {
		return
	} else if err != nil {
		words = "the signature does not cover it, and it cannot be used: " + strings.TrimPrefix(err.Error(), name+": ")
	}
	s.out.Printf("%-6s %s: %s\n", "note", filepath.Base(name), words)
}

// printConsole lists what the console said, and what that means for the report.
func (s streams) printConsole(r *report.Report, h heard) {
	if h.boot == nil {
		return
	}
	s.out.Printf("\nwhat the console said before the report; read at the desk, not signed by the board\n%s\n", h.words)
	for _, w := range h.boot.Said {
		s.out.Printf("line %-5d %-12s %s\n", w.Line, w.Kind, w.Text)
	}
	for _, f := range (require.Case{Report: r, Console: h.boot}).Check() {
		if strings.HasPrefix(f.ID, "console.") && f.Found != "" {
			s.out.Printf("%-10s %s: %s\n           %s\n", f.Verdict, f.ID, f.Found, f.Detail)
		}
	}
}
