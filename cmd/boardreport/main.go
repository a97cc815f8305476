// Command boardreport reads packages at the desk and in CI: it verifies,
// judges, shows and replays them.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
)

const version = "0.1.0"

// Exit statuses, the same in all commands.
const (
	exitOK       = 0
	exitFindings = 1
	exitTrouble  = 2
	exitUnknown  = 3
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// command is one verb.
type command struct {
	name, synopsis string
	run            func(args []string, s streams) int
}

type streams struct {
	in       io.Reader
	out, err screen.Printer
}

func commands() []command {
	return []command{
		{"verify", "check the signatures of a package, step by step", runVerify},
		{"show", "print the facts of a package, as judged here or as stored", runShow},
		{"check", "judge a package against the requirements", runCheck},
		{"ask", "print the open questions to the customer", runAsk},
		{"diff", "compare two packages by class", runDiff},
		{"same", "hold two or more packages against one hardware revision", runSame},
		{"receive", "take the packages out of the log of a console", runReceive},
		{"draft", "write drafts for a device repository and its contract", runDraft},
		{"data", "list the tables of this program, with source, date and age", runData},
		{"replay", "collect a report again from its evidence and compare", runReplay},
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{stdin, screen.New(stdout), screen.New(stderr)}
	if len(args) > 0 {
		switch args[0] {
		case "-h", "-help", "--help":
			fmt.Fprintln(stdout, "usage: boardreport VERB [flags] PACKAGE\nA package without a verb is checked.")
			for _, c := range commands() {
				fmt.Fprintf(stdout, "  %-8s %s\n", c.name, c.synopsis)
			}
			return exitOK
		case "-version", "--version":
			fmt.Fprintln(stdout, "boardreport", version)
			return exitOK
		}
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(args[1:], s)
			}
		}
		if _, err := os.Stat(args[0]); err == nil {
			return runCheck(args, s)
		}
		return s.fail(fmt.Errorf("no verb %q", args[0]), "boardreport -h lists the verbs")
	}
	return s.fail(fmt.Errorf("no verb given"), "boardreport -h lists the verbs")
}

// fail prints one line, and perhaps what to do about it.
func (s streams) fail(err error, hint string) int {
	s.err.Printf("boardreport: %v\n", err)
	if hint != "" {
		s.err.Printf("boardreport: hint: %s\n", hint)
	}
	return exitTrouble
}
