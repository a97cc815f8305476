// Package boot makes a probe of a kernel and an initramfs: as the first process
// (PID 1), or as the program that another init starts, it mounts what the
// kernel itself offers, loads the modules of the devices that are there, waits
// until no more appear, runs the probe in a child, and delivers what the child
// leaves: to the report volume, and as a block of text to the serial consoles.
//
// It mounts no medium but the report volume and writes to no other. It neither
// probes nor judges nor signs: that is done by the child, whose end, whatever
// its kind, this process survives. It never returns, because a kernel whose
// first process ends panics.
package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/initramfs/deliver"
	"github.com/boardprobe/boardprobe/probe/decode/fat"
	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

// How the image came to run this process.
const (
	Init  = "init"  // as the first process of the kernel
	Uinit = "uinit" // as the program that the init of u-root starts
)

// Job is what the child is told, as JSON on its standard input.
type Job struct {
	Folder       string        // where to leave its files
	Timeout      time.Duration // of the whole run
	Labels       []string      // what the kernel command line states of the board, K=V
	Ticket       string        // of the command line, or else of the volume; "" if there is none
	PseudonymKey string        // file with the key, "" if the image carries none
	MMIO         string        // which registers may be read: "", proven or unproven
	Active       bool          // modems are asked
}

// What the child leaves in the folder besides the package, whose name ends in
// PackageSuffix. All are text with single newlines.
const (
	PackageSuffix = ".board.tar.gz"
	ResultName    = "RESULT.TXT"    // the verdict table
	QuestionsName = "QUESTIONS.TXT" // what remains to be asked
	BlockName     = "BLOCK.TXT"     // the package as a block for a console
)

const (
	outFolder    = "/run/boardprobe/out"
	volumeFolder = "/run/boardprobe/volume"
)

// board is one run of the image.
type board struct {
	role, child string
	started     time.Time
	consoles    consoles
	parameters  parameters
	volume      string // device that carries the label, "" if there is none
	volumeNote  string // why there is none
	result      result
	failed      string // why there is no report, "" if there is one
	delivered   bool   // the volume has the report
}

// result is what the child left.
type result struct {
	name, table, questions string
	packed, block          []byte
}

// Run does all of it. child is the name (the first argument) under which this
// program, started again, does a Job. Run never returns.
func Run(role, child string) {
	// Somebody at the shell of the image may send a signal to its first process,
	// as halt and reboot do; the runtime would end it.
	signal.Notify(make(chan os.Signal, 1))
	b := &board{role: role, child: child, started: time.Now()}
	b.parameters, _ = parseParameters("") // should preparing fail
	b.guard("preparing", b.prepare)
	b.guard("probing", b.probe)
	b.guard("delivering", b.deliver)
	b.guard("ending", b.end)
	for {
		time.Sleep(time.Hour)
	}
}

// guard keeps a fault of one step from ending the process, and with it the
// kernel.
func (b *board) guard(what string, step func()) {
	defer func() {
		if fault := recover(); fault != nil {
			b.consoles.printf("boardprobe: fault while %s: %v\n", what, fault)
		}
	}()
	step()
}

// prepare makes the board as complete as it can be, and leaves the record of it
// for the probe.
// biosDisks is the module that shows what a BIOS says of its disks. No device
// asks for it.
const biosDisks = "edd"

