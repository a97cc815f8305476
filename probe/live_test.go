package probe

import (
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// TestThisMachine probes the machine of the test: whatever it is, every
// section ends, the report follows from the evidence, and two runs differ in
// what is volatile only.
func TestThisMachine(t *testing.T) {
	take := func() *report.Report {
		evidence, err := Collect(t.Context(), Options{Key: pseudonym.Key{7}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return rebuilt(t, evidence)
	}
	a, b := take(), take()
	for _, s := range a.Sections {
		if s.Outcome != report.OutcomeOK && s.Outcome != report.OutcomeError {
			t.Errorf("section %s: %s %s", s.Name, s.Outcome, s.Reason)
		}
	}
	if !a.Memory.TotalBytes.OK() || !a.CPU.LogicalOnline.OK() || !a.Kernel.Release.OK() {
		t.Errorf("memory %+v, cpu %+v, kernel %+v", a.Memory.TotalBytes, a.CPU.LogicalOnline, a.Kernel.Release)
	}
	second := map[string]report.Leaf{}
	for l := range b.Facts() {
		second[l.Path] = l
	}
	for l := range a.Facts() {
		if m := second[l.Path]; l.Class != report.ClassVolatile && (l.Value != m.Value || l.Gap != m.Gap) {
			t.Errorf("%s: %s%s, then %s%s", l.Path, l.Value, l.Gap, m.Value, m.Gap)
		}
	}
	if len(require.Check(a)) == 0 {
		t.Error("no findings")
	}
	t.Log("\n" + require.Table(a, require.Check(a), require.TableOptions{}))
}
