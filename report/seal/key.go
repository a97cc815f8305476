package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
)

// DER of Ed25519 keys up to the key itself (RFC 8410): the forms have lengths of
// one byte, so no ASN.1 decoder is needed.
const (
	spkiStart  = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
	pkcs8Start = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
	// Version 2 (RFC 5958) has attributes and the public key behind, so its length
	// is not fixed. It begins with a byte of length.
	pkcs8v2Start = "\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
	publicStart  = "\x81\x21\x00" // [1], a bit string
	attributes   = 0xa0           // [0]
)

// maxKeyBytes bounds files of keys.
const maxKeyBytes = 1 << 20

// Kinds of signers.
const (
	KindEphemeral = "ephemeral" // made for this run and then forgotten
	KindFile      = "file"      // kept in a file by its owner
)

// Signer holds an Ed25519 private key.
type Signer struct {
	kind string
	key  ed25519.PrivateKey
}

// NewEphemeral makes a key that nobody keeps, from 32 bytes of random.
func NewEphemeral(random io.Reader) (*Signer, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("ephemeral key: %w", err)
	}
	return &Signer{KindEphemeral, ed25519.NewKeyFromSeed(seed)}, nil
}

// ParseKey reads an Ed25519 private key in PKCS#8 PEM, as `openssl genpkey
// -algorithm ed25519` writes it.
func ParseKey(data []byte) (*Signer, error) {
	block, rest, err := nextPEM(data)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if len(rest) > 0 {
		return nil, errors.New("private key: data after the key")
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("private key: it is encrypted; decrypt it with: openssl pkey -in FILE")
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("private key: it is in OpenSSH form, want PKCS#8 PEM (openssl genpkey -algorithm ed25519)")
	default:
		return nil, fmt.Errorf("private key: the file holds %+q, want %q", block.Type, "PRIVATE KEY")
	}
	seed, ok := bytes.CutPrefix(block.Bytes, []byte(pkcs8Start))
	if !ok {
		if seed, ok, err = version2(block.Bytes); err != nil {
			return nil, fmt.Errorf("private key: %w", err)
		}
	}
	if !ok {
		return nil, fmt.Errorf("private key: %s, want Ed25519 (openssl genpkey -algorithm ed25519)", algorithm(block.Bytes))
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("private key: %d bytes of Ed25519 key, want %d", len(seed), ed25519.SeedSize)
	}
	return &Signer{KindFile, ed25519.NewKeyFromSeed(seed)}, nil
}

// version2 reads a key of version 2, in which the public key has to be that of the
// private one. ok is false for what is not of this form.
func version2(der []byte) (seed []byte, ok bool, err error) {
	if len(der) < 2 || der[0] != 0x30 || der[1] >= 0x80 || int(der[1]) != len(der)-2 {
		return nil, false, nil
	}
	rest, ok := bytes.CutPrefix(der[2:], []byte(pkcs8v2Start))
	if !ok || len(rest) < ed25519.SeedSize {
		return nil, false, nil
	}
	seed, rest = rest[:ed25519.SeedSize], rest[ed25519.SeedSize:]
	if len(rest) >= 2 && rest[0] == attributes && len(rest) >= 2+int(rest[1]) {
		rest = rest[2+int(rest[1]):]
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if len(rest) > 0 && !bytes.Equal(rest, slices.Concat([]byte(publicStart), public)) {
		return nil, true, errors.New("the public key in it is another one")
	}
	return seed, true, nil
}

// Kind says where the key comes from: KindEphemeral or KindFile.
func (s *Signer) Kind() string { return s.kind }

// KeyID is the short name of the public key, as in 9c1e-77ab.
func (s *Signer) KeyID() string { return keyID(s.public()) }

// PublicPEM is the public key as SubjectPublicKeyInfo in PEM.
func (s *Signer) PublicPEM() []byte { return publicPEM(s.public()) }

func (s *Signer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// keyID is the start of the SHA-256 of the SubjectPublicKeyInfo.
func keyID(key ed25519.PublicKey) string {
	sum := spkiSum(key)
	return hex.EncodeToString(sum[:2]) + "-" + hex.EncodeToString(sum[2:4])
}

func spkiSum(key ed25519.PublicKey) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat([]byte(spkiStart), key))
}

func publicPEM(key ed25519.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: slices.Concat([]byte(spkiStart), key)})
}

// parsePublic reads the DER of a SubjectPublicKeyInfo.
func parsePublic(der []byte) (ed25519.PublicKey, error) {
	key, ok := bytes.CutPrefix(der, []byte(spkiStart))
	if !ok {
		return nil, fmt.Errorf("public key: %s, want Ed25519", algorithm(der))
	}
	return checkPublic(key)
}

// checkPublic refuses the points of small order: under such a key one
// signature fits many messages, so it would prove nothing.
func checkPublic(key []byte) (ed25519.PublicKey, error) {
	if len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("public key: %d bytes of Ed25519 key, want %d", len(key), ed25519.PublicKeySize)
	}
	y := slices.Clone(key)
	y[len(y)-1] &= 0x7f // the sign of x
	if slices.Contains(smallOrder, hex.EncodeToString(y)) {
		return nil, errors.New("public key: a key under which anybody can sign")
	}
	return slices.Clone(key), nil
}

// smallOrder lists the encodings of y of the points whose order divides 8:
// y = 0, 1, -1 and the two of order 8, and 0 and 1 once more plus the prime
// 2^255-19, which decoders accept (RFC 8032 section 5.1.3 does not).
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// nextPEM returns the first PEM block of a file that must begin with one.
func nextPEM(data []byte) (block *pem.Block, rest []byte, err error) {
	if len(data) > maxKeyBytes {
		return nil, nil, fmt.Errorf("%d bytes, at most %d are read", len(data), maxKeyBytes)
	}
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, []byte("-----BEGIN ")) {
		return nil, nil, errors.New("not PEM")
	}
	block, rest = pem.Decode(data)
	// The decoder passes over what it cannot read.
	if block == nil || !bytes.HasPrefix(data, []byte("-----BEGIN "+block.Type+"-----")) ||
		bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN ")) != 1 {
		return nil, nil, errors.New("damaged PEM")
	}
	if block.Headers["DEK-Info"] != "" {
		return nil, nil, errors.New("it is encrypted; decrypt it with: openssl pkey -in FILE")
	}
	return block, bytes.TrimSpace(rest), nil
}

// algorithm names the algorithm of a key by its object identifier, which is
// near the start of the DER in PKCS#8 and in SubjectPublicKeyInfo.
func algorithm(der []byte) string {
	start := der[:min(len(der), 40)]
	for _, known := range []struct{ oid, name string }{
		{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "an RSA key"},
		{"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", "an EC key"},
		{"\x06\x03\x2b\x65\x6e", "an X25519 key"},
		{"\x06\x03\x2b\x65\x71", "an Ed448 key"},
		{"\x06\x03\x2b\x65\x70", "an Ed25519 key in an unusual form"},
	} {
		if bytes.Contains(start, []byte(known.oid)) {
			return known.name
		}
	}
	return "a key of an unknown kind"
}
