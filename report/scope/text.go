package scope

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
	"github.com/boardprobe/boardprobe/report/require"
)

// The page: a label, and text beside it. What is short of all of a list says so.
const (
	labelWidth = 15
	sizeWidth  = 8
	shortList  = 4 // entries of a list that the short page has
	barWidth   = 40
)

// Text is the front page, at most 79 columns; all leaves nothing out.
func (s Summary) Text(r *report.Report, all bool) string {
	w := &writer{all: all}
	require.Heading(&w.b, "", r)
	page.Block(&w.b, "", s.Word, 0)
	w.gap()
	for _, l := range s.What {
		w.line(l.Name, l.Text)
	}
	w.gap()
	w.minimums(s)
	w.stops(s)
	w.paths(s)
	w.yocto(s, r)
	w.layout(s)
	w.firmware(s)
	w.work(s)
	w.risks(s)
	w.notKnown(s)
	w.gap()
	w.line("ask", fmt.Sprintf("%d topics are open: boardreport ask PACKAGE", s.Asks))
	page.Block(&w.b, "", fmt.Sprintf("%d of %d checks decided; judged for %s; %s", s.Decided, s.Checks, s.AsOf, ages(s)), 0)
	return w.b.String()
}

type writer struct {
	b   strings.Builder
	all bool
}

func (w *writer) gap() { w.b.WriteByte('\n') }

func (w *writer) line(label, text string) {
	page.Block(&w.b, label, text, labelWidth)
}

// below writes text below the text of the line before.
func (w *writer) below(text string) { page.Block(&w.b, "", text, labelWidth) }

// list writes entries, and how many more there are.
func (w *writer) list(label string, entries []string) { w.first(shortList, label, entries) }

// first writes the first entries.
func (w *writer) first(most int, label string, entries []string) {
	shown := entries
	if !w.all && len(entries) > most {
		shown = entries[:most]
	}
	for i, text := range shown {
		if i > 0 {
			label = ""
		}
		page.Block(&w.b, label, text, labelWidth)
	}
	if n := len(entries) - len(shown); n > 0 {
		w.below(fmt.Sprintf("%d more: -all", n))
	}
}

func (w *writer) minimums(s Summary) {
	var words []string
	for _, m := range s.Minimums {
		word := m.Title + " " + strings.ToUpper(string(m.Verdict))
		if m.Waived != "" {
			word += " (waived: " + m.Waived + ")"
		}
		words = append(words, word)
	}
	w.line("minimum", strings.Join(words, ", "))
	for _, m := range s.Minimums {
		if m.Verdict != require.Pass {
			w.below(fmt.Sprintf("%s: %s [%s]", m.Title, m.Found, m.ID))
		}
	}
}

func (w *writer) stops(s Summary) {
	var open []string
	for _, m := range s.Minimums {
		if m.Verdict == require.Unknown && m.Waived == "" {
			open = append(open, m.Title)
		}
	}
	switch {
	case len(s.Stops) > 0:
		var list []string
		for _, i := range s.Stops {
			list = append(list, fmt.Sprintf("%s [%s]", i.Text, i.ID))
		}
		w.list("stops a quote", list)
	case len(open) > 0:
		w.line("stops a quote", "nothing found, but "+page.List(open)+" could not be decided")
	default:
		w.line("stops a quote", "nothing found that stops it")
	}
}

func (w *writer) paths(s Summary) {
	best := s.Cheapest()
	for _, p := range s.Paths {
		if p.Standing == Closed && !w.all || p.Name != best.Name && p.Standing == Perhaps && !w.all && after(s, p, best) {
			continue
		}
		label := ""
		if p.Name == best.Name {
			label = "cheapest path"
		} else if p.Standing == Perhaps {
			label = "perhaps"
		}
		text := p.Name
		if len(p.For) > 0 {
			text += ": " + strings.Join(p.For, "; ")
		}
		w.line(label, text)
		against := p.Against
		if !w.all && len(against) > 2 {
			against = append(slices.Clone(against[:2]), fmt.Sprintf("%d more: -all", len(p.Against)-2))
		}
		for _, text := range against {
			w.below("- " + text)
		}
		for _, text := range p.Settle {
			w.below("? " + text)
		}
	}
	w.nearest(s)
}

