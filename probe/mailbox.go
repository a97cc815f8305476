package probe

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/rpieeprom"
	"github.com/boardprobe/boardprobe/report"
)

// The firmware of a Raspberry Pi is asked through /dev/vcio, which the kernel of
// its maker has (github.com/raspberrypi/linux, drivers/char/broadcom/vcio.c).
// Nothing but the two commands of rpieeprom can be asked.

// opMailbox is the question. Its subject is the command.
const opMailbox = "rpi-mailbox/1"

// mailboxTime bounds one question. The kernel waits a second for the firmware
// (rpi_firmware_transaction in drivers/firmware/raspberrypi.c).
const mailboxTime = 3 * time.Second

// mailboxNodes are tried in turn. Newer kernels have the first one, and let no
// other tag than GET_GENCMD_RESULT pass there.
func mailboxNodes() []string { return []string{"/dev/vcio_gencmd", "/dev/vcio"} }

// mailboxProperty is IOCTL_MBOX_PROPERTY, _IOWR(100, 0, char *): it has the size
// of a pointer in it.
const mailboxProperty = 3<<30 | unsafe.Sizeof(uintptr(0))<<16 | 100<<8

// mailboxCut stands before a configuration of which the end is missing; to the
// parser it is a comment.
const mailboxCut = "# cut\n"

func askMailbox(ctx context.Context, command string) ([]byte, error) {
	return askGencmd(ctx, command, func(message []byte) error { return exchangeMailbox(mailboxNodes(), message) })
}

// exchangeMailbox has the firmware write its answer over a message.
func exchangeMailbox(nodes []string, message []byte) error {
	var failed error
	for _, node := range nodes {
		f, err := os.OpenFile(node, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if err != nil {
			failed = err
			continue
		}
		defer f.Close()
		return ioctl(f, mailboxProperty, unsafe.Pointer(&message[0]))
	}
	return failed
}

// askGencmd puts one command, and keeps of the answer what says how the board
// boots, as reduceRaspberry does, and which loader it has.
func askGencmd(ctx context.Context, command string, exchange func(message []byte) error) ([]byte, error) {
	message, err := rpieeprom.Gencmd(command)
	if err != nil {
		return nil, unix.EPERM
	}
	ctx, cancel := context.WithTimeout(ctx, mailboxTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- exchange(message) }()
	select {
	case err = <-done:
	case <-ctx.Done(): // nothing ends a call in which the kernel hangs
		return nil, unix.ETIMEDOUT
	}
	if err != nil {
		return nil, err
	}
	text, cut, err := rpieeprom.ParseGencmd(message)
	switch {
	case errors.Is(err, rpieeprom.ErrUnknown):
		return nil, unix.ENOSYS
	case err != nil:
		return nil, unix.EPROTO
	}
	if command == rpieeprom.CommandVersion {
		build, err := rpieeprom.ParseBuild(text)
		if err != nil {
			return nil, unix.EBADMSG
		}
		return []byte(build.String()), nil
	}
	if _, err := rpieeprom.ParseConfig(text, nil); err != nil {
		return nil, unix.EBADMSG
	}
	out := reduceRaspberry(text)
	if cut {
		out = append([]byte(mailboxCut), out...)
	}
	return out, nil
}

// mailboxBoot asks the firmware of a Raspberry Pi for what neither the device tree
// nor nvmem said, and reports whether there is another order now.
func mailboxBoot(h *Host, compatible []string, b *report.Boot) bool {
	if len(compatible) == 0 || !strings.HasPrefix(compatible[0], "raspberrypi,") {
		return false
	}
	changed := false
	// An environment of U-Boot that may not have been used says less.
	if b.LoaderOrder.IsZero() || b.LoaderOrder.Basis == report.Inferred && !b.Loader.OK() {
		order := mailboxOrder(h, compatible)
		if changed = order.OK(); changed || b.LoaderOrder.IsZero() {
			b.LoaderOrder = order
		}
	}
	if !b.Loader.OK() && !b.LoaderVersion.OK() {
		mailboxLoader(h, b)
	}
	return changed
}

// mailboxOrder asks for the configuration of the boot loader. That there is no
// mailbox, as in most kernels, or no EEPROM, is not worth a word.
func mailboxOrder(h *Host, compatible []string) report.Fact[[]string] {
	a := h.ask(opMailbox, rpieeprom.CommandConfig)
	switch a.Gap {
	case "":
	case report.Denied, report.Failed:
		return report.Missing[[]string](a.Gap, "the firmware's mailbox: "+a.Note, a.ID)
	default:
		return report.Fact[[]string]{}
	}
	order := eepromOrder(a, compatible)
	if order.OK() {
		order.Note += ", by the firmware's mailbox"
	}
	return order
}

// mailboxLoader asks which boot loader it is. A second one that did not name itself
// to Linux may have come after it.
func mailboxLoader(h *Host, b *report.Boot) {
	a := h.ask(opMailbox, rpieeprom.CommandVersion)
	build, err := rpieeprom.ParseBuild(a.Data)
	if a.Gap != "" || err != nil {
		return
	}
	b.Loader = report.Known("raspberry-pi", a.ID).By(report.Inferred).Noting("the firmware's mailbox; another loader may have come after it")
	b.LoaderVersion = report.Known(build.Version, a.ID)
	if date := build.Date(); date != "" {
		b.LoaderVersion.Note = "built on " + date
	}
}
