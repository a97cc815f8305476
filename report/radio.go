package report

// WiFi is one radio for wireless networks.
type WiFi struct {
	Path         string         `json:"path" class:"key"`
	Name         Fact[string]   `json:"name,omitzero" class:"software"` // as in phy0
	Driver       Fact[string]   `json:"driver,omitzero" class:"software"`
	ID           Fact[string]   `json:"id,omitzero" class:"revision" mark:"bom"` // module alias of the device behind it
	MAC          Fact[string]   `json:"mac,omitzero" class:"identity"`
	Bands        Fact[[]string] `json:"bands,omitzero" class:"capability"` // as in 5 GHz, with the generations and the width
	Modes        Fact[[]string] `json:"modes,omitzero" class:"capability"` // of interfaces
	AccessPoint  Fact[bool]     `json:"access_point,omitzero" class:"capability"`
	ApAndStation Fact[int64]    `json:"ap_and_station_channels,omitzero" class:"capability"` // on how many channels at a time; a gap if not at all
	Ciphers      Fact[[]string] `json:"ciphers,omitzero" class:"capability"`
	Blocked      Fact[string]   `json:"blocked,omitzero" class:"volatile"` // rfkill: no, soft, hard
	Attached     Fact[string]   `json:"attached,omitzero" class:"revision"`
}

// Bluetooth is one controller.
type Bluetooth struct {
	Path         string         `json:"path" class:"key"`
	Name         Fact[string]   `json:"name,omitzero" class:"software"` // as in hci0
	Driver       Fact[string]   `json:"driver,omitzero" class:"software"`
	ID           Fact[string]   `json:"id,omitzero" class:"revision"`
	Address      Fact[string]   `json:"address,omitzero" class:"identity"`
	AddressFlaw  Fact[string]   `json:"address_flaw,omitzero" class:"environment"` // why it is not that of one unit; absent if nothing is wrong
	Version      Fact[string]   `json:"version,omitzero" class:"firmware"`         // of the core specification
	Manufacturer Fact[string]   `json:"manufacturer,omitzero" class:"revision"`
	Supported    Fact[[]string] `json:"supported,omitzero" class:"capability"`
	Blocked      Fact[string]   `json:"blocked,omitzero" class:"volatile"`
	Attached     Fact[string]   `json:"attached,omitzero" class:"revision"`
}

// Modem is a device for mobile networks.
type Modem struct {
	Path           string           `json:"path" class:"key"` // or qrtr/ and the number of a node of Qualcomm's IPC router
	ID             Fact[string]     `json:"id,omitzero" class:"revision"`
	Manufacturer   Fact[string]     `json:"manufacturer,omitzero" class:"revision"`
	Product        Fact[string]     `json:"product,omitzero" class:"revision"`
	Revision       Fact[string]     `json:"revision,omitzero" class:"firmware"`
	State          Fact[string]     `json:"state,omitzero" class:"software"`          // modem, storage (not switched to be one) or download (waits for firmware)
	Configuration  Fact[int64]      `json:"configuration,omitzero" class:"software"`  // of USB, that is in force
	Configurations Fact[int64]      `json:"configurations,omitzero" class:"revision"` // of USB, that there are
	Interfaces     []ModemInterface `json:"interfaces,omitempty"`
	Answers        ModemAnswers     `json:"answers,omitzero"`
	Attached       Fact[string]     `json:"attached,omitzero" class:"revision"`
}

// ModemInterface is one function of a modem.
type ModemInterface struct {
	Number string         `json:"number" class:"key"`                 // of USB, as in 1.2: configuration and interface; else kind and number of the port, or a service of QMI
	Class  Fact[string]   `json:"class,omitzero" class:"revision"`    // class/subclass/protocol of USB
	Driver Fact[string]   `json:"driver,omitzero" class:"software"`   // absent if none is bound
	Role   Fact[string]   `json:"role,omitzero" class:"revision"`     // at, qmi, mbim, diag, gps, network, storage, …
	Nodes  Fact[[]string] `json:"nodes,omitzero" class:"software"`    // device nodes and network interfaces
	Asked  Fact[string]   `json:"asked,omitzero" class:"environment"` // the protocol in which it answered; a gap says why it did not or was not asked
}

