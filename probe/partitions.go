package probe

import (
	"encoding/json"
	"strconv"

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