// nearest names the types by what they have in common with the board.
func (w *writer) nearest(s Summary) {
	if len(s.Nearest) == 0 {
		w.line("nearest", "no public device type has its SoC, or one of its family")
		return
	}
	var heads []string
	types := map[string][]string{}
	for _, c := range s.Nearest {
		head := c.Likeness.String()
		if w.all {
			head += ", " + c.Why
		}
		if types[head] == nil {
			heads = append(heads, head)
		}
		text := c.Slug
		var words []string
		if c.Yocto != "" {
			words = append(words, c.Yocto)
		}
		if c.Support != desk.NotListed {
			words = append(words, strings.ToUpper(string(c.Support)))
		}
		if w.all && c.Repository != "" {
			words = append(words, c.Repository)
		}
		if len(words) > 0 {
			text += " (" + strings.Join(words, ", ") + ")"
		}
		types[head] = append(types[head], text)
	}
	label := "nearest"
	for _, head := range heads {
		list := types[head]
		more := ""
		if n := len(list) - shortList; n > 0 && !w.all {
			list, more = list[:shortList], fmt.Sprintf("; %d more: -all", n)
		}
		if len(list) > 1 {
			head += ", equally near"
		}
		w.line(label, head+": "+strings.Join(list, ", ")+more)
		label = ""
	}
}

// after reports whether a path comes behind another on the ladder.
func after(s Summary, p, other Path) bool {
	index := func(name string) int {
		return slices.IndexFunc(s.Paths, func(q Path) bool { return q.Name == name })
	}
	return index(p.Name) > index(other.Name)
}

func (w *writer) yocto(s Summary, r *report.Report) {
	if len(s.Yocto) == 0 {
		w.line("Yocto", "the kernel is not known, so which releases it can ride is not")
		return
	}
	kernel, _ := ParseVersion(r.Kernel.Release.Value)
	text, _ := RidesText(s.Yocto)
	whose := "the BSP's " + kernel.String()
	if r.Sight.KernelOrigin.Value != report.OriginBSP {
		whose = "this run's " + kernel.String()
		text += "; the BSP's is asked for [bsp.kernel-sources]"
	}
	w.line("Yocto", whose+" "+text)
	if w.all {
		for _, ride := range s.Yocto {
			w.below(fmt.Sprintf("%s: %s", ride.Release, ride.Why))
		}
	}
}

func (w *writer) layout(s Summary) {
	if len(s.Media) == 0 {
		left := LayoutOn(4e9, 512, false).DataBytes
		w.line("layout", fmt.Sprintf("no internal medium was seen whose size is known; 4 GB leave %s for data", page.Size(left, 1)))
		return
	}
	for i, m := range s.Media {
		if i > 0 && !w.all {
			w.below(fmt.Sprintf("%d more: -all", len(s.Media)-i))
			return
		}
		text := fmt.Sprintf("%s %s: %s for the system, %s remain for data", require.KindName(m.Kind), m.Name, page.Size(m.Layout.OSBytes, 1), page.Size(m.Layout.DataBytes, 1))
		if !m.Layout.Fits {
			text = fmt.Sprintf("%s %s: balenaOS does not fit", require.KindName(m.Kind), m.Name)
		}
		text += "; an installer on a card or stick writes it"
		label := "layout"
		if i > 0 {
			label = ""
		}
		w.line(label, text)
		if m.Layout.Fits {
			w.below(bar(m))
		}
	}
}

// firmware says which files of radios an image for the board needs.
func (w *writer) firmware(s Summary) {
	if len(s.Firmware) == 0 {
		return
	}
	var bytes int64
	var there, add, unknown []string
	packages := map[string]bool{}
	licences := map[string]bool{}
	closed := 0
	for _, f := range s.Firmware {
		switch {
		case !f.Known:
			unknown = append(unknown, f.File)
		case f.Default:
			there = append(there, f.File)
		default:
			add = append(add, f.File)
			bytes += f.Bytes
			packages[f.Package], licences[f.Licence] = true, true
			if !f.Redistributable {
				closed++
			}
		}
	}
	var words []string
	if len(add) > 0 {
		text := fmt.Sprintf("%s to add, %d kB, in %s", counted(len(add), "file"), (bytes+999)/1000, page.List(sorted(packages)))
		if closed > 0 {
			text += fmt.Sprintf("; of %d nobody says that they may be passed on", closed)
		} else {
			text += ", may be passed on (" + page.List(sorted(licences)) + ")"
		}
		words = append(words, text)
	}
	if len(unknown) > 0 {
		words = append(words, counted(len(unknown), "file")+" of the board's maker, which linux-firmware does not have: "+page.List(unknown[:min(len(unknown), shortList)]))
	}
	if len(there) > 0 {
		words = append(words, counted(len(there), "file")+" balenaOS has by default")
	}
	w.list("firmware", words)
	if !w.all {
		return
	}
	for _, f := range s.Firmware {
		w.below(f.text())
	}
}

