package require

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// boardsThatPass are runs that meet all four requirements, each in its own
// way, so that no second fact covers for one that is taken away.
func boardsThatPass() map[string]func() *report.Report {
	with := func(change func(*report.Report)) func() *report.Report {
		return func() *report.Report {
			r := imx8mp()
			change(r)
			return r
		}
	}
	return map[string]func() *report.Report{
		"eMMC alone": with(func(r *report.Report) {
			r.Storage, r.MMCHosts = r.Storage[:1], r.MMCHosts[1:]
		}),
		"card alone": with(func(r *report.Report) {
			r.Storage, r.MMCHosts = []report.Disk{card("mmcblk1", 16e9)}, nil
		}),
	}
}

// TestGapNeverPasses takes away, one by one, every fact that decides a
// requirement, in all ways in which it can be missing.
func TestGapNeverPasses(t *testing.T) {
	gaps := []report.Gap{report.Absent, report.Unsupported, report.Denied, report.Failed, report.Invalid, report.NotProbed, report.Deadline, ""}
	none := func(g report.Gap) report.Fact[string] {
		if g == "" {
			return report.Fact[string]{}
		}
		return gap[string](g)
	}
	noNumber := func(g report.Gap) report.Fact[int64] {
		if g == "" {
			return report.Fact[int64]{}
		}
		return gap[int64](g)
	}
	type removal struct {
		id, what string
		remove   func(*report.Report, report.Gap)
	}
	removals := []removal{
		{"cds.ram", "all amounts", func(r *report.Report, g report.Gap) {
			r.Memory.FittedBytes, r.Memory.VisibleBytes, r.Memory.TotalBytes = noNumber(g), noNumber(g), noNumber(g)
		}},
		{"cds.ram", "fitted, little given", func(r *report.Report, g report.Gap) {
			r.Memory = memory(0, 900, 880, says("smbios", 2048))
			r.Memory.FittedBytes = noNumber(g)
		}},
		{"cds.storage", "size", func(r *report.Report, g report.Gap) { r.Storage[0].SizeBytes = noNumber(g) }},
		{"cds.storage", "kind", func(r *report.Report, g report.Gap) { r.Storage[0].Kind = none(g) }},
		{"cds.storage", "attached", func(r *report.Report, g report.Gap) { r.Storage[0].Attached = none(g) }},
		{"cds.storage-kind", "kind", func(r *report.Report, g report.Gap) { r.Storage[0].Kind = none(g) }},
		{"cds.storage-kind", "attached", func(r *report.Report, g report.Gap) { r.Storage[0].Attached = none(g) }},
		{"cds.kernel", "release", func(r *report.Report, g report.Gap) { r.Kernel.Release = none(g) }},
		{"cds.kernel", "origin", func(r *report.Report, g report.Gap) { r.Sight.KernelOrigin = none(g) }},
	}
	for board, build := range boardsThatPass() {
		for _, f := range Check(build()) {
			if f.Group == Requirement && f.Verdict != Pass {
				t.Errorf("%s: %s = %s (%s); want pass before anything is taken away", board, f.ID, f.Verdict, f.Detail)
			}
		}
		for _, m := range removals {
			if board == "card alone" && m.what == "size" {
				continue // the slot counts, whatever card is in it
			}
			for _, g := range gaps {
				r := build()
				m.remove(r, g)
				if f := find(t, r, m.id); f.Verdict == Pass || f.Verdict == Fail {
					t.Errorf("%s, %s is %q: %s = %s (%s); want unknown", board, m.what, g, m.id, f.Verdict, f.Found)
				}
			}
		}
	}
}

