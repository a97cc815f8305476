package mmc

// Boot is how the device answers a boot ROM that asks it for code before it
// sends any command.
type Boot struct {
	PartitionBytes Field[int64]    // BOOT_SIZE_MULT: of each of the two boot partitions, 0 if there are none
	Area           Field[BootArea] // BOOT_PARTITION_ENABLE in PARTITION_CONFIG: where the code is read
	Acknowledge    Field[bool]     // BOOT_ACK in PARTITION_CONFIG
	Access         Field[Access]   // PARTITION_ACCESS in PARTITION_CONFIG: what ordinary reads and writes reach now

	BusWidthBits Field[int]        // BOOT_BUS_WIDTH in BOOT_BUS_CONDITIONS: 1, 4 or 8
	Timing       Field[BootTiming] // BOOT_MODE in BOOT_BUS_CONDITIONS
	RetainsBus   Field[bool]       // RESET_BOOT_BUS_CONDITIONS: width and timing stay as they are after booting

	// What the device can do, BOOT_INFO.
	Alternative    Field[bool] // booting by a command instead of a line held low
	DoubleDataRate Field[bool]
	HighSpeed      Field[bool]

	ConfigProtection Field[Lock] // BOOT_CONFIG_PROT: of the boot bits of PARTITION_CONFIG and of BOOT_BUS_CONDITIONS
}

// BootArea is where boot code is read. JEDEC counts boot partitions from 1, the
// kernel from 0: boot1 is mmcblkNboot0, boot2 is mmcblkNboot1.
type BootArea string

// The boot areas.
const (
	BootNone BootArea = "none"
	Boot1    BootArea = "boot1"
	Boot2    BootArea = "boot2"
	BootUser BootArea = "user"
)

// Access is the partition that ordinary commands reach.
type Access string

// The partitions: gp1 to gp4 are general purpose partitions.
const (
	AccessUser  Access = "user"
	AccessBoot1 Access = "boot1"
	AccessBoot2 Access = "boot2"
	AccessRPMB  Access = "rpmb"
	AccessGP1   Access = "gp1"
	AccessGP2   Access = "gp2"
	AccessGP3   Access = "gp3"
	AccessGP4   Access = "gp4"
)

// BootTiming is the timing of the bus while boot code is read.
type BootTiming string

// The timings.
const (
	BootCompatible BootTiming = "single data rate, backward compatible"
	BootHighSpeed  BootTiming = "single data rate, high speed"
	BootDouble     BootTiming = "double data rate"
)

func (r extRegister) boot() Boot {
	b := Boot{
		PartitionBytes: when(r.since(since43), int64(r.data[offBootSize])*unitBytes),
		Acknowledge:    r.bit(since43, offPartitionConfig, 6),
		RetainsBus:     r.bit(since43, offBootBusConditions, 2),
		Alternative:    r.bit(since43, offBootInfo, 0),
		DoubleDataRate: r.bit(since44, offBootInfo, 1),
		HighSpeed:      r.bit(since44, offBootInfo, 2),
	}
	if !r.since(since43) {
		return b
	}
	config, conditions := r.data[offPartitionConfig], r.data[offBootBusConditions]
	b.Area = word(config>>3&0x07, BootNone, Boot1, Boot2, "", "", "", "", BootUser)
	b.Access = word(config&0x07, AccessUser, AccessBoot1, AccessBoot2, AccessRPMB, AccessGP1, AccessGP2, AccessGP3, AccessGP4)
	if config&0x07 > 2 && !r.since(since44) {
		b.Access = Field[Access]{}
	}
	if r.since(since44) {
		b.Timing = word(conditions>>3&0x03, BootCompatible, BootHighSpeed, BootDouble)
		b.ConfigProtection = known(lock(r.data[offBootConfigProtection], 0, 4))
	}
	b.BusWidthBits = bootBusWidth(conditions&0x03, r.since(since44), b.Timing)
	return b
}

// bootBusWidth decodes BOOT_BUS_WIDTH. The narrowest bus is 1 bit wide, and 4
// with double data rate; a device without BOOT_MODE has single data rate only.
func bootBusWidth(code byte, hasTiming bool, timing Field[BootTiming]) Field[int] {
	switch {
	case code == 1:
		return known(4)
	case code == 2:
		return known(8)
	case code == 0 && timing.Value == BootDouble:
		return known(4)
	case code == 0 && (timing.Known || !hasTiming):
		return known(1)
	}
	return Field[int]{}
}

// Lock is for how long something is protected against changes.
type Lock string

// The locks.
const (
	LockNone      Lock = "none"
	LockPowerOn   Lock = "until power-off"
	LockPermanent Lock = "permanent"
)

// lock reads a lock from the bits of a byte that set it until power-off and
// permanently.
func lock(value byte, powerOn, permanent int) Lock {
	switch {
	case value>>permanent&1 == 1:
		return LockPermanent
	case value>>powerOn&1 == 1:
		return LockPowerOn
	}
	return LockNone
}

// Protection is how far the device is, and can still be, protected against
// writing.
type Protection struct {
	Boot1 Field[Lock] // B_AREA_1_WP in BOOT_WP_STATUS
	Boot2 Field[Lock] // B_AREA_2_WP in BOOT_WP_STATUS

	// Boot is what BOOT_WP orders for the boot partitions: B_PERM_WP_EN and
	// B_PWR_WP_EN. Whether it is for both is seen in Boot1 and Boot2.
	Boot                  Field[Lock]
	BootPowerOnDisabled   Field[bool] // B_PWR_WP_DIS: no more protection until power-off
	BootPermanentDisabled Field[bool] // B_PERM_WP_DIS: no permanent protection ever

	// User is the kind of protection that a group of the user area gets when it
	// is protected: US_PERM_WP_EN and US_PWR_WP_EN in USER_WP. It does not say
	// that any group is protected.
	User                  Field[Lock]
	UserPowerOnDisabled   Field[bool] // US_PWR_WP_DIS
	UserPermanentDisabled Field[bool] // US_PERM_WP_DIS
	CSDPermanentDisabled  Field[bool] // CD_PERM_WP_DIS: of CSD.PermanentWriteProtect
	PasswordDisabled      Field[bool] // PERM_PSWD_DIS: the device cannot be locked with a password
}

func (r extRegister) protection() Protection {
	p := Protection{
		Boot:                  when(r.since(since44), lock(r.data[offBootProtection], 0, 2)),
		BootPowerOnDisabled:   r.bit(since44, offBootProtection, 6),
		BootPermanentDisabled: r.bit(since44, offBootProtection, 4),
		User:                  when(r.since(since441), lock(r.data[offUserProtection], 0, 2)),
		UserPowerOnDisabled:   r.bit(since441, offUserProtection, 3),
		UserPermanentDisabled: r.bit(since441, offUserProtection, 4),
		CSDPermanentDisabled:  r.bit(since441, offUserProtection, 6),
		PasswordDisabled:      r.bit(since441, offUserProtection, 7),
	}
	if status := r.data[offBootProtectionStatus]; r.since(since441) {
		p.Boot1 = word(status&0x03, LockNone, LockPowerOn, LockPermanent)
		p.Boot2 = word(status>>2&0x03, LockNone, LockPowerOn, LockPermanent)
	}
	return p
}
