package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func sealed(t testing.TB, s *Signer, extra string) []byte {
	t.Helper()
	contents, err := Contents(s, []Member{{"evidence.json", []byte(extra)}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := json.Marshal(head{"https://boardprobe.github.io/evaluation-report/v1", 0, Digests(contents)})
	if err != nil {
		t.Fatal(err)
	}
	data, err := Pack(report, contents, json.RawMessage(`{"probe":"test"}`), s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newSigner(t testing.TB) *Signer {
	t.Helper()
	s, err := NewEphemeral(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	data := sealed(t, s, "{}")
	trusted, _, err := ParseTrust("lab", s.PublicPEM())
	if err != nil {
		t.Fatal(err)
	}
	if l := Verify(data, trusted); !l.Intact() || !l.Vouched() || l.Signer != "lab" || l.KeyID != s.KeyID() {
		t.Errorf("Verify = %+v; want intact and vouched by lab", l)
	}
	if l := Verify(sealed(t, other, "{}"), trusted); !l.Intact() || l.Vouched() {
		t.Errorf("Verify of what another key signed = %+v; want intact, not vouched", l)
	}
	p, err := Open(data)
	if err != nil || string(p.Predicate) != `{"probe":"test"}` {
		t.Fatalf("Open: %v, predicate %s", err, p.Predicate)
	}
	core, err := p.Core()
	if err != nil {
		t.Fatal(err)
	}
	if l := Verify(core, nil); !l.Intact() || l.Steps[len(l.Steps)-1].State != Missing {
		t.Errorf("Verify of the core = %+v; want intact, with members that are not there", l)
	}
	if again := sealed(t, s, "{}"); !bytes.Equal(again, data) {
		t.Error("packing twice gives different bytes")
	}
}

// TestEveryBit changes every single bit of a small package, which its container
// must show, and verifies it with one bit of every byte changed, and cut
// everywhere.
func TestEveryBit(t *testing.T) {
	p, err := Open(sealed(t, newSigner(t), "{}"))
	if err != nil {
		t.Fatal(err)
	}
	core, err := p.Core()
	if err != nil {
		t.Fatal(err)
	}
	if !Verify(core, nil).Intact() || Verify(append(bytes.Clone(core), 0), nil).Intact() {
		t.Error("the package is not intact, or is so with a byte at the end")
	}
	t.Run("container", func(t *testing.T) {
		t.Parallel()
		data := bytes.Clone(core)
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				if _, faults := readContainer(data); len(faults) == 0 {
					t.Errorf("byte %d bit %d changed: no fault", i, bit)
				}
				data[i] ^= 1 << bit
			}
		}
	})
	t.Run("verify", func(t *testing.T) {
		t.Parallel()
		data := bytes.Clone(core)
		for i := range data {
			data[i] ^= 1 << (i % 8)
			if Verify(data, nil).Intact() {
				t.Errorf("byte %d bit %d changed: still intact", i, i%8)
			}
			data[i] ^= 1 << (i % 8)
			if Verify(data[:i], nil).Intact() {
				t.Errorf("cut to %d bytes: still intact", i)
			}
		}
	})
}

// TestAlteredMember alters a member and packs it again as an attacker would
// who has no key: the member is named.
func TestAlteredMember(t *testing.T) {
	p, err := Open(sealed(t, newSigner(t), "{}"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Members {
		altered := append([]Member(nil), p.Members...)
		altered[i].Data = append(bytes.Clone(altered[i].Data), ' ')
		data, err := pack(altered)
		if err != nil {
			t.Fatal(err)
		}
		l := Verify(data, nil)
		named := false
		for _, s := range l.Steps {
			named = named || s.State == Fail && s.Member == altered[i].Name
		}
		if l.Intact() || !named {
			t.Errorf("%s altered: %+v; want it named", altered[i].Name, l)
		}
	}
}

func TestParseKey(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if s, err := ParseKey(text); err != nil || s.Kind() != "file" {
		t.Errorf("ParseKey = %v, %v", s, err)
	}
	for _, bad := range [][]byte{nil, []byte("x"), text[:len(text)/2], pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der[:9]})} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%.30q): no error", bad)
		}
	}
}

// TestStandardTools has openssl and ssh-keygen check a package by the files in
// it, and refuse an altered one.
func TestStandardTools(t *testing.T) {
	p, err := Open(sealed(t, newSigner(t), "{}"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, m := range p.Members {
		if err := os.WriteFile(filepath.Join(dir, m.Name), m.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bundleData, _ := p.Member(bundleName)
	b, err := parseBundle(bundleData)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"pae": pae(b.payload), "sig": b.sig} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tools := func() map[string]*exec.Cmd {
		ssh := exec.Command("ssh-keygen", "-Y", "verify", "-f", allowedName, "-I", principal, "-n", namespace, "-s", sshsigName)
		ssh.Stdin, err = os.Open(filepath.Join(dir, ReportName))
		if err != nil {
			t.Fatal(err)
		}
		return map[string]*exec.Cmd{
			"openssl":    exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", signerName, "-rawin", "-in", "pae", "-sigfile", "sig"),
			"ssh-keygen": ssh,
		}
	}
	for name, cmd := range tools() {
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v (install it: apt-get install openssl openssh-client)\n%s", name, err, out)
		}
	}
	for _, name := range []string{"pae", ReportName} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(" "))
		f.Close()
	}
	for name, cmd := range tools() {
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s accepts an altered file\n%s", name, out)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sealed(f, newSigner(f), "{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Open(data)
		if err != nil {
			return
		}
		if again, err := pack(p.Members); err != nil || !bytes.Equal(again, data) {
			t.Errorf("opened, and packs differently (%v)", err)
		}
	})
}

// TestParseKeyV2 has the key of RFC 8410, 10.3, in version 2 of PKCS#8: with the
// public key and an attribute behind the private one.
func TestParseKeyV2(t *testing.T) {
	const text = `-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
`
	s, err := ParseKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1" // RFC 8410, 10.1
	if got := hex.EncodeToString(s.public()); got != public {
		t.Errorf("public key %s; want %s", got, public)
	}
	block, _ := pem.Decode([]byte(text))
	for name, change := range map[string]func([]byte) []byte{
		"another public key": func(der []byte) []byte { der[len(der)-1] ^= 1; return der },
		"cut off":            func(der []byte) []byte { return der[:len(der)-4] },
		"more behind it":     func(der []byte) []byte { return append(der, 0) },
		"another algorithm":  func(der []byte) []byte { der[11] ^= 1; return der },
	} {
		bad := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: change(slices.Clone(block.Bytes))})
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
