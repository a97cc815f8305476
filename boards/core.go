package boards

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/report"
)

// CoreInfo is what documents say about a kind of processor core. Facts that no
// document states are zero.
type CoreInfo struct {
	Vendor       report.Fact[string]
	Name         report.Fact[string]   // the core, or on x86 the microarchitecture; a gap if the table has the vendor and not the core
	Platform     report.Fact[string]   // what the vendor calls the chips with this core, as in Elkhart Lake
	Architecture report.Fact[string]   // level of the Arm architecture, as in armv8.2-a
	AArch32      report.Fact[bool]     // can run 32-bit Arm programs; from armv8.0-a on, AArch32 at EL0
	Compatible   report.Fact[[]string] // compatibles of the core in device trees, each of which is right
}

// Core finds what is known about a kind of core by its signature, which is in
// the words of /proc/cpuinfo:
//
//	midr:IMPLEMENTER:PART         both as 0x…, fields of MIDR_EL1
//	x86:VENDOR:FAMILY:MODEL       vendor_id, and two decimal numbers
//	riscv:MVENDORID:MARCHID[:ISA] both as 0x…
//
// It is false for what is no signature, and if neither vendor nor core are in
// the tables. What a signature leaves out (variant, stepping, mimpid) can be
// what tells two cores apart; then the name gives both, where a source does.
func Core(signature string) (CoreInfo, bool) {
	kind, _, _ := strings.Cut(signature, ":")
	load, ok := cores[kind]
	if !ok {
		return CoreInfo{}, false
	}
	t, err := load()
	if err != nil {
		return CoreInfo{}, false // the tests load the same files
	}
	return coreTables{kind: t}.core(signature)
}

// cores is the embedded tables of cores, each decoded at the first question: a
// board has one kind.
var cores = map[string]func() (*coreTable, error){
	coreMIDR:  embeddedCores(coreMIDR),
	coreX86:   embeddedCores(coreX86),
	coreRISCV: embeddedCores(coreRISCV),
}

func embeddedCores(kind string) func() (*coreTable, error) {
	return sync.OnceValues(func() (*coreTable, error) {
		sub, err := fs.Sub(embedded, "data")
		if err != nil {
			return nil, err
		}
		return loadCore(sub, kind)
	})
}

// Kinds of signatures. Each has its file in data/core.
const (
	coreMIDR  = "midr"
	coreX86   = "x86"
	coreRISCV = "riscv"
)

// openCore is the highest marchid of an open-source design: in those of
// vendors the most significant bit is set (riscv-isa-manual, marchid.md).
const openCore = 1<<63 - 1

type coreTables map[string]*coreTable // by kind

type coreTable struct {
	lists   []string // citations for what the table does not have
	vendors map[string]report.Fact[string]
	cores   []coreEntry
}

// coreEntry is the numbers of one core.
type coreEntry struct {
	vendor            string // empty: whoever made it
	family, low, high uint64 // family is 0 but on x86
	row               *coreRow
	group             *coreGroup
}

// coreID is a signature without its kind.
type coreID struct {
	vendor         string
	family, number uint64
}

// parseCoreID reads what follows the kind in a signature.
func parseCoreID(kind, text string) (id coreID, ok bool) {
	vendor, numbers, _ := strings.Cut(text, ":")
	if id.vendor, ok = coreVendorID(kind, vendor); !ok {
		return coreID{}, false
	}
	first, rest, more := strings.Cut(numbers, ":")
	switch kind {
	case coreX86:
		family, wrongFamily := strconv.ParseUint(first, 10, 32)
		model, wrongModel := strconv.ParseUint(rest, 10, 32)
		id.family, id.number = family, model
		return id, wrongFamily == nil && wrongModel == nil
	case coreMIDR:
		id.number, ok = hexadecimal(first)
		return id, ok && !more
	}
	id.number, ok = hexadecimal(first) // an ISA may follow
	return id, ok
}

// signature writes the id as Core reads it, without what it does not look at.
func (id coreID) signature(kind string) string {
	if kind == coreX86 {
		return fmt.Sprintf("%s:%s:%d:%d", kind, id.vendor, id.family, id.number)
	}
	return fmt.Sprintf("%s:%s:%#x", kind, id.vendor, id.number)
}

// coreVendorID brings the vendor of a signature into the form of the tables.
func coreVendorID(kind, text string) (string, bool) {
	if kind == coreX86 {
		text = strings.TrimSpace(text) // CPUID of Zhaoxin has "  Shanghai  "
		return text, text != ""
	}
	n, ok := hexadecimal(text)
	return fmt.Sprintf("%#x", n), ok
}

func hexadecimal(text string) (uint64, bool) {
	digits, ok := strings.CutPrefix(text, "0x")
	n, err := strconv.ParseUint(digits, 16, 64)
	return n, ok && err == nil
}

