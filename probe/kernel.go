package probe

import (
	"context"
	"errors"
	"path"
	"strings"
	"sync"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
	"github.com/boardprobe/boardprobe/report"
)

// collectKernel reads what runs: uname(2), /proc/version, /proc/cmdline,
// /proc/config.gz (Documentation/filesystems/proc.rst) and the taint flags
// (Documentation/admin-guide/tainted-kernels.rst).
func collectKernel(_ context.Context, h *Host) (report.Kernel, error) {
	uname := h.ask("uname", "")
	line := func(n int) report.Fact[string] {
		return parseAnswer(uname, func(data []byte) (string, error) {
			lines := strings.Split(string(data), "\n")
			if n >= len(lines) {
				return "", errors.New("fewer than three lines")
			}
			return lines[n], nil
		})
	}
	k := report.Kernel{Release: line(0), Version: line(1), CommandLine: h.Text("proc/cmdline"), Tainted: h.Int("proc/sys/kernel/tainted")}
	if k.Release.Gap == report.NotProbed {
		k.Release, k.Version = h.Text("proc/sys/kernel/osrelease"), h.Text("proc/sys/kernel/version")
	}
	k.Compiler = parse(h, "proc/version", func(data []byte) (string, error) {
		// Linux version RELEASE (BUILDER) (COMPILER) VERSION; the builder names
		// a person and a machine.
		_, rest, ok := strings.Cut(string(data), ") (")
		compiler, _, ok2 := strings.Cut(rest, ") #")
		if !ok || !ok2 {
			return "", errors.New("no compiler between parentheses")
		}
		return compiler, nil
	})
	k.ModuleNames = parseAnswer(h.ask("loaded-modules/1", "proc/modules"), func(data []byte) ([]string, error) {
		return strings.Fields(string(data)), nil
	})
	config := h.ask("digest/1", "proc/config.gz")
	k.ConfigSHA256 = parseAnswer(config, func(data []byte) (string, error) {
		_, sum, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
		return sum, nil
	})
	return k, nil
}

// balenaOS is the ID of balenaOS in os-release.
const balenaOS = "balena-os"

// collectDistribution reads which system is on the board: os-release(5), the
// buildinfo of a Yocto build (image-buildinfo.bbclass) and the package
// database.
func collectDistribution(_ context.Context, h *Host) (report.Distribution, error) {
	var d report.Distribution
	if image := h.Read(imagerecord.ImagePath); image.Gap == "" {
		// The vendor's system is on a medium that is not mounted.
		not := report.Missing[string](report.NotProbed, "the probe image mounts no system of the board; run the probe on that system", image.ID)
		return report.Distribution{ID: not, Name: not, VersionID: not, Codename: not, BuildID: not, Init: not, LibC: not, ContainerRuntime: not, Yocto: not, PackageManager: not}, nil
	}
	release := h.Read("etc/os-release")
	if release.Gap == report.Absent {
		release = h.Read("usr/lib/os-release")
	}
	field := func(name string) report.Fact[string] {
		f := parseAnswer(release, func(data []byte) (string, error) { return shellVariable(string(data), name), nil })
		return f
	}
	d.ID, d.Name, d.VersionID, d.Codename, d.BuildID = field("ID"), field("PRETTY_NAME"), field("VERSION_ID"), field("VERSION_CODENAME"), field("BUILD_ID")
	if d.ID.Value == balenaOS {
		d.DeviceType = field("SLUG")
	}
	d.Init = base(h.Link("sbin/init"))
	d.LibC = libc(h)
	if info := h.Read("etc/buildinfo"); info.Gap == "" {
		text := string(info.Data)
		d.Yocto = report.Known(strings.TrimSpace(oneLine(buildVariable(text, "DISTRO")+" "+buildVariable(text, "DISTRO_VERSION"))), info.ID)
		d.Layers = layers(text, info.ID)
	}
	for _, db := range []struct{ manager, op, path string }{
		{"dpkg", "dpkg/1", "var/lib/dpkg/status"},
		{"opkg", "dpkg/1", "var/lib/opkg/status"},
		{"opkg", "dpkg/1", "usr/lib/opkg/status"},
		{"apk", "apk/1", "lib/apk/db/installed"},
	} {
		a := h.ask(db.op, db.path)
		if a.Gap != "" {
			if d.PackageManager.IsZero() || d.PackageManager.Gap == report.Absent {
				d.PackageManager = report.Missing[string](a.Gap, a.Note, a.ID)
			}
			continue
		}
		d.PackageManager = report.Known(db.manager, a.ID)
		for line := range strings.Lines(string(a.Data)) {
			f := strings.Split(strings.TrimRight(line, "\n"), "\t")
			if len(f) != 3 {
				continue
			}
			p := report.Package{Name: f[0], Version: report.Known(f[1], a.ID), Role: report.Known(packageRole(f[0]), a.ID).By(report.Inferred), License: report.Known(f[2], a.ID)}
			if f[2] == "" {
				p.License = report.Missing[string](report.Absent, "this database has no such field", a.ID)
			}
			d.Packages = append(d.Packages, p)
		}
		break
	}
	for _, name := range []string{"balena-engine-daemon", "balenad", "dockerd", "containerd", "podman"} {
		for _, dir := range []string{"usr/bin", "usr/sbin"} {
			if a := h.ask("link", path.Join(dir, name)); a.Gap == "" || a.Note == "EINVAL" { // EINVAL: there, and not a link
				d.ContainerRuntime = report.Known(name, a.ID)
				return d, nil
			} else if d.ContainerRuntime.IsZero() || d.ContainerRuntime.Gap == report.Absent && a.Gap != report.Absent {
				d.ContainerRuntime = report.Missing[string](a.Gap, a.Note, a.ID)
			}
		}
	}
	return d, nil
}

