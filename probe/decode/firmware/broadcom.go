package firmware

import (
	"bytes"
	"strings"
)

// broadcomWiFi reads the line that ends the images of Broadcom and Cypress
// ("CHIP/OPTIONS Version: 7.45.234 (4ca95bb CY) CRC: … Date: … FWID 01-996384e2").
// In images for USB, which are TRX containers, the NVRAM follows it. What runs
// reports the version and the FWID ("ver" of the dongle, which brcmfmac prints).
func broadcomWiFi(f file) (Info, bool) {
	at := lastVersion(f.data)
	if at < 0 {
		return Info{}, false
	}
	line := text(f.data[at:])
	// The configuration of the NVRAM can follow without a gap.
	line, _, _ = strings.Cut(line, "NVRAMRev=")
	version, rest, ok := strings.Cut(strings.TrimPrefix(line, broadcomMark), " ")
	if !ok || !strings.Contains(rest, "CRC: ") {
		return Info{}, false
	}
	info := Info{Format: BroadcomWiFi, Version: version, Text: strings.TrimSpace(line)}
	// The options can be several hundred bytes long.
	chip, _, _ := strings.Cut(textBefore(f.data[:at], 1024), "/")
	info.Chip = strings.TrimSpace(chip)
	if _, date, ok := strings.Cut(rest, "Date: "); ok {
		info.Date = weekdayDate(date)
	}
	// In some images bytes that are not text separate the FWID from the rest.
	tail := f.data[at:min(len(f.data), at+maxText)]
	for _, mark := range [...]string{"FWID: ", "FWID "} {
		if _, id, ok := bytes.Cut(tail, []byte(mark)); ok {
			info.Build = fwid(id)
			break
		}
	}
	return info, true
}

const broadcomMark = "Version: "

// lastVersion finds the last mark that a version follows.
func lastVersion(data []byte) int {
	for end := len(data); ; {
		at := bytes.LastIndex(data[:end], []byte(broadcomMark))
		if at < 0 || dotted(text(data[at+len(broadcomMark):])) > 0 {
			return at
		}
		end = at
	}
}

// fwid returns a FWID: two digits, a dash and up to eight hexadecimal digits.
// One that is cut off, as where it has run into the NVRAM, is none.
func fwid(data []byte) string {
	if len(data) < 3 || !digit(data[0]) || !digit(data[1]) || data[2] != '-' {
		return ""
	}
	n := 3
	for n < len(data) && n < 3+8 && strings.IndexByte("0123456789abcdef", data[n]) >= 0 {
		n++
	}
	if n < 3+6 {
		return ""
	}
	return string(data[:n])
}

// broadcomCLM reads a regulatory table. Its block "CLM DATA" has, after the
// version of its format, four texts: version of the data or name of the chip,
// version of the compiler, of the importer, and name of the data. brcmfmac
// prints them as "CLM version = API: … Data: … Compiler: … ClmImport: …".
func broadcomCLM(f file) (Info, bool) {
	const (
		container  = "BLOB"
		mark       = "CLM DATA"
		maxHeaders = 256 // the block begins at 60
		textBytes  = 20  // of each of the first two texts
		importer   = "ClmImport: "
	)
	if !bytes.HasPrefix(f.data, []byte(container)) {
		return Info{}, false
	}
	at := bytes.Index(f.data[:min(len(f.data), maxHeaders)], []byte(mark))
	const first = 10 + 4 // after mark, two NUL and the version of the format
	if at < 0 || len(f.data) < at+first+6*textBytes {
		return Info{}, false
	}
	block := f.data[at:]
	data := field(block[first : first+textBytes])
	compiler := field(block[first+textBytes : first+2*textBytes])
	info := Info{Format: BroadcomCLM, Version: data, Text: strings.TrimSpace(data + " " + compiler)}
	if i := bytes.Index(block[:first+6*textBytes], []byte(importer)); i >= 0 {
		const nameAt = 30 // of the name of the data, from the importer's text
		text := block[i:min(len(block), i+nameAt+textBytes)]
		name := field(text[min(len(text), nameAt):])
		info.Text = strings.TrimSpace(info.Text + " " + field(text[:min(len(text), nameAt)]) + " " + name)
		if data == "" || !digit(data[0]) {
			info.Version, info.Chip = name, data
		}
	}
	return info, true
}

// broadcomBluetooth reads the name in a patch of HCI commands ("BCM43455
// 37.4MHz Raspberry Pi 3+-0190"), which the controller gives as its own name
// once the patch runs; btbcm prints it.
func broadcomBluetooth(f file) (Info, bool) {
	if !strings.HasSuffix(f.base, ".hcd") {
		return Info{}, false
	}
	for rest := f.data; ; {
		i := bytes.Index(rest, []byte("BCM"))
		if i < 0 {
			return Info{}, false
		}
		name := field(rest[i:])
		rest = rest[i+3:]
		chip, _, ok := strings.Cut(name, " ")
		if !ok || len(chip) < 7 || !digit(chip[3]) || !digit(chip[6]) {
			continue
		}
		info := Info{Format: BroadcomBluetooth, Version: name, Chip: chip}
		if i := strings.LastIndexByte(name, '-'); i >= 0 && strings.Trim(name[i:], "-0123456789") == "" {
			info.Build = name[i+1:]
		}
		return info, true
	}
}
