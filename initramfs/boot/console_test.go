package boot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestConsoleNames(t *testing.T) {
	t.Parallel()
	for active, want := range map[string][]string{
		"":                         {"console"},
		"\n":                       {"console"},
		"tty0\n":                   {"tty0"},
		"tty0 ttyS0\n":             {"tty0", "ttyS0"},
		"ttymxc0 ttyAMA0 hvc0 x/y": {"ttymxc0", "ttyAMA0", "hvc0", "x/y"},
		"ttyS0 ttyS0":              {"ttyS0"},
		"../sda /dev/sda ttyS1":    {"ttyS1"},
		"ttynull0":                 {},
		"ttynull0 ttyS0":           {"ttyS0"},
	} {
		if got := consoleNames(active); !slices.Equal(got, want) {
			t.Errorf("consoleNames(%q) = %q; want %q", active, got, want)
		}
	}
	for name, want := range map[string]bool{"tty0": true, "tty12": true, "tty": true, "ttyS0": false, "ttyGS0": false, "hvc0": false, "console": false, "ttyAMA0": false} {
		if got := isScreen(name); got != want {
			t.Errorf("isScreen(%q) = %t; want %t", name, got, want)
		}
	}
}

// line is a console and its far end.
func line(t *testing.T, name string) (near *console, far int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]) })
	return &console{name: name, fd: pair[0], screen: isScreen(name)}, pair[1]
}

func heard(t *testing.T, far int) string {
	t.Helper()
	data := make([]byte, 64<<10)
	n, err := unix.Read(far, data)
	if err == unix.EAGAIN {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data[:n])
}

func TestPrint(t *testing.T) {
	t.Parallel()
	screen, screenFar := line(t, "tty0")
	serial, serialFar := line(t, "ttyS0")
	raw, rawFar := line(t, "hvc0")
	raw.crlf = true
	c := consoles{[]*console{screen, serial, raw}}
	c.printf("all\x1b[2J %s\n", "\xff\u00e4")
	c.print([]byte("block\n"), func(t *console) bool { return !t.screen })
	for far, want := range map[int]string{
		screenFar: "all?[2J ??\n",
		serialFar: "all?[2J ??\nblock\n",
		rawFar:    "all?[2J ??\r\nblock\r\n",
	} {
		if got := heard(t, far); got != want {
			t.Errorf("console gets %q; want %q", got, want)
		}
	}
	if got := c.serial(); !slices.Equal(got, []string{"ttyS0", "hvc0"}) {
		t.Errorf("serial = %q; want ttyS0 and hvc0", got)
	}
}

// TestConsoleThatTakesNothing prints more than the line holds: the others get
// theirs, and a key brings the console back.
func TestConsoleThatTakesNothing(t *testing.T) {
	t.Parallel()
	stuck, stuckFar := line(t, "ttyGS0")
	good, goodFar := line(t, "ttyS0")
	c := consoles{[]*console{stuck, good}}
	for fill := make([]byte, 4096); ; {
		if _, err := unix.Write(stuck.fd, fill); err == unix.EAGAIN {
			break
		}
	}
	for range 3 {
		c.printf("next\n")
	}
	if got := heard(t, goodFar); got != "next\nnext\nnext\n" {
		t.Errorf("the console beside a stuck one gets %q; want all", got)
	}
	if got := c.serial(); !slices.Equal(got, []string{"ttyS0"}) {
		t.Errorf("serial = %q; want ttyS0 only", got)
	}
	unix.Write(stuckFar, []byte("\r"))
	if !c.key(5 * time.Second) {
		t.Fatal("a key on the stuck console is not seen")
	}
	for heard(t, stuckFar) != "" {
	}
	c.printf("again\n")
	if got := heard(t, stuckFar); got != "again\n" {
		t.Errorf("the console that came back gets %q; want again", got)
	}
}

func TestConsoleThatHangsUp(t *testing.T) {
	t.Parallel()
	gone, far := line(t, "ttyUSB0")
	good, goodFar := line(t, "ttyS0")
	unix.Close(far)
	c := consoles{[]*console{gone, good}}
	if c.key(10 * time.Millisecond) {
		t.Error("a hang-up is taken for a key")
	}
	if !gone.gone || good.gone {
		t.Errorf("gone = %t, good gone = %t; want only the first", gone.gone, good.gone)
	}
	c.printf("x\n")
	c.drain()
	if got := heard(t, goodFar); got != "x\n" {
		t.Errorf("the other console gets %q; want x", got)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	none := consoles{}
	if none.key(20 * time.Millisecond) {
		t.Error("key without consoles = true; want false")
	}
	near, far := line(t, "ttyS0")
	c := consoles{[]*console{near}}
	if started := time.Now(); c.key(30*time.Millisecond) || time.Since(started) < 30*time.Millisecond {
		t.Errorf("key without a key after %v", time.Since(started))
	}
	unix.Write(far, []byte("abc"))
	if !c.key(time.Minute) {
		t.Error("a key is not seen")
	}
	if c.key(10 * time.Millisecond) {
		t.Error("three bytes at once are more than one key")
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 40)
	for in, want := range map[string]string{
		"":                        "",
		"a\n":                     "a\n",
		"a":                       "a",
		"a\tb\r\n":                "a b?\n",
		strings.Repeat("x", 79):   strings.Repeat("x", 79),
		strings.Repeat("x", 100):  strings.Repeat("x", 79) + "\n  " + strings.Repeat("x", 21),
		"\n\n" + long[:99] + "\n": "\n\n" + long[:79] + "\n  " + long[80:99] + "\n",
	} {
		if got := fold(in); got != want {
			t.Errorf("fold(%q) = %q; want %q", in, got, want)
		}
		checkLines(t, in, fold(in))
	}
}
