package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Requests that a run may make of the kernel beside reading files, one row each.
var (
	tracedSockets = []string{
		"AF_NETLINK", // rtnetlink, generic netlink
		"AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP", // for SIOCETHTOOL, connected to nothing
		"AF_BLUETOOTH", // the management socket
	}
	tracedIoctls = []string{
		"TCGETS",      // is stdout a terminal
		"BLKSSZGET",   // size of a disk's sectors
		"SIOCETHTOOL", // ETHTOOL_GDRVINFO
		"MMC_IOC_CMD", // SEND_EXT_CSD
		"NVME_IOCTL_ADMIN_CMD",
	}
)

// TestTrace follows a whole run on this machine: nothing is opened for writing
// but the package and the TPM, no port of a modem and no mailbox of a firmware but a
// Raspberry Pi's is opened at all, nobody is asked what processes have open, no program is started
// but this one, and the kernel is asked for nothing that is not in the lists above.
func TestTrace(t *testing.T) {
	dir := t.TempDir()
	probe := filepath.Join(dir, "boardprobe")
	build := exec.Command("go", "build", "-o", probe, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	trace := filepath.Join(dir, "trace")
	pkg := filepath.Join(dir, "p.board.tar.gz")
	run := exec.Command("strace", "-f", "-qq", "-s", "256", "-o", trace, "-e", "trace=%file,%network,ioctl,execve,mount,umount2,reboot,init_module,finit_module,delete_module,ptrace,bpf",
		probe, "-q", "-exit", "written", "-o", pkg)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// A Raspberry Pi is asked by its mailbox for what its kernel does not show.
	model, _ := os.ReadFile("/sys/firmware/devicetree/base/compatible")
	raspberry := strings.HasPrefix(string(model), "raspberrypi,")
	ofProcess := regexp.MustCompile(`"/proc/[0-9]+/(fd|task|comm)`)
	call := regexp.MustCompile(`^\d+\s+(\w+)\((.*)`)
	programs, opened := 0, 0
	for line := range strings.Lines(string(text)) {
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue // a signal, or the end of a call
		}
		name, args := m[1], m[2]
		fits := func(list []string) bool {
			return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(args, s) })
		}
		bad := false
		switch name {
		case "openat", "open", "openat2":
			opened++
			writes := strings.Contains(args, "O_WRONLY") || strings.Contains(args, "O_RDWR") || strings.Contains(args, "O_CREAT")
			bad = writes && !strings.Contains(args, pkg) && !strings.Contains(args, `"/dev/tpmrm0"`) && !strings.Contains(args, `"/dev/null"`) ||
				strings.Contains(args, "/dev/watchdog") || strings.Contains(args, "/dev/mem") || strings.Contains(args, "/dev/vcio") && !raspberry || strings.Contains(args, `"/dev/tty`) ||
				strings.Contains(args, `"/dev/cdc-wdm`) || strings.Contains(args, `"/dev/wwan`) || ofProcess.MatchString(args)
		case "execve":
			programs++
			bad = !strings.Contains(args, probe) && !strings.Contains(args, `"/proc/self/exe"`)
		case "socket":
			bad = !fits(tracedSockets)
		case "ioctl":
			bad = !fits(tracedIoctls)
		case "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "mknod", "mknodat", "chmod", "fchmodat", "truncate", "link", "symlink",
			"mount", "umount2", "reboot", "init_module", "finit_module", "delete_module", "ptrace", "bpf", "connect", "listen", "accept", "accept4":
			bad = true
		}
		if bad {
			t.Errorf("the probe makes a call that is not in the list: %s(%s", name, args)
		}
	}
	if programs < 2 || opened < 100 {
		t.Errorf("%d programs started, %d files opened: the trace is not one of a whole run", programs, opened)
	}
}
