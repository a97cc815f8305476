package boot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/modalias"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// noModules in the place of a module's name forbids all of them.
const noModules = "*"

// harmful are modules that are not loaded whatever asks for them: they test the
// kernel, at the cost of flash or memory, pretend to be hardware, or, as
// efi_pstore, write to the firmware's variables should the kernel crash.
var harmful = pattern.New(`^(.*torture.*|mtd_.*(test|errs)|test_.*|.*_test|.*_kunit|kunit.*|nandsim|scsi_debug|null_blk|mac80211_hwsim|pcspkr|.*_error_inject|efi_pstore)$`)

// watchdogs are drivers that are loaded only for a node of the device tree.
// There the board's own Linux loads them as well, which feeds a watchdog that a
// boot loader started, without which the board would reset under the probe, and
// some boards are powered off by them. Elsewhere they are guesses at chips, and
// nothing starts a watchdog that nobody looks for.
var watchdogs = pattern.New(`^(.*_wdt|.*_wdt_.*|wdt_.*|.*_watchdog.*|softdog)$`)

// treeAlias begins the module alias of a device-tree node.
const treeAlias = "of:"

// Bounds of the time that modules take to start: of one, and of all together,
// so that drivers which hang one after the other do not make a board seem dead.
const (
	loadLimit    = 10 * time.Second
	loadAllLimit = 90 * time.Second
)

// loader loads modules of the running kernel.
type loader struct {
	insert  func(path, options string) error // loads the file of a module, by its path in the folder of the release
	limit   time.Duration                    // of one module
	left    time.Duration                    // of all of them
	table   *modalias.Table
	never   []string          // names by which the user forbids modules
	options map[string]string // parameters of modules

	loaded, skipped []string
	failed          []imagerecord.Note
	asked           map[string]bool // module aliases and names that were dealt with
	tried           map[string]bool // modules
}

// newLoader reads the index of the running kernel's modules. Without one, which
// is no error, nothing can be loaded.
func newLoader(options map[string]string, never []string) (*loader, error) {
	l := &loader{
		never: never, options: options, limit: loadLimit, left: loadAllLimit, table: modalias.NewTable(modalias.Index{}),
		asked: map[string]bool{}, tried: map[string]bool{},
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return l, fmt.Errorf("modules: %w", err)
	}
	release := unix.ByteSliceToString(name.Release[:])
	if !modalias.ValidRelease(release) {
		return l, fmt.Errorf("modules: kernel release %q cannot be the name of a folder", release)
	}
	data, err := readBounded("/"+modalias.IndexPath(release), modalias.MaxIndexBytes)
	if errors.Is(err, os.ErrNotExist) {
		return l, ofAnother(release)
	}
	if err != nil {
		return l, fmt.Errorf("modules: %w", err)
	}
	index, err := modalias.Decode(data)
	if err != nil {
		return l, err
	}
	dir := filepath.Join("/lib/modules", release)
	l.insert = func(path, options string) error { return insert(filepath.Join(dir, path), options) }
	l.table = modalias.NewTable(index)
	return l, nil
}

// ofAnother is the error of modules that are all of other kernels than the one that
// runs; nil where there are none.
func ofAnother(release string) error {
	entries, _ := os.ReadDir("/lib/modules") // an image without modules has none
	var others []string
	for _, e := range entries {
		if e.Name() != release {
			others = append(others, e.Name())
		}
	}
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("no modules: those of kernel %.64q are in the image, and kernel %.64q runs; give -modules of that one", strings.Join(others, " "), release)
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return data, err
}

// request loads what a device or the kernel asks for: a module alias, or the
// name of a module. It reports whether that was new.
func (l *loader) request(name string) bool {
	name = strings.TrimSpace(name)
	if name == "" || l.asked[name] {
		return false
	}
	l.asked[name] = true
	modules, missing := l.table.Closure(l.table.Named(name)...)
	for _, name := range missing {
		if name = strings.ReplaceAll(name, "-", "_"); !l.tried[name] {
			l.tried[name] = true
			l.failed = append(l.failed, imagerecord.Note{Subject: name, Error: "another module needs it, and the image has none"})
		}
	}
	for _, m := range modules {
		l.load(m, strings.HasPrefix(name, treeAlias))
	}
	return true
}

// load loads one module. byTree says that a node of the device tree asks for it.
func (l *loader) load(m modalias.Module, byTree bool) {
	name := strings.ReplaceAll(m.Name, "-", "_")
	if l.tried[name] {
		return
	}
	if watchdogs().MatchString(name) && !byTree {
		if !slices.Contains(l.skipped, name) {
			l.skipped = append(l.skipped, name)
		}
		return
	}
	l.tried[name] = true
	l.skipped = slices.DeleteFunc(l.skipped, func(s string) bool { return s == name })
	if l.forbidden(name) {
		l.skipped = append(l.skipped, name)
		return
	}
	if l.left <= 0 {
		l.failed = append(l.failed, imagerecord.Note{Subject: name, Error: fmt.Sprintf("not tried: others took %v", loadAllLimit)})
		return
	}
	// If this module stops the board, the kernel's log says which it was.
	logLine("loading " + name)
	started := time.Now()
	err, ok := within(l.limit, func() error { return l.insert(m.Path, l.options[name]) })
	if !ok {
		// The call cannot be taken back; its thread waits with the driver.
		err = fmt.Errorf("still starting after %v", l.limit)
	}
	l.left -= time.Since(started)
	switch {
	case err == nil:
		l.loaded = append(l.loaded, name)
	case !errors.Is(err, unix.EEXIST):
		l.failed = append(l.failed, imagerecord.Note{Subject: name, Error: err.Error()})
	}
}

func (l *loader) forbidden(name string) bool {
	return harmful().MatchString(name) || slices.ContainsFunc(l.never, func(never string) bool {
		return never == noModules || strings.ReplaceAll(never, "-", "_") == name
	})
}

// insert loads one file.
func insert(place, options string) error {
	f, err := os.Open(place)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.FinitModule(int(f.Fd()), options, 0)
}

// logLine writes a line of debugging to the kernel's log.
func logLine(text string) {
	f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "<7>boardprobe: %s\n", text)
}

// Modprobe answers the kernel, which calls /sbin/modprobe with the name of a
// module or an alias when it needs one that no device asks for: a file system,
// a character set, a block driver. args are its arguments without the first.
// What it is asked for and cannot give is no more than an exit status, because
// the kernel asks for much that it can do without.
func Modprobe(args []string) int {
	// The kernel may call before /proc is mounted. Then nobody knows what is not
	// to be loaded, and the first process loads what is needed soon after.
	line := readSmall("/proc/cmdline")
	p, _ := parseParameters(line)
	if line == "" || !p.modules {
		return 1
	}
	l, err := newLoader(p.options, p.never())
	if err != nil {
		return 1
	}
	for _, name := range args {
		if !strings.HasPrefix(name, "-") {
			l.request(name)
		}
	}
	if len(l.failed) > 0 || len(l.loaded) == 0 {
		return 1
	}
	return 0
}
