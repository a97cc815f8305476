package probe

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/superblock"
	"github.com/boardprobe/boardprobe/report"
)

// describePartitions asks for the partition table of a disk and for what its
// partitions hold.
func describePartitions(h *Host, name string, d *report.Disk) {
	a := h.ask("partitions/1", name)
	var table diskTable
	if a.Gap == "" && json.Unmarshal(a.Data, &table) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap != "" {
		d.Table = report.Missing[string](a.Gap, a.Note, a.ID)
		kernelPartitions(h, name, d)
		return
	}
	d.Table = report.Known(table.Kind, a.ID)
	if len(table.Problems) > 0 {
		d.TableNotes = report.Known(table.Problems, a.ID)
	}
	if table.Kind == "none" {
		d.Content = contentFact(table.Content, a.ID)
	}
	text := func(s string) report.Fact[string] {
		if s == "" {
			return report.Missing[string](report.Absent, "", a.ID)
		}
		return report.Known(s, a.ID)
	}
	for _, p := range table.Partitions {
		part := report.Partition{
			Number: strconv.Itoa(p.Number), SizeBytes: report.Known(p.Bytes, a.ID), StartBytes: report.Known(p.OffsetBytes, a.ID),
			Type: text(p.Type), Name: text(p.Name), UUID: text(p.GUID),
		}
		if len(p.Problems) > 0 {
			part.Content = report.Missing[string](report.Invalid, oneLine(p.Problems[0]), a.ID)
		} else {
			part.Content = contentFact(p.Content, a.ID)
			if p.Content != nil {
				part.Label = text(p.Content.Label)
			}
		}
		d.Partitions = append(d.Partitions, part)
	}
	if len(d.Partitions) == 0 && table.Kind != "gpt" && table.Kind != "mbr" {
		kernelPartitions(h, name, d)
	}
}

// kernelPartitions lists the partitions that the kernel has of a disk on which no table
// was found: named on its command line (blkdevparts), or in a format that is not known
// here (Documentation/ABI/stable/sysfs-block). What the kernel uses is in force.
func kernelPartitions(h *Host, name string, d *report.Disk) {
	dir := "sys/block/" + name
	for _, entry := range h.List(dir).List {
		rest, ok := strings.CutPrefix(entry, name)
		if !ok || strings.Trim(rest, "p0123456789") != "" {
			continue
		}
		number, start, size := h.Text(dir+"/"+entry+"/partition"), h.Int(dir+"/"+entry+"/start"), h.Int(dir+"/"+entry+"/size")
		if !number.OK() {
			continue
		}
		sectors := func(f report.Fact[int64]) report.Fact[int64] { // of 512 bytes, whatever the disk has
			if f.OK() && f.Value >= 0 && f.Value < 1<<53 {
				f.Value *= 512
				return f
			}
			return report.Missing[int64](gapOr(f.Gap, report.Invalid), f.Note, f.From...)
		}
		d.Partitions = append(d.Partitions, report.Partition{
			Number: number.Value, SizeBytes: sectors(size), StartBytes: sectors(start),
			Name: parse(h, dir+"/"+entry+"/uevent", func(data []byte) (string, error) {
				for line := range strings.Lines(string(data)) {
					if name, ok := strings.CutPrefix(line, "PARTNAME="); ok {
						return strings.TrimSpace(name), nil
					}
				}
				return "", nil
			}),
			Content: report.Missing[string](report.NotProbed, "the kernel names the partition, and no table does", number.From...),
		})
	}
}

// contentFact says what was recognised. A few parts of a medium were read, so that
// it is not known to be empty.
func contentFact(c *diskContent, id string) report.Fact[string] {
	const part = "in the few parts of it that are read"
	switch {
	case c == nil || c.Type == "":
		return report.Missing[string](report.Unsupported, "not recognised "+part, id)
	case c.Type == "empty": // as earlier versions recorded it
		return report.Known(string(superblock.Zeros), id).Noting(part)
	case c.Type == "erased":
		return report.Known(string(superblock.Ones), id).Noting(part)
	case c.Type == string(superblock.Zeros), c.Type == string(superblock.Ones):
		return report.Known(c.Type, id).Noting(part)
	}
	return report.Known(c.Type, id)
}

// hasMedium reports whether there is something to read: an empty drive would
// be waited for.
func hasMedium(d *report.Disk) bool {
	size, ok := d.SizeBytes.Get()
	return ok && size > 0
}
