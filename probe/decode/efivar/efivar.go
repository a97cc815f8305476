// Package efivar decodes the UEFI variables that say how a machine boots: the
// boot order, the load options with their device paths, the state and the keys
// of Secure Boot, and what boot loaders leave for the operating system.
//
// The input are files as efivarfs shows them. The package reads none itself and
// cannot write variables. It looks into certificates only as far as their
// subject, and it verifies no signature.
package efivar

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// GUIDs of the vendors whose variables are decoded here, as they stand in the
// names of files.
const (
	GlobalGUID   = "8be4df61-93ca-11d2-aa0d-00e098032b8c" // UEFI 2.10, 3.3: BootOrder, SecureBoot, PK, KEK
	SecurityGUID = "d719b2cb-3d3a-4596-a3bc-dad00e67656f" // UEFI 2.10, 32.6.1: db, dbx
	LoaderGUID   = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" // systemd.io/BOOT_LOADER_INTERFACE
	NVIDIAGUID   = "781e084c-a330-417c-b678-38e696380cb9" // edk2-nvidia: BootChainFwCurrent
)

// Attributes of a variable (UEFI 2.10, 8.2.1).
type Attributes uint32

// The attributes that say where a variable lives and who can see it.
const (
	NonVolatile   Attributes = 0x01
	BootAccess    Attributes = 0x02
	RuntimeAccess Attributes = 0x04
	Authenticated Attributes = 0x20 // writing takes a signature with a time stamp
)

// attributeBytes stand in front of the value in a file of efivarfs
// (Documentation/filesystems/efivarfs.rst).
const attributeBytes = 4

// MaxBytes bounds a file. Revocation lists, the largest variables that exist,
// have some 32 KiB.
const MaxBytes = 1 << 20

// Parse takes a file of efivarfs apart. The value is a part of file.
func Parse(file []byte) (a Attributes, value []byte, err error) {
	switch {
	case len(file) < attributeBytes:
		return 0, nil, fmt.Errorf("efivar: %d bytes, want 4 of attributes", len(file))
	case len(file) > MaxBytes:
		return 0, nil, fmt.Errorf("efivar: %d bytes, at most %d are read", len(file), MaxBytes)
	}
	return Attributes(binary.LittleEndian.Uint32(file)), file[attributeBytes:], nil
}

// SplitName takes the name of a file of efivarfs apart: "Boot0001-8be4df61-…"
// is the variable Boot0001 of that vendor. The GUID is given in lower case.
func SplitName(file string) (name, guid string, ok bool) {
	at := len(file) - guidTextBytes - 1
	if at < 1 || file[at] != '-' || !isGUID(file[at+1:]) {
		return "", "", false
	}
	return file[:at], strings.ToLower(file[at+1:]), true
}

const guidTextBytes = 36

