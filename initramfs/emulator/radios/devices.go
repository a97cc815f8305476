package radios

import (
	"slices"
	"sync"
	"time"
)

// Device is one device.
type Device struct {
	Name    string
	Speed   int
	Secrets []string // what identifies the unit and its owner, and must not leave the board
	Texts   []string // manufacturer, product, serial number

	vendor, product, release uint16
	class                    [3]byte
	association              []byte
	interfaces               []usbInterface
	start                    func(l *line, trace tracer) function
}

// tracer takes note of what a device is asked.
type tracer func(format string, args ...any)

// function is what a device does beside what every device does.
type function struct {
	control func(s setup, out []byte) ([]byte, bool)
	out     func(endpoint byte, data []byte)
}

// Find returns the device with a name.
func Find(name string) (Device, bool) {
	all := Devices()
	i := slices.IndexFunc(all, func(d Device) bool { return d.Name == name })
	if i < 0 {
		return Device{}, false
	}
	return all[i], true
}

// Devices returns all devices.
func Devices() []Device {
	return []Device{
		quectel("ec25", modem{
			maker: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G", imei: "867698043217751", imsi: "262029087654329", iccid: "89490200001876543210",
		}),
		quectel("ec25-mute", modem{maker: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G", mute: true}),
		quectel("ec25-garbled", modem{maker: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G", imei: "867698043217769", garbled: true}),
		quectel("ec25-late", modem{
			maker: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G", imei: "867698043217777", imsi: "262029087654337", iccid: "89490200001876543228",
			late: lateness{qmi: inTime, at: tooLate},
		}),
		sierra("em7565", modem{
			maker: "Sierra Wireless", model: "EM7565", revision: "SWI9X50C_01.14.02.00", imei: "353533105772844", imsi: "262011987654326", iccid: "89490200001123456787", number: "+4915112349876", serial: "UF73510477041027",
		}),
		sierra("em7565-late", modem{
			// Without a serial number, which a kernel that has time for it prints
			// before the probe is there to keep it from that.
			maker: "Sierra Wireless", model: "EM7565", revision: "SWI9X50C_01.14.02.00", imei: "353533105772851", late: lateness{mbim: tooLate},
		}),
		{
			// A dongle of Broadcom, for which the kernel wants a patch.
			Name: "bcm20702", Speed: fullSpeed, vendor: 0x0a5c, product: 0x21e8, release: 0x0112, class: [3]byte{0xff, 1, 1},
			Texts: []string{"Broadcom Corp", "BCM20702A0", "5CF37A91D4E2"}, Secrets: []string{"5C:F3:7A:91:D4:E2", "E2:D4:91:7A:F3:5C"},
			interfaces: []usbInterface{{class: [3]byte{0xff, 1, 1}, endpoints: []endpoint{{0x81, interrupt, 16, 1}, {0x82, bulk, 64, 0}, {0x02, bulk, 64, 0}}}},
			start: func(l *line, trace tracer) function {
				c := Controller{Address: [6]byte{0x5c, 0xf3, 0x7a, 0x91, 0xd4, 0xe2}, version: 6, manufacturer: 15, subversion: 0x220e, name: "BCM20702A"}
				return function{control: func(s setup, out []byte) ([]byte, bool) {
					if s.kind != 0x20 || s.request != 0 { // a command (Bluetooth core specification, volume 4, part B, 2.2)
						return nil, false
					}
					trace("hci % x", out[:min(2, len(out))])
					l.send(0x81, c.Answer(out))
					return nil, true
				}}
			},
		},
		{
			// Its endpoints are those that the driver wants (ath9k_hif_usb_probe).
			Name: "ar9271", Speed: highSpeed, vendor: 0x0cf3, product: 0x9271, release: 0x0108, class: [3]byte{0xff, 0xff, 0xff},
			Texts: []string{"ATHEROS", "USB2.0 WLAN", "ARQ99127744"}, Secrets: []string{"ARQ99127744"},
			interfaces: []usbInterface{{class: [3]byte{0xff, 0, 0}, endpoints: []endpoint{
				{0x01, bulk, 512, 0}, {0x82, bulk, 512, 0}, {0x83, interrupt, 64, 1}, {0x04, interrupt, 64, 1}, {0x05, bulk, 512, 0}, {0x06, bulk, 512, 0},
			}}},
			start: func(*line, tracer) function { return function{} },
		},
	}
}

// modem is who a modem says it is, and how well it does.
type modem struct {
	maker, model, revision    string
	product                   string // as it calls itself by QMI, "" for Quectel's words
	imei, imsi, iccid, number string
	serial                    string // of USB, "" for none
	mute                      bool   // takes commands and answers none
	garbled                   bool   // answers nonsense
	late                      lateness
}

// lateness is how long each port takes for the first answer, 0 for no time. What
// comes behind it comes at once.
type lateness struct{ at, qmi, mbim time.Duration }

// How late an answer is that the probe still waits for, which is 1.5 s for the
// first of a port, and one for which it does not.
const (
	inTime  = 300 * time.Millisecond
	tooLate = 2500 * time.Millisecond
)

// after returns what does one thing after the other, the first of them late.
func after(late time.Duration) func(func()) {
	if late == 0 {
		return func(do func()) { do() }
	}
	const most = 64 // the probe asks one question at a time
	queue := make(chan func(), most)
	go func() {
		first := <-queue
		time.Sleep(late)
		for first(); ; {
			(<-queue)()
		}
	}()
	return func(do func()) { queue <- do }
}

func (m modem) secrets() []string {
	return slices.DeleteFunc([]string{m.imei, m.imsi, m.iccid, m.number, m.serial}, func(s string) bool { return s == "" })
}

// Interfaces of Quectel's EC25 (its user guide; drivers/usb/serial/option.c and
// drivers/net/usb/qmi_wwan.c): diagnosis, GPS, two ports for AT commands, and
// the network with QMI.
const (
	quectelAT  = 2
	quectelQMI = 4
)

func quectel(name string, m modem) Device {
	d := Device{
		Name: name, Speed: highSpeed, vendor: 0x2c7c, product: 0x0125, release: 0x0318, Texts: []string{"Quectel", "EC25-E"}, Secrets: m.secrets(),
		interfaces: []usbInterface{{class: [3]byte{0xff, 0xff, 0xff}, endpoints: []endpoint{{0x81, bulk, 512, 0}, {0x01, bulk, 512, 0}}}},
	}
	for n := byte(1); n <= quectelQMI; n++ {
		class := [3]byte{0xff, 0, 0}
		if n == quectelQMI {
			class = [3]byte{0xff, 0xff, 0xff}
		}
		d.interfaces = append(d.interfaces, usbInterface{number: n, class: class, endpoints: []endpoint{
			{0x81 + 2*n, interrupt, 10, 9}, {0x80 + 2*n, bulk, 512, 0}, {1 + n, bulk, 512, 0},
		}})
	}
	d.start = func(l *line, trace tracer) function {
		ports := map[byte]*atPort{}
		for n := byte(quectelAT); n < quectelQMI; n++ {
			ports[1+n] = &atPort{modem: m, say: func(data []byte) { l.send(0x80+2*n, data) }, answer: after(m.late.at), trace: trace}
		}
		q := &qmiPort{modem: m, trace: trace}
		control := encapsulated(l, quectelQMI, 0x81+2*quectelQMI, q.answer, after(m.late.qmi))
		return function{
			control: func(s setup, out []byte) ([]byte, bool) {
				if s.kind == 0x21 && s.request == setLineState {
					trace("lines %d of interface %d", s.value, s.index)
					return nil, true
				}
				return control(s, out)
			},
			out: func(endpoint byte, data []byte) {
				if p := ports[endpoint]; p != nil {
					p.take(data)
				}
			},
		}
	}
	return d
}

// Requests of the class CDC (CDC 1.2, table 19; NCM 1.0, table 6-2).
const (
	sendCommand    = 0x00
	getResponse    = 0x01
	setLineState   = 0x22
	getParameters  = 0x80
	getFormat      = 0x83
	getInputSize   = 0x85
	getMaxDatagram = 0x87
)

// encapsulated answers messages that come over the control endpoint: a
// notification on an interrupt endpoint says that an answer can be fetched.
func encapsulated(l *line, number, notify byte, reply func([]byte) [][]byte, answer func(func())) func(setup, []byte) ([]byte, bool) {
	var mu sync.Mutex
	var answers [][]byte
	return func(s setup, out []byte) ([]byte, bool) {
		if byte(s.index) != number {
			return nil, false
		}
		switch {
		case s.kind == 0x21 && s.request == sendCommand:
			for _, a := range reply(out) {
				answer(func() {
					mu.Lock()
					answers = append(answers, a)
					mu.Unlock()
					l.send(notify, []byte{0xa1, 0x01, 0, 0, number, 0, 0, 0}) // RESPONSE_AVAILABLE
				})
			}
			return nil, true
		case s.kind == 0xa1 && s.request == getResponse:
			mu.Lock()
			defer mu.Unlock()
			if len(answers) == 0 {
				return nil, true
			}
			a := answers[0]
			answers = answers[1:]
			return a, true
		}
		return nil, false
	}
}

// controlBytes is the longest control message of the MBIM modem.
const controlBytes = 1024

func sierra(name string, m modem) Device {
	d := Device{
		Name: name, Speed: highSpeed, vendor: 0x1199, product: 0x90f3, release: 0x0006, class: [3]byte{0xef, 2, 1},
		Texts: []string{"Sierra Wireless, Incorporated", "Sierra Wireless EM7565 Qualcomm Snapdragon X16 LTE-A"},
		// Two interfaces are one function (USB ECN on interface associations).
		association: []byte{8, typeAssociation, 0, 2, 0x02, 0x0e, 0, 0},
		Secrets:     m.secrets(),
	}
	if m.serial != "" {
		d.Texts = append(d.Texts, m.serial)
	}
	d.interfaces = []usbInterface{
		{
			number: 0, class: [3]byte{0x02, 0x0e, 0}, endpoints: []endpoint{{0x81, interrupt, 64, 9}},
			functional: []byte{
				5, typeFunctional, 0x00, 0x10, 0x01, // header, CDC 1.10
				5, typeFunctional, 0x06, 0, 1, // union of interfaces 0 and 1
				12, typeFunctional, 0x1b, 0x00, 0x01, controlBytes & 0xff, controlBytes >> 8, 16, 128, 1500 & 0xff, 1500 >> 8, 0x20, // MBIM 1.0, table 4-3
			},
		},
		{number: 1, class: [3]byte{0x0a, 0, 2}},
		{number: 1, setting: 1, class: [3]byte{0x0a, 0, 2}, endpoints: []endpoint{{0x8e, bulk, 512, 0}, {0x0f, bulk, 512, 0}}},
	}
	d.start = func(l *line, trace tracer) function {
		b := &mbimPort{modem: m, trace: trace}
		control := encapsulated(l, 0, 0x81, b.answer, after(m.late.mbim))
		return function{control: func(s setup, out []byte) ([]byte, bool) {
			switch {
			case s.kind == 0xa1 && s.request == getParameters: // NCM 1.0, table 6-3
				return []byte{28, 0, 1, 0, 0, 0x40, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0, 0x40, 0, 0, 4, 0, 0, 0, 4, 0, 32, 0}, true
			case s.kind == 0xa1 && s.request == getInputSize:
				return []byte{0, 0x40, 0, 0, 0, 0, 0, 0}, true
			case s.kind == 0xa1 && (s.request == getFormat || s.request == getMaxDatagram):
				return []byte{0, 0}, true
			case s.kind == 0x21 && s.request > getParameters: // the settings of NCM
				return nil, true
			}
			return control(s, out)
		}}
	}
	return d
}
