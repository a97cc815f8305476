package superblock

import "encoding/binary"

// ext reads the superblock of ext2, ext3 and ext4, which is 1 KiB long behind
// the first KiB (struct ext4_super_block in the kernel's fs/ext4/ext4.h).
func ext(v *view) (Content, bool) {
	const (
		start, length                               = 1024, 1024
		blocksLow, logBlock, perGroup               = 0x04, 0x18, 0x20
		magic, state, revision                      = 0x38, 0x3A, 0x4C
		compat, incompat, readOnly                  = 0x5C, 0x60, 0x64
		uuid, name, nameBytes, mounted, mountedSize = 0x68, 0x78, 16, 0x88, 64
		journalUUID, hashSeed, blocksHigh           = 0xD0, 0xEC, 0x150
		salt, checksumSeed                          = 0x254, 0x270

		maxLogBlock = 6 // 64 KiB
		valid       = 1 // bits of state
		errors      = 2
	)
	s := v.at(start, length)
	if s == nil || binary.LittleEndian.Uint16(s[magic:]) != 0xEF53 {
		return Content{}, false
	}
	long := func(at int) uint32 { return binary.LittleEndian.Uint32(s[at:]) }
	blocks, have := uint64(long(blocksLow)), features{long(compat), long(incompat), long(readOnly)}
	if long(logBlock) > maxLogBlock || long(revision) > 1 || blocks == 0 || long(perGroup) == 0 && have.incompat&incompatJournalDevice == 0 {
		return Content{}, false
	}
	if long(revision) == 0 {
		have = features{} // the fields came with revision 1
	}
	c := Content{Type: have.kind()}
	if have.incompat&incompat64Bit != 0 {
		blocks |= uint64(long(blocksHigh)) << 32
	}
	c.setSize(blocks, 1024<<long(logBlock))
	c.setUUID(start+uuid, s[uuid:][:16])
	c.setLabel(start+name, s[name:][:nameBytes])
	c.LastMounted = text(s[mounted:][:mountedSize])
	c.HasLastMounted = c.LastMounted != ""
	for _, at := range [...]int64{journalUUID, hashSeed, salt} {
		c.identity(v, start+at, 16)
	}
	c.identity(v, start+checksumSeed, 4)
	for _, f := range featureWords {
		c.word(have.compat&f.compat != 0 || have.incompat&f.incompat != 0 || have.readOnly&f.readOnly != 0, f.word)
	}
	now := binary.LittleEndian.Uint16(s[state:])
	c.word(now&valid == 0 && c.Type != ExtJournal, "not unmounted cleanly")
	c.word(now&errors != 0, "errors were found")
	return c, true
}

// features are three sets of bits: those that do not matter to who does not know
// them, those that keep him out, and those that keep him from writing.
type features struct{ compat, incompat, readOnly uint32 }

const (
	compatJournal         = 0x0004
	incompatJournalDevice = 0x0008
	incompat64Bit         = 0x0080

	// What ext3 knew (EXT3_FEATURE_INCOMPAT_SUPP and EXT3_FEATURE_RO_COMPAT_SUPP).
	ext3Incompat = 0x0002 | 0x0004 | 0x0010
	ext3ReadOnly = 0x0001 | 0x0002 | 0x0004
)

// kind tells by the features which of the three it is: ext4 has what ext3 did
// not know, ext3 has a journal.
func (f features) kind() Type {
	switch {
	case f.incompat&incompatJournalDevice != 0:
		return ExtJournal
	case f.incompat&^ext3Incompat != 0 || f.readOnly&^ext3ReadOnly != 0:
		return Ext4
	case f.compat&compatJournal != 0:
		return Ext3
	}
	return Ext2
}

// featureWords are those that decide whether a kernel or boot loader can read a
// file system, or that say in what state it is.
var featureWords = [...]struct {
	features
	word string
}{
	{features{compat: compatJournal}, "journal"},
	{features{incompat: 0x0040}, "extents"},
	{features{incompat: incompat64Bit}, "64bit"},
	{features{incompat: 0x8000}, "inline data"},
	{features{readOnly: 0x0200}, "bigalloc"},
	{features{readOnly: 0x0400}, "metadata checksums"},
	{features{incompat: 0x10000}, "encryption"},
	{features{incompat: 0x20000}, "casefold"},
	{features{readOnly: 0x8000}, "verity"},
	{features{compat: 0x1000}, "orphan file"},
	{features{incompat: 0x0004}, "journal to be replayed"},
}
