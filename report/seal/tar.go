package seal

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The archive is ustar (POSIX.1-1988, "pax" in IEEE Std 1003.1, Extended
// Description): a header of one block for each file, its data filled up to a
// whole block, and two blocks of zeros.
const (
	blockBytes = 512
	tarEnd     = 2 * blockBytes
)

// encodeTar writes members that are regular files without times or owners.
func encodeTar(members []Member) []byte {
	size := tarEnd
	for _, m := range members {
		size += blockBytes + padded(len(m.Data))
	}
	out := make([]byte, 0, size)
	for _, m := range members {
		out = append(out, tarHeader(m)...)
		out = append(out, m.Data...)
		out = append(out, make([]byte, padded(len(m.Data))-len(m.Data))...)
	}
	return append(out, make([]byte, tarEnd)...)
}

func padded(n int) int { return (n + blockBytes - 1) / blockBytes * blockBytes }

func tarHeader(m Member) []byte {
	h := make([]byte, blockBytes)
	copy(h[0:100], m.Name)
	copy(h[100:], "0000644\x00")                         // mode
	copy(h[108:], "0000000\x00")                         // uid
	copy(h[116:], "0000000\x00")                         // gid
	copy(h[124:], fmt.Sprintf("%011o\x00", len(m.Data))) // size
	copy(h[136:], "00000000000\x00")                     // mtime
	copy(h[148:], "        ")                            // sum, while summing
	copy(h[156:], "0")                                   // a regular file
	copy(h[257:], "ustar\x0000")                         // magic and version
	copy(h[329:], "0000000\x000000000\x00")              // device numbers
	copy(h[148:], fmt.Sprintf("%06o\x00 ", headerSum(h)))
	return h
}

func headerSum(h []byte) int {
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	return sum
}

// decodeTar returns the members that can be told apart safely, and what is not
// as encodeTar would have written it. Without faults the archive is exactly
// encodeTar of the members.
func decodeTar(tarball []byte) (members []Member, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	names := make(nameSet)
	rest := tarball
	for len(rest) >= blockBytes && rest[0] != 0 {
		h := rest[:blockBytes]
		name := cString(h[:100])
		size, err := strconv.ParseUint(strings.TrimRight(cString(h[124:136]), " "), 8, 40)
		if err != nil {
			fault("the archive has an unreadable header after %s", lastName(members))
			return members, faults
		}
		rest = rest[blockBytes:]
		body := rest[:min(size, uint64(len(rest)))]
		rest = rest[min(padded(len(body)), len(rest)):]
		if uint64(len(body)) < size {
			fault("%+q is cut off: %d of %d bytes", name, len(body), size)
			return members, faults
		}
		if len(members) == MaxMembers {
			fault("the archive has more than %d members", MaxMembers)
			return members, faults
		}
		// Programs that pack a folder put ./ in front of every name.
		name = strings.TrimPrefix(name, "./")
		switch err := names.check(name); {
		case h[156] != '0' && h[156] != 0:
			fault("%+q is not a file", name)
		case cString(h[345:500]) != "":
			fault("%+q has a longer path in the archive", name)
		case err != nil:
			fault("%v", err)
		default:
			names.add(name)
			members = append(members, Member{name, body})
		}
	}
	if len(faults) > 0 {
		return members, faults
	}
	again := encodeTar(members)
	if !bytes.Equal(again, tarball) {
		fault("the archive is not as boardprobe writes it, from %s on", tarPlace(members, firstDifference(again, tarball)))
	}
	if !slices.IsSortedFunc(members, compareMembers) {
		fault("the members are not in their order")
	}
	return members, faults
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// tarPlace names the place of an offset in the archive of these members.
func tarPlace(members []Member, offset int) string {
	for _, m := range members {
		if offset < blockBytes {
			return "the header of " + m.Name
		}
		offset -= blockBytes + padded(len(m.Data))
		if offset < 0 {
			return "the end of " + m.Name
		}
	}
	return "its end"
}

func lastName(members []Member) string {
	if len(members) == 0 {
		return "no member"
	}
	return members[len(members)-1].Name
}

func cString(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	return string(field)
}

// nameSet holds the names of an archive in lower case: files are unpacked on
// systems where the case of a letter makes no difference. A folder maps to
// false, a file to true.
type nameSet map[string]bool

func (s nameSet) add(name string) {
	name = strings.ToLower(name)
	s[name] = true
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
		s[name[:i]] = false
	}
}

// check refuses a name that could not be unpacked safely beside those in the
// set.
func (s nameSet) check(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	lower := strings.ToLower(name)
	if file, ok := s[lower]; ok {
		if file {
			return fmt.Errorf("%s is in it twice", name)
		}
		return fmt.Errorf("%s is a file and a folder", name)
	}
	for i := strings.LastIndexByte(lower, '/'); i > 0; i = strings.LastIndexByte(lower[:i], '/') {
		if s[lower[:i]] {
			return fmt.Errorf("%s is a file and a folder", name[:i])
		}
	}
	return nil
}

// checkName accepts relative paths of letters, digits and . _ - whose parts
// begin with a letter or digit: neither hidden, nor an option, nor a way up.
func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes {
		return fmt.Errorf("a member has a name of %d bytes, want 1 to %d", len(name), maxNameBytes)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || !isAlnum(part[0]) {
			return fmt.Errorf("%+q is not a name for a member", name)
		}
		for i := range len(part) {
			if c := part[i]; !isAlnum(c) && c != '.' && c != '_' && c != '-' {
				return fmt.Errorf("%+q is not a name for a member", name)
			}
		}
	}
	return nil
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
