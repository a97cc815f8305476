package nl80211

import (
	"errors"
	"fmt"
	"slices"
)

// Wiphy is a radio.
type Wiphy struct {
	Index        uint32
	Name         string // phy0
	Addresses    []Address
	Bands        []Band        // by number of the band
	Modes        []Mode        // of interfaces that it can have
	Combinations []Combination // of interfaces at the same time; without any, one at a time
	Ciphers      []string      // CCMP, …; a number in hexadecimal for one that is not known here
	AKMs         []string      // ways to authenticate, where the driver lists them
	// Antennas that can be chosen, as bit masks, valid with HasAntennas.
	AntennasTx, AntennasRx uint32
	HasAntennas            bool
	MaxAPStations          uint32 // as an access point, valid with HasMaxAPStations
	HasMaxAPStations       bool
	Features               uint32 // enum nl80211_feature_flags
	ExtendedFeatures       []byte // enum nl80211_ext_feature_index, bit by bit
	SelfManagedRegulatory  bool   // the device has rules of its own
}

// Combination is a set of interfaces that can exist at the same time.
type Combination struct {
	Limits        []Limit
	MaxInterfaces uint32
	Channels      uint32 // different channels at a time
	RadarWidths   uint32 // widths at which radar can be detected, bits of enum nl80211_chan_width
}

// Limit is how many interfaces of some modes there may be.
type Limit struct {
	Max   uint32
	Modes []Mode
}

// Attributes of a radio (enum nl80211_attrs).
const (
	attrWiphy          = 1
	attrWiphyName      = 2
	attrInterfaceIndex = 3
	attrInterfaceName  = 4
	attrInterfaceType  = 5
	attrMAC            = 6
	attrBands          = 22
	attrSupportedModes = 32
	attrAlpha2         = 33
	attrRules          = 34
	attrFrequency      = 38
	attrRegInitiator   = 48
	attrCipherSuites   = 57
	attrAKMSuites      = 76
	attrAntennaAvailTx = 113
	attrAntennaAvailRx = 114
	attrCombinations   = 120
	attrFeatureFlags   = 143
	attrDFSRegion      = 146
	attrMACAddresses   = 166
	attrMaxAPStations  = 202
	attrSelfManaged    = 216
	attrExtFeatures    = 217
)

// Bounds of what is kept. A radio with all of three bands has about 120
// frequencies.
const (
	maxWiphys       = 64
	maxAddresses    = 32
	maxCombinations = 64
	maxLimits       = 32
	maxSuites       = 64
	maxFeatureBytes = 64
	maxFrequencies  = 512
	maxBands        = 8
)

// Dump puts radios together from the messages of a dump. The zero value is
// ready.
type Dump struct {
	wiphys []Wiphy
}

// Add takes the attributes of one message.
func (d *Dump) Add(message []byte) error {
	w, err := d.wiphy(message)
	if err != nil {
		return err
	}
	for kind, value := range attributes(message) {
		w.add(kind, value)
	}
	return nil
}

// wiphy finds the radio that a message is about.
func (d *Dump) wiphy(message []byte) (*Wiphy, error) {
	for kind, value := range attributes(message) {
		index, ok := word(value)
		if kind != attrWiphy || !ok {
			continue
		}
		for i := range d.wiphys {
			if d.wiphys[i].Index == index {
				return &d.wiphys[i], nil
			}
		}
		if len(d.wiphys) == maxWiphys {
			return nil, fmt.Errorf("nl80211: more than %d radios", maxWiphys)
		}
		at := 0
		for at < len(d.wiphys) && d.wiphys[at].Index < index {
			at++
		}
		d.wiphys = slices.Insert(d.wiphys, at, Wiphy{Index: index})
		return &d.wiphys[at], nil
	}
	return nil, errors.New("nl80211: message names no radio")
}

// Wiphys returns the radios, by index.
func (d *Dump) Wiphys() []Wiphy {
	return slices.Clone(d.wiphys)
}

func (w *Wiphy) add(kind uint16, value []byte) {
	n, isWord := word(value)
	switch kind {
	case attrWiphyName:
		w.Name = text(value)
	case attrMAC:
		w.addAddress(value)
	case attrMACAddresses:
		for _, v := range attributes(value) {
			w.addAddress(v)
		}
	case attrBands:
		for band, v := range attributes(value) {
			w.addBand(band, v)
		}
	case attrSupportedModes:
		w.Modes = modeList(value)
	case attrCombinations:
		w.Combinations = nil
		for _, v := range attributes(value) {
			if len(w.Combinations) < maxCombinations {
				w.Combinations = append(w.Combinations, combination(v))
			}
		}
	case attrCipherSuites:
		w.Ciphers = suites(value, cipherNames)
	case attrAKMSuites:
		w.AKMs = suites(value, akmNames)
	case attrSelfManaged:
		w.SelfManagedRegulatory = true
	case attrExtFeatures:
		w.ExtendedFeatures = slices.Clone(value[:min(len(value), maxFeatureBytes)])
	}
	if !isWord {
		return
	}
	switch kind {
	case attrAntennaAvailTx:
		w.AntennasTx, w.HasAntennas = n, true
	case attrAntennaAvailRx:
		w.AntennasRx, w.HasAntennas = n, true
	case attrFeatureFlags:
		w.Features = n
	case attrMaxAPStations:
		w.MaxAPStations, w.HasMaxAPStations = n, true
	}
}

func (w *Wiphy) addAddress(value []byte) {
	if len(value) == len(Address{}) && len(w.Addresses) < maxAddresses {
		if a := Address(value); !slices.Contains(w.Addresses, a) {
			w.Addresses = append(w.Addresses, a)
		}
	}
}

// combination reads one of the combinations (enum nl80211_if_combination_attrs).
func combination(data []byte) Combination {
	const limits, maxInterfaces, channels, radarWidths = 1, 2, 4, 5
	var c Combination
	for kind, value := range attributes(data) {
		n, ok := word(value)
		switch {
		case kind == limits:
			for _, v := range attributes(value) {
				if len(c.Limits) < maxLimits {
					c.Limits = append(c.Limits, limit(v))
				}
			}
		case !ok:
		case kind == maxInterfaces:
			c.MaxInterfaces = n
		case kind == channels:
			c.Channels = n
		case kind == radarWidths:
			c.RadarWidths = n
		}
	}
	return c
}

// limit reads one of the limits (enum nl80211_iface_limit_attrs).
func limit(data []byte) Limit {
	const most, types = 1, 2
	var l Limit
	for kind, value := range attributes(data) {
		switch n, ok := word(value); {
		case kind == most && ok:
			l.Max = n
		case kind == types:
			l.Modes = modeList(value)
		}
	}
	return l
}

// Can reports whether the radio can have an interface of a mode.
func (w Wiphy) Can(m Mode) bool { return slices.Contains(w.Modes, m) }

// StationAndAP reports whether the radio can be a station and an access point
// at the same time, and on how many channels together it can be both: with one
// channel the access point has to follow the station.
func (w Wiphy) StationAndAP() (channels uint32, ok bool) {
	for _, c := range w.Combinations {
		if c.MaxInterfaces >= 2 && c.both() {
			channels, ok = max(channels, c.Channels), true
		}
	}
	return channels, ok
}

// both reports whether the limits leave room for a station and an access point.
func (c Combination) both() bool {
	for i, a := range c.Limits {
		if a.Max == 0 || !slices.Contains(a.Modes, Station) {
			continue
		}
		for j, b := range c.Limits {
			if b.Max > 0 && slices.Contains(b.Modes, AP) && (i != j || a.Max > 1) {
				return true
			}
		}
	}
	return false
}