// ModemAnswers is what a modem said of itself, in the protocol that came first.
type ModemAnswers struct {
	Manufacturer Fact[string] `json:"manufacturer,omitzero" class:"revision"`
	Model        Fact[string] `json:"model,omitzero" class:"revision"`
	Firmware     Fact[string] `json:"firmware,omitzero" class:"firmware"`
	Hardware     Fact[string] `json:"hardware,omitzero" class:"revision"`
	Carrier      Fact[string] `json:"carrier,omitzero" class:"firmware"`   // configuration for a carrier
	USBMode      Fact[string] `json:"usb_mode,omitzero" class:"software"`  // functions that it is set to have on USB, in its words
	Power        Fact[string] `json:"power,omitzero" class:"volatile"`     // of the radio
	Card         Fact[string] `json:"card,omitzero" class:"environment"`   // present, absent, locked
	Equipment    Fact[string] `json:"equipment,omitzero" class:"identity"` // IMEI, MEID or ESN; a pseudonym
}

// RadioNode is a node of the device tree that stands for a Wi-Fi or Bluetooth
// radio, whether or not one answered.
type RadioNode struct {
	Path       string         `json:"path" class:"key"`
	Kind       Fact[string]   `json:"kind,omitzero" class:"revision"` // wifi, bluetooth
	Compatible Fact[[]string] `json:"compatible,omitzero" class:"revision"`
	Chip       Fact[string]   `json:"chip,omitzero" class:"revision"`   // as the node of a vendor's kernel names it
	Status     Fact[string]   `json:"status,omitzero" class:"revision"` // okay, disabled, or another word of the node or of one above it
	Host       Fact[string]   `json:"host,omitzero" class:"software"`   // driver of the node above, by which it would appear
	Power      Fact[[]string] `json:"power,omitzero" class:"software"`  // what has to switch it on, with its driver
	Device     Fact[string]   `json:"device,omitzero" class:"software"` // that appeared for it
	Driver     Fact[string]   `json:"driver,omitzero" class:"software"`
	ID         Fact[string]   `json:"id,omitzero" class:"revision"`    // module alias of the device
	Files      Fact[[]string] `json:"files,omitzero" class:"firmware"` // that its drivers may ask for and that are there
	Attached   Fact[string]   `json:"attached,omitzero" class:"revision"`
}

// FirmwareFile is a file that the kernel asked for, and what came of it.
type FirmwareFile struct {
	File        string       `json:"file" class:"key"`
	Device      Fact[string] `json:"device,omitzero" class:"software"`
	Driver      Fact[string] `json:"driver,omitzero" class:"software"`
	State       Fact[string] `json:"state,omitzero" class:"software"` // loaded, running, failed, lacking, refused (there, and the kernel does not load it), replaced, optional
	Version     Fact[string] `json:"version,omitzero" class:"firmware"`
	Reason      Fact[string] `json:"reason,omitzero" class:"software"`
	Found       Fact[string] `json:"found,omitzero" class:"software"`        // where the kernel's loader finds it, with the suffix of its compression
	SHA256      Fact[string] `json:"sha256,omitzero" class:"firmware"`       // of what the driver gets, not compressed
	FileVersion Fact[string] `json:"file_version,omitzero" class:"firmware"` // that stands in the file
	Match       Fact[bool]   `json:"match,omitzero" class:"firmware"`        // the version that runs is that of the file, where both are in the same words
}

// Radios is what belongs to no single radio.
type Radios struct {
	Regulatory  Fact[string] `json:"regulatory,omitzero" class:"environment"`   // the country in force, or what stands for none
	Database    Fact[string] `json:"database,omitzero" class:"software"`        // of regulatory rules: absent or invalid, in the kernel's words
	LogComplete Fact[bool]   `json:"log_complete,omitzero" class:"environment"` // the kernel's log begins with its first line
	QRTR        Fact[bool]   `json:"qrtr,omitzero" class:"software"`            // the kernel has sockets of Qualcomm's IPC router, by which modems in a SoC and on MHI are reached
}

// DriverFiles is which of the firmware files that the driver of a radio names are
// on the system that runs.
type DriverFiles struct {
	Driver  string         `json:"driver" class:"key"`
	Named   Fact[int64]    `json:"named,omitzero" class:"software"`    // files that the driver names
	Files   Fact[[]string] `json:"files,omitzero" class:"firmware"`    // that are there, with the SHA-256 of their contents
	NotRead Fact[[]string] `json:"not_read,omitzero" class:"volatile"` // that are there and were not read, and patterns
}
