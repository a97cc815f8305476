// Package report is the schema of an evaluation report: facts with their gaps
// and evidence, the classes by which reports are compared, the fingerprint,
// and the encoding and strict decoding of both documents.
//
// It collects nothing, judges nothing and prints nothing. It imports the
// standard library only, so that any program can read a report with it.
package report

// Schema names the format of report.json; it carries the major version only.
// Within a major version fields are only added, and Minor counts the additions.
const (
	Schema      = "https://boardprobe.github.io/evaluation-report/v1"
	SchemaMinor = 3
)

// Report is the document report.json. Everything outside Run follows from the
// evidence: replaying it gives the same bytes.
type Report struct {
	Schema         string          `json:"schema"`
	Minor          int             `json:"minor"`
	Run            Run             `json:"run" class:"environment"`
	Members        []Member        `json:"members" class:"environment"`
	Sections       []Section       `json:"sections" class:"environment"`
	Fingerprint    Fact[string]    `json:"fingerprint,omitzero" class:"revision"` // board-fixed facts; the version is in the value
	BOM            Fact[string]    `json:"bom,omitzero" class:"revision"`         // parts that usually have second sources
	Sight          Sight           `json:"sight,omitzero" class:"environment"`
	Privacy        Privacy         `json:"privacy,omitzero"`
	Claims         []Statement     `json:"claims,omitempty"`
	Identity       Identity        `json:"identity,omitzero"`
	CPU            CPU             `json:"cpu,omitzero"`
	Memory         Memory          `json:"memory,omitzero"`
	Storage        []Disk          `json:"storage,omitempty"`
	MMCHosts       []MMCHost       `json:"mmc_hosts,omitempty" section:"mmc"`
	Boot           Boot            `json:"boot,omitzero"`
	Security       Security        `json:"security,omitzero"`
	Kernel         Kernel          `json:"kernel,omitzero"`
	OS             Distribution    `json:"distribution,omitzero"`
	Network        []NIC           `json:"network,omitempty"`
	PCI            []PCIDevice     `json:"pci,omitempty"`
	USB            []USBDevice     `json:"usb,omitempty"`
	USBRoles       []USBController `json:"usb_roles,omitempty" section:"usb-roles"`
	WiFi           []WiFi          `json:"wifi,omitempty"`
	Bluetooth      []Bluetooth     `json:"bluetooth,omitempty"`
	Modems         []Modem         `json:"modems,omitempty"`
	RadioNodes     []RadioNode     `json:"radio_nodes,omitempty" section:"radio-nodes"`
	Firmware       []FirmwareFile  `json:"firmware,omitempty"`
	DriverFirmware []DriverFiles   `json:"driver_firmware,omitempty" section:"driver-firmware"`
	Radios         Radios          `json:"radios,omitzero"`
	Devices        []BusDevice     `json:"devices,omitempty"`
	Peripherals    Peripherals     `json:"peripherals,omitzero"`
	TPM            TPM             `json:"tpm,omitzero"`
	Faults         []Fault         `json:"faults,omitempty"`
	Modules        []Module        `json:"modules,omitempty"`
	GHW            GHW             `json:"ghw,omitzero"`
}

// Run tells one run from the next. It is the only place for times, durations
// and identifiers of the run; nothing in it is part of a comparison.
type Run struct {
	ID           string   `json:"id"`                  // eight base32 characters, as in 7Q2K-M3XD
	Name         string   `json:"name"`                // of the package file
	Started      string   `json:"started"`             // RFC 3339, by the clock of the board, which is not trusted
	Clock        string   `json:"clock"`               // "implausible" before the probe was built, else "untrusted"
	Millis       int64    `json:"duration_ms"`         // of the collection
	Probe        string   `json:"probe"`               // version of the probe
	Build        string   `json:"build"`               // revision, Go version and target of the probe
	Collector    int      `json:"collector,omitempty"` // number of the collectors that made the facts of the evidence; 0 before they were numbered
	PseudonymKey string   `json:"pseudonym_key"`       // short id of the key; equal ids make identities comparable
	Labels       []string `json:"labels,omitempty"`    // stated by people, as in hw=B2
}

