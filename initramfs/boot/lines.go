package boot

import (
	"fmt"
	"strings"
)

// Width of the first column of the verdict table, and of a line.
const (
	labelWidth = 13
	lineWidth  = 79
)

// ascii keeps a terminal safe from what comes from outside.
func ascii(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return ' '
		case c != '\n' && (c < ' ' || c > '~'):
			return '?'
		}
		return c
	}, text)
}

// fold makes lines that fit on a screen, as far as they do not.
func fold(text string) string {
	var out strings.Builder
	for line := range strings.Lines(ascii(text)) {
		for len(strings.TrimSuffix(line, "\n")) > lineWidth {
			end := strings.LastIndexByte(line[:lineWidth+1], ' ')
			if end <= labelWidth {
				end = lineWidth
			}
			out.WriteString(strings.TrimRight(line[:end], " ") + "\n")
			line = "  " + strings.TrimLeft(line[end:], " ")
		}
		out.WriteString(line)
	}
	return out.String()
}

// field writes a row of the table, wrapped at spaces. A word that is too long
// for its column, which the longest name of a package is, begins further left,
// because it is to be copied in one piece.
func field(text *strings.Builder, label, value string) {
	line := fmt.Sprintf("%-*s", labelWidth, label)
	for i, word := range strings.Fields(ascii(value)) {
		if len(line)+len(word) > lineWidth && (i > 0 || len(word) > lineWidth-labelWidth) {
			if line = strings.TrimRight(line, " "); line != "" {
				text.WriteString(line + "\n")
			}
			line = strings.Repeat(" ", max(0, min(labelWidth, lineWidth-len(word))))
		}
		line += word + " "
	}
	text.WriteString(fold(strings.TrimRight(line, " ") + "\n"))
}
