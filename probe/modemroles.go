package probe

import (
	"slices"
	"strings"
)

// Roles of the interfaces of a modem. A port is asked in the protocol of its
// role; those that are not here are never opened.
const (
	roleAT   = "at"
	roleQMI  = "qmi"
	roleMBIM = "mbim"
)

// modemDrivers are the drivers of interfaces that only modems have
// (drivers/usb/serial, drivers/net/usb).
var modemDrivers = []string{"option", "qmi_wwan", "cdc_mbim", "cdc_wdm", "sierra", "sierra_net", "qcserial", "huawei_cdc_ncm", "hso"}

// modemMakers are the vendors of USB (usb.ids) whose modems are asked. Those
// that are true make little else with interfaces as modems have.
var modemMakers = map[string]bool{
	"2c7c": true,  // Quectel
	"1199": true,  // Sierra Wireless
	"1e0e": true,  // SIMCom, Qualcomm
	"1bc7": true,  // Telit
	"1e2d": true,  // Cinterion
	"2cb7": true,  // Fibocom
	"33f8": true,  // Rolling Wireless
	"3731": true,  // NetPrisma
	"12d1": true,  // Huawei
	"19d2": true,  // ZTE
	"1546": false, // u-blox, receivers for navigation as well
	"05c6": false, // Qualcomm
	"0bdb": false, // Ericsson
	"413c": false, // Dell
	"03f0": false, // HP
}

// emergencyDownload is the identity with which processors of Qualcomm wait for
// firmware (Sahara; ModemManager's 77-mm-qdl-device-blacklist.rules).
const emergencyDownload = "05c6:9008"

// ubloxModems begins the identities of modems of u-blox (usb.ids).
const ubloxModems = "1546:11"

// usbInterface is what tells the role of an interface.
type usbInterface struct {
	number string // as in 1.2
	class  string // class/subclass/protocol
	driver string
}

// layouts of modems whose interfaces are told apart by number only. The first
// is that of Quectel's LTE and 5G modules ("Linux USB Driver User Guide", table
// of interfaces), the second that of SIM7500 and SIM7600 of SIMCom ("Linux USB
// driver application note").
var modemLayouts = map[string][]string{
	"2c7c": {"diag", "gps", roleAT, roleAT},
	"1e0e": {"diag", "gps", roleAT, roleAT, "audio"},
}

// laidOut are the products that have the layout of their maker.
var laidOut = []string{
	"2c7c:0121", "2c7c:0125", "2c7c:0191", "2c7c:0195", "2c7c:0296", "2c7c:0306", "2c7c:0435", "2c7c:0512", "2c7c:0620", "2c7c:0700", "2c7c:0800",
	"1e0e:9001",
}

// modemRole says what an interface is for, as far as driver, descriptors and
// product tell it; "" if they do not. others are all interfaces of the device.
func modemRole(id string, i usbInterface, others []usbInterface) string {
	vendor, _, _ := strings.Cut(id, ":")
	_, number, _ := strings.Cut(i.number, ".")
	class, rest, _ := strings.Cut(i.class, "/")
	subclass, protocol, _ := strings.Cut(rest, "/")
	switch {
	case i.driver == "qmi_wwan":
		return roleQMI
	case i.driver == "cdc_mbim":
		return roleMBIM
	case slices.Contains([]string{"cdc_ether", "cdc_ncm", "rndis_host", "huawei_cdc_ncm", "sierra_net"}, i.driver):
		return "network"
	case class == "08":
		return "storage"
	case i.driver == "cdc_acm" && class == "02" && subclass == "02" && protocol >= "01" && protocol <= "05":
		return roleAT // USB CDC 1.2, table 5: V.250, GSM 07.07, 3GPP 27.007
	case class != "ff" || i.driver != "option" && i.driver != "qcserial":
		return ""
	case vendor == "12d1":
		// drivers/usb/serial/qcserial.c: the protocol names the function, the
		// subclass where the firmware comes from.
		return map[string]string{"01": roleAT, "10": roleAT, "02": roleAT, "12": roleAT, "03": "diag", "13": "diag", "05": "gps", "14": "gps"}[protocol]
	case slices.Contains(laidOut, id) && len(number) == 1 && int(number[0]-'0') < len(modemLayouts[vendor]):
		return modemLayouts[vendor][number[0]-'0']
	case subclass == "ff" || subclass == "00" && protocol == "40":
		// Qualcomm's numbers, as in the tables of drivers/usb/serial/option.c.
		if role := map[string]string{"30": "diag", "40": roleAT, "60": "gps"}[protocol]; role != "" {
			return role
		}
	}
	if i.driver != "qcserial" {
		return ""
	}
	// Layouts of qcserial.c: it takes interface 1 of Gobi 2000 and not of the
	// modems of Sierra Wireless.
	gobi := slices.ContainsFunc(others, func(o usbInterface) bool { return o.driver == "qcserial" && strings.HasSuffix(o.number, ".1") })
	switch {
	case len(others) == 1:
		return "download"
	case gobi:
		return map[string]string{"1": "diag", "2": roleAT, "3": "gps"}[number]
	case vendor == "1199":
		return map[string]string{"0": "diag", "2": "gps", "3": roleAT}[number]
	}
	return ""
}
