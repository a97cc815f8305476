package at

import "testing"

// TestFieldAnswers reads answers of modems with an echo in other letters, and with lines
// in front that nobody asked for.
func TestFieldAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ command, said, want string }{
		{"AT+CGMI", "at+cgmi\r\r\nQuectel\r\n\r\nOK\r\n", "Quectel"},
		{"AT+CGMR", "\r\n*PSUTTZ: 2025,9,1\r\n\r\nDST: 0\r\n\r\nLE20B04SIM7600G22\r\n\r\nOK\r\n", "LE20B04SIM7600G22"},
	} {
		command, ok := Find(c.command)
		if !ok {
			t.Fatalf("no command %s", c.command)
		}
		r := NewReader(command)
		if !r.Feed([]byte(c.said)) {
			t.Errorf("%s: no end", c.command)
		}
		if got, err := Text(command, r.Answer()); got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.command, got, err, c.want)
		}
	}
}
