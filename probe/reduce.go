package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// reducer answers a question about something big with what it found there. Its
// version is part of the name, because its answer is evidence.
type reducer struct {
	op     string
	limit  int // of what is read
	reduce func(io.Reader) []byte
}

// gatherer answers a question about several files below a folder.
type gatherer struct {
	op     string
	gather func(ctx context.Context, f *files, dir string) ([]byte, error)
}

// gatherers is the list of reduced questions about folders.
func gatherers() []gatherer {
	return []gatherer{
		{"tree/1", gatherTree},
		{opTreeNodes, gatherTreeNodes},
		{opKernelConfig, gatherKernelConfig},
		{opDriverFiles, gatherDriverFiles},
		{"loaded-modules/1", gatherLoaded},
		{opModulesThere, gatherModulesThere},
		{opFilesBelow, gatherFilesBelow},
		{"smbios-memory/2", gatherModules},
		{"unbound/1", gatherUnbound},
		{"orphans/1", gatherOrphans},
		{"remapped/1", gatherRemapped},
		{"radio-nodes/1", gatherRadioNodes},
		{"taints/1", gatherTaints},
		{"node-at/1", gatherOwners},
		{"word/1", gatherWord},
		{"firmware/2", gatherFirmware},
		{"router/1", gatherRouter},
	}
}

// reducers is the list of reduced questions about files.
func (s *system) reducers() []reducer {
	return []reducer{
		{"digest/1", 16 << 20, reduceDigest},
		{opCPUInfo, 8 << 20, whole(reduceCPUInfo)},
		{opLoadOption, 64 << 10, whole(s.reduceLoadOption)},
		{"efi-keys/1", 1 << 20, whole(reduceSignatures)},
		{"rpi-config/1", 64 << 10, whole(reduceRaspberry)},
		{"environment-file/1", environmentBytes, whole(reduceEnvironment)},
		{"event-log/1", maxEventLog, whole(reduceEventLog)},
		{"measurements/1", maxEventLog, whole(reduceMeasurements)},
		{"dpkg/1", 32 << 20, func(r io.Reader) []byte { return reducePackages(r, "Package", "Version", "License", "Status") }},
		{"apk/1", 32 << 20, func(r io.Reader) []byte { return reducePackages(r, "P", "V", "L", "") }},
	}
}

// whole is for what is small, or cannot be told before its end.
func whole(reduce func([]byte) []byte) func(io.Reader) []byte {
	return func(r io.Reader) []byte {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r) // who reads the file knows the error
		return reduce(b.Bytes())
	}
}

func (s *system) reduce(r reducer, name string, limit int) answer {
	fd, err := s.files.open(name)
	if err != nil {
		return answer{errno: errnoOf(err)}
	}
	defer unix.Close(fd)
	from := &bounded{fd: fd, left: r.limit}
	a := cut(r.reduce(from), limit)
	if from.err != nil {
		return answer{errno: errnoOf(from.err)}
	}
	a.truncated = a.truncated || from.truncated
	return a
}

// bounded reads a file as readAll does, without holding all of it.
type bounded struct {
	fd, left  int
	truncated bool // there was more
	err       error
}

func (b *bounded) Read(data []byte) (int, error) {
	if b.left == 0 { // the byte that comes after the last tells whether there is more
		data = make([]byte, 1)
	} else if len(data) > b.left {
		data = data[:b.left]
	}
	for {
		n, err := unix.Read(b.fd, data)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			b.err = err
			return 0, err
		case n > 0 && b.left == 0:
			b.truncated = true
			return 0, io.EOF
		case n == 0:
			return 0, io.EOF
		}
		b.left -= n
		return n, nil
	}
}

// reduceDigest gives size and SHA-256.
func reduceDigest(r io.Reader) []byte {
	sum := sha256.New()
	n, _ := io.Copy(sum, r) // who reads the file knows the error
	return fmt.Appendf(nil, "%d %x\n", n, sum.Sum(nil))
}

// opCPUInfo asks for /proc/cpuinfo. Its answer has all lines of the form
// "name: value" but for the serial number; a line is left out where the processor
// before has the same, unless it is one that tells kinds of cores apart. The form
// before kept those lines alone.
const opCPUInfo = "cpuinfo/2"

