package probe

import (
	"slices"

	"github.com/boardprobe/boardprobe/report"
)

// NVIDIA's CBoot of JetPack 4 does not name itself to Linux. What it leaves is in
// its sources, which come with Jetson Linux R32: the parameters and nodes of
// common/lib/linuxboot/t186/linuxboot_helper.c and t194/linuxboot_helper.c, and the
// copy in common/lib/a_b_boot_control/tegrabl_a_b_boot_control.c.

// cbootParameters are those that only CBoot for Linux adds (CONFIG_OS_IS_L4T).
func cbootParameters() []string { return []string{"boot.slot_suffix", "boot.ratchetvalues"} }

// cboot says that CBoot started the kernel, if it did and nobody else named himself:
// UEFI came after it in JetPack 5, and has these boards by its own name.
func cboot(compatible []string, b *report.Boot) {
	var from []string
	for _, hint := range b.Hints {
		if slices.Contains(cbootParameters(), hint.Key) {
			from = both(from, hint.Kind.From)
		}
	}
	if from == nil || b.Loader.OK() {
		return
	}
	switch {
	case slices.Contains(compatible, "nvidia,tegra194"):
		// There is no U-Boot for this SoC: CBoot starts Linux itself.
		b.Loader = report.Known("cboot", from...).By(report.Inferred).Noting("its parameters are on the kernel's command line")
		b.LoaderVersion = report.Missing[string](report.NotProbed, "CBoot does not say it to Linux; its console does, at power-on: Cboot Version", from...)
	case slices.Contains(compatible, "nvidia,tegra186"):
		b.Loader = report.Missing[string](report.NotProbed, "CBoot, or the U-Boot that it started, which passes on what CBoot says; log the console from power-on", from...)
	default:
		return
	}
	cbootCopy(b)
}

// cbootCopy takes the copy from the suffix of its partitions. The first copy has
// none, and a board that has only one has none, too.
func cbootCopy(b *report.Boot) {
	for _, hint := range b.Hints {
		if hint.Key != "boot.slot_suffix" || b.FirmwareCopy.OK() {
			continue
		}
		switch hint.Value.Value {
		case "":
			b.FirmwareCopy = report.Known("A", hint.Kind.From...).By(report.Inferred).Noting("the first, or the only one: boot.slot_suffix is empty")
		case "_a":
			b.FirmwareCopy = report.Known("A", hint.Kind.From...)
		case "_b":
			b.FirmwareCopy = report.Known("B", hint.Kind.From...)
		}
	}
}

// cbootMedium takes from where the boot ROM had the first loader, and reports
// whether that is known now. CBoot of the Tegra194 leaves it as a property in a
// node of its own.
func cbootMedium(h *Host, b *report.Boot) bool {
	if b.Loader.Value != "cboot" || !b.Current.IsZero() {
		return false
	}
	const node = "chosen/plugin-manager/misc-data"
	words := map[string]string{"boot-sdmmc": "mmc", "boot-qspi": "qspi", "boot-ufs": "ufs", "boot-sata": "sata"}
	list := h.List(deviceTree + node)
	for _, name := range list.List {
		word, ok := words[name]
		if !ok {
			continue
		}
		if b.Current.OK() {
			b.Current = report.Missing[string](report.Invalid, "CBoot names more than one medium in /"+node, list.ID)
			break
		}
		b.Current = report.Known(word, list.ID).Noting("the boot ROM took the loader from it: CBoot left /" + node + "/" + name)
	}
	return b.Current.OK()
}
