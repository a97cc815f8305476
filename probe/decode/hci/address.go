package hci

import "fmt"

// Address is a Bluetooth device address in the order in which it is written.
type Address [6]byte

// String returns the address as it is usually written, in capitals.
func (a Address) String() string {
	return fmt.Sprintf("%02X:%02X:%02X:%02X:%02X:%02X", a[0], a[1], a[2], a[3], a[4], a[5])
}

// Flaw says why an address is not that of one unit.
type Flaw string

const (
	FlawNone    Flaw = ""           // none is known
	FlawAbsent  Flaw = "no address" // all zeros or all ones
	FlawDefault Flaw = "default"    // every unit with this chip has it until it gets its own; see DefaultOf
	FlawGroup   Flaw = "group"      // the bit of group addresses is set, which no public address has
)

// Flaw judges an address. Two boards with the same address disturb each other,
// and the kernel holds a controller whose driver knows the address as unusable
// until it gets another.
func (a Address) Flaw() Flaw {
	const group = 0x01 // IEEE 802, individual/group bit
	switch _, known := a.DefaultOf(); {
	case a == Address{} || a == Address{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}:
		return FlawAbsent
	case known:
		return FlawDefault
	case a[0]&group != 0:
		return FlawGroup
	}
	return FlawNone
}

// DefaultOf returns which chip, or the chips of which maker or firmware file,
// have the address until they get their own.
func (a Address) DefaultOf() (string, bool) {
	switch a {
	// drivers/bluetooth/btbcm.c, btbcm_check_bdaddr.
	case Address{0x00, 0x20, 0x70, 0x02, 0xa0, 0x00}:
		return "BCM20702A0", true
	case Address{0x20, 0x70, 0x02, 0xa0, 0x00, 0x00}:
		return "BCM20702A1", true
	case Address{0x20, 0x76, 0xa0, 0x00, 0x56, 0x79}:
		return "BCM2076B1", true
	case Address{0x43, 0x24, 0xb3, 0x00, 0x00, 0x00}:
		return "BCM4324B3", true
	case Address{0x43, 0x30, 0xb1, 0x00, 0x00, 0x00}:
		return "BCM4330B1", true
	case Address{0x43, 0x34, 0xb0, 0x00, 0x00, 0x00}:
		return "BCM4334B0", true
	case Address{0x43, 0x34, 0x1b, 0x00, 0x1f, 0xac}:
		return "BCM43341B", true
	case Address{0x43, 0x43, 0xa0, 0x12, 0x1f, 0xac}:
		return "BCM43430A0", true
	case Address{0x43, 0x45, 0xc5, 0x00, 0x1f, 0xac}:
		return "BCM4345C5", true
	case Address{0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}:
		return "BCM43430A1", true
	// drivers/bluetooth/btintel.c, BDADDR_INTEL.
	case Address{0x00, 0x03, 0x19, 0x9e, 0x8b, 0x00}:
		return "Intel", true
	// drivers/bluetooth/hci_aml.c, AML_BDADDR_DEFAULT.
	case Address{0xae, 0x2d, 0x22, 0x00, 0xff, 0x00}:
		return "Amlogic", true
	// Element 2 of the files named, in linux-firmware 20250410. The driver btqca
	// holds a controller that still has it as one without an address.
	case Address{0x00, 0x00, 0x00, 0x00, 0x5a, 0xad}:
		return "Qualcomm (most of qca/*nv*)", true
	case Address{0x39, 0x50, 0x12, 0x00, 0x40, 0x02}:
		return "Qualcomm (qca/cmnv12.bin, cmnv13.bin)", true
	case Address{0x39, 0x80, 0x10, 0x00, 0x00, 0x20}, Address{0x39, 0x80, 0x12, 0x74, 0x08, 0x00}:
		return "Qualcomm (qca/apnv10.bin, apnv11.bin)", true
	case Address{0x39, 0x90, 0x21, 0x64, 0x07, 0x00}:
		return "Qualcomm (qca/crnv21.bin)", true
	case Address{0x39, 0x98, 0x00, 0x00, 0x5a, 0xad}:
		return "Qualcomm (qca/crnv32.bin)", true
	case Address{0x64, 0x90, 0x00, 0x00, 0x5a, 0xad}:
		return "Qualcomm (qca/msnv11.b09)", true
	case Address{0x61, 0x47, 0xaa, 0x31, 0x22, 0x14}, Address{0x61, 0x47, 0xaa, 0x32, 0x44, 0x07}:
		return "Qualcomm (qca/nvm_00130300.bin, nvm_00130302.bin)", true
	}
	// Others of Broadcom's are made of the chip's number in the same way:
	// 43:43:A1:12:1F:AC, 43:45:C0:00:1F:AC (RPi-Distro/pi-bluetooth, issue 29).
	if a[0] == 0x43 && (a[1] == 0x43 || a[1] == 0x45) {
		return fmt.Sprintf("BCM%02X%02X%02X", a[0], a[1], a[2]), true
	}
	return "", false
}
