package superblock

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// TestRefused changes one field of a recording, so that it is not what its magic
// number says.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		at     int
		bytes  string
		reason string
	}{
		{"btrfs", 65536 + 64, "_BHRfS_N", "magic"},
		{"xfs", 4, "\x00\x00\x10\x01", "block that is no power of two"},
		{"xfs", 4, "\x00\x00\x01\x00", "block of 256"},
		{"xfs", 102, "\x00\x00", "sector of 0"},
		{"f2fs", 1024 + 16, "\x20", "block of 4 GiB"},
		{"squashfs", 22, "\x10\x00", "two sizes of a block"},
		{"squashfs", 28, "\x05\x00", "version 5"},
		{"squashfs", 28, "\x00\x00", "version 0"},
		{"erofs", 1024 + 12, "\x40", "block too large"},
		{"cramfs", 16, "compressed", "signature"},
		{"cramfs", 0, "\x00\x00\x00\x00", "magic"},
		{"romfs", 0, "-rom2fs-", "magic"},
		{"iso9660", 32768, "\x00", "type of the descriptor"},
		{"iso9660", 32769, "CD002", "identifier"},
		{"exfat", 108, "\x08", "sector of 256"},
		{"exfat", 109, "\x11", "cluster too large"},
		{"exfat", 510, "\x00", "signature"},
		{"exfat", 13, "\x01", "field of FAT"},
		{"ntfs", 11, "\x00\x03", "sector of 768"},
		{"luks1", 7, "\x03", "version 3"},
		{"lvm2", 512 + 8, "\x02", "sector"},
		{"lvm2", 512 + 20, "\x00\x02", "header outside the sector"},
		{"lvm2", 512 + 24, "LVM1", "kind"},
		{"ubi", 0, "UBI!", "magic"},
		{"ubifs", 20, "\x07", "node"},
		{"jffs2", 2, "\x05\x20", "node"},
		{"jffs2", 4, "\x0b\x00", "length"},
		{"jffs2", 8, "\x00", "checksum"},
		{"jffs2-big", 0, "\x19\x84", "magic"},
		{"android-boot-2", 0, "ANDROID?", "magic"},
		{"android-sparse", 4, "\x02", "version 2"},
		{"fit", 20, "\x00\x00\x00\x0f", "version 15"},
		{"zimage", 0x2c, "\x00\x00\x00\x00", "end before start"},
		{"bzimage", 0x202, "HdrT", "magic"},
		{"image-arm64", 56, "ARM\x65", "magic"},
	} {
		data := recorded(t, c.name)
		copy(data[c.at:], c.bytes)
		if got, ok := identify(data); ok {
			t.Errorf("Identify(%s with another %s) = %+v; want nothing", c.name, c.reason, got)
		}
	}
}

func TestRefusedMade(t *testing.T) {
	t.Parallel()
	ext := made(t, 8<<20, "mke2fs", "-q", "-F", "-t", "ext4", "-U", someUUID)[:72<<10]
	swap := made(t, 1<<20, "mkswap", "-U", someUUID)[:72<<10]
	fat := made(t, 1<<20, "mkfs.fat", "-F", "12")[:72<<10]
	for _, c := range []struct {
		data   []byte
		at     int
		bytes  string
		reason string
	}{
		{ext, 1024 + 0x18, "\x07", "block of 128 KiB"},
		{ext, 1024 + 0x4C, "\x02", "revision 2"},
		{ext, 1024 + 0x04, "\x00\x00\x00\x00", "no blocks"},
		{ext, 1024 + 0x20, "\x00\x00\x00\x00", "no blocks in a group"},
		{swap, 1024, "\x02", "version 2"},
		{swap, 4096 - 1, "3", "signature"},
		{fat, 11, "\x01", "sector"},
	} {
		data := bytes.Clone(c.data)
		copy(data[c.at:], c.bytes)
		if got, ok := identify(data); ok {
			t.Errorf("Identify(%s) = %+v; want nothing", c.reason, got)
		}
	}
}

