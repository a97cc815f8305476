package report

// Peripherals are what else is on the board, one list a kind.
type Peripherals struct {
	Clocks     []RTC        `json:"clocks,omitempty"`
	Watchdogs  []Watchdog   `json:"watchdogs,omitempty"`
	LEDs       []LED        `json:"leds,omitempty"`
	GPIO       []GPIOChip   `json:"gpio,omitempty"`
	Displays   []Display    `json:"displays,omitempty"`
	Cameras    []Named      `json:"cameras,omitempty"`
	Sound      []Named      `json:"sound,omitempty"`
	Thermal    []Sensor     `json:"thermal,omitempty"`
	Sensors    []Named      `json:"sensors,omitempty"` // hwmon chips
	Regulators []Regulator  `json:"regulators,omitempty"`
	Memories   []Named      `json:"memories,omitempty"` // nvmem: EEPROMs, fuses
	Serial     []SerialPort `json:"serial,omitempty"`
	CAN        []Named      `json:"can,omitempty"`
	GNSS       []Named      `json:"gnss,omitempty"` // named by what they speak: NMEA, SiRF, UBX
	Power      Power        `json:"power,omitzero"`
	HAT        HAT          `json:"hat,omitzero"`
}

// Named is a device of which name and driver are all there is to say.
type Named struct {
	Path      string       `json:"path" class:"key"`
	Name      Fact[string] `json:"name,omitzero" class:"revision"`
	Driver    Fact[string] `json:"driver,omitzero" class:"software"`
	Node      Fact[string] `json:"node,omitzero" class:"software"`
	SizeBytes Fact[int64]  `json:"size_bytes,omitzero" class:"revision"`
	Attached  Fact[string] `json:"attached,omitzero" class:"revision"`
}

// RTC is a clock that may run while the board is off.
type RTC struct {
	Path      string       `json:"path" class:"key"`
	Name      Fact[string] `json:"name,omitzero" class:"revision"`
	Driver    Fact[string] `json:"driver,omitzero" class:"software"`
	SetsClock Fact[bool]   `json:"sets_clock,omitzero" class:"software"` // hctosys
	Plausible Fact[bool]   `json:"plausible,omitzero" class:"volatile"`  // shows a time after this program was made
}

// Watchdog is described without being opened, which would start it.
type Watchdog struct {
	Path              string       `json:"path" class:"key"`
	Identity          Fact[string] `json:"identity,omitzero" class:"revision"`
	Driver            Fact[string] `json:"driver,omitzero" class:"software"`
	State             Fact[string] `json:"state,omitzero" class:"volatile"` // active, inactive
	NoWayOut          Fact[bool]   `json:"no_way_out,omitzero" class:"software"`
	TimeoutSeconds    Fact[int64]  `json:"timeout_seconds,omitzero" class:"software"`
	MaxTimeoutSeconds Fact[int64]  `json:"max_timeout_seconds,omitzero" class:"software"`
	BootStatus        Fact[int64]  `json:"boot_status,omitzero" class:"volatile"` // WDIOF_ flags of linux/watchdog.h
}

// LED is a light that the kernel drives.
type LED struct {
	Path    string       `json:"path" class:"key"`
	Name    Fact[string] `json:"name,omitzero" class:"revision"`
	Trigger Fact[string] `json:"trigger,omitzero" class:"volatile"` // what drives it; none is free
	Node    Fact[string] `json:"node,omitzero" class:"software"`
}

// GPIOChip is a controller of pins.
type GPIOChip struct {
	Path  string       `json:"path" class:"key"`
	Label Fact[string] `json:"label,omitzero" class:"software"`
	Lines Fact[int64]  `json:"lines,omitzero" class:"revision"`
	Node  Fact[string] `json:"node,omitzero" class:"software"`
}

// Display is a connector for a screen, and the screen that is plugged in.
type Display struct {
	Path    string       `json:"path" class:"key"`
	Name    Fact[string] `json:"name,omitzero" class:"revision"` // as in HDMI-A-1
	Status  Fact[string] `json:"status,omitzero" class:"environment"`
	Monitor Fact[string] `json:"monitor,omitzero" class:"environment"`
	Mode    Fact[string] `json:"mode,omitzero" class:"environment"` // the preferred one
}

// Sensor is a thermal zone.
type Sensor struct {
	Path                 string       `json:"path" class:"key"`
	Type                 Fact[string] `json:"type,omitzero" class:"revision"`
	MilliCelsius         Fact[int64]  `json:"milli_celsius,omitzero" class:"volatile"`
	CriticalMilliCelsius Fact[int64]  `json:"critical_milli_celsius,omitzero" class:"software"`
}

// Regulator is a supply that the kernel knows of.
type Regulator struct {
	Path       string       `json:"path" class:"key"`
	Name       Fact[string] `json:"name,omitzero" class:"software"`
	State      Fact[string] `json:"state,omitzero" class:"volatile"`
	MicroVolts Fact[int64]  `json:"micro_volts,omitzero" class:"volatile"`
}

