package image

import (
	"regexp"
	"slices"
	"strings"
)

// testModules are modules that test the kernel or stand in for hardware: they
// say nothing of a board, and some harm it (mtd_torturetest wears flash out).
var testModules = regexp.MustCompile(`^(test_.*|.*_(test|kunit|selftest)|.*torture.*|mtd_.*(test|errs)|kunit.*|rcuscale|refscale|tcrypt|usbtest|dmatest|` +
	`nandsim|i2c_stub|gpio_mockup|gpio_sim|scsi_debug|null_blk|mac80211_hwsim|virt_wifi|vivid|vimc|vim2m|visl|netdevsim|pcspkr|.*_error_inject)$`)

// isTest reports whether a module is left out, unless another needs it.
func isTest(m module) bool { return testModules.MatchString(m.name) }

// probed lists the folders below "kernel" whose modules make devices visible
// or identify them; the longest entry that fits a path decides, one that starts
// with '-' against it. What is left out is large and adds no identity: graphics,
// sound, cameras, file systems, network protocols, adapters of data centres.
var probed = []string{
	"drivers/acpi", "drivers/ata", "drivers/bcma", "drivers/block/virtio_blk", "drivers/bluetooth", "drivers/bus",
	"drivers/char/hw_random", "drivers/char/tpm", "drivers/clk", "drivers/cpufreq", "drivers/dma", "drivers/edac", "drivers/extcon",
	"drivers/firmware", "drivers/gnss", "drivers/gpio", "drivers/hid/hid", "drivers/hid/hid-generic", "drivers/hid/usbhid",
	"drivers/i2c", "drivers/i3c", "drivers/input/keyboard/atkbd", "drivers/input/serio", "drivers/interconnect",
	"drivers/iommu", "drivers/irqchip", "drivers/mailbox", "drivers/memory", "drivers/mfd", "drivers/misc/eeprom",
	"drivers/mmc", "drivers/mtd", "drivers/mux", "drivers/nfc", "drivers/nvme/host", "drivers/nvmem", "drivers/of",
	"drivers/pci", "drivers/phy", "drivers/pinctrl", "drivers/platform", "drivers/pmdomain", "drivers/power/reset",
	"drivers/power/sequencing", "drivers/pps", "drivers/ptp", "drivers/pwm", "drivers/regulator", "drivers/remoteproc",
	"drivers/reset", "drivers/rpmsg", "drivers/rtc", "drivers/slimbus", "drivers/soc", "drivers/spi", "drivers/spmi",
	"drivers/ssb", "drivers/tee", "drivers/thermal", "drivers/tty", "drivers/ufs", "drivers/virtio", "drivers/watchdog",

	"drivers/net/can", "drivers/net/dsa", "drivers/net/ethernet", "drivers/net/ieee802154", "drivers/net/mdio",
	"drivers/net/mhi_net", "drivers/net/mii", "drivers/net/net_failover", "drivers/net/pcs", "drivers/net/phy",
	"drivers/net/usb", "drivers/net/virtio_net", "drivers/net/wireless", "drivers/net/wwan",
	"-drivers/net/ethernet/amazon", "-drivers/net/ethernet/brocade", "-drivers/net/ethernet/broadcom/bnx2",
	"-drivers/net/ethernet/broadcom/bnx2x", "-drivers/net/ethernet/broadcom/bnxt", "-drivers/net/ethernet/broadcom/cnic",
	"-drivers/net/ethernet/cavium", "-drivers/net/ethernet/chelsio", "-drivers/net/ethernet/cisco",
	"-drivers/net/ethernet/emulex", "-drivers/net/ethernet/fungible", "-drivers/net/ethernet/google",
	"-drivers/net/ethernet/huawei", "-drivers/net/ethernet/intel/fm10k", "-drivers/net/ethernet/intel/i40e",
	"-drivers/net/ethernet/intel/iavf", "-drivers/net/ethernet/intel/ice", "-drivers/net/ethernet/mellanox",
	"-drivers/net/ethernet/microsoft", "-drivers/net/ethernet/myricom", "-drivers/net/ethernet/netronome",
	"-drivers/net/ethernet/pensando", "-drivers/net/ethernet/qlogic", "-drivers/net/ethernet/sfc",

	"drivers/scsi/scsi_common", "drivers/scsi/scsi_mod",
	"drivers/scsi/sd_mod", "drivers/scsi/sg", "drivers/scsi/sr_mod", "drivers/scsi/ufs", "drivers/scsi/virtio_scsi",

	"drivers/usb", "-drivers/usb/atm", "-drivers/usb/gadget", "-drivers/usb/image", "-drivers/usb/misc", "-drivers/usb/usbip",
	"drivers/usb/misc/onboard_usb_dev", "drivers/usb/misc/onboard_usb_hub", "drivers/usb/misc/usb251xb", "drivers/usb/misc/usb3503",
	"drivers/usb/misc/usb4604",

	// A random generator, without which the self-test of a key exchange that
	// Bluetooth needs fails with a warning (crypto/ecc.c, crypto_get_default_rng).
	"crypto/aes_generic", "crypto/ctr", "crypto/drbg", "crypto/jitterentropy_rng", "crypto/sha512_generic",

	"fs/configfs", "fs/efivarfs", "fs/fat", "fs/nls/nls_ascii", "fs/nls/nls_cp437", "fs/nls/nls_iso8859-1", "fs/nls/nls_utf8", "fs/pstore",
	"net/bluetooth", "net/mac80211", "net/qrtr", "net/rfkill", "net/wireless",
}

// isProbed reports whether a module of a kernel that is too large to be packed
// whole is packed for itself. Modules that are not in the folder "kernel" were
// added by whoever made the board, and are always wanted.
func isProbed(rel string) bool {
	rest, ok := strings.CutPrefix(rel, "kernel/")
	if !ok {
		return true
	}
	for at := moduleStem(rest); at != ""; {
		if slices.Contains(probed, at) {
			return true
		}
		if slices.Contains(probed, "-"+at) {
			return false
		}
		at = at[:max(strings.LastIndexByte(at, '/'), 0)]
	}
	return false
}
