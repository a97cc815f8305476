package superblock

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const someUUID = "11223344-5566-4788-99aa-bbccddeeff00"

// recorded reads rows of a partition, each its offset and bytes in hexadecimal.
// The rest is zeros, up to the end of the last window at least.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 72<<10)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		offset, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		at, err := strconv.ParseInt(offset, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		row, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		if end := int(at) + len(row); end > len(data) {
			data = slices.Concat(data, make([]byte, end-len(data)))
		}
		copy(data[at:], row)
	}
	return data
}

// reader reads a partition as Identify asks for it.
// identify reads all of a partition.
func identify(data []byte) (Content, bool) { return Identify(int64(len(data)), reader(data)) }

func reader(data []byte) func(int64, int) []byte {
	return func(offset int64, length int) []byte {
		if offset >= int64(len(data)) {
			return nil
		}
		return data[offset:min(int64(len(data)), offset+int64(length))]
	}
}

// recordings is what the files in testdata hold.
var recordings = map[string]Content{
	"btrfs": {Type: Btrfs, Label: "resin-data", HasLabel: true, LabelAt: Window{65835, 256}, UUID: someUUID, HasUUID: true, SizeBytes: 128 << 20, HasSize: true,
		Identities: []Window{{65568, 16}, {65803, 16}, {65819, 16}, {66347, 129}}},
	"xfs": {Type: XFS, Label: "resin-root", HasLabel: true, LabelAt: Window{108, 12}, UUID: someUUID, HasUUID: true, Version: "5", HasVersion: true,
		SizeBytes: 320 << 20, HasSize: true, Identities: []Window{{32, 16}}},
	"f2fs": {Type: F2FS, Label: "resin-state", HasLabel: true, LabelAt: Window{1148, 1024}, UUID: someUUID, HasUUID: true, Version: "1.15", HasVersion: true,
		SizeBytes: 64 << 20, HasSize: true, Words: []string{"encryption"}, Identities: []Window{{1132, 16}}},
	"squashfs": {Type: SquashFS, Version: "4.0", HasVersion: true, SizeBytes: 321, HasSize: true, Words: []string{"xz"}},
	"erofs":    {Type: EROFS, UUID: someUUID, HasUUID: true, SizeBytes: 4096, HasSize: true, Identities: []Window{{1072, 16}}},
	"iso9660":  {Type: ISO9660, Label: "ISOLABEL", HasLabel: true, LabelAt: Window{32808, 32}, SizeBytes: 362496, HasSize: true},
	"romfs":    {Type: RomFS, Label: "romlabel", HasLabel: true, LabelAt: Window{16, 8}, SizeBytes: 240, HasSize: true},
	"cramfs":   {Type: CramFS, Label: "cramlabel", HasLabel: true, LabelAt: Window{48, 16}, Version: "2", HasVersion: true, SizeBytes: 4096, HasSize: true},
	"cramfs-big": {Type: CramFS, Label: "cramlabel", HasLabel: true, LabelAt: Window{48, 16}, Version: "2", HasVersion: true, SizeBytes: 4096, HasSize: true,
		Words: []string{"big-endian"}},
	"exfat": {Type: ExFAT, Label: "EXLABEL", HasLabel: true, LabelAt: Window{2109442, 22}, UUID: "EF86-F9CA", HasUUID: true, Version: "1.0", HasVersion: true,
		SizeBytes: 16 << 20, HasSize: true, Identities: []Window{{100, 4}}},
	"ntfs": {Type: NTFS, UUID: "570B93494B917C8E", HasUUID: true, SizeBytes: 16<<20 - 512, HasSize: true, Identities: []Window{{72, 8}}},
	"luks1": {Type: LUKS, UUID: someUUID, HasUUID: true, Version: "1", HasVersion: true, Words: []string{"aes-xts-plain64"},
		Identities: []Window{{112, 20}, {132, 32}, {168, 40}}},
	"luks2": {Type: LUKS, Label: "lukslabel", HasLabel: true, LabelAt: Window{24, 48}, UUID: someUUID, HasUUID: true, Version: "2", HasVersion: true,
		Identities: []Window{{104, 64}, {448, 64}, {168, 40}}},
	"lvm2": {Type: LVM2, UUID: "112233-4455-6647-8899-aabb-ccdd-eeff00", HasUUID: true, Version: "LVM2 001", HasVersion: true, SizeBytes: 64 << 20, HasSize: true,
		Identities: []Window{{544, 32}}},
	"verity": {Type: Verity, UUID: someUUID, HasUUID: true, Version: "1", HasVersion: true, Words: []string{"sha256", "hashes of 1048576 bytes"},
		Identities: []Window{{16, 16}}},
	"ubi": {Type: UBI, Version: "1", HasVersion: true, Words: []string{"data at 4096"}, Identities: []Window{{24, 4}}},
	"ubifs": {Type: UBIFS, UUID: "3aa17b9f-f82d-478c-a8a8-74104619fced", HasUUID: true, Version: "4", HasVersion: true, SizeBytes: 13 * 126976, HasSize: true,
		Words: []string{"lzo"}, Identities: []Window{{108, 16}}},
	"jffs2":               {Type: JFFS2},
	"jffs2-big":           {Type: JFFS2, Words: []string{"big-endian"}},
	"uimage":              {Type: UImage, Label: "Linux-6.1.0", HasLabel: true, LabelAt: Window{32, 32}, SizeBytes: 4160, HasSize: true, Words: []string{"Linux", "ARM64", "kernel", "gzip"}},
	"fit":                 {Type: FIT, Version: "17", HasVersion: true, SizeBytes: 5547, HasSize: true},
	"devicetree":          {Type: DeviceTree, Version: "17", HasVersion: true, SizeBytes: 165, HasSize: true},
	"android-boot-2":      {Type: AndroidBoot, Label: "myboard", HasLabel: true, LabelAt: Window{48, 16}, Version: "2", HasVersion: true, Words: []string{"Android 11.0.0", "patch level 2021-03"}},
	"android-boot-3":      {Type: AndroidBoot, Version: "3", HasVersion: true, Words: []string{"Android 12.0.0", "patch level 2022-01"}},
	"android-vendor-boot": {Type: AndroidVendorBoot, Label: "myboard", HasLabel: true, LabelAt: Window{2080, 16}, Version: "3", HasVersion: true},
	"android-sparse":      {Type: AndroidSparse, Version: "1.0", HasVersion: true, SizeBytes: 16 << 20, HasSize: true},
	"zimage":              {Type: ZImage, SizeBytes: 5448192, HasSize: true},
	"image-arm64":         {Type: ImageARM64, Words: []string{"pages of 4 KiB"}},
	"bzimage":             {Type: BzImage, Version: "6.1.0-50-amd64", HasVersion: true, SizeBytes: 8221184, HasSize: true, Words: []string{"boot protocol 2.15"}},
}

