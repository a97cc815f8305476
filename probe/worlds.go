package probe

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
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
	sources  []source // of what the replacer knows
	names    *names
	log      *once[rawLog] // the kernel's log, which several sections ask for
	mmio     string        // which registers may be read: none, MMIOProven, MMIOUnproven
	register func(ctx context.Context, address uint64) ([]byte, error)
}

// again is the same system for the next section, while one that hangs stays with
// the files that it asks.
func (s *system) again() *system {
	next := *s
	next.files, next.log = s.files.again(), new(once[rawLog])
	return &next
}

// once keeps the answer to a question that is asked again, unless it is an error.
type once[T any] struct {
	mu    sync.Mutex
	known bool
	value T
}

func (o *once[T]) do(ask func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known {
		return o.value, nil
	}
	value, err := ask()
	o.value, o.known = value, err == nil
	return value, err
}

func (s *system) answer(ctx context.Context, _ string, _ int, q question, limit int) answer {
	place := s.names.of(q.subject)
	a := s.raw(ctx, question{q.op, place}, limit)
	if (a.errno == "ENOENT" || a.errno == "ENOTDIR") && place != "" && s.files.elsewhere(place, !s.live) {
		a = answer{errno: errnoNotHere}
	}
	return s.redact(q, a)
}

func (s *system) redact(q question, a answer) answer {
	if a.errno != "" || q.op == opLoadOption || q.op == opSources {
		return a // nothing in it, or its own reducer has done it
	}
	for i := range s.sources {
		if cut := &s.sources[i]; cut.Cut != "" && cut.carries(q) {
			return answer{errno: errnoWithheld}
		}
	}
	if own(q) {
		if is := s.replacer.Apply(a.data); !bytes.Equal(is, a.data) {
			a.data = is // as wherever else it stands
			return a
		}
		text := strings.Trim(string(a.data), " \t\r\n\x00")
		a.data = []byte(strings.Replace(string(a.data), text, s.replacer.Text(text), 1))
		return a
	}
	for _, l := range layouts() {
		if ok, _ := path.Match(l.pattern, q.subject); ok && l.op == q.op {
			a.data = l.redact(s.replacer, a.data)
		}
	}
	was := string(a.data)
	if q.op == opKernelConfig {
		a.data = s.replacer.ApplyKnown(a.data) // what passed its list has the form of nothing
	} else {
		a.data = s.replacer.Apply(a.data)
	}
	if q.op == "link" {
		s.names.keep(was, string(a.data))
	}
	apply := s.replacer.Apply
	variables := q.subject == strings.TrimSuffix(efivars, "/")
	if variables {
		apply = s.replacer.ApplyKnown // the GUIDs in these names are of vendors
	}
	for i, name := range a.list {
		is := string(apply([]byte(name)))
		if variables {
			is = s.publicVariable(is)
		}
		s.names.keep(name, is)
		a.list[i] = is
	}
	return a
}

// addressVariable is a variable of UEFI that is named after the address of an
// interface (edk2, Ip4Config2Dxe), with the number of a VLAN behind it.
var addressVariable = pattern.New(`^([0-9A-F]{12})((?:[0-9A-F]{4})?-[0-9a-f]{8}-)`)

func (s *system) publicVariable(name string) string {
	m := addressVariable().FindStringSubmatch(name)
	if m == nil {
		return name
	}
	return s.replacer.Text(m[1]) + name[len(m[1]):]
}

// names are the parts of paths that were replaced by pseudonyms. What is asked
// below one is asked below what it stands for.
type names struct {
	mu  sync.Mutex
	was map[string]string
}

func (n *names) keep(was, is string) {
	if was == is || n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	whole := strings.Split(was, "/")
	for i, part := range strings.Split(is, "/") {
		if i < len(whole) && part != whole[i] {
			n.was[part] = whole[i]
		}
	}
}

// of is the path that a question means.
func (n *names) of(subject string) string {
	if n == nil {
		return subject
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.was) == 0 {
		return subject
	}
	parts := strings.Split(subject, "/")
	for i, part := range parts {
		if was, ok := n.was[part]; ok {
			parts[i] = was
		}
	}
	return strings.Join(parts, "/")
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
	if q.op == opClaim {
		return answer{errno: "ENOENT"} // it is for people to state
	}
	if q.op == opSources {
		return cut(s.sourcesText(), limit)
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
	answers map[recordedKey][]report.Evidence // of a section, or of all under "", in the order of their numbers
	cut     bool                              // the section has no end of its own
	foreign bool                              // other collectors asked
	used    map[string]bool                   // ids of the records that answered
	silent  bool                              // a question found none
	// unanswered counts those that did.
	unanswered int
	filler     func(question) answer // to those, instead of none
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

// numbered reports whether the records of a section have the ids that a run gives:
// from 1 on, as many as its end says. The questions of modems are asked at the same
// time, so that their order tells nothing. Where a section was cut, those that were
// waiting for an answer are counted and not recorded.
func (r *recorded) numbered(section string, end report.Evidence) bool {
	own := r.inOrder(section)
	before := 0
	for _, e := range own {
		n := number(e.ID)
		if n <= before || n > end.N || e.ID != section+"/"+strconv.Itoa(n) {
			return false
		}
		before = n
	}
	return len(own) == end.N || wasCut(end)
}

// wasCut reports whether a section has no end of its own.
func wasCut(end report.Evidence) bool {
	switch report.Outcome(end.Subject) {
	case report.OutcomeDeadline, report.OutcomeKilled, report.OutcomePanic:
		return true
	}
	return false
}

// number is the last part of the id of a record.
func number(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '/')+1:])
	return n
}

// patience is how many questions a replay may ask. Collectors of another
// version ask more than were recorded, but not without end.
func (r *recorded) patience() int { return 20_000 + 4*len(r.answers) }

func (r *recorded) answer(_ context.Context, section string, n int, q question, _ int) answer {
	e, ok := r.find(section, n, q)
	if !ok {
		r.silent = true
		r.unanswered++
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
	if n < len(own) {
		return own[n], true
	}
	if r.cut || !r.foreign {
		return report.Evidence{}, false
	}
	if len(own) == 0 {
		own = r.answers[recordedKey{"", q}]
	}
	if len(own) > 0 {
		return own[len(own)-1], true
	}
	if old, ok := was()[q.op]; ok {
		return r.find(section, n, question{old, q.subject})
	}
	return report.Evidence{}, false
}

// was has the older names of questions whose older answers are read as the new
// ones are.
func was() map[string]string { return map[string]string{opCPUInfo: "cpuinfo/1"} }
