// Package require judges a report: the published minimum of balena's Custom
// Device Support, and everything else that its evaluation asks for, each as
// one data file in checks/ with its source, and at most one rule in Go.
//
// It sees facts only through the report and never promises anything: a pass
// means that the facts of this report meet what was published on the date of
// the source. A rule that meets a gap answers unknown and says what to do. It
// formats the verdict table and the questions; reading and comparing reports,
// and signatures, are other packages' work.
package require

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/console"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// Group is what a check is for.
type Group string

const (
	Requirement  Group = "requirement"  // the published minimum
	Scoping      Group = "scoping"      // what an engineer needs to estimate the work
	Rig          Group = "rig"          // automated testing
	Security     Group = "security"     // secure boot, keys
	Completeness Group = "completeness" // what this report is worth
)

// groups returns all groups in the order in which findings are listed.
func groups() []Group { return []Group{Requirement, Scoping, Rig, Security, Completeness} }

// Verdict is the answer of a check.
type Verdict string

const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Warn    Verdict = "warn"
	Info    Verdict = "info"
	Unknown Verdict = "unknown" // the facts do not decide it
	Ask     Verdict = "ask"     // only a person can answer
)

// Finding is the answer of one check to one report. Found and Detail are
// printable ASCII, whatever the board said.
type Finding struct {
	ID       string   `json:"id"`
	Group    Group    `json:"group"`
	Verdict  Verdict  `json:"verdict"`
	Title    string   `json:"title"`
	Found    string   `json:"found,omitempty"`  // what the report has, in a few words
	Needed   string   `json:"needed,omitempty"` // the published minimum
	Detail   string   `json:"detail"`
	Facts    []string `json:"facts"` // paths in report.json that the verdict rests on
	Remedy   string   `json:"remedy"`
	Question string   `json:"question,omitempty"` // for the customer
	Waived   string   `json:"waived,omitempty"`   // the reason why somebody lets it be
	Consequence
	Ours bool `json:"-"` // another run of the probe settles it, and no person
}

// answer is what a rule says. Empty remedy and question are those of the file.
type answer struct {
	verdict          Verdict
	found, detail    string
	facts            []string
	remedy, question string
	ours             bool
}

// rule binds a check to the function that decides it.
type rule struct {
	id     string
	decide func(*report.Report) answer
}

// rules is the one list of rules. A check without a row is a question. said is
// what the console said in front of the report, nil without a log.
func rules(said *console.Boot) []rule {
	return []rule{
		{"cds.ram", ram},
		{"cds.storage", storage},
		{"cds.storage-kind", storageKind},
		{"cds.kernel", kernel},
		{"doc.hardware", hardware},
		{"bsp.layer", layer},
		{"bsp.bootloader-sources", bootloaderSources},
		{"bsp.kernel-sources", kernelSources},
		{"bsp.configs", configs},
		{"boot.options", optionsSaid(said, bootOptions)},
		{"boot.switches", bootSwitches},
		{"boot.loader-places", loaderPlaces},
		{"fw.connectivity", connectivity},
		{"linux.existing", existingLinux},
		{"info.peripherals", peripherals},
		{"boards.same", sameBoards},
		{"rig.ready", rigReady},
		{"conflict.ram", ramConflict},
		{"conflict.ghw", ghwConflict},
		{"conflict.cpu", cpuConflict},
		{"conflict.numbers", numbersConflict},
		{"conflict.loader", loaderConflict},
		{"security.closed", closedBoard},
		{"drivers.unbound", unbound},
		{"drivers.modules", foreignModules},
		{"drivers.firmware", otherFirmware},
		{"network.address", networkAddresses},
		{"storage.wear", storageWear},
		{"storage.labels", storageLabels},
		{"clock.battery", clockBattery},
		{"radio.firmware", radioFirmware},
		{"radio.silent", silentRadios},
		{"radio.additions", firmwareAdditions},
		{"radio.bluetooth-address", bluetoothAddress},
		{"radio.modem", modems},
		{"completeness.sections", sections},
		{"completeness.sight", sight},
		{"identity.placeholder", placeholders},
		{"privacy.withheld", withheld},
		{"console.loader-version", beside(said, loaderSaid)},
		{"console.boot-source", beside(said, sourceSaid)},
		{"console.environment", beside(said, settingsSaid)},
		{"console.dram", beside(said, amountSaid)},
		{"console.secure-boot", beside(said, lockSaid)},
		{"console.board", beside(said, boardSaid)},
		{"console.kernel", beside(said, kernelSaid)},
	}
}