func (t coreTables) core(signature string) (CoreInfo, bool) {
	kind, rest, _ := strings.Cut(signature, ":")
	table := t[kind]
	if table == nil {
		return CoreInfo{}, false
	}
	id, ok := parseCoreID(kind, rest)
	if !ok {
		return CoreInfo{}, false
	}
	vendor, known := table.vendors[id.vendor]
	entry, found := table.find(id)
	if !known && !found {
		return CoreInfo{}, false
	}
	var info CoreInfo
	if found {
		info = entry.info()
	} else {
		info.Name = table.gap(fmt.Sprintf("core %q", id.signature(kind)))
	}
	if info.Vendor = vendor; !known {
		info.Vendor = table.gap(fmt.Sprintf("vendor %q", id.vendor))
	}
	return info, true
}

func (t *coreTable) gap(what string) report.Fact[string] {
	return report.Missing[string](report.Unsupported, what+" is not in the table of cores", t.lists...)
}

// find prefers a core of the vendor to one that any vendor can have made.
func (t *coreTable) find(id coreID) (coreEntry, bool) {
	for _, vendor := range [...]string{id.vendor, ""} {
		i := slices.IndexFunc(t.cores, func(e coreEntry) bool {
			return e.vendor == vendor && e.family == id.family && e.low <= id.number && id.number <= e.high
		})
		if i >= 0 {
			return t.cores[i], true
		}
	}
	return coreEntry{}, false
}

func (e coreEntry) info() CoreInfo {
	from := e.group.From
	info := CoreInfo{
		Name:         coreWord(e.row.Name, from.Name),
		Platform:     coreWord(e.row.Platform, from.Platform),
		Architecture: coreWord(e.row.Architecture, from.Architecture),
	}
	if e.group.AArch32 != nil {
		info.AArch32 = report.Known(*e.group.AArch32, from.AArch32...).By(report.Documented)
	}
	if len(e.row.Compatible) > 0 {
		info.Compatible = report.Known(slices.Clone(e.row.Compatible), from.Compatible...).By(report.Documented)
	}
	return info
}

func coreWord(word string, from []string) report.Fact[string] {
	if word == "" {
		return report.Fact[string]{}
	}
	return report.Known(word, from...).By(report.Documented)
}

// coreFile is one file of data/core.
type coreFile struct {
	Lists   []string          `json:"lists"`   // sources that were gone through; they are cited for what the file does not have
	Sources map[string]string `json:"sources"` // citations by the words that stand for them
	Vendors []coreVendors     `json:"vendors"`
	Groups  []coreGroup       `json:"groups"`
}

type coreVendors struct {
	From []string `json:"from"`
	Rows []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rows"`
}

// coreGroup is cores of one vendor that the same sources speak of.
type coreGroup struct {
	Vendor  string      `json:"vendor,omitempty"` // empty: an open-source design, whoever made it
	AArch32 *bool       `json:"aarch32,omitempty"`
	From    coreSources `json:"from"`
	Cores   []coreRow   `json:"cores"`
}

// coreSources is the sources of each statement.
type coreSources struct {
	Name         []string `json:"name"`
	Platform     []string `json:"platform,omitempty"`
	Architecture []string `json:"arch,omitempty"`
	AArch32      []string `json:"aarch32,omitempty"`
	Compatible   []string `json:"compatible,omitempty"`
}

// coreRow is one core. Its id is a list of numbers and ranges, 0x1,0x4-0x6; on
// x86 that of the models, after the family and a colon.
type coreRow struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Platform     string   `json:"platform,omitempty"`
	Architecture string   `json:"arch,omitempty"`
	Compatible   []string `json:"compatible,omitempty"`
}

// loadCores reads and validates the files of data/core.
func loadCores(root fs.FS) (coreTables, error) {
	tables := coreTables{}
	for kind := range cores {
		table, err := loadCore(root, kind)
		if err != nil {
			return nil, err
		}
		tables[kind] = table
	}
	names, err := fs.Glob(root, "core/*")
	if err != nil {
		return nil, err
	}
	if len(names) != len(tables) {
		return nil, fmt.Errorf("core: %q: no signature begins like one of these", names)
	}
	return tables, nil
}

