package at

import "strings"

// Command is one of the commands that may be asked.
type Command struct {
	Text string // as it is sent, without the carriage return
	For  string // the makers whose modems know it, "" for all
	Why  string // why it changes nothing
	// Identifies says that the answer holds what identifies the unit, its owner
	// or the place where it is.
	Identifies bool
}

// Why a command only reads.
const (
	reads    = "form ?: reads"                                           // TS 27.007, 4.2
	executes = "execution that only answers"                             // no parameter is stored
	queries  = "form =\"name\" without a value: reads the value of name" // of Quectel's commands
)

// Commands returns the commands, in an order in which they can be asked.
func Commands() []Command {
	return []Command{
		{Text: "AT", Why: executes},
		{Text: "ATI", Why: executes, Identifies: true},
		{Text: "AT+CGMI", Why: executes},
		{Text: "AT+CGMM", Why: executes},
		{Text: "AT+CGMR", Why: executes},
		{Text: "AT+CGSN", Why: executes, Identifies: true},
		{Text: "AT+CFUN?", Why: reads},
		{Text: "AT+CPIN?", Why: reads},
		{Text: "AT+COPS?", Why: reads, Identifies: true},
		{Text: "AT+CCID", For: "Quectel, SIMCom, u-blox", Why: executes, Identifies: true},
		{Text: "AT#CCID", For: "Telit", Why: executes, Identifies: true},
		{Text: "AT^ICCID?", For: "Huawei", Why: reads, Identifies: true},
		{Text: "AT!ICCID?", For: "Sierra Wireless", Why: reads, Identifies: true},

		{Text: "AT+QGMR", For: "Quectel", Why: executes},
		{Text: `AT+QCFG="usbnet"`, For: "Quectel", Why: queries},
		{Text: `AT+QMBNCFG="List"`, For: "Quectel", Why: queries},
		{Text: "AT!PRIID?", For: "Sierra Wireless", Why: reads},
		{Text: "AT!USBCOMP?", For: "Sierra Wireless", Why: reads},
		{Text: "AT!IMPREF?", For: "Sierra Wireless", Why: reads},
		{Text: "AT!GOBIIMPREF?", For: "Sierra Wireless", Why: reads},
		{Text: "AT#USBCFG?", For: "Telit", Why: reads},
		{Text: "AT#FWSWITCH?", For: "Telit", Why: reads},
		{Text: "AT#SWPKGV", For: "Telit", Why: executes},
		{Text: "AT+UUSBCONF?", For: "u-blox", Why: reads},
		{Text: "AT+UMNOPROF?", For: "u-blox", Why: reads},
		{Text: "AT+CUSBPIDSWITCH?", For: "SIMCom", Why: reads},
		{Text: "AT+GTUSBMODE?", For: "Fibocom", Why: reads},
		{Text: "AT+GTPKGVER?", For: "Fibocom", Why: reads},
	}
}

// Find returns the command with that text. What is not in the list must not be
// sent.
func Find(text string) (Command, bool) {
	for _, c := range Commands() {
		if c.Text == text {
			return c, true
		}
	}
	return Command{}, false
}

// prefix is how lines of the answer begin, if they name the command.
func (c Command) prefix() string {
	name := strings.TrimPrefix(c.Text, "AT")
	if i := strings.IndexAny(name, "?="); i >= 0 {
		name = name[:i]
	}
	return name
}

// values returns what follows the name of the command in each line that names
// it.
func (c Command) values(a Answer) []string {
	var list []string
	for _, line := range a.Lines {
		if name, v, ok := strings.Cut(line, ":"); ok && c.answers(name) {
			list = append(list, strings.TrimSpace(v))
		}
	}
	return list
}

// answers reports whether a line that begins with a name and a colon is an answer to
// the command. Of +CGMR some say +GMR, which ITU-T V.250 has for the same.
func (c Command) answers(name string) bool {
	own := c.prefix()
	short, ok := strings.CutPrefix(own, "+CGM")
	return own != "" && (name == own || ok && name == "+GM"+short)
}
