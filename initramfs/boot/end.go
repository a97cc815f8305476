package boot

import (
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// holdTime is how long the board waits for a key before it is powered off.
const holdTime = 10 * time.Minute

// syncLimit bounds the wait for media at the end; the volume has been unmounted
// long before.
const syncLimit = 10 * time.Second

// rebootLimit is how long a machine may take to switch itself off.
const rebootLimit = 30 * time.Second

// maxRepeats bounds how often a key prints the report again: a line that
// catches noise, or whose far end echoes, presses keys for ever.
const maxRepeats = 30

// ending is what happens at the end of a run, in this order.
type ending struct {
	shell, hold bool
	what        string // in words
	command     int    // of reboot(2)
}

// endingOf returns the ending for a value of boardprobe.end.
func endingOf(end string) ending {
	e := ending{what: "power off", command: unix.LINUX_REBOOT_CMD_POWER_OFF}
	switch end {
	case endPowerOff:
	case endReboot:
		e.what, e.command = "restart", unix.LINUX_REBOOT_CMD_RESTART
	case endShell:
		e.shell, e.hold = true, true
	default:
		e.hold = true
	}
	return e
}

// end does what is asked for at the end of a run.
func (b *board) end() {
	e := endingOf(b.parameters.end)
	if e.shell {
		b.guard("running a shell", b.shell)
	}
	if e.hold {
		hold(b.consoles.printf, b.key, time.Sleep, func() { b.guard("repeating", b.again) })
	}
	b.reboot(e.what, e.command)
}

// hold counts down. A key prints everything again, for whoever logs only now.
func hold(say func(string, ...any), key func(time.Duration) bool, sleep func(time.Duration), again func()) {
	repeats := 0
	for left := holdTime; left > 0; left -= time.Minute {
		if repeats == maxRepeats {
			say("boardprobe: power off in %d min\n", int(left.Minutes()))
			sleep(time.Minute)
			continue
		}
		say("boardprobe: power off in %d min; any key prints the report again\n", int(left.Minutes()))
		if key(time.Minute) {
			repeats++
			again()
			left = holdTime + time.Minute
		}
	}
}

func (b *board) key(wait time.Duration) bool {
	reap()
	b.consoles.find()
	b.consoles.forget()
	return b.consoles.key(wait)
}

// again makes up for what went wrong, as with a volume that was plugged in
// meanwhile, and prints the report.
func (b *board) again() {
	if b.failed != "" {
		b.probe()
	}
	if !b.delivered {
		b.findVolume()
	}
	b.deliver()
}

// shell gives the console to a shell, where the image has one.
func (b *board) shell() {
	const shell = "/bin/sh"
	if _, err := os.Stat(shell); err != nil {
		b.consoles.printf("boardprobe: there is no %s in this image\n", shell)
		return
	}
	terminal, err := os.OpenFile("/dev/console", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		b.consoles.printf("boardprobe: %v\n", err)
		return
	}
	defer terminal.Close()
	command := exec.Command(shell)
	command.Stdin, command.Stdout, command.Stderr = terminal, terminal, terminal
	command.Env = []string{"HOME=/", "PATH=/bin:/sbin:/usr/bin:/usr/sbin:/bbin", "TERM=linux"}
	b.consoles.lend(func() { err = command.Run() })
	if err != nil {
		b.consoles.printf("boardprobe: shell: %v\n", err)
	}
	reap()
}

// reboot ends the kernel. Where that fails, as on a board whose power cannot be
// switched, it waits for somebody to cut it.
func (b *board) reboot(what string, command int) {
	b.consoles.printf("boardprobe: %s\n", what)
	b.consoles.drain()
	within(syncLimit, func() error { unix.Sync(); return nil })
	// A driver that does not let go of its device holds up the kernel, too.
	within(rebootLimit, func() error { return unix.Reboot(command) })
	b.consoles.printf("boardprobe: this board cannot %s by itself; power may be cut\n", what)
	for {
		time.Sleep(time.Hour)
	}
}
