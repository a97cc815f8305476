package require

import (
	"slices"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// What another run of the probe settles is put to no person; the published minimum is,
// since a person can know it.
func TestQuestionsOfOurs(t *testing.T) {
	var ids []string
	for _, q := range Open(Check(&report.Report{})) {
		ids = append(ids, q.IDs...)
		if len(q.Ask) == 0 || q.Why == "" || q.Who == "" {
			t.Errorf("topic %+v", q)
		}
	}
	for _, id := range []string{"drivers.unbound", "radio.silent", "storage.wear", "clock.battery", "conflict.numbers"} {
		if slices.Contains(ids, id) {
			t.Errorf("%s is asked of the customer, and its section did not run", id)
		}
	}
	for _, id := range []string{"cds.ram", "cds.storage", "info.contact", "bsp.layer"} {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is not asked", id)
		}
	}
	// Every topic can come up, and no check is in two questions.
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("a check is in two questions: %q", ids)
	}
}
