package desk

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"
)

func TestFirmware(t *testing.T) {
	t.Parallel()
	if _, err := firmwares(); err != nil {
		t.Fatalf("the embedded table: %v", err)
	}
	if n := len(firmwareFile); n > 40_000 {
		t.Errorf("the table has %d bytes; want at most 40000", n)
	}
	packages := func(b Blob) string {
		var list []string
		for _, p := range b.Packages {
			list = append(list, p.Name+" "+p.Release+" "+p.Area)
		}
		return strings.Join(list, ", ")
	}
	const cyw43455 = "d408faa9d0d5b1a2f9912dcea53ab0be48217288e398406d117f0edafe7c3edd"
	list := FirmwareByDigest(cyw43455)
	i := slices.IndexFunc(list, func(b Blob) bool { return b.Name == "brcm/brcmfmac43455-sdio.bin" })
	if want := "firmware-brcm80211 20250410 non-free-firmware, firmware-brcm80211 20230210 non-free-firmware"; i < 0 || packages(list[i]) != want {
		t.Errorf("FirmwareByDigest(%s) = %v; want the link brcm/brcmfmac43455-sdio.bin in %s", cyw43455, list, want)
	}
	for _, digest := range []string{"", "00", strings.Repeat("0", 64), cyw43455[:15]} {
		if list := FirmwareByDigest(digest); list != nil {
			t.Errorf("FirmwareByDigest(%q) = %v; want none", digest, list)
		}
	}
	if b, ok := FirmwareByName("iwlwifi-ty-a0-gf-a0-89.ucode"); !ok || packages(b) != "firmware-iwlwifi 20250410 non-free-firmware" {
		t.Errorf("FirmwareByName = %s, %v; want firmware-iwlwifi 20250410", packages(b), ok)
	}
	if b, ok := FirmwareByName("nxp/uart8987_bt_v0.bin"); ok {
		t.Errorf("FirmwareByName of a file that no package has: %v", b)
	}
}

func TestFirmwareTableRefuses(t *testing.T) {
	t.Parallel()
	decode := func(text string) error {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := decodeFirmware(b.Bytes())
		return err
	}
	const good = "boardprobe-firmware 1\np 1 main\n\na.bin\t0123456789abcdef:0\n"
	if err := decode(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{"firmware 1", "firmware 2"}, {"p 1 main", "p 1"}, {":0", ":1"}, {":0", ""}, {":0", ":-1"}, {"\t", " "}, {"abcdef", "abcde"}, {"\n\n", "\n"}} {
		if decode(strings.Replace(good, change[0], change[1], 1)) == nil {
			t.Errorf("with %q for %q it is decoded; want an error", change[1], change[0])
		}
	}
	if _, err := decodeFirmware([]byte("no gzip")); err == nil {
		t.Error("no gzip: decoded")
	}
}