// TestVariants changes a recording into another one of its format.
func TestVariants(t *testing.T) {
	t.Parallel()
	type edit map[int]string
	for name, c := range map[string]struct {
		from  string
		edits edit
		ok    func(Content) bool
	}{
		"btrfs of a kind": {"btrfs", edit{65536 + 136: "\x03", 65536 + 188: "\x9c\x30"}, func(c Content) bool {
			return slices.Equal(c.Words, []string{"3 devices", "lzo", "zstd", "mixed groups", "raid56", "zoned", "extent tree v2"})
		}},
		"btrfs, huge chunks": {"btrfs", edit{65536 + 160: "\xff\xff\xff\xff"}, func(c Content) bool { return slices.Contains(c.Identities, Window{65536 + 811, 2048}) }},
		"btrfs, huge":        {"btrfs", edit{65536 + 112: "\xff\xff\xff\xff\xff\xff\xff\xff"}, func(c Content) bool { return c.SizeBytes == 1<<63-1 && c.HasSize }},
		"xfs 4":              {"xfs", edit{100: "\x00\x04", 248: "\x01"}, func(c Content) bool { return c.Version == "4" && len(c.Identities) == 1 }},
		"xfs with second id": {"xfs", edit{248: "\x01"}, func(c Content) bool { return slices.Contains(c.Identities, Window{248, 16}) }},
		"xfs, huge":          {"xfs", edit{8: "\xff"}, func(c Content) bool { return c.SizeBytes == 1<<63-1 }},
		"f2fs of a kind": {"f2fs", edit{1024 + 2180: "\x02\x7c", 1024 + 2185: "salt"}, func(c Content) bool {
			return strings.Join(c.Words, ", ") == "zoned, verity, superblock checksum, casefold, compression, read-only" && slices.Contains(c.Identities, Window{1024 + 2185, 16})
		}},
		"f2fs, label":     {"f2fs", edit{1024 + 124: "\xe4\x00\x01\x00\x20\x00\x00\x00"}, func(c Content) bool { return c.Label == "ä?" }},
		"squashfs 3":      {"squashfs", edit{28: "\x03\x00\x01\x00"}, func(c Content) bool { return c.Version == "3.1" && !c.HasSize && c.Words == nil }},
		"squashfs 3, big": {"squashfs", edit{0: "sqsh", 28: "\x00\x03\x00\x01"}, func(c Content) bool { return c.Version == "3.1" && !c.HasSize }},
		"squashfs, new":   {"squashfs", edit{20: "\x09\x00"}, func(c Content) bool { return slices.Equal(c.Words, []string{"compression 9"}) }},
		"erofs, label":    {"erofs", edit{1024 + 64: "sixteen letters!"}, func(c Content) bool { return c.Label == "sixteen letters!" && c.LabelAt == Window{1024 + 64, 16} }},
		"cramfs 1":        {"cramfs", edit{8: "\x00"}, func(c Content) bool { return c.Version == "1" }},
		"cramfs, shifted": {"cramfs", edit{512: string(recorded(t, "cramfs")[:64]), 0: strings.Repeat("\x01", 64)}, func(c Content) bool { return c.Type == CramFS && c.LabelAt.Offset == 512+48 }},
		"iso, bootable":   {"iso9660", edit{34 << 10: "\x00CD001\x01EL TORITO SPECIFICATION"}, func(c Content) bool { return slices.Equal(c.Words, []string{"bootable (El Torito)"}) }},
		"exfat, no label": {"exfat", edit{0x203000: "\x03"}, func(c Content) bool { return !c.HasLabel && c.HasUUID }},
		"exfat, label later": {"exfat", edit{0x203000: "\x81", 0x203020: "\x83\xffL\x00\x00\x00"}, func(c Content) bool {
			return c.Label == "L" && c.LabelAt == Window{0x203020 + 2, 22}
		}},
		"exfat, empty root": {"exfat", edit{0x203000: "\x00"}, func(c Content) bool { return !c.HasLabel }},
		"exfat, root 0":     {"exfat", edit{96: "\x00"}, func(c Content) bool { return !c.HasLabel && c.Type == ExFAT }},
		"exfat, root far":   {"exfat", edit{96: "\xff\xff\xff\xff"}, func(c Content) bool { return !c.HasLabel && c.Type == ExFAT }},
		"exfat, no serial":  {"exfat", edit{100: "\x00\x00\x00\x00"}, func(c Content) bool { return !c.HasUUID && c.Identities == nil }},
		"ntfs, no serial":   {"ntfs", edit{72: "\x00\x00\x00\x00\x00\x00\x00\x00"}, func(c Content) bool { return !c.HasUUID && c.Identities == nil }},
		"luks, no id":       {"luks2", edit{168: "\x00"}, func(c Content) bool { return !c.HasUUID && c.Type == LUKS }},
		"lvm2, no id":       {"lvm2", edit{544: "\x00"}, func(c Content) bool { return !c.HasUUID && c.Type == LVM2 }},
		"lvm2, sector 3":    {"lvm2", edit{512: "\x00", 1536: strings.Replace(string(recorded(t, "lvm2")[512:1024]), "\x01", "\x03", 1)}, func(c Content) bool { return c.HasUUID && c.Identities[0].Offset == 1568 }},
		"verity, no id":     {"verity", edit{16: strings.Repeat("\x00", 16)}, func(c Content) bool { return !c.HasUUID && c.Identities == nil }},
		"ubifs, new":        {"ubifs", edit{84: "\x05"}, func(c Content) bool { return slices.Equal(c.Words, []string{"compression 5"}) }},
		"android 0":         {"android-boot-2", edit{40: "\x00\x50\x01\x00", 44: "\x00\x00\x00\x00"}, func(c Content) bool { return c.Version == "0" && c.Words == nil && c.Label == "myboard" }},
		"android 4":         {"android-boot-3", edit{40: "\x04"}, func(c Content) bool { return c.Version == "4" && len(c.Words) == 2 && !c.HasLabel }},
		"uimage, odd": {"uimage", edit{28: "\x63\x04\x63\x63"}, func(c Content) bool {
			return strings.Join(c.Words, ", ") == "system 99, architecture 4, type 99, compression 99, header checksum wrong"
		}},
		"uimage, name":     {"uimage", edit{32: "a\x1b[0m\xff"}, func(c Content) bool { return strings.HasPrefix(c.Label, "a?[0m?") }},
		"images":           {"devicetree", edit{104: "images"}, func(c Content) bool { return c.Type == FIT }},
		"configurations":   {"devicetree", edit{104: "configurations\x00"}, func(c Content) bool { return c.Type == FIT }},
		"tree cut off":     {"fit", edit{8: "\x00\x00\x4f\xff"}, func(c Content) bool { return c.Type == DeviceTree }},
		"tree far":         {"fit", edit{8: "\xff\xff\xff\xff"}, func(c Content) bool { return c.Type == DeviceTree }},
		"tree, long value": {"fit", edit{56 + 12: "\xff\xff\xff\xff"}, func(c Content) bool { return c.Type == DeviceTree }},
		"tree, no node":    {"fit", edit{56: "\x00\x00\x00\x09"}, func(c Content) bool { return c.Type == DeviceTree }},
		"tree, nothings":   {"fit", edit{56: strings.Repeat("\x00\x00\x00\x04", 5120-14)}, func(c Content) bool { return c.Type == DeviceTree }},
		"arm64, big":       {"image-arm64", edit{24: "\x05"}, func(c Content) bool { return slices.Equal(c.Words, []string{"big-endian", "pages of 16 KiB"}) }},
		"arm64, old":       {"image-arm64", edit{24: "\x00"}, func(c Content) bool { return c.Words == nil }},
		"riscv": {"image-arm64", edit{24: "\x01", 32: "\x02\x00\x00\x00", 48: "RISCV\x00\x00\x00RSC\x05"}, func(c Content) bool {
			return c.Type == ImageRISCV && slices.Equal(c.Words, []string{"header 0.2", "big-endian"})
		}},
		"zimage, big": {"zimage", edit{0x24: "\x01\x6f\x28\x18\x00\x00\x00\x10\x00\x00\x00\x40"}, func(c Content) bool {
			return c.Type == ZImage && c.SizeBytes == 0x30 && slices.Equal(c.Words, []string{"big-endian"})
		}},
		"bzimage, no text":  {"bzimage", edit{0x20e: "\x00\x00"}, func(c Content) bool { return !c.HasVersion }},
		"bzimage, text far": {"bzimage", edit{0x20e: "\xff\xff"}, func(c Content) bool { return !c.HasVersion && c.Type == BzImage }},
		"bzimage, old":      {"bzimage", edit{0x1f1: "\x00"}, func(c Content) bool { return c.SizeBytes == 8221184-35*512 }},
	} {
		data := recorded(t, c.from)
		for at, with := range c.edits {
			copy(data[at:], with)
		}
		if got, ok := identify(data); !ok || !c.ok(got) {
			t.Errorf("Identify(%s) = %+v, %v; want otherwise", name, got, ok)
		}
	}
}

