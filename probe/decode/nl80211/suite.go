package nl80211

import "fmt"

// cipherNames are the cipher suites with the OUI 00-0F-AC by their number (IEEE
// 802.11, cipher suite selectors; include/linux/ieee80211.h).
var cipherNames = []string{
	1: "WEP-40", 2: "TKIP", 4: "CCMP", 5: "WEP-104", 6: "BIP-CMAC", 8: "GCMP", 9: "GCMP-256", 10: "CCMP-256", 11: "BIP-GMAC", 12: "BIP-GMAC-256", 13: "BIP-CMAC-256",
}

// akmNames are the suites for authentication and key management with the same
// OUI (IEEE 802.11, AKM suite selectors).
var akmNames = []string{
	1: "802.1X", 2: "PSK", 3: "FT-802.1X", 4: "FT-PSK", 5: "802.1X-SHA256", 6: "PSK-SHA256", 8: "SAE", 9: "FT-SAE", 11: "Suite B", 12: "Suite B-192",
	14: "FILS-SHA256", 15: "FILS-SHA384", 18: "OWE",
}

// suites reads a list of suite selectors, which are numbers here: OUI and type.
func suites(value []byte, known []string) []string {
	const oui = 0x000fac
	var list []string
	for ; len(value) >= 4 && len(list) < maxSuites; value = value[4:] {
		n, _ := word(value[:4])
		if kind := n & 0xff; n>>8 == oui && int(kind) < len(known) && known[kind] != "" {
			list = append(list, known[kind])
		} else {
			list = append(list, fmt.Sprintf("%06x:%d", n>>8, kind))
		}
	}
	return list
}
