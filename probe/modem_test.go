package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/at"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/probe/decode/qmi"
	"github.com/boardprobe/boardprobe/probe/decode/qrtr"
	"github.com/boardprobe/boardprobe/report"
)

// Identities of the modems of this file, none of which may leave the process.
const (
	testIMEI  = "004999010640000"
	testIMSI  = "001010123456789"
	testICCID = "8988211000000123456"
	testPhone = "+4915550123456"
)

// pty makes a terminal and returns its node. What the modem hears, up to a
// carriage return, goes to hear, which writes its answer. By then the terminal
// must echo nothing and change nothing.
func pty(t *testing.T, hear func(write func(string), command string)) string {
	t.Helper()
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(done)
		<-ended
		unix.Close(master)
	})
	write := func(text string) {
		for data := []byte(text); len(data) > 0; {
			select {
			case <-done:
				return
			default:
			}
			fds := []unix.PollFd{{Fd: int32(master), Events: unix.POLLOUT}}
			if n, _ := unix.Poll(fds, 20); n == 0 || fds[0].Revents&unix.POLLOUT == 0 {
				continue
			}
			n, err := unix.Write(master, data[:min(len(data), 512)])
			if err != nil {
				return
			}
			data = data[n:]
		}
	}
	go func() {
		defer close(ended)
		var line []byte
		buffer := make([]byte, 256)
		for {
			select {
			case <-done:
				return
			default:
			}
			fds := []unix.PollFd{{Fd: int32(master), Events: unix.POLLIN}}
			if n, _ := unix.Poll(fds, 20); n == 0 || fds[0].Revents&unix.POLLIN == 0 {
				if fds[0].Revents != 0 {
					time.Sleep(time.Millisecond) // nobody has the terminal open
				}
				continue
			}
			n, err := unix.Read(master, buffer)
			if err != nil {
				continue
			}
			// The end of the modem sees the settings of the other one (tty_ioctl(4)).
			if is, err := unix.IoctlGetTermios(master, unix.TCGETS); err != nil || is.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) != 0 || is.Oflag&unix.OPOST != 0 {
				t.Errorf("the terminal is not raw when %q is heard: %+v, %v", buffer[:n], is, err)
			}
			for _, c := range buffer[:n] {
				if line = append(line, c); c == '\r' {
					hear(write, strings.TrimSuffix(string(line), "\r"))
					line = nil
				}
			}
		}
	}()
	return fmt.Sprintf("/dev/pts/%d", n)
}

// ec25 answers as a Quectel EC25 does, with identities of the test.
func ec25(write func(string), command string) {
	text, ok := map[string]string{
		"AT": "", "AT+CGMI": "Quectel", "AT+CGMM": "EC25", "AT+CGMR": "EC25EFAR06A06M4G", "AT+CGSN": testIMEI, "AT+CFUN?": "+CFUN: 1", "AT+CPIN?": "+CPIN: READY",
		`AT+QCFG="usbnet"`:  `+QCFG: "usbnet",0`,
		`AT+QMBNCFG="List"`: "+QMBNCFG: \"List\",0,0,0,\"Commercial-DT\",0x05010113,201611161\r\n+QMBNCFG: \"List\",1,1,1,\"ROW_Generic_3GPP\",0x0501081F,201901141",
		"AT+QGMR":           "EC25EFAR06A06M4G_01.001.01.001", "ATI": "Quectel\r\nEC25\r\nIMEI: " + testIMEI, "AT+CCID": "+CCID: " + testICCID,
	}[command]
	switch {
	case !ok:
		write("\r\nERROR\r\n")
	case text == "":
		write("\r\nOK\r\n")
	default:
		write("\r\n" + text + "\r\n\r\nOK\r\n")
	}
}

// conversation asks a port and bounds the time that it takes.
func conversation(t *testing.T, node string, talk func(*port) (modemAnswer, error), atMost time.Duration) (modemAnswer, error) {
	t.Helper()
	start := time.Now()
	data, err := askPort(t.Context(), node, talk)
	if took := time.Since(start); took > atMost {
		t.Errorf("the conversation took %v; want at most %v", took, atMost)
	}
	var a modemAnswer
	if err == nil {
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
	}
	return a, err
}

// slack is what a loaded machine may add to the bounds.
const slack = 1500 * time.Millisecond

