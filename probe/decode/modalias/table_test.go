package modalias

import (
	"fmt"
	"slices"
	"testing"
)

func decoded(t testing.TB, index Index) Index {
	t.Helper()
	data, err := Encode(index)
	if err != nil {
		t.Fatalf("Encode = %v; want no error", err)
	}
	index, err = Decode(data)
	if err != nil {
		t.Fatalf("Decode = %v; want no error", err)
	}
	return index
}

func TestTableMatch(t *testing.T) {
	t.Parallel()
	index := decoded(t, Index{Release: "6", Modules: []Module{
		{Name: "a", Path: "a.ko", Aliases: []string{"of:N*T*Cx,short", "pci:v00008086d*", `e\*scaped-alias*`, "acpi*:PNP0C0A:*"}},
		{Name: "b", Path: "b.ko", Aliases: []string{"of:N*T*Cx,shortC*", "fs-b", "of:N*T*Cx,short"}},
		{Name: "c", Path: "c.ko", Aliases: []string{"usb:v*p*d*dc09dsc*", "*", "[0-9]*x", "unclosed-bracket[*"}},
		{Name: "d", Path: "d.ko", Aliases: []string{"pci:v00008086d00001[0-9]*", "char-major-10-200"}},
	}})
	table := NewTable(index)
	for modalias, want := range map[string][]string{
		"of:NsocT(null)Cx,short":    {"a", "b", "c"},
		"of:NsocT(null)Cx,shortCy":  {"b", "c"},
		"pci:v00008086d0000123":     {"a", "c", "d"},
		"fs_b":                      {"b", "c"},
		"usb:v1p2d3dc09dsc1":        {"c"},
		"char_major_10-200":         {"c", "d"},
		"e*scaped_aliasxyz":         {"a", "c"},
		"acpi:PNP0C0A:":             {"a", "c"},
		"unclosed-bracket[whatever": {"c"},
		"":                          {"c"},
	} {
		if got := table.Match(modalias); !slices.Equal(got, want) {
			t.Errorf("Match(%q) = %q; want %q", modalias, got, want)
		}
		checkTable(t, table, index, modalias)
	}
}

func TestTableNamed(t *testing.T) {
	t.Parallel()
	table := NewTable(decoded(t, sample()))
	for name, want := range map[string][]string{
		"vfat":         {"vfat"},
		"fs_vfat":      {"vfat"},
		"nls-cp437":    {"nls_cp437"},
		"brcmfmac-wcc": {"brcmfmac_wcc"},
		"ext4":         nil,
	} {
		if got := table.Named(name); !slices.Equal(got, want) {
			t.Errorf("Named(%q) = %q; want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{"mmc-block": true, "mmc_core": true, "vfat": false} {
		if got := table.Builtin(name); got != want {
			t.Errorf("Builtin(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestTableClosure(t *testing.T) {
	t.Parallel()
	circle := Index{Release: "6", Modules: []Module{
		{Name: "a", Path: "a.ko", Depends: []string{"b"}},
		{Name: "b", Path: "b.ko", Depends: []string{"c"}, SoftPost: []string{"a", "d"}},
		{Name: "c", Path: "c.ko", Depends: []string{"a"}},
		{Name: "d", Path: "d.ko", SoftPre: []string{"crypto-x", "nothing"}},
		{Name: "x1", Path: "x1.ko", Aliases: []string{"crypto-x"}},
		{Name: "x2", Path: "x2.ko", Aliases: []string{"crypto-x"}},
	}}
	tests := []struct {
		index                 Index
		names, order, missing []string
	}{
		{sample(), []string{"fs-vfat"}, []string{"nls_cp437", "fat", "vfat"}, nil},
		{sample(), []string{"brcmfmac"}, []string{"brcmutil", "brcmfmac", "brcmfmac_wcc"}, []string{"cfg80211"}},
		{sample(), []string{"vfat", "ext4", "mmc-core", "fat", "ext4"}, []string{"nls_cp437", "fat", "vfat"}, []string{"ext4"}},
		{circle, []string{"a"}, []string{"c", "b", "x1", "x2", "d", "a"}, nil},
		{circle, nil, nil, nil},
	}
	for _, test := range tests {
		modules, missing := NewTable(decoded(t, test.index)).Closure(test.names...)
		var order []string
		for _, m := range modules {
			order = append(order, m.Name)
		}
		if !slices.Equal(order, test.order) || !slices.Equal(missing, test.missing) {
			t.Errorf("Closure(%q) = %q, %q; want %q, %q", test.names, order, missing, test.order, test.missing)
		}
	}
}

// BenchmarkTableMatch has the worst shape of an ARM kernel: thousands of patterns
// that begin alike, a thousand of which end alike as well.
func BenchmarkTableMatch(b *testing.B) {
	index := Index{Release: "6"}
	for i := range 1000 {
		m := Module{Name: fmt.Sprintf("m%04d", i), Path: "x.ko"}
		for j := range 4 {
			m.Aliases = append(m.Aliases, fmt.Sprintf("of:N*T*Cvendor,chip%d-block%d", i, j), fmt.Sprintf("of:N*T*Cvendor,chip%d-block%dC*", i, j))
		}
		index.Modules = append(index.Modules, m)
	}
	table := NewTable(decoded(b, index))
	for b.Loop() {
		table.Match("of:Nsome-deviceT(null)Cvendor,chip500-block2Cvendor,chip400-block1Cvendor,generic-block")
	}
}
