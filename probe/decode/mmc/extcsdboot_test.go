package mmc

import "testing"

// revised parses the register of tlc250 with another revision and bytes.
func revised(t *testing.T, revision byte, bytes map[int]byte) ExtCSD {
	t.Helper()
	e, err := ParseExtCSD(ext(tlc250(), map[int]byte{192: revision}, bytes))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBootPartitionConfig(t *testing.T) {
	t.Parallel()
	type config struct {
		area        Field[BootArea]
		acknowledge bool
		access      Field[Access]
	}
	for value, want := range map[byte]config{
		0x00: {known(BootNone), false, known(AccessUser)},
		0x08: {known(Boot1), false, known(AccessUser)},
		0x48: {known(Boot1), true, known(AccessUser)},
		0x51: {known(Boot2), true, known(AccessBoot1)},
		0x7a: {known(BootUser), true, known(AccessBoot2)},
		0x1b: {Field[BootArea]{}, false, known(AccessRPMB)},
		0x24: {Field[BootArea]{}, false, known(AccessGP1)},
		0x2d: {Field[BootArea]{}, false, known(AccessGP2)},
		0x36: {Field[BootArea]{}, false, known(AccessGP3)},
		0xbf: {known(BootUser), false, known(AccessGP4)},
	} {
		b := revised(t, 8, map[int]byte{179: value}).Boot
		if got := (config{b.Area, b.Acknowledge.Value, b.Access}); got != want {
			t.Errorf("PARTITION_CONFIG %#02x = %+v; want %+v", value, got, want)
		}
		// General purpose partitions and RPMB are younger than boot partitions.
		if value&0x07 > 2 {
			want.access = Field[Access]{}
		}
		b = revised(t, 3, map[int]byte{179: value}).Boot
		if got := (config{b.Area, b.Acknowledge.Value, b.Access}); got != want {
			t.Errorf("PARTITION_CONFIG %#02x of revision 3 = %+v; want %+v", value, got, want)
		}
	}
}

func TestBootBusConditions(t *testing.T) {
	t.Parallel()
	type conditions struct {
		width   Field[int]
		timing  Field[BootTiming]
		retains bool
	}
	for _, c := range []struct {
		revision, value byte
		want            conditions
	}{
		{8, 0x00, conditions{known(1), known(BootCompatible), false}},
		{8, 0x01, conditions{known(4), known(BootCompatible), false}},
		{8, 0x02, conditions{known(8), known(BootCompatible), false}},
		{8, 0x03, conditions{Field[int]{}, known(BootCompatible), false}},
		{8, 0x06, conditions{known(8), known(BootCompatible), true}},
		{8, 0x08, conditions{known(1), known(BootHighSpeed), false}},
		{8, 0x09, conditions{known(4), known(BootHighSpeed), false}},
		{8, 0x10, conditions{known(4), known(BootDouble), false}},
		{8, 0x16, conditions{known(8), known(BootDouble), true}},
		{8, 0x18, conditions{Field[int]{}, Field[BootTiming]{}, false}},
		{8, 0x1a, conditions{known(8), Field[BootTiming]{}, false}},
		{8, 0xe0, conditions{known(1), known(BootCompatible), false}},
		{4, 0x10, conditions{known(4), known(BootDouble), false}},
		{3, 0x04, conditions{known(1), Field[BootTiming]{}, true}},
		{3, 0x02, conditions{known(8), Field[BootTiming]{}, false}},
		{2, 0x02, conditions{}},
	} {
		b := revised(t, c.revision, map[int]byte{177: c.value}).Boot
		if got := (conditions{b.BusWidthBits, b.Timing, b.RetainsBus.Value}); got != c.want {
			t.Errorf("BOOT_BUS_CONDITIONS %#02x of revision %d = %+v; want %+v", c.value, c.revision, got, c.want)
		}
	}
}

func TestBootInfo(t *testing.T) {
	t.Parallel()
	for value := range byte(8) {
		b := revised(t, 8, map[int]byte{228: value}).Boot
		if got := [3]bool{b.Alternative.Value, b.DoubleDataRate.Value, b.HighSpeed.Value}; got != [3]bool{value&1 != 0, value&2 != 0, value&4 != 0} {
			t.Errorf("BOOT_INFO %#02x = %v", value, got)
		}
	}
	for value, want := range map[byte]Lock{0x00: LockNone, 0x01: LockPowerOn, 0x10: LockPermanent, 0x11: LockPermanent, 0xee: LockNone} {
		if got := revised(t, 8, map[int]byte{178: value}).Boot.ConfigProtection; got != known(want) {
			t.Errorf("BOOT_CONFIG_PROT %#02x = %+v; want %s", value, got, want)
		}
	}
}

func TestProtection(t *testing.T) {
	t.Parallel()
	none := tlc250Decoded().Protection
	with := func(change func(*Protection)) Protection {
		p := none
		change(&p)
		return p
	}
	yes := known(true)
	for _, c := range []struct {
		name  string
		bytes map[int]byte
		want  Protection
	}{
		{"none", nil, none},
		{"boot 1 until power-off", map[int]byte{173: 0x81, 174: 0x01}, with(func(p *Protection) { p.Boot, p.Boot1 = known(LockPowerOn), known(LockPowerOn) })},
		{"boot 2 for ever", map[int]byte{173: 0x8c, 174: 0x08}, with(func(p *Protection) { p.Boot, p.Boot2 = known(LockPermanent), known(LockPermanent) })},
		{"both", map[int]byte{173: 0x05, 174: 0xf6}, with(func(p *Protection) {
			p.Boot, p.Boot1, p.Boot2 = known(LockPermanent), known(LockPermanent), known(LockPowerOn)
		})},
		{"reserved states", map[int]byte{174: 0x0f}, with(func(p *Protection) { p.Boot1, p.Boot2 = Field[Lock]{}, Field[Lock]{} })},
		{"B_PWR_WP_DIS", map[int]byte{173: 0x40}, with(func(p *Protection) { p.BootPowerOnDisabled = yes })},
		{"B_PERM_WP_DIS", map[int]byte{173: 0x10}, with(func(p *Protection) { p.BootPermanentDisabled = yes })},
		{"US_PWR_WP_EN", map[int]byte{171: 0x01}, with(func(p *Protection) { p.User = known(LockPowerOn) })},
		{"US_PERM_WP_EN", map[int]byte{171: 0x04}, with(func(p *Protection) { p.User = known(LockPermanent) })},
		{"US_PWR_WP_DIS", map[int]byte{171: 0x08}, with(func(p *Protection) { p.UserPowerOnDisabled = yes })},
		{"US_PERM_WP_DIS", map[int]byte{171: 0x10}, with(func(p *Protection) { p.UserPermanentDisabled = yes })},
		{"CD_PERM_WP_DIS", map[int]byte{171: 0x40}, with(func(p *Protection) { p.CSDPermanentDisabled = yes })},
		{"PERM_PSWD_DIS", map[int]byte{171: 0x80}, with(func(p *Protection) { p.PasswordDisabled = yes })},
		{"reserved bits", map[int]byte{171: 0x22, 173: 0x20}, none},
	} {
		if got := revised(t, 8, c.bytes).Protection; got != c.want {
			t.Errorf("%s: Protection = %+v; want %+v", c.name, got, c.want)
		}
	}
}
