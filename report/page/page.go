// Package page sets text for people: lines of 79 columns of printable ASCII,
// whatever a board said.
package page

import (
	"fmt"
	"strings"
)

// Width fits a serial console.
const Width = 79

// MaxText bounds what one statement can put on a page. Nothing honest is that
// long.
const MaxText = 2000

// Clean makes any text one line of printable ASCII: a board, and the maker of
// a package, must not be able to send escapes to a terminal or to break lines.
func Clean(s string) string {
	var b strings.Builder
	space := false
	for _, c := range s {
		if c <= ' ' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x2029 {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if c > '~' {
			c = '?'
		}
		b.WriteRune(c)
		if b.Len() >= MaxText {
			b.WriteString(" [cut]")
			break
		}
	}
	return b.String()
}

// Wrap breaks cleaned text into lines: the first of at most firstWidth
// characters, the others of restWidth. A word longer than a line is split.
func Wrap(text string, firstWidth, restWidth int) []string {
	var lines []string
	line, width := "", firstWidth
	flush := func() {
		lines = append(lines, line)
		line, width = "", restWidth
	}
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			flush()
		}
		for len(word) > width-len(line) && line == "" {
			line, word = word[:width], word[width:]
			flush()
		}
		if word == "" {
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// Block writes text after a label of the given width, and continuation lines
// below the text.
func Block(b *strings.Builder, label, text string, width int) {
	for i, line := range Wrap(Clean(text), Width-width, Width-width) {
		if i > 0 {
			label = ""
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s%s", width, label, line), " ") + "\n")
	}
}

// Size prints an amount in binary units, rounded down: what just misses a
// size must not look like it.
func Size(n int64, decimals int) string {
	unit, name := int64(1<<30), "GiB"
	switch {
	case n < 0:
		return "invalid size"
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<40:
		unit, name = 1<<40, "TiB"
	}
	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	return fmt.Sprintf("%d.%0*d %s", n/unit, decimals, n%unit*scale/unit, name)
}

// List joins words as people do: a, b and c.
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
