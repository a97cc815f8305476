package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// complete are the sections that facts of the sample are of.
func complete() (list []Section) {
	for _, name := range []string{"storage", "identity", "cpu", "memory", "wifi", "bluetooth"} {
		list = append(list, Section{Name: name, Outcome: OutcomeOK})
	}
	return list
}

func sample() *Report {
	return &Report{
		Schema: Schema, Run: Run{ID: "7Q2K-M3XD"}, Members: []Member{}, Sections: complete(),
		Identity: Identity{
			Model:      Known("NXP i.MX8MPlus EVK board", "identity/1"),
			Compatible: Known([]string{"fsl,imx8mp-evk", "fsl,imx8mp"}, "identity/2"),
			Serial:     Missing[string](Absent, "", "identity/3"),
		},
		CPU:    CPU{Architecture: Known("aarch64", "cpu/1"), LogicalPresent: Known[int64](4, "cpu/2")},
		Memory: Memory{FittedBytes: Known[int64](3<<30+4096, "memory/1")},
		Storage: []Disk{
			{Path: "a/mmc", SizeBytes: Known[int64](8e9, "storage/1"), Attached: Known(Soldered, "storage/2")},
			{Path: "b/usb", SizeBytes: Known[int64](1e9, "storage/3"), Attached: Known(External, "storage/4")},
		},
	}
}

func TestClasses(t *testing.T) {
	if err := CheckClasses(); err != nil {
		t.Error(err)
	}
}

func TestEncodeDecode(t *testing.T) {
	r := sample()
	r.SetFingerprints()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	again, warnings, err := Decode(data)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Decode: %v, warnings %q", err, warnings)
	}
	if again.Identity.Serial.Gap != Absent || again.Storage[0].SizeBytes.Value != 8e9 {
		t.Errorf("decoded %+v", again)
	}
}

func TestDecodeRefuses(t *testing.T) {
	data, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	change := func(old, other string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("sample has no %q", old)
		}
		return strings.Replace(good, old, other, 1)
	}
	for name, bad := range map[string]string{
		"unknown field":      change(`"members"`, `"surprise": 1, "members"`),
		"unknown in list":    change(`"path": "a/mmc",`, `"path": "a/mmc", "colour": "red",`),
		"value and gap":      change(`"gap": "absent",`, `"gap": "absent", "value": "x",`),
		"neither":            change(`"gap": "absent",`, ``),
		"gap not in schema":  change(`"gap": "absent"`, `"gap": "lost"`),
		"rests on nothing":   change(`"identity/3"`, ``),
		"duplicate key":      change(`"members"`, `"minor": 0, "members"`),
		"other form":         strings.ReplaceAll(good, "\n", ""),
		"trailing":           good + "{}",
		"number for a text":  change(`"a/mmc"`, `7`),
		"float":              change(`8000000000`, `8000000000.5`),
		"not a schema of us": change(Schema, "https://example.org/v1"),
		"empty":              "",
	} {
		if _, _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%s: decoded without an error", name)
		}
	}
	if _, _, err := Decode([]byte(change(Schema, strings.Replace(Schema, "/v1", "/v2", 1)))); !errors.Is(err, ErrNewer) {
		t.Errorf("Decode of a newer major = %v; want ErrNewer", err)
	}
	newer := strings.Replace(change(`"minor": 0`, `"minor": 9`), `"members"`, `"surprise": 1, "members"`, 1)
	if _, warnings, err := Decode([]byte(newer)); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "surprise") {
		t.Errorf("Decode of a newer minor = %q, %v; want one warning", warnings, err)
	}
}

func TestFacts(t *testing.T) {
	got := map[string]Leaf{}
	for l := range sample().Facts() {
		got[l.Path] = l
	}
	if l := got["storage[a/mmc].size_bytes"]; l.Class != ClassRevision || l.Value != "8000000000" || l.List != "storage[a/mmc]" {
		t.Errorf("soldered size = %+v", l)
	}
	if l := got["storage[b/usb].size_bytes"]; l.Class != ClassEnvironment {
		t.Errorf("class of what is plugged in = %q; want environment", l.Class)
	}
	if l := got["identity.serial"]; l.Gap != Absent || l.Class != ClassIdentity {
		t.Errorf("serial = %+v", l)
	}
	n := 0
	for range sample().FactsOf("storage") {
		n++
	}
	if n != 4 {
		t.Errorf("FactsOf(storage) yields %d facts; want 4", n)
	}
}

