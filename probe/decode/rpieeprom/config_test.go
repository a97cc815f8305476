package rpieeprom

import (
	"slices"
	"strings"
	"testing"
)

// TestParseConfigOfTheTool has the settings of a test file of rpi-eeprom
// (test/bootconf.txt), in the form in which they lie in the EEPROM.
func TestParseConfigOfTheTool(t *testing.T) {
	t.Parallel()
	text := "[all]\nBOOT_UART=1\nWAKE_ON_GPIO=1\nPOWER_OFF_ON_HALT=0\nHDMI_DELAY=0\n# Load firmware from a signed image\nSIGNED_BOOT=1\n\n"
	for name, c := range map[string][]byte{
		"bare":   []byte(text),
		"zeros":  append([]byte(text), 0, 0, 'X', '=', '1'),
		"erased": append([]byte(text), 0xFF, 0xFF, 'X', '=', '1'),
		"blanks": []byte(strings.ReplaceAll(text, "\n\n", "\n"+strings.Repeat(" ", 77)+"\n")),
		"CR LF":  []byte(strings.ReplaceAll(text, "\n", "\r\n")),
	} {
		got, err := ParseConfig(c, []string{"pi4"})
		if err != nil || len(got.Settings) != 5 {
			t.Errorf("%s: ParseConfig = %+v, %v; want 5 settings", name, got, err)
		}
		if v, ok := got.Value("SIGNED_BOOT"); v != "1" || !ok || got.IsConditional("SIGNED_BOOT") {
			t.Errorf("%s: Value(SIGNED_BOOT) = %q, %v; want 1", name, v, ok)
		}
		if v, ok := got.Value("BOOT_ORDER"); ok {
			t.Errorf("%s: Value(BOOT_ORDER) = %q; want none", name, v)
		}
	}
}

func TestParseConfigFilters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		models      string
		value       string // of A, "-" for none
		conditional bool
		filter      string // of the last setting
		reach       Reach
	}{
		{"A=1\nA=2", "pi4", "2", false, "", Applies},
		{"A=1\n[pi5]\nA=2", "pi4", "1", false, "[pi5]", Elsewhere},
		{"A=1\n[pi4]\nA=2", "pi4", "2", false, "[pi4]", Applies},
		{"A=1\n[cm4]\nA=2", "pi4 cm4", "2", false, "[cm4]", Applies},
		{"A=1\n[cm4]\nA=2", "pi4 pi400", "1", false, "[cm4]", Elsewhere},
		{"A=1\n[pi5]\n[pi4]\nA=2", "pi4", "2", false, "[pi4]", Applies},
		{"A=1\n[none]\nA=2", "pi4", "1", false, "[none]", Elsewhere},
		{"[none]\nA=1\n[all]\nA=2", "pi4", "2", false, "", Applies},
		{"[none]\nA=1\n[pi4]\nA=2", "pi4", "-", false, "[none][pi4]", Elsewhere},
		{"A=1\n[gpio4=1]\nA=2", "pi4", "1", true, "[gpio4=1]", Conditional},
		{"A=1\n[gpio4=1]\n[pi5]\nA=2", "pi4", "1", false, "[gpio4=1][pi5]", Elsewhere},
		{"A=1\n[pi4]\n[gpio4=1]\nA=2\n[all]\nA=3", "pi4", "3", false, "", Applies},
		{"A=1\n[gpio4=1]\n[gpio4=0]\nA=2", "pi4", "1", true, "[gpio4=0]", Conditional},
		{"A=1\n[0x12345678]\nA=2", "pi4", "1", true, "[serial]", Conditional},
		{"A=1\n[0x12345678]\n[0x9]\nA=2", "pi4", "1", true, "[serial]", Conditional},
		{"[tryboot]\nA=2", "pi4", "-", true, "[tryboot]", Conditional},
		{"A=1\n[board-type=0x14]\nA=2", "pi4", "1", true, "[board-type=0x14]", Conditional},
		{"A=1\n[pi4]\nA=2", "", "1", true, "[pi4]", Conditional},
		{"A=1\n[ pi5 ]\n A = 2 \n", "pi4", "1", false, "[pi5]", Elsewhere},
		{"A=1\n[pi5\nA=2", "pi4", "2", false, "", Applies},
	} {
		got, err := ParseConfig([]byte(c.text), strings.Fields(c.models))
		if err != nil || len(got.Settings) == 0 {
			t.Errorf("ParseConfig(%q) = %+v, %v", c.text, got, err)
			continue
		}
		value, ok := got.Value("A")
		if !ok {
			value = "-"
		}
		last := got.Settings[len(got.Settings)-1]
		if value != c.value || got.IsConditional("A") != c.conditional || last.Filter != c.filter || last.Reach != c.reach {
			t.Errorf("ParseConfig(%q, %q): A is %q, conditional %v, the last filter %q, %s; want %q, %v, %q, %s",
				c.text, c.models, value, got.IsConditional("A"), last.Filter, last.Reach, c.value, c.conditional, c.filter, c.reach)
		}
	}
}