// libc tells the C library by its dynamic loader.
func libc(h *Host) report.Fact[string] {
	var asked []string
	for _, dir := range []string{"lib", "lib64", "usr/lib"} {
		a := h.List(dir)
		asked = append(asked, a.ID)
		for _, name := range a.List {
			for _, c := range []struct{ prefix, name string }{{"ld-linux", "glibc"}, {"ld-musl-", "musl"}, {"ld-uClibc", "uClibc"}, {"ld64-uClibc", "uClibc"}} {
				if strings.HasPrefix(name, c.prefix) {
					return report.Known(c.name, a.ID).By(report.Inferred).Noting(name)
				}
			}
		}
		if a.Gap != "" && a.Gap != report.Absent {
			return report.Missing[string](a.Gap, a.Note, asked...)
		}
	}
	return report.Missing[string](report.Absent, "no dynamic loader in the usual places", asked...)
}

// shellVariable reads an assignment as os-release(5) allows it.
func shellVariable(text, name string) string {
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), name+"=")
		if !ok {
			continue
		}
		if inner, ok := strings.CutPrefix(value, `"`); ok {
			inner = strings.TrimSuffix(inner, `"`)
			return oneLine(shellEscapes().Replace(inner))
		}
		return oneLine(strings.Trim(value, `'"`))
	}
	return ""
}

// shellEscapes are those between double quotation marks (os-release(5)).
var shellEscapes = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")
})

// buildVariable reads "NAME = value" of a buildinfo.
func buildVariable(text, name string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// layers reads lines "meta-x = branch:revision -- modified" of a buildinfo.
func layers(text, id string) []report.Layer {
	var list []report.Layer
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		branch, revision, ok2 := strings.Cut(strings.TrimSpace(value), ":")
		if !ok || !ok2 || strings.ContainsAny(strings.TrimSpace(name), " \t") {
			continue
		}
		revision, mark, modified := strings.Cut(revision, " ")
		list = append(list, report.Layer{
			Name: strings.TrimSpace(name), Branch: report.Known(branch, id), Revision: report.Known(revision, id),
			Modified: report.Known(modified && strings.Contains(mark, "modified"), id),
		})
	}
	return list
}
