package image

import "strings"

// foreignHeadBytes holds every mark of foreignFormat.
const foreignHeadBytes = 1082

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
