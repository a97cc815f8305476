package probe

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/probe/decode/cmdline"
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
	cut  bool   // there is more

	words []string // by which the board is called
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
		{"sys/class/fc_host/*/port_name", addText},
		{"sys/class/fc_host/*/node_name", addText},
		{"sys/class/infiniband/*/node_guid", addText},
		{"etc/machine-id", addText},
		{"etc/hostname", addName},
		{"proc/sys/kernel/hostname", addName},
	}
}

// own reports whether an answer is an identity and nothing else: then it is
// replaced whatever its length, and whether or not a source told of it.
func own(q question) bool {
	if q.op != "read" || isHostName(q.subject) {
		return false
	}
	switch path.Base(q.subject) {
	case "serial", "serial-number", "serial_number", "product-sn", "rpi-serial64", "ecid", "product_serial", "board_serial", "board_asset_tag",
		"chassis_serial", "chassis_asset_tag", "wwid", "nguid", "eui", "hostid", "phys_port_id", "phys_switch_id", "machine-id":
		return !rootHub().MatchString(path.Base(path.Dir(q.subject)))
	}
	return false
}

// carries reports whether an answer can hold an identity of a source that was
// not read whole: it is asked of the same file, or is free text, in which
// anything can stand.
func (s *source) carries(q question) bool {
	if ok, _ := path.Match(s.Path, q.subject); ok || path.Base(s.Path) == path.Base(q.subject) {
		return true
	}
	return strings.HasPrefix(q.op, "kernel-log/") || q.op == opLoadOption || strings.HasPrefix(q.subject, efivars)
}

// source says what became of a row of identitySources. It is evidence.
type source struct {
	Path string
	Read int    // files
	Cut  string // why there may be more: time, size, number; "" if there is not
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
		{"read", "proc/cmdline", func(_ *pseudonym.Replacer, data []byte) []byte { return []byte(cmdline.Public(string(data))) }},
		{"read", "proc/version", func(_ *pseudonym.Replacer, data []byte) []byte { return []byte(PublicVersion(string(data))) }},
		{"read", "etc/os-release", publicRelease},
		{"read", "usr/lib/os-release", publicRelease},
		{"read", "etc/buildinfo", publicBuild},
	}
}

// maxIdentity bounds a file with an identity in it. /proc/cpuinfo is the largest:
// with 4096 processors it has less than this.
const maxIdentity = 8 << 20

// sourcePatience is for a source that does not answer.
const sourcePatience = 2 * time.Second

// identities fills the replacer, and says of each source what became of it. What
// could not be read here, because it is denied, cannot be read by a collector
// either; what was not read for want of time can. Two at a time are read, and
// added in the order of the rows.
func identities(ctx context.Context, f *files, key pseudonym.Key) (*pseudonym.Replacer, []source) {
	r := pseudonym.New(key)
	var sources []source
	f = f.again()
	words, ok := inTime(ctx, sourcePatience, func() []string { return boardWords(f) })
	if !ok {
		words = nobody()
	}
	rows := identitySources()
	first, second := rows[:len(rows)/2], rows[len(rows)/2:]
	for _, half := range []chan found{readSources(ctx, f.again(), first, words), readSources(ctx, f.again(), second, words)} {
		for x := range half {
			if x.end {
				sources = append(sources, x.said)
			} else {
				x.add(r, x.identity)
			}
		}
	}
	return r, sources
}

// found is an identity, or with end what became of a source.
type found struct {
	identity
	add  func(*pseudonym.Replacer, identity)
	said source
	end  bool
}

// maxWaiting is how much of the one half may wait until the other has been added.
const maxWaiting = 256

// readSources reads sources one after another.
func readSources(ctx context.Context, f *files, rows []identitySource, words []string) chan found {
	out := make(chan found, maxWaiting)
	go func() {
		defer close(out)
		for _, row := range rows {
			said, in, stop := source{Path: row.path}, make(chan identity), make(chan struct{})
			go readSource(f, row.path, words, in, stop) // f is this one's own: the next row may have another
			end := time.Now().Add(sourcePatience)
			timer := time.NewTimer(sourcePatience)
			for open := true; open; {
				select {
				case x, ok := <-in:
					if open = ok; !ok {
						continue
					}
					if x.cut {
						said.Cut = "larger than what is read"
					}
					if x.name != "" {
						said.Read++
						full := time.Now() // that others are added first is not the source's fault
						out <- found{identity: x, add: row.add}
						end = end.Add(time.Since(full))
						timer.Reset(time.Until(end))
					}
					continue
				case <-timer.C:
				case <-ctx.Done():
				}
				said.Cut = "no answer in time"
				open, f = false, f.again()
			}
			timer.Stop()
			close(stop)
			out <- found{said: said, end: true}
		}
	}()
	return out
}

