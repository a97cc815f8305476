package modalias

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// IndexName is the name of the index inside the folder of its kernel release.
const IndexName = "boardprobe.index"

// IndexPath returns where in an image the index of a kernel release is kept,
// without a leading slash: lib/modules/RELEASE/boardprobe.index.
func IndexPath(release string) string { return "lib/modules/" + release + "/" + IndexName }

// MaxIndexBytes bounds an index. All modules of a distribution's kernel need
// about 1 MiB.
const MaxIndexBytes = 16 << 20

// maxLine bounds a line; the longest aliases, of input devices, stay below 2 KiB.
const maxLine = 8 << 10

// magic is the first line. The number is the version of the format.
const magic = "boardprobe-modules 1"

// Index describes the modules of one kernel release that an image carries.
type Index struct {
	Release string   // as uname -r prints it
	Builtin []string // modules that are part of the kernel itself, by name
	Modules []Module // sorted by name, '-' and '_' being one character
}

// Module is what the .modinfo section of one module says.
type Module struct {
	Name     string
	Path     string   // of the file, relative to the folder of the release
	Depends  []string // modules that must be loaded before
	SoftPre  []string // modules or aliases that should be loaded before
	SoftPost []string // modules or aliases that should be loaded after
	Aliases  []string // patterns for Match
	Firmware []string // names or patterns below lib/firmware that the module asks for
}

// The index is text, so that a board reads it without an allocation for every
// word. After the magic and the line "r RELEASE" come the names of built-in
// modules, "b NAME", and the modules, each starting with "m NAME PATH" and
// followed by its lists in the order of these tags, one value a line.
const (
	tagRelease  = 'r'
	tagBuiltin  = 'b'
	tagModule   = 'm'
	tagDepends  = 'd'
	tagSoftPre  = '<'
	tagSoftPost = '>'
	tagAlias    = 'a'
	tagFirmware = 'f'
)

const listTags = "d<>af"

// list returns the list of m that a tag fills.
func (m *Module) list(tag byte) *[]string {
	switch tag {
	case tagDepends:
		return &m.Depends
	case tagSoftPre:
		return &m.SoftPre
	case tagSoftPost:
		return &m.SoftPost
	case tagAlias:
		return &m.Aliases
	case tagFirmware:
		return &m.Firmware
	}
	return nil
}

// Encode writes the index, sorted, as Decode reads it. An index that Decode
// would refuse is an error.
func Encode(index Index) ([]byte, error) {
	e := indexEncoder{}
	e.text.WriteString(magic + "\n")
	e.line(tagRelease, index.Release)
	for _, name := range sortedNames(index.Builtin) {
		e.line(tagBuiltin, name)
	}
	modules := slices.Clone(index.Modules)
	slices.SortFunc(modules, func(a, b Module) int { return compareFolded(a.Name, b.Name) })
	for _, m := range modules {
		if strings.Contains(m.Name, " ") {
			return nil, fmt.Errorf("module index: space in the name %q", m.Name)
		}
		e.line(tagModule, m.Name+" "+m.Path)
		for i := range len(listTags) {
			for _, value := range *m.list(listTags[i]) {
				e.line(listTags[i], value)
			}
		}
	}
	if e.err != nil {
		return nil, e.err
	}
	text := e.text.String()
	if _, err := decode(text); err != nil {
		return nil, err
	}
	return []byte(text), nil
}

type indexEncoder struct {
	text strings.Builder
	err  error
}

// line writes one line. What else can be wrong with a value is left to decode;
// a line feed would make two good lines of it.
func (e *indexEncoder) line(tag byte, value string) {
	if strings.Contains(value, "\n") && e.err == nil {
		e.err = fmt.Errorf("module index: line feed in %q", value)
	}
	e.text.WriteByte(tag)
	e.text.WriteByte(' ')
	e.text.WriteString(value)
	e.text.WriteByte('\n')
}

func sortedNames(names []string) []string {
	sorted := slices.Clone(names)
	slices.SortFunc(sorted, compareFolded)
	return slices.CompactFunc(sorted, func(a, b string) bool { return compareFolded(a, b) == 0 })
}

// Decode reads an index strictly: what it accepts is exactly what Encode
// writes.
func Decode(data []byte) (Index, error) {
	if len(data) > MaxIndexBytes {
		return Index{}, fmt.Errorf("module index: %d bytes, at most %d are read", len(data), MaxIndexBytes)
	}
	return decode(string(data))
}

