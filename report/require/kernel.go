package require

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boardprobe/boardprobe/report"
)

// version is major and minor of a kernel.
type version struct{ major, minor int }

// minKernel is the published minimum: overlay2, which balena's engine is built
// with, came with it.
func minKernel() version { return version{4, 0} }

func (v version) less(o version) bool {
	return v.major < o.major || v.major == o.major && v.minor < o.minor
}

// parseVersion reads the beginning of a release as in 5.15.71-lts.
func parseVersion(release string) (version, bool) {
	major, rest, ok := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, errMajor := strconv.ParseUint(major, 10, 15)
	b, errMinor := strconv.ParseUint(rest[:end], 10, 15)
	return version{int(a), int(b)}, ok && errMajor == nil && errMinor == nil
}

// band is a range of kernels that differ in what building balenaOS for them
// means. It is a reading of public build recipes, not a price tier.
func band(v version) (name, meaning string) {
	switch {
	case v.less(minKernel()):
		return "below 4.0", "balena's engine is built with overlay2, which these kernels do not have."
	case v.less(version{5, 3}):
		return "4.0-5.2", "The kernel cannot load compressed firmware, so the system is built without it and is larger."
	case v.less(version{5, 10}):
		return "5.3-5.9", "Firmware can be compressed; balenaOS takes WireGuard from the kernel from 5.10 on."
	}
	return "5.10+", "Firmware can be compressed, and balenaOS takes WireGuard from the kernel."
}

// kernel decides cds.kernel, a gate on the kernel that the BSP builds. Another one
// that drives the board's storage shows that the board runs a kernel that is new
// enough.
func kernel(r *report.Report) answer {
	if a, bad := unlisted(r, "kernel"); bad {
		return a
	}
	a := answer{facts: []string{"kernel.release", "sight.kernel_origin", "sight.kernel_of"}, verdict: Unknown}
	release, ok := r.Kernel.Release.Get()
	if !ok {
		a.found = "release: " + r.Kernel.Release.Why()
		a.detail = "The release of the running kernel is not known."
		return a
	}
	v, ok := parseVersion(release)
	if !ok {
		a.found = release
		a.detail = "The release does not begin with a version."
		return a
	}
	name, meaning := band(v)
	a.found = fmt.Sprintf("%s, %s, band %s", release, kernelOf(r), name)
	a.detail = meaning
	switch {
	case ofBSP(r) && v.less(minKernel()):
		a.verdict = Fail
	case ofBSP(r):
		a.verdict = Pass
	case !r.Sight.KernelOrigin.OK():
		a.detail = "Whose kernel this is could not be seen, and the minimum is about the one that the BSP builds."
		a.question = bspVersion
	case valueOf(r.Sight.KernelOrigin) == report.OriginOurs:
		a.detail = "The board was started with a kernel of the probe image; the minimum is about the kernel that the BSP builds."
		a.question = bspVersion
	case v.less(minKernel()):
		a.detail = "The kernel that ran is too old, and it need not be the one that the BSP builds."
		a.question = bspVersion
	case !drivesStorage(r):
		a.detail = "Whether this is the kernel that the BSP builds is not known, and it was not seen to drive storage of the board."
		a.question = bspVersion
	default:
		a.verdict = Pass
		a.found = fmt.Sprintf("%s %s starts this board, band %s", kernelOf(r), release, name)
		if valueOf(r.Sight.KernelOf) == "" {
			a.found = fmt.Sprintf("%s (%s) starts this board, band %s", release, kernelOf(r), name)
		}
		a.detail += " It drives the board's storage. The BSP's kernel may be another: its version is asked for with its sources."
	}
	return a
}

const bspVersion = "Which kernel version does the BSP build for this board?"

// ofBSP reports whether the kernel that ran is one of a board support package.
func ofBSP(r *report.Report) bool { return valueOf(r.Sight.KernelOrigin) == report.OriginBSP }

// kernelOf names whose the kernel that ran is.
func kernelOf(r *report.Report) string {
	of := valueOf(r.Sight.KernelOf)
	switch valueOf(r.Sight.KernelOrigin) {
	case report.OriginBSP:
		return strings.TrimSpace("BSP " + of)
	case report.OriginDistribution:
		return of + "'s"
	case report.OriginOurs:
		return "the probe's"
	}
	if r.Sight.KernelOrigin.Gap != "" {
		return "of which nothing tells whose it is"
	}
	return "of unknown origin"
}

// drivesStorage reports whether the kernel that ran drives a block device of the board.
func drivesStorage(r *report.Report) bool {
	m := mediaOf(r)
	return len(m.soldered)+len(m.inserted)+len(m.ours)+len(m.unclear) > 0
}
