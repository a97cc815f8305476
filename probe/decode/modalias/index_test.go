package modalias

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func sample() Index {
	return Index{
		Release: "6.1.0-arm64",
		Builtin: []string{"mmc_block", "mmc-core"},
		Modules: []Module{
			{Name: "vfat", Path: "kernel/fs/fat/vfat.ko.xz", Depends: []string{"fat"}, Aliases: []string{"fs-vfat"}},
			{Name: "fat", Path: "kernel/fs/fat/fat.ko.xz", SoftPre: []string{"nls_cp437"}},
			{Name: "nls_cp437", Path: "kernel/fs/nls/nls_cp437.ko"},
			{
				Name: "brcmfmac", Path: "kernel/drivers/net/wireless/brcmfmac.ko",
				Depends: []string{"cfg80211", "brcmutil"}, SoftPost: []string{"brcmfmac-wcc", "absent"},
				Aliases:  []string{"sdio:c*v02D0dA9A6*", "of:N*T*Cbrcm,bcm4329-fmacC*", "usb:v0A5Cp*"},
				Firmware: []string{"brcm/brcmfmac*-sdio.*.bin"},
			},
			{Name: "brcmfmac_wcc", Path: "kernel/drivers/net/wireless/brcmfmac-wcc.ko", Depends: []string{"brcmfmac", "mmc_core"}},
			{Name: "brcmutil", Path: "kernel/drivers/net/wireless/brcmutil.ko"},
		},
	}
}

const sampleText = `boardprobe-modules 1
r 6.1.0-arm64
b mmc_block
b mmc-core
m brcmfmac kernel/drivers/net/wireless/brcmfmac.ko
d cfg80211
d brcmutil
> brcmfmac-wcc
> absent
a sdio:c*v02D0dA9A6*
a of:N*T*Cbrcm,bcm4329-fmacC*
a usb:v0A5Cp*
f brcm/brcmfmac*-sdio.*.bin
m brcmfmac_wcc kernel/drivers/net/wireless/brcmfmac-wcc.ko
d brcmfmac
d mmc_core
m brcmutil kernel/drivers/net/wireless/brcmutil.ko
m fat kernel/fs/fat/fat.ko.xz
< nls_cp437
m nls_cp437 kernel/fs/nls/nls_cp437.ko
m vfat kernel/fs/fat/vfat.ko.xz
d fat
a fs-vfat
`

func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	data, err := Encode(sample())
	if err != nil {
		t.Fatalf("Encode(sample) = %v; want no error", err)
	}
	if string(data) != sampleText {
		t.Errorf("Encode(sample) =\n%s; want\n%s", data, sampleText)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatalf("Decode(sample) = %v; want no error", err)
	}
	want := sample()
	slices.SortFunc(want.Modules, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Decode(Encode(sample)) = %+v; want %+v", got, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	module := func(m Module) Index { return Index{Release: "1", Modules: []Module{m}} }
	tests := map[string]Index{
		"no release":      {},
		"hostile release": {Release: "../x"},
		"no path":         module(Module{Name: "a"}),
		"absolute path":   module(Module{Name: "a", Path: "/a.ko"}),
		"path that rises": module(Module{Name: "a", Path: "../a.ko"}),
		"space in name":   module(Module{Name: "a b", Path: "a.ko"}),
		"line feed":       module(Module{Name: "a", Path: "a.ko", Aliases: []string{"x\nf y"}}),
		"control":         module(Module{Name: "a", Path: "a.ko", Aliases: []string{"x\x00"}}),
		"empty value":     module(Module{Name: "a", Path: "a.ko", Depends: []string{""}}),
		"long value":      module(Module{Name: "a", Path: "a.ko", Depends: []string{strings.Repeat("x", maxLine)}}),
		"builtin space":   {Release: "1", Builtin: []string{"a b"}},
		"same name twice": {Release: "1", Modules: []Module{{Name: "a-b", Path: "1.ko"}, {Name: "a_b", Path: "2.ko"}}},
	}
	for name, index := range tests {
		if data, err := Encode(index); err == nil {
			t.Errorf("Encode(%s) = %q; want an error", name, data)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	head := "boardprobe-modules 1\nr 6\n"
	tests := map[string]string{
		"empty":             "",
		"other version":     "boardprobe-modules 2\nr 6\n",
		"no release":        "boardprobe-modules 1\n",
		"module first":      "boardprobe-modules 1\nm a a.ko\n",
		"two releases":      head + "r 6\n",
		"cut off":           head + "m a a.k",
		"empty line":        head + "\n",
		"unknown tag":       head + "x y\n",
		"tag before module": head + "a x\n",
		"builtin late":      head + "m a a.ko\nb x\n",
		"unsorted builtins": head + "b b\nb a\n",
		"unsorted modules":  head + "m b b.ko\nm a a.ko\n",
		"tags in disorder":  head + "m a a.ko\nf x\na y\n",
		"carriage return":   "boardprobe-modules 1\nr 6\r\n",
		"too large":         head + strings.Repeat("b x\n", MaxIndexBytes/4),
	}
	for name, text := range tests {
		if got, err := Decode([]byte(text)); err == nil {
			t.Errorf("Decode(%s) = %+v; want an error", name, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte("boardprobe-modules 1\nr 6\nb a\nm a x y.ko\n< b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		index, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Encode(index)
		if err != nil {
			t.Fatalf("Encode(Decode(%q)) = %v; want no error", data, err)
		}
		if !bytes.Equal(again, data) {
			t.Fatalf("Encode(Decode(%q)) = %q; want the same", data, again)
		}
		table := NewTable(index)
		for _, m := range index.Modules {
			table.Closure(m.Name)
			for _, a := range m.Aliases {
				checkTable(t, table, index, a)
			}
		}
	})
}

// checkTable compares Table.Match with trying every pattern.
func checkTable(t *testing.T, table *Table, index Index, modalias string) {
	t.Helper()
	var want []string
	for _, m := range index.Modules {
		if slices.ContainsFunc(m.Aliases, func(a string) bool { return Match(a, modalias) }) {
			want = append(want, m.Name)
		}
	}
	if got := table.Match(modalias); !slices.Equal(got, want) {
		t.Errorf("Table.Match(%q) = %q; want %q", modalias, got, want)
	}
}
