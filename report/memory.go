package report

// Memory is what is fitted, what the kernel was given, and who says so.
type Memory struct {
	FittedBytes     Fact[int64]    `json:"fitted_bytes,omitzero" class:"revision" mark:"fingerprint" round:"67108864"`
	VisibleBytes    Fact[int64]    `json:"visible_bytes,omitzero" class:"software"` // given to the kernel
	TotalBytes      Fact[int64]    `json:"total_bytes,omitzero" class:"software"`   // MemTotal
	CMABytes        Fact[int64]    `json:"cma_bytes,omitzero" class:"software"`
	CrashBytes      Fact[int64]    `json:"crash_kernel_bytes,omitzero" class:"software"` // reserved for a crash kernel, part of visible
	Type            Fact[string]   `json:"type,omitzero" class:"revision"`               // DDR4 and the like, where firmware says so
	MaxBytes        Fact[int64]    `json:"max_bytes,omitzero" class:"capability"`        // SMBIOS: what the board takes
	ErrorCorrection Fact[string]   `json:"error_correction,omitzero" class:"revision"`
	CarveOuts       []CarveOut     `json:"carve_outs,omitempty"`
	Modules         []MemoryModule `json:"modules,omitempty"`
	Claims          []Claim        `json:"claims,omitempty"`
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

// MemoryModule is one memory device that SMBIOS names, soldered or in a socket.
type MemoryModule struct {
	Locator    string       `json:"locator" class:"key"`
	SizeBytes  Fact[int64]  `json:"size_bytes,omitzero" class:"revision"`
	Type       Fact[string] `json:"type,omitzero" class:"revision"`
	SpeedMTs   Fact[int64]  `json:"speed_mts,omitzero" class:"revision"` // megatransfers a second
	Form       Fact[string] `json:"form,omitzero" class:"revision"`
	Vendor     Fact[string] `json:"vendor,omitzero" class:"revision" mark:"bom"`
	PartNumber Fact[string] `json:"part_number,omitzero" class:"revision" mark:"bom"`
}
