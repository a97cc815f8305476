package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
)

// reducer answers a question about something big with what it found there. Its
// version is part of the name, because its answer is evidence.
type reducer struct {
	op     string
	limit  int // of what is read
	reduce func(data []byte) []byte
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
		{"smbios-memory/2", gatherModules},
		{"unbound/1", gatherUnbound},
		{"orphans/1", gatherOrphans},
		{"radio-nodes/1", gatherRadioNodes},
		{"taints/1", gatherTaints},
		{"node-at/1", gatherOwners},
		{"word/1", gatherWord},
		{"firmware/2", gatherFirmware},
	}
}

// reducers is the list of reduced questions about files.
func reducers() []reducer {
	return []reducer{
		{"digest/1", 16 << 20, reduceDigest},
		{"cpuinfo/1", 4 << 20, reduceCPUInfo},
		{"efi-option/1", 64 << 10, reduceLoadOption},
		{"efi-keys/1", 1 << 20, reduceSignatures},
		{"rpi-config/1", 64 << 10, reduceRaspberry},
		{"environment-file/1", environmentBytes, reduceEnvironment},
		{"event-log/1", maxEventLog, reduceEventLog},
		{"dpkg/1", 32 << 20, func(d []byte) []byte { return reducePackages(d, "Package", "Version", "License", "Status") }},
		{"apk/1", 32 << 20, func(d []byte) []byte { return reducePackages(d, "P", "V", "L", "") }},
	}
}

func (s *system) reduce(r reducer, name string, limit int) answer {
	data, truncated, err := s.files.read(name, r.limit)
	if err != nil {
		return answer{errno: errnoOf(err)}
	}
	a := cut(r.reduce(data), limit)
	a.truncated = a.truncated || truncated
	return a
}

// reduceDigest gives size and SHA-256.
func reduceDigest(data []byte) []byte {
	return fmt.Appendf(nil, "%d %x\n", len(data), sha256.Sum256(data))
}

// reduceCPUInfo keeps of /proc/cpuinfo the lines that tell kinds of cores
// apart, and the features of the first processor of each kind; never Serial.
func reduceCPUInfo(data []byte) []byte {
	keep := map[string]bool{}
	for _, name := range []string{"processor", "vendor_id", "cpu family", "model", "model name", "stepping", "CPU implementer", "CPU architecture",
		"CPU variant", "CPU part", "CPU revision", "Hardware", "Revision", "isa", "uarch", "mvendorid", "marchid", "mimpid"} {
		keep[name] = true
	}
	var out bytes.Buffer
	features := map[string]bool{}
	for line := range bytes.Lines(data) {
		name, value, _ := strings.Cut(string(line), ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case name == "":
			out.WriteByte('\n')
		case keep[name], (name == "flags" || name == "Features") && !features[value]:
			features[value] = true
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	return out.Bytes()
}

// reducePackages keeps the packages of kernel, boot loader and firmware from a
// database of stanzas, as lines "name TAB version TAB license".
func reducePackages(data []byte, name, version, license, status string) []byte {
	var out bytes.Buffer
	for stanza := range bytes.SplitSeq(data, []byte("\n\n")) {
		// A database has thousands of stanzas and few of them matter, which the
		// name tells before the other lines are looked at.
		is := stanzaValue(stanza, name)
		if packageRole(is) == "" || status != "" && !strings.HasSuffix(stanzaValue(stanza, status), " installed") {
			continue
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\n", is, stanzaValue(stanza, version), stanzaValue(stanza, license))
	}
	return out.Bytes()
}

// stanzaValue is what the first line of a key says, or nothing.
func stanzaValue(stanza []byte, key string) string {
	for line := range bytes.Lines(stanza) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok && len(rest) > 0 && rest[0] == ':' {
			return string(bytes.TrimSpace(rest[1:]))
		}
	}
	return ""
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
