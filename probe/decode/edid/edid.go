// Package edid reads the identification data of a display (EDID): who made it,
// its size, and the timing it prefers. It also finds the serial numbers in it,
// so that they can be replaced before anybody sees them.
//
// The structures are those of VESA's E-EDID standard, release A, revision 2
// (EDID 1.3 and 1.4), with the names of the kernel's include/drm/drm_edid.h.
// Extension blocks are searched for serial numbers only; what else they say
// (audio, further timings) is not read. The package is given bytes.
package edid

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// BlockBytes is the length of the base block and of every extension block.
const BlockBytes = 128

// Display is what the base block says.
type Display struct {
	Manufacturer    string // three letters of the PNP registry, as in "DEL"
	HasManufacturer bool
	Product         uint16 // chosen by the manufacturer
	Serial          uint32 // as it stands there: the caller replaces it before
	HasSerial       bool
	SerialText      string // of the descriptor for it, often instead of Serial
	HasSerialText   bool

	Year         int
	YearIsModels bool // the year of the model, not of manufacture
	Week         int  // of manufacture, 1 to 54
	HasWeek      bool

	Version  string // of the structure, as in "1.4"
	WidthMM  int    // of the image
	HeightMM int
	HasSize  bool // false for a projector and for what states only its shape

	Name         string
	HasName      bool
	Preferred    Timing
	HasPreferred bool

	Extensions    int // how many blocks should follow
	ChecksumRight bool
}

// Timing is a mode of the display.
type Timing struct {
	Width, Height  int   // in pixels, of the whole image
	RefreshMilliHz int64 // images a second, or fields if it is interlaced, times 1000
	Interlaced     bool
}

// Offsets in the base block (E-EDID A2, section 3).
const (
	manufacturerAt = 8
	productAt      = 10
	serialAt       = 12
	serialBytes    = 4
	weekAt         = 16
	yearAt         = 17
	versionAt      = 18
	revisionAt     = 19
	widthAt        = 21 // in centimetres
	heightAt       = 22
	featuresAt     = 24
	descriptorsAt  = 54
	descriptors    = 4
	extensionsAt   = 126
	checksumAt     = 127

	descriptorBytes = 18

	// In a descriptor that is not a timing (3.10.3).
	tagAt     = 3
	textAt    = 5
	textBytes = 13
	tagSerial = 0xFF
	tagName   = 0xFC
)

const header = "\x00\xff\xff\xff\xff\xff\xff\x00"

// Parse reads the base block. A wrong checksum is no error.
func Parse(edid []byte) (Display, error) {
	if len(edid) < BlockBytes {
		return Display{}, fmt.Errorf("edid: %d bytes, want at least %d", len(edid), BlockBytes)
	}
	base := edid[:BlockBytes]
	if string(base[:len(header)]) != header {
		return Display{}, errors.New("edid: does not start with the header 00 ff ff ff ff ff ff 00")
	}
	if base[versionAt] != 1 {
		return Display{}, fmt.Errorf("edid: version %d, only 1 is read", base[versionAt])
	}
	d := Display{
		Product:       binary.LittleEndian.Uint16(base[productAt:]),
		Serial:        binary.LittleEndian.Uint32(base[serialAt:]),
		Year:          1990 + int(base[yearAt]),
		Version:       fmt.Sprintf("%d.%d", base[versionAt], base[revisionAt]),
		Extensions:    int(base[extensionsAt]),
		ChecksumRight: sum(base) == 0,
	}
	d.HasSerial = d.Serial != 0
	d.Manufacturer, d.HasManufacturer = pnp(binary.BigEndian.Uint16(base[manufacturerAt:]))
	switch week := base[weekAt]; {
	case week == 0xFF: // since 1.4
		d.YearIsModels = true
	case week >= 1 && week <= 54:
		d.Week, d.HasWeek = int(week), true
	}
	for i := range descriptors {
		descriptor := base[descriptorsAt+i*descriptorBytes:][:descriptorBytes]
		if timing, ok := detailed(descriptor); ok {
			// Since 1.4 the first timing is always the preferred one.
			if i == 0 && (base[revisionAt] >= 4 || base[featuresAt]&2 != 0) {
				d.Preferred, d.HasPreferred = timing, true
			}
			continue
		}
		switch tag, value, ok := text(descriptor); {
		case ok && tag == tagSerial && !d.HasSerialText:
			d.SerialText, d.HasSerialText = value, true
		case ok && tag == tagName && !d.HasName:
			d.Name, d.HasName = value, true
		}
	}
	d.WidthMM, d.HeightMM, d.HasSize = size(base)
	return d, nil
}

// pnp unpacks three letters of five bits, A being 1.
func pnp(packed uint16) (string, bool) {
	letters := []byte{byte(packed >> 10), byte(packed >> 5 & 31), byte(packed & 31)}
	for i, n := range letters {
		if n < 1 || n > 26 {
			return "", false
		}
		letters[i] = 'A' - 1 + n
	}
	return string(letters), true
}

// detailed reads a descriptor that is a timing.
func detailed(d []byte) (Timing, bool) {
	clock := int64(binary.LittleEndian.Uint16(d)) * 10_000
	active := func(low, high int) int64 { return int64(d[low]) | int64(d[high]>>4)<<8 }
	blanking := func(low, high int) int64 { return int64(d[low]) | int64(d[high]&15)<<8 }
	width, height := active(2, 4), active(5, 7)
	if clock == 0 || width == 0 || height == 0 {
		return Timing{}, false
	}
	t := Timing{Width: int(width), Height: int(height), Interlaced: d[17]&0x80 != 0}
	lines := 2 * (height + blanking(6, 7)) // in half lines
	if t.Interlaced {
		// The numbers are of one field, which has half a line more.
		t.Height *= 2
		lines++
	}
	pixels := (width + blanking(3, 4)) * lines // in half pixels
	t.RefreshMilliHz = (2*1000*clock + pixels/2) / pixels
	return t, true
}

// text reads a descriptor that holds text, which ends with a line feed.
func text(descriptor []byte) (tag byte, value string, ok bool) {
	if descriptor[0] != 0 || descriptor[1] != 0 || descriptor[2] != 0 {
		return 0, "", false
	}
	field, _, _ := bytes.Cut(descriptor[textAt:], []byte("\n"))
	value = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, string(bytes.TrimRight(field, "\x00"))))
	return descriptor[tagAt], value, value != ""
}

// size prefers the millimetres of the first timing to the centimetres of the
// block, if they mean the same: displays have been seen that put a shape there.
func size(base []byte) (width, height int, ok bool) {
	width, height = 10*int(base[widthAt]), 10*int(base[heightAt])
	if width == 0 || height == 0 {
		return 0, 0, false
	}
	d := base[descriptorsAt:][:descriptorBytes]
	if _, ok := detailed(d); ok {
		w, h := int(d[12])|int(d[14]>>4)<<8, int(d[13])|int(d[14]&15)<<8
		if near(w, width) && near(h, height) {
			return w, h, true
		}
	}
	return width, height, true
}

// near allows for rounding down or up to centimetres.
func near(mm, rounded int) bool { return mm > rounded-10 && mm < rounded+10 }

// sum is 0 for a block with a right checksum.
func sum(block []byte) byte {
	var s byte
	for _, b := range block {
		s += b
	}
	return s
}
