package seal

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sshText(s *Signer) string {
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(sshPublic(s.public()))
}

func TestParseTrust(t *testing.T) {
	a, b := newSigner(t), newSigner(t)
	keyA, keyB := sshText(a), sshText(b)
	pemA, pemB := string(a.PublicPEM()), string(b.PublicPEM())
	const ours = `namespaces="board-evaluation-report" `
	for _, c := range []struct {
		name, text string
		names      []string // of the keys
		notes      []string
		err        string
	}{
		{"PEM", pemA, []string{"store"}, nil, ""},
		{"two in PEM", "\n" + pemA + "\n\n" + pemB + "\n", []string{"store", "store"}, nil, ""},
		{"our own file", string(allowedSigners(a.public())), []string{"boardprobe"}, nil, ""},
		{"without options", "lab " + keyA, []string{"lab"}, nil, ""},
		{"lines, comments, CR LF", "# who may sign\r\n\r\nlab@example.com " + ours + keyA + " of the lab\r\n\t \r\n\"line 2\"\t" + ours + "\t" + keyB + "\r\n", []string{"lab@example.com", "line 2"}, nil, ""},
		{"several namespaces", `lab namespaces="git,board-evaluation-report" ` + keyA, []string{"lab"}, nil, ""},
		{"all namespaces", `lab NAMESPACES="*" ` + keyA, []string{"lab"}, nil, ""},
		{"other types", "lab ssh-rsa AAAA\nlab " + keyA + "\nlab valid-after=\"2020\" sk-ssh-ed25519@openssh.com AAAA\n", []string{"lab"},
			[]string{`line 1 is not used: packages are signed with ssh-ed25519, the key is "ssh-rsa"`, `line 3 is not used: packages are signed with ssh-ed25519, the key is "sk-ssh-ed25519@openssh.com"`}, ""},
		{"another namespace", `git namespaces="git" ` + keyA + "\nlab " + keyB, []string{"lab"}, []string{"line 1 is not used: its namespaces do not have board-evaluation-report"}, ""},
		{"only other types", "lab ssh-rsa AAAA", nil, []string{`line 1 is not used: packages are signed with ssh-ed25519, the key is "ssh-rsa"`}, "trust store: no Ed25519 key in it"},
		{"nothing", " \n", nil, nil, "trust store: no Ed25519 key in it"},
		{"valid-before", "lab " + keyB + "\nlab " + strings.TrimSpace(ours) + `,valid-before="20250101" ` + keyA, nil, nil, `trust store: line 2: option "valid-before" is not understood, so the key is not trusted`},
		{"valid-after", `lab valid-after="20250101" ` + keyA, nil, nil, `trust store: line 1: option "valid-after" is not understood, so the key is not trusted`},
		{"cert-authority", "lab cert-authority " + keyA, nil, nil, `trust store: line 1: option "cert-authority" is not understood, so the key is not trusted`},
		{"a pattern", `lab namespaces="board-*" ` + keyA, nil, nil, `trust store: line 1: the pattern "board-*" of namespaces is not understood, so the key is not trusted`},
		{"but not ours", `lab namespaces="!board-evaluation-report,*" ` + keyA, nil, nil, `trust store: line 1: the pattern "!board-evaluation-report" of namespaces is not understood, so the key is not trusted`},
		{"no value", "lab namespaces " + keyA, nil, nil, `trust store: line 1: the option namespaces must be there once, as in namespaces="a,b"`},
		{"no quotes", "lab namespaces=git " + keyA, nil, nil, `trust store: line 1: the option namespaces must be there once, as in namespaces="a,b"`},
		{"twice", `lab namespaces="git",namespaces="*" ` + keyA, nil, nil, `trust store: line 1: the option namespaces must be there once, as in namespaces="a,b"`},
		{"a public key file", keyA + " me@desk", nil, nil, "trust store: line 1: a key without a principal; put the name of its owner in front"},
		{"something else", "hello\n", nil, nil, "trust store: line 1: neither PEM nor a line of allowed_signers: principal, options, type and key"},
		{"no key", "lab ssh-ed25519", nil, nil, "trust store: line 1: public key: not one of ssh-ed25519"},
		{"a cut key", "lab " + keyA[:len(keyA)-4], nil, nil, "trust store: line 1: public key: not one of ssh-ed25519"},
		{"not base64", "lab ssh-ed25519 ????", nil, nil, "trust store: line 1: public key: illegal base64 data at input byte 0"},
		{"a key for everybody", "lab ssh-ed25519 " + base64.StdEncoding.EncodeToString(sshPublic(make([]byte, 32))), nil, nil, "trust store: line 1: public key: a key under which anybody can sign"},
		{"PEM behind a line", "lab " + keyA + "\n" + pemA, nil, nil, "trust store: line 2: neither PEM nor a line of allowed_signers: principal, options, type and key"},
		{"half a PEM", pemA[:40], nil, nil, "trust store: damaged PEM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, notes, err := ParseTrust("store", []byte(c.text))
			text := ""
			if err != nil {
				text = err.Error()
			}
			var names []string
			for i, k := range list {
				names = append(names, k.Name)
				if !k.Key.Equal(a.public()) && !k.Key.Equal(b.public()) || i > 0 && k.Key.Equal(list[0].Key) {
					t.Errorf("key %d is another", i)
				}
			}
			if text != c.err || !slices.Equal(names, c.names) || !slices.Equal(notes, c.notes) {
				t.Errorf("ParseTrust = %q, %q, %q; want %q, %q, %q", names, notes, text, c.names, c.notes, c.err)
			}
		})
	}
}

// TestTrustOfOpenSSH takes a key that ssh-keygen made.
func TestTrustOfOpenSSH(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v (install it: apt-get install openssh-client)\n%s", err, out)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	list, notes, err := ParseTrust("store", append([]byte("lab "), public...))
	if err != nil || len(list) != 1 || len(notes) != 0 {
		t.Errorf("ParseTrust(%q) = %v, %q, %v; want one key", public, list, notes, err)
	}
}

func FuzzParseTrust(f *testing.F) {
	s := newSigner(f)
	f.Add(s.PublicPEM())
	f.Add(allowedSigners(s.public()))
	f.Add([]byte("a namespaces=\"*\",x=\"b ssh-rsa # \n\"\" ssh-ed25519 AAAA"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _, err := ParseTrust("store", data)
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%d keys, %v", len(list), err)
		}
		for _, k := range list {
			if _, err := checkPublic(k.Key); err != nil {
				t.Errorf("key of %q: %v", k.Name, err)
			}
		}
	})
}