func TestParseConfigRefuses(t *testing.T) {
	t.Parallel()
	got, err := ParseConfig([]byte("no setting\n=1\nA B=1\n#A=1\n"+strings.Repeat("A", 600)+"=1\n\xC0=1\nMAC=\x1b[2J\xC3\xA9\n"), nil)
	if err != nil || len(got.Settings) != 1 || got.Settings[0].Value != "?[2J?" {
		t.Errorf("ParseConfig of other lines = %+v, %v; want one setting with ?[2J?", got, err)
	}
	if got, err := ParseConfig([]byte(strings.Repeat("A=1\n", maxSettings+1)), nil); err == nil || len(got.Settings) != maxSettings {
		t.Errorf("ParseConfig of %d settings = %d, %v; want an error and %d", maxSettings+1, len(got.Settings), err, maxSettings)
	}
	if _, err := ParseConfig([]byte(strings.Repeat(" ", maxConfigBytes+1)), nil); err == nil {
		t.Error("ParseConfig of much text = no error; want one")
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	c, err := ParseConfig([]byte("BOOT_ORDER=0xf41\nMAC_ADDRESS=dc:a6:32:01:36:c2\nTFTP_IP=10.0.0.1\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Public(Allowed)
	want := []Setting{
		{"BOOT_ORDER", "0xf41", true, "", Applies},
		{"MAC_ADDRESS", "", false, "", Applies},
		{"TFTP_IP", "", false, "", Applies},
	}
	if !slices.Equal(p.Settings, want) {
		t.Errorf("Public = %+v; want %+v", p.Settings, want)
	}
	if v, ok := p.Value("TFTP_IP"); ok {
		t.Errorf("Value of what was left out = %q; want none", v)
	}
	if v, ok := c.Value("TFTP_IP"); v != "10.0.0.1" || !ok {
		t.Errorf("Value(TFTP_IP) after Public = %q, %v; want 10.0.0.1", v, ok)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	for compatible, want := range map[string]string{
		"raspberrypi,4-model-b brcm,bcm2711":          "pi4",
		"raspberrypi,400 brcm,bcm2711":                "pi4 pi400",
		"raspberrypi,4-compute-module brcm,bcm2711":   "pi4 cm4",
		"raspberrypi,4-compute-module-s brcm,bcm2711": "pi4 cm4s",
		"raspberrypi,5-model-b brcm,bcm2712":          "pi5",
		"raspberrypi,500 brcm,bcm2712":                "pi5 pi500",
		"raspberrypi,5-compute-module brcm,bcm2712":   "pi5 cm5",
		"raspberrypi,3-model-b brcm,bcm2837":          "",
		"":                                            "",
	} {
		got := Models(strings.Fields(compatible))
		if strings.Join(got, " ") != want {
			t.Errorf("Models(%q) = %q; want %q", compatible, got, want)
		}
		for _, m := range got {
			if filterKind(m) != kindModel {
				t.Errorf("Models(%q): %q is no filter for a model", compatible, m)
			}
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("[all]\nBOOT_ORDER=0xf461\n[pi4]\nA=1\n[gpio4=1]\nA=2\n[none]\n"), true)
	f.Add([]byte("A=1\n[0x1]\n[tryboot]\n[x=y]\nA=2\xff"), false)
	f.Fuzz(func(t *testing.T, text []byte, known bool) {
		var models []string
		if known {
			models = []string{"pi4", "cm4"}
		}
		c, err := ParseConfig(text, models)
		if err != nil {
			return
		}
		for _, s := range c.Settings {
			if !isKey(s.Key) || printable(s.Value) != s.Value || s.Filter == "" && s.Reach != Applies {
				t.Errorf("setting %+v", s)
			}
			if v, ok := c.Value(s.Key); ok != slices.ContainsFunc(c.Settings, func(o Setting) bool { return o.Key == s.Key && o.Reach == Applies && (o.Value == v || !ok) }) {
				t.Errorf("Value(%q) = %q, %v of %+v", s.Key, v, ok, c.Settings)
			}
		}
		// For a board that is not known nothing is decided for a model.
		if !known {
			if d, err := ParseConfig(text, []string{"pi5"}); err != nil || len(d.Settings) != len(c.Settings) {
				t.Errorf("for another board: %+v, %v; want as many as %+v", d, err, c)
			}
		}
	})
}
