package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/nvme"
	"github.com/boardprobe/boardprobe/probe/decode/parttable"
)

// The requests of this file open storage devices, for reading only, and are
// the only ones that do.

// openDevice opens a device below /dev by the kernel's name for it. A name that
// is a path is refused: it may come from a dump. The kernel is told not to read
// ahead: of a disk of which 16 MiB are wanted it would read up to 16 more, 8 at a time
// where the device asks for large reads (POSIX_FADV_RANDOM, mm/readahead.c).
func openDevice(name string) (*os.File, error) {
	if name == "" || name != path.Base(name) || strings.HasPrefix(name, ".") {
		return nil, unix.EINVAL
	}
	f, err := os.OpenFile("/dev/"+name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == nil {
		_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_RANDOM) // what is no block device refuses
	}
	return f, err
}

// mmcCommand is struct mmc_ioc_cmd of linux/mmc/ioctl.h, which is the same for
// programs of 32 and 64 bits.
type mmcCommand struct {
	write, application int32
	opcode, argument   uint32
	response           [4]uint32
	flags              uint32
	blockSize, blocks  uint32
	postsleepMin       uint32
	postsleepMax       uint32
	dataTimeout        uint32
	commandTimeout     uint32
	_                  uint32
	data               uint64
}

const (
	mmcIOCCommand = 0xc048b300 // _IOWR(MMC_BLOCK_MAJOR, 0, struct mmc_ioc_cmd)
	sendExtCSD    = 8          // JESD84-B51 6.10.4: reads the register, changes nothing
	sendFlags     = 0xb5       // R1 with data: MMC_RSP_SPI_R1|MMC_RSP_R1|MMC_CMD_ADTC of linux/mmc/core.h
)

// askExtCSD reads EXT_CSD of an eMMC device. The command means something else
// to an SD card, so the caller asks for devices only that say they are MMC.
func askExtCSD(_ context.Context, name string) ([]byte, error) {
	f, err := openDevice(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, 512)
	var pin runtime.Pinner
	pin.Pin(&data[0])
	defer pin.Unpin()
	command := mmcCommand{opcode: sendExtCSD, flags: sendFlags, blockSize: 512, blocks: 1, data: uint64(uintptr(unsafe.Pointer(&data[0])))}
	if err := ioctl(f, mmcIOCCommand, unsafe.Pointer(&command)); err != nil {
		return nil, err
	}
	return data, nil
}

// nvmeCommand is struct nvme_admin_cmd of linux/nvme_ioctl.h.
type nvmeCommand struct {
	opcode, flags     uint8
	_                 uint16
	namespace         uint32
	_, _              uint32
	metadata, address uint64
	metadataLength    uint32
	length            uint32
	cdw10, cdw11      uint32
	_                 [4]uint32
	timeoutMillis     uint32
	result            uint32
}

const (
	nvmeIOCAdmin  = 0xc0484e41 // _IOWR('N', 0x41, struct nvme_admin_cmd)
	nvmeGetLog    = 0x02       // NVMe Base 2.0 fig. 138
	nvmeIdentify  = 0x06
	nvmeTimeoutMS = 2000
)

func nvmeAdmin(name string, command nvmeCommand, length int) ([]byte, error) {
	f, err := openDevice(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, length)
	var pin runtime.Pinner
	pin.Pin(&data[0])
	defer pin.Unpin()
	command.address, command.length, command.timeoutMillis = uint64(uintptr(unsafe.Pointer(&data[0]))), uint32(length), nvmeTimeoutMS
	if err := ioctl(f, nvmeIOCAdmin, unsafe.Pointer(&command)); err != nil {
		return nil, err
	}
	return data, nil
}

// askNVMeController identifies a controller. What belongs to the unit is taken
// out here: sysfs has the serial number, and nobody says what vendors put into
// their part.
func askNVMeController(_ context.Context, name string) ([]byte, error) {
	const controller = 1 // CNS
	data, err := nvmeAdmin(name, nvmeCommand{opcode: nvmeIdentify, cdw10: controller}, nvme.IdentifyBytes)
	if err != nil {
		return nil, err
	}
	for _, r := range [][2]int{
		{nvme.SerialOffset, nvme.SerialBytes}, {nvme.FRUGUIDOffset, nvme.FRUGUIDBytes},
		{nvme.SubsystemNQNOffset, nvme.SubsystemNQNBytes}, {nvme.VendorOffset, nvme.VendorBytes},
	} {
		clear(data[r[0] : r[0]+r[1]])
	}
	return data, nil
}

// askNVMeHealth reads the log page of health, of the whole controller.
func askNVMeHealth(_ context.Context, name string) ([]byte, error) {
	const page, all = 2, 0xffffffff
	return nvmeAdmin(name, nvmeCommand{opcode: nvmeGetLog, namespace: all, cdw10: (nvme.HealthBytes/4-1)<<16 | page}, nvme.HealthBytes)
}

func ioctl(f *os.File, request uintptr, argument unsafe.Pointer) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(argument))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}

// diskTable is what is kept of the start of a disk.
type diskTable struct {
	Kind       string // gpt, mbr, none
	Problems   []string
	Partitions []diskPartition
	Content    *diskContent `json:",omitempty"` // where there is no table
}

type diskPartition struct {
	Number             int
	Type, GUID, Name   string `json:",omitempty"`
	OffsetBytes, Bytes int64
	Problems           []string     `json:",omitempty"`
	Content            *diskContent `json:",omitempty"`
}

// maxPartitions bounds what is kept of a table.
const maxPartitions = 128

