package probe

import "github.com/boardprobe/boardprobe/probe/decode/superblock"

// diskContent is what was recognised in a partition, or on a disk without a
// table. Neither the UUID nor the path that it was mounted on is kept.
type diskContent struct {
	Type    string
	Label   string `json:",omitempty"`
	Version string `json:",omitempty"`
}

// contentOf recognises what is in a part of a disk.
func contentOf(size, offset int64, read func(int64, int) ([]byte, error)) *diskContent {
	c, ok := superblock.Identify(size, func(at int64, length int) []byte {
		if at < 0 || at >= size {
			return nil
		}
		data, err := read(offset+at, int(min(int64(length), size-at)))
		if err != nil {
			return nil
		}
		return data
	})
	if !ok {
		return nil
	}
	return &diskContent{Type: string(c.Type), Label: oneLine(c.Label), Version: oneLine(c.Version)}
}
