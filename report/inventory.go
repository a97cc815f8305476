package report

// Identity is who the board says it is: device tree, DMI and soc0.
type Identity struct {
	Model              Fact[string]   `json:"model,omitzero" class:"revision" mark:"fingerprint"`
	Compatible         Fact[[]string] `json:"compatible,omitzero" class:"revision" mark:"fingerprint"`
	Vendor             Fact[string]   `json:"vendor,omitzero" class:"revision"`
	Product            Fact[string]   `json:"product,omitzero" class:"revision" mark:"fingerprint"`
	ProductVersion     Fact[string]   `json:"product_version,omitzero" class:"revision" mark:"fingerprint"`
	ProductFamily      Fact[string]   `json:"product_family,omitzero" class:"revision"`
	ProductSKU         Fact[string]   `json:"product_sku,omitzero" class:"revision"`
	BoardVendor        Fact[string]   `json:"board_vendor,omitzero" class:"revision"`
	BoardName          Fact[string]   `json:"board_name,omitzero" class:"revision" mark:"fingerprint"`
	BoardVersion       Fact[string]   `json:"board_version,omitzero" class:"revision" mark:"fingerprint"`
	ChassisType        Fact[string]   `json:"chassis_type,omitzero" class:"revision"` // SMBIOS number, DSP0134 7.4.1
	RevisionCode       Fact[string]   `json:"revision_code,omitzero" class:"revision" mark:"fingerprint"`
	SoCFamily          Fact[string]   `json:"soc_family,omitzero" class:"revision"` // soc0 exists only under kernels with a driver for it
	SoCID              Fact[string]   `json:"soc_id,omitzero" class:"revision"`
	SoCRevision        Fact[string]   `json:"soc_revision,omitzero" class:"revision"`
	SoCMachine         Fact[string]   `json:"soc_machine,omitzero" class:"software"`
	Serial             Fact[string]   `json:"serial,omitzero" class:"identity"`
	ProductUUID        Fact[string]   `json:"product_uuid,omitzero" class:"identity"`
	BoardSerial        Fact[string]   `json:"board_serial,omitzero" class:"identity"`
	ChassisSerial      Fact[string]   `json:"chassis_serial,omitzero" class:"identity"`
	SoCSerial          Fact[string]   `json:"soc_serial,omitzero" class:"identity"`
	FirmwareVendor     Fact[string]   `json:"firmware_vendor,omitzero" class:"firmware"`
	FirmwareVersion    Fact[string]   `json:"firmware_version,omitzero" class:"firmware"`
	FirmwareDate       Fact[string]   `json:"firmware_date,omitzero" class:"firmware"`
	LoaderVersion      Fact[string]   `json:"loader_version,omitzero" class:"firmware"` // /chosen/u-boot,version and the like
	FirmwareInterface  Fact[string]   `json:"firmware_interface,omitzero" class:"capability"`
	DeviceTreeSHA256   Fact[string]   `json:"device_tree_sha256,omitzero" class:"software"` // of the normalised tree
	DescriptionSources Fact[[]string] `json:"description_sources,omitzero" class:"environment"`
}

// CPU is the processors as the kernel sees them.
type CPU struct {
	Architecture    Fact[string] `json:"architecture,omitzero" class:"capability" mark:"fingerprint"` // of the kernel, uname -m words
	LogicalOnline   Fact[int64]  `json:"logical_online,omitzero" class:"software"`
	LogicalPresent  Fact[int64]  `json:"logical_present,omitzero" class:"revision" mark:"fingerprint"`
	LogicalPossible Fact[int64]  `json:"logical_possible,omitzero" class:"software"`
	Cores           Fact[int64]  `json:"cores,omitzero" class:"revision"`
	Sockets         Fact[int64]  `json:"sockets,omitzero" class:"revision"`
	Clusters        Fact[int64]  `json:"clusters,omitzero" class:"revision"`
	Types           []CoreType   `json:"types,omitempty"`
}

// CoreType is one kind of core; a big.LITTLE system has several.
type CoreType struct {
	Signature   string         `json:"signature" class:"key"` // MIDR without revision, vendor/family/model, or ISA
	Name        Fact[string]   `json:"name,omitzero" class:"revision"`
	Vendor      Fact[string]   `json:"vendor,omitzero" class:"revision"`
	Revision    Fact[string]   `json:"revision,omitzero" class:"revision"`
	Count       Fact[int64]    `json:"count,omitzero" class:"revision"` // logical CPUs of this type that are online
	MaxKHz      Fact[int64]    `json:"max_khz,omitzero" class:"revision"`
	Features    Fact[[]string] `json:"features,omitzero" class:"software"` // as this kernel names them
	BogoMIPS100 Fact[int64]    `json:"bogomips_x100,omitzero" class:"volatile"`
}

