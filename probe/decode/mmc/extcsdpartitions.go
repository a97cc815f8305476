package mmc

// Partitions is how the memory is divided and with which attributes. That can
// be chosen only once; sizes take effect with Completed and the next power-up.
type Partitions struct {
	Supported           Field[bool] // PARTITIONING_EN in PARTITIONING_SUPPORT
	EnhancedSupported   Field[bool] // ENH_ATTRIBUTE_EN: areas can be made more robust, at the cost of size
	AttributesSupported Field[bool] // EXT_ATTRIBUTE_EN
	Completed           Field[bool] // PARTITION_SETTING_COMPLETED

	GeneralPurposeBytes [4]Field[int64] // GP_SIZE_MULT: of gp1 to gp4, 0 for one that is not there
	EnhancedBytes       Field[int64]    // ENH_SIZE_MULT: of the enhanced part of the user area
	EnhancedStart       Field[int64]    // ENH_START_ADDR, in bytes
	MaxEnhancedBytes    Field[int64]    // MAX_ENH_SIZE_MULT: of all enhanced areas together

	Enhanced Field[Areas] // PARTITIONS_ATTRIBUTE
	Reliable Field[Areas] // WR_REL_SET: older data survive if power fails while others are written

	ReliabilitySettable   Field[bool] // HS_CTRL_REL in WR_REL_PARAM: WR_REL_SET can be written
	EnhancedReliableWrite Field[bool] // EN_REL_WR in WR_REL_PARAM
}

// Areas are those that have an attribute.
type Areas struct {
	User           bool
	GeneralPurpose [4]bool // gp1 to gp4
}

func (r extRegister) partitions(size Field[int64]) Partitions {
	p := Partitions{
		Supported:             r.bit(since44, offPartitioningSupport, 0),
		EnhancedSupported:     r.bit(since44, offPartitioningSupport, 1),
		AttributesSupported:   r.bit(since45, offPartitioningSupport, 2),
		Completed:             r.bit(since44, offPartitionCompleted, 0),
		ReliabilitySettable:   r.bit(since441, offReliabilityParameter, 0),
		EnhancedReliableWrite: r.bit(since441, offReliabilityParameter, 2),
	}
	if r.since(since44) {
		for i := range p.GeneralPurposeBytes {
			p.GeneralPurposeBytes[i] = r.groupBytes(offGeneralPurposeSize + 3*i)
		}
		p.EnhancedBytes = r.groupBytes(offEnhancedSize)
		p.MaxEnhancedBytes = r.groupBytes(offMaxEnhancedSize)
		p.EnhancedStart = r.enhancedStart(size)
		p.Enhanced = known(areas(r.data[offPartitionAttributes]))
	}
	if r.since(since441) {
		p.Reliable = known(areas(r.data[offReliabilitySetting]))
	}
	return p
}

// groupBytes reads a size in write protect groups of HC_WP_GRP_SIZE times
// HC_ERASE_GRP_SIZE times 512 KiB.
func (r extRegister) groupBytes(offset int) Field[int64] {
	const unit = 512 << 10
	count := r.triple(offset)
	group := int64(r.data[offProtectGroupSize]) * int64(r.data[offEraseGroupSize])
	return when(count == 0 || group != 0, count*group*unit)
}

// enhancedStart reads an address, which is in bytes up to 2 GiB and in sectors
// above.
func (r extRegister) enhancedStart(size Field[int64]) Field[int64] {
	address := r.long(offEnhancedStart)
	if size.Value > 2<<30 {
		address *= 512
	}
	return when(size.Known, address)
}

func areas(bits byte) Areas {
	a := Areas{User: bits&1 == 1}
	for i := range a.GeneralPurpose {
		a.GeneralPurpose[i] = bits>>(i+1)&1 == 1
	}
	return a
}
