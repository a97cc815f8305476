package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

// compress packs data with xz.
func compress(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// module makes a relocatable ELF file that has nothing but a .modinfo.
func module(info ...string) []byte {
	const headerBytes, sectionBytes = 64, 64
	text := strings.Join(info, "\x00") + "\x00"
	names := "\x00.modinfo\x00.shstrtab\x00"
	le := binary.LittleEndian
	header := make([]byte, headerBytes)
	copy(header, "\x7fELF\x02\x01\x01")
	le.PutUint16(header[16:], 1)   // relocatable
	le.PutUint16(header[18:], 183) // AArch64
	le.PutUint32(header[20:], 1)
	le.PutUint64(header[40:], uint64(headerBytes+len(text)+len(names)))
	le.PutUint16(header[52:], headerBytes)
	le.PutUint16(header[58:], sectionBytes)
	le.PutUint16(header[60:], 3)
	le.PutUint16(header[62:], 2)
	section := func(name, kind uint32, offset, size int) []byte {
		s := make([]byte, sectionBytes)
		le.PutUint32(s, name)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], uint64(offset))
		le.PutUint64(s[32:], uint64(size))
		return s
	}
	return slices.Concat(header, []byte(text), []byte(names), make([]byte, sectionBytes),
		section(1, 1, headerBytes, len(text)), section(10, 3, headerBytes+len(text), len(names)))
}

