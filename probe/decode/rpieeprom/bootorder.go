package rpieeprom

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Mode is a boot mode: a digit of BOOT_ORDER, and the value of boot-mode in the
// device tree.
type Mode struct {
	Code  byte
	Word  string
	Known bool // Word has been given to the code
}

// The codes that are no media.
const (
	ModeStop    = 0xE // show an error until power is cycled
	ModeRestart = 0xF // begin again with the first
)

// DefaultBootOrder is in force if the configuration has no BOOT_ORDER: SD, then
// USB, and so on.
const DefaultBootOrder = "0xf41"

func newMode(code byte) Mode {
	words := map[byte]string{
		0x0: "sd-detect", // SD, then wait for another card
		0x1: "sd",        // the eMMC of a Compute Module
		0x2: "network",
		0x3: "rpiboot", // as a USB device, by a host
		0x4: "usb",     // mass storage
		0x5: "bcm-usb", // mass storage at the USB 2.0 socket that is also a device
		0x6: "nvme",
		0x7: "http",

		ModeStop:    "stop",
		ModeRestart: "restart",
	}
	word, ok := words[code]
	return Mode{code, word, ok}
}

// ParseBootOrder reads the value of BOOT_ORDER: at most eight hexadecimal digits,
// tried from the right one on. What stands behind "restart" or "stop" is never
// reached and is left out.
func ParseBootOrder(value string) ([]Mode, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(value), "0x")
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil {
		return nil, fmt.Errorf("boot order: %.20q is not a number of eight hexadecimal digits", value)
	}
	var order []Mode
	for {
		m := newMode(byte(n & 0xF))
		order = append(order, m)
		if n >>= 4; n == 0 || m.Code == ModeStop || m.Code == ModeRestart {
			return order, nil
		}
	}
}

// Number is a value that may not be there.
type Number struct {
	Value uint32
	Known bool
}

// Chosen is the node /chosen/bootloader.
type Chosen struct {
	Mode           Mode // that was used
	HasMode        bool
	Partition      Number // that was booted, of the medium or of what a RAM disk came from
	TryBoot        Number // 1 if it was a trial
	ResetStatus    Number // the register PM_RSTS
	BuildTime      Number // of the boot loader, seconds since 1970
	UpdateTime     Number // seconds since 1970
	Capabilities   Number
	Signed         Number
	Version        string // of the boot loader, a commit
	HasVersion     bool
	USBVersion     Number // 2 or 3, if USB was booted
	USBPort        Number // of the root hub
	USBRoute       Number // the route string of USB 3, also made up for USB 2
	USBLogicalUnit Number
}

// Bits of Capabilities and of Signed.
const (
	capabilitySecureBoot = 1 << 7
	signedConfig         = 1 << 0 // SIGNED_BOOT is in the configuration
	signedDevelopmentKey = 1 << 2 // the development key has been revoked
	signedCustomerKey    = 1 << 3 // the digest of a customer's key is in OTP
)

// CanSecureBoot reports whether the boot loader can check signatures at all.
func (c Chosen) CanSecureBoot() (can, known bool) {
	return c.Capabilities.Value&capabilitySecureBoot != 0, c.Capabilities.Known
}

// SecureBoot reports what of secure boot is set: the setting in the
// configuration, and the two fuses that make it stay.
func (c Chosen) SecureBoot() (configured, developmentKeyRevoked, customerKey, known bool) {
	bits := c.Signed.Value
	return bits&signedConfig != 0, bits&signedDevelopmentKey != 0, bits&signedCustomerKey != 0, c.Signed.Known
}

// ParseChosen reads the properties of /chosen/bootloader by their names, those of
// the node usb below it as "usb/lun". Some names have changed, and both are
// accepted. A property that has not the length it should have is not known; one
// that is missing is no error, for a second loader may not pass it on.
func ParseChosen(property map[string][]byte) Chosen {
	number := func(names ...string) Number {
		for _, name := range names {
			if raw, ok := property[name]; ok && len(raw) == 4 {
				return Number{binary.BigEndian.Uint32(raw), true}
			}
		}
		return Number{}
	}
	c := Chosen{
		Partition:      number("partition"),
		TryBoot:        number("tryboot"),
		ResetStatus:    number("pm_rsts", "rsts"),
		BuildTime:      number("build_timestamp", "build-timestamp"),
		UpdateTime:     number("update_timestamp", "update-timestamp"),
		Capabilities:   number("capabilities"),
		Signed:         number("signed_boot", "signed-boot", "signed"),
		USBVersion:     number("usb/usb-version"),
		USBPort:        number("usb/root-hub-port-number"),
		USBRoute:       number("usb/route-string"),
		USBLogicalUnit: number("usb/lun"),
	}
	if mode := number("boot-mode"); mode.Known && mode.Value <= 0xF {
		c.Mode, c.HasMode = newMode(byte(mode.Value)), true
	}
	if text, ok := property["version"]; ok {
		version, _, _ := strings.Cut(string(text[:min(len(text), maxVersion)]), "\x00")
		c.Version, c.HasVersion = printable(version), version != ""
	}
	return c
}

const maxVersion = 64
