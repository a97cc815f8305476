package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe"
)

// registerRole is the name under which the program starts itself to read one
// register: a bus that answers with an error ends the process that asked.
const registerRole = "boardprobe-register"

// registerMain is that process: the address comes as its argument, and what was
// read, or the number of the error, goes to stdout.
func registerMain(args []string, stdout io.Writer) int {
	if len(args) != 1 {
		return exitTrouble
	}
	address, err := strconv.ParseUint(args[0], 0, 64)
	if err != nil {
		return exitTrouble
	}
	text, err := probe.ReadRegister(address)
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		text = fmt.Sprintf("errno %d\n", int(errno))
	case err != nil:
		return exitTrouble
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return exitTrouble
	}
	return exitOK
}

// readRegister starts that process.
func readRegister(ctx context.Context, address uint64) ([]byte, error) {
	self, err := ownProgram()
	if err != nil {
		return nil, err
	}
	child := exec.CommandContext(ctx, self)
	child.Args = []string{registerRole, fmt.Sprintf("%#x", address)}
	out, err := child.Output()
	if ctx.Err() != nil {
		return nil, unix.ETIMEDOUT
	}
	if err != nil {
		return nil, unix.EFAULT // it died of the read
	}
	if number, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "errno "); ok {
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, unix.EIO
		}
		return nil, syscall.Errno(n)
	}
	return out, nil
}
