package pseudonym

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	r := New(Key{1})
	r.AddText("S4EWNX0M123456A\n")
	r.AddText("abc") // too short to be looked for everywhere
	in := "serial S4EWNX0M123456A, lower s4ewnx0m123456a, longer XS4EWNX0M123456A, abc"
	out := string(r.Apply([]byte(in)))
	if len(out) != len(in) || strings.Contains(out, "serial S4EWNX0M123456A") || strings.Contains(out, "lower s4ewnx0m123456a") {
		t.Errorf("Apply(%q) = %q", in, out)
	}
	if strings.Contains(out, "S4EWNX0M123456A") || !strings.Contains(out, "longer X") || !strings.HasSuffix(out, "abc") {
		t.Errorf("Apply(%q) = %q; want it replaced within a longer word, and what is short as it was", in, out)
	}
	again := New(Key{1})
	again.AddText("S4EWNX0M123456A")
	if string(again.Apply([]byte(in))) != out {
		t.Error("the same key gives another pseudonym")
	}
	if New(Key{2}).Text("S4EWNX0M123456A") == r.Text("S4EWNX0M123456A") {
		t.Error("another key gives the same pseudonym")
	}
}

func TestMAC(t *testing.T) {
	r := New(Key{1})
	r.AddMAC([6]byte{0x00, 0x04, 0x9f, 0x12, 0x34, 0x56})
	for _, in := range []string{"00:04:9f:12:34:56", "00:04:9F:12:34:56", "00-04-9f-12-34-56", "00049f123456", "\x00\x04\x9f\x12\x34\x56"} {
		out := string(r.Apply([]byte(in)))
		if out == in || len(out) != len(in) || out[:3] != in[:3] {
			t.Errorf("Apply(%q) = %q; want the same manufacturer and another device", in, out)
		}
	}
	for _, in := range []string{"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "1:2:3"} {
		if out := string(r.Apply([]byte(in))); out != in {
			t.Errorf("Apply(%q) = %q; want it kept", in, out)
		}
	}
	// An address that no source told of is known by its form.
	if out := string(r.Apply([]byte("5C:F3:7A:91:D4:E2"))); out[:9] != "5C:F3:7A:" || out != strings.ToUpper(out) {
		t.Errorf("an address in capitals became %q; want capitals and its manufacturer", out)
	}
	if in := "mac aa:bb:cc:dd:ee:ff"; string(r.Apply([]byte(in))) == in {
		t.Errorf("Apply(%q): kept", in)
	}
}

// U-Boot makes the address of an Allwinner board of the SoC's identity.
func TestLocalMAC(t *testing.T) {
	known, seen := New(Key{1}), New(Key{1})
	known.AddMAC([6]byte{0x02, 0x81, 0x4a, 0x58, 0xbd, 0x80})
	for what, r := range map[string]*Replacer{"known": known, "seen": seen} {
		out := string(r.Apply([]byte("02:81:4a:58:bd:80")))
		if len(out) != 17 || out[:3] != "02:" || strings.Contains(out, "81:4a") || strings.Contains(out, "58:bd") {
			t.Errorf("%s: %s; want only the first byte kept", what, out)
		}
	}
	if out := string(seen.Apply([]byte("52:54:00:12:34:56"))); out[:9] != "52:54:00:" || out[9:] == "12:34:56" {
		t.Errorf("%s; want the prefix of QEMU kept", out)
	}
}

func TestCID(t *testing.T) {
	const cid = "1501004a54583942380712345678170f"
	raw, err := hex.DecodeString(cid)
	if err != nil {
		t.Fatal(err)
	}
	raw[15] = checksum(raw[:15])
	right := hex.EncodeToString(raw)
	r := New(Key{1})
	r.AddCID(right+"\n", 10)
	out := string(r.Apply([]byte(right)))
	if out[:20] != right[:20] || out[20:28] == right[20:28] {
		t.Errorf("Apply(%s) = %s; want another serial number only", right, out)
	}
	if raw, err := hex.DecodeString(out); err != nil || raw[15] != checksum(raw[:15]) {
		t.Errorf("Apply(%s) = %s; want a right checksum", right, out)
	}
	if serial := string(r.Apply([]byte("0x" + right[20:28]))); serial != "0x"+out[20:28] {
		t.Errorf("serial alone = %s; want the one in the CID, %s", serial, out[20:28])
	}
}

// TestChecksum uses a command frame whose checksum every SD host driver knows:
// CMD0 ends in 0x95, CRC7 with its stop bit.
func TestChecksum(t *testing.T) {
	if got := checksum([]byte{0x40, 0, 0, 0, 0}); got != 0x95 {
		t.Errorf("checksum(CMD0) = %#x; want 0x95", got)
	}
}

