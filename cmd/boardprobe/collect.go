package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
)

// collectRole is the name under which the program starts itself to collect: a
// driver can hang a process for ever and a fault of the runtime cannot be
// caught, so the part that asks the system is a child, which may die.
const collectRole = "boardprobe-collect"

// collectMain is the child: options come in on stdin, evidence goes out on
// stdout, a record a line, as it is made.
func collectMain(stdin io.Reader, stdout io.Writer) int {
	var opt probe.Options
	if err := json.NewDecoder(stdin).Decode(&opt); err != nil {
		return 2
	}
	opt.Register = readRegister
	lines := json.NewEncoder(stdout)
	_, err := probe.Collect(context.Background(), opt, func(e report.Evidence) {
		if lines.Encode(e) != nil {
			os.Exit(2) // nobody listens any more
		}
	})
	if err != nil {
		return 2
	}
	return 0
}

// collect runs children until every section has ended. A section in which a
// child dies is recorded as killed and left out of the next child. heard gets
// every record as it comes.
func collect(ctx context.Context, opt probe.Options, heard func(report.Evidence)) ([]report.Evidence, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var all []report.Evidence
	for {
		before := len(opt.Skip)
		failed := collectOnce(ctx, self, opt, func(e report.Evidence) {
			all = append(all, e)
			if e.Op == report.OpEnd {
				opt.Skip = append(opt.Skip, e.Section)
			}
			heard(e)
		})
		open := slices.DeleteFunc(probe.Sections(), func(name string) bool { return slices.Contains(opt.Skip, name) })
		if len(open) == 0 {
			return all, nil
		}
		if failed == nil {
			failed = errors.New("the collecting process ended early")
		}
		asked := 0
		for _, e := range all {
			if e.Section == open[0] {
				asked++
			}
		}
		if ctx.Err() != nil {
			failed = errors.New("the time for the whole run was over")
		} else if len(opt.Skip) == before && asked == 0 && before == 0 {
			return nil, fmt.Errorf("nothing could be collected: %w", failed)
		}
		e := probe.Killed(open[0], failed.Error(), asked)
		all = append(all, e)
		opt.Skip = append(opt.Skip, e.Section)
		heard(e)
	}
}

func collectOnce(ctx context.Context, self string, opt probe.Options, record func(report.Evidence)) error {
	options, err := json.Marshal(opt)
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self)
	child.Args = []string{collectRole}
	child.Stdin = bytes.NewReader(options)
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	in := json.NewDecoder(bufio.NewReader(out))
	for {
		var e report.Evidence
		if err := in.Decode(&e); err != nil {
			break // the end of the child says why
		}
		record(e)
	}
	return child.Wait()
}
