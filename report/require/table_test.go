package require

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

var update = flag.Bool("update", false, "write the golden files")

// fitsPage fails unless every line fits a serial console and is printable ASCII.
func fitsPage(t *testing.T, name, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "\n") {
		t.Errorf("%s does not end its last line", name)
	}
	for _, line := range strings.Split(text, "\n") {
		if len(line) > 79 {
			t.Errorf("%s: %d columns: %q", name, len(line), line)
		}
		if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%s: not printable ASCII: %q", name, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("%s: space at the end of %q", name, line)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	fitsPage(t, name, got)
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
	}
}

// poor is a run that decides little: the probe's own kernel, no modules, an
// SD card that the probe came on, and less RAM than a source claims.
func poor() *report.Report {
	r := imx8mp()
	blind(r)
	r.Sight.KernelOrigin, r.Sight.Root, r.Sight.ReportVolume = text(report.OriginOurs), no(), text("mmcblk1p1")
	r.Kernel.Release = text("6.12.38+deb13-arm64")
	r.Memory = memory(900, 900, 880, says("revision-code", 1024))
	r.Storage = []report.Disk{card("mmcblk1", 16e9)}
	r.Identity.Compatible = report.Known([]string{"acme,gateway-with-a-name-that-does-not-fit", "acme,module"}, "identity/2")
	r.Identity.Model = text("ACME Industrial Gateway with Dual Ethernet and CAN")
	section(r, "pci").Outcome = report.OutcomeDeadline
	return r
}

// vm is a PC without a device tree, and with an NVMe disk only.
func vm() *report.Report {
	r := imx8mp()
	live(r)
	r.Identity = report.Identity{
		Compatible: gap[[]string](report.Absent), Model: gap[string](report.Absent),
		Vendor: text("Intel"), Product: text("NUC7i3"), FirmwareVendor: text("Intel Corp."),
	}
	r.Storage, r.MMCHosts = []report.Disk{part(report.KindNVMe, report.Slot, "nvme0n1", 256e9)}, nil
	r.Sight.ReportVolume = text("sda1")
	r.Kernel.Release = text("3.10.0-1160.el7")
	return r
}

func TestTable(t *testing.T) {
	opts := TableOptions{Signed: "by ephemeral key 9c1e-77ab (nobody vouches for it: no ticket)"}
	for name, r := range map[string]*report.Report{"imx8mp": imx8mp(), "poor": poor(), "pc": vm(), "empty": {}} {
		findings := Check(r)
		golden(t, name+".table", Table(r, findings, opts))
		golden(t, name+".questions", Questions(r, findings))
	}
}

// hostile is text that nobody should put on a terminal.
func hostile() []string {
	return []string{
		"\x1b[2J\x1b]0;owned\x07", "line\nline\r\nline", "\u202eright to left", "Gr\u00fc\u00dfe \u6f22\u5b57", "\x00\xff\xfe", "tab\ttab\u2028sep\u0085nel",
		strings.Repeat("x", 1000), strings.Repeat("word ", 400), strings.Repeat("\u00e9", 5000), "-", " ", "",
	}
}

// hostileReport puts one text wherever a board can put any.
func hostileReport(s string) *report.Report {
	r := poor()
	r.Run = report.Run{ID: s, Probe: s}
	r.Identity = report.Identity{Model: text(s), Compatible: report.Known([]string{s, s}, "x/1"), Vendor: text(s), Product: text(s), LoaderVersion: text(s), Serial: text(s)}
	r.CPU.Types[0].Name, r.CPU.Architecture = text(s), text(s)
	r.Kernel.Release, r.Kernel.Version = text(s), text(s)
	r.OS.Name, r.OS.Yocto, r.OS.Layers = text(s), text(s), []report.Layer{{Name: s}}
	r.Memory.Claims = append(r.Memory.Claims, report.Claim{Source: s, Bytes: number(1 << 62)})
	r.Storage = append(r.Storage, report.Disk{Path: s, Name: text(s), Kind: text(s), SizeBytes: number(-1)}, eMMC(s, 1<<62))
	r.MMCHosts = append(r.MMCHosts, report.MMCHost{Path: s, Name: text(s)})
	r.Network = append(r.Network, report.NIC{Path: s, Name: text(s), Kind: text("wifi"), Driver: text(s)})
	r.GHW.NICs = []report.GHWDevice{{Name: s, ID: text(s)}}
	r.Sections = append(r.Sections, report.Section{Name: s, Outcome: report.Outcome(s), Reason: s})
	r.Sight.World = text(s)
	return r
}

