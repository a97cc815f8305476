// Package at reads what a modem answers to AT commands, and lists the commands
// that may be asked, none of which sets anything.
//
// The syntax is that of ITU-T V.250 and 3GPP TS 27.007, with the habits of
// modems: echoes, messages that nobody asked for, bytes of other protocols. A
// modem that was set to answer with numbers (ATV0) is not understood: its
// answers do not end. The package opens no port and waits for nothing: bytes
// are fed to a Reader as they come.
//
// Texts of modems can hold what identifies a unit, its owner or the place where
// it is. The functions that read an answer put that into fields named for it;
// for texts as they are there is Identities.
package at

import "strings"

// Bounds of an answer. The longest known, a list of carrier configurations,
// has a hundred lines.
const (
	MaxLines     = 256
	MaxLineBytes = 1024
)

// Final is the last line of an answer.
type Final string

const (
	None  Final = ""           // the answer is not complete
	OK    Final = "OK"         //
	Error Final = "ERROR"      // without a reason
	CME   Final = "+CME ERROR" // of the equipment, see Answer.Reason
	CMS   Final = "+CMS ERROR" // of the short message service
)

// Answer is what has been read.
type Answer struct {
	Lines       []string // that belong to the command, in order, without white space around them
	Unsolicited []string // that nobody asked for, such as +CREG: or RING
	Echoes      int      // how often the command itself came back
	Garbage     int      // lines with bytes that are not text, which are dropped
	Cut         bool     // lines were dropped because there were too many or one was too long
	Final       Final
	Reason      string // what follows CME or CMS: a number or words
}

// Reader takes an answer apart, byte by byte.
type Reader struct {
	command Command
	answer  Answer
	line    []byte
	state   state
}

// state is what is known of the line that is being read.
type state uint8

const (
	inText    state = iota // only text so far, or nothing
	inGarbage              // a byte was not text; the rest of the line is skipped
	inLong                 // too long; the rest of the line is skipped
)

// NewReader returns a Reader for the answer to a command.
func NewReader(c Command) *Reader { return &Reader{command: c} }

// Feed takes bytes and reports whether the answer is complete. What follows the
// end of the answer is ignored; some modems add a second final line, so the port
// should be read empty before the next command.
func (r *Reader) Feed(data []byte) bool {
	for _, c := range data {
		switch {
		case r.answer.Final != None:
			return true
		case c == '\r' || c == '\n':
			r.end()
		case r.state != inText:
		case c != '\t' && c < ' ' || c > '~':
			r.state = inGarbage
		case len(r.line) == MaxLineBytes:
			r.state = inLong
		default:
			r.line = append(r.line, c)
		}
	}
	return r.answer.Final != None
}

// Answer returns what has been read so far. A line that has not ended is not in
// it.
func (r *Reader) Answer() Answer { return r.answer }

// end classifies a line.
func (r *Reader) end() {
	line, state := strings.TrimSpace(string(r.line)), r.state
	r.line, r.state = r.line[:0], inText
	switch {
	case state == inGarbage:
		r.answer.Garbage++
	case state == inLong:
		r.answer.Cut = true
	case line == "":
	case strings.EqualFold(line, r.command.Text):
		r.answer.Echoes++
	case line == string(OK):
		r.answer.Final = OK
	case line == string(Error) || line == "COMMAND NOT SUPPORT": // of Huawei
		r.answer.Final = Error
	case r.coded(line, CME), r.coded(line, CMS):
	case r.unsolicited(line):
		r.answer.Unsolicited = r.keep(r.answer.Unsolicited, line)
	default:
		r.answer.Lines = r.keep(r.answer.Lines, line)
	}
}

// coded reads a final line with a reason.
func (r *Reader) coded(line string, final Final) bool {
	reason, ok := strings.CutPrefix(line, string(final)+":")
	if ok {
		r.answer.Final, r.answer.Reason = final, strings.TrimSpace(reason)
	}
	return ok
}

func (r *Reader) keep(list []string, line string) []string {
	if len(list) == MaxLines {
		r.answer.Cut = true
		return list
	}
	return append(list, line)
}

// unsolicited tells lines that do not belong to the command: those that name
// another command in the way of results ("+CREG: 1"), and some words.
func (r *Reader) unsolicited(line string) bool {
	switch line {
	case "RING", "NO CARRIER", "RDY", "SMS DONE", "PB DONE", "SMS Ready", "Call Ready", "POWERED DOWN", "NORMAL POWER DOWN", "APP RDY", "^SYSSTART", "+SYSSTART", "^SHUTDOWN", "UNDER-VOLTAGE WARNNING", "OVER-VOLTAGE WARNNING":
		return true
	}
	if strings.HasPrefix(line, "DST: ") { // behind the time of the network (*PSUTTZ)
		return true
	}
	if strings.IndexByte("+^#!*%$&_", line[0]) < 0 {
		return false
	}
	name, _, ok := strings.Cut(line, ":")
	return ok && !strings.ContainsAny(name, " ,") && !r.command.answers(name)
}
