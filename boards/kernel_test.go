package boards

import "testing"

// TestKernel holds the words of real kernels against whose they are.
func TestKernel(t *testing.T) {
	for _, c := range []struct{ release, version, builder, origin, of string }{
		{"6.1.0-50-arm64", "#1 SMP Debian 6.1.162-1 (2026-02-07)", "debian-kernel@lists.debian.org", "distribution", "Debian"},
		{"6.12.117+deb13-arm64", "#1 SMP Debian 6.12.117-1 (2026-10-20)", "debian-kernel@lists.debian.org", "distribution", "Debian"},
		{"6.12.47+rpt-rpi-v8", "#1 SMP PREEMPT Debian 1:6.12.47-1+rpt1 (2025-09-16)", "serge@raspberrypi.com", "bsp", "Raspberry Pi OS"},
		{"6.1.21-v8+", "#1642 SMP PREEMPT Mon Apr  3 17:24:16 BST 2023", "dom@buildbot", "bsp", "Raspberry Pi OS"},
		{"5.15.0-1061-raspi", "#64-Ubuntu SMP PREEMPT Wed Aug  7 16:53:45 UTC 2024", "buildd@bos03-arm64-052", "distribution", "Ubuntu"},
		{"4.9.140-tegra", "#1 SMP PREEMPT Thu Jun 25 21:22:12 PDT 2020", "buildbrain@mobile-u64-3357", "bsp", "Jetson Linux"},
		{"6.12.58-current-sunxi64", "#1 SMP Fri Nov 14 2025", "build@armbian", "distribution", "Armbian"},
		{"5.10.160-legacy-rk35xx", "#1 SMP Thu Jan 1 2024", "build@armbian", "bsp", "Armbian (vendor branch)"},
		{"6.6.142-0-lts", "#1-Alpine SMP PREEMPT_DYNAMIC", "buildozer@build-3-20-aarch64", "distribution", "Alpine"},
		{"4.12.14-122.23-default", "#1 SMP Thu Jan 4 08:11:03 UTC 2018 (7db1912)", "geeko@buildhost", "distribution", "SUSE"},
		{"5.15.144-legacy-sunxi64", "#1 SMP Thu Jan 1 2024", "build@armbian", "distribution", "Armbian"},
		{"5.15.137-legacy-meson-s4t7", "#1 SMP Thu Jan 1 2024", "build@armbian", "bsp", "Armbian (vendor branch)"},
		{"5.4.280-current-odroidxu4", "#1 SMP Thu Jan 1 2024", "build@armbian", "bsp", "Armbian (vendor branch)"},
		{"6.6.63-current-odroidxu4", "#1 SMP Thu Jan 1 2024", "build@armbian", "distribution", "Armbian"},
		{"6.1.115-vendor-rk35xx", "#1 SMP Thu Jan 1 2024", "build@armbian", "bsp", "Armbian (vendor branch)"},
		{"6.11.4-301.fc41.aarch64+16k", "#1 SMP PREEMPT_DYNAMIC Sun Oct 20", "mockbuild@x", "distribution", "Fedora"},
		{"5.14.0-427.13.1.el9_4.aarch64+64k", "#1 SMP", "mockbuild@x", "distribution", "Enterprise Linux"},
		{"6.11.4-301.fc41.aarch64", "#1 SMP PREEMPT_DYNAMIC Sun Oct 20", "mockbuild@x", "distribution", "Fedora"},
		{"5.14.0-427.13.1.el9_4.aarch64", "#1 SMP", "mockbuild@x", "distribution", "Enterprise Linux"},
		{"6.2.10-1-aarch64-ARCH", "#1 SMP PREEMPT", "builduser@x", "distribution", "Arch Linux"},
		{"6.1.55-lts-next-g0ee3eaa", "#1 SMP PREEMPT Tue Oct 3", "oe-user@oe-host", "bsp", "OpenEmbedded"},
		{"5.4.237-yocto-standard", "#1 SMP PREEMPT", "alice@desk", "bsp", "Yocto Project"},
		{"6.18.44-fc", "#1 SMP PREEMPT_DYNAMIC", "root@ip-10-0-0-1", "", ""},
		{"6.12.0", "#1 SMP", "", "", ""},
		{"", "", "", "", ""},
	} {
		origin, of, ok := Kernel(c.release, c.version, c.builder)
		if origin != c.origin || of != c.of || ok != (c.of != "") {
			t.Errorf("Kernel(%q, %q, %q) = %s, %s; want %s, %s", c.release, c.version, c.builder, origin, of, c.origin, c.of)
		}
	}
}
