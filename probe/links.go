package probe

import (
	"context"
	"encoding/json"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// linkEntry is what is kept of a link of rtnetlink(7).
type linkEntry struct {
	Name, Permanent string // the address that the hardware came with
}

// askLinks dumps the links, which since Linux 5.6 tell the permanent address
// (IFLA_PERM_ADDRESS).
func askLinks(context.Context, string) ([]byte, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	list := []linkEntry{}
	for _, l := range links {
		if a := l.Attrs(); len(a.PermHWAddr) > 0 {
			list = append(list, linkEntry{a.Name, a.PermHWAddr.String()})
		}
	}
	return json.Marshal(list)
}

// driverInfo is what is kept of struct ethtool_drvinfo of linux/ethtool.h.
type driverInfo struct{ Version, Firmware string }

// askDriver asks the driver of an interface who it is (ETHTOOL_GDRVINFO).
func askDriver(_ context.Context, name string) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(driverInfo{unix.ByteSliceToString(info.Version[:]), unix.ByteSliceToString(info.Fw_version[:])})
}

// describeLink adds what only the kernel's interfaces for networks tell.
func describeLink(h *Host, name, dir string, links Answer, n *report.NIC) {
	n.PermanentMAC = report.Missing[string](gapOr(links.Gap, report.Absent), links.Note, links.ID)
	var list []linkEntry
	if links.Gap == "" && json.Unmarshal(links.Data, &list) == nil {
		for _, l := range list {
			if l.Name == name {
				n.PermanentMAC = report.Known(l.Permanent, links.ID)
			}
		}
	}
	a := h.ask("ethtool-driver/1", name)
	var info driverInfo
	if a.Gap == "" && json.Unmarshal(a.Data, &info) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	text := func(s string) report.Fact[string] {
		if a.Gap != "" || s == "" || s == "N/A" {
			return report.Missing[string](gapOr(a.Gap, report.Absent), a.Note, a.ID)
		}
		return report.Known(oneLine(s), a.ID)
	}
	n.DriverVersion, n.Firmware = text(info.Version), text(info.Firmware)
	n.PHYID, n.PHYInterface = h.Text(dir+"/phydev/phy_id"), h.Text(dir+"/phydev/phy_interface")
	n.PHYDriver = base(h.Link(dir + "/phydev/driver"))
}