// maxCPUInfo bounds the answer: a machine with very many processors whose clocks
// differ has more.
const maxCPUInfo = 256 << 10

func reduceCPUInfo(data []byte) []byte {
	keep := map[string]bool{}
	for _, name := range []string{"processor", "vendor_id", "cpu family", "model", "model name", "stepping", "CPU implementer", "CPU architecture",
		"CPU variant", "CPU part", "CPU revision", "Hardware", "Revision", "isa", "uarch", "mvendorid", "marchid", "mimpid"} {
		keep[name] = true
	}
	var out bytes.Buffer
	before := map[string]string{}
	for line := range bytes.Lines(data) {
		name, value, _ := strings.Cut(string(line), ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name == "" {
			out.WriteByte('\n')
			continue
		}
		if was, ok := before[name]; name == "Serial" || ok && was == value && !keep[name] || out.Len() > maxCPUInfo && !keep[name] {
			continue
		}
		before[name] = value
		fmt.Fprintf(&out, "%s: %s\n", name, value)
	}
	return out.Bytes()
}

// gatherLoaded lists the names of the modules in /proc/modules, whose other
// columns have addresses of the kernel in them.
func gatherLoaded(_ context.Context, f *files, name string) ([]byte, error) {
	data, truncated, err := f.read(name, maxAnswer)
	switch {
	case err != nil:
		return nil, err
	case truncated:
		return nil, errTooLarge
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		module, _, _ := strings.Cut(line, " ")
		names = append(names, strings.TrimSpace(module))
	}
	slices.Sort(names)
	return []byte(strings.Join(names, "\n") + "\n"), nil
}

// reducePackages keeps the packages of kernel, boot loader and firmware from a
// database of stanzas, as lines "name TAB version TAB license".
func reducePackages(r io.Reader, name, version, license, status string) []byte {
	var out bytes.Buffer
	// A database has thousands of stanzas and few of them matter, which the name
	// tells, the first of the lines that count.
	values := map[string]string{} // nil in a stanza that does not matter
	end := func() {
		if is := values[name]; is != "" && (status == "" || strings.HasSuffix(values[status], " installed")) {
			fmt.Fprintf(&out, "%s\t%s\t%s\n", is, values[version], values[license])
		}
		values = map[string]string{}
	}
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if len(bytes.TrimSpace(line)) == 0 {
			end()
		} else if values != nil {
			key, value, _ := bytes.Cut(line, []byte(":"))
			switch string(key) {
			case name, version, license, status:
				values[string(key)] = string(bytes.TrimSpace(value))
			}
			if string(key) == name && packageRole(values[name]) == "" {
				values = nil
			}
		}
		for errors.Is(err, bufio.ErrBufferFull) { // of a longer line only the beginning counts
			_, err = lines.ReadSlice('\n')
		}
		if err != nil {
			end()
			return out.Bytes()
		}
	}
}

// packageRoles are the beginnings of the names of packages that matter.
var packageRoles = []struct {
	role     string
	prefixes []string
}{
	{"kernel", []string{
		"linux-image", "kernel-image", "kernel-5", "kernel-6", "kernel-4", "linux-modules", "linux-raspi", "linux-rpi", "linux-lts", "linux-virt", "raspberrypi-kernel",
	}},
	{"bootloader", []string{
		"u-boot", "grub", "shim", "systemd-boot", "raspberrypi-bootloader", "rpi-eeprom", "flash-kernel", "barebox", "trusted-firmware", "arm-trusted-firmware", "optee", "imx-boot",
	}},
	{"firmware", []string{
		"firmware-", "linux-firmware", "intel-microcode", "amd64-microcode", "wireless-regdb", "bluez-firmware", "broadcom-bt", "atmel-firmware", "wilc", "sof-firmware",
	}},
}

// packageRole says what a package is for by its name: kernel, bootloader or
// firmware; "" for all others.
func packageRole(name string) string {
	for _, r := range packageRoles {
		for _, prefix := range r.prefixes {
			if strings.HasPrefix(name, prefix) {
				return r.role
			}
		}
	}
	return ""
}
