package nvme

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Where Identify Namespace holds what belongs to one unit; the serial number is
// part of the GUID on many.
const (
	NamespaceGUIDOffset   = 104
	NamespaceGUIDBytes    = 16
	NamespaceEUI64Offset  = 120
	NamespaceEUI64Bytes   = 8
	NamespaceVendorOffset = 384
	NamespaceVendorBytes  = IdentifyBytes - NamespaceVendorOffset
)

// ErrInactive says that the namespace is not attached to this controller, which
// is answered with zeros.
var ErrInactive = errors.New("nvme namespace: not active")

// Namespace is what Identify Namespace (CNS 00h) says.
type Namespace struct {
	Blocks          uint64 // NSZE
	AllocatedBlocks uint64 // NUSE, in use by data
	Formats         []Format
	InUse           Format // of Formats, the one the namespace is formatted with
	SizeBytes       int64  // without metadata; at most the largest int64
	HasInUse        bool   // false: the namespace names a format that does not exist, so its size is not known either
}

// Format is a format of logical blocks that the namespace supports.
type Format struct {
	Index         int
	DataBytes     int64
	MetadataBytes int
	Performance   string // "best", "better", "good" or "degraded", relative to the other formats
}

// maxFormats is the length of the list of formats; the upper 48 came with
// version 2.0 and hold zeros before.
const maxFormats = 64

// ParseNamespace reads an answer to Identify Namespace. The error is ErrInactive
// for one that is not there.
func ParseNamespace(data []byte) (Namespace, error) {
	if len(data) != IdentifyBytes {
		return Namespace{}, fmt.Errorf("nvme namespace: %d bytes, want %d", len(data), IdentifyBytes)
	}
	if blank(data) {
		return Namespace{}, ErrInactive
	}
	const nsze, nuse, nlbaf, flbas, nulbaf, lbaf = 0, 16, 25, 26, 82, 128
	n := Namespace{
		Blocks:          binary.LittleEndian.Uint64(data[nsze:]),
		AllocatedBlocks: binary.LittleEndian.Uint64(data[nuse:]),
	}
	// Formats of this namespace alone follow those that all have, which are
	// counted from 0.
	formats := min(int(data[nlbaf])+1+int(data[nulbaf]), maxFormats)
	inUse := int(data[flbas] & 0xf)
	if formats > 16 { // with fewer, the upper bits mean nothing
		inUse |= int(data[flbas]>>5&3) << 4
	}
	for i := range formats {
		entry := data[lbaf+4*i:][:4]
		shift := entry[2]
		if shift < 9 || shift > 31 {
			continue // not available, or larger than anything there is
		}
		f := Format{
			Index:         i,
			DataBytes:     1 << shift,
			MetadataBytes: int(binary.LittleEndian.Uint16(entry)),
			Performance:   [...]string{"best", "better", "good", "degraded"}[entry[3]&3],
		}
		n.Formats = append(n.Formats, f)
		if i == inUse {
			n.InUse, n.HasInUse = f, true
			n.SizeBytes = math.MaxInt64
			if n.Blocks <= math.MaxInt64>>shift {
				n.SizeBytes = int64(n.Blocks << shift)
			}
		}
	}
	return n, nil
}
