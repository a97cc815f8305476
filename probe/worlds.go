package probe

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
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

// recorded is the evidence of an earlier run.
type recorded struct {
	answers map[recordedKey]report.Evidence
}

type recordedKey struct {
	section string
	q       question
	n       int
}

func newRecorded(evidence []report.Evidence) *recorded {
	r := &recorded{make(map[recordedKey]report.Evidence, len(evidence))}
	for _, e := range evidence {
		r.add(e)
	}
	return r
}

func (r *recorded) add(e report.Evidence) {
	r.answers[recordedKey{e.Section, question{e.Op, e.Subject}, e.N}] = e
}

func (r *recorded) answer(_ context.Context, section string, n int, q question, _ int) answer {
	e, ok := r.answers[recordedKey{section, q, n}]
	if !ok {
		return answer{errno: errnoNotRecorded}
	}
	return answer{data: e.Bytes(), list: e.List, errno: e.Errno, truncated: e.Truncated}
}
