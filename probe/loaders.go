package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/romheader"
	"github.com/boardprobe/boardprobe/probe/decode/ubootenv"
)

// loaderBytes is how much of the start of a medium is searched for loaders.
// What ROMs load begins in the first MiB, and U-Boot and its environment follow
// within these.
const loaderBytes = 16 << 20

// mediumScan is what is kept of the start of a medium.
type mediumScan struct {
	ReadBytes    int64
	Cut          bool              `json:",omitempty"` // there was more, and no time or an error
	Headers      []string          `json:",omitempty"`
	Versions     []scanVersion     `json:",omitempty"`
	Environments []scanEnvironment `json:",omitempty"`
}

type scanVersion struct{ Kind, Text string }

// scanEnvironment is an environment without the values that are not on the
// allow-list.
type scanEnvironment struct {
	Saved                 bool // else compiled into the loader
	Offset                int64
	SizeBytes             int
	Targets, Methods      []string `json:",omitempty"`
	Commands              []string `json:",omitempty"`
	Names                 []string `json:",omitempty"`
	Values                []string `json:",omitempty"`
	RunsTargets, RunsFlow bool
}

// maxVariables bounds what is kept of an environment.
const maxVariables = 512

// askLoader searches the start of a medium for loaders and environments. The
// subject is the kernel's name of it, a blank, and the ROM family or "-". What
// is read is dropped; what was recognised is the answer.
func askLoader(ctx context.Context, subject string) ([]byte, error) {
	name, family, ok := strings.Cut(subject, " ")
	if !ok {
		return nil, unix.EINVAL
	}
	f, err := openDevice(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, cut, err := readStart(ctx, f)
	if err != nil {
		return nil, err
	}
	area := "user"
	switch {
	case mmcPart().MatchString(name):
		area = "boot"
	case strings.HasPrefix(name, "mtd"):
		area = "spi"
	}
	scan := scanMedium(ctx, data, area, family)
	scan.Cut = cut
	return json.Marshal(scan)
}

// Bounds of the time for one medium: a slow card, or one that fails, must leave
// time for the others.
const (
	mediumTime = 4 * time.Second
	spareTime  = 6 * time.Second // of the section, for what comes after
)

// readStart reads the start of a medium, or as much of it as there is time for.
func readStart(ctx context.Context, f *os.File) (data []byte, cut bool, err error) {
	end := time.Now().Add(mediumTime)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-spareTime).Before(end) {
		end = deadline.Add(-spareTime)
	}
	const part = 1 << 20
	data = make([]byte, 0, loaderBytes)
	for len(data) < loaderBytes {
		if len(data) > 0 && time.Now().After(end) {
			return data, true, nil
		}
		n, err := f.ReadAt(data[len(data):len(data)+part], int64(len(data)))
		data = data[:len(data)+n]
		switch {
		case errors.Is(err, io.EOF), err == nil && n == 0:
			return data, false, nil
		case err != nil && len(data) > 0:
			return data, true, nil
		case err != nil:
			return nil, false, err
		}
	}
	return data, false, nil
}

func scanMedium(ctx context.Context, data []byte, area, family string) mediumScan {
	out := mediumScan{ReadBytes: int64(len(data))}
	if family != "-" {
		out.Headers = romHeaders(data, area, family)
	}
	for _, v := range ubootenv.FindVersions(data, 0) {
		out.Versions = append(out.Versions, scanVersion{v.Kind, oneLine(v.Text)})
	}
	if ctx.Err() != nil {
		return out
	}
	hits, _ := ubootenv.Scan(data, 0)
	for _, h := range ubootenv.Current(hits) {
		out.Environments = append(out.Environments, publicEnvironment(h.Environment, true, h.Offset, h.SizeBytes))
	}
	for _, d := range ubootenv.FindDefaults(data, 0) {
		if !inside(d.Offset, hits) {
			out.Environments = append(out.Environments, publicEnvironment(d.Environment, false, d.Offset, 0))
		}
	}
	return out
}

// inside reports whether a place is in one of the saved environments, whose
// text looks like a compiled-in one, too.
func inside(offset int64, hits []ubootenv.Hit) bool {
	for _, h := range hits {
		if offset >= h.Offset && offset < h.Offset+int64(h.SizeBytes) {
			return true
		}
	}
	return false
}

func romHeaders(data []byte, area, family string) (list []string) {
	for _, p := range romheader.Places(family) {
		if p.Area != area || p.OffsetBytes < 0 || p.OffsetBytes >= int64(len(data)) {
			continue
		}
		end := min(p.OffsetBytes+romheader.UsefulBytes, int64(len(data)))
		h, ok := romheader.Identify(family, data[p.OffsetBytes:end])
		if !ok {
			continue
		}
		text := fmt.Sprintf("%s at %d", h.Format, p.OffsetBytes)
		if h.HasDetail {
			text += ", " + h.Detail
		}
		if h.Checked {
			text += map[bool]string{true: ", checksum right", false: ", checksum wrong"}[h.Right]
		}
		if h.KnownSigned && h.Signed {
			text += ", signed"
		}
		list = append(list, oneLine(text))
	}
	return list
}

func publicEnvironment(e ubootenv.Environment, saved bool, offset int64, size int) scanEnvironment {
	boot := e.Boot()
	out := scanEnvironment{Saved: saved, Offset: offset, SizeBytes: size, Methods: boot.Methods, RunsTargets: boot.Distro, RunsFlow: boot.Flow}
	for _, t := range boot.Targets {
		out.Targets = append(out.Targets, oneLine(t.Word))
	}
	for _, c := range boot.Commands {
		out.Commands = append(out.Commands, oneLine(c.Text))
	}
	for i, v := range e.Public(ubootenv.Allowed) {
		if i == maxVariables {
			break
		}
		if v.HasValue {
			out.Values = append(out.Values, v.Name+"="+oneLine(v.Value))
		} else {
			out.Names = append(out.Names, v.Name)
		}
	}
	return out
}