// files writes a folder.
func files(t *testing.T, list map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range list {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// sourcePackage writes the files of a linux-source package.
func sourcePackage(t *testing.T, version string, list map[string]string) string {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		text := list[name]
		if err := w.WriteHeader(&tar.Header{Name: "linux-source/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var changelog bytes.Buffer
	z := gzip.NewWriter(&changelog)
	io.WriteString(z, "linux ("+version+") trixie; urgency=medium\n\n  * Text.\n\n -- A B <a@b.c>  Thu, 12 Nov 2026 10:30:20 +0100\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return files(t, map[string][]byte{
		"DEBIAN/control":                        []byte("Package: linux-source\nVersion: " + version + "\n"),
		"usr/src/linux-source-x.tar.xz":         compress(t, archive.Bytes()),
		"usr/share/doc/x/changelog.Debian.gz":   changelog.Bytes(),
		"usr/share/doc/x/copyright":             nil,
		"usr/src/linux-patch-something.patch.x": nil,
	})
}

// imagePackage writes the files of a linux-image package.
func imagePackage(t *testing.T, version, builtin string, modules map[string][]byte) string {
	t.Helper()
	list := map[string][]byte{
		"DEBIAN/control": []byte("Package: linux-image\nVersion: " + version + "\n"),
		"usr/lib/modules/x/modules.builtin.modinfo": []byte(strings.ReplaceAll(builtin, "\n", "\x00")),
	}
	for name, data := range modules {
		list["usr/lib/modules/x/kernel/"+name] = data
	}
	return files(t, list)
}

// fabricated makes a source and two kernels in which every way to a row of the
// table is gone once.
func fabricated(t *testing.T) []string {
	source := sourcePackage(t, "6.12.7-1", map[string]string{
		"Makefile":             "VERSION = 6\n",
		"drivers/Makefile":     "obj-y += net/ tty/\nobj-$(CONFIG_SOUND) += sound/\n",
		"drivers/net/Makefile": "obj-$(CONFIG_WIFI) += wifi.o\nwifi-y := main.o \\\n\tsdio.o\nobj-$(CONFIG_WIFI_LIB) += wifi-lib.o\nobj-$(CONFIG_UNBUILT) += unbuilt.o\n",
		"drivers/net/main.c":   `of_device_is_compatible(np, "acme,wifi"); MODULE_FIRMWARE("not-from-here.bin");`,
		"drivers/net/unbuilt.c": `#include <linux/mmc/sdio_ids.h>
static const struct sdio_device_id ids[] = { { SDIO_DEVICE(SDIO_VENDOR_ID_ACME, SDIO_DEVICE_ID_ACME_ONE) }, {} };
MODULE_DEVICE_TABLE(sdio, ids);
#define FIRMWARE "acme/unbuilt" ".bin"
MODULE_FIRMWARE(FIRMWARE);`,
		"drivers/tty/Makefile": "obj-$(CONFIG_SERIAL) += uart.o\n",
		"drivers/tty/uart.c": `static const struct of_device_id uart_match[] __maybe_unused = {
	{ .compatible = "acme,uart" /* first */ },
	{ /* sentinel */ }
};
static struct platform_driver d = { .driver = { .of_match_table = of_match_ptr(uart_match) } };`,
		"drivers/sound/Makefile":       "obj-y += codec.o\n",
		"drivers/sound/codec.c":        `static const struct i2c_device_id ids[] = { { "codec1" }, { .name = "codec2", }, { } }; MODULE_DEVICE_TABLE(i2c, ids);`,
		"drivers/net/nowhere.c":        `MODULE_ALIAS("platform:nowhere");`,
		"include/linux/mmc/sdio_ids.h": "#define SDIO_VENDOR_ID_ACME 0x1234 /* ours */\n#define SDIO_DEVICE_ID_ACME_ONE\t0xabcd\n",
		"tools/x.c":                    `MODULE_ALIAS("platform:tool");`,
	})
	kernel := imagePackage(t, "6.12.7-1+b1", "uart.license=GPL\nuart.file=drivers/tty/uart\nuart.firmware=acme/uart.bin\n", map[string][]byte{
		"drivers/net/wifi.ko.xz":     compress(t, module("name=wifi", "alias=sdio:c*v1234d0001*", "alias=dmi*:x*", "depends=wifi_lib,other", "firmware=acme/b.bin", "firmware=acme/a.bin")),
		"drivers/net/wifi-lib.ko":    module("name=wifi_lib", "firmware=acme/lib.bin", "depends="),
		"drivers/net/useless.ko":     module("name=useless", "depends=", "alias=net-pf-16"),
		"drivers/net/something.else": []byte("not a module"),
	})
	old := imagePackage(t, "6.1.5-1", "", map[string][]byte{
		"drivers/net/wifi.ko":         module("name=wifi", "alias=sdio:c*v1234d0002*"),
		"drivers/staging/gone.ko":     module("name=gone", "alias=usb:v1234p0001d*", "firmware=gone.bin"),
		"drivers/staging/replaced.ko": module("name=replaced", "alias=sdio:c*v1234d0001*"),
	})
	oldSource := sourcePackage(t, "6.1.5-1", map[string]string{"drivers/staging/Makefile": "obj-$(CONFIG_GONE)\t+= gone.o\n"})
	return []string{old, oldSource, kernel, source}
}

const fabricatedTable = `boardprobe-drivers 1
6.12.7 linux 6.12.7-1 2026-11-12
CONFIG_UNBUILT source
CONFIG_WIFI
CONFIG_WIFI_LIB
CONFIG_SOUND source
CONFIG_GONE 6.1.5
CONFIG_SERIAL source
boardprobe-modules 1
r 6.12.7
m drivers/net/unbuilt drivers/net/unbuilt.ko
a sdio:c*v1234dABCD*
f acme/unbuilt.bin
m drivers/net/wifi drivers/net/wifi.ko
d drivers/net/wifi-lib
a of:N*T*Cacme,wifi
a of:N*T*Cacme,wifiC*
a sdio:c*v1234d0001*
f acme/a.bin
f acme/b.bin
m drivers/net/wifi-lib drivers/net/wifi-lib.ko
f acme/lib.bin
m drivers/sound/codec drivers/sound/codec.ko
a i2c:codec1
a i2c:codec2
m drivers/staging/gone drivers/staging/gone.ko
a usb:v1234p0001d*
f gone.bin
m drivers/tty/uart drivers/tty/uart.ko
a of:N*T*Cacme,uart
a of:N*T*Cacme,uartC*
f acme/uart.bin
`

func TestRun(t *testing.T) {
	t.Parallel()
	folders := fabricated(t)
	var outputs [][]byte
	for _, order := range [][]string{folders, {folders[3], folders[2], folders[1], folders[0]}} {
		name := filepath.Join(t.TempDir(), "drivers.gz")
		var figures bytes.Buffer
		if err := run(append([]string{name}, order...), &figures); err != nil {
			t.Fatalf("run = %v", err)
		}
		if want := "6 drivers (3 from source text only, 1 of older kernels), 0 without an option\n"; !strings.HasPrefix(figures.String(), want) {
			t.Errorf("run prints %q; want %q first", figures.String(), want)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, data)
	}
	z, err := gzip.NewReader(bytes.NewReader(outputs[0]))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != fabricatedTable {
		t.Errorf("the table is\n%s; want\n%s", text, fabricatedTable)
	}
	if !bytes.Equal(outputs[0], outputs[1]) {
		t.Error("a second run, with the folders in another order, gives another file")
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	folders := fabricated(t)
	output := filepath.Join(t.TempDir(), "drivers.gz")
	image := func(modules map[string][]byte) string { return imagePackage(t, "6.12.7-1", "", modules) }
	for name, args := range map[string][]string{
		"no arguments":   nil,
		"only a source":  {output, folders[3], folders[3]},
		"only a kernel":  {output, folders[2], folders[2]},
		"no package":     {output, t.TempDir(), folders[3]},
		"no modules":     {output, image(nil), folders[3]},
		"broken module":  {output, image(map[string][]byte{"a.ko": []byte("x")}), folders[3]},
		"broken xz":      {output, image(map[string][]byte{"a.ko.xz": []byte("x")}), folders[3]},
		"broken archive": {output, folders[2], files(t, map[string][]byte{"usr/src/linux-source-1.tar.xz": nil, "DEBIAN/control": []byte("Version: 1.2\n")})},
		"nowhere to go":  {filepath.Join(output, "x"), folders[2], folders[3]},
	} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%s: run = no error; want one", name)
		}
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("a run that failed has written its output")
	}
}