func TestSectionNeverPasses(t *testing.T) {
	for id, section := range map[string]string{
		"cds.ram": "memory", "cds.storage": "storage", "cds.storage-kind": "storage", "cds.kernel": "kernel",
		"conflict.ram": "memory", "conflict.ghw": "ghw", "identity.placeholder": "identity", "fw.connectivity": "network", "rig.ready": "network",
	} {
		for _, outcome := range []report.Outcome{report.OutcomeError, report.OutcomeDeadline, report.OutcomePanic, report.OutcomeKilled, report.OutcomeNotRun} {
			for board, build := range boardsThatPass() {
				r := build()
				k := slices.IndexFunc(r.Sections, func(s report.Section) bool { return s.Name == section })
				r.Sections[k].Outcome = outcome
				f := find(t, r, id)
				if f.Verdict != Unknown || !strings.Contains(f.Found, string(outcome)) || f.Remedy == "" {
					t.Errorf("%s, section %s %s: %s = %s, %q, %q; want unknown with the outcome and a remedy", board, section, outcome, id, f.Verdict, f.Found, f.Remedy)
				}
			}
		}
	}
	for _, f := range Check(&report.Report{}) {
		if f.Verdict == Pass || f.Verdict == Fail {
			t.Errorf("empty report: %s = %s; want nothing decided", f.ID, f.Verdict)
		}
	}
}

func TestFindings(t *testing.T) {
	first, again := Check(imx8mp()), Check(imx8mp())
	if !reflect.DeepEqual(first, again) {
		t.Error("Check gives different findings for the same report")
	}
	paths := map[string]bool{}
	for l := range imx8mp().Facts() {
		paths[l.Path] = true
	}
	lists := []string{"sections", "storage", "network", "usb", "pci", "mmc_hosts", "cpu.types", "ghw.usb"}
	group := 0
	for _, f := range first {
		g := slices.Index(groups(), f.Group)
		if g < group {
			t.Errorf("%s of group %s comes too late", f.ID, f.Group)
		}
		group = g
		if f.Detail == "" || f.Facts == nil || f.Title == "" {
			t.Errorf("%s: detail %q, facts %v, title %q; want all", f.ID, f.Detail, f.Facts, f.Title)
		}
		if (f.Verdict == Ask) != (f.Question != "") && f.Verdict != Warn && f.Verdict != Unknown {
			t.Errorf("%s: verdict %s with question %q", f.ID, f.Verdict, f.Question)
		}
		if (f.Verdict == Pass || f.Verdict == Info) && f.Remedy != "" {
			t.Errorf("%s: verdict %s with remedy %q", f.ID, f.Verdict, f.Remedy)
		}
		if f.Group == Requirement && !strings.HasPrefix(f.Detail, "Meets the published minimum as of 2026-11.") {
			t.Errorf("%s: detail %q; want the date of the published minimum", f.ID, f.Detail)
		}
		if f.Group != Requirement {
			continue
		}
		for _, p := range f.Facts {
			if !paths[p] && !slices.Contains(lists, p) && !strings.Contains(p, "takes_sd") && !strings.Contains(p, "started_from") {
				t.Errorf("%s rests on %s, which is not a fact of the report", f.ID, p)
			}
		}
	}
}

func TestEncode(t *testing.T) {
	data, err := Encode(Check(imx8mp()))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Findings []map[string]any `json:"findings"`
	}
	if err := json.Unmarshal(data, &doc); err != nil || len(doc.Findings) != len(ids()) {
		t.Fatalf("Encode: %v, %d findings", err, len(doc.Findings))
	}
	for _, f := range doc.Findings {
		for _, key := range []string{"id", "group", "verdict", "title", "detail", "facts", "remedy"} {
			if _, ok := f[key]; !ok {
				t.Errorf("finding %v has no %s", f["id"], key)
			}
		}
	}
	if data, err := Encode(nil); err != nil || !strings.Contains(string(data), `"findings": []`) {
		t.Errorf("Encode(nil) = %s, %v; want an empty list", data, err)
	}
}

