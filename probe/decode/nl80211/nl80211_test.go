package nl80211

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// attr writes an attribute with its padding.
func attr(kind uint16, value string) string {
	b := binary.LittleEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.LittleEndian.AppendUint16(b, kind)
	return string(b) + value + strings.Repeat("\x00", -len(value)&3)
}

// nest writes a nested attribute, with the flag that newer ones have.
func nest(kind uint16, parts ...string) string { return attr(kind|0x8000, strings.Join(parts, "")) }

func u32(kind uint16, n uint32) string {
	return attr(kind, string(binary.LittleEndian.AppendUint32(nil, n)))
}

func flag(kind uint16) string { return attr(kind, "") }

// list nests attributes counted from first.
func list(kind, first uint16, parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(attr(first+uint16(i), p))
	}
	return attr(kind, b.String())
}

func freq(mhz uint32, flags ...uint16) string {
	s := u32(1, mhz)
	for _, f := range flags {
		s += flag(f)
	}
	return s + u32(6, 2000)
}

func band(number uint16, parts ...string) string { return nest(attrBands, nest(number, parts...)) }

// split is the dump of one radio in the way of mac80211_hwsim, message by
// message: what does not belong to a band, then bands and frequencies in pieces.
func split() []string {
	first := u32(attrWiphy, 1) + attr(attrWiphyName, "phy1\x00")
	return []string{
		// The cipher suites as Linux 6.12 gives them for mac80211_hwsim.
		first + attr(attrCipherSuites, "\x01\xac\x0f\x00\x05\xac\x0f\x00\x02\xac\x0f\x00\x04\xac\x0f\x00\x0a\xac\x0f\x00\x08\xac\x0f\x00\x09\xac\x0f\x00\x06\xac\x0f\x00\x0d\xac\x0f\x00\x0b\xac\x0f\x00\x0c\xac\x0f\x00") +
			u32(attrAntennaAvailTx, 3) + u32(attrAntennaAvailRx, 1),
		first + nest(attrSupportedModes, flag(1), flag(2), flag(3), flag(4), flag(6), flag(7), flag(8), flag(9), flag(10), flag(11), flag(99)),
		first + band(0, attr(3, "\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"), attr(4, "\x7e\x01"), attr(5, "\x03")),
		first + band(0, nest(1, nest(0, freq(2412)))),
		first + band(0, nest(1, nest(1, freq(2417)), nest(2, freq(2484, 2)))),
		first + band(1, attr(4, "\xff\x01"), attr(7, "\xfa\xff\x00\x00\xfa\xff\x00\x00"), u32(8, 0x0f8259f6),
			nest(9, nest(1, nest(1, flag(2)), attr(2, "\x0d\x00\x9a\x18\x00\x10"), attr(3, "\x1c\x70\x00"), attr(4, "\xfa\xff\xfa\xff"), attr(8, "\x00\x01"), attr(9, "\x02\x00")),
				nest(2, nest(1, flag(3)), attr(2, "\x01"), attr(3, "\x04"), attr(4, "\xfe\xff\xfe\xff")))),
		first + band(1, nest(1, nest(0, freq(5180, 3, 4, 14)))),
		first + band(1, nest(1, nest(1, freq(5260, 5, 3)), nest(2, freq(5825)))),
		first + nest(attrCombinations,
			nest(1, nest(1, nest(1, u32(1, 1), nest(2, flag(2))), nest(2, u32(1, 8), nest(2, flag(3), flag(9)))), u32(4, 1), u32(2, 8), u32(5, 0x2f)),
			nest(2, nest(1, nest(1, u32(1, 2048), nest(2, flag(2), flag(3)))), u32(4, 2), u32(2, 2048))),
		first + attr(attrMAC, "\x02\x00\x00\x00\x01\x00") + nest(attrMACAddresses, attr(1, "\x02\x00\x00\x00\x01\x00"), attr(2, "\x42\x00\x00\x00\x01\x00")) +
			u32(attrFeatureFlags, 0x20) + u32(attrMaxAPStations, 64) + attr(attrExtFeatures, "\x01\x02") + flag(attrSelfManaged) + attr(attrAKMSuites, "\x02\xac\x0f\x00\x08\xac\x0f\x00\x02\x9a\x6f\x50"),
		u32(attrWiphy, 0) + attr(attrWiphyName, "phy0\x00"),
	}
}

