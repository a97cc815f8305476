// Package nvme reads what an NVMe controller says of itself, of a namespace and
// of its wear: the answers to Identify and Get Log Page.
//
// The structures are those of the NVM Express Base Specification 2.0 (5.17.2.1
// Identify Controller, 5.16.1.3 SMART / Health Information) and of the NVM
// Command Set Specification 1.0 (4.1.5.1 Identify Namespace), with the names of
// the kernel's include/linux/nvme.h. The package is given bytes; it sends no
// command and replaces no identity.
package nvme

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// IdentifyBytes is the length of the answer to every Identify command.
const IdentifyBytes = 4096

// Where Identify Controller holds what belongs to one unit. Who shows or keeps
// an answer replaces these first. The subsystem name often contains the serial
// number, and nobody says what is in the part that is left to the vendor.
const (
	SerialOffset       = 4
	SerialBytes        = 20
	FRUGUIDOffset      = 112 // FGUID, of the field replaceable unit
	FRUGUIDBytes       = 16
	SubsystemNQNOffset = 768
	SubsystemNQNBytes  = 256
	VendorOffset       = 3072
	VendorBytes        = 1024
)

// Controller is what Identify Controller (CNS 01h) says. Texts are without the
// blanks around them, and "" where the controller left the field blank.
type Controller struct {
	PCIVendor          uint16 // PCI SIG identifier of the vendor
	PCISubsystemVendor uint16
	Serial             string // as it stands there: the caller replaces it before
	Model              string
	FirmwareRevision   string
	OUI                string // IEEE identifier of the vendor, six hexadecimal digits
	Version            string // of the specification it follows, as in "1.3.0"
	HasVersion         bool   // false before 1.2
	Type               string // "I/O", "discovery" or "administrative"
	HasType            bool   // false before 1.4
	SubsystemNQN       string // NVMe qualified name of the subsystem; holds the serial number on many units

	CapacityBytes int64 // TNVMCAP, of all namespaces and what is not in one; at most the largest int64
	HasCapacity   bool  // false where namespaces cannot be managed
	Namespaces    uint32

	FirmwareSlots                 int
	HasFirmwareSlots              bool
	FirmwareSlot1ReadOnly         bool
	FirmwareActivatesWithoutReset bool // a new image can be used without a reset

	MaxTransferPages uint64 // of the smallest page size that the controller supports (CAP.MPSMIN)
	HasMaxTransfer   bool   // false: no limit is stated

	AdminCommands []string // optional commands for administration, in words (OACS)
	Commands      []string // optional commands for data (ONCS)
	EraseMethods  []string // ways to erase everything (SANICAP)

	WarningCelsius  int // from which on the controller warns that it is too hot
	HasWarning      bool
	CriticalCelsius int // from which on it may stop
	HasCritical     bool
}

// Bits of optional commands and abilities, from bit 0 on.
var (
	oacsWords = [...]string{"security send/receive", "format", "firmware update", "namespace management", "self-test", "directives",
		"NVMe-MI", "virtualization", "doorbell buffer", "LBA status", "lockdown"}
	oncsWords    = [...]string{"compare", "write uncorrectable", "deallocate", "write zeroes", "save/select features", "reservations", "timestamp", "verify", "copy"}
	sanicapWords = [...]string{"crypto erase", "block erase", "overwrite"}
)

// ParseController reads an answer to Identify Controller.
func ParseController(data []byte) (Controller, error) {
	if len(data) != IdentifyBytes {
		return Controller{}, fmt.Errorf("nvme controller: %d bytes, want %d", len(data), IdentifyBytes)
	}
	if blank(data) {
		return Controller{}, errors.New("nvme controller: nothing but zeros")
	}
	const (
		mn, fr, ieee                               = 24, 64, 73
		mdts, ver, cntrltype                       = 77, 80, 111
		oacs, frmw, wctemp, cctemp, tnvmcap        = 256, 260, 266, 268, 280
		sanicap, nn, oncs                          = 328, 516, 520
		sanicapMethods                      uint64 = 1<<len(sanicapWords) - 1 // above are properties of the methods
	)
	word := func(at int) uint16 { return binary.LittleEndian.Uint16(data[at:]) }
	long := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	c := Controller{
		PCIVendor:          word(0),
		PCISubsystemVendor: word(2),
		Serial:             text(data[SerialOffset:][:SerialBytes]),
		Model:              text(data[mn:][:40]),
		FirmwareRevision:   text(data[fr:][:8]),
		OUI:                fmt.Sprintf("%02x%02x%02x", data[ieee+2], data[ieee+1], data[ieee]),
		SubsystemNQN:       text(data[SubsystemNQNOffset:][:SubsystemNQNBytes]),
		Namespaces:         long(nn),
		AdminCommands:      words(uint64(word(oacs)), oacsWords[:]),
		Commands:           words(uint64(word(oncs)), oncsWords[:]),
		EraseMethods:       words(uint64(long(sanicap))&sanicapMethods, sanicapWords[:]),

		FirmwareSlots:                 int(data[frmw] >> 1 & 7),
		FirmwareSlot1ReadOnly:         data[frmw]&1 != 0,
		FirmwareActivatesWithoutReset: data[frmw]&0x10 != 0,
	}
	c.HasFirmwareSlots = c.FirmwareSlots > 0 // 1 to 7 are defined
	if v := long(ver); v != 0 {
		c.Version, c.HasVersion = fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff), true
	}
	c.Type, c.HasType = controllerType(data[cntrltype])
	c.CapacityBytes = saturated(data[tnvmcap:][:16])
	c.HasCapacity = c.CapacityBytes > 0
	if n := data[mdts]; n > 0 && n < 64 {
		c.MaxTransferPages, c.HasMaxTransfer = 1<<n, true
	}
	c.WarningCelsius, c.HasWarning = celsius(word(wctemp))
	c.CriticalCelsius, c.HasCritical = celsius(word(cctemp))
	return c, nil
}

func controllerType(code byte) (string, bool) {
	switch code {
	case 0:
		return "", false
	case 1:
		return "I/O", true
	case 2:
		return "discovery", true
	case 3:
		return "administrative", true
	}
	return fmt.Sprintf("type %d", code), true
}

func blank(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }

// text reads a field of ASCII, filled up with blanks or, against the
// specification but often, with zeros.
func text(field []byte) string {
	if end := bytes.IndexByte(field, 0); end >= 0 {
		field = field[:end]
	}
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, string(field)))
}

// words names the bits that are set. One without a name is called by its number.
func words(bits uint64, names []string) []string {
	var list []string
	for i := 0; bits>>i != 0; i++ {
		switch {
		case bits>>i&1 == 0:
		case i < len(names):
			list = append(list, names[i])
		default:
			list = append(list, fmt.Sprintf("bit %d", i))
		}
	}
	return list
}

// celsius converts from whole kelvins, of which 0 says that nothing is reported.
func celsius(kelvin uint16) (int, bool) {
	if kelvin == 0 {
		return 0, false
	}
	return int(kelvin) - 273, true
}

// saturated reads a little-endian number of 128 bits; what is larger than the
// largest int64 becomes that.
func saturated(field []byte) int64 {
	low := binary.LittleEndian.Uint64(field)
	if !blank(field[8:16]) || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}
