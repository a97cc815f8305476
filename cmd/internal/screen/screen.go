// Package screen is how the commands write what people read. What a board, a
// package or a log said reaches a terminal escaped: it can neither move the
// cursor nor begin a line of its own.
package screen

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/boardprobe/boardprobe/report"
)

// Printer writes text for people. Its rules: every argument of Printf is one
// piece of a line; a text that has lines of its own was composed by this program
// and goes through Write.
type Printer struct{ w io.Writer }

// New returns a printer that writes to w.
func New(w io.Writer) Printer { return Printer{w} }

// Raw is where files go: packages, and blocks of text that carry one.
func (p Printer) Raw() io.Writer { return p.w }

// Printf is fmt.Fprintf with every argument that is text escaped, so that a line
// end in it ends no line.
func (p Printer) Printf(format string, args ...any) {
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = escape(arg)
	}
	fmt.Fprintf(p.w, format, shown...)
}

func escape(arg any) any {
	switch arg := arg.(type) {
	case nil:
		return nil
	case error:
		return report.Escape(arg.Error())
	case fmt.Stringer:
		return report.Escape(arg.String())
	}
	if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
		return report.Escape(v.String())
	}
	return arg
}

// Write writes text of several lines: line ends and tabs stay, all else that is
// not printable is escaped.
func (p Printer) Write(text []byte) (int, error) {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		line, ended := bytes.CutSuffix(line, []byte("\n"))
		for i, part := range strings.Split(string(line), "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(report.Escape(part))
		}
		if ended {
			b.WriteByte('\n')
		}
	}
	if _, err := p.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// JSON writes a JSON document. What is not printable is escaped as JSON has it,
// so that the document stays the same to its readers.
func (p Printer) JSON(document []byte) error {
	var b bytes.Buffer
	for i := 0; i < len(document); {
		c, n := utf8.DecodeRune(document[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			b.WriteString(`\ufffd`)
		case c == '\n', c == '\t', strconv.IsPrint(c):
			b.Write(document[i : i+n])
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		i += n
	}
	_, err := p.w.Write(b.Bytes())
	return err
}
