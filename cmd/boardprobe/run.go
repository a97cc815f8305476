package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/cmd/internal/infile"
	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

const version = "0.1.0"

// Exit statuses, the same in all commands.
const (
	exitOK      = 0
	exitTrouble = 2
)

// What a package is named after.
const (
	nameBoard   = "board"
	nameNeutral = "neutral"
)

// settings are the flags.
type settings struct {
	out, name, root, key, pseudonymKey, only, exit string
	ticket                                         string
	labels                                         []string
	timeout                                        time.Duration
	active, mmio, unproven, quiet, showVersion     bool
}

func flags(s *settings) *flag.FlagSet {
	f := flag.NewFlagSet("boardprobe", flag.ContinueOnError)
	f.StringVar(&s.out, "o", "", "write the package to this `FILE` or folder; \"-\" is stdout, armor a block of text there (default: the current folder if it is in RAM or on a medium that can be taken out, else a temporary folder)")
	f.StringVar(&s.name, "name", nameBoard, "name the package after the `board`, or neutral")
	f.StringVar(&s.root, "root", "", "read the recorded files below `DIR` instead of this machine")
	f.StringVar(&s.key, "key", "ephemeral", "sign with this PKCS#8 PEM `FILE`, or with an ephemeral key")
	f.StringVar(&s.pseudonymKey, "pseudonym-key", "", "`FILE` with the key of the pseudonyms (default: random, so that runs cannot be compared by identity)")
	f.StringVar(&s.only, "only", "", "run only these sections, as in `cpu,memory`")
	f.Func("label", "state something that cannot be read, as in hw=B2 (`K=V`, may be repeated)", func(v string) error {
		key, _, _ := strings.Cut(v, "=")
		if slices.ContainsFunc(s.labels, func(label string) bool { return strings.HasPrefix(label, key+"=") }) {
			return fmt.Errorf("%s is stated twice", key)
		}
		s.labels = append(s.labels, v)
		return probe.CheckLabel(v)
	})
	f.Func("ticket", "put the word of a request into the report, which ties this run to it (`TEXT`, one line)", func(v string) error {
		s.ticket = v
		return probe.CheckTicket(v)
	})
	f.DurationVar(&s.timeout, "timeout", 2*time.Minute, "bound of the whole run (`D`)")
	f.StringVar(&s.exit, "exit", "verdict", "exit by the `verdict`, or 0 as soon as the package is written")
	f.BoolVar(&s.mmio, "mmio", false, "read the registers that say where the boot ROM looks, those of which Linux itself reads the block")
	f.BoolVar(&s.unproven, "mmio-unproven", false, "read also those of which that is not known: one can stop the board, until its power is cut")
	f.BoolVar(&s.active, "active", false, "ask modems, too: those that no process uses, with commands that read")
	f.BoolVar(&s.quiet, "q", false, "print no progress and no table")
	f.BoolVar(&s.showVersion, "version", false, "print the version")
	return f
}

// given reports whether a flag stands on the command line.
func given(f *flag.FlagSet, name string) (there bool) {
	f.Visit(func(g *flag.Flag) { there = there || g.Name == name })
	return there
}

