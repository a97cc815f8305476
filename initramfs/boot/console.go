package boot

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// console is a terminal that the kernel writes to.
type console struct {
	name   string
	fd     int
	screen bool // a screen, on which nobody can copy a block of text
	crlf   bool // the terminal does not turn a line feed into a line end itself
	dead   bool
}

// consoles writes to all terminals that the kernel writes to: which of them
// somebody looks at cannot be known.
type consoles struct{ list []*console }

// maxConsoles bounds the list; a kernel has rarely more than three.
const maxConsoles = 8

// stall is how long a terminal may take nothing before it is given up: a line
// without a receiver can hold its handshake for ever.
const stall = 3 * time.Second

// find adds consoles that are not in the list yet. Drivers that are modules
// bring theirs late.
func (c *consoles) find() {
	names := strings.Fields(readSmall("/sys/class/tty/console/active")) // Documentation/ABI/testing/sysfs-tty
	if len(names) == 0 && len(c.list) == 0 {
		names = []string{"console"}
	}
	for _, name := range names {
		known := len(c.list) >= maxConsoles || !filepath.IsLocal(name)
		for _, t := range c.list {
			known = known || t.name == name
		}
		if known {
			continue
		}
		// Neither made the controlling terminal, nor waited for.
		fd, err := unix.Open(filepath.Join("/dev", name), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		t := &console{name: name, fd: fd, crlf: true}
		if number, ok := strings.CutPrefix(name, "tty"); ok && strings.Trim(number, "0123456789") == "" {
			t.screen = true // tty0 and tty1 are the screen's, ttyS0 is a line's
		}
		if settings, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
			t.crlf = settings.Oflag&unix.OPOST == 0 || settings.Oflag&unix.ONLCR == 0
			// A key is to be seen before the line is ended, and not echoed
			// into a block.
			settings.Lflag &^= unix.ICANON | unix.ECHO
			unix.IoctlSetTermios(fd, unix.TCSETS, settings)
		}
		c.list = append(c.list, t)
	}
}

// printf prints lines on all consoles.
func (c *consoles) printf(format string, args ...any) {
	c.print([]byte(fmt.Sprintf(format, args...)), func(*console) bool { return true })
}

// print prints text on the consoles that are wanted.
func (c *consoles) print(text []byte, wanted func(*console) bool) {
	for _, t := range c.list {
		if !t.dead && wanted(t) {
			t.write(text)
		}
	}
}

func (t *console) write(text []byte) {
	if t.crlf {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	for last := time.Now(); len(text) > 0; {
		n, err := unix.Write(t.fd, text[:min(len(text), 1024)])
		switch {
		case n > 0:
			text, last = text[n:], time.Now()
		case err == unix.EINTR:
		case err != unix.EAGAIN || time.Since(last) > stall:
			t.dead = true
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
		if !t.dead && !t.screen {
			names = append(names, t.name)
		}
	}
	return names
}

// fifo is how long the last bytes stay in the hardware, which the kernel does
// not count: 64 of them at 9600 baud.
const fifo = 70 * time.Millisecond

// key waits until a key is pressed on any console, or until the time is over.
func (c *consoles) key(wait time.Duration) bool {
	end := time.Now().Add(wait)
	for {
		var set []unix.PollFd
		for _, t := range c.list {
			if !t.dead {
				set = append(set, unix.PollFd{Fd: int32(t.fd), Events: unix.POLLIN})
			}
		}
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		n, err := unix.Poll(set, int(min(left, time.Second).Milliseconds()))
		if err != nil || n <= 0 {
			if err != nil && err != unix.EINTR {
				time.Sleep(min(left, time.Second))
			}
			continue
		}
		pressed := false
		for i, p := range set {
			if p.Revents == 0 {
				continue
			}
			got, err := unix.Read(int(p.Fd), make([]byte, 256))
			pressed = pressed || got > 0
			if got == 0 || err != nil && err != unix.EAGAIN && err != unix.EINTR {
				// Hung up: else it would be ready for ever.
				set[i].Fd = -1
				c.hangUp(int(p.Fd))
			}
		}
		if pressed {
			return true
		}
	}
}

func (c *consoles) hangUp(fd int) {
	for _, t := range c.list {
		if t.fd == fd {
			t.dead = true
		}
	}
}

// drain waits, within bounds, until everything printed has left the board:
// cutting the power would cut the block.
func (c *consoles) drain() {
	for _, t := range c.list {
		last, queued := time.Now(), -1
		for !t.dead && time.Since(last) < stall {
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
