package firmware

import (
	"fmt"
	"strings"
	"time"
)

// stamp reads the build time in the digits at the beginning of a text, year
// first: "20241106163228a" or, without seconds, "201507311614____", or only
// the day.
func stamp(s string) string {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	for _, form := range [...]struct{ digits, shown string }{
		{"20060102150405", "2006-01-02 15:04:05"},
		{"200601021504", "2006-01-02 15:04"},
		{"20060102", "2006-01-02"},
	} {
		if n != len(form.digits) {
			continue
		}
		if t, err := time.Parse(form.digits, s[:n]); err == nil && plausible(t.Year()) {
			return t.Format(form.shown)
		}
	}
	return ""
}

// minute writes a build time from its numbers, "" if they are none.
func minute(year, month, day, hour, minutes int) string {
	if !plausible(year) || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minutes > 59 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d", year, month, day, hour, minutes)
}

// plausible holds a year against the time in which such files were made.
func plausible(year int) bool { return year >= 1995 && year < 2100 }

// weekdayDate reads the date in which Broadcom's tools write it:
// "Thu 2021-04-15 03:06:00 PDT", and Marvell's, "2023/08/07 , 12:19:39".
func weekdayDate(s string) string {
	if len(s) > 4 && s[3] == ' ' {
		s = s[4:]
	}
	s = strings.NewReplacer("/", "-", " , ", " ", ", ", " ").Replace(s)
	const shown = "2006-01-02 15:04:05"
	if len(s) < len(shown) {
		return ""
	}
	t, err := time.Parse(shown, s[:len(shown)])
	if err != nil || !plausible(t.Year()) {
		return ""
	}
	return t.Format(shown)
}

// unix writes seconds since 1970.
func unix(seconds uint32) string {
	t := time.Unix(int64(seconds), 0).UTC()
	if !plausible(t.Year()) {
		return ""
	}
	return t.Format("2006-01-02 15:04:05")
}
