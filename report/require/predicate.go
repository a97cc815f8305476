package require

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/boardprobe/boardprobe/report"
)

// predicate is what the signed statement says of a report.
type predicate struct {
	Probe       string             `json:"probe"`
	Run         string             `json:"run"`
	Signer      string             `json:"signer"`
	Fingerprint string             `json:"fingerprint"`
	Collector   int                `json:"collector,omitempty"`
	Rules       int                `json:"rules,omitempty"`
	Verdicts    map[string]Verdict `json:"verdicts"`
}

func predicateOf(r *report.Report, findings []Finding, signer string) predicate {
	p := predicate{Probe: r.Run.Probe, Run: r.Run.ID, Signer: signer, Fingerprint: r.Fingerprint.Value, Collector: r.Run.Collector, Rules: Rules, Verdicts: map[string]Verdict{}}
	for _, f := range findings {
		if f.Group == Requirement {
			p.Verdicts[f.ID] = f.Verdict
		}
	}
	return p
}

// Predicate is the predicate of the statement that is signed with a report:
// what is in it follows from the report and from the rules. signer is the kind
// of key.
func Predicate(r *report.Report, findings []Finding, signer string) (json.RawMessage, error) {
	return json.Marshal(predicateOf(r, findings, signer))
}

// CheckPredicate holds the predicate of a signed statement against the report
// beside it. Its verdicts are compared where the same rules made them, which
// compared reports.
func CheckPredicate(data json.RawMessage, r *report.Report) (compared bool, err error) {
	if err := report.CheckKeys(data); err != nil {
		return false, fmt.Errorf("the signed statement: %w", err)
	}
	var p predicate
	if err := json.Unmarshal(data, &p); err != nil {
		return false, fmt.Errorf("the signed statement: %w", err)
	}
	switch {
	case p.Run != r.Run.ID || p.Probe != r.Run.Probe || p.Fingerprint != r.Fingerprint.Value || p.Collector != r.Run.Collector:
		return false, errors.New("the signed statement is about another run than the report")
	case p.Rules != Rules:
		return false, nil
	}
	again, err := Predicate(r, Check(r), p.Signer)
	if err == nil && !bytes.Equal(again, data) {
		err = errors.New("the signed verdicts are not what the rules make of the report")
	}
	return true, err
}
