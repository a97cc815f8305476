package report

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxTextBytes bounds every text of a report. Nothing honest is longer: a
// command line of Linux has at most 4096 bytes (COMMAND_LINE_SIZE).
const MaxTextBytes = 4096

// Clean makes of any bytes the text that a report can hold: printable and valid
// UTF-8 as [Escape] makes it, at most [MaxTextBytes] long. The bytes themselves
// stay in the evidence.
func Clean(text string) string {
	if len(text) <= MaxTextBytes && printable(text) {
		return text
	}
	text = Escape(text[:min(len(text), MaxTextBytes+utf8.UTFMax)])
	if len(text) <= MaxTextBytes {
		return text
	}
	const more = "..."
	end := MaxTextBytes - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// Escape shows what a terminal could take for a command, or a reader for another
// text, in the way of Go: controls, formats such as the change of the direction
// of writing, line ends and bytes that are not UTF-8, as in \x1b or \u202e. What
// is printable is returned as it is.
func Escape(text string) string {
	if printable(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case strconv.IsPrint(c):
			b.WriteRune(c)
		default:
			quoted := strconv.QuoteRuneToASCII(c)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += n
	}
	return b.String()
}

func printable(text string) bool {
	for i, c := range text {
		if c < 0x7f && c >= ' ' {
			continue
		}
		if !strconv.IsPrint(c) {
			return false
		}
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return false
			}
		}
	}
	return true
}

// maxTexts bounds the list of texts that one fact can hold.
const maxTexts = 1024

// Clean makes every text of the report one that it can hold: values, notes,
// keys, names, reasons and labels. Whoever makes a report calls it once, when
// all is in it.
func (r *Report) Clean() {
	texts(reflect.ValueOf(r).Elem(), func(v reflect.Value) {
		was := v.String()
		if is := Clean(was); is != was {
			v.SetString(is)
		}
	})
	for f := range facts(reflect.ValueOf(r).Elem()) {
		f.bound()
	}
}

// unclean returns a text of the report that is not valid UTF-8. Encoding it
// would make another text of it, so that the report could not be read again.
func (r *Report) unclean() (bad string, found bool) {
	texts(reflect.ValueOf(r).Elem(), func(v reflect.Value) {
		if !found && !utf8.ValidString(v.String()) {
			bad, found = v.String(), true
		}
	})
	return bad, found
}

// texts visits every string below a value that can be set.
func texts(v reflect.Value, visit func(reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		visit(v)
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), visit)
		}
	case reflect.Slice:
		switch v.Type().Elem().Kind() {
		case reflect.String, reflect.Struct:
			for i := range v.Len() {
				texts(v.Index(i), visit)
			}
		}
	}
}

// facts yields every fact below a struct, whether or not it was asked for.
func facts(v reflect.Value) iter.Seq[changeable] {
	return func(yield func(changeable) bool) { eachFact(v, yield) }
}

func eachFact(v reflect.Value, yield func(changeable) bool) bool {
	for i := range v.NumField() {
		switch field := v.Field(i); field.Kind() {
		case reflect.Struct:
			if f, ok := field.Addr().Interface().(changeable); ok {
				if !yield(f) {
					return false
				}
			} else if !eachFact(field, yield) {
				return false
			}
		case reflect.Slice:
			for k := range field.Len() {
				if field.Type().Elem().Kind() == reflect.Struct && !eachFact(field.Index(k), yield) {
					return false
				}
			}
		}
	}
	return true
}

// changeable is implemented by a pointer to every Fact.
type changeable interface {
	IsZero() bool
	words() error
	bound()
	withdraw(gap Gap, note string)
}

// bound cuts a list of texts that is too long.
func (f *Fact[T]) bound() {
	list, ok := any(f.Value).([]string)
	if !ok || len(list) <= maxTexts {
		return
	}
	cut := append(slices.Clone(list[:maxTexts-1]), fmt.Sprintf("and %d more", len(list)-maxTexts+1))
	f.Value = any(cut).(T)
}