// readSource gives what the files of a source hold, until nobody listens.
func readSource(f *files, pattern string, words []string, out chan<- identity, stop <-chan struct{}) {
	defer close(out)
	give := func(x identity) bool {
		select {
		case out <- x:
			return true
		case <-stop:
			return false
		}
	}
	names, more := expand(f, pattern)
	for _, name := range names {
		x := identity{name: name, words: words}
		var err error
		x.data, x.cut, err = f.read(name, maxIdentity)
		if err != nil {
			continue
		}
		x.cut = x.cut || more
		if dir, file := path.Split(name); file == "cid" {
			kind, _, _ := f.read(dir+"type", 64)
			x.kind = strings.TrimSpace(string(kind))
		}
		if !give(x) {
			return
		}
	}
	if more && len(names) == 0 {
		give(identity{cut: true})
	}
}

// inTime asks something that may never answer.
func inTime[T any](ctx context.Context, patience time.Duration, ask func() T) (answer T, ok bool) {
	done := make(chan T, 1)
	go func() { done <- ask() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case answer = <-done:
		return answer, true
	case <-timer.C:
	case <-ctx.Done():
	}
	return answer, false
}

// expand replaces the one component with "*" by the names that match it.
// more says that there are others.
func expand(f *files, pattern string) (list []string, more bool) {
	i := strings.IndexByte(pattern, '*')
	if i < 0 {
		return []string{pattern}, false
	}
	dir := path.Dir(pattern[:i+1])
	part, rest, _ := strings.Cut(pattern[len(dir)+1:], "/")
	names, more, err := f.list(dir, maxIdentity)
	if err != nil {
		return nil, false
	}
	for _, name := range names {
		if ok, _ := path.Match(part, name); ok {
			list = append(list, path.Join(dir, name, rest))
		}
	}
	return list, more
}

// addName takes the name of a machine for an identity, unless it is that of the
// board.
func addName(r *pseudonym.Replacer, x identity) {
	host := strings.TrimSpace(string(x.data))
	if namesBoard(host, x.words) {
		return
	}
	r.AddName(host)
	if short, _, ok := strings.Cut(host, "."); ok {
		r.AddName(short)
	}
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
	if raw, err := hex.DecodeString(plain); err == nil {
		r.AddAddress(raw)
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

// PublicVersion takes the builder out of the line with the kernel's version,
// "Linux version RELEASE (USER@HOST) (COMPILER) ...", unless it is known to build
// in public.
func PublicVersion(line string) string {
	return versionLine().ReplaceAllStringFunc(line, func(part string) string {
		m := versionLine().FindStringSubmatch(part)
		if _, ok := boards.PublicBuilder(m[2]); ok {
			return part
		}
		return m[1] + "(not public)"
	})
}

var versionLine = pattern.New(`(Linux version \S+ )\(([^()]*)\)`)

// publicRelease keeps the variables of os-release(5) that name the distribution.
// Of others the length stays: makers put names of customers and tokens there.
func publicRelease(_ *pseudonym.Replacer, data []byte) []byte {
	keep := []string{"ID", "ID_LIKE", "NAME", "PRETTY_NAME", "VERSION", "VERSION_ID", "VERSION_CODENAME", "BUILD_ID", "IMAGE_ID", "IMAGE_VERSION",
		"VARIANT_ID", "DISTRO_CODENAME", "MACHINE", "META_BALENA_VERSION", "SLUG"}
	return publicLines(data, func(name, _ string) bool { return slices.Contains(keep, name) })
}

// publicBuild keeps what image-buildinfo.bbclass writes of the distribution and
// its layers.
func publicBuild(_ *pseudonym.Replacer, data []byte) []byte {
	return publicLines(data, func(name, value string) bool {
		return name == "DISTRO" || name == "DISTRO_VERSION" || name == "MACHINE" || layerLine().MatchString(value)
	})
}

var layerLine = pattern.New(`^[\w./+-]{1,80}:[0-9a-f]{7,64}( -- modified)?$`)

// publicLines keeps lines NAME=VALUE that may be in a report, and of others the
// name and the length of the value. Lines of another form are left out, but for
// the headings of a build.
func publicLines(data []byte, public func(name, value string) bool) []byte {
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch bare := strings.TrimSpace(name); {
		case ok && public(bare, strings.TrimSpace(value)):
			out.WriteString(withoutPeople(line))
		case ok && variableName().MatchString(bare):
			fmt.Fprintf(&out, "%s=[%d bytes]\n", bare, len(strings.TrimSpace(value)))
		}
	}
	return out.Bytes()
}

var variableName = pattern.New(`^[A-Za-z][\w.-]{0,63}$`)
