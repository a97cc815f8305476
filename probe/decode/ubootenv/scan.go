package ubootenv

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Hit is an environment that was saved: a block whose checksum is right.
type Hit struct {
	Offset      int64 // of the block, on the medium
	SizeBytes   int   // of the block with its header, CONFIG_ENV_SIZE
	Redundant   bool  // the header has a byte of flags, so there are two copies
	Flags       byte  // of a redundant copy; the higher one counts, see Current
	BigEndian   bool  // the checksum is of a big-endian machine
	Environment Environment
}

// The header is a CRC-32 of all that follows it and, with redundant copies, a
// byte of flags that the checksum leaves out (U-Boot, include/env_internal.h).
const (
	singleHeader    = 4
	redundantHeader = 5
)

// Bounds of the search. Environments are kept at multiples of a sector, on flash of
// 256 bytes, a page of NOR; their
// sizes are multiples of smallSteps up to smallBytes, and of a sector beyond
// (the 1599 configurations of U-Boot 2026.10 keep to that, and to 1 MiB).
const (
	sectorBytes = 512
	pageBytes   = 256
	smallSteps  = 0x80
	smallBytes  = 0x1000
	maxBytes    = 1 << 20
	maxHits     = 16
	maxWork     = 256 << 20 // bytes that are looked at closely
)

// Scan finds environments in a part of a medium that begins at base, without
// knowing where they are and how large. They come in their order on the medium.
// Damaged ones are not found, nor are those of which a part is outside of data.
// It is not complete if there are more than 16, or if so much looks like one that
// the search was given up.
func Scan(data []byte, base int64) (hits []Hit, complete bool) {
	work := 0
	for at := 0; at+redundantHeader < len(data); at += pageBytes {
		for _, header := range [...]int{singleHeader, redundantHeader} {
			body := data[at+header : min(len(data), at+maxBytes)]
			if _, ok := plausibleName(body); !ok && !mayBeEmpty(data[at:], header) {
				continue
			}
			if len(hits) == maxHits || work > maxWork {
				return hits, false
			}
			text, ok := measure(body, true)
			work += text
			if !ok {
				continue
			}
			work += len(body)
			size, big, ok := checkedSize(data[at:], header, text)
			if !ok {
				continue
			}
			h := Hit{Offset: base + int64(at), SizeBytes: size, BigEndian: big, Environment: newEnvironment(body[:text])}
			if header == redundantHeader {
				h.Redundant, h.Flags = true, data[at+singleHeader]
			}
			hits = append(hits, h)
			at += (size - 1) / pageBytes * pageBytes // the loop adds the last page
			break
		}
	}
	return hits, true
}

// mayBeEmpty reports whether a block can be an environment without variables, as
// mkenvimage makes of an empty list: a checksum, and nothing but one filler behind it.
func mayBeEmpty(block []byte, header int) bool {
	if len(block) < sectorBytes || binary.LittleEndian.Uint32(block) == 0 || binary.LittleEndian.Uint32(block) == 0xffffffff || block[header] != 0 {
		return false
	}
	rest := block[header+2 : sectorBytes]
	return (rest[0] == 0 || rest[0] == 0xff) && len(bytes.Trim(rest, string(rest[:1]))) == 0
}

// checkedSize extends a checksum step by step over the block and returns the
// size for which it is right. The block holds at least the text.
func checkedSize(block []byte, header, text int) (size int, big, ok bool) {
	little, bigEndian := binary.LittleEndian.Uint32(block), binary.BigEndian.Uint32(block)
	var sum uint32
	for done, end := header, smallSteps; end <= min(len(block), maxBytes); {
		if end > done {
			sum = crc32.Update(sum, crc32.IEEETable, block[done:end])
			done = end
		}
		if end >= header+text && (sum == little || sum == bigEndian) {
			return end, sum != little, true
		}
		if end < smallBytes {
			end += smallSteps
		} else {
			end += sectorBytes
		}
	}
	return 0, false, false
}

// Current removes of redundant copies of one size the ones that U-Boot does not
// use. Copies must be in the order of U-Boot's configuration, which is mostly
// that on the medium. The rule is that of env/common.c env_check_redund: the
// higher flags count, but 0 comes after 255; with equal ones the first. It holds
// for NOR flash as well, where the flags are 1 for active and 0 for obsolete.
func Current(hits []Hit) []Hit {
	var used []Hit
next:
	for _, h := range hits {
		for i, u := range used {
			if h.Redundant && u.Redundant && h.SizeBytes == u.SizeBytes {
				if newer(h.Flags, u.Flags) {
					used[i] = h
				}
				continue next
			}
		}
		used = append(used, h)
	}
	return used
}

func newer(flags, than byte) bool {
	switch {
	case flags == 0 && than == 255:
		return true
	case flags == 255 && than == 0:
		return false
	}
	return flags > than
}
