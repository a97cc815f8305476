package report

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
)

// Class says what a difference in a field means when reports are compared.
type Class string

const (
	ClassKey         Class = "key"         // finds an element of a list again
	ClassIdentity    Class = "identity"    // this unit: serials, addresses
	ClassRevision    Class = "revision"    // this hardware revision
	ClassFirmware    Class = "firmware"    // firmware versions
	ClassSoftware    Class = "software"    // what depends on the kernel that ran
	ClassCapability  Class = "capability"  // what the board can do
	ClassVolatile    Class = "volatile"    // changes from moment to moment
	ClassEnvironment Class = "environment" // what was plugged in, and the run itself
)

// Leaf is one fact of a report, with its place and class.
type Leaf struct {
	Path  string // as in storage[platform/fe330000.mmc/mmc].size_bytes
	List  string // path of the innermost list element, "" outside lists
	Class Class
	Value string // canonical JSON of the value, "" for a gap
	Gap   Gap
	Note  string
	From  []string
	Basis Basis

	mark  string
	round int64
}

// leafer is implemented by every Fact; it hides the type of the value.
type leafer interface {
	IsZero() bool
	leaf() (Leaf, error)
}

func (f Fact[T]) leaf() (Leaf, error) {
	l := Leaf{Gap: f.Gap, Note: f.Note, From: f.From, Basis: f.Basis}
	if l.Basis == "" && f.Gap == "" {
		l.Basis = Observed
	}
	if f.Gap == "" {
		value, err := marshal(f.Value)
		if string(value) == "null" { // an empty list, as the document has it
			value = []byte("[]")
		}
		if err != nil {
			return Leaf{}, err
		}
		l.Value = string(value)
	}
	return l, nil
}

// Facts yields every fact that was asked for, in the order of the document.
// A device that is not soldered to the board is a matter of the environment,
// so all of its facts are.
func (r *Report) Facts() iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) {
		walk(reflect.ValueOf(r).Elem(), walked{}, yield)
	}
}

// FactsOf yields the facts below one top-level field, named as in the document.
func (r *Report) FactsOf(field string) iter.Seq[Leaf] {
	return func(yield func(Leaf) bool) {
		for l := range r.Facts() {
			if top := strings.FieldsFunc(l.Path, func(c rune) bool { return c == '.' || c == '[' }); top[0] != field {
				continue
			}
			if !yield(l) {
				return
			}
		}
	}
}

// walked is what the walk inherits from above.
type walked struct {
	path, list string
	class      Class // overrides the class of all below, if set
}

func walk(v reflect.Value, at walked, yield func(Leaf) bool) bool {
	t := v.Type()
	for i := range t.NumField() {
		if v.Field(i).IsZero() {
			continue // most of a report that is made section by section
		}
		field := t.Field(i)
		path := join(at.path, field)
		if fact, ok := v.Field(i).Interface().(leafer); ok {
			if fact.IsZero() {
				continue
			}
			l, err := fact.leaf()
			if err != nil {
				l = Leaf{Gap: Invalid, Note: err.Error()}
			}
			l.Path, l.List, l.Class = path, at.list, Class(field.Tag.Get("class"))
			l.mark = field.Tag.Get("mark")
			l.round, _ = strconv.ParseInt(field.Tag.Get("round"), 10, 64)
			l.Class = inherit(at.class, l.Class)
			if at.class == perhaps { // it may be no part of the board
				l.mark = ""
			}
			if !yield(l) {
				return false
			}
			continue
		}
		below := v.Field(i)
		switch below.Kind() {
		case reflect.Struct:
			if Class(field.Tag.Get("class")) == ClassEnvironment && field.Type == reflect.TypeFor[Run]() {
				continue // tells runs apart, states nothing about the board
			}
			if !walk(below, walked{path, at.list, at.class}, yield) {
				return false
			}
		case reflect.Slice:
			if below.Type().Elem().Kind() != reflect.Struct || field.Tag.Get("class") != "" {
				continue // members and sections
			}
			for k := range below.Len() {
				element := below.Index(k)
				here := path + "[" + key(element) + "]"
				if !walk(element, walked{here, here, classOf(element, at.class)}, yield) {
					return false
				}
			}
		}
	}
	return true
}

// join is the path of a field below another.
func join(at string, field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if at == "" {
		return name
	}
	return at + "." + name
}