// askPartitions reads the partition table of a disk and recognises what is in
// the partitions, without mounting any. What it reads is dropped; what it found
// is the answer.
func askPartitions(ctx context.Context, name string) ([]byte, error) {
	f, err := openDevice(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		return nil, unix.ENOMEDIUM
	}
	sector, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET)
	if err != nil {
		return nil, err
	}
	read := func(offset int64, length int) ([]byte, error) {
		if offset < 0 || offset >= size {
			return nil, io.EOF
		}
		data := make([]byte, min(int64(length), size-offset))
		n, err := f.ReadAt(data, offset)
		if n == 0 && err != nil {
			return nil, err
		}
		return data[:n], nil
	}
	table, err := readTable(ctx, parttable.Disk{SectorBytes: sector, SizeBytes: size, HasSize: true}, read)
	if err != nil {
		return nil, err
	}
	return json.Marshal(table)
}

// readTable reads a table and what its partitions hold.
func readTable(ctx context.Context, disk parttable.Disk, read func(int64, int) ([]byte, error)) (diskTable, error) {
	start, err := read(0, parttable.StartBytes)
	if err != nil {
		return diskTable{}, err
	}
	t, err := parttable.Parse(start, disk)
	backup, hasBackup := backupTable(t, disk, read)
	if errors.Is(err, parttable.ErrNone) && hasBackup {
		err = nil
	}
	if errors.Is(err, parttable.ErrNone) {
		return diskTable{Kind: "none", Content: contentOf(disk.SizeBytes, 0, read)}, nil
	}
	if err != nil {
		return diskTable{Kind: "invalid", Problems: []string{oneLine(err.Error())}}, nil
	}
	out := diskTable{Kind: "mbr", Problems: words(t.Problems)}
	partitions := t.MBR.Partitions
	switch {
	case t.HasGPT && !t.MBR.Protective && len(partitions) > 0:
		// Linux takes the MBR then (block/partitions/efi.c, is_pmbr_valid).
		out.Problems = []string{"there is a GPT, too, which is not in force: the MBR does not protect it"}
	case hasBackup:
		out.Kind, partitions = "gpt", backup.Partitions
		out.Problems = append(append(out.Problems, words(t.GPT.Problems)...), "the table is the backup at the end of the disk")
		out.Problems = append(out.Problems, words(backup.Problems)...)
	case t.HasGPT:
		out.Kind = "gpt"
		out.Problems = append(out.Problems, words(t.GPT.Problems)...)
		partitions = t.GPT.Partitions
	case slices.ContainsFunc(partitions, func(p parttable.Partition) bool { return p.OffsetBytes == 0 }):
		// A volume that was made with a table in its own first sector is one volume.
		if c := contentOf(disk.SizeBytes, 0, read); c != nil && strings.HasPrefix(c.Type, "fat") {
			return diskTable{Kind: "none", Content: c, Problems: []string{"the first sector of the volume carries a partition table, too"}}, nil
		}
	}
	if out.Kind == "mbr" {
		for _, p := range partitions {
			if !p.Extended {
				continue
			}
			logical, problems, err := parttable.Logical(p, disk, func(lba uint64) ([]byte, error) {
				return read(int64(lba)*int64(disk.SectorBytes), disk.SectorBytes)
			})
			if err != nil {
				problems = append(problems, parttable.Problem(oneLine(err.Error())))
			}
			partitions = append(partitions, logical...)
			out.Problems = append(out.Problems, words(problems)...)
		}
	}
	for _, p := range partitions {
		if len(out.Partitions) == maxPartitions || ctx.Err() != nil {
			out.Problems = append(out.Problems, fmt.Sprintf("only %d partitions are listed", len(out.Partitions)))
			break
		}
		kind, ok := parttable.TypeWord(p.Type)
		if !ok {
			kind = strings.ReplaceAll(p.Type, "-", "") // a GUID in its form would be taken for an identity
		}
		d := diskPartition{Number: p.Number, Type: kind, GUID: p.GUID, Name: oneLine(p.Name), OffsetBytes: p.OffsetBytes, Bytes: p.SizeBytes, Problems: words(p.Problems)}
		if !p.Extended && len(p.Problems) == 0 {
			d.Content = contentOf(p.SizeBytes, p.OffsetBytes, read)
		}
		out.Partitions = append(out.Partitions, d)
	}
	return out, nil
}

// backupTable reads the GPT at the end of a disk, if there is a sound one and the one
// at the start is not.
func backupTable(t parttable.Table, disk parttable.Disk, read func(int64, int) ([]byte, error)) (parttable.GPT, bool) {
	sound := func(g parttable.GPT) bool {
		return !slices.Contains(g.Problems, parttable.HeaderChecksum) && !slices.Contains(g.Problems, parttable.EntriesChecksum) &&
			!slices.Contains(g.Problems, parttable.EntriesUnchecked) && !slices.Contains(g.Problems, parttable.HeaderSize)
	}
	if t.HasGPT && sound(t.GPT) || t.HasMBR && !t.MBR.Protective && len(t.MBR.Partitions) > 0 || !disk.HasSize || disk.SectorBytes <= 0 {
		return parttable.GPT{}, false
	}
	last := disk.SizeBytes/int64(disk.SectorBytes) - 1
	sector, err := read(last*int64(disk.SectorBytes), disk.SectorBytes)
	if last < 2 || err != nil {
		return parttable.GPT{}, false
	}
	header, err := parttable.ParseHeader(sector, uint64(last), disk)
	if err != nil || header.EntriesOffset <= 0 {
		return parttable.GPT{}, false
	}
	entries, err := read(header.EntriesOffset, parttable.StartBytes)
	if err != nil {
		return parttable.GPT{}, false
	}
	g := parttable.ParseEntries(header, entries, disk)
	return g, sound(g) && len(g.Partitions) > 0
}

func words(problems []parttable.Problem) (list []string) {
	for _, p := range problems {
		list = append(list, string(p))
	}
	return list
}
