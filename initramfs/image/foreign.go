package image

import "strings"

// foreignHeadBytes holds every mark of foreignFormat.
const foreignHeadBytes = 65608

// foreignFormat names what people have from a board's vendor and what is no tar
// file, or returns nothing. The marks are those of file(1).
func foreignFormat(head []byte) string {
	for _, f := range []struct {
		at         int
		mark, what string
	}{
		{0, "\xed\xab\xee\xdb", "an RPM package"},
		{0, "PK\x03\x04", "a zip file"},
		{0, "7z\xbc\xaf\x27\x1c", "a 7z file"},
		{0, "Rar!\x1a\x07", "a RAR file"},
		{0, "070701", "a cpio archive"},
		{0, "070702", "a cpio archive"},
		{0, "070707", "a cpio archive"},
		{0, "\xc7\x71", "a cpio archive"},
		{0, "\x7fELF", "a program, or one module"},
		{0, "\x27\x05\x19\x56", "an image of U-Boot"},
		{0, "\xd0\x0d\xfe\xed", "a device tree, or a FIT image"},
		{0, "\x3a\xff\x26\xed", "a sparse image of Android"},
		{0, "ANDROID!", "a boot image of Android"},
		{0, "\x04\x22\x4d\x18", "a file compressed with lz4"},
		{0, "\x02\x21\x4c\x18", "a file compressed with lz4"},
		{0, "\x5d\x00\x00", "a file compressed with lzma"},
		{0, "LZIP", "a file compressed with lzip"},
		{0, "<!DOCTYPE", "a page of a web site, perhaps in place of what was to be fetched"},
		{0, "<html", "a page of a web site, perhaps in place of what was to be fetched"},
		{0, "version https://git-lfs", "a pointer of Git LFS, and not the file that it stands for"},
		{56, "ARM\x64", "a kernel"},
		{0, "MZ", "a program for UEFI, or a kernel"},
		{514, "HdrS", "a kernel"},
		{0, "\x45\x3d\xcd\x28", "an image of cramfs"},
		{1024, "\xe2\xe1\xf5\xe0", "an image of EROFS"},
		{1024, "\x10\x20\xf5\xf2", "an image of F2FS"},
		{65600, "_BHRfS_M", "an image of btrfs"},
		{32769, "CD001", "an image of a CD"},
		{0, "hsqs", "a squashfs image"},
		{0, "sqsh", "a squashfs image"},
		{0, "\x31\x18\x10\x06", "an image of UBIFS"},
		{0, "UBI#", "an image of UBI"},
		{1080, "\x53\xef", "an image of an ext file system"},
		{510, "\x55\xaa", "an image of a disk"}, // after those of file systems, which can carry this too
	} {
		if len(head) >= f.at+len(f.mark) && strings.HasPrefix(string(head[f.at:]), f.mark) {
			return f.what
		}
	}
	return ""
}
