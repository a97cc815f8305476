package probe

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/boardprobe/boardprobe/report"
)

// Caps on answers. What is cut is marked, and what needs the rest is a gap.
const (
	maxAnswer  = 1 << 20
	maxSection = 8 << 20
	maxRun     = 24 << 20
)

// question is what a collector asks.
type question struct{ op, subject string }

// answer is what a world says to it: errno excludes the rest.
type answer struct {
	id        string // of the record, if it was recorded before
	data      []byte
	list      []string
	errno     string
	truncated bool
}

// world answers questions: the running machine, a folder of recorded files, or
// the evidence of an earlier run.
type world interface {
	answer(ctx context.Context, section string, n int, q question, limit int) answer
}

// Errors that are not the kernel's.
const (
	errnoNotProbed   = "not-probed"   // this world cannot be asked that
	errnoNotRecorded = "not-recorded" // the run was not asked that
	errnoUnanswered  = "unanswered"   // the section was cut before it was asked that
	errnoWithheld    = "withheld"     // the answer could have told which unit this is
	errnoBadName     = "EILSEQ"       // a name that is not UTF-8 stands in no record, so it is not asked for
	errnoNotHere     = "not-here"     // the file system or folder that it would be in is not there
	errnoNotPlain    = "not-a-file"
	errnoPassive     = "passive" // this run asks no device that somebody may be using
)

// questionCost is what a question and the frame of its record take at most,
// beside subject and answer.
const questionCost = 160

// budget is what is left for the questions and answers of one run. A nil budget
// has no end: what was recorded within one is replayed without.
type budget struct {
	mu   sync.Mutex
	left int
}

func (b *budget) take(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left -= n
}

func (b *budget) limit(section int) int {
	if b == nil {
		return maxAnswer
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, min(maxAnswer, section, b.left))
}

// Host asks the system on behalf of one section, and records.
type Host struct {
	ctx     context.Context
	section string
	world   world
	budget  *budget
	emit    func(report.Evidence)

	mu     sync.Mutex
	closed bool
	asked  int
	left   int
	count  map[question]int
	listed listed
}

// listed counts the entries of the lists that a section read, and those that it
// understood.
type listed struct{ entries, understood int }

// entry counts one.
func (h *Host) entry(understood bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listed.entries++
	if understood {
		h.listed.understood++
	}
}

func newHost(ctx context.Context, section string, w world, b *budget, emit func(report.Evidence)) *Host {
	return &Host{ctx: ctx, section: section, world: w, budget: b, emit: emit, left: maxSection, count: map[question]int{}}
}

// stop is thrown to end a collector whose section is over.
type stop struct{}

// full is thrown to end a collector that has used up what its section, or the
// run, may record.
type full struct{}

// lost is thrown to end a replay that asks without end.
type lost struct{}

// Answer is a recorded answer.
type Answer struct {
	ID        string
	Data      []byte
	List      []string
	Gap       report.Gap // why there is none
	Note      string
	Truncated bool
}

// ask puts one question and records it with its answer.
func (h *Host) ask(op, subject string) Answer {
	q := question{op, subject}
	if !utf8.ValidString(subject) {
		q.subject = report.Clean(subject) // no record can hold it
	}
	h.mu.Lock()
	n := h.count[q]
	h.count[q]++
	h.asked++
	asked, limit := h.asked, h.budget.limit(h.left)
	h.mu.Unlock()
	if r, ok := h.world.(*recorded); ok && asked > r.patience() {
		panic(lost{})
	}

	a := answer{errno: errnoBadName}
	if q.subject == subject || h.budget == nil {
		a = h.world.answer(h.ctx, h.section, n, q, limit)
	}
	if a.id == "" {
		a.id = h.section + "/" + strconv.Itoa(asked)
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.ctx.Err() != nil {
		panic(stop{})
	}
	h.record(n, q, a)
	if slices.ContainsFunc(a.list, notUTF8) {
		a.list = slices.DeleteFunc(slices.Clone(a.list), notUTF8)
	}
	return Answer{ID: a.id, Data: a.data, List: a.list, Gap: gapOf(a.errno), Note: noteOf(a.errno), Truncated: a.truncated}
}

func notUTF8(name string) bool { return !utf8.ValidString(name) }

// record keeps a question and its answer, within the budget; a replay has none.
func (h *Host) record(n int, q question, a answer) {
	if h.budget == nil {
		return
	}
	size := questionCost + len(q.subject) + len(a.data)
	for _, s := range a.list {
		size += len(s) + len(`"",`)
	}
	if h.budget.limit(h.left) == 0 {
		panic(full{})
	}
	h.left -= size
	h.budget.take(size)
	e := report.Evidence{ID: a.id, Section: h.section, Op: q.op, Subject: q.subject, N: n, Errno: a.errno, Truncated: a.truncated}
	switch {
	case a.errno != "":
	case len(a.list) > 0:
		e.SetNames(a.list)
	case len(a.data) > 0:
		e.SetBytes(a.data)
	}
	h.emit(e)
}

// close ends the recording and returns the number of questions that count.
func (h *Host) close() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return h.asked
}

