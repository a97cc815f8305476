package at

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ask feeds an answer to a command of the list.
func ask(t testing.TB, text, data string) (Command, Answer) {
	t.Helper()
	c, ok := Find(text)
	if !ok {
		t.Fatalf("Find(%q) = none", text)
	}
	r := NewReader(c)
	r.Feed([]byte(data))
	return c, r.Answer()
}

// lines writes an answer that ends with OK.
func lines(list ...string) string {
	return "\r\n" + strings.Join(append(list, "OK"), "\r\n\r\n") + "\r\n"
}

func TestReader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command, data string
		want          Answer
	}{
		// The first three of an emulated EC25 behind the driver option of Linux 6.12.
		"OK":        {"AT", "\r\nOK\r\n", Answer{Final: OK}},
		"ATI":       {"ATI", "\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A06M4G\r\n\r\nOK\r\n", Answer{Lines: []string{"Quectel", "EC25", "Revision: EC25EFAR06A06M4G"}, Final: OK}},
		"CME":       {"AT+CPIN?", "\r\n+CME ERROR: 10\r\n\r\nERROR\r\n", Answer{Final: CME, Reason: "10"}},
		"CMS":       {"AT+CGMI", "\r\n+CMS ERROR:310\r\n", Answer{Final: CMS, Reason: "310"}},
		"words":     {"AT+CPIN?", "\r\n+CME ERROR: SIM not inserted\r\n", Answer{Final: CME, Reason: "SIM not inserted"}},
		"ERROR":     {"AT#SWPKGV", "\r\nERROR\r\n", Answer{Final: Error}},
		"Huawei":    {"AT+QGMR", "\r\nCOMMAND NOT SUPPORT\r\n", Answer{Final: Error}},
		"echo":      {"AT+CGMM", "AT+CGMM\r\r\nEC25\r\n\r\nOK\r\n", Answer{Lines: []string{"EC25"}, Echoes: 1, Final: OK}},
		"echo loop": {"AT", "AT\r\nAT\r\nAT\r\n", Answer{Echoes: 3}},
		"unsolicited": {"AT+CPIN?", "\r\n+CREG: 2\r\n\r\nRING\r\n\r\n+CPIN: READY\r\n\r\n^RSSI:20\r\nOK\r\n",
			Answer{Lines: []string{"+CPIN: READY"}, Unsolicited: []string{"+CREG: 2", "RING", "^RSSI:20"}, Final: OK}},
		"not unsolicited": {"AT!IMPREF?", "!IMPREF:\r\n preferred fw version:    02.33.03.00\r\n+5 is text\r\nOK\r\n",
			Answer{Lines: []string{"!IMPREF:", "preferred fw version:    02.33.03.00", "+5 is text"}, Final: OK}},
		"garbage":        {"AT+CGMI", "~\x00\x7e\x42~\r\n\xff\xfeOK\r\nQuectel\r\n\r\nOK\r\n", Answer{Lines: []string{"Quectel"}, Garbage: 2, Final: OK}},
		"partial":        {"AT+CGMI", "\r\nQuectel\r\n\r\nO", Answer{Lines: []string{"Quectel"}}},
		"partial result": {"AT+CGMI", "\r\nQuectel\r\n\r\nOK", Answer{Lines: []string{"Quectel"}}},
		"after the end":  {"AT+CGMI", "\r\nQuectel\r\nOK\r\nlate\r\nERROR\r\n", Answer{Lines: []string{"Quectel"}, Final: OK}},
		"too long":       {"AT+CGMI", strings.Repeat("x", MaxLineBytes+1) + "\r\nOK\r\n", Answer{Cut: true, Final: OK}},
		"OK in a text":   {"AT+CGMI", "OK modem\r\nOK\r\n", Answer{Lines: []string{"OK modem"}, Final: OK}},
	} {
		if _, got := ask(t, test.command, test.data); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: Answer = %+v; want %+v", name, got, test.want)
		}
	}
	_, got := ask(t, "AT+CGMI", strings.Repeat("a\r\n", 2*MaxLines)+"OK\r\n")
	if len(got.Lines) != MaxLines || !got.Cut || got.Final != OK {
		t.Errorf("Answer of many lines has %d, cut %v, final %q; want %d, true, OK", len(got.Lines), got.Cut, got.Final, MaxLines)
	}
}

