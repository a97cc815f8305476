package superblock

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made formats a file of this size with a tool of e2fsprogs, util-linux or
// dosfstools, whose last argument is the file.
func made(t *testing.T, size int64, tool string, args ...string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "partition")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := exec.LookPath(tool); err != nil {
		tool = "/usr/sbin/" + tool // not in everybody's PATH
	}
	if out, err := exec.Command(tool, append(args, name)...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, out)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestIdentifyMade(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		size  int64
		tool  string
		args  string
		kind  Type
		label string
		uuid  string
		bytes int64
		words string // in this order, others between them
	}{
		"ext2":             {8 * mib, "mke2fs", "-q -F -t ext2 -L resin-state -U " + someUUID, Ext2, "resin-state", someUUID, 8 * mib, ""},
		"ext2 of 1992":     {8 * mib, "mke2fs", "-q -F -r 0 -O none -U clear", Ext2, "", "", 8 * mib, ""},
		"ext3":             {8 * mib, "mke2fs", "-q -F -t ext3 -L resin-state -U " + someUUID, Ext3, "resin-state", someUUID, 8 * mib, "journal"},
		"ext4":             {16 * mib, "mke2fs", "-q -F -t ext4 -L resin-rootA -M /mnt/sysroot -O 64bit,metadata_csum -U " + someUUID, Ext4, "resin-rootA", someUUID, 16 * mib, "journal extents 64bit metadata checksums"},
		"ext4 alone":       {8 * mib, "mke2fs", "-q -F -t ext4 -O ^has_journal -U " + someUUID, Ext4, "", someUUID, 8 * mib, "extents"},
		"ext4 encrypted":   {16 * mib, "mke2fs", "-q -F -t ext4 -O encrypt,verity,inline_data,casefold,bigalloc -U " + someUUID, Ext4, "", someUUID, 16 * mib, "journal extents inline data bigalloc encryption casefold verity"},
		"ext journal":      {8 * mib, "mke2fs", "-q -F -O journal_dev -b 4096 -L log -U " + someUUID, ExtJournal, "log", someUUID, 8 * mib, ""},
		"ext of 1 KiB":     {4 * mib, "mke2fs", "-q -F -t ext4 -b 1024 -U " + someUUID, Ext4, "", someUUID, 4 * mib, "extents"},
		"FAT12":            {mib, "mkfs.fat", "-F 12 -n RESIN-BOOT -i 1234abcd", FAT12, "RESIN-BOOT", "1234-ABCD", mib, ""},
		"FAT16":            {16 * mib, "mkfs.fat", "-F 16 -n resin-boot -i 1234abcd", FAT16, "resin-boot", "1234-ABCD", 16 * mib, ""},
		"FAT32":            {40 * mib, "mkfs.fat", "-F 32 -s 1 -n flash-boot -i 1234abcd", FAT32, "flash-boot", "1234-ABCD", 40 * mib, ""},
		"FAT no label":     {16 * mib, "mkfs.fat", "-F 16 -i 1234abcd", FAT16, "", "1234-ABCD", 16 * mib, ""},
		"swap":             {mib, "mkswap", "-L swaplabel -U " + someUUID, Swap, "swaplabel", someUUID, mib, ""},
		"swap of 64 KiB":   {mib, "mkswap", "-p 65536 -L swaplabel -U " + someUUID, Swap, "swaplabel", someUUID, mib, "pages of 64 KiB"},
		"swap of 32 KiB":   {mib, "mkswap", "-p 32768 -U " + someUUID, Swap, "", someUUID, mib, "pages of 32 KiB"},
		"swap of 16 KiB":   {mib, "mkswap", "-p 16384 -U " + someUUID, Swap, "", someUUID, mib, "pages of 16 KiB"},
		"swap, unlabelled": {mib, "mkswap", "-U clear", Swap, "", "", mib, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := made(t, c.size, c.tool, strings.Fields(c.args)...)
			got, ok := identify(data)
			if !ok || got.Type != c.kind || got.Label != c.label || got.HasLabel != (c.label != "") || got.UUID != c.uuid || got.HasUUID != (c.uuid != "") {
				t.Errorf("Identify = %+v, %v; want %s labelled %q, UUID %q", got, ok, c.kind, c.label, c.uuid)
			}
			if got.SizeBytes != c.bytes || !got.HasSize {
				t.Errorf("SizeBytes = %d, %v; want %d", got.SizeBytes, got.HasSize, c.bytes)
			}
			if all := strings.Join(got.Words, " "); !inOrder(all, c.words) {
				t.Errorf("Words = %q; want %q", all, c.words)
			}
			if len(got.Also) != 0 {
				t.Errorf("Also = %q; want none", got.Also)
			}
			at := got.LabelAt
			if raw := data[at.Offset:][:at.Length]; !strings.HasPrefix(string(raw), c.label) || (at.Length > 0) != got.HasLabel {
				t.Errorf("LabelAt = %v, which holds %q; want %q", at, raw, c.label)
			}
		})
	}
}

// inOrder reports whether all words are in a text, one after the other.
func inOrder(text, words string) bool {
	for _, word := range strings.Fields(words) {
		_, after, ok := strings.Cut(text, word)
		if !ok {
			return false
		}
		text = after
	}
	return true
}

func TestExtStates(t *testing.T) {
	t.Parallel()
	data := made(t, 16<<20, "mke2fs", "-q", "-F", "-t", "ext4", "-M", "/mnt/state", "-U", someUUID)
	got, ok := identify(data)
	if !ok || got.LastMounted != "/mnt/state" || !got.HasLastMounted {
		t.Errorf("LastMounted = %q, %v; want /mnt/state", got.LastMounted, got.HasLastMounted)
	}
	if slices.Contains(got.Words, "not unmounted cleanly") {
		t.Errorf("Words = %q; want a clean file system", got.Words)
	}
	data[1024+0x3A] = 2    // errors, not clean
	data[1024+0x60] |= 0x4 // the journal is to be replayed
	got, _ = identify(data)
	for _, word := range []string{"journal to be replayed", "not unmounted cleanly", "errors were found"} {
		if !slices.Contains(got.Words, word) {
			t.Errorf("Words = %q; want %q among them", got.Words, word)
		}
	}
	for _, w := range got.Identities {
		clear(data[w.Offset:][:w.Length])
	}
	got, ok = identify(data)
	if !ok || got.HasUUID || len(got.Identities) != 0 {
		t.Errorf("Identify(without identities) = %+v, %v; want none left", got, ok)
	}
}
