package rpieeprom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The firmware answers commands in text through its property mailbox, tag
// GET_GENCMD_RESULT. The form of a message is that of the document "Mailbox
// property interface" (github.com/raspberrypi/firmware/wiki) and of the program
// vcgencmd (github.com/raspberrypi/utils, vcgencmd/vcgencmd.c), in words of 32
// bits, little-endian: size of the message, state; tag, size of its value, length
// of what is in it; the value, which is a return code and the text; 0 for the end.

// The commands that there are messages for. Both only read. There is no other way
// to make a message, and no other tag.
const (
	CommandConfig  = "bootloader_config"
	CommandVersion = "bootloader_version"
)

const (
	tagGencmd      = 0x00030080 // GET_GENCMD_RESULT
	gencmdValue    = 1024       // MAX_STRING of vcgencmd.c
	gencmdText     = 24         // where the text begins, behind six words
	messageBytes   = gencmdText + gencmdValue + 4
	stateDone      = 0x80000000
	stateRefused   = 0x80000001
	answered       = 1 << 31 // of the length: the firmware knew the tag
	returnCodeSize = 4
)

// Errors of an answer.
var (
	ErrCommand  = errors.New("firmware mailbox: not one of the commands that read")
	ErrRefused  = errors.New("firmware mailbox: the firmware could not read the message")
	ErrUnknown  = errors.New("firmware mailbox: the firmware does not know the command")
	ErrDamaged  = errors.New("firmware mailbox: not an answer to what was asked")
	errNoAnswer = errors.New("firmware mailbox: no answer")
)

// Gencmd makes the message that asks for a command.
func Gencmd(command string) ([]byte, error) {
	if command != CommandConfig && command != CommandVersion {
		return nil, ErrCommand
	}
	var head []byte
	for _, word := range []uint32{messageBytes, 0, tagGencmd, gencmdValue, 0, 0} {
		head = binary.LittleEndian.AppendUint32(head, word)
	}
	message := make([]byte, messageBytes)
	copy(message, head)
	copy(message[gencmdText:], command)
	return message, nil
}

// ParseGencmd returns the text of an answer, which lies in the message where the
// question was. Cut is true if the text did not fit: then its last line, which may
// be half of one, is left out.
func ParseGencmd(message []byte) (text []byte, cut bool, err error) {
	if len(message) != messageBytes {
		return nil, false, ErrDamaged
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(message[4*i:]) }
	switch state := word(1); {
	case state == stateRefused:
		return nil, false, ErrRefused
	case state == 0:
		return nil, false, errNoAnswer
	case state != stateDone, word(0) != messageBytes, word(2) != tagGencmd, word(3) != gencmdValue:
		return nil, false, ErrDamaged
	}
	length := word(4)
	if length&answered == 0 {
		return nil, false, ErrUnknown
	}
	text = message[gencmdText : gencmdText+gencmdValue-returnCodeSize]
	end := bytes.IndexByte(text, 0)
	if cut = end < 0 || length&^answered > gencmdValue; end >= 0 {
		text = text[:end]
	}
	if cut {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	// The firmware says error=1 error_msg="Command not registered".
	if word(5) != 0 || bytes.HasPrefix(text, []byte("error=")) {
		return nil, false, ErrUnknown
	}
	return text, cut, nil
}

// Build says which boot loader it is.
type Build struct {
	Version string // a commit
	Time    int64  // seconds since 1970, 0 if it is not known
}

// Date is the day of the build, "" if it is not known.
func (b Build) Date() string {
	if b.Time == 0 {
		return ""
	}
	return time.Unix(b.Time, 0).UTC().Format(time.DateOnly)
}

// ParseBuild reads the text that answers bootloader_version: a date, and lines
// such as "version 8ba17717fbcedd4c3b6d4bce7e50c7af4155cba9 (release)" and
// "timestamp 1673458852". When this unit's loader was updated stands there, too,
// and is not kept.
func ParseBuild(text []byte) (Build, error) {
	var b Build
	for line := range bytes.Lines(text[:min(len(text), maxConfigBytes)]) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		switch value, _, _ = strings.Cut(value, " "); key {
		case "version":
			if isCommit(value) {
				b.Version = value
			}
		case "timestamp":
			if n, err := strconv.ParseUint(value, 10, 32); err == nil {
				b.Time = int64(n)
			}
		}
	}
	if b.Version == "" {
		return Build{}, errors.New("bootloader version: no line with a version")
	}
	return b, nil
}

// String is the build in lines that ParseBuild reads.
func (b Build) String() string {
	text := fmt.Sprintf("version %s\n", b.Version)
	if b.Time != 0 {
		text += fmt.Sprintf("timestamp %d\n", b.Time)
	}
	return text
}

func isCommit(s string) bool {
	return len(s) >= 7 && len(s) <= maxVersion && strings.Trim(s, "0123456789abcdef") == ""
}
