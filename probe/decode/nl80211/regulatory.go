package nl80211

import (
	"errors"
	"fmt"
)

// Domain is a set of rules for the use of frequencies.
type Domain struct {
	Alpha2      string // country, or 00, 98, 99; see Kind
	Radar       string // whose rules for radar: FCC, ETSI, JP; "" if none are set
	SetBy       string // core, user, driver, country element; valid with HasSetBy
	HasSetBy    bool
	Wiphy       uint32 // the radio whose own domain it is, valid with HasWiphy
	HasWiphy    bool
	SelfManaged bool // the radio does not follow the common domain
	Rules       []Rule
}

// Rule is what is allowed in a range of frequencies.
type Rule struct {
	StartKHz, EndKHz uint32
	MaxWidthKHz      uint32
	MaxEIRPMBm       uint32 // hundredths of dBm
	NoIR             bool   // see Frequency
	Radar            bool
	Indoor           bool
	NoOFDM           bool
	CheckMs          uint32 // how long radar is looked for before use, in milliseconds
}

// maxRules bounds the rules. The largest domain of wireless-regdb has a dozen.
const maxRules = 128

// ParseDomain reads one message of the dump of regulatory domains.
func ParseDomain(message []byte) (Domain, error) {
	var d Domain
	for kind, value := range attributes(message) {
		n, ok := number(value)
		switch {
		case kind == attrAlpha2:
			d.Alpha2 = text(value)
		case kind == attrRules:
			for _, v := range attributes(value) {
				if len(d.Rules) < maxRules {
					d.Rules = append(d.Rules, rule(v))
				}
			}
		case kind == attrSelfManaged:
			d.SelfManaged = true
		case !ok:
		case kind == attrWiphy:
			d.Wiphy, d.HasWiphy = uint32(n), true
		case kind == attrDFSRegion:
			d.Radar = pick(n, "", "FCC", "ETSI", "JP")
		case kind == attrRegInitiator:
			d.SetBy, d.HasSetBy = pick(n, "core", "user", "driver", "country element"), true
		}
	}
	if len(d.Alpha2) != 2 {
		return Domain{}, errors.New("nl80211: message names no regulatory domain")
	}
	return d, nil
}

// pick returns the n-th of some words, or the number.
func pick(n uint64, words ...string) string {
	if n < uint64(len(words)) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// rule reads one rule (enum nl80211_reg_rule_attr, nl80211_reg_rule_flags).
func rule(data []byte) Rule {
	const (
		flags, start, end, width, eirp, check = 1, 2, 3, 4, 6, 7
		noOFDM, noOutdoor, radar, noIR        = 1 << 0, 1 << 3, 1 << 4, 1<<7 | 1<<8
	)
	var r Rule
	for kind, value := range attributes(data) {
		n, ok := word(value)
		if !ok {
			continue
		}
		switch kind {
		case flags:
			r.NoOFDM, r.Indoor, r.Radar, r.NoIR = n&noOFDM != 0, n&noOutdoor != 0, n&radar != 0, n&noIR != 0
		case start:
			r.StartKHz = n
		case end:
			r.EndKHz = n
		case width:
			r.MaxWidthKHz = n
		case eirp:
			r.MaxEIRPMBm = n
		case check:
			r.CheckMs = n
		}
	}
	return r
}

// Kind says what the two characters stand for: a country, or no country (net/
// wireless/reg.c).
func (d Domain) Kind() string {
	switch d.Alpha2 {
	case "00":
		return "world" // what is allowed everywhere
	case "98":
		return "intersection" // of several domains
	case "99":
		return "custom" // of the driver, for no country that it names
	}
	return "country"
}
