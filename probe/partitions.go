package probe

import (
	"encoding/json"
	"strconv"

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
	if table.Content != nil {
		d.Content = report.Known(table.Content.Type, a.ID)
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
		} else if p.Content != nil {
			part.Content, part.Label = text(p.Content.Type), text(p.Content.Label)
		} else {
			part.Content = report.Missing[string](report.Absent, "nothing that is known", a.ID)
		}
		d.Partitions = append(d.Partitions, part)
	}
}

// hasMedium reports whether there is something to read: an empty drive would
// be waited for.
func hasMedium(d *report.Disk) bool {
	size, ok := d.SizeBytes.Get()
	return ok && size > 0
}