func dump(t testing.TB, messages []string) []Wiphy {
	t.Helper()
	var d Dump
	for _, m := range messages {
		if err := d.Add([]byte(m)); err != nil {
			t.Fatalf("Add(%x) = %v; want no error", m, err)
		}
	}
	return d.Wiphys()
}

func TestWiphy(t *testing.T) {
	t.Parallel()
	all := dump(t, split())
	if len(all) != 2 || all[0].Name != "phy0" || all[1].Name != "phy1" {
		t.Fatalf("Wiphys = %+v; want phy0 and phy1", all)
	}
	w := all[1]
	bands := w.Bands
	w.Bands = nil
	want := Wiphy{
		Index: 1, Name: "phy1", Addresses: []Address{{2, 0, 0, 0, 1, 0}, {0x42, 0, 0, 0, 1, 0}},
		Modes:            []Mode{"ad hoc", Station, AP, "AP VLAN", "monitor", "mesh", "P2P client", "P2P owner", "P2P device", "OCB"},
		Ciphers:          []string{"WEP-40", "WEP-104", "TKIP", "CCMP", "CCMP-256", "GCMP", "GCMP-256", "BIP-CMAC", "BIP-CMAC-256", "BIP-GMAC", "BIP-GMAC-256"},
		AKMs:             []string{"PSK", "SAE", "506f9a:2"},
		AntennasTx:       3,
		AntennasRx:       1,
		HasAntennas:      true,
		MaxAPStations:    64,
		HasMaxAPStations: true,
		Features:         0x20, ExtendedFeatures: []byte{1, 2}, SelfManagedRegulatory: true,
		Combinations: []Combination{
			{Limits: []Limit{{1, []Mode{Station}}, {8, []Mode{AP, "P2P owner"}}}, MaxInterfaces: 8, Channels: 1, RadarWidths: 0x2f},
			{Limits: []Limit{{2048, []Mode{Station, AP}}}, MaxInterfaces: 2048, Channels: 2},
		},
	}
	if !reflect.DeepEqual(w, want) {
		t.Errorf("radio =\n%+v; want\n%+v", w, want)
	}
	if !w.Can(AP) || w.Can("NAN") {
		t.Errorf("Can(AP), Can(NAN) = %v, %v; want true, false", w.Can(AP), w.Can("NAN"))
	}
	if channels, ok := w.StationAndAP(); channels != 2 || !ok {
		t.Errorf("StationAndAP = %d, %v; want 2", channels, ok)
	}
	wantBands := []Band{
		{Number: 0, Name: "2.4 GHz", HT: true, HTCapabilities: 0x017e, HTMCS: []byte("\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"),
			Frequencies: []Frequency{{MHz: 2412, MaxPowerMBm: 2000, HasMaxPower: true}, {MHz: 2417, MaxPowerMBm: 2000, HasMaxPower: true}, {MHz: 2484, Disabled: true, MaxPowerMBm: 2000, HasMaxPower: true}}},
		{Number: 1, Name: "5 GHz", HT: true, HTCapabilities: 0x01ff, VHT: true, VHTCapabilities: 0x0f8259f6, VHTMCS: []byte("\xfa\xff\x00\x00\xfa\xff\x00\x00"),
			HE: true, HEMAC: []byte("\x0d\x00\x9a\x18\x00\x10"), HEPHY: []byte("\x1c\x70\x00"), HEMCS: []byte("\xfa\xff\xfa\xff"), HEForAP: true,
			EHT: true, EHTMAC: []byte("\x00\x01"), EHTPHY: []byte("\x02\x00"),
			Frequencies: []Frequency{
				{MHz: 5180, NoIR: true, Indoor: true, MaxPowerMBm: 2000, HasMaxPower: true},
				{MHz: 5260, NoIR: true, Radar: true, MaxPowerMBm: 2000, HasMaxPower: true},
				{MHz: 5825, MaxPowerMBm: 2000, HasMaxPower: true}}},
	}
	if !reflect.DeepEqual(bands, wantBands) {
		t.Errorf("bands =\n%+v; want\n%+v", bands, wantBands)
	}
	for i, want := range []struct{ width, streams, all, forAP int }{{40, 2, 2, 2}, {320, 2, 3, 1}} {
		streams, _ := bands[i].Streams()
		all, forAP := bands[i].Usable()
		if bands[i].WidthMHz() != want.width || streams != want.streams || all != want.all || forAP != want.forAP {
			t.Errorf("%s: width %d, streams %d, usable %d, for AP %d; want %+v", bands[i].Name, bands[i].WidthMHz(), streams, all, forAP, want)
		}
	}
}

