package mmc

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// ExtCSD is the extended card specific data register of eMMC (JESD84-B51 7.4).
// A field that the revision of the device does not have is not known.
type ExtCSD struct {
	Revision uint8         // EXT_CSD_REV, sysfs rev
	Standard Field[string] // version of eMMC with this revision: 5.1A has that of 5.1, 5.01 that of 5.0, 4.51 that of 4.5

	SizeBytes   Field[int64] // SEC_COUNT: of the user area; not known if it is 0, as it may be up to 2 GB, where the CSD has it
	SectorBytes Field[int]   // DATA_SECTOR_SIZE: 512 or 4096
	CacheBytes  Field[int64] // CACHE_SIZE: 0 if there is none
	RPMBBytes   Field[int64] // RPMB_SIZE_MULT: of the replay protected memory block, 0 if there is none

	FirmwareVersion   Field[[8]byte] // FIRMWARE_VERSION, in a form of the manufacturer's; see FirmwareText
	CommandQueue      Field[bool]    // CMDQ_SUPPORT
	CommandQueueDepth Field[int]     // CMDQ_DEPTH, 1 to 32; known if there is a command queue

	Reset         Field[ResetFunction] // RST_n_FUNCTION
	SecureRemoval Field[SecureRemoval] // SECURE_REMOVAL_TYPE

	Boot       Boot
	Bus        Bus
	Partitions Partitions
	Protection Protection
	Health     Health
}

// ResetFunction is whether the device obeys its reset line. It can be chosen
// only once.
type ResetFunction string

// The reset functions. A device is delivered with the first.
const (
	ResetNotEnabled          ResetFunction = "not enabled"
	ResetPermanentlyEnabled  ResetFunction = "permanently enabled"
	ResetPermanentlyDisabled ResetFunction = "permanently disabled"
)

// SecureRemoval is how the device removes data that are erased securely, and
// what it could be configured to do.
type SecureRemoval struct {
	Configured    RemovalType
	CanErase      bool
	CanOverwrite  bool
	CanComplement bool
	CanVendor     bool
}

// RemovalType is a way to remove data.
type RemovalType string

// The types of removal.
const (
	RemovalErase      RemovalType = "erase"
	RemovalOverwrite  RemovalType = "overwrite and erase"
	RemovalComplement RemovalType = "overwrite with a character, its complement and a random one"
	RemovalVendor     RemovalType = "vendor defined"
)

// Health is what the device says of its wear.
type Health struct {
	LifeTimeA Field[LifeTime] // DEVICE_LIFE_TIME_EST_TYP_A, first in sysfs life_time
	LifeTimeB Field[LifeTime] // DEVICE_LIFE_TIME_EST_TYP_B, second there
	Reserve   Field[Reserve]  // PRE_EOL_INFO, sysfs pre_eol_info
}

// LifeTime is the range in which the used part of a memory's life time lies.
// ToPercent is 0 if it is exceeded.
type LifeTime struct {
	FromPercent int
	ToPercent   int
	Exceeded    bool
}

// Reserve is the state of the blocks that replace bad ones.
type Reserve string

// The states of the reserve.
const (
	ReserveNormal  Reserve = "normal"
	ReserveWarning Reserve = "warning" // 80 % are used up
	ReserveUrgent  Reserve = "urgent"  // 90 % are used up
)

// Offsets of the fields.
const (
	offSecureRemovalType    = 16
	offDataSectorSize       = 61
	offEnhancedStart        = 136 // 4 bytes
	offEnhancedSize         = 140 // 3 bytes
	offGeneralPurposeSize   = 143 // 4 times 3 bytes
	offPartitionCompleted   = 155
	offPartitionAttributes  = 156
	offMaxEnhancedSize      = 157 // 3 bytes
	offPartitioningSupport  = 160
	offResetFunction        = 162
	offReliabilityParameter = 166
	offReliabilitySetting   = 167
	offRPMBSize             = 168
	offUserProtection       = 171
	offBootProtection       = 173
	offBootProtectionStatus = 174
	offBootBusConditions    = 177
	offBootConfigProtection = 178
	offPartitionConfig      = 179
	offBusWidth             = 183
	offStrobeSupport        = 184
	offTiming               = 185
	offRevision             = 192
	offStructure            = 194
	offDeviceType           = 196
	offDriverStrength       = 197
	offSectorCount          = 212 // 4 bytes
	offProtectGroupSize     = 221
	offEraseGroupSize       = 224
	offBootSize             = 226
	offBootInfo             = 228
	offCacheSize            = 249 // 4 bytes
	offFirmwareVersion      = 254 // 8 bytes
	offReserve              = 267
	offLifeTimeA            = 268
	offLifeTimeB            = 269
	offCommandQueueDepth    = 307
	offCommandQueueSupport  = 308
)

// The first revisions to have a field, called after their versions of eMMC. For a
// field that Linux reads it is the one that mmc_decode_ext_csd asks for, for
// another the one that mmc-utils asks for. Modes and bits that a later version
// added to a field have that version's.
const (
	since42  = 2
	since43  = 3
	since44  = 4 // revision 4 was given up again
	since441 = 5
	since45  = 6
	since50  = 7
	since51  = 8
)

// extRegister is an EXT_CSD of the right length.
type extRegister struct {
	data     []byte
	revision uint8
}

func (r extRegister) since(revision uint8) bool { return r.revision >= revision }

// bit reads one bit of a field that exists from a revision on.
func (r extRegister) bit(revision uint8, offset, bit int) Field[bool] {
	return when(r.since(revision), r.data[offset]>>bit&1 == 1)
}

