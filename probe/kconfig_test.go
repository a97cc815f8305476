package probe

import (
	"testing"

	"github.com/boardprobe/boardprobe/probe/decode/imagerecord"
)

// TestConfigPlaces looks for the configuration where kernels, distributions and
// images have it.
func TestConfigPlaces(t *testing.T) {
	for place, found := range map[string]string{
		"boot/config-6.1.0":               "/boot/config-6.1.0",
		"lib/modules/6.1.0/config":        "/lib/modules/6.1.0/config",
		imagerecord.KernelConfig("6.1.0"): "/etc/boardprobe/kernel-config-6.1.0",
		"boot/config-6.6.6":               "",
	} {
		r, _ := probeRoot(t, map[string]string{"proc/sys/kernel/osrelease": "6.1.0\n", place: "CONFIG_A=y\nCONFIG_B=m\n"})
		if r.Kernel.ConfigFound.Value != found || found != "" && r.Kernel.ConfigOptions.Value != 2 {
			t.Errorf("%s: found %+v, options %+v", place, r.Kernel.ConfigFound, r.Kernel.ConfigOptions)
		}
	}
}
