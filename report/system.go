package report

// Kernel is the running kernel.
type Kernel struct {
	Release       Fact[string]   `json:"release,omitzero" class:"software"`
	Version       Fact[string]   `json:"version,omitzero" class:"software"` // build string
	Compiler      Fact[string]   `json:"compiler,omitzero" class:"software"`
	CommandLine   Fact[string]   `json:"command_line,omitzero" class:"software"` // secrets and identities replaced
	ConfigSHA256  Fact[string]   `json:"config_sha256,omitzero" class:"software"`
	ConfigOptions Fact[int64]    `json:"config_options,omitzero" class:"software" section:"kernel-config"`  // that are set; they stand in attachments/kernel.config
	ConfigFound   Fact[string]   `json:"config_found,omitzero" class:"environment" section:"kernel-config"` // where the configuration was read
	ModuleNames   Fact[[]string] `json:"module_names,omitzero" class:"volatile"`                            // that are loaded, sorted
	LogLines      Fact[int64]    `json:"log_lines,omitzero" class:"volatile" section:"kernel-log"`          // of the log that are kept in the evidence
	Tainted       Fact[int64]    `json:"tainted,omitzero" class:"software"`
	PageBytes     Fact[int64]    `json:"page_bytes,omitzero" class:"software"`
	Modules       Fact[int64]    `json:"modules_loaded,omitzero" class:"volatile"`
}

// Distribution is the operating system on the board. In the probe image the
// vendor's system is not mounted, and all of it is not-probed.
type Distribution struct {
	ID               Fact[string] `json:"id,omitzero" class:"software"`
	Name             Fact[string] `json:"name,omitzero" class:"software"`
	VersionID        Fact[string] `json:"version_id,omitzero" class:"software"`
	DeviceType       Fact[string] `json:"device_type,omitzero" class:"software"` // of balenaOS, by the slug of its os-release
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
