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
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// collectRole is the name under which the program starts itself to collect: a
// driver can hang a process for ever and a fault of the runtime cannot be
// caught, so the part that asks the system is a child, which may die.
const collectRole = "boardprobe-collect"

// heard is a line of the child: the identities that may be in no package, once
// and first, or a record.
type heard struct {
	report.Evidence
	Known [][]byte `json:"known,omitempty"`
}

// collectMain is the child: options come in on stdin, evidence goes out on
// stdout, a record a line, as it is made. stdout is closed after the last: a
// process that waits in a driver does not end.
func collectMain(stdin io.Reader, stdout io.WriteCloser) int {
	defer stdout.Close()
	var opt probe.Options
	if err := json.NewDecoder(stdin).Decode(&opt); err != nil {
		return 2
	}
	opt.Register = readRegister
	lines := json.NewEncoder(stdout)
	opt.Known = func(known [][]byte) {
		if lines.Encode(heard{Known: known}) != nil {
			os.Exit(2)
		}
	}
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
// child dies is recorded as killed and left out of the next child. record gets
// every record as it comes. What may be in no package is what any of them knew.
func collect(ctx context.Context, opt probe.Options, record func(report.Evidence)) (all []report.Evidence, known [][]byte, err error) {
	self, err := ownProgram()
	if err != nil {
		return nil, nil, err
	}
	open := slices.DeleteFunc(probe.Sections(), func(name string) bool { return slices.Contains(opt.Skip, name) })
	ends := func(section string) {
		opt.Skip = append(opt.Skip, section)
		open = slices.DeleteFunc(open, func(name string) bool { return name == section })
	}
	for {
		before := len(opt.Skip)
		failed := collectOnce(ctx, self, opt, func(e report.Evidence) (whole bool) {
			all = append(all, e)
			if e.Op == report.OpEnd {
				ends(e.Section)
			}
			record(e)
			return len(open) == 0
		}, func(more [][]byte) { known = append(known, more...) })
		if len(open) == 0 {
			return all, known, nil
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
			failed = errors.New(report.ReasonOver)
		} else if len(opt.Skip) == before && len(all) == 0 {
			return nil, nil, fmt.Errorf("nothing could be collected: %w", failed)
		}
		e := probe.Killed(open[0], failed.Error(), asked)
		all = append(all, e)
		record(e)
		if ends(e.Section); len(open) == 0 {
			return all, known, nil
		}
	}
}

// Bounds of what a child may take from its parent. One that waits in a driver
// cannot be killed, and the kernel keeps all of it until the driver lets go.
const (
	endPatience = time.Second      // for the end of a child that has said all, or was killed
	look        = time.Millisecond // between two looks for new records
	pipeBytes   = 1 << 20          // what a child can say between two looks; pipe(7) has 64 KiB
)

// errStays is the end of a child that does not end.
var errStays = errors.New("the collecting process waits in the kernel and cannot be ended")

// ownProgram is the file of this program as the kernel holds it: the file under its
// path may be another one by now, which would be started as root. Without /proc
// there is the path only.
func ownProgram() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

func collectOnce(ctx context.Context, self string, opt probe.Options, record func(report.Evidence) (whole bool), known func([][]byte)) error {
	options, err := json.Marshal(opt)
	if err != nil {
		return err
	}
	in, out, err := pipe()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self)
	child.Args = []string{collectRole}
	child.Stdin = bytes.NewReader(options)
	child.Stdout = out
	err = child.Start()
	out.Close()
	if err != nil {
		unix.Close(in)
		return err
	}
	// While the child starts.
	hugePages()
	require.Definitions()
	records := json.NewDecoder(bufio.NewReaderSize(&said{ctx: ctx, fd: in}, pipeBytes/16))
	for {
		var line heard
		if err := records.Decode(&line); err != nil {
			break // the end of the child says why
		}
		if line.ID == "" {
			known(line.Known)
			continue
		}
		if record(line.Evidence) { // how it ends is of no use any more
			unix.Close(in)
			go func() { _ = child.Wait() }()
			return nil
		}
	}
	unix.Close(in)
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(endPatience):
		return errStays
	}
}

// pipe makes a pipe whose end for reading never waits.
func pipe() (in int, out *os.File, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return -1, nil, err
	}
	_, _ = unix.FcntlInt(uintptr(ends[0]), unix.F_SETPIPE_SZ, pipeBytes) // without it a child waits now and then
	return ends[0], os.NewFile(uintptr(ends[1]), "pipe"), unix.SetNonblock(ends[0], true)
}

// said reads what a child says. It looks now and then: to be woken for every
// record takes both processes longer than to make and to read it.
type said struct {
	ctx  context.Context
	fd   int
	over time.Time // when the child was killed
}

func (s *said) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(s.fd, b)
		switch {
		case err == unix.EINTR:
			continue
		case n > 0:
			return n, nil
		case err != unix.EAGAIN:
			return 0, io.EOF
		}
		if s.ctx.Err() != nil {
			if s.over.IsZero() {
				s.over = time.Now()
			}
			if time.Since(s.over) > endPatience {
				return 0, errStays
			}
		}
		time.Sleep(look)
	}
}
