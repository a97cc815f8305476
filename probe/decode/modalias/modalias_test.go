package modalias

import (
	"path"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "of:N/soc/mmc", true},
		{"a*", "a", true},
		{"a*b*c", "a/b//c", true},
		{"a*b*c", "abcd", false},
		{"a**", "a", true},
		{"?", "", false},
		{"a?c", "a/c", true},
		{"fs-vfat", "fs_vfat", true},
		{"of:N*T*Cfsl,imx8mp-usdhc", "of:NmmcT(null)Cfsl,imx8mp-usdhcCfsl,imx8mm-usdhc", false},
		{"of:N*T*Cfsl,imx8mp-usdhcC*", "of:NmmcT(null)Cfsl,imx8mp-usdhcCfsl,imx8mm-usdhc", true},
		{"of:N*T*Cfsl,imx8mm_usdhc", "of:NmmcT(null)Cfsl,imx8mp-usdhcCfsl,imx8mm-usdhc", true},
		{"usb:v0424p7800d*dc*dsc*dp*ic*isc*ip*in*", "usb:v0424p7800d0300dcFFdsc00dpFFicFFisc00ipFFin00", true},
		{"usb:v0424p7801d*dc*dsc*dp*ic*isc*ip*in*", "usb:v0424p7800d0300dcFFdsc00dpFFicFFisc00ipFFin00", false},
		{"usb:v1199p68[0-7]3d*", "usb:v1199p6853d0001", true},
		{"usb:v1199p68[0-7]3d*", "usb:v1199p6893d0001", false},
		{"x[!a-c]", "xd", true},
		{"x[!a-c]", "xb", false},
		{"x[^a]", "xa", false},
		{"x[]a]", "x]", true},
		{"x[!]a]", "xb", true},
		{"x[a-]", "x-", true},
		{"x[a-]", "x_", false},
		{`x[\]]`, "x]", true},
		{`x[a\-c]`, "xb", false},
		{"x[ab", "x[ab", true},
		{"x[ab", "xa", false},
		{"x[", "x[", true},
		{`a\*`, "a*", true},
		{`a\*`, "ab", false},
		{`a\`, "a", false},
		{`a\`, `a\`, false},
		{"dmi*:svnACME*", "dmi:bvn:bvr1:svnACME:pn7:", true},
		{"virtio:d00000001v*", "virtio:d00000001v00001AF4", true},
	}
	for _, test := range tests {
		if got := Match(test.pattern, test.name); got != test.want {
			t.Errorf("Match(%q, %q) = %v; want %v", test.pattern, test.name, got, test.want)
		}
	}
}

func TestMatchIsNotExponential(t *testing.T) {
	t.Parallel()
	pattern := strings.Repeat("a*", 500) + "b"
	if name := strings.Repeat("a", 4000); Match(pattern, name) {
		t.Errorf("Match of many stars = true; want false")
	}
}

// FuzzMatch compares with path.Match where the two languages agree.
func FuzzMatch(f *testing.F) {
	f.Add("a*b?c[d-f]", "axxbycd")
	f.Add("of:N*T*Carm,pl011C*", "of:NuartT(null)Carm,pl011Carm,primecell")
	f.Add(`x[\]!]\`, "x]")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 256 || len(name) > 256 {
			return
		}
		got := Match(pattern, name)
		if piece := longestPiece(pattern); got && !strings.Contains(foldAll(name), foldAll(piece)) {
			t.Errorf("Match(%q, %q) = true; want false, for longestPiece = %q", pattern, name, piece)
		}
		for _, s := range []string{pattern, name} {
			for i := range len(s) {
				if s[i] >= 0x80 || strings.IndexByte("-_/!", s[i]) >= 0 {
					return
				}
			}
		}
		if want, err := path.Match(pattern, name); err == nil && got != want {
			t.Errorf("Match(%q, %q) = %v; want %v", pattern, name, got, want)
		}
	})
}

func foldAll(s string) string { return strings.ReplaceAll(s, "-", "_") }
