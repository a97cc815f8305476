package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/qmi"
	"github.com/boardprobe/boardprobe/probe/decode/qrtr"
	"github.com/boardprobe/boardprobe/report"
)

// nameServer answers a lookup; between the services it tells of one that went.
func nameServer(servers []qrtr.Server) func([]byte) [][]byte {
	packet := func(command uint32, s qrtr.Server) []byte {
		return u32s(command, s.Service, s.Instance, s.Node, s.Port)
	}
	return func(question []byte) [][]byte {
		if !bytes.Equal(question, qrtr.EncodeLookup()) {
			return nil
		}
		var out [][]byte
		for _, s := range servers {
			out = append(out, packet(5, qrtr.Server{Service: 2, Instance: 1, Node: 9, Port: 9}), packet(4, s))
		}
		return append(out, packet(4, qrtr.Server{}))
	}
}

// unframed makes of a modem's answers those of a service with an address of its own.
func unframed(service qmi.Service, m *qmiModem) func([]byte) [][]byte {
	return func(question []byte) (out [][]byte) {
		frame := binary.LittleEndian.AppendUint16([]byte{1}, uint16(5+len(question)))
		for _, a := range m.hear(append(append(frame, 0, byte(service), 7), question...)) {
			out = append(out, a[6:])
		}
		return out
	}
}

