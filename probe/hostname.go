package probe

import (
	"path"
	"slices"
	"strings"
)

// A host name identifies a unit, unless it is the name of the board, which is
// what the builders of systems put there: a board that is called rock-5b because
// it is a ROCK 5B keeps the word in its model and its compatible.

// nobody are words of default host names that are no board's.
func nobody() []string {
	return []string{"localhost", "localdomain", "local", "yocto", "poky", "debian", "ubuntu", "armbian", "raspbian", "buildroot", "openwrt", "balena", "linux",
		"arm", "arm64", "armhf", "armv7", "armv8", "aarch64", "amd64", "x86", "generic", "board", "machine", "dev", "devkit", "evk", "evm", "sbc", "rev", "som", "wifi",
		"ddr", "ddr3", "ddr4", "lpddr", "lpddr4", "lpddr4x", "lpddr5", "emmc", "sd", "32", "64", "32bit", "64bit", "v7", "v8"}
}

// boardWords collects the words by which this board, its distribution and its
// drivers are called.
func boardWords(f *files) (words []string) {
	add := func(text string) {
		words = append(words, strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !isWord(c) })...)
	}
	const dt, dmi = "sys/firmware/devicetree/base/", "sys/class/dmi/id/"
	for _, name := range []string{dt + "model", dt + "compatible", dmi + "product_name", dmi + "product_family", dmi + "product_version", dmi + "board_name", dmi + "sys_vendor", dmi + "board_vendor"} {
		if text, _, err := f.read(name, 4096); err == nil {
			add(string(text))
		}
	}
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		if text, _, err := f.read(name, 64<<10); err == nil {
			for _, variable := range []string{"ID", "ID_LIKE", "VERSION_CODENAME", "MACHINE"} {
				add(shellVariable(string(text), variable))
			}
			break
		}
	}
	for _, dir := range []string{"sys/module", "sys/class", "sys/bus"} {
		names, _, _ := f.list(dir, 256<<10) // what cannot be listed names no driver
		for _, name := range names {
			add(name)
		}
	}
	return append(words, nobody()...)
}

func isWord(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// namesBoard reports whether a host name is made of words of the board: whole
// ones, or the beginning of one that is long enough to be meant.
func namesBoard(host string, words []string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), ".")
	glued := strings.Map(func(c rune) rune {
		if isWord(c) {
			return c
		}
		return -1
	}, host)
	if glued == "" || len(glued) > 64 {
		return false
	}
	// reached[i]: the first i letters are words.
	reached := make([]bool, len(glued)+1)
	reached[0] = true
	for i := range glued {
		if !reached[i] {
			continue
		}
		rest := glued[i:]
		for _, word := range words {
			letters := strings.Trim(word, "0123456789") != ""
			if (len(word) >= 2 || !letters) && strings.HasPrefix(rest, word) {
				reached[i+len(word)] = true
			}
			const meant = 5
			for n := len(word) - 1; n >= meant; n-- {
				if strings.HasPrefix(rest, word[:n]) {
					reached[i+n] = true
				}
			}
		}
	}
	return reached[len(glued)]
}

// hostNames are the files with the name of the machine.
func hostNames() []string { return []string{"etc/hostname", "proc/sys/kernel/hostname"} }

// isHostName reports whether a question is for a name of the machine.
func isHostName(subject string) bool { return slices.Contains(hostNames(), path.Clean(subject)) }
