package report

import (
	"reflect"
	"slices"
)

// Withdraw takes back what does not stand: the facts of these paths become a
// gap, and the elements of lists whose paths are in it are taken out.
func (r *Report) Withdraw(paths map[string]bool, gap Gap, note string) {
	withdraw(reflect.ValueOf(r).Elem(), "", func(path string) bool { return paths[path] }, gap, note)
}

func withdraw(v reflect.Value, at string, gone func(path string) bool, gap Gap, note string) {
	for i := range v.NumField() {
		path := join(at, v.Type().Field(i))
		switch field := v.Field(i); {
		case field.Kind() == reflect.Struct:
			if f, ok := field.Addr().Interface().(changeable); !ok {
				withdraw(field, path, gone, gap, note)
			} else if gone(path) {
				f.withdraw(gap, note)
			}
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			kept := reflect.MakeSlice(field.Type(), 0, field.Len())
			for k := range field.Len() {
				element := field.Index(k)
				here := path + "[" + key(element) + "]"
				if !gone(here) {
					withdraw(element, here, gone, gap, note)
					kept = reflect.Append(kept, element)
				}
			}
			if kept.Len() < field.Len() {
				field.Set(kept)
			}
		}
	}
}

func (f *Fact[T]) withdraw(gap Gap, note string) { *f = Missing[T](gap, note, f.From...) }

// Stands returns the paths of what the report says and others, made of other
// answers to the questions that were not answered, do not say: facts, and
// elements of lists. id is that of the record which stands for no answer.
func (r *Report) Stands(id string, others []*Report) (not map[string]bool) {
	not = map[string]bool{}
	for l := range r.Facts() {
		if slices.Contains(l.From, id) {
			not[l.Path] = true
		}
	}
	for _, other := range others {
		theirs, lists := map[string]Leaf{}, map[string]bool{}
		for l := range other.Facts() {
			theirs[l.Path], lists[l.List] = l, true
		}
		for l := range r.Facts() {
			is, ok := theirs[l.Path]
			switch {
			case !lists[l.List]:
				not[l.List] = true
			case !ok || is.Value != l.Value || is.Gap != l.Gap:
				not[l.Path] = true
			}
		}
	}
	return not
}
