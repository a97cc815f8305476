package boot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

func TestAppeared(t *testing.T) {
	t.Parallel()
	event := func(fields ...string) string { return strings.Join(fields, "\x00") + "\x00" }
	for _, c := range []struct {
		name, message, alias string
		ok                   bool
	}{
		{"device", event("add@/devices/a", "ACTION=add", "DEVPATH=/devices/a", "SUBSYSTEM=usb", "MODALIAS=usb:v1p2"), "usb:v1p2", true},
		{"without alias", event("add@/devices/a", "ACTION=add", "SUBSYSTEM=block", "DEVNAME=sda"), "", true},
		{"removed", event("remove@/devices/a", "ACTION=remove", "SUBSYSTEM=usb", "MODALIAS=usb:v1p2"), "", false},
		{"bound", event("bind@/devices/a", "ACTION=bind", "SUBSYSTEM=usb", "MODALIAS=usb:v1p2"), "", false},
		{"changed", event("change@/devices/a", "ACTION=change", "SUBSYSTEM=block"), "", false},
		{"module", event("add@/module/fat", "ACTION=add", "SUBSYSTEM=module"), "", false},
		{"driver", event("add@/bus/usb/drivers/x", "ACTION=add", "SUBSYSTEM=drivers"), "", false},
		{"queue", event("add@/devices/q", "ACTION=add", "SUBSYSTEM=queues"), "", false},
		{"no subsystem", event("add@/x", "ACTION=add"), "", false},
		{"of udevd", "libudev\x00\xfe\xed\xca\xfe", "", false},
		{"key as a value", event("add@/x", "X=ACTION=add", "SUBSYSTEM=usb"), "", false},
		{"longer key", event("add@/x", "XACTION=add", "SUBSYSTEM=usb"), "", false},
		{"empty", "", "", false},
		{"cut", "add@/devices/a\x00ACTION=add\x00SUBSYSTEM=usb\x00MODAL", "", true},
		{"value with an equals sign", event("x", "ACTION=add", "SUBSYSTEM=acpi", "MODALIAS=acpi:A=B:"), "acpi:A=B:", true},
	} {
		if alias, ok := appeared(c.message); alias != c.alias || ok != c.ok {
			t.Errorf("appeared(%s) = %q, %t; want %q, %t", c.name, alias, ok, c.alias, c.ok)
		}
	}
}

func FuzzAppeared(f *testing.F) {
	f.Add("add@/a\x00ACTION=add\x00SUBSYSTEM=usb\x00MODALIAS=usb:v1\x00")
	f.Add("libudev\x00\xfe\xed")
	f.Fuzz(func(t *testing.T, message string) {
		alias, ok := appeared(message)
		if !ok && alias != "" || !strings.Contains(message, alias) || strings.ContainsAny(alias, "\x00\n") {
			t.Errorf("appeared(%q) = %q, %t", message, alias, ok)
		}
		l, _ := loading("")
		l.request(alias)
	})
}

// clock is a board with its own time. Devices appear at the times in new, at
// steady intervals for ever if each is set; an unseen one sends no event.
type clock struct {
	at     time.Duration
	new    []time.Duration
	unseen []time.Duration
	each   time.Duration
	slow   bool
	told   []time.Duration
}

