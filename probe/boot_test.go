package probe

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

func TestSameVersion(t *testing.T) {
	for _, c := range []struct {
		running, image string
		want           bool
	}{
		{"2025.01-3", "U-Boot 2025.01-3 (Apr 08 2025 - 23:07:35)", true},
		{"2025.01-3", "U-Boot SPL 2025.01-3(Apr 08 2025)", true},
		{"2025.01-3", "2025.01-3", true},
		{"2025.01-3", "U-Boot 2025.01-3.2 (Apr 08 2025 - 23:07:35)", false},
		{"2025.01-3", "U-Boot 12025.01-3 (Apr 08 2025)", false},
		{"2025.01-3", "", false},
	} {
		if got := sameVersion(c.running, c.image); got != c.want {
			t.Errorf("sameVersion(%q, %q) = %v", c.running, c.image, got)
		}
	}
}

// What the loader is built with says nothing for sure while its saved settings
// may lie where the medium was not read.
func TestLoaderOrderOfMediumThatWasCut(t *testing.T) {
	for _, c := range []struct {
		note, place string
		want        report.Basis
	}{
		{"", "default@8192", report.Configured},
		{"only the first 3 MiB were read", "default@8192", report.Inferred},
		{"only the first 3 MiB were read", "saved@1048576", report.Configured},
	} {
		b := report.Boot{Media: []report.BootMedium{{
			Name: report.Known("mmcblk0", "boot/1"), Running: report.Known(true, "boot/1"),
			Versions:     report.Known([]string{"u-boot: U-Boot 2025.01"}, "boot/1").Noting(c.note),
			Environments: []report.BootEnvironment{{Place: c.place, Targets: report.Known([]string{"mmc"}, "boot/1")}},
		}}}
		loaderSettings(&b)
		if b.LoaderOrder.Basis != c.want || len(b.LoaderOrder.Value) != 1 {
			t.Errorf("%s, %q: %+v; want it %s", c.place, c.note, b.LoaderOrder, c.want)
		}
	}
}

// The setup menu stands in BootOrder and is never what the board boots.
func TestLoadOptionOfAnotherCategory(t *testing.T) {
	option := []byte{7, 0, 0, 0, 9, 1, 0, 0, 4, 0, 'U', 0, 0, 0, 0x7f, 0xff, 4, 0}
	if got, want := string((&system{replacer: pseudonym.New(pseudonym.Key{1})}).reduceLoadOption(option)), `{"Active":true,"Category":"app","Description":"U"}`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

// A node of a device path: its type, its subtype, and its body in hexadecimal
// behind the length (UEFI 2.10, 10.2).
func pathNode(kind, sub byte, body string) string {
	raw, err := hex.DecodeString(body)
	if err != nil {
		panic(err)
	}
	return string(binary.LittleEndian.AppendUint16([]byte{kind, sub}, uint16(4+len(raw)))) + string(raw)
}

func loadOption(description string, nodes ...string) []byte {
	path := strings.Join(nodes, "") + "\x7f\xff\x04\x00"
	option := binary.LittleEndian.AppendUint16([]byte{7, 0, 0, 0, 1, 0, 0, 0}, uint16(len(path)))
	return []byte(string(option) + string(wideText(description+"\x00")) + path)
}

// The names of firmware volumes and of files in them are those of the firmware's
// build. Only nodes that are such names are read as such: whatever else holds a
// GUID may hold that of a partition, even where it looks the same.
func TestGUIDsOfLoadOptions(t *testing.T) {
	const (
		volume, volumeNode       = "7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1", "c9bdb87cebf8344faaea3ee4af6516a1"
		partition, partitionNode = "b90d63f8-7e42-4c1d-a3b7-26f5e8094ac1", "f8630db9427e1d4ca3b726f5e8094ac1"
		product, productNode     = "4c4c4544-0051-4410-8054-b7c04f4c3732", "44454c4c510010448054b7c04f4c3732"
		mbr                      = "0200000001000000000000000100000000000000" + "fadafabe000000000000000000000000" + "0101"
		gpt                      = "0100000001000000000000000100000000000000" + partitionNode + "0202"
	)
	r := pseudonym.New(pseudonym.Key{1})
	r.AddText(product)
	s := &system{replacer: r}
	file := func(name string) string { return pathNode(4, 4, hex.EncodeToString(wideText(name+"\x00"))) }
	stand := r.Text(partition)
	for name, c := range map[string]struct {
		option                  []byte
		description, path, uuid string
	}{
		"firmware":           {loadOption("EFI Internal Shell", pathNode(4, 7, volumeNode), pathNode(4, 6, volumeNode)), "EFI Internal Shell", "Fv(" + volume + ")/FvFile(" + volume + ")", ""},
		"partition":          {loadOption("Linux", pathNode(4, 1, gpt), file("a.efi")), "Linux", "HD(...)/a.efi", stand},
		"partition of MBR":   {loadOption("Linux", pathNode(4, 1, mbr), file("a.efi")), "Linux", "HD(...)/a.efi", ""},
		"description":        {loadOption("Fv("+partition+")", pathNode(4, 7, volumeNode)), "Fv(" + stand + ")", "Fv(" + volume + ")", ""},
		"name of a file":     {loadOption("L", pathNode(4, 7, volumeNode), file("/FvFile("+partition+")")), "L", "Fv(" + volume + ")//FvFile(" + stand + ")", ""},
		"same as the volume": {loadOption(partition, pathNode(4, 7, partitionNode), file(partition)), stand, "Fv(" + partition + ")/" + stand, ""},
		"vendor":             {loadOption("L", pathNode(4, 3, partitionNode)), "L", "VenMedia(" + stand + ")", ""},
		"data of a vendor":   {loadOption("L", pathNode(1, 4, partitionNode+"525400123456")), "L", "VenHw(...)", ""},
		"gone drive":         {loadOption("UEFI Samsung SSD 980 S649NX0R123456 1", pathNode(4, 7, volumeNode)), "UEFI Samsung SSD 980 " + r.Text("S649NX0R123456") + " 1", "Fv(" + volume + ")", ""},
		"network":            {loadOption("UEFI PXEv4 (MAC:525400123456)", pathNode(4, 7, volumeNode)), "UEFI PXEv4 (MAC:" + r.Text(r.Text("525400123456")) + ")", "Fv(" + volume + ")", ""},
		"machine":            {loadOption("L", file("0123456789abcdef0123456789abcde1-6.12.efi")), "L", r.Text("0123456789abcdef0123456789abcde1") + "-6.12.efi", ""},
		"known of the unit":  {loadOption("L", pathNode(4, 7, productNode)), "L", "Fv(" + r.Text(product) + ")", ""},
		"cut":                {loadOption(strings.Repeat("x", 170)+" "+partition, pathNode(4, 7, volumeNode)), strings.Repeat("x", 170) + " " + stand[:29] + "...", "Fv(" + volume + ")", ""},
	} {
		var got efiOption
		answer := s.redact(question{opLoadOption, "x"}, answer{data: s.reduceLoadOption(c.option)})
		if err := json.Unmarshal(answer.data, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if fmt.Sprint(got.Description, got.Path, got.UUID) != fmt.Sprint(c.description, c.path, c.uuid) {
			t.Errorf("%s: %+v; want %q, %q, %q", name, got, c.description, c.path, c.uuid)
		}
	}
}