// TestZFS makes the start of a label by the description: no tool of Debian main
// makes one.
func TestZFS(t *testing.T) {
	t.Parallel()
	data := make([]byte, 72<<10)
	copy(data[16<<10:], "\x01\x01\x00\x00"+"\x00\x00\x00\x00\x00\x00\x00\x01"+"\x00\x00\x00\x24\x00\x00\x00\x20"+"\x00\x00\x00\x07version\x00"+"\x00\x00\x00\x08\x00\x00\x00\x01"+"\x00\x00\x00\x00\x00\x00\x13\x88")
	if got, ok := identify(data); !ok || got.Type != ZFS || got.Version != "5000" {
		t.Errorf("Identify = %+v, %v; want zfs 5000", got, ok)
	}
	data[16<<10+32+3] = 9 // a text
	if got, ok := identify(data); !ok || got.Type != ZFS || got.HasVersion {
		t.Errorf("Identify = %+v, %v; want zfs of no version", got, ok)
	}
	data[16<<10] = 0
	if got, ok := identify(data); ok {
		t.Errorf("Identify = %+v; want nothing", got)
	}
}

// TestSwapVariants changes the header that mkswap makes.
func TestSwapVariants(t *testing.T) {
	t.Parallel()
	header := func(signature string) []byte {
		data := make([]byte, 72<<10)
		binary.LittleEndian.PutUint32(data[1024:], 1)
		binary.LittleEndian.PutUint32(data[1028:], 255)
		copy(data[4096-10:], signature)
		return data
	}
	big := header("SWAPSPACE2")
	binary.BigEndian.PutUint32(big[1024:], 1)
	binary.BigEndian.PutUint32(big[1028:], 255)
	for name, c := range map[string]struct {
		data    []byte
		version string
		words   string
	}{
		"new":        {header("SWAPSPACE2"), "1", ""},
		"big-endian": {big, "1", ""},
		"old":        {header("SWAP-SPACE"), "0", ""},
		"suspended":  {header("S1SUSPEND\x00"), "1", "holds a hibernated system"},
	} {
		got, ok := identify(c.data)
		if !ok || got.Type != Swap || got.Version != c.version || strings.Join(got.Words, " ") != c.words || got.HasSize != (c.version == "1") || got.HasSize && got.SizeBytes != 1<<20 {
			t.Errorf("Identify(%s) = %+v, %v; want swap %s, %q", name, got, ok, c.version, c.words)
		}
	}
}

