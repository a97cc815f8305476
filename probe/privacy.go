package probe

import (
	"bytes"
	"context"
	"encoding/hex"
	"path"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/probe/decode/edid"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
)

// identitySource is one row: where an identity of this unit can be read, and
// in what form. "*" stands for every name in a folder.
type identitySource struct {
	path string
	add  func(*pseudonym.Replacer, identity)
}

// identity is what was read.
type identity struct {
	name string // of the file
	data []byte
	kind string // of a card, by the file beside its CID
}

// identitySources is read before any collector runs. What it finds is replaced
// wherever it occurs in an answer.
func identitySources() []identitySource {
	const dt, dmi = "sys/firmware/devicetree/base/", "sys/class/dmi/id/"
	return []identitySource{
		{dt + "serial-number", addText},
		{dt + "product-sn", addText},
		{dt + "chosen/rpi-serial64", addText},
		{dt + "chosen/ecid", addText}, // of a Tegra, by CBoot
		{dmi + "product_serial", addText},
		{dmi + "product_uuid", addText},
		{dmi + "board_serial", addText},
		{dmi + "board_asset_tag", addText},
		{dmi + "chassis_serial", addText},
		{dmi + "chassis_asset_tag", addText},
		{"sys/devices/soc*/serial_number", addText},
		{"sys/class/net/*/address", addMAC},
		{"sys/class/net/*/phys_port_id", addText},
		{"sys/class/net/*/phys_switch_id", addText},
		{"sys/class/ieee80211/*/macaddress", addMAC},
		{"sys/class/bluetooth/*/address", addMAC},
		{"sys/bus/mmc/devices/*/cid", addCID},
		{"sys/class/block/*/serial", addText},
		{"sys/class/block/*/wwid", addText},
		{"sys/class/block/*/uuid", addText},
		{"sys/class/block/*/nguid", addText},
		{"sys/class/block/*/eui", addText},
		{"sys/class/block/*/device/serial", addText},
		{"sys/class/block/*/device/wwid", addText},
		{"sys/class/block/*/device/vpd_pg80", addVPD},
		{"sys/class/nvme/*/serial", addText},
		{"sys/class/nvme/*/hostid", addText},
		{"sys/class/nvme/*/subsysnqn", addText},
		{"sys/bus/usb/devices/*/serial", addUSB},
		{"proc/cpuinfo", addCPUSerial},
		{"etc/machine-id", addText},
		{"etc/hostname", addText},
		{"proc/sys/kernel/hostname", addText},
	}
}

// layout is one row: an answer with identities of its own, that no source tells
// of.
type layout struct {
	op      string
	pattern string // of the subject, as path.Match has it
	redact  func(*pseudonym.Replacer, []byte) []byte
}

func layouts() []layout {
	return []layout{
		{"read", "sys/class/drm/*/edid", func(r *pseudonym.Replacer, data []byte) []byte { return edid.Redact(data, r.Bytes) }},
		{"modem-at/1", "*", redactModem},
		{"modem-qmi/1", "*", redactModem},
		{"modem-mbim/1", "*", redactModem},
		{"modem-qrtr/1", "*", redactModem},
	}
}

// maxIdentity bounds a file with an identity in it. /proc/cpuinfo of a machine
// with very many processors is longer; its Serial line exists on boards only.
const maxIdentity = 256 << 10

// identities fills the replacer. One source that does not answer is left after
// two seconds: what cannot be read here cannot be read by a collector either.
func identities(ctx context.Context, f *files, key pseudonym.Key) *pseudonym.Replacer {
	r := pseudonym.New(key)
	f = f.again()
	for _, row := range identitySources() {
		rows, done := make(chan identity), make(chan struct{})
		go func(f *files) { // this one's own: the next row may have others
			defer close(rows)
			for _, name := range expand(f, row.path) {
				data, _, err := f.read(name, maxIdentity)
				if err != nil {
					continue
				}
				x := identity{name: name, data: data}
				if dir, file := path.Split(name); file == "cid" {
					kind, _, _ := f.read(dir+"type", 64)
					x.kind = strings.TrimSpace(string(kind))
				}
				select {
				case rows <- x:
				case <-done:
					return
				}
			}
		}(f)
		timer := time.NewTimer(2 * time.Second)
		for open := true; open; {
			select {
			case x, ok := <-rows:
				if open = ok; ok {
					row.add(r, x)
				}
				continue
			case <-timer.C:
			case <-ctx.Done():
			}
			open, f = false, f.again()
		}
		timer.Stop()
		close(done)
	}
	return r
}

