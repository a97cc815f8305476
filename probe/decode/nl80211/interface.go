package nl80211

import "errors"

// Interface is a network interface of a radio, or one without a name such as a
// P2P device.
type Interface struct {
	Index        uint32 // as in ip link, valid with HasIndex
	HasIndex     bool
	Name         string
	Wiphy        uint32 // the radio
	Mode         Mode   // "" for one that is not known here
	Address      Address
	HasAddress   bool
	FrequencyMHz uint32 // in use, valid with HasFrequency
	HasFrequency bool
}

// ParseInterface reads one message of the dump of interfaces.
func ParseInterface(message []byte) (Interface, error) {
	var i Interface
	known := false
	for kind, value := range attributes(message) {
		n, ok := word(value)
		switch {
		case kind == attrInterfaceName:
			i.Name = text(value)
		case kind == attrMAC && len(value) == len(i.Address):
			i.Address, i.HasAddress = Address(value), true
		case !ok:
		case kind == attrWiphy:
			i.Wiphy, known = n, true
		case kind == attrInterfaceIndex:
			i.Index, i.HasIndex = n, true
		case kind == attrInterfaceType:
			i.Mode, _ = mode(uint64(n))
		case kind == attrFrequency:
			i.FrequencyMHz, i.HasFrequency = n, true
		}
	}
	if !known {
		return Interface{}, errors.New("nl80211: message names no radio")
	}
	return i, nil
}