// TestFATLabels has a label in the boot sector that the root directory does not
// confirm.
func TestFATLabels(t *testing.T) {
	t.Parallel()
	data := made(t, 1<<20, "mkfs.fat", "-F", "12", "-n", "FIRST", "-i", "00000000")
	got, _ := identify(data)
	if got.Label != "FIRST" || got.HasUUID {
		t.Fatalf("Identify = %+v; want the label FIRST and no serial number", got)
	}
	root := got.LabelAt.Offset
	copy(data[root:], "CHANGED\xe9   ")
	if got, _ := identify(data); got.Label != "CHANGED?" || got.LabelAt != (Window{root, 11}) {
		t.Errorf("Identify(changed) = %q at %v; want CHANGED?", got.Label, got.LabelAt)
	}
	copy(data[root:], "           ")
	if got, _ := identify(data); got.HasLabel || got.LabelAt != (Window{}) {
		t.Errorf("Identify(removed) = %q at %v; want none", got.Label, got.LabelAt)
	}
	data[root] = 0
	if got, _ := identify(data); got.HasLabel || got.LabelAt != (Window{}) {
		t.Errorf("Identify(no entry) = %q at %v; want none: that of the boot sector is stale", got.Label, got.LabelAt)
	}
	if got, ok := identify(data[:1024]); !ok || got.Label != "FIRST" {
		t.Errorf("Identify(no directory) = %+v, %v; want that of the boot sector", got, ok)
	}
	data[38] = 0 // no extended block
	if got, ok := identify(data); !ok || got.HasLabel || got.HasUUID {
		t.Errorf("Identify(no extended block) = %+v, %v; want neither label nor serial number", got, ok)
	}
}

