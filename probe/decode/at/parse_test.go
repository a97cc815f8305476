package at

import "testing"

// What modems send in front of an answer, or in other words than the command, is not
// taken for the answer: of Option, Cinterion, Sequans, SIMCom and Fibocom.
func TestWordsOfOthers(t *testing.T) {
	for _, c := range []struct{ command, said, want string }{
		{"AT+CGMI", "\r\n_OSIGQ: 17,0\r\n\r\nOption N.V.\r\n\r\nOK\r\n", "Option N.V."},
		{"AT+CGMM", "\r\n^SYSSTART\r\n\r\nEHS5-E\r\n\r\nOK\r\n", "EHS5-E"},
		{"AT+CGMR", "\r\n+SYSSTART\r\n\r\nLR5.1.1.0-43529\r\n\r\nOK\r\n", "LR5.1.1.0-43529"},
		{"AT+CGMM", "\r\nUNDER-VOLTAGE WARNNING\r\n\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n", "SIMCOM_SIM800L"},
		{"AT+CGMM", "\r\n+CGMM: \"L850 LTE Module\",\"L850-GL\"\r\n\r\nOK\r\n", "L850 LTE Module"},
		{"AT+CGMR", "\r\n+GMR: M0.0\r\n\r\nOK\r\n", "M0.0"},
	} {
		command, ok := Find(c.command)
		if !ok {
			t.Fatalf("no command %s", c.command)
		}
		r := NewReader(command)
		r.Feed([]byte(c.said))
		if got, err := Text(command, r.Answer()); got != c.want || err != nil {
			t.Errorf("%s: %q gives %q, %v; want %q", c.command, c.said, got, err, c.want)
		}
	}
	pin, _ := Find("AT+CPIN?")
	for state, want := range map[string]Card{"SIM PIN2": CardReady, "SIM PUK2": CardReady, "SIM PIN": CardPIN, "PH-NET PIN": CardLocked} {
		r := NewReader(pin)
		r.Feed([]byte("\r\n+CPIN: " + state + "\r\n\r\nOK\r\n"))
		if got, err := ParseCard(pin, r.Answer()); got != want || err != nil {
			t.Errorf("%s = %q, %v; want %q", state, got, err, want)
		}
	}
}
