// Package pattern has regular expressions that are compiled at their first use.
// A process of the probe lives for a blink and uses few of those that there
// are: to compile all at its start took a tenth of its time.
package pattern

import (
	"regexp"
	"sync"
)

// New returns what compiles an expression at its first call. One that does not
// compile panics then, so the test of this package compiles all of the program.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
