package superblock

import (
	"encoding/binary"
	"testing"
)

// TestElsewhere finds what is not where file systems are: arrays near the end, VMFS
// behind the first MiB.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	const size = 2<<20 + 512 // that ends in the middle of a page
	old, last := raidEnds(size)
	put := func(at int64, words ...uint32) []byte {
		data := make([]byte, size)
		for i, w := range words {
			binary.LittleEndian.PutUint32(data[at+int64(4*i):], w)
		}
		return data
	}
	locked := make([]byte, size)
	copy(locked[3:], "-FVE-FS-")
	locked[510], locked[511] = 0x55, 0xaa
	intel := make([]byte, size)
	copy(intel[size-1024:], "Intel Raid ISM Cfg Sig. 1.3.00")
	ddf := make([]byte, size)
	binary.BigEndian.PutUint32(ddf[size-512:], 0xde11de11)
	for name, c := range map[string]struct {
		data    []byte
		want    Type
		version string
	}{
		"0.90":               {put(old, 0xa92b4efc, 0, 90), MDRaid, "0.90"},
		"1.0":                {put(last, 0xa92b4efc, 1), MDRaid, "1.0"},
		"1.1":                {put(0, 0xa92b4efc, 1), MDRaid, "1.1"},
		"1.2":                {put(4<<10, 0xa92b4efc, 1), MDRaid, "1.2"},
		"of another version": {put(4<<10, 0xa92b4efc, 7), "", ""},
		"VMFS":               {put(vmfsAt, 0xc001d00d, 6), VMFS, "6"},
		"VMFS of no version": {put(vmfsAt, 0xc001d00d, 0), "", ""},
		"BitLocker":          {locked, BitLocker, ""},
		"Intel":              {intel, IntelRaid, ""},
		"DDF":                {ddf, DDFRaid, ""},
	} {
		if got, ok := identify(c.data); ok != (c.want != "") || got.Type != c.want || got.Version != c.version {
			t.Errorf("%s: %+v, %v; want %s %s", name, got, ok, c.want, c.version)
		}
	}
}