func TestStatus(t *testing.T) {
	with := func(list ...Finding) []Finding { return list }
	fail, unknown := Finding{ID: "cds.ram", Group: Requirement, Verdict: Fail}, Finding{ID: "cds.kernel", Group: Requirement, Verdict: Unknown}
	pass, warn := Finding{ID: "cds.storage", Group: Requirement, Verdict: Pass}, Finding{ID: "cds.storage-kind", Group: Requirement, Verdict: Warn}
	ask, conflict := Finding{ID: "doc.vendor", Group: Scoping, Verdict: Ask}, Finding{ID: "conflict.ram", Group: Completeness, Verdict: Warn}
	waived := unknown
	waived.Waived = "the BSP builds 5.15"
	for name, c := range map[string]struct {
		findings []Finding
		on       string
		want     int
	}{
		"all pass":             {with(pass, ask, conflict), "", 0},
		"a failure":            {with(pass, fail), "", 1},
		"unknown":              {with(pass, unknown), "", 3},
		"a failure outranks":   {with(unknown, fail, pass), "", 1},
		"warnings do not":      {with(pass, warn), "", 0},
		"unless named":         {with(pass, warn), "warn", 1},
		"unknown named":        {with(pass, unknown), "unknown", 1},
		"warn in any group":    {with(pass, conflict), "warn", 1},
		"warn of one group":    {with(pass, conflict), "requirement,warn", 0},
		"other groups do not":  {with(pass, ask, conflict, Finding{Group: Rig, Verdict: Fail}), "", 0},
		"unless named, asks":   {with(pass, ask), "scoping", 3},
		"asks named":           {with(pass, ask), "scoping,ask", 1},
		"completeness":         {with(pass, conflict), "requirement,completeness,warn", 1},
		"group without a fail": {with(fail, ask), "rig", 3},
		"waived":               {with(pass, waived), "", 0},
		"waived, named":        {with(pass, waived), "unknown", 0},
		"nothing":              {nil, "", 3},
	} {
		var on FailOn
		if c.on != "" {
			var err error
			if on, err = ParseFailOn(c.on); err != nil {
				t.Fatal(err)
			}
		}
		if got := Status(c.findings, on); got != c.want {
			t.Errorf("%s: Status(-fail-on %q) = %d; want %d", name, c.on, got, c.want)
		}
	}
	for _, bad := range []string{"", "requirement,", "everything", "fail", "Requirement"} {
		if _, err := ParseFailOn(bad); err == nil {
			t.Errorf("ParseFailOn(%q): no error", bad)
		}
	}
}

func TestWaive(t *testing.T) {
	r := imx8mp()
	r.Sight.KernelOrigin = text(report.OriginOurs)
	r.Memory = memory(512, 512, 490)
	findings := Check(r)
	w, err := ParseWaiver("cds.kernel=BSP builds 5.15,\x1b[31m see ticket 12")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Waive(findings, []Waiver{w})
	if err != nil {
		t.Fatal(err)
	}
	k := slices.IndexFunc(got, func(f Finding) bool { return f.ID == "cds.kernel" })
	if got[k].Waived != "BSP builds 5.15, [31m see ticket 12" || findings[k].Waived != "" {
		t.Errorf("waived: %q, and the original %q; want the reason noted in the copy only", got[k].Waived, findings[k].Waived)
	}
	if table := Table(r, got, TableOptions{}); !strings.Contains(table, "waived: BSP builds 5.15") {
		t.Errorf("the table does not say that a finding was waived:\n%s", table)
	}
	if strings.Contains(Questions(r, got), "[cds.kernel]") || !strings.Contains(Questions(r, findings), "[cds.kernel]") {
		t.Error("a waived question is asked, or one that was not is not")
	}
	if same, err := Waive(findings, []Waiver{{"cds.storage", "no need"}}); err != nil || !reflect.DeepEqual(same, findings) {
		t.Errorf("waiver of a pass: %v; want no change", err)
	}
	for _, bad := range []Waiver{{"cds.ram", "small is fine"}, {"cds.everything", "x"}} {
		if _, err := Waive(findings, []Waiver{bad}); err == nil {
			t.Errorf("Waive(%v): no error", bad)
		}
	}
	for _, bad := range []string{"", "cds.ram", "cds.ram=", "=x", "cds.ram= \n"} {
		if _, err := ParseWaiver(bad); err == nil {
			t.Errorf("ParseWaiver(%q): no error", bad)
		}
	}
}
