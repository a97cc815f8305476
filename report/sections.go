package report

import (
	"reflect"
	"slices"
	"strings"
)

// SectionOf returns the section that answers for the fact or list at a path. A
// section has the name of its field in the report, unless the field says
// otherwise by its tag.
func SectionOf(path string) string {
	t := reflect.TypeFor[Report]()
	section := ""
	for name := range fields(path) {
		field, ok := fieldNamed(t, name)
		if !ok {
			break
		}
		if section == "" {
			section = name
		}
		if tag := field.Tag.Get("section"); tag != "" {
			section = tag
		}
		if t = field.Type; t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			break
		}
	}
	return section
}

// fields yields the names of the fields of a path, without the keys of lists,
// which may have any text in them.
func fields(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		name, depth := "", 0
		for _, c := range path + "." {
			switch {
			case c == '[':
				depth++
			case c == ']' && depth > 0:
				depth--
			case depth > 0:
			case c == '.':
				if !yield(name) {
					return
				}
				name = ""
			default:
				name += string(c)
			}
		}
	}
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		field := t.Field(i)
		if is, _, _ := strings.Cut(field.Tag.Get("json"), ","); is == name {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// owners lists the sections that answer for the facts with a mark, sorted.
func owners(mark string) []string {
	var list []string
	var look func(t reflect.Type, section string)
	look = func(t reflect.Type, section string) {
		for i := range t.NumField() {
			field := t.Field(i)
			own := section
			if own == "" {
				own, _, _ = strings.Cut(field.Tag.Get("json"), ",")
			}
			if tag := field.Tag.Get("section"); tag != "" {
				own = tag
			}
			if field.Tag.Get("mark") == mark {
				list = append(list, own)
			}
			inner := field.Type
			if inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && !field.Type.Implements(reflect.TypeFor[leafer]()) {
				look(inner, own)
			}
		}
	}
	look(reflect.TypeFor[Report](), "")
	slices.Sort(list)
	return slices.Compact(list)
}