func (c *clock) watch() watch {
	zero := time.Now()
	take := func(list *[]time.Duration) bool {
		if len(*list) == 0 || (*list)[0] > c.at {
			return false
		}
		*list = (*list)[1:]
		return true
	}
	return watch{
		now:  func() time.Time { return zero.Add(c.at) },
		slow: func() bool { return c.slow },
		tell: func(d time.Duration) { c.told = append(c.told, d.Round(time.Second)) },
		walk: func() bool { c.at += time.Millisecond; return take(&c.unseen) },
		wait: func(d time.Duration) bool {
			if c.each > 0 && c.each <= d {
				c.at += c.each
				return true
			}
			if len(c.new) > 0 && c.new[0] <= c.at+d {
				c.at = max(c.at, c.new[0])
				return take(&c.new)
			}
			c.at += d
			return false
		},
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, c := range map[string]struct {
		board   clock
		settled bool
		at      time.Duration
	}{
		"nothing appears":           {clock{}, true, quietBare},
		"nothing on slow buses":     {clock{slow: true}, true, quietBuses},
		"one after another":         {clock{slow: true, new: []time.Duration{1 * second, 2 * second, 3 * second}}, true, 3*second + quietBuses},
		"too late for a bare board": {clock{new: []time.Duration{second}}, true, quietBare},
		"a lost event":              {clock{unseen: []time.Duration{0, 300 * time.Millisecond}}, true, 2 * quietBare},
		"a device that flaps":       {clock{each: 100 * time.Millisecond}, false, settleCap},
		"slowly for ever":           {clock{each: 1900 * time.Millisecond, slow: true}, false, settleCap},
	} {
		got := c.board.watch().settle()
		if late := c.board.at - c.at; got != c.settled || late < 0 || late > 100*time.Millisecond {
			t.Errorf("settle with %s = %t after %v; want %t after %v", name, got, c.board.at, c.settled, c.at)
		}
		if want := int(c.at / sayEach); len(c.board.told) < want-1 || len(c.board.told) > want {
			t.Errorf("settle with %s told %v in %v; want it each %v", name, c.board.told, c.at, sayEach)
		}
	}
}

func TestSettleText(t *testing.T) {
	t.Parallel()
	notes := make([]imagerecord.Note, 999)
	for want, r := range map[string]imagerecord.Boot{
		"devices complete after 12.3 s; modules: 0 loaded":                                     {Settled: true},
		"devices still appear after 12 s, going on; modules: 1 loaded, 999 failed, 1 left out": {Loaded: []string{"a"}, Failed: notes, Skipped: []string{"b"}},
	} {
		if got := settleText(r, 12345*time.Millisecond); got != want {
			t.Errorf("settleText = %q; want %q", got, want)
		}
	}
}

func TestFailedText(t *testing.T) {
	t.Parallel()
	var many []imagerecord.Note
	for range 20 {
		many = append(many, imagerecord.Note{Subject: "module\x1b"})
	}
	for want, failed := range map[string][]imagerecord.Note{
		"":       nil,
		"ath10k": {{Subject: "ath10k", Error: "no such device"}},
		"module? module? module? module? module? module? module? ...": many,
	} {
		if got := failedText(imagerecord.Boot{Failed: failed}); got != want || len(got) > 60 {
			t.Errorf("failedText = %q; want %q", got, want)
		}
	}
}

func TestMountsTouchNoMedium(t *testing.T) {
	t.Parallel()
	memory := map[string]bool{"proc": true, "sysfs": true, "devtmpfs": true, "tmpfs": true}
	for _, p := range firstMounts() {
		if !memory[p.kind] {
			t.Errorf("%s is mounted at %s; want only file systems of the kernel", p.kind, p.at)
		}
	}
	const readOnly = 1 // MS_RDONLY of mount(2)
	for _, p := range laterMounts() {
		if p.flags&readOnly == 0 || !strings.HasPrefix(p.at, "/sys/") {
			t.Errorf("%s is mounted at %s with flags %#x; want it read-only, below /sys", p.kind, p.at, p.flags)
		}
	}
}

func TestUeventValue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"MAJOR=8\nDEVNAME=sda\n", "MAJOR=8\x00DEVNAME=sda\x00"} {
		if got, ok := ueventValue(text, "DEVNAME"); got != "sda" || !ok {
			t.Errorf("ueventValue(%q) = %q, %t; want sda", text, got, ok)
		}
		if got, ok := ueventValue(text, "NAME"); ok {
			t.Errorf("ueventValue(%q, NAME) = %q; want none", text, got)
		}
	}
	if fmt.Sprint(len(readSmall("/nonexistent"))) != "0" {
		t.Error("readSmall of no file is not empty")
	}
}
