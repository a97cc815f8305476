package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/boardprobe/boardprobe/cmd/internal/infile"
	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/initramfs/image"
	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
)

// initramfsFlags are the flags of the command initramfs.
type initramfsFlags struct {
	arch, probe, modules, firmware, key, output string
	noKey                                       bool
}

func (f *initramfsFlags) set() *flag.FlagSet {
	flags := flag.NewFlagSet("initramfs", flag.ContinueOnError)
	flags.StringVar(&f.arch, "arch", "", "`architecture` of the board: "+strings.Join(image.Architectures(), ", "))
	flags.StringVar(&f.probe, "probe", "", "boardprobe `file` for that architecture; by default boardprobe-linux-ARCH or boardprobe_ARCH beside boardimage")
	flags.StringVar(&f.modules, "modules", "", "`folder, tar or deb` file with the modules of the board's kernel")
	flags.StringVar(&f.firmware, "firmware", "", "`folder, tar or deb` file with the firmware of the board")
	flags.StringVar(&f.key, "pseudonym-key", "", "`file` with the key of an earlier image, so that reports compare; by default OUTPUT.pseudonym-key, made if it is not there")
	flags.BoolVar(&f.noKey, "no-key", false, "put no key into the image: every run makes its own, and reports of two runs cannot be compared by identities")
	flags.StringVar(&f.output, "o", "", "image `file` to write, replaced if it is there; \"-\" is stdout")
	return flags
}

const initramfsSynopsis = `-arch A [-probe FILE] [-modules DIR|TAR|DEB]
       [-firmware DIR|TAR|DEB] [-pseudonym-key FILE | -no-key] -o FILE`

func initramfs(args []string, stdout, stderr io.Writer) error {
	var f initramfsFlags
	if helped, err := parse(f.set(), args, initramfsSynopsis, stdout); helped || err != nil {
		return err
	}
	f.arch = goArch(f.arch)
	switch {
	case f.arch == "":
		return usageError{errors.New("initramfs: -arch is needed")}
	case !slices.Contains(image.Architectures(), f.arch):
		return usageError{fmt.Errorf("initramfs: architecture %q is not one of %s", f.arch, strings.Join(image.Architectures(), ", "))}
	case f.output == "":
		return usageError{errors.New("initramfs: -o is needed")}
	case f.noKey && f.key != "":
		return usageError{errors.New("initramfs: -no-key and -pseudonym-key exclude each other")}
	case f.output == toStdout && !f.noKey && f.key == "":
		return usageError{errors.New("initramfs: with -o - nothing is beside the image to keep a key in: give -pseudonym-key or -no-key")}
	}
	if f.output == toStdout && isTerminal(stdout) {
		return usageError{errors.New("initramfs: -o - writes the image itself, and stdout is a terminal")}
	}
	if err := checkOutput(f.output, f.probe, f.modules, f.firmware, f.key); err != nil {
		return err
	}
	spec := image.Spec{Architecture: f.arch, Builder: "boardimage " + version}
	var err error
	if spec.Probe, err = readProbe(f.probe, f.arch); err != nil {
		return err
	}
	var key pseudonym.Key
	keyFile := ""
	if !f.noKey {
		if key, keyFile, err = findKey(f.key, f.output); err != nil {
			return err
		}
		spec.PseudonymKey = &key
	}
	for _, t := range []struct {
		name string
		kind image.Kind
		tree **image.Tree
	}{
		{f.modules, image.ModuleTree, &spec.Modules},
		{f.firmware, image.FirmwareTree, &spec.Firmware},
	} {
		if t.name == "" {
			continue
		}
		say(stderr, "%s: reading %s", t.kind, t.name)
		if *t.tree, err = image.OpenTree(t.name, t.kind); err != nil {
			return err
		}
		defer (*t.tree).Close()
	}
	archive, err := image.New(spec)
	if err != nil {
		return err
	}
	describe(stderr, archive)
	// The key is kept first: an image whose key is lost compares with nothing.
	if keyFile != "" {
		if err := writeKey(keyFile, key); err != nil {
			return err
		}
		say(stderr, "pseudonym key: made %s", keyFile)
	}
	mode := fs.FileMode(0o644)
	if spec.PseudonymKey != nil {
		mode = 0o600
		say(stderr, "the image holds the key of the pseudonyms: whoever has it can try serial numbers against your reports. -no-key leaves it out.")
	}
	var size image.Size
	if f.output == toStdout {
		size, err = archive.Write(stdout, image.Gzip)
	} else {
		size, err = writeImage(f.output, archive, mode)
	}
	if err != nil {
		return err
	}
	say(stderr, "image: %s compressed, %s unpacked", mega(size.Bytes), mega(size.RawBytes))
	if f.output != toStdout {
		screen.New(stdout).Printf("%s\n", f.output)
	}
	return nil
}

// toStdout is the output that is no file.
const toStdout = "-"

// goArch is the architecture as Go names it, by the names that uname and Debian have
// for it, too.
func goArch(name string) string {
	names := map[string]string{
		"aarch64": "arm64", "armv8": "arm64", "x86_64": "amd64", "armhf": "arm", "armv7": "arm", "armv7l": "arm", "armv6l": "arm", "armel": "arm", "i386": "386", "i686": "386", "riscv": "riscv64",
	}
	if is, ok := names[name]; ok {
		return is
	}
	return name
}

