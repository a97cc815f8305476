package efivar

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

const subTypeURI = 24

// nodeKinds lists the nodes that are understood, of UEFI 2.10, 10.3. The texts
// are those of 10.6.1 there, in the spelling of edk2's DevicePathToText.c where
// the specification leaves a choice.
func nodeKinds() []nodeKind {
	return []nodeKind{
		{typeHardware, 1, 2, "", false, textPCI},
		{typeHardware, 3, 20, "", false, textMemoryMapped},
		{typeHardware, 4, guidBytes, MediaVendor, false, textVendor("VenHw")},
		{typeHardware, 5, 4, "", false, textNumbers("Ctrl", 4)},
		{typeACPI, 1, 8, "", false, textACPI},
		{typeACPI, 2, 12, "", false, textACPIExpanded},
		{typeMessaging, 1, 4, MediaATA, false, textATA},
		{typeMessaging, 2, 4, MediaSCSI, false, textNumbers("Scsi", 2, 2)},
		{typeMessaging, 5, 2, MediaUSB, false, textNumbers("USB", 1, 1)},
		{typeMessaging, 10, guidBytes, MediaVendor, false, textVendor("VenMsg")},
		{typeMessaging, 11, 33, MediaNetwork, true, textMAC},
		{typeMessaging, 12, 15, MediaNetwork, true, textIPv4},
		{typeMessaging, 13, 39, MediaNetwork, true, textIPv6},
		{typeMessaging, 14, 15, "", false, textUART},
		{typeMessaging, 15, 7, MediaUSB, false, textUSBClass},
		{typeMessaging, 16, 6, MediaUSB, true, textUSBWWID},
		{typeMessaging, 17, 1, "", false, textNumbers("Unit", 1)},
		{typeMessaging, 18, 6, MediaSATA, false, textNumbers("Sata", 2, 2, 2)},
		{typeMessaging, 20, 2, MediaNetwork, false, textVLAN},
		{typeMessaging, 23, 12, MediaNVMe, true, textNVMe},
		{typeMessaging, subTypeURI, 0, MediaNetwork, false, textURI},
		{typeMessaging, 25, 2, MediaUFS, false, textNumbers("UFS", 1, 1)},
		{typeMessaging, 26, 1, MediaSD, false, textNumbers("SD", 1)},
		{typeMessaging, 27, 6, "", true, textBluetooth},
		{typeMessaging, 28, 32, MediaNetwork, true, textWiFi},
		{typeMessaging, 29, 1, MediaEMMC, false, textNumbers("eMMC", 1)},
		{typeMessaging, 30, 7, "", true, textBluetoothLE},
		{typeMedia, 1, hdBytes, MediaPartition, true, textHD},
		{typeMedia, 2, 20, "", false, textNumbers("CDROM", 4, 8, 8)},
		{typeMedia, 3, guidBytes, MediaVendor, false, textVendor("VenMedia")},
		{typeMedia, 4, 0, "", false, textFile},
		{typeMedia, 6, guidBytes, MediaFirmware, false, textGUID("FvFile")},
		{typeMedia, 7, guidBytes, MediaFirmware, false, textGUID("Fv")},
		{typeBBS, 1, 4, MediaBBS, false, textBBS},
	}
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// textNumbers writes little-endian fields of so many bytes each.
func textNumbers(name string, sizes ...int) func([]byte) string {
	return func(b []byte) string {
		var fields []string
		for _, size := range sizes {
			var n uint64
			for i := size - 1; i >= 0; i-- {
				n = n<<8 | uint64(b[i])
			}
			fields = append(fields, fmt.Sprintf("0x%x", n))
			b = b[size:]
		}
		return name + "(" + strings.Join(fields, ",") + ")"
	}
}

func textGUID(name string) func([]byte) string {
	return func(b []byte) string { return name + "(" + guidText(b) + ")" }
}

// textPCI has the function in front of the device.
func textPCI(b []byte) string { return fmt.Sprintf("Pci(0x%x,0x%x)", b[1], b[0]) }

func textMemoryMapped(b []byte) string {
	return fmt.Sprintf("MemoryMapped(0x%x,0x%x,0x%x)", le32(b), le64(b[4:]), le64(b[12:]))
}

// maxHex bounds data that is shown without being understood, in bytes.
const maxHex = 64

func hexText(b []byte) string {
	if len(b) > maxHex {
		return fmt.Sprintf("%x...", b[:maxHex])
	}
	return fmt.Sprintf("%x", b)
}

func textVendor(name string) func([]byte) string {
	return func(b []byte) string {
		text := name + "(" + guidText(b)
		if data := b[guidBytes:]; len(data) > 0 {
			text += "," + hexText(data)
		}
		return text + ")"
	}
}

// pnp is the manufacturer PNP as a compressed EISA identifier, in the low half
// of a number whose high half is the product.
const pnp = 0x41D0

func textACPI(b []byte) string {
	hid, uid := le32(b), le32(b[4:])
	if hid&0xFFFF != pnp {
		return fmt.Sprintf("Acpi(0x%08x,0x%x)", hid, uid)
	}
	switch hid >> 16 {
	case 0x0A03:
		return fmt.Sprintf("PciRoot(0x%x)", uid)
	case 0x0A08:
		return fmt.Sprintf("PcieRoot(0x%x)", uid)
	case 0x0604:
		return fmt.Sprintf("Floppy(0x%x)", uid)
	case 0x0301:
		return fmt.Sprintf("Keyboard(0x%x)", uid)
	case 0x0501:
		return fmt.Sprintf("Serial(0x%x)", uid)
	case 0x0401:
		return fmt.Sprintf("ParallelPort(0x%x)", uid)
	}
	return fmt.Sprintf("Acpi(PNP%04X,0x%x)", hid>>16, uid)
}

// eisa writes a compressed EISA identifier: three letters of five bits and the
// product (ACPI 6.5, 19.6.37 EISAID).
func eisa(id uint32) string {
	letter := func(shift uint) byte { return byte(id>>shift&0x1F) + 'A' - 1 }
	return fmt.Sprintf("%c%c%c%04X", letter(10), letter(5), letter(0), id>>16)
}

// textACPIExpanded has three numbers, each of which a text behind them can
// take the place of: the texts are in the order HID, UID, CID.
func textACPIExpanded(b []byte) string {
	hid, uid, cid := le32(b), le32(b[4:]), le32(b[8:])
	texts := strings.SplitN(string(b[12:]), "\x00", 4)
	text := func(i int) string {
		if i < len(texts) {
			return texts[i]
		}
		return ""
	}
	choose := func(known bool, number, text string) string {
		if known {
			return number
		}
		return text
	}
	return "AcpiEx(" + choose(hid != 0, eisa(hid), text(0)) + "," + choose(cid != 0, eisa(cid), text(2)) + "," +
		choose(uid != 0, fmt.Sprintf("0x%x", uid), text(1)) + ")"
}

func textATA(b []byte) string {
	channel, drive := "Primary", "Master"
	if b[0] == 1 {
		channel = "Secondary"
	}
	if b[1] == 1 {
		drive = "Slave"
	}
	return fmt.Sprintf("Ata(%s,%s,0x%x)", channel, drive, le16(b[2:]))
}

// textMAC shows the 6 bytes of an Ethernet address (interface types 0 and 1 of
// RFC 3232) of the 32 that the field has.
func textMAC(b []byte) string {
	size := 32
	if b[32] <= 1 {
		size = 6
	}
	return fmt.Sprintf("MAC(%x,0x%x)", b[:size], b[32])
}

func protocol(n uint16) string {
	switch n {
	case 6:
		return "TCP"
	case 17:
		return "UDP"
	}
	return fmt.Sprintf("0x%x", n)
}

// textIPv4 has the local address in front of the remote one.
func textIPv4(b []byte) string {
	dotted := func(b []byte) string { return fmt.Sprintf("%d.%d.%d.%d", b[0], b[1], b[2], b[3]) }
	origin := "DHCP"
	if b[14] != 0 {
		origin = "Static"
	}
	text := "IPv4(" + dotted(b[4:]) + "," + protocol(le16(b[12:])) + "," + origin + "," + dotted(b)
	if len(b) >= 23 { // gateway and mask came with UEFI 2.3.1
		text += "," + dotted(b[15:]) + "," + dotted(b[19:])
	}
	return text + ")"
}

func textIPv6(b []byte) string {
	groups := func(b []byte) string {
		var parts []string
		for i := 0; i < 16; i += 2 {
			parts = append(parts, fmt.Sprintf("%02x%02x", b[i], b[i+1]))
		}
		return strings.Join(parts, ":")
	}
	origin := "StatefulAutoConfigure"
	switch b[38] {
	case 0:
		origin = "Static"
	case 1:
		origin = "StatelessAutoConfigure"
	}
	text := "IPv6(" + groups(b[16:]) + "," + protocol(le16(b[36:])) + "," + origin + "," + groups(b)
	if len(b) >= 56 {
		text += fmt.Sprintf(",0x%x,", b[39]) + groups(b[40:])
	}
	return text + ")"
}

// textUART has a reserved field of four bytes in front.
func textUART(b []byte) string {
	number := func(n uint64) string {
		if n == 0 {
			return "DEFAULT"
		}
		return strconv.FormatUint(n, 10)
	}
	parity, stop := "x", "x"
	if names := "DNEOMS"; int(b[13]) < len(names) {
		parity = names[b[13] : b[13]+1]
	}
	if names := [...]string{"D", "1", "1.5", "2"}; int(b[14]) < len(names) {
		stop = names[b[14]]
	}
	return "Uart(" + number(le64(b[4:])) + "," + number(uint64(b[12])) + "," + parity + "," + stop + ")"
}

// textUSBClass names the classes of usb.org that have words of their own.
func textUSBClass(b []byte) string {
	vendor, product, class, sub, proto := le16(b), le16(b[2:]), b[4], b[5], b[6]
	var name string
	switch class {
	case 1:
		name = "UsbAudio"
	case 2:
		name = "UsbCDCControl"
	case 3:
		name = "UsbHID"
	case 6:
		name = "UsbImage"
	case 7:
		name = "UsbPrinter"
	case 8:
		name = "UsbMassStorage"
	case 9:
		name = "UsbHub"
	case 10:
		name = "UsbCDCData"
	case 11:
		name = "UsbSmartCard"
	case 14:
		name = "UsbVideo"
	case 220:
		name = "UsbDiagnostic"
	case 224:
		name = "UsbWireless"
	default:
		return fmt.Sprintf("UsbClass(0x%x,0x%x,0x%x,0x%x,0x%x)", vendor, product, class, sub, proto)
	}
	return fmt.Sprintf("%s(0x%x,0x%x,0x%x,0x%x)", name, vendor, product, sub, proto)
}

// textUSBWWID has the interface in front, and a serial number behind.
func textUSBWWID(b []byte) string {
	serial, _ := utf16Text(b[6:])
	return fmt.Sprintf("UsbWwid(0x%x,0x%x,0x%x,\"%s\")", le16(b[2:]), le16(b[4:]), le16(b), serial)
}

func textVLAN(b []byte) string { return fmt.Sprintf("Vlan(%d)", le16(b)) }

// textNVMe shows the EUI-64 from its last byte, as edk2 does.
func textNVMe(b []byte) string {
	var eui []string
	for i := 11; i >= 4; i-- {
		eui = append(eui, fmt.Sprintf("%02x", b[i]))
	}
	return fmt.Sprintf("NVMe(0x%x,%s)", le32(b), strings.Join(eui, "-"))
}

func textURI(b []byte) string { return "Uri(" + cString(b) + ")" }

func textBluetooth(b []byte) string { return fmt.Sprintf("Bluetooth(%x)", b[:6]) }

func textBluetoothLE(b []byte) string { return fmt.Sprintf("BluetoothLE(%x,0x%02x)", b[:6], b[6]) }

func textWiFi(b []byte) string { return "Wi-Fi(" + cString(b[:32]) + ")" }

func textHD(b []byte) string {
	signature := fmt.Sprintf("%d,0", b[hdSignatureType])
	switch b[hdSignatureType] {
	case hdSignatureMBR:
		signature = fmt.Sprintf("MBR,0x%08x", le32(b[hdSignature:]))
	case hdSignatureGUID:
		signature = "GPT," + guidText(b[hdSignature:])
	}
	return fmt.Sprintf("HD(%d,%s,0x%x,0x%x)", le32(b), signature, le64(b[hdStart:]), le64(b[hdSize:]))
}

func textFile(b []byte) string {
	text, _ := utf16Text(b)
	return text
}

func textBBS(b []byte) string {
	kind := fmt.Sprintf("0x%x", le16(b))
	if names := [...]string{"", "Floppy", "HD", "CDROM", "PCMCIA", "USB", "Network"}; 0 < le16(b) && int(le16(b)) < len(names) {
		kind = names[le16(b)]
	}
	return fmt.Sprintf("BBS(%s,%s,0x%x)", kind, cString(b[4:]), le16(b[2:]))
}

// otherText shows a node that is not understood, or too short for what it
// claims to be, in the generic form of UEFI 2.10, 10.6.1.
func otherText(kind, sub byte, body []byte) string {
	name := ""
	switch kind {
	case typeHardware:
		name = "HardwarePath"
	case typeACPI:
		name = "AcpiPath"
	case typeMessaging:
		name = "Msg"
	case typeMedia:
		name = "MediaPath"
	case typeBBS:
		name = "BbsPath"
	}
	text := fmt.Sprintf("%s(%d", name, sub)
	if name == "" {
		text = fmt.Sprintf("Path(%d,%d", kind, sub)
	}
	if len(body) > 0 {
		text += "," + hexText(body)
	}
	return text + ")"
}
