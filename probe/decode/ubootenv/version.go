package ubootenv

import (
	"bytes"
	"slices"
	"strings"
)

// Version is a text with which firmware names itself.
type Version struct {
	Kind   string // u-boot, u-boot-spl, u-boot-tpl, u-boot-vpl, tf-a, op-tee, barebox
	Text   string // up to the end of the line, at most 160 bytes
	Offset int64  // on the medium
}

const (
	maxVersions    = 32
	maxVersionText = 160
)

// FindVersions finds the texts with which U-Boot, TF-A, OP-TEE and barebox name
// themselves in a part of a medium that begins at base. Each text is returned
// once, where it is first; at most 32 are. One that is cut off by the end of
// data is cut.
func FindVersions(data []byte, base int64) []Version {
	var found []Version
	add := func(kind string, at int) {
		v := Version{kind, versionText(data[at:]), base + int64(at)}
		if len(found) < maxVersions && !slices.ContainsFunc(found, func(o Version) bool { return o.Kind == kind && o.Text == v.Text }) {
			found = append(found, v)
		}
	}
	each(data, "U-Boot ", func(at int) {
		rest := data[at+len("U-Boot "):]
		kind := "u-boot"
		for _, stage := range [...]string{"SPL", "TPL", "VPL"} {
			if after, ok := bytes.CutPrefix(rest, []byte(stage+" ")); ok {
				kind, rest = "u-boot-"+strings.ToLower(stage), after
			}
		}
		if dated(rest) {
			add(kind, at)
		}
	})
	each(data, "barebox ", func(at int) {
		if dated(data[at+len("barebox "):]) {
			add("barebox", at)
		}
	})
	// TF-A's version_string, "v2.8(release):v2.8.0", without a name (its
	// Makefile, and bl31/bl31_main.c); builds of vendors leave the type out.
	for _, build := range [...]string{"(release):", "(debug):", "():"} {
		each(data, build, func(at int) {
			if start, ok := numbersBefore(data, at); ok {
				add("tf-a", start)
			}
		})
	}
	const tee = "OP-TEE version: " // core/kernel/console.c of OP-TEE
	each(data, tee, func(at int) {
		if rest := data[at+len(tee):]; len(rest) > 0 && isDigit(rest[0]) {
			add("op-tee", at)
		}
	})
	slices.SortStableFunc(found, func(a, b Version) int { return compareOffset(a.Offset, b.Offset) })
	return found
}

func each(data []byte, sign string, do func(at int)) {
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte(sign))
		if i < 0 {
			return
		}
		do(at + i)
		at += i + len(sign)
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// dated reports whether the text begins with a version by year and month, as
// 2023.01; releases are named so since 2008.
func dated(b []byte) bool {
	return len(b) >= 7 && b[0] == '2' && b[1] == '0' && isDigit(b[2]) && isDigit(b[3]) && b[4] == '.' && isDigit(b[5]) && isDigit(b[6])
}

// numbersBefore finds the v of "v2.8" or "v2.10.0" that ends at end.
func numbersBefore(data []byte, end int) (int, bool) {
	at := end
	for at > 0 && end-at < 12 && (isDigit(data[at-1]) || data[at-1] == '.') {
		at--
	}
	if at == 0 || data[at-1] != 'v' || at == end || !isDigit(data[at]) || bytes.IndexByte(data[at:end], '.') < 0 {
		return 0, false
	}
	return at - 1, true
}

// versionText takes printable ASCII.
func versionText(b []byte) string {
	end := 0
	for end < min(len(b), maxVersionText) && ' ' <= b[end] && b[end] <= '~' {
		end++
	}
	return string(b[:end])
}
