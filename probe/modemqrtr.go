package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/qmi"
	"github.com/boardprobe/boardprobe/probe/decode/qrtr"
	"github.com/boardprobe/boardprobe/report"
)

// Modems in SoCs of Qualcomm, and those on MHI, have their services behind the
// IPC router of the kernel (net/qrtr): no device node, but sockets, to which
// every processor is a node. protocolList tells whether the kernel has them.
const (
	protocolList = "proc/net/protocols"
	routerName   = "QIPCRTR" // there (qrtr_proto in net/qrtr/af_qrtr.c)
	// Until Linux 5.7 a program gave this node its number. Without that it has the
	// one of all nodes (QRTR_NODE_BCAST), and the question would go to each of them.
	allNodes     = 1<<32 - 1
	routerHolder = "qrtr" // what is asked about who has such a socket
	allServices  = "services"
)

// gatherRouter gives the name of the family of sockets if the kernel has it.
func gatherRouter(_ context.Context, f *files, name string) ([]byte, error) {
	data, _, err := f.read(name, maxAnswer)
	if err != nil || !hasRouter(data) {
		return nil, err
	}
	return []byte(routerName + "\n"), nil
}

// hasRouter looks for the line of the family; the first one is a heading.
func hasRouter(protocols []byte) bool {
	return bytes.Contains(protocols, []byte("\n"+routerName+" "))
}

// openRouter makes a socket that is connected to a port of a node, or to the name
// server of this one if there is no server. No socket is made where the family is
// not listed: the kernel would load its module for it (request_module of
// net-pf-42 in __sock_create, net/socket.c), which changes the system.
func openRouter(to *qrtr.Server) (int, error) {
	protocols, err := os.ReadFile("/" + protocolList)
	if err != nil {
		return -1, err
	}
	if !hasRouter(protocols) {
		return -1, unix.EAFNOSUPPORT
	}
	fd, err := unix.Socket(unix.AF_QIPCRTR, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	address := routerAddress{family: unix.AF_QIPCRTR}
	if to != nil {
		address.node, address.port = to.Node, to.Port
	} else if err = address.own(fd); err == nil {
		address.port = qrtr.ControlPort
		if address.node == allNodes {
			err = unix.ENODEV
		}
	}
	if err == nil {
		err = address.connect(fd)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// routerAddress is struct sockaddr_qrtr of linux/qrtr.h, in the order of the
// machine.
type routerAddress struct {
	family     uint16
	_          uint16
	node, port uint32
}

// own takes the address of a socket: it has that of this node from the start.
func (a *routerAddress) own(fd int) error {
	size := uint32(unsafe.Sizeof(*a))
	_, _, errno := unix.Syscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return errno
	}
	return nil
}

func (a *routerAddress) connect(fd int) error {
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a))
	if errno != 0 {
		return errno
	}
	return nil
}

// maxServers bounds the list; a SoC has about a hundred services.
const maxServers = 512

// askServices asks the name server of the kernel for all services. That the
// lookup is there is kept until the socket is closed (ctrl_cmd_new_lookup in
// net/qrtr/ns.c); closing tells all nodes that a client has gone, as the end of
// any program does that had such a socket (qrtr_port_remove in
// net/qrtr/af_qrtr.c). No service hears of the question, and nothing stays. Since
// other processors hear of the end, it is asked in an active run only.
func askServices(ctx context.Context, subject string) ([]byte, error) {
	if subject != allServices {
		return nil, unix.EINVAL
	}
	return askOpened(ctx, func() (int, error) { return openRouter(nil) }, func(p *port) (any, error) { return lookUp(p) })
}

