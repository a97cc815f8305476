package report

// NIC is a network interface with hardware behind it.
type NIC struct {
	Path          string       `json:"path" class:"key"`
	Name          Fact[string] `json:"name,omitzero" class:"software"`
	Driver        Fact[string] `json:"driver,omitzero" class:"software"`
	MAC           Fact[string] `json:"mac,omitzero" class:"identity"`
	PermanentMAC  Fact[string] `json:"permanent_mac,omitzero" class:"identity"`
	MACOrigin     Fact[string] `json:"mac_origin,omitzero" class:"revision"` // permanent, random, stolen, set: /sys/class/net addr_assign_type
	Kind          Fact[string] `json:"kind,omitzero" class:"revision"`       // ethernet, wifi, can, wwan
	Attached      Fact[string] `json:"attached,omitzero" class:"revision"`
	Carrier       Fact[bool]   `json:"carrier,omitzero" class:"volatile"`
	SpeedMbps     Fact[int64]  `json:"speed_mbps,omitzero" class:"volatile"`
	DriverVersion Fact[string] `json:"driver_version,omitzero" class:"software"`
	Firmware      Fact[string] `json:"firmware,omitzero" class:"firmware"` // version that runs, as the driver says it
	PHYID         Fact[string] `json:"phy_id,omitzero" class:"revision"`   // 32 bits, as in 0x0007c0f1
	PHYDriver     Fact[string] `json:"phy_driver,omitzero" class:"software"`
	PHYInterface  Fact[string] `json:"phy_interface,omitzero" class:"revision"`
}

// PCIDevice is a function on a PCI bus.
type PCIDevice struct {
	Address      string       `json:"address" class:"key"` // domain:bus:device.function
	ID           Fact[string] `json:"id,omitzero" class:"revision"`
	Subsystem    Fact[string] `json:"subsystem,omitzero" class:"revision"`
	Class        Fact[string] `json:"class,omitzero" class:"revision"` // six hexadecimal digits
	Revision     Fact[string] `json:"revision,omitzero" class:"revision"`
	Driver       Fact[string] `json:"driver,omitzero" class:"software"`
	LinkMTs      Fact[int64]  `json:"link_mts,omitzero" class:"software"` // negotiated, megatransfers a second
	LinkLanes    Fact[int64]  `json:"link_lanes,omitzero" class:"software"`
	MaxLinkMTs   Fact[int64]  `json:"max_link_mts,omitzero" class:"revision"`
	MaxLinkLanes Fact[int64]  `json:"max_link_lanes,omitzero" class:"revision"`
	Attached     Fact[string] `json:"attached,omitzero" class:"revision"`
}

// USBDevice is a device on a USB bus, root hubs included.
type USBDevice struct {
	Path         string         `json:"path" class:"key"` // controller and port chain
	ID           Fact[string]   `json:"id,omitzero" class:"revision"`
	Manufacturer Fact[string]   `json:"manufacturer,omitzero" class:"revision"`
	Product      Fact[string]   `json:"product,omitzero" class:"revision"`
	Serial       Fact[string]   `json:"serial,omitzero" class:"identity"`
	Class        Fact[string]   `json:"class,omitzero" class:"revision"`
	Revision     Fact[string]   `json:"revision,omitzero" class:"firmware"` // bcdDevice
	SpeedMbps10  Fact[int64]    `json:"speed_mbps_x10,omitzero" class:"volatile"`
	Drivers      Fact[[]string] `json:"drivers,omitzero" class:"software"` // of its interfaces
	Attached     Fact[string]   `json:"attached,omitzero" class:"revision"`
}

// USBController is one that can be a device or change its role.
type USBController struct {
	Path     string       `json:"path" class:"key"`
	Name     Fact[string] `json:"name,omitzero" class:"software"`
	Kind     Fact[string] `json:"kind,omitzero" class:"capability"` // udc, role-switch, typec
	Role     Fact[string] `json:"role,omitzero" class:"volatile"`
	State    Fact[string] `json:"state,omitzero" class:"volatile"`
	MaxSpeed Fact[string] `json:"max_speed,omitzero" class:"software"`
}

// BusDevice is a device on one of the small buses: SDIO, I2C, SPI, MDIO, serdev.
type BusDevice struct {
	Path     string       `json:"path" class:"key"`
	Bus      Fact[string] `json:"bus,omitzero" class:"revision"`
	ID       Fact[string] `json:"id,omitzero" class:"revision"` // module alias, or PHY identifier
	Name     Fact[string] `json:"name,omitzero" class:"software"`
	Driver   Fact[string] `json:"driver,omitzero" class:"software"`
	Node     Fact[string] `json:"node,omitzero" class:"software"`
	Attached Fact[string] `json:"attached,omitzero" class:"revision"`
}
