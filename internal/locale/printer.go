package locale

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Printer speaks one language. It is immutable and safe for concurrent use.
type Printer struct {
	tag, dir        string
	texts, fallback map[string]text
	own             map[string]text // of a firm; nil: none
	plurals         *i18n.Localizer
}

// Tag gives the language's BCP 47 tag.
func (p *Printer) Tag() string { return p.tag }

// Dir gives the direction of writing, "ltr" or "rtl".
func (p *Printer) Dir() string { return p.dir }

// T gives the text of a key. Fields are given as name, value, name, value. An unknown key comes back in brackets.
func (p *Printer) T(key string, kv ...any) string {
	t, ok := p.find(key)
	if !ok {
		return "[" + key + "]"
	}
	if len(t.fields) == 0 {
		return t.other
	}
	return t.fill(kv)
}

// Has reports whether a key exists, in this language or in English.
func (p *Printer) Has(key string) bool {
	_, ok := p.find(key)
	return ok
}

// N gives the text of a key for a number, in the plural form the language asks for. The number is the field Count.
func (p *Printer) N(key string, n int, kv ...any) string {
	data := make(map[string]any, 1+len(kv)/2)
	data["Count"] = strconv.Itoa(n)
	for i := 0; i+1 < len(kv); i += 2 {
		data[fmt.Sprint(kv[i])] = kv[i+1]
	}
	said, err := p.plurals.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: data})
	if said == "" || (err != nil && !p.Has(key)) {
		return "[" + key + "]"
	}
	return said
}

func (p *Printer) find(key string) (text, bool) {
	if t, ok := p.own[key]; ok {
		return t, true
	}
	if t, ok := p.texts[key]; ok {
		return t, true
	}
	t, ok := p.fallback[key]
	return t, ok
}

// text is one message, cut at its fields.
type text struct {
	other  string   // whole, when there is no field
	pieces []string // one more than fields
	fields []string
	plural bool
}

func parse(m *i18n.Message) text {
	t := text{other: m.Other, plural: m.Zero+m.One+m.Two+m.Few+m.Many != ""}
	rest := m.Other
	for {
		before, after, ok := strings.Cut(rest, "{{.")
		if !ok {
			break
		}
		name, tail, ok := strings.Cut(after, "}}")
		if !ok {
			break
		}
		t.pieces, t.fields, rest = append(t.pieces, before), append(t.fields, name), tail
	}
	t.pieces = append(t.pieces, rest)
	return t
}

// fill puts the values between the pieces. A field without a value stays visible, so that a test and a reader notice.
func (t text) fill(kv []any) string {
	var b strings.Builder
	for i, field := range t.fields {
		b.WriteString(t.pieces[i])
		b.WriteString(value(field, kv))
	}
	b.WriteString(t.pieces[len(t.fields)])
	return b.String()
}

func value(field string, kv []any) string {
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i] == field {
			if s, ok := kv[i+1].(string); ok {
				return s
			}
			return fmt.Sprint(kv[i+1])
		}
	}
	return "{{." + field + "}}"
}

// Isolate wraps a name, an address or a code so that its direction does not disturb the sentence it stands in
// (Unicode FIRST STRONG ISOLATE … POP DIRECTIONAL ISOLATE). For pages; never for SMS.
func Isolate(s string) string { return "\u2068" + s + "\u2069" }
