package pseudonym

import (
	"bytes"
	"slices"
)

// startBytes is by how many of its first bytes a needle is found. None is shorter.
const startBytes = 6

// needle is one form of an identity.
type needle struct {
	raw, stand []byte
	token      bool // only where it is not part of a longer word
	sure       bool // stands for one thing wherever it is, so that it may be in no package
}

func (n needle) of(raw, stand []byte) needle {
	n.raw, n.stand = raw, stand
	return n
}

// index finds many needles in one pass: a machine with a virtual function for
// each of its guests has ten thousands of addresses.
type index struct {
	known   map[string]bool
	byStart map[[startBytes]byte][]needle
	pairs   []uint64 // a bit for each two bytes with which a needle begins
}

func newIndex() index {
	return index{map[string]bool{}, map[[startBytes]byte][]needle{}, make([]uint64, 1<<16/64)}
}

func (x *index) add(n needle) {
	if len(n.raw) < startBytes || x.known[string(n.raw)] {
		return
	}
	x.known[string(n.raw)] = true
	start := [startBytes]byte(n.raw)
	x.byStart[start] = append(x.byStart[start], n)
	pair := int(n.raw[0])<<8 | int(n.raw[1])
	x.pairs[pair/64] |= 1 << (pair % 64)
}

// found is a place with a needle.
type found struct {
	at int
	needle
}

// find lists the places of all needles, the longest first: one identity may
// contain another.
func (x *index) find(data []byte) (list []found) {
	if len(x.known) == 0 {
		return nil
	}
	for i := 0; i+startBytes <= len(data); i++ {
		pair := int(data[i])<<8 | int(data[i+1])
		if x.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for _, n := range x.byStart[[startBytes]byte(data[i:])] {
			if bytes.HasPrefix(data[i:], n.raw) && (!n.token || alone(data, i, len(n.raw))) {
				list = append(list, found{i, n})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return len(b.raw) - len(a.raw) })
	return list
}

func alone(data []byte, at, n int) bool {
	word := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return (at == 0 || !word(data[at-1])) && (at+n == len(data) || !word(data[at+n]))
}

// Known returns every form of what may be in no package.
func (r *Replacer) Known() (list [][]byte) {
	for _, some := range r.known.byStart {
		for _, n := range some {
			if n.sure {
				list = append(list, n.raw)
			}
		}
	}
	slices.SortFunc(list, bytes.Compare)
	return list
}

// Finder looks for what may be in no package.
type Finder struct{ known index }

// NewFinder returns a Finder of these texts.
func NewFinder(known [][]byte) *Finder {
	f := &Finder{newIndex()}
	for _, raw := range known {
		f.known.add(needle{raw: raw})
	}
	return f
}

// In reports whether one of the texts is in the data.
func (f *Finder) In(data []byte) bool { return len(f.known.find(data)) > 0 }