// Memory is what is fitted, what the kernel was given, and who says so.
type Memory struct {
	FittedBytes  Fact[int64] `json:"fitted_bytes,omitzero" class:"revision" mark:"fingerprint" round:"67108864"`
	VisibleBytes Fact[int64] `json:"visible_bytes,omitzero" class:"software"` // given to the kernel
	TotalBytes   Fact[int64] `json:"total_bytes,omitzero" class:"software"`   // MemTotal
	CMABytes     Fact[int64] `json:"cma_bytes,omitzero" class:"software"`
	CarveOuts    []CarveOut  `json:"carve_outs,omitempty"`
	Claims       []Claim     `json:"claims,omitempty"`
}

// CarveOut is memory that is fitted and was not given to the kernel.
type CarveOut struct {
	Name  string      `json:"name" class:"key"`
	Bytes Fact[int64] `json:"bytes,omitzero" class:"software"`
}

// Claim is what one source says about the amount of memory.
type Claim struct {
	Source string      `json:"source" class:"key"` // iomem, memory-blocks, device-tree, smbios, revision-code, e820
	Bytes  Fact[int64] `json:"bytes,omitzero" class:"software"`
}

// Disk is one storage device with hardware behind it.
type Disk struct {
	Path              string       `json:"path" class:"key"` // bus path without the kernel's numbering
	Name              Fact[string] `json:"name,omitzero" class:"software"`
	Kind              Fact[string] `json:"kind,omitzero" class:"revision"`
	SizeBytes         Fact[int64]  `json:"size_bytes,omitzero" class:"revision" mark:"bom"`
	Model             Fact[string] `json:"model,omitzero" class:"revision" mark:"bom"`
	Manufacturer      Fact[string] `json:"manufacturer,omitzero" class:"revision" mark:"bom"`
	FirmwareRevision  Fact[string] `json:"firmware_revision,omitzero" class:"firmware"`
	Serial            Fact[string] `json:"serial,omitzero" class:"identity"`
	CID               Fact[string] `json:"cid,omitzero" class:"identity"`
	Date              Fact[string] `json:"date,omitzero" class:"identity"` // of manufacture; differs from unit to unit
	Removable         Fact[bool]   `json:"removable,omitzero" class:"revision"`
	Attached          Fact[string] `json:"attached,omitzero" class:"revision"`
	ReadOnly          Fact[bool]   `json:"read_only,omitzero" class:"volatile"`
	Rotational        Fact[bool]   `json:"rotational,omitzero" class:"software"`
	LogicalBlockBytes Fact[int64]  `json:"logical_block_bytes,omitzero" class:"revision"`
	Node              Fact[string] `json:"node,omitzero" class:"software"` // device-tree node of the controller
	Driver            Fact[string] `json:"driver,omitzero" class:"software"`
}

// Kinds of storage.
const (
	KindEMMC    = "emmc"
	KindSD      = "sd"
	KindNVMe    = "nvme"
	KindSATA    = "sata"
	KindUSB     = "usb"
	KindUFS     = "ufs"
	KindSCSI    = "scsi"
	KindVirtio  = "virtio"
	KindMTD     = "mtd"
	KindOptical = "optical"
)

// How a device is attached to the board. What is not soldered compares as
// environment.
const (
	Soldered = "soldered"
	Slot     = "slot"
	External = "external"
)

// MMCHost is one controller for eMMC, SD or SDIO, with or without a card.
type MMCHost struct {
	Path         string       `json:"path" class:"key"`
	Name         Fact[string] `json:"name,omitzero" class:"software"`
	Node         Fact[string] `json:"node,omitzero" class:"software"`
	NonRemovable Fact[bool]   `json:"non_removable,omitzero" class:"revision"` // as the device tree says
	TakesSD      Fact[bool]   `json:"takes_sd,omitzero" class:"revision"`      // a slot for SD cards, as far as the device tree says
	Card         Fact[string] `json:"card,omitzero" class:"environment"`       // MMC, SD, SDIO, or absent
}

// Kernel is the running kernel.
type Kernel struct {
	Release      Fact[string] `json:"release,omitzero" class:"software"`
	Version      Fact[string] `json:"version,omitzero" class:"software"` // build string
	Compiler     Fact[string] `json:"compiler,omitzero" class:"software"`
	CommandLine  Fact[string] `json:"command_line,omitzero" class:"software"` // secrets and identities replaced
	ConfigSHA256 Fact[string] `json:"config_sha256,omitzero" class:"software"`
	Tainted      Fact[int64]  `json:"tainted,omitzero" class:"software"`
	PageBytes    Fact[int64]  `json:"page_bytes,omitzero" class:"software"`
	Modules      Fact[int64]  `json:"modules_loaded,omitzero" class:"volatile"`
}

