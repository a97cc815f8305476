package console

import (
	"slices"
	"strings"
)

// Boot is what one boot said. Every answer is the last that was given: a stage
// that fails tries another medium, or resets.
type Boot struct {
	Number int // of the boots in the log
	Of     int // how many the log has
	Said   []Witness
}

// Last returns of all that a log says the last boot that reached Linux: what
// stands behind it may be a program's output. If none did, it is the last.
func Last(list []Witness) Boot {
	var b Boot
	for _, w := range list {
		b.Of = max(b.Of, w.Boot)
		if phaseOf(w.Kind) == linux {
			b.Number = max(b.Number, w.Boot)
		}
	}
	if b.Number == 0 {
		b.Number = b.Of
	}
	for _, w := range list {
		if w.Boot == b.Number {
			b.Said = append(b.Said, w)
		}
	}
	return b
}

// last returns what was said last of those that count.
func (b Boot) last(counts func(Witness) bool) (Witness, bool) {
	var out Witness
	for _, w := range b.Said {
		if w.Last >= out.Last && counts(w) {
			out = w
		}
	}
	return out, out.Last > 0
}

// Version returns what a kind of firmware or loader said of its version.
func (b Boot) Version(kinds ...Kind) (Witness, bool) {
	return b.last(func(w Witness) bool { return w.HasValue && slices.Contains(kinds, w.Kind) })
}

// Stages returns firmware and loaders that said their version, in the order in
// which they ran. Parts of one version are one.
func (b Boot) Stages() []Witness {
	var list []Witness
	for _, w := range b.Said {
		stage := w.Kind == OPTEE || w.Kind == SystemFW || w.Kind == GRUB || phaseOf(w.Kind) == early || phaseOf(w.Kind) == main
		if stage && w.HasValue && !slices.ContainsFunc(list, func(o Witness) bool { return o.Kind == w.Kind && o.Value == w.Value }) {
			list = append(list, w)
		}
	}
	return list
}

// Source returns from what the last loader stage was started, and the medium if
// the words tell it: emmc, sd, mmc (either), spi, nand, nvme, sata, ufs, usb,
// network. Numbers are the loader's own and tell no controller of Linux.
func (b Boot) Source() (w Witness, medium string, ok bool) {
	w, ok = b.last(func(w Witness) bool { return w.Kind == BootFrom && w.HasValue })
	return w, mediumOf(w.Value), ok
}

// mediumOf translates the words of U-Boot (SPL_LOAD_IMAGE_METHOD in common/spl
// and arch), of its boards for Zynq, of TF-A for STM32, and of Rockchip's,
// Raspberry Pi's, Amlogic's, Marvell's, NVIDIA's and Qualcomm's loaders.
func mediumOf(words string) string {
	words = strings.ToLower(words)
	if rest, ok := strings.CutPrefix(words, "mmc"); ok && strings.Trim(rest, " _0123456789") == "" {
		return "mmc"
	}
	switch words {
	case "emmc", "emmc_mode":
		return "emmc"
	case "sd", "sdmmc", "sd_mode", "sd_mode1", "lvl_shft_sd_mode1":
		return "sd"
	case "spi", "spi nor", "spi flash", "sunxi spi", "sunxi spi-nor", "qspi", "qspi_mode", "qspi_mode24", "qspi_mode32":
		return "spi"
	case "nand", "nand flash", "nand_mode", "spi nand", "spinand", "fmc nand":
		return "nand"
	case "nvme", "sata", "ufs", "usb", "network":
		return words
	case "usb-msd":
		return "usb"
	case "usb eth", "eth device":
		return "network"
	}
	return ""
}

// DRAM returns the amount of memory that the last stage found.
func (b Boot) DRAM() (Witness, bool) {
	return b.last(func(w Witness) bool { return w.HasSize })
}

// Models returns the names of the board.
func (b Boot) Models() []Witness {
	var list []Witness
	for _, w := range b.Said {
		if w.Kind == Model {
			list = append(list, w)
		}
	}
	return list
}

// The answers to whether the board starts only what is signed.
const (
	Closed = "closed"
	Open   = "open"
)

// Security returns the line that tells whether the board is closed, and which.
func (b Boot) Security() (w Witness, state string, ok bool) {
	w, ok = b.last(func(w Witness) bool { return lockOf(w) != "" })
	return w, lockOf(w), ok
}

// lockOf is "" where a line does not tell.
func lockOf(w Witness) string {
	words := strings.ToLower(strings.TrimSuffix(w.Value, "."))
	if w.Kind == CPU {
		// TI's K3: high security, enforcing or field securable; general purpose
		// (arch/arm/mach-k3/common.c of U-Boot).
		switch {
		case strings.HasSuffix(words, " hs-se"):
			return Closed
		case strings.HasSuffix(words, " hs-fs"), strings.HasSuffix(words, " gp"):
			return Open
		}
		return ""
	}
	if w.Kind != SecureBoot {
		return ""
	}
	// "0xcc, HAB State: 0x99" (enum hab_config of U-Boot: 0xf0 is open, 0x33 is
	// of a returned part), "0, SecureMode = 0", "enabled", "On".
	words, _, _ = strings.Cut(words, ", hab state")
	_, mode, rockchip := strings.Cut(words, "securemode = ")
	switch {
	case words == "0xcc", words == "enabled", words == "on", rockchip && mode == "1":
		return Closed
	case words == "0xf0", words == "disabled", words == "off", rockchip && mode == "0":
		return Open
	}
	return ""
}

// The answers to which settings U-Boot uses.
const (
	Saved   = "saved"   // an environment that somebody stored
	Default = "default" // those that are compiled in
)

// Settings returns the line that tells which environment U-Boot uses, the place
// it names, and which; "" if the line does not tell.
func (b Boot) Settings() (w Witness, place, state string, ok bool) {
	w, ok = b.last(func(w Witness) bool { return w.Kind == Environment && w.HasValue })
	for _, said := range b.Said {
		if name, _, ok := strings.Cut(said.Value, "..."); ok && said.Kind == Environment {
			place = name
		}
	}
	words := strings.TrimSpace(w.Value)
	switch {
	case place == "nowhere" && ok, strings.Contains(words, "using default environment"), strings.Contains(words, "... Unable to "):
		state = Default
	case strings.HasSuffix(words, "... OK"):
		state = Saved
	}
	return w, place, state, ok
}

// Option returns the load option that UEFI starts, as in Boot0001.
func (b Boot) Option() (Witness, bool) {
	return b.last(func(w Witness) bool { return w.Kind == BootOption && w.HasValue })
}

// System returns where U-Boot last looked for the operating system, and the
// medium if the words tell it, as for Source; virtio and scsi are others.
func (b Boot) System() (w Witness, medium string, ok bool) {
	w, ok = b.last(func(w Witness) bool {
		return w.Kind == BootFlow && (strings.HasPrefix(w.Text, "Booting bootflow ") || strings.HasPrefix(w.Text, "Scanning "))
	})
	// "mmc 0:1" of distro boot; 'mmc@fe2e0000.bootdev.part_1' of standard boot,
	// which is the name of a device and begins with what it is.
	words := strings.TrimLeft(strings.TrimPrefix(w.Value, "bootdev "), "'")
	if end := strings.IndexAny(words, " @#.0123456789"); end >= 0 {
		words = words[:end]
	}
	switch words {
	case "mmc", "nvme", "usb", "virtio", "scsi", "sata":
		medium = words
	case "virtio-blk":
		medium = "virtio"
	case "usb_mass_storage":
		medium = "usb"
	case "ethernet", "eth":
		medium = "network"
	}
	return w, medium, ok
}
