package mmc

import (
	"slices"
	"testing"
)

func TestManufacturerName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind Kind
		id   uint8
		want string
	}{
		{EMMC, 0x15, "Samsung"},
		{EMMC, 0x13, "Micron"},
		{EMMC, 0x45, "SanDisk"},
		{EMMC, 0x02, "SanDisk"},
		{SD, 0x02, "Toshiba"},
		{SD, 0x03, "SanDisk"},
		{SD, 0x1b, "Samsung"},
		{SD, 0x15, ""},
		{EMMC, 0x03, ""},
		{EMMC, 0xaa, ""},
		{"", 0x03, ""},
	} {
		if got, ok := ManufacturerName(c.kind, c.id); got != c.want || ok != (c.want != "") {
			t.Errorf("ManufacturerName(%q, %#02x) = %q, %v; want %q", c.kind, c.id, got, ok, c.want)
		}
	}
}

func TestManufacturersAreInOrder(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{EMMC, SD} {
		list := manufacturers(kind)
		if !slices.IsSortedFunc(list, func(a, b manufacturer) int { return int(a.id) - int(b.id) }) {
			t.Errorf("manufacturers(%s) is not in order: %v", kind, list)
		}
		for i, m := range list {
			if m.name == "" || i > 0 && m.id == list[i-1].id {
				t.Errorf("manufacturers(%s) has %+v", kind, m)
			}
		}
	}
}

func TestCIDManufacturerName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cid  CID
		want string
	}{
		{CID{Kind: EMMC, Manufacturer: 0x15}, "Samsung"},
		{CID{Kind: EMMC, Manufacturer: 0x15, Bank: known(uint8(0))}, "Samsung"},
		{CID{Kind: EMMC, Manufacturer: 0x15, Bank: known(uint8(1))}, ""},
		{CID{Kind: SD, Manufacturer: 0x27}, "Phison"},
		{CID{Kind: SD, Manufacturer: 0xff}, ""},
	} {
		if got, ok := c.cid.ManufacturerName(); got != c.want || ok != (c.want != "") {
			t.Errorf("ManufacturerName of %+v = %q, %v; want %q", c.cid, got, ok, c.want)
		}
	}
}
