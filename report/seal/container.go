package seal

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// The file is gzip (RFC 1952) with one fixed header: deflate, an extra field,
// no time, slowest compression, no system. The extra field (RFC 1952 section
// 2.3.1.1) is BP and holds the SHA-256 of everything after it: the compressed
// data, in which one content has many forms, and the trailer.
const (
	gzipStart      = "\x1f\x8b\x08\x04\x00\x00\x00\x00\x02\xff" + "\x24\x00" + "BP\x20\x00"
	gzipHeadBytes  = len(gzipStart) + sha256.Size
	gzipTrailBytes = 8
)

func compress(tarball []byte) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(gzipStart)
	b.Write(make([]byte, sha256.Size))
	// The best compression costs three times as long for one part in a hundred.
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	if _, err := w.Write(tarball); err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	out := binary.LittleEndian.AppendUint32(b.Bytes(), crc32.ChecksumIEEE(tarball))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(tarball)))
	sealContainer(out)
	return out, nil
}

// sealContainer writes the digest of what follows the header into it.
func sealContainer(packed []byte) {
	sum := sha256.Sum256(packed[gzipHeadBytes:])
	copy(packed[len(gzipStart):], sum[:])
}

// readContainer returns the members of a package file, as far as they can be
// read within bounds, and every way in which the file is not as Pack writes
// it, the most telling first.
func readContainer(data []byte) (members []Member, faults []string) {
	if len(data) > MaxPackedBytes {
		return nil, []string{fmt.Sprintf("the file has %d bytes, at most %d are read", len(data), MaxPackedBytes)}
	}
	tarball, faults := expand(data)
	members, tarFaults := decodeTar(tarball)
	return members, append(faults, tarFaults...)
}

func expand(data []byte) (tarball []byte, faults []string) {
	if len(data) < gzipHeadBytes+gzipTrailBytes {
		return nil, []string{fmt.Sprintf("the file has %d bytes: too short for a package", len(data))}
	}
	ours := string(data[:len(gzipStart)]) == gzipStart
	sum := sha256.Sum256(data[gzipHeadBytes:])
	switch {
	case !bytes.HasPrefix(data, []byte(gzipStart[:2])):
		faults = append(faults, "the file does not begin as gzip does")
	case !ours:
		faults = append(faults, "the gzip header is not the one that boardprobe writes: changed, or packed again")
	case !bytes.Equal(sum[:], data[len(gzipStart):gzipHeadBytes]):
		faults = append(faults, "the file was changed or cut after packing: its digest differs from the one in its header")
	}
	r := bytes.NewReader(data[gzipHeadBytes:])
	tarball, err := readBounded(flate.NewReader(r))
	if !ours && !bytes.HasPrefix(tarball, []byte(ReportName)) {
		// Perhaps another program packed it: then at least its members can
		// be looked at.
		return foreign(data), faults
	}
	if err != nil {
		return tarball, append(faults, "the compressed data: "+err.Error())
	}
	if r.Len() != gzipTrailBytes {
		return tarball, append(faults, fmt.Sprintf("%d bytes follow the compressed data, want %d", r.Len(), gzipTrailBytes))
	}
	trailer := data[len(data)-gzipTrailBytes:]
	if binary.LittleEndian.Uint32(trailer) != crc32.ChecksumIEEE(tarball) || binary.LittleEndian.Uint32(trailer[4:]) != uint32(len(tarball)) {
		faults = append(faults, "the trailer of the gzip file does not belong to its data")
	}
	return tarball, faults
}

// foreign expands a gzip file that is not ours, or returns nothing.
func foreign(data []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	z.Multistream(false)
	tarball, _ := readBounded(z) // what can be read of it; the file was refused already
	return tarball
}

func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxExpandedBytes+1))
	if len(data) > MaxExpandedBytes {
		return nil, fmt.Errorf("expands to more than %d bytes", MaxExpandedBytes)
	}
	return data, err
}
