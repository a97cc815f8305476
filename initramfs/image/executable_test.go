package image

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

func TestCheckProbe(t *testing.T) {
	t.Parallel()
	static := func(m elf.Machine) object { return object{kind: elf.ET_EXEC, machine: m, section: ".text"} }
	dynamic, relocatable, big, pie := static(elf.EM_AARCH64), static(elf.EM_AARCH64), static(elf.EM_AARCH64), static(elf.EM_AARCH64)
	dynamic.interp = true
	relocatable.kind = elf.ET_REL
	pie.kind = elf.ET_DYN
	big.order = binary.BigEndian
	tests := []struct {
		name         string
		probe        []byte
		architecture string
		want         string // part of the error, "" for none
	}{
		{"arm64", static(elf.EM_AARCH64).bytes(), "arm64", ""},
		{"arm", static(elf.EM_ARM).bytes(), "arm", ""},
		{"amd64", static(elf.EM_X86_64).bytes(), "amd64", ""},
		{"386", static(elf.EM_386).bytes(), "386", ""},
		{"riscv64", static(elf.EM_RISCV).bytes(), "riscv64", ""},
		{"static PIE", pie.bytes(), "arm64", ""},
		{"other machine", static(elf.EM_X86_64).bytes(), "arm64", "built for amd64, not for arm64"},
		{"unknown machine", static(elf.EM_MIPS).bytes(), "arm64", "built for EM_MIPS"},
		{"big endian", big.bytes(), "arm64", "ELFDATA2MSB"},
		{"dynamic", dynamic.bytes(), "arm64", "CGO_ENABLED=0"},
		{"relocatable", relocatable.bytes(), "arm64", "ET_REL"},
		{"script", []byte("#!/bin/sh\n"), "arm64", "not an ELF"},
		{"empty", nil, "arm64", "not an ELF"},
		{"no such architecture", static(elf.EM_AARCH64).bytes(), "aarch64", "386 amd64 arm arm64 riscv64"},
	}
	for _, test := range tests {
		err := checkProbe(test.probe, test.architecture)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("checkProbe(%s) = %v; want %q", test.name, err, test.want)
		}
	}
}
