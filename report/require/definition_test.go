package require

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/boardprobe/boardprobe/report"
)

// ids are the published items, by the names that scripts rely on, and the
// checks of our own.
func ids() []string {
	return []string{
		"cds.ram", "cds.storage", "cds.storage-kind", "cds.kernel",
		"doc.hardware", "doc.vendor", "doc.datasheet", "doc.logo",
		"bsp.layer", "bsp.support", "bsp.bootloader-sources", "bsp.kernel-sources", "bsp.configs", "bsp.provisioning",
		"boot.options", "boot.switches", "fw.connectivity", "linux.existing",
		"info.contact", "info.peripherals", "info.timeline", "info.legal", "info.device-type-visibility", "info.code-visibility",
		"boards.count", "boards.same", "rig.ready",
		"eval.board", "eval.form", "eval.fee", "ship.route", "info.public-mention", "info.revisions", "info.fleet",
		"notice.hardware", "notice.software", "notice.files", "notice.response", "eol.yocto", "eol",

		"conflict.ram", "conflict.ghw", "completeness.sections", "completeness.sight", "identity.placeholder",
		"conflict.cpu", "conflict.numbers", "conflict.loader", "security.closed", "drivers.unbound", "drivers.modules", "drivers.firmware", "network.address", "storage.wear", "storage.labels", "clock.battery", "radio.firmware", "radio.bluetooth-address", "radio.modem", "boot.loader-places", "radio.silent", "radio.additions", "privacy.withheld",

		"console.loader-version", "console.boot-source", "console.environment", "console.dram", "console.secure-boot", "console.board", "console.kernel",
	}
}

func TestEveryIDHasAFile(t *testing.T) {
	list, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.ID)
	}
	want := ids()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("checks = %q; want %q", got, want)
	}
	if len(Check(imx8mp())) != len(want) {
		t.Errorf("Check gives %d findings; want one for each of %d checks", len(Check(imx8mp())), len(want))
	}
}

func TestEveryRuleIsBound(t *testing.T) {
	bound := map[string]bool{}
	for _, r := range rules(nil) {
		if bound[r.id] {
			t.Errorf("%s has two rules", r.id)
		}
		bound[r.id] = true
		if !slices.Contains(ids(), r.id) {
			t.Errorf("rule %s has no check", r.id)
		}
	}
	for _, d := range Definitions() {
		if bound[d.ID] == (d.Verdict != "") {
			t.Errorf("%s: verdict %q in the file, rule bound: %v; want exactly one of them", d.ID, d.Verdict, bound[d.ID])
		}
		if d.Group == Requirement && (d.Remedy == "" || d.Question == "" || !bound[d.ID]) {
			t.Errorf("%s: a requirement needs rule, remedy and question", d.ID)
		}
	}
}

// words are all that a check says.
func words(d Definition) []string {
	list := []string{d.Title, d.Rationale, d.Passed, d.Impact, d.Remedy, d.Question, d.NoEffect}
	for _, c := range d.Effects {
		list = append(list, c.Why)
	}
	return list
}

// TestWording keeps promises out of the files.
func TestWording(t *testing.T) {
	for _, d := range Definitions() {
		for _, s := range words(d) {
			for _, word := range []string{"accept", "guarantee", "will pass", "certified", "is the same", "tier"} {
				if strings.Contains(strings.ToLower(s), word) {
					t.Errorf("%s says %q in %q", d.ID, word, s)
				}
			}
		}
	}
}

