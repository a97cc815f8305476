package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// ErrNoFile says that the root directory has no file of that name.
var ErrNoFile = errors.New("fat: no such file in the root directory")

// maxClusters bounds a chain, which on a damaged volume may be a ring.
const maxClusters = 1 << 16

// ReadFile returns the start of a file of the root directory, at most limit
// bytes of it. Names compare as FAT compares them, without regard to case. read
// returns length bytes of the volume at an offset, or fewer at its end.
func ReadFile(read func(offset int64, length int) ([]byte, error), name string, limit int) ([]byte, error) {
	sector, err := read(0, SectorBytes)
	if err != nil {
		return nil, err
	}
	v, err := Parse(sector)
	if err != nil {
		return nil, err
	}
	directory, err := v.rootDirectory(read)
	if err != nil {
		return nil, err
	}
	first, size, ok := find(directory, name)
	if !ok {
		return nil, ErrNoFile
	}
	if size == 0 {
		return nil, nil
	}
	return v.chain(read, first, min(size, limit))
}

// rootDirectory reads the root directory, as much of it as is searched.
func (v Volume) rootDirectory(read func(int64, int) ([]byte, error)) ([]byte, error) {
	if v.Bits == 32 {
		return v.chain(read, v.rootCluster, MaxRootBytes)
	}
	return read(v.RootOffset, v.RootBytes)
}

// chain reads the clusters of a file.
func (v Volume) chain(read func(int64, int) ([]byte, error), cluster uint32, limit int) ([]byte, error) {
	var data []byte
	end := map[int]uint32{12: 0xff8, 16: 0xfff8, 32: 0x0ffffff8}[v.Bits]
	for range maxClusters {
		if cluster < 2 || cluster >= v.clusters+2 {
			return nil, fmt.Errorf("fat: cluster %d is not on the volume", cluster)
		}
		want := min(int(v.clusterBytes), limit-len(data))
		part, err := read(v.dataOffset+int64(cluster-2)*v.clusterBytes, want)
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
		if len(part) < want || len(data) >= limit {
			return data, nil
		}
		if cluster, err = v.next(read, cluster); err != nil {
			return nil, err
		}
		if cluster >= end {
			return data, nil
		}
	}
	return data, nil
}

// next reads the entry of a cluster in the first table.
func (v Volume) next(read func(int64, int) ([]byte, error), cluster uint32) (uint32, error) {
	at, length := int64(cluster)*int64(v.Bits)/8, 4
	if v.Bits < 32 {
		length = 2
	}
	entry, err := read(v.tableOffset+at, length)
	if err != nil {
		return 0, err
	}
	if len(entry) < length {
		return 0, errors.New("fat: the table ends before the volume does")
	}
	switch v.Bits {
	case 12:
		n := uint32(binary.LittleEndian.Uint16(entry))
		if cluster%2 != 0 {
			return n >> 4, nil
		}
		return n & 0xfff, nil
	case 16:
		return uint32(binary.LittleEndian.Uint16(entry)), nil
	}
	return binary.LittleEndian.Uint32(entry) & 0x0fffffff, nil // the upper four bits are reserved
}

const (
	attributeDirectory = 0x10
	clusterHigh        = 20 // in an entry
	clusterLow         = 26
	sizeField          = 28
	longUnits          = 13 // of UTF-16 in one entry of a long name
	maxLongEntries     = 20
)

// find searches a directory for a file, by its long name or its short one.
func find(directory []byte, name string) (cluster uint32, size int, ok bool) {
	long := map[int]string{} // parts of the long name in front of an entry, by their rank
	for ; len(directory) >= entryBytes && directory[0] != 0; directory = directory[entryBytes:] {
		entry := directory[:entryBytes]
		if entry[0] == 0xE5 {
			clear(long)
			continue
		}
		if entry[11] == attributeLong {
			if rank := int(entry[0] & 0x1f); rank >= 1 && rank <= maxLongEntries {
				long[rank] = longPart(entry)
			}
			continue
		}
		full := ""
		for rank := 1; long[rank] != ""; rank++ {
			full += long[rank]
		}
		clear(long)
		if entry[11]&(attributeVolume|attributeDirectory) != 0 {
			continue
		}
		short := strings.TrimRight(string(entry[:8]), " ")
		if extension := strings.TrimRight(string(entry[8:11]), " "); extension != "" {
			short += "." + extension
		}
		if full != "" && strings.EqualFold(full, name) || strings.EqualFold(short, name) {
			word := func(at int) uint32 { return uint32(binary.LittleEndian.Uint16(entry[at:])) }
			bytes := binary.LittleEndian.Uint32(entry[sizeField:])
			return word(clusterHigh)<<16 | word(clusterLow), int(min(bytes, 1<<30)), true
		}
	}
	return 0, 0, false
}

// longPart is the part of a name in an entry: 5, 6 and 2 units, ended by a NUL
// and filled with 0xFFFF.
func longPart(entry []byte) string {
	units := make([]uint16, 0, longUnits)
	for _, span := range [][2]int{{1, 11}, {14, 26}, {28, 32}} {
		for at := span[0]; at < span[1]; at += 2 {
			unit := binary.LittleEndian.Uint16(entry[at:])
			if unit == 0 || unit == 0xffff {
				return string(utf16.Decode(units))
			}
			units = append(units, unit)
		}
	}
	return string(utf16.Decode(units))
}
