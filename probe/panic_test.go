package probe

import (
	"context"
	"slices"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// TestPanic has a collector panic over one of its answers: what it had found
// before is kept, in the run and in every replay.
func TestPanic(t *testing.T) {
	c := section("cpu", func(r *report.Report) *report.CPU { return &r.CPU }, func(_ context.Context, h *Host) (report.CPU, error) {
		var cpu report.CPU
		cpu.Architecture = h.Text("a")
		cpu.LogicalPresent = h.Int("b")
		cpu.LogicalOnline = parse(h, "c", func(data []byte) (int64, error) { return int64(data[7]), nil })
		cpu.LogicalOffline = h.Int("d")
		return cpu, nil
	})
	f, err := openFiles(tree(t, map[string]string{"a": "aarch64\n", "b": "4\n", "c": "short", "d": "0\n"}))
	if err != nil {
		t.Fatal(err)
	}
	heard := newRecorded(nil)
	w := &system{files: f, replacer: replacerOf(t, f)}
	outcome, reason, asked := runSection(t.Context(), c, w, &budget{left: maxRun}, 0, func(e report.Evidence) { heard.add("cpu", e) }, nil)
	if outcome != report.OutcomePanic || asked != 3 {
		t.Fatalf("runSection = %s %q after %d questions; want a panic after 3", outcome, reason, asked)
	}
	b := NewBuilder()
	built := b.build(c, heard, endOf("cpu", outcome, reason, asked))
	r := new(report.Report)
	if built.apply == nil {
		t.Fatal("nothing is kept")
	}
	built.apply(r)
	if r.CPU.Architecture.Value != "aarch64" || r.CPU.LogicalPresent.Value != 4 || r.CPU.LogicalOnline.Gap != report.Deadline || r.CPU.LogicalOffline.Gap != report.Deadline {
		t.Errorf("kept %+v; want two facts and two gaps", r.CPU)
	}
	if odd := heard.unused(); len(odd) > 0 {
		t.Errorf("records that nobody asked for: %q", odd)
	}
	if built.section.Outcome != report.OutcomePanic || !slices.Contains(r.CPU.Architecture.From, "cpu/1") {
		t.Errorf("section %+v, architecture rests on %q", built.section, r.CPU.Architecture.From)
	}
}