func TestHostile(t *testing.T) {
	for _, s := range hostile() {
		r := hostileReport(s)
		findings := Check(r)
		for _, f := range findings {
			if page.Clean(f.Found) != f.Found || page.Clean(f.Detail) != f.Detail || page.Clean(f.Question) != f.Question {
				t.Errorf("%.20q: %s is not clean: %q, %q, %q", s, f.ID, f.Found, f.Detail, f.Question)
			}
		}
		fitsPage(t, "table", Table(r, findings, TableOptions{Signed: s}))
		fitsPage(t, "questions", Questions(r, findings))
	}
}

// TestModelIsNotCut wants all of a long model on the page.
func TestModelIsNotCut(t *testing.T) {
	r := imx8mp()
	r.Identity.Model = text(strings.Repeat("0123456789", 100))
	table := Table(r, Check(r), TableOptions{})
	fitsPage(t, "table", table)
	if got := strings.Count(table, "9"); got < 100 {
		t.Errorf("%d of 100 parts of a long model are in the table", got)
	}
	if strings.Contains(table, "signed") {
		t.Error("a table without a signature has a line for it")
	}
}

// TestPromises keeps promises off the pages.
func TestPromises(t *testing.T) {
	for _, r := range []*report.Report{imx8mp(), poor(), vm(), {}} {
		findings := Check(r)
		all := Table(r, findings, TableOptions{}) + Questions(r, findings)
		for _, f := range findings {
			all += f.Detail + "\n" + f.Found + "\n"
		}
		for _, word := range []string{"accepted", "guarantee", "will pass", "certified", "is the same"} {
			if strings.Contains(strings.ToLower(all), word) {
				t.Errorf("a page of %s says %q", BoardText(r), word)
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		" a \t b\r\n": "a b", "a\u2028b\u2029c\u0085d\x7fe": "a b c d e", "\x1b[31mred": "[31mred", "Gr\u00fc\u00dfe": "Gr??e", "\xff": "?",
		strings.Repeat("x", 9999): strings.Repeat("x", page.MaxText) + " [cut]",
	} {
		if got := page.Clean(in); got != want {
			t.Errorf("page.Clean(%.40q) = %.40q (%d); want %.40q (%d)", in, got, len(got), want, len(want))
		}
	}
}

func TestSizeText(t *testing.T) {
	for _, c := range []struct {
		n        int64
		decimals int
		want     string
	}{
		{3 << 30, 2, "3.00 GiB"}, {8_600_000_000, 1, "8.0 GiB"}, {3_600_000_000, 1, "3.3 GiB"}, {1<<30 - 1, 2, "1023 MiB"}, {512 << 20, 2, "512 MiB"},
		{1 << 62, 1, "4194304.0 TiB"}, {1<<63 - 1, 2, "8388607.99 TiB"}, {1<<40 - 1, 1, "1023.9 GiB"}, {5, 1, "5 bytes"}, {4096, 1, "4 KiB"}, {-1, 1, "invalid size"},
	} {
		if got := page.Size(c.n, c.decimals); got != c.want {
			t.Errorf("page.Size(%d, %d) = %s; want %s", c.n, c.decimals, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text        string
		first, rest int
		want        string
	}{
		{"", 5, 5, ""}, {"one two", 7, 7, "one two"}, {"one two", 6, 6, "one|two"}, {"one two three", 3, 9, "one|two three"},
		{"abcdefghij", 4, 3, "abcd|efg|hij"}, {"ab cdefgh", 4, 4, "ab|cdef|gh"}, {"abcd e", 4, 4, "abcd|e"}, {" a  b ", 9, 9, "a b"},
	} {
		if got := strings.Join(page.Wrap(c.text, c.first, c.rest), "|"); got != c.want {
			t.Errorf("page.Wrap(%q, %d, %d) = %q; want %q", c.text, c.first, c.rest, got, c.want)
		}
	}
}

func FuzzPages(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s, int64(900<<20), int64(4e9))
	}
	f.Fuzz(func(t *testing.T, s string, memory, size int64) {
		r := hostileReport(s)
		r.Memory.FittedBytes, r.Storage[0].SizeBytes = number(memory), number(size)
		findings := Check(r)
		fitsPage(t, "table", Table(r, findings, TableOptions{Signed: s}))
		fitsPage(t, "questions", Questions(r, findings))
		Status(findings, FailOn{})
	})
}
