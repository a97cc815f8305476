package qrtr

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	dms = "04000000 02000000 01010000 00000000 1a000000"
	end = "04000000 00000000 00000000 00000000 00000000"
	del = "05000000 02000000 01010000 00000000 1a000000"
)

func TestParseServer(t *testing.T) {
	t.Parallel()
	if s, last, err := ParseServer(unhex(t, dms)); s != (Server{2, 0x101, 0, 26}) || last || err != nil {
		t.Errorf("ParseServer = %+v, %v, %v; want service 2 at port 26 of node 0", s, last, err)
	}
	if s, last, err := ParseServer(unhex(t, end)); s != (Server{}) || !last || err != nil {
		t.Errorf("ParseServer of the end = %+v, %v, %v", s, last, err)
	}
	for _, text := range []string{"", "04", del, dms + "00", dms[:len(dms)-2]} {
		if s, last, err := ParseServer(unhex(t, text)); !errors.Is(err, ErrOther) || last {
			t.Errorf("ParseServer(%s) = %+v, %v, %v; want %v", text, s, last, err, ErrOther)
		}
	}
}

func TestEncodeLookup(t *testing.T) {
	t.Parallel()
	if got, want := EncodeLookup(), unhex(t, "0a000000 00000000 00000000 00000000 00000000"); !bytes.Equal(got, want) {
		t.Errorf("EncodeLookup = %x; want %x", got, want)
	}
}

func FuzzParseServer(f *testing.F) {
	for _, text := range []string{dms, end, del, "04"} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, last, err := ParseServer(data)
		if err == nil && (len(data) != controlBytes || last != (s == Server{})) || err != nil && (last || s != Server{}) {
			t.Errorf("ParseServer(%x) = %+v, %v, %v", data, s, last, err)
		}
	})
}
