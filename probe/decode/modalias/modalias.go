// Package modalias finds the kernel modules that a device, or the kernel
// itself, asks for: it matches modalias patterns, and it defines the compact
// index of a kernel's modules that a probe image carries in place of the files
// that depmod writes.
//
// It is pure: it neither reads files nor loads modules, and it does not decide
// which modules must never be loaded.
package modalias

// Match reports whether an alias pattern, as it stands in the .modinfo section
// of a module, matches a modalias.
//
// The patterns are those of fnmatch(3) without flags ('*', '?', '[...]' and
// backslash; '/' is an ordinary character), because file2alias.c of the kernel
// writes them for modprobe, which matches so. Outside of brackets '-' and '_'
// are one character, as they are for modprobe(8).
func Match(pattern, name string) bool {
	p, n := 0, 0
	star, resume := -1, 0 // the last '*' and where in name to try it next
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, resume = p, n
			p++
			continue
		}
		if next, ok := matchOne(pattern, p, name[n]); ok {
			p = next
			n++
			continue
		}
		if star < 0 {
			return false
		}
		resume++
		p, n = star+1, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches the single pattern element at p, which is not a '*', with c
// and returns where the next element starts.
func matchOne(pattern string, p int, c byte) (next int, ok bool) {
	if p >= len(pattern) {
		return p, false
	}
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 == len(pattern) {
			return p, false
		}
		return p + 2, fold(pattern[p+1]) == fold(c)
	case '[':
		if end := bracketEnd(pattern, p); end > 0 {
			return end, inBracket(pattern[p+1:end-1], c)
		}
	}
	return p + 1, fold(pattern[p]) == fold(c)
}

// bracketEnd returns the index after the bracket expression that opens at p,
// or 0 if nothing closes it, which makes the '[' an ordinary character.
func bracketEnd(pattern string, p int) int {
	i := p + 1
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		i++
	}
	for first := true; i < len(pattern); first = false {
		switch {
		case pattern[i] == ']' && !first:
			return i + 1
		case pattern[i] == '\\':
			i++
		}
		i++
	}
	return 0
}

// inBracket reports whether c is in the set between the brackets.
func inBracket(set string, c byte) bool {
	negate := set != "" && (set[0] == '!' || set[0] == '^')
	if negate {
		set = set[1:]
	}
	found := false
	for len(set) > 0 {
		var low byte
		low, set = setByte(set)
		high := low
		if len(set) > 1 && set[0] == '-' {
			high, set = setByte(set[1:])
		}
		if low <= c && c <= high {
			found = true
		}
	}
	return found != negate
}

// setByte takes one possibly escaped character from the front of a set.
func setByte(set string) (byte, string) {
	if set[0] == '\\' && len(set) > 1 {
		set = set[1:]
	}
	return set[0], set[1:]
}

// fold makes '-' and '_' the same character.
func fold(c byte) byte {
	if c == '-' {
		return '_'
	}
	return c
}

// compareFolded orders strings with '-' and '_' being one character.
func compareFolded(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := fold(a[i]), fold(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}