// talkRouter asks a node of services that are played by goroutines.
func talkRouter(t *testing.T, node string, servers []qrtr.Server, services map[qmi.Service]func([]byte) [][]byte) (modemAnswer, error) {
	t.Helper()
	n, err := strconv.ParseUint(node, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	p := packets(t, nameServer(servers))
	return talkRouted(p, uint32(n), func(s qrtr.Server) (*port, error) {
		hear := services[qmi.Service(s.Service)]
		if s.Node != uint32(n) || hear == nil {
			t.Errorf("%+v was connected to", s)
			return nil, unix.ECONNRESET
		}
		to := packets(t, hear)
		to.end = p.end
		return to, nil
	})
}

// routedServices are those of three nodes: of a processor for sensors, and of a modem.
func routedServices() []qrtr.Server {
	return []qrtr.Server{
		{Service: 400, Instance: 0x100, Node: 5, Port: 3}, {Service: 0x42, Instance: 0xb401, Node: 5, Port: 4},
		{Service: 11, Instance: 1, Node: 0, Port: 40}, {Service: 2, Instance: 0x101, Node: 0, Port: 26}, {Service: 0x24, Instance: 1, Node: 0, Port: 41},
		{Service: 3, Instance: 1, Node: 0, Port: 27}, {Service: 3, Instance: 0x101, Node: 0, Port: 28}, {Service: 4096, Instance: 1, Node: 1, Port: 0x4001},
	}
}

func TestRouted(t *testing.T) {
	t.Parallel()
	good := modemAnswer{
		Manufacturer: modemWord{Text: "QUALCOMM INCORPORATED"}, Model: modemWord{Text: "EM7565"}, Firmware: modemWord{Text: "SWI9X50C_01.14.02.00 IMEI" + testIMEI},
		Hardware: modemWord{Text: "1.0"}, Carrier: modemWord{Gap: report.Unsupported, Note: "qmi: not supported by the device"}, Power: modemWord{Text: "low power"},
		Card: modemWord{Text: "locked"}, Equipment: modemWord{Text: testIMEI},
	}
	noCard := good
	noCard.Card = modemWord{}
	for name, c := range map[string]struct {
		spoil  func(service byte, id uint16, answer []byte) [][]byte
		edit   func([]qrtr.Server) []qrtr.Server
		want   modemAnswer
		err    error
		atMost time.Duration
	}{
		"good": {nil, nil, good, nil, patienceAll},
		"others between": {func(_ byte, _ uint16, answer []byte) [][]byte {
			other := bytes.Clone(answer)
			other[7]++ // the transaction
			return [][]byte{[]byte("......\x04\x00\x00\x01\x00\x00\x00"), other, []byte("......garbage"), answer}
		}, nil, good, nil, patienceAll},
		"rubbish": {func(byte, uint16, []byte) [][]byte { return [][]byte{[]byte("......\r\nERROR\r\n")} }, nil, modemAnswer{}, errGarbled, patienceFirst + slack},
		"silent":  {func(byte, uint16, []byte) [][]byte { return nil }, nil, modemAnswer{}, unix.ETIMEDOUT, patienceFirst + slack},
		"no card": {nil, func(s []qrtr.Server) []qrtr.Server {
			return slices.DeleteFunc(s, func(s qrtr.Server) bool { return s.Service == 11 })
		}, noCard, nil, patienceAll},
		"gone by now": {nil, func([]qrtr.Server) []qrtr.Server { return nil }, modemAnswer{}, unix.ENXIO, patienceAll},
		"too many":    {nil, func(s []qrtr.Server) []qrtr.Server { return slices.Repeat(s, maxServers) }, modemAnswer{}, errGarbled, patienceAll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := routedServices()
			if c.edit != nil {
				servers = c.edit(servers)
			}
			modem := &qmiModem{spoil: c.spoil}
			start := time.Now()
			got, err := talkRouter(t, "0", servers, map[qmi.Service]func([]byte) [][]byte{qmi.DMS: unframed(qmi.DMS, modem), qmi.UIM: unframed(qmi.UIM, modem)})
			if !errors.Is(err, c.err) || got != c.want {
				t.Errorf("answer = %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			if took := time.Since(start); took > c.atMost {
				t.Errorf("the conversation took %v; want at most %v", took, c.atMost)
			}
		})
	}
}

// TestNoNameServer is what Linux before 5.7 does without the program for it.
func TestNoNameServer(t *testing.T) {
	t.Parallel()
	list, err := lookUp(packets(t, func([]byte) [][]byte { return nil }))
	if !errors.Is(err, unix.ETIMEDOUT) || list != nil {
		t.Errorf("lookUp = %+v, %v; want %v", list, err, unix.ETIMEDOUT)
	}
}

// protocols is /proc/net/protocols of a kernel with and without QRTR.
const (
	protocols     = "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi br ha uh gp em\nUNIX      1024     11      -1   NI       0   yes  kernel      n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n\n"
	withoutRouter = protocols + "QIPCRTRX  1024      0      -1   NI       0   no   x           n  n\n"
	withRouter    = protocols + "QIPCRTR    848      0      -1   NI       0   no   qrtr        n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n\n"
)

func TestRoutedModems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alter  func(w *modemWorld, files map[string]string)
		asked  []string // beside the lookup
		modems int
		says   string // of DMS
	}{
		"free":         {func(*modemWorld, map[string]string) {}, []string{"holders/1 qrtr", "modem-qrtr/1 0"}, 1, "QMI"},
		"not there":    {func(_ *modemWorld, files map[string]string) { files[protocolList] = withoutRouter }, nil, 0, ""},
		"no such file": {func(_ *modemWorld, files map[string]string) { delete(files, protocolList) }, nil, 0, ""},
		"passive":      {func(w *modemWorld, _ map[string]string) { w.active = false }, nil, 0, ""},
		"no modem":     {func(w *modemWorld, _ map[string]string) { w.servers = w.servers[:2] }, nil, 0, ""},
		"no DMS":       {func(w *modemWorld, _ map[string]string) { w.servers = w.servers[2:3] }, nil, 1, ""},
		"helpers": {func(w *modemWorld, _ map[string]string) {
			w.holders["qrtr"] = nodeHolders{Holders: []string{"pd-mapper", "rmtfs"}}
		}, []string{"holders/1 qrtr", "modem-qrtr/1 0"}, 1, "QMI"},
		"held": {func(w *modemWorld, _ map[string]string) {
			w.holders["qrtr"] = nodeHolders{Holders: []string{"diag-router", "rmtfs"}}
		}, []string{"holders/1 qrtr"}, 1, "not-probed: qrtr is in use by diag-router"},
		"ModemManager": {func(w *modemWorld, _ map[string]string) {
			w.holders["qrtr"] = nodeHolders{Managers: []string{"ModemManager"}}
		}, []string{"holders/1 qrtr"}, 1, "not-probed: ModemManager is running"},
		"not to be seen": {func(w *modemWorld, _ map[string]string) { w.holders["qrtr"] = nodeHolders{Unseen: "x"} }, []string{"holders/1 qrtr"}, 1, "not-probed: whether somebody uses it cannot be seen: x"},
		"connected":      {func(_ *modemWorld, files map[string]string) { files["sys/class/net/rmnet_ipa0/flags"] = "0x1081\n" }, []string{"holders/1 qrtr"}, 1, "not-probed: rmnet_ipa0 is up"},
		"not connected":  {func(_ *modemWorld, files map[string]string) { files["sys/class/net/rmnet_ipa0/flags"] = "0x1080\n" }, []string{"holders/1 qrtr", "modem-qrtr/1 0"}, 1, "QMI"},
		"other network":  {func(_ *modemWorld, files map[string]string) { files["sys/class/net/wlan0/flags"] = "0x1081\n" }, []string{"holders/1 qrtr", "modem-qrtr/1 0"}, 1, "QMI"},
		"deaf":           {func(w *modemWorld, _ map[string]string) { w.routed[qmi.DMS] = func([]byte) [][]byte { return nil } }, []string{"holders/1 qrtr", "modem-qrtr/1 0"}, 1, "deadline: no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newModemWorld(t)
			modem := &qmiModem{}
			w.servers, w.routed = routedServices(), map[qmi.Service]func([]byte) [][]byte{qmi.DMS: unframed(qmi.DMS, modem), qmi.UIM: unframed(qmi.UIM, modem)}
			w.holders = map[string]nodeHolders{"qrtr": {}}
			files := map[string]string{protocolList: withRouter, "sys/bus/usb/devices/.there": ""}
			c.alter(w, files)
			modems, evidence := probeModems(t, w, files)
			if len(modems) != c.modems {
				t.Fatalf("%d modems: %+v; want %d", len(modems), modems, c.modems)
			}
			if want := append([]string{"qrtr/1 services"}, c.asked...); c.asked != nil && !slices.Equal(w.asked, want) {
				t.Errorf("asked %q; want %q", w.asked, want)
			}
			if c.asked == nil && slices.ContainsFunc(w.asked, func(op string) bool { return op != "qrtr/1 services" }) || c.asked == nil && c.modems == 0 && name != "no modem" && len(w.asked) > 0 {
				t.Errorf("asked %q; want nothing", w.asked)
			}
			noIdentities(t, modems, evidence)
			if c.says == "" {
				return
			}
			m := modems[0]
			var services []string
			for _, i := range m.Interfaces {
				services = append(services, i.Number+" "+i.Driver.Value+" "+i.Role.Value)
			}
			if got, want := m.Path+" "+strings.Join(services, ", "), "qrtr/0 DMS qrtr qmi, NAS qrtr qmi, PDC qrtr qmi, UIM qrtr qmi"; got != want {
				t.Errorf("modem %s; want %s", got, want)
			}
			if got := m.Interfaces[0].Asked.Value + m.Interfaces[0].Asked.Why(); got != c.says {
				t.Errorf("DMS was asked: %s; want %s", got, c.says)
			}
			if answered := c.says == "QMI"; m.Answers.Model.OK() != answered || answered && m.Answers.Model.Value+m.Answers.Card.Value != "EM7565locked" || m.Answers.Equipment.OK() != answered {
				t.Errorf("answers %+v; want them to be there: %v", m.Answers, answered)
			}
		})
	}
}

