package report

// Boot is where the board looks for what it starts, in three orders: what the
// ROM of the SoC searches for the first loader, what the loader searches for the
// operating system, and what was used this time.
type Boot struct {
	ROMOrder           Fact[[]string] `json:"rom_order,omitzero" class:"environment"`                   // as the unit is set, or as documented
	EnvironmentsUnread Fact[[]string] `json:"environments_unread,omitzero" class:"environment"`         // that fw_env.config of the running system names, and where none was found
	OrderAbsent        Fact[[]string] `json:"order_absent,omitzero" class:"environment"`                // load options that BootOrder names and that are not there
	ROMStraps          Fact[[]string] `json:"rom_straps,omitzero" section:"straps" class:"environment"` // media that the straps of this unit name, first tried first
	ROMMode            Fact[string]   `json:"rom_mode,omitzero" class:"revision"`                       // what decides it
	ROMNotes           Fact[[]string] `json:"rom_notes,omitzero" class:"revision"`                      // what else documents say of the start of boards with this SoC
	Switches           Fact[[]string] `json:"switches,omitzero" class:"revision"`                       // designators on the board
	LoaderOrder        Fact[[]string] `json:"loader_order,omitzero" class:"firmware"`                   // media, or the loader's own words
	Current            Fact[string]   `json:"current,omitzero" class:"environment"`
	CurrentDevice      Fact[string]   `json:"current_device,omitzero" class:"environment"` // a name of storage[]
	Loader             Fact[string]   `json:"loader,omitzero" class:"firmware"`            // u-boot, uefi, raspberry-pi, barebox, cboot, bios
	LoaderVersion      Fact[string]   `json:"loader_version,omitzero" class:"firmware"`
	Options            []BootOption   `json:"options,omitempty"`
	Hints              []BootHint     `json:"hints,omitempty"`
	Media              []BootMedium   `json:"media,omitempty"`
	SwitchesSet        Fact[[]string] `json:"switches_set,omitzero" section:"straps" class:"environment"` // positions as the SoC latched them, as in SW6: 0110
	Straps             []Strap        `json:"straps,omitempty" section:"straps"`
	Places             []BootPlace    `json:"places,omitempty"`
	LinuxLoader        Fact[string]   `json:"linux_loader,omitzero" class:"software"`     // who started the kernel on x86
	EFILoader          Fact[string]   `json:"efi_loader,omitzero" class:"software"`       // what the loader that UEFI started calls itself
	FirmwareCopy       Fact[string]   `json:"firmware_copy,omitzero" class:"environment"` // of the two copies of a Jetson: A or B
	ResetReason        Fact[string]   `json:"reset_reason,omitzero" class:"volatile"`     // as the loader passed it
}

// BootOption is a load option of UEFI.
type BootOption struct {
	Number      string       `json:"number" class:"key"` // as in Boot0001
	Description Fact[string] `json:"description,omitzero" class:"environment"`
	Medium      Fact[string] `json:"medium,omitzero" class:"environment"`
	Path        Fact[string] `json:"path,omitzero" class:"environment"` // without what names a unit or network
	Active      Fact[bool]   `json:"active,omitzero" class:"environment"`
	Ordered     Fact[bool]   `json:"ordered,omitzero" class:"environment"` // is in BootOrder
	Device      Fact[string] `json:"device,omitzero" class:"environment"`  // a name of storage[]: where the partition that it names was found, or what is at the end of its path
}

// BootPlace is a place of an order that is a medium, and the disk that it means.
type BootPlace struct {
	Place  string       `json:"place" class:"key"`                   // of which order, the how manieth, and the word there, as in loader 1 mmc0
	Device Fact[string] `json:"device,omitzero" class:"environment"` // a name of storage[]
}

// Strap is a field of a register that says where the boot ROM looks for a
// loader, or took it from.
type Strap struct {
	Field string         `json:"field" class:"key"` // its name, address and bits, as in SRC_SBMR2 BMOD 0x020d801c 25:24
	Value Fact[int64]    `json:"value,omitzero" class:"environment"`
	Media Fact[[]string] `json:"media,omitzero" class:"environment"`
}

// BootHint is a parameter by which a loader tells the kernel of the boot.
type BootHint struct {
	Key    string       `json:"key" class:"key"`
	Kind   Fact[string] `json:"kind,omitzero" class:"environment"`
	Value  Fact[string] `json:"value,omitzero" class:"environment"`
	Medium Fact[string] `json:"medium,omitzero" class:"environment"`
}

// BootMedium is what was found on one medium, or on a boot area of one, that
// can hold a loader.
type BootMedium struct {
	Path         string            `json:"path" class:"key"`
	Name         Fact[string]      `json:"name,omitzero" class:"software"`
	Headers      Fact[[]string]    `json:"headers,omitzero" class:"environment"`  // of boot ROMs, with their places
	Versions     Fact[[]string]    `json:"versions,omitzero" class:"environment"` // with which firmware names itself
	Running      Fact[bool]        `json:"running,omitzero" class:"environment"`  // one of them is the loader that ran
	Environments []BootEnvironment `json:"environments,omitempty"`
}

// BootEnvironment is an environment of U-Boot.
type BootEnvironment struct {
	Place     string         `json:"place" class:"key"` // saved or default, and the offset
	SizeBytes Fact[int64]    `json:"size_bytes,omitzero" class:"environment"`
	Targets   Fact[[]string] `json:"targets,omitzero" class:"environment"`
	Methods   Fact[[]string] `json:"methods,omitzero" class:"environment"`
	Commands  Fact[[]string] `json:"commands,omitzero" class:"environment"`
	Names     Fact[[]string] `json:"names,omitzero" class:"environment"`
	Values    Fact[[]string] `json:"values,omitzero" class:"environment"` // NAME=VALUE of those that say how the board boots
}

// Security is how far the board is closed.
type Security struct {
	SecureBoot Fact[string]   `json:"secure_boot,omitzero" class:"environment"` // enforced, enabled, capable, disabled
	SetupMode  Fact[string]   `json:"setup_mode,omitzero" class:"environment"`  // setup, audit, user, deployed
	Keys       Fact[[]string] `json:"keys,omitzero" class:"environment"`        // certificates and hashes in PK, KEK, db
}
