package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEndingOf(t *testing.T) {
	t.Parallel()
	const off, restart = unix.LINUX_REBOOT_CMD_POWER_OFF, unix.LINUX_REBOOT_CMD_RESTART
	for end, want := range map[string]ending{
		endHold:     {false, true, "power off", off},
		endPowerOff: {false, false, "power off", off},
		endReboot:   {false, false, "restart", restart},
		endShell:    {true, true, "power off", off},
		"":          {false, true, "power off", off}, // nothing was parsed
	} {
		if got := endingOf(end); got != want {
			t.Errorf("endingOf(%q) = %+v; want %+v", end, got, want)
		}
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys           func(wait int) bool // whether a key is pressed in that minute
		waits, repeats int
	}{
		"nobody there":         {func(int) bool { return false }, 10, 0},
		"a key at once":        {func(n int) bool { return n == 0 }, 11, 1},
		"two keys":             {func(n int) bool { return n == 3 || n == 9 }, 20, 2},
		"a line full of noise": {func(int) bool { return true }, maxRepeats, maxRepeats},
	} {
		waits, slept, repeats := 0, 0, 0
		var said []string
		hold(
			func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
			func(d time.Duration) bool { waits++; return c.keys(waits - 1) },
			func(d time.Duration) { slept++ },
			func() { repeats++ },
		)
		if waits != c.waits || repeats != c.repeats {
			t.Errorf("hold with %s: %d waits, %d repeats; want %d, %d", name, waits, repeats, c.waits, c.repeats)
		}
		if noisy := repeats == maxRepeats; noisy != (slept == 10) {
			t.Errorf("hold with %s sleeps %d minutes; want 10 only when keys are no longer heard", name, slept)
		}
		if len(said) != waits+slept || !strings.Contains(said[0], "power off in 10 min; any key") || !strings.Contains(said[len(said)-1], "in 1 min") {
			t.Errorf("hold with %s says %q", name, said)
		}
		checkLines(t, name, strings.Join(said, ""))
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	if err, ok := within(time.Minute, func() error { return boom }); !errors.Is(err, boom) || !ok {
		t.Errorf("within = %v, %t; want boom, true", err, ok)
	}
	if err, ok := within(time.Minute, func() error { panic("fell over") }); err == nil || err.Error() != "fault: fell over" || !ok {
		t.Errorf("within of a fault = %v, %t; want its text", err, ok)
	}
	if err, ok := within(10*time.Millisecond, func() error { select {} }); err != nil || ok {
		t.Errorf("within of a hang = %v, %t; want false", err, ok)
	}
	heard := make(chan time.Duration, 1)
	err, ok := telling(time.Minute, time.Millisecond, func(d time.Duration) {
		select {
		case heard <- d:
		default:
		}
	}, func() error {
		<-heard // else it would not end
		return nil
	})
	if err != nil || !ok {
		t.Errorf("telling = %v, %t; want nil, true", err, ok)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	near, far := line(t, "ttyS0")
	b := &board{consoles: consoles{[]*console{near}}}
	b.guard("probing", func() { panic("fell over") })
	if got, want := heard(t, far), "boardprobe: fault while probing: fell over\n"; got != want {
		t.Errorf("guard says %q; want %q", got, want)
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("b", 40) + "-b7f2-7q2km3xd" + PackageSuffix
	for _, c := range []struct {
		name, file, volume, note string
		serial                   []string
		want                     string
	}{
		{"both", "imx8mp-evk-b7f2-7q2km3xd.board.tar.gz", "sda1", "", []string{"ttyS0"}, `
package      imx8mp-evk-b7f2-7q2km3xd.board.tar.gz
             41 kB -> volume sda1, console ttyS0
next         send the file to whoever asked for this report; power may be cut
`},
		{"volume", "x.board.tar.gz", "mmcblk0p1", "", nil, `
package      x.board.tar.gz
             41 kB -> volume mmcblk0p1
next         send the file to whoever asked for this report; power may be cut
`},
		{"console", "x.board.tar.gz", "", "no volume is labelled BOARDREPORT", []string{"ttyS0", "ttymxc0"}, `
package      x.board.tar.gz
             41 kB -> console ttyS0, ttymxc0
volume       no volume is labelled BOARDREPORT
next         no volume has it: save this console log and send it
`},
		{"failed write", "x.board.tar.gz", "", "sda1: x.board.tar.gz: input/output error", []string{"ttyS0"}, `
package      x.board.tar.gz
             41 kB -> console ttyS0
volume       sda1: x.board.tar.gz: input/output error
next         no volume has it: save this console log and send it
`},
		{"no room for a text", "x.board.tar.gz", "sda1", "QUESTIONS.TXT is not on sda1: no space left on device", nil, `
package      x.board.tar.gz
             41 kB -> volume sda1
volume       QUESTIONS.TXT is not on sda1: no space left on device
next         send the file to whoever asked for this report; power may be cut
`},
		{"nothing", "x.board.tar.gz", "", "no block device was found", nil, `
package      x.board.tar.gz
             41 kB -> nowhere
volume       no block device was found
next         nothing could carry the report: plug in a FAT volume labelled
             STICK and press a key
`},
		{"longest name", longest, "", strings.Repeat("y", 200) + "\x1b[2J", []string{"ttyS0"}, `
package
            ` + longest + `
             41 kB -> console ttyS0
volume
` + strings.Repeat("y", 79) + `
  ` + strings.Repeat("y", 79-2) + `
  ` + strings.Repeat("y", 200-79-77) + `?[2J
next         no volume has it: save this console log and send it
`},
	} {
		got := closing(result{name: c.file, packed: make([]byte, 40001)}, c.volume, c.note, "STICK", c.serial)
		if got != c.want[1:] {
			t.Errorf("closing(%s) =\n%s; want\n%s", c.name, got, c.want[1:])
		}
		checkLines(t, c.name, got)
	}
	got := noReport("the probe was stopped after 2m30s: " + strings.Repeat("word ", 30))
	if !strings.HasPrefix(got, "no report    the probe was") || !strings.HasSuffix(got, "next         save this console log and send it\n") {
		t.Errorf("noReport = %q", got)
	}
	checkLines(t, "no report", got)
}

func TestReadResult(t *testing.T) {
	t.Parallel()
	ended := errors.New("exit status 2")
	all := map[string]string{"a" + PackageSuffix: "packed", BlockName: "block", ResultName: "table", QuestionsName: "questions"}
	without := func(name string) map[string]string {
		rest := map[string]string{}
		for n, text := range all {
			if n != name {
				rest[n] = text
			}
		}
		return rest
	}
	for name, c := range map[string]struct {
		files map[string]string
		ended error
		want  string // in the error, "" for none
	}{
		"all":             {all, nil, ""},
		"all, and a fall": {all, ended, ""},
		"nothing":         {nil, nil, "the probe left no package"},
		"a fall":          {nil, ended, "exit status 2"},
		"no package":      {without("a" + PackageSuffix), ended, "exit status 2"},
		"half a package":  {map[string]string{"a" + PackageSuffix + ".tmp": "pack", BlockName: "block", ResultName: "", QuestionsName: ""}, ended, "exit status 2"},
		"two packages":    {map[string]string{"a" + PackageSuffix: "", "b" + PackageSuffix: ""}, nil, "the probe left no package"},
		"no block":        {without(BlockName), nil, BlockName},
		"no table":        {without(ResultName), nil, ResultName},
	} {
		dir := t.TempDir()
		for n, text := range c.files {
			if err := os.WriteFile(filepath.Join(dir, n), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, err := readResult(dir, c.ended)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("readResult of %s = %v; want %q", name, err, c.want)
			}
			continue
		}
		if err != nil || r.name != "a"+PackageSuffix || string(r.packed) != "packed" || string(r.block) != "block" || r.table != "table" || r.questions != "questions" {
			t.Errorf("readResult of %s = %+v, %v", name, r, err)
		}
	}
	if _, err := readResult(filepath.Join(t.TempDir(), "gone"), nil); err == nil {
		t.Error("readResult without a folder = nil; want an error")
	}
}

func TestTextsForAnotherSystem(t *testing.T) {
	t.Parallel()
	if got := other(ResultName, "7q2km3xd"); got != "RESULT-7Q2KM3XD.TXT" {
		t.Errorf("other = %q", got)
	}
	if got := string(windowsText("a\n\nb\n")); got != "a\r\n\r\nb\r\n" {
		t.Errorf("windowsText = %q", got)
	}
	if got := oneLine(errors.Join(errors.New("a"), errors.New("b\n c"))); got != "a b c" {
		t.Errorf("oneLine = %q", got)
	}
}
