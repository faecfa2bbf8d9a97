package wording

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"rekey/internal/message"
)

// Own is a text as it stands in the settings.
type Own struct {
	Subject string `yaml:"subject,omitempty"` // of a mail
	Text    string `yaml:"text"`
	HTML    string `yaml:"html,omitempty"` // of a mail; empty: made of the text
}

// Document is all of them, by event, channel and language.
type Document map[message.Template]map[message.Channel]map[string]Own

// Template is a compiled text of one's own.
type Template struct{ Subject, Text, HTML Text }

// Texts are the compiled texts. The zero value has none; it is never changed and safe for concurrent use.
type Texts struct{ of map[key]Template }

type key struct {
	event    message.Template
	by       message.Channel
	language string
}

// Find gives the text for a message; false: the built-in one is used.
func (t Texts) Find(event message.Template, by message.Channel, language string) (Template, bool) {
	own, ok := t.of[key{event, by, language}]
	return own, ok
}

// With gives texts of which one is another.
func (t Texts) With(event message.Template, by message.Channel, language string, own Template) Texts {
	of := maps.Clone(t.of)
	if of == nil {
		of = map[key]Template{}
	}
	of[key{event, by, language}] = own
	return Texts{of}
}

// Without gives texts of which one is the built-in one.
func (t Texts) Without(event message.Template, by message.Channel, language string) Texts {
	of := maps.Clone(t.of)
	delete(of, key{event, by, language})
	return Texts{of}
}

// The longest texts: what fits a subject line, a mail that somebody reads, and three segments in any script.
const (
	MaxSubject = 150
	MaxText    = 10_000
	MaxSMS     = 400
)

// Compile checks a document. languages are the catalogue's. Errors name the key below the document's own.
func (d Document) Compile(languages []string) (Texts, error) {
	out := Texts{of: map[key]Template{}}
	var errs []error
	for _, event := range slices.Sorted(maps.Keys(d)) {
		for _, by := range slices.Sorted(maps.Keys(d[event])) {
			if !slices.Contains(Channels(event), by) {
				errs = append(errs, fmt.Errorf("%s.%s: there is no such message", event, by))
				continue
			}
			for _, language := range slices.Sorted(maps.Keys(d[event][by])) {
				path := fmt.Sprintf("%s.%s.%s", event, by, language)
				if !slices.Contains(languages, language) {
					errs = append(errs, fmt.Errorf("%s: want a language of %s", path, strings.Join(languages, ", ")))
					continue
				}
				own, err := Compile(event, by, d[event][by][language])
				for _, p := range err {
					errs = append(errs, fmt.Errorf("%s.%s: %w", path, p.Field, p.Cause))
				}
				out.of[key{event, by, language}] = own
			}
		}
	}
	return out, errors.Join(errs...)
}

// Problem is what is wrong with one part of a text.
type Problem struct {
	Field string // subject, text or html
	Cause error
}

// linkish finds what mail programs make links of.
var linkish = regexp.MustCompile(`(?i)://|\bwww\.|\bhttps?:|\bmailto:|\btel:`) //nolint:gochecknoglobals // a constant

// Compile checks one text.
func Compile(event message.Template, by message.Channel, own Own) (Template, []Problem) {
	c := compiler{event: event, by: by}
	t := Template{}
	if by == message.SMS {
		if own.Subject != "" {
			c.bad("subject", "a text message has none")
		}
		if own.HTML != "" {
			c.bad("html", "a text message has none")
		}
		t.Text = c.part("text", own.Text, Macros(event, by), MaxSMS)
		c.codes(t)
		return t, c.problems
	}
	t.Subject = c.part("subject", own.Subject, SubjectMacros(), MaxSubject)
	if len(t.Subject.lines) > 1 {
		c.bad("subject", "want one line")
	}
	t.Text = c.part("text", own.Text, Macros(event, by), MaxText)
	if own.HTML != "" {
		t.HTML = c.part("html", own.HTML, Macros(event, by), MaxText)
		if err := checkMarkup(own.HTML); err != nil {
			c.problems = append(c.problems, Problem{"html", err})
		}
	}
	c.codes(t)
	return t, c.problems
}

type compiler struct {
	event    message.Template
	by       message.Channel
	problems []Problem
}

func (c *compiler) bad(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{field, fmt.Errorf(format, args...)})
}

func (c *compiler) part(field, text string, macros []Macro, most int) Text {
	if strings.TrimSpace(text) == "" {
		c.bad(field, "is missing")
		return Text{}
	}
	if n := len([]rune(text)); n > most {
		c.bad(field, "want at most %d characters, got %d", most, n)
		return Text{}
	}
	if at := linkish.FindStringIndex(text); at != nil {
		c.bad(field, "%q: links are those that Rekey makes, {link}; others are what phishing looks like", text[at[0]:at[1]])
	}
	t, err := compile(text, macros)
	if err != nil {
		c.problems = append(c.problems, Problem{field, err})
		return Text{}
	}
	if t.count(Link) > 1 {
		c.bad(field, "{link} may be there once")
	}
	return t
}

// codes holds the message that brings a code to it, in each of its forms.
func (c *compiler) codes(t Template) {
	if c.event != message.Code {
		return
	}
	for _, f := range []struct {
		name string
		text Text
	}{{"text", t.Text}, {"html", t.HTML}} {
		if !f.text.IsZero() && f.text.count(Code) != 1 {
			c.bad(f.name, "{code} has to be there, once")
		}
	}
}