// TestJFFS2Checksum has the first node of a recording: the checksum is that of
// the kernel, which has no complement.
func TestJFFS2Checksum(t *testing.T) {
	t.Parallel()
	n := recorded(t, "jffs2")[:12]
	if plain := crc32.ChecksumIEEE(n[:8]); plain == binary.LittleEndian.Uint32(n[8:]) {
		t.Errorf("checksum = %#x; want another than the usual one", plain)
	}
}

func FuzzIdentify(f *testing.F) {
	for name := range recordings {
		data := recorded(f, name)
		for slot, w := range slots {
			if part := bytes.TrimRight(data[w.Offset:min(len(data), int(w.Offset)+w.Length)], "\x00"); len(part) > 0 {
				f.Add(part, uint8(slot))
			}
		}
	}
	f.Add([]byte{0xff}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, slot uint8) {
		w := slots[int(slot)%len(slots)]
		partition := make([]byte, 72<<10)
		copy(partition[w.Offset:], data[:min(len(data), w.Length)])
		calls, total := 0, 0
		c, ok := Identify(0, func(offset int64, length int) []byte {
			calls++
			total += length
			if offset < 0 || length < 0 {
				t.Errorf("read of %d bytes at %d; want a place on the partition", length, offset)
			}
			return reader(partition)(offset, length)
		})
		if calls > len(Windows(0))+1 || total > 140<<10 {
			t.Errorf("Identify read %d bytes in %d calls; want at most 140 KiB in %d", total, calls, len(Windows(0))+1)
		}
		if ok != (c.Type != "") || c.HasLabel != (c.Label != "") || c.HasUUID != (c.UUID != "") || c.HasVersion != (c.Version != "") || c.SizeBytes < 0 || !c.HasSize && c.SizeBytes != 0 {
			t.Errorf("Identify = %+v, %v; want values where they are known and nowhere else", c, ok)
		}
		for _, s := range append(c.Words, c.Label, c.UUID, c.Version, c.LastMounted) {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
				t.Errorf("Identify: %q; want what prints", s)
			}
		}
		// Without what identifies it, a file system is of the same type.
		for _, w := range c.Identities {
			if w.Offset < 0 || w.Length <= 0 || w.Offset+int64(w.Length) > int64(len(partition)) {
				t.Fatalf("Identities = %v; want parts of the partition", c.Identities)
			}
			clear(partition[w.Offset:][:w.Length])
		}
		if without, still := identify(partition); still != ok || without.Type != c.Type || without.HasUUID || len(without.Identities) != 0 {
			t.Errorf("Identify(without identities) = %+v, %v; want %s without them", without, still, c.Type)
		}
	})
}

// slots are where an input of the fuzz target is laid.
var slots = []Window{{0, 512}, {512, 512}, {1024, 3072}, {4086, 10}, {16 << 10, 64}, {32758, 10 + 2048}, {65526, 10 + 4096}}
