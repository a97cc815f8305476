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

// TestUnitsByFiller compares two boards of which only texts that many boards have are equal.
func TestUnitsByFiller(t *testing.T) {
	filler := func(serial string) func(*report.Report) {
		return func(r *report.Report) {
			r.Identity.Serial = report.Known("Default string", "i/2")
			r.Identity.SoCSerial = report.Known("0000000000000000", "i/4")
			r.Identity.ProductUUID = report.Known("03000200-0400-0500-0006-000700080009", "i/5")
			r.Storage[0].Serial = report.Known(serial, "s/6")
		}
	}
	if got := CompareUnits(unit(filler("0000000000")), unit(filler("0000000000"))); got != UnknownUnits {
		t.Errorf("units with nothing but filler: %q; want %q", got, UnknownUnits)
	}
	if got := CompareUnits(unit(filler("S1A")), unit(filler("S2B"))); got != OtherUnits {
		t.Errorf("units with serial numbers of disks beside filler: %q; want %q", got, OtherUnits)
	}
}

// TestPerhapsOfTheBoard changes a drive of which nobody can see whether it is the board's.
func TestPerhapsOfTheBoard(t *testing.T) {
	drive := func(change func(*report.Disk)) *report.Report {
		return unit(func(r *report.Report) {
			d := report.Disk{
				Path: "n", Model: report.Known("Q", "s/7"), FirmwareRevision: report.Known("1", "s/8"), Serial: report.Known("S1", "s/9"),
				Attached: report.Missing[string](report.NotProbed, "PCI does not say", "s/10"),
			}
			change(&d)
			if d.Path != "" {
				r.Storage = append(r.Storage, d)
			}
		})
	}
	base := drive(func(*report.Disk) {})
	for name, c := range map[string]struct {
		change       func(*report.Disk)
		rule         string
		want         Severity
		inconclusive bool
	}{
		"gone":             {func(d *report.Disk) { *d = report.Disk{} }, "", "", true},
		"another model":    {func(d *report.Disk) { d.Model.Value = "R" }, "software.changed", Notable, false},
		"another firmware": {func(d *report.Disk) { d.FirmwareRevision.Value = "2" }, "firmware.changed", Notable, false},
		"another serial":   {func(d *report.Disk) { d.Serial.Value = "S2" }, "", "", false},
	} {
		got := Compare(base, drive(c.change))
		if c.rule == "" && len(got.Changes) > 0 || c.rule != "" && (len(got.Changes) != 1 || got.Changes[0].Rule != c.rule || got.Changes[0].Severity != c.want) || got.Inconclusive() != c.inconclusive {
			t.Errorf("%s: %+v, inconclusive %v; want %q %s, %v", name, got.Changes, got.Inconclusive(), c.rule, c.want, c.inconclusive)
		}
	}
	if got := CompareUnits(base, drive(func(d *report.Disk) { d.Serial.Value = "S2" })); got != SameUnit {
		t.Errorf("another drive in a module: %q; want %q", got, SameUnit)
	}
}

// What one side could not see is neither removed nor added, and a comparison of nothing
// decides nothing.
func TestUnseen(t *testing.T) {
	claim := func(r *report.Report) {
		r.Sections = append(r.Sections, report.Section{Name: "memory", Outcome: report.OutcomeOK}, report.Section{Name: "cpu", Outcome: report.OutcomeOK})
		r.Memory.Claims = []report.Claim{{Source: "iomem", Bytes: report.Known[int64](4e9, "m/1")}}
		r.CPU.Types = []report.CoreType{{Signature: "x", Name: report.Known("Core", "c/2")}}
	}
	base := unit(claim)
	for name, change := range map[string]func(*report.Report){
		"a source of RAM is not there": func(r *report.Report) { claim(r); r.Memory.Claims = nil },
		"another source":               func(r *report.Report) { claim(r); r.Memory.Claims[0].Source = "smbios" },
		"no processor is known":        func(r *report.Report) { claim(r); r.CPU.Types = nil },
		"a folder whose links are lost": func(r *report.Report) {
			claim(r)
			r.Sight.World = report.Known(report.WorldRoot, "g/1")
			r.Storage = nil
		},
		"a folder with names only": func(r *report.Report) {
			claim(r)
			r.Storage = []report.Disk{{Path: "by-name/sda", SizeBytes: report.Known[int64](8e9, "s/1"), Attached: report.Known(report.Soldered, "s/3")}}
		},
	} {
		for turned, got := range map[string]Result{"": Compare(base, unit(change)), ", turned round": Compare(unit(change), base)} {
			if len(got.Changes) != 0 || len(got.Coverage) == 0 {
				t.Errorf("%s%s: changes %+v, coverage %+v; want coverage alone", name, turned, got.Changes, got.Coverage)
			}
		}
	}
	if got := Compare(&report.Report{}, &report.Report{}); !got.Inconclusive() {
		t.Error("two empty reports compare")
	}
	if got := Compare(base, unit(claim)); got.Inconclusive() || got.Hardware == 0 {
		t.Errorf("equal boards: %+v", got)
	}
}