func isGUID(text string) bool {
	if len(text) != guidTextBytes {
		return false
	}
	for i := range len(text) {
		switch i {
		case 8, 13, 18, 23:
			if text[i] != '-' {
				return false
			}
		default:
			if !isHex(text[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// guidBytes is the length of a GUID in binary.
const guidBytes = 16

// guidText writes a GUID of 16 bytes, whose first three fields are little
// endian (UEFI 2.10, appendix A).
func guidText(b []byte) string {
	raw := slices.Clone(b[:guidBytes])
	slices.Reverse(raw[0:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	text := hex.EncodeToString(raw)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// ParseBootOrder reads BootOrder: the numbers of the load options in the order
// in which the firmware tries them. An empty list is one.
func ParseBootOrder(value []byte) ([]uint16, error) {
	if len(value)%2 != 0 {
		return nil, fmt.Errorf("boot order: %d bytes, want two for each number", len(value))
	}
	order := make([]uint16, 0, len(value)/2)
	for ; len(value) > 0; value = value[2:] {
		order = append(order, binary.LittleEndian.Uint16(value))
	}
	return order, nil
}

// ParseUint16 reads BootCurrent, BootNext and Timeout. The unit of Timeout is a
// second, 0xFFFF waits for ever.
func ParseUint16(value []byte) (uint16, error) {
	if len(value) != 2 {
		return 0, fmt.Errorf("efivar: %d bytes, want the 2 of a number", len(value))
	}
	return binary.LittleEndian.Uint16(value), nil
}

// ParseFlag reads SecureBoot, SetupMode, AuditMode and DeployedMode, which are
// one byte, 0 or 1.
func ParseFlag(value []byte) (bool, error) {
	if len(value) != 1 || value[0] > 1 {
		return false, fmt.Errorf("efivar: value %x is not a flag", value[:min(len(value), 8)])
	}
	return value[0] == 1, nil
}

// ParseText reads a variable whose value is text in UTF-16, such as LoaderInfo
// of the boot loader interface. The NUL at the end may be missing.
func ParseText(value []byte) (string, error) {
	if len(value)%2 != 0 {
		return "", fmt.Errorf("efivar: %d bytes are not UTF-16", len(value))
	}
	text, _ := utf16Text(value)
	return text, nil
}

// ParsePartUUID reads LoaderDevicePartUUID: the GUID of the partition that the
// boot loader was started from, in lower case, as the kernel writes PARTUUID.
func ParsePartUUID(value []byte) (string, error) {
	text, err := ParseText(value)
	switch {
	case err != nil:
		return "", err
	case !isGUID(text):
		return "", errors.New("loader device: not the GUID of a partition")
	}
	return strings.ToLower(text), nil
}

// Indications are the bits of OsIndications and OsIndicationsSupported (UEFI
// 2.10, 8.5.4).
type Indications uint64

// ParseIndications reads OsIndications or OsIndicationsSupported.
func ParseIndications(value []byte) (Indications, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("os indications: %d bytes, want 8", len(value))
	}
	return Indications(binary.LittleEndian.Uint64(value)), nil
}

// Words names the bits that are set, in their order. Bits without a name are
// left out.
func (n Indications) Words() []string {
	names := [...]string{"boot-to-firmware", "timestamp-revocation", "file-capsule", "fmp-capsule", "capsule-result", "os-recovery", "platform-recovery", "json-config"}
	var words []string
	for i, name := range names {
		if n>>i&1 != 0 {
			words = append(words, name)
		}
	}
	return words
}

// ParseBootChain reads BootChainFwCurrent or BootChainFwNext of a Jetson, a
// number of 32 bits: the copy of the firmware that runs, or that will. It is
// "A" for 0 and "B" for 1 (docs.nvidia.com/jetson, Bootloader/UEFI).
func ParseBootChain(value []byte) (string, error) {
	if len(value) != 4 {
		return "", fmt.Errorf("boot chain: %d bytes, want 4", len(value))
	}
	switch n := binary.LittleEndian.Uint32(value); n {
	case 0:
		return "A", nil
	case 1:
		return "B", nil
	default:
		return "", fmt.Errorf("boot chain: %d is neither A nor B", n)
	}
}

// SecureMode names the mode of Secure Boot by the variables SetupMode,
// AuditMode and DeployedMode (UEFI 2.10, 32.3): "setup", "audit", "user" or
// "deployed". Firmware older than UEFI 2.5 does not have the last two variables;
// they are false then.
func SecureMode(setup, audit, deployed bool) (string, error) {
	switch {
	case setup && audit && !deployed:
		return "audit", nil
	case setup && !audit && !deployed:
		return "setup", nil
	case !setup && !audit && deployed:
		return "deployed", nil
	case !setup && !audit && !deployed:
		return "user", nil
	}
	return "", errors.New("secure boot: SetupMode, AuditMode and DeployedMode contradict each other")
}

// maxText bounds every text that is returned, in bytes.
const maxText = 1 << 10

// utf16Text reads little-endian UTF-16 up to a NUL and returns how many bytes
// it took with the NUL. Without a NUL it takes all whole units.
func utf16Text(b []byte) (text string, taken int) {
	var units []uint16
	for taken+2 <= len(b) {
		unit := binary.LittleEndian.Uint16(b[taken:])
		taken += 2
		if unit == 0 {
			break
		}
		if len(units) < maxText {
			units = append(units, unit)
		}
	}
	return printable(string(utf16.Decode(units))), taken
}

// cString reads text of one byte a character up to a NUL or the end.
func cString(b []byte) string {
	text, _, _ := strings.Cut(string(b[:min(len(b), maxText)]), "\x00")
	return printable(text)
}

// printable replaces what would disturb a terminal or a log, and cuts long text.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) <= maxText {
		return text
	}
	const mark = "..."
	cut := maxText - len(mark)
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}
