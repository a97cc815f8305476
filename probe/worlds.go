package probe

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
)

// system is the running machine or a folder of recorded files. Every answer
// passes the replacer before anybody sees it.
type system struct {
	files    *files
	live     bool // system requests may be made; under a folder only files are asked
	active   bool // those that talk to devices, too
	replacer *pseudonym.Replacer
	mmio     string // which registers may be read: none, MMIOProven, MMIOUnproven
	register func(ctx context.Context, address uint64) ([]byte, error)
}

// again is the same system for the next section, while one that hangs stays with
// the files that it asks.
func (s *system) again() *system {
	next := *s
	next.files = s.files.again()
	return &next
}

func (s *system) answer(ctx context.Context, _ string, _ int, q question, limit int) answer {
	return s.redact(q, s.raw(ctx, q, limit))
}

func (s *system) redact(q question, a answer) answer {
	if q.op == opLoadOption {
		return a // its reducer has done it
	}
	if q.subject == "proc/cmdline" {
		a.data = s.replacer.Apply(redactCommandLine(a.data))
		return a
	}
	for _, l := range layouts() {
		if ok, _ := path.Match(l.pattern, q.subject); ok && l.op == q.op && a.errno == "" {
			a.data = l.redact(s.replacer, a.data)
		}
	}
	a.data = s.replacer.Apply(a.data)
	apply := s.replacer.Apply
	if q.subject == strings.TrimSuffix(efivars, "/") {
		apply = s.replacer.ApplyKnown // the GUIDs in these names are of vendors
	}
	for i, name := range a.list {
		a.list[i] = string(apply([]byte(name)))
	}
	return a
}

func (s *system) raw(ctx context.Context, q question, limit int) answer {
	switch q.op {
	case "read":
		data, truncated, err := s.files.read(q.subject, limit)
		if err != nil {
			return answer{errno: errnoOf(err)}
		}
		return answer{data: data, truncated: truncated}
	case "list":
		list, truncated, err := s.files.list(q.subject, limit)
		if err != nil {
			return answer{errno: errnoOf(err)}
		}
		return answer{list: list, truncated: truncated}
	case "link":
		target, err := s.files.link(q.subject)
		if err != nil {
			return answer{errno: errnoOf(err)}
		}
		return answer{data: []byte(target)}
	}
	for _, r := range s.reducers() {
		if q.op == r.op {
			return s.reduce(r, q.subject, limit)
		}
	}
	for _, g := range gatherers() {
		if q.op == g.op {
			data, err := g.gather(ctx, s.files, q.subject)
			if err != nil {
				return answer{errno: errnoOf(err)}
			}
			return cut(data, limit)
		}
	}
	for _, r := range s.requests() {
		if q.op == r.op && s.live {
			return r.answer(ctx, q.subject, limit)
		}
	}
	for _, r := range activeRequests() {
		if q.op == r.op && s.live {
			if !s.active {
				return answer{errno: errnoPassive}
			}
			return r.answer(ctx, q.subject, limit)
		}
	}
	return answer{errno: errnoNotProbed}
}

func (r request) answer(ctx context.Context, subject string, limit int) answer {
	data, err := r.ask(ctx, subject)
	if err != nil {
		return answer{errno: errnoOf(err)}
	}
	return cut(data, limit)
}

func cut(data []byte, limit int) answer {
	if len(data) > limit {
		return answer{data: data[:limit], truncated: true}
	}
	return answer{data: data}
}

// errnoOf names an error as the kernel does.
func errnoOf(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, errNotPlain):
		return errnoNotPlain
	case errors.Is(err, errNotAllowed):
		return errnoNotProbed
	case errors.As(err, &errno):
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	case errors.Is(err, fs.ErrNotExist):
		return "ENOENT"
	case errors.Is(err, os.ErrPermission):
		return "EACCES"
	}
	return "EIO"
}

// recorded is the evidence of an earlier run. A question finds its answer by
// operation and subject: in its section in the order in which it was asked
// there. What was not asked there is unanswered if the section was cut. Other
// collectors may have asked it elsewhere, or less often.
type recorded struct {
	answers map[recordedKey][]report.Evidence // of a section, or of all under ""
	cut     bool                              // the section has no end of its own
	foreign bool                              // other collectors asked
	used    map[string]bool                   // ids of the records that answered
	silent  bool                              // a question found none
	filler  func(question) answer             // to those, instead of none
}

type recordedKey struct {
	section string
	q       question
}

func newRecorded(evidence []report.Evidence) *recorded {
	r := &recorded{answers: make(map[recordedKey][]report.Evidence, len(evidence)), used: map[string]bool{}}
	for _, e := range evidence {
		r.add(e.Section, e)
	}
	return r
}

func (r *recorded) add(section string, e report.Evidence) {
	key := recordedKey{section, question{e.Op, e.Subject}}
	r.answers[key] = append(r.answers[key], e)
}

// inOrder lists the records of a section in the order in which it asked.
func (r *recorded) inOrder(section string) (list []report.Evidence) {
	for key, some := range r.answers {
		if key.section == section {
			list = append(list, some...)
		}
	}
	slices.SortFunc(list, func(a, b report.Evidence) int { return number(a.ID) - number(b.ID) })
	return list
}

// number is the last part of the id of a record.
func number(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '/')+1:])
	return n
}

// patience is how many questions a replay may ask. Collectors of another
// version ask more than were recorded, but not without end.
func (r *recorded) patience() int { return 100_000 + 16*len(r.answers) }

func (r *recorded) answer(_ context.Context, section string, n int, q question, _ int) answer {
	e, ok := r.find(section, n, q)
	if !ok {
		r.silent = true
		a := answer{errno: errnoNotRecorded}
		switch {
		case r.filler != nil:
			a = r.filler(q)
		case r.cut:
			a.errno = errnoUnanswered
		}
		a.id = endID(section)
		return a
	}
	r.used[e.ID] = true
	return answerOf(e)
}

func answerOf(e report.Evidence) answer {
	a := answer{id: e.ID, errno: e.Errno, truncated: e.Truncated}
	if e.Op == report.OpList {
		a.list = e.Names()
	} else {
		a.data = e.Bytes()
	}
	return a
}

func (r *recorded) find(section string, n int, q question) (report.Evidence, bool) {
	own := r.answers[recordedKey{section, q}]
	if n < len(own) && own[n].N == n {
		return own[n], true
	}
	for _, e := range own {
		if e.N == n {
			return e, true
		}
	}
	if r.cut || !r.foreign {
		return report.Evidence{}, false
	}
	if len(own) == 0 {
		own = r.answers[recordedKey{"", q}]
	}
	if len(own) == 0 {
		return report.Evidence{}, false
	}
	return own[len(own)-1], true
}
