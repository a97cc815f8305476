package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/report"
)

// TestProgress says of three sections how they went, as each kind of console is told.
func TestProgress(t *testing.T) {
	t.Parallel()
	count := func(n int, section string) string {
		return "\r" + fmt.Sprintf("%-78s", fmt.Sprintf("boardprobe: %d of %d sections: %s", n, 3, section))
	}
	const late, register = "boardprobe: boot          deadline after 20s\n", "boardprobe: boot          reads 0x10000000\n"
	cleared := "\r" + strings.Repeat(" ", 78) + "\r"
	for how, want := range map[detail]string{
		problems: register + late,
		counting: count(1, "cpu") + cleared + register + late + count(3, "wifi") + cleared,
		every:    "boardprobe: cpu           ok\n" + register + late + "boardprobe: wifi          ok\n",
	} {
		var said bytes.Buffer
		p := progress{out: screen.New(&said), how: how, asked: []string{"cpu", "boot", "wifi"}}
		for _, e := range []report.Evidence{
			{Section: "cpu", Op: "read", Subject: "proc/cpuinfo"},
			{Section: "cpu", Op: report.OpEnd, Subject: string(report.OutcomeOK)},
			{Section: "boot", Op: report.OpNextRegister, Subject: "0x10000000"},
			{Section: "boot", Op: report.OpEnd, Subject: string(report.OutcomeDeadline), Text: "after 20s"},
			{Section: "usb", Op: report.OpEnd, Subject: string(report.OutcomeNotRun), Text: "left out by request"},
			{Section: "wifi", Op: report.OpEnd, Subject: string(report.OutcomeOK)},
		} {
			p.record(e)
		}
		p.clear()
		if said.String() != want {
			t.Errorf("%d: %q; want %q", how, &said, want)
		}
		for line := range strings.Lines(strings.ReplaceAll(said.String(), "\r", "\n")) {
			if len(line) > lineWidth+1 {
				t.Errorf("%d: a line of %d columns", how, len(line))
			}
		}
	}
}
