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
	DeviceTreeNodes    Fact[int64]    `json:"device_tree_nodes,omitzero" class:"software" section:"tree-nodes"`   // they stand in attachments/device-tree.jsonl
	DeviceTreeSHA256   Fact[string]   `json:"device_tree_sha256,omitzero" section:"device-tree" class:"software"` // of the normalised tree
	DescriptionSources Fact[[]string] `json:"description_sources,omitzero" class:"environment"`
}
