package mmc

import "testing"

func TestBusTiming(t *testing.T) {
	t.Parallel()
	type timing struct {
		timing   Field[Timing]
		strength Field[int]
	}
	for _, c := range []struct {
		revision, value byte
		want            timing
	}{
		{8, 0x00, timing{known(TimingCompatible), known(0)}},
		{8, 0x11, timing{known(TimingHighSpeed), known(1)}},
		{8, 0x42, timing{known(TimingHS200), known(4)}},
		{8, 0x53, timing{known(TimingHS400), Field[int]{}}},
		{8, 0x04, timing{Field[Timing]{}, known(0)}},
		{6, 0x02, timing{known(TimingHS200), known(0)}},
		{6, 0x03, timing{Field[Timing]{}, known(0)}},
		{5, 0x01, timing{known(TimingHighSpeed), Field[int]{}}},
		{5, 0x02, timing{}},
	} {
		b := revised(t, c.revision, map[int]byte{185: c.value}).Bus
		if got := (timing{b.Timing, b.DriverStrength}); got != c.want {
			t.Errorf("HS_TIMING %#02x of revision %d = %+v; want %+v", c.value, c.revision, got, c.want)
		}
	}
}

func TestBusWidth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		revision, value byte
		want            Field[BusWidth]
	}{
		{8, 0x00, Field[BusWidth]{}},
		{8, 0x01, known(BusWidth{Bits: 4})},
		{8, 0x02, known(BusWidth{Bits: 8})},
		{8, 0x03, Field[BusWidth]{}},
		{8, 0x05, known(BusWidth{Bits: 4, DoubleDataRate: true})},
		{8, 0x06, known(BusWidth{Bits: 8, DoubleDataRate: true})},
		{8, 0x86, known(BusWidth{Bits: 8, DoubleDataRate: true, EnhancedStrobe: true})},
		{8, 0x80, Field[BusWidth]{}},
		{8, 0x42, Field[BusWidth]{}},
		{7, 0x86, Field[BusWidth]{}},
		{3, 0x02, known(BusWidth{Bits: 8})},
		{3, 0x06, Field[BusWidth]{}},
	} {
		if got := revised(t, c.revision, map[int]byte{183: c.value}).Bus.Width; got != c.want {
			t.Errorf("BUS_WIDTH %#02x of revision %d = %+v; want %+v", c.value, c.revision, got, c.want)
		}
	}
}

func TestBusModes(t *testing.T) {
	t.Parallel()
	for bit := range 9 {
		m := revised(t, 8, map[int]byte{196: byte(uint16(1) << bit), 184: byte(uint16(1) << bit >> 8)}).Bus.Modes
		got := [9]bool{
			m.HighSpeed26, m.HighSpeed52, m.DDR52.Value, m.DDR52Low.Value, m.HS200.Value, m.HS200Low.Value,
			m.HS400.Value, m.HS400Low.Value, m.EnhancedStrobe.Value,
		}
		want := [9]bool{}
		want[bit] = true
		if got != want {
			t.Errorf("bit %d of DEVICE_TYPE and STROBE_SUPPORT = %v; want %v", bit, got, want)
		}
	}
	for bit := range 5 {
		want := Strengths{}
		want[bit] = true
		if got := revised(t, 8, map[int]byte{197: 0xe0 | 1<<bit}).Bus.Strengths; got != known(want) {
			t.Errorf("bit %d of DRIVER_STRENGTH = %+v; want %v", bit, got, want)
		}
	}
}
