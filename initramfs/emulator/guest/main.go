// Command guest is the first process of an emulated board that has radios: it
// loads the simulators of the kernel that it brings, plugs in devices of package
// radios, leaves a child behind that plays them, and goes on as the /init of the
// image. It belongs to the tests only.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/initramfs/emulator/radios"
)

// Names under which the program runs.
const (
	playRole = "play" // the devices
	holdRole = "hold" // a port, of which nobody knows why
	tellRole = "tell" // udev of the devices that are there
)

func main() {
	var err error
	switch filepath.Base(os.Args[0]) {
	case playRole:
		err = play()
	case holdRole:
		err = hold(os.Args[1])
	case tellRole:
		if err = tell(); err == nil {
			return
		}
	default:
		err = first()
	}
	// The console is the log of the test, and a first process must not end.
	fmt.Fprintf(os.Stderr, "guest: %v\n", err)
	if os.Getpid() == 1 {
		_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	os.Exit(1)
}

func order() (o radios.Order, err error) {
	data, err := os.ReadFile(radios.OrderPath)
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	return o, err
}

// first prepares the board and becomes its init.
func first() error {
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}} {
		os.MkdirAll(m[1], 0o755)
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m[1], err)
		}
	}
	o, err := order()
	if err != nil {
		return err
	}
	for _, m := range o.Modules {
		if err := load(m); err != nil {
			return fmt.Errorf("module %s: %w", m.File, err)
		}
	}
	// The child says by closing the pipe that all is plugged in.
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	child := exec.Command("/proc/self/exe")
	child.Args = []string{playRole}
	child.Stdout, child.Stderr, child.ExtraFiles = os.Stdout, os.Stderr, []*os.File{w}
	if err := child.Start(); err != nil {
		return err
	}
	w.Close()
	said, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if string(said) != ready {
		return fmt.Errorf("the devices said %q", said)
	}
	return unix.Exec("/init", []string{"/init"}, []string{"HOME=/", "TERM=linux"}) // as the kernel does
}

// ready is what the child says when all is plugged in, and where.
const (
	ready     = "ready"
	readyPipe = 3
)