func TestFingerprint(t *testing.T) {
	value := func(change func(*Report)) (string, string) {
		r := sample()
		change(r)
		r.SetFingerprints()
		return r.Fingerprint.Value + string(r.Fingerprint.Gap), r.BOM.Value + string(r.BOM.Gap)
	}
	fp, bom := value(func(*Report) {})
	for name, change := range map[string]func(*Report){
		"some pages fewer": func(r *Report) { r.Memory.FittedBytes.Value -= 5 << 20 },
		"no stick":         func(r *Report) { r.Storage = r.Storage[:1] },
		"another stick":    func(r *Report) { r.Storage[1].SizeBytes.Value = 5 },
		"a serial":         func(r *Report) { r.Identity.Serial = Known("1234", "identity/3") },
		"other evidence":   func(r *Report) { r.CPU.Architecture.From = []string{"cpu/9"} },
	} {
		if f, b := value(change); f != fp || b != bom {
			t.Errorf("%s: %s %s; want unchanged %s %s", name, f, b, fp, bom)
		}
	}
	if f, _ := value(func(r *Report) { r.Memory.FittedBytes.Value = 1 << 30 }); f == fp {
		t.Error("other memory: the fingerprint is the same")
	}
	if f, b := value(func(r *Report) { r.Storage[0].SizeBytes.Value = 16e9 }); f != fp || b == bom {
		t.Errorf("other eMMC: %s %s; want the same fingerprint and another bom", f, b)
	}
	if f, _ := value(func(r *Report) { r.CPU.LogicalPresent = Missing[int64](Denied, "", "cpu/2") }); f != string(NotProbed) {
		t.Errorf("an input denied: %s; want a gap", f)
	}
	if _, b := value(func(r *Report) { r.Sections[0].Outcome = OutcomeDeadline }); b != string(NotProbed) {
		t.Errorf("storage not listed: %s; want a gap", b)
	}
	for i, s := range sample().Sections {
		for _, outcome := range []Outcome{OutcomeError, OutcomeDeadline, OutcomePanic, OutcomeKilled, OutcomeNotRun, ""} {
			f, b := value(func(r *Report) {
				if r.Sections[i].Outcome = outcome; outcome == "" {
					r.Sections = slices.Delete(r.Sections, i, i+1)
				}
			})
			if owns := slices.Contains([]string{"identity", "cpu", "memory"}, s.Name); owns && f != string(NotProbed) || !owns && f != fp {
				t.Errorf("section %s %q: fingerprint %s", s.Name, outcome, f)
			}
			if owns := slices.Contains(owners("bom"), s.Name); owns && b != string(NotProbed) || !owns && b != bom {
				t.Errorf("section %s %q: bom %s", s.Name, outcome, b)
			}
		}
	}
}

func TestPackageName(t *testing.T) {
	r := sample()
	r.SetFingerprints()
	if name := r.PackageName(true); name != "report-7q2km3xd.board.tar.gz" {
		t.Errorf("PackageName(true) = %q", name)
	}
	name := r.PackageName(false)
	if !strings.HasPrefix(name, "imx8mp-evk-") || !strings.HasSuffix(name, "-7q2km3xd.board.tar.gz") {
		t.Errorf("PackageName(false) = %q", name)
	}
	for in, want := range map[string]string{"../../etc": "etc", "Orange Pi PC": "orange-pi-pc", "Ü": "", strings.Repeat("x", 99): strings.Repeat("x", 40)} {
		if got := plainName(in); got != want {
			t.Errorf("plainName(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestEvidence(t *testing.T) {
	text, binary := Evidence{ID: "a/1", Section: "a", Op: "read", Subject: "x"}, Evidence{ID: "a/2", Section: "a", Op: "read", Subject: "y"}
	text.SetBytes([]byte("Grüße\n"))
	binary.SetBytes([]byte{0, 1, 0xff})
	data, err := EncodeEvidence([]Evidence{text, binary})
	if err != nil {
		t.Fatal(err)
	}
	record, _, err := DecodeEvidence(data)
	list := record.Evidence
	if err != nil || len(list) != 2 || string(list[0].Bytes()) != "Grüße\n" || string(list[1].Bytes()) != "\x00\x01\xff" {
		t.Fatalf("DecodeEvidence = %+v, %v", list, err)
	}
	for _, bad := range []string{"", "{}", string(data) + "x", strings.Replace(string(data), "a/2", "a/1", 1), strings.Replace(string(data), `"op"`, `"oops"`, 1)} {
		if _, _, err := DecodeEvidence([]byte(bad)); err == nil {
			t.Errorf("DecodeEvidence(%.40q): no error", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, err := Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := Decode(data)
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("decoded, and cannot be encoded: %v", err)
		}
	})
}

func TestDistinguish(t *testing.T) {
	r := &Report{USB: []USBDevice{{Path: "a"}, {Path: "b"}, {Path: "a"}, {Path: "a"}}}
	r.Distinguish()
	var got []string
	for _, d := range r.USB {
		got = append(got, d.Path)
	}
	if want := []string{"a", "b", "a#2", "a#3"}; !slices.Equal(got, want) {
		t.Errorf("keys = %q; want %q", got, want)
	}
}

func TestSectionOf(t *testing.T) {
	for path, want := range map[string]string{
		"memory.total_bytes": "memory", "mmc_hosts[a.b/c[1]].takes_sd": "mmc", "usb_roles[x].role": "usb-roles", "radio_nodes[/soc/wifi@1].state": "radio-nodes",
		"distribution.name": "distribution", "identity.model": "identity", "identity.device_tree_sha256": "device-tree", "boot.straps[x].value": "straps", "boot.current": "boot",
		"boot.media[a].versions": "boot", "storage[platform/x].emmc.standard": "storage",
	} {
		if got := SectionOf(path); got != want {
			t.Errorf("SectionOf(%s) = %q; want %q", path, got, want)
		}
	}
}

// FuzzEvidence reads evidence: what is taken is in the one form in which it is
// written.
func FuzzEvidence(f *testing.F) {
	text, binary := Evidence{ID: "a/1", Section: "a", Op: "read", Subject: "x"}, Evidence{ID: "a/2", Section: "a", Op: OpList, Subject: "y"}
	text.SetBytes([]byte("Grüße\n"))
	binary.SetNames([]string{"a", "b\xff"})
	data, err := EncodeEvidence([]Evidence{text, binary})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.Replace(data, []byte(`"minor":1`), []byte(`"minor":9`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := DecodeEvidence(data)
		if err != nil || r.Newer() {
			return
		}
		if again, err := r.encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("another form is read: %q, %v", data, err)
		}
	})
}
