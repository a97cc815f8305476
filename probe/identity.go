package probe

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

const (
	deviceTree = "sys/firmware/devicetree/base/"
	dmi        = "sys/class/dmi/id/"
)

// collectIdentity reads who the board says it is: the root of the device tree
// (Devicetree Specification 2.3), DMI as the kernel exports it
// (Documentation/ABI/testing/sysfs-firmware-dmi-tables) and soc0
// (Documentation/ABI/testing/sysfs-devices-soc).
func collectIdentity(_ context.Context, h *Host) (report.Identity, error) {
	dt := func(name string) report.Fact[string] { return h.Text(deviceTree + name) }
	id := func(name string) report.Fact[string] {
		f := h.Text(dmi + name)
		if f.OK() && f.Value != "" && strings.Count(f.Value, string([]byte{0xff})) == len(f.Value) { // of erased flash
			return report.Missing[string](report.Invalid, "placeholder: all ones", f.From...)
		}
		return f
	}
	i := report.Identity{
		Model:           firstModel(h),
		Compatible:      parse(h, deviceTree+"compatible", stringList),
		Product:         id("product_name"),
		ProductVersion:  id("product_version"),
		ProductFamily:   id("product_family"),
		ProductSKU:      id("product_sku"),
		BoardVendor:     id("board_vendor"),
		BoardName:       id("board_name"),
		BoardVersion:    id("board_version"),
		ChassisType:     id("chassis_type"),
		RevisionCode:    parse(h, deviceTree+"system/linux,revision", cellHex),
		SoCFamily:       h.Text("sys/devices/soc0/family"),
		SoCID:           h.Text("sys/devices/soc0/soc_id"),
		SoCRevision:     h.Text("sys/devices/soc0/revision"),
		SoCMachine:      h.Text("sys/devices/soc0/machine"),
		SoCSerial:       h.Text("sys/devices/soc0/serial_number"),
		Serial:          dt("serial-number"),
		ProductUUID:     id("product_uuid"),
		BoardSerial:     id("board_serial"),
		ChassisSerial:   id("chassis_serial"),
		FirmwareVendor:  id("bios_vendor"),
		FirmwareVersion: id("bios_version"),
		FirmwareDate:    id("bios_date"),
		LoaderVersion:   dt("chosen/u-boot,version"),
	}
	if i.Serial.Gap == report.Absent {
		if serial := id("product_serial"); serial.OK() || serial.Gap == report.Denied {
			i.Serial = serial
		}
	}
	if i.Model.Gap == report.Absent && i.Product.OK() {
		i.Model = i.Product
	}
	i.Vendor = id("sys_vendor")
	if list, ok := i.Compatible.Get(); ok && i.Vendor.Gap == report.Absent {
		if vendor, _, found := strings.Cut(list[0], ","); found {
			i.Vendor = report.Known(vendor, i.Compatible.From...).By(report.Inferred)
		}
	}
	efi := h.List("sys/firmware/efi")
	switch {
	case efi.Gap == "":
		i.FirmwareInterface = report.Known("uefi", efi.ID)
	case efi.Gap == report.Absent && i.Compatible.OK():
		i.FirmwareInterface = report.Known("device-tree", efi.ID, i.Compatible.From[0])
	case efi.Gap == report.Absent:
		i.FirmwareInterface = report.Missing[string](report.NotProbed, "neither UEFI nor a device tree", efi.ID)
	default:
		i.FirmwareInterface = report.Missing[string](efi.Gap, efi.Note, efi.ID)
	}
	return i, nil
}

// firstModel reads the model. It is one string (Devicetree Specification 2.3.2); some
// trees have a list, of which the kernel shows the first.
func firstModel(h *Host) report.Fact[string] {
	return parse(h, deviceTree+"model", func(data []byte) (string, error) {
		text, _, _ := strings.Cut(string(data), "\x00")
		text = strings.TrimSpace(text)
		if strings.ContainsAny(text, "\r\n") {
			return "", errors.New("more than one line")
		}
		return text, nil
	})
}

// stringList reads a property of NUL-terminated strings.
func stringList(data []byte) ([]string, error) {
	text, ok := strings.CutSuffix(string(data), "\x00")
	if !ok || text == "" {
		return nil, errors.New("not a list of strings")
	}
	return strings.Split(text, "\x00"), nil
}

// cellHex reads one big-endian cell.
func cellHex(data []byte) (string, error) {
	if len(data) != 4 {
		return "", errors.New("not one cell of four bytes")
	}
	return hex.EncodeToString(data), nil
}
