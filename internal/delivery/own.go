package delivery

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"rekey/internal/message"
	"rekey/internal/wording"
)

// forOthers reports whether the message is for somebody who does not own the account.
func (w writer) forOthers() bool { return w.m.Data[message.Audience] == message.Others }

// own finds the firm's own text for the message. Texts of one's own speak to the owner.
func (w writer) own(texts wording.Texts) (wording.Template, bool) {
	if w.forOthers() {
		return wording.Template{}, false
	}
	return texts.Find(w.m.Template, w.m.Channel, w.Tag())
}

// others writes what somebody is told who does not own the account: what happened, when and from where, and no link.
func (w writer) others() []part {
	name := w.isolate(inert(w.m.Data["name"], `.@\`))
	return []part{
		{Text: w.T("message.others."+string(w.m.Template), "Name", name, "Firm", w.firm)},
		{Lines: w.facts()},
		{Text: w.T("message.others.why")},
	}
}

// ownMail writes a mail by a text of the firm's own.
func (s *Service) ownMail(w writer, own wording.Template) (Mail, error) {
	values := s.values(w, w.firm)
	brand := s.deps.Site().Brand
	subject := own.Subject.FillLine(s.values(w, cmp.Or(brand.Firm, brand.Name)))
	body := own.Text.Paragraphs(values)
	if !own.HTML.IsZero() {
		body = own.HTML.FillHTML(values)
	}
	//nolint:gosec // wording lets in elements without attributes alone, and escapes what fills them
	l := letter{Lang: w.Tag(), Dir: w.Dir(), Subject: subject, Body: template.HTML(body)}
	page, err := l.html(s.page)
	if err != nil {
		return Mail{}, err
	}
	return Mail{ID: w.m.ID, To: w.m.To, Locale: l.Lang, Subject: subject, Text: own.Text.Fill(values) + "\n", HTML: page, Body: l.body(s.page), Own: true}, nil
}

// ownText writes a text message by a text of the firm's own.
func (s *Service) ownText(w writer, own wording.Template) string {
	text := fold(own.Text.Fill(s.values(w, w.firm)))
	if w.m.Template == message.Code {
		return s.bound(text, plain(w.m.Data["code"]))
	}
	return text
}

// values are what macros stand for in one message.
func (s *Service) values(w writer, firm string) map[string]string {
	brand, data := s.deps.Site().Brand, w.m.Data
	v := map[string]string{
		"firm": firm, "product": w.isolate(brand.Name), "help_desk": w.isolate(brand.HelpText),
		"name": w.isolate(inert(data["name"], `.@\`)), "where": w.isolate(inert(data["where"], ".&")), "address": w.isolate(plain(data["address"])),
		"cap": w.isolate(plain(data["cap"])), "range": w.isolate(plain(data["range"])), "minutes": plain(data["minutes"]),
		wording.Code: plain(data["code"]), wording.Link: data["freeze"],
	}
	for macro, key := range map[string]string{"when": "at", "until": "until"} {
		if at, err := time.Parse(time.RFC3339, data[key]); err == nil {
			v[macro] = w.Time(at, data["zone"])
		}
	}
	if data["method"] != "" {
		v["method"] = w.methodName()
	}
	if w.m.Template == message.Code {
		v["purpose"] = w.T(w.purpose(), "Firm", w.firm)
	}
	for name := range v { // an empty value marked for its direction is not empty any more
		if strings.Trim(v[name], "\u2068\u2069") == "" {
			v[name] = ""
		}
	}
	return v
}

// Draft writes a mail with texts that are not in force yet.
func (s *Service) Draft(m message.Message, texts wording.Texts) (Mail, error) {
	return s.compose(m, texts)
}

// DraftText writes a text message with texts that are not in force yet.
func (s *Service) DraftText(m message.Message, texts wording.Texts) (string, error) {
	return s.short(m, texts)
}

// BuiltIn gives the text that an event has without one of the firm's own, written with macros, to begin one from.
func (s *Service) BuiltIn(event message.Template, by message.Channel, language string) (wording.Own, error) {
	m := message.Message{Template: event, Channel: by, Locale: language, Data: map[string]string{}}
	w := s.writer(m)
	if !slices.Contains(wording.Channels(event), by) {
		return wording.Own{}, fmt.Errorf("no text for %q by %q", event, by)
	}
	if by == message.SMS {
		return wording.Own{Text: w.shortPattern()}, nil
	}
	return wording.Own{Subject: w.T("message."+string(event)+".subject", "Firm", "{firm}"), Text: w.pattern()}, nil
}

// pattern is the built-in text of a mail with macros in place of what fills it.
func (w writer) pattern() string {
	key := "message." + string(w.m.Template)
	var blocks []string
	add := func(lines ...string) { blocks = append(blocks, strings.Join(lines, "\n")) }
	switch w.m.Template {
	case message.Code:
		add("{purpose}")
		add(w.T("message.code.type"))
		add("{code}")
		add(strings.ReplaceAll(w.N("message.code.minutes", 10), "10", "{minutes}"))
		add(w.T("message.code.never", "Firm", "{firm}"))
		add(w.T("message.code.not-you"))
	case message.SpendCap:
		add(w.T(key+".for-day-segments", "Cap", "{cap}"))
		add(w.T(key + ".then"))
	default:
		add(w.T(key+".text", "Name", "{name}", "Firm", "{firm}"))
		add(w.patternFacts()...)
		if w.Has(key + ".then") {
			add(w.T(key + ".then"))
		}
		if w.m.Template == message.RecoveryFrozen {
			add(w.T("message.call"))
		} else {
			add(w.T("message.was-you"))
			add(w.T("message.not-you"))
			add("{link}")
		}
	}
	add(w.T("message.help", "Help", "{help_desk}"))
	add(w.T("message.automatic", "Brand", "{product}"))
	return strings.Join(blocks, "\n\n") + "\n"
}

func (w writer) patternFacts() []string {
	var lines []string
	if w.m.Template == message.MethodAdded || w.m.Template == message.MethodRemoved {
		lines = append(lines, w.T("message.method", "Method", "{method}"))
	}
	lines = append(lines, w.T("message.when", "Time", "{when}"))
	if w.m.Template == message.RecoveryBlocked {
		lines = append(lines, w.T("message.until", "Time", "{until}"))
	}
	return append(lines, w.T("message.where", "Where", "{where}"), w.T("message.from", "Address", "{address}"))
}

// shortPattern is the built-in text of a text message with macros in place of what fills it.
func (w writer) shortPattern() string {
	if w.m.Template == message.Code {
		life := strings.ReplaceAll(w.N("sms.code.minutes", 10), "10", "{minutes}")
		return strings.Join([]string{w.T("sms.code-other", "Firm", "{firm}", "Code", "{code}"), life, w.T("sms.code.never")}, " ")
	}
	of, macro, ask := "sms.when", "{when}", "sms.not-you"
	switch w.m.Template {
	case message.RecoveryBlocked:
		of, macro = "sms.until", "{until}"
	case message.RecoveryFrozen:
		ask = "sms.help"
	}
	return strings.Join([]string{
		w.T("sms."+string(w.m.Template), "Firm", "{firm}", "Name", "{name}"), w.T(of, "Time", macro), w.T(ask, "Help", "{help_desk}"),
	}, " ")
}