func loadCore(root fs.FS, kind string) (*coreTable, error) {
	name := "core/" + kind + ".json"
	var f coreFile
	if err := decodeFile(root, name, &f); err != nil {
		return nil, err
	}
	table, err := f.table(kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return table, nil
}

func (f *coreFile) table(kind string) (*coreTable, error) {
	used := map[string]bool{}
	for _, s := range f.Sources {
		if err := checkCitations([]string{s}); err != nil {
			return nil, err
		}
	}
	t := &coreTable{vendors: map[string]report.Fact[string]{}}
	var err error
	if t.lists, err = f.cite(used, f.Lists); err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	for _, v := range f.Vendors {
		from, err := f.cite(used, v.From)
		if err != nil {
			return nil, fmt.Errorf("vendors: %w", err)
		}
		for _, row := range v.Rows {
			id, ok := coreVendorID(kind, row.ID)
			if !ok || id != row.ID || row.Name == "" {
				return nil, fmt.Errorf("vendor %q (%q): no id as in a signature, or no name", row.ID, row.Name)
			}
			if _, twice := t.vendors[id]; twice {
				return nil, fmt.Errorf("vendor %s is there twice", id)
			}
			t.vendors[id] = coreWord(row.Name, from)
		}
	}
	for i := range f.Groups {
		g := &f.Groups[i]
		if err := t.add(kind, g); err != nil {
			return nil, fmt.Errorf("group of %q: %w", g.Vendor, err)
		}
		for _, from := range [...]*[]string{&g.From.Name, &g.From.Platform, &g.From.Architecture, &g.From.AArch32, &g.From.Compatible} {
			if len(*from) == 0 {
				continue
			}
			if *from, err = f.cite(used, *from); err != nil {
				return nil, fmt.Errorf("group of %q: %w", g.Vendor, err)
			}
		}
	}
	for word := range f.Sources {
		if !used[word] {
			return nil, fmt.Errorf("source %q states nothing", word)
		}
	}
	return t, nil
}

// cite replaces the words of sources by their citations.
func (f *coreFile) cite(used map[string]bool, words []string) ([]string, error) {
	if len(words) == 0 {
		return nil, errors.New("no source")
	}
	list := make([]string, 0, len(words))
	for _, word := range words {
		citation, ok := f.Sources[word]
		if !ok {
			return nil, fmt.Errorf("source %q has no citation", word)
		}
		used[word] = true
		list = append(list, citation)
	}
	return list, nil
}

// add takes the cores of a group into the table.
func (t *coreTable) add(kind string, g *coreGroup) error {
	if _, ok := t.vendors[g.Vendor]; !ok && (g.Vendor != "" || kind != coreRISCV) {
		return errors.New("the vendor has no name")
	}
	if err := g.check(kind); err != nil {
		return err
	}
	for i := range g.Cores {
		row := &g.Cores[i]
		entries, err := coreNumbers(kind, row.ID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			e.vendor, e.row, e.group = g.Vendor, row, g
			if g.Vendor == "" && (e.low == 0 || e.high > openCore) {
				return fmt.Errorf("%s: %#x is not the number of an open-source design", row.Name, e.high)
			}
			for _, other := range t.cores {
				if other.vendor == e.vendor && other.family == e.family && other.low <= e.high && e.low <= other.high {
					return fmt.Errorf("%s: %s is %s already", row.Name, row.ID, other.row.Name)
				}
			}
			t.cores = append(t.cores, e)
		}
	}
	return nil
}

// check wants sources for what a group states, and for nothing else.
func (g *coreGroup) check(kind string) error {
	var platform, architecture, compatible bool
	for _, row := range g.Cores {
		if row.Name == "" {
			return fmt.Errorf("core %q: no name", row.ID)
		}
		if row.Compatible != nil && len(row.Compatible) == 0 {
			return fmt.Errorf("%s: no compatible in the list", row.Name)
		}
		if row.Architecture != "" && (kind != coreMIDR || !strings.HasPrefix(row.Architecture, "armv")) {
			return fmt.Errorf("%s: arch %q is not one of Arm", row.Name, row.Architecture)
		}
		platform = platform || row.Platform != ""
		architecture = architecture || row.Architecture != ""
		compatible = compatible || row.Compatible != nil
	}
	if g.AArch32 != nil && kind != coreMIDR {
		return errors.New("aarch32 of a core that is not one of Arm")
	}
	for _, s := range [...]struct {
		what   string
		stated bool
		from   []string
	}{
		{"name", len(g.Cores) > 0, g.From.Name},
		{"platform", platform, g.From.Platform},
		{"arch", architecture, g.From.Architecture},
		{"aarch32", g.AArch32 != nil, g.From.AArch32},
		{"compatible", compatible, g.From.Compatible},
	} {
		if s.stated != (len(s.from) > 0) {
			return fmt.Errorf("%s: a statement without sources, or sources without a statement", s.what)
		}
	}
	return nil
}

// coreNumbers reads the id of a row.
func coreNumbers(kind, id string) ([]coreEntry, error) {
	var family uint64
	numbers := id
	if kind == coreX86 {
		before, after, _ := strings.Cut(id, ":")
		var ok bool
		if family, ok = hexadecimal(before); !ok {
			return nil, fmt.Errorf("id %q: no family", id)
		}
		numbers = after
	}
	var list []coreEntry
	for part := range strings.SplitSeq(numbers, ",") {
		first, last, isRange := strings.Cut(part, "-")
		low, ok := hexadecimal(first)
		high := low
		if isRange && ok {
			high, ok = hexadecimal(last)
		}
		if !ok || high < low {
			return nil, fmt.Errorf("id %q: %q is neither a number nor a range", id, part)
		}
		list = append(list, coreEntry{family: family, low: low, high: high})
	}
	return list, nil
}
