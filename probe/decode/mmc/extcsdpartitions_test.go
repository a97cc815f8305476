package mmc

import "testing"

func TestPartitions(t *testing.T) {
	t.Parallel()
	plain := tlc250Decoded().Partitions
	with := func(change func(*Partitions)) Partitions {
		p := plain
		change(&p)
		return p
	}
	const group = 16 << 20 // of 32 times 1 times 512 KiB
	for _, c := range []struct {
		name     string
		revision byte
		bytes    map[int]byte
		want     Partitions
	}{
		{"not divided", 8, nil, plain},
		{"gp1 and gp4", 8, map[int]byte{143: 1, 152: 3, 153: 2, 154: 1, 155: 1}, with(func(p *Partitions) {
			p.Completed, p.GeneralPurposeBytes[0], p.GeneralPurposeBytes[3] = known(true), known(int64(group)), known(int64(0x010203*group))
		})},
		{"gp2 and gp3", 8, map[int]byte{147: 1, 150: 2}, with(func(p *Partitions) {
			p.GeneralPurposeBytes[1], p.GeneralPurposeBytes[2] = known(int64(256*group)), known(int64(512*group))
		})},
		{"the largest", 8, map[int]byte{140: 0xff, 141: 0xff, 142: 0xff, 157: 0, 158: 0, 221: 0xff, 224: 0xff}, with(func(p *Partitions) {
			p.EnhancedBytes, p.MaxEnhancedBytes = known(int64(0xffffff*0xff*0xff*512<<10)), known(int64(0))
		})},
		{"no groups", 8, map[int]byte{143: 1, 221: 0}, with(func(p *Partitions) {
			p.GeneralPurposeBytes[0], p.MaxEnhancedBytes = Field[int64]{}, Field[int64]{}
		})},
		{"start in sectors", 8, map[int]byte{136: 0x02, 139: 0x80, 156: 0x01}, with(func(p *Partitions) {
			p.EnhancedStart, p.Enhanced = known(int64(0x80000002*512)), known(Areas{User: true})
		})},
		// 2 GiB are addressed in bytes, one sector more in sectors.
		{"start in bytes", 8, map[int]byte{136: 0x02, 214: 0x40, 215: 0}, with(func(p *Partitions) { p.EnhancedStart = known(int64(2)) })},
		{"start above", 8, map[int]byte{136: 0x02, 212: 1, 214: 0x40, 215: 0}, with(func(p *Partitions) { p.EnhancedStart = known(int64(1024)) })},
		{"attributes", 8, map[int]byte{156: 0xea, 167: 0x14}, with(func(p *Partitions) {
			p.Enhanced = known(Areas{GeneralPurpose: [4]bool{true, false, true, false}})
			p.Reliable = known(Areas{GeneralPurpose: [4]bool{false, true, false, true}})
		})},
		{"reliability is fixed", 8, map[int]byte{166: 0x04}, with(func(p *Partitions) { p.ReliabilitySettable = known(false) })},
		{"no reliable write", 8, map[int]byte{166: 0x11}, with(func(p *Partitions) { p.EnhancedReliableWrite = known(false) })},
		{"cannot be divided", 8, map[int]byte{160: 0x00}, with(func(p *Partitions) {
			p.Supported, p.EnhancedSupported, p.AttributesSupported = known(false), known(false), known(false)
		})},
		{"enhanced only", 8, map[int]byte{160: 0x02}, with(func(p *Partitions) { p.Supported, p.AttributesSupported = known(false), known(false) })},
		{"4.3", 3, nil, Partitions{}},
	} {
		if got := revised(t, c.revision, c.bytes).Partitions; got != c.want {
			t.Errorf("%s: Partitions = %+v; want %+v", c.name, got, c.want)
		}
	}
}
