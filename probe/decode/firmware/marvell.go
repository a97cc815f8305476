package firmware

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// marvell reads the identification in images of Marvell and NXP:
// "$Id: w8997o-V4, RF878X, FP68_LINUX, 16.68.1.p197.1 $". What runs reports
// the last number.
func marvell(f file) (Info, bool) {
	for rest := f.data; ; {
		i := bytes.Index(rest, []byte(marvellMark))
		if i < 0 {
			return Info{}, false
		}
		rest = rest[i+len(marvellMark):]
		if info, ok := marvellID(rest); ok {
			return info, true
		}
		if info, ok := marvellID(joinBlocks(rest)); ok {
			return info, true
		}
	}
}

const marvellMark = "$Id: "

// marvellID reads what follows the mark.
func marvellID(data []byte) (Info, bool) {
	line, _, ok := strings.Cut(text(data), " $")
	if !ok {
		return Info{}, false
	}
	info := Info{Format: Marvell, Text: strings.TrimSpace(line)}
	for i, part := range strings.Split(line, ", ") {
		switch {
		case i == 0:
			info.Chip = strings.TrimSpace(part)
		case marvellNumber(part):
			info.Version = part
		}
	}
	// A line of the revision control system follows: "RC: FILE, NAME, DATE, TIME".
	after := field(data[min(len(data), len(line)+len(" $\x00")):])
	if i := strings.Index(after, ", 20"); i >= 0 && strings.HasPrefix(after, "RC: ") {
		info.Date = weekdayDate(after[i+2:])
	}
	return info, info.Version != ""
}

// marvellNumber tells numbers of the form 16.68.1.p197.1.
func marvellNumber(s string) bool {
	n := dotted(s)
	patch, ok := strings.CutPrefix(s[n:], ".p")
	return n > 0 && ok && patch != "" && strings.Trim(patch, "0123456789.") == ""
}

// joinBlocks joins a text through which the end of a block goes. Images are
// cut into blocks for the boot loader, each with a header (struct
// mwifiex_fw_header of mwifiex/fw.h: command, address, length, checksum) and a
// checksum of four bytes behind its data.
func joinBlocks(data []byte) []byte {
	const (
		write, maxBlock            = 1, 2048
		headerBytes, checksumBytes = 16, 4
	)
	data = data[:min(len(data), maxText)]
	for at := checksumBytes; at+headerBytes <= len(data); at++ {
		n := binary.LittleEndian.Uint32(data[at+8:])
		if binary.LittleEndian.Uint32(data[at:]) == write && n > checksumBytes && n <= maxBlock {
			return append(bytes.Clone(data[:at-checksumBytes]), data[at+headerBytes:]...)
		}
	}
	return nil
}
