// Package infile reads the files that people name on a command line: packages,
// keys, logs. A FIFO that nobody writes to, a device without end or a file larger
// than any of its kind is an error at once, and neither hangs nor fills memory.
package infile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Bounds of what is read.
const (
	MaxKey   = 64 << 10 // keys, lists of keys
	MaxProbe = 64 << 20 // a program
)

// ErrTooLarge is wrapped by the error for a file that is larger than the limit.
var ErrTooLarge = errors.New("too large")

// Read reads a regular file of at most limit bytes.
func Read(name string, limit int64) ([]byte, error) {
	file, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadFrom(file, name, limit)
}

// Open opens a regular file for reading.
func Open(name string) (*os.File, error) {
	// A FIFO would wait for its writer.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("is a folder")}
	case !info.Mode().IsRegular():
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// ReadFrom reads at most limit bytes of what was opened, as standard input was.
func ReadFrom(r io.Reader, name string, limit int64) ([]byte, error) {
	if file, ok := r.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > limit {
			return nil, tooLarge(name, limit)
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, tooLarge(name, limit)
	}
	return data, err
}

func tooLarge(name string, limit int64) error {
	return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)}
}