func TestAT(t *testing.T) {
	t.Parallel()
	good := modemAnswer{
		Manufacturer: modemWord{Text: "Quectel"}, Model: modemWord{Text: "EC25"}, Firmware: modemWord{Text: "EC25EFAR06A06M4G"}, Carrier: modemWord{Text: "ROW_Generic_3GPP 0x0501081F"},
		USBMode: modemWord{Text: "QMI"}, Power: modemWord{Text: "on"}, Card: modemWord{Text: "present"}, Equipment: modemWord{Text: testIMEI},
	}
	with := func(change func(*modemAnswer)) modemAnswer {
		a := good
		change(&a)
		return a
	}
	instead := func(command, answer string) func(func(string), string) {
		return func(write func(string), heard string) {
			if heard == command {
				write(answer)
				return
			}
			ec25(write, heard)
		}
	}
	const all = patienceAll + 2*patienceEnd + slack
	for name, c := range map[string]struct {
		hear   func(func(string), string)
		want   modemAnswer
		err    error
		atMost time.Duration
	}{
		"good": {ec25, good, nil, all},
		"echo": {func(write func(string), command string) { write(command + "\r"); ec25(write, command) }, good, nil, all},
		"late": {func(write func(string), command string) {
			if command == "AT" {
				time.Sleep(time.Second)
			}
			ec25(write, command)
		}, good, nil, all},
		"unsolicited": {func(write func(string), command string) {
			write("\r\n+CREG: 2\r\n\r\nRING\r\n")
			ec25(write, command)
			write("\r\n^RSSI: 20\r\n\r\n+QIND: PB DONE\r\n")
		}, good, nil, all},
		"two final lines": {func(write func(string), command string) { ec25(write, command); write("\r\nERROR\r\n") }, good, nil, all},
		"garbled":         {func(write func(string), command string) { write("~\x00\x7eB~\r\n\xff\xfe\r\n"); ec25(write, command) }, good, nil, all},
		"only garbage":    {func(write func(string), _ string) { write("\x7e\x13\x01\xff\x7e") }, modemAnswer{}, errGarbled, patienceFirst + patienceEnd + slack},
		"echo for ever":   {func(write func(string), command string) { write(strings.Repeat(command+"\r\n", 5)) }, modemAnswer{}, errGarbled, patienceFirst + patienceEnd + slack},
		"only echo":       {func(write func(string), command string) { write(command + "\r\n") }, modemAnswer{}, unix.ETIMEDOUT, patienceFirst + patienceEnd + slack},
		"silent":          {func(func(string), string) {}, modemAnswer{}, unix.ETIMEDOUT, patienceFirst + patienceEnd + slack},
		"refuses":         {instead("AT", "\r\nERROR\r\n"), good, nil, all},
		"too much":        {func(write func(string), _ string) { write(strings.Repeat("+CREG: 1\r\n", maxSaid/8)) }, modemAnswer{}, errGarbled, patienceFirst + patienceEnd + slack},
		"endless line":    {func(write func(string), _ string) { write(strings.Repeat("x", 2*maxSaid)) }, modemAnswer{}, errGarbled, patienceFirst + patienceEnd + slack},
		"no card":         {instead("AT+CPIN?", "\r\n+CME ERROR: 10\r\n"), with(func(a *modemAnswer) { a.Card.Text = "absent" }), nil, all},
		"locked":          {instead("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"), with(func(a *modemAnswer) { a.Card.Text = "locked" }), nil, all},
		"busy card": {instead("AT+CPIN?", "\r\n+CME ERROR: 14\r\n"), with(func(a *modemAnswer) {
			a.Card = modemWord{Gap: report.Invalid, Note: "the card is busy"}
		}), nil, all},
		"ERROR": {instead("AT+CGMR", "\r\nERROR\r\n"), with(func(a *modemAnswer) {
			a.Firmware = modemWord{Gap: report.Unsupported, Note: "at: error without a reason"}
		}), nil, all},
		"CME ERROR": {instead("AT+CFUN?", "\r\n+CME ERROR: 3\r\n"), with(func(a *modemAnswer) {
			a.Power = modemWord{Gap: report.Unsupported, Note: "at: operation not allowed"}
		}), nil, all},
		"dies": {func(write func(string), command string) {
			if command == "AT" || command == "AT+CGMI" || command == "AT+CGMM" {
				ec25(write, command)
			}
		}, func() modemAnswer {
			late := modemWord{Gap: report.Deadline, Note: "connection timed out"}
			return modemAnswer{Manufacturer: good.Manufacturer, Model: good.Model, Firmware: late, Card: late, Power: late, Equipment: late, Carrier: late, USBMode: late}
		}(), nil, patience + patienceEnd + slack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 64)
			node := pty(t, func(write func(string), command string) {
				heard <- command
				c.hear(write, command)
			})
			slave, err := os.OpenFile(node, os.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer slave.Close()
			before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			// This end stays open when the probe has closed its own, which no
			// port does. With its echo the modem would hear itself.
			before.Lflag &^= unix.ECHO
			if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, before); err != nil {
				t.Fatal(err)
			}
			got, err := conversation(t, node, talkAT, c.atMost)
			if !errors.Is(err, c.err) || got != c.want {
				t.Errorf("answer = %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
			if err != nil || *after != *before {
				t.Errorf("the terminal is left otherwise: %+v, %v; was %+v", after, err, before)
			}
			for len(heard) > 0 {
				if command := <-heard; command != "" {
					if _, ok := at.Find(command); !ok {
						t.Errorf("the modem was sent %q, which is not in the list", command)
					}
				}
			}
		})
	}
}

// TestGone asks a port behind which the modem was taken out.
func TestGone(t *testing.T) {
	t.Parallel()
	if _, err := askPort(t.Context(), "/dev/pts/no", talkAT); !errors.Is(err, unix.ENOENT) {
		t.Errorf("askPort of nothing = %v; want ENOENT", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), reserve/2)
	defer cancel()
	if _, err := askPort(ctx, "/dev/null", talkAT); !errors.Is(err, unix.ECANCELED) {
		t.Errorf("askPort at the end of its section = %v; want ECANCELED", err)
	}
	for _, name := range []string{"", "sda", "../sda", "ttyS0", "ttyUSB", "pts/1", "watchdog0", "ttyUSB0/../sda", "wwan0qcdm0"} {
		for _, r := range activeRequests() {
			if _, err := r.ask(t.Context(), name); !errors.Is(err, unix.EINVAL) {
				t.Errorf("%s of %q = %v; want EINVAL", r.op, name, err)
			}
		}
	}
}

// packets makes a port that keeps messages apart, as /dev/cdc-wdm0 does, and the
// modem behind it: hear returns what it answers to a message.
func packets(t *testing.T, hear func(message []byte) [][]byte) *port {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 4096)
		for {
			n, err := unix.Read(fds[1], buffer)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n == 0 {
				return
			}
			for _, m := range hear(bytes.Clone(buffer[:n])) {
				if _, err := unix.Write(fds[1], m); err != nil {
					return
				}
			}
		}
	}()
	t.Cleanup(func() {
		unix.Close(fds[0])
		<-ended
		unix.Close(fds[1])
	})
	return &port{fd: fds[0], end: time.Now().Add(patienceAll)}
}

