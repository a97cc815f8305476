package boot

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParameters(t *testing.T) {
	t.Parallel()
	for line, change := range map[string]func(*parameters){
		"":                                                     func(*parameters) {},
		"console=ttyS0 quiet":                                  func(*parameters) {},
		"boardprobe=1 boardprobe":                              func(*parameters) {},
		"myboardprobe.end=poweroff":                            func(p *parameters) { p.options["myboardprobe"] = "end=poweroff" },
		"boardprobe.out=STICK":                                 func(p *parameters) { p.volume = "STICK" },
		"boardprobe.out=A boardprobe.out=B":                    func(p *parameters) { p.volume = "B" },
		`boardprobe.out="MY STICK"`:                            func(p *parameters) { p.volume = "MY STICK" },
		`"boardprobe.out=MY STICK"`:                            func(p *parameters) { p.volume = "MY STICK" },
		`boardprobe.out="MY STICK`:                             func(p *parameters) { p.volume = "MY STICK" },
		"boardprobe.end=hold":                                  func(*parameters) {},
		"boardprobe.end=poweroff\n":                            func(p *parameters) { p.end = endPowerOff },
		"boardprobe.end=reboot\x00":                            func(p *parameters) { p.end = endReboot },
		"-- boardprobe.end=shell":                              func(p *parameters) { p.end = endShell },
		"boardprobe.timeout=90s":                               func(p *parameters) { p.timeout = 90 * time.Second },
		"boardprobe.timeout=1h":                                func(p *parameters) { p.timeout = time.Hour },
		"boardprobe.modules=none":                              func(p *parameters) { p.modules = false },
		"boardprobe.modules=none boardprobe.modules=auto":      func(*parameters) {},
		"boardprobe.blacklist=a,b-c,,d boardprobe.blacklist=e": func(p *parameters) { p.blacklist = []string{"a", "b-c", "d", "e"} },
		"boardprobe.load=a,b-c,,d":                             func(p *parameters) { p.load = []string{"a", "b-c", "d"} },
		"boardprobe.mmio=unproven":                             func(p *parameters) { p.mmio = "unproven" },
		"boardprobe.mmio=proven boardprobe.mmio=none":          func(*parameters) {},
		"boardprobe.blacklist=":                                func(*parameters) {},
		"boardprobe.active=no":                                 func(p *parameters) { p.active = false },
		"boardprobe.active=no boardprobe.active=yes":           func(*parameters) {},
		`boardprobe.label=hw=B2 boardprobe.label="lot=7 of 9"`: func(p *parameters) { p.labels = []string{"hw=B2", "lot=7 of 9"} },
		"usb-storage.delay_use=5 usb_storage.quirks=a:b:c":     func(p *parameters) { p.options["usb_storage"] = "delay_use=5 quirks=a:b:c" },
		`dyndbg.query="file a +p"`:                             func(p *parameters) { p.options["dyndbg"] = `query="file a +p"` },
		"ubi.mtd=2,2048 .x=1 =.y x.=1":                         func(p *parameters) { p.options["ubi"], p.options["x"] = "mtd=2,2048", "=1" },
	} {
		want, _ := parseParameters("")
		change(&want)
		got, notes := parseParameters(line)
		if !same(got, want) || len(notes) > 0 {
			t.Errorf("parseParameters(%q) = %+v, %q; want %+v", line, got, notes, want)
		}
	}
}

func same(a, b parameters) bool {
	return a.volume == b.volume && a.end == b.end && a.timeout == b.timeout && a.modules == b.modules && a.active == b.active && a.mmio == b.mmio &&
		slices.Equal(a.blacklist, b.blacklist) && slices.Equal(a.load, b.load) && slices.Equal(a.labels, b.labels) && maps.Equal(a.options, b.options)
}

// TestParametersThatMakeNoSense holds each against the defaults: it is told and
// changes nothing.
func TestParametersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	want, _ := parseParameters("")
	for _, line := range []string{
		"boardprobe.out=", "boardprobe.out=TWELVE-CHARS", "boardprobe.out=\x1b[2J", "boardprobe.out=ST\xc3\x84BE", "boardprobe.out=\"A\nB\"",
		"boardprobe.end", "boardprobe.end=halt", "boardprobe.mmio=yes", "boardprobe.mmio=", "boardprobe.end=POWEROFF", "boardprobe.end=" + strings.Repeat("x", 60000),
		"boardprobe.timeout=", "boardprobe.timeout=90", "boardprobe.timeout=0s", "boardprobe.timeout=-1m", "boardprobe.timeout=61m", "boardprobe.timeout=1e9h",
		"boardprobe.modules", "boardprobe.modules=some", "boardprobe.active", "boardprobe.active=0", "boardprobe.mmio=1", "boardprobe.=1", "boardprobe.END=hold",
		"boardprobe." + strings.Repeat("y", 60000) + "=\x1b]0;",
	} {
		got, notes := parseParameters(line)
		if !same(got, want) || len(notes) != 1 {
			t.Errorf("parseParameters(%.40q) = %+v, %q; want the defaults and one note", line, got, notes)
		}
		for _, note := range notes {
			checkLines(t, note, fold(note))
		}
	}
	twice, notes := parseParameters("boardprobe.label=hw=B2 boardprobe.label=hw=B3")
	if len(notes) != 1 || !slices.Equal(twice.labels, []string{"hw=B2"}) {
		t.Errorf("a label that is stated twice: %q, %q; want the first, and a note", twice.labels, notes)
	}
	if _, notes := parseParameters(strings.Repeat("boardprobe.x ", 5000)); len(notes) != maxNotes+1 {
		t.Errorf("%d notes on 5000 wrong parameters; want %d", len(notes), maxNotes+1)
	}
}

func TestNever(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                         nil,
		"boardprobe.blacklist=a,b": {"a", "b"},
		"boardprobe.blacklist=a boardprobe.modules=none": {noModules},
	} {
		p, _ := parseParameters(line)
		if got := p.never(); !slices.Equal(got, want) {
			t.Errorf("never of %q = %q; want %q", line, got, want)
		}
	}
}

func FuzzParameters(f *testing.F) {
	for _, line := range []string{"", `boardprobe.out="A B" a.b=c boardprobe.label=x=y`, `"boardprobe.end=hold`, "boardprobe.blacklist=a,,b -- c", "\"\" \x00\n"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		p, notes := parseParameters(line)
		if p.volume == "" || len(p.volume) > 11 || fold(p.volume) != p.volume {
			t.Errorf("label %q", p.volume)
		}
		if p.timeout <= 0 || p.timeout > maxTimeout {
			t.Errorf("timeout %v", p.timeout)
		}
		if !slices.Contains([]string{endHold, endPowerOff, endReboot, endShell}, p.end) {
			t.Errorf("end %q", p.end)
		}
		if slices.Contains(p.blacklist, "") {
			t.Errorf("blacklist %q", p.blacklist)
		}
		for _, note := range notes {
			checkLines(t, note, fold(note))
		}
	})
}

// checkLines holds text against what a console of 80 columns shows well.
func checkLines(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > 79 || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%.60q: line %q has %d columns; want at most 79, in ASCII", what, line, len(line))
		}
	}
}
