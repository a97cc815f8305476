package rpieeprom

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func words(order []Mode) string {
	var list []string
	for _, m := range order {
		word := m.Word
		if !m.Known {
			word = fmt.Sprintf("%x?", m.Code)
		}
		list = append(list, word)
	}
	return strings.Join(list, " ")
}

func TestParseBootOrder(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		DefaultBootOrder: "sd usb restart",
		"0xf461":         "sd nvme usb restart",
		"0xf14":          "usb sd restart",
		"0xf25641":       "sd usb nvme bcm-usb network restart",
		"0xE7":           "http stop",
		"0x31":           "sd rpiboot",
		"0x1":            "sd",
		"0x0":            "sd-detect",
		"0x102":          "network sd-detect sd",
		"0x8":            "8?",
		"0x4f1":          "sd restart", // what is behind restart is never tried
		"0xffffffff":     "restart",
		"0x12345671":     "sd http nvme bcm-usb usb rpiboot network sd",
	} {
		if got, err := ParseBootOrder(value); words(got) != want || err != nil {
			t.Errorf("ParseBootOrder(%q) = %q, %v; want %q", value, words(got), err, want)
		}
	}
	for _, value := range []string{"", "0x", "f41", "0x123456789", "0xfg", "-0x1", "0x-1", "0x 1"} {
		if got, err := ParseBootOrder(value); err == nil {
			t.Errorf("ParseBootOrder(%q) = %q; want an error", value, words(got))
		}
	}
}

func TestParseChosen(t *testing.T) {
	t.Parallel()
	u32 := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	const commit = "0123456789abcdef0123456789abcdef01234567"
	// A Raspberry Pi 5 that was booted from USB.
	got := ParseChosen(map[string][]byte{
		"tryboot": u32(0), "signed": u32(0), "partition": u32(1), "boot-mode": u32(4), "version": []byte(commit + "\x00"), "build_timestamp": u32(0x69000000),
		"usb/usb-version": u32(3), "usb/root-hub-port-number": u32(1), "usb/route-string": u32(0x12), "usb/lun": u32(0), "name": []byte("bootloader\x00"),
	})
	want := Chosen{
		Mode: Mode{4, "usb", true}, HasMode: true, Partition: Number{1, true}, TryBoot: Number{0, true}, Signed: Number{0, true},
		Version: commit, HasVersion: true, BuildTime: Number{0x69000000, true},
		USBVersion: Number{3, true}, USBPort: Number{1, true}, USBRoute: Number{0x12, true}, USBLogicalUnit: Number{0, true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ParseChosen = %+v; want %+v", got, want)
	}
	if _, known := got.CanSecureBoot(); known {
		t.Error("CanSecureBoot without capabilities is known; want it not to be")
	}
	if a, b, c, known := got.SecureBoot(); a || b || c || !known {
		t.Errorf("SecureBoot of signed 0 = %v, %v, %v, %v; want nothing, known", a, b, c, known)
	}
	for bits, want := range map[uint32][3]bool{1: {true, false, false}, 4: {false, true, false}, 8: {false, false, true}, 0xF2: {}} {
		if a, b, c, known := ParseChosen(map[string][]byte{"signed_boot": u32(bits)}).SecureBoot(); [3]bool{a, b, c} != want || !known {
			t.Errorf("SecureBoot of %#x = %v, %v, %v, %v; want %v", bits, a, b, c, known, want)
		}
	}
	// The other spellings, and a board with a customer's key.
	got = ParseChosen(map[string][]byte{"signed-boot": u32(0x0D), "capabilities": u32(0xFF), "build-timestamp": u32(5), "update-timestamp": u32(6), "rsts": u32(0x1000)})
	if a, b, c, known := got.SecureBoot(); !a || !b || !c || !known {
		t.Errorf("SecureBoot of 0x0d = %v, %v, %v, %v; want all", a, b, c, known)
	}
	if can, known := got.CanSecureBoot(); !can || !known {
		t.Errorf("CanSecureBoot = %v, %v; want true", can, known)
	}
	if got.BuildTime.Value != 5 || got.UpdateTime.Value != 6 || got.ResetStatus.Value != 0x1000 {
		t.Errorf("ParseChosen = %+v; want the times 5 and 6, the status 0x1000", got)
	}
	if can, _ := ParseChosen(map[string][]byte{"capabilities": u32(0x7F)}).CanSecureBoot(); can {
		t.Error("CanSecureBoot of 0x7f = true; want false")
	}
	// What is not there or damaged is not known.
	for name, property := range map[string]map[string][]byte{
		"nothing": nil,
		"damaged": {"boot-mode": {1}, "partition": nil, "version": {0}, "tryboot": make([]byte, 8)},
		"large":   {"boot-mode": u32(16)},
	} {
		if got := ParseChosen(property); got != (Chosen{}) {
			t.Errorf("ParseChosen(%s) = %+v; want nothing known", name, got)
		}
	}
}

func FuzzParseBootOrder(f *testing.F) {
	f.Add("0xf41")
	f.Add("0xE7")
	f.Fuzz(func(t *testing.T, value string) {
		order, err := ParseBootOrder(value)
		if (err == nil) != (len(order) > 0) || len(order) > 8 {
			t.Fatalf("ParseBootOrder(%q) = %v, %v", value, order, err)
		}
		// The digits give the same order again.
		again := ""
		for _, m := range order {
			again = fmt.Sprintf("%x", m.Code) + again
		}
		if back, err2 := ParseBootOrder("0x" + again); err == nil && (err2 != nil || words(back) != words(order)) {
			t.Errorf("ParseBootOrder(%q) = %q; want %q", again, words(back), words(order))
		}
	})
}

func FuzzParseChosen(f *testing.F) {
	f.Add([]byte{0, 0, 0, 6}, []byte("abc\x00"))
	f.Fuzz(func(t *testing.T, mode, version []byte) {
		c := ParseChosen(map[string][]byte{"boot-mode": mode, "version": version})
		if c.HasMode != (len(mode) == 4 && binary.BigEndian.Uint32(mode) < 16) || c.HasMode && uint32(c.Mode.Code) != binary.BigEndian.Uint32(mode) {
			t.Errorf("boot-mode %x = %+v", mode, c)
		}
		if len(c.Version) > maxVersion || printable(c.Version) != c.Version || c.HasVersion != (c.Version != "") {
			t.Errorf("version %q = %q, %v", version, c.Version, c.HasVersion)
		}
	})
}
