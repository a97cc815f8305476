package boards

import "testing"

func TestPublicBuilder(t *testing.T) {
	for userHost, want := range map[string]string{
		"debian-kernel@lists.debian.org": "Debian", "oe-user@oe-host": "OpenEmbedded", "buildd@lcy02-amd64-059": "Ubuntu",
		"serge@raspberrypi.com": "Raspberry Pi OS", "build@armbian": "Armbian", "buildbrain@mobile-u64-5434-d8000": "Jetson Linux",
		"alice@workstation": "", "oe-user@oe-host2": "", "buildd@a/b": "", "root@buildd@x": "", "": "",
	} {
		if of, ok := PublicBuilder(userHost); of != want || ok != (want != "") {
			t.Errorf("PublicBuilder(%q) = %q, %v; want %q", userHost, of, ok, want)
		}
	}
}
