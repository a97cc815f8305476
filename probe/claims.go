package probe

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// What people state about a run is evidence like what the board says: nobody can
// add it to a package later.
const (
	opClaim       = "claim/1"
	claimTicket   = "ticket"
	claimLabel    = "label"
	claimsSection = "claims"

	maxClaims      = 64
	maxTicketBytes = 64
	maxLabelBytes  = 128
)

// CheckTicket refuses what is not one line of printable ASCII of at most 64
// characters.
func CheckTicket(text string) error { return checkClaim(text, maxTicketBytes) }

// CheckLabel refuses what is not K=V in at most 128 characters of printable ASCII.
func CheckLabel(text string) error {
	if key, value, ok := strings.Cut(text, "="); !ok || key == "" || strings.TrimSpace(value) == "" {
		return errors.New("want K=V")
	}
	return checkClaim(text, maxLabelBytes)
}

func checkClaim(text string, limit int) error {
	if text == "" || len(text) > limit || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fmt.Errorf("want 1 to %d characters of printable ASCII", limit)
	}
	return nil
}

// Claims is the evidence of what was stated: a ticket, "" for none, and labels.
// Both have to be checked before. Whoever runs Collect puts it in front of what
// that collects, and leaves the section out there.
func Claims(ticket string, labels []string) (section string, evidence []report.Evidence) {
	ask := func(subject string, n int, text string) {
		e := report.Evidence{ID: fmt.Sprintf("%s/%d", claimsSection, len(evidence)+1), Section: claimsSection, Op: opClaim, Subject: subject, N: n}
		if e.SetBytes([]byte(text)); text == "" {
			e.Errno = "ENOENT"
		}
		evidence = append(evidence, e)
	}
	ask(claimTicket, 0, ticket)
	labels = labels[:min(len(labels), maxClaims)]
	for n, label := range labels {
		ask(claimLabel, n, label)
	}
	if len(labels) < maxClaims {
		ask(claimLabel, len(labels), "")
	}
	return claimsSection, append(evidence, endOf(claimsSection, report.OutcomeOK, "", len(evidence)))
}

// collectClaims lists what was stated. The board is not asked.
func collectClaims(_ context.Context, h *Host) ([]report.Statement, error) {
	var list []report.Statement
	claim := func(limit int) func([]byte) (string, error) {
		return func(text []byte) (string, error) { return string(text), checkClaim(string(text), limit) }
	}
	if a := h.ask(opClaim, claimTicket); a.Gap != report.Absent {
		list = append(list, report.Statement{Name: report.StatedTicket, Value: stated(parseAnswer(a, claim(maxTicketBytes)))})
	}
	for n := range maxClaims {
		a := h.ask(opClaim, claimLabel)
		if a.Gap == report.Absent {
			break
		}
		fact := stated(parseAnswer(a, claim(maxLabelBytes)))
		name, value, ok := strings.Cut(fact.Value, "=")
		if fact.Value = value; !ok {
			name = strconv.Itoa(n + 1) // its own is withheld with it
		}
		list = append(list, report.Statement{Name: report.StatedLabel + name, Value: fact})
		if a.Gap != "" && a.Gap != report.Withheld {
			break // what cannot be asked is not asked again
		}
	}
	return list, nil
}

func stated(f report.Fact[string]) report.Fact[string] {
	if f.OK() {
		return f.By(report.Claimed)
	}
	return f
}
