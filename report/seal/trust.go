package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Trusted is a key that somebody vouches for.
type Trusted struct {
	Name string
	Key  ed25519.PublicKey
}

// ParseTrust reads a trust store: public keys in PEM, which all get this name,
// or the allowed_signers file of ssh-keygen (section ALLOWED SIGNERS of its
// manual), whose keys are called by their principals. The notes are lines of
// the file that hold no key for packages. What would limit a key in a way that
// is not checked here is an error.
func ParseTrust(name string, data []byte) (list []Trusted, notes []string, err error) {
	if len(data) > maxKeyBytes {
		return nil, nil, fmt.Errorf("trust store: %d bytes, at most %d are read", len(data), maxKeyBytes)
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN ")) {
		list, err = parsePEMTrust(name, data)
	} else {
		list, notes, err = parseAllowedSigners(string(data))
	}
	if err == nil && len(list) == 0 {
		err = errors.New("no Ed25519 key in it")
	}
	if err != nil {
		return nil, notes, fmt.Errorf("trust store: %w", err)
	}
	return list, notes, nil
}

func parsePEMTrust(name string, data []byte) ([]Trusted, error) {
	var list []Trusted
	for len(bytes.TrimSpace(data)) > 0 {
		block, rest, err := nextPEM(data)
		if err != nil {
			return nil, err
		}
		key, err := parsePublic(block.Bytes)
		if err != nil {
			return nil, err
		}
		list, data = append(list, Trusted{name, key}), rest
	}
	return list, nil
}

func parseAllowedSigners(text string) (list []Trusted, notes []string, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, note, err := parseAllowedSigner(line)
		switch {
		case err != nil:
			return nil, notes, fmt.Errorf("line %d: %w", number, err)
		case note != "":
			notes = append(notes, fmt.Sprintf("line %d is not used: %s", number, note))
		default:
			list = append(list, key)
		}
	}
	return list, notes, nil
}

// parseAllowedSigner reads one line: principals, options or none, type and key.
func parseAllowedSigner(line string) (t Trusted, note string, err error) {
	principals, rest := cutField(line, " \t")
	kind, rest := cutField(rest, " \t")
	options := ""
	if !isKeyType(kind) {
		options = kind
		kind, rest = cutField(rest, " \t")
	}
	switch {
	case isKeyType(principals):
		return Trusted{}, "", errors.New("a key without a principal; put the name of its owner in front")
	case !isKeyType(kind):
		return Trusted{}, "", errors.New("neither PEM nor a line of allowed_signers: principal, options, type and key")
	case kind != sshKeyType:
		return Trusted{}, fmt.Sprintf("packages are signed with %s, the key is %+q", sshKeyType, kind), nil
	}
	ours, err := checkOptions(options)
	switch {
	case err != nil:
		return Trusted{}, "", err
	case !ours:
		return Trusted{}, "its namespaces do not have " + namespace, nil
	}
	text, _ := cutField(rest, " \t")
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Trusted{}, "", fmt.Errorf("public key: %w", err)
	}
	raw := blob[max(0, len(blob)-ed25519.PublicKeySize):]
	if !bytes.Equal(sshPublic(raw), blob) {
		return Trusted{}, "", errors.New("public key: not one of " + sshKeyType)
	}
	key, err := checkPublic(raw)
	return Trusted{strings.Trim(principals, `"`), key}, "", err
}

// checkOptions reports whether a key with these options may sign packages.
func checkOptions(options string) (ours bool, err error) {
	ours = true
	seen := false
	for options != "" {
		var option string
		option, options = cutField(options, ",")
		name, value, _ := strings.Cut(option, "=")
		if !strings.EqualFold(name, "namespaces") {
			return false, fmt.Errorf("option %+q is not understood, so the key is not trusted", name)
		}
		if seen || len(value) < 3 || value[0] != '"' || value[len(value)-1] != '"' {
			return false, errors.New(`the option namespaces must be there once, as in namespaces="a,b"`)
		}
		seen = true
		patterns := strings.Split(value[1:len(value)-1], ",")
		for _, p := range patterns {
			if p != "*" && strings.ContainsAny(p, `*?!"\ `) {
				return false, fmt.Errorf("the pattern %+q of namespaces is not understood, so the key is not trusted", p)
			}
		}
		ours = slices.Contains(patterns, namespace) || slices.Contains(patterns, "*")
	}
	return ours, nil
}

// isKeyType tells by the names that OpenSSH gives to types of keys.
func isKeyType(field string) bool {
	for _, start := range [...]string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"} {
		if strings.HasPrefix(field, start) {
			return true
		}
	}
	return false
}

// cutField cuts text at the separators that are not between double quotes.
func cutField(text, separators string) (field, rest string) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, text[i]) >= 0:
			return text[:i], strings.TrimLeft(text[i:], separators)
		}
	}
	return text, ""
}
