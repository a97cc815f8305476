package image

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/u-root/u-root/pkg/cpio"
)

// Codec is how an image is compressed.
type Codec string

// Every kernel that takes an initramfs takes None. Gzip needs CONFIG_RD_GZIP,
// which is on unless somebody turned it off.
const (
	None Codec = "none"
	Gzip Codec = "gzip"
)

// gzipLevel is the highest at which the encoder keeps greedy tables: its output
// is as small as that of the slowest level of compress/gzip, in a fifth of the
// time.
const gzipLevel = 8

const (
	modeType       = uint64(cpio.S_IFMT)
	modeDir        = uint64(cpio.S_IFDIR)
	modeRegular    = uint64(cpio.S_IFREG)
	modeLink       = uint64(cpio.S_IFLNK)
	modeCharDevice = uint64(cpio.S_IFCHR)
)

// maxFileBytes is what the 32 bits of a size in a newc header can say
// (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
const maxFileBytes = 1<<32 - 1

// maxPath is PATH_MAX, with the terminating zero: the kernel skips longer names
// without a word.
const maxPath = 4096

// entry is one file, folder, link or device node. read is nil if it has no
// content.
type entry struct {
	mode         uint64
	size         int64
	major, minor uint64
	read         func() ([]byte, error)
}

// Size reports how large a written image is.
type Size struct {
	RawBytes int64 // of the cpio archive
	Bytes    int64 // as written
}

// Write writes the image.
func (a *Archive) Write(w io.Writer, codec Codec) (Size, error) {
	written := &counter{w: w}
	raw := &counter{w: written}
	var end func() error
	switch codec {
	case None:
		end = func() error { return nil }
	case Gzip:
		compressor, err := gzip.NewWriterLevel(written, gzipLevel)
		if err != nil {
			return Size{}, fmt.Errorf("image: %w", err)
		}
		compressor.ModTime = time.Unix(0, 0) // "no time stamp is available" (RFC 1952, 2.3.1)
		raw.w, end = compressor, compressor.Close
	default:
		return Size{}, fmt.Errorf("image: unknown compression %q", codec)
	}
	if err := a.writeRecords(raw); err != nil {
		return Size{}, err
	}
	if err := end(); err != nil {
		return Size{}, fmt.Errorf("image: %w", err)
	}
	return Size{RawBytes: raw.n, Bytes: written.n}, nil
}

// writeRecords writes the entries sorted by name, so that folders come before
// what is in them.
func (a *Archive) writeRecords(w io.Writer) error {
	records := cpio.Newc.Writer(w)
	for i, name := range slices.Sorted(maps.Keys(a.entries)) {
		e := a.entries[name]
		record := cpio.Record{Info: cpio.Info{
			Name:   name,
			Ino:    uint64(i + 1),
			Mode:   e.mode,
			NLink:  1, // else the kernel looks for a hard link by inode number
			MTime:  uint64(a.epoch),
			Rmajor: e.major,
			Rminor: e.minor,
		}}
		if e.read != nil {
			data, err := e.read()
			if err != nil {
				return err
			}
			if int64(len(data)) != e.size {
				return fmt.Errorf("image: %s changed while it was read", name)
			}
			record.FileSize = uint64(e.size)
			record.ReaderAt = bytes.NewReader(data)
		}
		if err := records.WriteRecord(record); err != nil {
			return fmt.Errorf("image: write %s: %w", name, err)
		}
	}
	if err := cpio.WriteTrailer(records); err != nil {
		return fmt.Errorf("image: write trailer: %w", err)
	}
	return nil
}

// rawBytes is about the size that the unpacked contents take.
func (a *Archive) rawBytes() int64 {
	var n int64
	for _, e := range a.entries {
		n += e.size
	}
	return n
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
