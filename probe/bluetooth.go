package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/hci"
	"github.com/boardprobe/boardprobe/report"
)

// controllerInfo is what is kept of the management interface's answer about a
// controller. The name is left out: it is that of the host where BlueZ ran.
// What is wrong with an address is found here, before it is replaced.
type controllerInfo struct {
	Index           int
	Address         string
	Flaw, DefaultOf string `json:",omitempty"`
	Version         uint8
	Manufacturer    uint16
	Supported       []string
	Unconfigured    bool
}

// mgmtTimeout bounds the wait for one answer.
const mgmtTimeout = time.Second

// maxControllers bounds the list.
const maxControllers = 8

// askBluetooth asks the kernel's management interface (BlueZ doc/mgmt-api.txt)
// with commands that only read; no controller is powered on.
func askBluetooth(_ context.Context, _ string) ([]byte, error) {
	const protocolHCI, channelControl = 1, 3 // net/bluetooth/hci_sock.h
	fd, err := unix.Socket(unix.AF_BLUETOOTH, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocolHCI)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrHCI{Dev: hci.NoController, Channel: channelControl}); err != nil {
		return nil, err
	}
	list := []controllerInfo{}
	for _, what := range []struct {
		op           hci.Opcode
		unconfigured bool
	}{{hci.ReadIndexList, false}, {hci.ReadUnconfiguredList, true}} {
		reply, err := mgmt(fd, what.op, hci.NoController)
		if err != nil {
			if what.unconfigured {
				break // kernels before 3.17 have no such list
			}
			return nil, err
		}
		indexes, err := reply.Indexes()
		if err != nil {
			return nil, err
		}
		for _, index := range indexes[:min(len(indexes), maxControllers)] {
			info := controllerInfo{Index: int(index), Unconfigured: what.unconfigured}
			if reply, err := mgmt(fd, hci.ReadInformation, index); err == nil {
				if c, err := reply.Information(); err == nil {
					info.Address, info.Flaw, info.Version, info.Manufacturer, info.Supported = c.Address.String(), string(c.Address.Flaw()), c.Version, c.Manufacturer, c.Supported
					info.DefaultOf, _ = c.Address.DefaultOf()
				}
			}
			list = append(list, info)
		}
	}
	return json.Marshal(list)
}

// mgmt sends one command and waits for its answer.
func mgmt(fd int, op hci.Opcode, index uint16) (hci.Reply, error) {
	if _, err := unix.Write(fd, op.Encode(index)); err != nil {
		return hci.Reply{}, err
	}
	packet := make([]byte, hci.MaxPacketBytes)
	for end := time.Now().Add(mgmtTimeout); time.Now().Before(end); {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(time.Until(end).Milliseconds())+1); err != nil && err != unix.EINTR {
			return hci.Reply{}, err
		}
		n, err := unix.Read(fd, packet)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return hci.Reply{}, err
		}
		reply, ok, err := hci.Parse(packet[:n])
		if err != nil || !ok || reply.Opcode != op || reply.Index != index {
			continue // an event of somebody else
		}
		if reply.Status != 0 {
			return hci.Reply{}, reply.Status
		}
		return reply, nil
	}
	return hci.Reply{}, unix.ETIMEDOUT
}

// collectBluetooth lists the controllers of /sys/class/bluetooth, with what the
// management interface says of them.
func collectBluetooth(_ context.Context, h *Host) ([]report.Bluetooth, error) {
	devices, err := devicesOf(h, "sys/class/bluetooth")
	devices = slices.DeleteFunc(devices, func(d classDevice) bool { return strings.Contains(d.name, ":") }) // a connection
	if err != nil || len(devices) == 0 {
		return nil, err
	}
	a := h.ask("bluetooth/1", "")
	var infos []controllerInfo
	if a.Gap == "" && json.Unmarshal(a.Data, &infos) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	var list []report.Bluetooth
	for _, d := range devices {
		b := report.Bluetooth{
			Path: h.path(strings.TrimSuffix(d.place, "/bluetooth/"+d.name)) + "/bluetooth", Name: report.Known(d.name, d.at.From...),
			Driver: d.driver(h), ID: h.Text(d.dir + "/device/modalias"), Blocked: rfkill(h, d.dir), Attached: attachedBy(d.at),
		}
		index, err := strconv.Atoi(strings.TrimPrefix(d.name, "hci"))
		i := slices.IndexFunc(infos, func(c controllerInfo) bool { return err == nil && c.Index == index })
		if i < 0 {
			b.Address = report.Missing[string](gapOr(a.Gap, report.NotProbed), a.Note, a.ID)
			list = append(list, b)
			continue
		}
		describeController(infos[i], a.ID, &b)
		list = append(list, b)
	}
	return list, nil
}

func describeController(c controllerInfo, id string, b *report.Bluetooth) {
	b.Address = report.Missing[string](report.Absent, "the controller has not been set up", id)
	if c.Address != "" {
		b.Address = report.Known(c.Address, id)
	}
	b.AddressFlaw = report.Missing[string](report.Absent, "", id)
	if c.Flaw != "" {
		text := c.Flaw
		if c.DefaultOf != "" {
			text += ", of " + c.DefaultOf
		}
		b.AddressFlaw = report.Known(oneLine(text), id)
	}
	if c.Address == "" {
		return
	}
	b.Version = report.Known(fmt.Sprintf("HCI %d", c.Version), id)
	if name, ok := hci.VersionName(c.Version); ok {
		b.Version = report.Known(name, id)
	}
	b.Manufacturer = report.Known(strconv.Itoa(int(c.Manufacturer)), id)
	if name, ok := hci.ManufacturerName(c.Manufacturer); ok {
		b.Manufacturer = report.Known(name, id).By(report.Documented)
	}
	b.Supported = report.Known(c.Supported, id)
}
