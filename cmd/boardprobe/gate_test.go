package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// TestGate has identities come through to the evidence: their answers are
// withheld, what follows from these is left out, and the package is consistent.
func TestGate(t *testing.T) {
	root, _ := rootOf(t, "q35")
	evidence, err := probe.Collect(t.Context(), probe.Options{Root: root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A name of a folder, the text of a file, and an answer in binary.
	list, text := "", ""
	for i := range evidence {
		e := &evidence[i]
		switch {
		case e.Op == report.OpList && e.Subject == "sys/block" && len(e.List) > 0:
			e.SetNames(append(e.List, "sdSECRET-UNIT-77"))
			list = e.ID
		case e.Op == "read" && e.Section == "identity" && text == "":
			e.Errno, e.List = "", nil
			e.SetBytes([]byte("\x00S\x00E" + "SECRET-UNIT-77"))
			text = e.ID
		}
	}
	if list == "" || text == "" {
		t.Fatalf("nothing to plant in: %q, %q", list, text)
	}
	var said bytes.Buffer
	g := gate{pseudonym.NewFinder([][]byte{[]byte("SECRET-UNIT-77")})}
	passed, changed := g.pass(evidence, &progress{out: screen.New(&said)})
	if !changed || !strings.Contains(said.String(), "held an identity of this unit") {
		t.Errorf("pass: changed %v, %q", changed, &said)
	}
	signer, err := signerOf("ephemeral")
	if err != nil {
		t.Fatal(err)
	}
	r, err := probe.Build(passed, probe.Collector)
	e, err := order{signer: signer}.keep(r, err, report.Run{Collector: probe.Collector}, passed, &progress{out: screen.New(&said)})
	if err != nil {
		t.Fatal(err)
	}
	if err := readable(e.packed); err != nil {
		t.Error(err)
	}
	withheld := 0
	for l := range e.report.Facts() {
		if l.Gap == report.Withheld {
			withheld++
		}
	}
	if withheld == 0 || e.report.Section("storage").Outcome == report.OutcomeOK {
		t.Errorf("%d facts are withheld, storage %+v", withheld, e.report.Section("storage"))
	}
	found := false
	for _, f := range e.findings {
		found = found || f.ID == "privacy.withheld" && f.Verdict == "warn"
	}
	if !found {
		t.Error("no finding says that something is withheld")
	}
	_, stated := probe.Claims("T SECRET-UNIT-77", []string{"sn=SECRET-UNIT-77", "hw=B2"})
	stated, _ = g.pass(stated, &progress{out: screen.New(&said)})
	claims, err := probe.Build(stated, probe.Collector)
	if err != nil {
		t.Fatal(err)
	}
	if ticket, sn, hw := claims.Stated(report.StatedTicket), claims.Stated(report.StatedLabel+"1"), claims.Stated(report.StatedLabel+"hw"); ticket.Gap != report.Withheld || sn.Gap != report.Withheld || hw.Value != "B2" {
		t.Errorf("stated: ticket %+v, label %+v, hw %+v", ticket, sn, hw)
	}
	if same, changed := (gate{}).pass(evidence, &progress{out: screen.New(&said)}); changed || len(same) != len(evidence) {
		t.Error("without identities something is withheld")
	}
}