// TestCommandsOnlyRead has two lists: the forms that are allowed, and what is
// forbidden in any of them.
func TestCommandsOnlyRead(t *testing.T) {
	t.Parallel()
	allowed := []*regexp.Regexp{
		regexp.MustCompile(`^ATI?$`),
		regexp.MustCompile(`^AT[+#!^][A-Z0-9]+\?$`),
		regexp.MustCompile(`^AT\+(CGMI|CGMM|CGMR|CGSN|CCID|QGMR)$`), // executions
		regexp.MustCompile(`^AT#(CCID|SWPKGV)$`),
		regexp.MustCompile(`^AT\+(QCFG="usbnet"|QMBNCFG="List")$`),
	}
	forbidden := regexp.MustCompile(`(?i)^AT[ADEFHOLMQSVXZ&\\%]|;|,|=[^"]|=\?|=$|\r|\n|` +
		`CFUN[^?]|CFUN$|CPIN[^?]|COPS[^?]|CLCK|CPWD|CGATT|CGACT|CMGS|CMGD|COPN|CRSM|CSIM|` + // reset, codes, registration, SMS, card
		`RESET|REBOOT|FASTBOOT|QPOWD|QPRTPARA|ENTERCND|!USBPID|!USBVID|BOOTHOLD|EGMR|FLASH|NVRESTORE|NVBACKUP|SHDN|CPOF|UPSV|CPWROFF|NVW|SETPORT|ENABLE`)
	seen := map[string]bool{}
	for _, c := range Commands() {
		if !slices.ContainsFunc(allowed, func(r *regexp.Regexp) bool { return r.MatchString(c.Text) }) || forbidden.MatchString(c.Text) {
			t.Errorf("the command %q can set something", c.Text)
		}
		if c.Why == "" || seen[c.Text] || strings.HasSuffix(c.Text, "?") != (c.Why == reads) || strings.Contains(c.Text, "=") != (c.Why == queries) {
			t.Errorf("the command %q has the reason %q; want the one of its form, once", c.Text, c.Why)
		}
		seen[c.Text] = true
	}
	for _, text := range []string{"ATZ", "AT&F", "ATE0", "AT+CFUN=1,1", "AT+CFUN", `AT+QCFG="usbnet",1`, "AT!RESET", "ATD*99#", "AT+CPIN=1234", "AT+CGMI;+CFUN=0", "ATS0=1"} {
		if !forbidden.MatchString(text) {
			t.Errorf("the list of the forbidden does not know %q", text)
		}
		if c, ok := Find(text); ok {
			t.Errorf("Find(%q) = %+v; want none", text, c)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ command, data, want string }{
		{"AT+CGMI", lines("Quectel"), "Quectel"},
		{"AT+CGMM", lines(`+CGMM: "EM7565"`), "EM7565"},
		{"AT+CGMR", lines("Revision: SWI9X30C_02.33.03.00"), "SWI9X30C_02.33.03.00"},
		{"AT+QGMR", lines("EC25EFAR06A06M4G_01.001.01.001"), "EC25EFAR06A06M4G_01.001.01.001"},
		{"AT+CGMI", "AT+CGMI\r\r\n+CGMI: \"Fibocom Wireless Inc.\"\r\n\r\nOK\r\n", "Fibocom Wireless Inc."},
	} {
		c, a := ask(t, test.command, test.data)
		if got, err := Text(c, a); got != test.want || err != nil {
			t.Errorf("Text(%q) = %q, %v; want %q", test.data, got, err, test.want)
		}
	}
	for _, data := range []string{"\r\nOK\r\n", "\r\nERROR\r\n", "\r\nQuec"} {
		c, a := ask(t, "AT+CGMI", data)
		if got, err := Text(c, a); err == nil {
			t.Errorf("Text(%q) = %q; want an error", data, got)
		}
	}
}

func TestInformation(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]Information{
		lines("Quectel", "EC25", "Revision: EC25AUFAR02A04M4G"): {Manufacturer: "Quectel", Model: "EC25", Revision: "EC25AUFAR02A04M4G"},
		// From a public forum of Sierra Wireless, with other numbers of the unit.
		lines("Manufacturer: Sierra Wireless, Incorporated", "Model: MC7455", "Revision: SWI9X30C_02.33.03.00 r8209 CARMD-EV-FRMWR2 2019/08/28 20:59:30",
			"IMEI: 004999010640000", "IMEI SV: 20", "FSN: LQ000000000001", "+GCAP: +CGSM"): {
			Manufacturer: "Sierra Wireless, Incorporated", Model: "MC7455", Revision: "SWI9X30C_02.33.03.00 r8209 CARMD-EV-FRMWR2 2019/08/28 20:59:30",
			Identity: Identity{IMEI: "004999010640000", Serial: "LQ000000000001"},
		},
		lines("004999010640000", "Model: x"): {Model: "x"},
	} {
		_, a := ask(t, "ATI", data)
		if got, err := ParseInformation(a); got != want || err != nil {
			t.Errorf("ParseInformation(%q) = %+v, %v; want %+v", data, got, err, want)
		}
	}
	if _, a := ask(t, "ATI", lines()); true {
		if got, err := ParseInformation(a); err == nil {
			t.Errorf("ParseInformation of nothing = %+v; want an error", got)
		}
	}
	c, a := ask(t, "AT+CGSN", lines("004999010640000"))
	if got, err := ParseIMEI(c, a); got.IMEI != "004999010640000" || err != nil {
		t.Errorf("ParseIMEI = %+v, %v", got, err)
	}
	c, a = ask(t, "AT+CGSN", lines("none"))
	if got, err := ParseIMEI(c, a); err == nil {
		t.Errorf("ParseIMEI of a word = %+v; want an error", got)
	}
}

