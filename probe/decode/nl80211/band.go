package nl80211

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Band is a band of a radio: its frequencies and what the radio can do there.
type Band struct {
	Number      int    // enum nl80211_band
	Name        string // 2.4 GHz, 5 GHz, …
	Frequencies []Frequency
	// Generations: 802.11n, ac, ax and be.
	HT, VHT, HE, EHT bool
	// The words of their abilities, as the standard defines them, valid with the
	// generation. HE and EHT are those of a station if there is a choice.
	HTCapabilities  uint16 // HT Capability Information
	HTMCS           []byte // Supported MCS Set
	VHTCapabilities uint32 // VHT Capabilities Information
	VHTMCS          []byte // Supported VHT-MCS and NSS Set
	HEMAC, HEPHY    []byte // HE MAC and PHY Capabilities Information
	HEMCS           []byte // Supported HE-MCS And NSS Set
	EHTMAC, EHTPHY  []byte // EHT MAC and PHY Capabilities Information
	HEForAP         bool   // HE can be used by an access point too
}

// Frequency is a channel by its centre, and what the rules for it are now.
type Frequency struct {
	MHz       uint32
	OffsetKHz uint32 // to be added
	Disabled  bool   // must not be used
	NoIR      bool   // must not be the first to send: no access point
	Radar     bool   // radar has to be looked for
	Indoor    bool   // only inside
	// MaxPowerMBm is the transmit power allowed, in hundredths of dBm, valid with
	// HasMaxPower.
	MaxPowerMBm uint32
	HasMaxPower bool
}

// bandNames by number (enum nl80211_band).
var bandNames = [...]string{"2.4 GHz", "5 GHz", "60 GHz", "6 GHz", "sub 1 GHz", "light"}

// Attributes of a band (enum nl80211_band_attr) and of its data for some modes
// (enum nl80211_band_iftype_attr).
const (
	bandFrequencies = 1
	bandHTMCS       = 3
	bandHTCapa      = 4
	bandVHTMCS      = 7
	bandVHTCapa     = 8
	bandModeData    = 9

	modeDataModes  = 1
	modeDataHEMAC  = 2
	modeDataHEPHY  = 3
	modeDataHEMCS  = 4
	modeDataEHTMAC = 8
	modeDataEHTPHY = 9
)

// maxCapabilityBytes bounds the abilities that are kept as bytes.
const maxCapabilityBytes = 64

func keep(value []byte) []byte { return slices.Clone(value[:min(len(value), maxCapabilityBytes)]) }

// addBand merges what a message says of a band: in a split dump a band comes in
// several messages.
func (w *Wiphy) addBand(number uint16, data []byte) {
	i, found := slices.BinarySearchFunc(w.Bands, int(number), func(b Band, n int) int { return b.Number - n })
	if !found {
		if len(w.Bands) == maxBands {
			return
		}
		b := Band{Number: int(number), Name: fmt.Sprintf("band %d", number)}
		if int(number) < len(bandNames) {
			b.Name = bandNames[number]
		}
		w.Bands = slices.Insert(w.Bands, i, b)
	}
	b := &w.Bands[i]
	for kind, value := range attributes(data) {
		switch kind {
		case bandFrequencies:
			for _, v := range attributes(value) {
				b.addFrequency(v)
			}
		case bandHTMCS:
			b.HTMCS = keep(value)
		case bandHTCapa:
			if n, ok := number16(value); ok {
				b.HT, b.HTCapabilities = true, n
			}
		case bandVHTMCS:
			b.VHTMCS = keep(value)
		case bandVHTCapa:
			if n, ok := word(value); ok {
				b.VHT, b.VHTCapabilities = true, n
			}
		case bandModeData:
			for _, v := range attributes(value) {
				b.addModeData(v)
			}
		}
	}
}

func number16(value []byte) (uint16, bool) {
	if len(value) != 2 {
		return 0, false
	}
	return binary.LittleEndian.Uint16(value), true
}

// addModeData reads the abilities of HE and EHT, which can differ by mode.
func (b *Band) addModeData(data []byte) {
	var types []Mode
	values := [modeDataEHTPHY + 1][]byte{}
	for kind, value := range attributes(data) {
		switch {
		case kind == modeDataModes:
			types = modeList(value)
		case int(kind) < len(values):
			values[kind] = value
		}
	}
	if values[modeDataHEPHY] != nil {
		b.HEForAP = b.HEForAP || slices.Contains(types, AP)
		if !b.HE || slices.Contains(types, Station) {
			b.HE = true
			b.HEMAC, b.HEPHY, b.HEMCS = keep(values[modeDataHEMAC]), keep(values[modeDataHEPHY]), keep(values[modeDataHEMCS])
		}
	}
	if values[modeDataEHTPHY] != nil && (!b.EHT || slices.Contains(types, Station)) {
		b.EHT = true
		b.EHTMAC, b.EHTPHY = keep(values[modeDataEHTMAC]), keep(values[modeDataEHTPHY])
	}
}

