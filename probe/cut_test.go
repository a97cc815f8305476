package probe

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/seal"
)

// corpus yields the evidence of packages of real kernels, by name.
func corpus(t testing.TB) map[string][]report.Evidence {
	t.Helper()
	names, err := filepath.Glob("../cmd/boardreport/testdata/corpus/*.board.tar.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("corpus: %d packages, %v", len(names), err)
	}
	all := map[string][]report.Evidence{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := seal.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		member, _ := p.Member("evidence.json")
		record, _, err := report.DecodeEvidence(member)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[filepath.Base(name)] = record.Evidence
	}
	return all
}

// factsOf are the facts that a section makes of its evidence, by path.
func factsOf(b *Builder, c collector, heard *recorded, end report.Evidence) map[string]report.Leaf {
	facts := map[string]report.Leaf{}
	s := b.build(c, heard, end)
	if s.apply == nil {
		return facts
	}
	part := new(report.Report)
	s.apply(part)
	part.Clean()
	part.Distinguish()
	for l := range part.Facts() {
		facts[l.Path] = l
	}
	return facts
}

// TestCut cuts every section of the corpus after every record. What is left may
// say less than the whole section, and nothing else: the same value, or that it
// was not answered in time, of no device that the whole section does not have.
func TestCut(t *testing.T) {
	for name, evidence := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compared, left := 0, 0
			b := NewBuilder()
			b.all = foreign(evidence)
			for _, c := range collectors() {
				records := slices.DeleteFunc(slices.Clone(evidence), func(e report.Evidence) bool { return e.Section != c.name })
				if len(records) == 0 || records[len(records)-1].Subject != string(report.OutcomeOK) {
					continue
				}
				records = records[:len(records)-1]
				whole := factsOf(b, c, b.all, endOf(c.name, report.OutcomeOK, "", len(records)))
				devices := map[string]bool{"": true}
				for _, l := range whole {
					devices[l.List] = true
				}
				for k := range records {
					outcome := []report.Outcome{report.OutcomeDeadline, report.OutcomeKilled}[k%2]
					cut := newRecorded(records[:k])
					cut.foreign = true
					for path, is := range factsOf(b, c, cut, endOf(c.name, outcome, "", k)) {
						compared++
						was, ok := whole[path]
						switch {
						case is.Gap == report.Deadline && devices[is.List]:
						case ok && is.Value == was.Value && is.Gap == was.Gap:
							left++
						default:
							t.Errorf("%s cut after %d of %d records: %s = %s%s (%s), whole: %s%s", c.name, k, len(records), path, is.Value, is.Gap, is.Note, was.Value, was.Gap)
						}
					}
				}
			}
			t.Logf("%d facts compared, %d of them stand", compared, left)
			if left < compared/10 {
				t.Errorf("%d of %d facts stand: a cut section loses what was answered", left, compared)
			}
		})
	}
}

// TestFingerprintOfPart leaves out, cuts and kills each section that the
// fingerprint needs: none of these runs may look like another board.
func TestFingerprintOfPart(t *testing.T) {
	all := corpus(t)
	for _, name := range []string{"virt.board.tar.gz", "q35.board.tar.gz", "mcimx6ul-slow.board.tar.gz"} {
		evidence := all[name]
		whole, err := Build(evidence, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !whole.Fingerprint.OK() {
			t.Errorf("%s: fingerprint %s", name, whole.Fingerprint.Why())
		}
		for _, section := range []string{"identity", "cpu", "memory"} {
			for _, outcome := range []report.Outcome{report.OutcomeNotRun, report.OutcomeDeadline, report.OutcomeKilled} {
				part := slices.Clone(evidence)
				for i := range part {
					if part[i].Section == section && part[i].Op == report.OpEnd {
						part[i].Subject = string(outcome)
					}
				}
				r, err := Build(part, 0)
				if err != nil {
					t.Fatal(err)
				}
				if r.Fingerprint.OK() {
					t.Errorf("%s with section %s %s: fingerprint %s", name, section, outcome, r.Fingerprint.Value)
				}
				if outcome != report.OutcomeNotRun && r.BoardName() != whole.BoardName() {
					t.Errorf("%s with section %s %s is called %s", name, section, outcome, r.BoardName())
				}
			}
		}
	}
}
