package modalias

import (
	"cmp"
	"slices"
	"strings"
)

// Table finds modules in an index. It does not copy the index and must not be
// used after the index is changed; it may be used by several goroutines.
type Table struct {
	modules []Module
	builtin []string
	exact   []alias  // aliases without wildcards, sorted by their text
	tailed  []tailed // patterns with a long literal piece, sorted by its tail
	loose   []alias  // all other patterns: a few dozen in a usual kernel
}

// alias is the place of an alias in the index.
type alias struct{ module, alias int32 }

type tailed struct {
	tail uint64
	alias
}

// tailBytes is the length of the end of a pattern's longest literal piece by
// which patterns are looked up. A bus prefix would be the simpler key, but on
// a board with a device tree most patterns share the prefix "of:".
const tailBytes = 8

// NewTable prepares the lookups. The modules of the index must be sorted, as
// those of a decoded index are.
func NewTable(index Index) *Table {
	t := &Table{modules: index.Modules, builtin: index.Builtin}
	for m := range index.Modules {
		for a, pattern := range index.Modules[m].Aliases {
			at := alias{int32(m), int32(a)}
			piece := longestPiece(pattern)
			switch {
			case !strings.ContainsAny(pattern, `*?[\`):
				t.exact = append(t.exact, at)
			case len(piece) >= tailBytes:
				t.tailed = append(t.tailed, tailed{tailKey(piece[len(piece)-tailBytes:]), at})
			default:
				t.loose = append(t.loose, at)
			}
		}
	}
	slices.SortFunc(t.exact, func(a, b alias) int { return compareFolded(t.text(a), t.text(b)) })
	slices.SortFunc(t.tailed, func(a, b tailed) int { return cmp.Compare(a.tail, b.tail) })
	return t
}

func (t *Table) text(a alias) string { return t.modules[a.module].Aliases[a.alias] }

// longestPiece returns the longest run of characters in a pattern that any
// match must contain as it is.
func longestPiece(pattern string) string {
	longest := ""
	start := 0
	for i := 0; i <= len(pattern); {
		if i < len(pattern) && strings.IndexByte(`*?[\`, pattern[i]) < 0 {
			i++
			continue
		}
		if i-start > len(longest) {
			longest = pattern[start:i]
		}
		switch {
		case i == len(pattern):
			return longest
		case pattern[i] == '[' && bracketEnd(pattern, i) > 0:
			i = bracketEnd(pattern, i)
		case pattern[i] == '\\':
			i = min(i+2, len(pattern))
		default:
			i++
		}
		start = i
	}
	return longest
}

// tailKey packs the first tailBytes bytes of s.
func tailKey(s string) uint64 {
	var key uint64
	for i := range tailBytes {
		key = key<<8 | uint64(fold(s[i]))
	}
	return key
}

// Match returns the names of all modules with an alias that matches, in the
// order of the index.
func (t *Table) Match(modalias string) []string {
	var found []int32
	i, _ := slices.BinarySearchFunc(t.exact, modalias, func(a alias, s string) int { return compareFolded(t.text(a), s) })
	for ; i < len(t.exact) && compareFolded(t.text(t.exact[i]), modalias) == 0; i++ {
		found = append(found, t.exact[i].module)
	}
	for end := tailBytes; end <= len(modalias); end++ {
		key := tailKey(modalias[end-tailBytes : end])
		i, _ := slices.BinarySearchFunc(t.tailed, key, func(a tailed, k uint64) int { return cmp.Compare(a.tail, k) })
		for ; i < len(t.tailed) && t.tailed[i].tail == key; i++ {
			if Match(t.text(t.tailed[i].alias), modalias) {
				found = append(found, t.tailed[i].module)
			}
		}
	}
	for _, a := range t.loose {
		if Match(t.text(a), modalias) {
			found = append(found, a.module)
		}
	}
	slices.Sort(found)
	var names []string
	for _, m := range slices.Compact(found) {
		names = append(names, t.modules[m].Name)
	}
	return names
}

// Named returns the modules that a request by name means, as the kernel's
// request_module and modprobe make it ("vfat", "fs-vfat", "nls_cp437"): the
// module of that name, else all whose alias matches.
func (t *Table) Named(name string) []string {
	if i, ok := t.module(name); ok {
		return []string{t.modules[i].Name}
	}
	return t.Match(name)
}

// Builtin reports whether the module of that name is part of the kernel.
func (t *Table) Builtin(name string) bool {
	_, ok := slices.BinarySearchFunc(t.builtin, name, compareFolded)
	return ok
}

func (t *Table) module(name string) (int, bool) {
	return slices.BinarySearchFunc(t.modules, name, func(m Module, s string) int { return compareFolded(m.Name, s) })
}

// Closure returns the modules that Named finds for the names with all that they
// need, in an order in which they can be loaded: hard dependencies and soft
// ones of the kind "pre" before a module, those of the kind "post" after it. A
// circle of dependencies is entered once. In missing are names asked for and
// hard dependencies that are neither in the index nor part of the kernel; a
// soft dependency may be absent.
func (t *Table) Closure(names ...string) (order []Module, missing []string) {
	c := closure{table: t, seen: make([]bool, len(t.modules))}
	for _, name := range names {
		c.require(name, t.Named(name))
	}
	return c.order, c.missing
}

type closure struct {
	table   *Table
	seen    []bool
	order   []Module
	missing []string
}

// require adds the modules that were found for a name.
func (c *closure) require(name string, found []string) {
	if len(found) == 0 && !c.table.Builtin(name) && !slices.Contains(c.missing, name) {
		c.missing = append(c.missing, name)
	}
	c.addAll(found)
}

func (c *closure) addAll(names []string) {
	for _, name := range names {
		if i, ok := c.table.module(name); ok {
			c.add(i)
		}
	}
}

func (c *closure) add(i int) {
	if c.seen[i] {
		return
	}
	c.seen[i] = true
	m := c.table.modules[i]
	for _, name := range m.Depends {
		var found []string
		if j, ok := c.table.module(name); ok {
			found = []string{c.table.modules[j].Name}
		}
		c.require(name, found)
	}
	for _, name := range m.SoftPre {
		c.addAll(c.table.Named(name))
	}
	c.order = append(c.order, m)
	for _, name := range m.SoftPost {
		c.addAll(c.table.Named(name))
	}
}