// TestOneMessage checks that a dump that is not split gives the same.
func TestOneMessage(t *testing.T) {
	t.Parallel()
	messages := split()
	one := strings.Join(messages[:len(messages)-1], "")
	if got, want := dump(t, []string{one, messages[len(messages)-1]}), dump(t, messages); !reflect.DeepEqual(got, want) {
		t.Errorf("Wiphys of one message =\n%+v; want\n%+v", got, want)
	}
	if got, want := dump(t, append(messages, messages...)), dump(t, messages); !reflect.DeepEqual(got, want) {
		t.Errorf("Wiphys of two dumps =\n%+v; want\n%+v", got, want)
	}
}

func TestStationAndAP(t *testing.T) {
	t.Parallel()
	station, ap := []Mode{Station}, []Mode{AP, "mesh"}
	for name, test := range map[string]struct {
		c        Combination
		channels uint32
		ok       bool
	}{
		"two limits":           {Combination{Limits: []Limit{{1, station}, {1, ap}}, MaxInterfaces: 2, Channels: 1}, 1, true},
		"one limit of two":     {Combination{Limits: []Limit{{2, []Mode{Station, AP}}}, MaxInterfaces: 2, Channels: 1}, 1, true},
		"one limit of one":     {Combination{Limits: []Limit{{1, []Mode{Station, AP}}}, MaxInterfaces: 2, Channels: 1}, 0, false},
		"one interface in all": {Combination{Limits: []Limit{{1, station}, {1, ap}}, MaxInterfaces: 1, Channels: 1}, 0, false},
		"no access point":      {Combination{Limits: []Limit{{1, station}, {1, station}}, MaxInterfaces: 2, Channels: 1}, 0, false},
	} {
		if channels, ok := (Wiphy{Combinations: []Combination{test.c}}).StationAndAP(); channels != test.channels || ok != test.ok {
			t.Errorf("%s: StationAndAP = %d, %v; want %d, %v", name, channels, ok, test.channels, test.ok)
		}
	}
}

