package scope

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
)

// pageOf is the front page of a report.
func pageOf(r *report.Report, all bool) (Summary, string) {
	s := Of(Case{Report: r, Findings: require.Check(r), Word: "intact", On: day()})
	return s, s.Text(r, all)
}

// A report without facts has a page of the same shape, which says what it lacks and
// states nothing.
func TestEmptyPage(t *testing.T) {
	t.Parallel()
	s, text := pageOf(&report.Report{}, false)
	for _, label := range []string{"processor", "RAM", "storage", "boot", "kernel", "radios", "minimum", "stops a quote", "nearest", "Yocto", "layout", "work", "not known", "ask"} {
		if !strings.Contains(text, "\n"+label) {
			t.Errorf("the page has no line %q:\n%s", label, text)
		}
	}
	for _, word := range []string{"PASS", "FAIL", "nothing found that stops it", "rides", "none seen"} {
		if strings.Contains(text, word) {
			t.Errorf("a page without facts says %q:\n%s", word, text)
		}
	}
	if len(s.Stops) > 0 || len(s.Yocto) > 0 || len(s.Media) > 0 {
		t.Errorf("without facts: stops %v, Yocto %v, media %v", s.Stops, s.Yocto, s.Media)
	}
}

// seen is a value that was read.
func seen[T report.Value](value T) report.Fact[T] { return report.Known(value, "test/1") }

// board is a report of a small i.MX board.
func board() *report.Report {
	r := &report.Report{}
	r.Identity.Model = seen("Acme gateway")
	r.Identity.Compatible = seen([]string{"acme,gateway", "compulab,ucm-imx8m-plus-som", "fsl,imx8mp"})
	r.Identity.FirmwareInterface = seen("device-tree")
	r.CPU.Architecture, r.CPU.BalenaArchitecture = seen("aarch64"), seen("aarch64")
	r.Kernel.Release = seen("5.10.72-lts")
	r.Sight.KernelOrigin = seen(report.OriginBSP)
	r.Storage = []report.Disk{{
		Path: "mmc/card", Name: seen("mmcblk2"), Kind: seen(report.KindEMMC), SizeBytes: seen(int64(16e9)),
		Attached: seen(report.Soldered), LogicalBlockBytes: seen(int64(512)),
	}}
	return r
}

// The kernel of a BSP that rides no supported Yocto is large work, and said first.
func TestPageOfAnOldBSP(t *testing.T) {
	t.Parallel()
	s, text := pageOf(board(), false)
	if len(s.Work) == 0 || s.Work[0].ID != "kernel.yocto" || s.Work[0].Size != require.Large || s.Work[0].Asked {
		t.Errorf("the first work is %+v", s.Work)
	}
	if s.Nearest[0].Likeness != SameModule || !strings.HasPrefix(s.Cheapest().Name, "a new machine in balena-os/balena-") {
		t.Errorf("nearest %+v, cheapest %+v", s.Nearest[0], s.Cheapest())
	}
	for _, want := range []string{"rides no supported Yocto", "13.4 GiB remain for data", "[kernel.yocto]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q:\n%s", want, text)
		}
	}
	newer := board()
	newer.Kernel.Release = seen("6.6.23")
	if s, text := pageOf(newer, false); len(s.Work) > 0 && s.Work[0].ID == "kernel.yocto" || !strings.Contains(text, "rides scarthgap") {
		t.Errorf("6.6 is work:\n%s", text)
	}
}

// A minimum that is not met stops a quote; the same waived does not.
func TestWhatStops(t *testing.T) {
	t.Parallel()
	r := board()
	findings := []require.Finding{{ID: "cds.ram", Group: require.Requirement, Verdict: require.Fail, Title: "RAM", Found: "512 MiB", Consequence: require.Consequence{Effect: require.Blocks, Why: "w"}}}
	s := Of(Case{Report: r, Findings: findings, On: day()})
	if len(s.Stops) != 1 || !strings.Contains(s.Text(r, false), "stops a quote  RAM: 512 MiB [cds.ram]") {
		t.Errorf("stops = %+v:\n%s", s.Stops, s.Text(r, false))
	}
	findings[0].Waived = "agreed"
	if s := Of(Case{Report: r, Findings: findings, On: day()}); len(s.Stops) != 0 || !strings.Contains(s.Text(r, false), "waived: agreed") {
		t.Errorf("waived: stops = %+v:\n%s", s.Stops, s.Text(r, false))
	}
}

