package delivery

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rekey/internal/gsm"
	"rekey/internal/message"
	"rekey/internal/wording"
)

// maxFirm is how much of the firm's name stands in a text message.
const maxFirm = 24

// short writes a message in as few words as it takes. It holds no link to open: a message that asks to open one is what phishing looks
// like.
func (s *Service) short(m message.Message, texts wording.Texts) (string, error) {
	brand := s.deps.Site().Brand
	w := s.writer(m)
	w.firm = w.isolate(cut(inert(cmp.Or(brand.Firm, brand.Name), "&."), maxFirm))
	if own, ok := w.own(texts); ok {
		return s.ownText(w, own), nil
	}
	key := "sms." + string(m.Template)
	if m.Template == message.Code {
		key += "-" + m.Data["purpose"]
		if !w.Has(key) {
			key = "sms.code-other"
		}
	}
	if !w.Has(key) {
		return "", fmt.Errorf("no short text for template %q", m.Template)
	}
	if m.Template == message.Code {
		return s.bound(fold(w.shortCode(key)), plain(m.Data["code"])), nil
	}
	return fold(w.shortNotice(key, brand.HelpText)), nil
}

func (w writer) shortCode(key string) string {
	life := w.T("sms.code.once")
	if minutes, err := strconv.Atoi(w.m.Data["minutes"]); err == nil {
		life = w.N("sms.code.minutes", minutes)
	}
	return strings.Join([]string{w.T(key, "Firm", w.firm, "Code", plain(w.m.Data["code"])), life, w.T("sms.code.never")}, " ")
}

func (w writer) shortNotice(key, help string) string {
	text := []string{w.T(key, "Firm", w.firm, "Name", w.isolate(inert(w.m.Data["name"], `.@\`)), "Code", plain(w.m.Data["code"]))}
	switch w.m.Template {
	case message.Test, message.CallerCode, message.Invitation, message.Begin:
		return text[0]
	}
	of, at, ask := "sms.when", w.m.Data["at"], "sms.not-you"
	switch w.m.Template {
	case message.RecoveryBlocked:
		of, at = "sms.until", w.m.Data["until"]
	case message.RecoveryFrozen:
		ask = "sms.help"
	}
	if when, err := time.Parse(time.RFC3339, at); err == nil {
		text = append(text, w.T(of, "Time", w.Time(when, w.m.Data["zone"])))
	}
	return strings.Join(append(text, w.T(ask, "Help", w.isolate(plain(help)))), " ")
}

// bound adds the line by which phones offer a code to the pages of one host alone (WICG, "Origin-bound one-time codes"), where it costs
// nothing.
func (s *Service) bound(text, code string) string {
	if s.deps.Host == "" {
		return text
	}
	with := text + "\n\n@" + s.deps.Host + " #" + code
	if gsm.Segments(with) > gsm.Segments(text) {
		return text
	}
	return with
}

// fold spares typographic signs where that makes a text shorter on the air.
func fold(text string) string {
	if folded := gsm.Fold(text); gsm.Plain(folded) {
		return folded
	}
	return text
}

func cut(s string, most int) string {
	if all := []rune(s); len(all) > most {
		return strings.TrimSpace(string(all[:most]))
	}
	return s
}
