// Package emulator starts probe images on emulated boards, with the kernels
// that Debian ships, and holds what they report against what the emulator was
// given. It has tests only: one row of boards() is one board.
//
// What it needs is installed by `make tools`; a tool that is missing makes a
// test fail.
package emulator
