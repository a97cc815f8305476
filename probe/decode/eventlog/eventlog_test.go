package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// builder makes a log with a bank of SHA-256.
type builder struct{ bytes.Buffer }

func (b *builder) long(list ...uint32) *builder {
	for _, v := range list {
		b.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	return b
}

func newLog() *builder {
	b := &builder{}
	spec := signatureSpecID + "\x00\x00\x00\x00" + "\x00\x02\x00\x02" + "\x01\x00\x00\x00" + "\x0b\x00\x20\x00" + "\x00"
	b.long(0, typeNoAction)
	b.Write(make([]byte, headerDigest))
	b.long(uint32(len(spec)))
	b.WriteString(spec)
	return b
}

func (b *builder) add(register, kind uint32, event string) [32]byte {
	digest := sha256.Sum256([]byte(event))
	b.long(register, kind, 1)
	b.Write([]byte{0x0b, 0})
	b.Write(digest[:])
	b.long(uint32(len(event)))
	b.WriteString(event)
	return digest
}

func variable(name string, data string) string {
	event := binary.LittleEndian.AppendUint64([]byte(strings.Repeat("\x00", 16)), uint64(len(name)))
	event = binary.LittleEndian.AppendUint64(event, uint64(len(data)))
	for _, c := range name {
		event = append(event, byte(c), 0)
	}
	return string(event) + data
}

func extend(register []byte, digest [32]byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(register), digest[:]...))
	return sum[:]
}

func TestParse(t *testing.T) {
	b := newLog()
	b.add(0, typeNoAction, signatureLocality+"\x03")
	first := make([]byte, 32)
	first[31] = 3
	zero := extend(first, b.add(0, 8, "firmware"))
	one := extend(make([]byte, 32), b.add(1, typeVariableBoot, variable("BootOrder", "\x02\x00\x00\x00")))
	seven := extend(make([]byte, 32), b.add(7, typeVariableConfig, variable("SecureBoot", "\x01")))
	seven = extend(seven, b.add(7, 4, "\x00\x00\x00\x00"))
	b.add(9, 13, "initrd")
	b.Write(make([]byte, 100)) // what the kernel's buffer has behind it
	l, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	r := l.Registers[0x0b]
	if !bytes.Equal(r[0], zero) || !bytes.Equal(r[1], one) || !bytes.Equal(r[7], seven) || !bytes.Equal(r[2], make([]byte, 32)) {
		t.Errorf("registers %x", r)
	}
	if l.Events != 6 || fmt.Sprint(l.BootOrder, l.HasBootOrder, l.SecureBoot, l.HasSecureBoot) != "[2 0] true true true" || l.Extended != [PCRs]bool{0: true, 1: true, 7: true} {
		t.Errorf("log = %+v", l)
	}
	if name := l.Algorithms[0].Name(); name != "sha256" {
		t.Errorf("algorithm %q", name)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := newLog()
	whole.add(1, 8, "event")
	for n := range whole.Len() {
		// Cut between events it is a log, too.
		if l, err := Parse(whole.Bytes()[:n]); err == nil && n != whole.Len() && l.Events > 0 {
			t.Errorf("cut to %d of %d bytes: %+v; want an error", n, whole.Len(), l)
		}
	}
	old := &builder{}
	old.long(0, 8)
	old.Write(make([]byte, headerDigest))
	old.long(3)
	old.WriteString("abc")
	if _, err := Parse(old.Bytes()); !errors.Is(err, ErrOld) {
		t.Errorf("a log of TPM 1.2: %v", err)
	}
	other := newLog()
	other.long(1, 8, 1)
	other.Write([]byte{0x12, 0})
	other.Write(make([]byte, 32))
	other.long(0)
	if _, err := Parse(other.Bytes()); err == nil {
		t.Error("a digest of an algorithm that the log does not have")
	}
	huge := newLog()
	huge.long(1, 8, 0, 0xffffffff)
	if _, err := Parse(huge.Bytes()); err == nil {
		t.Error("an event of 4 GiB")
	}
	many := newLog()
	for range maxEvents + 1 {
		many.long(1, 8, 0, 0)
	}
	many.WriteString("x")
	if _, err := Parse(many.Bytes()); err == nil {
		t.Error("more events than any log has")
	}
}

func FuzzParse(f *testing.F) {
	b := newLog()
	b.add(1, typeVariableBoot, variable("BootOrder", "\x02\x00"))
	b.add(7, typeVariableConfig, variableOf(global, "SecureBoot", "\x01"))
	b.add(0, typePostCode, "POST CODE")
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(data)
		if err == nil && (l.Events > maxEvents || len(l.Registers) > maxAlgorithms) {
			t.Errorf("%d events, %d banks", l.Events, len(l.Registers))
		}
		for _, m := range l.Measurements {
			if m.Subject() != Other && len(m.Digest) != l.Bank.Size || len(m.Name) > maxVariable {
				t.Errorf("measurement %+v of bank %+v", m, l.Bank)
			}
		}
	})
}