// triple reads a number of 3 bytes.
func (r extRegister) triple(offset int) int64 {
	return int64(r.data[offset]) | int64(r.data[offset+1])<<8 | int64(r.data[offset+2])<<16
}

// unitBytes is the unit of the sizes of boot partitions and RPMB.
const unitBytes = 128 << 10

// ParseExtCSD reads the register. A revision newer than those known here is read
// like the newest of them: the format is meant to be forward compatible while its
// structure stays the same (JESD84-B50 B.8).
func ParseExtCSD(data []byte) (ExtCSD, error) {
	if len(data) != ExtCSDBytes {
		return ExtCSD{}, fmt.Errorf("extcsd: %d bytes, want %d", len(data), ExtCSDBytes)
	}
	if err := checkFilled("extcsd", data); err != nil {
		return ExtCSD{}, err
	}
	if structure := data[offStructure]; structure > 2 {
		return ExtCSD{}, fmt.Errorf("extcsd: structure %d is not known", structure)
	}
	r := extRegister{data, data[offRevision]}
	e := ExtCSD{
		Revision:  r.revision,
		Standard:  word(r.revision, "4.0", "4.1", "4.2", "4.3", "", "4.41", "4.5", "5.0", "5.1", "5.1B"),
		RPMBBytes: when(r.since(since441), int64(data[offRPMBSize])*unitBytes),
	}
	if sectors := r.long(offSectorCount); r.since(since42) && sectors != 0 {
		e.SizeBytes = known(sectors * 512) // whatever DATA_SECTOR_SIZE
	}
	if r.since(since441) {
		e.Reset = word(data[offResetFunction]&0x03, ResetNotEnabled, ResetPermanentlyEnabled, ResetPermanentlyDisabled)
	}
	if r.since(since45) {
		e.SectorBytes = sectorBytes(data[offDataSectorSize])
		// In kilobits (7.4.30), although it is often taken for KiB.
		e.CacheBytes = known(r.long(offCacheSize) * 1024 / 8)
	}
	if r.since(since50) {
		e.FirmwareVersion = known([8]byte(data[offFirmwareVersion:]))
		e.SecureRemoval = known(secureRemoval(data[offSecureRemovalType]))
		e.Health = Health{
			LifeTimeA: lifeTime(data[offLifeTimeA]),
			LifeTimeB: lifeTime(data[offLifeTimeB]),
			Reserve:   reserve(data[offReserve]),
		}
	}
	e.CommandQueue = r.bit(since51, offCommandQueueSupport, 0)
	e.CommandQueueDepth = when(e.CommandQueue.Value, int(data[offCommandQueueDepth]&0x1F)+1)
	e.Boot = r.boot()
	e.Bus = r.bus()
	e.Partitions = r.partitions(e.SizeBytes)
	e.Protection = r.protection()
	return e, nil
}

// ParseExtCSDHex reads the register as debugfs shows it in the file ext_csd of a
// device: 1024 hexadecimal digits and a line feed, which may be missing
// (mmc_ext_csd_open in drivers/mmc/core/block.c of Linux).
func ParseExtCSDHex(text string) (ExtCSD, error) {
	var data [ExtCSDBytes]byte
	if err := parseHex("extcsd", text, data[:]); err != nil {
		return ExtCSD{}, err
	}
	return ParseExtCSD(data[:])
}

// FirmwareText returns the firmware version if it is a text.
func (e ExtCSD) FirmwareText() (string, bool) {
	text := printable(e.FirmwareVersion.Value[:])
	return text.Value, text.Known
}

func (r extRegister) long(offset int) int64 {
	return int64(binary.LittleEndian.Uint32(r.data[offset:]))
}

func sectorBytes(code byte) Field[int] {
	switch code {
	case 0:
		return known(512)
	case 1:
		return known(4096)
	}
	return Field[int]{}
}

func secureRemoval(code byte) SecureRemoval {
	types := [4]RemovalType{RemovalErase, RemovalOverwrite, RemovalComplement, RemovalVendor}
	return SecureRemoval{
		Configured:    types[code>>4&0x03],
		CanErase:      code&0x01 != 0,
		CanOverwrite:  code&0x02 != 0,
		CanComplement: code&0x04 != 0,
		CanVendor:     code&0x08 != 0,
	}
}

// lifeTime decodes an estimate, which comes in steps of 10 %. 0 means that it is
// not defined.
func reserve(code byte) Field[Reserve] {
	return word(code, "", ReserveNormal, ReserveWarning, ReserveUrgent)
}

// ParseHealth reads what the kernel shows of the health fields in files of their own:
// life_time, as in "0x01 0x02", and pre_eol_info, as in "0x01" (Documentation/
// driver-api/mmc/mmc-dev-attrs.rst). What cannot be read is not known.
func ParseHealth(lifeTimes, preEOL string) Health {
	code := func(text string) byte {
		n, err := strconv.ParseUint(text, 0, 8)
		if err != nil {
			return 0 // not defined
		}
		return byte(n)
	}
	a, b, _ := strings.Cut(strings.TrimSpace(lifeTimes), " ")
	return Health{LifeTimeA: lifeTime(code(a)), LifeTimeB: lifeTime(code(b)), Reserve: reserve(code(strings.TrimSpace(preEOL)))}
}

func lifeTime(code byte) Field[LifeTime] {
	const exceeded = 0x0B
	switch {
	case code == 0 || code > exceeded:
		return Field[LifeTime]{}
	case code == exceeded:
		return known(LifeTime{FromPercent: 100, Exceeded: true})
	}
	return known(LifeTime{FromPercent: 10 * (int(code) - 1), ToPercent: 10 * int(code)})
}
