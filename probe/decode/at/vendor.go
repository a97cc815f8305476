package at

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseUSBNet reads the answer to AT+QCFG="usbnet": which network function a
// modem of Quectel has on USB.
func ParseUSBNet(c Command, a Answer) (string, error) {
	fields, err := Fields(c, a)
	if err != nil {
		return "", err
	}
	if f := fields[0]; len(f) == 2 && f[0] == "usbnet" {
		switch f[1] {
		case "0":
			return "QMI", nil
		case "1":
			return "ECM", nil
		case "2":
			return "MBIM", nil
		case "3":
			return "RNDIS", nil
		}
		return f[1], nil
	}
	return "", fmt.Errorf("at: %s: no value of usbnet in the answer", c.Text)
}

// CarrierConfig is a carrier's configuration in a modem of Quectel.
type CarrierConfig struct {
	Name      string
	Version   string
	Selected  bool
	Activated bool
}

// ParseCarrierConfigs reads the answer to AT+QMBNCFG="List": index, selected,
// activated, name, version, date.
func ParseCarrierConfigs(c Command, a Answer) ([]CarrierConfig, error) {
	fields, err := Fields(c, a)
	if err != nil {
		return nil, err
	}
	var list []CarrierConfig
	for _, f := range fields {
		if len(f) >= 6 && f[0] == "List" {
			list = append(list, CarrierConfig{Name: f[4], Version: f[5], Selected: f[2] == "1", Activated: f[3] == "1"})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("at: %s: no configuration in the answer", c.Text)
	}
	return list, nil
}

// FirmwareImage is firmware with a carrier's configuration in a modem of Sierra
// Wireless.
type FirmwareImage struct {
	Firmware, Carrier, Config string
}

// ImagePreference is what a modem of Sierra Wireless should start and what it
// has started. If they do not agree the modem stays in low power mode.
type ImagePreference struct {
	Preferred, Current FirmwareImage
	Mismatches         []string // in the modem's words
}

// ParseImagePreference reads the answer to AT!IMPREF? or AT!GOBIIMPREF?.
func ParseImagePreference(c Command, a Answer) (ImagePreference, error) {
	if err := a.Err(); err != nil {
		return ImagePreference{}, err
	}
	var p ImagePreference
	known := false
	for _, line := range a.Lines {
		if strings.HasSuffix(line, "mismatch") {
			p.Mismatches = append(p.Mismatches, line)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		image := &p.Preferred
		name, ok := strings.CutPrefix(name, "preferred ")
		if !ok {
			image = &p.Current
			if name, ok = strings.CutPrefix(name, "current "); !ok {
				continue
			}
		}
		switch name {
		case "fw version":
			image.Firmware = value
		case "carrier name":
			image.Carrier = value
		case "config name":
			image.Config = value
		default:
			continue
		}
		known = true
	}
	if !known {
		return ImagePreference{}, fmt.Errorf("at: %s: no image in the answer", c.Text)
	}
	return p, nil
}

// ParseUSBComposition reads the answer to AT!USBCOMP?: the functions that a
// modem of Sierra Wireless has on USB.
func ParseUSBComposition(c Command, a Answer) ([]string, error) {
	if err := a.Err(); err != nil {
		return nil, err
	}
	for _, line := range a.Lines {
		value, ok := strings.CutPrefix(line, "Interface bitmask:")
		fields := strings.Fields(value)
		if !ok || len(fields) == 0 {
			continue
		}
		bits, err := strconv.ParseUint(fields[0], 16, 32)
		if err != nil {
			break
		}
		return functions(uint32(bits)), nil
	}
	return nil, fmt.Errorf("at: %s: no interfaces in the answer", c.Text)
}

// functions names the bits of the mask, after the help text of AT!USBCOMP in the
// firmware. A bit without a name is given by its number.
func functions(bits uint32) []string {
	names := map[int]string{
		0: "DIAG", 1: "ADB", 2: "NMEA", 3: "MODEM", 8: "RMNET0", 10: "RMNET1", 11: "RMNET2", 12: "MBIM", 14: "RNDIS", 16: "AUDIO", 19: "ECM", 21: "UBIST",
	}
	var list []string
	for i := range 32 {
		if bits>>i&1 == 0 {
			continue
		}
		name, ok := names[i]
		if !ok {
			name = fmt.Sprintf("bit %d", i)
		}
		list = append(list, name)
	}
	return list
}
