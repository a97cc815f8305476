package edid

import "bytes"

// Range is a part of an EDID, in bytes from its start.
type Range struct{ Offset, Length int }

// Extension blocks, by their first byte, and what is in them.
const (
	extensionCTA       = 0x02
	extensionTimings   = 0x10
	extensionDisplayID = 0x70
	extensionMap       = 0xF0

	// CTA-861, 7.4: data blocks by the upper three bits of their first byte.
	ctaVendor = 3

	// DisplayID 1.3 and 2.0, data blocks by their tag.
	displayIDProduct   = 0x00
	displayIDSerial    = 0x0A
	displayIDTiled     = 0x12
	displayIDProduct2  = 0x20
	displayIDTiled2    = 0x28
	displayIDContainer = 0x29
	displayIDCTA       = 0x81
)

// microsoft is the OUI, the last byte first, of the vendor data block of
// displays that a desktop does not use. It ends with an identifier of the unit
// (learn.microsoft.com, "EDID extension for head-mounted [...] monitors").
const microsoft = "\x5c\x12\xca"

// Identities lists what names one unit in an EDID of any number of blocks: the
// serial number of the base block as a number and as text, serial numbers in
// descriptors of CTA-861 extensions and in data blocks of DisplayID, container
// identifiers. Fields of zeros are left out. An extension of another kind, one
// that contradicts itself, and what follows the last whole block are listed as
// a whole, as nobody can say what is in them. Data of other vendors within an
// extension that is understood is not listed. The ranges do not overlap, and no
// checksum is in one.
func Identities(edid []byte) []Range {
	c := collector{edid: edid}
	at := 0
	for ; at+BlockBytes <= len(edid); at += BlockBytes {
		block := edid[at:][:BlockBytes]
		switch {
		case at == 0 && likeHeader(block):
			c.add(serialAt, serialBytes)
			for i := range descriptors {
				c.descriptor(descriptorsAt + i*descriptorBytes)
			}
		case at == 0:
			c.add(0, checksumAt)
		case block[0] == extensionCTA:
			c.cta(at)
		case block[0] == extensionDisplayID:
			c.displayID(at)
		case block[0] != extensionTimings && block[0] != extensionMap:
			c.add(at+1, checksumAt-1)
		}
	}
	c.add(at, len(edid)-at)
	return c.found
}

// likeHeader allows two wrong bytes of eight, as the kernel does that repairs
// them (drm_edid_header_is_valid).
func likeHeader(block []byte) bool {
	same := 0
	for i := range len(header) {
		if block[i] == header[i] {
			same++
		}
	}
	return same >= 6
}

type collector struct {
	edid  []byte
	found []Range
}

func (c *collector) add(at, n int) {
	if n > 0 && len(bytes.Trim(c.edid[at:at+n], "\x00")) > 0 {
		c.found = append(c.found, Range{at, n})
	}
}

// descriptor adds the serial number in a descriptor, without the line feed and
// the blanks that follow it.
func (c *collector) descriptor(at int) {
	d := c.edid[at:][:descriptorBytes]
	if d[0] != 0 || d[1] != 0 || d[2] != 0 || d[tagAt] != tagSerial {
		return
	}
	field, rest, _ := bytes.Cut(d[textAt:], []byte("\n"))
	n := len(field)
	if len(bytes.Trim(rest, " \x00")) > 0 {
		n = textBytes // something is hidden behind the end
	}
	c.add(at+textAt, n)
}

// cta goes through a CTA-861 extension (CTA-861, 7.5): a byte that says where the
// descriptors begin, data blocks up to there, descriptors.
func (c *collector) cta(at int) {
	const firstData = 4
	start := int(c.edid[at+2])
	switch {
	case start == 0: // neither
	case start < firstData || start > checksumAt:
		c.add(at+1, checksumAt-1)
	default:
		c.ctaData(at+firstData, at+start)
		for d := at + start; d+descriptorBytes <= at+checksumAt; d += descriptorBytes {
			c.descriptor(d)
		}
	}
}

// ctaData goes through data blocks: three bits of tag, five bits of length.
func (c *collector) ctaData(at, end int) {
	const container, containerBytes = 5, 16 // behind the OUI, a version and a use
	for at < end {
		tag, n := c.edid[at]>>5, int(c.edid[at]&31)
		if at+1+n > end {
			c.add(at, end-at)
			return
		}
		data := c.edid[at+1:][:n]
		if tag == ctaVendor && n == container+containerBytes && string(data[:len(microsoft)]) == microsoft {
			c.add(at+1+container, containerBytes)
		}
		at += 1 + n
	}
}

// displayIDHeader is the length of what stands before the data blocks of a
// DisplayID section: version, length of the blocks, product type, extensions.
const displayIDHeader = 4

// section returns the end of the data blocks of the DisplayID section in an
// extension block, where its own checksum is.
func section(block []byte) (end int, ok bool) {
	end = 1 + displayIDHeader + int(block[2])
	return end, block[0] == extensionDisplayID && end < checksumAt
}

// displayID goes through a DisplayID extension.
func (c *collector) displayID(at int) {
	const blockHeader = 3 // tag, revision, length
	end, ok := section(c.edid[at:][:BlockBytes])
	if !ok {
		c.add(at+1, checksumAt-1)
		return
	}
	c.add(at+end+1, checksumAt-end-1) // between the section and the checksum of the block
	end += at
	for at += 1 + displayIDHeader; at < end; {
		if at+blockHeader > end || at+blockHeader+int(c.edid[at+2]) > end {
			c.add(at, end-at)
			return
		}
		tag, n := c.edid[at], int(c.edid[at+2])
		at += blockHeader
		switch tag {
		case displayIDProduct, displayIDProduct2: // manufacturer, product, serial number, ...
			c.part(at, n, 5, serialBytes)
		case displayIDTiled, displayIDTiled2: // ..., manufacturer, product, serial number
			c.part(at, n, 18, serialBytes)
		case displayIDSerial, displayIDContainer:
			c.add(at, n)
		case displayIDCTA:
			c.ctaData(at, at+n)
		}
		at += n
	}
}

// part adds what there is of a field in a data block of n bytes.
func (c *collector) part(at, n, field, length int) {
	c.add(at+field, min(length, n-field))
}

// Redact returns a copy of an EDID in which every part that Identities lists was
// given to replace, which changes it in place. Checksums follow: what was right
// stays right, and what was wrong stays wrong by the same amount.
func Redact(edid []byte, replace func(field []byte)) []byte {
	out := bytes.Clone(edid)
	for _, r := range Identities(edid) {
		replace(out[r.Offset : r.Offset+r.Length : r.Offset+r.Length])
	}
	for at := 0; at+BlockBytes <= len(edid); at += BlockBytes {
		was, is := edid[at:][:BlockBytes], out[at:][:BlockBytes]
		if end, ok := section(was); ok && at > 0 {
			is[end] += sum(was[1:end]) - sum(is[1:end])
		}
		is[checksumAt] += sum(was) - sum(is)
	}
	return out
}
