package radios

// OrderPath is where the guest finds its Order, as JSON.
const OrderPath = "/radios/order"

// Order is what the guest does.
type Order struct {
	Modules     []Module
	Firmware    []string  // files that the kernel is made to ask for
	USB         []string  // names of devices
	Routed      *Routed   // a modem by QRTR, nil for none
	Controllers [][6]byte // addresses of Bluetooth controllers of hci_vhci
	Nodes       []string  // which must be there before the programs are started
	Programs    []Program
	Trace       string // the terminal that takes the trace, "" for none
}

// Module is a module of the kernel.
type Module struct{ File, Options string }

// Program is a program that runs beside the probe.
type Program struct {
	Root string // the folder that is its root
	Name string // under which it runs, "" for its own
	Args []string
	// What comes of it before the next is started, and the probe: it opens a port,
	// makes a file, or ends.
	Opens, Makes string
	Ends         bool
}

// Routed is a modem by QRTR, and the name under which its process runs.
type Routed struct{ Node, As string }
