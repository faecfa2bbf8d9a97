package delivery

import (
	"cmp"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rekey/internal/locale"
	"rekey/internal/message"
	"rekey/internal/wording"
)

// letter is a message in words. It becomes a text and a page of HTML.
type letter struct {
	Lang, Dir string
	Subject   string
	Parts     []part
	Body      template.HTML // in place of Parts: a text of the firm's own
}

// part is one paragraph. At most one of Code, Lines and Link is set beside Text.
type part struct {
	Text  string
	Code  string   // stands alone, so that it can be copied with a double click
	Lines []string // short facts, one per line
	Link  string
}

// writer writes letters about one message.
type writer struct {
	*locale.Printer
	m    message.Message
	firm string // as it stands in a sentence
}

// writer makes who writes a message.
func (s *Service) writer(m message.Message) writer {
	brand := s.deps.Site().Brand
	w := writer{Printer: s.deps.Catalogue.Printer(s.deps.Catalogue.Match(m.Locale, brand.Locale)), m: m}
	w.firm = w.isolate(cmp.Or(brand.Firm, brand.Name))
	return w
}

// compose writes a message. What it does not know is an error.
func (s *Service) compose(m message.Message, texts wording.Texts) (Mail, error) {
	w := s.writer(m)
	if own, ok := w.own(texts); ok {
		return s.ownMail(w, own)
	}
	brand := s.deps.Site().Brand
	firm := cmp.Or(brand.Firm, brand.Name)
	key := "message." + string(m.Template)
	if !w.Has(key + ".subject") {
		return Mail{}, fmt.Errorf("no text for template %q", m.Template)
	}
	// The subject is shown on locked screens: it never holds a code, nor anything of the account.
	l := letter{Lang: w.Tag(), Dir: w.Dir(), Subject: w.T(key+".subject", "Firm", firm)}
	switch {
	case w.forOthers():
		l.Subject, l.Parts = w.T("message.others.subject", "Firm", firm), w.others()
	case m.Template == message.Code:
		l.Parts = w.code()
	case m.Template == message.SpendCap:
		l.Parts = w.spendCap()
	case m.Template == message.Test:
		l.Parts = []part{{Text: w.T("message.test.text", "Firm", w.firm)}}
	default:
		l.Parts = w.notice(key)
	}
	l.Parts = append(l.Parts,
		part{Text: w.T("message.help", "Help", w.isolate(brand.HelpText))},
		part{Text: w.T("message.automatic", "Brand", w.isolate(brand.Name))})
	page, err := l.html(s.page)
	if err != nil {
		return Mail{}, err
	}
	return Mail{ID: m.ID, To: m.To, Locale: l.Lang, Subject: l.Subject, Text: l.text(), HTML: page, Body: l.body(s.page)}, nil
}

// code writes what carries a code. No link: a mail that asks to open one and to type something in is what phishing looks like.
func (w writer) code() []part {
	life := w.T("message.code.once")
	if minutes, err := strconv.Atoi(w.m.Data["minutes"]); err == nil {
		life = w.N("message.code.minutes", minutes)
	}
	return []part{
		{Text: w.T(w.purpose(), "Firm", w.firm)}, // first, so that a preview of the mail shows this and not the code
		{Text: w.T("message.code.type"), Code: plain(w.m.Data["code"])},
		{Text: life},
		{Text: w.T("message.code.never", "Firm", w.firm)},
		{Text: w.T("message.code.not-you")},
	}
}

// purpose is the text of what a code is for.
func (w writer) purpose() string {
	if key := "message.code.for-" + w.m.Data["purpose"]; w.Has(key) {
		return key
	}
	return "message.code.for-other"
}

// spendCap tells administrators which cap holds messages back.
func (w writer) spendCap() []part {
	why := "message.spend-cap.for-" + w.m.Data["reason"]
	return []part{
		{Text: w.T(why, "Cap", w.isolate(plain(w.m.Data["cap"])), "Range", w.isolate(plain(w.m.Data["range"])))},
		{Text: w.T("message.spend-cap.then")},
	}
}

// notice writes what happened, when, from where, and what to do if it was somebody else.
func (w writer) notice(key string) []part {
	switch {
	case w.m.Template == message.CallerCode:
		return w.callerCode(key)
	case w.m.Data["link"] != "":
		return w.leads(key)
	}
	parts := []part{
		{Text: w.T(key+".text", "Name", w.isolate(inert(w.m.Data["name"], `.@\`)), "Firm", w.firm)},
		{Lines: w.facts()},
	}
	if w.Has(key + ".then") {
		parts = append(parts, part{Text: w.T(key + ".then")})
	}
	link := w.m.Data["freeze"]
	if w.m.Template == message.RecoveryFrozen || link == "" {
		return append(parts, part{Text: w.T("message.call")})
	}
	return append(parts, part{Text: w.T("message.was-you")}, part{Text: w.T("message.not-you"), Link: link})
}

// facts lists what is known besides the name.
func (w writer) facts() []string {
	var facts []string
	if kind := w.m.Data["method"]; kind != "" {
		facts = append(facts, w.method(kind))
	}
	for _, f := range []struct{ key, data string }{{"message.when", "at"}, {"message.until", "until"}} {
		if at, err := time.Parse(time.RFC3339, w.m.Data[f.data]); err == nil {
			facts = append(facts, w.T(f.key, "Time", w.Time(at, w.m.Data["zone"])))
		}
	}
	if where := w.m.Data["where"]; where != "" {
		facts = append(facts, w.T("message.where", "Where", w.isolate(inert(where, ".&"))))
	}
	if from := w.m.Data["address"]; from != "" {
		facts = append(facts, w.T("message.from", "Address", w.isolate(plain(from))))
	}
	return facts
}

// kind names a way to prove who one is.
func (w writer) kind(kind string) string {
	if key := "kind." + kind + ".name"; w.Has(key) {
		return w.T(key)
	}
	return inert(kind, "")
}

// methodName is the way with the name its owner gave it, for a macro.
func (w writer) methodName() string {
	name := w.kind(w.m.Data["method"])
	if label := inert(w.m.Data["label"], ""); label != "" {
		return name + " (" + w.isolate(label) + ")"
	}
	return name
}

// method names a way to prove who one is, with the name its owner gave it.
func (w writer) method(kind string) string {
	name := w.kind(kind)
	if label := inert(w.m.Data["label"], ""); label != "" {
		return w.T("message.method-named", "Method", name, "Label", w.isolate(label))
	}
	return w.T("message.method", "Method", name)
}

// isolate keeps a name's direction from disturbing the sentence, where it could.
func (w writer) isolate(s string) string {
	if w.Dir() == "ltr" && strings.IndexFunc(s, rightToLeft) < 0 {
		return s
	}
	return locale.Isolate(s)
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam, unicode.Hanifi_Rohingya)
}

// maxName is how much of a name or label is shown.
const maxName = 64

// plain takes out what is not seen: line ends, control characters and marks that turn the direction of writing.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	if all := []rune(s); len(all) > maxName {
		return string(all[:maxName-1]) + "…"
	}
	return s
}

// inert also takes out what a mail program would make a link of, since people name their methods and directories name people:
// letters, digits and a few signs stay.
func inert(s, signs string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("-_'’()+, "+signs, r) {
			return r
		}
		return ' '
	}, plain(s))
	return strings.Join(strings.Fields(s), " ")
}
