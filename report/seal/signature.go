package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// predicateType names the predicate; it carries the major version only.
	predicateType = "https://boardprobe.github.io/evaluation-report/v1"
	// namespace and principal are what ssh-keygen -Y verify is told.
	namespace = "board-evaluation-report"
	principal = "boardprobe"
	// sshKeyType is the only type of keys (RFC 8709).
	sshKeyType = "ssh-ed25519"

	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"
	bundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// statement is an in-toto Statement, https://github.com/in-toto/attestation
type statement struct {
	Type          string          `json:"_type"`
	Subject       []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

func encodeStatement(sum [sha256.Size]byte, kind string, predicate json.RawMessage) ([]byte, error) {
	if predicate == nil {
		predicate = json.RawMessage("{}")
	}
	s := statement{statementType, []subject{{ReportName, map[string]string{"sha256": hex.EncodeToString(sum[:])}}}, kind, predicate}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	return data, nil
}

// parsedStatement is what a verifier needs of a statement.
type parsedStatement struct {
	digest    string
	predicate json.RawMessage
}

func parseStatement(payload []byte) (parsedStatement, error) {
	var s statement
	if err := json.Unmarshal(payload, &s); err != nil {
		return parsedStatement{}, fmt.Errorf("statement: %w", err)
	}
	if s.Type != statementType || s.PredicateType != predicateType || len(s.Subject) != 1 || s.Subject[0].Name != ReportName {
		return parsedStatement{}, errors.New("statement: not one about " + ReportName)
	}
	again, err := json.Marshal(s)
	if err != nil || !bytes.Equal(again, payload) {
		return parsedStatement{}, errors.New("statement: not in the form that the probe writes")
	}
	return parsedStatement{s.Subject[0].Digest["sha256"], s.Predicate}, nil
}

// bundleFile is a sigstore bundle v0.3 with a public key, in the form that
// cosign reads: one signature, and no field more.
type bundleFile struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
		TlogEntries []struct{} `json:"tlogEntries"`
	} `json:"verificationMaterial"`
	DSSEEnvelope struct {
		Payload     string            `json:"payload"`
		PayloadType string            `json:"payloadType"`
		Signatures  []bundleSignature `json:"signatures"`
	} `json:"dsseEnvelope"`
}

type bundleSignature struct {
	Sig   string `json:"sig"`
	KeyID string `json:"keyid"`
}

// bundle is what a bundle file says.
type bundle struct {
	hint, payload, sig []byte
}

// pae is the byte string that DSSE signs (DSSE protocol, section Signature
// Definition).
func pae(payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

func (s *Signer) signBundle(payload []byte) bundle {
	hint := spkiSum(s.public())
	return bundle{hint[:], payload, ed25519.Sign(s.key, pae(payload))}
}

func encodeBundle(b bundle) []byte {
	var f bundleFile
	f.MediaType = bundleType
	f.VerificationMaterial.PublicKey.Hint = base64.StdEncoding.EncodeToString(b.hint)
	f.VerificationMaterial.TlogEntries = []struct{}{}
	f.DSSEEnvelope.Payload = base64.StdEncoding.EncodeToString(b.payload)
	f.DSSEEnvelope.PayloadType = payloadType
	f.DSSEEnvelope.Signatures = []bundleSignature{{Sig: base64.StdEncoding.EncodeToString(b.sig)}}
	data, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings only
	}
	return append(data, '\n')
}

func parseBundle(data []byte) (bundle, error) {
	var f bundleFile
	if err := json.Unmarshal(data, &f); err != nil {
		return bundle{}, fmt.Errorf("%s: %w", bundleName, err)
	}
	if len(f.DSSEEnvelope.Signatures) != 1 {
		return bundle{}, fmt.Errorf("%s: %d signatures, want one", bundleName, len(f.DSSEEnvelope.Signatures))
	}
	var b bundle
	var errs [3]error
	strict := base64.StdEncoding.Strict()
	b.hint, errs[0] = strict.DecodeString(f.VerificationMaterial.PublicKey.Hint)
	b.payload, errs[1] = strict.DecodeString(f.DSSEEnvelope.Payload)
	b.sig, errs[2] = strict.DecodeString(f.DSSEEnvelope.Signatures[0].Sig)
	if err := errors.Join(errs[:]...); err != nil {
		return bundle{}, fmt.Errorf("%s: %w", bundleName, err)
	}
	if !bytes.Equal(encodeBundle(b), data) {
		return bundle{}, fmt.Errorf("%s: not in the form that the probe writes", bundleName)
	}
	return b, nil
}

