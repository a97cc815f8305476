package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// State is how a step of the verification ended.
type State string

const (
	Pass    State = "pass"
	Fail    State = "fail"
	Missing State = "absent" // not in this package, which is no fault
)

// Step is one step of the verification.
type Step struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail,omitempty"`
	Member string `json:"member,omitempty"` // the file that is wrong
}

// Ladder is the verification of a package, step by step.
type Ladder struct {
	Steps  []Step `json:"steps"`
	KeyID  string `json:"signed_by,omitempty"` // a key; nobody vouches for it
	Signer string `json:"vouched_by,omitempty"`
}

// Intact reports whether nothing changed since signing.
func (l Ladder) Intact() bool {
	return l.KeyID != "" && !slices.ContainsFunc(l.Steps, func(s Step) bool { return s.State == Fail })
}

// Vouched reports whether the signer is one that the caller trusts.
func (l Ladder) Vouched() bool { return l.Signer != "" && l.Intact() }

// Verify checks a package file. It goes on after a fault as far as that is
// safe, so that the member that is wrong can be named.
func Verify(data []byte, trusted []Trusted) Ladder {
	var l Ladder
	step := func(name string, state State, detail, member string) {
		l.Steps = append(l.Steps, Step{name, state, detail, member})
	}
	check := func(name string, ok bool, detail, member string) bool {
		if ok {
			step(name, Pass, "", "")
		} else {
			step(name, Fail, detail, member)
		}
		return ok
	}
	members, faults := readContainer(data)
	check("container", len(faults) == 0, strings.Join(faults, "; "), "")
	find := func(name string) ([]byte, bool) {
		for _, m := range members {
			if m.Name == name {
				return m.Data, true
			}
		}
		return nil, false
	}
	report, ok := find(ReportName)
	if !check("report", ok, "no report.json in it", ReportName) {
		return l
	}
	key, keyFound := signerKey(find, check)
	bundleData, _ := find(bundleName)
	b, err := parseBundle(bundleData)
	if check("bundle", err == nil, fmt.Sprint(err), bundleName) && keyFound {
		hint := spkiSum(key)
		check("bundle key", bytes.Equal(hint[:], b.hint), "the hint names another key", bundleName)
		check("bundle signature", ed25519.Verify(key, pae(b.payload), b.sig), "it does not fit the statement and the key", bundleName)
		s, err := parseStatement(b.payload)
		sum := sha256.Sum256(report)
		if check("statement", err == nil, fmt.Sprint(err), bundleName) {
			check("statement subject", s.digest == hex.EncodeToString(sum[:]), "the signed digest is of another report.json", ReportName)
		}
	}
	sigData, _ := find(sshsigName)
	sig, err := parseSSHSIG(sigData)
	if check("ssh signature form", err == nil, fmt.Sprint(err), sshsigName) && keyFound {
		check("ssh signature", sig.key.Equal(key) && ed25519.Verify(key, sshSigned(report), sig.sig), "it does not fit report.json and the key", sshsigName)
	}
	checkMembers(report, members, step)
	if keyFound {
		l.KeyID = keyID(key)
		for _, t := range trusted {
			if t.Key.Equal(key) {
				l.Signer = t.Name
			}
		}
	}
	return l
}

// signerKey takes the key from signer.pem, or in a core package from the SSH
// signature, and checks that all who name a key name this one.
func signerKey(find func(string) ([]byte, bool), check func(string, bool, string, string) bool) (ed25519.PublicKey, bool) {
	sigData, _ := find(sshsigName)
	sig, err := parseSSHSIG(sigData)
	if err != nil {
		return nil, check("key", false, err.Error(), sshsigName)
	}
	key, err := checkPublic(sig.key)
	if err != nil {
		return nil, check("key", false, err.Error(), sshsigName)
	}
	for name, want := range map[string][]byte{signerName: publicPEM(key), allowedName: allowedSigners(key)} {
		if data, ok := find(name); ok && !bytes.Equal(data, want) {
			return nil, check("key", false, "it names another key", name)
		}
	}
	return key, check("key", true, "", "")
}

// checkMembers holds every member against the list in report.json.
func checkMembers(report []byte, members []Member, step func(string, State, string, string)) {
	h, err := parseHead(report)
	if err != nil {
		step("members", Fail, err.Error(), ReportName)
		return
	}
	listed := map[string]Digest{}
	for _, d := range h.Members {
		listed[d.Name] = d
	}
	core := len(members) == len(coreNames)
	for _, m := range members {
		d, ok := listed[m.Name]
		switch {
		case isCore(m.Name):
		case !ok:
			step("member", Fail, "report.json does not list it", m.Name)
		case d != Digests([]Member{m})[0]:
			step("member", Fail, "size or digest differ from report.json", m.Name)
		default:
			step("member", Pass, "", m.Name)
		}
		delete(listed, m.Name)
	}
	for _, d := range h.Members {
		if _, missing := listed[d.Name]; missing && core {
			step("member", Missing, "not in a core package", d.Name)
		} else if missing {
			step("member", Fail, "it is listed in report.json and not in the package", d.Name)
		}
	}
}