// A board that runs balenaOS, and one that is a type that is discontinued, say so.
func TestExistingType(t *testing.T) {
	t.Parallel()
	r := board()
	r.OS.ID, r.OS.DeviceType = seen("balena-os"), seen("iot-gate-imx8plus")
	if s, _ := pageOf(r, false); s.Cheapest().Standing != OpenPath || !strings.Contains(s.Cheapest().For[0], "runs balenaOS") {
		t.Errorf("a board with balenaOS: %+v", s.Cheapest())
	}
	tried := 0
	for _, v := range vectors(t) {
		got := Candidates(v.id)
		if got[0].Likeness != SameBoard || got[0].Support == "" {
			continue
		}
		tried++
		r := &report.Report{}
		r.Identity.Compatible = seen(v.id.Compatible)
		if len(v.id.Compatible) == 0 {
			r.Identity.Compatible = report.Fact[[]string]{}
			r.Identity.Vendor, r.Identity.Product, r.Identity.BoardName = seen(v.id.Vendor), seen(v.id.Product), seen(v.id.Board)
		}
		r.CPU.BalenaArchitecture = seen(v.id.Arch)
		if _, text := pageOf(r, false); !strings.Contains(text, "is discontinued") && !strings.Contains(text, "pending to be discontinued") {
			t.Errorf("%s is first without the word:\n%s", got[0].Slug, text)
		}
	}
	if tried == 0 {
		t.Error("no discontinued type was tried")
	}
}

// The firmware of radios: what balenaOS has, what is to be added with its size and
// licence, and what only the board's maker has.
func TestFirmware(t *testing.T) {
	t.Parallel()
	r := board()
	for _, name := range []string{"firmware", "radio-nodes"} {
		r.Sections = append(r.Sections, report.Section{Name: name, Outcome: report.OutcomeOK})
	}
	for _, file := range []string{"brcm/brcmfmac43430-sdio.bin", "rtw88/rtw8822c_fw.bin", "brcm/brcmfmac99999-sdio.bin"} {
		r.Firmware = append(r.Firmware, report.FirmwareFile{File: file, State: seen("running"), Driver: seen("x")})
	}
	s, text := pageOf(r, true)
	got := map[string]Firmware{}
	for _, f := range s.Firmware {
		got[f.File] = f
	}
	if f := got["rtw88/rtw8822c_fw.bin"]; !f.Known || f.Default || f.Bytes < 1000 || f.Licence == "" || !f.Redistributable || f.Package == "" {
		t.Errorf("rtw88: %+v", f)
	}
	if f := got["brcm/brcmfmac99999-sdio.bin"]; f.Known || f.Default {
		t.Errorf("a file of nobody: %+v", f)
	}
	for _, want := range []string{"to add", "of the board's maker", "rtw88/rtw8822c_fw.bin, addition"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q:\n%s", want, text)
		}
	}
}

// A board's own words do not become code in a draft.
func TestHostileDrafts(t *testing.T) {
	t.Parallel()
	r := board()
	r.Identity.Model = seen("'; process.exit() #{evil}\n\x1b[31m")
	r.Identity.Compatible = seen([]string{"acme,../../etc/passwd"})
	s, _ := pageOf(r, false)
	for _, d := range Drafts(r, s) {
		if strings.Contains(d.Name, "..") || strings.ContainsAny(string(d.Content), "\x1b") || len(d.Guesses) == 0 {
			t.Errorf("draft %q: %q", d.Name, d.Content)
		}
		if strings.HasSuffix(d.Name, ".coffee") && !strings.Contains(string(d.Content), `name: '\'; process.exit() #{evil} [31m'`) {
			t.Errorf("the name is not quoted:\n%s", d.Content)
		}
	}
}