func load(m radios.Module) error {
	data, err := os.ReadFile(m.File)
	if err != nil {
		return err
	}
	if err := unix.InitModule(data, m.Options); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// play plugs devices in, starts the programs that are to run beside the probe,
// and plays the devices until the board is switched off.
func play() error {
	unix.CloseOnExec(readyPipe)
	o, err := order()
	if err != nil {
		return err
	}
	trace, err := newTrace(o.Trace)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	if o.Trace != "" {
		if err := trace.watchOpens(); err != nil {
			return fmt.Errorf("trace: %w", err)
		}
	}
	ended := make(chan error)
	for port, name := range o.USB {
		d, ok := radios.Find(name)
		if !ok {
			return fmt.Errorf("no device is named %q", name)
		}
		ours, err := plug(port, d)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		go func() { ended <- fmt.Errorf("%s: %w", name, radios.Serve(ours, d, trace.say)) }()
	}
	for _, address := range o.Controllers {
		f, err := os.OpenFile("/dev/vhci", os.O_RDWR, 0)
		if err != nil {
			return err
		}
		go func() { ended <- fmt.Errorf("vhci: %w", controller(f, radios.Plain(address))) }()
	}
	if o.Routed != nil {
		if err := route(*o.Routed, trace, ended); err != nil {
			return fmt.Errorf("%s: %w", o.Routed.Node, err)
		}
	}
	if err := settle(o.Nodes); err != nil {
		return err
	}
	for _, p := range o.Programs {
		if err := start(p, trace); err != nil {
			return fmt.Errorf("%s: %w", p.Args[0], err)
		}
	}
	said := os.NewFile(readyPipe, "ready")
	if _, err := said.WriteString(ready); err != nil {
		return err
	}
	said.Close()
	go askFirmware(o.Firmware)
	return <-ended
}

// askFirmware has the kernel look for files, as soon as the first process is the
// probe's and has said how the kernel is to tell of it.
func askFirmware(names []string) {
	for {
		if program, err := os.Readlink("/proc/1/exe"); err == nil && program == "/init" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Second)
	for _, name := range names {
		// The file answers with an error where there is no such firmware.
		_ = os.WriteFile("/sys/devices/virtual/misc/test_firmware/trigger_request", []byte(name), 0)
	}
}

// plug connects a device to a port of the kernel's virtual host controller
// (drivers/usb/usbip/vhci_sysfs.c).
func plug(port int, d radios.Device) (*os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(pair[1]) // the kernel keeps it
	// Port, socket, an identifier of ours, speed.
	text := fmt.Sprintf("%d %d %d %d", port, pair[1], port+1, d.Speed)
	return os.NewFile(uintptr(pair[0]), d.Name), os.WriteFile("/sys/devices/platform/vhci_hcd.0/attach", []byte(text), 0)
}

// controller plays a Bluetooth controller that hci_vhci makes
// (drivers/bluetooth/hci_vhci.c): packets begin with their kind.
func controller(f *os.File, c radios.Controller) error {
	const command, event, vendor = 1, 4, 0xff
	if _, err := f.Write([]byte{vendor, 0}); err != nil { // a primary one
		return err
	}
	packet := make([]byte, 4096)
	for {
		n, err := f.Read(packet)
		if err != nil {
			return err
		}
		if n > 1 && packet[0] == command {
			if _, err := f.Write(append([]byte{event}, c.Answer(packet[1:n])...)); err != nil {
				return err
			}
		}
	}
}

// Bounds of waiting.
const (
	settleLimit  = 60 * time.Second
	programLimit = 120 * time.Second
	pause        = 100 * time.Millisecond
)

// settle waits for device nodes.
func settle(nodes []string) error {
	for end := time.Now().Add(settleLimit); len(nodes) > 0; time.Sleep(pause) {
		if _, err := os.Stat(nodes[0]); err == nil {
			nodes = nodes[1:]
		} else if time.Now().After(end) {
			return err
		}
	}
	return nil
}

// start starts a program and waits until it has opened the port that it is
// there for.
func start(p radios.Program, trace *trace) error {
	c := exec.Command(p.Args[0], p.Args[1:]...)
	if p.Name != "" {
		c.Args[0] = p.Name
	}
	c.Dir = "/"
	c.Stdout, c.Stderr = lines{trace, p.Args[0]}, lines{trace, p.Args[0]}
	if p.Root != "" {
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: p.Root}
		for _, at := range []string{"/proc", "/sys", "/dev"} {
			to := filepath.Join(p.Root, at)
			os.MkdirAll(to, 0o755)
			if entries, err := os.ReadDir(to); err == nil && len(entries) > 0 {
				continue // an earlier program has it already
			}
			if err := unix.Mount(at, to, "", unix.MS_BIND, ""); err != nil {
				return fmt.Errorf("mount %s: %w", to, err)
			}
		}
	}
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		err := c.Wait()
		trace.say(fmt.Sprintf("ended %s: %v", p.Args[0], err))
		ended <- err
	}()
	for end := time.Now().Add(programLimit); ; time.Sleep(pause) {
		select {
		case err := <-ended:
			if !p.Ends && err == nil {
				err = errors.New("ended")
			}
			return err
		default:
		}
		if p.Opens != "" && trace.seen("open "+p.Opens+" ") {
			return nil
		}
		if _, err := os.Stat(p.Makes); p.Makes != "" && err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("nothing came of it in %v", programLimit)
		}
	}
}

// tell has the kernel announce the devices that are there once more, as udevadm
// trigger does.
func tell() error {
	return filepath.WalkDir("/sys/devices", func(place string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "uevent" {
			_ = os.WriteFile(place, []byte("add"), 0) // a device may be gone meanwhile
		}
		return nil
	})
}

// hold opens a port and keeps it.
func hold(name string) error {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for {
		time.Sleep(time.Hour)
	}
}

// trace is a record of what was asked of the devices and who opened a port, a
// line each.
type trace struct {
	mu   sync.Mutex
	w    io.Writer
	list []string
}

func newTrace(name string) (*trace, error) {
	if name == "" {
		return &trace{w: io.Discard}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|unix.O_NOCTTY, 0)
	return &trace{w: f}, err
}

func (t *trace) say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, text)
	fmt.Fprintf(t.w, "%s\n", text)
}

// seen reports whether a line begins so.
func (t *trace) seen(prefix string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.list, func(s string) bool { return strings.HasPrefix(s, prefix) })
}

// lines takes what a program prints.
type lines struct {
	trace *trace
	name  string
}

func (l lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l.trace.say(l.name + ": " + strings.TrimSpace(line))
	}
	return len(p), nil
}
