package main

import (
	"slices"
	"strings"
	"testing"
)

func TestScanC(t *testing.T) {
	t.Parallel()
	constants := map[string]uint64{
		"PCI_ANY_ID": anyID, "PCI_VENDOR_ID_ACME": 0x1234, "PCI_DEVICE_ID_ACME_ONE": 0x5678, "PCI_CLASS_BRIDGE_PCI": 0x0604,
		"VIRTIO_ID_NET": 1, "PHY_ID_ONE": 0x001cc916,
	}
	of := func(compatible string) []string { return ofPatterns("*", "*", compatible) }
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":           {"int main(void) { return 0; }", nil},
		"not used":          {`struct of_device_id a[] = { { .compatible = "x,y" } };`, nil},
		"used by a module":  {`const struct of_device_id a[] = { { .compatible = "x,y" }, {} }; MODULE_DEVICE_TABLE(of, a);`, of("x,y")},
		"used by a driver":  {`struct of_device_id a[] = { { .compatible = "x,y" } }; struct x d = { .driver.of_match_table = a, };`, of("x,y")},
		"a macro":           {"#define NAME \"x,\" \\\n \"y\"\nstruct of_device_id a[] = { { .compatible = NAME } }; MODULE_DEVICE_TABLE(of, a);", of("x,y")},
		"unknown macro":     {`struct of_device_id a[] = { { .compatible = NAME } }; MODULE_DEVICE_TABLE(of, a);`, nil},
		"in a comment":      {"/* struct of_device_id a[] = { { .compatible = \"x,y\" } }; */ // MODULE_ALIAS(\"a:b\")\nMODULE_DEVICE_TABLE(of, a);", nil},
		"in a string":       {`char *s = "MODULE_ALIAS(\"a:b\")"; int MODULE_ALIAS_x;`, nil},
		"with attributes":   {`static struct of_device_id __maybe_unused a[2] __initconst = { { .compatible = "x,y" } }; MODULE_DEVICE_TABLE(of, a);`, of("x,y")},
		"name and type":     {`struct of_device_id a[] = { { .name = "n", .type = "t", .compatible = "x y" } }; MODULE_DEVICE_TABLE(of, a);`, []string{"of:NnTt*Cx_y", "of:NnTt*Cx_yC*"}},
		"a declaration":     {`IRQCHIP_DECLARE(gic, "arm,gic", init); TIMER_OF_DECLARE(t, "arm,timer", init); IRQCHIP_MATCH("arm,m", init)`, slices.Concat(of("arm,gic"), of("arm,m"), of("arm,timer"))},
		"an alias":          {`#define DRIVER "x"` + "\n" + `MODULE_ALIAS("platform:" DRIVER);`, []string{"platform:x"}},
		"i2c":               {`struct i2c_device_id a[] = { { "x", 1 }, { .driver_data = 2, .name = "y" }, { } }; MODULE_DEVICE_TABLE(i2c, a);`, []string{"i2c:x", "i2c:y"}},
		"spi":               {`struct spi_device_id a[] = { { "x" } }; struct spi_driver d = { .id_table = a };`, []string{"spi:x"}},
		"acpi":              {`struct acpi_device_id a[] = { { "ACME0001", 0 } }; MODULE_DEVICE_TABLE(acpi, a);`, []string{"acpi*:ACME0001:*"}},
		"pnp":               {`struct pnp_device_id a[] = { { "PNP0501", 0 } }; MODULE_DEVICE_TABLE(pnp, a);`, []string{"acpi*:PNP0501:*", "pnp:dPNP0501*"}},
		"sdio":              {`struct sdio_device_id a[] = { { SDIO_DEVICE(0x02d0, 0xa9a6) }, { SDIO_DEVICE_CLASS(7) } }; MODULE_DEVICE_TABLE(sdio, a);`, []string{"sdio:c*v02D0dA9A6*", "sdio:c07v*d*"}},
		"usb":               {`struct usb_device_id a[] = { { USB_DEVICE(0x1, 0x2), .driver_info = 1 }, { USB_DEVICE(0x3, 0x4), .bInterfaceNumber = 1 } }; MODULE_DEVICE_TABLE(usb, a);`, []string{"usb:v0001p0002d*dc*dsc*dp*ic*isc*ip*in*"}},
		"virtio":            {`struct virtio_device_id a[] = { { VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID }, { 0 } }; MODULE_DEVICE_TABLE(virtio, a);`, []string{"virtio:d00000001v*"}},
		"virtio of vdpa":    {`struct virtio_device_id a[] = { { VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID } }; struct x m = { .id_table = a };`, nil},
		"mdio":              {`struct mdio_device_id a[] = { { PHY_ID_MATCH_EXACT(PHY_ID_ONE) }, { 0x001cc910, 0xfffffff0 }, { } }; MODULE_DEVICE_TABLE(mdio, a);`, []string{"mdio:00000000000111001100100100010110", "mdio:0000000000011100110010010001????"}},
		"amba":              {`struct amba_id a[] = { { .id = 0x00041011, .mask = 0x000fffff }, { .id = 1, .mask = 3 }, { 0, 0 } }; MODULE_DEVICE_TABLE(amba, a);`, []string{"amba:d???41011"}},
		"pci":               {`struct pci_device_id a[] = { { PCI_DEVICE(0x1, 0x2) }, { PCI_VDEVICE(ACME, 3), 7 }, { PCI_DEVICE_DATA(ACME, ONE, &x) } }; MODULE_DEVICE_TABLE(pci, a);`, []string{"pci:v00000001d00000002sv*sd*bc*sc*i*", "pci:v00001234d00000003sv*sd*bc*sc*i*", "pci:v00001234d00005678sv*sd*bc*sc*i*"}},
		"pci numbers":       {`struct pci_device_id a[] = { { 1, 2, PCI_ANY_ID, ~0, PCI_CLASS_BRIDGE_PCI << 8, 0xffff00 }, { 0, } }; MODULE_DEVICE_TABLE(pci, a);`, []string{"pci:v00000001d00000002sv*sd*bc06sc04i*"}},
		"pci class":         {`struct pci_device_id a[] = { { PCI_DEVICE_CLASS((PCI_CLASS_BRIDGE_PCI << 8), ~0) } }; MODULE_DEVICE_TABLE(pci, a);`, []string{"pci:v*d*sv*sd*bc06sc04i00*"}},
		"pci unknown class": {`struct pci_device_id a[] = { { PCI_DEVICE(1, 2), .class = X, .class_mask = 0xff } }; MODULE_DEVICE_TABLE(pci, a);`, nil},
		"pci overridden":    {`struct pci_device_id a[] = { { PCI_DEVICE(1, 2), .override_only = 1 } }; MODULE_DEVICE_TABLE(pci, a);`, nil},
		"cut off":           {`MODULE_DEVICE_TABLE(of, a); struct of_device_id a[] = { { .compatible = "x`, nil},
	} {
		if got := scanC(c.text, constants).aliases; !slices.Equal(got, c.want) {
			t.Errorf("%s: scanC(%s) = %q; want %q", name, c.text, got, c.want)
		}
	}
	s := scanC(`MODULE_FIRMWARE("b"); MODULE_FIRMWARE("a" ".bin"); if (of_device_is_compatible(np, "x,y")) f(); MODULE_FIRMWARE(f("c"));`, nil)
	if want := []string{"a.bin", "b"}; !slices.Equal(s.firmware, want) {
		t.Errorf("firmware = %q; want %q", s.firmware, want)
	}
	if want := of("x,y"); !slices.Equal(s.mentions, want) {
		t.Errorf("mentions = %q; want %q", s.mentions, want)
	}
}