// sorted lists the names of a set, without the empty one.
func sorted(set map[string]bool) []string {
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

// counted is a number with its word.
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// bar draws a medium to scale: the loader's gap and boot, the two roots, state, data.
func bar(m Medium) string {
	var b strings.Builder
	var at int64
	drawn := 0
	for _, p := range m.Layout.Parts {
		at += p.Bytes
		mark := map[string]string{"resin-rootA": "A", "resin-rootB": "B", "resin-data": "."}[p.Name]
		if mark == "" {
			mark = "#"
		}
		end := int(at * barWidth / max(m.Bytes, 1))
		if p.Name == "resin-rootA" || p.Name == "resin-rootB" {
			end = max(end, drawn+1)
		}
		for ; drawn < min(end, barWidth); drawn++ {
			b.WriteString(mark)
		}
	}
	return fmt.Sprintf("[%-*s] A, B system, . data", barWidth, b.String())
}

func (w *writer) work(s Summary) {
	label := "work"
	seen := false
	for _, i := range s.Work {
		if i.Asked {
			continue
		}
		seen = true
		w.item(label, i)
		label = ""
	}
	if !seen {
		w.line(label, "none that was seen raises it")
	}
	// What is asked for counts if the answer is that it is not there.
	label = "if lacking"
	for _, size := range []require.Size{require.Large, require.Medium, require.Small} {
		var texts []string
		for _, work := range require.Works() {
			text := work
			for _, i := range s.Work {
				if i.Asked && i.Size == size && i.Work == work {
					text += " [" + i.ID + "]"
				}
			}
			if text != work {
				texts = append(texts, text)
			}
		}
		if len(texts) > 0 {
			w.columns(label, string(size), strings.Join(texts, ", "))
			label = ""
		}
	}
}

// item writes a finding behind its size and its group of work.
func (w *writer) item(label string, i Item) {
	text := i.Work + ": " + i.Text
	if room := 2*(page.Width-labelWidth-sizeWidth) - len(i.ID) - len(" ... []"); !w.all && len(text) > room {
		text = text[:strings.LastIndexByte(text[:room], ' ')] + " ..."
	}
	w.columns(label, string(i.Size), text+" ["+i.ID+"]")
	if w.all {
		page.Block(&w.b, "", i.Why, labelWidth+sizeWidth)
	}
}

// columns writes text behind a label and a size.
func (w *writer) columns(label, size, text string) {
	indent := labelWidth + sizeWidth
	head := fmt.Sprintf("%-*s%-*s", labelWidth, label, sizeWidth, size)
	for _, line := range page.Wrap(page.Clean(text), page.Width-indent, page.Width-indent) {
		w.b.WriteString(head + line + "\n")
		head = strings.Repeat(" ", indent)
	}
}

func (w *writer) risks(s Summary) {
	var list []string
	for _, i := range s.Risks {
		if slices.ContainsFunc(s.Minimums, func(m Minimum) bool { return m.ID == i.ID }) {
			continue // is said above
		}
		list = append(list, fmt.Sprintf("%s [%s]", i.Text, i.ID))
	}
	if len(list) > 0 {
		w.list("risks", list)
	}
}

func (w *writer) notKnown(s Summary) {
	var order []string
	whats := map[string][]string{}
	for _, o := range s.NotKnown {
		if whats[o.Settle] == nil {
			order = append(order, o.Settle)
		}
		text := fmt.Sprintf("%s [%s]", o.What, o.ID)
		if w.all && o.Found != "" {
			text = fmt.Sprintf("%s: %s [%s]", o.What, o.Found, o.ID)
		}
		whats[o.Settle] = append(whats[o.Settle], text)
	}
	var list []string
	for _, settle := range order {
		text := strings.Join(whats[settle], "; ")
		if first, _, more := strings.Cut(settle, ". "); more && !w.all {
			settle = first + "."
		}
		if settle != "" {
			text += ": " + settle
		}
		list = append(list, text)
	}
	if len(list) > 0 {
		w.first(shortList-1, "not known", list)
	}
}

// OldDays is the age of a table from which what rests on it may have changed.
const OldDays = 180

// ages says how old the tables are that the page rests on.
func ages(s Summary) string {
	on, err := time.Parse(time.DateOnly, s.AsOf)
	if err != nil {
		return "" // it was formatted so
	}
	var old []string
	for _, t := range s.Tables {
		if days := t.Days(on); days > OldDays {
			old = append(old, fmt.Sprintf("%s (%d days)", t.Name, days))
		}
	}
	if len(old) == 0 {
		return "no table is older than half a year"
	}
	return "old tables, which may say what has changed: " + page.List(old)
}
