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

// end does what is asked for at the end of a run.
func (b *board) end() {
	switch b.parameters.end {
	case endPowerOff:
		b.reboot("power off", unix.LINUX_REBOOT_CMD_POWER_OFF)
	case endReboot:
		b.reboot("restart", unix.LINUX_REBOOT_CMD_RESTART)
	case endShell:
		b.shell()
	}
	b.hold()
	b.reboot("power off", unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// hold counts down. A key prints everything again, for whoever logs only now,
// and writes to a volume that was plugged in meanwhile.
func (b *board) hold() {
	for left := holdTime; left > 0; left -= time.Minute {
		b.consoles.printf("boardprobe: power off in %d min; any key prints the report again\n", int(left.Minutes()))
		for minute := time.Now().Add(time.Minute); time.Now().Before(minute); {
			if !b.consoles.key(time.Until(minute)) {
				continue
			}
			if b.failed != "" {
				b.probe()
			}
			if !b.delivered {
				b.findVolume()
			}
			b.deliver()
			left = holdTime + time.Minute
			break
		}
		reap()
	}
}

// shell gives the console to a shell, where the image has one.
func (b *board) shell() {
	const shell = "/bin/sh"
	if _, err := os.Stat(shell); err != nil {
		b.consoles.printf("boardprobe: there is no %s in this image\n", shell)
		return
	}
	terminal, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
	if err != nil {
		b.consoles.printf("boardprobe: %v\n", err)
		return
	}
	defer terminal.Close()
	command := exec.Command(shell)
	command.Stdin, command.Stdout, command.Stderr = terminal, terminal, terminal
	command.Env = []string{"HOME=/", "PATH=/bin:/sbin:/usr/bin:/usr/sbin:/bbin", "TERM=linux"}
	if err := command.Run(); err != nil {
		b.consoles.printf("boardprobe: shell: %v\n", err)
	}
	reap()
}

// reboot ends the kernel. Where that fails, as on a board whose power cannot be
// switched, it returns.
func (b *board) reboot(what string, command int) {
	b.consoles.printf("boardprobe: %s\n", what)
	b.consoles.drain()
	within(syncLimit, func() error { unix.Sync(); return nil })
	err := unix.Reboot(command)
	if err == nil {
		// Some machines take their time.
		time.Sleep(syncLimit)
	}
	b.consoles.printf("boardprobe: this board cannot %s by itself; power may be cut\n", what)
	for {
		time.Sleep(time.Hour)
	}
}