// addFrequency reads one frequency (enum nl80211_frequency_attr). One that is
// already known is replaced.
func (b *Band) addFrequency(data []byte) {
	const (
		mhz, disabled, noIR, noIBSS, radar, maxPower, indoor, offset = 1, 2, 3, 4, 5, 6, 14, 20
	)
	var f Frequency
	for kind, value := range attributes(data) {
		n, ok := word(value)
		switch {
		case kind == disabled:
			f.Disabled = true
		case kind == noIR, kind == noIBSS: // the second of older kernels
			f.NoIR = true
		case kind == radar:
			f.Radar = true
		case kind == indoor:
			f.Indoor = true
		case !ok:
		case kind == mhz:
			f.MHz = n
		case kind == offset:
			f.OffsetKHz = n
		case kind == maxPower:
			f.MaxPowerMBm, f.HasMaxPower = n, true
		}
	}
	if f.MHz == 0 {
		return
	}
	for i := range b.Frequencies {
		if b.Frequencies[i].MHz == f.MHz && b.Frequencies[i].OffsetKHz == f.OffsetKHz {
			b.Frequencies[i] = f
			return
		}
	}
	if len(b.Frequencies) < maxFrequencies {
		b.Frequencies = append(b.Frequencies, f)
	}
}

// Channel returns the number of a channel of 20 MHz in the bands of 2.4, 5 and
// 6 GHz (IEEE 802.11, Annex E), false for others.
func (f Frequency) Channel() (int, bool) {
	mhz := int(f.MHz)
	switch {
	case f.OffsetKHz != 0:
		return 0, false
	case mhz == 2484:
		return 14, true
	case mhz >= 2412 && mhz <= 2472 && (mhz-2407)%5 == 0:
		return (mhz - 2407) / 5, true
	case mhz == 5935: // operating class 136
		return 2, true
	case mhz >= 5955 && mhz <= 7115 && (mhz-5950)%5 == 0:
		return (mhz - 5950) / 5, true
	case mhz >= 5160 && mhz <= 5885 && mhz%5 == 0:
		return (mhz - 5000) / 5, true
	case mhz >= 4910 && mhz <= 4980 && mhz%5 == 0:
		return (mhz - 4000) / 5, true
	}
	return 0, false
}

// Usable returns the frequencies that may be used, and of these the ones on
// which an access point may start without looking for radar.
func (b Band) Usable() (all, forAP int) {
	for _, f := range b.Frequencies {
		if f.Disabled {
			continue
		}
		all++
		if !f.NoIR && !f.Radar {
			forAP++
		}
	}
	return all, forAP
}

// WidthMHz returns the widest channel in MHz that the abilities allow (HT
// Capability Information bit 1; VHT bits 2 and 3; HE PHY bits 1 to 4; EHT PHY
// bit 1).
func (b Band) WidthMHz() int {
	first := func(p []byte) byte {
		if len(p) == 0 {
			return 0
		}
		return p[0]
	}
	he := first(b.HEPHY)
	switch {
	case b.EHT && first(b.EHTPHY)&0x02 != 0:
		return 320
	case b.HE && he&0x18 != 0, b.VHT && b.VHTCapabilities>>2&3 != 0:
		return 160
	case b.HE && he&0x04 != 0, b.VHT:
		return 80
	case b.HE && he&0x02 != 0, b.HT && b.HTCapabilities&0x02 != 0:
		return 40
	}
	return 20
}

// Streams returns how many spatial streams the radio can receive, false if it
// does not say: a map of two bits for each in VHT and HE, in which 3 is none, a
// mask of eight in HT.
func (b Band) Streams() (int, bool) {
	count := 0
	for _, p := range [...][]byte{b.VHTMCS, b.HEMCS} {
		if len(p) < 2 {
			continue
		}
		for i := range 8 {
			if binary.LittleEndian.Uint16(p)>>(2*i)&3 != 3 {
				count = max(count, i+1)
			}
		}
	}
	if b.HT && len(b.HTMCS) >= 4 {
		for i, mask := range b.HTMCS[:4] {
			if mask != 0 {
				count = max(count, i+1)
			}
		}
	}
	return count, count > 0
}
