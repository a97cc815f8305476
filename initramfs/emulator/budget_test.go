package emulator

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// row is one line of the budget. A size above the gate fails. A time depends on the
// machine and on what else it does: it is printed, with a mark above the gate.
type row struct {
	what             string
	unit             string
	value, gate, aim float64
}

func (r row) timed() bool { return r.unit == "s" || r.unit == "x" }

// BenchmarkBudget measures what boardprobe costs: on this machine beside the
// usual tools, and on an emulated board with little memory. It is no test, for
// tests run at the same time as others.
func BenchmarkBudget(t *testing.B) {
	w := newWorkshop(t)
	bare := virt("bare", 1)
	bare.blind, bare.disks = true, nil
	bare.noPower = true // with too little memory it panics, which is an answer
	bare.append = "quiet"
	image := w.image(t, bare)
	rows := []row{
		{"boardprobe, arm64, stripped", "MB", megabytes(t, w.probe(t, "arm64")), 8.8, 7.5},
		{"probe initramfs, arm64, gzip, no modules", "MB", megabytes(t, image), 3.5, 3.0},
	}
	dir := t.TempDir()
	assembled := 0
	assembly := contest(t, func() []string {
		assembled++
		return []string{w.tool("boardimage"), "initramfs", "-arch", "arm64", "-probe", w.probe(t, "arm64"), "-o", filepath.Join(dir, fmt.Sprint(assembled))}
	})
	rows = append(rows, row{"assembling it", "s", assembly[0].took.Seconds(), 2, 0.3})

	host := contest(t,
		always(w.probe(t, runtime.GOARCH), "-q", "-exit", "written", "-o", dir),
		always("lshw", "-json"), always("hwinfo", "--all"), always("inxi", "-Fxxxz"))
	probe, lshw := host[0], host[1]
	packages, err := filepath.Glob(filepath.Join(dir, "*.board.tar.gz"))
	if err != nil || len(packages) == 0 {
		t.Fatalf("packages: %q, %v", packages, err)
	}
	check := contest(t, always("sh", "-c", w.tool("boardreport")+" check ../../cmd/boardreport/testdata/corpus/imx8mp-emmc.board.tar.gz 2>&1 || true"))[0]
	rows = append(rows,
		row{"full probe here, against lshw -json", "x", probe.took.Seconds() / lshw.took.Seconds(), 0.7, 0.25},
		row{"check of one package, facts collected again", "s", check.took.Seconds(), 0.3, 0.1},
		row{"peak memory of a full probe", "MB", float64(probe.peak) / 1e6, 40, 20},
		row{"package of this machine", "kB", megabytes(t, packages[0]) * 1000, 64, 40},
	)

	// The board with the least memory that still reports.
	for _, mib := range []int64{64, 128, 256} {
		bare.ramMiB = mib
		run := w.start(t, bare, w.arguments(t, bare, t.TempDir()), t.TempDir())
		m := deliveredForm.FindSubmatch(run.log)
		if m == nil {
			continue
		}
		seconds, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows,
			row{"RAM in which the image boots and reports, arm64", "MB", float64(mib), 128, 96},
			// Beside other work the emulator gets a part of the processor only.
			row{"/init to delivery, arm64 emulated, that RAM", "s", seconds * run.share, 4, 2})
		break
	}
	if len(rows) < 8 {
		t.Error("the image does not report in 256 MB")
	}

	t.Logf("%-48s %9s %9s %9s", "", "measured", "gate", "aim")
	for _, l := range rows {
		above := ""
		if l.value > l.gate {
			above = "  above the gate"
		}
		t.Logf("%-48s %6.2f %-2s %6.1f %-2s %6.2f %-2s%s", l.what, l.value, l.unit, l.gate, l.unit, l.aim, l.unit, above)
		if l.value > l.gate && !l.timed() {
			t.Errorf("%s: %.2f %s; want at most %.1f", l.what, l.value, l.unit, l.gate)
		}
	}
	t.Logf("wall time here: boardprobe %v, lshw -json %v, hwinfo --all %v, inxi -Fxxxz %v",
		round(probe.took), round(lshw.took), round(host[2].took), round(host[3].took))
}

func megabytes(t testing.TB, name string) float64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// cost is the shortest time of a command and its largest peak memory in bytes.
type cost struct {
	took time.Duration
	peak int64
}

func always(args ...string) func() []string { return func() []string { return args } }

// contest runs commands in turn, seven times each, so that other work on this
// machine meets them all. The memory is measured by time(1): that which the
// kernel counts for a child of this process begins with the size of this one.
func contest(t testing.TB, commands ...func() []string) []cost {
	t.Helper()
	size := filepath.Join(t.TempDir(), "size")
	costs := make([]cost, len(commands))
	for range 7 {
		for i, command := range commands {
			args := command()
			c := exec.Command("/usr/bin/time", append([]string{"-f", "%M", "-o", size}, args...)...)
			c.Stdout = io.Discard
			started := time.Now()
			if err := c.Run(); err != nil {
				t.Fatalf("%s: %v", strings.Join(args, " "), err)
			}
			if took := time.Since(started); costs[i].took == 0 || took < costs[i].took {
				costs[i].took = took
			}
			text, err := os.ReadFile(size)
			if err != nil {
				t.Fatal(err)
			}
			kib, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err != nil {
				t.Fatalf("time: %q", text)
			}
			costs[i].peak = max(costs[i].peak, kib*1024)
		}
	}
	return costs
}