// expand replaces the one component with "*" by the names that match it.
func expand(f *files, pattern string) []string {
	i := strings.IndexByte(pattern, '*')
	if i < 0 {
		return []string{pattern}
	}
	dir := path.Dir(pattern[:i+1])
	part, rest, _ := strings.Cut(pattern[len(dir)+1:], "/")
	names, _, err := f.list(dir, maxAnswer)
	if err != nil {
		return nil
	}
	var list []string
	for _, name := range names {
		if ok, _ := path.Match(part, name); ok {
			list = append(list, path.Join(dir, name, rest))
		}
	}
	return list
}

func addText(r *pseudonym.Replacer, x identity) { r.AddText(string(x.data)) }

// addUSB leaves out root hubs, whose serial number is the place of their
// controller (rh_string in drivers/usb/core/hcd.c): it identifies no unit.
func addUSB(r *pseudonym.Replacer, x identity) {
	if !rootHub().MatchString(path.Base(path.Dir(x.name))) {
		addText(r, x)
	}
}

func addMAC(r *pseudonym.Replacer, x identity) {
	plain := strings.ReplaceAll(strings.TrimSpace(string(x.data)), ":", "")
	raw, err := hex.DecodeString(plain)
	if err == nil && len(raw) == 6 {
		r.AddMAC([6]byte(raw))
	}
}

// addCID needs the kind of card: the serial number begins at another byte.
func addCID(r *pseudonym.Replacer, x identity) {
	psn := 9
	if x.kind == "MMC" {
		psn = 10
	}
	r.AddCID(string(x.data), psn)
}

// addVPD reads page 0x80 of SCSI vital product data: four bytes of header,
// then the serial number (SPC-4 7.8.15).
func addVPD(r *pseudonym.Replacer, x identity) {
	if len(x.data) > 4 {
		r.AddText(string(x.data[4:]))
	}
}

func addCPUSerial(r *pseudonym.Replacer, x identity) {
	for line := range bytes.Lines(x.data) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && string(bytes.TrimSpace(name)) == "Serial" {
			r.AddText(string(value))
		}
	}
}

// shortUUID is how PARTUUID of an MBR and UUID of a FAT volume are written;
// those of other forms are known as such to the replacer.
var shortUUID = pattern.New(`UUID=([0-9A-Fa-f]{8}-[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4})$`)

// redactCommandLine removes the values of kernel parameters that hold secrets
// or name people, networks or units. What remains passes the replacer.
func redactCommandLine(line []byte) []byte {
	fields := strings.Split(string(line), " ")
	for i, field := range fields {
		name, value, ok := strings.Cut(field, "=")
		if !ok || value == "" {
			continue
		}
		lower := strings.ToLower(name)
		for _, word := range []string{"pass", "secret", "token", "psk", "ssid", "key", "serial", "hostname", "user", "mac", "uuid", "machine_id", "imei", "bdaddr", "ethaddr"} {
			if strings.Contains(lower, word) {
				fields[i] = name + "=[removed]"
			}
		}
		if m := shortUUID().FindStringSubmatch(value); m != nil {
			fields[i] = strings.ReplaceAll(field, m[1], "[removed]")
		}
		if lower == "ip" || lower == "nfsroot" {
			fields[i] = name + "=[removed]"
		}
	}
	out := strings.Join(fields, " ")
	if strings.HasSuffix(string(line), "\n") && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	return []byte(out)
}