func TestChannel(t *testing.T) {
	t.Parallel()
	for mhz, want := range map[uint32]int{2412: 1, 2472: 13, 2484: 14, 5180: 36, 5885: 177, 5935: 2, 5955: 1, 7115: 233, 4920: 184, 2413: 0, 58320: 0, 902: 0} {
		if got, ok := (Frequency{MHz: mhz}).Channel(); got != want || ok != (want != 0) {
			t.Errorf("Channel(%d MHz) = %d, %v; want %d", mhz, got, ok, want)
		}
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for want, bands := range map[int][]Band{
		20:  {{}, {HT: true}, {HE: true, HEPHY: []byte{0}}, {HE: true}},
		40:  {{HT: true, HTCapabilities: 2}, {HE: true, HEPHY: []byte{2}}},
		80:  {{VHT: true}, {HE: true, HEPHY: []byte{4}}},
		160: {{VHT: true, VHTCapabilities: 4}, {HE: true, HEPHY: []byte{8}}, {EHT: true, EHTPHY: []byte{0}, HE: true, HEPHY: []byte{16}}},
		320: {{EHT: true, EHTPHY: []byte{2}}},
	} {
		for _, b := range bands {
			if got := b.WidthMHz(); got != want {
				t.Errorf("WidthMHz of %+v = %d; want %d", b, got, want)
			}
		}
	}
	if n, ok := (Band{}).Streams(); ok {
		t.Errorf("Streams of nothing = %d; want none", n)
	}
}

func TestInterface(t *testing.T) {
	t.Parallel()
	message := u32(attrInterfaceIndex, 4) + attr(attrInterfaceName, "wlan1\x00") + u32(attrWiphy, 1) + u32(attrInterfaceType, 2) +
		attr(153, "\x01\x00\x00\x00\x01\x00\x00\x00") + attr(attrMAC, "\x02\x00\x00\x00\x01\x00") + u32(attrFrequency, 2412) + attr(52, "a network")
	want := Interface{Index: 4, HasIndex: true, Name: "wlan1", Wiphy: 1, Mode: Station, Address: Address{2, 0, 0, 0, 1, 0}, HasAddress: true, FrequencyMHz: 2412, HasFrequency: true}
	if got, err := ParseInterface([]byte(message)); got != want || err != nil {
		t.Errorf("ParseInterface = %+v, %v; want %+v", got, err, want)
	}
	if got, err := ParseInterface([]byte(u32(attrInterfaceIndex, 4))); err == nil {
		t.Errorf("ParseInterface without radio = %+v; want an error", got)
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	rules := list(attrRules, 0,
		u32(1, 0)+u32(2, 2402000)+u32(3, 2482000)+u32(4, 40000)+u32(5, 0)+u32(6, 2000)+u32(7, 0),
		u32(1, 1<<4|1<<3|1<<7|1)+u32(2, 5250000)+u32(3, 5330000)+u32(4, 80000)+u32(6, 2000)+u32(7, 60000))
	want := Domain{
		Alpha2: "DE", Radar: "ETSI", Wiphy: 1, HasWiphy: true, SelfManaged: true, SetBy: "driver", HasSetBy: true,
		Rules: []Rule{
			{StartKHz: 2402000, EndKHz: 2482000, MaxWidthKHz: 40000, MaxEIRPMBm: 2000},
			{StartKHz: 5250000, EndKHz: 5330000, MaxWidthKHz: 80000, MaxEIRPMBm: 2000, NoIR: true, Radar: true, Indoor: true, NoOFDM: true, CheckMs: 60000},
		},
	}
	got, err := ParseDomain([]byte(attr(attrAlpha2, "DE\x00") + attr(attrDFSRegion, "\x02") + rules + u32(attrWiphy, 1) + flag(attrSelfManaged) + attr(attrRegInitiator, "\x02")))
	if !reflect.DeepEqual(got, want) || err != nil || got.Kind() != "country" {
		t.Errorf("ParseDomain = %+v (%s), %v; want %+v", got, got.Kind(), err, want)
	}
	for alpha2, kind := range map[string]string{"00": "world", "98": "intersection", "99": "custom"} {
		if got, err := ParseDomain([]byte(attr(attrAlpha2, alpha2+"\x00"))); got.Kind() != kind || err != nil {
			t.Errorf("Kind(%s) = %s, %v; want %s", alpha2, got.Kind(), err, kind)
		}
	}
	if got, err := ParseDomain([]byte(u32(attrWiphy, 1))); err == nil {
		t.Errorf("ParseDomain without a name = %+v; want an error", got)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	var d Dump
	if err := d.Add([]byte(attr(attrWiphyName, "phy0"))); err == nil {
		t.Error("Add without an index = no error; want one")
	}
	for i := range uint32(maxWiphys) {
		if err := d.Add([]byte(u32(attrWiphy, i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Add([]byte(u32(attrWiphy, 1000))); err == nil {
		t.Errorf("Add of radio %d = no error; want one", maxWiphys+1)
	}
	var many strings.Builder
	for i := range uint32(2 * maxFrequencies) {
		many.WriteString(attr(uint16(i), u32(1, 1000+i)))
	}
	message := u32(attrWiphy, 0)
	for i := range uint16(2 * maxBands) {
		message += attr(attrBands, attr(i, attr(1, many.String())))
	}
	if err := d.Add([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if w := d.Wiphys()[0]; len(w.Bands) != maxBands || len(w.Bands[0].Frequencies) != maxFrequencies {
		t.Errorf("radio has %d bands with %d frequencies; want %d with %d", len(w.Bands), len(w.Bands[0].Frequencies), maxBands, maxFrequencies)
	}
}

func FuzzDump(f *testing.F) {
	for _, m := range split() {
		f.Add([]byte(m), []byte(split()[5]))
	}
	f.Add([]byte(u32(attrWiphy, 1)+attr(attrAlpha2, "00\x00")), []byte(u32(attrWiphy, 1)+u32(attrInterfaceType, 3)))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var d Dump
		d.Add(first)
		d.Add(second)
		before := d.Wiphys()
		// A message that is repeated says nothing new, but the order of addresses
		// and frequencies is that of their first mention.
		d.Add(second)
		after := d.Wiphys()
		if len(after) != len(before) || len(after) > 2 {
			t.Fatalf("%d radios, then %d; want at most two and no new one", len(before), len(after))
		}
		for i, w := range after {
			if len(w.Addresses) > maxAddresses || len(w.Combinations) > maxCombinations || len(w.Modes) > len(modes) || len(w.Bands) != len(before[i].Bands) {
				t.Errorf("radio of %x and %x = %+v; want it bounded", first, second, w)
			}
			if !slices.IsSortedFunc(w.Bands, func(a, b Band) int { return a.Number - b.Number }) {
				t.Errorf("bands of %x and %x = %+v; want them sorted", first, second, w.Bands)
			}
			for j, b := range w.Bands {
				if !slices.Contains([]int{20, 40, 80, 160, 320}, b.WidthMHz()) || len(b.Frequencies) > maxFrequencies || len(b.Frequencies) != len(before[i].Bands[j].Frequencies) {
					t.Errorf("band of %x and %x = %+v; want it bounded and unchanged", first, second, b)
				}
				if n, ok := b.Streams(); ok && (n < 1 || n > 8) {
					t.Errorf("Streams of %+v = %d; want 1 to 8", b, n)
				}
				all, forAP := b.Usable()
				if forAP > all || all > len(b.Frequencies) {
					t.Errorf("Usable of %+v = %d, %d; want no more than there are", b, all, forAP)
				}
				for _, f := range b.Frequencies {
					if channel, ok := f.Channel(); ok && (channel < 1 || channel > 233) {
						t.Errorf("Channel(%d MHz) = %d; want 1 to 233", f.MHz, channel)
					}
				}
			}
			w.StationAndAP()
		}
		if domain, err := ParseDomain(first); err == nil && (len(domain.Alpha2) != 2 || len(domain.Rules) > maxRules) {
			t.Errorf("ParseDomain(%x) = %+v; want two characters and bounded rules", first, domain)
		}
		if i, err := ParseInterface(first); err == nil && len(i.Name) > maxNameBytes {
			t.Errorf("ParseInterface(%x) = %+v; want a bounded name", first, i)
		}
	})
}
