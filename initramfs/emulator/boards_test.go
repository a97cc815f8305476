package emulator

import (
	"fmt"

	"github.com/boardprobe/boardprobe/report"
)

// board is one emulated board: what QEMU is given, which is the truth, and what
// the console and the verdicts must say.
type board struct {
	name    string
	arch    string   // GOARCH of the probe
	suite   string   // of the Debian kernel
	machine []string // arguments of QEMU that make the machine
	cpus    int
	ramMiB  int64
	keptMiB int64  // of it, by firmware that does not tell Linux
	dtb     string // of the kernel's package, "" for the machine's own
	// nodes that QEMU leaves out of it, or changes
	changed []string
	console string
	append  string // further kernel parameters
	newest  bool   // needs the newest QEMU, of Debian's unstable suite
	tpm     bool   // has a TPM 2.0
	efi     bool   // starts by UEFI instead of QEMU's own loader
	blind   bool   // the image has no modules
	uroot   bool   // the init is u-root's
	radios  int    // of Wi-Fi, simulated by the kernel
	guest   guest  // what is there of devices that the emulator does not have

	modems    []modem  // what is to be said of those of the guest
	opens     []string // ports of them that the probe opens
	router    bool     // the kernel has sockets of QRTR
	clients   int      // those that were made and closed
	others    []string // programs that open ports, too
	bluetooth []string // of each controller: its driver, version and maker
	firmware  []string // files that the kernel asks for, and what comes of it; nil if that is not looked at
	starved   []string // devices without a driver for want of firmware, and why
	disks     []disk
	nics      []nic
	serials   []string // further identities that were planted

	loads    int64 // bytes that a boot loader reads of a disk before Linux
	long     bool  // only in the long matrix
	noPower  bool  // the machine cannot switch itself off
	early    bool  // what a loader says first goes to the first serial port, the rest to the second
	model    string
	bios     []string          // disks in the order of the BIOS, as Linux calls them
	straps   string            // media that the registers name, where they are read
	verdicts map[string]string // by check, of those that this board is for
}

// disk is one storage device.
type disk struct {
	kind   string // in the words of the report
	mib    int64
	serial string // "" where the emulator has none to set
	label  string // of its FAT volume, "" for none
	gpt    *gpt   // its table, nil for an MBR
	index  int    // of the controller of a board model
	broken bool   // every write to it fails

	start int64    // of the partition, in MiB; 0 for the usual place
	files []string // on the volume before the run, as mdir lists them
}

// offset returns where the partition of a disk with a label begins.
func (d disk) offset() int64 {
	if d.start > 0 {
		return d.start << 20
	}
	return volumeOffset
}

// Sizes of the parts of an emulated eMMC that are no capacity, in MiB.
const (
	bootMiB = 2 // of each of the two boot partitions
	rpmbMiB = 1
)

// nic is one network interface: a QEMU device and its address.
type nic struct{ device, mac string }

const label = "BOARDREPORT"

// unit returns the identities of one unit of a board.
func unit(n int) (nvme, usb string, mac string) {
	return fmt.Sprintf("NVQZ7431%04d", n), fmt.Sprintf("STICKQ8842%04d", n), fmt.Sprintf("52:54:00:c7:1d:%02x", 0x30+n)
}

// virt is a unit of one board model with an SD slot, an NVMe module and a USB
// port, which most comparisons are made with.
func virt(name string, number int) board {
	nvme, _, mac := unit(number)
	return board{
		name: name, arch: "arm64", suite: "bookworm", console: "ttyAMA0", cpus: 4, ramMiB: 2048,
		machine: []string{"-M", "virt", "-cpu", "cortex-a72"},
		disks:   []disk{{kind: report.KindSD, mib: 64, label: label}, {kind: report.KindNVMe, mib: 8192, serial: nvme}},
		nics:    []nic{{"virtio-net-pci", mac}},
		model:   "linux,dummy-virt",
		verdicts: map[string]string{
			"cds.ram": "pass", "cds.storage": "warn", "cds.storage-kind": "warn", "cds.kernel": "pass", // a slot beside a drive
		},
	}
}

// stick adds a USB stick to a board.
func (b board) stick(number int, label string) board {
	_, usb, _ := unit(number)
	b.disks = append(b.disks, disk{kind: report.KindUSB, mib: 32, serial: usb, label: label})
	return b
}

