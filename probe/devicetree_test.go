package probe

import (
	"maps"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// TestTreeDigest changes a device tree: what a boot loader fills in and what
// belongs to a unit must not show, all else must.
func TestTreeDigest(t *testing.T) {
	const dt = "sys/firmware/devicetree/base/"
	digest := func(changes map[string]string) string {
		t.Helper()
		files := map[string]string{
			dt + "compatible": "acme,test\x00", dt + "serial-number": "1\x00", dt + "chosen/rng-seed": "12345678",
			dt + "memory@80000000/reg": "\x80\x00\x00\x00\x40\x00\x00\x00", dt + "soc/eth/local-mac-address": "\x00\x04\x9f\x01\x02\x03", dt + "soc/eth/status": "okay\x00",
		}
		maps.Copy(files, changes)
		r, _ := probeRoot(t, files)
		if !r.Identity.DeviceTreeSHA256.OK() {
			t.Fatalf("digest: %s", r.Identity.DeviceTreeSHA256.Why())
		}
		return r.Identity.DeviceTreeSHA256.Value
	}
	first := digest(nil)
	for name, c := range map[string]struct {
		changes map[string]string
		differs bool
	}{
		"again":           {nil, false},
		"serial number":   {map[string]string{dt + "serial-number": "2\x00"}, false},
		"seed":            {map[string]string{dt + "chosen/rng-seed": "87654321"}, false},
		"command line":    {map[string]string{dt + "chosen/bootargs": "quiet\x00"}, false},
		"memory":          {map[string]string{dt + "memory@80000000/reg": "\x80\x00\x00\x00\x20\x00\x00\x00"}, false},
		"address":         {map[string]string{dt + "soc/eth/local-mac-address": "\x00\x04\x9f\x01\x02\x04"}, false},
		"a value":         {map[string]string{dt + "soc/eth/status": "disabled\x00"}, true},
		"a new property":  {map[string]string{dt + "soc/eth/phy": "x"}, true},
		"a new node":      {map[string]string{dt + "soc/can/name": "can\x00"}, true},
		"chosen, deeper":  {map[string]string{dt + "soc/chosen/a": "b"}, true},
		"split elsewhere": {map[string]string{dt + "soc/eth/status": "oka", dt + "soc/eth/statuz": "y\x00"}, true},
	} {
		if got := digest(c.changes); (got != first) != c.differs {
			t.Errorf("%s: digest differs: %v; want %v", name, got != first, c.differs)
		}
	}
	r, _ := probeRoot(t, map[string]string{"proc/x": ""})
	if r.Identity.DeviceTreeSHA256.Gap != report.Absent {
		t.Errorf("without a device tree: %s; want absent", r.Identity.DeviceTreeSHA256.Gap)
	}
}
