// Package seal makes and verifies the package file of an evaluation: a
// gzipped tar of report.json, two signatures over it and the files that
// report.json lists by digest. It also writes the package as lines of text
// for a serial console and finds such a block in a log.
//
// The signatures are of common form: an in-toto Statement in a sigstore
// bundle, and an SSH signature, so that cosign, openssl and ssh-keygen can
// check a package without this program. Of report.json it reads the schema and
// the list of members only; what the report says is not its subject. It reads
// no files, no clock and no environment, and does not encrypt.
package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Names of members with a meaning of their own.
const (
	ReportName  = "report.json"
	bundleName  = "report.json.sigstore.json"
	sshsigName  = "report.json.sig"
	signerName  = "signer.pem"
	allowedName = "allowed_signers"
	readmeName  = "README.txt"
)

// Bounds of a package, for writer and reader.
const (
	MaxPackedBytes   = 64 << 20
	MaxExpandedBytes = 64 << 20
	MaxMembers       = 256
	maxNameBytes     = 100 // the name field of a ustar header
)

// Member is one file of a package.
type Member struct {
	Name string
	Data []byte
}

// Digest is what report.json says of a member.
type Digest struct {
	Name      string `json:"name"`
	SizeBytes int64  `json:"size"`
	SHA256    string `json:"sha256"` // hexadecimal
}

// Contents completes the members of a package other than report.json and its
// signatures: it adds the key of the signer in two forms and README.txt, and
// puts all in their fixed order. The caller lists the Digests of the result in
// report.json and then calls Pack.
func Contents(s *Signer, members []Member) ([]Member, error) {
	all := append(slices.Clone(members),
		Member{signerName, s.PublicPEM()},
		Member{allowedName, allowedSigners(s.public())},
		Member{readmeName, []byte(readme)})
	slices.SortStableFunc(all, compareMembers)
	if err := checkContents(all); err != nil {
		return nil, err
	}
	return all, nil
}

// Digests returns the list of members that report.json carries.
func Digests(contents []Member) []Digest {
	list := make([]Digest, len(contents))
	for i, m := range contents {
		sum := sha256.Sum256(m.Data)
		list[i] = Digest{m.Name, int64(len(m.Data)), hex.EncodeToString(sum[:])}
	}
	return list
}

// Pack signs report.json and returns the package file. The contents are those
// of Contents, and report.json must list their Digests. The predicate is a
// JSON object that becomes part of the signed statement; nil means {}.
func Pack(reportJSON []byte, contents []Member, predicate json.RawMessage, s *Signer) ([]byte, error) {
	if err := checkContents(contents); err != nil {
		return nil, err
	}
	head, err := parseHead(reportJSON)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(head.Members, Digests(contents)) {
		return nil, errors.New("package: report.json does not list the digests of the other members")
	}
	statement, err := encodeStatement(sha256.Sum256(reportJSON), predicateType, predicate)
	if err != nil {
		return nil, err
	}
	core := []Member{
		{ReportName, reportJSON},
		{bundleName, encodeBundle(s.signBundle(statement))},
		{sshsigName, encodeSSHSIG(s.signSSH(reportJSON))},
	}
	return pack(append(core, contents...))
}

// pack writes the container around members that were checked.
func pack(members []Member) ([]byte, error) {
	tarball := encodeTar(members)
	if len(tarball) > MaxExpandedBytes {
		return nil, fmt.Errorf("package: %d bytes, at most %d are read back", len(tarball), MaxExpandedBytes)
	}
	return compress(tarball)
}

func checkContents(contents []Member) error {
	if n := len(coreNames) + len(contents); n > MaxMembers {
		return fmt.Errorf("package: %d members, at most %d", n, MaxMembers)
	}
	names := make(nameSet)
	for _, name := range coreNames {
		names.add(name)
	}
	for _, m := range contents {
		if err := names.check(m.Name); err != nil {
			return fmt.Errorf("package: %w", err)
		}
		names.add(m.Name)
	}
	if !slices.IsSortedFunc(contents, compareMembers) {
		return errors.New("package: members are not in their order")
	}
	return nil
}

// Package is a package file that was read, not verified.
type Package struct {
	Report    []byte          // report.json
	Members   []Member        // all files, in the order of the archive
	Predicate json.RawMessage // of the signed statement
}

// Open reads a package strictly: anything that Pack would not have written is
// an error. It checks no signature and no digest of a member; Verify does.
func Open(data []byte) (*Package, error) {
	members, faults := readContainer(data)
	if len(faults) > 0 {
		return nil, fmt.Errorf("package: %s", faults[0])
	}
	for _, name := range coreNames {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.Name == name }) {
			return nil, fmt.Errorf("package: no %s in it", name)
		}
	}
	bundle, err := parseBundle(members[1].Data)
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	statement, err := parseStatement(bundle.payload)
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	return &Package{Report: members[0].Data, Members: members, Predicate: statement.predicate}, nil
}

// Member returns the data of the member of that name.
func (p *Package) Member(name string) ([]byte, bool) {
	for _, m := range p.Members {
		if m.Name == name {
			return m.Data, true
		}
	}
	return nil, false
}

// IsCore reports whether the package is a core package: report.json and its
// signatures, and nothing that these speak of.
func (p *Package) IsCore() bool { return len(p.Members) == len(coreNames) }

// Strange lists the members that no package of this version has.
func (p *Package) Strange() (names []string) {
	for _, m := range p.Members {
		if rank(m.Name) == rank("") {
			names = append(names, m.Name)
		}
	}
	return names
}

// Files returns the data of all members by their names.
func (p *Package) Files() map[string][]byte {
	files := make(map[string][]byte, len(p.Members))
	for _, m := range p.Members {
		files[m.Name] = m.Data
	}
	return files
}

// Core returns the core of the package as a package file of its own: report.json
// and its signatures. It verifies alone, and Verify names what is not in it.
func (p *Package) Core() ([]byte, error) {
	return pack(slices.DeleteFunc(slices.Clone(p.Members), func(m Member) bool { return !isCore(m.Name) }))
}

// head is what this package reads of report.json. Newer versions of the schema
// keep these fields.
type head struct {
	Schema  string   `json:"schema"`
	Minor   int      `json:"minor"`
	Members []Digest `json:"members"`
}

func parseHead(reportJSON []byte) (head, error) {
	var h head
	if err := json.Unmarshal(reportJSON, &h); err != nil {
		return head{}, fmt.Errorf("report.json: %w", err)
	}
	return h, nil
}

// coreNames are the first members of every package, in this order.
var coreNames = []string{ReportName, bundleName, sshsigName}

func isCore(name string) bool { return slices.Contains(coreNames, name) }

// rank gives the fixed order of the members. A name that this version does not
// know stands before README.txt: a version that adds one keeps it there, or
// packages of it would not verify here.
func rank(name string) int {
	order := []string{ReportName, bundleName, sshsigName, signerName, allowedName,
		"evidence.json", "attachments/", "tpm/", "sealed.age", "answers.json"}
	for i, known := range order {
		if name == known || strings.HasSuffix(known, "/") && strings.HasPrefix(name, known) {
			return i
		}
	}
	if name == readmeName {
		return len(order) + 1
	}
	return len(order)
}

func compareMembers(a, b Member) int {
	if d := rank(a.Name) - rank(b.Name); d != 0 {
		return d
	}
	return strings.Compare(a.Name, b.Name)
}
