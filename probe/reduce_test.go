package probe

import (
	"io"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// TestReducePackages has databases of Debian and of Alpine.
func TestReducePackages(t *testing.T) {
	t.Parallel()
	debian := func(s string) string {
		return string(reducePackages(strings.NewReader(s), "Package", "Version", "License", "Status"))
	}
	long := "Description: " + strings.Repeat("x", 200<<10) + " Version: 9\n"
	for name, c := range map[string]struct{ data, want string }{
		"kernel":        {"Package: bash\nVersion: 5\n\nPackage: linux-image-6.1\nStatus: install ok installed\n" + long + "Version: 6.1-1\n\n", "linux-image-6.1\t6.1-1\t\n"},
		"no newline":    {"Package: u-boot-tools\nStatus: install ok installed\nVersion: 1", "u-boot-tools\t1\t\n"},
		"removed":       {"Package: grub-pc\nStatus: deinstall ok config-files\nVersion: 2\n", ""},
		"of the former": {"Package: grub-pc\nStatus: install ok installed\nVersion: 2\n\nPackage: shim\nStatus: install ok installed\n", "grub-pc\t2\t\nshim\t\t\n"},
		"continued":     {"Package: shim\nStatus: install ok installed\nDescription: x\n Version: 7\n", "shim\t\t\n"},
		"empty":         {"", ""},
		"no name":       {"Status: install ok installed\nVersion: 1\n", ""},
	} {
		if got := debian(c.data); got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
	alpine := "C:Q1x\nP:linux-lts\nV:6.6.1-r0\nA:aarch64\nL:GPL-2.0-only\n\nC:Q1y\nP:musl\nV:1\n"
	if got := string(reducePackages(strings.NewReader(alpine), "P", "V", "L", "")); got != "linux-lts\t6.6.1-r0\tGPL-2.0-only\n" {
		t.Errorf("Alpine: %q", got)
	}
}

// TestReduceBounds reads a file of exactly the limit, of one byte more, and one
// that cannot be read.
func TestReduceBounds(t *testing.T) {
	t.Parallel()
	f, err := openFiles(tree(t, map[string]string{"four": "abcd", "five": "abcde", "none": ""}))
	if err != nil {
		t.Fatal(err)
	}
	s := &system{files: f}
	all := func(b []byte) []byte { return b }
	for _, c := range []struct {
		name, want string
		truncated  bool
		errno      string
	}{{"four", "abcd", false, ""}, {"five", "abcd", true, ""}, {"none", "", false, ""}, {"gone", "", false, "ENOENT"}, {".", "", false, errnoNotPlain}} {
		a := s.reduce(reducer{"x", 4, whole(all)}, c.name, 1<<10)
		if string(a.data) != c.want || a.truncated != c.truncated || a.errno != c.errno {
			t.Errorf("%s: %q, truncated %v, errno %q; want %+v", c.name, a.data, a.truncated, a.errno, c)
		}
		digest := s.reduce(reducer{"x", 4, reduceDigest}, c.name, 1<<10)
		if c.errno == "" && !strings.HasPrefix(string(digest.data), []string{"0 ", "4 "}[len(c.want)/4]) || digest.truncated != c.truncated || digest.errno != c.errno {
			t.Errorf("%s: digest %q, truncated %v, errno %q", c.name, digest.data, digest.truncated, digest.errno)
		}
	}
	from := &bounded{fd: -1, left: 1}
	if _, err := io.ReadAll(from); err == nil || from.err == nil {
		t.Errorf("a descriptor that cannot be read: %v, %v", err, from.err)
	}
}

// TestGapOfNumbers goes by the numbers: the name of a number that has two is that
// of package unix.
func TestGapOfNumbers(t *testing.T) {
	t.Parallel()
	for number, want := range map[syscall.Errno]report.Gap{
		unix.EOPNOTSUPP: report.Unsupported, unix.ENOTTY: report.Unsupported, unix.ENOSYS: report.Unsupported, unix.EINVAL: report.Unsupported,
		unix.ENOENT: report.Absent, unix.ENXIO: report.Absent, unix.EACCES: report.Denied, unix.EPERM: report.Denied, unix.EIO: report.Failed,
	} {
		if got := gapOf(errnoOf(number)); got != want {
			t.Errorf("%v is %q; want %q", number, got, want)
		}
	}
}
