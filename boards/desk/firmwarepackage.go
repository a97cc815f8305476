package desk

import "sync"

var packages = loaded[FirmwarePackage]("firmwarepackages.json.gz")

// FirmwarePackage says in which package of Yocto's linux-firmware a file is.
type FirmwarePackage struct {
	File            string          `json:"file"` // below lib/firmware
	Package         string          `json:"package"`
	PackageWrynose  string          `json:"package_wrynose"` // where that release has it in another
	Default         DefaultFirmware `json:"default"`
	Bytes           int64           `json:"bytes"`           // not compressed; 0: not known
	Link            string          `json:"link"`            // what it is a link to
	Licence         string          `json:"licence"`         // file of linux-firmware, or the word of Debian
	Redistributable bool            `json:"redistributable"` // by WHENCE or by Debian; false: not known
}

// DefaultFirmware says whether balenaOS has a file without being told.
type DefaultFirmware string

const (
	NotDefault     DefaultFirmware = ""
	DefaultAll     DefaultFirmware = "all"     // in the connectivity packages of the common layer
	DefaultLayer   DefaultFirmware = "layer"   // added by the layers of dunfell to wrynose
	DefaultRemoved DefaultFirmware = "removed" // in such a package, and deleted when the image is made
)

// FirmwarePackageOf finds the package of a file; none says only that the table does not
// have it.
func FirmwarePackageOf(file string) (FirmwarePackage, bool) {
	p, ok := packageByFile()[file]
	return p, ok
}

var packageByFile = sync.OnceValue(func() map[string]FirmwarePackage {
	rows := packages().Rows
	index := make(map[string]FirmwarePackage, len(rows))
	for _, row := range rows {
		index[row.File] = row
	}
	return index
})