// Distribution is the operating system on the board. In the probe image the
// vendor's system is not mounted, and all of it is not-probed.
type Distribution struct {
	ID               Fact[string] `json:"id,omitzero" class:"software"`
	Name             Fact[string] `json:"name,omitzero" class:"software"`
	VersionID        Fact[string] `json:"version_id,omitzero" class:"software"`
	Codename         Fact[string] `json:"codename,omitzero" class:"software"`
	BuildID          Fact[string] `json:"build_id,omitzero" class:"software"`
	Init             Fact[string] `json:"init,omitzero" class:"software"`
	LibC             Fact[string] `json:"libc,omitzero" class:"software"`
	ContainerRuntime Fact[string] `json:"container_runtime,omitzero" class:"software"`
	Yocto            Fact[string] `json:"yocto,omitzero" class:"software"` // DISTRO and DISTRO_VERSION of the build
	Layers           []Layer      `json:"layers,omitempty"`
	PackageManager   Fact[string] `json:"package_manager,omitzero" class:"software"`
	Packages         []Package    `json:"packages,omitempty"`
}

// Layer is one layer of a Yocto build, from /etc/buildinfo.
type Layer struct {
	Name     string       `json:"name" class:"key"`
	Revision Fact[string] `json:"revision,omitzero" class:"software"`
	Branch   Fact[string] `json:"branch,omitzero" class:"software"`
	Modified Fact[bool]   `json:"modified,omitzero" class:"software"`
}

// Package is an installed package of kernel, boot loader or firmware.
type Package struct {
	Name    string       `json:"name" class:"key"`
	Version Fact[string] `json:"version,omitzero" class:"software"`
	License Fact[string] `json:"license,omitzero" class:"software"` // where the database has such a field
	Role    Fact[string] `json:"role,omitzero" class:"software"`    // kernel, bootloader, firmware
}

// NIC is a network interface with hardware behind it.
type NIC struct {
	Path      string       `json:"path" class:"key"`
	Name      Fact[string] `json:"name,omitzero" class:"software"`
	Driver    Fact[string] `json:"driver,omitzero" class:"software"`
	MAC       Fact[string] `json:"mac,omitzero" class:"identity"`
	MACOrigin Fact[string] `json:"mac_origin,omitzero" class:"revision"` // permanent, random, stolen, set: /sys/class/net addr_assign_type
	Kind      Fact[string] `json:"kind,omitzero" class:"revision"`       // ethernet, wifi, can, wwan
	Attached  Fact[string] `json:"attached,omitzero" class:"revision"`
	Carrier   Fact[bool]   `json:"carrier,omitzero" class:"volatile"`
	SpeedMbps Fact[int64]  `json:"speed_mbps,omitzero" class:"volatile"`
}

// PCIDevice is a function on a PCI bus.
type PCIDevice struct {
	Address   string       `json:"address" class:"key"` // domain:bus:device.function
	ID        Fact[string] `json:"id,omitzero" class:"revision"`
	Subsystem Fact[string] `json:"subsystem,omitzero" class:"revision"`
	Class     Fact[string] `json:"class,omitzero" class:"revision"` // six hexadecimal digits
	Revision  Fact[string] `json:"revision,omitzero" class:"revision"`
	Driver    Fact[string] `json:"driver,omitzero" class:"software"`
	Attached  Fact[string] `json:"attached,omitzero" class:"revision"`
}

// USBDevice is a device on a USB bus, root hubs included.
type USBDevice struct {
	Path         string       `json:"path" class:"key"` // controller and port chain
	ID           Fact[string] `json:"id,omitzero" class:"revision"`
	Manufacturer Fact[string] `json:"manufacturer,omitzero" class:"revision"`
	Product      Fact[string] `json:"product,omitzero" class:"revision"`
	Serial       Fact[string] `json:"serial,omitzero" class:"identity"`
	Class        Fact[string] `json:"class,omitzero" class:"revision"`
	Revision     Fact[string] `json:"revision,omitzero" class:"firmware"` // bcdDevice
	SpeedMbps10  Fact[int64]  `json:"speed_mbps_x10,omitzero" class:"volatile"`
	Attached     Fact[string] `json:"attached,omitzero" class:"revision"`
}

// GHW is the second opinion of the library ghw, kept beside our own reading;
// where the two differ a finding is raised and nothing is preferred silently.
type GHW struct {
	Product Fact[string] `json:"product,omitzero" class:"environment"`
	Vendor  Fact[string] `json:"vendor,omitzero" class:"environment"`
	PCI     []GHWDevice  `json:"pci,omitempty"`
	USB     []GHWDevice  `json:"usb,omitempty"`
	NICs    []GHWDevice  `json:"nics,omitempty"`
}

// GHWDevice is one device of ghw's lists.
type GHWDevice struct {
	Name   string       `json:"name" class:"key"` // PCI address, interface name, or number in the list
	ID     Fact[string] `json:"id,omitzero" class:"environment"`
	Driver Fact[string] `json:"driver,omitzero" class:"environment"`
}
