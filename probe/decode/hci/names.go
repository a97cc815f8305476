package hci

// VersionName returns the version of the Bluetooth Core Specification that
// belongs to a version of HCI (Bluetooth assigned numbers, "Core Version").
func VersionName(hci uint8) (string, bool) {
	names := [...]string{"1.0b", "1.1", "1.2", "2.0", "2.1", "3.0", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "5.3", "5.4", "6.0"}
	if int(hci) >= len(names) {
		return "", false
	}
	return names[hci], true
}

// ManufacturerName returns the usual name of the makers of controllers
// (Bluetooth assigned numbers, "Company Identifiers").
func ManufacturerName(id uint16) (string, bool) {
	switch id {
	case 2:
		return "Intel", true
	case 9:
		return "Infineon", true
	case 10:
		return "Cambridge Silicon Radio", true
	case 13:
		return "Texas Instruments", true
	case 15:
		return "Broadcom", true
	case 29:
		return "Qualcomm", true
	case 37:
		return "NXP", true
	case 48:
		return "STMicroelectronics", true
	case 54:
		return "Renesas", true
	case 57:
		return "Integrated System Solution", true
	case 69:
		return "Atheros", true
	case 70:
		return "MediaTek", true
	case 72:
		return "Marvell", true
	case 76:
		return "Apple", true
	case 89:
		return "Nordic Semiconductor", true
	case 91:
		return "Ralink", true
	case 93:
		return "Realtek", true
	case 96:
		return "RivieraWaves", true
	case 97:
		return "RDA", true
	case 117:
		return "Samsung", true
	case 148:
		return "Airoha", true
	case 210:
		return "Dialog Semiconductor", true
	case 271:
		return "HiSilicon", true
	case 305:
		return "Cypress", true
	case 492:
		return "Spreadtrum", true
	case 529:
		return "Telink", true
	case 741:
		return "Espressif", true
	case 767:
		return "Silicon Labs", true
	case 992:
		return "Actions", true
	case 1520:
		return "Beken", true
	case 1521:
		return "Linux Foundation", true // Zephyr and emulated controllers
	case 1855:
		return "Unisoc", true
	}
	return "", false
}