func (b *board) prepare() {
	mounts := mountAll(firstMounts())
	quiet()
	tellFirmware()
	b.consoles.find()
	var notes []string
	b.parameters, notes = parseParameters(readSmall("/proc/cmdline"))
	b.consoles.printf("\nboardprobe: started; keep a log of this console from here on\n")
	for _, note := range notes {
		b.consoles.printf("boardprobe: kernel parameter %s\n", note)
	}
	mountAll(laterMounts()) // what succeeds now helps to tell when the board is complete
	record := imagerecord.Boot{Role: b.role}
	l, err := newLoader(b.parameters.options, b.parameters.never())
	if err != nil {
		b.consoles.printf("boardprobe: %v\n", err)
	}
	if l != nil {
		if _, err := os.Stat("/sys/firmware/efi"); err != nil && len(l.table.Named(biosDisks)) > 0 {
			l.request(biosDisks)
		}
		for _, name := range b.parameters.load {
			if len(l.table.Named(name)) == 0 {
				b.consoles.printf("boardprobe: kernel parameter boardprobe.load: the image has no module %.64q\n", name)
			}
			l.request(name)
		}
	}
	b.consoles.printf("boardprobe: waiting for the devices\n")
	record.Settled = coldplug(l, b.still("waiting for the devices"))
	record.SettleCapped = !record.Settled
	record.Loaded, record.Failed, record.Skipped = l.loaded, l.failed, l.skipped
	record.Mounts = append(mounts, mountAll(laterMounts())...)
	b.consoles.find()
	b.consoles.printf("boardprobe: %s\n", settleText(record, time.Since(b.started)))
	if names := failedText(record); names != "" {
		b.consoles.printf("boardprobe: failed: %s\n", names)
	}
	b.findVolume()
	record.ReportVolume, record.VolumeNote = b.volume, b.volumeNote
	data, err := json.Marshal(record)
	if err == nil {
		err = writeFile("/"+imagerecord.BootPath, data)
	}
	if err != nil {
		b.consoles.printf("boardprobe: %v\n", err)
	}
}

func settleText(r imagerecord.Boot, after time.Duration) string {
	text := fmt.Sprintf("devices complete after %d.%d s", after.Milliseconds()/1000, after.Milliseconds()/100%10)
	if !r.Settled {
		text = fmt.Sprintf("devices still appear after %d s, going on", int(after.Seconds()))
	}
	text += fmt.Sprintf("; modules: %d loaded", len(r.Loaded))
	if len(r.Failed) > 0 {
		text += fmt.Sprintf(", %d failed", len(r.Failed))
	}
	if len(r.Skipped) > 0 {
		text += fmt.Sprintf(", %d left out", len(r.Skipped))
	}
	return text
}

// failedText names the modules that failed, as far as one line of a console takes them.
func failedText(r imagerecord.Boot) (names string) {
	const width = 56
	for _, f := range r.Failed {
		name := ascii(fmt.Sprintf("%.32s", f.Subject))
		if names != "" && len(names)+1+len(name) > width {
			return names + " ..."
		}
		names = strings.TrimSpace(names + " " + name)
	}
	return names
}

// Bounds of what a medium that does not answer may hold up.
const (
	findLimit  = 15 * time.Second
	writeLimit = 90 * time.Second
)

func (b *board) findVolume() {
	type found struct{ device, note string }
	answers := make(chan found, 1)
	err, ok := telling(findLimit, sayEach, b.still("looking for a volume"), func() error {
		device, note := deliver.Find("/", b.parameters.volume)
		answers <- found{device, note}
		return nil
	})
	var answer found
	switch {
	case !ok:
		answer.note = fmt.Sprintf("a disk did not answer within %v", findLimit)
	case err != nil:
		answer.note = oneLine(err)
	default:
		answer = <-answers
	}
	b.volume, b.volumeNote = answer.device, answer.note
}

// ticketName is the file of the volume with the word of a request.
const ticketName = "TICKET.TXT"

// maxTicketFile bounds what is read of it; what a ticket may be, the probe says.
const maxTicketFile = 4096