func TestKey(t *testing.T) {
	k := NewKey()
	again, err := ParseKey([]byte(k.String() + "\n"))
	if err != nil || again != k {
		t.Errorf("ParseKey(%s) = %s, %v", k, again, err)
	}
	for _, bad := range []string{"", "00", strings.Repeat("g", 64), strings.Repeat("0", 66)} {
		if _, err := ParseKey([]byte(bad)); err == nil {
			t.Errorf("ParseKey(%q): no error", bad)
		}
	}
}

func TestUUID(t *testing.T) {
	const uuid = "6c1f3b52-8a0e-4d47-9e55-0c7d2f3a9b61"
	r := New(Key{1})
	r.AddText(uuid)
	stand := r.Text(uuid)
	plain := strings.ReplaceAll(stand, "-", "")
	raw, err := hex.DecodeString(plain)
	if err != nil {
		t.Fatalf("Text(%s) = %s: %v", uuid, stand, err)
	}
	for in, want := range map[string]string{
		uuid: stand,
		"\x6c\x1f\x3b\x52\x8a\x0e\x4d\x47\x9e\x55\x0c\x7d\x2f\x3a\x9b\x61": string(raw),
		"\x52\x3b\x1f\x6c\x0e\x8a\x47\x4d\x9e\x55\x0c\x7d\x2f\x3a\x9b\x61": string([]byte{
			raw[3], raw[2], raw[1], raw[0], raw[5], raw[4], raw[7], raw[6]}) + string(raw[8:]),
		string(wide(uuid)): string(wide(stand)),
	} {
		if got := string(r.Apply([]byte(in))); got != want {
			t.Errorf("Apply(%q) = %q; want %q", in, got, want)
		}
	}
}

// TestPublicIdentifiers keeps what is the same on every machine where the
// caller says so, and the checksum that a controller took off.
func TestPublicIdentifiers(t *testing.T) {
	const vendor = "BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	r := New(Key{1})
	if got := string(r.ApplyKnown([]byte(vendor))); got != vendor {
		t.Errorf("ApplyKnown(%q) = %q; want it kept", vendor, got)
	}
	if got := string(r.Apply([]byte(vendor))); got == vendor {
		t.Errorf("Apply(%q) keeps what has the form of an identity", vendor)
	}
	const cid = "aa585951454d552101deadbeef006200"
	r.AddCID(cid, 9)
	if got := string(r.Apply([]byte(cid))); got == cid || got[30:] != "00" {
		t.Errorf("Apply(%q) = %q; want another serial number and no checksum", cid, got)
	}
}

// TestIMEI has the example of TS 23.003, annex B, whose check digit is 0.
func TestIMEI(t *testing.T) {
	r := New(Key{1})
	for raw, right := range map[string]bool{"260531793113837": true, "004999010640000": true, "004999010640001": false} {
		out := r.IMEI(raw)
		if len(out) != len(raw) || out[:8] != raw[:8] || out[8:14] == raw[8:14] {
			t.Errorf("IMEI(%s) = %s; want another serial number and the same type", raw, out)
		}
		if right != (out[14] == '0'+luhn(out[:14])) {
			t.Errorf("IMEI(%s) = %s; want the check digit right: %v", raw, out, right)
		}
		if out != New(Key{1}).IMEI(raw) || out == New(Key{2}).IMEI(raw) {
			t.Errorf("IMEI(%s) = %s does not follow from the key", raw, out)
		}
	}
	if out := r.IMEI("0049990106400012"); out[:8] != "00499901" || out[14:] != "12" || strings.Contains(out, "064000") {
		t.Errorf("IMEI of 16 digits = %s; want type and version kept", out)
	}
	if out := r.IMEI("A100004D1234AF"); out == "A100004D1234AF" || len(out) != 14 {
		t.Errorf("IMEI of a MEID = %s", out)
	}
	if out := r.IMEI("000000000000000"); out != "000000000000000" {
		t.Errorf("IMEI of none = %s", out)
	}
}

func TestBytes(t *testing.T) {
	r := New(Key{1})
	for _, c := range []struct {
		in   string
		same bool
	}{{"SN12345678\n", false}, {"\x01\x02\x00\xff", false}, {"\x00\x00\x00\x00", true}, {"            ", true}} {
		field := []byte(c.in)
		r.Bytes(field)
		if (string(field) == c.in) != c.same || len(field) != len(c.in) {
			t.Errorf("Bytes(%q) gives %q; want the same: %v", c.in, field, c.same)
		}
		for i := range field {
			if (field[i] == 0) != (c.in[i] == 0) {
				t.Errorf("Bytes(%q) gives %q; want zeros where they were", c.in, field)
			}
		}
	}
}

