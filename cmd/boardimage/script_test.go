package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"boardimage": main})
}

// TestScripts runs the scripts of testdata/script, in which $PROBE is a probe
// for amd64.
func TestScripts(t *testing.T) {
	probe := filepath.Join(t.TempDir(), "boardprobe-linux-amd64")
	build := exec.Command("go", "build", "-o", probe, "../boardprobe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PROBE", probe)
			return nil
		},
	})
}