func TestCard(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]Card{
		lines("+CPIN: READY"):                        CardReady,
		lines("+CPIN: SIM PIN"):                      CardPIN,
		lines("+CPIN: SIM PUK"):                      CardPUK,
		lines("+CPIN: PH-NET PIN"):                   CardLocked,
		"\r\n+CME ERROR: 10\r\n":                     CardAbsent,
		"\r\n+CME ERROR: SIM not inserted\r\n":       CardAbsent,
		"\r\n+CME ERROR: 11\r\n":                     CardPIN,
		"\r\n+CME ERROR: 13\r\n":                     CardFailed,
		"\r\n+CME ERROR: SIM busy\r\n":               CardBusy,
		"\r\n+CME ERROR: sim puk required\r\n":       CardPUK,
		lines("+CPIN: NOT INSERTED"):                 CardAbsent,
		"\r\n+CREG: 0\r\n\r\n+CPIN: READY\r\nOK\r\n": CardReady,
	} {
		c, a := ask(t, "AT+CPIN?", data)
		if got, err := ParseCard(c, a); got != want || err != nil {
			t.Errorf("ParseCard(%q) = %q, %v; want %q", data, got, err, want)
		}
	}
	for data, want := range map[string]string{
		"\r\n+CME ERROR: 3\r\n":    "at: operation not allowed",
		"\r\n+CME ERROR: 4711\r\n": "at: +CME ERROR 4711",
		"\r\nERROR\r\n":            "at: error without a reason",
		"\r\n":                     "at: no complete answer",
		lines("+CPIN: WHAT"):       `at: AT+CPIN?: state "WHAT" is not known`,
		lines():                    "at: AT+CPIN?: no value in the answer",
	} {
		c, a := ask(t, "AT+CPIN?", data)
		if got, err := ParseCard(c, a); err == nil || err.Error() != want {
			t.Errorf("ParseCard(%q) = %q, %v; want %s", data, got, err, want)
		}
	}
	var f Failure
	if _, a := ask(t, "AT+CPIN?", "\r\n+CME ERROR: 10\r\n"); !errors.As(a.Err(), &f) || !f.HasCode || f.Code != 10 || f.Final != CME {
		t.Errorf("Err = %+v; want code 10", f)
	}
	for command, data := range map[string]string{
		"AT+CCID":   lines("+CCID: 8988211000000123456F"),
		"AT#CCID":   lines("#CCID: 8988211000000123456"),
		"AT!ICCID?": lines("!ICCID: 89882110000001234567"),
	} {
		c, a := ask(t, command, data)
		if got, err := ParseICCID(c, a); !strings.HasPrefix(got, "8988211000000123456") || err != nil {
			t.Errorf("ParseICCID(%q) = %q, %v; want the number", data, got, err)
		}
	}
	c, a := ask(t, "AT+CCID", lines("+CCID: 12"))
	if got, err := ParseICCID(c, a); err == nil {
		t.Errorf("ParseICCID of 12 = %q; want an error", got)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	c, a := ask(t, "AT+CFUN?", lines("+CFUN: 1,0"))
	if got, err := ParseFunctionality(c, a); got != 1 || err != nil {
		t.Errorf("ParseFunctionality = %d, %v; want 1", got, err)
	}
	c, a = ask(t, "AT+CFUN?", lines("+CFUN: x"))
	if got, err := ParseFunctionality(c, a); err == nil {
		t.Errorf("ParseFunctionality of x = %d; want an error", got)
	}
	for data, want := range map[string]struct {
		registered bool
		technology string
	}{
		lines(`+COPS: 0`):                      {false, ""},
		lines(`+COPS: 0,0,"Some, Operator",7`): {true, "LTE"},
		lines(`+COPS: 0,2,"00101",13`):         {true, "LTE and 5G"},
		lines(`+COPS: 1,0,"x"`):                {true, ""},
	} {
		c, a := ask(t, "AT+COPS?", data)
		if registered, technology, err := ParseRegistered(c, a); registered != want.registered || technology != want.technology || err != nil {
			t.Errorf("ParseRegistered(%q) = %v, %q, %v; want %v, %q", data, registered, technology, err, want.registered, want.technology)
		}
	}
}

