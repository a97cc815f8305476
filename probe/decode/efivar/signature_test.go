package efivar

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"testing"
	"time"
)

// certificate makes a certificate in DER and returns it with its subject.
func certificate(t testing.TB, name string) (der, subject []byte) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "Issuer", Country: []string{"DE"}}, SerialNumber: big.NewInt(1)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name, Organization: []string{"Boards"}},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<31, 0),
	}
	der, err = x509.CreateCertificate(rand.Reader, template, issuer, public, private)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return der, c.RawSubject
}

// signatureList writes an EFI_SIGNATURE_LIST of signatures of one length.
func signatureList(kind string, header []byte, data ...[]byte) []byte {
	raw, _ := hex.DecodeString(kind)
	each := guidBytes
	if len(data) > 0 {
		each += len(data[0])
	}
	b := binary.LittleEndian.AppendUint32(raw, uint32(listBytes+len(header)+each*len(data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = binary.LittleEndian.AppendUint32(b, uint32(each))
	b = append(b, header...)
	owner, _ := hex.DecodeString("61dfe48bca93d211aa0d00e098032b8c")
	for _, d := range data {
		b = append(append(b, owner...), d...)
	}
	return b
}

const (
	kindX509   = "a159c0a5e494a74a87b5ab155c2bf072"
	kindSHA256 = "2616c4c14c509240aca941f936934328"
	kindRSA    = "e866573c9c26344eaa14ed776e85b3b6"
)

func TestParseSignatures(t *testing.T) {
	t.Parallel()
	one, subject := certificate(t, "Platform Key")
	hash := make([]byte, 32)
	value := bytes.Join([][]byte{
		signatureList(kindX509, nil, one),
		signatureList(kindSHA256, []byte("head"), hash, hash, hash),
		signatureList(kindRSA, nil, make([]byte, 256)),
		signatureList(kindX509, nil, []byte("no certificate")),
	}, nil)
	s, err := ParseSignatures(value)
	if err != nil || s.Lists != 4 || s.Certificates != 2 || s.Hashes != 3 || s.Others != 1 || len(s.Found) != 2 {
		t.Fatalf("ParseSignatures = %+v, %v; want 4 lists of 2 certificates, 3 hashes and a key", s, err)
	}
	sum, name := sha256.Sum256(one), sha256.Sum256(subject)
	want := Certificate{Owner: someGUIDText, SHA256: hex.EncodeToString(sum[:]), SubjectSHA256: hex.EncodeToString(name[:]), HasSubject: true}
	if s.Found[0] != want {
		t.Errorf("certificate = %+v; want %+v", s.Found[0], want)
	}
	if got := s.Found[1]; got.HasSubject || got.SubjectSHA256 != "" || len(got.SHA256) != 64 {
		t.Errorf("certificate that is none = %+v; want one without a subject", got)
	}
	if s, err := ParseSignatures(nil); err != nil || s.Lists != 0 {
		t.Errorf("ParseSignatures of nothing = %+v, %v; want no lists", s, err)
	}
}

func TestParseSignaturesDamaged(t *testing.T) {
	t.Parallel()
	hash := make([]byte, 32)
	good := signatureList(kindSHA256, nil, hash)
	change := func(at int, to uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], to)
		return b
	}
	for name, value := range map[string][]byte{
		"short":            good[:listBytes-1],
		"list too long":    change(listSize, uint32(len(good)+1)),
		"list of nothing":  change(listSize, 0),
		"header too long":  change(listHeaderSize, 1<<31),
		"no signature":     change(listSignatureSize, 0),
		"only an owner":    change(listSignatureSize, guidBytes),
		"not a whole one":  change(listSignatureSize, 47),
		"size of a wraps ": change(listSize, 0xFFFFFFFF),
	} {
		s, err := ParseSignatures(append(bytes.Clone(good), value...))
		if err == nil || s.Lists != 1 || s.Hashes != 1 {
			t.Errorf("ParseSignatures(%s) = %+v, %v; want an error and the list in front", name, s, err)
		}
	}
}

func TestParseSignaturesKeepsFew(t *testing.T) {
	t.Parallel()
	var value []byte
	for range maxCertificates + 1 {
		value = append(value, signatureList(kindX509, nil, []byte("x"))...)
	}
	s, err := ParseSignatures(value)
	if err != nil || s.Certificates != maxCertificates+1 || len(s.Found) != maxCertificates {
		t.Errorf("ParseSignatures = %d certificates of which %d are kept, %v; want %d and %d", s.Certificates, len(s.Found), err, maxCertificates+1, maxCertificates)
	}
}

func FuzzParseSignatures(f *testing.F) {
	der, _ := certificate(f, "db")
	f.Add(signatureList(kindX509, nil, der))
	f.Add(append(signatureList(kindSHA256, []byte("abcd"), make([]byte, 32), make([]byte, 32)), signatureList(kindRSA, nil, make([]byte, 256))...))
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := ParseSignatures(value)
		if len(s.Found) > min(maxCertificates, s.Certificates) || s.Lists*listBytes > len(value) {
			t.Errorf("ParseSignatures = %+v of %d bytes", s, len(value))
		}
		if total := s.Certificates + s.Hashes + s.Others; total*guidBytes > len(value) {
			t.Errorf("%d signatures in %d bytes", total, len(value))
		}
		// Lists are independent of each other.
		if err == nil {
			if twice, err := ParseSignatures(append(bytes.Clone(value), value...)); err != nil || twice.Lists != 2*s.Lists || twice.Hashes != 2*s.Hashes {
				t.Errorf("twice = %+v, %v; want the double of %+v", twice, err, s)
			}
		}
	})
}

// FuzzSubject compares with the decoder of the standard library.
func FuzzSubject(f *testing.F) {
	der, _ := certificate(f, "db")
	f.Add(der)
	f.Add([]byte{0x30, 0x82, 0, 1, 0x30})
	f.Fuzz(func(t *testing.T, data []byte) {
		name, ok := subject(data)
		c, err := x509.ParseCertificate(data)
		if err == nil && (!ok || !bytes.Equal(name, c.RawSubject)) {
			t.Errorf("subject = %x, %v; want %x", name, ok, c.RawSubject)
		}
	})
}