func run(args []string, stdout io.Writer, console io.Writer) int {
	stderr := screen.New(console)
	var s settings
	f := flags(&s)
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "usage: boardprobe [flags]\n\nTakes the inventory of this board and leaves it as one signed file.")
		f.SetOutput(stdout)
		f.PrintDefaults()
		return exitOK
	case err != nil:
		return fail(stderr, err, "boardprobe -h lists the flags")
	case f.NArg() > 0:
		return fail(stderr, fmt.Errorf("unexpected argument %q", f.Arg(0)), "boardprobe -h lists the flags")
	case s.name != nameBoard && s.name != nameNeutral:
		return fail(stderr, fmt.Errorf("-name %s: want board or neutral", s.name), "")
	case s.timeout <= 0:
		return fail(stderr, fmt.Errorf("-timeout %v: want a time above zero, as in 90s", s.timeout), "")
	case s.root != "" && (s.mmio || s.unproven):
		return fail(stderr, errors.New("-mmio reads registers of this machine, -root reads files of another"), "")
	case s.root == "" && given(f, "root"):
		return fail(stderr, errors.New("-root names no folder"), "a variable that is not set?")
	case s.exit != "verdict" && s.exit != "written":
		return fail(stderr, fmt.Errorf("-exit %s: want verdict or written", s.exit), "")
	}
	if s.showVersion {
		fmt.Fprintln(stdout, "boardprobe", version)
		return exitOK
	}
	signer, err := signerOf(s.key)
	if s.key != "ephemeral" && readableByOthers(s.key) {
		stderr.Printf("boardprobe: warning: %s can be read by others than its owner: chmod 600\n", s.key)
	}
	if err != nil {
		return fail(stderr, err, "-key takes ephemeral or an Ed25519 key: openssl genpkey -algorithm ed25519")
	}
	opt := probe.Options{Root: s.root, Key: pseudonym.NewKey(), Active: s.active, MMIO: mmio(s.mmio, s.unproven), Timeout: sectionTime(s.timeout)}
	if s.pseudonymKey != "" {
		opt.Key, err = readPseudonymKey(s.pseudonymKey)
		if err != nil {
			return fail(stderr, err, "the key is 64 hexadecimal digits: openssl rand -hex 32")
		}
	}
	if s.only != "" {
		opt.Only = strings.Split(s.only, ",")
		for _, name := range opt.Only {
			if !slices.Contains(probe.Sections(), name) {
				return fail(stderr, fmt.Errorf("-only: no section %q", name), "sections: "+strings.Join(probe.Sections(), " "))
			}
		}
	}
	if s.root != "" {
		if info, err := os.Stat(s.root); err != nil {
			return fail(stderr, err, "")
		} else if !info.IsDir() {
			return fail(stderr, fmt.Errorf("-root %s is no folder", s.root), "")
		}
	}
	if err := checkPlace(s.out); err != nil {
		return fail(stderr, err, "-o names a folder, or a file that is not there yet")
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	e, err := evaluate(ctx, order{opt, signer, s.ticket, s.labels, s.name == nameNeutral}, liveProgress(console, s.quiet))
	if err != nil {
		return fail(stderr, err, "")
	}
	place, err := s.deliver(e, stdout)
	if err != nil {
		return fail(stderr, err, "-o names a folder with room for the package")
	}
	if !s.quiet {
		io.WriteString(stderr, e.table)
		stderr.Printf("%-12s %s\n%-12s %d kB -> %s\n", "package", e.report.Run.Name, "", (len(e.packed)+999)/1000, place)
		next := "send the file to whoever asked for this report"
		if place == asBlock {
			next = "save this text and send it: boardreport receive makes the file of it"
		}
		stderr.Printf("%-12s %s\n", "next", next)
	}
	if s.exit == "written" {
		return exitOK
	}
	return require.Status(e.findings, require.FailOn{})
}

// mmio says which registers may be read.
func mmio(proven, unproven bool) string {
	switch {
	case unproven:
		return probe.MMIOUnproven
	case proven:
		return probe.MMIOProven
	}
	return ""
}

// fail prints one line, and perhaps what to do about it.
func fail(stderr screen.Printer, err error, hint string) int {
	stderr.Printf("boardprobe: %v\n", err)
	if hint != "" {
		stderr.Printf("boardprobe: hint: %s\n", hint)
	}
	return exitTrouble
}

func signerOf(key string) (*seal.Signer, error) {
	if key == "ephemeral" {
		return seal.NewEphemeral(rand.Reader)
	}
	text, err := infile.Read(key, infile.MaxKey)
	if err != nil {
		return nil, err
	}
	return seal.ParseKey(text)
}

// readableByOthers reports whether a private key is not private.
func readableByOthers(key string) bool {
	info, err := os.Stat(key)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}
