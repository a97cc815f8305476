package report

// CPU is the processors as the kernel sees them.
type CPU struct {
	Architecture         Fact[string]   `json:"architecture,omitzero" class:"capability" mark:"fingerprint"` // of the kernel, uname -m words
	HardwareArchitecture Fact[string]   `json:"hardware_architecture,omitzero" class:"capability"`           // of the cores, where a kernel of fewer bits runs on them
	BalenaArchitecture   Fact[string]   `json:"balena_architecture,omitzero" class:"software"`               // the name of an image for this kernel's architecture
	LogicalOnline        Fact[int64]    `json:"logical_online,omitzero" class:"software"`
	LogicalOffline       Fact[int64]    `json:"logical_offline,omitzero" class:"software"`
	LogicalPresent       Fact[int64]    `json:"logical_present,omitzero" class:"revision" mark:"fingerprint"`
	LogicalPossible      Fact[int64]    `json:"logical_possible,omitzero" class:"software"`
	Cores                Fact[int64]    `json:"cores,omitzero" class:"revision"`
	ThreadsPerCore       Fact[int64]    `json:"threads_per_core,omitzero" class:"software"`
	Sockets              Fact[int64]    `json:"sockets,omitzero" class:"revision"`
	Clusters             Fact[int64]    `json:"clusters,omitzero" class:"revision"`
	TreeCores            Fact[[]string] `json:"tree_cores,omitzero" class:"software"` // what the device tree says of the cores, one entry a core
	Types                []CoreType     `json:"types,omitempty"`
}

// CoreType is one kind of core; a big.LITTLE system has several.
type CoreType struct {
	Signature  string         `json:"signature" class:"key"` // MIDR without revision, vendor/family/model, or ISA
	Name       Fact[string]   `json:"name,omitzero" class:"revision"`
	Vendor     Fact[string]   `json:"vendor,omitzero" class:"revision"`
	ModelName  Fact[string]   `json:"model_name,omitzero" class:"revision"` // as the core itself says it
	Level      Fact[string]   `json:"level,omitzero" class:"capability"`    // of the architecture, as in armv8-a
	Revision   Fact[string]   `json:"revision,omitzero" class:"revision"`
	Count      Fact[int64]    `json:"count,omitzero" class:"revision"` // logical CPUs of this type that are online
	MinKHz     Fact[int64]    `json:"min_khz,omitzero" class:"software"`
	MaxKHz     Fact[int64]    `json:"max_khz,omitzero" class:"software"`
	Features   Fact[[]string] `json:"features,omitzero" class:"software"`     // as this kernel names them
	Extensions Fact[[]string] `json:"extensions,omitzero" class:"capability"` // of these, what images are chosen by
	Caches     []Cache        `json:"caches,omitempty"`
}

// Cache is one level of cache of a core of its type.
type Cache struct {
	Level     string      `json:"level" class:"key"` // L1d, L1i, L2, L3
	SizeBytes Fact[int64] `json:"size_bytes,omitzero" class:"software"`
	Ways      Fact[int64] `json:"ways,omitzero" class:"software"`
	SharedBy  Fact[int64] `json:"shared_by,omitzero" class:"software"` // logical CPUs
}
