// Package superblock says what a partition holds, from a few small parts of it
// and without mounting: the file system, container or boot image, with its
// label, UUID, version and size.
//
// Each format is one row of formats and one function, which cites where its
// structure is defined. Two bytes that happen to be right are not enough: fields
// around a short magic number have to make sense as well. Checksums of file
// systems are not verified, and nothing is read beyond the superblock but the
// directory entry that holds the label of a FAT or exFAT volume. What else the
// windows contain (directories, key slots, metadata of volume groups) belongs to
// the owner of the board: who calls Identify keeps none of it.
package superblock

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/boardprobe/boardprobe/probe/decode/fat"
)

// Type is what a partition holds.
type Type string

// File systems.
const (
	Ext2     Type = "ext2"
	Ext3     Type = "ext3"
	Ext4     Type = "ext4"
	FAT12    Type = "fat12"
	FAT16    Type = "fat16"
	FAT32    Type = "fat32"
	ExFAT    Type = "exfat"
	NTFS     Type = "ntfs"
	Btrfs    Type = "btrfs"
	XFS      Type = "xfs"
	F2FS     Type = "f2fs"
	SquashFS Type = "squashfs"
	EROFS    Type = "erofs"
	CramFS   Type = "cramfs"
	RomFS    Type = "romfs"
	ISO9660  Type = "iso9660"
	UBIFS    Type = "ubifs"
	JFFS2    Type = "jffs2"
)

// What holds other data, or none of a user.
const (
	Swap       Type = "swap"
	LUKS       Type = "luks"
	LVM2       Type = "lvm2" // a physical volume
	Verity     Type = "dm-verity"
	UBI        Type = "ubi"
	ZFS        Type = "zfs" // a hint: the copies of its label are not compared
	ExtJournal Type = "ext journal"
	BitLocker  Type = "bitlocker"
	VMFS       Type = "vmfs"
	MDRaid     Type = "mdraid"   // a member of an array of Linux
	IntelRaid  Type = "isw raid" // of Intel's firmware
	DDFRaid    Type = "ddf raid"
	Zeros      Type = "zeros" // in every part that was looked at, which is not all
	Ones       Type = "ones"  // 0xff in every part that was looked at, as in erased flash
)

// Boot images.
const (
	AndroidBoot       Type = "android boot"
	AndroidVendorBoot Type = "android vendor_boot"
	AndroidSparse     Type = "android sparse"
	UImage            Type = "uimage" // legacy image of U-Boot
	FIT               Type = "fit"    // flattened image tree
	DeviceTree        Type = "device tree"
	ZImage            Type = "zimage"      // of Linux on 32-bit ARM
	ImageARM64        Type = "arm64 image" // of Linux
	ImageRISCV        Type = "riscv image"
	BzImage           Type = "bzimage" // of Linux on x86
)

// Content is what a partition holds. Texts have what does not print replaced by
// '?'. Fields without a value are "", 0 and false.
type Content struct {
	Type       Type
	Label      string // volume name, name of an image
	HasLabel   bool   // false: none is set, or the format has none
	UUID       string // as blkid of util-linux writes it; the caller replaces it
	HasUUID    bool
	Version    string // of the format, or of the kernel in an image of one
	HasVersion bool
	SizeBytes  int64 // that the superblock states; at most the largest int64
	HasSize    bool

	LastMounted    string // path (ext only)
	HasLastMounted bool

	Words      []string // features and states that matter, in words
	Identities []Window // where values are that belong to this one file system: UUIDs, random seeds and salts, serial numbers
	LabelAt    Window   // where the label is; of length 0 if there is none
	Also       []Type   // further formats whose signature is there: left over, or a hybrid
}

// Window is a part of a partition, in bytes from its start.
type Window struct {
	Offset int64
	Length int
}

// The windows. The first one has all that stands near the start, with the label
// of ZFS behind 16 KiB; the next have the descriptors of ISO 9660 and the
// superblock of btrfs, each with the end of the page of 32 or 64 KiB before,
// where swap space has its signature; one has the volume of VMFS, and the last two
// have what arrays write near the end.
const (
	startLength  = 20 << 10
	beforeLength = 512
	afterLength  = 4 << 10
)

// MaxDirectoryBytes bounds the one read that Identify may make beside Windows.
const MaxDirectoryBytes = fat.MaxRootBytes

// Windows lists what Identify always reads of a partition of this size in bytes.
func Windows(size int64) []Window {
	list := []Window{
		{0, startLength},
		{32<<10 - beforeLength, beforeLength + afterLength},
		{64<<10 - beforeLength, beforeLength + afterLength},
		{vmfsAt, beforeLength},
	}
	if old, last := raidEnds(size); old > 0 {
		list = append(list, Window{old, afterLength}, Window{last, int(size - last)})
	}
	return list
}

