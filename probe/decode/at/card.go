package at

import (
	"fmt"
	"strings"
)

// Card is the state of the card.
type Card string

const (
	CardReady  Card = "ready"
	CardAbsent Card = "absent"
	CardPIN    Card = "PIN required"
	CardPUK    Card = "PUK required"
	CardLocked Card = "locked" // to a phone or network, by another code
	CardFailed Card = "failed" // present and not usable
	CardBusy   Card = "busy"   // not known yet
)

// ParseCard reads the answer to AT+CPIN?. That there is no card comes as an
// error, in numbers or in words.
func ParseCard(c Command, a Answer) (Card, error) {
	err := a.Err()
	if err == nil {
		fields, err := Fields(c, a)
		if err != nil {
			return "", err
		}
		switch state := fields[0][0]; {
		case state == "READY":
			return CardReady, nil
		case state == "SIM PIN":
			return CardPIN, nil
		case state == "SIM PUK":
			return CardPUK, nil
		case state == "NOT INSERTED": // of SIMCom
			return CardAbsent, nil
		case state == "SIM PIN2", state == "SIM PUK2": // which locks settings of the card, and no connection
			return CardReady, nil
		case strings.HasSuffix(state, "PIN"), strings.HasSuffix(state, "PUK"), strings.HasSuffix(state, "PIN2"), strings.HasSuffix(state, "PUK2"):
			return CardLocked, nil
		default:
			return "", fmt.Errorf("at: %s: state %q is not known", c.Text, state)
		}
	}
	f := a.failure()
	words := strings.ToLower(f.Words)
	switch {
	case f.Final != CME:
		return "", err
	case strings.Contains(words, "not inserted"):
		return CardAbsent, nil
	case strings.Contains(words, "sim pin required"):
		return CardPIN, nil
	case strings.Contains(words, "sim puk required"):
		return CardPUK, nil
	case strings.Contains(words, "sim failure"), strings.Contains(words, "sim wrong"):
		return CardFailed, nil
	case strings.Contains(words, "sim busy"):
		return CardBusy, nil
	}
	return "", err
}

// ParseICCID reports whether the modem has read a card's number, and returns
// the number, which has to be replaced before it is stored.
func ParseICCID(c Command, a Answer) (iccid string, err error) {
	text, err := Text(c, a)
	if err != nil {
		return "", err
	}
	// 19 or 20 digits, or 18 of old ones; the last can be a filler F (ITU-T E.118).
	digits := strings.TrimRight(text, "Ff")
	if n := len(digits); n < 18 || n > 20 || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("at: %s: no number of a card in the answer", c.Text)
	}
	return text, nil
}

// ParseRegistered reads the answer to AT+COPS? and tells only whether the modem
// has a network and of which kind (TS 27.007, 7.3), not which.
func ParseRegistered(c Command, a Answer) (registered bool, technology string, err error) {
	fields, err := Fields(c, a)
	if err != nil {
		return false, "", err
	}
	f := fields[0] // mode, format, operator, access technology
	if len(f) < 3 || f[2] == "" {
		return false, "", nil
	}
	if len(f) > 3 {
		switch f[3] {
		case "0", "1", "3", "8":
			technology = "GSM"
		case "2", "4", "5", "6":
			technology = "UMTS"
		case "7", "10": // the second with a core of 5G
			technology = "LTE"
		case "9":
			technology = "NB-IoT"
		case "11", "12":
			technology = "5G"
		case "13":
			technology = "LTE and 5G"
		}
	}
	return true, technology, nil
}

// Identities returns what in a text looks as if it identified a unit, a card or
// its owner: IMEI, IMEISV, IMSI and ICCID are 14 to 22 digits in a row, a MEID
// has letters among 14 hexadecimal digits, and the maker's number follows FSN,
// SN or ESN.
func Identities(text string) []string {
	const shortest, longest = 14, 22
	var list []string
	for i := 0; i < len(text); {
		n := 0
		digits := 0
		for i+n < len(text) && hexDigit(text[i+n]) {
			if text[i+n] <= '9' {
				digits++
			}
			n++
		}
		switch alone := i == 0 || !wordByte(text[i-1]); {
		case n == 0:
			i++
			continue
		case n >= shortest && n <= longest && (digits >= n-1 || n == shortest && digits >= n/2) && alone && (i+n == len(text) || !wordByte(text[i+n])):
			list = append(list, text[i:i+n])
		}
		i += n
	}
	for _, name := range [...]string{"FSN:", "SN:", "ESN:", "MEID:"} {
		for rest := text; ; {
			at := strings.Index(rest, name)
			if at < 0 {
				break
			}
			before := at == 0 || !wordByte(rest[at-1])
			rest = rest[at+len(name):]
			if fields := strings.Fields(rest); before && len(fields) > 0 {
				list = append(list, fields[0])
			}
		}
	}
	return list
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
}