// SerialPort is a UART with hardware behind it.
type SerialPort struct {
	Path     string       `json:"path" class:"key"`
	Name     Fact[string] `json:"name,omitzero" class:"software"`
	Driver   Fact[string] `json:"driver,omitzero" class:"software"`
	Console  Fact[bool]   `json:"console,omitzero" class:"environment"`
	Attached Fact[string] `json:"attached,omitzero" class:"revision"`
}

// Power is how the board restarts and switches itself off, as far as that can
// be read.
type Power struct {
	Methods    Fact[[]string] `json:"methods,omitzero" class:"software"`     // psci, acpi, gpio-poweroff and the like
	RebootMode Fact[string]   `json:"reboot_mode,omitzero" class:"software"` // /sys/kernel/reboot
	Supplies   Fact[[]string] `json:"supplies,omitzero" class:"environment"` // power supplies and batteries
}

// HAT is the identification EEPROM of a plugged-in board, as the boot loader
// copies it into the device tree.
type HAT struct {
	Vendor    Fact[string] `json:"vendor,omitzero" class:"environment"`
	Product   Fact[string] `json:"product,omitzero" class:"environment"`
	ProductID Fact[string] `json:"product_id,omitzero" class:"environment"`
	UUID      Fact[string] `json:"uuid,omitzero" class:"identity"`
}

// TPM is what the chip says of itself.
type TPM struct {
	Version        Fact[string]   `json:"version,omitzero" class:"revision"` // of the specification family
	Driver         Fact[string]   `json:"driver,omitzero" class:"software"`
	Manufacturer   Fact[string]   `json:"manufacturer,omitzero" class:"revision"`
	Vendor         Fact[string]   `json:"vendor,omitzero" class:"revision"`
	Firmware       Fact[string]   `json:"firmware,omitzero" class:"firmware"`
	Banks          Fact[[]string] `json:"pcr_banks,omitzero" class:"software"`
	ResetCount     Fact[int64]    `json:"reset_count,omitzero" class:"volatile"`
	RestartCount   Fact[int64]    `json:"restart_count,omitzero" class:"volatile"`
	ClockMillis    Fact[int64]    `json:"clock_ms,omitzero" class:"volatile"`
	ClockSafe      Fact[bool]     `json:"clock_safe,omitzero" class:"volatile"`
	EKCertificates Fact[[]string] `json:"ek_certificates,omitzero" class:"revision"` // NV indices that are there
	Disabled       Fact[[]string] `json:"disabled_hierarchies,omitzero" class:"software"`

	// What the log of the firmware says, and whether the registers of the TPM agree.
	LogEvents     Fact[int64]    `json:"log_events,omitzero" class:"volatile"`
	LogAgrees     Fact[bool]     `json:"log_agrees,omitzero" class:"environment"`
	LogBootOrder  Fact[[]string] `json:"log_boot_order,omitzero" class:"environment"` // as in Boot0001
	LogSecureBoot Fact[bool]     `json:"log_secure_boot,omitzero" class:"environment"`

	// Events of that log, as in 0 EV_S_CRTM_VERSION sha256:96a2…: register, type and name
	// of the TCG PC Client Platform Firmware Profile, and digest.
	LogFirmware Fact[[]string] `json:"log_firmware,omitzero" class:"firmware"`  // code of the platform, register 0
	LogImages   Fact[[]string] `json:"log_images,omitzero" class:"software"`    // programs that were started, register 4
	LogPolicy   Fact[[]string] `json:"log_policy,omitzero" class:"environment"` // variables of Secure Boot, register 7
	LogOthers   Fact[[]string] `json:"log_others,omitzero" class:"environment"` // how many of each other type; what they hold may be of the unit
}

// Fault is a device that does not work as it should, and why.
type Fault struct {
	Path       string         `json:"path" class:"key"`
	Kind       Fact[string]   `json:"kind,omitzero" class:"software"` // unbound, no-device, deferred, remapped (there is a driver, and what is behind it is hidden)
	Bus        Fact[string]   `json:"bus,omitzero" class:"software"`
	ID         Fact[string]   `json:"id,omitzero" class:"software"` // module alias
	Compatible Fact[[]string] `json:"compatible,omitzero" class:"software"`
	Reason     Fact[string]   `json:"reason,omitzero" class:"software"` // in the kernel's words, or the firmware that its driver asked for in vain
	Attached   Fact[string]   `json:"attached,omitzero" class:"software"`
}

// Module is a loaded module that is not part of the kernel's own tree, or that
// taints it.
type Module struct {
	Name    string       `json:"name" class:"key"`
	Taint   Fact[string] `json:"taint,omitzero" class:"software"` // letters of Documentation/admin-guide/tainted-kernels.rst
	Version Fact[string] `json:"version,omitzero" class:"software"`
}
