// Package ubootenv finds and reads what U-Boot leaves on a medium: its
// environment, saved or compiled in, and its version.
//
// It says in which order U-Boot tries media as far as that is written down. It
// does not run scripts: of commands it gives the words. It is given bytes, reads
// no medium, and it parts with values only by an allow-list, for an environment
// can hold keys of networks and serial numbers.
package ubootenv

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Environment is the content of one block. Its zero value is empty.
type Environment struct {
	entries []entry // sorted by name
}

type entry struct{ name, value string }

// Variable is one variable in the form in which it may leave the package.
type Variable struct {
	Name       string
	Value      string
	HasValue   bool // the name is on the allow-list; else Value says nothing
	ValueBytes int  // of the whole value
}

// Bounds of an environment. Those of real boards have some 300 variables.
const (
	maxEntries = 4096
	maxOdd     = 2 // entries that are none, beside an eighth of the others
	maxName    = 256
	maxValue   = 4 << 10 // of a value that is shown
)

// measure goes over "name=value" strings that each end with a NUL, up to an
// empty one (U-Boot, lib/hashtable.c himport_r), and returns how many bytes they
// take with the NUL that ends them all. U-Boot passes over an entry without a '='
// and takes odd names. Where a checksum is going to tell, some of these pass, and an
// environment may be empty; else, and for text that does not end, it fails after the
// bytes it returns.
func measure(data []byte, checked bool) (size int, ok bool) {
	odd := 0
	for at, entries := 0, 0; ; entries++ {
		end := bytes.IndexByte(data[at:], 0)
		switch {
		case end < 0:
			return len(data), false
		case end == 0:
			return at + 1, checked || entries > 0
		case entries == maxEntries:
			return at, false
		}
		if _, ok := plausibleName(data[at : at+end]); !ok {
			if odd++; !checked || odd > maxOdd+entries/8 {
				return at + end, false
			}
		}
		at += end + 1
	}
}

// newEnvironment reads text that was measured. Of two entries of one name the
// last counts, as it does for U-Boot.
func newEnvironment(text []byte) Environment {
	var entries []entry
	for raw := range bytes.SplitSeq(text, []byte{0}) {
		if name, value, ok := strings.Cut(string(raw), "="); ok {
			entries = append(entries, entry{name, value})
		}
	}
	slices.Reverse(entries)
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return Environment{slices.CompactFunc(entries, func(a, b entry) bool { return a.name == b.name })}
}

// plausibleName returns the length of the name in front of a '='. A name can
// hold every character but that one and NUL; these are the ones that occur. The
// spaces in front are a slip of some boards, which U-Boot takes for a part of
// the name.
func plausibleName(entry []byte) (int, bool) {
	spaces := true
	for i, c := range entry[:min(len(entry), maxName+1)] {
		switch {
		case c == '=':
			return i, !spaces
		case c == ' ' && spaces:
		case !nameByte(c):
			return 0, false
		default:
			spaces = false
		}
	}
	return 0, false
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.#@:/,-+~", c) >= 0
}

// Len returns the number of variables.
func (e Environment) Len() int { return len(e.entries) }

// Value returns the value of a variable as it stands there. It may be secret.
func (e Environment) Value(name string) (string, bool) {
	at, ok := slices.BinarySearchFunc(e.entries, name, func(a entry, name string) int { return strings.Compare(a.name, name) })
	if !ok {
		return "", false
	}
	return e.entries[at].value, true
}

// Public returns all variables sorted by name, with the values of those that
// are allowed. A value that is shown is cut after 4 KiB, and unprintable bytes
// in it are replaced.
func (e Environment) Public(allowed func(name string) bool) []Variable {
	list := make([]Variable, 0, len(e.entries))
	for _, a := range e.entries {
		v := Variable{Name: a.name, ValueBytes: len(a.value)}
		if allowed(a.name) {
			v.Value, v.HasValue = printable(a.value, maxValue), true
		}
		list = append(list, v)
	}
	return list
}

// Allowed is the allow-list for Public: the variables that say how a board
// boots and which board it is. The names are those of U-Boot's
// doc/develop/bootstd, include/config_distro_bootcmd.h, include/env_default.h
// and common use of vendors; BOOT_ORDER and BOOT_x_LEFT are RAUC's.
func Allowed(name string) bool {
	switch name {
	case "altbootcmd", "arch", "board", "board_name", "board_rev", "boot_targets", "bootcount", "bootdelay", "bootlimit", "bootmeths", "BOOT_ORDER",
		"console", "cpu", "devnum", "devtype", "fdt_file", "fdtfile", "mmcdev", "mmcpart", "mmcroot", "preboot", "soc", "upgrade_available", "vendor", "ver":
		return true
	}
	if addresses(name) {
		return true
	}
	left, ok := strings.CutPrefix(name, "BOOT_")
	return strings.HasPrefix(name, "bootcmd") || ok && strings.HasSuffix(left, "_LEFT")
}

// addresses reports whether a variable says where in memory something is loaded
// (doc/usage/environment.rst): what an image for this board has to fit.
func addresses(name string) bool {
	switch name {
	case "loadaddr", "fileaddr", "fdt_high", "initrd_high", "bootm_low", "bootm_size", "bootm_mapsize":
		return true
	}
	for _, what := range []string{"kernel", "fdt", "ramdisk", "initrd", "script", "scriptaddr", "pxefile", "dtb", "fit", "image", "kernel_comp", "fdtoverlay", "dtbo", "splashimage"} {
		if rest, ok := strings.CutPrefix(name, what); ok && (rest == "" && what == "scriptaddr" || rest == "_addr" || rest == "_addr_r" || rest == "addr" || rest == "_size") {
			return true
		}
	}
	return false
}

// printable replaces what would disturb a terminal or a log, and cuts long text.
// The result is not longer than limit.
func printable(text string, limit int) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text[:min(len(text), limit)])
}
