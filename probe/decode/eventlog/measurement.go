package eventlog

import (
	"bytes"
	"fmt"
	"slices"
)

// Measurement is one event.
type Measurement struct {
	Register uint32
	Type     uint32
	Name     string // of the variable, or the words, if they are of the specification
	Digest   []byte // in the bank of Log.Bank; nil if the event has none
}

// Subject is what a measurement tells of.
type Subject int

// The subjects. Which register has what: sections 3.3.4.1 to 3.3.4.8.
const (
	Other    Subject = iota // may tell of the unit, of its settings, or of what is plugged in
	Firmware                // code of the maker of the platform, register 0
	Image                   // a program that was started from a medium, register 4
	Policy                  // who may sign what is started, register 7
)

// Subject decides by register and type, and by the name where that matters. What
// is not known to be the same for all units with one firmware is Other: tables of
// the firmware have serial numbers in them (SMBIOS), load options and partition
// tables have identifiers of disks, register 2 is of the cards that are plugged in,
// and what a maker puts into register 6 nobody knows.
func (m Measurement) Subject() Subject {
	of := func(types ...uint32) bool { return slices.Contains(types, m.Type) }
	switch {
	case m.Digest == nil:
		return Other
	case m.Register == 0 && of(typePostCode, typeSeparator, typeCRTMContents, typeCRTMVersion, typePostCode2, typeBootDriver, typeRuntimeDriver, typeFirmwareBlob, typeFirmwareBlob2, typeHCRTM):
		return Firmware
	case m.Register == 4 && of(typeApplication):
		return Image
	case m.Register == 7 && (of(typeSeparator) || of(typeVariableConfig, typeVariableAuthority, typeAction) && m.Name != ""):
		return Policy
	}
	return Other
}

// TypeName is the name in the specification, or the number.
func (m Measurement) TypeName() string {
	if name := typeNames()[m.Type]; name != "" {
		return name
	}
	return fmt.Sprintf("0x%08x", m.Type)
}

// Types of events (table 27).
const (
	typePostCode          = 0x1
	typeNoAction          = 0x3
	typeSeparator         = 0x4
	typeCRTMContents      = 0x7
	typeCRTMVersion       = 0x8
	typePostCode2         = 0x13
	typeVariableConfig    = 0x80000001
	typeVariableBoot      = 0x80000002
	typeApplication       = 0x80000003
	typeBootDriver        = 0x80000004
	typeRuntimeDriver     = 0x80000005
	typeAction            = 0x80000007
	typeFirmwareBlob      = 0x80000008
	typeFirmwareBlob2     = 0x8000000a
	typeVariableBoot2     = 0x8000000c
	typeHCRTM             = 0x80000010
	typeVariableAuthority = 0x800000e0
)

func typeNames() map[uint32]string {
	return map[uint32]string{
		typePostCode: "EV_POST_CODE", typeNoAction: "EV_NO_ACTION", typeSeparator: "EV_SEPARATOR", 0x5: "EV_ACTION", 0x6: "EV_EVENT_TAG",
		typeCRTMContents: "EV_S_CRTM_CONTENTS", typeCRTMVersion: "EV_S_CRTM_VERSION", 0x9: "EV_CPU_MICROCODE", 0xa: "EV_PLATFORM_CONFIG_FLAGS",
		0xb: "EV_TABLE_OF_DEVICES", 0xc: "EV_COMPACT_HASH", 0xd: "EV_IPL", 0xe: "EV_IPL_PARTITION_DATA", 0xf: "EV_NONHOST_CODE",
		0x10: "EV_NONHOST_CONFIG", 0x11: "EV_NONHOST_INFO", 0x12: "EV_OMIT_BOOT_DEVICE_EVENTS", typePostCode2: "EV_POST_CODE2",
		typeVariableConfig: "EV_EFI_VARIABLE_DRIVER_CONFIG", typeVariableBoot: "EV_EFI_VARIABLE_BOOT", typeApplication: "EV_EFI_BOOT_SERVICES_APPLICATION",
		typeBootDriver: "EV_EFI_BOOT_SERVICES_DRIVER", typeRuntimeDriver: "EV_EFI_RUNTIME_SERVICES_DRIVER", 0x80000006: "EV_EFI_GPT_EVENT",
		typeAction: "EV_EFI_ACTION", typeFirmwareBlob: "EV_EFI_PLATFORM_FIRMWARE_BLOB", 0x80000009: "EV_EFI_HANDOFF_TABLES",
		typeFirmwareBlob2: "EV_EFI_PLATFORM_FIRMWARE_BLOB2", 0x8000000b: "EV_EFI_HANDOFF_TABLES2", typeVariableBoot2: "EV_EFI_VARIABLE_BOOT2",
		0x8000000d: "EV_EFI_GPT_EVENT2", typeHCRTM: "EV_EFI_HCRTM_EVENT", typeVariableAuthority: "EV_EFI_VARIABLE_AUTHORITY",
		0x800000e1: "EV_EFI_SPDM_FIRMWARE_BLOB", 0x800000e2: "EV_EFI_SPDM_FIRMWARE_CONFIG", 0x800000e3: "EV_EFI_SPDM_DEVICE_POLICY", 0x800000e4: "EV_EFI_SPDM_DEVICE_AUTHORITY",
	}
}

// nameOf is what an event says of itself, if the specification has these words.
func nameOf(kind uint32, event []byte) string {
	switch kind {
	case typePostCode, typeAction:
		words := string(bytes.TrimRight(event[:min(len(event), maxVariable)], "\x00"))
		if slices.Contains(knownWords(kind), words) {
			return words
		}
	case typeVariableConfig, typeVariableAuthority:
		if v, ok := parseVariable(event); ok && slices.Contains(policyVariables()[v.vendor], v.name) {
			return v.name
		}
	}
	return ""
}

// knownWords are those of sections 10.4.2 and 10.4.4, in the spelling of edk2
// (MdePkg/Include/IndustryStandard/UefiTcgPlatform.h), and "DMA Protection
// Disabled", which Microsoft demands of firmware.
func knownWords(kind uint32) []string {
	if kind == typePostCode {
		return []string{"POST CODE", "SMM CODE", "ACPI DATA", "BIS CODE", "UEFI PI", "Embedded Option ROM", "Embedded UEFI Driver"}
	}
	return []string{"UEFI Debug Mode", "DMA Protection Disabled"}
}

// policyVariables are the variables of Secure Boot by their vendors, which are
// EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID (UEFI 2.10, 3.3 and
// 32.4.1). Those of shim can have keys of the unit in them.
func policyVariables() map[guid][]string {
	return map[guid][]string{
		{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}: {"SecureBoot", "PK", "KEK", "SetupMode", "AuditMode", "DeployedMode"},
		{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}: {"db", "dbx", "dbt", "dbr"},
	}
}
