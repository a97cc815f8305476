package report

// Disk is one storage device with hardware behind it.
type Disk struct {
	Path               string         `json:"path" class:"key"` // bus path without the kernel's numbering
	Name               Fact[string]   `json:"name,omitzero" class:"software"`
	Kind               Fact[string]   `json:"kind,omitzero" class:"revision"`
	SizeBytes          Fact[int64]    `json:"size_bytes,omitzero" class:"revision" mark:"bom"`
	Model              Fact[string]   `json:"model,omitzero" class:"revision" mark:"bom"`
	Manufacturer       Fact[string]   `json:"manufacturer,omitzero" class:"revision" mark:"bom"`
	FirmwareRevision   Fact[string]   `json:"firmware_revision,omitzero" class:"firmware"`
	Serial             Fact[string]   `json:"serial,omitzero" class:"identity"`
	CID                Fact[string]   `json:"cid,omitzero" class:"identity"`
	Date               Fact[string]   `json:"date,omitzero" class:"identity"`           // of manufacture; differs from unit to unit
	Removable          Fact[bool]     `json:"removable,omitzero" class:"revision"`      // the medium can be taken out
	RemovableFlag      Fact[bool]     `json:"removable_flag,omitzero" class:"software"` // the kernel's: media leave their drive
	Attached           Fact[string]   `json:"attached,omitzero" class:"revision"`
	ReadOnly           Fact[bool]     `json:"read_only,omitzero" class:"volatile"`
	Rotational         Fact[bool]     `json:"rotational,omitzero" class:"software"`
	LogicalBlockBytes  Fact[int64]    `json:"logical_block_bytes,omitzero" class:"revision"`
	PhysicalBlockBytes Fact[int64]    `json:"physical_block_bytes,omitzero" class:"revision"`
	Node               Fact[string]   `json:"node,omitzero" class:"software"`  // device-tree node of the controller
	Alias              Fact[string]   `json:"alias,omitzero" class:"software"` // of the controller in the device tree, as in mmc2
	Driver             Fact[string]   `json:"driver,omitzero" class:"software"`
	Table              Fact[string]   `json:"table,omitzero" class:"volatile"`       // gpt, mbr, or absent
	TableNotes         Fact[[]string] `json:"table_notes,omitzero" class:"volatile"` // what is wrong with it
	Content            Fact[string]   `json:"content,omitzero" class:"volatile"`     // of the whole disk where it has no table
	Partitions         []Partition    `json:"partitions,omitempty"`
	EMMC               EMMC           `json:"emmc,omitzero"`
	Card               MMCCard        `json:"mmc,omitzero"`
	NVMe               NVMe           `json:"nvme,omitzero"`
	UFS                UFS            `json:"ufs,omitzero"`
	MTD                MTD            `json:"mtd,omitzero"`
}

// Partition is one entry of a partition table, and what was recognised in it
// without mounting it.
type Partition struct {
	Number     string       `json:"number" class:"key"`
	SizeBytes  Fact[int64]  `json:"size_bytes,omitzero" class:"volatile"`
	StartBytes Fact[int64]  `json:"start_bytes,omitzero" class:"volatile"`
	Type       Fact[string] `json:"type,omitzero" class:"volatile"`
	Name       Fact[string] `json:"name,omitzero" class:"volatile"`
	UUID       Fact[string] `json:"uuid,omitzero" class:"identity"`
	Content    Fact[string] `json:"content,omitzero" class:"volatile"` // file system or other
	Label      Fact[string] `json:"label,omitzero" class:"volatile"`
}

// MMCCard is what eMMC and SD cards have in common.
type MMCCard struct {
	OEM            Fact[string] `json:"oem,omitzero" class:"revision"`
	CIDChecksum    Fact[string] `json:"cid_checksum,omitzero" class:"environment"` // right, wrong, absent
	CSDVersion     Fact[string] `json:"csd_version,omitzero" class:"revision"`
	WriteProtected Fact[string] `json:"write_protected,omitzero" class:"environment"` // permanent, temporary, no: bits of the CSD
	BusWidth       Fact[int64]  `json:"bus_width,omitzero" class:"software"`          // data lines, as the host set it
	Timing         Fact[string] `json:"timing,omitzero" class:"software"`
	ClockHz        Fact[int64]  `json:"clock_hz,omitzero" class:"software"`
	SignalVoltage  Fact[string] `json:"signal_voltage,omitzero" class:"software"`
}