// Member is a file of the package, bound to the report by its digest.
type Member struct {
	Name      string `json:"name"`
	SizeBytes int64  `json:"size"`
	SHA256    string `json:"sha256"` // hexadecimal
}

// Outcome says how a section ended.
type Outcome string

const (
	OutcomeOK       Outcome = "ok"
	OutcomeError    Outcome = "error"      // the subject could not be listed at all
	OutcomeDeadline Outcome = "deadline"   // the section was abandoned
	OutcomePanic    Outcome = "panic"      // a fault of the collector, contained
	OutcomeKilled   Outcome = "killed"     // the process died in this section
	OutcomeNotRun   Outcome = "not-probed" // left out by request, or the run ended before
)

// Reasons of a section that was not run.
const (
	ReasonLeftOut     = "left out by request"
	ReasonOver        = "the time for the whole run was over"
	ReasonNotRecorded = "not in the evidence" // of a package from before there was this section
)

// Section is one part of the inventory. The list of sections is always
// complete, whatever happened.
type Section struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	Gaps    int     `json:"gaps,omitempty"` // facts of this section without a value
	// How many entries the lists had that this section read, and how many of them
	// it understood, in a section that ran to its end.
	Entries    int `json:"entries,omitempty"`
	Understood int `json:"understood,omitempty"`
}

// Section returns the section of that name.
func (r *Report) Section(name string) Section {
	for _, s := range r.Sections {
		if s.Name == name {
			return s
		}
	}
	return Section{Name: name, Outcome: OutcomeNotRun, Reason: "no such section in this report"}
}

// Sight says what this run was able to see. "No driver", "missing firmware"
// and "dead" may be said only where sight allows it.
type Sight struct {
	Root           Fact[bool]   `json:"root,omitzero" class:"environment"`
	World          Fact[string] `json:"world,omitzero" class:"environment"`         // live, image, or root (a folder of files)
	KernelOrigin   Fact[string] `json:"kernel_origin,omitzero" class:"environment"` // bsp, distribution, ours, unknown: by the kernel's own words
	KernelOf       Fact[string] `json:"kernel_of,omitzero" class:"environment"`     // whose: Debian, Raspberry Pi OS
	Modules        Fact[string] `json:"modules,omitzero" class:"environment"`       // none, some, all: what the run could load or had
	ModulesNamed   Fact[int64]  `json:"modules_named,omitzero" class:"environment"` // by modules.order: with how many the kernel was built
	ModulesThere   Fact[int64]  `json:"modules_there,omitzero" class:"environment"` // of these; or in all, where nothing names them
	Firmware       Fact[string] `json:"firmware,omitzero" class:"environment"`      // none, some, all
	FirmwareFiles  Fact[int64]  `json:"firmware_files,omitzero" class:"environment"`
	KernelConfig   Fact[bool]   `json:"kernel_config,omitzero" class:"environment"` // the kernel's configuration is known
	Settled        Fact[bool]   `json:"settled,omitzero" class:"environment"`       // devices had stopped appearing
	ReportVolume   Fact[string] `json:"report_volume,omitzero" class:"environment"` // kernel name of the partition that takes the report
	StartedFrom    Fact[string] `json:"started_from,omitzero" class:"environment"`  // kernel name of the disk that the probe was started from
	DeferredProbes Fact[int64]  `json:"deferred_probes,omitzero" class:"environment"`
}

// Words of Sight.
const (
	WorldLive          = "live"         // an ordinary Linux
	WorldImage         = "image"        // the probe image
	WorldRoot          = "root"         // a folder of recorded files
	OriginBSP          = "bsp"          // of a board support package
	OriginDistribution = "distribution" // mainline, as a distribution builds it for many boards
	OriginOurs         = "ours"
	OriginUnknown      = "unknown"
)
