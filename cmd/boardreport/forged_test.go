package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// forgery is a package in the making: documents that are altered before they are
// signed by whoever can make a key.
type forgery struct {
	report    *report.Report
	evidence  []report.Evidence
	document  func([]byte) []byte // what becomes of report.json
	record    func([]byte) []byte // what becomes of evidence.json, nil leaves it out
	predicate func(json.RawMessage) json.RawMessage
}

func same[T any](x T) T { return x }

// forge is an honest package of the corpus, as these collectors would have made
// it, with one change.
func forge(t *testing.T, name string, change func(*forgery)) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus/" + name + ".board.tar.gz")
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
		t.Fatal(err)
	}
	old, _, err := report.Decode(p.Report)
	if err != nil {
		t.Fatal(err)
	}
	// What the collectors of the corpus asked and these do not is left out.
	evidence := record.Evidence
	for range 4 {
		replayed, err := probe.Replay(&report.Report{Run: report.Run{Collector: probe.Collector}}, evidence)
		if err != nil {
			t.Fatal(err)
		}
		evidence = slices.DeleteFunc(evidence, func(e report.Evidence) bool { return e.Op != report.OpEnd && slices.Contains(replayed.Unasked, e.ID) })
		renumber(evidence)
	}
	r, err := probe.Build(evidence, probe.Collector)
	if err != nil {
		t.Fatal(err)
	}
	r.Run = old.Run
	r.Run.Collector = probe.Collector
	f := &forgery{report: r, evidence: evidence, document: same[[]byte], record: same[[]byte], predicate: same[json.RawMessage]}
	change(f)
	signer, err := seal.NewEphemeral(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := report.EncodeEvidence(f.evidence)
	if err != nil {
		t.Fatal(err)
	}
	var members []seal.Member
	if f.record != nil {
		members = append(members, seal.Member{Name: "evidence.json", Data: f.record(text)})
	}
	contents, err := seal.Contents(signer, members)
	if err != nil {
		t.Fatal(err)
	}
	f.report.Members = []report.Member{}
	for _, d := range seal.Digests(contents) {
		f.report.Members = append(f.report.Members, report.Member(d))
	}
	document, err := report.Encode(f.report)
	if err != nil {
		t.Fatal(err)
	}
	document = f.document(document)
	predicate, err := require.Predicate(f.report, require.Check(f.report), signer.Kind())
	if err != nil {
		t.Fatal(err)
	}
	packed, err := seal.Pack(document, contents, f.predicate(predicate), signer)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// renumber gives records the ids and numbers that a run gives them.
func renumber(evidence []report.Evidence) {
	asked, times := map[string]int{}, map[string]int{}
	for i := range evidence {
		e := &evidence[i]
		if e.Op == report.OpEnd {
			e.N = asked[e.Section]
			continue
		}
		asked[e.Section]++
		question := strings.Join([]string{e.Section, e.Op, e.Subject}, "\x00")
		e.ID, e.N = fmt.Sprintf("%s/%d", e.Section, asked[e.Section]), times[question]
		times[question]++
	}
}

// replaced changes a document in one place that must be there.
func replaced(t *testing.T, old, is string) func([]byte) []byte {
	return func(text []byte) []byte {
		if !bytes.Contains(text, []byte(old)) {
			t.Errorf("no %q to forge", old)
		}
		return bytes.Replace(text, []byte(old), []byte(is), 1)
	}
}

// TestForged alters packages and signs them anew. No verb takes one without its
// line on stderr (verify: on stdout), and what it says is in the table.
func TestForged(t *testing.T) {
	honest := forge(t, "mcimx6ul", func(*forgery) {})
	ram := func(f *forgery) {
		for _, fact := range []*report.Fact[int64]{&f.report.Memory.TotalBytes, &f.report.Memory.VisibleBytes, &f.report.Memory.FittedBytes} {
			fact.Value = 4 << 30
		}
		f.report.SetFingerprints()
	}
	type want struct {
		verify, check, show, ask, diff int    // exit statuses
		line                           string // on the same stream everywhere
	}
	refused := want{exitFindings, exitFindings, exitFindings, exitFindings, exitFindings, "not consistent"}
	spoilt := want{exitFindings, exitFindings, exitFindings, exitFindings, exitFindings, "not an intact package"}
	for name, c := range map[string]struct {
		change func(*forgery)
		want   want
	}{
		"honest":         {func(*forgery) {}, want{exitOK, exitFindings, exitOK, exitOK, exitOK, "consistent"}},
		"facts altered":  {ram, refused},
		"facts and note": {func(f *forgery) { f.report.Identity.Model.Note = "seen" }, refused},
		"number set back": {func(f *forgery) { ram(f); f.report.Run.Collector = 0 },
			want{exitOK, exitFindings, exitOK, exitOK, exitOK, "collected again"}},
		"number set forward": {func(f *forgery) { ram(f); f.report.Run.Collector = probe.Collector + 7 },
			want{exitOK, exitUnknown, exitOK, exitOK, exitFindings, "cds.ram: pass as stored, but fail"}},
		"evidence stripped": {func(f *forgery) { ram(f); f.record = nil },
			want{exitOK, exitUnknown, exitOK, exitOK, exitFindings, "no evidence"}},
		"verdicts changed": {func(f *forgery) {
			f.predicate = func(p json.RawMessage) json.RawMessage {
				return replaced(t, `"cds.ram":"fail"`, `"cds.ram":"pass"`)(p)
			}
		}, refused},
		"verdicts alone": {func(f *forgery) {
			f.predicate = func(json.RawMessage) json.RawMessage { return json.RawMessage(`{"verdicts":{"cds.ram":"pass"}}`) }
		}, refused},
		"two spellings of a verdict": {func(f *forgery) {
			f.predicate = func(p json.RawMessage) json.RawMessage {
				return replaced(t, `"verdicts":{`, `"verdicts":{"cds.ram":"pass",`)(p)
			}
		}, refused},
		"two spellings of an answer": {func(f *forgery) { f.record = replaced(t, `"text":"`, `"Text":"MemTotal: 4194304 kB\n","text":"`) }, spoilt},
		"evidence of another board":  {func(f *forgery) { f.evidence = evidenceOf(t, "imx8mp-emmc") }, refused},
		"a record that nobody asked for": {func(f *forgery) {
			f.evidence = append(f.evidence, report.Evidence{ID: "cpu/999", Section: "cpu", Op: "read", Subject: "etc/motd", Text: "hello"})
		}, refused},
		"an end of an unknown section": {func(f *forgery) {
			f.evidence = append(f.evidence, report.Evidence{ID: "x/end", Section: "x", Op: report.OpEnd, Subject: "ok", Text: "intact"})
		}, refused},
		"another number of questions": {func(f *forgery) { f.evidence[len(f.evidence)-1].N = 12345 }, refused},
		"records in another order": {func(f *forgery) {
			f.evidence[0].ID, f.evidence[1].ID = f.evidence[1].ID, f.evidence[0].ID
		}, refused},
		"a panic that was none": {func(f *forgery) {
			for i := range f.evidence {
				if e := &f.evidence[i]; e.ID == "pci/end" {
					e.Subject = string(report.OutcomePanic)
					f.evidence = slices.Insert(f.evidence, i, report.Evidence{ID: fmt.Sprintf("pci/%d", e.N+1), Section: "pci", Op: "read", Subject: "etc/motd", Text: "hello"})
					f.evidence[i+1].N++
					return
				}
			}
		}, refused},
		"a ticket in the report alone": {func(f *forgery) {
			f.report.Claims = []report.Statement{{Name: report.StatedTicket, Value: report.Known("CDS-7", "claims/1").By(report.Claimed)}}
		}, refused},
		"a label in the run block alone": {func(f *forgery) { f.report.Run.Labels = []string{"hw=B2"} }, refused},
		"verdicts changed, evidence stripped": {func(f *forgery) {
			f.record = nil
			f.predicate = func(p json.RawMessage) json.RawMessage {
				return replaced(t, `"cds.ram":"fail"`, `"cds.ram":"pass"`)(p)
			}
		}, refused},
		"newer minor with keys twice": {func(f *forgery) {
			f.document = func(text []byte) []byte {
				text = replaced(t, fmt.Sprintf(`"minor": %d`, report.SchemaMinor), `"minor": 99`)(text)
				return replaced(t, `"memory": {`, `"memory": {"total_bytes": {"value": 4294967296, "from": ["memory/1"]},`)(text)
			}
		}, spoilt},
		"newer minor with another case": {func(f *forgery) {
			f.document = func(text []byte) []byte {
				text = replaced(t, fmt.Sprintf(`"minor": %d`, report.SchemaMinor), `"minor": 99`)(text)
				return replaced(t, `"memory": {`, `"memory": {"Total_bytes": {"value": 4294967296, "from": ["memory/1"]},`)(text)
			}
		}, spoilt},
		"newer evidence with keys twice": {func(f *forgery) {
			f.record = func(text []byte) []byte {
				text = replaced(t, `"minor":1`, `"minor":9`)(text)
				return replaced(t, `"op":"read"`, `"op":"read","op":"read"`)(text)
			}
		}, spoilt},
	} {
		data := forge(t, "mcimx6ul", c.change)
		for _, v := range []struct {
			args   []string
			status int
		}{
			{[]string{"verify"}, c.want.verify}, {[]string{"check"}, c.want.check}, {[]string{"show"}, c.want.show},
			{[]string{"show", "-format", "json"}, c.want.show}, {[]string{"ask"}, c.want.ask},
		} {
			var stdout, stderr bytes.Buffer
			status := run(append(v.args, "-"), bytes.NewReader(data), &stdout, &stderr)
			said := stderr.String()
			if v.args[0] == "verify" {
				said = stdout.String()
			}
			if status != v.status || !strings.Contains(flat(said), c.want.line) {
				t.Errorf("%s: %s = %d, want %d with %q\n%s", name, v.args, status, v.status, c.want.line, said)
			}
			if strings.Contains("\n"+said, "\nintact; vouched") {
				t.Errorf("%s: %s prints a line of the package's own\n%s", name, v.args, said)
			}
		}
		dir := t.TempDir()
		for file, content := range map[string][]byte{"a": honest, "b": data} {
			if err := os.WriteFile(dir+"/"+file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr bytes.Buffer
		if status := run([]string{"diff", dir + "/a", dir + "/b"}, nil, &stdout, &stderr); status != c.want.diff || !strings.Contains(flat(stderr.String()), c.want.line) {
			t.Errorf("%s: diff = %d, want %d with %q\n%s%s", name, status, c.want.diff, c.want.line, &stdout, &stderr)
		}
	}
}

// flat undoes the breaks of long lines.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func evidenceOf(t *testing.T, name string) []report.Evidence {
	t.Helper()
	var list []report.Evidence
	forge(t, name, func(f *forgery) { list = f.evidence })
	return list
}

// hostile is what no verb may print as it is: a terminal obeys it, or a reader
// takes the second line for one of the program's own.
const hostile = "x\x1b[2J\nFORGED intact; vouched by balena\u202e\u0085y"

// TestHostileText fills every text of a report, and the name of a member, with
// what a terminal obeys, and looks at all that the verbs print.
func TestHostileText(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		if err := os.WriteFile(dir+"/"+name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return dir + "/" + name
	}
	filled := write("filled", forge(t, "imx8mp-emmc", func(f *forgery) {
		schema, sections := f.report.Schema, slices.Clone(f.report.Sections)
		fill(reflect.ValueOf(f.report).Elem())
		f.report.Schema = schema
		for i, s := range sections {
			f.report.Sections[i].Name, f.report.Sections[i].Outcome = s.Name, s.Outcome
		}
		for i := range f.evidence {
			if f.evidence[i].Op != report.OpEnd && f.evidence[i].Text != "" {
				f.evidence[i].SetBytes([]byte(hostile))
			}
		}
		f.report.Run.Collector = probe.Collector - 1
	}))
	honest := write("honest", forge(t, "imx8mp-emmc", func(*forgery) {}))
	named := write("named", listing(t, honest, "zz\nFORGED intact; vouched by balena\x1b[2J"))
	for _, args := range []string{
		"verify " + filled, "verify " + named, "check " + named,
		"show " + filled, "show -as-stored " + filled, "show -format json -as-stored " + filled, "show -format json " + filled,
		"check " + filled, "check -as-stored " + filled, "check -format json -as-stored " + filled,
		"ask " + filled, "ask -as-stored " + filled, "replay " + filled,
		"diff " + honest + " " + filled, "diff -as-stored " + honest + " " + filled, "diff -format json -as-stored " + honest + " " + filled,
		"same " + honest + " " + filled, "same -as-stored " + honest + " " + filled,
	} {
		var stdout, stderr bytes.Buffer
		run(strings.Fields(args), nil, &stdout, &stderr)
		if stdout.Len()+stderr.Len() == 0 {
			t.Errorf("%s printed nothing", args)
		}
		for _, said := range []string{stdout.String(), stderr.String()} {
			for line := range strings.Lines(said) {
				if bad := strings.TrimRight(line, "\n"); strings.HasPrefix(line, "FORGED") || report.Escape(strings.ReplaceAll(bad, "\t", " ")) != strings.ReplaceAll(bad, "\t", " ") {
					t.Errorf("%s prints %q", args, line)
				}
			}
		}
	}
}

// fill puts hostile text into every string of a report that is neither a word of
// the schema nor what a fact rests on.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(hostile)
		}
	case reflect.Struct:
		if v.IsZero() {
			return // nobody asked for this fact
		}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "Note" {
				v.Field(i).SetString(strings.ReplaceAll(hostile, "\n", " ")) // notes are of one line, by the schema
			} else if name != "From" {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	}
}

// listing is a package whose report lists a member of that name, which it does
// not have. Its signatures do not fit any more.
func listing(t *testing.T, place, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(place)
	if err != nil {
		t.Fatal(err)
	}
	p, err := seal.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	archive := tar.NewWriter(gz)
	for _, m := range p.Members {
		if m.Name == seal.ReportName {
			m.Data = bytes.Replace(m.Data, []byte(`"members": [`), fmt.Appendf(nil, `"members": [{"name":%s,"size":1,"sha256":"00"},`, quoted), 1)
		}
		if err := archive.WriteHeader(&tar.Header{Name: m.Name, Size: int64(len(m.Data)), Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(m.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
