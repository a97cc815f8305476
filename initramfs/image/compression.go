package image

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// maxDictionary bounds the memory that a compressed file may ask for: twice
// what xz -9 and half of what zstd --ultra --long=28 use.
const maxDictionary = 128 << 20

// decompress recognises compressed data by its content; other data is passed
// through. The reader is to be closed.
func decompress(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	head, err := buffered.Peek(xzHeadBytes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")): // RFC 1952
		return gzip.NewReader(buffered)
	case bytes.HasPrefix(head, []byte("BZh")):
		return io.NopCloser(bzip2.NewReader(buffered)), nil
	case bytes.HasPrefix(head, []byte(xzMagic)):
		if err := checkXZ(head); err != nil {
			return nil, err
		}
		x, err := xz.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(x), nil
	case isZstd(head):
		z, err := zstd.NewReader(buffered,
			zstd.WithDecoderConcurrency(1), // a module is small, many are read at once
			zstd.WithDecoderMaxWindow(maxDictionary),
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(buffered), nil
}

// isZstd knows frames and skippable frames (RFC 8878, 3.1).
func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(head)
	return magic == 0xFD2FB528 || magic&0xFFFFFFF0 == 0x184D2A50
}

// Where the .xz file format, version 1.2.1, puts the first block header, and
// how much of it is needed here.
const (
	xzMagic      = "\xfd7zXZ\x00"
	xzBlockStart = 12
	xzHeadBytes  = xzBlockStart + 64
	xzLZMA2      = 0x21
)

// checkXZ refuses a first block whose dictionary is too large, since the
// decoder allocates what is asked for. Encoders use one size for all blocks.
func checkXZ(head []byte) error {
	if len(head) < xzBlockStart+2 || head[xzBlockStart] == 0 { // 0: no block
		return nil
	}
	flags, rest := head[xzBlockStart+1], head[xzBlockStart+2:]
	number := func() uint64 {
		n, size := binary.Uvarint(rest)
		rest = rest[max(size, 0):]
		return n
	}
	if flags&0x40 != 0 {
		number() // compressed size
	}
	if flags&0x80 != 0 {
		number() // uncompressed size
	}
	for range flags&3 + 1 {
		id, size := number(), number()
		if size > uint64(len(rest)) {
			return errors.New("xz: block header is cut off")
		}
		if id == xzLZMA2 && size == 1 {
			dictionary, err := lzma.DecodeDictCap(rest[0])
			if err != nil || dictionary > maxDictionary {
				return fmt.Errorf("xz: dictionary of %d bytes, at most %d are allowed", dictionary, maxDictionary)
			}
		}
		rest = rest[size:]
	}
	return nil
}

// decompressAll returns at most limit decompressed bytes; more is an error.
func decompressAll(r io.Reader, limit int64) ([]byte, error) {
	d, err := decompress(r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	data, err := io.ReadAll(io.LimitReader(d, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d MiB", limit>>20)
	}
	return data, nil
}
