package main

import (
	"path"
	"slices"
	"strings"
)

// makefiles is what the Makefiles of a kernel say about objects, which are
// named by their path from the root of the source without suffix. Conditions
// and functions of make are not evaluated: both branches count.
type makefiles struct {
	gates map[string][]string // objects, and folders with a final '/', to options; "" is obj-y
	parts map[string][]string // objects to the objects that they are linked into
}

func newMakefiles() *makefiles {
	return &makefiles{gates: map[string][]string{}, parts: map[string][]string{}}
}

// add reads the Makefile or Kbuild of a folder
// (Documentation/kbuild/makefiles.rst).
func (m *makefiles) add(folder, text string) {
	f := readMakefile(text)
	for _, a := range f {
		isGoal := a.left == "obj-y" || a.left == "obj-m" || strings.HasPrefix(a.left, "obj-$")
		whole, isComposite := composite(a.left)
		for _, word := range f.expand(a.words, map[string]bool{}) {
			object, isObject := strings.CutSuffix(word, ".o")
			switch {
			case isGoal && isObject:
				addOnce(m.gates, path.Join(folder, object), optionIn(a.left))
			case isGoal && strings.HasSuffix(word, "/"):
				addOnce(m.gates, path.Join(folder, word)+"/", optionIn(a.left))
			case isComposite && isObject:
				addOnce(m.parts, path.Join(folder, object), path.Join(folder, whole))
			}
		}
	}
}

// makefile is the assignments of a Makefile.
type makefile []assignment

type assignment struct {
	left  string // the variable, as it is written
	words []string
}

func readMakefile(text string) makefile {
	var f makefile
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		left, right, ok := strings.Cut(line, "=")
		left = strings.TrimSpace(strings.TrimRight(left, ":+?"))
		name, _, _ := strings.Cut(left, "$")
		if ok && left != "" && !strings.ContainsAny(name, " \t:") {
			f = append(f, assignment{left, strings.Fields(right)})
		}
	}
	return f
}

// expand replaces $(NAME) by the words of that variable, once. What functions
// of make would give is left out.
func (f makefile) expand(words []string, seen map[string]bool) []string {
	var list []string
	for _, word := range words {
		name, isVariable := strings.CutPrefix(word, "$(")
		name = strings.TrimSuffix(name, ")")
		switch {
		case !strings.ContainsAny(word, "$()"):
			list = append(list, word)
		case isVariable && !seen[name]:
			seen[name] = true
			for _, a := range f {
				// NAME-$(CONFIG_X) is NAME-y where the option is set.
				if stem, _, ok := strings.Cut(a.left, "-$"); a.left == name || ok && stem+"-y" == name {
					list = append(list, f.expand(a.words, seen)...)
				}
			}
		}
	}
	return list
}

func addOnce(m map[string][]string, key, value string) {
	if !slices.Contains(m[key], value) {
		m[key] = append(m[key], value)
	}
}

// optionIn returns the last option that a variable's name mentions: in
// obj-$(subst y,$(CONFIG_A),$(CONFIG_B)) it is B that adds the object.
func optionIn(left string) string {
	at := strings.LastIndex(left, "CONFIG_")
	if at < 0 {
		return ""
	}
	option := left[at:]
	if end := strings.IndexFunc(option, func(r rune) bool { return r != '_' && !isAlphanumeric(r) }); end >= 0 {
		option = option[:end]
	}
	return option
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// composite returns the object whose parts a variable lists: NAME-y, NAME-objs
// or NAME-$(CONFIG_X).
func composite(left string) (name string, ok bool) {
	for _, suffix := range []string{"-y", "-m", "-objs", "-objs-y", "-objs-m"} {
		if name, ok := strings.CutSuffix(left, suffix); ok && name != "" {
			return name, true
		}
	}
	for _, opening := range []string{"-$(", "-objs-$(", "-${"} {
		if name, _, ok := strings.Cut(left, opening); ok && name != "" {
			return name, true
		}
	}
	return "", false
}

// option returns what has to be enabled for an object: the option of its own
// goal, or of the nearest folder that has one. Objects that are part of every
// kernel have none, and ok is false for those that no Makefile names.
func (m *makefiles) option(object string) (option string, ok bool) {
	options, ok := m.gates[object]
	if !ok {
		return "", false
	}
	folder := object
	for {
		for _, option := range options {
			if option != "" {
				return option, true
			}
		}
		folder = path.Dir(strings.TrimSuffix(folder, "/"))
		if folder == "." {
			return "", true
		}
		folder += "/"
		options = m.gates[folder]
	}
}

// goals returns the modules, or built-in objects, that an object ends up in.
func (m *makefiles) goals(object string) []string {
	var goals []string
	seen := map[string]bool{}
	var climb func(string)
	climb = func(object string) {
		if seen[object] {
			return
		}
		seen[object] = true
		if _, ok := m.gates[object]; ok {
			goals = append(goals, object)
		}
		for _, whole := range m.parts[object] {
			climb(whole)
		}
	}
	climb(object)
	slices.Sort(goals)
	return goals
}