func TestVendors(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		lines(`+QCFG: "usbnet",0`): "QMI", lines(`+QCFG: "usbnet",2`): "MBIM", lines(`+QCFG: "usbnet",9`): "9",
	} {
		c, a := ask(t, `AT+QCFG="usbnet"`, data)
		if got, err := ParseUSBNet(c, a); got != want || err != nil {
			t.Errorf("ParseUSBNet(%q) = %q, %v; want %q", data, got, err, want)
		}
	}
	c, a := ask(t, `AT+QMBNCFG="List"`, lines(`+QMBNCFG: "List",0,1,1,"ROW_Generic_3GPP",0x0501081F,201901141`, `+QMBNCFG: "List",1,0,0,"Volte_OpenMkt",0x05010113,201611161`))
	configs := []CarrierConfig{{"ROW_Generic_3GPP", "0x0501081F", true, true}, {"Volte_OpenMkt", "0x05010113", false, false}}
	if got, err := ParseCarrierConfigs(c, a); !slices.Equal(got, configs) || err != nil {
		t.Errorf("ParseCarrierConfigs = %+v, %v; want %+v", got, err, configs)
	}
	// From a public forum of Sierra Wireless.
	preference := ImagePreference{
		Preferred:  FirmwareImage{"02.33.03.00", "GENERIC", "GENERIC_002.072_000"},
		Current:    FirmwareImage{"02.33.03.00", "", ""},
		Mismatches: []string{"carrier name mismatch", "config name mismatch"},
	}
	c, a = ask(t, "AT!GOBIIMPREF?", "AT!GOBIIMPREF?\r\r\n!GOBIIMPREF: \r\n preferred fw version:    02.33.03.00\r\n preferred carrier name:  GENERIC\r\n"+
		" preferred config name:   GENERIC_002.072_000\r\n preferred subpri index:  000\r\n current fw version:      02.33.03.00\r\n"+
		" current carrier name:    \r\n current config name:     \r\n current subpri index:    000\r\n\r\n carrier name mismatch\r\n config name mismatch\r\n\r\nOK\r\n")
	if got, err := ParseImagePreference(c, a); !reflect.DeepEqual(got, preference) || err != nil {
		t.Errorf("ParseImagePreference = %+v, %v; want %+v", got, err, preference)
	}
	c, a = ask(t, "AT!USBCOMP?", "Config Index: 1\r\nConfig Type:  1 (Generic)\r\nInterface bitmask: 8000100D (diag,nmea,modem,mbim)\r\n\r\nOK\r\n")
	if got, err := ParseUSBComposition(c, a); !slices.Equal(got, []string{"DIAG", "NMEA", "MODEM", "MBIM", "bit 31"}) || err != nil {
		t.Errorf("ParseUSBComposition = %q, %v", got, err)
	}
	c, a = ask(t, "AT+UUSBCONF?", lines(`+UUSBCONF: 3,"RNDIS",,"0x1146"`))
	if got, err := Fields(c, a); !reflect.DeepEqual(got, [][]string{{"3", "RNDIS", "", "0x1146"}}) || err != nil {
		t.Errorf("Fields = %q, %v", got, err)
	}
	for _, parse := range []func(Command, Answer) error{
		func(c Command, a Answer) error { _, err := ParseUSBNet(c, a); return err },
		func(c Command, a Answer) error { _, err := ParseCarrierConfigs(c, a); return err },
		func(c Command, a Answer) error { _, err := ParseImagePreference(c, a); return err },
		func(c Command, a Answer) error { _, err := ParseUSBComposition(c, a); return err },
	} {
		for _, data := range []string{lines("nothing of the kind"), "\r\nERROR\r\n"} {
			if c, a := ask(t, `AT+QCFG="usbnet"`, data); parse(c, a) == nil {
				t.Errorf("parsing %q: no error; want one", data)
			}
		}
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"IMEI: 004999010640000":                 {"004999010640000"},
		"+CCID: 8988211000000123456F":           {"8988211000000123456F"},
		"MEID: A0000012345678":                  {"A0000012345678", "A0000012345678"},
		"FSN: LQ000000000001 and":               {"LQ000000000001"},
		"ESN: 0x80C3D17B":                       {"0x80C3D17B"},
		"EC25EFAR06A06M4G":                      nil,
		"02.33.03.00 r8209 2019/08/28":          nil,
		"0x0501081F,201901141":                  nil,
		"12345678901234567890123":               nil,
		"x00499901064000099":                    nil,
		"release 20190114 1234567890123 done":   nil,
		"IMSI 001010123456789, 001010123456780": {"001010123456789", "001010123456780"},
	} {
		if got := Identities(text); !slices.Equal(got, want) {
			t.Errorf("Identities(%q) = %q; want %q", text, got, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(uint8(1), []byte("ATI\r\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A06M4G\r\n\r\nOK\r\n"), uint8(3))
	f.Add(uint8(7), []byte("\r\n+CREG: 2\r\n\r\n+CME ERROR: 10\r\n\r\nERROR\r\n"), uint8(1))
	f.Add(uint8(16), []byte("+QMBNCFG: \"List\",0,1,1,\"ROW\",0x05,2019\r\n\xff\r\nOK\r\n"), uint8(200))
	f.Fuzz(func(t *testing.T, n uint8, data []byte, piece uint8) {
		all := Commands()
		c := all[int(n)%len(all)]
		r := NewReader(c)
		done := r.Feed(data)
		whole := r.Answer()
		pieces := NewReader(c)
		for rest := data; len(rest) > 0; {
			k := min(len(rest), int(piece)+1)
			pieces.Feed(rest[:k])
			rest = rest[k:]
		}
		if got := pieces.Answer(); !reflect.DeepEqual(got, whole) || done != (whole.Final != None) {
			t.Errorf("Answer in pieces of %d = %+v; want %+v", int(piece)+1, got, whole)
		}
		for _, line := range append(slices.Clone(whole.Lines), whole.Unsolicited...) {
			if len(line) > MaxLineBytes || line == "" || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && r < ' ' || r > '~' }) {
				t.Errorf("a line of %q = %q; want text", data, line)
			}
			for _, id := range Identities(line) {
				if !strings.Contains(line, id) || id == "" {
					t.Errorf("Identities(%q) = %q; want parts of it", line, id)
				}
			}
		}
		if len(whole.Lines) > MaxLines || len(whole.Unsolicited) > MaxLines {
			t.Errorf("Answer has %d lines; want at most %d", len(whole.Lines), MaxLines)
		}
		if text, err := Text(c, whole); err == nil && whole.Final != OK {
			t.Errorf("Text of %+v = %q; want an error", whole, text)
		}
		ParseInformation(whole)
		ParseIMEI(c, whole)
		ParseFunctionality(c, whole)
		ParseCard(c, whole)
		ParseICCID(c, whole)
		ParseRegistered(c, whole)
		ParseUSBNet(c, whole)
		ParseCarrierConfigs(c, whole)
		ParseImagePreference(c, whole)
		ParseUSBComposition(c, whole)
	})
}