// ticket is the word of the request that this run answers: the kernel parameter,
// or the first line of the file on the volume.
func (b *board) ticket() string {
	if b.parameters.ticket != "" || b.volume == "" {
		return b.parameters.ticket
	}
	text := ""
	err, ok := within(findLimit, func() error {
		data, err := deliver.ReadFile(filepath.Join("/dev", b.volume), ticketName, maxTicketFile)
		text = string(data)
		return err
	})
	switch {
	case !ok:
		b.consoles.printf("boardprobe: %s: the volume did not answer\n", ticketName)
		return ""
	case err != nil:
		if !errors.Is(err, fat.ErrNoFile) {
			b.consoles.printf("boardprobe: %s: %s\n", ticketName, oneLine(err))
		}
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\n") // editors of Windows begin a text so
	return strings.TrimSpace(line)
}

// within runs a function that may wait for a device for ever. The goroutine of
// one that does is left behind: its thread cannot be stopped. A fault of the
// function is its error: in a goroutine of its own it would end the process.
func within(limit time.Duration, f func() error) (err error, ok bool) {
	return telling(limit, limit, func(time.Duration) {}, f)
}

// telling is within, and tells each time how long it has been waiting.
func telling(limit, each time.Duration, tell func(time.Duration), f func() error) (err error, ok bool) {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				done <- fmt.Errorf("fault: %v", fault)
			}
		}()
		done <- f()
	}()
	end := time.After(limit)
	tick := time.NewTicker(each)
	defer tick.Stop()
	for started := time.Now(); ; {
		select {
		case err = <-done:
			return err, true
		case <-end:
			return nil, false
		case <-tick.C:
			tell(time.Since(started))
		}
	}
}

// sayEach is how often somebody in front of the board hears that it still waits.
const sayEach = 10 * time.Second

// still says what is waited for.
func (b *board) still(what string) func(time.Duration) {
	return func(d time.Duration) { b.consoles.printf("boardprobe: still %s after %d s\n", what, int(d.Seconds())) }
}

// probe runs the child, and a second time if it leaves nothing.
func (b *board) probe() {
	for range 2 {
		err := b.runChild()
		if b.result, err = readResult(outFolder, err); err == nil {
			b.failed = ""
			return
		}
		b.failed = err.Error()
		b.consoles.printf("boardprobe: no report: %v\n", err)
	}
}

// grace is the time that a child has to sign and write when its time is over.
const grace = 30 * time.Second

func (b *board) runChild() error {
	os.RemoveAll(outFolder)
	if err := os.MkdirAll(outFolder, 0o700); err != nil {
		return err
	}
	job := Job{Folder: outFolder, Timeout: b.parameters.timeout, Labels: b.parameters.labels, Ticket: b.ticket(), Active: b.parameters.active, MMIO: b.parameters.mmio}
	if _, err := os.Stat("/" + imagerecord.PseudonymKeyPath); err == nil {
		job.PseudonymKey = "/" + imagerecord.PseudonymKeyPath
	}
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.parameters.timeout+grace)
	defer cancel()
	child := exec.CommandContext(ctx, "/proc/self/exe")
	child.Args = []string{b.child}
	child.Stdin = bytes.NewReader(text)
	child.Stderr = lines{b.consoles.printf}
	child.Stdout = io.Discard
	child.WaitDelay = time.Second // a child of the child may hold the pipe
	// A child that waits inside the kernel does not even die.
	err, ok := within(b.parameters.timeout+2*grace, child.Run)
	if !ok || ctx.Err() != nil {
		err = fmt.Errorf("the probe was stopped after %v", b.parameters.timeout+grace)
	}
	reap()
	return err
}

// lines passes what a process prints on to a function.
type lines struct{ printf func(string, ...any) }

func (l lines) Write(p []byte) (int, error) {
	l.printf("%s", p)
	return len(p), nil
}