// gapOf says what an error means for the fact that was wanted.
func gapOf(errno string) report.Gap {
	switch errno {
	case "":
		return ""
	case "ENOENT", "ENOTDIR", "ENXIO", "ENODEV":
		return report.Absent
	case "EACCES", "EPERM":
		return report.Denied
	case "ENOTSUP", "ENOSYS", "ENOTTY", "EINVAL", errnoNotPlain: // ENOTSUP is EOPNOTSUPP, too
		return report.Unsupported
	case errnoNotProbed, errnoNotRecorded, errnoNotHere, errnoPassive:
		return report.NotProbed
	case errnoUnanswered:
		return report.Deadline
	case errnoBadName:
		return report.Invalid
	case errnoWithheld:
		return report.Withheld
	}
	return report.Failed
}

func noteOf(errno string) string {
	switch {
	case gapOf(errno) == report.Absent:
		return ""
	case errno == errnoPassive:
		return "run with -active"
	case errno == errnoNotHere:
		return "not mounted, or not in the dump"
	case errno == errnoNotProbed:
		return "files cannot answer it"
	case errno == errnoUnanswered:
		return "the section was cut before this was asked"
	case errno == errnoWithheld:
		return "it could tell which unit this is"
	case errno == errnoBadName:
		return "the name is not UTF-8"
	}
	return errno
}

// Read asks for the content of a file.
func (h *Host) Read(name string) Answer { return h.ask("read", name) }

// List asks for the names in a folder, sorted.
func (h *Host) List(name string) Answer { return h.ask(report.OpList, name) }

// Names returns the names in a folder that must be there for the subject to be
// listed at all.
func (h *Host) Names(name string) (Answer, error) {
	a := h.List(name)
	switch {
	case a.Gap == report.Absent:
		return a, nil
	case a.Gap != "":
		return a, fmt.Errorf("%s: %s", name, a.Note)
	case a.Truncated:
		return a, fmt.Errorf("%s: too many entries", name)
	}
	return a, nil
}

// Link asks where a link leads; relative targets are resolved, and the result
// has no leading slash.
func (h *Host) Link(name string) report.Fact[string] {
	a := h.ask("link", name)
	if a.Gap != "" {
		return report.Missing[string](a.Gap, a.Note, a.ID)
	}
	target := string(a.Data)
	if !strings.HasPrefix(target, "/") {
		target = path.Join("/", path.Dir(name), target)
	}
	return report.Known(strings.TrimPrefix(path.Clean(target), "/"), a.ID)
}

// Place is where an entry of a folder of links leads. With CONFIG_SYSFS_DEPRECATED,
// and in a dump that was copied through its links, it is a folder itself, and then
// its own place is all that is known of it.
func (h *Host) Place(name string) (at report.Fact[string], link bool) {
	at = h.Link(name)
	if at.Gap != report.Unsupported {
		return at, at.OK()
	}
	return report.Known(name, at.From...).By(report.Inferred).Noting("no link: by its name"), false
}

// Text reads a file that holds one line of text. An empty one is absent.
func (h *Host) Text(name string) report.Fact[string] {
	return parse(h, name, func(data []byte) (string, error) {
		text := strings.Trim(string(data), " \t\r\n\x00")
		if strings.ContainsAny(text, "\n\x00") {
			return "", errors.New("more than one line")
		}
		return text, nil
	})
}

// Int reads a file that holds one decimal number.
func (h *Host) Int(name string) report.Fact[int64] {
	return parse(h, name, func(data []byte) (int64, error) {
		return strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	})
}

// Flag reads a file that holds 0 or 1.
func (h *Host) Flag(name string) report.Fact[bool] {
	return parse(h, name, func(data []byte) (bool, error) {
		switch strings.TrimSpace(string(data)) {
		case "0":
			return false, nil
		case "1":
			return true, nil
		}
		return false, errors.New("neither 0 nor 1")
	})
}

// none is the error of a parser for a text that stands for no value, and says why.
type none string

func (n none) Error() string { return string(n) }

// parse reads a file into a fact: an error of the read is a gap, an error of
// the parser makes the answer invalid, but for none, and an empty text is absent.
func parse[T report.Value](h *Host, name string, parser func([]byte) (T, error)) report.Fact[T] {
	return parseAnswer(h.Read(name), parser)
}

func parseAnswer[T report.Value](a Answer, parser func([]byte) (T, error)) report.Fact[T] {
	if a.Gap != "" {
		return report.Missing[T](a.Gap, a.Note, a.ID)
	}
	if a.Truncated {
		return report.Missing[T](report.Failed, "the answer was cut at its cap", a.ID)
	}
	value, err := parser(a.Data)
	if why := none(""); errors.As(err, &why) {
		return report.Missing[T](report.Absent, string(why), a.ID)
	}
	if err != nil {
		return report.Missing[T](report.Invalid, oneLine(err.Error()), a.ID)
	}
	if text, ok := any(value).(string); ok && text == "" {
		return report.Missing[T](report.Absent, "empty", a.ID)
	}
	return report.Known(value, a.ID)
}

// oneLine bounds text for a note.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }), " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}
