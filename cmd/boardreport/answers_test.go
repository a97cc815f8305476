package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/diff"
)

// TestOneAnswerChanged changes one answer of a package, or one thing that was stated,
// and says what a comparison has to make of it.
func TestOneAnswerChanged(t *testing.T) {
	const board = "imx8mp-emmc"
	eMMC := "storage[platform/soc@0/30800000.bus/30b60000.mmc/card]"
	ethernet := "network[platform/soc@0/30800000.bus/30be0000.ethernet/net]"
	answer := func(op, subject string, change func(*report.Evidence)) func([]report.Evidence) []report.Evidence {
		return func(evidence []report.Evidence) []report.Evidence {
			n := 0
			for i := range evidence {
				if e := &evidence[i]; e.Op == op && strings.HasSuffix(e.Subject, subject) {
					change(e)
					n++
				}
			}
			if n == 0 {
				t.Fatalf("no answer to %s %s", op, subject)
			}
			return evidence
		}
	}
	without := func(name string) func(*report.Evidence) {
		return func(e *report.Evidence) {
			e.SetNames(slices.DeleteFunc(e.Names(), func(n string) bool { return strings.HasPrefix(n, name) }))
		}
	}
	text := func(s string) func(*report.Evidence) { return func(e *report.Evidence) { e.SetBytes([]byte(s)) } }
	refused := func(errno string) func(*report.Evidence) {
		return func(e *report.Evidence) {
			*e = report.Evidence{ID: e.ID, Section: e.Section, Op: e.Op, Subject: e.Subject, N: e.N, Errno: errno}
		}
	}
	of := func(t *testing.T, change func([]report.Evidence) []report.Evidence) *report.Report {
		evidence := evidenceOf(t, board)
		if change != nil {
			evidence = change(evidence)
		}
		r, err := probe.Build(evidence, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.Run.PseudonymKey = "k"
		r.Claims = []report.Statement{{Name: "label.hw", Value: report.Known("B1", "claims/1").By(report.Claimed)}, {Name: "label.desk", Value: report.Known("3", "claims/1").By(report.Claimed)}}
		for i := range r.Sections {
			if s := &r.Sections[i]; s.Name == "radio-nodes" || s.Name == "firmware" {
				s.Outcome = report.OutcomeOK
			}
		}
		r.RadioNodes = []report.RadioNode{{Path: "/soc/wifi", Compatible: report.Known([]string{"brcm,bcm4329-fmac"}, "radio-nodes/1"), Status: report.Known("okay", "radio-nodes/1")}}
		r.Firmware = []report.FirmwareFile{{File: "x.bin", SHA256: report.Known("aa", "firmware/2")}}
		return r
	}
	a := of(t, nil)
	for name, c := range map[string]struct {
		change       func([]report.Evidence) []report.Evidence
		both         func(*report.Report) // on the second side
		rule, path   string               // of the one change; "" for none
		severity     diff.Severity
		coverage     string // part of a path that only one could see
		inconclusive bool
		units        diff.Units
	}{
		"nothing":                         {units: diff.SameUnit},
		"the soldered eMMC":               {change: answer("list", "sys/block", without("mmcblk2")), rule: "device.removed", path: eMMC, severity: diff.Breaking, units: diff.SameUnit},
		"an entry that is not understood": {change: answer("link", "sys/block/mmcblk2", refused("EACCES")), coverage: eMMC, inconclusive: true, units: diff.SameUnit},
		"the card in the slot":            {change: answer("list", "sys/block", without("mmcblk1")), units: diff.SameUnit},
		"disks cannot be read":            {change: answer("list", "sys/block", refused("EACCES")), coverage: eMMC, inconclusive: true, units: diff.SameUnit},
		"a value is absent now":           {change: answer("read", "base/model", refused("ENOENT")), rule: "revision.changed", path: "identity.model", severity: diff.Breaking, units: diff.SameUnit},
		"a value is denied now":           {change: answer("read", "base/model", refused("EACCES")), coverage: "identity.model", inconclusive: true, units: diff.SameUnit},
		"another eMMC of the kind":        {change: answer("read", "mmcblk2/device/serial", text("0xffff0001\n")), units: diff.UnknownUnits},
		"a random address": {change: func(evidence []report.Evidence) []report.Evidence {
			evidence = answer("read", "net/eth0/addr_assign_type", text("1\n"))(evidence)
			return answer("read", "net/eth0/address", text("02:11:22:33:44:55\n"))(evidence)
		}, rule: "revision.changed", path: ethernet + ".mac_origin", severity: diff.Breaking, units: diff.SameUnit},
		"modules of another kernel": {change: func(evidence []report.Evidence) []report.Evidence {
			evidence = answer("read", "boardprobe/image.json", func(e *report.Evidence) {
				e.SetBytes([]byte(`{"builder":"b","architecture":"arm64","modules":"some","firmware":"none","kernel_releases":["5.4.0"],"module_count":9}`))
			})(evidence)
			return answer("list", "sys/class/net", without("eth"))(evidence)
		}, coverage: "network[", inconclusive: true, units: diff.SameUnit},
		"an interface less": {change: answer("list", "sys/class/net", without("eth0")), rule: "device.removed", path: ethernet, severity: diff.Breaking, units: diff.SameUnit},
		"another label hw": {both: func(r *report.Report) {
			r.Claims = []report.Statement{{Name: "label.hw", Value: report.Known("B2", "claims/1").By(report.Claimed)}}
		}, rule: diff.RuleRevisions, path: "claims[label.hw].value", severity: diff.Info, units: diff.SameUnit},
		"another label": {both: func(r *report.Report) {
			r.Claims = []report.Statement{{Name: "label.desk", Value: report.Known("4", "claims/1").By(report.Claimed)}}
		}, units: diff.SameUnit},
		"a radio node less": {both: func(r *report.Report) { r.RadioNodes = nil }, rule: "device.removed", path: "radio_nodes[/soc/wifi]", severity: diff.Breaking, units: diff.SameUnit},
		"another firmware of that name": {both: func(r *report.Report) { r.Firmware[0].SHA256 = report.Known("bb", "firmware/2") }, rule: "firmware.changed", path: "firmware[x.bin].sha256",
			severity: diff.Notable, units: diff.SameUnit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := of(t, c.change)
			if c.both != nil {
				c.both(b)
			}
			got := diff.Compare(a, b)
			switch {
			case c.rule == "" && len(got.Changes) > 0:
				t.Errorf("changes %+v; want none", got.Changes)
			case c.rule != "" && (len(got.Changes) != 1 || got.Changes[0].Rule != c.rule || got.Changes[0].Path != c.path || got.Changes[0].Severity != c.severity):
				t.Errorf("changes %+v; want %s %s of %s", got.Changes, c.severity, c.rule, c.path)
			}
			if c.coverage != "" && !slices.ContainsFunc(got.Coverage, func(x diff.Change) bool { return strings.HasPrefix(x.Path, c.coverage) }) {
				t.Errorf("coverage %+v; want %s", got.Coverage, c.coverage)
			}
			if got.Inconclusive() != c.inconclusive {
				t.Errorf("inconclusive %v (%+v); want %v", got.Inconclusive(), got.Coverage, c.inconclusive)
			}
			if len(got.Changes) > got.Compared {
				t.Errorf("%d differences in %d compared facts and devices", len(got.Changes), got.Compared)
			}
			if units := diff.CompareUnits(a, b); units != c.units {
				t.Errorf("units %q; want %q", units, c.units)
			}
			if back := diff.Compare(b, a); len(back.Changes) != len(got.Changes) || back.Inconclusive() != got.Inconclusive() {
				t.Errorf("turned round: %+v, %v; want as many", back.Changes, back.Inconclusive())
			}
		})
	}
}
