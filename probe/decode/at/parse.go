package at

import (
	"fmt"
	"strconv"
	"strings"
)

// Failure is why a modem did not answer.
type Failure struct {
	Final Final
	Code  int // of the equipment (TS 27.007, 9.2), valid with HasCode
	Words string
	// HasCode says whether the modem gave a number.
	HasCode bool
}

// Err returns nil if the answer ended with OK.
func (a Answer) Err() error {
	if a.Final == OK {
		return nil
	}
	return a.failure()
}

func (a Answer) failure() Failure {
	f := Failure{Final: a.Final, Words: a.Reason}
	if n, err := strconv.ParseUint(a.Reason, 10, 16); err == nil {
		f.Code, f.HasCode, f.Words = int(n), true, ""
		if a.Final == CME {
			f.Words = codeWords(int(n))
		}
	}
	return f
}

// Error says what went wrong.
func (f Failure) Error() string {
	switch {
	case f.Final == None:
		return "at: no complete answer"
	case f.Words != "":
		return "at: " + f.Words
	case f.HasCode:
		return fmt.Sprintf("at: %s %d", f.Final, f.Code)
	}
	return "at: error without a reason"
}

// codeNoCard is the code of equipment without a card.
const codeNoCard = 10

// codeWords gives the usual codes of TS 27.007, 9.2 in words, "" for others.
func codeWords(code int) string {
	switch code {
	case 0:
		return "phone failure"
	case 3:
		return "operation not allowed"
	case 4:
		return "operation not supported"
	case 5:
		return "PH-SIM PIN required"
	case codeNoCard:
		return "SIM not inserted"
	case 11:
		return "SIM PIN required"
	case 12:
		return "SIM PUK required"
	case 13:
		return "SIM failure"
	case 14:
		return "SIM busy"
	case 15:
		return "SIM wrong"
	case 17:
		return "SIM PIN2 required"
	case 18:
		return "SIM PUK2 required"
	case 30:
		return "no network service"
	case 50:
		return "incorrect parameters"
	case 100:
		return "unknown error"
	}
	return ""
}

// Text reads the answer to a command that is answered by one line of text, with
// or without the name of the command or of the value before it, in quotation
// marks or not: manufacturer, model, revision.
func Text(c Command, a Answer) (string, error) {
	if err := a.Err(); err != nil {
		return "", err
	}
	if len(a.Lines) == 0 {
		return "", fmt.Errorf("at: %s: no text in the answer", c.Text)
	}
	text := a.Lines[0]
	if list := c.values(a); len(list) > 0 {
		text = list[0]
	}
	if fields := split(text); len(fields) > 1 && strings.HasPrefix(text, `"`) { // some give a long and a short name
		text = fields[0]
	}
	for _, name := range [...]string{"Manufacturer:", "Model:", "Revision:"} {
		text = strings.TrimSpace(strings.TrimPrefix(text, name))
	}
	return strings.Trim(text, `"`), nil
}

// Fields returns the parameters in the lines of an answer that name the command:
// for `+UUSBCONF: 3,"RNDIS",,"0x1146"` 3, RNDIS, an empty one and 0x1146.
func Fields(c Command, a Answer) ([][]string, error) {
	if err := a.Err(); err != nil {
		return nil, err
	}
	var list [][]string
	for _, v := range c.values(a) {
		list = append(list, split(v))
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("at: %s: no value in the answer", c.Text)
	}
	return list, nil
}

// maxFields bounds the parameters of a line.
const maxFields = 64

// split cuts parameters at commas that are not between quotation marks.
func split(s string) []string {
	var list []string
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		switch {
		case i < len(s) && s[i] == '"':
			quoted = !quoted
		case i == len(s) || s[i] == ',' && !quoted:
			if len(list) < maxFields {
				list = append(list, strings.Trim(strings.TrimSpace(s[start:i]), `"`))
			}
			start = i + 1
		}
	}
	return list
}

// Information is what ATI says. A field that it does not say is "".
type Information struct {
	Manufacturer string
	Model        string
	Revision     string // of the firmware
	Identity     Identity
}

// Identity is what identifies a unit. It has to be replaced before it is stored.
type Identity struct {
	IMEI, MEID, ESN string
	Serial          string // the maker's number of the unit
}

// ParseInformation reads the answer to ATI: lines "Name: value", or without a
// name the manufacturer and the model in this order (Quectel). Lines of other
// kinds are left out.
func ParseInformation(a Answer) (Information, error) {
	if err := a.Err(); err != nil {
		return Information{}, err
	}
	var i Information
	for _, line := range a.Lines {
		name, value, named := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case !named && i.Manufacturer == "" && len(Identities(line)) == 0:
			i.Manufacturer = line
		case !named && i.Model == "" && len(Identities(line)) == 0:
			i.Model = line
		case !named:
		default:
			i.set(strings.ToLower(strings.TrimSpace(name)), value)
		}
	}
	if i == (Information{}) {
		return i, fmt.Errorf("at: ATI: nothing known in the answer")
	}
	return i, nil
}

func (i *Information) set(name, value string) {
	switch name {
	case "manufacturer":
		i.Manufacturer = value
	case "model":
		i.Model = value
	case "revision":
		i.Revision = value
	case "imei":
		i.Identity.IMEI = value
	case "meid":
		i.Identity.MEID = value
	case "esn":
		i.Identity.ESN = value
	case "fsn", "sn", "serial number", "serialnumber":
		i.Identity.Serial = value
	}
}

// ParseIMEI reads the answer to AT+CGSN.
func ParseIMEI(c Command, a Answer) (Identity, error) {
	text, err := Text(c, a)
	if err != nil {
		return Identity{}, err
	}
	if n := len(text); n < 14 || n > 16 || strings.Trim(text, "0123456789") != "" {
		return Identity{}, fmt.Errorf("at: %s: no IMEI in the answer", c.Text)
	}
	return Identity{IMEI: text}, nil
}

// ParseFunctionality reads the answer to AT+CFUN?: 0 is off, 1 on, 4 flight
// mode (TS 27.007, 8.2).
func ParseFunctionality(c Command, a Answer) (int, error) { return number(c, a) }

// number reads the first parameter of the first line.
func number(c Command, a Answer) (int, error) {
	fields, err := Fields(c, a)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(fields[0][0], 10, 31)
	if err != nil {
		return 0, fmt.Errorf("at: %s: %q is not a number", c.Text, fields[0][0])
	}
	return int(n), nil
}