// Check judges a report alone.
func Check(r *report.Report) []Finding { return Case{Report: r}.Check() }

// Check answers every check, in the order of groups and then of ids.
func (c Case) Check() []Finding {
	list, err := definitions()
	if err != nil {
		return nil // the tests load the same files; Status calls no finding inconclusive
	}
	table := rules(c.Console)
	findings := make([]Finding, 0, len(list))
	for i := range list {
		d := &list[i]
		a := answer{verdict: d.Verdict}
		if k := slices.IndexFunc(table, func(r rule) bool { return r.id == d.ID }); k >= 0 {
			a = table[k].decide(c.Report)
		}
		f := d.finding(a)
		if f.Verdict == Pass || f.Verdict == Info {
			f.Detail = strings.TrimSpace(f.Detail + " " + notRead(c.Report, f.Facts))
		}
		findings = append(findings, f)
	}
	return findings
}

// notRead names the sections that facts come from and of which not every entry was
// understood: what was not seen may be one of these.
func notRead(r *report.Report, facts []string) string {
	var words []string
	for _, fact := range facts {
		if name := report.SectionOf(fact); !allRead(r, name) {
			if text := notAllRead(r, name); !slices.Contains(words, text) {
				words = append(words, text)
			}
		}
	}
	return strings.Join(words, " ")
}

// finding joins what the file says of all boards and the rule of this one.
func (d *Definition) finding(a answer) Finding {
	f := Finding{
		ID: d.ID, Group: d.Group, Verdict: a.verdict, Title: d.Title, Needed: d.Needed,
		Found: page.Clean(a.found), Detail: page.Clean(a.detail), Facts: a.facts,
		Consequence: d.Consequence(a.verdict), Ours: a.ours,
	}
	if f.Facts == nil {
		f.Facts = []string{}
	}
	if d.Group == Requirement && a.verdict == Pass {
		f.Detail = strings.TrimSpace("Meets the published minimum as of " + d.Source.Date + ". " + f.Detail)
	}
	if f.Detail == "" && a.verdict == Pass {
		f.Detail = d.Passed
	}
	if f.Detail == "" {
		f.Detail = d.Rationale
	}
	if a.verdict == Fail || a.verdict == Warn || a.verdict == Unknown {
		f.Remedy = first(a.remedy, d.Remedy)
	}
	if a.verdict == Ask || a.verdict == Warn || a.verdict == Unknown {
		f.Question = page.Clean(first(a.question, d.Question))
	}
	return f
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Encode writes findings as the document of "boardreport check -format json".
func Encode(findings []Finding) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if findings == nil {
		findings = []Finding{}
	}
	if err := e.Encode(map[string][]Finding{"findings": findings}); err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	return b.Bytes(), nil
}

// unlisted is the answer where a section did not end well: what it lists may
// be only a part of what there is.
func unlisted(r *report.Report, name string) (answer, bool) {
	s := r.Section(name)
	if s.Outcome == report.OutcomeOK {
		return answer{}, false
	}
	why := string(s.Outcome)
	if s.Reason != "" {
		why += ": " + s.Reason
	}
	return answer{
		verdict: Unknown,
		found:   "section " + name + " not complete (" + why + ")",
		detail:  "What the section " + name + " has may be only a part of what there is.",
		facts:   []string{"sections"},
		remedy:  otherRun(r, s),
		ours:    true,
	}, true
}

// allRead reports whether every entry of a section's lists was understood.
func allRead(r *report.Report, name string) bool {
	s := r.Section(name)
	return s.Understood >= s.Entries
}

// notAllRead says that a section has entries that were not understood.
func notAllRead(r *report.Report, name string) string {
	s := r.Section(name)
	return fmt.Sprintf("%d of %d entries of the section %s were understood, so there may be more.", s.Understood, s.Entries, name)
}