func goodCheck() fstest.MapFS {
	return fstest.MapFS{"x.json": {Data: []byte(`{"id":"x","title":"T","group":"scoping","topic":"form","source":{"title":"S","date":"2026-11"},` +
		`"rationale":"R","pass":"P","impact":"I","question":"Q?","verdict":"ask","waivable":["ask"],"effects":{"ask":{"effect":"effort","size":"small","work":"kernel","why":"W"}}}`)}}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := load(goodCheck()); err != nil {
		t.Fatalf("load(good) = %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown field":      {`"id"`, `"colour":"red","id"`, "unknown field"},
		"trailing":           {`"W"}}}`, `"W"}}}{}`, "after the document"},
		"two words":          {`"effects"`, `"no_effect":"N","effects"`, "either"},
		"effect":             {`"effort"`, `"fame"`, "effect"},
		"effect of a pass":   {`{"ask":`, `{"pass":`, "verdict"},
		"what asks blocks":   {`"effort"`, `"blocks"`, "blocks"},
		"risk with a size":   {`"effort"`, `"risk"`, "size"},
		"no size":            {`"small"`, `""`, "size"},
		"no such topic":      {`"form"`, `"weather"`, "topic"},
		"no such work":       {`"kernel"`, `"gardening"`, "gardening"},
		"effect without why": {`"W"`, `""`, "reason"},
		"other id":           {`"id":"x"`, `"id":"y"`, `id "y"`},
		"no source":          {`"title":"S"`, `"title":""`, "no source"},
		"no date":            {`2026-11`, ``, "date"},
		"bad date":           {`2026-11`, `last week`, "date"},
		"no rationale":       {`"R"`, `""`, "no rationale"},
		"no pass":            {`"P"`, `""`, "no pass"},
		"no impact":          {`"I"`, `""`, "no impact"},
		"asks nothing":       {`"question":"Q?"`, `"remedy":"r"`, "without a question"},
		"neither":            {`"Q?"`, `""`, "remedy or question"},
		"group":              {`scoping`, `gossip`, "group"},
		"verdict":            {`"verdict":"ask"`, `"verdict":"pass"`, "verdict"},
		"waivable fail":      {`"waivable":["ask"]`, `"waivable":["fail"]`, "waivable"},
		"not ASCII":          {`"Q?"`, `"Qu\u00e9?"`, "ASCII"},
		"two lines":          {`"Q?"`, `"Q\n?"`, "one line"},
		"needs needed":       {`"scoping"`, `"requirement"`, "needed"},
		"not JSON":           {`{`, ``, "x.json"},
		"title out of table": {`"title":"T","group":"scoping"`, `"title":"a title that is long","needed":"1","group":"requirement"`, "fit"},
	} {
		tree := maps.Clone(goodCheck())
		content := string(tree["x.json"].Data)
		if !strings.Contains(content, c.old) {
			t.Fatalf("%s: the good check has no %q", name, c.old)
		}
		tree["x.json"] = &fstest.MapFile{Data: []byte(strings.Replace(content, c.old, c.new, 1))}
		if _, err := load(tree); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: load = %v; want an error with %q", name, err, c.want)
		}
	}
	if _, err := load(fstest.MapFS{}); err == nil {
		t.Error("load of no files: no error")
	}
}

// Whatever fails, warns or asks means something for the evaluation, or its file says
// why it does not.
func TestEveryFindingHasAnEffect(t *testing.T) {
	for _, r := range []*report.Report{imx8mp(), {}} {
		for _, f := range Check(r) {
			decided := f.Verdict == Pass || f.Verdict == Info
			if f.Effect == "" || !decided && f.Why == "" {
				t.Errorf("%s: %s has the effect %q, why %q", f.ID, f.Verdict, f.Effect, f.Why)
			}
			if f.Verdict == Pass && f.Effect != None {
				t.Errorf("%s passes and has the effect %q", f.ID, f.Effect)
			}
		}
	}
	for _, d := range Definitions() {
		if d.Verdict != "" && d.Verdict != Info && d.Consequence(d.Verdict).Why == "" {
			t.Errorf("%s: %s means nothing, and nothing says why", d.ID, d.Verdict)
		}
	}
}

func TestEffectsOfOthers(t *testing.T) {
	e, err := ParseEffects([]byte(`{"bsp.layer":{"ask":{"effect":"risk","why":"ours has one"}},"doc.logo":{"ask":{"effect":"none","why":"later"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	findings := []Finding{{ID: "bsp.layer", Verdict: Ask}, {ID: "bsp.layer", Verdict: Pass}}
	e.Apply(findings)
	if findings[0].Effect != Risk || findings[1].Effect != "" {
		t.Errorf("applied: %+v", findings)
	}
	for _, bad := range []string{``, `{}{}`, `{"no.check":{}}`, `{"bsp.layer":{"maybe":{"effect":"risk","why":"w"}}}`, `{"bsp.layer":{"ask":{"effect":"fame","why":"w"}}}`,
		`{"bsp.layer":{"ask":{"effect":"effort","why":"w"}}}`, `{"bsp.layer":{"ask":{"colour":"red"}}}`, `[]`} {
		if _, err := ParseEffects([]byte(bad)); err == nil {
			t.Errorf("ParseEffects(%s): no error", bad)
		}
	}
}
