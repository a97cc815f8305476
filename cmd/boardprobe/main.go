// Command boardprobe takes the inventory of the board it runs on and leaves it
// as one signed file, the package, with the verdict table on stderr.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/initramfs/boot"
)

func main() {
	// A process of this program lives for a blink and has little on its heap:
	// a fifth of that blink would go into collecting its garbage.
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(32 << 20) // from here on it counts all the same
	// The same file is the first process of the image, the program that u-root
	// starts, what the kernel calls for modules, and its own children.
	switch name := filepath.Base(os.Args[0]); {
	case name == collectRole:
		hugePages()
		os.Exit(collectMain(os.Stdin, os.Stdout))
	case name == registerRole:
		os.Exit(registerMain(os.Args[1:], os.Stdout))
	case name == imageRole:
		os.Exit(imageMain(os.Stdin, os.Stderr))
	case name == "modprobe":
		os.Exit(boot.Modprobe(os.Args[1:]))
	case os.Getpid() == 1:
		boot.Run(boot.Init, imageRole)
	case name == "uinit":
		boot.Run(boot.Uinit, imageRole)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// hugePages lets the kernel put huge pages under the first megabytes of the heap,
// as it does by itself where transparent_hugepage is "always"
// (Documentation/admin-guide/mm/transhuge.rst). A run touches them all once, and
// in a virtual machine a page fault takes some 13 microseconds: 2,000 of them, and
// a sixth of the run, are saved.
func hugePages() {
	const heap = 12 << 20
	b := make([]byte, heap) // makes the heap as large; nothing of it is touched
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	runtime.GC() // and gives it back
}
