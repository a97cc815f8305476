package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/u-root/u-root/pkg/cpio"
	"github.com/ulikunitz/xz"
)

// object is a small ELF file.
type object struct {
	kind    elf.Type
	machine elf.Machine
	order   binary.ByteOrder // nil: little endian
	interp  bool             // has a program header for a dynamic loader
	section string           // name of its only section besides the names
	data    []byte
}

func (o object) bytes() []byte {
	order := o.order
	if order == nil {
		order = binary.LittleEndian
	}
	encoding := elf.ELFDATA2LSB
	if order == binary.BigEndian {
		encoding = elf.ELFDATA2MSB
	}
	names := "\x00" + o.section + "\x00.shstrtab\x00"
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', 0, byte(encoding), byte(elf.EV_CURRENT)}
	var b bytes.Buffer
	write := func(v any) {
		if err := binary.Write(&b, order, v); err != nil {
			panic(err)
		}
	}
	programs := uint16(0)
	if o.interp {
		programs = 1
	}
	if o.machine == elf.EM_386 || o.machine == elf.EM_ARM {
		const head, program, section = 52, 32, 40
		at := uint32(head + program*int(programs) + 3*section)
		ident[elf.EI_CLASS] = byte(elf.ELFCLASS32)
		write(elf.Header32{Ident: ident, Type: uint16(o.kind), Machine: uint16(o.machine), Version: 1, Phoff: head, Shoff: head + program*uint32(programs),
			Ehsize: head, Phentsize: program, Phnum: programs, Shentsize: section, Shnum: 3, Shstrndx: 2})
		for range programs {
			write(elf.Prog32{Type: uint32(elf.PT_INTERP)})
		}
		write(elf.Section32{})
		write(elf.Section32{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: at, Size: uint32(len(o.data))})
		write(elf.Section32{Name: uint32(2 + len(o.section)), Type: uint32(elf.SHT_STRTAB), Off: at + uint32(len(o.data)), Size: uint32(len(names))})
	} else {
		const head, program, section = 64, 56, 64
		at := uint64(head + program*int(programs) + 3*section)
		ident[elf.EI_CLASS] = byte(elf.ELFCLASS64)
		write(elf.Header64{Ident: ident, Type: uint16(o.kind), Machine: uint16(o.machine), Version: 1, Phoff: head, Shoff: head + program*uint64(programs),
			Ehsize: head, Phentsize: program, Phnum: programs, Shentsize: section, Shnum: 3, Shstrndx: 2})
		for range programs {
			write(elf.Prog64{Type: uint32(elf.PT_INTERP)})
		}
		write(elf.Section64{})
		write(elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: at, Size: uint64(len(o.data))})
		write(elf.Section64{Name: uint32(2 + len(o.section)), Type: uint32(elf.SHT_STRTAB), Off: at + uint64(len(o.data)), Size: uint64(len(names))})
	}
	b.Write(o.data)
	b.WriteString(names)
	return b.Bytes()
}

// probeFor is a static executable.
func probeFor(machine elf.Machine) []byte {
	return object{kind: elf.ET_EXEC, machine: machine, section: ".text"}.bytes()
}

const testRelease = "6.1.0-test"

// ko is a module for arm64 of the release testRelease.
func ko(name string, info ...string) []byte { return koFor(elf.EM_AARCH64, testRelease, name, info...) }

func koFor(machine elf.Machine, release, name string, info ...string) []byte {
	info = append(info, "name="+name, "vermagic="+release+" SMP mod_unload aarch64", "license=GPL")
	return object{kind: elf.ET_REL, machine: machine, section: ".modinfo", data: []byte(strings.Join(info, "\x00") + "\x00")}.bytes()
}

func compressed(t testing.TB, format string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case "gz":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	default:
		return data
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("compress as %s: %v", format, err)
	}
	return b.Bytes()
}

// volumeFiles are the modules that every tree must have.
func volumeFiles() map[string][]byte {
	return map[string][]byte{
		"kernel/fs/fat/vfat.ko":           ko("vfat", "depends=fat", "alias=fs-vfat"),
		"kernel/fs/fat/fat.ko":            ko("fat", "depends="),
		"kernel/fs/nls/nls_cp437.ko":      ko("nls_cp437"),
		"kernel/fs/nls/nls_ascii.ko":      ko("nls_ascii"),
		"kernel/fs/nls/nls_iso8859-1.ko":  ko("nls_iso8859_1"),
		"kernel/fs/nls/nls_utf8.ko":       ko("nls_utf8"),
		"modules.builtin":                 []byte("kernel/drivers/mmc/core/mmc-core.ko\n"),
		"build/include/generated/trash.h": []byte("#define TRASH\n"),
	}
}

// released puts files into the folder of the release and adds those that every
// tree must have.
func released(files map[string][]byte) map[string][]byte {
	all := map[string][]byte{}
	for _, m := range []map[string][]byte{volumeFiles(), files} {
		for name, data := range m {
			all["lib/modules/"+testRelease+"/"+name] = data
		}
	}
	return all
}

// written writes an archive and reads it back.
func written(t testing.TB, a *Archive) map[string]cpio.Record {
	t.Helper()
	var b bytes.Buffer
	if _, err := a.Write(&b, None); err != nil {
		t.Fatalf("Write = %v; want no error", err)
	}
	records, err := cpio.ReadAllRecords(cpio.Newc.Reader(bytes.NewReader(b.Bytes())))
	if err != nil {
		t.Fatalf("read the archive: %v", err)
	}
	byName := map[string]cpio.Record{}
	for _, r := range records {
		byName[r.Name] = r
	}
	return byName
}

func content(t testing.TB, r cpio.Record) string {
	t.Helper()
	data := make([]byte, r.FileSize)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, int64(r.FileSize)), data); err != nil {
		t.Fatalf("read %s: %v", r.Name, err)
	}
	return string(data)
}

func build(t testing.TB, spec Spec) *Archive {
	t.Helper()
	if spec.Architecture == "" {
		spec.Architecture, spec.Probe = "arm64", probeFor(elf.EM_AARCH64)
	}
	a, err := New(spec)
	if err != nil {
		t.Fatalf("New = %v; want no error", err)
	}
	return a
}
