package image

import (
	"bytes"
	"debug/elf"
	"fmt"
	"maps"
	"slices"
)

// machines gives the ELF machine of each architecture.
var machines = map[string]elf.Machine{
	"386":     elf.EM_386,
	"amd64":   elf.EM_X86_64,
	"arm":     elf.EM_ARM,
	"arm64":   elf.EM_AARCH64,
	"riscv64": elf.EM_RISCV,
}

// kernels64 names the architecture of the 64-bit kernel that also runs the
// programs of a 32-bit one.
var kernels64 = map[string]string{"386": "amd64", "arm": "arm64"}

// Architectures returns for which architectures, as Go names them, images can
// be built.
func Architectures() []string { return slices.Sorted(maps.Keys(machines)) }

// checkProbe refuses a probe that the board could not run as its first program.
func checkProbe(probe []byte, architecture string) error {
	want, ok := machines[architecture]
	if !ok {
		return fmt.Errorf("architecture %q is not one of %v", architecture, Architectures())
	}
	file, err := elf.NewFile(bytes.NewReader(probe))
	if err != nil {
		return fmt.Errorf("probe: not an ELF executable: %w", err)
	}
	defer file.Close()
	if !sameMachine(&file.FileHeader, want) {
		return fmt.Errorf("probe: built for %s, not for %s", machineName(&file.FileHeader), architecture)
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN {
		return fmt.Errorf("probe: not an executable, but of ELF type %v", file.Type)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("probe: needs a dynamic loader, the image has none; build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// sameMachine also looks at the word size, because both of RISC-V share a
// machine, and at the byte order, because both of ARM do.
func sameMachine(h *elf.FileHeader, want elf.Machine) bool {
	class := elf.ELFCLASS64
	if want == elf.EM_386 || want == elf.EM_ARM {
		class = elf.ELFCLASS32
	}
	return h.Machine == want && h.Class == class && h.Data == elf.ELFDATA2LSB
}

// machineName names an architecture as Go does, where it has a name.
func machineName(h *elf.FileHeader) string {
	for name, machine := range machines {
		if sameMachine(h, machine) {
			return name
		}
	}
	return fmt.Sprintf("%v %v %v", h.Machine, h.Class, h.Data)
}