func FuzzScanC(f *testing.F) {
	f.Add(`struct of_device_id a[] = { { .compatible = "x,y" }, {} }; MODULE_DEVICE_TABLE(of, a);`)
	f.Add("#define A B\n#define B A\nMODULE_ALIAS(A); MODULE_FIRMWARE(\"x\" A);")
	f.Add(`struct pci_device_id a[] = { { PCI_VDEVICE(ACME, 3), 7 }, { 1, 2, ~0, ~0, 6 << 8, (0xff) } }; MODULE_DEVICE_TABLE(pci, a);`)
	f.Add(`struct mdio_device_id a[] = { { PHY_ID_MATCH_EXACT(1) } }; MODULE_DEVICE_TABLE(mdio, a); struct amba_id b[] = { { .id = 1, .mask = 15 } };`)
	f.Fuzz(func(t *testing.T, text string) {
		s := scanC(text, nil)
		for _, list := range [][]string{s.aliases, s.firmware, s.mentions} {
			if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
				t.Errorf("scanC(%q) = %q; want it sorted, each once", text, list)
			}
		}
		for _, alias := range s.mentions {
			if !strings.HasPrefix(alias, "of:N") {
				t.Errorf("scanC(%q) mentions %q; want only compatibles", text, alias)
			}
		}
	})
}

