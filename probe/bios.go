package probe

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// biosDisks is where the kernel keeps what the BIOS said of its disks (module
// edd, drivers/firmware/edd.c): int13_dev80 is the first that it would start.
const biosDisks = "sys/firmware/edd"

// biosDisk is one disk of a BIOS and the disk of Linux that it is.
type biosDisk struct {
	Number    string   // hexadecimal, as in 80
	Interface string   `json:",omitempty"` // as in ATA, USB
	Disks     []string // with the same signature in the MBR: none, one, or copies of each other
}

const (
	maxBIOSDisks = 16
	mbrSignature = 440 // offset of the disk signature in the MBR
)

// askBIOSDisks matches the disks of the BIOS with those of Linux by their
// signatures, which are compared here and not kept: they tell units apart. The
// subject lists the disks of Linux.
func (s *system) askBIOSDisks(_ context.Context, subject string) ([]byte, error) {
	names, _, err := s.files.list(biosDisks, maxAnswer)
	if err != nil {
		return nil, err
	}
	signatures := map[string]uint32{}
	for disk := range strings.FieldsSeq(subject) {
		if signature, err := mbrSignatureOf(disk); err == nil && signature != 0 {
			signatures[disk] = signature
		}
	}
	list := []biosDisk{}
	for _, name := range names {
		number, ok := strings.CutPrefix(name, "int13_dev")
		if !ok || len(list) == maxBIOSDisks {
			continue
		}
		d := biosDisk{Number: number, Disks: []string{}}
		if text, _, err := s.files.read(biosDisks+"/"+name+"/interface", 256); err == nil {
			d.Interface, _, _ = strings.Cut(strings.TrimSpace(string(text)), " ")
			d.Interface = strings.TrimSpace(strings.SplitN(d.Interface, "\t", 2)[0])
		}
		text, _, err := s.files.read(biosDisks+"/"+name+"/mbr_signature", 64)
		if signature, wrong := strconv.ParseUint(strings.TrimSpace(string(text)), 0, 32); err == nil && wrong == nil && signature != 0 {
			for disk, found := range signatures {
				if found == uint32(signature) {
					d.Disks = append(d.Disks, disk)
				}
			}
			slices.Sort(d.Disks)
		}
		list = append(list, d)
	}
	return json.Marshal(list)
}

// mbrSignatureOf reads the signature of a disk with an MBR.
func mbrSignatureOf(disk string) (uint32, error) {
	f, err := openDevice(disk)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	sector := make([]byte, 512)
	if n, err := f.ReadAt(sector, 0); n < len(sector) {
		return 0, errors.Join(err, unix.EIO)
	}
	if sector[510] != 0x55 || sector[511] != 0xaa {
		return 0, os.ErrNotExist
	}
	return binary.LittleEndian.Uint32(sector[mbrSignature:]), nil
}

// biosBoot reads in what order a BIOS has its disks, which is the order in which
// it starts them as far as it is set to start disks at all.
func biosBoot(h *Host, b *report.Boot) {
	if b.Loader.Value != "bios" {
		return
	}
	var names []string
	for _, name := range h.List("sys/block").List {
		if !strings.HasPrefix(name, "loop") && !strings.HasPrefix(name, "ram") && !strings.HasPrefix(name, "zram") && !strings.HasPrefix(name, "sr") && !strings.HasPrefix(name, "dm-") && !strings.HasPrefix(name, "md") {
			names = append(names, name)
		}
	}
	a := h.ask("bios-disks/1", strings.Join(names, " "))
	var list []biosDisk
	if a.Gap == "" && json.Unmarshal(a.Data, &list) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	switch {
	case a.Gap == report.Absent:
		b.LoaderOrder = report.Missing[[]string](report.NotProbed, "the kernel does not show what the BIOS said of its disks: module edd", a.ID)
		return
	case a.Gap != "":
		b.LoaderOrder = report.Missing[[]string](a.Gap, a.Note, a.ID)
		return
	}
	var words []string
	for i, d := range list {
		word := "disk 0x" + d.Number
		if d.Interface != "" {
			word += " (" + d.Interface + ")"
		}
		words = append(words, oneLine(word))
		place := report.BootPlace{Place: placeName("loader", i, oneLine(word))}
		switch len(d.Disks) {
		case 1:
			place.Device = report.Known(d.Disks[0], a.ID).Noting("by the signature of its MBR")
		case 0:
			place.Device = report.Missing[string](report.Absent, "no disk has the signature that the BIOS saw", a.ID)
		default:
			place.Device = report.Missing[string](report.NotProbed, oneLine("ambiguous: "+strings.Join(d.Disks, " and ")+" have the same signature"), a.ID)
		}
		b.Places = append(b.Places, place)
	}
	if len(words) > 0 {
		b.LoaderOrder = report.Known(words, a.ID).Noting("disks in the order of the BIOS (EDD); what it starts before them, only its setup says")
	}
}

// linuxLoader is who started Linux on x86 by the number that it gave itself
// (Documentation/arch/x86/boot.rst, type_of_loader; sysctl/kernel.rst).
func linuxLoader(h *Host) report.Fact[string] {
	return parse(h, "proc/sys/kernel/bootloader_type", func(data []byte) (string, error) {
		n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 32)
		if err != nil {
			return "", err
		}
		names := map[uint64]string{
			0x0: "LILO", 0x1: "Loadlin", 0x2: "bootsect-loader", 0x3: "Syslinux", 0x4: "Etherboot or iPXE", 0x5: "ELILO", 0x7: "GRUB", 0x8: "U-Boot", 0x9: "Xen",
			0xa: "Gujin", 0xb: "QEMU", 0xc: "uCbootloader", 0xd: "kexec-tools", 0x11: "Minimal Linux Bootloader", 0x12: "OVMF", 0x13: "barebox",
		}
		if name, ok := names[n>>4]; ok {
			return name, nil
		}
		return fmt.Sprintf("type %#x", n>>4), nil
	})
}