// key returns the value of the field of class key.
func key(element reflect.Value) string {
	if i, ok := keyField(element.Type()); ok {
		return element.Field(i).String()
	}
	return ""
}

// perhaps is inherited by all below a disk of which nobody can see whether it is the
// board's or a module: that it is another is worth telling, and never breaking.
const perhaps Class = "perhaps"

// classOf makes everything about a device that is known not to be soldered a matter
// of the environment. Of storage that may be a module or card see perhaps; of others
// of which nobody can see it, as of what is on PCI, the board is taken to have them.
func classOf(element reflect.Value, inherited Class) Class {
	attached := element.FieldByName("Attached")
	if !attached.IsValid() {
		return inherited
	}
	fact := attached.Interface().(Fact[string])
	switch {
	case fact.OK() && fact.Value != Soldered, strings.HasPrefix(key(element), "virtual/"): // made by the kernel, and no part
		return ClassEnvironment
	case !fact.OK() && element.Type() == reflect.TypeFor[Disk]():
		return perhaps
	case !fact.OK() && element.Type() == reflect.TypeFor[USBDevice](): // most of which are plugged in
		return ClassEnvironment
	}
	return inherited
}

// inherit is the class of a fact below an element of a class.
func inherit(of, own Class) Class {
	switch {
	case of == "" || own == ClassVolatile:
		return own
	case of != perhaps:
		return of
	case own == ClassRevision || own == ClassCapability:
		return ClassSoftware
	case own == ClassIdentity: // of a module, which does not identify the board
		return ClassEnvironment
	}
	return own
}

// CheckClasses verifies that every field of the schema has a class, and every
// list element exactly one key. It is the rule that a new field must obey.
func CheckClasses() error {
	return checkClasses(reflect.TypeFor[Report](), "report")
}

func checkClasses(t reflect.Type, path string) error {
	keys := 0
	for i := range t.NumField() {
		field := t.Field(i)
		class := Class(field.Tag.Get("class"))
		here := path + "." + field.Name
		known := oneOf(class, ClassKey, ClassIdentity, ClassRevision, ClassFirmware, ClassSoftware, ClassCapability, ClassVolatile, ClassEnvironment)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name == "" {
			return fmt.Errorf("%s: no JSON name", here)
		}
		switch {
		case field.Type.Implements(reflect.TypeFor[leafer]()):
			if !known || class == ClassKey {
				return fmt.Errorf("%s: a fact needs a class, has %q", here, class)
			}
		case class == ClassKey:
			keys++
		case known:
			// A block of the run: plain values, never compared.
			if field.Type == reflect.TypeFor[Sight]() {
				if err := checkClasses(field.Type, here); err != nil {
					return err
				}
			}
		case field.Type.Kind() == reflect.Struct:
			if err := checkClasses(field.Type, here); err != nil {
				return err
			}
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			if err := checkClasses(field.Type.Elem(), here+"[]"); err != nil {
				return err
			}
		case path == "report" && (field.Name == "Schema" || field.Name == "Minor"):
		default:
			return fmt.Errorf("%s: neither a fact nor a class", here)
		}
	}
	if strings.HasSuffix(path, "[]") && keys != 1 {
		return fmt.Errorf("%s: a list element has one key, this has %d", path, keys)
	}
	return nil
}

// Distinguish numbers the elements of a list that have one key, so that every
// fact has a path of its own: a board may have two devices which nothing tells
// apart but the order in which they are listed.
func (r *Report) Distinguish() { distinguish(reflect.ValueOf(r).Elem()) }

func distinguish(v reflect.Value) {
	for i := range v.NumField() {
		switch field := v.Field(i); {
		case field.Type().Implements(reflect.TypeFor[leafer]()):
		case field.Kind() == reflect.Struct:
			distinguish(field)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			seen := map[string]int{}
			for k := range field.Len() {
				element := field.Index(k)
				distinguish(element)
				if at, ok := keyField(element.Type()); ok {
					name := element.Field(at).String()
					if seen[name]++; seen[name] > 1 {
						element.Field(at).SetString(fmt.Sprintf("%s#%d", name, seen[name]))
					}
				}
			}
		}
	}
}

// keyField finds the field of class key.
func keyField(t reflect.Type) (int, bool) {
	for i := range t.NumField() {
		if Class(t.Field(i).Tag.Get("class")) == ClassKey {
			return i, true
		}
	}
	return 0, false
}
