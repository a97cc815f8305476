// Command boardprobe takes the inventory of the board it runs on and leaves it
// as one signed file, the package, with the verdict table on stderr.
package main

import (
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == collectRole {
		os.Exit(collectMain(os.Stdin, os.Stdout))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
