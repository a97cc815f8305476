package efivar

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// LoadOption is the value of Boot####, Driver####, SysPrep#### or
// PlatformRecovery#### (EFI_LOAD_OPTION, UEFI 2.10, 3.1.3).
type LoadOption struct {
	Active         bool // the boot manager tries it
	ForceReconnect bool
	Hidden         bool   // not shown in a menu, and tried all the same
	Category       string // "boot" for what the boot order is about, "app" for tools, else a number as 0x200
	Description    string
	Paths          []Path // the first is what is loaded; at most 16 are kept
	OptionalBytes  int    // of the data that is passed to what is loaded
}

// Fields of EFI_LOAD_OPTION.
const (
	optionActive         = 0x00000001
	optionForceReconnect = 0x00000002
	optionHidden         = 0x00000008
	optionCategory       = 0x00001F00
	optionCategoryBoot   = 0x00000000
	optionCategoryApp    = 0x00000100

	optionHeaderBytes = 6 // attributes and length of the paths
)

// ParseLoadOption reads the value of a load option. If only its device paths
// are damaged, all else and the paths in front of the damage come with the error.
func ParseLoadOption(value []byte) (LoadOption, error) {
	if len(value) < optionHeaderBytes {
		return LoadOption{}, fmt.Errorf("load option: %d bytes, want at least %d", len(value), optionHeaderBytes)
	}
	attributes := binary.LittleEndian.Uint32(value)
	pathBytes := int(binary.LittleEndian.Uint16(value[4:]))
	o := LoadOption{
		Active:         attributes&optionActive != 0,
		ForceReconnect: attributes&optionForceReconnect != 0,
		Hidden:         attributes&optionHidden != 0,
	}
	switch category := attributes & optionCategory; category {
	case optionCategoryBoot:
		o.Category = "boot"
	case optionCategoryApp:
		o.Category = "app"
	default:
		o.Category = fmt.Sprintf("0x%x", category)
	}
	rest := value[optionHeaderBytes:]
	text, taken := utf16Text(rest)
	if taken < 2 || rest[taken-1] != 0 || rest[taken-2] != 0 {
		return LoadOption{}, fmt.Errorf("load option: description of %d bytes without end", len(rest))
	}
	o.Description, rest = text, rest[taken:]
	if pathBytes > len(rest) {
		return o, fmt.Errorf("load option: device paths of %d bytes in %d", pathBytes, len(rest))
	}
	o.OptionalBytes = len(rest) - pathBytes
	paths, err := ParsePaths(rest[:pathBytes])
	o.Paths = paths
	if err != nil {
		return o, fmt.Errorf("load option: %w", err)
	}
	return o, nil
}

const bootPrefix = "Boot"

// BootName returns the name of the variable of a load option: Boot000A for 10.
func BootName(number uint16) string { return fmt.Sprintf(bootPrefix+"%04X", number) }

// BootNumber reads the number in the name of a variable Boot####, which is in
// upper case (UEFI 2.10, 3.3). Other names, as BootOrder, are none.
func BootNumber(name string) (uint16, bool) {
	if len(name) != len(bootPrefix)+4 {
		return 0, false
	}
	n, err := strconv.ParseUint(name[len(bootPrefix):], 16, 16)
	// The specification has upper-case digits; some firmware writes others.
	if err != nil || !strings.EqualFold(BootName(uint16(n)), name) || !strings.HasPrefix(name, bootPrefix) {
		return 0, false
	}
	return uint16(n), true
}
