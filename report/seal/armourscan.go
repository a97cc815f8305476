package seal

import (
	"bytes"
	"hash/crc32"
	"strconv"
)

// armourLine is something in a log that has the form of a line of a block. It
// is one only if a block has its tag.
type armourLine struct {
	key    string // empty for data
	number int    // of a line of data
	token  []byte // valid until the next line
	tag    uint32
	offset int // of the start of the line of the log
}

const (
	// maxLineChars is the length of the longest line of a block.
	maxLineChars = 79
	// heldLines is how many lines a kernel may print into one line of a block.
	heldLines = 4
	// maxEscapeBytes bounds an escape sequence that holds text.
	maxEscapeBytes = 256
)

// scanArmour finds all lines of data in a log, or all others. A line that was
// torn, by a kernel message or by the edge of a terminal, is put together
// again if its second part begins one of the next lines of the log. Every
// byte is looked at a bounded number of times.
func scanArmour(log []byte, data bool, found func(armourLine)) {
	type part struct {
		text   []byte
		offset int
	}
	var held []part // the torn line of each of the last lines, if there is one
	var clean, joined []byte
	for start := 0; start < len(log); {
		line := log[start:]
		if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
			line = line[:i]
		}
		offset := start
		start += len(line) + 1
		if !isPlain(line) {
			clean = appendPlain(clean[:0], line)
			line = clean
		}
		if len(line) == 0 {
			continue
		}
		for i, h := range held {
			if len(h.text) == 0 {
				continue
			}
			joined = append(append(joined[:0], h.text...), line[:min(len(line), maxLineChars)]...)
			if _, ok := matchLine(joined, bytes.IndexByte(joined, ' '), h.offset, data, found); ok {
				held[i].text = nil
			}
		}
		var torn []byte
		for at := 0; at < len(line); {
			i := bytes.IndexByte(line[at:], ' ')
			if i < 0 {
				break
			}
			where, ok := matchLine(line, at+i, offset, data, found)
			at += i + 1
			switch {
			case ok:
				at = where.end
			case where.end-where.start > len(torn):
				torn = line[where.start:where.end]
			}
		}
		if len(held) == heldLines {
			held = append(held[:0], held[1:]...)
		}
		held = append(held, part{bytes.Clone(torn), offset})
	}
}

// span is where a line of a block stands in a line of the log.
type span struct{ start, end int }

// matchLine looks for a line of a block whose key ends before the space at
// this place. If there is only its beginning, it returns where that is.
func matchLine(text []byte, space, offset int, data bool, found func(armourLine)) (where span, ok bool) {
	key, width := keyBefore(text, max(space, 0), data)
	if width == 0 {
		return span{}, false
	}
	i := space + 1
	for i < len(text) && i-space <= maxTokenChars+1 && isTokenChar(text[i]) {
		i++
	}
	token := text[space+1 : i]
	if len(token) == 0 || len(token) > maxTokenChars {
		return span{}, false
	}
	where = span{space - width, i}
	if i == len(text) || text[i] != ' ' {
		return where, false
	}
	var sum uint32
	for where.end++; where.end <= i+sumChars; where.end++ {
		if where.end == len(text) {
			return where, false
		}
		digit := bytes.IndexByte([]byte("0123456789abcdef"), text[where.end])
		if digit < 0 {
			return where, false
		}
		sum = sum<<4 | uint32(digit)
	}
	line := func(key string, start int) armourLine {
		return armourLine{key: key, token: token, tag: crc32.ChecksumIEEE(text[start:i]) ^ sum, offset: offset}
	}
	if !data {
		found(line(key, where.start))
		return where, true
	}
	// Digits may stand in front of the number; only one of these has the tag
	// of a block.
	for w := minNumberChars; w <= width; w++ {
		if start := space - w; w == minNumberChars || text[start] != '0' {
			l := line("", start)
			l.number, _ = strconv.Atoi(string(text[start:space])) // at most seven digits
			found(l)
		}
	}
	return where, true
}

// keyBefore returns the key that ends at this place, and how long it is at
// most: a number of more digits may be a shorter one behind other digits.
func keyBefore(text []byte, end int, data bool) (key string, width int) {
	if data {
		for width < min(end, maxNumberChars) && text[end-1-width]-'0' <= 9 {
			width++
		}
		if width < minNumberChars {
			return "", 0
		}
		return "", width
	}
	for _, key := range [...]string{keyBegin, keyName, keyHash, keyEnd} {
		if bytes.HasSuffix(text[:end], []byte(key)) {
			return key, len(key)
		}
	}
	return "", 0
}

// isTokenChar accepts what stands in tokens: base64, and the hyphens of names.
func isTokenChar(c byte) bool {
	return isAlnum(c) || c == '+' || c == '/' || c == '=' || c == '-'
}

func isPlain(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// appendPlain appends a line of the log without what terminals do not print:
// escape sequences (ECMA-48), control characters, and the zeros that make up
// one half of a log in UTF-16. Nor does it keep bytes that are not ASCII.
func appendPlain(out, line []byte) []byte {
	start := len(out)
	for _, c := range line {
		if c != 0 {
			out = append(out, c)
		}
	}
	rest := out[start:]
	out = out[:start]
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c == 0x1b:
			rest = rest[escapeBytes(rest):]
			continue
		case c == '\t':
			out = append(out, ' ')
		case c >= ' ' && c <= '~':
			out = append(out, c)
		}
		rest = rest[1:]
	}
	return out
}

// escapeBytes returns the length of the escape sequence that text begins with.
func escapeBytes(text []byte) int {
	in := func(i int, from, to byte) bool { return i < len(text) && from <= text[i] && text[i] <= to }
	i := 1
	switch {
	case in(1, '[', '['): // CSI
		for i = 2; in(i, 0x30, 0x3f); i++ {
		}
	case in(1, ']', ']'), in(1, 'P', 'P'), in(1, 'X', 'X'), in(1, '^', '_'): // OSC, DCS, SOS, PM, APC
		for i = 2; i < maxEscapeBytes && in(i, ' ', 0xff); i++ {
		}
		switch {
		case in(i, 0x07, 0x07):
			return i + 1
		case in(i, 0x1b, 0x1b) && in(i+1, '\\', '\\'):
			return i + 2
		}
		return 2 // its end is lost
	}
	for ; in(i, 0x20, 0x2f); i++ {
	}
	if in(i, 0x30, 0x7e) {
		i++
	}
	return i
}
