package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/scope"
)

// guessesName is the file that says what in the drafts a person has to confirm.
const guessesName = "GUESSES.txt"

// runDraft writes drafts into a folder, in which none of them is yet.
func runDraft(args []string, s streams) int {
	f := flag.NewFlagSet("draft", flag.ContinueOnError)
	out := f.String("o", "", "write the files into this `folder`, in which none of them is yet")
	on := dayFlag(f)
	o := judgeFlags(f)
	data, status, done := s.parse(f, o, args)
	if done {
		return status
	}
	if *out == "" {
		return s.fail(errors.New("draft: -o is needed"), "-o names a folder")
	}
	p, status := s.open(o, data)
	if p.report == nil {
		return status
	}
	summary := scope.Of(scope.Case{Report: p.report, Findings: require.Check(p.report), Word: p.summary(), On: *on})
	var guesses strings.Builder
	guesses.WriteString("What in these drafts is a guess, or has to be put in by a person:\n")
	for _, d := range scope.Drafts(p.report, summary) {
		if err := s.writeNew(filepath.Join(*out, filepath.FromSlash(d.Name)), d.Content); err != nil {
			return s.fail(err, "-o names a folder in which no draft is yet")
		}
		guesses.WriteString("\n" + d.Name + "\n")
		for _, text := range d.Guesses {
			guesses.WriteString("  " + text + "\n")
		}
	}
	if err := s.writeNew(filepath.Join(*out, guessesName), []byte(guesses.String())); err != nil {
		return s.fail(err, "-o names a folder in which no draft is yet")
	}
	return p.shown()
}

// writeNew writes a file that must not be there, and the folders above it.
func (s streams) writeNew(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(name)
		return err
	}
	s.out.Printf("%s\n", name)
	return nil
}