// reap collects processes that lost their parents.
func reap() {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// Bounds of what a child leaves; a package is at most a few hundred kB.
const maxResultBytes = 64 << 20

// readResult reads what the child left. How the child ended matters only if it
// left nothing.
func readResult(folder string, ended error) (r result, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*"+PackageSuffix))
	if err != nil || len(names) != 1 {
		if ended == nil {
			ended = errors.New("the probe left no package")
		}
		return r, ended
	}
	r.name = filepath.Base(names[0])
	read := func(name string) []byte {
		data, readErr := readBounded(filepath.Join(folder, name), maxResultBytes)
		err = errors.Join(err, readErr)
		return data
	}
	r.packed, r.block = read(r.name), read(BlockName)
	r.table, r.questions = string(read(ResultName)), string(read(QuestionsName))
	return r, err
}

// deliver carries the report off the board and prints the verdict before and
// after the block, since the block scrolls it away.
func (b *board) deliver() {
	if b.failed != "" {
		b.consoles.printf("\n%s", noReport(b.failed))
		return
	}
	if !b.delivered {
		b.toVolume()
	}
	b.consoles.printf("\n%s\n", b.result.table)
	b.consoles.print(slices.Concat([]byte{'\n'}, b.result.block, []byte{'\n'}), func(t *console) bool { return !t.screen })
	b.consoles.printf("%s%s", b.result.table, b.closing())
	tenths := time.Since(b.started).Milliseconds() / 100
	b.consoles.printf("boardprobe: delivered %d.%d s after start\n", tenths/10, tenths%10)
}

func (b *board) toVolume() {
	if b.volume == "" {
		return
	}
	r := b.result
	table := r.table + closing(r, b.volume, "", b.parameters.volume, nil)
	run := strings.TrimSuffix(r.name[strings.LastIndexByte(r.name, '-')+1:], PackageSuffix)
	files := []deliver.File{
		{Name: r.name, Data: r.packed},
		{Name: ResultName, Other: other(ResultName, run), Data: windowsText(table)},
		{Name: QuestionsName, Other: other(QuestionsName, run), Data: windowsText(r.questions)},
	}
	err, ok := telling(writeLimit, sayEach, b.still("writing to "+b.volume), func() error {
		return deliver.ToVolume(filepath.Join("/dev", b.volume), volumeFolder, files)
	})
	switch {
	case !ok:
		b.volumeNote = fmt.Sprintf("%s did not take the report within %v", b.volume, writeLimit)
	case err != nil:
		b.volumeNote = oneLine(err)
	default:
		b.delivered, b.volumeNote = true, "" // what an earlier attempt met is over
		for _, f := range files {
			if f.Lost != nil {
				b.volumeNote = strings.TrimPrefix(b.volumeNote+"; "+f.Name+" is not on "+b.volume+": "+oneLine(f.Lost), "; ")
			}
		}
	}
}

// other is the name of a text beside that of an earlier run.
func other(name, run string) string {
	stem, kind, _ := strings.Cut(name, ".")
	return stem + "-" + strings.ToUpper(run) + "." + kind
}

// windowsText ends lines as Notepad wants them.
func windowsText(text string) []byte {
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (b *board) closing() string {
	volume := b.volume
	if !b.delivered {
		volume = ""
	}
	return closing(b.result, volume, b.volumeNote, b.parameters.volume, b.consoles.serial())
}

// noReport tells that there is nothing but the log.
func noReport(why string) string {
	var text strings.Builder
	field(&text, "no report", why)
	field(&text, "next", "save this console log and send it")
	return text.String()
}

// closing tells where the package is and what to do next. volume is the one
// that has it, or the note says why none has; label is that of the volume that
// was wanted; serial are the consoles that printed it.
func closing(r result, volume, note, label string, serial []string) string {
	var to []string
	next := "send the file to whoever asked for this report; power may be cut"
	if volume != "" {
		to = append(to, "volume "+volume)
	}
	if len(serial) > 0 {
		to = append(to, "console "+strings.Join(serial, ", "))
	}
	switch {
	case volume != "":
	case len(serial) > 0:
		next = "no volume has it: save this console log and send it"
	default:
		to = append(to, "nowhere")
		next = "nothing could carry the report: plug in a FAT volume labelled " + label + " and press a key"
	}
	var text strings.Builder
	field(&text, "package", r.name)
	field(&text, "", fmt.Sprintf("%d kB -> %s", (len(r.packed)+999)/1000, strings.Join(to, ", ")))
	if note != "" {
		field(&text, "volume", note)
	}
	field(&text, "next", next)
	return text.String()
}
