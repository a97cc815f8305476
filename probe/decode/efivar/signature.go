package efivar

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Signatures is what PK, KEK, db or dbx hold: lists of signatures
// (EFI_SIGNATURE_LIST, UEFI 2.10, 32.4.1).
type Signatures struct {
	Lists        int
	Certificates int // X.509
	Hashes       int // of programs or of certificates
	Others       int // RSA keys and types that are not known here
	Found        []Certificate
}

// Certificate identifies one X.509 certificate. Only the first 64 of a variable
// are kept.
type Certificate struct {
	Owner         string // GUID of whoever installed it
	SHA256        string // of the certificate in DER, its fingerprint
	SubjectSHA256 string // of the name of the subject in DER
	HasSubject    bool   // the certificate could be read as far as that
}

// Fields of EFI_SIGNATURE_LIST.
const (
	listSize          = 16
	listHeaderSize    = 20
	listSignatureSize = 24
	listBytes         = 28
)

const maxCertificates = 64

// signatureKind tells certificates and hashes by the type GUID of a list (the
// EFI_CERT_…_GUID of UEFI 2.10, 32.4.1).
func signatureKind(guid string) (certificate, hash bool) {
	switch guid {
	case "a5c059a1-94e4-4aa7-87b5-ab155c2bf072": // X509
		return true, false
	case "c1c41626-504c-4092-aca9-41f936934328", // SHA256
		"3bd2a492-96c0-4079-b420-fcf98ef103ed", // X509_SHA256
		"7076876e-80c2-4ee6-aad2-28b349a6865b", // X509_SHA384
		"446dbf63-2502-4cda-bcfa-2465d2b0fe9d": // X509_SHA512
		return false, true
	}
	return false, false
}

// ParseSignatures reads the value of PK, KEK, db or dbx. If it is damaged, what
// stands in front of the damage comes with the error.
func ParseSignatures(value []byte) (Signatures, error) {
	var s Signatures
	for len(value) > 0 {
		if len(value) < listBytes {
			return s, fmt.Errorf("signature list %d: %d bytes, want at least %d", s.Lists, len(value), listBytes)
		}
		size := int64(binary.LittleEndian.Uint32(value[listSize:]))
		header := int64(binary.LittleEndian.Uint32(value[listHeaderSize:]))
		each := int64(binary.LittleEndian.Uint32(value[listSignatureSize:]))
		body := size - listBytes - header
		if size > int64(len(value)) || body < 0 || each <= guidBytes || body%each != 0 {
			return s, fmt.Errorf("signature list %d: %d signatures of %d bytes in %d", s.Lists, body/max(each, 1), each, len(value))
		}
		certificate, hash := signatureKind(guidText(value))
		count := int(body / each)
		switch {
		case hash:
			s.Hashes += count
		case !certificate:
			s.Others += count
		default:
			s.Certificates += count
			for list := value[listBytes+header : size]; len(list) > 0 && len(s.Found) < maxCertificates; list = list[each:] {
				s.Found = append(s.Found, parseCertificate(list[:each]))
			}
		}
		s.Lists++
		value = value[size:]
	}
	return s, nil
}

func parseCertificate(signature []byte) Certificate {
	der := signature[guidBytes:]
	sum := sha256.Sum256(der)
	c := Certificate{Owner: guidText(signature), SHA256: hex.EncodeToString(sum[:])}
	if name, ok := subject(der); ok {
		sum := sha256.Sum256(name)
		c.SubjectSHA256, c.HasSubject = hex.EncodeToString(sum[:]), true
	}
	return c
}

// Tags of DER (X.690) that lead to the subject.
const (
	derSequence = 0x30
	derInteger  = 0x02
	derVersion  = 0xA0 // [0] EXPLICIT
)

// subject returns the name of the subject of a certificate: the sixth part of
// the first part, if the version is there (RFC 5280, 4.1).
func subject(certificate []byte) ([]byte, bool) {
	outer, _, ok := derTake(certificate, derSequence)
	if !ok {
		return nil, false
	}
	_, body, _ := derBody(outer)
	signed, _, ok := derTake(body, derSequence)
	if !ok {
		return nil, false
	}
	_, rest, _ := derBody(signed)
	if _, after, ok := derTake(rest, derVersion); ok {
		rest = after
	}
	// Serial number, algorithm, issuer, validity.
	for _, tag := range [...]byte{derInteger, derSequence, derSequence, derSequence} {
		if _, rest, ok = derTake(rest, tag); !ok {
			return nil, false
		}
	}
	name, _, ok := derTake(rest, derSequence)
	return name, ok
}

// derTake takes one element with this tag from the front.
func derTake(data []byte, tag byte) (element, rest []byte, ok bool) {
	header, body, ok := derBody(data)
	if !ok || data[0] != tag {
		return nil, nil, false
	}
	end := header + len(body)
	return data[:end], data[end:], true
}

// derBody returns the length of the header of the element in front, and its
// body. Lengths above 65535 do not occur in a variable.
func derBody(data []byte) (header int, body []byte, ok bool) {
	if len(data) < 2 {
		return 0, nil, false
	}
	header, size := 2, int(data[1])
	if size >= 0x80 {
		extra := size & 0x7F
		if extra < 1 || extra > 2 || len(data) < 2+extra {
			return 0, nil, false
		}
		header, size = 2+extra, 0
		for _, b := range data[2:header] {
			size = size<<8 | int(b)
		}
	}
	if size > len(data)-header {
		return 0, nil, false
	}
	return header, data[header : header+size], true
}
