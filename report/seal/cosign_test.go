package seal

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cosignDir returns the folder of the cosign program, a stock one of Debian,
// which is fetched where this machine does not have it yet.
func cosignDir(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("../../.ci/unpack", "trixie", "cosign")
	cmd.Stderr = new(bytes.Buffer)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no cosign: %v (run make tools)\n%s", err, cmd.Stderr)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "usr/bin")
}

// readmeCommands returns the commands that README.txt gives, as shell scripts:
// those of cosign, which come first, and all.
func readmeCommands(t *testing.T) (cosign, all string) {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(readme) {
		if command, ok := strings.CutPrefix(line, "  "); ok {
			b.WriteString(command)
		}
	}
	cosign, rest, ok := strings.Cut(b.String(), "\nssh-keygen ")
	if !ok || !strings.Contains(cosign, "\ncosign ") || !strings.Contains(rest, "\nopenssl ") {
		t.Fatalf("README.txt lacks a tool, or the tools have another order:\n%s", readme)
	}
	return cosign, b.String()
}

// TestReadmeCommands runs what README.txt tells people on an unpacked package,
// and has cosign refuse what was altered.
func TestReadmeCommands(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	pristine, err := Open(sealed(t, s, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	original, _ := pristine.Member(bundleName)
	b, err := parseBundle(original)
	if err != nil {
		t.Fatal(err)
	}
	report := append(bytes.Clone(pristine.Report), ' ')
	statement, err := encodeStatement(sha256.Sum256(report), predicateType, pristine.Predicate)
	if err != nil {
		t.Fatal(err)
	}
	lie := bytes.ReplaceAll(b.payload, []byte(`"probe":"test"`), []byte(`"probe":"lost"`))
	if bytes.Equal(lie, b.payload) {
		t.Fatalf("the statement is not altered: %s", lie)
	}

	path := cosignDir(t) + string(filepath.ListSeparator) + os.Getenv("PATH")
	cosign, all := readmeCommands(t)
	for _, c := range []struct {
		name    string
		altered []Member
		script  string
		accept  bool
	}{
		{"as packed", nil, all, true},
		{"another report", []Member{{ReportName, report}}, cosign, false},
		{"another report and statement", []Member{{ReportName, report}, {bundleName, encodeBundle(bundle{b.hint, statement, b.sig})}}, cosign, false},
		{"another predicate", []Member{{bundleName, encodeBundle(bundle{b.hint, lie, b.sig})}}, cosign, false},
		{"another key", []Member{{signerName, other.PublicPEM()}}, cosign, false},
		{"another signer", []Member{{bundleName, encodeBundle(other.signBundle(b.payload))}}, cosign, false},
		{"another report, signed by another", []Member{{ReportName, report}, {bundleName, encodeBundle(other.signBundle(statement))}}, cosign, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, m := range append(slices.Clone(pristine.Members), c.altered...) {
				if err := os.WriteFile(filepath.Join(dir, m.Name), m.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("sh", "-euc", c.script)
			cmd.Dir = dir
			// No roots of earlier runs and no network: both are not needed.
			cmd.Env = append(os.Environ(), "PATH="+path, "HOME="+dir, "HTTPS_PROXY=http://127.0.0.1:9")
			if out, err := cmd.CombinedOutput(); (err == nil) != c.accept {
				t.Errorf("%s\nerror = %v; want accepted = %t\n%s", c.script, err, c.accept, out)
			}
		})
	}
}
