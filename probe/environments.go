package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/fat"
	"github.com/boardprobe/boardprobe/probe/decode/superblock"
	"github.com/boardprobe/boardprobe/probe/decode/ubootenv"
	"github.com/boardprobe/boardprobe/report"
)

// Environments of U-Boot that lie behind what is searched of the start of a
// medium: at its end (CONFIG_ENV_OFFSET is negative in many configurations), in a
// file of a FAT partition (env/fat.c), in a partition of flash that the kernel
// knows as environment (drivers/nvmem/u-boot-env.c), and where an installed
// system says (/etc/fw_env.config).

const (
	endBytes         = 1 << 20 // of a medium that are searched
	environmentBytes = 1 << 20 // at most of one environment
)

// askEnvironment searches one place. The subject is the kernel's name of a
// device, and a range in bytes, whose offset counts from the end if it is
// negative; or the name of a partition and that of a file in its root directory.
func askEnvironment(ctx context.Context, subject string) ([]byte, error) {
	fields := strings.Fields(subject)
	if len(fields) < 2 {
		return nil, unix.EINVAL
	}
	f, err := openDevice(fields[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	read := func(offset int64, length int) ([]byte, error) {
		data := make([]byte, length)
		n, err := f.ReadAt(data, offset)
		if n == 0 && err != nil && length > 0 {
			return nil, err
		}
		return data[:n], nil
	}
	if len(fields) == 2 {
		data, err := fat.ReadFile(read, fields[1], environmentBytes)
		switch {
		case errors.Is(err, fat.ErrNoFile):
			return nil, unix.ENOENT
		case err != nil:
			return nil, err
		}
		return json.Marshal(scanEnvironments(ctx, data, 0))
	}
	offset, wrongOffset := strconv.ParseInt(fields[1], 0, 64)
	length, wrongLength := strconv.ParseInt(fields[2], 0, 64)
	if wrongOffset != nil || wrongLength != nil || length <= 0 || length > environmentBytes {
		return nil, unix.EINVAL
	}
	if offset < 0 {
		offset += size
	}
	if offset < 0 || offset >= size {
		return nil, unix.ENXIO
	}
	data, err := read(offset, int(length))
	if err != nil {
		return nil, err
	}
	return json.Marshal(scanEnvironments(ctx, data, offset))
}

// scanEnvironments keeps the saved environments of some bytes.
func scanEnvironments(ctx context.Context, data []byte, base int64) mediumScan {
	out := mediumScan{ReadBytes: int64(len(data))}
	if ctx.Err() != nil {
		return out
	}
	hits, _ := ubootenv.Scan(data, base)
	for _, h := range ubootenv.Current(hits) {
		out.Environments = append(out.Environments, publicEnvironment(h.Environment, true, h.Offset, h.SizeBytes))
	}
	return out
}

// reduceEnvironment does the same for a file of the kernel.
func reduceEnvironment(data []byte) []byte {
	text, err := json.Marshal(scanEnvironments(context.Background(), data, 0))
	if err != nil {
		return nil
	}
	return text
}

// otherEnvironments searches the places behind the start of the media. A PC has
// no U-Boot, and is not searched.
func otherEnvironments(h *Host, b *report.Boot) {
	if b.Loader.Value == "uefi" || b.Loader.Value == "bios" {
		return
	}
	for i := range b.Media {
		m := &b.Media[i]
		name := m.Name.Value
		if mmcPart().MatchString(name) || strings.HasPrefix(name, "mtd") {
			continue // a boot area and flash were searched to their end
		}
		moreEnvironments(m, h.ask("environment/1", fmt.Sprintf("%s %d %d", name, -endBytes, endBytes)), "")
		for _, p := range fatPartitions(h, name) {
			for _, file := range []string{"uboot.env", "uboot-redund.env"} { // CONFIG_ENV_FAT_FILE, and the copy
				moreEnvironments(m, h.ask("environment/1", p+" "+file), " of "+file+" on "+p)
			}
		}
	}
	configuredEnvironments(h, b)
	devices := h.List(nvmemDevices)
	for _, name := range devices.List {
		if strings.HasPrefix(name, "u-boot-env") {
			m := report.BootMedium{Path: "nvmem/" + name, Name: report.Known(name, devices.ID)}
			moreEnvironments(&m, h.ask("environment-file/1", nvmemDevices+"/"+name+"/nvmem"), "")
			if len(m.Environments) > 0 {
				b.Media = append(b.Media, m)
			}
		}
	}
}

// fatPartitions names the FAT volumes of a disk as the kernel does.
func fatPartitions(h *Host, disk string) (names []string) {
	a := h.ask("partitions/1", disk)
	var table diskTable
	if a.Gap != "" || json.Unmarshal(a.Data, &table) != nil {
		return nil
	}
	isFAT := func(c *diskContent) bool {
		return c != nil && slices.Contains([]superblock.Type{superblock.FAT12, superblock.FAT16, superblock.FAT32}, superblock.Type(c.Type))
	}
	if isFAT(table.Content) {
		names = append(names, disk)
	}
	between := ""
	if strings.Contains("0123456789", disk[len(disk)-1:]) {
		between = "p" // as in mmcblk0p1
	}
	for _, p := range table.Partitions {
		if isFAT(p.Content) && len(names) < maxMedia {
			names = append(names, fmt.Sprintf("%s%s%d", disk, between, p.Number))
		}
	}
	return names
}

// configuredEnvironments searches where /etc/fw_env.config of the running system
// says: a device, a partition by its label, or a file, as Mender has it. What it
// names beside these, as volumes of UBI, is said.
func configuredEnvironments(h *Host, b *report.Boot) {
	a := h.Read("etc/fw_env.config")
	list, err := ubootenv.ParseConfig(string(a.Data))
	if a.Gap != "" || err != nil {
		return
	}
	unread := []string{}
	for _, l := range list {
		if l.SizeBytes <= 0 || l.SizeBytes > environmentBytes {
			unread = append(unread, oneLine(l.Device))
			continue
		}
		name, ok := strings.CutPrefix(l.Device, "/dev/")
		if !ok && strings.HasPrefix(l.Device, "/") {
			file := strings.TrimPrefix(path.Clean(l.Device), "/")
			m := report.BootMedium{Path: "fw_env.config/" + oneLine(file), Name: report.Known(oneLine(l.Device), a.ID)}
			moreEnvironments(&m, h.ask("environment-file/1", file), "")
			if len(m.Environments) > 0 {
				b.Media = append(b.Media, m)
			} else {
				unread = append(unread, oneLine(l.Device))
			}
			continue
		}
		if label, byLabel := strings.CutPrefix(name, "disk/by-partlabel/"); byLabel {
			name = labelled(h, label)
		}
		if !ok || name == "" || name != path.Base(name) {
			unread = append(unread, oneLine(l.Device))
			continue
		}
		i := slices.IndexFunc(b.Media, func(m report.BootMedium) bool { return m.Name.Value == name || m.Name.Value == name+"ro" })
		if i < 0 {
			b.Media = append(b.Media, report.BootMedium{Path: "fw_env.config/" + name, Name: report.Known(name, a.ID)})
			i = len(b.Media) - 1
		}
		moreEnvironments(&b.Media[i], h.ask("environment/1", fmt.Sprintf("%s %d %d", name, l.OffsetBytes, l.SizeBytes)), "")
		if m := b.Media[i]; strings.HasPrefix(m.Path, "fw_env") && len(m.Environments) == 0 {
			b.Media = b.Media[:i]
			unread = append(unread, oneLine(l.Device))
		}
	}
	b.EnvironmentsUnread = report.Known(unread, a.ID)
}

// labelled is the kernel's name of the partition with a label, "" if there is none or
// more than one.
func labelled(h *Host, label string) (found string) {
	disks, _ := candidates(h)
	for _, d := range disks {
		a := h.ask("partitions/1", d.name)
		var table diskTable
		if a.Gap != "" || json.Unmarshal(a.Data, &table) != nil {
			continue
		}
		between := ""
		if strings.Contains("0123456789", d.name[len(d.name)-1:]) {
			between = "p"
		}
		for _, p := range table.Partitions {
			if p.Name != label || label == "" {
				continue
			}
			if found != "" {
				return ""
			}
			found = fmt.Sprintf("%s%s%d", d.name, between, p.Number)
		}
	}
	return found
}

// moreEnvironments adds what a place holds to a medium. What was found there
// before, as the start of the medium or by another name, is left out.
func moreEnvironments(m *report.BootMedium, a Answer, where string) {
	var scan mediumScan
	if a.Gap != "" || json.Unmarshal(a.Data, &scan) != nil {
		return
	}
	for _, e := range scan.Environments {
		found := environmentOf(e, a.ID)
		found.Place += where
		if !slices.ContainsFunc(m.Environments, func(o report.BootEnvironment) bool {
			return o.Place == found.Place || o.SizeBytes.Value == found.SizeBytes.Value &&
				slices.Equal(o.Names.Value, found.Names.Value) && slices.Equal(o.Values.Value, found.Values.Value)
		}) {
			m.Environments = append(m.Environments, found)
		}
	}
}
