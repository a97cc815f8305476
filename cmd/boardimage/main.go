// Boardimage builds the images from which a board is probed, at the desk of
// whoever has the board. It needs neither root nor other programs. It does not
// build the probe itself, and it does not write to media.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