// TestRouterFailure says so when the kernel has the family and no answer.
func TestRouterFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alter func(*report.Evidence)
		says  string
	}{
		"denied":         {func(e *report.Evidence) { e.Errno = "EACCES" }, "services of QRTR: EACCES"},
		"another form":   {func(e *report.Evidence) { e.SetBytes([]byte("{")) }, "services of QRTR: not the form that was recorded"},
		"no name server": {func(e *report.Evidence) { e.Errno = "ETIMEDOUT" }, ""},
		"nobody answers": {func(e *report.Evidence) { e.Errno = "ENODEV" }, ""}, // qrtr_local_enqueue
		"earlier record": {func(e *report.Evidence) { e.Op = "other" }, ""},
	} {
		evidence := []report.Evidence{
			{ID: "modems/1", Section: "modems", Op: "router/1", Subject: protocolList}, {ID: "modems/2", Section: "modems", Op: "qrtr/1", Subject: allServices},
		}
		evidence[0].SetBytes([]byte(routerName + "\n"))
		c.alter(&evidence[1])
		h := newHost(t.Context(), "modems", newRecorded(evidence), &budget{left: maxRun}, func(report.Evidence) {})
		list, err := routedModems(h)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.says || len(list) > 0 {
			t.Errorf("%s: %d modems, error %q; want none, %q", name, len(list), got, c.says)
		}
	}
}