// Identify says what a partition holds of so many bytes; false if no format fits.
// read returns the bytes at an offset, fewer or none where the partition ends or
// cannot be read. It is called once for each of Windows, and at most once more for
// the directory that holds the label of a FAT or exFAT volume.
func Identify(size int64, read func(offset int64, length int) []byte) (Content, bool) {
	v := &view{read: read, size: size}
	for _, w := range Windows(size) {
		v.parts = append(v.parts, part{w.Offset, v.bounded(w.Offset, w.Length)})
	}
	var found Content
	for _, f := range formats {
		c, ok := f(v)
		switch {
		case !ok:
		case found.Type == "":
			found = c
		default:
			found.Also = append(found.Also, c.Type)
		}
	}
	if found.Type == "" {
		return v.blank()
	}
	return found, true
}

// formats are tried in this order. What stands nearer to the start counts for
// more: tools that make a file system clear what is before it, so something that
// is still there came later.
var formats = [...]func(*view) (Content, bool){
	luks, bitlocker, mdraid, verity, squashfs, cramfs, romfs, ubi, ubifs, jffs2, xfs, exfat, ntfs, fatVolume,
	androidBoot, androidVendorBoot, androidSparse, uimage, deviceTree, arm64Image, riscvImage, zimage, bzimage,
	lvm2, ext, f2fs, erofs, swap, zfs, iso9660, btrfs, vmfs, firmwareRaid,
}

// view is what can be seen of a partition.
type view struct {
	parts []part
	size  int64
	read  func(offset int64, length int) []byte
}

type part struct {
	offset int64
	data   []byte
}

func (v *view) bounded(offset int64, length int) []byte {
	data := v.read(offset, length)
	return data[:min(len(data), length)]
}

// at returns so many bytes of a window, or nil if they are not all there.
func (v *view) at(offset int64, length int) []byte {
	for _, p := range v.parts {
		if from := offset - p.offset; from >= 0 && from+int64(length) <= int64(len(p.data)) {
			return p.data[from : from+int64(length)]
		}
	}
	return nil
}

// directory reads what is not in a window. Only a FAT or an exFAT volume has
// one, and no volume is both.
func (v *view) directory(offset int64, length int) []byte {
	return v.bounded(offset, min(length, MaxDirectoryBytes))
}

// blank tells a partition in which nothing was written where it was looked.
func (v *view) blank() (Content, bool) {
	for _, b := range [...]struct {
		fill byte
		kind Type
	}{{0x00, Zeros}, {0xff, Ones}} {
		same := len(v.parts[0].data) > 0
		for _, p := range v.parts {
			same = same && len(bytes.Trim(p.data, string([]byte{b.fill}))) == 0
		}
		if same {
			return Content{Type: b.kind}, true
		}
	}
	return Content{}, false
}

// setLabel takes a label in ASCII or UTF-8 that ends at a zero, blanks around
// it aside.
func (c *Content) setLabel(at int64, field []byte) {
	c.setText(at, len(field), text(field))
}

func (c *Content) setText(at int64, length int, label string) {
	if label != "" {
		c.Label, c.HasLabel, c.LabelAt = label, true, Window{at, length}
	}
}

func text(field []byte) string {
	field, _, _ = bytes.Cut(field, []byte{0})
	return printable(strings.ToValidUTF8(string(field), "?"))
}

// utf16le reads text that ends at a zero.
func utf16le(field []byte) string {
	var units []uint16
	for i := 0; i+1 < len(field) && (field[i] != 0 || field[i+1] != 0); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(field[i:]))
	}
	return printable(string(utf16.Decode(units)))
}

func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s))
}

// setUUID takes the 16 bytes of a UUID. Zeros are none.
func (c *Content) setUUID(at int64, b []byte) {
	if zeros(b) {
		return
	}
	c.UUID, c.HasUUID = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]), true
	c.Identities = append(c.Identities, Window{at, len(b)})
}

// identity marks bytes of a window that are not all zeros.
func (c *Content) identity(v *view, at int64, length int) {
	if b := v.at(at, length); b != nil && !zeros(b) {
		c.Identities = append(c.Identities, Window{at, length})
	}
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func (c *Content) setVersion(version string) {
	if version != "" {
		c.Version, c.HasVersion = version, true
	}
}

func (c *Content) setSize(count, unit uint64) {
	c.SizeBytes, c.HasSize = product(count, unit), true
}

// product multiplies, up to the largest int64.
func product(a, b uint64) int64 {
	if b != 0 && a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return int64(a * b)
}

func (c *Content) word(is bool, word string) {
	if is {
		c.Words = append(c.Words, word)
	}
}

// named returns a word of a list, or the number with what it counts.
func named(words []string, n int, what string) string {
	if n < len(words) && words[n] != "" {
		return words[n]
	}
	return fmt.Sprintf("%s %d", what, n)
}

func powerOfTwo(n uint64) bool { return n > 0 && n&(n-1) == 0 }