// TestWideForms has what LoaderDevicePartUUID of systemd-boot holds: an identity
// that no source tells of, in UTF-16 behind the four bytes of attributes.
func TestWideForms(t *testing.T) {
	const uuid, mac = "B90D63F8-7E42-4C1D-A3B7-26F5E8094AC1", "5C:F3:7A:91:D4:E2"
	r := New(Key{1})
	for _, text := range []string{uuid, strings.ToLower(uuid), mac, "a " + mac + " b " + uuid + "\x00"} {
		want := string(wide(string(r.Apply([]byte(text)))))
		for _, frame := range [][2]string{{"\x06\x00\x00\x00", "\x00\x00"}, {"", ""}, {"\x07", "\x01"}} {
			in := frame[0] + string(wide(text)) + frame[1]
			if got := string(r.Apply([]byte(in))); got != frame[0]+want+frame[1] {
				t.Errorf("Apply(%q) = %q; want %q", in, got, frame[0]+want+frame[1])
			}
		}
	}
	for _, text := range []string{"x" + uuid, "00000000-0000-0000-0000-000000000000", "systemd-boot 257.13-1~deb13u1"} {
		in := string(wide(text))
		if got := string(r.Apply([]byte(in))); got != in {
			t.Errorf("Apply(%q) = %q; want it kept", in, got)
		}
	}
}

// TestDashes has an address as U-Boot asks a server for its file.
func TestDashes(t *testing.T) {
	t.Parallel()
	r := New(Key{1})
	got := string(r.Apply([]byte("pxelinux.cfg/01-dc-a6-32-01-36-c2 and DC-A6-32-01-36-C2 and 00-00-00-00-00-00")))
	plain := strings.ReplaceAll(strings.TrimSpace(string(r.Apply([]byte("dc:a6:32:01:36:c2")))), ":", "-")
	if want := "pxelinux.cfg/01-" + plain + " and " + strings.ToUpper(plain) + " and 00-00-00-00-00-00"; got != want || strings.Contains(got, "01-36-c2") {
		t.Errorf("Apply = %q; want %q", got, want)
	}
}

// TestForms has the forms in which identities stand that no source told of, and
// what only looks like one.
func TestForms(t *testing.T) {
	t.Parallel()
	r := New(Key{1})
	for in, keep := range map[string]string{
		"enxdca6320136c2: renamed":    "enxdca632",
		"wlxDCA6320136C2":             "wlxDCA632",
		"hw dca6.3201.36c2":           "hw dca6.32",
		"eui 00:12:4b:00:1c:a3:5f:77": "eui 00:12:4b:",
		"br-5f3c0d9e1a2b up":          "br-",
		"28-0000072c2a5d":             "28-",
		"80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1": "",
	} {
		out := string(r.Apply([]byte(in)))
		if out == in || len(out) != len(in) || !strings.HasPrefix(out, keep) {
			t.Errorf("Apply(%q) = %q; want another of the same length that begins %q", in, out, keep)
		}
		if wideOut := string(r.Apply(wide(in))); strings.Contains(in, "enx") && wideOut == string(wide(in)) {
			t.Errorf("Apply of %q in UTF-16 keeps it", in)
		}
	}
	for _, in := range []string{
		"1.2.3", "2024.0101.0317", "00:00:00:00:00:00:00:00", "enx000000000000", "br-lan", "28-000000000000", "4.19.0-27-amd64",
		"fixed: 12-34", "platform/30b60000.mmc", "pci0000:00/0000:00:1f.2",
	} {
		if out := string(r.Apply([]byte(in))); out != in {
			t.Errorf("Apply(%q) = %q; want it kept", in, out)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	r := New(Key{1})
	r.AddName("alice-rock-5b")
	for in, gone := range map[string]string{
		"hello alice-rock-5b!": "alice", "ALICE-ROCK-5B": "ALICE", "/dev/mapper/alice--rock--5b-vg": "alice", "alice_rock_5b": "alice",
	} {
		if out := string(r.Apply([]byte(in))); strings.Contains(out, gone) || len(out) != len(in) {
			t.Errorf("Apply(%q) = %q", in, out)
		}
	}
	for _, in := range []string{"radxa,rock-5b", "rock-5b", "malice-rock-5bx"} {
		if out := string(r.Apply([]byte(in))); out != in {
			t.Errorf("Apply(%q) = %q; want it kept: no word of the name is replaced alone", in, out)
		}
	}
}

// TestMany fills a replacer with the addresses of 20,000 virtual functions and
// replaces one of them in a long answer.
func TestMany(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := New(Key{1})
	for i := range 20_000 {
		r.AddMAC([6]byte{0, 4, 0x9f, byte(i >> 16), byte(i >> 8), byte(i)})
	}
	filled := time.Since(began)
	answer := bytes.Repeat([]byte("0000:00:1f.2 usb 1-1.2 of fe330000.mmc\n"), 8192)
	copy(answer[len(answer)/2:], "00049f001234")
	out := r.Apply(answer)
	if bytes.Contains(out, []byte("00049f001234")) || len(out) != len(answer) {
		t.Error("the address is still there")
	}
	t.Logf("filled in %v, %d kB replaced in %v", filled, len(answer)/1000, time.Since(began)-filled)
	finder := NewFinder(r.Known())
	if !finder.In(answer) || finder.In(out) {
		t.Error("the finder does not find what was replaced")
	}
}