// aspeed is a board whose emulator has a strap that can be set.
func aspeed(name, option, straps string) board {
	return board{
		name: name, arch: "arm", suite: "bookworm", console: "ttyS4", cpus: 2, ramMiB: 1024, long: true, noPower: true,
		machine: []string{"-M", "ast2600-evb," + option}, dtb: "aspeed-ast2600-evb.dtb", append: "boardprobe.mmio=proven",
		disks: []disk{{kind: report.KindSD, mib: 64, label: label}},
		model: "AST2600 EVB", straps: straps,
	}
}

// boards is the list of boards.
func boards() []board {
	other := virt("virt-ram", 1)
	other.ramMiB = 1024
	kernel := virt("virt-kernel", 1)
	kernel.suite = "trixie"
	blind := virt("virt-blind", 1)
	blind.blind = true
	blind.verdicts = map[string]string{"cds.ram": "pass", "cds.storage": "unknown", "cds.storage-kind": "unknown", "cds.kernel": "unknown"}
	small := virt("virt-900", 4)
	small.ramMiB, small.disks = 900, small.disks[1:]
	small.verdicts = map[string]string{"cds.ram": "unknown", "cds.storage": "pass", "cds.storage-kind": "warn", "cds.kernel": "pass"}
	flash := virt("virt-flash", 5)
	flash.disks = nil
	flash = flash.stick(5, label)
	flash.verdicts = map[string]string{"cds.storage": "fail", "cds.storage-kind": "fail"}
	uroot := virt("u-root", 6)
	uroot.uroot = true
	radio := virt("virt-radio", 9)
	radio.firmware = []string{"regulatory.db optional"} // the image has none
	radio.long = true
	radio.radios, radio.suite, radio.append = 2, "trixie", "boardprobe.load="+radioModule+" "+radioModule+".radios=2"
	emmc := virt("virt-emmc", 7)
	emmc.verdicts = map[string]string{"cds.ram": "pass", "cds.storage": "pass", "cds.storage-kind": "pass", "cds.kernel": "pass"}
	emmc.long, emmc.newest = true, true
	emmc.disks = append(emmc.disks, disk{kind: report.KindEMMC, mib: 4096})
	broken := virt("virt-broken", 8)
	broken.long = true
	broken.disks[0].label = ""
	broken = broken.stick(8, label)
	broken.disks[2].broken = true
	return []board{
		virt("virt", 1).stick(1, ""),
		virt("virt-2", 2),
		virt("virt-3", 3).stick(3, label), // two volumes with the label: neither is written
		other, kernel, blind, small, flash, uroot, radio, pcRadio(), virtRadio(), pcManager(), pcPPP(), pcHolder(), pcDeaf(), pcGarbled(), pcLate(), pcRouted(), pcRoutedHeld(), emmc, broken,
		{
			name: "imx8mp", arch: "arm64", suite: "trixie", console: "ttymxc1", cpus: 4, ramMiB: 2048,
			machine: []string{"-M", "imx8mp-evk"}, dtb: "freescale/imx8mp-evk.dtb", changed: []string{"/psci", "/soc@0/bus@30800000/spi@30bb0000"},
			disks:    []disk{{kind: report.KindSD, mib: 64, label: label, index: 1}},
			model:    "NXP i.MX8MPlus EVK board",
			verdicts: map[string]string{"cds.ram": "pass", "cds.storage": "pass", "cds.storage-kind": "pass"},
		},
		{
			name: "mcimx6ul", arch: "arm", suite: "bookworm", console: "ttymxc0", cpus: 1, ramMiB: 512, append: "boardprobe.mmio=proven",
			machine: []string{"-M", "mcimx6ul-evk"}, dtb: "imx6ul-14x14-evk.dtb",
			disks:    []disk{{kind: report.KindSD, mib: 64, label: label, index: 0}},
			model:    "Freescale i.MX6 UltraLite 14x14 EVK Board",
			straps:   "usb", // all registers are zero: no fuse is blown
			verdicts: map[string]string{"cds.ram": "fail", "cds.storage": "pass", "cds.storage-kind": "pass"},
		},
		{
			name: "q35", arch: "amd64", suite: "bookworm", console: "ttyS0", cpus: 2, ramMiB: 2048, efi: true, tpm: true,
			machine: []string{"-M", "q35", "-cpu", "qemu64", "-smbios", "type=1,serial=SYSQ66120077,uuid=6c1f3b52-8a0e-4d47-9e55-0c7d2f3a9b61", "-smbios", "type=3,serial=CHASQ5517204"},
			disks: []disk{
				{kind: report.KindSATA, mib: 4096, serial: "SATAQ55091234"}, {kind: report.KindNVMe, mib: 1024, serial: "NVQZ74310009"},
				{kind: report.KindUSB, mib: 64, serial: "STICKQ88420009", label: label},
			},
			nics:     []nic{{"e1000e", "52:54:00:c7:1d:39"}},
			serials:  []string{"SYSQ66120077", "6c1f3b52-8a0e-4d47-9e55-0c7d2f3a9b61", "CHASQ5517204"},
			verdicts: map[string]string{"cds.ram": "pass", "cds.storage": "pass", "cds.storage-kind": "warn", "cds.kernel": "pass"},
		},
		{
			name: "bios", arch: "amd64", suite: "bookworm", console: "ttyS0", cpus: 2, ramMiB: 1024, long: true,
			machine: []string{"-M", "pc", "-cpu", "qemu64"},
			disks: []disk{
				{kind: report.KindVirtio, mib: 64, serial: "VIRTQ99817768", label: label}, {kind: report.KindVirtio, mib: 128, serial: "VIRTQ99817769", label: "OTHER"},
			},
			bios: []string{"vda", "vdb"},
		},
		{
			name: "imx8mp-emmc", arch: "arm64", suite: "trixie", console: "ttymxc1", cpus: 4, ramMiB: 3072, newest: true, long: true,
			machine: []string{"-M", "imx8mp-evk"}, dtb: "freescale/imx8mp-evk.dtb", changed: []string{"/psci", "/soc@0/bus@30800000/spi@30bb0000"},
			disks:    []disk{{kind: report.KindSD, mib: 64, label: label, index: 1}, {kind: report.KindEMMC, mib: 4096}},
			model:    "NXP i.MX8MPlus EVK board",
			verdicts: map[string]string{"cds.ram": "pass", "cds.storage": "pass", "cds.storage-kind": "pass"},
		},
		{
			name: "raspi3b", arch: "arm64", suite: "trixie", console: "ttyS1", cpus: 4, ramMiB: 1024, keptMiB: 64, long: true, noPower: true,
			machine: []string{"-M", "raspi3b"}, dtb: "broadcom/bcm2837-rpi-3-b.dtb",
			disks: []disk{{kind: report.KindSD, mib: 64, label: label}},
			model: "Raspberry Pi 3 Model B",
		},
		{
			name: "raspi2b", arch: "arm", suite: "bookworm", console: "ttyAMA0", cpus: 4, ramMiB: 1024, keptMiB: 64, long: true, noPower: true,
			machine: []string{"-M", "raspi2b"}, dtb: "bcm2836-rpi-2-b.dtb",
			disks: []disk{{kind: report.KindSD, mib: 64, label: label}},
			model: "Raspberry Pi 2 Model B",
		},
		{
			name: "orangepi-pc", arch: "arm", suite: "bookworm", console: "ttyS0", cpus: 4, ramMiB: 1024, long: true,
			machine: []string{"-M", "orangepi-pc"}, dtb: "sun8i-h3-orangepi-pc.dtb",
			disks: []disk{{kind: report.KindSD, mib: 64, label: label}},
			model: "Xunlong Orange Pi PC",
		},
		aspeed("ast2600", "boot-emmc=false", "spi-nor"), aspeed("ast2600-emmc", "boot-emmc=true", "emmc"),
		{
			name: "riscv64", arch: "riscv64", suite: "sid", console: "ttyS0", cpus: 2, ramMiB: 2048, newest: true, long: true,
			machine: []string{"-M", "virt"},
			disks: []disk{
				{kind: report.KindSD, mib: 64, label: label}, {kind: report.KindNVMe, mib: 4096, serial: "NVQZ74310010"},
				{kind: report.KindVirtio, mib: 128, serial: "VIRTQ99817766"},
			},
			nics:  []nic{{"virtio-net-pci", "52:54:00:c7:1d:40"}},
			model: "riscv-virtio,qemu",
		},
	}
}