// sshString is a string of RFC 4251 section 5.
func sshString(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

func sshPublic(key ed25519.PublicKey) []byte { return sshString([]byte(sshKeyType), key) }

// sshSigned is what an SSHSIG signs (OpenSSH PROTOCOL.sshsig).
func sshSigned(message []byte) []byte {
	sum := sha512.Sum512(message)
	return slices.Concat([]byte("SSHSIG"), sshString([]byte(namespace), nil, []byte("sha512"), sum[:]))
}

// sshSignature is a key and its signature.
type sshSignature struct {
	key ed25519.PublicKey
	sig []byte
}

func (s *Signer) signSSH(message []byte) sshSignature {
	return sshSignature{s.public(), ed25519.Sign(s.key, sshSigned(message))}
}

const (
	sshBegin = "-----BEGIN SSH SIGNATURE-----\n"
	sshEnd   = "-----END SSH SIGNATURE-----\n"
)

func encodeSSHSIG(s sshSignature) []byte {
	blob := slices.Concat([]byte("SSHSIG\x00\x00\x00\x01"), sshString(sshPublic(s.key), []byte(namespace), nil, []byte("sha512"), sshString([]byte(sshKeyType), s.sig)))
	text := base64.StdEncoding.EncodeToString(blob)
	var b strings.Builder
	b.WriteString(sshBegin)
	for chunk := range slices.Chunk([]byte(text), 70) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	b.WriteString(sshEnd)
	return []byte(b.String())
}

// parseSSHSIG reads the signature; everything in it but key and signature has
// a fixed value, so the form is checked by writing it again.
func parseSSHSIG(data []byte) (sshSignature, error) {
	bad := fmt.Errorf("%s: not in the form that the probe writes", sshsigName)
	text, ok := strings.CutPrefix(string(data), sshBegin)
	text, ok2 := strings.CutSuffix(text, sshEnd)
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(text, "\n", ""))
	const keyAt = 10 + 4 + 4 + 11 + 4
	if !ok || !ok2 || err != nil || len(blob) < keyAt+ed25519.PublicKeySize+ed25519.SignatureSize {
		return sshSignature{}, bad
	}
	s := sshSignature{bytes.Clone(blob[keyAt : keyAt+ed25519.PublicKeySize]), bytes.Clone(blob[len(blob)-ed25519.SignatureSize:])}
	if !bytes.Equal(encodeSSHSIG(s), data) {
		return sshSignature{}, bad
	}
	return s, nil
}

// allowedSigners is the line that ssh-keygen -Y verify is given.
func allowedSigners(key ed25519.PublicKey) []byte {
	return fmt.Appendf(nil, "%s namespaces=\"%s\" %s %s\n", principal, namespace, sshKeyType, base64.StdEncoding.EncodeToString(sshPublic(key)))
}

const readme = `This package holds a board evaluation report and its signatures. Standard tools
check it, without a network:

  media=application/vnd.dev.sigstore.trustedroot+json
  echo "{\"mediaType\":\"$media;version=0.1\"}" > root.json
  cosign verify-blob-attestation --bundle report.json.sigstore.json \
    --key signer.pem --type ` + predicateType + ` \
    --trusted-root root.json --insecure-ignore-tlog report.json
  ssh-keygen -Y verify -f allowed_signers -I ` + principal + ` \
    -n ` + namespace + ` -s report.json.sig < report.json
  jq -r .dsseEnvelope.payload report.json.sigstore.json | base64 -d > p
  jq -r '.dsseEnvelope.signatures[0].sig' report.json.sigstore.json |
    base64 -d > s
  { printf 'DSSEv1 28 ` + payloadType + ` %d ' $(stat -c%s p); cat p; } > pae
  openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in pae -sigfile s

Any one of the three will do. root.json is empty on purpose: cosign 2 would
otherwise fetch the roots of sigstore, of which a plain key needs none.
report.json lists size and sha256 of every other file. A key taken from the
package proves integrity, not origin.
`