// qmiModem is a modem of QMI.
type qmiModem struct {
	clients atomic.Int32 // that it has given away
	spoil   func(service byte, id uint16, answer []byte) [][]byte
}

func tlv(kind byte, value string) string {
	return string(binary.LittleEndian.AppendUint16([]byte{kind}, uint16(len(value)))) + value
}

func (m *qmiModem) hear(q []byte) [][]byte {
	service, client := q[4], q[5]
	good := tlv(2, "\x00\x00\x00\x00")
	control := service == 0
	head, id := q[7:9], binary.LittleEndian.Uint16(q[9:])
	if control {
		head, id = q[7:8], binary.LittleEndian.Uint16(q[8:])
	}
	values := tlv(2, "\x01\x00\x19\x00") // not supported by the device
	switch {
	case control && id == 0x22:
		m.clients.Add(1)
		values = good + tlv(1, string([]byte{q[15], 7}))
	case control && id == 0x23:
		m.clients.Add(-1)
		values = good + tlv(1, string(q[15:17]))
	case service == 2 && client == 7:
		texts := map[uint16]string{0x21: "QUALCOMM INCORPORATED", 0x22: "EM7565", 0x23: "SWI9X50C_01.14.02.00 IMEI" + testIMEI, 0x2c: "1.0"}
		switch text := texts[id]; {
		case text != "":
			values = good + tlv(1, text)
		case id == 0x25:
			values = good + tlv(0x10, "0") + tlv(0x11, testIMEI) + tlv(0x13, "14")
		case id == 0x2d:
			values = good + tlv(1, "\x01")
		}
	case service == 11 && client == 7 && id == 0x2f:
		// One card that is present, with one application that wants its PIN.
		app := "\x02\x02\x00\x00\x00\x00\x00\x00\x01\x03\x0a\x00\x00\x00"
		values = good + tlv(0x10, strings.Repeat("\xff\xff", 4)+"\x01\x01\x00\x03\x0a\x00\x01"+app)
	}
	body := "\x02"
	if control {
		body = "\x01"
	}
	body += string(head) + string(binary.LittleEndian.AppendUint16(nil, id)) + string(binary.LittleEndian.AppendUint16(nil, uint16(len(values)))) + values
	answer := binary.LittleEndian.AppendUint16([]byte{1}, uint16(5+len(body)))
	answer = append(append(answer, 0x80, service, client), body...)
	if m.spoil != nil {
		return m.spoil(service, id, answer)
	}
	return [][]byte{answer}
}

func TestQMI(t *testing.T) {
	t.Parallel()
	good := modemAnswer{
		Manufacturer: modemWord{Text: "QUALCOMM INCORPORATED"}, Model: modemWord{Text: "EM7565"}, Firmware: modemWord{Text: "SWI9X50C_01.14.02.00 IMEI" + testIMEI},
		Hardware: modemWord{Text: "1.0"}, Carrier: modemWord{Gap: report.Unsupported, Note: "qmi: not supported by the device"}, Power: modemWord{Text: "low power"},
		Card: modemWord{Text: "locked"}, Equipment: modemWord{Text: testIMEI},
	}
	indication := []byte{1, 12, 0, 0x80, 2, 0xff, 4, 0, 0, 1, 0, 0, 0}
	var first atomic.Bool
	for name, c := range map[string]struct {
		spoil  func(service byte, id uint16, answer []byte) [][]byte
		want   modemAnswer
		err    error
		atMost time.Duration
	}{
		"good": {nil, good, nil, patienceAll},
		"late": {func(_ byte, id uint16, answer []byte) [][]byte {
			if id == 0x22 && !first.Swap(true) {
				time.Sleep(time.Second)
			}
			return [][]byte{answer}
		}, good, nil, patienceAll + 2*patienceEnd + slack},
		"unsolicited": {func(_ byte, _ uint16, answer []byte) [][]byte {
			return [][]byte{indication, append(bytes.Clone(indication), answer...)}
		}, good, nil, patienceAll},
		"garbled": {func(_ byte, _ uint16, answer []byte) [][]byte {
			return [][]byte{[]byte("\x01\xff\xff"), []byte("AT\r\n"), answer}
		}, good, nil, patienceAll},
		"rubbish": {func(byte, uint16, []byte) [][]byte { return [][]byte{[]byte("\r\nERROR\r\n")} }, modemAnswer{}, errGarbled, patienceFirst + slack},
		"silent":  {func(byte, uint16, []byte) [][]byte { return nil }, modemAnswer{}, unix.ETIMEDOUT, patienceFirst + slack},
		"dies": {func(service byte, _ uint16, answer []byte) [][]byte {
			if service != 0 {
				return nil
			}
			return [][]byte{answer}
		}, func() modemAnswer {
			late := modemWord{Gap: report.Deadline, Note: "connection timed out"}
			return modemAnswer{Manufacturer: late, Model: late, Firmware: late, Hardware: late, Carrier: late, Power: late, Card: late, Equipment: late}
		}(), nil, patienceAll + 2*patienceEnd + slack},
		"too much": {func(byte, uint16, []byte) [][]byte {
			return slices.Repeat([][]byte{bytes.Repeat([]byte{9}, 4096)}, 2*maxSaid/4096)
		}, modemAnswer{}, errGarbled, patienceFirst + slack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modem := &qmiModem{spoil: c.spoil}
			p := packets(t, modem.hear)
			start := time.Now()
			got, err := talkQMI(p)
			if !errors.Is(err, c.err) || got != c.want {
				t.Errorf("answer = %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			if took := time.Since(start); took > c.atMost {
				t.Errorf("the conversation took %v; want at most %v", took, c.atMost)
			}
			if n := modem.clients.Load(); c.err == nil && n != 0 {
				t.Errorf("%d identifiers of clients were not given back", n)
			}
		})
	}
}

