package probe

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// planted are identities of a unit, and files in which they stand in forms that
// kernels, loaders and people write.
func planted() (secrets []string, files map[string]string) {
	utf16 := func(s string) string {
		var out strings.Builder
		for _, c := range []byte(s) {
			out.WriteByte(c)
			out.WriteByte(0)
		}
		return out.String()
	}
	files = board()
	for name, content := range map[string]string{
		// A serial number of the board, glued and in other places.
		"sys/firmware/devicetree/base/serial-number": "SN31415926X\x00",
		"sys/class/dmi/id/product_sku":               "SKU-SN31415926X-rev2\n",
		"sys/class/dmi/id/product_family":            "xSN31415926Xy\n",
		// A short one, which is found in its own place only.
		"sys/class/dmi/id/chassis_serial": "Q7X\n",
		// Interfaces that are called after their addresses, one of them without a file.
		"sys/class/net/enxdca6320136c2@":                                 "../../devices/platform/eth1/net/enxdca6320136c2",
		"sys/devices/platform/eth1/net/enxdca6320136c2/address":          "dc:a6:32:01:36:c2\n",
		"sys/devices/platform/eth1/net/enxdca6320136c2/addr_assign_type": "0\n",
		"sys/devices/platform/eth1/net/enxdca6320136c2/type":             "1\n",
		"sys/class/net/wlx00c0caab1234@":                                 "../../devices/platform/wl/net/wlx00c0caab1234",
		"sys/class/net/br-5f3c0d9e1a2b@":                                 "../../devices/virtual/net/br-5f3c0d9e1a2b",
		// Addresses of eight and twenty bytes.
		"sys/devices/platform/wpan/net/wpan0/address": "00:12:4b:00:1c:a3:5f:77\n",
		"sys/class/net/wpan0@":                        "../../devices/platform/wpan/net/wpan0",
		"sys/devices/platform/ib/net/ib0/address":     "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1\n",
		"sys/class/net/ib0@":                          "../../devices/platform/ib/net/ib0",
		// UUIDs with and without dashes, and the identity of the machine.
		"etc/machine-id":               "9d3c21f07a554e0bb6de1f2a3c4d5e6f\n",
		"sys/class/dmi/id/bios_vendor": "BIOS 5f1e7a9077aa4b1c9d3e2b64c0aa10e7\n",
		// A variable of UEFI that is named after an address, and one with an address.
		"sys/firmware/efi/efivars/DCA6320136C2-5b446ed1-e30b-4faa-871a-3654eca36080":       "\x07\x00\x00\x00x",
		"sys/firmware/efi/efivars/0BADC0FFEE17-5b446ed1-e30b-4faa-871a-3654eca36080":       "\x07\x00\x00\x00x",
		"sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f":         "\x06\x00\x00\x00" + utf16("boot of SN31415926X") + "\x00\x00",
		"sys/firmware/efi/efivars/LoaderFirmwareInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f": "\x06\x00\x00\x00" + utf16("wlx00c0caab1234") + "\x00\x00",
		// A device on 1-Wire.
		"sys/bus/w1/devices/28-0000072c2a5d@": "../../../devices/w1_bus_master1/28-0000072c2a5d",
		// Names of people and machines, and secrets.
		"etc/hostname":             "alice-rock-5b\n",
		"proc/sys/kernel/hostname": "alice-rock-5b\n",
		"proc/version":             "Linux version 6.1.0 (alice@alices-laptop) (gcc 12) #1 SMP\n",
		"etc/os-release":           "ID=poky\nPRETTY_NAME=\"Poky\"\nCUSTOMER=\"Umbrella Corporation\"\nSUPPORT_TOKEN=tok3nvalue99\n",
		"etc/buildinfo":            "DISTRO = poky\nDISTRO_VERSION = 5.0\nSIGNER = bob@umbrella\nmeta-x = main:0123456789abcdef -- modified\n",
		"proc/cmdline":             "console=ttyS0 passphrase=\"correct horse\" rootpass swordfish root=/dev/mapper/alice--rock--5b-vg wifi.psk=hunter22 ip=10.9.8.7::10.9.8.1 -- token=zzyzx42\n",
		"sys/block/dm-0@":          "../devices/virtual/block/dm-0",
	} {
		files[name] = content
	}
	return []string{
		"SN31415926X", "31415926", "Q7X", "dca6320136c2", "dc:a6:32:01:36:c2", "00c0caab1234", "5f3c0d9e1a2b", "00:1c:a3:5f:77", "f4:52:14:03:00:7b:cb:a1",
		"9d3c21f07a554e0bb6de1f2a3c4d5e6f", "5f1e7a9077aa4b1c9d3e2b64c0aa10e7", "0badc0ffee17", "072c2a5d", "alice", "alices-laptop", "Umbrella", "tok3nvalue99", "bob@",
		"correct", "horse", "swordfish", "hunter22", "10.9.8.7", "zzyzx42",
	}, files
}

