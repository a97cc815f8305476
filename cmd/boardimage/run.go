package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
)

const version = "0.1.0"

// Exit status. The others of the family, findings and inconclusive, cannot
// happen here.
const (
	exitFine    = 0
	exitTrouble = 2
)

const usage = `usage: boardimage initramfs -arch A -o FILE [flag ...]
       boardimage initramfs -h
       boardimage -h | -version

boardimage builds images that boot a board and report what it is.

  initramfs   an initramfs for the board's own kernel
`

// hinted is an error with a line that says what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// usageError is about the command line.
type usageError struct{ error }

func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	err := dispatch(args, stdout, stderr)
	if err == nil {
		return exitFine
	}
	people := screen.New(stderr)
	people.Printf("boardimage: %v\n", err)
	var h hinted
	if errors.As(err, &h) {
		people.Printf("boardimage: hint: %s\n", h.hint)
	}
	var u usageError
	if errors.As(err, &u) {
		about := "boardimage -h lists what there is"
		if len(args) > 0 && args[0] == "initramfs" {
			about = "boardimage initramfs -h lists the flags"
		}
		people.Printf("boardimage: hint: %s\n", about)
	}
	return exitTrouble
}

func dispatch(args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("no command given")}
	}
	switch args[0] {
	case "-h", "-help", "--help":
		_, err := io.WriteString(stdout, usage)
		return err
	case "-version", "--version":
		_, err := fmt.Fprintf(stdout, "boardimage %s\n", version)
		return err
	case "initramfs":
		return initramfs(args[1:], stdout, stderr)
	}
	kind := "command"
	if strings.HasPrefix(args[0], "-") {
		kind = "flag"
	}
	return usageError{fmt.Errorf("unknown %s %q", kind, args[0])}
}

// parse parses the flags of a command, which takes no other arguments. It
// reports whether help was asked for and has been given.
func parse(flags *flag.FlagSet, args []string, synopsis string, stdout io.Writer) (helped bool, err error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, "usage: boardimage %s %s\n\n", flags.Name(), synopsis)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return true, nil
	case err != nil:
		return false, usageError{err}
	case flags.NArg() > 0:
		return false, usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	return false, nil
}
