package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/report"
)

// TestCollectLeavesWhatHangs has a folder below which every answer of the kernel
// is outstanding for ever, as with a driver that waits for its device. Whoever
// asks there cannot be killed: the file system has taken the request
// (fs/fuse/dev.c, request_wait_answer).
func TestCollectLeavesWhatHangs(t *testing.T) {
	if os.Geteuid() != 0 {
		asRoot(t)
		return
	}
	for name, c := range map[string]struct {
		folder       string
		run, section time.Duration
		want         report.Outcome
	}{
		"the section ends, the child cannot":       {"var/lib/dpkg", time.Minute, 2 * time.Second, report.OutcomeDeadline},
		"the run ends while the child is in there": {"var/lib/dpkg", 6 * time.Second, time.Minute, report.OutcomeKilled},
		"where identities are":                     {"etc", time.Minute, 2 * time.Second, report.OutcomeDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			root := dump(t)
			hanging(t, filepath.Join(root, c.folder))
			ctx, cancel := context.WithTimeout(t.Context(), c.run)
			defer cancel()
			start := time.Now()
			evidence, _, err := collect(ctx, probe.Options{Root: root, Timeout: c.section}, func(report.Evidence) {})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 40*time.Second {
				t.Errorf("it took %v to leave a child that hangs", took)
			}
			ends := map[string]report.Outcome{}
			for _, e := range evidence {
				if e.Op == report.OpEnd {
					ends[e.Section] = report.Outcome(e.Subject)
				}
			}
			if len(ends) != len(probe.Sections()) || ends["distribution"] != c.want || ends["cpu"] != report.OutcomeOK {
				t.Errorf("sections ended %v; want distribution %s, and what came before kept", ends, c.want)
			}
			if c.want == report.OutcomeDeadline && ends["network"] != report.OutcomeOK {
				t.Errorf("sections ended %v; want what comes after the one that hangs", ends)
			}
			// The question that hangs is counted and not recorded; the package is sound.
			r, err := probe.Build(evidence, probe.Collector)
			if err != nil {
				t.Fatal(err)
			}
			signer, err := signerOf("ephemeral")
			if err != nil {
				t.Fatal(err)
			}
			r.Run.Collector = probe.Collector
			e, err := pack(r, evidence, signer)
			if err == nil {
				err = readable(e.packed)
			}
			if err != nil {
				t.Errorf("the package of such a run: %v", err)
			}
		})
	}
}

// asRoot runs the test that calls it once more, as root of a user namespace: to
// mount takes that.
func asRoot(t *testing.T) {
	t.Helper()
	again := exec.Command("/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

// hanging mounts a file system that takes every request and answers the first.
func hanging(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("hanging", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH); err != nil { // ends all requests
			t.Error(err)
		}
		unix.Close(fd)
	})
	// The first request is FUSE_INIT (include/uapi/linux/fuse.h): a header of 40
	// bytes, of which the last but 24 are its number; the answer repeats it.
	request := make([]byte, 1<<17)
	go func() {
		if n, err := unix.Read(fd, request); err != nil || n < 40 {
			return
		}
		answer := make([]byte, 16+64)
		binary.NativeEndian.PutUint32(answer, uint32(len(answer)))
		copy(answer[8:], request[8:16])
		binary.NativeEndian.PutUint32(answer[16:], 7)
		binary.NativeEndian.PutUint32(answer[20:], 31)
		binary.NativeEndian.PutUint32(answer[36:], 1<<16) // longest write
		if _, err := unix.Write(fd, answer); err != nil {
			return
		}
		for { // taken, and never answered
			if _, err := unix.Read(fd, request); err != nil {
				return
			}
		}
	}()
}
