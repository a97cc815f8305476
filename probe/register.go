package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// registerPause lets the record of a read leave the machine, over a serial
// console if need be, before the read.
const registerPause = 300 * time.Millisecond

// registerTime bounds one read.
const registerTime = 2 * time.Second

// askRegisters says which registers this run may read.
func (s *system) askRegisters(context.Context, string) ([]byte, error) {
	if s.mmio != MMIOProven && s.mmio != MMIOUnproven {
		return nil, errNotAllowed
	}
	return []byte(s.mmio), nil
}

// errNotAllowed is the answer to a request that this run was not told to make.
var errNotAllowed = errors.New("not allowed in this run")

// askNextRegister answers nothing: its record is what it is for.
func askNextRegister(context.Context, string) ([]byte, error) { return nil, nil }

// askRegister has a process of its own read a word: a bus that answers with an
// error ends that process, and one that does not answer at all keeps it.
func (s *system) askRegister(ctx context.Context, subject string) ([]byte, error) {
	address, err := strconv.ParseUint(subject, 0, 64)
	if err != nil || s.register == nil {
		return nil, unix.EINVAL
	}
	time.Sleep(registerPause)
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	type end struct {
		data []byte
		err  error
	}
	done := make(chan end, 1)
	go func() {
		data, err := s.register(ctx, address)
		done <- end{data, err}
	}()
	select {
	case e := <-done:
		return e.data, e.err
	case <-ctx.Done(): // a process that hangs in the read cannot be killed
		return nil, unix.ETIMEDOUT
	}
}

// ReadRegister reads one aligned word of 32 bits at a physical address, by a
// mapping of /dev/mem that cannot be written. It returns 0x and eight
// hexadecimal digits. The caller is a process that may die of it.
func ReadRegister(address uint64) (text string, err error) {
	if address%4 != 0 {
		return "", unix.EINVAL
	}
	f, err := os.OpenFile("/dev/mem", os.O_RDONLY|unix.O_SYNC, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	size := uint64(os.Getpagesize())
	page, err := unix.Mmap(int(f.Fd()), int64(address/size*size), int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return "", err
	}
	defer func() {
		if recover() != nil {
			err = unix.EFAULT // SIGBUS: the bus answered with an error
		}
	}()
	debug.SetPanicOnFault(true)
	return fmt.Sprintf("%#08x\n", load((*uint32)(unsafe.Pointer(&page[address%size])))), nil
}

// load is one plain load. An atomic one would be a load-reserved on RISC-V,
// which input and output need not support.
//
//go:noinline
func load(word *uint32) uint32 { return *word }
