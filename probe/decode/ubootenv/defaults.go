package ubootenv

import (
	"bytes"
	"slices"
)

// Default is an environment as it was compiled into U-Boot. U-Boot works with it
// while it finds no valid saved one, so it says what the board was built to do,
// not what it does.
type Default struct {
	Offset      int64 // of the first variable, on the medium
	Environment Environment
}

const (
	maxDefaults  = 8
	minVariables = 3        // fewer are some other text
	maxRunBytes  = 16 << 20 // that are looked at closely
)

// FindDefaults finds the environments that are compiled into U-Boot images in a
// part of a medium that begins at base: runs of "name=value" strings around
// bootcmd or boot_targets, with a NUL behind each. Compressed images hide them.
// They come in their order on the medium. At most 8 are returned, fewer if so
// much looks like one that the search was given up. A block that Scan finds is
// found here, too, for this looks at no checksum.
func FindDefaults(data []byte, base int64) []Default {
	var found []Default
	var taken []span
	work := 0
	add := func(start int) {
		text := data[start:min(len(data), start+maxBytes)]
		size, ok := measure(text, false)
		work += size
		if !ok {
			return
		}
		e := newEnvironment(text[:size])
		if e.Len() < minVariables {
			return
		}
		// The same run may have been found from a variable behind its first one.
		if at := slices.IndexFunc(taken, func(s span) bool { return s.end == start+size }); at >= 0 {
			found, taken = slices.Delete(found, at, at+1), slices.Delete(taken, at, at+1)
		} else if len(found) == maxDefaults {
			return
		}
		at := 0 // in the order of offsets
		for at < len(taken) && taken[at].start < start {
			at++
		}
		found = slices.Insert(found, at, Default{base + int64(start), e})
		taken = slices.Insert(taken, at, span{start, start + size})
	}
	// A variable with a NUL in front first. If there is none around, bootcmd may be
	// the first one, and stand right behind data that has no end; the names of
	// other variables end like it, so that is the last choice.
	for _, anchor := range [...]struct {
		text string
		own  bool
	}{{"bootcmd=", true}, {"boot_targets=", true}, {"bootcmd=", false}} {
		each(data, anchor.text, func(at int) {
			known := slices.ContainsFunc(taken, func(s span) bool { return s.start <= at && at < s.end })
			if known || anchor.own != (at == 0 || data[at-1] == 0) || work > maxRunBytes {
				return
			}
			start := at
			if anchor.own {
				start = runStart(data, at)
			}
			if work += at - start; work <= maxRunBytes {
				add(start)
			}
		})
	}
	return found
}

// span is a range of bytes.
type span struct{ start, end int }

// runStart goes back from a variable to the first one of its run. What a program
// has in front is no variable, for want of a name and a '='.
func runStart(data []byte, at int) int {
	for floor := max(0, at-maxBytes); at > floor; {
		before := at - 1 // the NUL
		previous := bytes.LastIndexByte(data[floor:before], 0) + floor + 1
		if previous == floor && floor > 0 {
			break // cut off in front
		}
		if _, ok := plausibleName(data[previous:before]); !ok {
			break
		}
		at = previous
	}
	return at
}

func compareOffset(a, b int64) int { return int(min(max(a-b, -1), 1)) }
