package scope

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/boards/desk"
)

// Version is major and minor of a kernel.
type Version struct{ Major, Minor int }

// Less reports whether v is older.
func (v Version) Less(o Version) bool {
	return v.Major < o.Major || v.Major == o.Major && v.Minor < o.Minor
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// ParseVersion reads the beginning of a kernel's release, as in 5.15.71-lts.
func ParseVersion(release string) (Version, bool) {
	major, rest, ok := strings.Cut(release, ".")
	if end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
		rest = rest[:end]
	}
	a, errMajor := strconv.ParseUint(major, 10, 15)
	b, errMinor := strconv.ParseUint(rest, 10, 15)
	return Version{int(a), int(b)}, ok && errMajor == nil && errMinor == nil
}

// Ride says whether balenaOS of a release of Yocto starts on a kernel.
type Ride struct {
	Release   string `json:"release"`
	Starts    bool   `json:"starts"`
	Supported bool   `json:"supported"` // on the day that the summary is for
	Ends      string `json:"ends"`      // of its support, YYYY-MM-DD
	Why       string `json:"why"`
}

// Rides answers for every release that balenaOS can be built with, oldest first.
// What decides is the oldest kernel on which the release's C library starts: a
// program linked with it ends at once on an older one. A kernel may be newer than
// any of the release's own.
func Rides(kernel Version, arch string, on time.Time) []Ride {
	releases, _ := desk.YoctoReleases()
	var list []Ride
	for _, r := range releases {
		if r.Layer != desk.LayerCurrent {
			continue
		}
		text := r.OldestKernel
		if other, ok := r.OldestOn[arch]; ok {
			text = other
		}
		oldest, _ := ParseVersion(text) // the tests read all of them
		ride := Ride{Release: r.Name, Ends: r.Ends, Supported: on.Format(time.DateOnly) <= r.Ends, Starts: !kernel.Less(oldest)}
		switch {
		case !ride.Starts:
			ride.Why = fmt.Sprintf("its C library needs %s", oldest)
		case !ride.Supported:
			ride.Why = "its support ended on " + r.Ends
		default:
			ride.Why = "supported until " + r.Ends
		}
		if systemdOfV2 := 258; ride.Starts && number(r.Systemd) >= systemdOfV2 {
			ride.Why += fmt.Sprintf("; systemd %s has cgroups of version 2 only", r.Systemd)
		}
		list = append(list, ride)
	}
	return list
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // the tests read all of them
	return n
}

// RidesText says what a kernel can ride in a few words.
func RidesText(rides []Ride) (text string, supported bool) {
	var current, ended []string
	for _, r := range rides {
		switch {
		case r.Starts && r.Supported:
			current = append(current, fmt.Sprintf("%s (until %s)", r.Release, r.Ends[:len("2006-01")]))
		case r.Starts:
			ended = append(ended, fmt.Sprintf("%s (ended %s)", r.Release, r.Ends[:len("2006-01")]))
		}
	}
	switch {
	case len(current) > 0:
		return "rides " + strings.Join(current, " and "), true
	case len(ended) > 0:
		slices.Reverse(ended)
		return "rides no supported Yocto, only " + strings.Join(ended, " and "), false
	}
	return "rides no Yocto that balenaOS is built with", false
}

// Maintained says how long kernel.org maintains the series of a kernel.
func Maintained(kernel Version, on time.Time) string {
	list, _ := desk.LongTermKernels()
	for _, s := range list {
		if s.Series != kernel.String() {
			continue
		}
		if s.Ends < on.Format("2006-01") {
			return fmt.Sprintf("long-term series %s, which ended in %s", s.Series, s.Ends)
		}
		return fmt.Sprintf("long-term series %s, until %s", s.Series, s.Ends)
	}
	if newest, _ := ParseVersion(list[len(list)-1].Series); newest.Less(kernel) {
		return fmt.Sprintf("%s is newer than the table of long-term series", kernel)
	}
	return fmt.Sprintf("%s is no long-term series", kernel)
}
