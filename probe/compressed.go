package probe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// errTooLarge is the answer to a file whose contents are larger than any that
// is known.
var errTooLarge = errors.New("larger than any firmware file that is known")

// decompress returns the contents of a file as the kernel's firmware loader
// hands them to a driver, by the suffix of its name
// (drivers/base/firmware_loader/main.c). More than limit bytes are an error.
func decompress(name string, data []byte, limit int) ([]byte, error) {
	switch {
	case strings.HasSuffix(name, ".xz"):
		return unxz(data, limit)
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(max(limit, zstd.MinWindowSize))))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return atMost(z, limit)
	case len(data) > limit:
		return nil, errTooLarge
	}
	return data, nil
}

// atMost reads to the end, which must come within limit bytes.
func atMost(r io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = errTooLarge
	}
	return data, err
}

// Parts of the .xz file format, version 1.2.1.
const (
	xzMagic      = "\xfd7zXZ\x00"
	xzHeader     = 12 // magic, flags and their checksum
	xzLZMA2      = 0x21
	xzCheckCRC32 = 1
)

// unxz reads the blocks of an .xz file with no filter but LZMA2, which is what
// the kernel reads, too (lib/xz/xz_dec_stream.c). The library that reads whole
// files allocates whatever size of a dictionary a block asks for; here none is
// larger than what may come out.
func unxz(data []byte, limit int) ([]byte, error) {
	if !strings.HasPrefix(string(data[:min(len(data), len(xzMagic))]), xzMagic) || len(data) < xzHeader {
		return nil, errors.New("xz: not an .xz file")
	}
	// Sizes of the check by its kind (2.1.1.2).
	check := data[len(xzMagic)+1]
	checkBytes := [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[check&0xf]
	in := bytes.NewReader(data[xzHeader:])
	var out []byte
	for {
		dictionary, more, err := xzBlock(in)
		if err != nil || !more {
			return out, err
		}
		start := in.Len()
		r, err := lzma.Reader2Config{DictCap: int(max(lzma.MinDictCap, min(dictionary, int64(limit))))}.NewReader2(in)
		if err != nil {
			return nil, err
		}
		block, err := atMost(r, limit-len(out))
		if err != nil {
			return nil, err
		}
		padding := (4 - (start-in.Len())%4) % 4 // a block header is a multiple of four bytes long
		tail := make([]byte, padding+checkBytes)
		if _, err := io.ReadFull(in, tail); err != nil {
			return nil, err
		}
		if check == xzCheckCRC32 && binary.LittleEndian.Uint32(tail[padding:]) != crc32.ChecksumIEEE(block) {
			return nil, errors.New("xz: checksum is wrong")
		}
		out = append(out, block...)
	}
}

// xzBlock reads a block header (3.1); more is false at the index, which ends
// the blocks.
func xzBlock(in *bytes.Reader) (dictionary int64, more bool, err error) {
	size, err := in.ReadByte()
	if err != nil || size == 0 {
		return 0, false, err
	}
	header := make([]byte, int(size)*4+3)
	if _, err := io.ReadFull(in, header); err != nil {
		return 0, false, err
	}
	flags := header[0]
	rest := bytes.NewReader(header[1 : len(header)-4])
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} { // sizes, compressed and not
		if present {
			if _, err := binary.ReadUvarint(rest); err != nil {
				return 0, false, err
			}
		}
	}
	var filter [3]byte
	if _, err := io.ReadFull(rest, filter[:]); err != nil {
		return 0, false, err
	}
	if flags&0x3f != 0 || filter[0] != xzLZMA2 || filter[1] != 1 {
		return 0, false, errors.New("xz: a filter that is not LZMA2 alone")
	}
	dictionary, err = lzma.DecodeDictCap(filter[2])
	return dictionary, true, err
}
