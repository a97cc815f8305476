package boot

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// console is a terminal that the kernel writes to.
type console struct {
	name   string
	fd     int
	before *unix.Termios // the settings that were found
	screen bool          // a screen, on which nobody can copy a block of text
	crlf   bool          // the terminal does not turn a line feed into a line end itself
	stuck  bool          // took nothing when it should have; a key makes it good again
	gone   bool          // hung up
}

// consoles writes to all terminals that the kernel writes to: which of them
// somebody looks at cannot be known.
type consoles struct{ list []*console }

// maxConsoles bounds the list; a kernel has rarely more than three.
const maxConsoles = 8

// Bounds of the patience with a terminal: how long it may take nothing, since a
// line without a receiver can hold its handshake for ever, and how long a byte
// may take, which is that of a line of 1200 baud.
const (
	stall    = 3 * time.Second
	byteTime = 10 * time.Millisecond
)

// find opens the consoles that are not open yet. Drivers that are modules bring
// theirs late, and one that was hung up may be back.
func (c *consoles) find() {
	c.list = slices.DeleteFunc(c.list, func(t *console) bool {
		if t.gone {
			unix.Close(t.fd)
		}
		return t.gone
	})
	active := readSmall("/sys/class/tty/console/active") // Documentation/ABI/testing/sysfs-tty
	for _, name := range consoleNames(active) {
		if len(c.list) >= maxConsoles || slices.ContainsFunc(c.list, func(t *console) bool { return t.name == name }) {
			continue
		}
		// Neither made the controlling terminal, nor waited for.
		fd, err := unix.Open(filepath.Join("/dev", name), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		t := &console{name: name, fd: fd, crlf: true, screen: isScreen(name)}
		if settings, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
			before := *settings
			t.before = &before
			t.crlf = settings.Oflag&unix.OPOST == 0 || settings.Oflag&unix.ONLCR == 0
			t.listen()
		}
		c.list = append(c.list, t)
	}
}

// listen makes a key to be seen before the line is ended, and not echoed into a
// block.
func (t *console) listen() {
	settings := *t.before
	settings.Lflag &^= unix.ICANON | unix.ECHO
	unix.IoctlSetTermios(t.fd, unix.TCSETS, &settings)
}

// lend gives the terminals to another program, with the settings they had,
// until it ends.
func (c *consoles) lend(program func()) {
	for _, t := range c.list {
		if t.before != nil {
			unix.IoctlSetTermios(t.fd, unix.TCSETS, t.before)
		}
	}
	program()
	for _, t := range c.list {
		if t.before != nil {
			t.listen()
		}
	}
}

// consoleNames reads the list of active consoles. A kernel without any, as one
// without sysfs, has /dev/console; what is written to ttynull is lost.
func consoleNames(active string) []string {
	var names []string
	for _, name := range strings.Fields(active) {
		if filepath.IsLocal(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{"console"}
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "ttynull") })
}

// isScreen reports whether a terminal is the screen's, as tty0 and tty1 are,
// and not that of a line, as ttyS0.
func isScreen(name string) bool {
	number, ok := strings.CutPrefix(name, "tty")
	return ok && strings.Trim(number, "0123456789") == ""
}

// printf prints lines on all consoles.
func (c *consoles) printf(format string, args ...any) {
	c.print([]byte(fold(fmt.Sprintf(format, args...))), func(*console) bool { return true })
}

// print prints text on the consoles that are wanted.
func (c *consoles) print(text []byte, wanted func(*console) bool) {
	for _, t := range c.list {
		if t.works() && wanted(t) {
			t.write(text)
		}
	}
}

func (t *console) works() bool { return !t.stuck && !t.gone }

func (t *console) write(text []byte) {
	if t.crlf {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	end := time.Now().Add(stall + time.Duration(len(text))*byteTime)
	for last := time.Now(); len(text) > 0; {
		n, err := unix.Write(t.fd, text[:min(len(text), 1024)])
		switch {
		case n > 0:
			text, last = text[n:], time.Now()
		case err == unix.EINTR:
		case err != unix.EAGAIN:
			t.gone = true
			return
		case time.Since(last) > stall, time.Now().After(end):
			t.stuck = true
			return
		default:
			unix.Poll([]unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLOUT}}, 100)
		}
	}
}

// serial returns the names of the serial consoles that still take text.
func (c *consoles) serial() []string {
	var names []string
	for _, t := range c.list {
		if t.works() && !t.screen {
			names = append(names, t.name)
		}
	}
	return names
}

// fifo is how long the last bytes stay in the hardware, which the kernel does
// not count: 64 of them at 9600 baud.
const fifo = 70 * time.Millisecond

// key waits until a key is pressed on any console, or until the time is over. A
// console that took nothing has somebody behind it now.
func (c *consoles) key(wait time.Duration) bool {
	for end := time.Now().Add(wait); ; {
		var set []unix.PollFd
		var open []*console
		for _, t := range c.list {
			if !t.gone {
				set = append(set, unix.PollFd{Fd: int32(t.fd), Events: unix.POLLIN})
				open = append(open, t)
			}
		}
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		n, err := unix.Poll(set, int(min(left, time.Second).Milliseconds())+1)
		if err != nil && err != unix.EINTR {
			time.Sleep(min(left, time.Second))
		}
		if err != nil || n <= 0 {
			continue
		}
		pressed := false
		for i, t := range open {
			if set[i].Revents == 0 {
				continue
			}
			got, err := unix.Read(t.fd, make([]byte, 256))
			if got > 0 {
				pressed, t.stuck = true, false
			}
			// Else it would be ready for ever.
			t.gone = got == 0 || err != nil && err != unix.EAGAIN && err != unix.EINTR
		}
		if pressed {
			return true
		}
	}
}

// forget drops what was typed so far: one key is one wish, and a line that
// echoes what is printed has none.
func (c *consoles) forget() {
	for _, t := range c.list {
		unix.IoctlSetInt(t.fd, unix.TCFLSH, unix.TCIFLUSH)
	}
}

// drain waits, within bounds, until everything printed has left the board:
// cutting the power would cut the block.
func (c *consoles) drain() {
	for _, t := range c.list {
		last, queued := time.Now(), -1
		for t.works() && time.Since(last) < stall {
			n, err := unix.IoctlGetInt(t.fd, unix.TIOCOUTQ)
			if err != nil || n == 0 {
				break
			}
			if n != queued {
				queued, last = n, time.Now()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	time.Sleep(fifo)
}

// quiet keeps all but errors of the kernel off the consoles while something is
// printed that is to be copied (syslog(2), SYSLOG_ACTION_CONSOLE_LEVEL; the
// level is passed as a length).
func quiet() {
	const consoleLevel, errorsOnly = 8, 4
	unix.Klogctl(consoleLevel, make([]byte, errorsOnly))
}
