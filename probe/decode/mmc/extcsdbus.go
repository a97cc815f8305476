package mmc

// Bus is what the interface of the device can do, and how it is set now.
type Bus struct {
	Timing         Field[Timing]   // HS_TIMING: set now
	DriverStrength Field[int]      // HS_TIMING: the type set now, 0 to 4
	Width          Field[BusWidth] // BUS_WIDTH: set now; a device need not let it be read, so 0 says nothing

	Strengths Field[Strengths] // DRIVER_STRENGTH: the types that the device has
	Modes     Modes
}

// Timing is a timing of the interface.
type Timing string

// The timings.
const (
	TimingCompatible Timing = "backward compatible"
	TimingHighSpeed  Timing = "high speed"
	TimingHS200      Timing = "hs200"
	TimingHS400      Timing = "hs400"
)

// BusWidth is a number of data lines and how they are used.
type BusWidth struct {
	Bits           int
	DoubleDataRate bool
	EnhancedStrobe bool
}

// Strengths says for each type of driver, 0 to 4, whether the device has it.
type Strengths [5]bool

// Modes says which modes the device can be run in, DEVICE_TYPE and
// STROBE_SUPPORT, by the voltage of the signals where it matters.
type Modes struct {
	HighSpeed26    bool        // 26 MHz
	HighSpeed52    bool        // 52 MHz
	DDR52          Field[bool] // 52 MHz, both edges, 1.8 V or 3 V
	DDR52Low       Field[bool] // the same, 1.2 V
	HS200          Field[bool] // 200 MHz, 1.8 V
	HS200Low       Field[bool] // the same, 1.2 V
	HS400          Field[bool] // 200 MHz, both edges, 1.8 V
	HS400Low       Field[bool] // the same, 1.2 V
	EnhancedStrobe Field[bool] // for HS400
}

func (r extRegister) bus() Bus {
	b := Bus{
		Timing: r.timing(r.data[offTiming] & 0x0F),
		Width:  r.busWidth(r.data[offBusWidth]),
		Modes: Modes{
			HighSpeed26:    r.bit(0, offDeviceType, 0).Value,
			HighSpeed52:    r.bit(0, offDeviceType, 1).Value,
			DDR52:          r.bit(since44, offDeviceType, 2),
			DDR52Low:       r.bit(since44, offDeviceType, 3),
			HS200:          r.bit(since45, offDeviceType, 4),
			HS200Low:       r.bit(since45, offDeviceType, 5),
			HS400:          r.bit(since50, offDeviceType, 6),
			HS400Low:       r.bit(since50, offDeviceType, 7),
			EnhancedStrobe: r.bit(since51, offStrobeSupport, 0),
		},
	}
	if r.since(since45) {
		strengths := Strengths{}
		for i := range strengths {
			strengths[i] = r.data[offDriverStrength]>>i&1 == 1
		}
		b.Strengths = known(strengths)
		set := r.data[offTiming] >> 4
		b.DriverStrength = when(int(set) < len(strengths), int(set))
	}
	return b
}

func (r extRegister) timing(code byte) Field[Timing] {
	if code == 2 && !r.since(since45) || code == 3 && !r.since(since50) {
		return Field[Timing]{}
	}
	return word(code, TimingCompatible, TimingHighSpeed, TimingHS200, TimingHS400)
}

func (r extRegister) busWidth(code byte) Field[BusWidth] {
	const strobe = 0x80
	w := BusWidth{EnhancedStrobe: code&strobe != 0}
	switch code &^ strobe {
	case 1:
		w.Bits = 4
	case 2:
		w.Bits = 8
	case 5:
		w.Bits, w.DoubleDataRate = 4, true
	case 6:
		w.Bits, w.DoubleDataRate = 8, true
	default:
		return Field[BusWidth]{}
	}
	if w.DoubleDataRate && !r.since(since44) || w.EnhancedStrobe && !r.since(since51) {
		return Field[BusWidth]{}
	}
	return known(w)
}
