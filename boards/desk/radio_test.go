package desk

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/boards"
)

// radioAlias are the patterns of radio drivers that name one kind of device.
var radioAlias = regexp.MustCompile(`^(of:N\*T\*C([a-z0-9]+,[a-z0-9-]+)|sdio:c\*v[0-9A-F]{4}d[0-9A-F]{4}\*)$`)

// TestRadiosAgree holds the table of radios of package boards, which is written
// by hand, against what the drivers of Linux themselves declare.
func TestRadiosAgree(t *testing.T) {
	t.Parallel()
	table := all(t)
	total, named := 0, 0
	var unknown []string
	for _, m := range table.modules {
		if !strings.Contains(m.Name, "drivers/net/wireless/") && !strings.Contains(m.Name, "drivers/bluetooth/") {
			continue
		}
		for _, pattern := range m.Aliases {
			if !radioAlias.MatchString(pattern) {
				continue
			}
			text := strings.NewReplacer("N*T*", "NT(null)", "c*", "c00", "*", "").Replace(pattern)
			total++
			r, ok := boards.RadioByModalias(text)
			if !ok {
				unknown = append(unknown, pattern+" "+moduleName(m.Name))
				continue
			}
			named++
			// The bus drivers of wlcore and wl1251 start the driver of the chip.
			family, _, _ := strings.Cut(moduleName(m.Name), "_")
			same := func(d boards.RadioDriver) bool {
				return d.Module == moduleName(m.Name) || d.Module == family || family == "wlcore" && strings.HasPrefix(d.Module, "wl1") || family == "wilc1000"
			}
			if !slices.ContainsFunc(r.Drivers, same) {
				t.Errorf("%s is %s with %+v; Linux has %s", text, r.Name, r.Drivers, moduleName(m.Name))
			}
		}
	}
	t.Logf("%d of %d devices that drivers of Linux name are in the table of radios; not: %q", named, total, unknown)
	if total < 80 || named*100 < total*80 {
		t.Errorf("%d of %d; want 80 of 100", named, total)
	}
}