// lookUp asks the name server that a port leads to.
func lookUp(p *port) ([]qrtr.Server, error) {
	until := p.until(patience)
	if err := p.send(qrtr.EncodeLookup(), until); err != nil {
		return nil, err
	}
	list := []qrtr.Server{}
	buffer := make([]byte, 64) // more than any control packet
	for {
		data, err := p.receive(buffer, until)
		if err != nil {
			return nil, err
		}
		s, last, err := qrtr.ParseServer(data)
		switch {
		case last:
			return list, nil
		case err != nil:
			continue // a service that went away meanwhile
		case len(list) == maxServers:
			return nil, errGarbled
		}
		list = append(list, s)
	}
}

// askModemQRTR asks the services of a node with requests that only read. None of
// them has to be allocated: every socket is a client.
func askModemQRTR(ctx context.Context, node string) ([]byte, error) {
	n, err := strconv.ParseUint(node, 10, 32)
	if err != nil {
		return nil, unix.EINVAL
	}
	return askOpened(ctx, func() (int, error) { return openRouter(nil) }, func(p *port) (any, error) {
		return talkRouted(p, uint32(n), func(s qrtr.Server) (*port, error) {
			fd, err := openRouter(&s)
			return &port{fd: fd, end: p.end}, err
		})
	})
}

// talkRouted asks a node; the port leads to the name server.
func talkRouted(p *port, node uint32, open func(qrtr.Server) (*port, error)) (a modemAnswer, err error) {
	servers, err := lookUp(p)
	if err != nil {
		return a, err
	}
	var opened []*port
	p.after = func() {
		for _, o := range opened {
			unix.Close(o.fd)
		}
	}
	service := func(s qmi.Service) (*routedClient, error) {
		i := slices.IndexFunc(servers, func(have qrtr.Server) bool { return have.Node == node && have.Service == uint32(s) })
		if i < 0 {
			return nil, unix.ENXIO
		}
		to, err := open(servers[i])
		if err != nil {
			return nil, err
		}
		opened = append(opened, to)
		return &routedClient{port: to, buffer: make([]byte, qmi.MaxMessageBytes), service: s}, nil
	}
	dms, err := service(qmi.DMS)
	if err != nil {
		return a, err
	}
	// Whatever it says to the first question: it is there.
	if _, err := dms.askWithin(qmi.GetCapabilities, patienceFirst); err != nil {
		return a, err
	}
	describeModem(dms.ask, &a)
	switch uim, err := service(qmi.UIM); {
	case errors.Is(err, unix.ENXIO): // and nothing is said of the card
	case err != nil:
		a.Card = said("", err)
	default:
		a.Card = cardOf(uim.ask)
	}
	return a, nil
}

// routedClient is a client of one service.
type routedClient struct {
	port        *port
	buffer      []byte
	service     qmi.Service
	transaction uint16 // of the last request
}

func (c *routedClient) ask(r qmi.Request) (qmi.Message, error) { return c.askWithin(r, patience) }

// askWithin sends a request and waits for its answer; what is none is skipped.
func (c *routedClient) askWithin(r qmi.Request, patience time.Duration) (qmi.Message, error) {
	until := c.port.until(patience)
	c.transaction++
	if err := c.port.send(r.EncodeBare(c.transaction), until); err != nil {
		return qmi.Message{}, err
	}
	garbled := false
	for {
		data, err := c.port.receive(c.buffer, until)
		if err != nil {
			return qmi.Message{}, unanswered(err, garbled)
		}
		switch m, err := qmi.ParseBare(c.service, data); {
		case err != nil:
			garbled = true
		case m.Response && m.Transaction == c.transaction:
			return m, nil
		}
	}
}

// modemServices are those that only modems have (libqmi's qmi-enums.h).
var modemServices = []string{"DMS", "NAS", "UIM"}

// routerHelpers are programs that serve other processors, the modem among them,
// and ask it nothing (those of github.com/linux-msm, and of Qualcomm's own
// systems): a modem that has them is not in use by that.
var routerHelpers = []string{"qrtr-ns", "rmtfs", "tqftpserv", "pd-mapper", "rmt_storage", "tftp_server"}

