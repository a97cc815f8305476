package mbim

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Assembler puts messages together from what is read, fragment by fragment.
// The zero value is ready.
type Assembler struct {
	message []byte // so far, with the header of the first fragment
	total   uint32
	next    uint32
}

// Add takes what one read of the device returned, exactly one message or
// fragment. It returns a whole message, or nil if more fragments are to come.
// After an error the Assembler is ready for the next message.
func (a *Assembler) Add(data []byte) ([]byte, error) {
	message, err := a.add(data)
	if err != nil || message != nil {
		*a = Assembler{}
	}
	return message, err
}

func (a *Assembler) add(data []byte) ([]byte, error) {
	if len(data) < headerBytes {
		return nil, errCut
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	if n := word(4); uint64(n) != uint64(len(data)) {
		return nil, fmt.Errorf("mbim: %d bytes were read, the header says %d", len(data), n)
	}
	kind := Type(word(0))
	fragmented := kind == TypeCommandDone || kind == TypeIndicate
	if !fragmented || len(data) < headerBytes+fragmentBytes {
		if a.total > 0 {
			return nil, errors.New("mbim: a message between the fragments of another")
		}
		return data, nil
	}
	total, current := word(headerBytes), word(headerBytes+4)
	if a.total == 0 {
		switch {
		case total <= 1:
			return data, nil
		case current != 0:
			return nil, fmt.Errorf("mbim: begins with fragment %d of %d", current, total)
		case total > MaxMessageBytes/(headerBytes+fragmentBytes):
			return nil, fmt.Errorf("mbim: %d fragments are too many", total)
		}
		a.message, a.total, a.next = append([]byte(nil), data...), total, 1
		return nil, a.bounded()
	}
	if first := a.message; kind != Type(binary.LittleEndian.Uint32(first)) || word(8) != binary.LittleEndian.Uint32(first[8:]) ||
		total != a.total || current != a.next {
		return nil, fmt.Errorf("mbim: fragment %d of %d is out of sequence", current, total)
	}
	a.message = append(a.message, data[headerBytes+fragmentBytes:]...)
	a.next++
	if err := a.bounded(); err != nil || a.next < a.total {
		return nil, err
	}
	// The header becomes that of a message in one fragment.
	binary.LittleEndian.PutUint32(a.message[4:], uint32(len(a.message)))
	binary.LittleEndian.PutUint32(a.message[headerBytes:], 1)
	return a.message, nil
}

func (a *Assembler) bounded() error {
	if len(a.message) > MaxMessageBytes {
		return fmt.Errorf("mbim: message of more than %d bytes", MaxMessageBytes)
	}
	return nil
}
