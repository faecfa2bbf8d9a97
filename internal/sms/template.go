package sms

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"rekey/internal/secret"
)

// What fills a template. A secret's place is "secret." and its name.
const (
	placeNumber = "number"
	placeDigits = "digits"
	placeText   = "text"
	placeSender = "sender"
	placeID     = "id"
	ofSecrets   = "secret."
)

// template is text with places in it.
type template []piece

// piece is text as it stands, or a place and how what fills it is escaped there; nil: not at all.
type piece struct {
	text, place string
	escape      func(string) string
}

// parse cuts a template at its places. There is nothing else to it: no conditions, no functions, and no place that is not known.
func parse(text string, secrets map[string]secret.Ref) (template, error) {
	var t template
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			t = append(t, piece{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, errors.New("a place is not closed: want {{text}}")
		}
		if !known(name, secrets) {
			return nil, fmt.Errorf("no place {{%.40s}}: want {{number}}, {{digits}}, {{text}}, {{sender}}, {{id}}, or {{secret.NAME}} with a name of secrets", name)
		}
		t = append(t, piece{place: name})
		text = after
	}
	return t, nil
}

func known(place string, secrets map[string]secret.Ref) bool {
	switch place {
	case placeNumber, placeDigits, placeText, placeSender, placeID:
		return true
	}
	name, ok := strings.CutPrefix(place, ofSecrets)
	_, given := secrets[name]
	return ok && given
}

func (t template) has(place string) bool {
	for _, p := range t {
		if p.place == place {
			return true
		}
	}
	return false
}

// all escapes every place the same way.
func (t template) all(escape func(string) string) template {
	for i := range t {
		t[i].escape = escape
	}
	return t
}

// asJSON makes places parts of strings. One that stands outside of a string, and a text that is no JSON, are refused.
func (t template) asJSON() error {
	var whole strings.Builder
	inString, escaped := false, false
	for i, p := range t {
		if p.place != "" {
			if !inString || escaped {
				return fmt.Errorf("{{%s}} has to stand in a string", p.place)
			}
			t[i].escape = escapeJSON
			whole.WriteByte('x')
			continue
		}
		whole.WriteString(p.text)
		for _, c := range []byte(p.text) {
			switch {
			case escaped:
				escaped = false
			case c == '\\' && inString:
				escaped = true
			case c == '"':
				inString = !inString
			}
		}
	}
	if !json.Valid([]byte(whole.String())) {
		return errors.New("is no JSON")
	}
	return nil
}

// fill writes the text with its places filled.
func (t template) fill(with func(place string) string) string {
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.place == "":
			b.WriteString(p.text)
		case p.escape == nil:
			b.WriteString(with(p.place))
		default:
			b.WriteString(p.escape(with(p.place)))
		}
	}
	return b.String()
}

// escapeJSON writes what stands between the quotes of a string (RFC 8259 §7).
func escapeJSON(s string) string {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(s); err != nil {
		panic(err) // a string can always be written
	}
	quoted := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return string(quoted[1 : len(quoted)-1])
}

// escapeXML writes text for an element or an attribute; what XML cannot hold becomes U+FFFD.
func escapeXML(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }
