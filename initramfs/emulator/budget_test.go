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

// row is one line of the budget. A measured value above the gate fails.
type row struct {
	what             string
	unit             string
	value, gate, aim float64
}

// BenchmarkBudget measures what boardprobe costs: on this machine beside the
// usual tools, and on an emulated board with little memory. It is no test, for
// tests run at the same time as others.
func BenchmarkBudget(t *testing.B) {
	w := newWorkshop(t)
	bare := virt("bare", 1)
	bare.blind, bare.disks = true, nil
	bare.append = "quiet"
	image := w.image(t, bare)
	rows := []row{
		{"boardprobe, arm64, stripped", "MB", megabytes(t, w.probe(t, "arm64")), 8.0, 6.0},
		{"probe initramfs, arm64, gzip, no modules", "MB", megabytes(t, image), 3.4, 2.6},
	}
	assembled := 0
	assembly, _ := best(t, func() []string {
		assembled++
		return []string{w.tool("boardimage"), "initramfs", "-arch", "arm64", "-probe", w.probe(t, "arm64"), "-o", filepath.Join(t.TempDir(), fmt.Sprint(assembled))}
	})
	rows = append(rows, row{"assembling it", "s", assembly.Seconds(), 2, 0.3})

	dir := t.TempDir()
	probe, peak := best(t, func() []string {
		return []string{w.probe(t, runtime.GOARCH), "-q", "-exit", "written", "-o", dir}
	})
	others := map[string]time.Duration{}
	for _, tool := range []string{"lshw -json", "hwinfo --all", "inxi -Fxxxz"} {
		others[tool], _ = best(t, func() []string { return strings.Fields(tool) })
	}
	packages, err := filepath.Glob(filepath.Join(dir, "*.board.tar.gz"))
	if err != nil || len(packages) == 0 {
		t.Fatalf("packages: %q, %v", packages, err)
	}
	rows = append(rows,
		row{"full probe here, against lshw -json", "x", probe.Seconds() / others["lshw -json"].Seconds(), 0.6, 0.25},
		row{"peak memory of a full probe", "MB", float64(peak) / 1e6, 40, 20},
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
		millis, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows,
			row{"RAM in which the image boots and reports, arm64", "MB", float64(mib), 128, 64},
			row{"/init to delivery, arm64 emulated, that RAM", "s", float64(millis) / 1000, 4, 2})
		break
	}
	if len(rows) < 8 {
		t.Error("the image does not report in 256 MB")
	}

	t.Logf("%-48s %9s %9s %9s", "", "measured", "gate", "aim")
	for _, l := range rows {
		t.Logf("%-48s %6.2f %-2s %6.1f %-2s %6.2f %s", l.what, l.value, l.unit, l.gate, l.unit, l.aim, l.unit)
		if l.value > l.gate {
			t.Errorf("%s: %.2f %s; want at most %.1f", l.what, l.value, l.unit, l.gate)
		}
	}
	t.Logf("wall time here: boardprobe %v, lshw -json %v, hwinfo --all %v, inxi -Fxxxz %v",
		round(probe), round(others["lshw -json"]), round(others["hwinfo --all"]), round(others["inxi -Fxxxz"]))
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

// best runs a command five times and returns its shortest time and its largest
// peak memory in bytes. The memory is measured by time(1): that which the
// kernel counts for a child of this process begins with the size of this one.
func best(t testing.TB, args func() []string) (shortest time.Duration, peak int64) {
	t.Helper()
	for range 5 {
		size := filepath.Join(t.TempDir(), "size")
		a := args()
		c := exec.Command("/usr/bin/time", append([]string{"-f", "%M", "-o", size}, a...)...)
		c.Stdout = io.Discard
		started := time.Now()
		if err := c.Run(); err != nil {
			t.Fatalf("%s: %v", strings.Join(a, " "), err)
		}
		if took := time.Since(started); shortest == 0 || took < shortest {
			shortest = took
		}
		text, err := os.ReadFile(size)
		if err != nil {
			t.Fatal(err)
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			t.Fatalf("time: %q", text)
		}
		peak = max(peak, kib*1024)
	}
	return shortest, peak
}