// TestPlantedForms looks for planted identities in every record and fact, in text, in
// UTF-16 and in binary.
func TestPlantedForms(t *testing.T) {
	secrets, files := planted()
	r, evidence := probeRoot(t, files)
	document, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string][]byte{"report.json": document}
	for _, e := range evidence {
		places[e.ID+" "+e.Op+" "+e.Subject] = slices.Concat([]byte(e.Subject+" "), e.Bytes(), []byte(strings.Join(e.Names(), " ")))
	}
	for place, content := range places {
		folded := bytes.ToLower(content)
		narrow := bytes.ReplaceAll(folded, []byte{0}, nil)
		for _, secret := range secrets {
			secret := strings.ToLower(secret)
			forms := [][]byte{[]byte(secret)}
			if raw, err := hex.DecodeString(strings.ReplaceAll(secret, ":", "")); err == nil && len(raw) >= 6 {
				forms = append(forms, raw)
			}
			for _, form := range forms {
				if bytes.Contains(folded, form) || bytes.Contains(narrow, form) {
					t.Errorf("%q is in %s: %.200q", secret, place, content)
				}
			}
		}
	}
	// The interface that is named after its address has its facts all the same.
	i := slices.IndexFunc(r.Network, func(n report.NIC) bool { return strings.HasPrefix(n.Name.Value, "enx") })
	if i < 0 || !r.Network[i].MAC.OK() || !strings.HasPrefix(r.Network[i].MAC.Value, "dc:a6:32:") {
		t.Errorf("network = %+v; want an interface enx... with the address of its name", r.Network)
	}
	if i >= 0 && "enx"+strings.ReplaceAll(r.Network[i].MAC.Value, ":", "") != r.Network[i].Name.Value {
		t.Errorf("%s has the address %s", r.Network[i].Name.Value, r.Network[i].MAC.Value)
	}
	if cut := r.Privacy.SourcesCut; !cut.OK() || len(cut.Value) > 0 {
		t.Errorf("sources cut = %+v; want none", cut)
	}
}

// TestCutSource has a source of identities of which not all was read: what could
// hold one of these is withheld, and the report says so.
func TestCutSource(t *testing.T) {
	f, err := openFiles(tree(t, board()))
	if err != nil {
		t.Fatal(err)
	}
	var evidence []report.Evidence
	w := &system{files: f, replacer: pseudonym.New(pseudonym.Key{1}), sources: []source{{Path: "sys/firmware/devicetree/base/serial-number", Cut: "no answer in time"}, {Path: "etc/machine-id", Read: 1}}}
	for _, c := range collectors() {
		if c.name == "identity" || c.name == "privacy" {
			outcome, reason, asked := runSection(t.Context(), c, w, &budget{left: maxRun}, 0, func(e report.Evidence) { evidence = append(evidence, e) }, nil)
			evidence = append(evidence, endOf(c.name, outcome, reason, asked))
		}
	}
	r := rebuilt(t, evidence)
	if r.Identity.Serial.Gap != report.Withheld || r.Identity.Model.Value != "Test Board" {
		t.Errorf("serial %+v, model %+v; want the one withheld and the other known", r.Identity.Serial, r.Identity.Model)
	}
	if cut := r.Privacy.SourcesCut.Value; len(cut) != 1 || !strings.HasPrefix(cut[0], "sys/firmware/devicetree/base/serial-number: ") {
		t.Errorf("sources cut = %q", cut)
	}
	for _, e := range evidence {
		if strings.Contains(string(e.Bytes()), "31415926") {
			t.Errorf("%s holds what was to be withheld: %q", e.ID, e.Bytes())
		}
	}
}
