package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ulikunitz/xz"
)

// modinfo is what the section .modinfo of a module says that matters here
// (include/linux/module.h of the kernel).
type modinfo struct {
	name     string // with '_' for '-', as the kernel has it
	object   string // path in the source without suffix
	builtin  bool   // it is part of the kernel
	depends  []string
	aliases  []string
	firmware []string
}

// add takes one "key=value" of the section.
func (m *modinfo) add(key, value string) {
	switch key {
	case "name":
		m.name = value
	case "file": // of modules that are part of the kernel
		m.object = value
	case "depends":
		m.depends = append(m.depends, strings.FieldsFunc(value, func(r rune) bool { return r == ',' })...)
	case "alias":
		m.aliases = append(m.aliases, value)
	case "firmware":
		m.firmware = append(m.firmware, value)
	}
}

// Bounds of a module: distributions have some of 30 MiB.
const maxModuleBytes = 256 << 20

// readModule reads a module's file, called .ko or .ko.xz.
func readModule(name string) (modinfo, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return modinfo{}, err
	}
	if strings.HasSuffix(name, ".xz") {
		r, err := xz.NewReader(bytes.NewReader(data))
		if err != nil {
			return modinfo{}, fmt.Errorf("%s: %w", name, err)
		}
		if data, err = io.ReadAll(io.LimitReader(r, maxModuleBytes)); err != nil {
			return modinfo{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := modinfoSection(data)
	if err != nil {
		return modinfo{}, fmt.Errorf("%s: %w", name, err)
	}
	var m modinfo
	for line := range strings.SplitSeq(text, "\x00") {
		key, value, _ := strings.Cut(line, "=")
		m.add(key, value)
	}
	return m, nil
}

func modinfoSection(module []byte) (string, error) {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return "", err
	}
	defer f.Close()
	section := f.Section(".modinfo")
	if section == nil {
		return "", errors.New("no section .modinfo")
	}
	data, err := section.Data()
	return string(data), err
}

// parseBuiltin reads modules.builtin.modinfo: strings "module.key=value", each
// ended by a zero byte, those of one module in a row
// (Documentation/kbuild/kbuild.rst).
func parseBuiltin(data []byte) []modinfo {
	var list []modinfo
	for line := range strings.SplitSeq(string(data), "\x00") {
		left, value, _ := strings.Cut(line, "=")
		name, key, ok := strings.Cut(left, ".")
		if !ok {
			continue
		}
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, modinfo{name: name, builtin: true})
		}
		list[len(list)-1].add(key, value)
	}
	return list
}