// checkOutput refuses, before any work, to put the image in the place of anything
// but a plain file, or of one that it is made from: a device or the only key would be
// gone.
func checkOutput(name string, inputs ...string) error {
	if name == toStdout {
		return nil
	}
	info, err := os.Lstat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("image: %s is there and is %s: it is not replaced", name, fileKind(info.Mode()))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("image: %w", err)
	}
	if err == nil && info.Size() > 0 {
		if ok, err := isImage(name); err != nil || !ok {
			return errors.Join(fmt.Errorf("image: %s is there and is no image: it is not replaced", name), err)
		}
	}
	for _, input := range inputs {
		if within(name, input) {
			return fmt.Errorf("image: %s is in %s, which it is made from", name, input)
		}
		if from, err := os.Stat(input); err == nil && info != nil && os.SameFile(from, info) {
			return fmt.Errorf("image: %s is what it is made from, and is not replaced", name)
		}
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
		return fmt.Errorf("image: %s is no folder", filepath.Dir(name))
	}
	return nil
}

// fileKind is what a file is that is no plain one.
func fileKind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	}
	return "no plain file"
}

// isImage reports whether a file begins as an image does, compressed with gzip (RFC
// 1952): any other file is worth more than a new image.
func isImage(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 2)
	_, err = io.ReadFull(f, head)
	return string(head) == "\x1f\x8b", err
}

// within reports whether a file is below a folder.
func within(name, folder string) bool {
	info, err := os.Stat(folder)
	if folder == "" || err != nil || !info.IsDir() {
		return false
	}
	place, err := filepath.Abs(name)
	if _, there := os.Lstat(name); err != nil || there != nil {
		return false // a new file beside the others harms none
	}
	for dir := filepath.Dir(place); ; dir = filepath.Dir(dir) {
		if here, err := os.Stat(dir); err == nil && os.SameFile(here, info) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// isTerminal reports whether somebody would see the bytes themselves.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	nowhere, errNull := os.Stat(os.DevNull)
	return err == nil && info.Mode()&fs.ModeCharDevice != 0 && (errNull != nil || !os.SameFile(info, nowhere))
}

// describe prints what an image will contain.
func describe(stderr io.Writer, a *image.Archive) {
	for _, k := range a.Kernels {
		say(stderr, "modules: %s: %d of %d, %s; %d built in", k.Release, k.Packed, k.Found, mega(k.Bytes), k.Builtin)
	}
	if a.Record.Modules == imagerecord.PackedNone {
		say(stderr, "modules: none: drivers the kernel has not built in will be missing")
	}
	if a.Firmware.Found > 0 {
		say(stderr, "firmware: %d of %d files, %s", a.Firmware.Packed, a.Firmware.Found, mega(a.Firmware.Bytes))
	}
	for _, w := range a.Warnings {
		say(stderr, "warning: %s", w)
	}
}

// lineWidth is what a terminal of 80 columns shows without a break.
const lineWidth = 79

// say prints one step, as ASCII, broken between words if it is long.
func say(w io.Writer, format string, args ...any) {
	line := ""
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		if word = ascii(word); line != "" && len(line)+1+len(word) > lineWidth {
			fmt.Fprintln(w, line)
			line = " "
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
}

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

func mega(n int64) string { return fmt.Sprintf("%d.%d MB", n/1e6, n/1e5%10) }

// readProbe reads the probe named, or the one beside the program.
func readProbe(name, arch string) ([]byte, error) {
	if name == "" {
		program, err := os.Executable()
		if err == nil {
			program, err = filepath.EvalSymlinks(program)
		}
		if err != nil {
			return nil, fmt.Errorf("probe: %w", err)
		}
		if name, err = findProbe(filepath.Dir(program), arch); err != nil {
			return nil, err
		}
	}
	data, err := infile.Read(name, infile.MaxProbe)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	// The linker writes into a program which package it is.
	if info, err := buildinfo.Read(bytes.NewReader(data)); err != nil || !strings.HasSuffix(info.Path, "/cmd/boardprobe") {
		return nil, hinted{fmt.Errorf("probe: %s is not boardprobe", name), "name the boardprobe file for " + arch + " with -probe"}
	}
	return data, nil
}

// findProbe looks for the probe in a folder.
func findProbe(dir, arch string) (string, error) {
	names := []string{"boardprobe-linux-" + arch, "boardprobe_" + arch}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", hinted{
		fmt.Errorf("probe: neither %s nor %s is in %s", names[0], names[1], dir),
		"name the boardprobe file for " + arch + " with -probe",
	}
}

// findKey reads the key named, or the one beside the output of an earlier run,
// or makes one that is still to be written to newFile.
func findKey(name, output string) (key pseudonym.Key, newFile string, err error) {
	beside := name == ""
	if beside {
		name = output + ".pseudonym-key"
	}
	text, err := infile.Read(name, infile.MaxKey)
	if beside && errors.Is(err, fs.ErrNotExist) {
		return pseudonym.NewKey(), name, nil
	}
	if err != nil {
		return key, "", fmt.Errorf("pseudonym key: %w", err)
	}
	if key, err = pseudonym.ParseKey(text); err != nil {
		return key, "", fmt.Errorf("%s: %w", name, err)
	}
	return key, "", nil
}

// writeKey writes a key to a file that must not be there.
func writeKey(name string, key pseudonym.Key) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("pseudonym key: %w", err)
	}
	_, err = io.WriteString(f, key.String()+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(name) // half a key would stop every later run
	}
	return err
}

// writeImage writes the image under a temporary name and moves it into place
// when it is whole.
func writeImage(name string, a *image.Archive, mode fs.FileMode) (size image.Size, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return size, fmt.Errorf("image: %w", err)
	}
	temporary := f.Name()
	// Whoever interrupts finds nothing half made, which would have the key in it.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, stopped := <-stop; stopped {
			os.Remove(temporary)
			os.Exit(exitTrouble)
		}
	}()
	defer func() {
		signal.Stop(stop)
		close(stop)
		if err != nil {
			os.Remove(temporary)
		}
	}()
	size, err = a.Write(f, image.Gzip)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return size, err
	}
	return size, os.Rename(temporary, name)
}
