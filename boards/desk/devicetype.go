package desk

import "slices"

var deviceTypes = loaded[DeviceType]("devicetypes.json")

// DeviceType is a public device type of balena.
type DeviceType struct {
	Slug          string         `json:"slug"` // balena's identifier
	Name          string         `json:"name"`
	Arch          string         `json:"arch"` // balena's word: aarch64, armv7hf, rpi, amd64, i386, i386-nlp
	Repository    string         `json:"repository"`
	Machine       string         `json:"machine"` // of Yocto
	Yocto         string         `json:"yocto"`   // release
	Image         string         `json:"image"`   // flasher, non-flasher
	Support       Support        `json:"support"`
	SupportFrom   string         `json:"support_from"` // when it is, or was to be, discontinued
	SupportNote   string         `json:"support_note"`
	InstallTarget string         `json:"install_target"` // INTERNAL_DEVICE_KERNEL: kernel names, first that is there
	LED           string         `json:"led"`
	Flashing      map[string]any `json:"flashing"`   // how balena's test rig writes it
	RAMGiB        []int64        `json:"ram_gib"`    // where types of one identity differ in it
	BootsFrom     string         `json:"boots_from"` // medium that its contract names first: internal, sdcard, image
	Identities    []TreeIdentity `json:"identity"`
	DMI           []DMIIdentity  `json:"dmi"`
	SoC           string         `json:"soc"` // compatible of its SoC where no device tree was found, by its name
}

// Support is what balena says of a device type.
type Support string

const (
	NotListed    Support = ""             // neither discontinued nor about to be; the list names no supported ones
	Pending      Support = "pending"      // is announced to be discontinued
	Discontinued Support = "discontinued" // not to build on
)

// TreeIdentity is the root of a device tree.
type TreeIdentity struct {
	Compatible []string `json:"compatible"` // most specific first; the last is the SoC
	Model      string   `json:"model"`
	Confidence string   `json:"confidence"` // medium or low where it is inferred, else empty
}

// DMIIdentity is what the firmware of a PC says. A star stands for any end.
type DMIIdentity struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
	Board   string `json:"board"`
}

// DeviceTypes lists the device types, and where the table is from.
func DeviceTypes() ([]DeviceType, Source) {
	t := deviceTypes()
	return slices.Clone(t.Rows), t.Source
}