// TestLateClient gives an identifier away when nobody waits any more.
func TestLateClient(t *testing.T) {
	t.Parallel()
	modem := &qmiModem{spoil: func(_ byte, id uint16, answer []byte) [][]byte {
		if id == 0x22 {
			time.Sleep(patienceFirst + 500*time.Millisecond)
		}
		return [][]byte{answer}
	}}
	p := packets(t, modem.hear)
	if _, err := talkQMI(p); !errors.Is(err, unix.ETIMEDOUT) || p.after == nil {
		t.Fatalf("answer of a late modem: %v; want that it is waited for afterwards", err)
	}
	p.after()
	if n := modem.clients.Load(); n != 0 {
		t.Errorf("%d identifiers of clients were not given back", n)
	}
}

// mbimModem is a modem of MBIM that answers in fragments.
type mbimModem struct {
	open  atomic.Int32
	spoil func(kind uint32, answer [][]byte) [][]byte
}

func u32s(list ...uint32) []byte {
	var b []byte
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func wideText(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// withTexts appends texts to information and puts their places into it.
func withTexts(info []byte, texts map[int]string) []byte {
	for at, text := range texts {
		w := wideText(text)
		binary.LittleEndian.PutUint32(info[at:], uint32(len(info)))
		binary.LittleEndian.PutUint32(info[at+4:], uint32(len(w)))
		info = append(info, w...)
		for len(info)%4 != 0 {
			info = append(info, 0)
		}
	}
	return info
}

func (m *mbimModem) hear(q []byte) [][]byte {
	kind, transaction := binary.LittleEndian.Uint32(q), binary.LittleEndian.Uint32(q[8:])
	var answer [][]byte
	switch kind {
	case 1, 2:
		m.open.Store(int32(2 - kind))
		answer = [][]byte{u32s(0x80000000|kind, 16, transaction, 0)}
	case 3:
		command := binary.LittleEndian.Uint32(q[36:])
		var info []byte
		switch command {
		case 1:
			info = withTexts(make([]byte, 64), map[int]string{40: testIMEI, 48: "81600.0000.00.29.23.16", 56: "L850-GL " + testIMEI})
		case 2:
			info = withTexts(append(u32s(1, 0, 0, 0, 0, 0, 1), make([]byte, 8)...), map[int]string{4: testIMSI, 12: testICCID, 28: testPhone})
		case 3:
			info = u32s(1, 1)
		}
		body := append(append(bytes.Clone(q[20:36]), u32s(command, 0, uint32(len(info)))...), info...)
		half := len(body) / 2
		for i, part := range [][]byte{body[:half], body[half:]} {
			answer = append(answer, append(u32s(0x80000003, uint32(20+len(part)), transaction, 2, uint32(i)), part...))
		}
	}
	if m.spoil != nil {
		return m.spoil(kind, answer)
	}
	return answer
}

func TestMBIM(t *testing.T) {
	t.Parallel()
	good := modemAnswer{
		Firmware: modemWord{Text: "81600.0000.00.29.23.16"}, Hardware: modemWord{Text: "L850-GL " + testIMEI}, Power: modemWord{Text: "on"},
		Card: modemWord{Text: "present"}, Equipment: modemWord{Text: testIMEI},
	}
	indication := append(u32s(0x80000007, 44, 0, 1, 0), make([]byte, 24)...)
	for name, c := range map[string]struct {
		spoil  func(kind uint32, answer [][]byte) [][]byte
		want   modemAnswer
		err    error
		atMost time.Duration
	}{
		"good":        {nil, good, nil, patienceAll},
		"unsolicited": {func(_ uint32, answer [][]byte) [][]byte { return append([][]byte{indication}, answer...) }, good, nil, patienceAll},
		"garbled": {func(_ uint32, answer [][]byte) [][]byte {
			return append([][]byte{[]byte("rubbish that is long enough")}, answer...)
		}, good, nil, patienceAll},
		"late": {func(kind uint32, answer [][]byte) [][]byte {
			if kind == 1 {
				time.Sleep(time.Second)
			}
			return answer
		}, good, nil, patienceAll + 2*patienceEnd + slack},
		"rubbish": {func(uint32, [][]byte) [][]byte { return [][]byte{[]byte("rubbish that is long enough")} }, modemAnswer{}, errGarbled, patienceFirst + patienceEnd + slack},
		"silent":  {func(uint32, [][]byte) [][]byte { return nil }, modemAnswer{}, unix.ETIMEDOUT, patienceFirst + patienceEnd + slack},
		"a fragment is lost": {func(kind uint32, answer [][]byte) [][]byte { return answer[:1] }, func() modemAnswer {
			late := modemWord{Gap: report.Deadline, Note: "connection timed out"}
			garbled := modemWord{Gap: report.Invalid, Note: "bad message"}
			return modemAnswer{Firmware: late, Hardware: late, Equipment: late, Card: garbled, Power: late}
		}(), nil, patienceAll + 2*patienceEnd + slack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modem := &mbimModem{spoil: c.spoil}
			p := packets(t, modem.hear)
			start := time.Now()
			got, err := talkMBIM(p)
			if !errors.Is(err, c.err) || got != c.want {
				t.Errorf("answer = %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			if took := time.Since(start); took > c.atMost {
				t.Errorf("the conversation took %v; want at most %v", took, c.atMost)
			}
			if modem.open.Load() != 0 {
				t.Error("the session was not closed")
			}
		})
	}
}

// TestHolders has a /proc of its own making, and the real one with a child that
// holds a terminal.
func TestHolders(t *testing.T) {
	t.Parallel()
	node := pty(t, ec25)
	proc := func(change map[string]string) string {
		files := map[string]string{
			"1/comm": "init\n", "1/fd/0@": "/dev/null", "1/fd/7@": "/gone", "22/comm": "kworker/0:1\n", "22/task/22/fd/x": "", "self/ns/pid@": initialPIDNamespace, "meminfo": "",
			"22/fd/.@": "", // an empty folder
		}
		for name, content := range change {
			files[name] = content
		}
		delete(files, "22/fd/.@")
		dir := tree(t, files)
		if err := os.MkdirAll(dir+"/22/fd", 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, c := range map[string]struct {
		change map[string]string
		want   nodeHolders
	}{
		"free":           {nil, nodeHolders{}},
		"held":           {map[string]string{"40/comm": "smsd\n", "40/fd/3@": node}, nodeHolders{Holders: []string{"smsd"}}},
		"by a thread":    {map[string]string{"22/task/23/fd/3@": node}, nodeHolders{Holders: []string{"kworker/0:1"}}},
		"ModemManager":   {map[string]string{"50/comm": "ModemManager\n", "50/fd/1@": "/dev/null"}, nodeHolders{Managers: []string{"ModemManager"}}},
		"in a container": {map[string]string{"self/ns/pid@": "pid:[4026532201]"}, nodeHolders{Unseen: "this is a container: processes outside of it cannot be seen"}},
	} {
		got, err := holdersOf(proc(c.change), node)
		if err != nil || !slices.Equal(got.Holders, c.want.Holders) || !slices.Equal(got.Managers, c.want.Managers) || got.Unseen != c.want.Unseen {
			t.Errorf("%s: holdersOf = %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	hidden := proc(nil)
	if err := os.RemoveAll(hidden + "/1"); err != nil {
		t.Fatal(err)
	}
	if got, err := holdersOf(hidden, node); err != nil || got.Unseen == "" {
		t.Errorf("holdersOf without the first process = %+v, %v; want that not all are shown", got, err)
	}
	if _, err := holdersOf("/proc", "/dev/pts/no"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("holdersOf nothing = %v; want ENOENT", err)
	}
}

// modemWorld is a machine whose files are made up and whose modems are those of
// this file.
type modemWorld struct {
	*system
	t     *testing.T
	proc  string
	nodes map[string]string       // where the nodes really are
	ports map[string]func() *port // those that have no node
	asked []string

	servers []qrtr.Server // of QRTR
	routed  map[qmi.Service]func([]byte) [][]byte
	holders map[string]nodeHolders // of what has no node
}

func (w *modemWorld) answer(ctx context.Context, section string, n int, q question, limit int) answer {
	if !slices.ContainsFunc(activeRequests(), func(r request) bool { return r.op == q.op }) || !w.active {
		return w.system.answer(ctx, section, n, q, limit)
	}
	w.asked = append(w.asked, q.op+" "+q.subject)
	var data []byte
	var err error
	talk := map[string]func(*port) (modemAnswer, error){"modem-at/1": talkAT, "modem-qmi/1": talkQMI, "modem-mbim/1": talkMBIM}[q.op]
	holders, ok := w.holders[q.subject]
	switch {
	case ok && q.op == "holders/1":
		data, err = json.Marshal(holders)
	case q.op == "qrtr/1":
		data, err = json.Marshal(w.servers)
	case q.op == "modem-qrtr/1":
		var a modemAnswer
		if a, err = talkRouter(w.t, q.subject, w.servers, w.routed); err == nil {
			data, err = json.Marshal(a)
		}
	case q.op == "holders/1":
		node := w.nodes[q.subject]
		if node == "" {
			node = "/dev/full" // nobody has it open
		}
		var h nodeHolders
		if h, err = holdersOf(w.proc, node); err == nil {
			data, err = json.Marshal(h)
		}
	case w.ports[q.subject] != nil:
		var a modemAnswer
		if a, err = talk(w.ports[q.subject]()); err == nil {
			data, err = json.Marshal(a)
		}
	default:
		data, err = askPort(ctx, w.nodes[q.subject], talk)
	}
	if err != nil {
		return answer{errno: errnoOf(err)}
	}
	return w.redact(q, cut(data, limit))
}

// usbModems is a machine with an EC25 in QMI mode, a modem of MBIM, and one that
// has not been switched; and with devices that are none.
func usbModems() map[string]string {
	files := map[string]string{}
	device := func(name, vendor, product string, interfaces map[string]string) {
		dir := "sys/devices/usb1/" + name
		for k, v := range map[string]string{"idVendor": vendor, "idProduct": product, "bConfigurationValue": "1", "bNumConfigurations": "1", "bcdDevice": "0318", "manufacturer": "Maker", "product": "Modem"} {
			files[dir+"/"+k] = v + "\n"
		}
		files["sys/bus/usb/devices/"+name+"@"] = "/" + dir
		for number, what := range interfaces { // class sub protocol driver node
			f := strings.Fields(what)
			at := dir + "/" + name + ":" + number
			files["sys/bus/usb/devices/"+name+":"+number+"@"] = "/" + at
			files[at+"/bInterfaceClass"], files[at+"/bInterfaceSubClass"], files[at+"/bInterfaceProtocol"] = f[0]+"\n", f[1]+"\n", f[2]+"\n"
			if len(f) > 3 {
				files[at+"/driver@"] = "/sys/bus/usb/drivers/" + f[3]
			}
			for _, node := range f[min(len(f), 4):] {
				files[at+"/"+node+"/uevent"] = ""
			}
		}
	}
	device("1-1", "2c7c", "0125", map[string]string{
		"1.0": "ff ff ff option ttyUSB0", "1.1": "ff 00 00 option ttyUSB1", "1.2": "ff 00 00 option ttyUSB2", "1.3": "ff 00 00 option ttyUSB3", "1.4": "ff ff ff qmi_wwan usbmisc/cdc-wdm0 net/wwan0",
	})
	device("1-2", "2cb7", "0007", map[string]string{"1.0": "02 0e 00 cdc_mbim usbmisc/cdc-wdm1 net/wwan1", "1.1": "0a 00 02 cdc_mbim", "1.2": "02 02 01 cdc_acm tty/ttyACM0"})
	device("1-3", "12d1", "1f01", map[string]string{"1.0": "08 06 50 usb-storage"})
	device("1-4", "0403", "6001", map[string]string{"1.0": "ff ff ff ftdi_sio ttyUSB4"})
	device("1-5", "0951", "1666", map[string]string{"1.0": "08 06 50 usb-storage"})
	files["sys/bus/usb/devices/usb1@"] = "/sys/devices/usb1"
	return files
}

// probeModems collects from a machine, and checks that the replay says the same.
func probeModems(t *testing.T, w *modemWorld, files map[string]string) ([]report.Modem, []report.Evidence) {
	t.Helper()
	f, err := openFiles(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	w.files, w.live, w.replacer = f, true, pseudonym.New(pseudonym.Key{3})
	var evidence []report.Evidence
	var found report.Report
	i := slices.IndexFunc(collectors(), func(c collector) bool { return c.name == "modems" })
	outcome, reason, asked := runSection(t.Context(), collectors()[i], w, &budget{left: maxRun}, 0, func(e report.Evidence) { evidence = append(evidence, e) }, func(f func(*report.Report)) { f(&found) })
	if outcome != report.OutcomeOK {
		t.Fatalf("section: %s %s", outcome, reason)
	}
	evidence = append(evidence, endOf("modems", outcome, reason, asked))
	first, err := report.Encode(&report.Report{Schema: report.Schema, Modems: found.Modems, Members: []report.Member{}, Sections: []report.Section{}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := report.Encode(&report.Report{Schema: report.Schema, Modems: rebuilt(t, evidence).Modems, Members: []report.Member{}, Sections: []report.Section{}})
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("the replay differs (%v):\n%s\n%s", err, first, again)
	}
	return found.Modems, evidence
}

func newModemWorld(t *testing.T) *modemWorld {
	t.Helper()
	return &modemWorld{
		t: t, system: &system{active: true}, proc: tree(t, map[string]string{"1/comm": "init\n", "1/fd/0@": "/dev/zero", "self/ns/pid@": initialPIDNamespace}),
		nodes: map[string]string{"ttyUSB2": pty(t, ec25), "ttyACM0": pty(t, func(func(string), string) {})},
		ports: map[string]func() *port{
			"cdc-wdm0": func() *port { return packets(t, (&qmiModem{}).hear) },
			"cdc-wdm1": func() *port { return packets(t, (&mbimModem{}).hear) },
		},
	}
}

func TestModems(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	modems, evidence := probeModems(t, w, usbModems())
	want := []string{
		"holders/1 cdc-wdm0", "holders/1 ttyUSB2", "holders/1 ttyUSB3", "holders/1 ttyUSB0", "holders/1 ttyUSB1", "modem-qmi/1 cdc-wdm0", "modem-at/1 ttyUSB2",
		"holders/1 cdc-wdm1", "holders/1 ttyACM0", "modem-mbim/1 cdc-wdm1", "modem-at/1 ttyACM0",
	}
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked %q; want %q", w.asked, want)
	}
	if len(modems) != 3 {
		t.Fatalf("%d modems: %+v; want 3", len(modems), modems)
	}
	q, m, disk := modems[0], modems[1], modems[2]
	roles := func(m report.Modem) (s string) {
		for _, i := range m.Interfaces {
			s += i.Number + "=" + i.Role.Value + string(i.Role.Gap) + ":" + strings.Join(i.Nodes.Value, "+") + ":" + i.Asked.Value + i.Asked.Why() + " "
		}
		return s
	}
	for got, want := range map[string]string{
		roles(q):    "1.0=diag:ttyUSB0:not-probed: its role is not one that is asked 1.1=gps:ttyUSB1:not-probed: its role is not one that is asked 1.2=at:ttyUSB2:AT 1.3=at:ttyUSB3:not-probed: another port was asked 1.4=qmi:wwan0+cdc-wdm0:QMI ",
		roles(m):    "1.0=mbim:wwan1+cdc-wdm1:MBIM 1.1=mbim::not-probed 1.2=at:ttyACM0:deadline: no answer in time ",
		roles(disk): "1.0=storage::not-probed ",
		q.State.Value + m.State.Value + disk.State.Value: "modemmodemstorage",
		q.Answers.Manufacturer.Value + q.Answers.Model.Value + q.Answers.Carrier.Value + q.Answers.USBMode.Value + q.Answers.Card.Value: "QUALCOMM INCORPORATEDEM7565ROW_Generic_3GPP 0x0501081FQMIlocked",
		m.Answers.Hardware.Value[:8] + m.Answers.Firmware.Value + m.Answers.Card.Value:                                                  "L850-GL 81600.0000.00.29.23.16present",
	} {
		if got != want {
			t.Errorf("%s; want %s", got, want)
		}
	}
	id := q.Answers.Equipment.Value
	if len(id) != 15 || id[:8] != testIMEI[:8] || id[8:] == testIMEI[8:] || id != m.Answers.Equipment.Value || id == "" {
		t.Errorf("equipment %q and %q; want one pseudonym with the type kept", id, m.Answers.Equipment.Value)
	}
	if !strings.HasSuffix(q.Answers.Firmware.Value, "IMEI"+id) {
		t.Errorf("firmware %q; want the pseudonym in the text", q.Answers.Firmware.Value)
	}
	noIdentities(t, modems, evidence)
}

// noIdentities looks for the identities in all that leaves the process.
func noIdentities(t *testing.T, modems []report.Modem, evidence []report.Evidence) {
	t.Helper()
	a, err := report.EncodeEvidence(evidence)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(modems)
	if err != nil {
		t.Fatal(err)
	}
	all := string(a) + string(b)
	for _, e := range evidence {
		all += string(e.Bytes()) + strings.Join(e.List, " ")
	}
	for _, id := range []string{testIMEI, testIMSI, testICCID, testPhone, testIMEI[8:14], testIMSI[6:], testICCID[7:], testPhone[4:]} {
		if strings.Contains(all, id) || strings.Contains(all, string(wideText(id))) {
			t.Errorf("%q is in the evidence", id)
		}
	}
}

// TestPassive is what a run does that was not told to ask.
func TestPassive(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	w.active = false
	modems, _ := probeModems(t, w, usbModems())
	if len(modems) != 3 || len(w.asked) != 0 {
		t.Fatalf("%d modems, asked %q; want 3 and nothing", len(modems), w.asked)
	}
	for _, i := range modems[0].Interfaces[2:] {
		if got := i.Asked.Why(); got != "not-probed: run with -active" {
			t.Errorf("%s: asked: %s; want not-probed: run with -active", i.Number, got)
		}
	}
	if !reflect.ValueOf(modems[0].Answers).IsZero() {
		t.Errorf("answers = %+v; want none", modems[0].Answers)
	}
}

// TestHeldPort has a child process hold the port, and watches whether anybody
// opens it.
func TestHeldPort(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	node := w.nodes["ttyUSB2"]
	child := exec.Command("sleep", "60")
	held, err := os.OpenFile(node, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	child.Stdin = held
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	held.Close()
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, node, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	opened := func() bool {
		n, err := unix.Read(watch, make([]byte, 4096))
		return err == nil && n > 0
	}
	w.proc = "/proc"
	modems, _ := probeModems(t, w, usbModems())
	for _, i := range modems[0].Interfaces[2:] { // the other ports of the modem are left alone, too
		if got := i.Asked.Why(); got != "not-probed: ttyUSB2 is in use by sleep" {
			t.Errorf("%s: asked: %s; want that ttyUSB2 is in use by sleep", i.Number, got)
		}
	}
	if slices.Contains(w.asked, "modem-at/1 ttyUSB2") || slices.Contains(w.asked, "modem-qmi/1 cdc-wdm0") || opened() {
		t.Errorf("asked %q; the port that is held was opened: %v", w.asked, opened())
	}
	if _, err := conversation(t, node, talkAT, patienceAll+slack); err != nil || !opened() {
		t.Errorf("asked for all that: %v; want that the watch sees it", err)
	}
}

// TestConnected leaves a modem alone that has a connection nobody holds.
func TestConnected(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	files := usbModems()
	files["sys/class/net/wwan0/flags"], files["sys/class/net/wwan1/flags"] = "0x1002\n", "0x1003\n"
	modems, _ := probeModems(t, w, files)
	if got := modems[0].Interfaces[4].Asked.Value; got != "QMI" {
		t.Errorf("the modem without a connection: asked %q; want QMI", got)
	}
	for _, at := range []int{0, 2} {
		if got := modems[1].Interfaces[at].Asked.Why(); got != "not-probed: wwan1 is up" {
			t.Errorf("the modem with one: %s; want not-probed: wwan1 is up", got)
		}
	}
	for _, op := range w.asked {
		if op == "modem-mbim/1 cdc-wdm1" || op == "modem-at/1 ttyACM0" {
			t.Errorf("asked %s", op)
		}
	}
}

// TestManagerRuns leaves all ports alone while ModemManager runs.
func TestManagerRuns(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	w.proc = tree(t, map[string]string{"1/comm": "init\n", "1/fd/0@": "/dev/zero", "9/comm": "ModemManager\n", "9/fd/0@": "/dev/zero", "self/ns/pid@": initialPIDNamespace})
	modems, _ := probeModems(t, w, usbModems())
	for _, op := range w.asked {
		if !strings.HasPrefix(op, "holders/1") {
			t.Errorf("asked %s while ModemManager runs", op)
		}
	}
	if got := modems[1].Interfaces[0].Asked.Why(); got != "not-probed: ModemManager is running" {
		t.Errorf("asked: %s; want that ModemManager is running", got)
	}
}

// TestPCIModems has a T700 with its driver, in whose ports AT and MBIM are asked,
// a modem of MHI whose ports are on the way, and one without a driver.
func TestPCIModems(t *testing.T) {
	t.Parallel()
	w := newModemWorld(t)
	w.nodes["wwan0at0"] = pty(t, ec25)
	w.ports["wwan0mbim0"] = func() *port { return packets(t, (&mbimModem{}).hear) }
	const at = "sys/devices/pci0000:00/0000:00:1c.0/"
	files := map[string]string{
		at + "0000:01:00.0/vendor": "0x14c3\n", at + "0000:01:00.0/device": "0x4d75\n", at + "0000:01:00.0/class": "0x0d4000\n", at + "0000:01:00.0/driver@": "/sys/bus/pci/drivers/mtk_t7xx",
		at + "0000:02:00.0/vendor": "0x17cb\n", at + "0000:02:00.0/device": "0x0308\n", at + "0000:02:00.0/class": "0x0d4000\n",
		at + "0000:03:00.0/class":                          "0x020000\n",
		at + "0000:01:00.0/wwan/wwan0/net/wwan0/uevent":    "",
		at + "0000:01:00.0/wwan/wwan0/device@":             "../..",
		at + "0000:01:00.0/wwan/wwan0/wwan0at0/type":       "AT\n",
		at + "0000:01:00.0/wwan/wwan0/wwan0mbim0/type":     "MBIM\n",
		at + "0000:01:00.0/wwan/wwan0/wwan0fastboot0/type": "FASTBOOT\n",
		"sys/bus/usb/devices/usb1@":                        "/sys/devices/usb1",
		"sys/devices/usb1/1-1/1-1:1.4/wwan/wwan1/x":        "",
		"sys/class/wwan/wwan1@":                            "/sys/devices/usb1/1-1/1-1:1.4/wwan/wwan1",
		"sys/devices/platform/soc/mss/wwan/wwan2/device@":  "../..",
		"sys/devices/platform/soc/mss/modalias":            "platform:mss\n",
		"sys/class/wwan/wwan2@":                            "/sys/devices/platform/soc/mss/wwan/wwan2",
		"sys/class/wwan/wwan0@":                            "/" + at + "0000:01:00.0/wwan/wwan0",
		"sys/class/wwan/wwan0at0@":                         "/" + at + "0000:01:00.0/wwan/wwan0/wwan0at0",
		"sys/class/wwan/wwan0mbim0@":                       "/" + at + "0000:01:00.0/wwan/wwan0/wwan0mbim0",
		"sys/class/wwan/wwan0fastboot0@":                   "/" + at + "0000:01:00.0/wwan/wwan0/wwan0fastboot0",
	}
	for _, address := range []string{"0000:01:00.0", "0000:02:00.0", "0000:03:00.0"} {
		files["sys/bus/pci/devices/"+address+"@"] = "/" + at + address
	}
	modems, evidence := probeModems(t, w, files)
	if len(modems) != 3 {
		t.Fatalf("modems = %+v; want that of the driver, that of the SoC and that without a driver", modems)
	}
	var got []string
	for _, m := range modems {
		got = append(got, m.ID.Value+" "+m.Attached.Value)
		for _, i := range m.Interfaces {
			got = append(got, strings.Join([]string{i.Number, i.Driver.Value, i.Role.Value, strings.Join(i.Nodes.Value, "+"), i.Asked.Value}, " "))
		}
	}
	want := []string{
		"14c3:4d75 slot", "at0 mtk_t7xx at wwan0at0 AT", "fastboot0 mtk_t7xx fastboot wwan0fastboot0 ", "mbim0 mtk_t7xx mbim wwan0mbim0 MBIM", "net mtk_t7xx network wwan0 ",
		"platform:mss soldered", "17cb:0308 slot", "pci    ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("modems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if slices.ContainsFunc(w.asked, func(op string) bool { return strings.Contains(op, "fastboot") }) {
		t.Errorf("asked %q; want nothing about fastboot", w.asked)
	}
	noIdentities(t, modems, evidence)
}

func TestModemRole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, interfaces, want string }{
		{"2c7c:0125", "1.0,ff/ff/ff,option 1.1,ff/00/00,option 1.2,ff/00/00,option 1.3,ff/00/00,option 1.4,ff/ff/ff,qmi_wwan", "diag gps at at qmi"},
		{"2c7c:0801", "1.0,ff/ff/30,option 1.1,ff/00/40,option 1.2,ff/00/00,option", "diag at -"},
		{"1e0e:9001", "1.3,ff/00/00,option 1.4,ff/00/00,option 1.5,ff/ff/ff,qmi_wwan", "at audio qmi"},
		{"1199:9071", "1.0,ff/ff/ff,qcserial 1.2,ff/00/00,qcserial 1.3,ff/00/00,qcserial 1.8,ff/ff/ff,qmi_wwan", "diag gps at qmi"},
		{"1199:9011", "1.0,ff/ff/ff,qmi_wwan 1.1,ff/ff/ff,qcserial 1.2,ff/ff/ff,qcserial 1.3,ff/ff/ff,qcserial", "qmi diag at gps"},
		{"413c:81d7", "1.0,ff/ff/30,qcserial 1.3,ff/ff/40,qcserial 1.12,02/0e/00,cdc_mbim", "diag at mbim"},
		{"05c6:9008", "1.0,ff/ff/ff,qcserial", "download"},
		{"12d1:1506", "1.0,ff/02/10,option 1.1,ff/02/12,option 1.2,ff/02/13,option 1.3,08/06/50,usb-storage 1.4,ff/02/16,huawei_cdc_ncm", "at at diag storage network"},
		{"1546:1141", "1.0,02/02/01,cdc_acm 1.1,0a/00/00,cdc_acm 1.6,02/06/00,cdc_ether", "at - network"},
		{"1bc7:1201", "1.4,ff/00/00,option", "-"},
		{"19d2:0117", "1.1,ff/ff/ff,option 1.2,ff/ff/ff,sierra", "- -"},
		{"2c7c:0125", "1.40,ff/00/00,option 1.,ff/00/00,option ,,", "- - -"},
	} {
		var all []usbInterface
		for text := range strings.FieldsSeq(c.interfaces) {
			f := strings.Split(text, ",")
			all = append(all, usbInterface{f[0], f[1], f[2]})
		}
		var got []string
		for _, i := range all {
			role := modemRole(c.id, i, all)
			if role == "" {
				role = "-"
			}
			got = append(got, role)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: roles %s; want %s", c.id, text, c.want)
		}
	}
}
