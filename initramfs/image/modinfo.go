package image

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of a module. The largest of distributions, GPU drivers, have 20 MiB
// and 300 kB of .modinfo; with debugging information they are ten times as big.
const (
	maxModuleBytes  = 512 << 20
	maxModinfoBytes = 4 << 20
	maxModinfoValue = 4096
)

// modinfo is what the section .modinfo of a module says that matters here
// (include/linux/module.h of the kernel).
type modinfo struct {
	name               string
	release            string // that it was built for, the first word of vermagic
	machine            elf.Machine
	size               int64 // of the module itself, not compressed
	depends            []string
	softPre, softPost  []string
	weak               []string // may be used, is not loaded for it
	aliases, firmwares []string
}

// isModule reports whether a file is called as a module is, compressed or not.
func isModule(base string) bool {
	stem := moduleStem(base)
	return stem != base && stem != ""
}

// isModuleFile reports whether a file is a module or one of the lists beside.
func isModuleFile(base string) bool {
	return isModule(base) || strings.HasPrefix(base, "modules.")
}

// moduleStem takes the suffixes from the name of a module's file.
func moduleStem(base string) string {
	for _, suffix := range []string{".ko", ".ko.gz", ".ko.xz", ".ko.zst"} {
		if stem, ok := strings.CutSuffix(base, suffix); ok {
			return stem
		}
	}
	return base
}

// readModule reads the .modinfo of a module. The name is that of its file.
func readModule(name string, r io.Reader) (modinfo, error) {
	data, err := decompressAll(r, maxModuleBytes)
	if err != nil {
		return modinfo{}, err
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return modinfo{}, err
	}
	defer f.Close()
	section := f.Section(".modinfo")
	if f.Type != elf.ET_REL || section == nil || section.Type != elf.SHT_PROGBITS {
		return modinfo{}, errors.New("not a kernel module")
	}
	if section.Size > maxModinfoBytes || section.FileSize > maxModinfoBytes {
		return modinfo{}, fmt.Errorf(".modinfo of %d bytes", section.Size)
	}
	text, err := section.Data()
	if err != nil {
		return modinfo{}, fmt.Errorf(".modinfo: %w", err)
	}
	info, err := parseModinfo(text)
	if err != nil {
		return modinfo{}, fmt.Errorf(".modinfo: %w", err)
	}
	info.machine, info.size = f.Machine, int64(len(data))
	if info.name == "" { // kernels before 4.12
		info.name = moduleStem(name)
	}
	info.name = strings.ReplaceAll(info.name, "-", "_")
	if !validModuleName(info.name) {
		return modinfo{}, fmt.Errorf("name %.60q is not that of a module", info.name)
	}
	return info, nil
}

// parseModinfo parses the section: "key=value" strings, each ended by at least
// one zero byte.
func parseModinfo(section []byte) (modinfo, error) {
	var m modinfo
	for text := range strings.SplitSeq(string(section), "\x00") {
		key, value, _ := strings.Cut(text, "=")
		var list *[]string
		switch key {
		case "name":
			m.name = value
		case "vermagic":
			m.release, _, _ = strings.Cut(value, " ")
		case "depends":
			list, value = &m.depends, strings.ReplaceAll(value, ",", " ")
		case "weakdep":
			list = &m.weak
		case "softdep":
			m.softdep(value)
		case "alias":
			if plainText(value) {
				m.aliases = append(m.aliases, value)
			}
		case "firmware":
			if plainText(value) {
				m.firmwares = append(m.firmwares, value)
			}
		}
		if list != nil {
			*list = append(*list, strings.Fields(value)...)
		}
	}
	for _, list := range []*[]string{&m.depends, &m.softPre, &m.softPost, &m.weak} {
		for _, name := range *list {
			if !validModuleName(name) {
				return modinfo{}, fmt.Errorf("%.60q is not the name of a module", name)
			}
		}
	}
	for _, list := range []*[]string{&m.aliases, &m.firmwares} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return m, nil
}

// softdep adds the names of "pre: a b post: c".
func (m *modinfo) softdep(value string) {
	var list *[]string
	for _, word := range strings.Fields(value) {
		switch word {
		case "pre:":
			list = &m.softPre
		case "post:":
			list = &m.softPost
		default:
			if list != nil {
				*list = append(*list, word)
			}
		}
	}
}

// plainText reports whether a value can stand in a line of the index. Others
// match nothing that a kernel asks for.
func plainText(s string) bool {
	return s != "" && len(s) <= maxModinfoValue && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func validModuleName(s string) bool {
	return plainText(s) && len(s) <= 255 && !strings.ContainsAny(s, " /")
}