func TestMakefiles(t *testing.T) {
	t.Parallel()
	m := newMakefiles()
	m.add("drivers", "obj-y += a/\nobj-$(CONFIG_B) += b/ # and more\n")
	m.add("drivers/a", `
obj-$(CONFIG_ONE)	+= one.o two.o \
			   three.o
obj-${CONFIG_BRACES} := braces.o
obj-$(subst m,y,$(CONFIG_INNER)) += inner.o
obj-$(CONFIG_LIST) += $(list-y) $(list) $(filter x,y.o)
list-$(CONFIG_LISTED) += listed.o
list := more.o $(list)
whole-y := part.o
whole-$(CONFIG_PART) += sub/part2.o $(whole-parts-y)
whole-parts-$(CONFIG_X) += part3.o
obj-$(CONFIG_WHOLE) += whole.o
obj-y += always.o
obj-m += module.o
$(obj)/x.o: CFLAGS = -I part4.o
ifeq ($(CONFIG_X),y)
  obj-$(CONFIG_FIRST) += twice.o
endif
obj-$(CONFIG_SECOND) += twice.o
`)
	m.add("drivers/b", "obj-y += c.o\n")
	for object, want := range map[string]string{
		"drivers/a/one": "CONFIG_ONE", "drivers/a/two": "CONFIG_ONE", "drivers/a/three": "CONFIG_ONE",
		"drivers/a/braces": "CONFIG_BRACES", "drivers/a/inner": "CONFIG_INNER",
		"drivers/a/listed": "CONFIG_LIST", "drivers/a/more": "CONFIG_LIST",
		"drivers/a/whole": "CONFIG_WHOLE", "drivers/a/always": "", "drivers/a/module": "",
		"drivers/a/twice": "CONFIG_FIRST", "drivers/b/c": "CONFIG_B",
	} {
		if got, ok := m.option(object); got != want || !ok {
			t.Errorf("option(%q) = %q, %v; want %q", object, got, ok, want)
		}
	}
	for _, object := range []string{"drivers/a/part", "drivers/a/y", "one", ""} {
		if got, ok := m.option(object); ok {
			t.Errorf("option(%q) = %q; want none", object, got)
		}
	}
	for object, want := range map[string][]string{
		"drivers/a/part": {"drivers/a/whole"}, "drivers/a/sub/part2": {"drivers/a/whole"}, "drivers/a/part3": {"drivers/a/whole"},
		"drivers/a/one": {"drivers/a/one"}, "drivers/a/part4": nil,
	} {
		if got := m.goals(object); !slices.Equal(got, want) {
			t.Errorf("goals(%q) = %q; want %q", object, got, want)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	ordered := []string{"5.10.223-1", "6.1.9-1", "6.1.176-1", "6.12.94-1", "6.12.117-1", "6.12.117-2", "7.2-1", "7.2.13-1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("compareVersions(%q, %q) = %d; want the order of %d and %d", a, b, got, i, j)
			}
		}
	}
}