// isCellular tells network interfaces of modems that are not on USB, by name:
// those of drivers/net/wwan, drivers/net/ipa, drivers/net/ethernet/qualcomm/rmnet
// and drivers/net/mhi_net.c.
func isCellular(name string) bool {
	return strings.HasPrefix(name, "wwan") || strings.HasPrefix(name, "rmnet") || strings.HasPrefix(name, "mhi_")
}

// routedModems lists the nodes that have services of a modem. One that has ports
// as well, on MHI, is listed a second time: nothing tells that it is the same.
func routedModems(h *Host) ([]report.Modem, error) {
	family := h.ask("router/1", protocolList)
	if family.Gap != "" || len(family.Data) == 0 {
		return nil, nil
	}
	a := h.ask("qrtr/1", allServices)
	if a.Gap == report.NotProbed || a.Gap == report.Absent || a.Note == "ETIMEDOUT" {
		// Until Linux 5.7 the name server is a program. Without it there is none.
		return nil, nil
	}
	var servers []qrtr.Server
	if a.Gap == "" && json.Unmarshal(a.Data, &servers) != nil {
		a.Gap, a.Note = report.Invalid, "not the form that was recorded"
	}
	if a.Gap != "" {
		return nil, fmt.Errorf("services of QRTR: %s", cmp.Or(a.Note, string(a.Gap)))
	}
	services := map[string][]string{} // of a node
	var nodes []string
	for _, s := range servers {
		node, name := strconv.FormatUint(uint64(s.Node), 10), serviceName(s.Service)
		if len(services[node]) == 0 {
			nodes = append(nodes, node)
		}
		if !slices.Contains(services[node], name) { // it may have several instances
			services[node] = append(services[node], name)
		}
	}
	var list []report.Modem
	slices.Sort(nodes)
	for _, node := range nodes {
		if slices.ContainsFunc(services[node], func(name string) bool { return slices.Contains(modemServices, name) }) {
			slices.Sort(services[node])
			list = append(list, routedModem(h, node, services[node], []string{family.ID, a.ID}))
		}
	}
	return list, nil
}

// routedModem describes a node by its services.
func routedModem(h *Host, node string, services, from []string) report.Modem {
	m := report.Modem{Path: "qrtr/" + node, State: report.Known("modem", from...).By(report.Inferred)}
	asked := report.Missing[string](report.NotProbed, "no service for the device (DMS)", from...)
	if slices.Contains(services, "DMS") {
		asked = askRouted(h, node, &m.Answers)
	}
	for _, name := range services {
		in := report.ModemInterface{
			Number: name, Driver: report.Known("qrtr", from...), Role: report.Known(roleQMI, from...).By(report.Documented),
			Asked: report.Missing[string](report.NotProbed, "not a service that is asked", from...),
		}
		if name == "DMS" || name == "UIM" {
			in.Asked = asked
		}
		m.Interfaces = append(m.Interfaces, in)
	}
	return m
}

func serviceName(n uint32) string {
	if n <= 0xff {
		return qmi.Service(n).String()
	}
	return fmt.Sprintf("0x%02x", n)
}

// askRouted asks a modem if nobody else uses it, and it has no connection.
func askRouted(h *Host, node string, answers *report.ModemAnswers) report.Fact[string] {
	free, _ := freePort(h, routerHolder)
	if free.Gap == "" {
		networks := h.List("sys/class/net")
		names := slices.DeleteFunc(slices.Clone(networks.List), func(name string) bool { return !isCellular(name) })
		free.From = both(free.From, []string{networks.ID})
		if networks.Gap != "" && networks.Gap != report.Absent {
			return report.Missing[string](report.NotProbed, "whether a network interface is up cannot be seen", free.From...)
		}
		free = idle(h, names, free)
	}
	if free.Gap != "" {
		return free
	}
	asked := converse(h, modemPort{node: node, role: "qrtr"}, free.From, answers)
	if asked.Gap == "" {
		asked.Value = "QMI"
	}
	return asked
}
