package wording

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
)

// Text is a compiled text. It is never changed.
type Text struct{ lines [][]piece }

// piece is text as it stands, or a macro.
type piece struct{ text, macro string }

// Error is a place of a text at which something is wrong. Lines and columns count from 1; columns count characters.
type Error struct {
	Line, Column int
	Text         string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// compile reads a text that may hold the macros given. The error is an *Error.
func compile(text string, macros []Macro) (Text, error) {
	var t Text
	for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		pieces, err := compileLine([]rune(line), macros)
		if err != nil {
			err.Line = n + 1
			return Text{}, err
		}
		t.lines = append(t.lines, pieces)
	}
	return t, nil
}

func compileLine(line []rune, macros []Macro) (pieces []piece, bad *Error) {
	var plain strings.Builder
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
			return nil, &Error{Column: i + 1, Text: fmt.Sprintf("the character %U is not seen, and not taken", c)}
		case c != '{' && c != '}':
			plain.WriteRune(c)
			continue
		case i+1 < len(line) && line[i+1] == c:
			plain.WriteRune(c)
			i++
			continue
		case c == '}':
			return nil, &Error{Column: i + 1, Text: "} ends nothing; a brace of the text is written }}"}
		}
		end := slices.Index(line[i:], '}')
		if end < 0 {
			return nil, &Error{Column: i + 1, Text: "{ is not closed; a brace of the text is written {{"}
		}
		name := string(line[i+1 : i+end])
		if !slices.ContainsFunc(macros, func(m Macro) bool { return m.Name == name }) {
			return nil, &Error{Column: i + 1, Text: fmt.Sprintf("{%.40s} is no macro of this text: want one of %s", name, Names(macros))}
		}
		if plain.Len() > 0 {
			pieces = append(pieces, piece{text: plain.String()})
			plain.Reset()
		}
		pieces = append(pieces, piece{macro: name})
		i += end
	}
	if plain.Len() > 0 {
		pieces = append(pieces, piece{text: plain.String()})
	}
	return pieces, nil
}

// Names writes macros as they stand in texts.
func Names(macros []Macro) string {
	all := make([]string, len(macros))
	for i, m := range macros {
		all[i] = "{" + m.Name + "}"
	}
	return strings.Join(all, ", ")
}

// count tells how often a macro is there.
func (t Text) count(macro string) (n int) {
	for _, line := range t.lines {
		for _, p := range line {
			if p.macro == macro {
				n++
			}
		}
	}
	return n
}

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return len(t.lines) == 0 }

// Fill writes the text with its macros as they are: for mails' plain text and for text messages.
func (t Text) Fill(values map[string]string) string {
	return strings.TrimSpace(squash(t.fill(asIs, func(m string) string { return values[m] }, values)))
}

// FillLine is Fill for a subject: one line without a control character, whatever the values are.
func (t Text) FillLine(values map[string]string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, t.Fill(values))
	return strings.Join(strings.Fields(line), " ")
}

// FillHTML writes a text of HTML with its macros escaped; the code and the link become elements.
func (t Text) FillHTML(values map[string]string) string {
	return strings.TrimSpace(t.fill(asIs, func(m string) string { return element(m, values[m]) }, nil))
}

// Paragraphs writes a plain text as HTML: what blank lines part becomes paragraphs.
func (t Text) Paragraphs(values map[string]string) string {
	text := squash(t.fill(html.EscapeString, func(m string) string { return element(m, values[m]) }, values))
	var b strings.Builder
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		b.WriteString("<p>" + strings.ReplaceAll(strings.TrimSpace(p), "\n", "<br>\n") + "</p>\n")
	}
	return b.String()
}

func asIs(s string) string { return s }

func element(macro, value string) string {
	value = html.EscapeString(value)
	switch {
	case value == "":
		return ""
	case macro == Code:
		return `<strong class="code"><bdi dir="ltr">` + value + `</bdi></strong>`
	case macro == Link:
		return `<a href="` + value + `" dir="ltr">` + value + `</a>`
	}
	return value
}

// fill writes the lines, but for those whose macros are all empty. Without values all lines stay: elements are closed in other lines
// than they are opened in.
func (t Text) fill(text, macro func(string) string, values map[string]string) string {
	var out []string
	for _, line := range t.lines {
		var b strings.Builder
		asked, said := false, false
		for _, p := range line {
			if p.macro == "" {
				b.WriteString(text(p.text))
				continue
			}
			asked, said = true, said || values[p.macro] != ""
			b.WriteString(macro(p.macro))
		}
		if !asked || said || values == nil {
			out = append(out, b.String())
		}
	}
	return strings.Join(out, "\n")
}

// squash leaves one blank line where several stand.
func squash(s string) string {
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return s
}