func TestIdentifyRecorded(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) != len(recordings) {
		t.Errorf("testdata has %d files, %v; want %d", len(files), err, len(recordings))
	}
	for name, want := range recordings {
		if got, ok := identify(recorded(t, name)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("Identify(%s) = %+v, %v; want %+v", name, got, ok, want)
		}
	}
}

// TestIdentifyCutOff gives less and less of a partition: what is still said of
// it must be true.
func TestIdentifyCutOff(t *testing.T) {
	t.Parallel()
	for name, want := range recordings {
		data := recorded(t, name)
		for n := 0; n < len(data); n += 2039 {
			got, ok := identify(data[:n])
			if ok && got.Type != Zeros && (got.Type != want.Type || got.HasUUID && got.UUID != want.UUID || got.HasLabel && got.Label != want.Label || got.HasSize && got.SizeBytes != want.SizeBytes) {
				t.Errorf("Identify(%s, cut off at %d) = %+v; want nothing wrong", name, n, got)
			}
		}
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	var asked []Window
	data := recorded(t, "exfat")
	Identify(0, func(offset int64, length int) []byte {
		asked = append(asked, Window{offset, length})
		return reader(data)(offset, length)
	})
	windows := Windows(0)
	if len(asked) != len(windows)+1 || !slices.Equal(asked[:len(windows)], windows) {
		t.Errorf("Identify read %v; want %v and one more", asked, windows)
	}
	total := MaxDirectoryBytes
	for _, w := range Windows(1 << 40) {
		total += w.Length
	}
	if total > 140<<10 {
		t.Errorf("Identify may read %d bytes; want less than 140 KiB", total)
	}
}

// TestReadErrors has a read that fails, and one that gives too much.
func TestReadErrors(t *testing.T) {
	t.Parallel()
	if c, ok := Identify(0, func(int64, int) []byte { return nil }); ok {
		t.Errorf("Identify(nothing) = %+v; want nothing", c)
	}
	data := recorded(t, "btrfs")
	c, ok := Identify(0, func(offset int64, _ int) []byte { return data[min(offset, int64(len(data))):] })
	if !ok || c.Type != Btrfs {
		t.Errorf("Identify(more than asked for) = %+v, %v; want btrfs", c, ok)
	}
}

func TestIdentifyBlank(t *testing.T) {
	t.Parallel()
	noise := bytes.Repeat([]byte("noise"), 20000)
	late := make([]byte, 72<<10)
	late[32<<10] = 1
	unseen := make([]byte, 72<<10)
	unseen[48<<10] = 1
	for name, c := range map[string]struct {
		data []byte
		want Type
		ok   bool
	}{
		"zeros":           {make([]byte, 72<<10), Zeros, true},
		"few zeros":       {make([]byte, 10), Zeros, true},
		"erased":          {bytes.Repeat([]byte{0xff}, 72<<10), Ones, true},
		"noise":           {noise, "", false},
		"nothing":         {nil, "", false},
		"zeros and data":  {late, "", false},
		"not looked at":   {unseen, Zeros, true},
		"zeros then ones": {append(make([]byte, 20<<10), bytes.Repeat([]byte{0xff}, 20<<10)...), "", false},
	} {
		if got, ok := identify(c.data); ok != c.ok || got.Type != c.want {
			t.Errorf("Identify(%s) = %+v, %v; want %q, %v", name, got, ok, c.want, c.ok)
		}
	}
}

// TestAlso lays one format over another, as tools do that clear only what they
// need.
func TestAlso(t *testing.T) {
	t.Parallel()
	data := recorded(t, "squashfs")
	copy(data[64<<10:], recorded(t, "btrfs")[64<<10:])
	copy(data[32<<10:], recorded(t, "iso9660")[32<<10:34<<10])
	got, ok := identify(data)
	if want := []Type{ISO9660, Btrfs}; !ok || got.Type != SquashFS || !slices.Equal(got.Also, want) {
		t.Errorf("Identify = %q, also %q; want %q, also %q", got.Type, got.Also, SquashFS, want)
	}
}