func decode(text string) (Index, error) {
	if len(text) > MaxIndexBytes {
		return Index{}, fmt.Errorf("module index: %d bytes, at most %d are allowed", len(text), MaxIndexBytes)
	}
	rest, ok := strings.CutPrefix(text, magic+"\n")
	if !ok {
		return Index{}, fmt.Errorf("module index: does not start with %q", magic)
	}
	d := indexDecoder{
		// The strings of all lists share this array and the bytes of text.
		values:  make([]string, 0, strings.Count(rest, "\n")),
		section: tagRelease,
	}
	d.index.Modules = make([]Module, 0, strings.Count(rest, "\nm "))
	for number := 2; rest != ""; number++ {
		line, after, ok := strings.Cut(rest, "\n")
		if !ok {
			return Index{}, fmt.Errorf("module index: line %d is cut off", number)
		}
		if err := d.line(line); err != nil {
			return Index{}, fmt.Errorf("module index: line %d: %w", number, err)
		}
		rest = after
	}
	if d.index.Release == "" {
		return Index{}, errors.New("module index: no release")
	}
	d.closeList()
	return d.index, nil
}

// indexDecoder is the state between two lines.
type indexDecoder struct {
	index   Index
	values  []string
	start   int  // in values, of the list being read
	section byte // the tag whose lines are being read
}

func (d *indexDecoder) line(line string) error {
	if len(line) < 3 || line[1] != ' ' {
		return errors.New("not a tag, a space and a value")
	}
	if len(line) > maxLine {
		return fmt.Errorf("%d bytes, at most %d are allowed", len(line), maxLine)
	}
	for i := range len(line) {
		if line[i] < ' ' || line[i] == 0x7f {
			return errors.New("control character")
		}
	}
	tag, value := line[0], line[2:]
	switch {
	case tag == tagRelease && d.index.Release == "":
		return d.release(value)
	case d.index.Release == "":
		return errors.New("the release must come first")
	case tag == tagBuiltin && (d.section == tagRelease || d.section == tagBuiltin):
		return d.builtin(value)
	case tag == tagModule:
		return d.module(value)
	}
	order := strings.IndexByte(listTags, tag)
	if order < 0 || len(d.index.Modules) == 0 || order < strings.IndexByte(listTags, d.section) {
		return fmt.Errorf("tag %q is not expected here", tag)
	}
	if tag != d.section {
		d.closeList()
		d.section = tag
	}
	d.values = append(d.values, value)
	return nil
}

// closeList gives the values read so far to the list that they belong to.
func (d *indexDecoder) closeList() {
	values := d.values[d.start:len(d.values):len(d.values)]
	d.start = len(d.values)
	switch {
	case len(values) == 0:
	case d.section == tagBuiltin:
		d.index.Builtin = values
	default:
		*d.index.Modules[len(d.index.Modules)-1].list(d.section) = values
	}
}

func (d *indexDecoder) release(value string) error {
	if !ValidRelease(value) {
		return fmt.Errorf("release %q is not the name of a folder", value)
	}
	d.index.Release = value
	return nil
}

func (d *indexDecoder) builtin(name string) error {
	if strings.Contains(name, " ") {
		return errors.New("space in a name")
	}
	if len(d.values) > 0 && compareFolded(d.values[len(d.values)-1], name) >= 0 {
		return fmt.Errorf("built-in module %q is out of order", name)
	}
	d.section = tagBuiltin
	d.values = append(d.values, name)
	return nil
}

func (d *indexDecoder) module(value string) error {
	name, path, _ := strings.Cut(value, " ")
	if name == "" || !fs.ValidPath(path) || path == "." {
		return fmt.Errorf("module %q has no valid path", name)
	}
	if n := len(d.index.Modules); n > 0 && compareFolded(d.index.Modules[n-1].Name, name) >= 0 {
		return fmt.Errorf("module %q is out of order", name)
	}
	d.closeList()
	d.section = tagModule
	d.index.Modules = append(d.index.Modules, Module{Name: name, Path: path})
	return nil
}

// ValidRelease reports whether a kernel release can be the name of a folder
// and a word in a line.
func ValidRelease(release string) bool {
	if release == "" || release == "." || release == ".." || len(release) > 255 {
		return false
	}
	for i := range len(release) {
		if c := release[i]; c <= ' ' || c >= 0x7f || c == '/' || c == '\\' {
			return false
		}
	}
	return true
}