// TestNetworksUnseen leaves a modem alone if it cannot be seen whether it has a
// connection.
func TestNetworksUnseen(t *testing.T) {
	t.Parallel()
	servers, err := json.Marshal(routedServices())
	if err != nil {
		t.Fatal(err)
	}
	evidence := []report.Evidence{
		{Section: "modems", Op: "router/1", Subject: protocolList}, {Section: "modems", Op: "qrtr/1", Subject: allServices},
		{Section: "modems", Op: "holders/1", Subject: routerHolder}, {Section: "modems", Op: "list", Subject: "sys/class/net", Errno: "EACCES"},
	}
	for i, data := range []string{routerName, string(servers), "{}"} {
		evidence[i].SetBytes([]byte(data))
	}
	h := newHost(t.Context(), "modems", newRecorded(evidence), &budget{left: maxRun}, func(report.Evidence) {})
	list, err := routedModems(h)
	if err != nil || len(list) != 1 || list[0].Interfaces[0].Asked.Why() != "not-probed: whether a network interface is up cannot be seen" {
		t.Errorf("routedModems = %+v, %v; want one that is not asked", list, err)
	}
}

// TestNoSocket makes no socket where the family is not there, for that would
// load its module.
func TestNoSocket(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("/" + protocolList)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := openRouter(nil)
	if hasRouter(data) {
		if err != nil {
			t.Errorf("openRouter = %v where the kernel has it", err)
		}
		unix.Close(fd)
	} else if !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("openRouter = %v; want %v", err, unix.EAFNOSUPPORT)
	}
}

// TestIsSocketOf tells sockets apart by what the kernel says of them.
func TestIsSocketOf(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	name := "/proc/self/fd/" + strconv.Itoa(fd)
	buffer := make([]byte, 32)
	n, err := unix.Getxattr(name, "system.sockprotoname", buffer)
	if err != nil || !strings.HasPrefix(unix.ByteSliceToString(buffer[:n]), "UNIX") {
		t.Fatalf("protocol of a socket = %q, %v; want one of UNIX", buffer[:n], err)
	}
	if is, err := isSocketOf(name, unix.ByteSliceToString(buffer[:n])); !is || err != nil {
		t.Errorf("isSocketOf its own protocol = %v, %v; want true", is, err)
	}
	for _, place := range []string{name, "/proc/self/exe", "/proc/self/fd/99999"} {
		if is, err := isSocketOf(place, routerName); is || err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("isSocketOf(%s, %s) = %v, %v; want false", place, routerName, is, err)
		}
	}
	if data, err := askHolders(t.Context(), routerHolder); err != nil {
		t.Errorf("askHolders = %v", err)
	} else if h := (nodeHolders{}); json.Unmarshal(data, &h) != nil || slices.Contains(h.Holders, "probe.test") {
		t.Errorf("askHolders = %s; want that this process has no such socket", data)
	}
}
