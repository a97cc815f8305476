// Package emulator starts probe images on emulated boards, with the kernels
// that Debian ships, and holds what they report against what the emulator was
// given. It has tests only: one row of boards() is one board.
//
// Modems and other radios that QEMU does not have are programs of package
// radios. Command guest plugs them into the kernel of the board, which drives
// them by its own drivers, and runs beside the probe what may use them.
//
// What it needs is installed by `make tools`; a tool that is missing makes a
// test fail.
package emulator
