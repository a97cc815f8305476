package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/jaypipes/ghw"
	"github.com/jaypipes/pcidb"
	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// request is a question that is not a file: one row each, and nothing outside
// this list is asked of the kernel.
type request struct {
	op  string
	ask func(ctx context.Context, subject string) ([]byte, error)
}

// requests is the allow-list of system requests.
func (s *system) requests() []request {
	return []request{
		{"uname", askUname}, // uname(2), without the host name
		{"euid", func(context.Context, string) ([]byte, error) { return fmt.Appendf(nil, "%d\n", os.Geteuid()), nil }},
		{"extcsd/1", askExtCSD},                  // MMC_IOC_CMD with SEND_EXT_CSD
		{"nvme-controller/1", askNVMeController}, // NVME_IOCTL_ADMIN_CMD with Identify
		{"nvme-health/1", askNVMeHealth},         // NVME_IOCTL_ADMIN_CMD with Get Log Page
		{"partitions/1", askPartitions},          // reads at most a few hundred kB of a disk
		{"loader/1", askLoader},                  // reads the first 16 MiB of a disk
		{"environment/1", askEnvironment},        // reads at most 1 MiB of a disk, or a file of a FAT partition
		{"nl80211/1", askWireless},               // generic netlink, dumps of radios and rules
		{"bluetooth/1", askBluetooth},            // the management socket, commands that read
		{"kernel-log/1", s.askKernelLog},         // /dev/kmsg
		{opKernelLines, s.askKernelLines},        // /dev/kmsg
		{"links/1", askLinks},                    // rtnetlink, a dump of the links
		{"ethtool-driver/1", askDriver},          // SIOCETHTOOL with ETHTOOL_GDRVINFO
		{"tpm", askTPM},                          // the commands of tpmCommands
		{opMailbox, askMailbox},                  // IOCTL_MBOX_PROPERTY with GET_GENCMD_RESULT: a Raspberry Pi's boot configuration
		{"bios-disks/1", s.askBIOSDisks},         // reads the first sector of disks
		{"registers/1", s.askRegisters},          // which registers may be read
		{report.OpNextRegister, askNextRegister}, // nothing: the record says what comes
		{"register/1", s.askRegister},            // one word through /dev/mem, in a process of its own
		{"ghw", askGHW},                          // the library ghw; it reads files of /sys only
	}
}

// activeRequests is the other part of the allow-list: requests that talk to a
// device which somebody may be using, and the one that finds out. They are asked
// in an active run only.
func activeRequests() []request {
	return []request{
		{"holders/1", askHolders},      // who has a node open, from /proc; the node is not opened
		{"modem-at/1", askModemAT},     // a serial port of a modem, commands that read
		{"modem-qmi/1", askModemQMI},   // a control port of a modem, requests that read
		{"modem-mbim/1", askModemMBIM}, // the same, queries
		{"qrtr/1", askServices},        // the kernel's name server of QRTR, a lookup
		{"modem-qrtr/1", askModemQRTR}, // services of a modem by QRTR, requests that read
	}
}

func askUname(context.Context, string) ([]byte, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	text := func(b []byte) string { return unix.ByteSliceToString(b) }
	return fmt.Appendf(nil, "%s\n%s\n%s\n", text(u.Release[:]), text(u.Version[:]), text(u.Machine[:])), nil
}

// ghwAnswer is what is kept of ghw's answer to one question.
type ghwAnswer struct {
	Product, Vendor string     `json:",omitempty"`
	Devices         []ghwEntry `json:",omitempty"`
}

type ghwEntry struct{ Name, ID, Driver string }

// askGHW asks one section of ghw. The library is never asked as a whole,
// because one failing section of it fails all, and never for names of PCI
// devices, because that wants a database that boards do not have.
func askGHW(_ context.Context, subject string) ([]byte, error) {
	quiet := []any{ghw.WithDisableTools(), ghw.WithDisableTopology(), ghw.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))), ghw.WithPCIDB(&pcidb.PCIDB{})}
	var a ghwAnswer
	switch subject {
	case "product":
		p, err := ghw.Product(quiet...)
		if err != nil {
			return nil, err
		}
		a.Product, a.Vendor = p.Name, p.Vendor
	case "pci":
		p, err := ghw.PCI(quiet...)
		if err != nil {
			return nil, err
		}
		for _, d := range p.Devices {
			a.Devices = append(a.Devices, ghwEntry{d.Address, d.Vendor.ID + ":" + d.Product.ID, d.Driver})
		}
	case "network":
		n, err := ghw.Network(quiet...)
		if err != nil {
			return nil, err
		}
		for _, d := range n.NICs {
			if !d.IsVirtual {
				a.Devices = append(a.Devices, ghwEntry{d.Name, d.MACAddress, ""})
			}
		}
	case "usb":
		u, err := ghw.USB(quiet...)
		if err != nil {
			return nil, err
		}
		for _, d := range u.Devices {
			// The list has interfaces, too; all devices are bound to this driver.
			if d.Driver == "usb" {
				a.Devices = append(a.Devices, ghwEntry{fmt.Sprintf("#%d", len(a.Devices)+1), fmt.Sprintf("%04s:%04s", d.VendorID, d.ProductID), ""})
			}
		}
	default:
		return nil, unix.EINVAL
	}
	return json.Marshal(a)
}
