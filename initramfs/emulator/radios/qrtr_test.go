package radios

import (
	"bytes"
	"testing"
)

func TestNodeAnswer(t *testing.T) {
	t.Parallel()
	n, ok := FindNode("msm8916")
	if !ok {
		t.Fatal("no node msm8916")
	}
	quiet := func(string, ...any) {}
	for name, c := range map[string]struct {
		service        byte
		question, want string
	}{
		"model":          {qmiDMS, "\x00\x09\x00\x22\x00\x00\x00", "\x02\x09\x00\x22\x00\x0e\x00\x02\x04\x00\x00\x00\x00\x00\x01\x04\x004114"},
		"other service":  {qmiUIM, "\x00\x09\x00\x2f\x00\x00\x00", "\x02\x09\x00\x2f\x00\x07\x00\x02\x04\x00\x01\x00\x5e\x00"},
		"an answer":      {qmiDMS, "\x02\x09\x00\x22\x00\x00\x00", ""},
		"too short":      {qmiDMS, "\x00\x09\x00\x22\x00", ""},
		"another length": {qmiDMS, "\x00\x09\x00\x22\x00\x01\x00", ""},
	} {
		if got := n.Answer(c.service, []byte(c.question), quiet); !bytes.Equal(got, []byte(c.want)) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}
