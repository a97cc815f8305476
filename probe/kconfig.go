package probe

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/cmdline"
	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
)

// opKernelConfig asks for the options that are set in the configuration of a
// kernel, a line each.
const opKernelConfig = "kernel-config/1"

// maxConfig bounds a configuration; a distribution's has 300 kB.
const maxConfig = 4 << 20

// gatherKernelConfig reads a configuration, compressed as in /proc/config.gz or
// not, and keeps what is set.
func gatherKernelConfig(_ context.Context, f *files, name string) ([]byte, error) {
	data, truncated, err := f.read(name, maxConfig)
	switch {
	case err != nil:
		return nil, err
	case truncated:
		return nil, errTooLarge
	}
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if data, err = atMost(z, maxConfig); err != nil {
			return nil, err
		}
	}
	return publicConfig(data), nil
}

// publicConfig keeps the lines CONFIG_X=value. Texts can have names of people and
// secrets in them: those that are known to tell what the kernel is stay, the
// command line passes by its own list, and of others the length stays.
func publicConfig(data []byte) []byte {
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		name, value, ok := strings.Cut(line, "=")
		option, isOption := strings.CutPrefix(name, "CONFIG_")
		if !ok || !isOption || len(option) > 128 || strings.ContainsFunc(option, notOfName) {
			continue
		}
		if !strings.HasPrefix(value, `"`) {
			if plainValue(value) {
				out.WriteString(line + "\n")
			}
			continue
		}
		text, err := strconv.Unquote(value)
		switch {
		case err != nil:
			fmt.Fprintf(&out, "%s=[%d bytes]\n", name, len(value))
		case option == "CMDLINE":
			fmt.Fprintf(&out, "%s=%q\n", name, cmdline.Public(text))
		case publicOption(option):
			fmt.Fprintf(&out, "%s=%q\n", name, oneLine(withoutPeople(text)))
		case text == "":
			fmt.Fprintf(&out, "%s=\"\"\n", name)
		default:
			fmt.Fprintf(&out, "%s=[%d bytes]\n", name, len(text))
		}
	}
	return out.Bytes()
}

// withoutPeople takes out what has the form user@host.
func withoutPeople(text string) string {
	return email().ReplaceAllStringFunc(text, func(said string) string { return fmt.Sprintf("[%d bytes]", len(said)) })
}

// notOfName reports whether a character is in no name of an option (scripts/kconfig/lexer.l).
func notOfName(c rune) bool {
	return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

func plainValue(value string) bool {
	return value == "y" || value == "m" || len(value) <= 20 && numberValue().MatchString(value)
}

var numberValue = pattern.New(`^(-?[0-9]{1,12}|0x[0-9a-fA-F]{1,16})$`)

// publicOption reports whether the text of an option tells what the kernel is, and
// nothing of who made it.
func publicOption(option string) bool {
	switch option {
	case "LOCALVERSION", "EXTRA_FIRMWARE", "CC_VERSION_TEXT", "LSM":
		return true
	}
	return strings.HasPrefix(option, "DEFAULT_") && option != "DEFAULT_HOSTNAME"
}

// collectKernelConfig looks for the configuration of the kernel that runs: in the
// kernel itself, else in the files that distributions lay beside a kernel of that
// release, else in what the image brought of the board's own system.
func collectKernelConfig(_ context.Context, h *Host) (func(*report.Report), error) {
	places := []string{"proc/config.gz"}
	release := h.Text("proc/sys/kernel/osrelease")
	if release.OK() && !strings.Contains(release.Value, "/") {
		places = append(places, "boot/config-"+release.Value, "lib/modules/"+release.Value+"/config", imagerecord.KernelConfig(release.Value))
	}
	from := release.From
	last := Answer{Gap: report.Absent}
	for i, place := range places {
		a := h.ask(opKernelConfig, place)
		from = append(from, a.ID)
		if a.Gap != "" {
			if a.Gap != report.Absent { // it may be there
				last = a
			}
			continue
		}
		options := parseAnswer(a, func(data []byte) (int64, error) { return int64(bytes.Count(data, []byte("\n"))), nil })
		found := report.Missing[string](options.Gap, options.Note, a.ID)
		if options.OK() {
			found = report.Known("/"+place, a.ID)
			if i > 0 {
				found = found.By(report.Inferred).Noting("of a kernel of this release; that it is the one that runs is taken from the name")
			}
		}
		return func(r *report.Report) { r.Kernel.ConfigOptions, r.Kernel.ConfigFound = options, found }, nil
	}
	return func(r *report.Report) {
		r.Kernel.ConfigOptions = report.Missing[int64](last.Gap, last.Note, from...)
		r.Kernel.ConfigFound = report.Missing[string](last.Gap, last.Note, from...)
	}, nil
}