// EMMC is what EXT_CSD says (JESD84-B51 7.4).
type EMMC struct {
	Standard            Fact[string]   `json:"standard,omitzero" class:"revision"`
	SizeBytes           Fact[int64]    `json:"size_bytes,omitzero" class:"revision"` // of the user area
	BootPartitionBytes  Fact[int64]    `json:"boot_partition_bytes,omitzero" class:"revision"`
	RPMBBytes           Fact[int64]    `json:"rpmb_bytes,omitzero" class:"revision"`
	BootFrom            Fact[string]   `json:"boot_from,omitzero" class:"environment"` // none, boot0, boot1, user: PARTITION_CONFIG
	BootAcknowledge     Fact[bool]     `json:"boot_acknowledge,omitzero" class:"environment"`
	BootBus             Fact[string]   `json:"boot_bus,omitzero" class:"environment"`       // BOOT_BUS_CONDITIONS
	ResetFunction       Fact[string]   `json:"reset_function,omitzero" class:"environment"` // RST_n_FUNCTION
	BootWriteProtection Fact[string]   `json:"boot_write_protection,omitzero" class:"environment"`
	LifeTimeA           Fact[string]   `json:"life_time_a,omitzero" class:"volatile"` // percent of the life used, as in 10-20
	LifeTimeB           Fact[string]   `json:"life_time_b,omitzero" class:"volatile"`
	PreEOL              Fact[string]   `json:"pre_eol,omitzero" class:"volatile"`
	FirmwareVersion     Fact[string]   `json:"firmware_version,omitzero" class:"firmware"`
	Partitioned         Fact[bool]     `json:"partitioned,omitzero" class:"environment"` // PARTITION_SETTING_COMPLETED
	EnhancedBytes       Fact[int64]    `json:"enhanced_bytes,omitzero" class:"environment"`
	CacheBytes          Fact[int64]    `json:"cache_bytes,omitzero" class:"revision"`
	CommandQueue        Fact[bool]     `json:"command_queue,omitzero" class:"revision"`
	Speeds              Fact[[]string] `json:"speeds,omitzero" class:"revision"`             // that the part can do
	ReliableWrites      Fact[string]   `json:"reliable_writes,omitzero" class:"environment"` // WR_REL_SET
}

// NVMe is what Identify and the health log say.
type NVMe struct {
	Version         Fact[string]   `json:"version,omitzero" class:"revision"`
	CapacityBytes   Fact[int64]    `json:"capacity_bytes,omitzero" class:"revision"` // of the subsystem
	Namespaces      Fact[int64]    `json:"namespaces,omitzero" class:"revision"`
	FirmwareSlots   Fact[int64]    `json:"firmware_slots,omitzero" class:"revision"`
	Warnings        Fact[[]string] `json:"warnings,omitzero" class:"volatile"` // of the health log; none is an empty list
	UsedPercent     Fact[int64]    `json:"used_percent,omitzero" class:"volatile"`
	SparePercent    Fact[int64]    `json:"spare_percent,omitzero" class:"volatile"`
	TemperatureC    Fact[int64]    `json:"temperature_c,omitzero" class:"volatile"`
	PowerOnHours    Fact[int64]    `json:"power_on_hours,omitzero" class:"volatile"`
	UnsafeShutdowns Fact[int64]    `json:"unsafe_shutdowns,omitzero" class:"volatile"`
	MediaErrors     Fact[int64]    `json:"media_errors,omitzero" class:"volatile"`
	WrittenBytes    Fact[int64]    `json:"written_bytes,omitzero" class:"volatile"`
}

// UFS is what the descriptors of a UFS device say, as the kernel shows them
// (Documentation/ABI/testing/sysfs-driver-ufs).
type UFS struct {
	SpecVersion Fact[string] `json:"spec_version,omitzero" class:"revision"`
	BootLUN     Fact[string] `json:"boot_lun,omitzero" class:"environment"` // none, a, b: bBootLunEn
	BootEnabled Fact[bool]   `json:"boot_enabled,omitzero" class:"environment"`
	LifeTimeA   Fact[string] `json:"life_time_a,omitzero" class:"volatile"`
	LifeTimeB   Fact[string] `json:"life_time_b,omitzero" class:"volatile"`
	PreEOL      Fact[string] `json:"pre_eol,omitzero" class:"volatile"`
}

// MTD is raw flash.
type MTD struct {
	Type            Fact[string] `json:"type,omitzero" class:"revision"` // nor, nand, mlc-nand, dataflash
	EraseBlockBytes Fact[int64]  `json:"erase_block_bytes,omitzero" class:"revision"`
	WriteBytes      Fact[int64]  `json:"write_bytes,omitzero" class:"revision"`
	BadBlocks       Fact[int64]  `json:"bad_blocks,omitzero" class:"identity"`
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
