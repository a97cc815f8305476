package diff

import (
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

func unit(change func(*report.Report)) *report.Report {
	r := &report.Report{
		Run:      report.Run{PseudonymKey: "k"},
		Sections: []report.Section{{Name: "storage", Outcome: report.OutcomeOK}},
		Identity: report.Identity{Model: report.Known("Board", "i/1"), Serial: report.Known("A1", "i/2"), LoaderVersion: report.Known("1", "i/3")},
		CPU:      report.CPU{LogicalPresent: report.Known[int64](4, "c/1")},
		Storage: []report.Disk{
			{Path: "x", SizeBytes: report.Known[int64](8e9, "s/1"), ReadOnly: report.Known(false, "s/2"), Attached: report.Known(report.Soldered, "s/3")},
			{Path: "y", SizeBytes: report.Known[int64](1e9, "s/4"), Attached: report.Known(report.External, "s/5")},
		},
	}
	change(r)
	return r
}

func TestCompare(t *testing.T) {
	base := unit(func(*report.Report) {})
	for _, c := range []struct {
		name   string
		change func(*report.Report)
		rule   string
		want   Severity
	}{
		{"nothing", func(*report.Report) {}, "", ""},
		{"a serial", func(r *report.Report) { r.Identity.Serial.Value = "B2" }, "", ""},
		{"volatile", func(r *report.Report) { r.Storage[0].ReadOnly.Value = true }, "", ""},
		{"stick out", func(r *report.Report) { r.Storage = r.Storage[:1] }, "", ""},
		{"a gap", func(r *report.Report) { r.CPU.LogicalPresent = report.Missing[int64](report.Denied, "", "c/1") }, "", ""},
		{"processors", func(r *report.Report) { r.CPU.LogicalPresent.Value = 2 }, "revision.changed", Breaking},
		{"loader", func(r *report.Report) { r.Identity.LoaderVersion.Value = "2" }, "firmware.changed", Notable},
		{"eMMC gone", func(r *report.Report) { r.Storage = r.Storage[1:] }, "device.removed", Breaking},
		{"storage not listed", func(r *report.Report) { r.Storage = nil; r.Sections[0].Outcome = report.OutcomeDeadline }, "", ""},
	} {
		got := Compare(base, unit(c.change))
		if c.rule == "" && len(got.Changes) != 0 || c.rule != "" && (len(got.Changes) != 1 || got.Changes[0].Rule != c.rule || got.Changes[0].Severity != c.want) {
			t.Errorf("%s: %+v; want %q %s", c.name, got.Changes, c.rule, c.want)
		}
		if got.Compared == 0 {
			t.Errorf("%s: nothing compared", c.name)
		}
	}
	gap := Compare(base, unit(func(r *report.Report) { r.CPU.LogicalPresent = report.Missing[int64](report.Denied, "", "c/1") }))
	if len(gap.Coverage) != 1 || gap.Coverage[0].B != "(denied)" {
		t.Errorf("a gap: coverage %+v; want it named", gap.Coverage)
	}
}

func TestCompareUnits(t *testing.T) {
	base := unit(func(*report.Report) {})
	for _, c := range []struct {
		change func(*report.Report)
		want   Units
	}{
		{func(*report.Report) {}, SameUnit},
		{func(r *report.Report) { r.Identity.Serial.Value = "B2" }, OtherUnits},
		{func(r *report.Report) { r.Run.PseudonymKey = "other" }, UnknownUnits},
		{func(r *report.Report) { r.Identity.Serial = report.Missing[string](report.Absent, "", "i/2") }, UnknownUnits},
	} {
		if got := CompareUnits(base, unit(c.change)); got != c.want {
			t.Errorf("CompareUnits = %q; want %q", got, c.want)
		}
	}
}
