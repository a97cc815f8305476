package main

import (
	"strconv"
	"strings"
)

// token is one token of C: an identifier or number, a string literal without
// its quotes, or one character of punctuation.
type token struct {
	text   string
	quoted bool
}

func (t token) is(punctuation string) bool { return !t.quoted && t.text == punctuation }

func (t token) isName() bool {
	return !t.quoted && t.text != "" && (t.text[0] == '_' || isAlphanumeric(rune(t.text[0]))) && (t.text[0] < '0' || t.text[0] > '9')
}

// source is a file of C cut into tokens. Of the preprocessor it knows macros
// without arguments; all branches of conditions are kept.
type source struct {
	tokens []token
	macros map[string][]token
}

func readC(text string) source {
	s := source{macros: map[string][]token{}}
	text = strings.ReplaceAll(text, "\\\n", " ")
	for text != "" {
		text = strings.TrimLeft(text, " \t\r\n\f\v")
		if !strings.HasPrefix(text, "#") {
			var t token
			if t, text = nextToken(text); t.text != "" || t.quoted {
				s.tokens = append(s.tokens, t)
			}
			continue
		}
		end := directiveEnd(text)
		s.directive(text[1:end])
		text = text[end:]
	}
	return s
}

// directiveEnd finds the end of a line of the preprocessor, which a comment may
// continue.
func directiveEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n':
			return i
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return len(text)
			}
			i += 2 + end + 1
		}
	}
	return len(text)
}

func (s *source) directive(text string) {
	text, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), "define")
	text = strings.TrimLeft(text, " \t")
	name, rest := nextToken(text)
	if !ok || !name.isName() || strings.HasPrefix(rest, "(") {
		return
	}
	var value []token
	for rest != "" {
		var t token
		if t, rest = nextToken(strings.TrimLeft(rest, " \t")); t.text != "" || t.quoted {
			value = append(value, t)
		}
	}
	s.macros[name.text] = value
}

// nextToken cuts the first token off. Comments give an empty one.
func nextToken(text string) (t token, rest string) {
	switch {
	case text == "":
		return token{}, ""
	case strings.HasPrefix(text, "/*"):
		_, rest, _ := strings.Cut(text[2:], "*/")
		return token{}, rest
	case strings.HasPrefix(text, "//"):
		_, rest, _ := strings.Cut(text, "\n")
		return token{}, rest
	case text[0] == '"' || text[0] == '\'':
		return quotedToken(text)
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !isAlphanumeric(r) })
	if end < 0 {
		end = len(text)
	}
	end = max(end, 1)
	return token{text: text[:end]}, text[end:]
}

func quotedToken(text string) (t token, rest string) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return token{text: text[1:i], quoted: quote == '"'}, text[i+1:]
		}
	}
	return token{}, ""
}

// maxMacros bounds how often a name is replaced by what it stands for.
const maxMacros = 8

// text returns the string that tokens stand for: literals, one after the other,
// and macros for such.
func (s source) text(tokens []token) (string, bool) {
	return s.textOf(tokens, maxMacros)
}

func (s source) textOf(tokens []token, depth int) (string, bool) {
	if len(tokens) == 0 || depth == 0 {
		return "", false
	}
	var b strings.Builder
	for _, t := range tokens {
		if t.quoted {
			b.WriteString(t.text)
			continue
		}
		part, ok := s.textOf(s.macros[t.text], depth-1)
		if !ok {
			return "", false
		}
		b.WriteString(part)
	}
	return b.String(), !strings.Contains(b.String(), `\`)
}

// number returns the number that one token stands for.
func (s source) number(t token, constants map[string]uint64) (uint64, bool) {
	for range maxMacros {
		if n, err := strconv.ParseUint(strings.TrimRight(t.text, "uUlL"), 0, 64); err == nil && !t.quoted {
			return n, true
		}
		if n, ok := constants[t.text]; ok {
			return n, true
		}
		value := s.macros[t.text]
		if len(value) != 1 {
			return 0, false
		}
		t = value[0]
	}
	return 0, false
}
